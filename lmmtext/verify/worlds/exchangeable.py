"""Exchangeable numbers beta_1, ..., beta_J: draws from a common law whose mean beta is itself random."""

from fractions import Fraction
from typing import Any

from lmmtext.verify.dims import ONE
from lmmtext.verify.matrix import Mat
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds.grouped import instance
from lmmtext.verify.worlds.taking import take

SIZES = {0: 4, 1: 6, -1: 2}


def _mean(scope: Scope) -> Mat:
    return Mat.number(scope.source("b", scope.drawn("tau2").scalar) + scope.drawn("centre").scalar)


def _own(scope: Scope, j: int) -> Mat:
    return Mat.number(scope.source(f"a{j}", scope.drawn("sigma2_alpha").scalar))


MEANINGS = (
    take(r"\beta", "beta", "random", _mean, words="mean of the common law, random as the law is"),
    take(r"\alpha_j", "alpha_j", "random", _own, words="deviation of beta_j from the mean, independent given the law"),
    take(
        r"\beta_j",
        "beta_j",
        "random",
        lambda s, j: s("beta") + s("alpha_j", j),
        words="one of the exchangeable numbers",
    ),
)


def _make(draw: Draw) -> Instance:
    values: dict[Any, Any] = {
        "tau2": Mat.number(draw.positive()),
        "sigma2_alpha": Mat.number(draw.positive()),
        "centre": Mat.number(draw.integer()),
    }
    J = SIZES[draw.size]
    made = instance(draw, EXCHANGEABLE, {}, (2,) * J, values)
    made.values["index", "i", 0] = Fraction(1)
    return made


EXCHANGEABLE = World(
    "exchangeable",
    "J exchangeable numbers, independent given a common law with a random mean",
    MEANINGS,
    ("J",),
    _make,
    relations={"q": ONE, "p": ONE},
    uppers={"j": "J"},
)
