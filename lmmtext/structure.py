"""How the parameters theta become Lambda: the structure of the random effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from lmmtext.arrays import Array, as_vector

DENSE_BYTES = 2**30  # the largest dense Z or Lambda that is made


@dataclass(frozen=True)
class TermShape:
    """One random term `(columns | group)`: q coefficients for each of J levels."""

    group: str
    columns: tuple[str, ...]
    nlevels: int

    @property
    def q(self) -> int:
        """Random coefficients per level."""
        return len(self.columns)

    @property
    def ntheta(self) -> int:
        """Entries in the lower triangle of the term's q by q factor."""
        return self.q * (self.q + 1) // 2

    @property
    def lower(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the entries of the factor, in the order of theta."""
        return _lower(self.q)


@dataclass(frozen=True)
class Structure:
    """The random terms of a model, in the order in which theta and the columns of Z run.

    Column ``slices[t].start + j * q + k`` of Z belongs to coefficient k at level j of term t. Within
    a term, theta holds the lower triangle of the q by q factor column by column, as in lme4.

    >>> s = Structure((TermShape("Subject", ("(Intercept)", "Days"), 3),))
    >>> s.factors([2.0, 0.5, 1.0])[0]
    array([[2. , 0. ],
           [0.5, 1. ]])
    >>> s.Lambda([2.0, 0.5, 1.0]).shape
    (6, 6)
    """

    terms: tuple[TermShape, ...]

    @cached_property
    def m(self) -> int:
        """Random effects in all: the number of columns of Z."""
        return sum(t.nlevels * t.q for t in self.terms)

    @cached_property
    def ntheta(self) -> int:
        """Length of theta."""
        return sum(t.ntheta for t in self.terms)

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The columns of Z that belong to each term."""
        return _consecutive([t.nlevels * t.q for t in self.terms])

    @cached_property
    def theta_slices(self) -> tuple[slice, ...]:
        """The entries of theta that belong to each term."""
        return _consecutive([t.ntheta for t in self.terms])

    @cached_property
    def on_diagonal(self) -> np.ndarray:
        """(ntheta,) whether an entry of theta is on the diagonal of its factor."""
        return np.concatenate([np.equal(*_lower(t.q)) for t in self.terms])

    def factors(self, theta: Sequence[float] | Array) -> tuple[Array, ...]:
        """Return the q by q lower triangular factor of each term."""
        theta = as_vector(theta, "theta", self.ntheta)
        out = []
        for term, part in zip(self.terms, self.theta_slices, strict=True):
            factor = np.zeros((term.q, term.q))
            factor[_lower(term.q)] = theta[part]
            out.append(factor)
        return tuple(out)

    def theta(self, factors: Sequence[Array]) -> Array:
        """Return the theta whose lower triangular factors these are."""
        return np.concatenate([f[_lower(t.q)] for f, t in zip(factors, self.terms, strict=True)])

    def theta_of(self, covariances: Sequence[Array]) -> Array:
        """Return the theta whose relative covariances Lambda_t Lambda_t' these are (singular ones too)."""
        return self.theta([lower_root(c) for c in covariances])

    def Lambda(self, theta: Sequence[float] | Array) -> Array:
        """Return Lambda, (m, m): each term's factor once for every level, on the diagonal.

        Raises MemoryError beyond 1 GiB: this is for the small examples of the book.
        """
        if 8 * self.m**2 > DENSE_BYTES:
            raise MemoryError(f"a dense Lambda of {self.m} random effects would take {8 * self.m**2 / 2**30:.1f} GiB.")
        out = np.zeros((self.m, self.m))
        for term, cols, factor in zip(self.terms, self.slices, self.factors(theta), strict=True):
            out[cols, cols] = np.kron(np.eye(term.nlevels), factor)
        return out


def lower_root(C: Array) -> Array:
    """Return the lower triangular L, diagonal not negative, with L L' = C, for C positive semi-definite.

    Eigenvalues below 1e-14 of the largest count as zero, and give L as many columns of zeros.

    >>> lower_root(np.array([[4.0, 2.0], [2.0, 1.0]])).round(12)
    array([[2., 0.],
           [1., 0.]])
    """
    values, vectors = np.linalg.eigh((C + C.T) / 2)
    kept = values > 1e-14 * values[-1]
    return lower_form(vectors[:, kept] * np.sqrt(values[kept]))


def lower_form(A: Array) -> Array:
    """Return the lower triangular (q, q) L, diagonal not negative, with L L' = A A', for A of shape (q, r).

    When r < q the last q - r columns are exactly zero.

    >>> np.abs(lower_form(np.array([[0.0, 3.0], [4.0, 0.0]])))
    array([[3., 0.],
           [0., 4.]])
    >>> lower_form(np.array([[3.0], [4.0]]))
    array([[3., 0.],
           [4., 0.]])
    """
    L: Array = np.transpose(np.linalg.qr(A.T, mode="r"))  # A A' = R' Q' Q R = R'R
    L = np.tril(L) * np.where(np.diag(L) < 0, -1.0, 1.0)
    return np.hstack([L, np.zeros((len(A), len(A) - L.shape[1]))])


@cache
def _lower(q: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column indices of the lower triangle, column by column; nobody can write to them."""
    columns, rows = np.triu_indices(q)
    rows.flags.writeable = columns.flags.writeable = False
    return rows, columns


def _consecutive(lengths: Sequence[int]) -> tuple[slice, ...]:
    ends = np.cumsum(lengths).tolist()
    return tuple(slice(end - length, end) for end, length in zip(ends, lengths, strict=True))
