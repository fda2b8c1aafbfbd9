"""How the first grouping factor meets the others: c = U'Z_r, its Gram matrix, and products with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy  # its parts are imported when they are first used

from lmmtext.arrays import Array, freeze
from lmmtext.fitter.batched import forward, turned
from lmmtext.fitter.blocks import Block

DENSE = 20  # c is kept dense when more than one in so many of its entries is not zero: dense products are quicker then
CHUNK = 2**22  # numbers of one intermediate array where a product goes by chunks of groups
PAIRS = 2**24  # pairs of entries beyond which none are listed
CROWDED = 0.25  # pairs, for each entry of c'c, from which c'c is taken to be dense
TABLE = 2**28  # entries beyond which c is never made dense


class Coupling(ABC):
    """c, or L^-1 c, as the criterion uses it: (J, q, m_r) in all. Of symmetric results the lower triangle is filled."""

    @abstractmethod
    def whitened(self, L: Array) -> Coupling:
        """L^-1 c, for the triangular blocks of L, (J, q, q)."""

    @abstractmethod
    def gram(self) -> Array:
        """c'c, (m_r, m_r)."""

    @abstractmethod
    def times(self, a: Array) -> Array:
        """C a, (J, q, k), for a (m_r, k)."""

    @abstractmethod
    def back(self, b: Array) -> Array:
        """c'b, (m_r, k), for b (J, q, k)."""

    @abstractmethod
    def of(self, groups: np.ndarray) -> Array:
        """(rows, q, m_r), c_j for each of the groups."""

    @abstractmethod
    def weighted(self, A: Array, S: Array) -> Array:
        """(q, q) sum over groups of A_j'c_j S c_j'A_j, for the lower triangle of a symmetric S, with zeros above it."""

    @abstractmethod
    def quadratic(self, S: Array) -> Array:
        """The (J, q, q) blocks c_j S c_j', for a symmetric S of which the lower triangle is read."""


@dataclass(frozen=True, eq=False)
class DenseCoupling(Coupling):
    """c as an array; ``values`` is (J, q, m_r)."""

    values: Array

    def __post_init__(self) -> None:
        freeze(self)

    @cached_property
    def _rows(self) -> Array:
        return self.values.reshape(-1, self.values.shape[2])

    def whitened(self, L: Array) -> DenseCoupling:
        return DenseCoupling(forward(L, self.values))

    def gram(self) -> Array:
        return self._rows.T @ self._rows

    def times(self, a: Array) -> Array:
        return (self._rows @ a).reshape(*self.values.shape[:2], a.shape[1])

    def back(self, b: Array) -> Array:
        return np.asarray(self._rows.T @ b.reshape(len(self._rows), -1))

    def of(self, groups: np.ndarray) -> Array:
        return self.values[groups]

    def weighted(self, A: Array, S: Array) -> Array:
        turned_rows = turned(A) @ self.values if A.shape[1] > 1 else A * self.values
        q, out = A.shape[1], np.empty((A.shape[1],) * 2)
        diagonal = np.diagonal(S)
        for a in range(q):
            for b in range(a + 1):
                G = turned_rows[:, a].T @ turned_rows[:, b]
                above = np.vdot(G, S) if a == b else np.vdot(G.T, S)  # G is symmetric when a == b
                out[a, b] = out[b, a] = np.vdot(G, S) + above - np.vdot(np.diagonal(G), diagonal)
        return out

    def quadratic(self, S: Array) -> Array:
        return _by_chunks(self, len(self.values), self.values.shape[1], S)


