"""The ledger in words: the summary on the command line, and the evidence that a mark on the page tells."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmmtext.ledger.report import Report


def summary(report: "Report") -> str:
    """Return the totals of a ledger, for a person to read."""
    told = report["totals"]
    inline = told["inline"]
    rewrites = ", ".join(f"{name} ({n})" for name, n in told["links by rewrite"].items())
    lines = [
        f"{told['equations']} equations on {len({e['page'] for e in report['equations']})} pages",
        f"  by kind:     {_list(told['by kind'])}",
        f"  by verdict:  {_list(told['by status'])}",
        f"  by world:    {_list(told['by world'])}",
        f"  tied to functions of the package: {told['tied to functions']}",
        f"{told['links']} links checked",
        f"{told['mutants rejected']} wrong variants rejected, {told['mutants the same claim']} shown to be the same"
        f" claim, {told['mutants that told nothing']} told nothing, {told['mutants that survived']} survived",
        f"  the same claim by (links): {rewrites or 'none'}",
        f"{sum(inline.values())} inline formulas: {_list(inline)}",
    ]
    return "\n".join(lines)


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items()) or "none"


RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
GLYPHS = {"verified": "\u2713", "definition": ":=", "cited": "cf.", "open": "?"}  # never told by colour alone


def mark_of(entry: dict[str, Any]) -> str:
    """Return which mark an equation gets: `verified`, `definition`, `cited`, or `open` for what is none of these."""
    if entry["kind"] == "cited":
        return "cited"
    if entry["status"] != "verified":
        return "open"
    return "definition" if entry["kind"] == "definition" else "verified"


def evidence(entry: dict[str, Any]) -> list[str]:
    """Return the sentences that tell what stands behind an equation, shortest first."""
    mark, worlds = mark_of(entry), [c["world"] for c in entry["checks"]]
    if mark == "cited":
        return ["Cited, not checked.", f"Source: {entry['cites']}."]
    if mark == "open":
        why = [f"{c['status'].capitalize()} in {c['world']}." for c in entry["checks"]]
        return ["Not verified.", *(why or [_sentence(entry["status"])])]
    head = {
        "definition": "Definition: nothing is claimed, but the worlds of the book keep to it.",
        "verified": f"Verified: {entry['kind']}.",
    }[mark]
    links = [link for c in entry["checks"] for link in c["links"]]
    tried = [link["mutants"] for link in links if "mutants" in link]
    lines = [head, f"World{'s' if len(worlds) > 1 else ''}: {', '.join(worlds)}."]
    if entry["where"]:
        lines.append(rf"Under the condition \({entry['where']}\).")
    weakest = min((x["how"] for x in links), key=_digits)
    steps = f"{len(links)} steps, each checked; the weakest evidence: " if len(links) > 1 else ""
    lines.append(_sentence(steps + weakest))
    if tried:
        rejected, same = sum(m["rejected"] for m in tried), sum(m["same"] for m in tried)
        lines.append(
            f"{rejected} wrong variants rejected" + (f", {same} the same claim by a named rewrite." if same else ".")
        )
    if entry["functions"]:
        lines.append(f"Held to it: lmmtext.{', lmmtext.'.join(entry['functions'])}.")
    return lines


def _digits(how: str) -> int:
    """Return how small the probability of an error is said to be; 0 where none is said."""
    found = re.search(r"10\^-(\d+)", how)
    return int(found[1]) if found else 0


def _sentence(text: str) -> str:
    text = raised(text)
    return text[:1].upper() + text[1:] + "."


def raised(text: str) -> str:
    """Return a text in which powers of ten are written as such."""
    return re.sub(r"\^(-\d+)", lambda m: m[1].translate(RAISED), text)
