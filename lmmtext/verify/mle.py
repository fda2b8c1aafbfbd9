"""Maximum likelihood estimates of two variances: every stationary point found, and every edge compared.

With V = sigma^2 H(t), t = sigma_alpha^2 / sigma^2, the best sigma^2 for given t is q(t) / n, where q is the weighted
residual sum of squares: so the deviance is a function of t alone, n log q(t) + log |H(t)|, and both are rational
functions. The stationary points are the roots of one polynomial, isolated exactly; the edge is t = 0.
The score of the likelihood with V as the world has it, by derivatives of its own, is the certificate.
"""

from fractions import Fraction
from typing import Any

from sympy import Poly, Rational, Symbol, real_roots

from lmmtext.verify import logs
from lmmtext.verify.calculus import log_likelihood
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Undecided
from lmmtext.verify.matrix import Mat
from lmmtext.verify.ratio import Ratio
from lmmtext.verify.scope import Scope


def variance_estimates(scope: Scope) -> tuple[Any, Any]:
    """Return the estimates of sigma^2 and sigma_alpha^2 from the data."""
    if scope.random or scope.moved:
        raise Undecided("a maximum likelihood estimate is computed from data only, not inside a moment")
    caches = scope.instance.caches
    if "mle" not in caches:
        caches["mle"] = _estimates(scope)
    return caches["mle"]


def _estimates(scope: Scope) -> tuple[Any, Any]:
    X, y, Z, n = scope("X"), scope("y"), scope("Z"), scope.size("n")
    t = Ratio.variable()
    H = Mat.identity(n) + (Z @ Z.T).times(t)
    solved = H.solve(X.beside(y))
    HX, Hy = Mat(tuple(r[: X.width] for r in solved.rows), X.width), Mat(tuple(r[X.width :] for r in solved.rows), 1)
    information = X.T @ HX
    beta = information.solve(X.T @ Hy)
    q = (y.T @ Hy - y.T @ HX @ beta).scalar
    det = H.det()
    candidates = [Fraction(0)] + _stationary(q, det, n)
    best = min(candidates, key=lambda at: _deviance(at, q, det, n))
    sigma2 = _at(q, best) / Fraction(n)
    _certify(scope, sigma2, best * sigma2)
    return sigma2, best * sigma2


def _certify(scope: Scope, sigma2: Any, sigma2_alpha: Any) -> None:
    """Hold the score of the world's own likelihood to zero at the estimates, or to pointing off the edge."""
    moved = scope.moving("sigma2", (), Mat.number(Dual.moved(sigma2, 0)))
    moved = moved.moving("sigma2_alpha", (), Mat.number(Dual.moved(sigma2_alpha, 1)))
    score = log_likelihood(moved, profiled=True)
    on_edge = not sigma2_alpha and logs.real(score.part(2)) <= 0
    if score.part(1) or (score.part(2) and not on_edge):
        raise Undecided("the score is not zero at the estimates that were found")


def _stationary(q: Ratio, det: Ratio, n: int) -> list[Any]:
    """Return the positive roots of the derivative of n log q + log det."""
    x = Symbol("x")

    def poly(p: tuple[Fraction, ...]) -> Poly:
        return Poly([Rational(c.numerator, c.denominator) for c in reversed(p)] or [0], x)

    a, b, c = poly(q.num), poly(q.den), poly(det.num)
    slope = n * (a.diff(x) * b - a * b.diff(x)) * c + c.diff(x) * a * b
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


def _deviance(x: Any, q: Ratio, det: Ratio, n: int) -> Any:
    return logs.real(logs.log(_at(q, x)) * Fraction(n) + logs.log(_at(det, x)))
