r"""Declarations: what an author says of a formula, in an HTML comment right behind it, which no reader sees.

Behind a display: ``<!-- world: one-way; where: J > 2; code: oneway(y, group).mean -->``. Behind an inline formula, with
nothing between: ``<!-- in: one-way -->`` or ``<!-- said: why it is not judged -->``. By itself:
``<!-- world: random-regression -->``, for all that follows on the page, and
``<!-- local: \mathbf{A} (q x q): an invertible matrix -->``, a letter of this page that is in no table.
"""

import re
from dataclasses import dataclass

KINDS = ("definition", "identity", "moment", "distribution", "optimum", "limit", "inequality", "cited")
ALLOWED = {
    "display": ("world", "where", "kind", "code"),
    "inline": ("in", "where", "said"),
    "alone": ("world", "local"),
}
BESIDE = {"display": "a display", "inline": "an inline formula", "alone": "no formula"}
_SPLIT = re.compile(r";\s*(?=[a-z]+:\s)")
_PAIR = re.compile(r"\s*([a-z]+):\s+(.*)", re.S)
_LOCAL = re.compile(r"(?P<tex>.+?)(?:\s+\((?P<shape>[^():]*(?:\([^()]*\))?[^():]*)\))?:\s+(?P<words>.+)", re.S)


class Misdeclared(ValueError):
    """A declaration that cannot be followed, in words."""


@dataclass(frozen=True)
class Local:
    """A letter that a page uses for something of its own, with its shape (empty for a number)."""

    tex: str
    shape: str
    words: str


@dataclass(frozen=True)
class Declaration:
    """What a comment declares; what it leaves out is empty."""

    worlds: tuple[str, ...] = ()
    where: str = ""
    kind: str = ""
    cites: str = ""
    code: str = ""
    said: str = ""
    local: Local | None = None


def read(comment: str, place: str) -> Declaration:
    """Return what a comment declares.

    Parameters
    ----------
    comment
        What stands between ``<!--`` and ``-->``.
    place
        Where it stands: right behind a `display`, right behind an `inline` formula, or `alone`.

    Raises
    ------
    Misdeclared
        If a key is unknown, twice there or of no use in this place, or a value cannot be one of its key.

    >>> read(" world: one-way; where: J > 2 ", "display").worlds
    ('one-way',)
    """
    given: dict[str, str] = {}
    for part in _SPLIT.split(comment.strip()):
        pair = _PAIR.fullmatch(part)
        if pair is None:
            raise Misdeclared(f"a comment that declares nothing, {part.strip()[:40]!r}: write key: value; key: value")
        key, value = pair[1], " ".join(pair[2].split())
        if key not in ALLOWED[place]:
            raise Misdeclared(
                f"the key {key!r} beside {BESIDE[place]}: there {', '.join(ALLOWED[place])} can stand"
                + ("; a declaration stands right behind its formula" if place == "alone" else "")
            )
        if key in given:
            raise Misdeclared(f"the key {key!r} twice in one declaration")
        if not value:
            raise Misdeclared(f"the key {key!r} without a value")
        given[key] = value
    if "said" in given and len(given) > 1:
        raise Misdeclared("said, beside other keys: a formula is judged, or it is said why not")
    if "world" in given and "local" in given:
        raise Misdeclared("world and local in one declaration: give each its own")
    kind, cites = _kind(given.get("kind", ""))
    return Declaration(
        worlds=tuple(x.strip() for x in given.get("world", given.get("in", "")).split(",") if x.strip()),
        where=given.get("where", ""),
        kind=kind,
        cites=cites,
        code=given.get("code", ""),
        said=given.get("said", ""),
        local=_local(given["local"]) if "local" in given else None,
    )


def _kind(text: str) -> tuple[str, str]:
    """Return a kind, and the citation key of what is cited."""
    kind, _, cites = (x.strip() for x in text.partition(":"))
    if kind and kind not in KINDS:
        raise Misdeclared(f"the kind {kind!r}: there are {', '.join(KINDS)}")
    if (kind == "cited") != bool(cites):
        raise Misdeclared(
            f"kind: {text}: what is cited, and only that, names its source (kind: cited: key-of-reference)"
        )
    return kind, cites


def _local(text: str) -> Local:
    found = _LOCAL.fullmatch(text)
    if found is None:
        raise Misdeclared(f"local: {text}: write local: letter (rows x columns): what it is")
    return Local(found["tex"].strip(), (found["shape"] or "").strip(), found["words"].strip())
