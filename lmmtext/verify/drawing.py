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


@dataclass(frozen=True)
class Properties:
    """What is declared of a symbol A: of itself, of A'B = 0 (`left`) and B A = 0 ... (`right`), of AB = BA."""

    symmetric: bool = False
    positive: bool = False
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
        return Mat.number(draw.positive() if told.positive else draw.integer())
    if told.square and height != width:
        raise Undecided(f"{name}, which is {height} x {width} here, would have to be square for what is declared of it")
    if told.commutes is not None:
        B = evaluate(told.commutes, scope, {})
        return B @ B + B.times(draw.integer()) + Mat.identity(height).times(draw.integer())
    made = _made(draw, height, width, told)
    for node in told.left:
        made = _complement(evaluate(node, scope, {}).T) @ made
    for node in told.right:
        made = made @ _complement(evaluate(node, scope, {}))
    return made


def _complement(B: Mat) -> Mat:
    """Return the projector onto what is orthogonal to the columns of B."""
    return Mat.identity(B.height) - projector(B)


def _made(draw: Draw, height: int, width: int, told: Properties) -> Mat:
    if told.orthogonal:
        return cayley(draw, height, width)
    if told.idempotent:
        rank = _deficient(draw, height)
        basis = draw.matrix(height, rank)
        if told.symmetric:
            return projector(basis)
        other = draw.matrix(rank, height)
        return basis @ (other @ basis).inverse() @ other
    if told.positive:
        return draw.spd(height)
    if told.semidefinite:
        B = draw.matrix(height, _deficient(draw, height))
        return B @ B.T
    made = draw.matrix(height, width)
    return made + made.T if told.symmetric else made


def _deficient(draw: Draw, size: int) -> int:
    """Return a rank below the size: 1 in instances of one kind, more in the others, so that none is the rule."""
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
