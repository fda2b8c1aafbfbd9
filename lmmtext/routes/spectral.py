"""The spectral route: in a balanced design V is a sum of projections, and so is its inverse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_right_side, readonly
from lmmtext.covariance import MarginalCovariance
from lmmtext.routes.dense import LARGEST


@dataclass(frozen=True, eq=False)
class Spectral:
    """V = sum_s lambda_s E_s with orthogonal projections that add up to I, so V^-1 = sum_s E_s / lambda_s.

    A balanced term has ``Z_t Lambda_t Lambda_t' Z_t' = c_t P_t`` with P_t a projection. Where all P_t
    commute, the products of the P_t and I - P_t are the E_s; lambda_s adds sigma2 c_t over the P_t it holds,
    and sigma2 times the one value of W^-1. ``log|V| = sum_s rank(E_s) log lambda_s``.

    References
    ----------
    Searle, Casella and McCulloch (1992). Variance Components. Wiley. Chapter 4.

    Examples
    --------
    >>> F = Spectral.of(MarginalCovariance(np.kron(np.eye(2), np.ones((3, 1))), 2 * np.eye(2)))
    >>> print(F.values.round(12), F.ranks)                                  # 1 + 3 theta^2 and 1
    [13.  1.] [2 4]
    """

    values: Array  # (s,)
    ranks: np.ndarray  # (s,)
    E: Array  # (s, n, n)

    @staticmethod
    def cost(V: MarginalCovariance) -> float:
        """Return the operations that factoring V takes, roughly: three n by n products a term."""
        return 3 * len(V.terms) * 2 * V.n**3

    @staticmethod
    def refusal(V: MarginalCovariance) -> str | None:
        """Return why this route cannot factor V, or None if it can."""
        needs, advice = "route 'spectral' needs a balanced design:", "Try route='woodbury'."
        if V.n > LARGEST:
            return f"route 'spectral' needs at most {LARGEST} observations; this V has {V.n}. {advice}"
        if np.ptp(V.Winv) > 0:
            return f"{needs} equal weights; this V has weights that differ. {advice}"
        tolerance = 10 * V.n * np.finfo(float).eps  # rounding in an n by n product
        seen: list[Array] = []
        for t, (_, P) in enumerate(_scaled_projections(V)):
            if np.linalg.norm(P @ P - P) > tolerance:
                return f"{needs} terms that are multiples of projections; term {t} of this V is not. {advice}"
            for s, other in enumerate(seen):
                if np.linalg.norm(P @ other - other @ P) > tolerance:
                    return f"{needs} terms that commute; terms {s} and {t} of this V do not. {advice}"
            seen.append(P)
        return None

    @classmethod
    def of(cls, V: MarginalCovariance) -> "Spectral":
        """Return V factored."""
        spaces = [(V.Winv[0], np.eye(V.n))]
        for c, P in _scaled_projections(V):
            split = [pair for value, E in spaces for pair in ((value + c, E @ P), (value, E - E @ P))]
            spaces = [(value, (E + E.T) / 2) for value, E in split if np.trace(E) > 0.5]  # its rank
        values, E = zip(*spaces, strict=True)
        ranks = np.array([round(np.trace(e)) for e in E])
        return cls(readonly(V.sigma2 * np.array(values)), readonly(ranks, dtype=int), readonly(np.array(E)))

    @property
    def logdet(self) -> float:
        """log|V|."""
        return float(self.ranks @ np.log(self.values))

    def solve(self, B: ArrayLike) -> Array:
        """Return V^-1 B for B of shape (n,) or (n, k)."""
        B = as_right_side(B, self.E.shape[1])
        return sum(E @ B / value for value, E in zip(self.values, self.E, strict=True))


def _scaled_projections(V: MarginalCovariance) -> list[tuple[float, Array]]:
    """Return (c, A / c) for each term's A = Z Lambda Lambda' Z'; (0, 0) for a term at zero."""
    out = []
    for t in V.terms:
        A = V.ZL[:, t] @ V.ZL[:, t].T  # (n, n)
        c = (A**2).sum() / np.trace(A) if A.any() else 0.0  # c^2 rank / (c rank)
        out.append((c, A / c if c else A))
    return out
