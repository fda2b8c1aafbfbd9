"""Mixed-model formulas: `y ~ x + (x | g)` taken apart into its fixed part and its random terms.

The fixed part and the expressions left of a bar are handed on to formulaic; what is read here is only
what formulaic does not know: `(expr | g)`, `(expr || g)`, and the grouping factors `g`, `a:b`, `a/b`.
"""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

NAME = r"`[^`]+`|[^\W\d][\w.]*"
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<name>{NAME})|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?)"
    r"|(?P<string>'[^']*'|\"[^\"]*\")|(?P<bars>\|\|)|(?P<other>.)"
)
_CLOSES = {"(": ")", "[": "]", "{": "}"}


class FormulaError(ValueError):
    """A formula that cannot be read; the message shows the place."""

    def __init__(self, message: str, text: str, place: int) -> None:
        super().__init__(f"{message}\n    {text}\n    {' ' * place}^")


@dataclass(frozen=True)
class RandomTerm:
    """One term `(expr | group)`: `group` as lme4 names it, `factors` the columns that it crosses.

    Nested groups written as one term share their `place`, where it stood in the formula.
    """

    expr: str
    group: str
    factors: tuple[str, ...]
    correlated: bool = True
    place: int = 0


@dataclass(frozen=True)
class Formula:
    """A mixed-model formula: response, fixed part, random terms (nested groups already expanded).

    >>> f = parse("strength ~ 1 + (1 | batch/cask)")
    >>> f.response, f.fixed
    ('strength', '1')
    >>> [(t.expr, t.group) for t in f.random]
    [('1', 'cask:batch'), ('1', 'batch')]
    """

    text: str
    response: str
    fixed: str
    random: tuple[RandomTerm, ...]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def parse(text: str) -> Formula:
    """Read a mixed-model formula in lme4's notation.

    Raises FormulaError (a ValueError) that shows the place, and says what could stand there.

    >>> parse("y ~ x + (x || g)").random
    (RandomTerm(expr='x', group='g', factors=('g',), correlated=False, place=8),)
    >>> parse("y ~ x + (x | g")
    Traceback (most recent call last):
    ...
    lmmtext.formula.FormulaError: this '(' is never closed
        y ~ x + (x | g
                ^
    """
    if not isinstance(text, str):
        raise TypeError(f"the formula must be a string such as 'y ~ x + (x | g)', got {type(text).__name__}.")
    return _parse(" ".join(text.splitlines()))


@lru_cache(maxsize=256)
def _parse(text: str) -> Formula:
    tokens = list(_scan(text))
    tildes = [k for k, depth, t in _with_depth(tokens, text) if t.text == "~" and depth == 0]
    if len(tildes) != 1:
        place = tokens[tildes[1]].place if tildes else len(text.rstrip())
        raise FormulaError("a formula has one '~', between the response and the model", text, place)
    left, right = tokens[: tildes[0]], tokens[tildes[0] + 1 :]
    if not left:
        raise FormulaError("the response is missing to the left of '~'", text, tokens[tildes[0]].place)
    if not right:
        raise FormulaError("the model is missing to the right of '~'", text, len(text.rstrip()))
    fixed, random = [], []
    for sign, chunk in _summands(right, text):
        term = _random_term(chunk, text)
        if term is None:
            fixed.append(sign + _text(chunk))
        elif sign == "- ":
            raise FormulaError("a random term cannot be subtracted; leave it out", text, chunk[0].place)
        else:
            random.extend(term)
    return Formula(text.strip(), _text(left), " ".join(fixed).removeprefix("+ ") or "1", tuple(random))


def names(expr: str) -> tuple[list[str], list[str]]:
    """Return the names that an expression uses: those that stand free, and those inside function calls.

    >>> names("log(x) + `my col`:a")
    (['my col', 'a'], ['x'])
    """
    tokens = list(_scan(expr))
    free: list[str] = []
    inside: list[str] = []
    calls: list[bool] = []
    for k, token in enumerate(tokens):
        after = tokens[k + 1].text if k + 1 < len(tokens) else ""
        if token.text == "(":
            calls.append(k > 0 and tokens[k - 1].kind == "name")
        elif token.text == ")" and calls:
            calls.pop()
        elif token.kind == "name" and after not in ("(", "="):
            (inside if any(calls) else free).append(token.text.strip("`"))
    return free, inside


@lru_cache(maxsize=256)
def summands(expr: str) -> tuple[bool, tuple[str, ...]] | None:
    """Return whether a plain sum of names has an intercept, and its names; None if the expression is anything else.

    >>> summands("x + `my col`"), summands("0 + x"), summands("x*z")
    ((True, ('x', 'my col')), (False, ('x',)), None)
    """
    tokens = list(_scan(expr))
    signs, terms = tokens[1::2], tokens[0::2]
    if len(terms) != len(signs) + 1 or any(
        s.text != "+" and (s.text != "-" or t.text != "1") for s, t in zip(signs, terms[1:], strict=True)
    ):
        return None
    numbers = [t.text for t in terms if t.kind == "number"]
    found = [t.text.strip("`") for t in terms if t.kind == "name"]
    if len(numbers) + len(found) < len(terms) or len(numbers) > 1 or not set(numbers) <= {"0", "1"}:
        return None
    without = numbers == ["0"] or any(s.text == "-" for s in signs)
    return not without, tuple(dict.fromkeys(found))


