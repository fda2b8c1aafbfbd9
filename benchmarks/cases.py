"""The cases: a table of data and a formula each, the same bytes at every call."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks import simulated
from lmmtext import load

SCRATCH = Path(__file__).parent / ".scratch"


@dataclass(frozen=True)
class Case:
    """A model to fit by REML: its formula, its data, and whether one call is long enough to be timed by itself.

    `groups` are the columns of integers that R must be told are factors; in Python they stay int64. `plain` is the
    same model for parsers that read neither `a/b/c` nor `a:b:c`: each nested group or interaction as a column.
    """

    name: str
    title: str
    formula: str
    make: Callable[[], pd.DataFrame]
    groups: tuple[str, ...] = ()
    big: bool = True
    plain: str = ""


def _intercepts(groups: Iterable[str]) -> str:
    """Return a formula with a random intercept for each group."""
    return " + ".join(["y ~ 1", *(f"(1 | {group})" for group in groups)])


ALL = (
    Case(
        "sleepstudy",
        "sleepstudy, 18 subjects x 10 days",
        "Reaction ~ Days + (Days | Subject)",
        lambda: load("sleepstudy"),
        big=False,
    ),
    Case("dyestuff", "Dyestuff, 6 batches x 5", "Yield ~ 1 + (1 | Batch)", lambda: load("dyestuff"), big=False),
    Case(
        "penicillin",
        "Penicillin, 24 plates x 6 samples",
        "diameter ~ 1 + (1 | plate) + (1 | sample)",
        lambda: load("penicillin"),
        big=False,
    ),
    Case(
        "oneway-1e4",
        "one-way, J = 1,000, r = 10",
        "y ~ 1 + (1 | g)",
        lambda: simulated.one_way(1_000, 10),
        groups=("g",),
        big=False,
    ),
    Case(
        "insteval",
        "InstEval, n = 73,421, 2,972 + 1,128 + 28 effects",
        "y ~ service + (1 | s) + (1 | d) + (1 | dept:service)",
        lambda: load("insteval"),
    ),
    Case(
        "oneway-1e6",
        "one-way, J = 100,000, r = 10",
        "y ~ 1 + (1 | g)",
        lambda: simulated.one_way(100_000, 10),
        groups=("g",),
    ),
    Case(
        "unbalanced-1e6",
        "one-way, J = 100,000, 1 to 19 a group, n = 1e6",
        "y ~ 1 + (1 | g)",
        lambda: simulated.unbalanced(100_000, 1_000_000),
        groups=("g",),
    ),
    Case(
        "slopes",
        "random slope, J = 10,000, r = 20",
        "y ~ x + (x | g)",
        lambda: simulated.slopes(10_000, 20),
        groups=("g",),
    ),
    Case(
        "crossed",
        "crossed, 1,000 x 200, n = 100,000",
        "y ~ 1 + (1 | a) + (1 | b)",
        lambda: simulated.crossed((1_000, 200), 100_000),
        groups=("a", "b"),
    ),
    Case(
        "nested",
        "nested 100 / 20 / 10, 5 rows each, n = 100,000",
        "y ~ 1 + (1 | a/b/c)",
        lambda: simulated.nested((100, 20, 10), 5),
        groups=("a", "b", "c"),
        plain=_intercepts(["a", "ab", "abc"]),
    ),
    Case(
        "factorial",
        "five factors of 3 levels, all 31 interactions random, 2 rows a cell",
        _intercepts(":".join(letters) for letters in simulated.subsets("abcde")),
        lambda: simulated.factorial(5, 3, 2),
        groups=tuple("abcde"),
        plain=_intercepts(simulated.subsets("abcde")),
    ),
)
CASES = {case.name: case for case in ALL}


def write(case: Case, folder: Path = SCRATCH) -> Path:
    """Write the data of a case as CSV, and the levels of its factors beside it; return the path of the CSV."""
    folder.mkdir(exist_ok=True)
    table = case.make()
    table.to_csv(path := folder / f"{case.name}.csv", index=False)
    factors = {
        name: list(column.cat.categories)
        for name, column in table.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }
    path.with_suffix(".json").write_text(json.dumps(factors))
    return path
