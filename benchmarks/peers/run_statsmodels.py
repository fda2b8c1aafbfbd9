"""statsmodels MixedLM: takes the pandas table; several factors are variance components within one group."""

from collections.abc import Callable
from typing import Any

from benchmarks.peers.runner import Peer, Request, serve
from benchmarks.peers.spelling import pieces


def prepare(ask: Request, table: Any) -> Callable[[], Any]:
    """Return the call `mixedlm(fixed, table, ...).fit()`, REML by default.

    The first factor is statsmodels' `groups` where all others are nested in it; crossed factors are components of
    one group of all rows, as its documentation says.
    """
    import statsmodels.formula.api as smf

    fixed, terms = pieces(ask.plain)
    (coefficients, first), *others = terms
    if all(_nested(table, group, first) for _, group in others):
        groups, inner = first, others
        asked: dict[str, Any] = {"re_formula": f"~{coefficients}"}
    else:
        table = table.assign(all_rows=1)
        groups, inner, asked = "all_rows", terms, {}
    components = {group: "0 + " + ":".join(f"C({name})" for name in group.split(":")) for _, group in inner}
    if components:
        asked["vc_formula"] = components
    return lambda: smf.mixedlm(fixed, table, groups=groups, **asked).fit()


def _nested(table: Any, inner: str, outer: str) -> bool:
    """Whether each level of `inner` occurs with one level of `outer` only."""
    pairs = table.groupby(inner.split(":"), observed=True)[outer]
    return bool(pairs.nunique().max() == 1)


if __name__ == "__main__":
    serve(Peer("statsmodels.formula.api", prepare, lambda fit: -2 * fit.llf, lambda fit: fit.converged))
