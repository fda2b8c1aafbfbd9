"""What a source says, statement by statement, and where the book treats it: a list in TOML, and the table of it."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lmmtext.printing import Sentence

FINDINGS = ("right", "corrected", "completed", "to come")
ROLES = {"eq": "eq", "thm": "prf:ref", "lem": "prf:ref", "def": "prf:ref", "sec": "ref"}


@dataclass(frozen=True)
class Statement:
    """A statement of the source: its slide, its words, what became of it, and the labels of the places that treat it.

    `finding` is "right"; "corrected", and `how` says what was wrong; "completed" where the source leaves out what the
    book proves or assumes; or "to come", as long as no chapter treats it.
    """

    slide: str
    words: str
    finding: str
    treated: tuple[str, ...] = ()
    how: str = ""

    def __post_init__(self) -> None:
        if self.finding not in FINDINGS:
            raise ValueError(f"{self.words!r}: the finding must be one of {', '.join(FINDINGS)}, got {self.finding!r}.")
        if bool(self.treated) == (self.finding == "to come"):
            raise ValueError(f"{self.words!r}: a statement is either treated somewhere or to come.")
        if self.finding in ("corrected", "completed") and not self.how:
            raise ValueError(f"{self.words!r}: what is {self.finding} must say how.")
        if unknown := [label for label in self.treated if label.partition("-")[0] not in ROLES]:
            raise ValueError(f"{self.words!r}: labels begin with {', '.join(ROLES)}; got {', '.join(unknown)}.")


def statements(path: str | Path) -> tuple[Statement, ...]:
    """Return the statements of a TOML file, a `[[statement]]` for each."""
    entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))["statement"]
    return tuple(Statement(**(entry | {"treated": tuple(entry.get("treated", ()))})) for entry in entries)


def places(found: Iterable[Statement]) -> Sentence:
    """Return the table of statements, in their order, with links to where each is treated."""
    rows = ["| slide | it says | finding | treated in |", "|---|---|---|---|"]
    last = ""
    for s in found:
        slide = "" if s.slide == last else s.slide
        last = s.slide
        told = f"**{s.finding}**" + (f": {s.how}" if s.how else "")
        links = ", ".join(f"{{{ROLES[label.partition('-')[0]]}}}`{label}`" for label in s.treated)
        rows.append(f"| {slide} | {_in_a_cell(s.words)} | {_in_a_cell(told)} | {links} |")
    return Sentence("\n".join(rows))


def _in_a_cell(text: str) -> str:
    """Return text for a table: a bar would end the cell, but for those of formulas, which TeX can name."""
    return re.sub(r"(?<!\\)\|", r"\\vert ", " ".join(text.split()))
