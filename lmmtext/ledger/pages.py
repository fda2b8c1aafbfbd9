"""The formulas of the book as they stand in its notebooks, each with what is declared of it."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from lmmtext.ledger.declarations import Declaration, Local, Misdeclared, read

_FENCE = re.compile(r"^( *)(`{3,}|~{3,})[^\n]*\n.*?(?:^ *\2`*~* *$|\Z)", re.M | re.S)
_CODE_SPAN = re.compile(r"(`+)(?!`)(?P<inside>.+?)(?<!`)\1(?!`)", re.S)
_PIECE = re.compile(
    r"<!--(?P<comment>.*?)-->"
    r"|(?<!\\)\$\$(?P<display>.+?)(?<!\\)\$\$[ \t]*(?:\((?P<label>[^)\n]*)\))?"
    r"|(?<![\\$])\$(?!\$)(?P<inline>[^$]+?)(?<!\\)\$(?!\$)",
    re.S,
)
_MATH_ROLE = re.compile(r"\{(math|eq:math)\}`|^:{3,}\{math\}", re.M)
_FILE = re.compile(r"^\s*-?\s*(?:root|file):\s*(\S+)", re.M)


@dataclass(frozen=True)
class Formula:
    """A formula of a page; an inline one has no label."""

    page: str
    cell: int
    tex: str
    label: str
    worlds: tuple[str, ...]
    declared: Declaration
    locals: tuple[Local, ...] = ()

    @property
    def place(self) -> str:
        """Return where it stands, for a message."""
        return f"{self.page}, cell {self.cell}" + (f", {self.label}" if self.label else f", ${self.tex}$")


@dataclass
class Page:
    """A page: its formulas in the order of reading, and what is wrong with its declarations."""

    name: str
    title: str = ""
    formulas: list[Formula] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    locals: list[Local] = field(default_factory=list)

    @property
    def worlds(self) -> tuple[str, ...]:
        """Return the worlds that the page declares, in the order in which they come."""
        return tuple(dict.fromkeys(w for f in self.formulas for w in f.worlds))


def names(root: Path) -> list[str]:
    """Return the pages of the book in the order of its table of contents.

    Raises
    ------
    FileNotFoundError
        If there is no book in this folder.
    """
    toc = root / "_toc.yml"
    if not toc.is_file():
        raise FileNotFoundError(
            f"there is no _toc.yml in {root}: run this in the folder of a book, or name it by --book"
        )
    return [n for n in _FILE.findall(toc.read_text(encoding="utf-8")) if (root / f"{n}.ipynb").is_file()]


def pages(root: Path) -> list[Page]:
    """Return the pages of the book in order; a label that is used twice is a fault of the second."""
    found = [page(root / f"{name}.ipynb", name) for name in names(root)]
    first: dict[str, str] = {}
    for one in found:
        for f in one.formulas:
            if f.label and f.label in first:
                one.faults.append(f"{f.place}: the label stands already in {first[f.label]}")
            elif f.label:
                first[f.label] = one.name
    return found


def page(path: Path, name: str) -> Page:
    """Return a page of the book."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = Page(name)
    state = _State(found)
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] == "markdown":
            state.read("".join(cell["source"]), number)
    state.end()
    return found


def masked(source: str) -> str:
    """Return a piece of Markdown with code blanked out, every character in its place."""
    for pattern in (_FENCE, _CODE_SPAN):
        source = pattern.sub(lambda m: re.sub(r"\S", "\0", m[0]), source)
    return source


@dataclass
class _State:
    """What holds at a place of a page: the world that was declared last, and whether anything was judged in it."""

    page: Page
    worlds: tuple[str, ...] = ()
    declared_in: int = 0
    used: bool = True

    def read(self, source: str, cell: int) -> None:
        """Read one cell."""
        if not self.page.title and (heading := re.search(r"^# +(.+)$", source, re.M)):
            self.page.title = heading[1].strip()
        for role in _MATH_ROLE.finditer(source):
            self.fault(cell, f"{role[0]}: a formula stands between dollar signs, or it would not be seen")
        pieces = list(_PIECE.finditer(masked(source)))
        comments: dict[int, Declaration] = {}  # by the piece that they stand behind
        for k, piece in enumerate(pieces):
            if piece["comment"] is None:
                continue
            place, of = self.place(source, pieces, k)
            if of is not None and of in comments:
                place, of = "display", None
                self.fault(cell, "two declarations behind one formula: join them with a semicolon")
                continue
            try:
                told = read(source[piece.start("comment") : piece.end("comment")], place)
            except Misdeclared as error:
                self.fault(cell, str(error))
                continue
            if of is not None:
                comments[of] = told
        for k, piece in enumerate(pieces):
            if piece["comment"] is None:
                self.formula(piece, source, cell, comments.get(k, Declaration()))
            elif self.place(source, pieces, k)[0] == "alone":
                self.alone(source[piece.start("comment") : piece.end("comment")], cell)

    @staticmethod
    def place(source: str, pieces: list[re.Match[str]], k: int) -> tuple[str, int | None]:
        """Return where a comment stands, and behind which formula (comments between them do not part them)."""
        before = k - 1
        while before >= 0 and pieces[before]["comment"] is not None:
            before -= 1
        if before < 0:
            return "alone", None
        between = re.sub(r"<!--.*?-->", "", source[pieces[before].end() : pieces[k].start()], flags=re.S)
        if pieces[before]["display"] is not None and not between.strip():
            return "display", before
        if pieces[before]["inline"] is not None and not between:
            return "inline", before
        return "alone", None

    def alone(self, comment: str, cell: int) -> None:
        """Follow a declaration that stands by itself."""
        try:
            told = read(comment, "alone")
        except Misdeclared:
            return  # told already
        if told.local:
            if told.local.tex in [x.tex for x in self.page.locals]:
                self.fault(cell, f"local: {told.local.tex}, twice on one page")
            self.page.locals.append(told.local)
        else:
            self.end()
            self.worlds, self.declared_in, self.used = told.worlds, cell, False

    def formula(self, piece: re.Match[str], source: str, cell: int, told: Declaration) -> None:
        """Keep a formula, in the world that is declared for it or for the page."""
        kind = "inline" if piece["inline"] is not None else "display"
        tex = " ".join(source[piece.start(kind) : piece.end(kind)].split())
        self.used |= not told.worlds
        label = (piece["label"] or "").strip()
        found = Formula(self.page.name, cell, tex, label, told.worlds or self.worlds, told, tuple(self.page.locals))
        if kind == "display" and not label:
            self.fault(cell, f"a display without a label: $$ {tex[:40]} ... $$ (eq-words)")
        elif kind == "display" and not found.worlds:
            self.fault(
                cell, f"{label}: no world is declared for it: <!-- world: NAME --> behind it, or above all of them"
            )
        else:
            self.page.formulas.append(found)

    def end(self) -> None:
        """Say it if a world was declared for nothing."""
        if not self.used:
            self.fault(self.declared_in, f"the world {', '.join(self.worlds)} is declared, and nothing is judged in it")

    def fault(self, cell: int, what: str) -> None:
        """Keep a fault with its place."""
        self.page.faults.append(f"{self.page.name}, cell {cell}: {what}")
