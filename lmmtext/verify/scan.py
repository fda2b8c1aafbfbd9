"""The first reading of a formula: TeX's own tokens, each with its place, and which brace closes which."""

from dataclasses import dataclass

from lmmtext.verify.commands import SPACES, TRANSPARENT, WITH_ARGUMENT
from lmmtext.verify.errors import CannotParse

MAX_LENGTH = 8000
MAX_TOKENS = 3000
MAX_BRACES = 60


@dataclass(frozen=True)
class Raw:
    """One token of TeX: a `command` (without its backslash), a `letter`, a `digit`, or another `char`."""

    kind: str
    text: str
    start: int
    end: int

    def is_(self, *texts: str) -> bool:
        """Return whether this is one of these commands or characters."""
        return self.text in texts and self.kind in ("command", "char")


def scan(source: str) -> list[Raw]:
    r"""Return the tokens of a formula, without comments, blanks, dollar signs and sizes.

    Thin and wide spaces are dropped too; who must know of one looks in the source (`spaced`).

    Raises
    ------
    CannotParse
        If it is too long, or holds a character that no formula has.

    >>> [raw.text for raw in scan(r"\hat{\beta}_1 % a comment")]
    ['hat', '{', 'beta', '}', '_', '1']
    """
    if len(source) > MAX_LENGTH:
        raise CannotParse(f"{len(source)} characters are too long for one formula; {MAX_LENGTH} can be read")
    found: list[Raw] = []
    at, size = 0, len(source)
    while at < size:
        char = source[at]
        if char.isspace() or char in "~$":
            at += 1
            continue
        if char == "%":
            end = source.find("\n", at)
            at = size if end < 0 else end
            continue
        start, at = at, at + 1
        if char == "\\":
            while at < size and source[at].isascii() and source[at].isalpha():
                at += 1
            if at == start + 1:
                if at == size:
                    raise CannotParse("a backslash with nothing after it", start)
                at += 1
            elif at < size and source[at] == "*" and source[start + 1 : at] in ("operatorname", "hspace", "tag"):
                at += 1
            name = source[start + 1 : at].rstrip("*") or "*"
            found.append(Raw("command", name, start, at))
        elif char.isascii() and char.isalpha():
            found.append(Raw("letter", char, start, at))
        elif char.isascii() and char.isdigit():
            found.append(Raw("digit", char, start, at))
        elif char in "{}()[]|^_&+-*/=<>,.:;!'":
            found.append(Raw("char", char, start, at))
        else:
            raise CannotParse(f"the character {char!r} has no meaning in a formula", start)
    if len(found) > MAX_TOKENS:
        raise CannotParse(f"{len(found)} tokens are too many for one formula; {MAX_TOKENS} can be read")
    return _without_transparent(found)


def _without_transparent(raws: list[Raw]) -> list[Raw]:
    """Drop spacing and sizes, except `left`, `right` and the like before a bar, which tell its direction."""
    kept: list[Raw] = []
    i = 0
    while i < len(raws):
        raw = raws[i]
        i += 1
        if raw.kind != "command" or raw.text not in TRANSPARENT:
            kept.append(raw)
        elif raw.text in WITH_ARGUMENT:
            i = skip_argument(raws, i)
        elif i < len(raws) and raws[i].is_(".") and raw.text in ("left", "right"):
            i += 1  # an empty delimiter, as where a bracket is broken over two lines
        elif i < len(raws) and raws[i].is_("|", "vert", "Vert") and raw.text not in SPACES:
            kept.append(raw)
    return kept


def skip_argument(raws: list[Raw], i: int) -> int:
    """Return the index after the TeX argument that begins at `i`."""
    if i < len(raws) and raws[i].is_("{"):
        depth = 0
        while i < len(raws):
            depth += raws[i].is_("{") - raws[i].is_("}")
            i += 1
            if depth == 0:
                break
        return i
    return i + 1


def braces(raws: list[Raw]) -> dict[int, int]:
    """Return, for the index of each opening brace, that of its closing brace.

    Raises
    ------
    CannotParse
        If one is not closed, closes nothing, or the nesting is too deep.
    """
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for i, raw in enumerate(raws):
        if raw.is_("{"):
            waiting.append(i)
            if len(waiting) > MAX_BRACES:
                raise CannotParse(f"braces nested deeper than {MAX_BRACES} levels", raw.start, raw.end)
        elif raw.is_("}"):
            if not waiting:
                raise CannotParse("this brace closes nothing", raw.start, raw.end)
            pairs[waiting.pop()] = i
    if waiting:
        raw = raws[waiting[-1]]
        raise CannotParse("this brace is never closed", raw.start, raw.end)
    return pairs


def spaced(source: str, start: int, end: int) -> bool:
    """Return whether a spacing command stands in this part of the source."""
    part = source[start:end]
    return any("\\" + space in part for space in SPACES) or "~" in part
