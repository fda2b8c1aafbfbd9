"""How the cost of a fit grows with n, J, q and the number of factors, beside the floor: one point a process.

`python -m benchmarks.growth SERIES SIZE` answers in one line of JSON; `python -m benchmarks` asks for all of them.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import floor, simulated
from benchmarks.peers.runner import a_call, median_call

LEAST = 0.2
FACTOR_LEVELS = 50
# What varies, what is held, and the sizes.
SERIES = {
    "n": ("one-way, J = 1,000", (10_000, 100_000, 1_000_000)),
    "J": ("one-way, n = 200,000", (10, 100, 1_000, 10_000, 100_000)),
    "q": ("q correlated random coefficients, J = 1,000, r = 20, n = 20,000", (1, 2, 3, 4, 6)),
    "factors": (f"crossed factors of {FACTOR_LEVELS} levels, n = 20,000", (1, 2, 3, 4, 5)),
}
# Where a fit spends its time, if the package calls these by these names in `lmmtext.fit`.
PARTS = {"build": "formula and table", "statistics": "statistics", "minimise": "search"}


def points() -> Iterator[tuple[str, int]]:
    """Yield every series with each of its sizes."""
    for name, (_, sizes) in SERIES.items():
        yield from ((name, size) for size in sizes)


def design(series: str, size: int) -> tuple[str, Any]:
    """Return formula and table of one point."""
    if series == "n":
        return "y ~ 1 + (1 | g)", simulated.one_way(1_000, size // 1_000)
    if series == "J":
        return "y ~ 1 + (1 | g)", simulated.one_way(size, 200_000 // size)
    if series == "q":
        table = simulated.slopes(1_000, 20, size)
        columns = " + ".join(["1", *slope_names(table)])
        return f"y ~ {columns} + ({columns} | g)", table
    letters = "abcdefgh"[:size]
    table = simulated.crossed((FACTOR_LEVELS,) * size, 20_000)
    return " + ".join(["y ~ 1", *(f"(1 | {letter})" for letter in letters)]), table


def slope_names(table: Any) -> list[str]:
    """Return the columns with a random slope: x, or x1, x2, ..."""
    return [str(name) for name in table if str(name).startswith("x")]


def floors(series: str, size: int, table: Any) -> tuple[Callable[[], Any], Callable[[], float]]:
    """Return the two functions of the floor for one point: reduce the data, compute one value at theta = 0.5."""
    y = table["y"].to_numpy()
    if series == "factors":
        sizes = (FACTOR_LEVELS,) * size
        codes = [table[letter].to_numpy() for letter in "abcdefgh"[:size]]
        kept = floor.crossed_statistics(codes, sizes, y)
        return (
            lambda: floor.crossed_statistics(codes, sizes, y),
            lambda: floor.crossed_value(kept, sizes, (0.5,) * size, len(y)),
        )
    g = table["g"].to_numpy()
    J = int(g.max()) + 1
    Z = table[slope_names(table)].to_numpy()  # (n, q - 1)
    Lambda = 0.5 * np.eye(Z.shape[1] + 1)
    A = floor.grouped_statistics(g, J, Z, y)
    return lambda: floor.grouped_statistics(g, J, Z, y), lambda: floor.grouped_value(A, Lambda, len(y))


def timed_parts(call: Callable[[], Any]) -> tuple[float, dict[str, float]]:
    """Return mean CPU seconds of a call and of those of its parts that can be told apart, from the same calls."""
    from lmmtext import lmm

    door = sys.modules[lmm.__module__]
    kept = {name: getattr(door, name) for name in PARTS if callable(getattr(door, name, None))}
    used = dict.fromkeys(kept, 0.0)
    calls = 0

    def timed(name: str) -> Callable[..., Any]:
        def part(*arguments: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return kept[name](*arguments, **named)
            finally:
                used[name] += time.process_time() - start

        return part

    def counted() -> None:
        nonlocal calls
        calls += 1
        call()

    for name in kept:
        setattr(door, name, timed(name))
    try:
        start = time.process_time()
        a_call(counted, LEAST)
        whole = time.process_time() - start
    finally:
        for name, function in kept.items():
            setattr(door, name, function)
    return whole / calls, {name: seconds / calls for name, seconds in used.items()}


def measure(series: str, size: int) -> dict[str, Any]:
    """Return the CPU seconds of one point: the fit call, its parts, and the floor."""
    from lmmtext import lmm

    formula, table = design(series, size)
    statistics, value = floors(series, size, table)
    fit = lmm(formula, table)
    cpu, parts = sorted((timed_parts(lambda: lmm(formula, table)) for _ in range(3)), key=lambda timing: timing[0])[1]
    return {
        "cpu": cpu,
        "parts": parts,
        "statistics_floor": median_call(statistics, LEAST),
        "value_floor": median_call(value, LEAST),
        "evaluations": int(getattr(getattr(fit, "optimum", None), "evaluations", 0)),
        "converged": bool(fit.converged),
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
