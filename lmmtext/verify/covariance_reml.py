"""REML estimates of sigma^2 and of a covariance matrix Sigma, in balanced data.

A candidate is one step of Fisher scoring from V = I, which is linear and so exact; in balanced data one step is enough.
Where it is not positive definite, the maximum lies on the edge: the smallest eigenvalues of Sigma + sigma^2 S^{-1}
in the metric of S are pooled with sigma^2. Neither is believed. The certificate is the score of the restricted
likelihood, with V as the world has it: zero inside; on the edge zero in sigma^2 and along Sigma, and pointing outward.
That is enough for the largest of all values: in 1 / sigma^2 and (Sigma + sigma^2 S^{-1})^{-1} the restricted likelihood
of balanced data is concave and the condition on Sigma is linear, so there is one stationary point, or one of the edge.
"""

from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from lmmtext.verify import logs
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Undecided
from lmmtext.verify.matrix import Mat
from lmmtext.verify.scope import Scope

Place = tuple[int, int] | None  # an element of Sigma, or sigma^2


def covariance_estimates(scope: Scope) -> tuple[Any, Mat]:
    """Return the REML estimates of sigma^2 and Sigma from balanced data."""
    if scope.random or scope.moved:
        raise Undecided("an estimate of a variance is computed from data only, not inside a moment")
    caches = scope.instance.caches
    if "reml" not in caches:
        directions = _directions(scope)
        sigma2, Sigma = _scored(scope, directions)
        if not _positive(Sigma):
            sigma2, Sigma = _pooled(scope, sigma2, Sigma)
        _certify(scope, directions, sigma2, Sigma)
        caches["reml"] = sigma2, Sigma
    return caches["reml"]


def _directions(scope: Scope) -> dict[Place, Mat]:
    """Return the derivative of V_1, which is that of every V_j, in sigma^2 and in each element of Sigma."""
    Sigma, q = scope("Sigma"), scope.size("q")
    found: dict[Place, Mat] = {}
    moved = scope.moving("sigma2", (), scope("sigma2").map(lambda x: Dual.moved(x, 0)))
    found[None] = moved("V_j", 1).map(_slope)
    for i, j in combinations_with_replacement(range(q), 2):
        rows = [
            [Dual.moved(x, 0) if {a, b} == {i, j} else x for b, x in enumerate(r)] for a, r in enumerate(Sigma.rows)
        ]
        found[i, j] = scope.moving("Sigma", (), Mat.of(rows, q))("V_j", 1).map(_slope)
    return found


def _slope(x: Any) -> Any:
    return x.part(1) if isinstance(x, Dual) else Fraction(0)


def _scored(scope: Scope, directions: dict[Place, Mat]) -> tuple[Any, Mat]:
    """Return the solution of tr(M A M B) theta = y'M A M y, M the projector that takes X beta away."""
    X, J, q = scope("X_j", 1), Fraction(scope.size("J")), scope.size("q")
    W = (X.T @ X).times(J).inverse()
    places = list(directions)
    residuals = _residuals(scope, Mat.identity(X.height))

    def inner(A: Mat, B: Mat) -> Any:
        left, right = X.T @ A, B @ X
        crossed = W @ left @ right
        twice = W @ left @ X @ W @ X.T @ right
        return J * (A @ B).trace() - 2 * J * crossed.trace() + J * J * twice.trace()

    system = [[inner(directions[a], directions[b]) for b in places] for a in places]
    observed = [sum(((e.T @ directions[a] @ e).scalar for e in residuals), Fraction(0)) for a in places]
    theta = dict(zip(places, Mat.of(system).solve(Mat.column(observed)).rows, strict=True))
    return theta[None][0], Mat.of([[theta[min(i, j), max(i, j)][0] for j in range(q)] for i in range(q)], q)


