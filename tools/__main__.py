"""The tasks: `python -m tools TASK`, or `make TASK`. Any Python from 3.11 on will do to start them."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tools import env, system
from tools.env import ROOT, Stop, python, run

NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=120")
WORKERS = ("-n", "2", "--dist", "loadfile")
HTML = ROOT / "_build" / "html"


def book() -> int:
    """Build the book at _build/html (notebooks whose inputs changed are run again first)."""
    env.ensure()
    if code := python("-m", "tools.notebooks", "refresh", "--stale") or _build():
        return code
    print(f"\nThe book is in {(HTML / 'index.html').relative_to(ROOT)}: open it, or run the task `serve`.")
    return 0


def test() -> int:
    """Run all tests: the package, its doctests, the repository, the site, and every notebook (nbval)."""
    env.ensure()
    return python("-m", "pytest", *WORKERS, *NBVAL, "tests", "lmmtext", "book", *sys.argv[2:])


def cores() -> int:
    """Run every notebook under two other OpenBLAS kernels: no output may depend on the processor."""
    env.ensure()
    usable = system.blas_kernels(env.PYTHON)
    if len(usable) < 2:
        raise Stop(f"Two OpenBLAS kernels are needed to compare; this machine runs {usable or 'none'}.")
    codes = []
    for kernel in usable[:2]:
        print(f"OPENBLAS_CORETYPE={kernel}", flush=True)
        codes.append(python("-m", "pytest", "-q", *WORKERS, *NBVAL, "book", extra={"OPENBLAS_CORETYPE": kernel}))
    return max(codes)


def check() -> int:
    """Check form in under a minute: format, lint, types, layers, notebooks, links, ledger up to date, spelling."""
    env.ensure()
    steps = {
        "format": ("-m", "ruff", "format", "--check", "."),
        "lint": ("-m", "ruff", "check", "--quiet", "."),
        "types": ("-m", "mypy"),
        "layers": ("-m", "pytest", "-q", "tests/test_layers.py"),
        "notebooks and links": ("-m", "tools.gate"),
        "ledger": ("-m", "tools.ledger"),
        "spelling": ("-m", "tools.spelling"),
    }
    failed = []
    for name, command in steps.items():
        start = time.monotonic()
        code = python(*command, extra={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})  # they take seconds to load
        print(f"{'ok  ' if code == 0 else 'FAIL'}  {name}  ({time.monotonic() - start:.1f} s)", flush=True)
        failed += [name] if code else []
    if failed:
        print("Failed: " + ", ".join(failed) + ". `ruff format .` and `ruff check --fix .` mend the form.")
    return bool(failed)


def refresh() -> int:
    """Run all notebooks again, two at a time, and rewrite their outputs (or those named after it)."""
    env.ensure()
    return python("-m", "tools.notebooks", "refresh", *sys.argv[2:])


def ledger() -> int:
    """Judge every formula of the book, and write what was found to book/ledger.json."""
    env.ensure()
    return python("-m", "lmmtext", "ledger", *sys.argv[2:])


def serve() -> int:
    """Show the built book at http://127.0.0.1:8000 (another port: PORT=8001)."""
    if not HTML.exists() and (code := book()):
        return code
    port = env.environment().get("PORT", "8000")
    return python("-m", "http.server", port, "--bind", "127.0.0.1", "--directory", HTML)


def lab() -> int:
    """Open the notebooks in JupyterLab."""
    env.ensure()
    return python("-m", "jupyterlab", "--notebook-dir", ROOT / "book", *sys.argv[2:])


def bench() -> int:
    """Time the package against its peers, and rewrite benchmarks/RESULTS.md (an hour; options: see its README)."""
    if not (ROOT / "benchmarks" / "__main__.py").exists():
        raise Stop("There is no benchmark yet: nothing was timed.")
    env.ensure()
    return python("-m", "benchmarks", *(sys.argv[2:] or ["--write"]))


def clean() -> int:
    """Remove what was built, and caches (delete .venv yourself to be rid of that too)."""
    made = ["_build", "build", "dist", ".pytest_cache", ".mypy_cache", ".ruff_cache", "book/.ruff_cache", ".hypothesis"]
    nested = [
        p
        for folder in ("lmmtext", "tests", "tools", "book", "labs", "benchmarks")
        for pattern in ("__pycache__", ".ipynb_checkpoints")
        for p in (ROOT / folder).rglob(pattern)
    ]
    for path in [*(ROOT / name for name in made), *nested]:
        if path.exists():
            shutil.rmtree(path)
    return 0


def install_system() -> int:
    """Install what some tests want from the system: a browser, bubblewrap, R with lme4 (Debian, Ubuntu)."""
    return system.install()


def _build() -> int:
    """Run Jupyter Book with warnings as errors; believe a failure only from an empty _build."""
    fresh = not HTML.exists()
    command = (env.PYTHON.parent / "jupyter-book", "build", ".", "-W", "-n", "--keep-going")
    if (code := run(*command)) == 0 or fresh:
        return code
    print("\nThat was over an earlier build; once more from nothing.", flush=True)
    shutil.rmtree(ROOT / "_build")
    return run(*command)


TASKS: dict[str, Callable[[], int]] = {
    "book": book,
    "test": test,
    "check": check,
    "refresh": refresh,
    "ledger": ledger,
    "cores": cores,
    "serve": serve,
    "lab": lab,
    "bench": bench,
    "system": install_system,
    "clean": clean,
}


def main() -> int:
    """Run the task named on the command line, or list the tasks."""
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name not in TASKS:
        print("make TASK, or without make: python -m tools TASK\n")
        print("\n".join(f"  {task:8} {function.__doc__}" for task, function in TASKS.items()))
        return 0 if name in ("help", "-h", "--help") else 2
    try:
        return TASKS[name]()
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    assert Path.cwd().samefile(ROOT), f"run this in {ROOT}"
    sys.exit(main())
