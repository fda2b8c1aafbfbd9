"""The lower half of the pre-lexer: letters, brackets, bars and scripts.

It decides which bar opens, closes or says "given"; which letter is a function; which exponent is a transpose, an
inverse, a mark or a power. What could be read in two ways is refused.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from lmmtext.verify import commands as c
from lmmtext.verify.errors import CannotParse
from lmmtext.verify.scan import Raw, braces

OPENING = ("(", "[", "{", "lbrace", "lbrack", "lparen")
CLOSING = {"(": ")", "[": "]", "{": "}"}
BRACKETS = {"(": "LPAR", ")": "RPAR", "[": "LSQ", "]": "RSQ", "\\{": "LCURL", "\\}": "RCURL"}
SPELLED = {"lbrace": "\\{", "rbrace": "\\}", "{": "\\{", "}": "\\}", "lbrack": "[", "rbrack": "]", "lparen": "(",
           "rparen": ")"}  # fmt: skip
ENDS_OPERAND = {"LETTER", "NUMBER", "RPAR", "RSQ", "RCURL", "RGROUP", "RBAR", "RNORM", "RANGLE", "TRANSPOSE", "INVERSE",
                "MARK", "SUB_CLOSE", "SUP_CLOSE", "MATRIX_CLOSE", "CASES_CLOSE", "DOTS"}  # fmt: skip
TRANSPOSES = {"T", "top", "intercal", "prime", "'", "t", "H"}
MARKS = {"*": "*", "ast": "*", "star": "*", "+": "+", "-": "-", "dagger": "+", "o": "o", "0": "", "circ": "o"}


@dataclass(frozen=True)
class Tok:
    """A token of the grammar: its type, what it says, and where it stood."""

    type: str
    value: Any
    start: int
    end: int


@dataclass
class _Open:
    """A bracket that waits for its other half."""

    closer: str
    raw: Raw
    conditional: bool = False


def _one_pair_of_brackets(texts: list[str]) -> bool:
    """Return whether one pair of brackets holds all of an exponent: `(k)` does, `(J - 1) (s - 1)` is a product."""
    depth = 0
    for at, text in enumerate(texts):
        depth += (text == "(") - (text == ")")
        if depth == 0:
            return text == ")" and at == len(texts) - 1
    return False


class CharacterReader(ABC):
    """Walks over TeX's tokens once, and writes the grammar's; its commands are read by the class below it."""

    def __init__(self, source: str, raws: list[Raw], words: frozenset[str]) -> None:
        self.source, self.raws, self.words = source, raws, words
        self.pairs = braces(raws)
        self.out: list[Tok] = []
        self.stack: list[_Open] = []
        self.call: str | None = None  # the function whose bracket is to come
        self.after_sim = False
        self.integrals = 0
        self.dvars = 0  # > 0 inside the lower part of a derivative

    # -- small helpers --------------------------------------------------------------------------------------------

    def emit(self, kind: str, value: Any, first: Raw, last: Raw | None = None) -> None:
        """Write one token that stood from `first` to `last`."""
        self.out.append(Tok(kind, value, first.start, (last or first).end))

    def fail(self, message: str, raw: Raw) -> CannotParse:
        """Return the error that points at a token."""
        return CannotParse(message, raw.start, raw.end)

    def operand_before(self) -> bool:
        """Return whether what was written last ends an operand."""
        return bool(self.out) and self.out[-1].type in ENDS_OPERAND

    def argument(self, i: int, after: Raw) -> tuple[int, int, int]:
        """Return where the TeX argument at `i` begins and ends, without its braces, and the index after it."""
        if i >= len(self.raws):
            raise self.fail(f"{self.source[after.start : after.end]!r} needs something after it", after)
        raw = self.raws[i]
        if raw.is_("{"):
            return i + 1, self.pairs[i], self.pairs[i] + 1
        if raw.kind == "command" and (raw.text in c.FONTS or raw.text in c.ACCENTS):
            end = self.argument(i + 1, raw)[2]
            return i, end, end
        if raw.is_("}", "&", "\\", "^", "_"):
            raise self.fail(f"{self.source[after.start : after.end]!r} needs something after it", after)
        return i, i + 1, i + 1

    def after_subscripts(self, i: int) -> int:
        """Return the index after the subscripts at `i`."""
        while i + 1 < len(self.raws) and self.raws[i].is_("_"):
            i = self.argument(i + 1, self.raws[i])[2]
        return i

    def opening(self, i: int) -> int | None:
        """Return the index of the bracket that opens at `i` after subscripts, or None."""
        i = self.after_subscripts(i)
        if i >= len(self.raws):
            return None
        raw = self.raws[i]
        opens = raw.is_("(", "[") or (raw.kind == "command" and raw.text in OPENING)
        return i if opens else None

    def closing(self, i: int) -> int:
        """Return the index of the bracket that closes the one at `i` (the end, if none does)."""
        depth = 0
        for j in range(i, len(self.raws)):
            raw = self.raws[j]
            if raw.is_("(", "[") or (raw.kind == "command" and raw.text in ("{", "lbrace", "lbrack", "lparen")):
                depth += 1
            elif raw.is_(")", "]") or (raw.kind == "command" and raw.text in ("}", "rbrace", "rbrack", "rparen")):
                depth -= 1
                if depth == 0:
                    return j
        return len(self.raws)

    def plain(self, a: int, b: int) -> list[str]:
        """Return the texts of a range without fonts and braces."""
        return [r.text for r in self.raws[a:b] if not (r.is_("{", "}") and r.kind == "char") and r.text not in c.FONTS]

    # -- the walk -------------------------------------------------------------------------------------------------

    def run(self, i: int, stop: int, font: str, *, sub: bool = False) -> None:
        """Write the tokens for the range [i, stop)."""
        while i < stop:
            raw = self.raws[i]
            if raw.kind == "command" and raw.text in ("bf", "rm", "it"):
                font, i = c.FONTS[raw.text], i + 1
            elif raw.kind == "letter":
                i = self.letter(i, stop, font)
            elif raw.kind == "digit":
                i = self.number(i, stop, font)
            elif raw.kind == "char":
                i = self.char(i, stop, font, sub)
            else:
                i = self.command(i, stop, font, sub)

    def number(self, i: int, stop: int, font: str) -> int:
        """Write the digits at `i` as one number; return the index after it."""
        first = self.raws[i]
        text = first.text
        i += 1
        while i < stop and self.raws[i].start == self.raws[i - 1].end:
            raw = self.raws[i]
            point = raw.is_(".") and "." not in text and i + 1 < stop and self.raws[i + 1].kind == "digit"
            if raw.kind != "digit" and not (point and self.raws[i + 1].start == raw.end):
                break
            text += raw.text
            i += 1
        last = self.raws[i - 1]
        if len(text) > 30:
            raise CannotParse(f"a number of {len(text)} digits; 30 can be read", first.start, last.end)
        if font in ("bold", "double") and text in ("0", "1"):
            self.emit("LETTER", (text, "bold"), first, last)
        else:
            self.emit("NUMBER", text, first, last)
        return i

    def letter(self, i: int, stop: int, font: str) -> int:
        """Write the letter at `i`, or the word it begins; return the index after it."""
        raw = self.raws[i]
        if font == "":
            j, word = i, ""
            while j < stop and self.raws[j].kind == "letter" and (j == i or self.raws[j].start == self.raws[j - 1].end):
                word, j = word + self.raws[j].text, j + 1
            if word in c.PLAIN_WORDS and self.opening(j) is not None:
                return self.function(c.FUNCTIONS[word], raw, self.raws[j - 1], j, stop)
            if len(word) > 2 and word.isupper() and word in self.words:  # SSE is no product of three letters
                self.emit("LETTER", (word, "roman"), raw, self.raws[j - 1])
                return j
            if joined := self.sum_of_squares(word, j):
                self.emit("LETTER", (joined[0], "roman"), raw, self.raws[joined[1] - 1])
                return joined[1]
            if raw.text == "d" and i + 1 < stop and self.raws[i + 1].kind in ("letter", "command"):
                if self.dvars:
                    self.emit("DVAR", "d", raw)
                    return i + 1
                if self.integrals:
                    self.integrals -= 1
                    self.emit("DIFF", "d", raw)
                    return i + 1
        return self.symbol(raw.text, font, raw, raw, i + 1, stop)

    def sum_of_squares(self, word: str, i: int) -> tuple[str, int] | None:
        """Return SSA for SS_A (and so on, as far as they are symbols), with the index after it; else None."""
        if word not in ("SS", "MS") or i + 1 >= len(self.raws) or not self.raws[i].is_("_"):
            return None
        a, b, after = self.argument(i + 1, self.raws[i])
        joined = word + "".join(self.plain(a, b))
        return (joined, after) if joined in self.words and not joined.endswith("T") else None

    def symbol(self, name: str, font: str, first: Raw, last: Raw, i: int, stop: int) -> int:
        """Write a letter, as a function if a bracket of arguments follows; return the index after it."""
        opened = self.opening(i)
        known = c.LETTER_FUNCTIONS.get((name, font))
        if opened is not None and opened < stop:
            if known:
                return self.function(known, first, last, i, stop)
            if self.after_sim and name in c.LAWS:
                return self.function(c.LAWS[name], first, last, i, stop)
            if name == "N" and self.several(opened):
                return self.function("N", first, last, i, stop)
            if font != "bold" and self.is_argument(opened):
                return self.function(name, first, last, i, stop)
        elif known in ("E", "Var") and font in ("double", "roman") and i < stop and self.begins_operand(i):
            self.emit("FUNC", (known, ()), first, last)  # of an operator without brackets, as in log x
            return i
        self.after_sim = False
        self.emit("LETTER", (name, font), first, last)
        return i

    def begins_operand(self, i: int) -> bool:
        """Return whether a symbol stands at `i`, with its font or accent perhaps, or a bar."""
        raw = self.raws[i]
        if raw.kind == "letter":
            return True
        wears = raw.text in c.FONTS or raw.text in c.ACCENTS or raw.text in c.GREEK or raw.text in c.VARIANTS
        return raw.kind == "command" and wears

    def function(self, name: str, first: Raw, last: Raw, i: int, stop: int, accents: tuple[str, ...] = ()) -> int:
        """Write a function: CALL if a bracket follows (after subscripts), FUNC if its argument stands bare."""
        opened = self.opening(i)
        self.after_sim = False
        if opened is None or opened >= stop:
            self.emit("FUNC", (name, accents), first, last)
            return i
        if name == "log":
            after = self.closing(opened) + 1
            if after < stop and self.raws[after].is_("^"):
                raise self.fail(
                    "is this a power of the logarithm, or of its argument? Write one more bracket", self.raws[after]
                )
        self.emit("CALL", (name, accents), first, last)
        while i < opened:
            i = self.script(i)
        self.call = name
        return i

    def several(self, opened: int) -> bool:
        """Return whether a comma, or a bar by itself, stands directly in the bracket that opens there."""
        depth, bars = 0, 0
        for raw in self.raws[opened : self.closing(opened)]:
            depth += raw.is_("(", "[", "{", "lbrace") - raw.is_(")", "]", "}", "rbrace")
            if depth == 1 and (raw.is_(",", "mid") or (raw.is_(";"))):
                return True
            bars += depth == 1 and raw.is_("|", "vert")
        return bars % 2 == 1

    def is_argument(self, opened: int) -> bool:
        """Return whether the bracket that opens there cannot be a factor: a comma, a bar, or one symbol alone."""
        if self.several(opened):
            return True
        if not self.raws[opened].is_("("):
            return False
        i, end = opened + 1, self.closing(opened)
        while (
            i < end
            and self.raws[i].kind == "command"
            and (self.raws[i].text in c.FONTS or self.raws[i].text in c.ACCENTS)
        ):
            i += 1
        if i >= end:
            return False
        raw = self.raws[i]
        greek = raw.kind == "command" and (raw.text in c.GREEK or raw.text in c.VARIANTS)
        if raw.is_("{") and i in self.pairs:
            inner = [t for t in self.plain(i + 1, self.pairs[i]) if t not in c.ACCENTS]
            if len(inner) != 1:
                return False
            i = self.pairs[i] + 1
        elif raw.kind == "letter" or greek:
            i += 1
        else:
            return False
        while i < end and self.raws[i].is_("_", "^"):
            i = self.argument(i + 1, self.raws[i])[2]
        while i < end and self.raws[i].is_("'"):
            i += 1
        return i == end

    # -- characters -----------------------------------------------------------------------------------------------

    def char(self, i: int, stop: int, font: str, sub: bool) -> int:
        """Write what a character stands for; return the index after it."""
        raw = self.raws[i]
        text = raw.text
        if text == "{":
            if self.pairs[i] > i + 1:
                self.emit("LGROUP", "{", raw)
                self.run(i + 1, self.pairs[i], font, sub=sub)
                self.emit("RGROUP", "}", self.raws[self.pairs[i]])
            return self.pairs[i] + 1
        if text in "^_":
            return self.script(i)
        if text in BRACKETS:
            self.bracket(text, raw)
        elif text == "'":
            self.emit("TRANSPOSE", "'", raw)
        elif text == "|":
            return self.bar(i, stop, sub)
        elif text in "+-":
            self.emit("PLUS" if text == "+" else "MINUS", text, raw)
        elif text == "*":
            self.emit("LETTER", ("*", ""), raw) if sub else self.emit("CDOT", "cdot", raw)
        elif text == "/":
            self.emit("SLASH", "/", raw)
        elif text in "=<>":
            self.emit("REL", c.RELATIONS[text], raw)
        elif text == ",":
            self.emit("COMMA", ",", raw)
        elif text == ";":
            self.emit("COMMA", ",", raw)
        elif text == "&":
            self.emit("AMP", "&", raw)
        elif text == ":" and i + 1 < stop and self.raws[i + 1].is_("="):
            self.emit("REL", ":=", raw, self.raws[i + 1])
            return i + 2
        elif text == ":" and sub:
            self.emit("DOTS", "colon", raw)
        elif text == "." and sub:
            self.emit("DOTS", "dot", raw)
        elif text == "." and all(r.is_(".", ",", "end", "}") for r in self.raws[i:]):
            pass  # the full stop at the end of a sentence
        else:
            raise self.fail(f"{text!r} cannot stand here", raw)
        return i + 1

    def bracket(self, text: str, raw: Raw) -> None:
        """Write a bracket, held to its other half."""
        kind = BRACKETS[text]
        if kind.startswith("L"):
            self.stack.append(_Open("R" + kind[1:], raw, self.call in c.CONDITIONAL))
            self.call = None
        else:
            if not self.stack:
                raise self.fail(f"this {text!r} closes nothing", raw)
            opened = self.stack.pop()
            if opened.closer != kind:
                there = self.source[opened.raw.start : opened.raw.end]
                raise self.fail(f"this {text!r} cannot close the {there!r} before it", raw)
        self.emit(kind, text, raw)

    def bar(self, i: int, stop: int, sub: bool) -> int:
        """Write `|`: it closes if one is open here, says "given" after an operand where it can, else opens."""
        raw = self.raws[i]
        before = self.operand_before()
        top = self.stack[-1].closer if self.stack else ""
        double = i + 1 < stop and self.raws[i + 1].is_("|") and self.raws[i + 1].start == raw.end
        if double and ((top == "RNORM" and before) or (not before and top != "RBAR")):
            self.delimiter("NORM", top == "RNORM" and before, raw)
            return i + 2
        if top == "RBAR" and before:
            self.delimiter("BAR", True, raw)
        elif before and (sub or (self.stack and self.stack[-1].conditional) or (not self.stack and self.told(i))):
            self.emit("GIVEN", "|", raw)
        else:
            self.delimiter("BAR", False, raw)
        return i + 1

    def told(self, i: int) -> bool:
        """Return whether a bar outside all brackets says "given": a law follows, and no other bar before it."""
        for raw in self.raws[i + 1 :]:
            if raw.is_("sim", "stackrel", "overset", "perp"):
                return True
            if raw.is_("|", "\\", "="):
                return False
        return False

    def delimiter(self, kind: str, closes: bool, raw: Raw) -> None:
        """Open or close a pair of bars."""
        if closes:
            if not self.stack or self.stack[-1].closer != "R" + kind:
                raise self.fail("this bar closes nothing", raw)
            self.stack.pop()
            self.emit("R" + kind, "|", raw)
        else:
            self.stack.append(_Open("R" + kind, raw))
            self.emit("L" + kind, "|", raw)

    # -- scripts --------------------------------------------------------------------------------------------------

    def script(self, i: int) -> int:
        """Write a subscript or superscript; return the index after it."""
        raw = self.raws[i]
        a, b, after = self.argument(i + 1, raw)
        last = self.raws[after - 1]
        if raw.is_("_"):
            self.emit("SUB_OPEN", "_", raw)
            if a == b:
                raise self.fail("an empty subscript", raw)
            if (
                b == a + 1
                and self.raws[a].is_("+")
                and len(self.out) > 1
                and self.out[-2].type in ("RPAR", "RSQ", "RCURL")
            ):
                self.out.pop()
                self.emit("MARK", "_+", raw, last)
                return after
            held, self.stack, call, self.call = self.stack, [], self.call, None
            self.run(a, b, "", sub=True)
            if self.stack:
                raise self.fail("a bracket in the subscript is never closed", self.stack[-1].raw)
            self.stack, self.call = held, call
            self.emit("SUB_CLOSE", "", last)
            return after
        texts = self.plain(a, b)
        if not texts:
            raise self.fail("an empty exponent", raw)
        if not self.over_big() and self.decoration(texts, raw, last):
            return after
        self.emit("SUP_OPEN", "^", raw)
        held, self.stack, call, self.call = self.stack, [], self.call, None
        self.run(a, b, "")
        if self.stack:
            raise self.fail("a bracket in the exponent is never closed", self.stack[-1].raw)
        self.stack, self.call = held, call
        self.emit("SUP_CLOSE", "", last)
        return after

    def over_big(self) -> bool:
        """Return whether the script about to be written is the upper bound of a sum or the like."""
        k = len(self.out) - 1
        if k >= 0 and self.out[k].type == "SUB_CLOSE":
            depth = 0
            while k >= 0:
                depth += (self.out[k].type == "SUB_CLOSE") - (self.out[k].type == "SUB_OPEN")
                k -= 1
                if depth == 0:
                    break
        return k >= 0 and self.out[k].type in ("BIG", "INT", "OPT", "LIM")

    def decoration(self, texts: list[str], raw: Raw, last: Raw) -> bool:
        """Write an exponent that is no power: transposes, inverse, marks; return whether it was one."""
        rest = list(texts)
        if _one_pair_of_brackets(rest):
            if self.out and self.out[-1].type not in ("LETTER", "SUB_CLOSE", "RGROUP"):
                raise CannotParse(
                    "is this an index in brackets, or a power? For a power leave the brackets out", raw.start, last.end
                )
            self.emit("MARK", "".join(rest), raw, last)
            return True
        written: list[tuple[str, str]] = []
        if rest[:2] == ["-", "1"]:
            written, rest = [("INVERSE", "-1")], rest[2:]
        elif rest[0] == "-" and len(rest) == 2 and rest[1] in TRANSPOSES:
            written, rest = [("INVERSE", "-1")], rest[1:]
        elif rest[0] in MARKS and MARKS[rest[0]] and (len(rest) == 1 or all(t in TRANSPOSES for t in rest[1:])):
            written, rest = [("MARK", MARKS[rest[0]])], rest[1:]
        elif len(rest) > 1 and all(t.isalpha() and len(t) == 1 for t in rest) and self.word_in(raw, last):
            written, rest = [("MARK", "".join(rest))], []
        if not all(t in TRANSPOSES for t in rest) or not (written or rest):
            return False
        for kind, value in written + [("TRANSPOSE", "T")] * len(rest):
            self.emit(kind, value, raw, last)
        return True

    def word_in(self, raw: Raw, last: Raw) -> bool:
        """Return whether words, and not letters, were set in this exponent."""
        return any("\\" + t + "{" in self.source[raw.start : last.end] for t in c.TEXTS if t != "mathbf")

    @abstractmethod
    def command(self, i: int, stop: int, font: str, sub: bool) -> int:
        """Write what a command stands for; return the index after it."""
