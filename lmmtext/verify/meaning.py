"""What a symbol means in a world: its spelling as a key, its words, its shape, and its definition."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE, Dim
from lmmtext.verify.errors import UnknownSymbol
from lmmtext.verify.write import write

INDEX_LETTERS = frozenset({"i", "j", "k", "l"})


@dataclass(frozen=True)
class Key:
    """A symbol without its font and without which indices it has: only how many, and where dots stand among them."""

    accents: tuple[str, ...]
    letter: str
    labels: tuple[str, ...]
    indices: int
    squared: bool = False
    dots: str = ""


@dataclass(frozen=True)
class Meaning:
    """A symbol of a world.

    `kind` is `parameter` (drawn, and what one differentiates in), `given` (drawn, known: X, Z), `random`, or `defined`.
    `definition` is LaTeX in the notation itself, or a function of the scope and the indices; it is primitive, never a
    closed form that the book derives. `degree` bounds the degrees of numerator and denominator in the numbers drawn.
    """

    name: str
    tex: str
    words: str
    rows: Dim
    cols: Dim
    kind: str
    definition: str | Callable[..., Any]
    symmetric: bool = False
    degree: tuple[int, int] | None = None

    @property
    def is_scalar(self) -> bool:
        """Return whether the symbol is a number."""
        return self.rows == ONE and self.cols == ONE


def flat(subs: tuple[t.Node, ...]) -> list[t.Node]:
    """Return the indices that stand in a subscript, side by side or with commas."""
    found: list[t.Node] = []
    for sub in subs:
        found += flat(sub.factors) if isinstance(sub, t.Product) else [sub]
    return found


def is_index(sub: t.Node, bound: Collection[str] = ()) -> bool:
    """Return whether a subscript is an index: i, j, j', 3, j + 1, and not a label such as alpha."""
    if isinstance(sub, t.Number):
        return True
    if isinstance(sub, t.Symbol):
        plain = not (sub.font or sub.accents or sub.subs)
        return plain and (sub.letter in INDEX_LETTERS or sub.letter in bound or sub.letter == "J")
    if isinstance(sub, t.Sum):
        return all(is_index(x.arg if isinstance(x, t.Neg) else x, bound) for x in sub.terms)
    return False


def key_of(
    symbol: t.Symbol, bound: Collection[str] = (), squared: bool = False, numbered: bool = False
) -> tuple[Key, list[t.Node]]:
    r"""Return the key of a symbol and its indices; a star is a label wherever it stands: Y^* is Y_*.

    `numbered` says that a number is a label too, as in A_{11}, a block with a size of its own.
    """
    indices, labels, places = [], [], ""
    for sub in flat(symbol.subs):
        if isinstance(sub, t.Dots) and sub.kind == "dot":
            places += "."
        elif is_index(sub, bound) and not (numbered and isinstance(sub, t.Number)):
            places += "x"
            indices.append(sub)
        else:
            labels.append(write(sub))
    labels += [mark for mark in symbol.marks if mark != "'"]
    dots = places if "." in places else ""
    return Key(symbol.accents, symbol.letter, tuple(labels), len(indices), squared, dots), indices


def composite(node: t.Node) -> t.Symbol | None:
    r"""Return the one symbol that letters in brackets with a common subscript are, as (\alpha\tau)_{jk}; else None."""
    if not (isinstance(node, t.Entry) and isinstance(node.arg, t.Product)):
        return None
    letters = node.arg.factors
    if not all(isinstance(x, t.Symbol) and not (x.font or x.accents or x.subs or x.marks) for x in letters):
        return None
    name = " ".join(x.letter for x in letters if isinstance(x, t.Symbol))
    return t.Symbol(name, subs=node.subs, span=node.span)


def spelled(tex: str) -> tuple[t.Symbol, bool]:
    """Return the symbol that a spelling is, and whether it ends in a square."""
    from lmmtext.verify.parser import parse

    (node,) = parse(tex).statements
    squared = isinstance(node, t.Power)
    symbol = node.base if isinstance(node, t.Power) else composite(node) or node
    assert isinstance(symbol, t.Symbol), tex
    return symbol, squared


@cache
def pattern_indices(tex: str) -> list[str]:
    """Return the letters of the indices in a spelling, such as i and j in x_{ij}."""
    return [s.letter for s in flat(spelled(tex)[0].subs) if isinstance(s, t.Symbol) and is_index(s)]


def unknown(symbol: t.Symbol, where: str, near: list[str]) -> UnknownSymbol:
    """Return the error that names a symbol and what stands near it in the world."""
    hint = f"; there {'is' if len(near) == 1 else 'are'} {', '.join(near)}" if near else ""
    return UnknownSymbol(f"{write(symbol)} is not a symbol of the world {where}{hint}", *symbol.span)
