r"""Which symbols of the notation table a formula uses, and which it should not: one symbol, one meaning."""

from collections.abc import Iterable, Iterator
from functools import cache

from lmmtext.ledger.declarations import Local
from lmmtext.notation import SYMBOLS, Symbol
from lmmtext.verify import tree as t
from lmmtext.verify.elaborate import local_name
from lmmtext.verify.meaning import Key, key_of
from lmmtext.verify.parser import parse
from lmmtext.verify.world import World
from lmmtext.verify.write import write

SIZED = {"I", "1", "0", "P"}  # their subscript is a size, or the matrix that is projected on: no part of their name
CONSTANTS = {"0", "infty", "*", "pi", "chi2", "F"}  # pi is the number, and chi-square and F name laws, as N does


def free(node: t.Node, bound: frozenset[str] = frozenset()) -> Iterator[t.Symbol]:
    """Yield the symbols of a tree that it does not bind itself, as the variable of a sum, a limit or an optimum."""
    bound |= {local_name(s) for s in binds(node)}
    if isinstance(node, t.Symbol):
        if local_name(node) not in bound:
            yield node
        inside: Iterable[t.Node] = (s for s in node.subs if node.letter == "P" or isinstance(s, t.Symbol))
        for sub in inside:
            yield from (s for s in free(sub, bound) if not _is_label(s, node))
        return
    for child in t.children(node):
        yield from free(child, bound)


def binds(node: t.Node) -> Iterator[t.Symbol]:
    """Yield the variables that a node binds in what is below it."""
    heads: tuple[t.Node, ...] = ()
    if isinstance(node, t.Big):
        heads = node.bounds
    elif isinstance(node, t.Limit):
        heads = (node.approach,)
    elif isinstance(node, t.Optimum):
        heads = node.over
    elif isinstance(node, t.Integral):
        heads = (node.variable,)
    for head in heads:
        for one in t.walk(head) if not isinstance(head, t.Chain) else [head.operands[0]]:
            if isinstance(one, t.Symbol):
                yield one
                break


def _is_label(sub: t.Symbol, of: t.Symbol) -> bool:
    """Return whether a subscript is part of a name, as alpha in sigma_alpha is, and no symbol of its own."""
    return of.letter != "P" and sub.letter not in ("i", "j", "k", "J", "n", "p", "q", "m", "r")


def name(symbol: t.Symbol) -> tuple[str, tuple[str, ...]]:
    """Return a letter with its labels: what is left of a symbol without font, indices, accents and sizes.

    >>> name(parse(r"\\hat{\\boldsymbol{\\beta}}_j").statements[0])
    ('beta', ())
    """
    key, _ = key_of(symbol)
    return key.letter, () if key.letter in SIZED else key.labels


@cache
def _table() -> dict[tuple[str, tuple[str, ...]], list[tuple[Key, str, Symbol]]]:
    found: dict[tuple[str, tuple[str, ...]], list[tuple[Key, str, Symbol]]] = {}
    for entry in SYMBOLS:
        (node,) = parse(entry.tex).statements
        squared = isinstance(node, t.Power)
        symbol = node.base if isinstance(node, t.Power) else node
        if isinstance(symbol, t.Symbol):  # Qy is a product: it has no letter of its own
            found.setdefault(name(symbol), []).append((key_of(symbol, squared=squared)[0], symbol.font, entry))
    return found


def entry_of(symbol: t.Symbol) -> Symbol | None:
    """Return the line of the notation table for a symbol, the one nearest in its accents, indices and font; or None.

    Decorations keep the meaning: a hat is an estimate, a bar a mean, an index a part.
    """
    near = _table().get(name(symbol), [])
    key, _ = key_of(symbol)

    def distance(known: tuple[Key, str, Symbol]) -> tuple[bool, bool, bool]:
        other, font, _ = known
        return other.accents != key.accents, font != symbol.font, other.indices != key.indices

    return min(near, key=distance)[2] if near else None


def used(formula: t.Formula, local: Iterable[Local] = ()) -> list[Symbol]:
    """Return the lines of the table whose symbols a formula uses, each once."""
    own = {_own(x) for x in local}
    entries = [entry_of(s) for s in free(formula) if local_name(s) not in own]
    return list(dict.fromkeys(e for e in entries if e is not None))


def faults(formula: t.Formula, worlds: Iterable[World] = (), local: Iterable[Local] = ()) -> list[str]:
    """Return what is wrong with the symbols of a formula: not in the table, or another's by an alias of its world."""
    own = {_own(x) for x in local}
    wrong = []
    for symbol in free(formula):
        if local_name(symbol) in own or symbol.letter in CONSTANTS:
            continue
        if entry_of(symbol) is None:
            wrong.append(f"{write(symbol)} is not in the notation table")
            continue
        for world in worlds:
            for squared in (True, False):
                meaning = world.find(key_of(symbol, squared=squared)[0], symbol.font)
                if meaning is None:
                    continue
                (node,) = parse(meaning.tex).statements
                plain = node.base if isinstance(node, t.Power) else node
                assert isinstance(plain, t.Symbol), meaning.tex
                if name(plain) != name(symbol):
                    wrong.append(f"{write(symbol)} stands for {meaning.tex} in {world.name}: the book writes that")
                break
    return list(dict.fromkeys(wrong))


def local_faults(local: Iterable[Local]) -> list[str]:
    """Return which letters of a page are in the table already, with another meaning."""
    taken = []
    for one in local:
        (node,) = parse(one.tex).statements  # the letter, and not its index
        entry = entry_of(node) if isinstance(node, t.Symbol) else None
        if entry is not None:
            taken.append(f"local: {one.tex} is in the notation table, as {entry.words}: take another letter")
    return taken


def _own(local: Local) -> str:
    (node,) = parse(local.tex).statements
    assert isinstance(node, t.Symbol), f"local: {local.tex} is no single letter"
    return local_name(node)