def bit_operators(expr: str) -> list[str]:
    """Return the operators inside function calls that Python would read bit by bit, and R would not.

    >>> bit_operators("x^2 + I(x^2) + log(1 + x)")
    ['^']
    """
    calls, found, before = [], [], ""
    for token in _scan(expr):
        if token.text == "(":
            calls.append(before == "name")
        elif token.text == ")" and calls:
            calls.pop()
        elif any(calls) and token.text in ("^", "&", "|"):
            found.append(token.text)
        before = token.kind
    return found


def quoted(expr: str, columns: set[str]) -> str:
    """Return `expr` with the column names that formulaic would take for Python set between backticks.

    >>> quoted("lambda + total.fruits + log(x)", {"lambda", "total.fruits", "x"})
    '`lambda` + `total.fruits` + log(x)'
    """

    def quote(token: _Token) -> str:
        awkward = "." in token.text or keyword.iskeyword(token.text)
        return f"`{token.text}`" if token.kind == "name" and token.text in columns and awkward else token.text

    return "".join(quote(t) for t in _scan(expr, spaces=True))


def _scan(text: str, spaces: bool = False) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "other" and match.group() in "'\"`":
            raise FormulaError("this quotation mark is never closed", text, match.start())
        if spaces or kind != "space":
            yield _Token(kind, match.group(), match.start())


def _with_depth(tokens: list[_Token], text: str) -> Iterator[tuple[int, int, _Token]]:
    """Each token with its index and the number of brackets open around it (brackets count as outside)."""
    open_: list[_Token] = []
    for k, token in enumerate(tokens):
        if token.text in _CLOSES.values():
            if not open_ or _CLOSES[open_.pop().text] != token.text:
                raise FormulaError(f"this {token.text!r} closes nothing", text, token.place)
        yield k, len(open_), token
        if token.text in _CLOSES:
            open_.append(token)
    if open_:
        raise FormulaError(f"this {open_[-1].text!r} is never closed", text, open_[-1].place)


def _summands(tokens: list[_Token], text: str) -> Iterator[tuple[str, list[_Token]]]:
    """The parts between `+` and `-` outside all brackets, each with its sign."""
    sign, place = "+ ", tokens[0].place
    chunk: list[_Token] = []
    for k, depth, token in _with_depth(tokens, text):
        if depth == 0 and token.text in ("+", "-"):
            if chunk:
                yield sign, chunk
            elif k:
                raise FormulaError("a term is missing before this sign", text, token.place)
            sign, chunk, place = token.text + " ", [], token.place
        else:
            chunk.append(token)
    if not chunk:
        raise FormulaError("a term is missing after this sign", text, place)
    yield sign, chunk


def _random_term(chunk: list[_Token], text: str) -> list[RandomTerm] | None:
    """The random terms that a summand stands for, or None if it belongs to the fixed part."""
    bars = [t for t in chunk if t.text in ("|", "||")]
    if not bars:
        return None
    depths = {depth for _, depth, t in _with_depth(chunk, text) if t.text in ("|", "||")}
    if chunk[0].text != "(" or chunk[-1].text != ")" or depths != {1}:
        raise FormulaError("a random term stands alone in brackets, as in (x | g)", text, bars[0].place)
    if len(bars) > 1:
        raise FormulaError("a random term has one bar, '|' or '||'", text, bars[1].place)
    k = chunk.index(bars[0])
    expr, group = chunk[1:k], chunk[k + 1 : -1]
    if not expr:
        raise FormulaError(
            "coefficients are missing before the bar; an intercept is written (1 | g)", text, bars[0].place
        )
    if not group:
        raise FormulaError("a grouping factor is missing after the bar, as in (x | g)", text, chunk[-1].place)
    correlated = bars[0].text == "|"
    place = chunk[0].place
    return [RandomTerm(_text(expr), name, factors, correlated, place) for name, factors in _groups(group, text)]


def _groups(tokens: list[_Token], text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The grouping factors that `a`, `a:b` or `a/b/c` stand for, innermost first, named as lme4 does."""
    levels: list[list[str]] = [[]]
    expects_name = True
    for token in tokens:
        if token.text in "()" and token.kind == "other":
            continue
        if (token.kind == "name") != expects_name or (not expects_name and token.text not in (":", "/")):
            raise FormulaError("grouping factors are names joined by ':' or '/', as in (1 | a/b)", text, token.place)
        if token.kind == "name":
            levels[-1].append(token.text.strip("`"))
        elif token.text == "/":
            levels.append([])
        expects_name = not expects_name
    if expects_name:
        raise FormulaError("a grouping factor is missing here", text, tokens[-1].place + 1)
    out: list[tuple[str, tuple[str, ...]]] = []
    for level in levels:
        name, factors = ":".join(level), tuple(level)
        if out:
            outer, outer_factors = out[0]
            name += f":({outer})" if ":" in outer else f":{outer}"
            factors += outer_factors
        out.insert(0, (name, factors))
    return out


def _text(tokens: list[_Token]) -> str:
    """The tokens as text, with the spacing of the house."""
    out = ""
    for token in tokens:
        spaced = token.text in ("+", "-", "*", "~", "%in%", "==")
        out += f" {token.text} " if spaced else token.text + (" " if token.text == "," else "")
    return out.replace("*  *", "**").strip()