def _residuals(scope: Scope, U: Mat) -> list[Mat]:
    """Return y_j - X beta of every group, beta by least squares weighted by U in every group."""
    X, J = scope("X_j", 1), scope.size("J")
    ys = [scope("y_j", j) for j in range(1, J + 1)]
    total = ys[0]
    for y in ys[1:]:
        total = total + y
    fitted = X @ (X.T @ U @ X).times(Fraction(J)).solve(X.T @ U @ total)
    return [y - fitted for y in ys]


def _positive(Sigma: Mat) -> bool:
    minors = (Mat(tuple(r[:k] for r in Sigma.rows[:k]), k).det() for k in range(1, Sigma.height + 1))
    return all(logs.real(m) > 0 for m in minors)


def _pooled(scope: Scope, sigma2: Any, Sigma: Mat) -> tuple[Any, Mat]:
    """Return the candidate on the edge, from the one that ignores it: eigenvalues that are too small are pooled."""
    mp, J, r, q = logs.MP, scope.size("J"), scope.size("r"), scope.size("q")
    S = scope("S_j", 1)
    within, between = Fraction(J * (r - q)), Fraction(J - 1)
    spread = S @ Sigma + Mat.identity(q).times(sigma2)  # its eigenvalues are those in the metric of S
    C = mp.cholesky(mp.matrix([[logs.real(x) for x in row] for row in S.rows]))
    inside = C.T * mp.matrix([[logs.real(x) for x in row] for row in Sigma.rows]) * C
    values, vectors = mp.eigsy(inside + logs.real(sigma2) * mp.eye(q))
    total = logs.real(sigma2 * within)
    for k in range(1, q + 1):
        total = total + logs.real(between) * values[k - 1]
        common = total / logs.real(within + between * k)
        if k == q:
            return (sigma2 * within + between * spread.trace()) / (within + between * q), Mat.full(q, q)
        if values[k] > common:
            break
    kept = mp.diag([max(v - common, mp.mpf(0)) for v in values])
    back = mp.inverse(C).T
    found = back * vectors * kept * vectors.T * back.T
    return logs.Real(common), Mat.of([[logs.Real(found[i, j]) for j in range(q)] for i in range(q)], q)


def _certify(scope: Scope, directions: dict[Place, Mat], sigma2: Any, Sigma: Mat) -> None:
    """Hold the score to what it is at the largest value: zero, or pointing off the edge."""
    q = Sigma.height
    score = _score(scope, directions, sigma2, Sigma)
    half = [[score[min(i, j), max(i, j)] * Fraction(1, 1 + (i != j)) for j in range(q)] for i in range(q)]
    slope = Mat.of(half, q)  # an element beside the diagonal moves with its mirror image
    if score[None]:
        raise Undecided("the score is not zero at the estimates that were found")
    if _positive(Sigma) and slope.is_zero():
        return
    steepest = max(
        logs.MP.eigsy(logs.MP.matrix([[logs.real(x) for x in row] for row in slope.rows]), eigvals_only=True)
    )
    if not (slope @ Sigma).is_zero() or steepest > logs.MP.mpf(10) ** -50:
        raise Undecided("the score does not point off the edge at the estimates that were found")


def _score(scope: Scope, directions: dict[Place, Mat], sigma2: Any, Sigma: Mat) -> dict[Place, Any]:
    """Return the derivatives of the restricted log-likelihood in sigma^2 and the elements of Sigma."""
    J, X = Fraction(scope.size("J")), scope("X_j", 1)
    V = scope.moving("sigma2", (), Mat.number(sigma2)).moving("Sigma", (), Sigma)("V_j", 1)
    U = V.inverse()
    weighted = [U @ e for e in _residuals(scope, U)]
    UX = U @ X
    information = X.T @ UX
    score: dict[Place, Any] = {}
    for place, A in directions.items():
        form = sum(((z.T @ A @ z).scalar for z in weighted), Fraction(0))
        lost = information.solve(UX.T @ A @ UX).trace()  # what estimating beta takes away, once for all groups
        score[place] = (form - (U @ A).trace() * J + lost) * Fraction(1, 2)
    return score
