"""Values for symbols that a formula brings along: arbitrary, or with the properties that were declared of them."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random

from lmmtext.verify import tree as t
from lmmtext.verify.errors import Singular, Undecided
from lmmtext.verify.evaluate import evaluate, projector
from lmmtext.verify.matrix import Mat
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw

DOMINANT = 100  # of the largest number drawn: the norm of 10 by 10 of them is at most a tenth of that


@dataclass(frozen=True)
class Properties:
    """What is declared of a symbol A: of itself, of A'B = 0 (`left`) and B A = 0 ... (`right`), of AB = BA."""

    symmetric: bool = False
    positive: bool = False
    dominant: bool = False  # so large that with arbitrary covariances beside it, the whole is positive definite
    semidefinite: bool = False
    idempotent: bool = False
    orthogonal: bool = False
    left: tuple[t.Node, ...] = field(default=())  # B with B A = 0
    right: tuple[t.Node, ...] = field(default=())  # B with A B = 0
    commutes: t.Node | None = None

    @property
    def square(self) -> bool:
        """Return whether only a square matrix can be so."""
        return self.symmetric or self.positive or self.semidefinite or self.idempotent or self.commutes is not None

    @property
    def words(self) -> str:
        """Return what is declared, in words."""
        said = {
            "positive definite": self.positive,
            "positive semidefinite": self.semidefinite,
            "symmetric": self.symmetric and not (self.positive or self.semidefinite),
            "idempotent": self.idempotent,
            "orthogonal": self.orthogonal,
        }
        return ", ".join(word for word, holds in said.items() if holds) or "arbitrary"

    @property
    def degree(self) -> tuple[int, int] | None:
        """Return the degree of the values in what is drawn for them, if that is easily told."""
        if self.positive:
            return 3, 0
        plain = Properties(symmetric=self.symmetric)
        return (1, 0) if self == plain else None


def drawn(name: str, height: int, width: int, told: Properties, scope: Scope, indices: tuple[int, ...]) -> Mat:
    """Return the value of a symbol in an instance: the same whenever it is asked for."""
    instance = scope.instance
    draw = replace(instance.draw, rng=Random(f"{instance.seed} {name} {indices}"))
    if (height, width) == (1, 1):
        return Mat.number(_number(draw, told))
    if told.square and height != width:
        raise Undecided(f"{name}, which is {height} x {width} here, would have to be square for what is declared of it")
    if told.commutes is not None:
        return _commuting(evaluate(told.commutes, scope, {}), draw)
    left, right = ([evaluate(n, scope, {}) for n in side] for side in (told.left, told.right))
    left = [B.T for B in left]
    if told.symmetric:
        left = right = [*left, *right]
    before, behind = _complement(left, height), _complement(right, width)
    return _made(draw, height, width, told, before, behind)


def _number(draw: Draw, told: Properties) -> Fraction:
    """Return a number; a special one is perhaps zero."""
    if told.positive:
        return draw.positive() + (DOMINANT * draw.scale if told.dominant else 0)
    if told.idempotent:
        return Fraction(draw.rng.randint(0, 1))
    if draw.special:
        return Fraction(draw.rng.choice((0, 1, 2) if told.semidefinite else (0, 1, -1, 2)))
    return draw.integer(positive=told.semidefinite)


def _complement(nodes: list[Mat], size: int) -> Mat:
    """Return the projector onto what is orthogonal to the columns of all of these."""
    found = Mat.identity(size)
    for B in nodes:
        found = found - projector(found @ B)
    return found


def _commuting(B: Mat, draw: Draw) -> Mat:
    """Return a matrix that commutes with another: a polynomial in it, or, as a special one, any that does."""
    size, identity = B.height, Mat.identity(B.height)
    if not draw.special:
        return B @ B + B.times(draw.integer()) + identity.times(draw.integer())
    free = (identity.kron(B) - B.T.kron(identity)).null_space()
    values = free @ _entries(draw, free.width, 1)
    return Mat.of([[values.rows[j * size + i][0] for j in range(size)] for i in range(size)], size)


def _entries(draw: Draw, height: int, width: int) -> Mat:
    """Return a matrix of full rank, or, as a special one, mostly of zeros and ones."""
    if not draw.special:
        return draw.matrix(height, width)
    values = [[Fraction(draw.rng.choice((0, 0, 1, -1))) for _ in range(width)] for _ in range(height)]
    return Mat.of(values, width)


def _made(draw: Draw, height: int, width: int, told: Properties, before: Mat, behind: Mat) -> Mat:
    if told.orthogonal:
        return cayley(draw, height, width)
    if told.idempotent:
        return _idempotent(draw, height, told, before, behind)
    if told.positive:
        identity = Mat.identity(height)
        made = identity if draw.special and draw.rng.random() < 0.5 else draw.spd(height)
        return made + identity.times(Fraction(DOMINANT * draw.scale)) if told.dominant else made
    if told.semidefinite:
        B = before @ _entries(draw, height, _deficient(draw, height))
        return B @ B.T
    made = _entries(draw, height, width)
    return before @ (made + made.T if told.symmetric else made) @ behind


def _idempotent(draw: Draw, height: int, told: Properties, before: Mat, behind: Mat) -> Mat:
    """Return a projector, oblique unless it is symmetric, onto a part of what it may be onto and along the rest."""
    rank = min(_deficient(draw, height), before.rank(), behind.rank())
    if not rank:
        return Mat.full(height, height)
    basis = before @ draw.matrix(height, rank)
    if told.symmetric:
        return projector(basis)
    other = draw.matrix(rank, height) @ behind
    return basis @ (other @ basis).inverse() @ other


def _deficient(draw: Draw, size: int) -> int:
    """Return a rank below the size: 1 in instances of one kind, more in the others, so that none is the rule.

    In a special instance it is anything from 0 to the size.
    """
    if draw.special:
        return draw.rng.randint(0, size)
    return 1 if draw.size == 1 or size <= 2 else draw.rng.randint(2, size - 1)


def cayley(draw: Draw, height: int, width: int) -> Mat:
    """Return rational orthonormal columns: the first of (I - A)(I + A)^{-1} with A skew-symmetric, one reflected.

    The product has determinant 1; with one column reflected, as in every second kind of instance, -1.
    """
    if width > height:
        raise Singular(f"{width} columns of {height} numbers cannot be orthonormal")
    A = [[Fraction(0)] * height for _ in range(height)]
    for i in range(height):
        for j in range(i):
            A[i][j] = draw.integer()
            A[j][i] = -A[i][j]
    skew, identity = Mat.of(A, height), Mat.identity(height)
    whole = (identity - skew) @ (identity + skew).inverse()
    first = -1 if draw.size == 1 else 1
    return Mat(tuple((first * row[0], *row[1:width]) for row in whole.rows), width)
