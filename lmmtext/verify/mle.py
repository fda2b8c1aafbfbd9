"""Estimates of two variances by ML and REML: every stationary point found, and every edge compared.

With V = sigma^2 H(t), t = sigma_alpha^2 / sigma^2, the best sigma^2 for given t is q(t) / d, where q is the weighted
residual sum of squares and d is n for the likelihood, n - p for the restricted one: so the deviance is a function of t
alone, d log q(t) + log |H(t)|, to which the restricted one adds log |X'H(t)^{-1}X|; and all of these are logarithms of
rational functions. The stationary points are the roots of one polynomial, isolated exactly; the edge is t = 0.
The score of the (restricted) likelihood with V as the world has it, by derivatives of its own, is the certificate.
"""

from fractions import Fraction
from typing import Any

from sympy import Poly, Rational, Symbol, real_roots

from lmmtext.verify import logs
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Undecided
from lmmtext.verify.matrix import Mat
from lmmtext.verify.ratio import Ratio
from lmmtext.verify.scope import Scope

Terms = list[tuple[int, Ratio]]  # a deviance: the sum of c log f(t)
NAMES = {
    "ml": ("hat_sigma2", "hat_sigma2_alpha", "ml_beta"),
    "reml": ("reml_sigma2", "reml_sigma2_alpha", "reml_Sigma"),
}
ESTIMATES = frozenset(name for names in NAMES.values() for name in names)


def variance_estimates(scope: Scope, criterion: str = "ml") -> tuple[Any, Any]:
    """Return the estimates of sigma^2 and sigma_alpha^2 from the data, by `ml` or `reml`."""
    if scope.random or scope.moved:
        raise Undecided("an estimate of a variance is computed from data only, not inside a moment")
    caches = scope.instance.caches
    if criterion not in caches:
        caches[criterion] = _estimates(scope, criterion)
    return caches[criterion]


def coefficients(scope: Scope, criterion: str = "ml") -> Mat:
    """Return the estimate of beta: generalised least squares at the estimated variances."""
    return at_variances(scope, *variance_estimates(scope, criterion))("hat_beta")


def at_variances(scope: Scope, sigma2: Any, sigma2_alpha: Any) -> Scope:
    """Return the scope in which the variances are these."""
    return scope.moving("sigma2", (), Mat.number(sigma2)).moving("sigma2_alpha", (), Mat.number(sigma2_alpha))


def _estimates(scope: Scope, criterion: str) -> tuple[Any, Any]:
    n, p = scope("X").shape
    degrees = n if criterion == "ml" else n - p
    det, both = _relative(scope)
    information, q = _profiled(both, p)
    deviance: Terms = [(degrees, q), (1, det)]
    if criterion == "reml":
        deviance.append((1, information.det()))
    best = min([Fraction(0), *_stationary(deviance)], key=lambda at: _value(deviance, at))
    sigma2 = _at(q, best) / Fraction(degrees)
    _certify(scope, criterion, sigma2, best * sigma2)
    return sigma2, best * sigma2


def _relative(scope: Scope) -> tuple[Ratio, Mat]:
    """Return |H(t)| and the inner products of X and y weighted by H(t)^{-1}, group by group: H is block diagonal."""
    t = Ratio.variable()
    det: Any = t / t
    both: Mat | None = None
    for j in range(1, scope.size("J") + 1):
        X, y, Z = scope("X_j", j), scope("y_j", j), scope("Z_j", j)
        H = Mat.identity(Z.height) + (Z @ Z.T).times(t)
        mine = X.beside(y).T @ H.solve(X.beside(y))
        det, both = det * H.det(), mine if both is None else both + mine
    assert both is not None
    return det, both


def _profiled(both: Mat, p: int) -> tuple[Mat, Any]:
    """Return X'WX, and the least value over beta of (y - X beta)'W(y - X beta), from [X, y]'W[X, y]."""
    XX = Mat(tuple(row[:p] for row in both.rows[:p]), p)
    Xy = Mat(tuple(row[p:] for row in both.rows[:p]), 1)
    return XX, both.rows[p][p] - (Xy.T @ XX.solve(Xy)).scalar


def _certify(scope: Scope, criterion: str, sigma2: Any, sigma2_alpha: Any) -> None:
    """Hold the score of the world's own likelihood to zero at the estimates, or to pointing off the edge."""
    score = log_likelihood(at_variances(scope, Dual.moved(sigma2, 0), Dual.moved(sigma2_alpha, 1)), criterion)
    on_edge = not sigma2_alpha and logs.real(score.part(2)) <= 0
    if score.part(1) or (score.part(2) and not on_edge):
        raise Undecided("the score is not zero at the estimates that were found")


def log_likelihood(scope: Scope, criterion: str) -> Any:
    """Return the log-likelihood of the data with beta maximised out, or (REML) integrated out, up to a constant."""
    V, X, y = scope("V"), scope("X"), scope("y")
    information, form = _profiled(X.beside(y).T @ V.solve(X.beside(y)), X.width)
    value = _log(V.det()) + form
    return (value + _log(information.det()) if criterion == "reml" else value) * Fraction(-1, 2)


def _log(x: Any) -> Any:
    return x.log() if isinstance(x, Dual) else logs.log(x)


def _stationary(deviance: Terms) -> list[Any]:
    """Return the positive roots of the derivative of a sum of c log f(t): all f are positive there."""
    x = Symbol("x")

    def poly(p: tuple[Fraction, ...]) -> Poly:
        return Poly([Rational(c.numerator, c.denominator) for c in reversed(p)] or [0], x)

    parts = [(sign * c, poly(p)) for c, f in deviance for sign, p in ((1, f.num), (-1, f.den)) if len(p) > 1]
    slope = Poly(0, x)
    for i, (c, p) in enumerate(parts):
        term = c * p.diff(x)
        for k, (_, other) in enumerate(parts):
            if k != i:
                term = term * other
        slope = slope + term
    if slope.is_zero:
        raise Undecided("the likelihood is flat")
    found: list[Any] = []
    for root in real_roots(slope):
        if root.is_rational:
            value: Any = Fraction(int(root.p), int(root.q))
        else:
            value = logs.Real(logs.MP.mpf(str(root.evalf(logs.DIGITS))))
        if logs.real(value) > 0 and value not in found:
            found.append(value)
    return found


def _at(f: Ratio, x: Any) -> Any:
    def value(p: tuple[Fraction, ...]) -> Any:
        total: Any = Fraction(0)
        for c in reversed(p):
            total = total * x + c
        return total

    return value(f.num) / value(f.den)


def _value(deviance: Terms, x: Any) -> Any:
    return sum(logs.real(logs.log(_at(f, x)) * Fraction(c)) for c, f in deviance)
