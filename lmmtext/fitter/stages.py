"""Sparse Cholesky factors in stages, and the entries of the inverse that a gradient needs.

A stage eliminates a set of columns of which no two meet: each has its own pivot, and what they leave behind is one sum
over pairs of entries. Nested factors take one stage a level. What is left when little more is gained, the core, is
factored densely. The order is found once, by low degree (as in Liu, 1985, doi:10.1145/214392.214398); the entries of
the inverse go back through the stages (Takahashi, Fagan and Chin, 1973; Erisman and Tinney, 1975,
doi:10.1145/360680.360704).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # its parts are imported when they are first used

from lmmtext.arrays import Array
from lmmtext.fitter.system import Dense

SMALL = 200  # columns that are left to the dense core
FULL = 0.25  # part of the pairs of columns left that meet, from which they are left to the dense core
PAIRS = 2**23  # pairs of all stages, in all
GROWN = 2  # times the entries that were there at first: with more than so many elimination gains nothing more
SLACK = 10**5  # and so many


@dataclass(frozen=True, eq=False)
class Stage:
    """One set of columns, as places in the lower triangle of what the stages before have left (``size`` entries).

    Columns and rows are numbered as the matrix that is left has them.
    """

    size: int
    chosen: np.ndarray  # (k,) its columns
    rest: np.ndarray  # (r,) the others
    pivots: np.ndarray  # (k,) places of the diagonal
    off: np.ndarray  # (e,) places of the entries that join a chosen column to another
    owner: np.ndarray  # (e,) which of the k
    row: np.ndarray  # (e,) which of the r
    kept: np.ndarray  # places of what is left
    moved: np.ndarray  # and where the next matrix has it
    left: np.ndarray  # (pairs,) of the e entries, of one owner
    right: np.ndarray
    place: np.ndarray  # (pairs,) in the next matrix


@dataclass(frozen=True, eq=False)
class Plan:
    """The order of elimination for one pattern: ``row`` >= ``column`` of its lower triangle, sorted by row."""

    m: int
    row: np.ndarray
    column: np.ndarray
    stages: tuple[Stage, ...]
    core: int
    core_row: np.ndarray  # of what the core starts from
    core_column: np.ndarray

    @property
    def places(self) -> np.ndarray:
        """row * m + column, increasing: what `values_of` looks up."""
        return self.row.astype(np.int64) * self.m + self.column

    def values_of(self, A: scipy.sparse.csr_array) -> Array:
        """The entries of the lower triangle of a symmetric A on the pattern, which must hold all of them."""
        low = scipy.sparse.coo_array(scipy.sparse.tril(A))
        out = np.zeros(len(self.row))
        at = np.searchsorted(self._places, low.coords[0].astype(np.int64) * self.m + low.coords[1])
        np.add.at(out, at, low.data)
        return out

    @cached_property
    def _places(self) -> np.ndarray:
        return self.places


def plan(A: scipy.sparse.csr_array) -> Plan:
    """Find an order of elimination for matrices with the pattern of a symmetric A; its values are not looked at."""
    m = A.shape[0]
    low = scipy.sparse.csr_array(scipy.sparse.tril(A)) + scipy.sparse.eye_array(m, format="csr")
    graph = _lower(low)
    first_row, first_column = graph
    stages: list[Stage] = []
    pairs, size, most = 0, m, GROWN * len(first_row) + SLACK
    while size > SMALL and len(graph[0]) < most and len(graph[0]) - size <= FULL * size * (size - 1) / 2:
        chosen = _independent(graph, size)
        stage, graph_next = _stage(graph, size, chosen, PAIRS - pairs)
        if stage is None:
            break
        stages.append(stage)
        pairs += len(stage.left)
        graph, size = graph_next, len(stage.rest)
    return Plan(m, first_row, first_column, tuple(stages), size, *graph)


def _lower(A: scipy.sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the entries of a lower triangle, sorted."""
    A.sum_duplicates()
    return np.repeat(np.arange(A.shape[0]), np.diff(A.indptr)), A.indices.astype(np.intp)


def _independent(graph: tuple[np.ndarray, np.ndarray], size: int) -> np.ndarray:
    """Columns of low degree of which no two meet: those that come before all their neighbours, by degree."""
    row, column = graph
    off = row != column
    a, b = row[off], column[off]
    degree = np.bincount(a, minlength=size) + np.bincount(b, minlength=size)
    shuffled = np.random.default_rng(size).permutation(size)  # ties, without favour: long chains halve
    rank = np.empty(size, dtype=np.int64)
    rank[np.lexsort((shuffled, degree))] = np.arange(size)
    best = np.full(size, size, dtype=np.int64)
    np.minimum.at(best, a, rank[b])
    np.minimum.at(best, b, rank[a])
    return np.flatnonzero((rank < best) & (degree <= 2 * degree.min() + 4))


