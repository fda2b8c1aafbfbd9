"""What the stock theme gets wrong on every page, put right as each page is written.

The theme's templates are rendered as they are; then a few exact replacements give each control a name, each
region a landmark and each element its own id, and drop a script that throws (sphinx-thebe, which this book
does not use). tests/test_site.py opens every page in a browser and fails when one of these is needed again.
"""

import re
from collections.abc import Callable

from sphinx.application import Sphinx
from sphinx.jinja2glue import BuiltinTemplateLoader


def _name_toggle(found: re.Match[str]) -> str:
    """Name the toggle of a table of contents after the page whose sections it shows."""
    title = re.sub(r"<[^>]*>|\\[()]", "", found["title"]).strip().replace('"', "&quot;")
    return f'{found["before"]} aria-label="Pages under {title}">'


REPLACEMENTS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    # sphinx-thebe declares a constant twice, which throws, and names a foreign host.
    (r"<script>const THEBE_JS_URL.*?</script>\s*", ""),
    (r"<(?:script|link)\b[^>]*sphinx-thebe[^>]*>(?:</script>)?\s*", ""),
    # One viewport, not three.
    (r'(<meta name="viewport"[^>]*/>)(?=.*<meta name="viewport")', ""),
    # Every control has a name; where a text is to be seen, the name is that text.
    (
        r'(?P<before><a class="[^"]*reference internal[^>]*>(?P<title>[^\n]*?)</a><details[^>]*><summary)>',
        _name_toggle,
    ),
    (r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1"),
    (r'(<i class="theme-switch [^>]*?)\s+title="[^"]*"', r"\1"),
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # The side bar is a landmark.
    (r'(<div id="pst-primary-sidebar")', r'\1 role="complementary" aria-label="Contents of the book"'),
    # The empty corner of a data frame heads nothing.
    (r"<th></th>", "<td></td>"),
    (r'<th class="head[^"]*">\s*(?:<p>\s*</p>)?\s*</th>', "<td></td>"),  # nor does that of a table in Markdown
    # The references: deprecated roles, and a list whose items are none.
    (r'(<div class="citation"[^>]*?) role="doc-biblioentry"', r"\1"),
    (r'<div role="list" class="citation-list">', '<div class="citation-list">'),
    # Ids that sphinx-proof and sphinx-exercise give to every theorem, proof, exercise and solution.
    (r'(<section[^>]*?) id="(?:proof|exercise|solution)-content"', r"\1"),
    (r'<div class="proof admonition" id="proof">', '<div class="proof admonition the-proof">'),
    (r'(<div class="proof admonition the-proof">\s*<p>)Proof\. ', r"\1<em>Proof.</em> "),
)
COMPILED = [(re.compile(pattern, re.S), text) for pattern, text in REPLACEMENTS]


class Pages(BuiltinTemplateLoader):
    """Sphinx's own templates, with the replacements made in what they render."""

    def render(self, template: str, context: dict) -> str:  # type: ignore[override]
        """Return the page."""
        page = super().render(template, context)
        for pattern, text in COMPILED:
            page = pattern.sub(text, page)
        return page


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.config.template_bridge = "reading.Pages"
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
