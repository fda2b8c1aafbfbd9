"""What some tests want from the system, a browser, bubblewrap and R with lme4: tried out, and installed on request."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)
PACKAGES = {
    "browser": ("chromium", "chromium-driver"),
    "bubblewrap": ("bubblewrap",),
    "lme4": ("r-base-core", "r-cran-lme4", "r-cran-nlme", "r-cran-mass"),
}
ALL_HERE = "A browser, its driver, bubblewrap and R with lme4 are here and run."


def browser() -> tuple[str, str] | None:
    """Return the paths of a browser and of its driver, if both are on the PATH."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (found, driver) if found and driver else None


@cache
def lacking(want: str) -> str | None:
    """Return why `want` ("browser", "bubblewrap" or "lme4") cannot be used, None if it can: by running it."""
    return {"browser": _no_browser, "bubblewrap": _no_bubblewrap, "lme4": _no_lme4}[want]()


def _no_browser() -> str | None:
    found = browser()
    if found is None:
        return "no Chromium or Chrome with its chromedriver on the PATH"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        page = "data:text/html,<p>it%20runs</p>"
        shown = _output(found[0], *BROWSER_FLAGS, f"--user-data-dir={profile}", "--dump-dom", page)
    if "it runs" not in shown:
        return f"{found[0]} does not start"
    return None if "ChromeDriver" in _output(found[1], "--version") else f"{found[1]} does not start"


def _no_bubblewrap() -> str | None:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return "no bwrap on the PATH"
    said = _output(bwrap, "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "echo", "it runs")
    return None if "it runs" in said else "bwrap may not make a sandbox on this system"


def _no_lme4() -> str | None:
    if shutil.which("Rscript") is None:
        return "no Rscript on the PATH"
    script = "for (p in c('lme4', 'nlme', 'MASS')) suppressMessages(library(p, character.only = TRUE)); cat('it runs')"
    return None if "it runs" in _output("Rscript", "--vanilla", "-e", script) else "Rscript has no lme4, nlme or MASS"


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def install() -> int:
    """Install what is lacking with apt-get, or say what is wanted where there is none."""
    wanted = [p for want, packages in PACKAGES.items() if lacking(want) for p in packages]
    if not wanted:
        print(ALL_HERE)
        return 0
    if not shutil.which("apt-get"):
        print(
            "Some tests want, from this system's own packages: Chromium (or Chrome) with its\n"
            "chromedriver, bubblewrap (Linux only), and R with lme4. Without them `make test`\n"
            "passes, and names what could not run.",
            file=sys.stderr,
        )
        return 1
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *wanted]):
        print("+", *apt, *step, flush=True)
        if not shutil.which(apt[0]) or subprocess.run([*apt, *step]).returncode:
            break
    lacking.cache_clear()
    left = [f"{want}: {why}" for want in PACKAGES if (why := lacking(want))]
    print("\n".join(left) or ALL_HERE)
    return bool(left)


def blas_kernels(python: Path) -> list[str]:
    """Return the OpenBLAS kernels that this processor runs, most unlike ones first."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return []
    script = "import numpy as np, scipy.linalg as sl; a = np.eye(200) + 0.1; sl.cholesky(a @ a); print('it runs')"
    usable = []
    for kernel in ("Nehalem", "Haswell", "Sandybridge", "SkylakeX"):
        settings = os.environ | {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_VERBOSE": "2"}
        tried = subprocess.run([python, "-c", script], env=settings, capture_output=True, text=True)
        if "it runs" in tried.stdout and f"Core: {kernel}" in tried.stdout + tried.stderr:
            usable.append(kernel)
    return usable
