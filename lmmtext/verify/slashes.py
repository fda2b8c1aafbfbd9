"""A slash with several factors after it, as in 1/2x, can be read in two ways: it is refused."""

from typing import TYPE_CHECKING

from lmmtext.verify.errors import CannotParse
from lmmtext.verify.rows import CLOSES, OPENS
from lmmtext.verify.scan import spaced

if TYPE_CHECKING:
    from lmmtext.verify.characters import Tok

STARTS = {"LETTER", "NUMBER", "LPAR", "LSQ", "LCURL", "LGROUP", "LBAR", "LNORM", "ACCENT", "FRAC", "SQRT", "CALL",
          "FUNC", "BIG", "DFRAC", "DOPERATOR", "MATRIX_OPEN", "LANGLE", "OPT", "LIM"}  # fmt: skip
SCRIPTS = {"TRANSPOSE", "INVERSE", "MARK"}


def refuse_ambiguous(tokens: list["Tok"], source: str) -> None:
    r"""Refuse `a/b c` unless a spacing command after b shows that the fraction ends there.

    Raises
    ------
    CannotParse
        At the factor that may or may not be below the bar.
    """
    for k, token in enumerate(tokens):
        if token.type != "SLASH":
            continue
        after = _operand(tokens, k + 1)
        if after < len(tokens) and tokens[after].type in STARTS:
            follows = tokens[after]
            if not spaced(source, tokens[after - 1].end, follows.start):
                raise CannotParse(
                    "is this factor below the slash or beside the fraction? Write \\frac or brackets, or \\, before it",
                    follows.start,
                    follows.end,
                )


def _operand(tokens: list["Tok"], k: int) -> int:
    """Return the index after the factor, with its scripts, that begins at `k`."""
    while k < len(tokens) and tokens[k].type in (
        "ACCENT",
        "FRAC",
        "SQRT",
        "CALL",
        "FUNC",
        "DFRAC",
        "DOPERATOR",
        "PARTIAL",
    ):
        twice = tokens[k].type in ("FRAC", "DFRAC")
        k += 1
        if twice:
            k = _bracketed(tokens, k)
        while k < len(tokens) and tokens[k].type == "SUB_OPEN":
            k = _bracketed(tokens, k)
    k = _bracketed(tokens, k) if k < len(tokens) and tokens[k].type in OPENS else k + 1
    while k < len(tokens) and tokens[k].type in SCRIPTS | {"SUB_OPEN", "SUP_OPEN"}:
        k = _bracketed(tokens, k) if tokens[k].type in OPENS else k + 1
    return k


def _bracketed(tokens: list["Tok"], k: int) -> int:
    """Return the index after the bracket that opens at `k`."""
    depth = 0
    while k < len(tokens):
        depth += (tokens[k].type in OPENS) - (tokens[k].type in CLOSES)
        k += 1
        if depth == 0:
            break
    return k
