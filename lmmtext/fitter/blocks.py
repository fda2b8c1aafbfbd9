"""The random effects of one grouping factor, and the cross-products of two, without ever forming Z."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lmmtext.arrays import Array, freeze


@dataclass(frozen=True, eq=False)
class Block:
    """The random effects of one grouping factor: the columns of its terms side by side."""

    terms: tuple[int, ...]  # places of its terms in the structure
    columns: Array  # (n, q), orthogonalised
    codes: np.ndarray  # (n,)
    J: int

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def q(self) -> int:
        """Random coefficients per level, over all terms of the factor."""
        return self.columns.shape[1]

    @property
    def m(self) -> int:
        """Random effects in all."""
        return self.J * self.q

    def places(self, k: int) -> np.ndarray:
        """(n,) the random effect that coefficient k of each row belongs to."""
        return self.codes * self.q + k

    def times(self, a: Array) -> Array:
        """Return Z a, (n, ...), for coefficients a, (J q, ...)."""
        per_level = a.reshape(self.J, self.q, -1)
        out = np.zeros((len(self.codes), per_level.shape[2]))
        for k in range(self.q):
            out += self.columns[:, [k]] * per_level[self.codes, k]
        return out.reshape(-1, *a.shape[1:])

    def sums(self, B: Array) -> Array:
        """Return Z'B, (J q, c), for B, (n, c), by sums over groups."""
        out = np.empty((self.m, B.shape[1]))
        for k in range(self.q):
            for c in range(B.shape[1]):
                out[k :: self.q, c] = np.bincount(self.codes, self.columns[:, k] * B[:, c], minlength=self.J)
        return out


def group_qr(block: Block) -> tuple[Array, Array]:
    """Orthonormal columns (n, q) and factors R (J, q, q), Z_j = U_j R_j, by Gram-Schmidt in all groups at once.

    Each column is made orthogonal twice. One that the earlier columns determine within a group (to 1e-10 of its
    length: slopes in a group without spread) gets zeros there.
    """
    codes, J, q = block.codes, block.J, block.q

    def sums(values: Array) -> Array:
        return np.asarray(np.bincount(codes, values, minlength=J), dtype=float)

    U: Array = block.columns.copy()
    R: Array = np.zeros((J, q, q))
    for k in range(q):
        length = np.sqrt(sums(U[:, k] ** 2))
        for _ in range(2):
            for i in range(k):
                part = sums(U[:, i] * U[:, k])
                R[:, i, k] += part
                U[:, k] -= U[:, i] * part[codes]
        left = np.sqrt(sums(U[:, k] ** 2))
        R[:, k, k] = np.where(left > 1e-10 * length, left, 0.0)
        inverse = np.divide(1.0, R[:, k, k], out=np.zeros(J), where=R[:, k, k] > 0)
        U[:, k] *= inverse[codes]
    return U, R


def _cross(left: Block, right: Block) -> sparse.csr_array:
    """The sparse (J_left q_left, J_right q_right) matrix Z_left'Z_right."""
    shape = (left.m, right.m)
    parts = [
        sparse.coo_array((left.columns[:, a] * right.columns[:, b], (left.places(a), right.places(b))), shape=shape)
        for a in range(left.q)
        for b in range(right.q)
    ]
    return sparse.csr_array(sum(part.tocsr() for part in parts))


def crossed(first: Block, rest: Sequence[Block]) -> sparse.csr_array | Array:
    """U'Z_r, (J q, m_r): dense when more than a twentieth of it is not zero, since dense products are quicker."""
    if not rest:
        return np.zeros((first.m, 0))
    C = sparse.csr_array(sparse.hstack([_cross(first, b) for b in rest], format="csr"))
    return C.toarray() if 20 * C.nnz > C.shape[0] * C.shape[1] else C


def dense_gram(rest: Sequence[Block]) -> Array:
    """The dense Z_r'Z_r of the factors after the first, (m_r, m_r)."""
    if not rest:
        return np.zeros((0, 0))
    return sparse.block_array([[_cross(a, b) for b in rest] for a in rest]).toarray()


def dense(A: sparse.csr_array | Array) -> Array:
    """The matrix as an array."""
    return A if isinstance(A, np.ndarray) else A.toarray()
