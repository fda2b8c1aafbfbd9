"""The evidence on the page: a mark beside each labelled equation, and the directives of the appendices that are made.

Everything is read from book/ledger.json, from the notation table and from the notebooks. Nothing is judged here, and an
equation that is not in the ledger as it stands on the page gets a mark that says so.
"""

import html
import re
import sys
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # where only requirements.txt was installed, the package is beside the book

import appendices  # noqa: E402
import subject_index  # noqa: E402

from lmmtext.ledger.words import GLYPHS, evidence, mark_of  # noqa: E402

LEDGER = "book/ledger"
EQUATION = re.compile(
    r'(?P<before><div class="math notranslate nohighlight" id="equation-(?P<label>eq-[\w-]+)">\s*'
    r'<span class="eqno">)(?P<number>\([^<]*\))(?P<after><a class="headerlink")'
)
LATER, NEAR = 'data-mjx="when opened"', 'data-mjx="when near"'  # MathJax passes by such; evidence.js takes it away
NOT_JUDGED = {"kind": "", "status": "changed since the ledger was made", "checks": [], "functions": []}


def entries_of(app: Sphinx) -> dict[str, dict[str, Any]]:
    """Return the entries of the ledger by their labels."""
    return {e["label"]: e for e in appendices.ledger(Path(app.srcdir))["equations"]}


def mark(entry: dict[str, Any], number: str, address: str) -> str:
    """Return the mark of an equation: a link to its entry, which a script makes show its evidence at once."""
    kind, told = mark_of(entry), evidence(entry)
    name = f"Evidence for equation {number.strip('()')}: {told[0]}"
    return (
        f'<a class="evidence evidence-{kind}" href="{html.escape(address)}" aria-label="{html.escape(name)}" '
        f'data-evidence="{html.escape(chr(10).join(told))}"><span aria-hidden="true">{GLYPHS[kind]}</span></a>'
    )


def add_marks(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Put a mark behind the number of each labelled equation of a page."""
    if doctree is None or "body" not in context or page == LEDGER:
        return
    known = entries_of(app)
    texts = {n["label"]: " ".join(n.astext().split()) for n in doctree.findall(nodes.math_block) if n.get("label")}

    def marked(found: re.Match[str]) -> str:
        label = found["label"]
        entry = known.get(label)
        if entry is None or entry["tex"] != texts.get(label):
            entry = NOT_JUDGED
        address = f"{app.builder.get_relative_uri(page, LEDGER)}#{label}"
        return f"{found['before']}{found['number']}{mark(entry, found['number'], address)}{found['after']}"

    context["body"] = EQUATION.sub(marked, context["body"])


class Appendix(SphinxDirective):
    """A part of an appendix, made when the book is built; `parts` are what it can be asked for."""

    required_arguments = 1
    parts: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the part that is asked for."""
        part = directives.choice(self.arguments[0], tuple(self.parts))
        self.env.note_dependency(str(ROOT / appendices.FILE))
        self.env.note_dependency(appendices.__file__)
        made: list[nodes.Node] = []
        for piece in self.parts[part](Path(self.env.srcdir)):
            made += self.node(piece)
        return made

    def node(self, piece: appendices.Piece) -> list[nodes.Node]:
        """Return the nodes of a piece: Markdown, perhaps in a box, perhaps to be unfolded."""
        box = nodes.container("", classes=list(piece.classes), ids=[piece.id] if piece.id else [])
        if piece.id:
            box += nodes.raw("", f"<div {NEAR}>", format="html")
        self.state.nested_parse(StringList(piece.markdown.split("\n"), piece.id), 0, box)
        if piece.id:
            box += nodes.raw("", "</div>", format="html")
        if piece.folded:
            opening = f"<details><summary>{html.escape(piece.folded[0])}</summary><div {LATER}>"
            box += nodes.raw("", opening, format="html")
            self.state.nested_parse(StringList(piece.folded[1].split("\n"), piece.id), 0, box)
            box += nodes.raw("", "</div></details>", format="html")
        return [box] if piece.classes or piece.id else list(box.children)


class Ledger(Appendix):
    """`:::{ledger} totals`, `equations`, `inline` or `functions`."""

    parts = appendices.LEDGER_PARTS


class Notation(Appendix):
    """`:::{notation} DIMENSIONS`, or another group of the notation table."""

    parts = appendices.NOTATION_PARTS


class SubjectIndex(Appendix):
    """`:::{subject-index} words`, `data` or `theorems`."""

    parts = subject_index.INDEX_PARTS

    def run(self) -> list[nodes.Node]:
        """Return the part that is asked for; any page of the book may change it."""
        self.env.note_reread()
        return super().run()


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.add_directive("ledger", Ledger)
    app.add_directive("notation", Notation)
    app.add_directive("subject-index", SubjectIndex)
    app.add_js_file("evidence.js", loading_method="defer")
    app.connect("html-page-context", add_marks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
