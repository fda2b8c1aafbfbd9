r"""Inline formulas: what sort of thing each is, and whether what it claims is true.

An *expression*, a *list*, a *range* of an index and an *operator* claim nothing: their symbols must be known and their
shapes conform. A *claim* is judged in its world. A *supposition* is the choice of a size (``q = 2``) or of a parameter
(``\boldsymbol{\beta} = \mathbf{0}``): both are free in every world, so it could follow from nothing, and it is never
called verified. What is *said* not to be judged is listed with the reason.
"""

import re
from dataclasses import dataclass

from lmmtext.ledger import symbols
from lmmtext.ledger.pages import Formula
from lmmtext.ledger.shapes import conforms
from lmmtext.notation import DIMENSIONS
from lmmtext.verify import check
from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import elaborated
from lmmtext.verify.commands import FUNCTIONS
from lmmtext.verify.errors import CannotParse, FormulaError, UnknownSymbol
from lmmtext.verify.parser import parse
from lmmtext.verify.worlds import WORLDS

SORTS = ("claim", "supposition", "said", "expression", "list", "range", "operator")
INDEX = {"i", "j", "k"}
_OPERATOR = re.compile(r"\\operatorname\{([A-Za-z]+)\}")
_DOTS = re.compile(r"\\(?:l|c)?dots")
_RELATION = re.compile(r"=|<|>|\\(?:le|leq|ge|geq|ne|neq)(?![a-z])")
_CONSTANT = re.compile(r"-?\d+|\\mathbf\{?\s*[0I]\s*\}?")
_SIZES = {s.tex for s in DIMENSIONS} - INDEX


@dataclass(frozen=True)
class Finding:
    """What was found about an inline formula; a fault is empty if there is none."""

    sort: str
    world: str = ""
    how: str = ""
    fault: str = ""


def find(formula: Formula, seconds: float) -> Finding:
    """Return what is found about an inline formula."""
    if formula.declared.said:
        return Finding("said", how=formula.declared.said)
    operator = _OPERATOR.fullmatch(formula.tex)
    if operator and operator[1] in FUNCTIONS:
        return Finding("operator")
    parts = split(formula.tex)
    if len(parts) > 1 and any(_DOTS.fullmatch(p) for p in parts):
        return _list([p for p in parts if not _DOTS.fullmatch(p)], formula)
    try:
        read = parse(formula.tex)
    except CannotParse as error:
        return Finding("expression", fault=f"it cannot be read: {error.message}")
    if wrong := symbols.faults(read, [WORLDS[w] for w in formula.worlds], formula.locals):
        return Finding("expression", fault="; ".join(wrong))
    if any(isinstance(s, t.Chain | t.Conditional) for s in read.statements):
        return _claim(formula, read, seconds)
    world, wrong_shape = conforms(read, formula)
    return Finding("expression", world, fault=wrong_shape)


def split(tex: str) -> list[str]:
    r"""Return the parts between the commas of a list.

    >>> split(r"f(a, b), \\dots, c")
    ['f(a, b)', '\\\\dots', 'c']
    """
    parts, depth = [""], 0
    for character in tex:
        depth += (character in "{([") - (character in "})]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [p.strip().removesuffix("\\").strip() for p in parts]


def _list(parts: list[str], formula: Formula) -> Finding:
    """Return what is found about a list with dots: of an index, or of things that claim nothing."""
    first = re.fullmatch(r"([a-z])\s*=\s*\d+", parts[0])
    if first and first[1] in INDEX and parts[-1] in _SIZES:
        return Finding("range")
    for part in parts:
        try:
            read = parse(part)
        except CannotParse as error:
            return Finding("list", fault=f"{part} cannot be read: {error.message}")
        if any(isinstance(s, t.Chain | t.Conditional) for s in read.statements):
            return Finding("list", fault=f"{part}, in a list with dots, is a claim: take it out")
        wrong = symbols.faults(read, [WORLDS[w] for w in formula.worlds], formula.locals)
        _, wrong_shape = conforms(read, formula)
        if wrong or wrong_shape:
            return Finding("list", fault="; ".join(filter(None, [*wrong, wrong_shape])))
    return Finding("list")


def _claim(formula: Formula, read: t.Formula, seconds: float) -> Finding:
    """Return whether a claim holds in its worlds, or is a choice of something that is free."""
    supposed = _supposes(read, formula)
    if not formula.worlds:
        return Finding("supposition") if supposed else Finding("claim", fault="no world is declared for it")
    verdicts = [
        check(formula.tex, w, formula.declared.where or None, seconds=seconds, mutants=False) for w in formula.worlds
    ]
    wrong = [f"{v.status} in {v.world}: {v.message}" for v in verdicts if v.status != "verified"]
    if wrong and supposed and not formula.declared.worlds:
        return Finding("supposition")
    if wrong and any(v.status == "unknown symbol" for v in verdicts):
        wrong += ["judge it elsewhere (<!-- in: WORLD --> right behind it) or say why not (<!-- said: ... -->)"]
    return Finding("claim", ", ".join(formula.worlds), verdicts[0].message, "; ".join(wrong))


def _supposes(read: t.Formula, formula: Formula) -> bool:
    """Return whether a relation is one between sizes alone, each by itself, or of a parameter to a constant."""
    if len(read.statements) != 1 or not isinstance(read.statements[0], t.Chain):
        return False
    sides = _RELATION.split(formula.tex)
    if len(sides) != 2:
        return False
    left, right = (x.strip() for x in sides)
    if left in _SIZES and (right in _SIZES or right.isdigit()):
        return True
    return bool(_CONSTANT.fullmatch(right)) and any(_is_parameter(left, w) for w in WORLDS)


def _is_parameter(tex: str, world: str) -> bool:
    """Return whether a symbol is free in a world: drawn, and what one differentiates in."""
    try:
        (statement,) = parse(tex).statements
        node = elaborated(statement, WORLDS[world])
    except (UnknownSymbol, FormulaError):
        return False
    return isinstance(node, k.Ref) and WORLDS[world].is_parameter(node)
