"""The oracle: what the model says, in 50 digits, from V itself and by the plainest formula."""

from dataclasses import dataclass

import numpy as np
from mpmath import mp, mpf

from tests.zoo import Case

mp.dps = 50
exactly = np.vectorize(mpf, otypes=[object])


def cholesky(A: np.ndarray) -> np.ndarray:
    """Lower triangular L with L L' = A."""
    L = np.full(A.shape, mpf(0), dtype=object)
    for j in range(len(A)):
        L[j, j] = mp.sqrt(A[j, j] - L[j, :j] @ L[j, :j])
        L[j + 1 :, j] = (A[j + 1 :, j] - L[j + 1 :, :j] @ L[j, :j]) / L[j, j]
    return L


def solve(L: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A^-1 B, given the Cholesky factor of A."""
    out = np.array(B, dtype=object)
    for j in range(len(L)):
        out[j] = (out[j] - L[j, :j] @ out[:j]) / L[j, j]
    for j in reversed(range(len(L))):
        out[j] = (out[j] - L[j + 1 :, j] @ out[j + 1 :]) / L[j, j]
    return out


def logdet(L: np.ndarray) -> mpf:
    """log|A|, given the Cholesky factor of A."""
    return 2 * sum(mp.log(d) for d in np.diag(L))


def covariance(case: Case, covariances: list | None = None, sigma2: mpf | None = None) -> np.ndarray:
    """V = sum_t Z_t (I kron Sigma_t) Z_t' + sigma2 W^-1, at the parameters of the case or at others."""
    if covariances is None:
        sigma2 = mpf(case.sigma2)
        covariances = [sigma2 * exactly(L) @ exactly(L).T for L in case.structure.factors(case.theta)]
    Winv = np.ones(len(case.y)) if case.weights is None else case.weights
    V = np.diag(sigma2 / exactly(Winv)) if case.weights is not None else np.diag(sigma2 * exactly(Winv))
    for code, A, Sigma in zip(case.groups, case.columns, covariances, strict=True):
        A = exactly(A)
        V = V + (A @ Sigma @ A.T) * (code[:, None] == code)
    return V


@dataclass(frozen=True, eq=False)
class Exact:
    """The quantities of a model at known V, in 50 digits."""

    L: np.ndarray
    logdet: mpf
    beta: np.ndarray
    vcov: np.ndarray
    logdet_XtVinvX: mpf
    residuals: np.ndarray
    Qy: np.ndarray
    rss: mpf

    def deviance(self, criterion: str) -> mpf:
        """-2 log (restricted) likelihood."""
        n, p = len(self.Qy), len(self.beta)
        if criterion == "ml":
            return n * mp.log(2 * mp.pi) + self.logdet + self.rss
        return (n - p) * mp.log(2 * mp.pi) + self.logdet + self.logdet_XtVinvX + self.rss

    def profiled_deviance(self, criterion: str) -> mpf:
        """The same at the best sigma2, when this is V / sigma2."""
        n, p = len(self.Qy), len(self.beta)
        df, penalty = (n, 0) if criterion == "ml" else (n - p, self.logdet_XtVinvX)
        return df * (1 + mp.log(2 * mp.pi * self.rss / df)) + self.logdet + penalty


def exact(case: Case, V: np.ndarray | None = None) -> Exact:
    """The model at V, which is the case's own if not given."""
    X, y = exactly(case.X), exactly(case.y)
    L = cholesky(covariance(case) if V is None else V)
    XtVinvX = X.T @ solve(L, X)
    K = cholesky(XtVinvX)
    beta = solve(K, X.T @ solve(L, y))
    residuals = y - X @ beta
    Qy = solve(L, residuals)
    vcov = solve(K, exactly(np.eye(len(beta))))
    return Exact(L, logdet(L), beta, vcov, logdet(K), residuals, Qy, residuals @ Qy)


def gradient(f, at: np.ndarray) -> np.ndarray:
    """The derivatives of f in 50-digit central differences: 15 digits or more of them are right."""
    h = mpf(10) ** -15
    at = exactly(at)
    steps = h * exactly(np.eye(len(at)))
    return np.array([(f(at + s) - f(at - s)) / (2 * h) for s in steps], dtype=object)


def to_float(a) -> np.ndarray:
    """The nearest doubles."""
    return np.asarray(a, dtype=object).astype(float)
