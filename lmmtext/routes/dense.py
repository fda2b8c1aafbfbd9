"""The dense route: the Cholesky factor of V itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_solve, cholesky

from lmmtext.arrays import Array, as_matrix, as_right_side, readonly
from lmmtext.covariance import MarginalCovariance

LARGEST = 10_000  # V then takes 800 MB


@dataclass(frozen=True, eq=False)
class Dense:
    """V = L L', and ``V^-1 B = L'^-1 L^-1 B``, ``log|V| = 2 sum log diag L``; n^3 / 3 operations.

    Examples
    --------
    >>> F = Dense.of_array([[4.0, 0.0], [0.0, 9.0]])
    >>> print(F.solve([4.0, 9.0]).round(12), round(F.logdet, 6))
    [1. 1.] 3.583519
    """

    L: Array

    @staticmethod
    def cost(V: MarginalCovariance) -> float:
        """Return the operations that factoring V takes, roughly."""
        return V.n**3 / 3

    @staticmethod
    def refusal(V: MarginalCovariance) -> str | None:
        """Return why this route cannot factor V, or None if it can."""
        if V.n > LARGEST:
            return (
                f"route 'dense' needs at most {LARGEST} observations; this V has {V.n}. "
                f"Try route='woodbury' or route='block'."
            )
        return None

    @classmethod
    def of(cls, V: MarginalCovariance) -> "Dense":
        """Return V factored."""
        return cls.of_array(V.dense())

    @classmethod
    def of_array(cls, V: ArrayLike) -> "Dense":
        """Return any positive definite (n, n) array factored: V need not come from a mixed model."""
        V = as_matrix(V, "V")
        if len(V) != V.shape[1]:
            raise ValueError(f"V must be square, got {V.shape}.")
        apart = np.abs(V - V.T) > 1e-12 * np.abs(V).max()
        if apart.any():
            i, k = np.argwhere(apart)[0]
            raise ValueError(
                f"V must be symmetric; its entries [{i}, {k}] and [{k}, {i}] are {V[i, k]:g} and {V[k, i]:g}."
            )
        return cls(readonly(lower_cholesky(V, "V", "Try route='woodbury'.")))

    @property
    def logdet(self) -> float:
        """log|V|."""
        return float(2 * np.log(np.diag(self.L)).sum())

    def solve(self, B: ArrayLike) -> Array:
        """Return V^-1 B for B of shape (n,) or (n, k)."""
        return cho_solve((self.L, True), as_right_side(B, len(self.L)))


def lower_cholesky(A: Array, name: str, advice: str) -> Array:
    """Return lower triangular L with L L' = A, or say that A is not positive definite.

    >>> lower_cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]), "V", "Check its entries.")
    Traceback (most recent call last):
        ...
    numpy.linalg.LinAlgError: V (2 by 2) is not positive definite to working precision. Check its entries.
    """
    try:
        L = cholesky(A, lower=True)
    except LinAlgError:
        L = np.zeros_like(A)
    # L_ii^2 is what of A_ii the rows before leave over; below the rounding of the sum it came from it is noise.
    if (np.diag(L) ** 2 <= len(A) * np.finfo(float).eps * np.diag(A)).any():
        what = f"{name} ({A.shape[0]} by {A.shape[1]})"
        raise LinAlgError(f"{what} is not positive definite to working precision. {advice}")
    return L
