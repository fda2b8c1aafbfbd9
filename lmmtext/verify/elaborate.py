"""Elaboration: every symbol found in the world, every shape checked symbolically, every bare I and 0 given its size.

Nothing is computed here. What does not conform is refused with both shapes, in n, p, q, J, r, m ..., so that no two
sizes pass as equal because two drawn numbers happened to agree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE, Dim, Size, Sizes, Unknown
from lmmtext.verify.errors import CannotParse, DoesNotConform, UnknownSymbol
from lmmtext.verify.meaning import flat, key_of, pattern_indices, unknown
from lmmtext.verify.write import write

if TYPE_CHECKING:
    from lmmtext.verify.world import World


@dataclass(frozen=True)
class Shape:
    """The shape of a matrix; of a space, rows is that of its vectors and `kind` is not `matrix`."""

    rows: Size
    cols: Size
    kind: str = "matrix"


SCALAR = Shape(ONE, ONE)
TRUTH = Shape(ONE, ONE, "truth")
Typed = tuple[t.Node, Shape]

# How each kind of node is elaborated; the modules elaborators*.py fill it.
RULES: dict[type[t.Node], Callable[..., Typed]] = {}


def rule(*kinds: type[t.Node]) -> Callable[[Callable[..., Typed]], Callable[..., Typed]]:
    """Register a function as the rule for these kinds of node."""

    def register(f: Callable[..., Typed]) -> Callable[..., Typed]:
        for kind in kinds:
            RULES[kind] = f
        return f

    return register


class Elaborator:
    """Elaborates the formulas of one world; `locals` are the variables that the formula itself has bound."""

    infers = False  # whether shapes are being found, rather than checked

    def __init__(self, world: "World", locals_: Mapping[str, Shape] | None = None) -> None:
        self.world = world
        self.sizes = Sizes()
        self.locals: dict[str, Shape] = dict(locals_ or {})
        self.bound_indices: set[str] = set()
        self.bounded: set[str] = set()  # those of them whose bounds are written

    def of(self, node: t.Node) -> Typed:
        """Return the node with its symbols known, and its shape."""
        rule = RULES.get(type(node))
        if rule is None:
            raise CannotParse(f"{type(node).__name__.lower()} has no meaning here", *node.span)
        return rule(self, node)

    def settled(self, node: t.Node) -> t.Node:
        """Return the node with all sizes in it told; refuse a bare I or 0 whose size nothing tells."""
        if isinstance(node, k.Const):
            rows, cols = self.sizes.find(node.rows), self.sizes.find(node.cols)
            if isinstance(rows, Unknown) or isinstance(cols, Unknown):
                letter, what = {"identity": ("I", "identity matrix"), "zeros": ("0", "zero matrix"),
                                "ones": ("1", "vector of ones")}[node.kind]  # fmt: skip
                raise DoesNotConform(
                    f"the size of this {what} is not told by what stands around it: write it, as in"
                    rf" \mathbf{{{letter}}}_n",
                    *node.span,
                )
            return k.Const(node.kind, rows, cols, span=node.span)
        if isinstance(node, k.RepeatedDiagonal):
            times = self.sizes.find(node.times)
            if isinstance(times, Unknown):
                raise DoesNotConform("how many blocks these dots stand for is not told", *node.span)
            return k.RepeatedDiagonal(self.settled(node.block), times, span=node.span)
        if isinstance(node, k.Diagonal):
            return self.diagonal(node)
        node = t.rebuild(node, self.settled)
        if isinstance(node, k.Optimize):
            sizes = tuple((self.sizes.find(r), self.sizes.find(c)) for r, c in node.sizes)
            if any(isinstance(x, Unknown) for pair in sizes for x in pair):
                raise DoesNotConform(
                    "the size of what is optimised over is not told by what stands around it", *node.span
                )
            return k.Optimize(node.kind, node.variables, node.body, sizes, span=node.span)
        return node

    def diagonal(self, node: k.Diagonal) -> t.Node:
        """Return the diagonal of a matrix with its shape told; some texts mean a column by it, and some a matrix."""
        cols, arg = self.sizes.find(node.cols), self.settled(node.arg)
        if isinstance(cols, Unknown):
            raise DoesNotConform(
                "is the diagonal of this matrix meant as a column or as a diagonal matrix? What stands around does not"
                " tell",
                *node.span,
            )
        return k.Diagonal(arg, cols, span=node.span)

    # -- shapes ---------------------------------------------------------------------------------------------------

    def text(self, shape: Shape) -> str:
        """Return a shape in words."""
        rows, cols = (
            f"({x})" if " + " in x or " - " in x else x for x in map(self.sizes.text, (shape.rows, shape.cols))
        )
        if shape.kind == "space":
            return f"a space of {rows}-vectors"
        return "a number" if rows == cols == "1" else f"{rows} x {cols}"

    def is_scalar(self, shape: Shape) -> bool:
        """Return whether a shape is known to be 1 by 1."""
        return shape.kind == "matrix" and self.sizes.is_one(shape.rows) and self.sizes.is_one(shape.cols)

    def same(self, a: Shape, b: Shape) -> bool:
        """Hold two shapes to be the same; return False if they cannot be."""
        return a.kind == b.kind and self.sizes.same(a.rows, b.rows) and self.sizes.same(a.cols, b.cols)

    def clash(self, what: str, a: t.Node, x: Shape, b: t.Node, y: Shape, hint: str = "") -> DoesNotConform:
        """Return the error that names two things and their shapes."""
        message = f"{write_source(a)} is {self.text(x)}, and {write_source(b)} is {self.text(y)}: {what}"
        return DoesNotConform(message + (f" ({hint})" if hint else ""), a.span[0], b.span[1])

    def need_scalar(self, node: t.Node, what: str) -> t.Node:
        """Return a number, elaborated; refuse a matrix."""
        found, shape = self.of(node)
        if self.infers and isinstance(self.sizes.find(shape.rows), Unknown) and _capital(node):
            raise DoesNotConform(f"{what} is a number, and {write_source(node)} is a matrix", *node.span)
        if not self.is_scalar(shape) and not (
            isinstance(self.sizes.find(shape.rows), Unknown) and self.same(shape, SCALAR)
        ):
            raise DoesNotConform(f"{what} is a number, and {write_source(node)} is {self.text(shape)}", *node.span)
        return found

    def need_matrix(self, node: t.Node) -> Typed:
        """Return anything that has rows and columns; refuse spaces and truth values."""
        found, shape = self.of(node)
        if shape.kind != "matrix":
            raise DoesNotConform(f"{write_source(node)} is {self.text(shape)}, where a matrix is needed", *node.span)
        return found, shape

    def need_square(self, node: t.Node, what: str) -> Typed:
        """Return a square matrix or a number."""
        found, shape = self.need_matrix(node)
        if not self.sizes.same(shape.rows, shape.cols):
            raise DoesNotConform(
                f"{what} needs a square matrix, and {write_source(node)} is {self.text(shape)}", *node.span
            )
        return found, shape

    # -- sizes and symbols ----------------------------------------------------------------------------------------

    def dim(self, node: t.Node) -> Dim:
        """Return the size that an expression such as n - J, Jr or p + q means."""
        if isinstance(node, t.Number) and node.value.denominator == 1:
            return Dim.of(int(node.value))
        if isinstance(node, t.Symbol) and not node.accents and not node.marks:
            name = node.letter + "".join(f"_{write(s)}" for s in flat(node.subs))
            if self.world.has_size(name.split("_")[0] + ("_j" if "_" in name else "")):
                balanced = self.world.relations.get("n_j") if "_" in name else None
                return balanced or Dim.of(name).replaced(self.world.relations)
        if isinstance(node, t.Sum):
            total = Dim.of(0)
            for term in node.terms:
                total = total + self.dim(term)
            return total
        if isinstance(node, t.Neg):
            return -self.dim(node.arg)
        if isinstance(node, t.Product):
            product = ONE
            for factor in node.factors:
                product = product * self.dim(factor)
            return product
        raise UnknownSymbol(f"{write(node)} is not a size in the world {self.world.name}", *node.span)

    def is_size(self, node: t.Node) -> bool:
        """Return whether an expression is made of sizes that are known, and is no index or label."""
        if isinstance(node, t.Symbol):
            name = node.letter + ("_j" if node.subs else "")
            bare = not (node.font or node.accents or node.marks)
            return bare and self.world.has_size(name) and node.letter not in self.bound_indices
        if isinstance(node, (t.Product, t.Sum)):
            return all(self.is_size(x) or isinstance(x, t.Number) for x in t.children(node))
        return False

    def symbol(self, s: t.Symbol, squared: bool = False) -> Typed | None:
        """Return what a symbol means, or None; `squared` asks for a symbol whose spelling ends in ^2."""
        key, indices = key_of(s, self.bound_indices, squared)
        local = local_name(s)
        if not squared and local in self.locals:
            return k.Local(local, span=s.span), self.locals[local]
        meaning = self.world.find(key, s.font)
        if meaning is None:
            key, indices = key_of(s, self.bound_indices, squared, numbered=True)
            meaning = self.world.find(key, s.font)
        if meaning is None:
            return None
        self.hold_indices(s, meaning.tex, indices)
        found = tuple(self.index(i) for i in indices)
        rows, cols = (self.indexed(d, meaning.name, found) for d in (meaning.rows, meaning.cols))
        return k.Ref(meaning.name, found, span=s.span), Shape(rows, cols)

    def hold_indices(self, s: t.Symbol, tex: str, indices: list[t.Node]) -> None:
        r"""Refuse the letter of one index where another belongs, as in \bar y_{i.} where groups are j."""
        for wanted, index in zip(pattern_indices(tex), indices, strict=True):
            if not isinstance(index, t.Symbol) or index.letter in self.bounded:
                continue
            letter, upper = index.letter, self.world.uppers.get(index.letter)
            if upper is not None and wanted in self.world.uppers and upper != self.world.uppers[wanted]:
                raise DoesNotConform(
                    f"in the world {self.world.name}, {letter} runs up to {upper} and {wanted} up to"
                    f" {self.world.uppers[wanted]}: {write(s)} has {letter} where {wanted} belongs (see {tex}; a sum"
                    " with bounds of its own may use any letter)",
                    *s.span,
                )

    def indexed(self, size: Dim, name: str, indices: tuple[t.Node, ...]) -> Dim:
        """Return a size in which n_j follows the index that the symbol has: X_1 has n_1 rows."""
        size = size.replaced(self.world.relations)
        if indices:
            last = write(indices[-1]) if not isinstance(indices[-1], k.Local) else indices[-1].name
            size = size.replaced({"n_j": Dim.of(f"n_{last}")})
        return size

    def index(self, node: t.Node) -> t.Node:
        """Return an index, elaborated: a letter stays as it is, a number too."""
        if isinstance(node, t.Symbol):
            if node.letter == "J":
                return k.SizeOf("J", span=node.span)
            return k.Local(node.letter + "".join(node.marks), span=node.span)
        return t.rebuild(node, self.index)

    def unknown(self, s: t.Symbol) -> Typed:
        """Refuse a symbol that the world does not have."""
        raise unknown(s, self.world.name, self.world.near(s))

    def ranging(self, index: str, upper: t.Node | None) -> None:
        """Note what an index runs up to; only who infers shapes needs to know."""

    def combined(self, sizes: list[Size], product: bool, node: t.Node, why: str) -> Size:
        """Return the product of sizes, or their sum; refuse unknown ones."""
        total = ONE if product else Dim.of(0)
        for size in map(self.sizes.find, sizes):
            if isinstance(size, Unknown):
                raise DoesNotConform(why, *node.span)
            total = total * size if product else total + size
        return total


def _capital(node: t.Node) -> bool:
    """Return whether a bold capital stands in a node, which is a matrix wherever nothing else is said."""
    bold = (s for s in t.walk(node) if isinstance(s, t.Symbol) and s.font == "bold")
    return any(s.letter[0].isupper() and s.letter != "I" for s in bold)


def local_name(s: t.Symbol) -> str:
    """Return the name under which a bound variable is known: without its font, as on a blackboard."""
    plain = t.Symbol(s.letter, "", s.accents, s.subs, s.marks)
    return write(plain)


def write_source(node: t.Node) -> str:
    """Return a short spelling of a node, for a message."""
    text = write(node)
    return text if len(text) <= 60 else text[:57] + "..."
