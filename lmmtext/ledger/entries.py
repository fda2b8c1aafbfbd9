"""Entries: what is found about a formula, in plain values, and what of it the book may not have."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lmmtext.ledger import inline, symbols
from lmmtext.ledger.pages import Formula
from lmmtext.verify import Verdict, check
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.parser import parse
from lmmtext.verify.tie import tie
from lmmtext.verify.worlds import WORLDS

SECONDS = 60.0  # far more than any equation needs: what runs out of time would depend on the machine
ENTRY = Mapping[str, Any]

NOT_JUDGED = {
    "status": "not judged",
    "kind": "",
    "checks": [],
    "where": "",
    "cites": "",
    "code": "",
    "functions": [],
    "sort": "",  # of a formula in the text
    "world": "",
    "how": "",
}

# The kind of a chain is that of its weightiest link.
WEIGHT = ("tautology", "definition", "identity", "inequality", "moment", "distribution", "limit", "optimum")


def claimed(formula: Formula) -> dict[str, Any]:
    """Return what a formula claims, and by which declaration: what its verdict depends on."""
    return {
        "tex": formula.tex,
        "label": formula.label,
        "worlds": list(formula.worlds),
        "declared": asdict(formula.declared),
        "locals": [asdict(x) for x in formula.locals],
    }


def entry(formula: Formula) -> dict[str, Any]:
    """Return what is found about a formula; `faults` are the sentences for which it may not be in the book."""
    unknown = [w for w in formula.worlds if w not in WORLDS]
    if unknown:
        told = f"there is no world {', '.join(unknown)}; there are {', '.join(WORLDS)}"
        return {**NOT_JUDGED, "faults": [told]}
    return _display(formula) if formula.label else _inline(formula)


def _inline(formula: Formula) -> dict[str, Any]:
    found = inline.find(formula, SECONDS)
    return {
        "sort": found.sort,
        "world": found.world,
        "how": found.how,
        "where": formula.declared.where,
        "faults": [found.fault] if found.fault else [],
    }


def _display(formula: Formula) -> dict[str, Any]:
    declared = formula.declared
    cited = declared.kind == "cited"
    verdicts = [
        check(formula.tex, w, declared.where or None, seconds=SECONDS, mutants=not cited) for w in formula.worlds
    ]
    worst = max(verdicts, key=lambda v: v.exit_code)
    kinds = {x.kind for v in verdicts for x in v.links}
    found = max(kinds, key=WEIGHT.index) if kinds else ""
    faults = [*_unreadable(formula), *_unkind(formula, found, worst)]
    faults += [f for v in verdicts for f in (_cited(v) if cited else _unverified(v))]
    told: dict[str, Any] = {
        "status": "cited" if cited else worst.status,
        "kind": declared.kind or found,
        "checks": [_checked(v) for v in verdicts],
        "where": declared.where,
        "cites": declared.cites,
        "code": "",
        "functions": [],
    }
    if declared.code:
        ties = [tie(declared.code, formula.tex, WORLDS[w], declared.where or None) for w in formula.worlds]
        faults += [f"code: {t.code}: {t.wrong}" for t in ties if t.wrong]
        told |= {"code": declared.code, "functions": list(ties[0].functions), "side": ties[0].side}
        told["instances"] = sum(t.instances for t in ties)
    return {**told, "faults": list(dict.fromkeys(faults))}


def _checked(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict in one world, without the time that it took."""
    told = verdict.as_dict()
    links = [{k: v for k, v in link.items() if v not in (None, "")} for link in told["links"]]
    for link in links:
        if "mutants" in link:
            link["mutants"] = {k: v for k, v in link["mutants"].items() if k != "text"}
            link["mutants"] = {k: list(v) if isinstance(v, tuple) else v for k, v in link["mutants"].items()}
    return {"world": told["world"], "status": told["status"], "message": told["message"], "links": links}


def _unreadable(formula: Formula) -> list[str]:
    try:
        return symbols.faults(parse(formula.tex), [WORLDS[w] for w in formula.worlds], formula.locals)
    except FormulaError:
        return []  # what cannot be read has its verdict already


def _unkind(formula: Formula, found: str, worst: Verdict) -> list[str]:
    """Say where the declared kind is not the one that was found.

    `cited` is judged by itself; `definition` claims less than any verdict and may stand for an equation of the model
    that its world is built on.
    """
    declared = formula.declared.kind
    if found == "tautology":
        return ["it says that a thing is itself"]
    if declared in ("", "cited", "definition") or worst.status != "verified" or declared == found:
        return []
    return [f"its kind is declared as {declared}, and is {found}"]


def _cited(verdict: Verdict) -> list[str]:
    """Say why an equation may not be merely cited: it is wrong, or it can be verified."""
    if verdict.status == "verified":
        return [f"it is declared as cited, and can be verified in {verdict.world}: leave out the kind"]
    return [] if verdict.status == "undecided" else [f"{verdict.status} in {verdict.world}: {verdict.message}"]


def _unverified(verdict: Verdict) -> list[str]:
    """Say why an equation is not verified, or verified by a check that could not have failed."""
    wrong = [] if verdict.status == "verified" else [f"{verdict.status} in {verdict.world}: {verdict.message}"]
    for link in verdict.links:
        tried = link.mutants
        if tried is None:
            continue
        if tried.survivors:
            what = f"{len(tried.survivors)} wrong variants of {link.tex} also hold in {verdict.world}"
            wrong.append(f"{what}: {'; '.join(tried.survivors[:2])}")
        if not tried.rejected and link.status == "verified":
            wrong.append(f"no wrong variant of {link.tex} was rejected in {verdict.world}: the check cannot fail")
        if not tried.complete:
            wrong.append(f"there was not the time to try all wrong variants of {link.tex} in {verdict.world}")
    return wrong
