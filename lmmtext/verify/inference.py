"""Shapes for symbols that a formula brings along: found from how it uses them, before anything is checked.

`A + C B C'` says that A is square, C has as many rows as A, and B is square of C's columns. What is left open gets a
size of its own, so that nothing is equal by accident.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE, Dim, Size, Unknown
from lmmtext.verify.elaborate import SCALAR, Elaborator, Shape, Typed, local_name
from lmmtext.verify.errors import DoesNotConform, Undecided
from lmmtext.verify.meaning import key_of
from lmmtext.verify.world import World
from lmmtext.verify.write import write

NEW_SIZES = ("n", "p", "m", "q", "r", "s", "d", "h")
ALWAYS_SIZES = frozenset("nmpqr")  # letters that are sizes in an open world, wherever they stand by themselves
SIZED = {"I", "1", "0"}  # what has its size for a subscript
VARIANCES = {"sigma", "tau", "omega"}


@dataclass
class Found:
    """A symbol that a formula brings along: how it is written, its shape, and the number of its indices."""

    symbol: t.Symbol
    shape: Shape
    indices: int
    squared: bool = False


class Inferring(Elaborator):
    """Elaborates with symbols that the world does not have; what they are is in `found`, by their names."""

    infers = True

    def __init__(
        self, world: World, columns: Collection[str], may: Collection[str] | None, sizes: Collection[str] = ()
    ) -> None:
        super().__init__(world)
        self.columns, self.may = columns, may  # `may` are the names that are let in; None lets in all
        self.letters = ALWAYS_SIZES.union(sizes) if world.open else frozenset[str]()  # these are sizes, also alone
        self.found: dict[str, Found] = {}
        self.results: list[tuple[Unknown, list[Size], bool]] = []
        self.new_sizes: list[str] = []
        self.uppers: dict[str, t.Node] = {}  # what bound indices run up to
        self.elements: list[tuple[str, list[t.Node | None]]] = []

    def ranging(self, index: str, upper: t.Node | None) -> None:
        """Remember what an index runs up to: it is the size of what has elements with that index."""
        if upper is not None:
            self.uppers[index] = upper

    def unknown(self, s: t.Symbol) -> Typed:
        """Take in a symbol with the shape that its looks suggest; what uses it will tell the sizes."""
        name = local_name(s)
        if self.may is not None and name not in self.may:
            return super().unknown(s)
        return self._take_in(s, name, squared=False)

    def symbol(self, s: t.Symbol, squared: bool = False) -> Typed | None:
        """Return what a symbol means; sigma^2 is a symbol of its own, as it is in every world, and so is a size."""
        if s.letter in self.letters and _bare(s) and s.letter not in self.bound_indices:
            self.dim(s)
            return k.SizeOf(s.letter, span=s.span), SCALAR
        known = super().symbol(s, squared)
        if known is not None or not squared or s.letter not in VARIANCES or s.font == "bold":
            return known
        name = local_name(s)
        if self.may is not None and name + "^2" not in self.may or name in self.found:
            return None
        return self._take_in(s, name + "^2", squared=True)

    def _take_in(self, s: t.Symbol, name: str, *, squared: bool) -> Typed:
        key, indices = key_of(s, self.bound_indices, squared, numbered=True)
        name = name if not indices else f"{key.letter} {key.accents} {key.labels} {len(indices)}"
        if indices:
            inside = [self.uppers.get(x.letter) if isinstance(x, t.Symbol) else None for x in indices]
            self.elements.append((name, inside))
        if name not in self.found:
            plain = squared or (indices and s.font != "bold")
            self.found[name] = Found(s, SCALAR if plain else self.looks(s), key.indices, squared)
        return k.Local(name, span=s.span), self.found[name].shape

    def whole_of(self, name: str) -> Found | None:
        """Return the column or matrix that x_i or a_{ij} is an element of, if the formula has it."""
        part = self.found[name]
        if not part.indices or part.symbol.font == "bold":
            return None
        letters = {part.symbol.letter} if part.indices == 1 else {part.symbol.letter, part.symbol.letter.upper()}
        for other in self.found.values():
            if other is not part and not other.indices and other.symbol.letter in letters and not _number(other):
                return other
        return None

    def looks(self, s: t.Symbol) -> Shape:
        """Return the shape that a letter suggests: capitals are matrices, bold letters columns, others numbers."""
        if s.font == "roman" and len(s.letter) > 1:  # SSE, MSE
            return SCALAR
        if s.letter[0].isupper():
            return Shape(Unknown(), Unknown())
        if s.font == "bold" or s.letter in self.columns:
            return Shape(Unknown(), ONE)
        return SCALAR

    def dim(self, node: t.Node) -> Dim:
        """Return a size; a letter that no size has yet is a new one."""
        if isinstance(node, t.Symbol) and _bare(node):
            if not self.world.has_size(node.letter) and node.letter not in self.new_sizes:
                self.new_sizes.append(node.letter)
            return Dim.of(node.letter).replaced(self.world.relations)
        return super().dim(node)

    def is_size(self, node: t.Node) -> bool:
        """Return whether an expression is made of sizes; in an open world these letters always are."""
        if isinstance(node, t.Symbol) and _bare(node) and node.letter in self.letters:
            return node.letter not in self.bound_indices
        return super().is_size(node)

    def combined(self, sizes: list[Size], product: bool, node: t.Node, why: str) -> Size:
        """Return the product or sum of sizes, to be found when its parts are."""
        result = Unknown()
        self.results.append((result, sizes, product))
        return result

    def settle(self) -> None:
        """Give every size that is still open a letter of its own, and then work out products and sums of sizes."""
        for name, uppers in self.elements:
            whole = self.whole_of(name)
            if whole is not None:
                for size, upper in zip((whole.shape.rows, whole.shape.cols), uppers, strict=False):
                    if upper is not None:
                        self.sizes.same(size, self.dim(upper))
        made = {self.sizes.find(result) for result, _, _ in self.results}
        used = {*self.world.sizes, *self.new_sizes, *self.found}
        letters = iter(x for x in NEW_SIZES if x not in used)
        for found in self.found.values():
            for size in (found.shape.rows, found.shape.cols):
                root = self.sizes.find(size)
                if isinstance(root, Unknown) and root not in made:
                    letter = next(letters, None)
                    if letter is None:
                        raise Undecided(f"more than {len(NEW_SIZES)} sizes are open here: declare some of them")
                    self.new_sizes.append(letter)
                    self.sizes.same(root, Dim.of(letter))
        for result, sizes, product in self.results:
            total = ONE if product else Dim.of(0)
            for size in map(self.sizes.find, sizes):
                part = size if isinstance(size, Dim) else ONE
                total = total * part if product else total + part
            self.sizes.same(result, total)

    def hold_capitals(self, told: Collection[str]) -> None:
        """Refuse a bold capital that conforms only as a column, a row or a number, unless its shape is told."""
        for name, found in self.found.items():
            capital = found.symbol.font == "bold" and found.symbol.letter[0].isupper() and not found.indices
            if (
                capital
                and name not in told
                and ONE in (self.sizes.find(found.shape.rows), self.sizes.find(found.shape.cols))
            ):
                raise DoesNotConform(
                    f"{write(found.symbol)} is a matrix, being a bold capital, and this conforms only if it is"
                    f" {self.text(found.shape)}: write a small letter, or declare its shape",
                    *found.symbol.span,
                )


def letters_of_sizes(statements: Iterable[t.Node], spaces: Iterable[t.Node]) -> set[str]:
    r"""Return the letters used as sizes: in `\mathbf I_J`, in a sum up to J, in `\mathbb R^{d \times d}`."""
    scripts = [space.exponent for space in spaces if isinstance(space, t.Power)]
    for node in (n for s in statements for n in t.walk(s)):
        if isinstance(node, t.Symbol) and node.letter in SIZED and not node.accents:
            scripts += node.subs
        elif isinstance(node, t.Big) and node.upper is not None:
            scripts.append(node.upper)
    letters = (n for script in scripts for n in t.walk(script))
    return {n.letter for n in letters if isinstance(n, t.Symbol) and _bare(n)}


def _bare(s: t.Symbol) -> bool:
    return not (s.font or s.accents or s.subs or s.marks)


def _number(found: Found) -> bool:
    return found.shape == SCALAR
