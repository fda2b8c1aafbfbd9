"""Worlds without groups: general X, Z and G; the same with a prior for beta; a new observation correlated with Y."""

from collections.abc import Callable
from typing import Any

from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Meaning
from lmmtext.verify.moments import cov
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds.grouped import GLS, ldl, sources
from lmmtext.verify.worlds.taking import aliases, take, with_degrees

# (n, p, m): distinct, with n - p, p + m and p - 1 distinct from them too.
GENERAL = {0: (8, 3, 4), 1: (10, 4, 3), -1: (3, 1, 2)}
HENDERSON = {r"\mathbf{u}": "alpha", r"\hat{\mathbf{u}}": "hat_alpha"}
DEGREES = {
    "sigma2": 1, "beta": 1, "X": 1, "Z": 1, "G": 3, "alpha": 2, "epsilon": 1, "e": 3, "Y": 3, "y": 3, "kappa": 1,
    "x_new": 1, "Y_new": 2, "gamma": 2, "joint": 3,
}  # fmt: skip


def common() -> tuple[Meaning, ...]:
    """Return what all worlds of one stacked model have."""
    return (
        take(r"\sigma^2", "sigma2", "parameter", lambda s: s.drawn("sigma2")),
        take(r"\mathbf{X}", "X", "given", lambda s: s.drawn("X")),
        take(r"\mathbf{Z}", "Z", "given", lambda s: s.drawn("Z")),
        take(r"\mathbf{G}", "G", "parameter", lambda s: s.drawn("G")),
        take(r"\boldsymbol{\alpha}", "alpha", "random", _alpha),
        take(r"\boldsymbol{\epsilon}", "epsilon", "random",
             lambda s: sources(s, "e", [s("sigma2").scalar] * s.size("n"))),
        take(r"\mathbf{e}", "e", "random", lambda s: s("Z") @ s("alpha") + s("epsilon")),
        take(r"\mathbf{Y}", "Y", "random", lambda s: s("X") @ s("beta") + s("Z") @ s("alpha") + s("epsilon")),
        take(r"\mathbf{y}", "y", "random", lambda s: s("Y")),
        take(r"\mathbf{R}", "R", "defined", symmetric=True),
        take(r"\mathbf{V}", "V", "defined"),
        take(r"\mathbf{H}", "H", "defined"),
    )  # fmt: skip


def _alpha(scope: Scope) -> Mat:
    L, D = ldl(scope("G"))
    return L @ sources(scope, "a", D)


def blup(of: str) -> Callable[[Scope], Mat]:
    """Return A y, where A has the least variance of A y - alpha among those with A X = 0 (its equations are solved)."""

    def found(scope: Scope) -> Mat:
        inner = scope.inside()
        X, V, C = scope("X"), scope("V"), cov(inner("Y"), inner(of), inner)
        p = X.width
        system = V.beside(X).above(X.T.beside(Mat.full(p, p)))
        A = system.solve(C.above(Mat.full(p, C.width)))
        return Mat(A.rows[: X.height], A.width).T @ scope("y")

    return found


def contrasts(scope: Scope) -> Mat:
    """Return K (K'VK)^{-1} K' for a basis K of the contrasts, K'X = 0: the inverse of V on what has no X in it."""
    K = scope("X").T.null_space()
    return K @ (K.T @ scope("V") @ K).inverse() @ K.T


def draw_stacked(draw: Draw) -> tuple[dict[str, int], dict[Any, Any]]:
    """Return sizes and drawn values of a stacked model."""
    n, p, m = GENERAL[draw.size]
    X = draw.matrix(n, p)
    values: dict[Any, Any] = {
        "sigma2": Mat.number(draw.positive()),
        "X": X,
        "Z": _dependent(X, draw, m) if draw.special else draw.matrix(n, m),
        "G": draw.spd(m),
        "beta": Mat.column([draw.integer() for _ in range(p)]),
    }
    return {"n": n, "p": p, "m": m}, values


def _dependent(X: Mat, draw: Draw, m: int) -> Mat:
    """Return a Z that shares a column with X, as indicators of groups do with the intercept, or repeats its own."""
    Z = draw.matrix(X.height, m)
    first = X if draw.rng.random() < 0.5 else Z
    return Mat(tuple((*row[:-1], other[0]) for row, other in zip(Z.rows, first.rows, strict=True)), m)


def _make_general(draw: Draw) -> Instance:
    sizes, values = draw_stacked(draw)
    return Instance(GENERAL_WORLD, sizes, (), values, draw)


_GENERAL = with_degrees(
    (
        *common(),
        take(r"\boldsymbol{\beta}", "beta", "parameter", lambda s: s.drawn("beta")),
        take(r"\hat{\boldsymbol{\beta}}", "hat_beta", "defined", GLS, like=r"\boldsymbol{\beta}",
             words="generalised least squares estimate of beta, V being known"),
        take(r"\hat{\boldsymbol{\alpha}}", "hat_alpha", "defined", blup("alpha"), like=r"\boldsymbol{\alpha}",
             words="best linear unbiased prediction of alpha"),
        take(r"\mathbf{Q}", "Q", "defined", contrasts),
    ),
    DEGREES,
)  # fmt: skip

