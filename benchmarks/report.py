"""`RESULTS.md`: the tables of a run with the words around them, and `results.json`, which it is made from."""

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import tables
from benchmarks.growth import PARTS, SERIES
from benchmarks.tables import Raw, middle, number, table

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "RESULTS.md"
NUMBERS = FOLDER / "results.json"

WORDS = """\
# What a fit costs, and what it costs with others

Made by `make bench` from `results.json` on {date}; not edited by hand. What is counted, and how it is run, is told in
[README.md](README.md). All times are **processor time** in milliseconds, on a shared machine on which other work may
have run: processor time is disturbed by that less than the clock is, but not untouched (see the spread). Each number is
a median over rounds, each ratio the median of ratios taken within a round.

{machine}

{versions}

## The package against lme4 and against the best compiled peer

Below 1 the package needs less.

{summary}

## One fit call

CPU milliseconds, in brackets the ratio to lme4. † = the peer itself says that its search did not converge.

{fits}

Smallest and largest of the rounds, relative to the median:

{spread}

What has no number, in the words of the peer, of its runner, or of the limit that it met:

{failures}

## The criterion that was reached

The REML criterion, with every constant as in lme4, less the lowest that any of these packages found for the case. It
holds n times the logarithm of a sum of n squares, which each program rounds in its own way: some 1e-11 is rounding in
the small cases, some 1e-7 where n is 1e6, and the lowest may be so by rounding.

{criteria}

## Starting

Import in a new process (what is imported with it counted, the interpreter not), and the first fit of sleepstudy in a
new process, after the import, with the data in memory; in milliseconds.

{starts}

## Memory

Peak of resident memory during the call in MB; in brackets what was resident just before it (the interpreter or R, the
package, the data). The data alone, as a pandas table of the columns in
the formula: {data}.

{memory}

## A parametric bootstrap replicate

Draw a response from the fit of sleepstudy and fit it again, in milliseconds of CPU a replicate.

{bootstrap}

## How the cost grows, and the floor

The fit call of the package in CPU milliseconds with those of its parts that can be told apart (the rest is making the
fit out of them), beside the floor in the same process: *sums* is one pass over arrays that are already coded, to the
cross-products that the criterion follows from; *value* is one value of the criterion from them, one factorisation
(`benchmarks/floor.py`, exactly). The last column is the call divided by sums and one value, less than which no fit
can cost; a search needs many values.

{growth}
"""


def render(raw: Raw) -> str:
    """Return the text of RESULTS.md."""
    data = ", ".join(f"{case['name']} {number(case['data_mb'], 2)}" for case in raw["cases"])
    return WORDS.format(
        date=raw["machine"]["date"],
        machine=table(["machine", ""], [[key, value] for key, value in raw["machine"].items()], numbers=False),
        versions=versions(raw),
        summary=tables.summary(raw),
        fits=tables.fit_times(raw),
        spread=tables.spread(raw),
        failures=tables.failures(raw),
        criteria=tables.criteria(raw),
        starts=starts(raw),
        memory=tables.memory(raw),
        data=data,
        bootstrap=bootstrap(raw),
        growth="\n\n".join(growth(raw, series) for series in SERIES),
    )


def versions(raw: Raw) -> str:
    """Return a row for each peer: its version, what it is made of, and what it stands on."""
    rows = []
    for peer, about in raw["peers"].items():
        beside = ", ".join(f"{name} {version}" for name, version in about.get("beside", {}).items())
        rows.append([peer, about.get("version", "-"), about["made_of"], beside or about.get("unavailable", "-")])
    return table(["package", "version", "made of", "with"], rows, numbers=False)


def starts(raw: Raw) -> str:
    """Return import and first call of each peer."""
    rows = []
    for peer in raw["peers"]:
        asked = [
            middle(raw, "import", peer, "import_cpu"),
            *(middle(raw, "fit sleepstudy", peer, field) for field in ("first_cpu", "first_wall", "cpu")),
        ]
        rows.append([peer, *(number(1e3 * seconds) if seconds is not None else "-" for seconds in asked)])
    return table(["package", "import, CPU", "first call, CPU", "first call, clock", "a later call, CPU"], rows)


def bootstrap(raw: Raw) -> str:
    """Return the time of a replicate, and the ratio."""
    calls = {
        "lme4: `refit(fit, simulate(fit)[[1]])`": ("lme4", "cpu"),
        "lmmtext: `fit.refit(fit.simulate(rng=rng))`": ("lmmtext", "cpu"),
        "lmmtext: `fit.bootstrap(100, rng=rng)`, a hundredth": ("lmmtext", "together_cpu"),
    }
    rows = []
    for call, (peer, field) in calls.items():
        seconds, ratio = middle(raw, "bootstrap", peer, field), tables.ratio(raw, "bootstrap", peer, "lme4", field)
        if seconds is not None:
            rows.append([call, number(1e3 * seconds), number(ratio, 3) if ratio is not None else "-"])
    return table(["call", "CPU, ms", "over lme4's"], rows)


def growth(raw: Raw, series: str) -> str:
    """Return the table of one series."""
    held, sizes = SERIES[series]
    rows = []
    for size in sizes:
        found = [r for r in raw["growth"] if (r["series"], r["size"]) == (series, size)]
        if not found or any("failed" in r for r in found):
            why = next((r["failed"] for r in found if "failed" in r), "not run")
            rows.append([f"{size:,}", tables.short(why), *["-"] * (len(PARTS) + 4)])
            continue
        parts = [_median(found, lambda r, name=name: r["parts"].get(name)) for name in PARTS]
        floor = [_median(found, lambda r, key=key: r[key]) for key in ("statistics_floor", "value_floor")]
        whole = median(r["cpu"] / (r["statistics_floor"] + r["value_floor"]) for r in found)
        call = _median(found, lambda r: r["cpu"])
        rows.append([f"{size:,}", call, *parts, str(found[0]["evaluations"]), *floor, number(whole, 2)])
    head = [series, "fit call", *PARTS.values(), "values needed", "floor: sums", "floor: value", "call / floor"]
    return f"{held}:\n\n{table(head, rows)}"


def _median(records: list[Any], field: Any) -> str:
    found = [field(record) for record in records]
    return "-" if None in found else number(1e3 * median(found))
