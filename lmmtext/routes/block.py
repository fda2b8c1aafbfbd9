"""The block route: observations that share no random effect are solved apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.lapack import dpotrs

from lmmtext.arrays import Array, as_right_side, readonly
from lmmtext.covariance import MarginalCovariance
from lmmtext.routes.dense import LARGEST, lower_cholesky


@dataclass(frozen=True, eq=False)
class Block:
    """V = diag(V_1, ..., V_b) up to the order of its rows, each block by its own Cholesky factor.

    ``log|V| = sum log|V_b|``; a third of the sum of the cubed block sizes in operations. Two observations
    are in one block when a chain of shared random effects leads from one to the other.

    Examples
    --------
    >>> F = Block.of(MarginalCovariance(np.eye(3)[[0, 2, 0]], np.eye(3)))   # rows 0 and 2 share an effect
    >>> [rows.tolist() for rows in F.rows]
    [[0, 2], [1]]
    >>> print(F.solve(np.array([3.0, 2.0, 0.0])).round(12), round(F.logdet, 6))
    [ 2.  1. -1.] 1.791759
    """

    rows: tuple[np.ndarray, ...]
    factors: tuple[Array, ...]

    @staticmethod
    def cost(V: MarginalCovariance) -> float:
        """Return the operations that factoring V takes, roughly."""
        return V.n * V.m + sum(len(rows) ** 3 for rows in V.blocks) / 3

    @staticmethod
    def refusal(V: MarginalCovariance) -> str | None:
        """Return why this route cannot factor V, or None if it can."""
        largest = max(len(rows) for rows in V.blocks)
        if largest == V.n:
            return (
                f"route 'block' needs a V in two blocks or more; this V has one block, of {V.n} rows. "
                f"Try route='woodbury'."
            )
        if largest > LARGEST:
            return (
                f"route 'block' needs blocks of at most {LARGEST} rows; this V has one of {largest}. "
                f"Try route='woodbury'."
            )
        return None

    @classmethod
    def of(cls, V: MarginalCovariance) -> "Block":
        """Return V factored."""
        ZL, Winv, sigma2 = V.ZL, V.Winv, V.sigma2
        rows, factors = V.blocks, []
        for i in rows:
            ZL_b = ZL[i][:, ZL[i].any(axis=0)]  # (n_b, m_b)
            V_b = sigma2 * (ZL_b @ ZL_b.T + np.diag(Winv[i]))  # (n_b, n_b)
            factors.append(readonly(lower_cholesky(V_b, "a block of V", "Try route='woodbury'.")))
        return cls(rows, tuple(factors))

    @property
    def logdet(self) -> float:
        """log|V|."""
        return float(sum(2 * np.log(np.diag(L)).sum() for L in self.factors))

    def solve(self, B: ArrayLike) -> Array:
        """Return V^-1 B for B of shape (n,) or (n, k)."""
        B = as_right_side(B, sum(map(len, self.rows)))
        out = np.empty_like(B)
        for i, L in zip(self.rows, self.factors, strict=True):
            out[i], _ = dpotrs(L, B[i], lower=True)  # cho_solve without its checks, which small blocks would feel
        return out
