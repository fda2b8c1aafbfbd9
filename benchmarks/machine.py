"""The day and the machine: processor, cores, memory, BLAS; no names and no paths."""

import datetime
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.environments import variables


def describe() -> dict[str, str]:
    """Return what a reader needs to judge the times."""
    return {
        "date": datetime.date.today().isoformat(),
        "processor": _first(r"^model name\s*: (.+)$", "/proc/cpuinfo") or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "system": _first(r'^PRETTY_NAME="(.+)"$', "/etc/os-release") or platform.system(),
        "BLAS of numpy": _blas(),
        "threads": "1 (BLAS, OpenMP, rayon, polars)",
        "load average at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _first(pattern: str, path: str) -> str | None:
    try:
        found = re.search(pattern, Path(path).read_text(), re.M)
    except OSError:
        return None
    return found[1].strip() if found else None


def _memory() -> str:
    kilobytes = _first(r"^MemTotal:\s+(\d+) kB$", "/proc/meminfo")
    return f"{int(kilobytes) / 2**20:.0f} GiB" if kilobytes else "unknown"


def _blas() -> str:
    """Return name, version and kernel of numpy's BLAS: OpenBLAS tells its kernel when asked to be verbose."""
    script = """
import numpy
blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
print(blas["name"], blas["version"])
"""
    env = variables() | {"OPENBLAS_VERBOSE": "2"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    kernel = re.search(r"^Core: (\w+)", done.stdout + done.stderr, re.M)
    return f"{(done.stdout.strip().splitlines() or ['unknown'])[-1]}{f', kernel {kernel[1]}' if kernel else ''}"
