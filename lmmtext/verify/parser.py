"""From the characters of a formula to its tree: pre-lexer, Lark's LALR(1) parser, builder."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, UnexpectedToken
from lark.exceptions import VisitError
from lark.lexer import Lexer

from lmmtext.verify.builder import Builder
from lmmtext.verify.characters import Tok
from lmmtext.verify.errors import CannotParse
from lmmtext.verify.lexer import lex
from lmmtext.verify.slashes import refuse_ambiguous
from lmmtext.verify.tree import Formula
from lmmtext.verify.vocabulary import WORDS

STANDS = {
    "a symbol, a number or a bracket": {"LETTER", "NUMBER", "LPAR", "LSQ", "LGROUP", "LCURL", "FRAC", "ACCENT"},
    "a relation such as =": {"REL"},
    "+ or -": {"PLUS", "MINUS"},
    "another factor": {"CDOT"},
    "a comma": {"COMMA"},
    "a closing )": {"RPAR"},
    "a closing ]": {"RSQ"},
    "a closing \\}": {"RCURL"},
    "a closing }": {"RGROUP", "SUB_CLOSE", "SUP_CLOSE"},
    "a closing bar": {"RBAR"},
    "a closing double bar": {"RNORM"},
    "the variable below (a subscript)": {"SUB_OPEN"},
    "& and the next cell": {"CELL"},
    "a new row": {"ROW"},
    "the end of the environment": {"MATRIX_CLOSE", "CASES_CLOSE"},
    "the end": {"$END"},
    "the variable of integration (dx)": {"DIFF"},
}


class _Passed(Lexer):
    """Hands the pre-lexer's tokens to Lark."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, data: Any) -> Iterator[Token]:
        """Yield each token with its place."""
        for tok in data:
            yield Token(tok.type, tok, start_pos=tok.start, end_pos=tok.end)


@cache
def _lark() -> Lark:
    grammar = files("lmmtext.verify").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=_Passed, transformer=Builder(), maybe_placeholders=False)


def parse(source: str) -> Formula:
    r"""Return the tree of a formula in the notation of the book.

    Parameters
    ----------
    source
        LaTeX, as it stands between the dollar signs.

    Raises
    ------
    CannotParse
        At the character where it fails, with what could stand there; also if the formula is too long or too deep, or
        can be read in two ways.

    >>> parse(r"\mathbf{A}^{-1} = \mathbf{B}").statements[0].relations
    ('=',)
    """
    tokens = lex(source, WORDS)
    if not tokens:
        raise CannotParse("there is no formula here", 0, max(1, len(source)))
    refuse_ambiguous(tokens, source)
    try:
        return _lark().parse(tokens)
    except UnexpectedToken as error:
        raise _expected(error, source, tokens) from None
    except VisitError as error:
        if isinstance(error.orig_exc, CannotParse):
            raise error.orig_exc from None
        raise


def _expected(error: UnexpectedToken, source: str, tokens: list[Tok]) -> CannotParse:
    """Say what stands at the place of the error, and what could."""
    could = [words for words, kinds in STANDS.items() if kinds & set(error.expected)]
    said = ", or ".join(filter(None, [", ".join(could[:-1]), could[-1] if could else ""]))
    tok = error.token.value
    if error.token.type == "$END" or not isinstance(tok, Tok):
        at = tokens[-1].end
        return CannotParse(f"the formula ends where there could stand {said}", max(0, at - 1), at)
    there = source[tok.start : tok.end] or source[tok.start : tok.start + 1]
    before = tokens[tokens.index(tok) - 1].end if tok in tokens and tokens.index(tok) else 0
    if tok.type in ("SLASH", "CDOT") and "PLUS" in error.expected:
        return CannotParse(
            f"where does the function before {there!r} end? Put its argument in brackets", tok.start, tok.end
        )
    return CannotParse(
        f"{there!r} cannot stand here; there could stand {said}", max(tok.start, before - 1), max(tok.end, before)
    )
