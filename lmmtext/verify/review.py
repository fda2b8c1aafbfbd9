r"""A review of somebody's formulas: each as it stands in the world that fits it, and as it should stand.

The formulas are in a TOML file, a `[[line]]` for each, so that a page shows, and a test reads, the same list.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lmmtext.printing import Sentence
from lmmtext.verify.check import check
from lmmtext.verify.verdict import Counterexample, Link, Verdict

SECONDS = 60.0  # far more than any line needs: no verdict of a page may depend on the machine
INLINE = 60  # characters of a formula that may stand in a line of text
SHOWN = ("verified", "false", "does not conform", "unknown symbol", "cannot parse", "undecided")


@dataclass(frozen=True)
class Claim:
    """A formula, the world that it is checked in, and the condition that it is claimed under."""

    formula: str
    world: str
    where: str = ""


@dataclass(frozen=True)
class Line:
    """A formula under review: where it stands, what slipped, and its corrected forms.

    `said` are the words that the formula transcribes, if the source has words only; `step` says why a line is tried
    that the source does not have; `slip` is of one kind, or of several with commas between. `verdict` is what a right
    check finds, "no claim" for an expression, an arrow or a list.
    """

    slide: str
    claim: Claim
    verdict: str
    said: str = ""
    step: str = ""
    slip: str = ""
    note: str = ""
    corrected: tuple[Claim, ...] = ()

    @property
    def source(self) -> str:
        """Return whether this is a formula of the source, a transcription of its words, or a step of ours."""
        return "step" if self.step else "words" if self.said else "formula"


@dataclass(frozen=True)
class Finding:
    """A line with its verdict, and with those of its corrected forms."""

    line: Line
    verdict: Verdict
    corrected: tuple[Verdict, ...]

    @property
    def status(self) -> str:
        """Return the verdict in a word or two; what is no statement claims nothing, and so is not undecided."""
        silent = self.verdict.status == "undecided" and not self.verdict.links and self.line.verdict == "no claim"
        return "no claim" if silent else self.verdict.status


def read(path: str | Path) -> tuple[Line, ...]:
    """Return the lines of a review.

    Raises
    ------
    ValueError
        If a line has a field that is not known, or lacks its slide, formula, world or verdict.
    """
    known = {"slide", "formula", "world", "where", "verdict", "said", "step", "slip", "note", "corrected"}
    lines = []
    for number, entry in enumerate(tomllib.loads(Path(path).read_text(encoding="utf-8"))["line"], 1):
        if wrong := (set(entry) - known) | ({"slide", "formula", "world", "verdict"} - set(entry)):
            raise ValueError(f"line {number} of {path}: unknown or missing {', '.join(sorted(wrong))}")
        claim = Claim(entry["formula"].strip(), entry["world"], entry.get("where", ""))
        better = tuple(
            Claim(c["formula"].strip(), c.get("world", claim.world), c.get("where", ""))
            for c in entry.get("corrected", ())
        )
        words = {name: entry.get(name, "").strip() for name in ("said", "step", "slip", "note")}
        lines.append(Line(entry["slide"], claim, entry["verdict"], corrected=better, **words))
    return tuple(lines)


@cache
def judged(claim: Claim) -> Verdict:
    """Return the verdict of a claim; the same claim is not judged twice."""
    return check(claim.formula, claim.world, claim.where or None, seconds=SECONDS)


def review(lines: Iterable[Line], slide: str | None = None) -> list[Finding]:
    """Check the lines of a slide (or all), and their corrected forms."""
    return [
        Finding(line, judged(line.claim), tuple(judged(c) for c in line.corrected))
        for line in lines
        if slide in (None, line.slide)
    ]


def tell(findings: Iterable[Finding]) -> Sentence:
    """Return what was found, line by line, in Markdown."""
    return Sentence("\n\n".join(_told(f) for f in findings))


def summary(findings: Sequence[Finding]) -> Sentence:
    """Return tables: how many lines of the source got which verdict, and which kinds of slip there are."""
    found = [f for f in findings if f.line.source != "step"]
    counts = Counter((f.status, f.line.source) for f in found)
    rows = ["| verdict | formulas as they stand | words, transcribed |", "|---|--:|--:|"]
    for status in (*SHOWN, "no claim"):
        formulas, words = counts[status, "formula"], counts[status, "words"]
        if formulas or words:
            rows.append(f"| {status} | {formulas} | {words} |")
    total = Counter(f.line.source for f in found)
    rows += [f"| **together** | **{total['formula']}** | **{total['words']}** |", ""]
    slips: dict[str, list[str]] = {}
    for f in findings:
        for slip in filter(None, f.line.slip.split(", ")):
            slips.setdefault(slip, []).append(f.line.slide)
    rows += ["| kind of slip | lines | slides |", "|---|--:|---|"]
    for slip, slides in sorted(slips.items(), key=lambda x: (-len(x[1]), x[0])):
        rows.append(f"| {slip} | {len(slides)} | {', '.join(dict.fromkeys(slides))} |")
    return Sentence("\n".join(rows))


def _told(f: Finding) -> str:
    line = f.line
    lead = ""
    if line.step:
        lead = f"*{line.step[0].upper()}{line.step[1:]}:*"
    elif line.said:
        lead = f"*In words:* “{line.said}”. As a formula:"
    found = f"**{f.status}** in `{line.claim.world}`{_under(line.claim)}{_why(f)}"
    if not (lead or line.note or line.corrected) and len(line.claim.formula) < INLINE:
        return f"${line.claim.formula}$: {found}"
    parts = [lead, _display(line.claim), found[0].upper() + found[1:], line.note]
    for better, verdict in zip(line.corrected, f.corrected, strict=True):
        parts += ["" if line.note.endswith(":") else "Better:", _display(better)]
        parts.append(f"**{verdict.status}** in `{better.world}`{_under(better)}{_kinds(verdict)}.")
    return "\n\n".join(filter(None, parts))


def _display(claim: Claim) -> str:
    return f"$$\n{claim.formula}\n$$"


def _under(claim: Claim) -> str:
    return f", where ${claim.where}$" if claim.where else ""


def _why(f: Finding) -> str:
    """Say why a verdict is what it is, with nothing in it that depends on the speed of a machine."""
    v = f.verdict
    if f.status == "verified":
        return _kinds(v) + "."
    if f.status == "no claim":
        return ": by itself it says nothing that could be wrong."
    if not v.links:
        return f": `{v.message}`."
    if len(v.links) == 1:
        return _link(v.links[0])
    return ", link by link:\n\n" + "\n".join(f"{i}. {x.status}{_link(x)}" for i, x in enumerate(v.links, 1))


def _link(link: Link) -> str:
    if link.status == "verified":
        return f" ({link.kind})."
    if link.status == "false":
        shown = _counterexample(link.counterexample) if link.counterexample else "it does not hold"
        return f": {shown}."  # a hint is searched for as long as time allows: it is no part of a page
    if link.mutants is not None and link.mutants.survivors:
        change = link.mutants.survivors[0].partition(": ")[0]
        return f": it holds wherever it was tried, but so does a variant of it ({change}), so the trial does not tell."
    return f": {link.how}."


def _kinds(verdict: Verdict) -> str:
    kinds = dict.fromkeys(x.kind for x in verdict.links)
    return f" ({', '.join(kinds)})" if kinds else ""


def _counterexample(c: Counterexample) -> str:
    """Return a counterexample as a sentence."""
    given = ", ".join(f"${name} = {value}$" for name, value in (c.sizes | c.drawn).items())
    if c.said:
        return f"with {given} it does not hold ({c.said})"
    if c.what:
        return f"with {given}, {c.what}: on the left {c.left}, on the right {c.right}"
    of = f"element {c.element} of " if c.element else ""
    return f"with {given}, {of}the left side is {c.left} and {'that of ' if of else ''}the right side {c.right}"
