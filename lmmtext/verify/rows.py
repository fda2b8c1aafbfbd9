"""What `&` and the ends of lines mean: cells of a matrix, a chain that goes on, or a new statement."""

from dataclasses import replace
from typing import TYPE_CHECKING

from lmmtext.verify.errors import CannotParse

if TYPE_CHECKING:
    from lmmtext.verify.characters import Tok

GOES_ON_BEFORE = {"REL", "PLUS", "MINUS", "CDOT", "SLASH", "OTIMES", "COMMA", "IMPLIES", "GIVEN", "SEMI", "LPAR", "LSQ",
                  "LCURL", "LGROUP", "LBAR", "LNORM", "ALIGN_OPEN", "DOPERATOR", "FUNC"}  # fmt: skip
GOES_ON_AFTER = {"REL", "PLUS", "CDOT", "SLASH", "OTIMES", "COMMA", "IMPLIES", "GIVEN", "RPAR", "RSQ", "RCURL", "RBAR",
                 "RGROUP", "RNORM", "IF", "ALIGN_CLOSE", "BREAK", "SUP_OPEN", "SUB_OPEN", "TRANSPOSE",
                 "INVERSE"}  # fmt: skip
OPENS = {"LPAR", "LSQ", "LCURL", "LGROUP", "LBAR", "LNORM", "SUB_OPEN", "SUP_OPEN", "MATRIX_OPEN", "CASES_OPEN"}
CLOSES = {"RPAR", "RSQ", "RCURL", "RGROUP", "RBAR", "RNORM", "SUB_CLOSE", "SUP_CLOSE", "MATRIX_CLOSE", "CASES_CLOSE"}


def settle(tokens: list["Tok"]) -> list["Tok"]:
    """Return the tokens with every AMP and BREAK turned into CELL, ROW, SEMI or nothing, and lists with dots marked."""
    out: list[Tok] = []
    around: list[str] = []  # the matrices and aligned environments that are open
    cells = 0
    for k, token in enumerate(tokens):
        after = next((t for t in tokens[k + 1 :] if t.type != "AMP"), None)
        if token.type in ("MATRIX_OPEN", "CASES_OPEN", "ALIGN_OPEN"):
            around.append(token.type)
            cells = 0
        elif token.type in ("MATRIX_CLOSE", "CASES_CLOSE", "ALIGN_CLOSE") and around:
            around.pop()
        if token.type in ("ALIGN_OPEN", "ALIGN_CLOSE"):
            continue
        written = bool(around) and around[-1] != "ALIGN_OPEN"
        if token.type == "AMP":
            cells += 1
            if written:
                out.append(replace(token, type="CELL"))
            elif (
                cells % 2 == 0
                and out
                and out[-1].type not in GOES_ON_BEFORE
                and after
                and after.type not in GOES_ON_AFTER
            ):
                out.append(replace(token, type="SEMI"))
        elif token.type == "BREAK":
            cells = 0
            if written:
                if after and after.type not in ("MATRIX_CLOSE", "CASES_CLOSE"):
                    out.append(replace(token, type="ROW"))
            elif out and out[-1].type not in GOES_ON_BEFORE and after and after.type not in GOES_ON_AFTER:
                if after.type != "MINUS":
                    out.append(replace(token, type="SEMI"))
                elif _holds_relation(tokens[k + 1 :]):
                    raise CannotParse(
                        "does this line go on from the line before, or begin a new statement? Put the minus on the line"
                        " before, or write the statement the other way round",
                        after.start,
                        after.end,
                    )
        else:
            out.append(token)
    return _lists(out)


def _holds_relation(rest: list["Tok"]) -> bool:
    """Return whether a relation stands, outside all brackets, on the line that begins here."""
    depth = 0
    for token in rest:
        depth += (token.type in OPENS) - (token.type in CLOSES)
        if depth < 0 or (token.type == "BREAK" and depth == 0):
            return False
        if token.type == "REL" and depth == 0:
            return True
    return False


def _lists(tokens: list["Tok"]) -> list["Tok"]:
    """Fuse `, dots ,` into one LDOTS; drop a comma or semicolon at the very end, and repeated ones."""
    out: list[Tok] = []
    i = 0
    while i < len(tokens):
        three = [t.type for t in tokens[i : i + 3]]
        if three == ["COMMA", "DOTS", "COMMA"]:
            out.append(replace(tokens[i], type="LDOTS", end=tokens[i + 2].end))
            i += 3
            continue
        if tokens[i].type in ("COMMA", "SEMI") and out and out[-1].type in ("COMMA", "SEMI"):
            i += 1
            continue
        if tokens[i].type == "REL" and tokens[i].value == "perp" and out and out[-1].value == "perp":
            out[-1] = replace(out[-1], value="indep", end=tokens[i].end)
            i += 1
            continue
        out.append(tokens[i])
        i += 1
    while out and out[-1].type in ("COMMA", "SEMI"):
        out.pop()
    while out and out[0].type in ("COMMA", "SEMI"):
        out.pop(0)
    return out
