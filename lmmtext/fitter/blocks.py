"""The random effects of one grouping factor, without ever forming Z."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # its parts are imported when they are first used

from lmmtext.arrays import Array, freeze
from lmmtext.frame import compact

CACHED = 2**14  # rows that are looked at together in a pass over the data


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
        return self.codes if self.q == 1 else self.codes * self.q + k

    def add_times(self, a: Array, out: Array) -> None:
        """Add Z a to `out`, (n, c), for coefficients a, (J q, c)."""
        per_level = a.reshape(self.J, self.q, -1)
        for k in range(self.q):
            for c in range(out.shape[1]):
                out[:, c] += self.columns[:, k] * np.take(per_level[:, k, c], self.codes)

    def sums(self, B: Array) -> Array:
        """Return Z'B, (J q, c), by sums over groups, for B, (n, c)."""
        out = np.empty((self.m, B.shape[1]))
        for k in range(self.q):
            for c in range(B.shape[1]):
                out[k :: self.q, c] = np.bincount(self.codes, self.columns[:, k] * B[:, c], minlength=self.J)
        return out


@dataclass(frozen=True, eq=False)
class Orthogonal:
    """A block with its columns made orthonormal within each group: Z_j = U_j R_j.

    ``columns`` are U before they are divided by their lengths, U = columns * inverse[group]: an array of n numbers less
    for each coefficient. A column that the earlier ones determine within a group has R[j, k, k] = inverse[j, k] = 0.
    """

    block: Block
    columns: Array  # (n, q), orthogonal within groups
    inverse: Array  # (J, q), one over their lengths
    R: Array  # (J, q, q) upper triangular
    is_count: bool  # whether the one column is constant 1, so that R is the root of the size of the group

    def __post_init__(self) -> None:
        freeze(self)

    @cached_property
    def unit(self) -> Block:
        """The block with the columns of U."""
        columns = self.columns * self.inverse[self.block.codes]
        return Block(self.block.terms, columns, self.block.codes, self.block.J)

    @cached_property
    def kinds(self) -> tuple[np.ndarray, np.ndarray] | None:
        """For each group the number of its kind (groups with exactly equal R), and a group of each.

        None when too few are equal to matter.
        """
        J, q = self.R.shape[:2]
        if (self.R == self.R[0]).all():
            return np.zeros(J, dtype=np.intp), np.zeros(1, dtype=np.intp)
        if self.is_count:
            of = compact(np.rint(self.R[:, 0, 0] ** 2).astype(np.int64))[0]
        else:
            of = np.zeros(J, dtype=np.intp)
            for key in self.R[:, *np.triu_indices(q)].T:
                level, distinct = compact(key)
                of = compact(of * len(distinct) + level)[0]
                if of.max() > J // 2:
                    break
        if of.max() > J // 2:
            return None
        representatives = np.empty(of.max() + 1, dtype=np.intp)
        representatives[of] = np.arange(J)
        return of, representatives

    def project(self, D: Array) -> Array:
        """Return U'D, (J, q, c), for D (n, c)."""
        codes, J, q = self.block.codes, self.block.J, self.block.q
        t, rows = np.empty((J, q, D.shape[1])), None if self.is_count else np.empty(len(codes))
        for c in range(D.shape[1]):
            for k in range(q):
                along = D[:, c] if self.is_count else np.multiply(self.columns[:, k], D[:, c], out=rows)
                t[:, k, c] = np.bincount(codes, along, minlength=J) * self.inverse[:, k]
        return t

    def remainders(self, D: Array, t: Array) -> Iterator[tuple[slice, Array]]:
        """What lies within the groups, D - U t, (rows, c), so many rows at a time that nothing leaves the cache."""
        s = np.ascontiguousarray((t * self.inverse[:, :, None]).transpose(1, 2, 0))  # (q, c, J)
        step = min(len(D), CACHED)
        taken = np.empty(step)
        for at in range(0, len(D), step):
            rows = slice(at, at + step)
            codes, E = self.block.codes[rows], D[rows].copy(order="F")
            for k, c in np.ndindex(s.shape[:2]):
                part = np.take(s[k, c], codes, out=taken[: len(codes)], mode="clip")
                if not self.is_count:
                    part *= self.columns[rows, k]
                E[:, c] -= part
            yield rows, E


def group_qr(block: Block) -> Orthogonal:
    """Orthogonal columns and factors R (J, q, q), by Gram-Schmidt in all groups at once.

    Each column is made orthogonal twice. One that the earlier columns determine within a group (to 1e-10 of its
    length: slopes in a group without spread) gets zeros there.
    """
    codes, J, q = block.codes, block.J, block.q
    if q == 1 and (block.columns == 1.0).all():
        length = np.sqrt(np.bincount(codes, minlength=J))[:, None]
        return Orthogonal(block, block.columns, 1 / length, length[:, :, None], True)
    rows = np.empty(len(codes))

    def sums(u: Array, v: Array) -> Array:
        return np.asarray(np.bincount(codes, np.multiply(u, v, out=rows), minlength=J), dtype=float)

    columns: Array = block.columns if q == 1 else block.columns.copy(order="F")
    R, inverse = np.zeros((J, q, q)), np.zeros((J, q))
    for k in range(q):
        z = columns[:, k]
        left = length = np.sqrt(sums(z, z))
        if k:
            for _ in range(2):
                for i in range(k):
                    part = sums(columns[:, i], z) * inverse[:, i]
                    R[:, i, k] += part
                    np.take(part * inverse[:, i], codes, out=rows, mode="clip")
                    rows *= columns[:, i]
                    z -= rows
            left = np.sqrt(sums(z, z))
        R[:, k, k] = np.where(left > 1e-10 * length, left, 0.0)
        inverse[:, k] = np.divide(1.0, R[:, k, k], out=np.zeros(J), where=R[:, k, k] > 0)
    return Orthogonal(block, columns, inverse, R, False)


def gram(blocks: Sequence[Block]) -> scipy.sparse.csr_array:
    """The sparse Z'Z of several blocks, (m, m)."""
    return scipy.sparse.csr_array(scipy.sparse.block_array([[_cross(a, b) for b in blocks] for a in blocks]))


def per_level(blocks: Sequence[Block], factors: Sequence[Array]) -> scipy.sparse.csr_array:
    """The block diagonal matrix, (m, m), with each block's (q, q) factor once for every level."""
    parts = [scipy.sparse.kron(scipy.sparse.eye_array(b.J), f) for b, f in zip(blocks, factors, strict=True)]
    return scipy.sparse.csr_array(scipy.sparse.block_diag(parts))


def closed(blocks: Sequence[Block], A: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """The pattern of A with every entry that two levels share filled, whatever their coefficients, and the diagonal."""
    levels = per_level(blocks, [np.ones((b.q, b.q)) for b in blocks])
    pattern = scipy.sparse.csr_array(abs(A) + scipy.sparse.eye_array(A.shape[0], format="csr"))
    return scipy.sparse.csr_array(levels @ pattern @ levels)


def _cross(left: Block, right: Block) -> scipy.sparse.csr_array:
    """The sparse (J_left q_left, J_right q_right) matrix Z_left'Z_right."""
    out = scipy.sparse.csr_array((left.m, right.m))
    for a in range(left.q):
        for b in range(right.q):
            entries = (left.columns[:, a] * right.columns[:, b], (left.places(a), right.places(b)))
            out = out + scipy.sparse.csr_array(entries, shape=out.shape)
    return out
