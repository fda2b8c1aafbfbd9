"""Small matrices over any exact scalars: rationals, and all that add, multiply and divide like them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import Any

from lmmtext.verify.clock import tick
from lmmtext.verify.errors import Singular, Undecided

Scalar = Any
ZERO, UNIT = Fraction(0), Fraction(1)
MAX_ELEMENTS = 40_000


@dataclass(frozen=True)
class Mat:
    """A matrix of exact scalars, in rows; a number is 1 by 1.

    >>> A = Mat.of([[2, 1], [1, 1]])
    >>> (A @ A.inverse()).rows == Mat.identity(2).rows
    True
    """

    rows: tuple[tuple[Scalar, ...], ...]
    width: int

    @classmethod
    def of(cls, rows: Iterable[Iterable[Scalar]], width: int | None = None) -> "Mat":
        """Return the matrix with these rows (integers become rationals)."""
        made = tuple(tuple(Fraction(x) if isinstance(x, int) else x for x in row) for row in rows)
        return cls(made, len(made[0]) if width is None else width)

    @classmethod
    def number(cls, value: Scalar) -> "Mat":
        """Return a number, 1 by 1."""
        return cls.of([[value]])

    @classmethod
    def column(cls, values: Sequence[Scalar]) -> "Mat":
        """Return a column."""
        return cls.of([[v] for v in values], 1)

    @classmethod
    def identity(cls, k: int) -> "Mat":
        """Return the identity of k rows."""
        return cls.of([[UNIT if i == j else ZERO for j in range(k)] for i in range(k)], k)

    @classmethod
    def full(cls, k: int, width: int, value: Scalar = ZERO) -> "Mat":
        """Return a k by width matrix of one value."""
        return cls.of([[value] * width for _ in range(k)], width)

    @property
    def height(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of rows and columns."""
        return self.height, self.width

    @property
    def scalar(self) -> Scalar:
        """Return the only element of a 1 by 1 matrix."""
        assert self.shape == (1, 1), self.shape
        return self.rows[0][0]

    @property
    def T(self) -> "Mat":
        """Return the transpose."""
        return Mat(
            tuple(zip(*self.rows, strict=True)) if self.rows else tuple(() for _ in range(self.width)), self.height
        )

    def map(self, f: Callable[[Scalar], Scalar]) -> "Mat":
        """Return the matrix with f applied to each element."""
        return Mat(tuple(tuple(f(x) for x in row) for row in self.rows), self.width)

    def __add__(self, other: "Mat") -> "Mat":
        assert self.shape == other.shape, (self.shape, other.shape)
        return Mat(
            tuple(tuple(a + b for a, b in zip(x, y, strict=True)) for x, y in zip(self.rows, other.rows, strict=True)),
            self.width,
        )

    def __neg__(self) -> "Mat":
        return self.map(lambda x: -x)

    def __sub__(self, other: "Mat") -> "Mat":
        return self + -other

    def __matmul__(self, other: "Mat") -> "Mat":
        assert self.width == other.height, (self.shape, other.shape)
        columns = other.T.rows
        return Mat(tuple(tuple(_dot(row, col) for col in columns) for row in self.rows), other.width)

    def times(self, c: Scalar) -> "Mat":
        """Return the matrix times a number."""
        return self.map(lambda x: c * x)

    def hadamard(self, other: "Mat") -> "Mat":
        """Return the elementwise product."""
        return Mat(
            tuple(tuple(a * b for a, b in zip(x, y, strict=True)) for x, y in zip(self.rows, other.rows, strict=True)),
            self.width,
        )

    def kron(self, other: "Mat") -> "Mat":
        """Return the Kronecker product; Undecided if it is too large."""
        rows, cols = self.height * other.height, self.width * other.width
        if rows * cols > MAX_ELEMENTS:
            raise Undecided(f"a Kronecker product of {rows} x {cols}")
        tick()
        made = [[a * b for a in x for b in y] for x in self.rows for y in other.rows]
        return Mat.of(made, cols)

    def trace(self) -> Scalar:
        """Return the sum of the diagonal."""
        return sum((self.rows[i][i] for i in range(self.height)), ZERO)

    def vec(self) -> "Mat":
        """Return the columns, one below the other."""
        return Mat.column([x for col in self.T.rows for x in col])

    def inverse(self) -> "Mat":
        """Return the inverse; Singular if there is none."""
        return self.solve(Mat.identity(self.height))

    def solve(self, B: "Mat") -> "Mat":
        """Return A^{-1} B by elimination; Singular if A has no inverse."""
        reduced, pivots = _eliminate([[*a, *b] for a, b in zip(self.rows, B.rows, strict=True)], self.width)
        if len(pivots) < self.width:
            raise Singular("a singular matrix has no inverse")
        return Mat(tuple(tuple(row[self.width :]) for row in reduced), B.width)

    def det(self) -> Scalar:
        """Return the determinant, by elimination."""
        rows, value = [list(r) for r in self.rows], UNIT
        for c in range(self.width):
            tick()
            k = next((i for i in range(c, len(rows)) if is_pivot(rows[i][c])), None)
            if k is None:
                return ZERO
            if k != c:
                rows[c], rows[k], value = rows[k], rows[c], -value
            pivot = rows[c][c]
            value = value * pivot
            for i in range(c + 1, len(rows)):
                if not is_zero(rows[i][c]):
                    f = rows[i][c] / pivot
                    rows[i] = [x - f * y for x, y in zip(rows[i], rows[c], strict=True)]
        return value

    def rank(self) -> int:
        """Return the rank."""
        return len(_eliminate([list(r) for r in self.rows], self.width)[1])

    def independent_columns(self) -> "Mat":
        """Return columns of this matrix that are a basis of its column space."""
        pivots = _eliminate([list(r) for r in self.rows], self.width)[1]
        return Mat(tuple(tuple(row[c] for c in pivots) for row in self.rows), len(pivots))

    def null_space(self) -> "Mat":
        """Return a basis of the vectors x with A x = 0, as columns."""
        reduced, pivots = _eliminate([list(r) for r in self.rows], self.width)
        free = [c for c in range(self.width) if c not in pivots]
        basis = []
        for c in free:
            x: list[Scalar] = [ZERO] * self.width
            x[c] = UNIT
            for row, p in zip(reduced, pivots, strict=False):
                x[p] = -row[c]
            basis.append(x)
        return Mat(tuple(zip(*basis, strict=True)) if basis else tuple(() for _ in range(self.width)), len(basis))

    def beside(self, other: "Mat") -> "Mat":
        """Return the columns of this and then of the other."""
        return Mat(tuple(a + b for a, b in zip(self.rows, other.rows, strict=True)), self.width + other.width)

    def above(self, other: "Mat") -> "Mat":
        """Return the rows of this and then of the other."""
        return Mat(self.rows + other.rows, self.width)

    def is_zero(self) -> bool:
        """Return whether every element is zero."""
        return all(is_zero(x) for row in self.rows for x in row)