@dataclass(frozen=True, eq=False)
class SparseCoupling(Coupling):
    """c by its entries: ``values`` (entries, q), in groups ``start`` (J + 1,), with their ``columns`` (entries,)."""

    values: Array
    start: np.ndarray
    columns: np.ndarray
    m: int
    pattern: SparseCoupling | None = None  # where the pairs are kept, for matrices with the same entries

    def __post_init__(self) -> None:
        freeze(self)

    @cached_property
    def _groups(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def _listed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All pairs of entries of a group, left and right, and their places in the flat c'c."""
        short = np.int32 if max(self.m**2, len(self.columns)) < 2**31 else np.int64
        at, groups, start = np.arange(len(self.columns), dtype=short), self._groups, self.start.astype(short)
        ahead = at - start[groups] + 1  # entries of its group up to this one
        left = np.repeat(at, ahead)
        before = (np.cumsum(ahead) - ahead - start[groups]).astype(short)
        right = np.arange(len(left), dtype=short) - np.repeat(before, ahead)
        columns = self.columns.astype(short)
        return left, right, columns[left] * short(self.m) + columns[right]

    @property
    def _is_listed(self) -> bool:
        """Whether the pairs are few enough to be listed."""
        return _number_of_pairs(np.diff(self.start)) <= PAIRS

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The pairs, kept for all matrices with these entries; None if they are too many."""
        if self.pattern is not None:
            return self.pattern._pairs
        return self._listed() if self._is_listed else None

    def whitened(self, L: Array) -> SparseCoupling:
        values = forward(L[self._groups], self.values[:, :, None])[:, :, 0]
        return replace(self, values=values, pattern=self.pattern or self)

    def _csr(self, k: int) -> scipy.sparse.csr_array:
        return self._with(self.values[:, k])

    def _with(self, values: Array) -> scipy.sparse.csr_array:
        """(J, m_r) with other values in the places of the entries."""
        return scipy.sparse.csr_array((values, self.columns, self.start), shape=(len(self.start) - 1, self.m))

    def wide(self) -> WideCoupling | None:
        """The same for a sparse system; None when c'c has too many entries for that: each pair of a group makes one."""
        if _number_of_pairs(np.diff(self.start)) > min(PAIRS, CROWDED * self.m**2):
            return None
        return WideCoupling(self.values, self.start, self.columns, self.m)

    def _products(self, U: Array, V: Array) -> Array:
        """c'c made of other values of the entries, (entries, k) each: sum over k, and over groups, of u v'."""
        assert self._pairs is not None
        left, right, place = self._pairs
        products = np.zeros(len(left))
        for u, v in zip(U.T, V.T, strict=True):
            products += u[left] * v[right]
        return np.asarray(np.bincount(place, products, minlength=self.m**2), dtype=float).reshape(self.m, self.m)

    def gram(self) -> Array:
        if self._pairs is None:
            return np.asarray(sum((C.T @ C for C in map(self._csr, range(self.values.shape[1]))), 0).toarray())
        return self._products(self.values, self.values)

    def times(self, a: Array) -> Array:
        return np.stack([self._csr(k) @ a for k in range(self.values.shape[1])], axis=1)

    def back(self, b: Array) -> Array:
        return np.asarray(sum(self._csr(k).T @ b[:, k] for k in range(b.shape[1])))

    def of(self, groups: np.ndarray) -> Array:
        return np.stack([self._csr(k)[groups].toarray() for k in range(self.values.shape[1])], axis=1)

    def weighted(self, A: Array, S: Array) -> Array:
        if self._pairs is None:
            return np.asarray((turned(A) @ self.quadratic(S) @ A).sum(axis=0))
        rows, q = np.einsum("eba,eb->ea", A[self._groups], self.values), A.shape[1]
        out = np.empty((q, q))
        for a in range(q):
            for b in range(a + 1):
                u, v = rows[:, [a]], rows[:, [b]]
                G = self._products(u, v) if a == b else (self._products(u, v) + self._products(v, u)) / 2
                out[a, b] = out[b, a] = _trace(G, S)
        return out

    def quadratic(self, S: Array) -> Array:
        J, q = len(self.start) - 1, self.values.shape[1]
        if self._pairs is None:
            return _by_chunks(self, J, q, S)
        left, right, place = self._pairs
        weights = S.reshape(-1)[place] * np.where(left == right, 0.5, 1.0)
        out = np.empty((J, q, q))
        for a in range(q):
            for b in range(a + 1):
                u, v = self.values[:, a], self.values[:, b]
                both = weights * (u[left] * v[right] + v[left] * u[right])
                out[:, a, b] = out[:, b, a] = np.bincount(self._groups[left], both, minlength=J)
        return out


@dataclass(frozen=True, eq=False)
class ScalarCoupling(SparseCoupling):
    """The same for one coefficient a level, whose c'P^-1 c is linear in the inverses of P: one sparse product."""

    squares: Array | None = None  # (J,) 1 / L^2, when whitened

    @cached_property
    def _by_group(self) -> scipy.sparse.csr_array | None:
        """(m_r m_r, J): what each group adds to the flat lower triangle of c'c; None if the pairs are too many."""
        if isinstance(self.pattern, ScalarCoupling):
            return self.pattern._by_group
        if not self._is_listed:
            return None
        left, right, place = self._listed()
        v = self.values[:, 0]
        shape = (self.m**2, len(self.start) - 1)
        return scipy.sparse.csr_array((v[left] * v[right], (place, self._groups[left])), shape=shape)

    def _weights(self) -> Array:
        """(J,) what the products of the entries of c are to be multiplied by."""
        return np.ones(len(self.start) - 1) if self.squares is None else self.squares

    def whitened(self, L: Array) -> ScalarCoupling:
        flat = L[:, 0, 0]
        values = self.values / flat[self._groups, None]
        return replace(self, values=values, pattern=self.pattern or self, squares=1 / flat**2)

    def gram(self) -> Array:
        if self._by_group is None:
            return super().gram()
        return np.asarray(self._by_group @ self._weights()).reshape(self.m, self.m)

    def weighted(self, A: Array, S: Array) -> Array:
        if self._by_group is None:
            return super().weighted(A, S)
        G = np.asarray(self._by_group @ (self._weights() * A[:, 0, 0] ** 2)).reshape(self.m, self.m)
        return np.array([[_trace(G, S)]])

    def quadratic(self, S: Array) -> Array:
        if self._by_group is None:
            return super().quadratic(S)
        both = 2 * S  # each pair stands once in the lower triangle
        both.reshape(-1)[:: self.m + 1] /= 2
        return (self._weights() * (self._by_group.T @ both.reshape(-1)))[:, None, None]


@dataclass(frozen=True, eq=False)
class WideCoupling(SparseCoupling):
    """The same where c'c is too large to be dense: it is a sparse matrix, with both triangles, and so is S."""

    def gram(self) -> scipy.sparse.csr_array:
        parts = [C.T @ C for C in map(self._csr, range(self.values.shape[1]))]
        return scipy.sparse.csr_array(sum(parts[1:], parts[0]))

    def weighted(self, A: Array, S: scipy.sparse.csr_array) -> Array:
        rows, q = np.einsum("eba,eb->ea", A[self._groups], self.values), A.shape[1]
        turned_rows = [self._with(rows[:, a]) for a in range(q)]
        out = np.empty((q, q))
        for a in range(q):
            for b in range(a + 1):
                out[a, b] = out[b, a] = (turned_rows[a].T @ turned_rows[b]).multiply(S).sum()
        return out

    def quadratic(self, S: scipy.sparse.csr_array) -> Array:
        J, q = len(self.start) - 1, self.values.shape[1]
        out = np.empty((J, q, q))
        for a in range(q):
            left = self._csr(a) @ S
            for b in range(a + 1):
                out[:, a, b] = out[:, b, a] = left.multiply(self._csr(b)).sum(axis=1)
        return out


def _trace(A: Array, B: Array) -> float:
    """tr(A B) of two symmetric matrices, of which the lower triangles are filled, with zeros above."""
    return float(2 * np.vdot(A, B) - np.vdot(np.diagonal(A), np.diagonal(B)))


def _by_chunks(c: Coupling, J: int, q: int, S: Array) -> Array:
    """c_j S c_j' by dense products, so many groups at a time that they fit."""
    full, out = np.tril(S) + np.tril(S, -1).T, np.empty((J, q, q))
    step = max(1, CHUNK // (q * len(S)))
    for j in range(0, J, step):
        part = c.of(np.arange(j, min(j + step, J)))
        out[j : j + step] = (part.reshape(-1, len(S)) @ full).reshape(part.shape) @ np.swapaxes(part, 1, 2)
    return out


def _number_of_pairs(sizes: np.ndarray) -> int:
    return int((sizes * (sizes + 1) // 2).sum())


def coupling(first: Block, rest: Sequence[Block]) -> Coupling:
    """U'Z_r, for a first block whose columns are orthonormal within groups."""
    m = sum(b.m for b in rest)
    keys, values = [], []
    at = 0
    for b in rest:
        for k in range(b.q):
            keys.append(first.codes.astype(np.int64) * m + (at + b.places(k)))
            values.append(first.columns * b.columns[:, [k]])
        at += b.m
    if not keys:
        return DenseCoupling(np.zeros((first.J, first.q, 0)))
    if first.J * m <= min(TABLE, 8 * len(first.codes) * len(keys)):  # one sum into a full table
        table = [
            np.asarray(
                sum(np.bincount(key, v[:, a], minlength=first.J * m) for key, v in zip(keys, values, strict=True))
            )
            for a in range(first.q)
        ]
        C = np.stack([t.reshape(first.J, m) for t in table], axis=1)
        used = np.flatnonzero(np.any(C != 0, axis=1).reshape(-1))
        if DENSE * len(used) > first.J * m or _number_of_pairs(np.bincount(used // m)) > PAIRS:
            return DenseCoupling(np.ascontiguousarray(C))
        group, column = np.divmod(used, m)
        entries = C[group, :, column]
    else:
        used, place = np.unique(np.concatenate(keys), return_inverse=True)
        whole = np.concatenate(values)
        entries = np.stack([np.bincount(place, v, minlength=len(used)) for v in whole.T], axis=1)
        group, column = np.divmod(used, m)
    start = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=first.J))])
    return (ScalarCoupling if first.q == 1 else SparseCoupling)(entries, start, column, m)
