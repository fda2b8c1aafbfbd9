"""The tree that a formula is read into: frozen nodes that know their place in the source.

Nodes compare by what they say, not by where they stand; `span` is the half-open range of characters they came from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any

from lmmtext.verify.errors import CannotParse

MAX_DEPTH = 80


@dataclass(frozen=True, eq=False)
class Node:
    """Any part of a formula; `depth` counts the levels below it, and more than MAX_DEPTH are refused."""

    span: tuple[int, int] = field(default=(0, 0), kw_only=True, repr=False)
    depth: int = field(default=0, init=False, repr=False)
    _key: tuple[Any, ...] = field(default=(), init=False, repr=False)
    _hash: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        key = tuple(getattr(self, f.name) for f in said(self))
        depth = 1 + max((child.depth for child in children(self)), default=0)
        if depth > MAX_DEPTH:
            raise CannotParse(f"nested deeper than {MAX_DEPTH} levels", *self.span)
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "_hash", hash((type(self).__name__, key)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and type(self) is type(other) and self._key == other._key


HIDDEN = frozenset({"span", "depth", "_key", "_hash"})


def said(node: Node) -> list[Any]:
    """Return the fields of a node that are part of what it says."""
    return [f for f in fields(node) if f.name not in HIDDEN]


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes directly below a node."""
    for f in said(node):
        yield from _nodes(getattr(node, f.name))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes below it, from the top."""
    yield node
    for child in children(node):
        yield from walk(child)


def rebuild(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return the node with `change` applied to each node directly below it; itself, if nothing changed."""

    def of(value: Any) -> Any:
        if isinstance(value, Node):
            return change(value)
        return tuple(of(part) for part in value) if isinstance(value, tuple) else value

    new = {f.name: of(getattr(node, f.name)) for f in said(node)}
    return (
        node
        if all(new[name] is getattr(node, name) or new[name] == getattr(node, name) for name in new)
        else replace(node, **new)
    )


@dataclass(frozen=True, eq=False)
class Number(Node):
    """A number written in digits."""

    value: Fraction


@dataclass(frozen=True, eq=False)
class Symbol(Node):
    """A letter or word with its font, accents, subscripts and marks: `hat beta_j`, `Y_*`, `SSE`."""

    letter: str
    font: str = ""
    accents: tuple[str, ...] = ()
    subs: tuple[Node, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dots(Node):
    """An ellipsis; also the dot of an index that was averaged over."""

    kind: str = "dots"


@dataclass(frozen=True, eq=False)
class Sum(Node):
    """Terms added; a subtracted term is a Neg."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Neg(Node):
    """A term with a minus before it."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Product(Node):
    """Factors side by side, or with a dot between."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Quotient(Node):
    """A fraction, or a division with a slash."""

    num: Node
    den: Node


@dataclass(frozen=True, eq=False)
class Power(Node):
    """A base with an exponent that is neither a transpose nor -1."""

    base: Node
    exponent: Node


@dataclass(frozen=True, eq=False)
class Transpose(Node):
    """The transpose, however it was marked."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Inverse(Node):
    """The exponent -1."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Marked(Node):
    """A compound with a mark: `-` a generalised inverse, `+` the Moore-Penrose inverse, or others."""

    arg: Node
    mark: str


@dataclass(frozen=True, eq=False)
class Tensor(Node):
    """`kron` (Kronecker), `hadamard` (elementwise) or `direct` (direct sum) of two."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, eq=False)
class Bars(Node):
    """Single bars: the determinant of a matrix, the absolute value of a number."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Norm(Node):
    """Double bars; the subscript names the norm."""

    arg: Node
    subs: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class Call(Node):
    """A function of arguments, perhaps given others: `E[Y | X]`, `tr(A)`, `N(mu, V)`, `log x`."""

    name: str
    args: tuple[Node, ...]
    given: tuple[Node, ...] = ()
    subs: tuple[Node, ...] = ()
    accents: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Matrix(Node):
    """A matrix written out in blocks, with dots perhaps; `[X, Z]` is one of one row."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, eq=False)
class Cases(Node):
    """Values with the conditions under which they hold; a condition of None is `otherwise`."""

    branches: tuple[tuple[Node, Node | None], ...]


@dataclass(frozen=True, eq=False)
class Tuple(Node):
    """Several things in round brackets or braces, with commas."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Big(Node):
    """A sum, product, or direct sum over indices; `bounds` are the relations below it, `upper` what is above."""

    kind: str
    bounds: tuple[Node, ...]
    upper: Node | None
    body: Node


@dataclass(frozen=True, eq=False)
class Derivative(Node):
    """The derivative of the body in the variables, as written below the bar, of the order written above."""

    body: Node
    variables: tuple[Node, ...]
    order: int = 1


@dataclass(frozen=True, eq=False)
class Differential(Node):
    """A differential by itself."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Optimum(Node):
    """`argmax`, `argmin`, `max` or `min` of the body over what is below it."""

    kind: str
    over: tuple[Node, ...]
    body: Node


@dataclass(frozen=True, eq=False)
class Limit(Node):
    """The limit of the body as the approach (a chain with an arrow) goes on."""

    approach: Node
    body: Node


@dataclass(frozen=True, eq=False)
class Integral(Node):
    """The integral of the body over a variable, with the bounds if written."""

    body: Node
    variable: Node
    bounds: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class Sequence(Node):
    """First, dots, last: `1, ..., J`."""

    first: Node
    last: Node


@dataclass(frozen=True, eq=False)
class Entry(Node):
    """An element of a compound: `(A B)_{ij}`."""

    arg: Node
    subs: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Given(Node):
    """Something given conditions, outside any bracket: the left side of `Y | beta ~ N(...)`."""

    arg: Node
    given: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Chain(Node):
    """Operands joined by relations: `a = b = c`, `Y ~ N(mu, V)`; the qualifier of `~` (iid, ind) is kept."""

    operands: tuple[Node, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Conditional(Node):
    """A statement with the condition under which it is meant."""

    statement: Node
    conditions: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Formula(Node):
    """All statements of a display; `joins` stand between them: `,` or `implies` or `iff`."""

    statements: tuple[Node, ...]
    joins: tuple[str, ...] = ()
