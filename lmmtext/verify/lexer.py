"""The pre-lexer: what TeX leaves to the reader's eye is settled here, token by token, with places kept.

This upper half reads the commands: fonts, accents, fractions and derivatives, sums, limits, optima, environments.
"""

from lmmtext.verify import commands as c
from lmmtext.verify.characters import SPELLED, CharacterReader, Tok
from lmmtext.verify.errors import CannotParse
from lmmtext.verify.rows import settle
from lmmtext.verify.scan import Raw, scan

SIMPLE = {"mid": ("GIVEN", "|"), "partial": ("PARTIAL", "d"), "infty": ("LETTER", ("infty", "")),
          "nabla": ("LETTER", ("nabla", "")), "langle": ("LANGLE", "<"), "rangle": ("RANGLE", ">"),
          "lim": ("LIM", "lim"), "\\": ("BREAK", "")}  # fmt: skip
QUALIFIERS = {"iid": "iid", "ind": "ind", "indep": "ind", "independent": "ind", "independently": "ind", "d": "d"}


def lex(source: str, words: frozenset[str] = frozenset()) -> list[Tok]:
    r"""Return the tokens of a formula; `words` are the symbols of several letters, which are no functions.

    Raises
    ------
    CannotParse
        At the place where brackets do not match, or something can be read in two ways.

    >>> [t.type for t in lex(r"\mathbf{X}^\top|V|^{-1}")]
    ['LETTER', 'TRANSPOSE', 'LBAR', 'LETTER', 'RBAR', 'INVERSE']
    """
    reader = Reader(source, scan(source), words)
    reader.run(0, len(reader.raws), "")
    if reader.stack:
        raw = reader.stack[-1].raw
        raise CannotParse(f"this {reader.source[raw.start : raw.end]!r} is never closed", raw.start, raw.end)
    if reader.environments:
        name, raw = reader.environments[-1]
        raise CannotParse(f"this {name!r} is never ended", raw.start, raw.end)
    return settle(reader.out)


