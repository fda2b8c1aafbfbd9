"""Whether a formula that claims nothing conforms: in the world of its page, or in one that has all its symbols."""

from collections.abc import Iterator

from lmmtext.ledger.declarations import Local
from lmmtext.ledger.pages import Formula
from lmmtext.verify import tree as t
from lmmtext.verify.elaborate import Elaborator, Shape, local_name
from lmmtext.verify.errors import DoesNotConform, FormulaError, UnknownSymbol
from lmmtext.verify.parser import parse
from lmmtext.verify.world import World
from lmmtext.verify.worlds import WORLDS
from lmmtext.verify.worlds.taking import shape


def conforms(read: t.Formula, formula: Formula) -> tuple[str, str]:
    """Return the world in which a formula conforms ("" for a symbol by itself), and what is wrong, or "".

    The world that is declared for it is asked first. Only if that lacks one of its symbols are the others: the shapes
    of a page that says what a symbol is elsewhere are held together there.
    """
    if len(read.statements) == 1 and isinstance(read.statements[0], t.Symbol | t.Number):
        return "", ""  # nothing that could clash; that it is in the table was seen before
    lacking = ""
    for world in _worlds(formula):
        try:
            for statement in read.statements:
                e = Elaborator(world, {local_name_of(x): shape_of(x) for x in formula.locals})
                e.of(statement)
        except UnknownSymbol as error:
            lacking = lacking or error.message
        except DoesNotConform as error:
            return world.name, f"it does not conform in {world.name}: {error.message}"
        except FormulaError as error:
            return world.name, f"{error.verdict} in {world.name}: {error.message}"
        else:
            return world.name, ""
    return "", f"no world has all of its symbols ({lacking})"


def _worlds(formula: Formula) -> Iterator[World]:
    names = formula.worlds if formula.declared.worlds else (*formula.worlds, *WORLDS)
    yield from (WORLDS[name] for name in dict.fromkeys(names))


def local_name_of(local: Local) -> str:
    """Return the name under which a letter of a page is known."""
    (node,) = parse(local.tex).statements
    assert isinstance(node, t.Symbol), f"local: {local.tex} is no single letter"
    return local_name(node)


def shape_of(local: Local) -> Shape:
    """Return the shape that was declared for a letter of a page."""
    return Shape(*shape(local.shape))
