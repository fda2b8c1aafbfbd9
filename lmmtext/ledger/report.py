"""The ledger: one plain value that says of every formula of the book what stands behind it."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from lmmtext.ledger import symbols
from lmmtext.ledger.entries import claimed
from lmmtext.ledger.pages import Formula, Page, pages
from lmmtext.ledger.run import CACHE, PATIENCE, Progress, judged, key
from lmmtext.ledger.sources import engine, of_value, package
from lmmtext.notation import SYMBOLS
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.parser import parse

FILE = Path("book") / "ledger.json"
FORMAT = 1
Report = dict[str, Any]


def build(
    root: Path,
    *,
    jobs: int = 2,
    cached: bool = True,
    progress: Progress = lambda done, total, what: None,
    patience: float = PATIENCE,
) -> Report:
    """Return the ledger of the book in a folder, every formula of it judged (or known from the cache; see `judged`)."""
    book = pages(root)
    found = judged(book, root / CACHE if cached else None, jobs, progress, patience)
    equations, inline, faults = [], [], [fault for page in book for fault in page.faults]
    references = _keys(root / "book" / "references.bib")
    for page in book:
        faults += [f"{page.name}: {wrong}" for wrong in symbols.local_faults(page.locals)]
        for f in page.formulas:
            told = found[key(f)]
            if f.declared.cites and f.declared.cites not in references:
                faults.append(f"{f.place}: {f.declared.cites} is no key of book/references.bib")
            faults += [f"{f.place}: {fault}" for fault in told["faults"]]
            line = {"page": f.page, "tex": f.tex, **{k: v for k, v in told.items() if k != "faults"}}
            if f.label:
                equations.append({"label": f.label, **line})
            else:
                inline.append(line)
    return {
        "format": FORMAT,
        "sources": sources(book),
        "totals": totals(equations, inline),
        "pages": {page.name: page.title for page in book},
        "equations": equations,
        "inline": _each_once([x for x in inline if x["sort"] in ("claim", "supposition", "said")]),
        "locals": [{"page": p.name, "tex": x.tex, "shape": x.shape, "words": x.words} for p in book for x in p.locals],
        "symbols": first_uses(book),
        "faults": faults,
    }


def sources(book: list[Page]) -> dict[str, str]:
    """Return the hashes by which a ledger is known to be that of a book: what is claimed, and what judged it."""
    told = [[page.name, page.title, page.faults, [claimed(f) for f in page.formulas]] for page in book]
    code = any(f.declared.code for page in book for f in page.formulas)
    return {"claims": of_value(told), "engine": engine(), "functions": package() if code else ""}


def stale(root: Path) -> list[str]:
    """Return, without judging, why the ledger that is kept is not that of the book; empty if it is."""
    path = root / FILE
    if not path.is_file():
        return [f"{FILE.as_posix()} is not there: make ledger"]
    kept, now = read(root).get("sources", {}), sources(pages(root))
    words = {"claims": "formulas or declarations", "engine": "the checker", "functions": "functions of the package"}
    changed = [words[name] for name, value in now.items() if kept.get(name) != value]
    return [f"{FILE.as_posix()}: {', '.join(changed)} changed since it was made: make ledger"] if changed else []


def read(root: Path) -> Report:
    """Return the ledger that is kept with the book."""
    return json.loads((root / FILE).read_text(encoding="utf-8"))


def text(report: Report) -> str:
    """Return a ledger as the text of its file: the same bytes for the same book, on every machine."""
    return json.dumps(report, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def totals(equations: list[dict[str, Any]], inline: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts that the ledger opens with."""
    links = [link for e in equations for c in e["checks"] for link in c["links"]]
    mutants = [link["mutants"] for link in links if "mutants" in link]
    return {
        "equations": len(equations),
        "by kind": _counted(e["kind"] or "none" for e in equations),
        "by status": _counted(e["status"] for e in equations),
        "by world": _counted(c["world"] for e in equations for c in e["checks"]),
        "links": len(links),
        "mutants rejected": sum(m["rejected"] for m in mutants),
        "mutants the same claim": sum(m["same"] for m in mutants),
        "links by rewrite": _counted(r for m in mutants for r in m["rewrites"]),
        "mutants that told nothing": sum(m["inconclusive"] for m in mutants),
        "mutants that survived": sum(len(m["survivors"]) for m in mutants),
        "tied to functions": sum(bool(e["functions"]) for e in equations),
        "inline": _counted(x["sort"] for x in inline),
    }


def first_uses(book: list[Page]) -> dict[str, dict[str, str]]:
    """Return, for each symbol of the notation table that the book uses, the page that has it first, and a display."""
    found: dict[str, dict[str, str]] = {}
    for page in book:
        for f in page.formulas:
            for tex in _used(f):
                use = found.setdefault(tex, {"page": f.page, "label": ""})
                if f.label and not use["label"] and use["page"] == f.page:
                    use["label"] = f.label
    return {s.tex: found[s.tex] for s in SYMBOLS if s.tex in found}


def _used(formula: Formula) -> list[str]:
    if formula.declared.said:
        return []
    try:
        return [s.tex for s in symbols.used(parse(formula.tex), formula.locals)]
    except FormulaError:
        return []


def _keys(references: Path) -> set[str]:
    text = references.read_text(encoding="utf-8") if references.is_file() else ""
    return set(re.findall(r"^@\w+\{\s*([^,\s]+)", text, re.M))


def _each_once(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for k, line in enumerate(lines) if line not in lines[:k]]


def _counted(things: Any) -> dict[str, int]:
    return dict(sorted(Counter(things).items()))