def is_zero(x: Scalar) -> bool:
    """Return whether a scalar is zero."""
    return not x


def is_pivot(x: Scalar) -> bool:
    """Return whether one can divide by a scalar."""
    return bool(getattr(x, "finite", x))


def _dot(row: Sequence[Scalar], col: Sequence[Scalar]) -> Scalar:
    if all(type(x) is Fraction for x in row) and all(type(x) is Fraction for x in col):
        pairs = [(a, b) for a, b in zip(row, col, strict=True) if a and b]
        if not pairs:
            return ZERO
        common = lcm(*(a.denominator * b.denominator for a, b in pairs))
        total = sum(a.numerator * b.numerator * (common // (a.denominator * b.denominator)) for a, b in pairs)
        return Fraction(total, common)
    return reduce(lambda s, ab: s + ab[0] * ab[1], zip(row, col, strict=True), ZERO)


def _eliminate(rows: list[list[Scalar]], width: int) -> tuple[list[list[Scalar]], list[int]]:
    """Return the rows reduced in their first `width` columns, and the columns that hold pivots."""
    pivots: list[int] = []
    for c in range(width):
        tick()
        top = len(pivots)
        k = next((i for i in range(top, len(rows)) if is_pivot(rows[i][c])), None)
        if k is None:
            continue
        rows[top], rows[k] = rows[k], rows[top]
        inverse = UNIT / rows[top][c]
        rows[top] = [x * inverse if not is_zero(x) else x for x in rows[top]]
        for i in range(len(rows)):
            if i != top and not is_zero(rows[i][c]):
                f = rows[i][c]
                rows[i] = [x - f * y if not is_zero(y) else x for x, y in zip(rows[i], rows[top], strict=True)]
        pivots.append(c)
    return rows, pivots
