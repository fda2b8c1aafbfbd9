"""The Woodbury route: an n by n inverse by way of the m by m system of the random effects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from lmmtext.arrays import Array, as_right_side, readonly
from lmmtext.covariance import MarginalCovariance
from lmmtext.routes.dense import lower_cholesky

LARGEST = 10_000  # M then takes 800 MB


@dataclass(frozen=True, eq=False)
class Woodbury:
    """With ``M = Lambda'Z'WZ Lambda + I = L L'``, the inverse and the determinant of V by the matrix lemmas.

    ``V^-1 = (W - WZ Lambda M^-1 Lambda'Z'W) / sigma2`` and ``log|V| = n log sigma2 - log|W| + log|M|``;
    n m^2 + m^3 / 3 operations. M is I at theta = 0 and never smaller, so nothing here divides by theta.

    References
    ----------
    Woodbury, M. A. (1950). Inverting modified matrices. Statistical Research Group, Princeton.

    Examples
    --------
    >>> F = Woodbury.of(MarginalCovariance(np.ones((2, 1)), [[0.0]], weights=[1.0, 4.0]))    # theta = 0
    >>> print(F.solve(np.ones(2)), round(F.logdet, 6))
    [1. 4.] -1.386294
    """

    V: MarginalCovariance
    A: Array  # (m, n) L^-1 Lambda'Z'W
    L: Array  # (m, m)

    @staticmethod
    def cost(V: MarginalCovariance) -> float:
        """Return the operations that factoring V takes, roughly."""
        return V.n * V.m**2 + V.m**3 / 3

    @staticmethod
    def refusal(V: MarginalCovariance) -> str | None:
        """Return why this route cannot factor V, or None if it can."""
        if V.m > LARGEST:
            return f"route 'woodbury' needs at most {LARGEST} random effects; this V has {V.m}. Try route='block'."
        return None

    @classmethod
    def of(cls, V: MarginalCovariance) -> "Woodbury":
        """Return V factored."""
        ZL, Winv = V.ZL, V.Winv
        WZL = (ZL.T / Winv).T  # (n, m)
        M = ZL.T @ WZL + np.eye(V.m)  # (m, m)
        L = lower_cholesky(M, "M = Lambda'Z'WZ Lambda + I", "Scale theta down: it is too large for doubles.")
        return cls(V, readonly(solve_triangular(L, WZL.T, lower=True)), readonly(L))

    @property
    def logdet(self) -> float:
        """log|V|."""
        n, sigma2, Winv = self.V.n, self.V.sigma2, self.V.Winv
        return float(n * np.log(sigma2) + np.log(Winv).sum() + 2 * np.log(np.diag(self.L)).sum())

    def solve(self, B: ArrayLike) -> Array:
        """Return V^-1 B for B of shape (n,) or (n, k)."""
        A, Winv, sigma2 = self.A, self.V.Winv, self.V.sigma2
        B = as_right_side(B, self.V.n)
        return ((B.T / Winv).T - A.T @ (A @ B)) / sigma2
