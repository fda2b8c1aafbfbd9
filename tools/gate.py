"""The notebook gate: what every notebook of the book must be, checked without running it.

nbval compares only what is there: a cell that was never run, or whose output was cleared, passes it. So each
rule here is a thing that nbval and Sphinx let through. A rule yields sentences, each one fault.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.notebooks import KERNEL, ROOT, TRANSIENT, inputs, paths, read

# Cells that nbval may skip or not compare, by notebook and cell id, each with its reason. The only such list.
EXCUSED: dict[tuple[str, str], str] = {}

IGNORING_TAGS = {"nbval-skip", "nbval-ignore-output", "raises-exception", "skip-execution", "remove-output"}
IGNORING_COMMENT = re.compile(r"^\s*#\s*(NBVAL_\w+|PYTEST_VALIDATE_\w+)", re.M)
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}|\b0x[0-9a-f]{9,}\b")
PATH = re.compile(
    r"(?<![\w.:/<])/(?:home|root|Users|tmp|usr|opt|var|mnt|work|workspace|private|srv|builds)/\w|\b[A-Z]:\\\w"
)
CLOCK = re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
MACRO = re.compile(r"\\(?:re)?newcommand|\\providecommand|\\DeclareMathOperator|\\def\s*\\|\\let\s*\\|\\require\{")
FENCE = re.compile(r"^( *)(`{3,}|~{3,})(.*?)\n.*?(?:^ *\2`*~* *$|\Z)", re.M | re.S)
CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
DISPLAY = re.compile(r"(?<!\\)\$\$(.+?)(?<!\\)\$\$[ \t]*(\([^)\n]*\))?", re.S)
OTHER_DISPLAY = re.compile(
    r"\\\[|^:{3,}\{math\}|(?<!\\)\\begin\{(?:equation|align|gather|multline|eqnarray)\*?\}", re.M
)
SLUG = re.compile(r"eq(?:-[a-z][a-z0-9]*)+")
NUMBERED_PART = re.compile(r"-(?:ch|sec|eq|part|lecture|chapter|section)?\d+(?=-|$)")
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]*)")
IMAGE_WITHOUT_ALT = re.compile(r"!\[\s*\]\(")
FIGURE = re.compile(r"^:{3,}\{(?:figure|image)\}.*?\n(.*?)^:{3,}\s*$", re.M | re.S)

SIGNS_AT_WILL = re.compile(r"""\brng\.multivariate_normal\((?!.*method=["']cholesky["'])""", re.S)

Cell = dict[str, Any]


def cell_faults(cell: Cell, name: str, expected_count: int | None) -> Iterator[str]:
    """Yield the faults of one cell of the notebook `name`."""
    if cell["cell_type"] == "code":
        yield from _not_run(cell, expected_count)
        yield from _ignored(cell, name)
        yield from _bad_output(cell)
        yield from _missing_output(cell)
        yield from _undescribed_figure(cell)
        if SIGNS_AT_WILL.search(cell["source"]):
            yield "normal vectors drawn by singular vectors, whose signs machines choose: say method='cholesky'"
    elif cell["cell_type"] == "markdown":
        yield from prose_faults(cell["source"])
    if PATH.search(cell["source"]):
        yield "an absolute path in the source"
    if left := [key for key in cell["metadata"] if key in TRANSIENT]:
        yield f"transient metadata {left} (refresh removes it)"


def _not_run(cell: Cell, expected: int | None) -> Iterator[str]:
    if not cell["source"].strip():
        yield "an empty code cell"
    elif cell["execution_count"] != expected:
        yield f"execution count {cell['execution_count']}, not {expected}: run the notebook from the top"


def _ignored(cell: Cell, name: str) -> Iterator[str]:
    marks = sorted(IGNORING_TAGS & set(cell["metadata"].get("tags", []))) + IGNORING_COMMENT.findall(cell["source"])
    if marks and (name, cell.get("id")) not in EXCUSED:
        yield f"{', '.join(marks)}: not compared by nbval, and not listed with a reason in tools/gate.py"
    if re.search(r"^\s*%%(?:capture|script|bash|sh)\b", cell["source"], re.M):
        yield "a cell magic that hides or leaves Python"


def _texts(cell: Cell) -> Iterator[str]:
    for output in cell["outputs"]:
        values = [output.get("text", "")]
        values += [v for kind, v in output.get("data", {}).items() if kind.startswith("text/")]
        yield from ("".join(value) for value in values)


def _bad_output(cell: Cell) -> Iterator[str]:
    if any(output["output_type"] == "error" for output in cell["outputs"]):
        yield "an error among the outputs: catch it and print its message"
    if any(output.get("name") == "stderr" for output in cell["outputs"]):
        yield "output on stderr"
    for text in _texts(cell):
        for what, pattern in (
            ("an object's address", ADDRESS),
            ("an absolute path", PATH),
            ("a time", CLOCK),
        ):
            if found := pattern.search(text):
                yield f"{what} in the output: {text[max(found.start() - 20, 0) : found.end() + 20]!r}"


def _missing_output(cell: Cell) -> Iterator[str]:
    try:
        body = ast.parse(cell["source"]).body
    except SyntaxError:
        yield "code that is not plain Python"
        return
    if cell["source"].rstrip().endswith(";"):
        yield "a trailing semicolon, which nbval does not see: write `_ = ...`"
    called = set(_calls(body))
    if not cell["outputs"] and body and (_shows_value(body[-1]) or called & {"print", "display", "show"}):
        yield "no output, where the code shows something"
    if called & {"subplots", "figure", "show"} and not _has_image(cell):
        yield "no figure, where the code draws one"


def _shows_value(last: ast.stmt) -> bool:
    if not isinstance(last, ast.Expr):
        return False
    return not (isinstance(last.value, ast.Call) and _name(last.value.func).startswith("assert"))


def _calls(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names of what is surely called when these statements run (not what they only define)."""
    for statement in body:
        if isinstance(statement, ast.Expr | ast.Assign) and isinstance(statement.value, ast.Call):
            yield _name(statement.value.func)
        elif isinstance(statement, ast.For | ast.With):
            yield from _calls(statement.body)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _has_image(cell: Cell) -> bool:
    return any(kind.startswith("image/") for output in cell["outputs"] for kind in output.get("data", {}))


def _undescribed_figure(cell: Cell) -> Iterator[str]:
    if not _has_image(cell):
        return
    told = cell["metadata"].get("mystnb", {})
    alt = told.get("image", {}).get("alt", "")
    figure = told.get("figure", {})
    if len(alt.split()) < 5:
        yield "a figure without alt text that says what is to be seen (metadata mystnb.image.alt)"
    if not figure.get("caption", "").strip():
        yield "a figure without a caption (metadata mystnb.figure.caption)"
    if not re.fullmatch(r"fig(-[a-z][a-z0-9]*)+", figure.get("name", "")):
        yield f"a figure whose label is not fig-words (metadata mystnb.figure.name is {figure.get('name')!r})"


def prose_faults(source: str) -> Iterator[str]:
    """Yield the faults of a piece of Markdown."""
    for fence in FENCE.finditer(source):
        if fence[3].lstrip().startswith("{"):
            yield f"a directive between backticks, {fence[3].strip()}: use colons, which stay legible"
    prose = CODE_SPAN.sub("", FENCE.sub("", source))
    for macro in MACRO.finditer(prose):
        yield f"a TeX macro is defined: {macro[0]}"
    yield from _equations(prose)
    if IMAGE_WITHOUT_ALT.search(prose) or any(":alt:" not in m[1] for m in FIGURE.finditer(prose)):
        yield "an image without alt text"


def _equations(prose: str) -> Iterator[str]:
    rest = DISPLAY.sub("", prose)
    if "$$" in rest:
        yield "a $$ without its partner"
    if other := OTHER_DISPLAY.search(rest):
        yield f"display mathematics by {other[0]}: write $$ ... $$ (eq-words)"
    for display in DISPLAY.finditer(prose):
        where = " ".join(display[1].split())[:40]
        label = (display[2] or "").strip("()")
        if not label:
            yield f"an equation without a label: $$ {where} ... $$ (eq-words)"
        elif not SLUG.fullmatch(label) or NUMBERED_PART.search(label):
            yield f"an equation label that does not say what it is: {label}"


def links(source: str) -> Iterator[str]:
    """Yield the relative files that a piece of Markdown links to."""
    for target in LINK.findall(CODE_SPAN.sub("", FENCE.sub("", source))):
        file = target.split("#")[0]
        if file and not re.match(r"[a-z]+:|\$", file):
            yield file


def _broken(source: str, folder: Path) -> Iterator[str]:
    for file in links(source):
        if not any((folder / (file + ending)).exists() for ending in ("", ".ipynb", ".md")):
            yield f"a link to a file that is not there: {file}"


def notebook_faults(path: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield the faults of one notebook, each with its cell."""
    name = path.relative_to(root).as_posix()
    notebook = read(path)
    count = 0
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] == "code" and cell["source"].strip():
            count += 1
        faults = list(cell_faults(cell, name, count))
        if cell["cell_type"] == "markdown":
            faults += _broken(cell["source"], path.parent)
        yield from (f"{name}, cell {number}: {fault}" for fault in faults)
    if len({cell.get("id", "") for cell in notebook["cells"]} - {""}) < len(notebook["cells"]):
        yield f"{name}: cells without an id of their own"
    metadata = notebook["metadata"]
    if metadata.get("kernelspec") != KERNEL or "version" in metadata.get("language_info", {}):
        yield f"{name}: the kernel's metadata are one machine's (refresh normalises them)"
    recorded = metadata.get("lmmtext", {}).get("inputs", {})
    if changed := [k for k, v in inputs(notebook, root).items() if recorded.get(k) != v]:
        yield f"{name}: {', '.join(changed)} changed since its outputs were made: make refresh"


def book_faults(root: Path = ROOT) -> Iterator[str]:
    """Yield the faults of the book as a whole: pages not in its table of contents, excuses without a cell."""
    listed = set(re.findall(r"^\s*-?\s*(?:root|file):\s*(\S+)", (root / "_toc.yml").read_text(), re.M))
    pages = {p.relative_to(root).with_suffix("").as_posix() for p in (*paths(root), *_markdown(root))}
    yield from (f"{page}: in book/, but not in _toc.yml, so in no built book" for page in sorted(pages - listed))
    yield from (f"{page}: in _toc.yml, but not in book/" for page in sorted(listed - pages))
    for name, cell_id in EXCUSED:
        if not (root / name).exists() or cell_id not in [c.get("id") for c in read(root / name)["cells"]]:
            yield f"{name}: the excuse for cell {cell_id} has no cell"


def _markdown(root: Path) -> list[Path]:
    return [p for p in (root / "book").rglob("*.md") if "_static" not in p.parts]


def page_faults(root: Path = ROOT) -> Iterator[str]:
    """Yield the faults of the Markdown files: the book's by the rules of prose, all by their links."""
    for path in [*_markdown(root), *sorted(root.glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        faults = list(_broken(text, path.parent))
        if path.parent != root:
            faults += prose_faults(text)
        yield from (f"{path.relative_to(root).as_posix()}: {fault}" for fault in faults)


def faults(root: Path = ROOT) -> list[str]:
    """Return every fault of the book's notebooks and pages."""
    checks: list[Callable[[Path], Iterator[str]]] = [book_faults, page_faults]
    found = [fault for path in paths(root) for fault in notebook_faults(path, root)]
    return [fault for check in checks for fault in check(root)] + found


def main() -> int:
    """Print the faults, and how many notebooks were read."""
    found = faults()
    print("\n".join(found) or f"{len(paths())} notebooks are as they should be.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