class Reader(CharacterReader):
    """Reads commands, and leaves the rest to the class above."""

    def __init__(self, source: str, raws: list[Raw], words: frozenset[str]) -> None:
        super().__init__(source, raws, words)
        self.environments: list[tuple[str, Raw]] = []

    def command(self, i: int, stop: int, font: str, sub: bool) -> int:
        """Write what the command at `i` stands for; return the index after it."""
        raw = self.raws[i]
        name = raw.text
        if name in c.GREEK or name in c.VARIANTS:
            return self.greek(i, stop, font)
        if name in c.FONTS:
            return self.font(i, stop, font, sub)
        if name in SIMPLE:
            self.emit(*SIMPLE[name], raw)
        elif name in c.DOTS:
            self.emit("DOTS", name, raw)
        elif name == "cdot":
            self.dot(i, stop, sub)
        elif name in c.OPERATORS:
            self.emit(c.OPERATORS[name], c.TENSORS.get(name, name), raw)
        elif name in c.RELATIONS:
            self.emit("REL", c.RELATIONS[name], raw)
        elif name in c.IMPLICATIONS:
            self.emit("IMPLIES", c.IMPLICATIONS[name], raw)
        elif name in SPELLED:
            self.bracket(SPELLED[name], raw)
        elif name in c.LEFT_SIZES | c.RIGHT_SIZES | {"vert", "lvert", "rvert", "Vert", "|", "lVert", "rVert"}:
            return self.sized_bar(i, stop, sub)
        elif name in c.ACCENTS:
            return self.accent(i, stop, font, sub)
        elif name in c.FUNCTIONS and name != "sqrt":
            return self.function(c.FUNCTIONS[name], raw, raw, i + 1, stop)
        elif name in c.OPTIMA or name == "arg":
            return self.optimum(i, stop)
        elif name in c.BIG:
            self.emit("BIG", c.BIG[name], raw)
        elif name == "int":
            self.emit("INT", name, raw)
            self.integrals += 1
        else:
            return self.structure(i, stop, font, sub)
        return i + 1

    def structure(self, i: int, stop: int, font: str, sub: bool) -> int:
        """Write fractions, roots, laws' tildes, and environments."""
        raw = self.raws[i]
        if raw.text in ("frac", "tfrac", "dfrac", "cfrac"):
            return self.fraction(i, font)
        if raw.text == "sqrt":
            if i + 1 < stop and self.raws[i + 1].is_("["):
                raise self.fail("only square roots are read; write a power for another root", raw)
            a, b, after = self.argument(i + 1, raw)
            self.emit("SQRT", "sqrt", raw)
            self.group(a, b, font)
            return after
        if raw.text == "sim":
            return self.sim(i, "", raw)
        if raw.text in ("stackrel", "overset", "underset"):
            return self.stacked(i, stop)
        if raw.text == "not":
            if i + 1 < stop and self.raws[i + 1].is_("="):
                self.emit("REL", "!=", raw, self.raws[i + 1])
                return i + 2
            raise self.fail("\\not is read before = only", raw)
        if raw.text == "begin":
            return self.begin(i)
        if raw.text == "end":
            return self.end(i)
        raise self.fail(f"the command \\{raw.text} is not known here", raw)

    # -- letters and words ----------------------------------------------------------------------------------------

    def greek(self, i: int, stop: int, font: str) -> int:
        """Write a Greek letter; chi squared is one name."""
        raw = self.raws[i]
        name = c.VARIANTS.get(raw.text, raw.text)
        if name == "chi" and i + 1 < stop and self.raws[i + 1].is_("^"):
            a, b, after = self.argument(i + 2, raw)
            if self.plain(a, b) == ["2"]:
                if self.opening(after) is not None:
                    return self.function("chi2", raw, self.raws[after - 1], after, stop)
                self.emit("LETTER", ("chi2", ""), raw, self.raws[after - 1])
                return after
        return self.symbol(name, font, raw, raw, i + 1, stop)

    def font(self, i: int, stop: int, outer: str, sub: bool) -> int:
        """Write the argument of a font, as one word where the font makes words."""
        raw = self.raws[i]
        a, b, after = self.argument(i + 1, raw)
        font = c.FONTS[raw.text] or outer
        word = self.word(a, b)
        if word is not None and (joined := self.sum_of_squares(word, after)):
            self.emit("LETTER", (joined[0], "roman"), raw, self.raws[joined[1] - 1])
            return joined[1]
        last = self.raws[after - 1]
        makes_word = raw.text in c.TEXTS and raw.text not in ("mathbf", "textbf", "mathit")
        if word is not None and len(word) > 1 and (makes_word or self.is_name(word)):
            return self.named(word, raw, last, after, stop)
        if word is not None and len(word) == 1:
            letter = self.raws[a] if self.raws[a].kind == "letter" else None
            if letter and word == "d" and font == "roman" and (self.integrals or self.dvars):
                self.emit("DVAR" if self.dvars else "DIFF", "d", raw, last)
                self.integrals -= not self.dvars
                return after
            if letter:
                return self.symbol(word, font, raw, last, after, stop)
        if a < b and word is None and raw.text in ("text", "textrm", "mbox"):
            return self.named(self.source[self.raws[a].start : self.raws[b - 1].end], raw, last, after, stop)
        opened = self.opening(after)
        if (
            b == a + 1
            and opened is not None
            and opened < stop
            and self.raws[a].kind == "command"
            and (self.raws[a].text in c.GREEK or self.raws[a].text in c.VARIANTS)
        ):
            return self.symbol(c.VARIANTS.get(self.raws[a].text, self.raws[a].text), font, raw, last, after, stop)
        self.run(a, b, font, sub=sub)
        return after

    def word(self, a: int, b: int) -> str | None:
        """Return the letters of a range as one word; None if it holds anything else."""
        parts = [r for r in self.raws[a:b] if not r.is_(".", "-")]
        return "".join(r.text for r in parts) if parts and all(r.kind == "letter" for r in parts) else None

    def is_name(self, word: str) -> bool:
        """Return whether a word is a symbol or a function, in whatever font."""
        return word in self.words or word in c.FUNCTIONS or (self.after_sim and word in c.LAWS)

    def named(self, word: str, first: Raw, last: Raw, i: int, stop: int) -> int:
        """Write a word: a connective, a function, an optimum, a law's qualifier, or a symbol of several letters."""
        inside = " ".join(self.source[first.start : last.end].partition("{")[2].rstrip("}").split())
        spelled = inside or word
        bare = (inside if " " in inside else word).strip(" .,").lower()
        if bare in c.QUANTIFIERS:
            raise CannotParse(f"a claim is about all values anyway: leave {spelled!r} out", first.start, last.end)
        if self.after_sim and bare.replace(".", "").replace(" ", "") in QUALIFIERS:
            old = self.out.pop()
            self.out.append(
                Tok(old.type, "~" + QUALIFIERS[bare.replace(".", "").replace(" ", "")], old.start, last.end)
            )
            return i
        if bare in c.IF_WORDS:
            self.emit("IF", bare, first, last)
        elif bare in c.OTHERWISE:
            self.emit("OTHERWISE", bare, first, last)
        elif bare in c.AND_WORDS:
            self.emit("COMMA", bare, first, last)
        elif word in c.OPTIMA:
            return self.optimum_named(c.OPTIMA[word], first, last, i, stop)
        elif word in c.FUNCTIONS:
            return self.function(c.FUNCTIONS[word], first, last, i, stop)
        elif self.after_sim and word in c.LAWS:
            return self.function(c.LAWS[word], first, last, i, stop)
        elif word.isalpha() and word not in self.words and self.opening(i) is not None and self.opening(i) < stop:  # type: ignore[operator]
            return self.function(c.LAWS.get(word, word), first, last, i, stop)
        elif not word.isalpha() or (" " in inside and word not in self.words):
            raise CannotParse(f"the words {spelled!r} are not part of a formula", first.start, last.end)
        else:
            self.after_sim = False
            self.emit("LETTER", (word, "roman"), first, last)
        return i

    def accent(self, i: int, stop: int, font: str, sub: bool) -> int:
        """Write an accent over a symbol, or the name of a function that wears one."""
        raw = self.raws[i]
        a, b, after = self.argument(i + 1, raw)
        opened = self.opening(after)
        if opened is not None and opened < stop:
            texts = self.plain(a, b)
            word = "".join(texts)
            name = c.FUNCTIONS.get(word) or (c.LETTER_FUNCTIONS.get((word, "")) if len(texts) == 1 else None)
            if name:
                return self.function(name, raw, self.raws[after - 1], after, stop, (c.ACCENTS[raw.text],))
        self.emit("ACCENT", c.ACCENTS[raw.text], raw)
        self.group(a, b, font, sub=sub)
        return after

    def group(self, a: int, b: int, font: str, *, sub: bool = False) -> None:
        """Write a range between group brackets, which TeX lets one leave out around a single token."""
        first, last = self.raws[a if a < b else a - 1], self.raws[b - 1]
        self.emit("LGROUP", "{", first)
        self.run(a, b, font, sub=sub)
        self.emit("RGROUP", "}", last)

    def dot(self, i: int, stop: int, sub: bool) -> None:
        """Write a dot: an index averaged over, a place left open, or a product."""
        raw = self.raws[i]
        after = self.raws[i + 1] if i + 1 < stop else None
        if sub:
            self.emit("DOTS", "dot", raw)
        elif (
            not self.operand_before() or after is None or after.is_(",", ")", "]", "}", "rVert", "|", "rvert", "right")
        ):
            self.emit("DOTS", "place", raw)
        else:
            self.emit("CDOT", "cdot", raw)

    def sized_bar(self, i: int, stop: int, sub: bool) -> int:
        """Write a bar whose direction is given, by its name or by `left` or `right` before it."""
        raw = self.raws[i]
        if raw.text in c.LEFT_SIZES | c.RIGHT_SIZES | {"middle", "big", "Big", "bigg", "Bigg", "bigm"}:
            closes, bar = raw.text in c.RIGHT_SIZES, self.raws[i + 1]
            kind = "NORM" if bar.text in ("Vert", "||") or (bar.kind == "command" and bar.text == "|") else "BAR"
            if closes and (not self.stack or self.stack[-1].closer != "R" + kind):
                raise self.fail("bars that say 'evaluated at' are not read: write the value in its place", bar)
            self.delimiter(kind, closes, bar)
            return i + 2
        if raw.text in ("vert",):
            return self.bar(i, stop, sub)
        kind = "NORM" if raw.text in ("Vert", "|", "lVert", "rVert") else "BAR"
        if raw.text in ("Vert", "|"):
            closes = bool(self.stack) and self.stack[-1].closer == "RNORM" and self.operand_before()
        else:
            closes = raw.text.startswith("r")
        self.delimiter(kind, closes, raw)
        return i + 1

    # -- fractions, optima, tildes --------------------------------------------------------------------------------

    def fraction(self, i: int, font: str) -> int:
        """Write a fraction, or the derivative that looks like one."""
        raw = self.raws[i]
        a, b, middle = self.argument(i + 1, raw)
        p, q, after = self.argument(middle, raw)
        above, below = self.after_d(a, b), self.after_d(p, q)
        if above is not None and below is not None:
            return self.derivative(raw, above, b, p, q, after, font)
        self.emit("FRAC", "frac", raw)
        self.group(a, b, font)
        self.group(p, q, font)
        return after

    def after_d(self, i: int, stop: int) -> int | None:
        """Return the index after the d of a derivative, slanted, upright or round; None if there is none at `i`."""
        if i >= stop:
            return None
        raw = self.raws[i]
        if raw.is_("partial"):
            return i + 1
        if raw.kind == "command" and c.FONTS.get(raw.text) == "roman":
            a, b, after = self.argument(i + 1, raw)
            return after if self.word(a, b) == "d" else None
        follows = i + 1 < len(self.raws) and not self.raws[i + 1].is_("(", "_")
        return i + 1 if raw.kind == "letter" and raw.text == "d" and follows else None

    def derivative(self, raw: Raw, start: int, b: int, p: int, q: int, after: int, font: str) -> int:
        """Write a derivative, whose upper d ends before `start`: what is below its bar becomes DVARs."""
        order = 1
        if start < b and self.raws[start].is_("^"):
            x, y, start = self.argument(start + 1, raw)
            text = "".join(self.plain(x, y))
            if text not in ("1", "2", "3"):
                raise self.fail("derivatives of order 1, 2 and 3 are read", raw)
            order = int(text)
        self.emit("DFRAC" if start < b else "DOPERATOR", order, raw)
        if start < b:
            self.group(start, b, font)
        self.emit("LGROUP", "{", self.raws[p])
        self.dvars += 1
        j = p
        while j < q:
            if self.raws[j].is_("partial"):
                self.emit("DVAR", "d", self.raws[j])
                j += 1
            k = j
            while k < q and (k == j or not self.raws[k].is_("partial")):
                k = self.pairs[k] + 1 if self.raws[k].is_("{") and self.raws[k].kind == "char" else k + 1
            self.run(j, k, font)
            j = max(k, j + 1)
        self.dvars -= 1
        self.emit("RGROUP", "}", self.raws[q - 1])
        return after

    def optimum(self, i: int, stop: int) -> int:
        """Write max, min, arg max or arg min."""
        raw = self.raws[i]
        if raw.text == "arg":
            if i + 1 < stop and self.raws[i + 1].text in ("max", "min"):
                return self.optimum_named("arg" + self.raws[i + 1].text, raw, self.raws[i + 1], i + 2, stop)
            raise self.fail("\\arg is read before \\max and \\min only", raw)
        return self.optimum_named(c.OPTIMA[raw.text], raw, raw, i + 1, stop)

    def optimum_named(self, name: str, first: Raw, last: Raw, i: int, stop: int) -> int:
        """Write an optimum over what stands below it, or the largest of a list in brackets."""
        bounded = i < stop and self.raws[i].is_("_")
        if not bounded and name in ("max", "min") and self.opening(i) == i:
            return self.function(name, first, last, i, stop)
        self.emit("OPT", name, first, last)
        return i

    def sim(self, i: int, qualifier: str, first: Raw) -> int:
        """Write `is distributed as`; a law is to come."""
        self.emit("REL", "~" + qualifier, first, self.raws[i])
        self.after_sim = True
        return i + 1

    def stacked(self, i: int, stop: int) -> int:
        """Write a relation with words above it, or an optimum with its variable below it."""
        raw = self.raws[i]
        a, b, middle = self.argument(i + 1, raw)
        p, q, after = self.argument(middle, raw)
        over = "".join(self.plain(a, b)).replace(".", "").replace(" ", "")
        if raw.text == "underset":
            names = self.plain(p, q)
            if "".join(names) in c.OPTIMA:
                self.emit("OPT", c.OPTIMA["".join(names)], raw, self.raws[after - 1])
                self.emit("SUB_OPEN", "_", raw)
                self.run(a, b, "", sub=True)
                self.emit("SUB_CLOSE", "", raw)
                return after
        elif q == p + 1 and self.raws[p].is_("sim") and over in QUALIFIERS:
            self.sim(p, QUALIFIERS[over], raw)
            return after
        elif q == p + 1 and self.raws[p].text in c.RELATIONS and over in ("def", "d", "?", "!"):
            self.emit("REL", {"def": ":=", "d": "=d"}.get(over, c.RELATIONS[self.raws[p].text]), raw, self.raws[p])
            return after
        raise self.fail(f"what stands over or under here ({over!r}) is not known", raw)

    # -- environments ---------------------------------------------------------------------------------------------

    def environment(self, i: int) -> tuple[str, int]:
        """Return the name of an environment and the index after it."""
        raw = self.raws[i]
        a, b, after = self.argument(i + 1, raw)
        return "".join(r.text for r in self.raws[a:b]), after

    def begin(self, i: int) -> int:
        """Write the beginning of an environment."""
        raw = self.raws[i]
        name, after = self.environment(i)
        self.environments.append((name, raw))
        if name in ("array", "alignedat"):
            after = self.argument(after, raw)[2]
        if name in c.MATRICES:
            if c.MATRICES[name] in ("|", "||"):
                self.emit("LBAR" if c.MATRICES[name] == "|" else "LNORM", "|", raw)
            self.emit("MATRIX_OPEN", name, raw)
        elif name == "cases":
            self.emit("CASES_OPEN", name, raw)
        elif name in c.ALIGNED:
            self.emit("ALIGN_OPEN", name, raw)
        else:
            raise self.fail(f"the environment {name!r} is not known", raw)
        return after

    def end(self, i: int) -> int:
        """Write the end of an environment."""
        raw = self.raws[i]
        name, after = self.environment(i)
        if not self.environments or self.environments.pop()[0] != name:
            raise self.fail(f"this ends an environment {name!r} that is not the last begun", raw)
        if name in c.MATRICES:
            self.emit("MATRIX_CLOSE", name, raw)
            if c.MATRICES[name] in ("|", "||"):
                self.emit("RBAR" if c.MATRICES[name] == "|" else "RNORM", "|", raw)
        else:
            self.emit("CASES_CLOSE" if name == "cases" else "ALIGN_CLOSE", name, raw)
        return after
