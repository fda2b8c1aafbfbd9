"""The index of the book: where each word is explained and used, by the sections of the pages; data sets; theorems.

It is made from the notebooks when the book is built. A section has a word in the index if its heading names it, if it
stands there in italics or bold (which is how the book introduces words), or if it is used there often.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from appendices import Part, Piece, plain
from myst_parser.mdit_to_docutils.base import default_slugify

from lmmtext import datasets
from lmmtext.ledger.pages import names

TERMS = "book/index-terms.toml"
NOT_INDEXED = tuple(
    f"book/{name}" for name in "index glossary ledger subject-index bibliography notation lecture-errata".split()
)
NOT_ABOUT = ("Summary", "Where to read more")  # sections that name everything
OFTEN = 4  # uses that make a section worth an entry; of a rare word, the section that uses it most is
MOST = 6  # sections of a word at the most
_HEADING = re.compile(r"^(#{1,2})\s+(.+)$", re.M)
_NOT_PROSE = [
    re.compile(r"^ *(`{3,})[^\n]*\n.*?^ *\1`* *$", re.M | re.S),  # fences
    re.compile(r"<!--.*?-->", re.S),
    re.compile(r"(`+)(?!`)(?:(?!\n\n).)+?(?<!`)\1(?!`)", re.S),  # code, roles
    re.compile(r"(?<!\\)\$\$.+?\$\$", re.S),
    re.compile(r"(?<!\\)\$(?:(?!\n\n)[^$])+\$"),
    re.compile(r"^:{3,}.*$|^:[\w-]+:.*$", re.M),  # the edges of boxes, and their options
]
_THEOREM = re.compile(r"^:{3,}\{prf:(theorem|lemma|corollary|proposition)\}[ \t]*(.*?)\n:label:[ \t]*(\S+)", re.M)
_INTRODUCED = re.compile(r"(?<![*\w])(\*{1,2})(?=\S)([^*\n]{2,80}?)\1(?![*\w])")


@dataclass(frozen=True)
class Section:
    """A section of a page: its heading, the anchor that leads to it, and its prose without formulas and code."""

    page: str
    title: str
    heading: str
    anchor: str
    prose: str

    @property
    def link(self) -> str:
        """Return a link to it, from another page of the folder."""
        told = f"{self.title}: {self.heading}" if self.anchor else self.title
        return f"[{plain(told)}]({self.page.removeprefix('book/')}.ipynb{'#' * bool(self.anchor)}{self.anchor})"


def sections(root: Path) -> list[Section]:
    """Return the sections of the book in the order of reading."""
    indexed = [name for name in names(root) if name not in NOT_INDEXED]
    found = [section for name in indexed for section in _of_page(root / f"{name}.ipynb", name)]
    return [section for section in found if section.heading not in NOT_ABOUT]


def _of_page(path: Path, name: str) -> list[Section]:
    text = "\n\n".join(_cells(path, "markdown"))
    prose = text
    for what in _NOT_PROSE:
        prose = what.sub(" ", prose)
    found = list(_HEADING.finditer(prose))
    title = _bare(found[0][2])
    ends = [m.start() for m in found[1:]] + [len(prose)]
    taken: dict[str, int] = {}
    made = []
    for m, end in zip(found, ends, strict=True):
        slug = default_slugify(_bare(m[2]))
        number = taken[slug] = taken.get(slug, -1) + 1  # as MyST tells equal headings apart
        anchor = "" if m[1] == "#" else slug + (f"-{number}" if number else "")
        made.append(Section(name, title, _bare(m[2]), anchor, prose[m.end() : end]))
    return made


@cache
def _cells(path: Path, kind: str) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == kind]


def _bare(heading: str) -> str:
    return re.sub(r"[*`]|\$[^$]*\$", "", heading).strip()


def pattern(term: str, forms: list[str]) -> re.Pattern[str]:
    """Return what finds a term: its forms, or the term itself with or without an s, as whole words.

    >>> bool(pattern("shrinkage", []).search("Shrinkage pulls"))
    True
    >>> bool(pattern("trace", []).search("traced"))
    False
    """
    forms = forms or [re.escape(term) + "s?"]
    either = [f"[{f[0].upper()}{f[0].lower()}]{f[1:]}" if f[0].islower() else f for f in forms]
    return re.compile(rf"\b(?:{'|'.join(either)})\b")


def entries(root: Path) -> dict[str, list[tuple[Section, bool]]]:
    """Return, for each term, the sections that have it and whether each introduces it, in the order of reading."""
    terms = tomllib.loads((root / TERMS).read_text(encoding="utf-8"))["words"]
    book = sections(root)
    found = {}
    for term in sorted(terms, key=str.lower):
        finds = pattern(term, terms[term])
        weights = {}
        for s in book:
            introduced = any(finds.search(m[2]) for m in _INTRODUCED.finditer(s.prose))
            named = bool(finds.search(s.heading))
            uses = len(finds.findall(s.prose))
            if uses or named:
                weights[s] = (named, introduced and uses > 1, uses)
        ranked = sorted(weights, key=weights.__getitem__, reverse=True)
        best = {s for k, s in enumerate(ranked[:MOST]) if k == 0 or any(weights[s][:2]) or weights[s][2] >= OFTEN}
        found[term] = [(s, any(weights[s][:2])) for s in book if s in best]
    return found


def words(root: Path) -> Iterator[Piece]:
    """Yield the words with their sections, first those that name or introduce a word."""
    letter = ""
    for term, places in entries(root).items():
        if not places:
            raise ValueError(f"{TERMS}: no section of the book has {term!r}")
        if term[0].upper() != letter:
            letter = term[0].upper()
            yield Piece(letter, ("index-letter",))
        about, other = ("; ".join(s.link for s, main in places if main == kind) for kind in (True, False))
        told = f"{about}. Also {other}" if about and other else about or other
        yield Piece(f"**{plain(term)}**: {told}.", ("index-entry",))


def data(root: Path) -> Iterator[Piece]:
    """Yield the data sets, with the pages whose code names them."""
    lines = []
    for name, title in datasets()[["name", "title"]].itertuples(index=False):
        pages = [p for p in names(root) if p != "book/data-sets" and p not in NOT_INDEXED and _names(root, p, name)]
        told = "; ".join(f"[{plain(_title(root, p))}]({p.removeprefix('book/')}.ipynb)" for p in pages)
        here = f"[`{name}`](data-sets.ipynb#{default_slugify(title)})"
        lines.append(f"- {here}: {told or 'in no chapter yet'}")
    yield Piece("\n".join(lines))


def _names(root: Path, page: str, name: str) -> bool:
    return any(f'"{name}"' in code for code in _cells(root / f"{page}.ipynb", "code"))


def _title(root: Path, page: str) -> str:
    return _of_page(root / f"{page}.ipynb", page)[0].title


def theorems(root: Path) -> Iterator[Piece]:
    """Yield the theorems and lemmas of each page, by name."""
    for page in names(root):
        text = "\n\n".join(_cells(root / f"{page}.ipynb", "markdown"))
        if found := _THEOREM.findall(text):
            lines = [f"- {{prf:ref}}`{label}`: {title or label}" for _, title, label in found]
            yield Piece(f"**{plain(_title(root, page))}**\n\n" + "\n".join(lines))


INDEX_PARTS: dict[str, Part] = {"words": words, "data": data, "theorems": theorems}