def _stage(
    graph: tuple[np.ndarray, np.ndarray], size: int, chosen: np.ndarray, most: int
) -> tuple[Stage | None, tuple[np.ndarray, np.ndarray]]:
    """The stage that eliminates `chosen`, and the pattern that it leaves; None when its pairs are more than `most`."""
    row, column = graph
    number = np.full(size, -1, dtype=np.intp)
    number[chosen] = np.arange(len(chosen))
    new = np.cumsum(number < 0) - 1
    r = size - len(chosen)
    is_row, is_column = number[row] >= 0, number[column] >= 0
    pivots = np.flatnonzero(is_row & is_column)
    pivots = pivots[np.argsort(row[pivots])]
    off = np.flatnonzero(is_row != is_column)
    owner = np.where(is_row[off], number[row[off]], number[column[off]])
    other = np.where(is_row[off], new[column[off]], new[row[off]])
    order = np.lexsort((other, owner))
    off, owner, other = off[order], owner[order], other[order]
    counts = np.bincount(owner, minlength=len(chosen))
    if (counts * (counts + 1) // 2).sum() > most:
        return None, graph
    start = np.cumsum(counts) - counts
    ahead = np.arange(len(off)) - start[owner] + 1
    left = np.repeat(np.arange(len(off)), ahead)
    right = np.arange(len(left)) - np.repeat(np.cumsum(ahead) - ahead - start[owner], ahead)
    kept = np.flatnonzero(~is_row & ~is_column)
    old = new[row[kept]].astype(np.int64) * r + new[column[kept]]
    filled = other[left].astype(np.int64) * r + other[right]
    places = np.union1d(old, filled)
    moved, place = np.searchsorted(places, old), np.searchsorted(places, filled)
    rest = np.flatnonzero(number < 0)
    stage = Stage(len(row), chosen, rest, pivots, off, owner, other, kept, moved, left, right, place)
    return stage, (places // max(r, 1), places % max(r, 1))


class Staged:
    """T = L L' for a symmetric positive definite T with the pattern of a plan; rows of L^-1 B run stage by stage."""

    def __init__(self, plan: Plan, T: scipy.sparse.csr_array) -> None:
        self.plan = plan
        values = plan.values_of(T)
        self.roots: list[Array] = []  # for each stage the roots of its pivots
        self.below: list[Array] = []  # and the entries of L below them
        for k, stage in enumerate(plan.stages):
            pivots = values[stage.pivots]
            if not (pivots > 0).all():
                raise np.linalg.LinAlgError("the system of the later grouping factors is not positive definite")
            roots = np.sqrt(pivots)
            below = values[stage.off] / roots[stage.owner]
            size = plan.stages[k + 1].size if k + 1 < len(plan.stages) else len(plan.core_row)
            products = np.bincount(stage.place, below[stage.left] * below[stage.right], minlength=size)
            left = np.asarray(-products, dtype=float)
            left[stage.moved] += values[stage.kept]
            self.roots.append(roots)
            self.below.append(below)
            values = left
        core = np.zeros((plan.core, plan.core))
        core[plan.core_row, plan.core_column] = values
        self.core = Dense(core) if plan.core else None

    @cached_property
    def logdet(self) -> float:
        """log |T|."""
        logs = sum(float(np.log(roots).sum()) for roots in self.roots)
        return 2 * logs + (self.core.logdet if self.core else 0.0)

    @cached_property
    def _columns(self) -> list[scipy.sparse.csr_array]:
        """For each stage L below its pivots, (r, k)."""
        return [
            scipy.sparse.csr_array((below, (stage.row, stage.owner)), shape=(len(stage.rest), len(stage.chosen)))
            for stage, below in zip(self.plan.stages, self.below, strict=True)
        ]

    def forward(self, B: Array) -> Array:
        """L^-1 B."""
        parts = []
        for stage, roots, columns in zip(self.plan.stages, self.roots, self._columns, strict=True):
            top = B[stage.chosen] / roots[:, None]
            parts.append(top)
            B = B[stage.rest] - columns @ top
        return np.vstack([*parts, self.core.forward(B)]) if self.core else np.vstack(parts)

    def backward(self, B: Array) -> Array:
        """L'^-1 B."""
        ends = np.cumsum([len(stage.chosen) for stage in self.plan.stages])
        out = self.core.backward(B[len(B) - self.plan.core :]) if self.core else np.zeros((0, B.shape[1]))
        for stage, roots, columns, end in zip(
            self.plan.stages[::-1], self.roots[::-1], self._columns[::-1], ends[::-1], strict=True
        ):
            whole = np.empty((len(stage.chosen) + len(stage.rest), B.shape[1]))
            whole[stage.rest] = out
            whole[stage.chosen] = (B[end - len(stage.chosen) : end] - columns.T @ out) / roots[:, None]
            out = whole
        return out

    def inverse(self) -> scipy.sparse.csr_array:
        """T^-1 where the pattern of the plan has entries, both triangles."""
        plan = self.plan
        values = np.zeros(len(plan.core_row))
        if self.core:
            values = self.core.inverse()[plan.core_row, plan.core_column]
        for stage, roots, below in zip(plan.stages[::-1], self.roots[::-1], self.below[::-1], strict=True):
            at, e = values[stage.place], len(below)
            apart = np.where(stage.left == stage.right, 0.0, at)
            z = np.bincount(stage.left, at * below[stage.right], minlength=e)
            z = -(z + np.bincount(stage.right, apart * below[stage.left], minlength=e)) / roots[stage.owner]
            whole = np.empty(stage.size)
            whole[stage.kept] = values[stage.moved]
            whole[stage.off] = z
            k = len(roots)
            whole[stage.pivots] = 1 / roots**2 - np.bincount(stage.owner, below * z, minlength=k) / roots
            values = whole
        low = scipy.sparse.csr_array((values, (plan.row, plan.column)), shape=(plan.m, plan.m))
        return scipy.sparse.csr_array(low + scipy.sparse.tril(low, -1).T)
