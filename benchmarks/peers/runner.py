"""What every Python runner does: read one case, time the fit call, and answer in one line of JSON.

A runner is a process of its own, `python -m benchmarks.peers.NAME key=value ...`, in the environment of its peer.
It imports nothing before the peer is imported, so that this can be timed too.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

# Formula, file, and whether it has several grouping factors: what is fitted before a big case is timed.
WARM = (
    ("Yield ~ 1 + (1 | Batch)", "dyestuff.csv", False),
    ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin.csv", True),
)
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Request:
    """What is asked of a runner: see `benchmarks/README.md`, "The protocol"."""

    mode: str  # "small", "big", "bootstrap" or "import"
    data: Path = Path()
    warm: Path = Path()
    formula: str = ""
    plain: str = ""
    least: float = 0.2


@dataclass(frozen=True)
class Peer:
    """How a package is called: `prepare(request, table)`, which is not timed, returns the call that is."""

    package: str
    prepare: Callable[[Request, Any], Callable[[], Any]]
    criterion: Callable[[Any], float]
    converged: Callable[[Any], bool]
    replicate: Callable[[Any], Callable[[], Any]] | None = None
    several: bool = True  # whether it takes several grouping factors
    hundred: Callable[[Any], Callable[[], Any]] | None = None  # replicates in one call


def request(arguments: list[str]) -> Request:
    """Read arguments of the form key=value."""
    given = dict(argument.split("=", 1) for argument in arguments)
    paths = {key: Path(given[key]) for key in ("data", "warm") if key in given}
    numbers = {key: float(given[key]) for key in ("least",) if key in given}
    words = {key: given[key] for key in ("mode", "formula", "plain") if key in given}
    return Request(**words, **paths, **numbers)  # type: ignore[arg-type]


def read(path: Path) -> Any:
    """Return a table that `benchmarks.cases.write` wrote: factors as categories in order, floats exact (pandas 3)."""
    import pandas as pd

    factors = json.loads(path.with_suffix(".json").read_text())
    table = pd.read_csv(path, dtype=dict.fromkeys(factors, "str"))
    for name, levels in factors.items():
        table[name] = pd.Categorical(table[name], categories=levels)
    return table


def a_call(call: Callable[[], Any], least: float) -> float:
    """Return the mean CPU seconds of a call, over as many calls as take `least` seconds."""
    calls = 1
    while True:
        start = time.process_time()
        for _ in range(calls):
            call()
        used = time.process_time() - start
        if used >= least:
            return used / calls
        calls = max(calls + 1, int(min(10 * calls, 1.2 * calls * least / max(used, 0.001) + 1)))


def median_call(call: Callable[[], Any], least: float) -> float:
    """Return the median of three such means."""
    return sorted(a_call(call, least) for _ in range(3))[1]


def serve(peer: Peer) -> None:
    """Answer the request of the command line."""
    import warnings

    ask = request(sys.argv[1:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            print(json.dumps(_answer(peer, ask)), flush=True)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust is no Exception
        print(json.dumps({"failed": told(error)}), flush=True)


def told(error: BaseException) -> str:
    """Return the kind of an error and its first words, without the paths of this machine."""
    words = re.sub(r"(?:/[\w.+-]+){2,}/", "", " ".join(str(error).split()))
    return f"{type(error).__name__}: {words}"[:160].rstrip(": ")


def _answer(peer: Peer, ask: Request) -> dict[str, Any]:
    start = time.process_time()
    import_module(peer.package)
    import_cpu = time.process_time() - start
    if ask.mode == "import":
        return {"import_cpu": import_cpu}
    call = peer.prepare(ask, read(ask.data))
    if ask.mode == "bootstrap":
        assert peer.replicate is not None, f"{peer.package} has no replicate"
        fit = call()
        out = {"cpu": median_call(peer.replicate(fit), ask.least)}
        if peer.hundred is not None:
            out["together_cpu"] = median_call(peer.hundred(fit), ask.least) / 100
        return out
    if ask.mode == "big":
        for formula, name, several in WARM:
            if peer.several or not several:
                peer.prepare(Request("small", formula=formula, plain=formula), read(ask.warm / name))()
    out = _first(peer, call)
    if ask.mode == "small":
        out["cpu"] = median_call(call, ask.least)
    return out


def _first(peer: Peer, call: Callable[[], Any]) -> dict[str, Any]:
    """Time one call, with its peak of memory."""
    before = _memory("VmRSS")
    _forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    fit = call()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = _memory("VmHWM")
    return {
        "cpu": cpu,
        "first_cpu": cpu,
        "first_wall": wall,
        "before_mb": before,
        "peak_mb": peak,
        "objective": float(peer.criterion(fit)),
        "converged": bool(peer.converged(fit)),
    }


def _memory(field: str) -> float:
    """Return resident memory now ("VmRSS") or at its peak ("VmHWM"), in MB."""
    found = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    assert found, f"{STATUS} has no {field}"
    return int(found[1]) / 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")
