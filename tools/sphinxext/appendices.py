"""The Markdown of the appendices, made from book/ledger.json and from the notation table."""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from lmmtext import notation
from lmmtext.ledger.words import evidence, mark_of, raised

FILE = "book/ledger.json"


@dataclass(frozen=True)
class Piece:
    """A piece of an appendix: Markdown, with classes and an id of its own if it is a box; `folded` opens on demand."""

    markdown: str
    classes: tuple[str, ...] = ()
    id: str = ""
    folded: tuple[str, str] | None = None


def ledger(root: Path) -> dict[str, Any]:
    """Return the ledger that is kept with the book."""
    path = root / FILE
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, changed: int) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Return a text in which Markdown sees no marks."""
    return re.sub(r"([\\`*_|<>$\[\]{}])", r"\\\1", text)


def link(page: str, title: str) -> str:
    """Return a link to a page of the book, from another of its folder."""
    return f"[{plain(title)}]({page.removeprefix('book/')}.ipynb)"


def totals(root: Path) -> Iterator[Piece]:
    """Yield the counts of the whole book."""
    told = ledger(root)["totals"]
    listed = {
        "equations": told["equations"],
        "of which, by kind": _counts(told["by kind"]),
        "by verdict": _counts(told["by status"]),
        "by world": _counts(told["by world"]),
        "steps checked": told["links"],
        "wrong variants rejected": told["mutants rejected"],
        "the same claim by a named rewrite": told["mutants the same claim"],
        "told nothing": told["mutants that told nothing"],
        "survived": told["mutants that survived"],
        "rewrites, by the number of steps": _counts(told["links by rewrite"]),
        "equations that a function is held to": told["tied to functions"],
        "formulas in the text": _counts(told["inline"]),
    }
    rows = "\n".join(f"| {name} | {value} |" for name, value in listed.items())
    yield Piece(f"| what | how many |\n|---|---|\n{rows}")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {plain(name)}" for name, n in counts.items()) or "none"


def unchecked(root: Path) -> Iterator[Piece]:
    """Yield the equations that are only cited, or are definitions, or are not verified."""
    kept = ledger(root)
    for which, words in (
        ("cited", "Cited, and not checked"),
        ("definition", "Definitions, which claim nothing"),
        ("open", "Not verified"),
    ):
        found = [e for e in kept["equations"] if mark_of(e) == which]
        lines = [f"- {{eq}}`{e['label']}`, `{e['label']}`" + _source(e) for e in found]
        yield Piece(f"**{words}:** {len(found) or 'none'}.\n\n" + "\n".join(lines))


def _source(entry: dict[str, Any]) -> str:
    return f", from {{cite:t}}`{entry['cites']}`" if entry.get("cites") else ""


def equations(root: Path) -> Iterator[Piece]:
    """Yield a box for every equation, in the order of the book."""
    kept = ledger(root)
    for e in kept["equations"]:
        worlds = [c["world"] for c in e["checks"]]
        classes = ["ledger-entry", f"is-{e['kind'] or 'none'}", f"on-{e['page'].removeprefix('book/')}"]
        kind = e["kind"] or e["status"]
        head = f"{{eq}}`{e['label']}` **{plain(kind)}** in {link(e['page'], kept['pages'][e['page']])}"
        told = [f"- {_tex(line)}" for line in evidence(e)]
        body = "\n".join([head, "", "$$", e["tex"], "$$", "", *told, *_tied(e)])
        yield Piece(body, (*classes, *(f"in-{w}" for w in worlds)), e["label"], _steps(e))


def _tex(line: str) -> str:
    r"""Return a line of evidence as Markdown: `\(...\)` is a formula, and all else plain."""
    parts = re.split(r"\\\((.*?)\\\)", line)
    return "".join(f"${p}$" if k % 2 else plain(p) for k, p in enumerate(parts))


def _tied(entry: dict[str, Any]) -> list[str]:
    if not entry["functions"]:
        return []
    names = ", ".join(f"[`{name}`](#{_target(name)})" for name in entry["functions"])
    return [f"- {names}: `{entry['code']}` is ${entry['side']}$ up to rounding, in {entry['instances']} instances"]


def _steps(entry: dict[str, Any]) -> tuple[str, str] | None:
    """Return what was found about each link of each check, to be unfolded."""
    lines = []
    for c in entry["checks"]:
        lines += [f"- ${x['tex']}$: {_step(x)}" for x in c["links"]]
        lines += [] if c["links"] else [f"- {plain(c['status'])}: {plain(c['message'])}"]
    return ("The evidence, step by step", "\n".join(lines)) if lines else None


def _step(x: dict[str, Any]) -> str:
    parts = [
        f"{x['status']}, {x['kind']}" if x["status"] == "verified" else x["status"],
        plain(raised(x.get("how", ""))),
    ]
    if m := x.get("mutants"):
        parts.append(f"{m['rejected']} wrong variants rejected")
        parts += [f"{m['same']} the same claim ({', '.join(map(plain, m['rewrites']))})"] if m["same"] else []
        parts += [f"{m['inconclusive']} told nothing"] if m["inconclusive"] else []
        parts += [f"{len(m['survivors'])} survived"] if m["survivors"] else []
    return "; ".join(p for p in parts if p) + "."


def inline(root: Path) -> Iterator[Piece]:
    """Yield the claims and suppositions among the formulas of the text, and those that are not judged."""
    kept = ledger(root)
    for sort, words in (
        ("claim", "Judged true (without wrong variants)"),
        ("supposition", "Suppositions: a size or a parameter is chosen, which nothing could prove"),
        ("said", "Not judged, for the reason that stands with it"),
    ):
        found = [x for x in kept["inline"] if x["sort"] == sort]
        lines = [f"- ${x['tex']}$" + _why(x) for x in found]
        yield Piece(f"**{words}:** {len(found) or 'none'}.", folded=("Show them", "\n".join(lines)) if lines else None)
    shapes = [f" ({plain(x['shape'])})" if x["shape"] else "" for x in kept["locals"]]
    lines = [f"- ${x['tex']}${shape}: {plain(x['words'])}" for x, shape in zip(kept["locals"], shapes, strict=True)]
    yield Piece(
        f"**Letters that one page uses for something of its own:** {len(lines) or 'none'}.\n\n" + "\n".join(lines)
    )


def _why(x: dict[str, Any]) -> str:
    if x["sort"] == "said":
        return f": {plain(x['how'])}"
    where = f", where ${x['where']}$" if x.get("where") else ""
    return f", in {x['world']}{where}" if x["world"] else ""


def functions(root: Path) -> Iterator[Piece]:
    """Yield the functions of the package that equations are held to, with their signatures and the equations."""
    used: dict[str, list[str]] = {}
    for e in ledger(root)["equations"]:
        for name in e["functions"]:
            used.setdefault(name, []).append(e["label"])
    for name, labels in sorted(used.items()):
        thing = getattr(import_module("lmmtext"), name)
        sentence = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
        parameters = ", ".join(inspect.signature(thing).parameters)
        cited = ", ".join(f"{{eq}}`{label}`" for label in labels)
        told = f"**`lmmtext.{name}({parameters})`**: {plain(sentence)} Held to {cited}."
        yield Piece(f"({_target(name)})=\n{told}")


def _target(name: str) -> str:
    return "function-" + name.lower().replace("_", "-")


def symbols(group: str, root: Path) -> Iterator[Piece]:
    """Yield a group of the notation table, with the place where the book first uses each symbol."""
    kept = ledger(root)
    rows = ["| symbol | meaning | shape | in code | elsewhere | first use |", "|---|---|---|---|---|---|"]
    for s in getattr(notation, group):
        code = f"`{s.code}`" if s.code else ""
        also = "; also " + ", ".join(f"${x}$" for x in s.spellings) if s.spellings else ""
        meaning = plain(s.words) + (f": ${s.definition}$" if s.definition else "")
        shape = plain(s.shape) or "number"
        rows.append(
            f"| ${s.tex}$ | {meaning} | {shape} | {code} | {plain(s.elsewhere)}{also} | {_first(s.tex, kept)} |"
        )
    yield Piece("\n".join(row.replace(r"\mid", r"\vert") for row in rows), ("notation-table",))


def _first(tex: str, kept: dict[str, Any]) -> str:
    use = kept["symbols"].get(tex)
    if use is None:
        return "not yet"
    displayed = f"; displayed in {{eq}}`{use['label']}`" if use["label"] else ""
    return link(use["page"], kept["pages"][use["page"]]) + displayed


Part = Callable[[Path], Iterator[Piece]]
LEDGER_PARTS: dict[str, Part] = {
    "totals": totals,
    "unchecked": unchecked,
    "equations": equations,
    "inline": inline,
    "functions": functions,
}
GROUPS = [name for name, value in vars(notation).items() if name.isupper() and isinstance(value, tuple)]
NOTATION_PARTS: dict[str, Part] = {name.lower(): partial(symbols, name) for name in GROUPS if name != "SYMBOLS"}
