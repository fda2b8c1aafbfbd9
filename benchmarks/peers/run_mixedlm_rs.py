"""mixedlm-rs: takes the pandas table, one grouping factor, and the formula in statsmodels' two pieces."""

from collections.abc import Callable
from typing import Any

from benchmarks.peers.runner import Peer, Request, serve
from benchmarks.peers.spelling import pieces


def prepare(ask: Request, table: Any) -> Callable[[], Any]:
    """Return the call `mixedlm(fixed, table, groups=..., re_formula=...).fit()`, REML by default."""
    import mixedlm_rs

    fixed, terms = pieces(ask.plain)
    if len(terms) > 1:
        raise NotImplementedError("one grouping factor only")
    ((coefficients, group),) = terms
    return lambda: mixedlm_rs.mixedlm(fixed, table, groups=group, re_formula=f"~{coefficients}").fit()


if __name__ == "__main__":
    serve(Peer("mixedlm_rs", prepare, lambda fit: -2 * fit.llf, lambda fit: fit.converged, several=False))
