"""One call in one process: started with limits on time and memory, and its end told in words."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.environments import ROOT, Peer, variables

CPU_LIMIT = 130  # seconds, of the fit call
ALL_ELSE = 30  # seconds that a process has beside it
WATCH = 0.5  # seconds between two looks at what a process has used
MEMORY_LIMIT = 8 * 2**30  # bytes, of the process
WALL_LIMIT = 1200  # seconds, of the process
LEAST = 0.2  # seconds that a call is repeated for

Answer = dict[str, Any]


def arguments(case: Case, mode: str, data: Path, factors: list[str], warm: Path) -> list[str]:
    """Return the request to a runner, as key=value."""
    asked = {
        "mode": mode,
        "data": data,
        "warm": warm,
        "formula": case.formula,
        "plain": case.plain or case.formula,
        "factors": ",".join(factors),
        "least": LEAST,
    }
    return [f"{key}={value}" for key, value in asked.items()]


def ask(peer: Peer, request: list[str]) -> Answer:
    """Run one request; return the answer, or `{"failed": why}`."""
    return run([*peer.command, *request])


def run(command: list[str]) -> Answer:
    """Run a command that answers in one line of JSON; return the answer, or `{"failed": why}`.

    Its processor time is watched from here. RLIMIT_CPU would do it more simply, but under a limit, or a timer, Linux
    reads the processor clock of a process to the scheduler's tick (4 ms) only, and the clock is what we measure with.
    """
    start = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_limit_memory(MEMORY_LIMIT),
    ) as process:
        while True:
            try:
                out, said = process.communicate(timeout=WATCH)
                break
            except subprocess.TimeoutExpired:
                if _cpu_seconds(process.pid) > CPU_LIMIT + ALL_ELSE:
                    process.kill()
                    return {"failed": f"more than {CPU_LIMIT} s"}
                if time.monotonic() - start > WALL_LIMIT:
                    process.kill()
                    return {"failed": f"did not end in {WALL_LIMIT} s of clock time"}
    lines = out.strip().splitlines()
    if process.returncode or not lines or not lines[-1].startswith("{"):
        return {"failed": ending(process.returncode, said)}
    answer = json.loads(lines[-1])
    return {"failed": f"more than {CPU_LIMIT} s"} if answer.get("first_cpu", 0) > CPU_LIMIT else answer


def ending(code: int, said: str) -> str:
    """Say how a process ended that gave no answer, by its exit code and what it wrote on standard error."""
    if asked := re.search(r"memory allocation of (\d+) bytes failed", said):
        return f"out of memory: asked for {int(asked[1]) / 1e9:.0f} GB at once"
    last = (said.strip().splitlines() or ["no word"])[-1]
    last = re.sub(r"(?:/[\w.+-]+){2,}/", "", last)[:120]
    return f"died ({signal.Signals(-code).name if code < 0 else f'exit code {code}'}): {last}"


def _cpu_seconds(pid: int) -> float:
    """Return the processor time that a running process has used, user and system."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _limit_memory(size: int) -> Callable[[], None]:
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))
