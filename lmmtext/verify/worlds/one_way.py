"""The one-way layout, balanced and not: y_ij = beta + alpha_j + epsilon_ij."""

from fractions import Fraction
from typing import Any

from lmmtext.verify.dims import ONE, Dim
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Meaning
from lmmtext.verify.mle import variance_estimates
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds import grouped
from lmmtext.verify.worlds.taking import aliases, take, with_degrees

# J, r: chosen so that J, r, n, n - J, J - 1, r - 1 are distinct and none of them is 1.
BALANCED = {0: (3, 5), 1: (5, 3), -1: (2, 2)}
UNBALANCED = {0: (4, 2, 7), 1: (5, 3, 2, 4), -1: (1, 2)}

ORTHOGONAL = tuple(
    (r"\mathbf{1}_n^\top", weight, rf"{y} - \mathbf{{1}}_n {mean}")
    for weight in ("1", r"\mathbf{V}^{-1}")
    for y in (r"\mathbf{y}", r"\mathbf{Y}")
    for mean in (r"\bar{y}", r"\hat{\beta}")
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
        take(r"\hat\sigma^2", "hat_sigma2", "defined", lambda s: _estimate(s, 0),
             words="maximum likelihood estimate of sigma^2"),
        take(r"\hat\sigma_\alpha^2", "hat_sigma2_alpha", "defined", lambda s: _estimate(s, 1),
             words="maximum likelihood estimate of sigma_alpha^2"),
    )  # fmt: skip


def _estimate(scope: Scope, which: int) -> Mat:
    return Mat.number(variance_estimates(scope)[which])


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


def _world(name: str, words: str, *, balanced: bool) -> World:
    found = with_degrees(_meanings(), grouped.DEGREES)
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
            aliases={**aliases(found), r"\mu": "beta"},
            richer="one-way-unbalanced" if balanced else "random-slope",
            orthogonal=ORTHOGONAL if balanced else (),
            regimes=(r"\operatorname{MSE} < \operatorname{SSA}/J", r"\operatorname{MSE} > \operatorname{SSA}/J"),
            commuting=frozenset({"V", "Z Z^T", "P_Z", "P_1"}) if balanced else frozenset(),
        )
    )
    return here[0]


ONE_WAY = _world("one-way", "a balanced one-way layout: J groups of r, normal", balanced=True)
ONE_WAY_UNBALANCED = _world("one-way-unbalanced", "a one-way layout with n_j in group j, normal", balanced=False)