GENERAL_WORLD = World(
    "general", "Y = X beta + Z alpha + epsilon with general X, Z and G, normal", _GENERAL, ("n", "p", "m"),
    _make_general,
    special="ranks",
    aliases={**aliases(_GENERAL), **HENDERSON},
    orthogonal=(
        (r"\mathbf{X}^\top", r"\mathbf{V}^{-1}", r"\mathbf{y} - \mathbf{X} \hat{\boldsymbol{\beta}}"),
        (r"\mathbf{X}^\top", r"\mathbf{V}^{-1}", r"\mathbf{Y} - \mathbf{X} \hat{\boldsymbol{\beta}}"),
        (r"\mathbf{X}^\top", "1", r"\mathbf{Q}"),
    ),
)  # fmt: skip


# -- the joint coefficients with a prior ---


def _prior_beta(scope: Scope) -> Mat:
    return sources(scope, "b", [1 / scope("kappa").scalar] * scope.size("p"))


def _part(name: str, first: bool) -> Any:
    def found(scope: Scope) -> Mat:
        whole, p = scope(name), scope.size("p")
        return Mat(whole.rows[:p] if first else whole.rows[p:], 1)

    return found


_BAYES = with_degrees(
    (
        *common(),
        take(r"\kappa", "kappa", "parameter", lambda s: s.drawn("kappa")),
        take(r"\boldsymbol{\beta}", "beta", "random", _prior_beta),
        take(r"\boldsymbol{\gamma}", "gamma", "random", lambda s: s("beta").above(s("alpha"))),
        take(r"\boldsymbol{\Omega}", "Omega", "defined"),
        take(r"\hat{\boldsymbol{\gamma}}", "hat_gamma", "defined",
             r"\operatorname{E}[\boldsymbol{\gamma} \mid \mathbf{Y}]", like=r"\boldsymbol{\gamma}",
             words="posterior mean of gamma"),
        take(r"\hat{\boldsymbol{\beta}}", "hat_beta", "defined", _part("hat_gamma", True), like=r"\boldsymbol{\beta}",
             words="posterior mean of beta"),
        take(r"\hat{\boldsymbol{\alpha}}", "hat_alpha", "defined", _part("hat_gamma", False),
             like=r"\boldsymbol{\alpha}", words="posterior mean of alpha"),
    ),
    {**DEGREES, "Y": 3},
)  # fmt: skip


def _make_bayes(draw: Draw) -> Instance:
    sizes, values = draw_stacked(draw)
    return Instance(BAYES, sizes, (), {**values, "kappa": Mat.number(draw.positive())}, draw)


BAYES = World(
    "bayes", "gamma = (beta, alpha) with a normal prior: beta of precision kappa, alpha of variance G", _BAYES,
    ("n", "p", "m"), _make_bayes, special="ranks",
    aliases={**aliases(_BAYES), **HENDERSON, r"\boldsymbol{\theta}": "gamma", r"\hat{\boldsymbol{\theta}}": "hat_gamma",
             r"\mathbf{W}": "H", r"\boldsymbol{\Sigma}": "G"},
)  # fmt: skip


# -- a new observation ---


def _joint(scope: Scope) -> Mat:
    """Return the deviations of Y and of Y_*, one below the other, with the covariance that was drawn for them."""
    L, D = ldl(scope.drawn("joint"))
    return L @ sources(scope, "u", D)


def _old(scope: Scope) -> Mat:
    n = scope.size("n")
    return scope("X") @ scope("beta") + Mat(_joint(scope).rows[:n], 1)


def _new(scope: Scope) -> Mat:
    return scope("x_new").T @ scope("beta") + Mat(_joint(scope).rows[scope.size("n") :], 1)


_PREDICTION = with_degrees(
    (
        take(r"\mathbf{X}", "X", "given", lambda s: s.drawn("X")),
        take(r"\boldsymbol{\beta}", "beta", "parameter", lambda s: s.drawn("beta")),
        take(r"\mathbf{x}_*", "x_new", "given", lambda s: s.drawn("x_new")),
        take(r"\mathbf{Y}", "Y", "random", _old),
        take(r"\mathbf{y}", "y", "random", lambda s: s("Y")),
        take(r"Y_*", "Y_new", "random", _new),
        take(r"\mathbf{V}", "V", "defined"),
        take(r"\boldsymbol{\psi}", "psi", "defined"),
        take(r"\boldsymbol{\delta}", "delta", "defined"),
        take(r"\hat{\boldsymbol{\beta}}", "hat_beta", "defined", GLS, like=r"\boldsymbol{\beta}",
             words="generalised least squares estimate of beta, V being known"),
    ),
    {**DEGREES, "Y": 3, "y": 3, "Y_new": 3},
)  # fmt: skip


def _prediction(name: str, words: str, *, normal: bool) -> World:
    here: list[World] = []

    def make(draw: Draw) -> Instance:
        n, p = {0: (7, 3), 1: (6, 4), -1: (2, 1)}[draw.size]
        values: dict[Any, Any] = {
            "X": draw.matrix(n, p),
            "beta": Mat.column([draw.integer() for _ in range(p)]),
            "x_new": Mat.column([draw.integer() for _ in range(p)]),
            "joint": draw.spd(n + 1),
        }
        return Instance(here[0], {"n": n, "p": p}, (), values, draw)

    spelled = {**aliases(_PREDICTION), r"\mathbf{x}": "x_new"}
    here.append(World(name, words, _PREDICTION, ("n", "p"), make, aliases=spelled, normal=normal))
    return here[0]


PREDICTION = _prediction(
    "prediction", "a new observation Y_* correlated with Y: means and covariances only", normal=False
)
PREDICTION_NORMAL = _prediction(
    "prediction-normal", "a new observation Y_* correlated with Y, jointly normal", normal=True
)
