"""Taking symbols from the notation table into a world, with the shape, words and definition that they have there."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lmmtext.notation import SYMBOLS, Symbol
from lmmtext.verify.dims import ONE, Dim
from lmmtext.verify.meaning import Meaning

_TABLE = {s.tex: s for s in SYMBOLS}
_SQUARE_AND_SYMMETRIC = {
    r"\mathbf{V}", r"\mathbf{G}", r"\boldsymbol{\Sigma}", r"\mathbf{S}_j", r"\mathbf{Q}", r"\boldsymbol{\Omega}",
    r"\mathbf{M}", r"\boldsymbol{\Psi}",
}  # fmt: skip


def size(text: str) -> Dim:
    """Return the size that a part of a shape says: `n_j`, `(p + m)`, `n - p`, `J s`.

    >>> str(size("(p + m)")), str(size("(n - p)")), str(size("J s"))
    ('m + p', 'n - p', 'Js')
    """
    total = Dim.of(0)
    for sign, part in re.findall(r"([+-]?)([^+-]+)", text.strip("() ")):
        product = ONE
        for name in part.split():
            product = product * Dim.of(int(name) if name.isdigit() else name)
        total = total - product if sign == "-" else total + product
    return total


def shape(text: str) -> tuple[Dim, Dim]:
    """Return rows and columns of a shape of the table: empty is a number, one size a column."""
    if not text:
        return ONE, ONE
    rows, _, cols = text.partition(" x ")
    return size(rows), size(cols) if cols else ONE


def take(
    tex: str,
    name: str,
    kind: str,
    definition: str | Callable[..., Any] | None = None,
    *,
    like: str = "",
    words: str = "",
    of: str | None = None,
    symmetric: bool = False,
) -> Meaning:
    """Return the meaning of a symbol.

    Parameters
    ----------
    tex
        Its spelling: one of the table, or else `words` and its shape `of` are needed (or `like` another's).
    name
        Its name in definitions.
    kind
        `parameter`, `given`, `random` or `defined`.
    definition
        What it is; the table's own if left out.
    like
        The spelling of the symbol of the table that it is a form of: its hat, its row, its element.
    """
    symbol = _TABLE.get(tex) or _TABLE.get(like) or Symbol(tex, words, of or "")
    rows, cols = shape(symbol.shape if of is None else of)
    what = definition if definition is not None else symbol.definition
    assert what, f"{tex} has no definition"
    return Meaning(name, tex, words or symbol.words, rows, cols, kind, what, symmetric or tex in _SQUARE_AND_SYMMETRIC)


def with_degrees(meanings: tuple[Meaning, ...], degrees: dict[str, int]) -> tuple[Meaning, ...]:
    """Return the meanings with the degrees of their values as polynomials in what is drawn."""
    return tuple(replace(m, degree=(degrees[m.name], 0)) if m.name in degrees else m for m in meanings)


def aliases(meanings: tuple[Meaning, ...]) -> dict[str, str]:
    """Return the other spellings that the table has for these symbols."""
    return {spelling: m.name for m in meanings if m.tex in _TABLE for spelling in _TABLE[m.tex].spellings}
