"""What is said about a formula, to a person and to a program."""

from dataclasses import dataclass, field
from html import escape
from typing import Any

from lmmtext.verify.errors import pointer

EXIT = {"verified": 0, "false": 1, "does not conform": 1, "cannot parse": 2, "unknown symbol": 2, "undecided": 3}
ORDER = ("cannot parse", "unknown symbol", "does not conform", "false", "undecided", "verified")
SIGNS = {"verified": "\u2713", "undecided": "?"}  # beside the word, and no colour: it is read on any background
WRAPS, SCROLLS = "overflow-wrap:anywhere", "overflow-x:auto;overflow-y:hidden;max-width:100%;padding:0.2em 0"


@dataclass(frozen=True)
class Counterexample:
    """Where a claim fails: the sizes, what was drawn, and the values of both sides.

    `what` says which values of them, where they are not the sides themselves: means, variances, degrees of freedom. In
    `said` stands a sentence instead, where there are no two values to show.
    """

    sizes: dict[str, int]
    left: str
    right: str
    drawn: dict[str, str] = field(default_factory=dict)
    element: str = ""
    what: str = ""
    said: str = ""

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} = {value}" for name, value in self.sizes.items())
        drawn = ", ".join(f"{name} = {value}" for name, value in self.drawn.items())
        with_ = ", ".join(filter(None, (sizes, drawn)))
        start = f"with {with_}: " if with_ else ""
        if self.said:
            return start + self.said
        what = f"{self.what}, " if self.what else ""
        where = f"element {self.element} of the " if self.element else ""
        return f"{start}{what}{where}left side {self.left}, right side {self.right}"


@dataclass(frozen=True)
class Mutants:
    """How many wrong variants were rejected, were the same claim by a named rewrite, told nothing, or survived.

    `freed` of the rejected ones hold in the world itself and fail where a symbol is arbitrary of which the claim needs
    nothing: there the claim holds as well, so the two differ.
    """

    rejected: int = 0
    same: int = 0
    inconclusive: int = 0
    survivors: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    complete: bool = True
    freed: int = 0

    def __str__(self) -> str:
        parts = [f"{self.rejected} mutants rejected"]
        if self.freed:
            parts[0] += f" ({self.freed} of them where a symbol is arbitrary)"
        if self.same:
            parts.append(f"{self.same} the same claim ({', '.join(self.rewrites)})")
        if self.inconclusive:
            parts.append(f"{self.inconclusive} told nothing")
        if self.survivors:
            parts.append(f"{len(self.survivors)} survived: {'; '.join(self.survivors[:3])}")
        if not self.complete:
            parts.append("time was over before all were tried")
        return ", ".join(parts)


@dataclass(frozen=True)
class Link:
    """What was found about one link of a chain."""

    tex: str
    status: str
    kind: str
    how: str
    counterexample: Counterexample | None = None
    hint: str = ""
    mutants: Mutants | None = None


@dataclass(frozen=True)
class Verdict:
    """What was found about a formula.

    `status` is one of verified, false, does not conform, unknown symbol, cannot parse, undecided; `message` says it in
    words; `links` tells it of each link of a chain; `place` are the characters that an error is about.
    """

    status: str
    message: str
    tex: str
    world: str
    links: tuple[Link, ...] = ()
    place: tuple[int, int] | None = None
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """Return 0 for verified, 1 for false or non-conforming, 2 for unreadable, 3 for undecided."""
        return EXIT[self.status]

    def __bool__(self) -> bool:
        return self.status == "verified"

    def __str__(self) -> str:
        lines = [f"{self.status}: {self.message}"]
        if self.place and self.status != "false":
            lines.append(pointer(self.tex, *self.place))
        for link in self.links:
            if len(self.links) > 1:
                lines.append(f"  {link.status:9} {link.tex}")
            lines += [
                f"    {text}" for text in (link.how, link.hint, str(link.mutants or "")) if text and len(self.links) > 1
            ]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict in plain values, for JSON."""
        return {
            "status": self.status,
            "message": self.message,
            "tex": self.tex,
            "world": self.world,
            "place": list(self.place) if self.place else None,
            "seconds": round(self.seconds, 3),
            "links": [
                {
                    "tex": x.tex,
                    "status": x.status,
                    "kind": x.kind,
                    "how": x.how,
                    "hint": x.hint,
                    "counterexample": None if x.counterexample is None else vars(x.counterexample),
                    "mutants": None if x.mutants is None else {**vars(x.mutants), "text": str(x.mutants)},
                }
                for x in self.links
            ],
        }

    def _repr_html_(self) -> str:
        head = f"<p style='{WRAPS}'>{_marked(self.status)}: {escape(self.message)}</p>"
        if self.place and self.status != "false":
            there = escape(pointer(self.tex, *self.place))
            head += f"<pre tabindex='0' aria-label='the place in the formula' style='{SCROLLS}'>{there}</pre>"
        if len(self.links) == 1:  # then the message has said what is to be said of it
            links = _formula(self.links[0]) + f"<div style='{WRAPS}'>{escape(str(self.links[0].mutants or ''))}</div>"
        else:
            links = "".join(f"<li>{_shown(x)}</li>" for x in self.links)
            links = f"<ol>{links}</ol>" if links else ""
        return f"<div style='text-align:left;max-width:100%'>{head}{links}</div>"


def _marked(status: str) -> str:
    """Return a status as HTML, with a sign that says the same."""
    return f"<strong><span aria-hidden='true'>{SIGNS.get(status, chr(0x2717))}</span> {escape(status)}</strong>"


def _formula(x: Link) -> str:
    """Return the formula of a link as HTML: a long one scrolls, by keyboard too."""
    return f"<div tabindex='0' role='group' aria-label='formula' style='{SCROLLS}'>\\({escape(x.tex)}\\)</div>"


def _shown(x: Link) -> str:
    """Return a link of a chain as HTML: its formula, its status, and the evidence."""
    evidence = "; ".join(filter(None, (x.how, str(x.counterexample or ""), x.hint, str(x.mutants or ""))))
    return f"{_formula(x)}<div style='{WRAPS}'>{_marked(x.status)}{f': {escape(evidence)}' if evidence else ''}</div>"
