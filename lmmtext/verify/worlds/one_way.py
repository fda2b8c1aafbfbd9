"""The one-way layout, balanced and not: y_ij = beta + alpha_j + epsilon_ij."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from lmmtext.verify.dims import ONE, Dim
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Meaning
from lmmtext.verify.mle import coefficients, variance_estimates
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds import grouped
from lmmtext.verify.worlds.taking import aliases, take, with_degrees

# J, r: chosen so that J, r, n, n - J, J - 1, r - 1 are distinct and none of them is 1; no two of the usual sizes, such
# as (J - 1)(r - 1) and J + r, agree in both 0 and 1.
BALANCED = {0: (3, 5), 1: (6, 3), -1: (2, 2)}
UNBALANCED = {0: (4, 2, 7), 1: (5, 3, 2, 4), -1: (1, 2)}

# Where estimates take different forms: off the edge (first), on it, and on it by ML though not by REML.
INTERIOR, EDGE = r"\operatorname{MSE} < \operatorname{SSA}/J", r"\operatorname{MSE} > \operatorname{MSA}"
BETWEEN = r"\operatorname{SSA}/J < \operatorname{MSE} < \operatorname{MSA}"
REGIMES = (INTERIOR, EDGE, BETWEEN, INTERIOR)

ORTHOGONAL = tuple(
    (r"\mathbf{1}_n^\top", weight, rf"{y} - \mathbf{{1}}_n {mean}")
    for weight in ("1", r"\mathbf{V}^{-1}")
    for y in (r"\mathbf{y}", r"\mathbf{Y}")
    for mean in (r"\bar{y}", r"\bar{Y}", r"\hat{\beta}")
)


def _meanings() -> tuple[Meaning, ...]:
    return (
        *grouped.meanings(beta=r"\beta"),
        take(r"\sigma_\alpha^2", "sigma2_alpha", "parameter", lambda s: s.drawn("sigma2_alpha")),
        take(r"\boldsymbol{\Sigma}", "Sigma", "defined", lambda s: s("sigma2_alpha")),
        take(r"\rho", "rho", "defined"),
        take(r"\operatorname{SSE}", "SSE", "defined"),
        take(r"\operatorname{SSA}", "SSA", "defined"),
        take(r"\operatorname{MSE}", "MSE", "defined"),
        take(r"\operatorname{MSA}", "MSA", "defined"),
        take(r"\hat\sigma^2", "hat_sigma2", "defined", _estimate("ml", 0),
             words="maximum likelihood estimate of sigma^2"),
        take(r"\hat\sigma_\alpha^2", "hat_sigma2_alpha", "defined", _estimate("ml", 1),
             words="maximum likelihood estimate of sigma_alpha^2"),
        take(r"\hat\beta_{\mathrm{ML}}", "ml_beta", "defined", coefficients, like=r"\boldsymbol{\beta}",
             words="maximum likelihood estimate of beta, the variances being estimated too"),
        take(r"\hat\sigma_{\mathrm{R}}^2", "reml_sigma2", "defined", _estimate("reml", 0),
             words="REML estimate of sigma^2"),
        take(r"\hat\sigma_{\alpha\mathrm{R}}^2", "reml_sigma2_alpha", "defined", _estimate("reml", 1),
             words="REML estimate of sigma_alpha^2"),
    )  # fmt: skip


def _statistics() -> tuple[Meaning, ...]:
    """Return what balanced groups have besides: the data as a table, and the means of the groups."""
    return (take(r"\mathbf{T}", "T", "random", _table), take(r"\mathbf{g}", "g", "defined"))


def _table(scope: Scope) -> Mat:
    """Return the responses with a column for each group."""
    table = scope("Y_j", 1)
    for j in list(grouped.groups(scope))[1:]:
        table = table.beside(scope("Y_j", j))
    return table


def _estimate(criterion: str, which: int) -> Callable[[Scope], Mat]:
    return lambda scope: Mat.number(variance_estimates(scope, criterion)[which])


def _ones(counts: tuple[int, ...]) -> dict[int, Mat]:
    return {j: Mat.full(c, 1, Fraction(1)) for j, c in enumerate(counts, 1)}


def _make(world: list[World], draw: Draw, counts: tuple[int, ...], extra: dict[str, int]) -> Instance:
    values: dict[Any, Any] = {
        "sigma2": Mat.number(draw.positive()),
        "sigma2_alpha": Mat.number(draw.positive()),
        "beta": Mat.number(draw.integer()),
        "X": _ones(counts),
        "Z": _ones(counts),
    }
    return grouped.instance(draw, world[0], {"p": 1, "q": 1, "m": len(counts), **extra}, counts, values)


def one_way(
    name: str,
    words: str,
    *,
    balanced: bool,
    more: tuple[Meaning, ...] = (),
    spellings: Mapping[str, str] = MappingProxyType({}),
) -> World:
    """Return a world of the one-way layout, with more symbols and spellings if wanted."""
    found = with_degrees((*_meanings(), *(_statistics() if balanced else ()), *more), {**grouped.DEGREES, "T": 3})
    here: list[World] = []

    def make(draw: Draw) -> Instance:
        if balanced:
            J, r = BALANCED[draw.size]
            return _make(here, draw, (r,) * J, {"r": r})
        return _make(here, draw, UNBALANCED[draw.size], {})

    Jr = Dim.of("J") * Dim.of("r")
    one = {"p": ONE, "q": ONE, "m": Dim.of("J")}
    relations = {**one, "n": Jr, "n_j": Dim.of("r")} if balanced else one
    here.append(
        World(
            name,
            words,
            found,
            ("n", "J", "r", "n_j", "p", "q", "m") if balanced else ("n", "J", "n_j", "p", "q", "m"),
            make,
            relations=relations,
            uppers={"j": "J", "i": "r" if balanced else "n_j"},
            aliases={
                **aliases(found),
                r"\mu": "beta",
                "a_j": "alpha_j",
                r"\operatorname{SSB}": "SSA",
                r"\operatorname{MSB}": "MSA",
                r"\hat\sigma_{\mathrm{ML}}^2": "hat_sigma2",
                r"\hat\sigma_{\alpha\mathrm{ML}}^2": "hat_sigma2_alpha",
                **spellings,
            },
            richer="one-way-unbalanced" if balanced else "random-slope",
            orthogonal=ORTHOGONAL if balanced else (),
            regimes=REGIMES,
            commuting=frozenset({"V", "P_Z", "P_X", "P_1"}) if balanced else frozenset(),
        )
    )
    return here[0]


ONE_WAY = one_way("one-way", "a balanced one-way layout: J groups of r, normal", balanced=True)
ONE_WAY_UNBALANCED = one_way("one-way-unbalanced", "a one-way layout with n_j in group j, normal", balanced=False)
