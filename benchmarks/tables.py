"""The raw numbers of a run as tables: every cell follows from the records alone."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

Raw = Mapping[str, Any]
Record = Mapping[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: bool = True) -> str:
    """Return a Markdown table: the first column to the left, the others, if they are numbers, to the right."""
    marks = ["---", *["---:" if numbers else "---"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, marks, *rows])


def number(x: float, digits: int = 3) -> str:
    """Return x with about so many significant digits, never with an exponent.

    >>> number(21191.6), number(0.6402), number(2.345, 2), number(0.0304, 2)
    ('21,192', '0.640', '2.3', '0.030')
    """
    places, size = digits - 1, abs(x)
    while size >= 10 and places > 0:
        places, size = places - 1, size / 10
    while 0 < size < 1 and places < 6:
        places, size = places + 1, size * 10
    return f"{x:,.{places}f}"


def distance(x: float) -> str:
    """Return a small distance with one digit.

    >>> distance(0.0), distance(1.9e-6)
    ('0', '2e-06')
    """
    return f"{x:.0e}" if x else "0"


def of(raw: Raw, what: str, peer: str) -> list[Record]:
    """Return the records of one peer at one thing."""
    return [record for record in raw["records"] if (record["what"], record["peer"]) == (what, peer)]


def values(raw: Raw, what: str, peer: str, field: str) -> dict[int, float]:
    """Return a measured field by round, of the rounds that the peer finished."""
    return {record["round"]: record[field] for record in of(raw, what, peer) if field in record}


def middle(raw: Raw, what: str, peer: str, field: str = "cpu") -> float | None:
    """Return the median over rounds, None if there is none."""
    found = values(raw, what, peer, field)
    return median(found.values()) if found else None


def ratio(raw: Raw, what: str, peer: str, other: str, field: str = "cpu") -> float | None:
    """Return the median over rounds of the ratio of two peers' CPU times, each ratio taken within a round."""
    mine, its = values(raw, what, peer, field), values(raw, what, other, "cpu")
    shared = [mine[k] / its[k] for k in mine if k in its]
    return median(shared) if shared else None


def failure(raw: Raw, what: str, peer: str) -> str | None:
    """Return why a peer has no number, in its own words; None if it has."""
    if why := raw["peers"][peer].get("unavailable"):
        return why
    records = of(raw, what, peer)
    if any("failed" not in record for record in records):
        return None
    return records[0]["failed"] if records else "not run"


def short(why: str) -> str:
    """Return a failure in a word or two, for a cell.

    >>> short("more than 130 s"), short("MemoryError: 80 GB"), short("ValueError: no such column")
    ('> 130 s', 'memory', 'no')
    """
    if why.startswith("more than "):
        return why.replace("more than ", "> ")
    if any(word in why.lower() for word in ("memory", "allocate")):
        return "memory"
    return "not run" if why == "not run" else "no"


def gave_up(raw: Raw, what: str, peer: str) -> bool:
    """Whether a peer itself says, in any round, that its search did not converge."""
    return any(record.get("converged") is False for record in of(raw, what, peer))


def best_compiled(raw: Raw, what: str) -> str | None:
    """Return the compiled peer with the lowest median CPU time, of those that do not say they failed to converge."""
    compiled = [p for p, about in raw["peers"].items() if about["compiled"] and not gave_up(raw, what, p)]
    times = {p: middle(raw, what, p) for p in compiled}
    found = {p: seconds for p, seconds in times.items() if seconds is not None}
    return min(found, key=lambda p: found[p]) if found else None


def by_case(raw: Raw, cell: Callable[[str, str], str]) -> str:
    """Return a table with a row for each case and a column for each peer; `cell(what, peer)` where there is a fit."""
    rows = []
    for case in raw["cases"]:
        what = f"fit {case['name']}"
        whys = {peer: failure(raw, what, peer) for peer in raw["peers"]}
        rows.append([case["title"], *(short(why) if why else cell(what, peer) for peer, why in whys.items())])
    return table(["case", *raw["peers"]], rows)


def fit_times(raw: Raw) -> str:
    """Return medians of CPU milliseconds a call, in brackets the ratio to lme4."""

    def cell(what: str, peer: str) -> str:
        milliseconds = number(1e3 * (middle(raw, what, peer) or 0))
        to_lme4 = ratio(raw, what, peer, "lme4") if "lme4" in raw["peers"] and peer != "lme4" else None
        return (
            milliseconds + (f" ({number(to_lme4, 2)})" if to_lme4 else "") + (" †" if gave_up(raw, what, peer) else "")
        )

    return by_case(raw, cell)


def summary(raw: Raw) -> str:
    """Return the two ratios by which the package is judged: to lme4, and to the best compiled peer."""
    rows = []
    for case in raw["cases"]:
        what = f"fit {case['name']}"
        best = best_compiled(raw, what)
        ratios = [ratio(raw, what, "lmmtext", other) if other else None for other in ("lme4", best)]
        rows.append([case["title"], *(number(r, 2) if r else "-" for r in ratios), best or "-"])
    return table(["case", "lmmtext / lme4", "lmmtext / best compiled", "which"], rows)


def spread(raw: Raw) -> str:
    """Return smallest and largest CPU time over the rounds, relative to the median."""

    def cell(what: str, peer: str) -> str:
        times = values(raw, what, peer, "cpu").values()
        return f"{min(times) / median(times):.2f} to {max(times) / median(times):.2f}"

    return by_case(raw, cell)


def criteria(raw: Raw) -> str:
    """Return each peer's REML criterion less the lowest that any of them found."""
    lowest = {}
    for case in raw["cases"]:
        what = f"fit {case['name']}"
        found = [v for peer in raw["peers"] for v in values(raw, what, peer, "objective").values()]
        lowest[what] = min(found, default=0.0)
    return by_case(raw, lambda what, peer: distance((middle(raw, what, peer, "objective") or 0) - lowest[what]))


def memory(raw: Raw) -> str:
    """Return the peak of resident memory in MB, in brackets what was resident before the call."""

    def cell(what: str, peer: str) -> str:
        peak, before = (middle(raw, what, peer, field) for field in ("peak_mb", "before_mb"))
        return f"{peak:,.0f} ({before:,.0f})"

    return by_case(raw, cell)


def failures(raw: Raw) -> str:
    """Return what each peer could not do, in its own words, as a list."""
    lines = []
    for peer, about in raw["peers"].items():
        if why := about.get("unavailable"):
            lines.append(f"- **{peer}**: {why}.")
            continue
        whys: dict[str, list[str]] = {}
        for case in raw["cases"]:
            what = f"fit {case['name']}"
            if why := failure(raw, what, peer):
                whys.setdefault(why, []).append(case["name"])
            for record in of(raw, what, peer) if not why else ():
                if "failed" in record:
                    whys.setdefault(record["failed"], []).append(f"{case['name']} (round {record['round']} only)")
        lines += [f"- **{peer}**, {', '.join(names)}: `{why}`." for why, names in whys.items()]
    return "\n".join(lines) or "None: every peer did every case."
