"""What can be wrong with a formula before it is right or wrong: each says where, and in words."""


class FormulaError(Exception):
    """A formula that cannot be judged; `start` and `end` are the characters that it is about."""

    verdict = "undecided"

    def __init__(self, message: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, start + 1 if end is None else end


class CannotParse(FormulaError):
    """What stands there is not in the grammar, or could be read in two ways."""

    verdict = "cannot parse"


class UnknownSymbol(FormulaError):
    """A symbol that the notation, or the world, does not have."""

    verdict = "unknown symbol"


class DoesNotConform(FormulaError):
    """Shapes that do not go together; the message names both."""

    verdict = "does not conform"


class Undecided(FormulaError):
    """What cannot be evaluated here, and why: a moment that is not determined, a limit not found, time."""

    verdict = "undecided"


class Undefined(Undecided):
    """A logarithm or root of a negative number, where the numbers drawn make it so."""


class Singular(Undecided):
    """A division by zero, or the inverse of a singular matrix."""


def pointer(source: str, start: int, end: int, width: int = 72) -> str:
    r"""Return the line of the source that holds `start`, with carets under the place.

    >>> print(pointer("a = b + )", 8, 9))
    a = b + )
            ^
    """
    begin = source.rfind("\n", 0, start) + 1
    stop = source.find("\n", start)
    line = source[begin : stop if stop >= 0 else len(source)]
    column, length = start - begin, max(1, min(end - start, len(line) - (start - begin)))
    if len(line) > width:
        cut = max(0, min(column - width // 2, len(line) - width))
        line, column = ("..." if cut else "") + line[cut : cut + width], column - cut + (3 if cut else 0)
        length = min(length, max(1, len(line) - column))
    return f"{line}\n{' ' * column}{'^' * length}"
