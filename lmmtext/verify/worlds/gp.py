r"""A random function observed with noise: y = f + epsilon, f a Gaussian process of mean zero (Rasmussen and Williams).

What is drawn is the covariance of f at the data and at new points, relative to its variance sigma_f^2; the covariances
K, k_*, k_** are then what they are called, moments of f. The log marginal likelihood is the logarithm of a product of
one-dimensional densities, of each observation given those before it.
"""

from fractions import Fraction
from typing import Any

from lmmtext.verify import logs
from lmmtext.verify.chance import as_rand
from lmmtext.verify.dual import Dual
from lmmtext.verify.matrix import Mat
from lmmtext.verify.moments import cov, mean, regression
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds.grouped import ldl, sources
from lmmtext.verify.worlds.taking import aliases, take, with_degrees

# (n, new points besides x_*, columns of X): distinct, with n - 1, n + 1 and so on distinct from them too.
SIZES = {0: (6, 3, 4), 1: (7, 4, 3), -1: (2, 1, 1)}
DEGREES = {
    "sigma2": 1, "sigma2_f": 1, "X": 1, "f": 3, "f_new": 3, "f_news": 3, "epsilon": 1, "Y": 3, "y": 3,
    "Y_new": 3,
}  # fmt: skip
CALLS = {
    "K(X, X)": "K", "K(X, x_{*})": "k_new", "K(X, X_{*})": "K_new", "K(X_{*}, X_{*})": "K_news",
    "K(x_{*}, X)": "k_new^T", "K(X_{*}, X)": "K_new^T", "k(x_{*}, x_{*})": "k_newnew",
}  # fmt: skip


def _all(scope: Scope) -> Mat:
    """Return f at the data, at x_* and at the other new points, with the covariance that was drawn for them."""
    L, D = ldl(scope.drawn("relative"))
    return L @ sources(scope, "f", [scope("sigma2_f").scalar * d for d in D])


def _part(rows: slice) -> Any:
    return lambda scope: Mat(_all(scope).rows[_shifted(rows, scope.size("n"))], 1)


def _shifted(rows: slice, n: int) -> slice:
    """Return rows counted from the end of the data."""
    return slice(n + rows.start if rows.start is not None else None, n + rows.stop if rows.stop is not None else None)


def _noise(label: str, count: str = "") -> Any:
    return lambda scope: sources(scope, label, [scope("sigma2").scalar] * (scope.size(count) if count else 1))


def log_marginal(scope: Scope) -> Mat:
    """Return log p(y), the sum of log p(y_i | y_1, ..., y_{i-1}): densities of one number each, by conditioning."""
    inner, y = scope.inside(), scope("y")
    Y = inner("Y")
    total: Any = Fraction(0)
    for i in range(Y.height):
        own, before = Mat((Y.rows[i],), 1), Mat(Y.rows[:i], 1)
        centre, left = mean(as_rand(own.scalar), inner), own
        if i:
            M = regression(own, before, inner)
            seen = Mat(y.rows[:i], 1) - before.map(lambda x: mean(x, inner))
            centre, left = centre + (M @ seen).scalar, own - M @ before
        spread = cov(left, left, inner).scalar
        log = spread.log() if isinstance(spread, Dual) else logs.log(spread)
        gap = y.rows[i][0] - centre
        total = total + (log + gap * gap / spread + logs.log(logs.pi() * Fraction(2))) * Fraction(-1, 2)
    return Mat.number(total)


_GP = with_degrees(
    (
        take(r"\sigma^2", "sigma2", "parameter", lambda s: s.drawn("sigma2")),
        take(r"\sigma_f^2", "sigma2_f", "parameter", lambda s: s.drawn("sigma2_f")),
        take(r"\mathbf{X}", "X", "given", lambda s: s.drawn("X"), words="inputs: a row for each observation"),
        take(r"\mathbf{f}", "f", "random", _part(slice(None, 0))),
        take(r"f_*", "f_new", "random", _part(slice(0, 1))),
        take(r"\mathbf{f}_*", "f_news", "random", _part(slice(1, None)),
             words="values of f at several new points", of="n_*"),
        take(r"\boldsymbol{\epsilon}", "epsilon", "random", _noise("e", "n"), words="noise of the observations"),
        take(r"\mathbf{Y}", "Y", "random", lambda s: s("f") + s("epsilon")),
        take(r"\mathbf{y}", "y", "random", lambda s: s("Y")),
        take(r"Y_*", "Y_new", "random", lambda s: s("f_new") + _noise("new")(s),
             words="a new observation, with its noise"),
        take(r"\mathbf{K}", "K", "defined", symmetric=True),
        take(r"\mathbf{k}_*", "k_new", "defined"),
        take(r"k_{**}", "k_newnew", "defined"),
        take(r"\mathbf{K}_*", "K_new", "defined", r"\operatorname{Cov}(\mathbf{f}, \mathbf{f}_*)", of="n x n_*",
             words="covariance of f at the data with f at several new points"),
        take(r"\mathbf{K}_{**}", "K_news", "defined", r"\operatorname{Var}(\mathbf{f}_*)", of="n_* x n_*",
             symmetric=True, words="covariance of f at several new points"),
        take(r"\mathbf{V}", "V", "defined"),
        take(r"\hat{f}_*", "hat_f_new", "defined", r"\operatorname{E}[f_* \mid \mathbf{y}]", of="",
             words="posterior mean of f_*"),
        take(r"\hat{\mathbf{f}}", "hat_f", "defined", r"\operatorname{E}[\mathbf{f} \mid \mathbf{y}]", of="n",
             words="posterior mean of f at the data"),
        take(r"\hat{\mathbf{f}}_*", "hat_f_news", "defined",
             r"\operatorname{E}[\mathbf{f}_* \mid \mathbf{y}]", of="n_*",
             words="posterior mean of f at several new points"),
        take(r"\ell", "loglik", "defined", log_marginal, words="log marginal likelihood, log p(y)"),
    ),
    DEGREES,
)  # fmt: skip


def _make(draw: Draw) -> Instance:
    n, new, p = SIZES[draw.size]
    values: dict[Any, Any] = {
        "sigma2": Mat.number(draw.positive()),
        "sigma2_f": Mat.number(draw.positive()),
        "X": draw.matrix(n, p),
        "relative": draw.spd(n + 1 + new),
    }
    return Instance(GP, {"n": n, "n_*": new, "p": p}, (), values, draw)


GP = World(
    "gp",
    "a Gaussian process of mean zero observed with noise: y = f + epsilon",
    _GP,
    ("n", "p"),
    _make,
    aliases={
        **aliases(_GP), r"\sigma_n^2": "sigma2", r"\mathbf{K}_y": "V", r"\bar{f}_*": "hat_f_new",
        r"\bar{\mathbf{f}}_*": "hat_f_news", r"\bar{\mathbf{f}}": "hat_f", r"y_*": "Y_new",
    },
    calls=CALLS,
    commuting=frozenset({"K", "V"}),
)  # fmt: skip
