"""The peers, and where each of them runs: an environment of its own, made once at `.bench/`."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".bench"
RUNNERS = ROOT / "benchmarks" / "peers"
BIN = "Scripts" if os.name == "nt" else "bin"

# Variables that would change what is timed: the choice of a BLAS kernel, and Python's own settings.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS")

ASK_PYTHON = """
import json, platform
from importlib.metadata import distributions
have = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
shown = {k: have[k] for k in %r if k in have}
print(json.dumps({"version": have.get(%r, ""), "beside": {"Python": platform.python_version(), **shown}}))
"""
ASK_R = """
suppressPackageStartupMessages(library(lme4))
software <- c(R = as.character(getRversion()), Matrix = packageDescription("Matrix")$Version,
              BLAS = basename(extSoftVersion()[["BLAS"]]), LAPACK = La_version())
cat('{"version": "', packageDescription("lme4")$Version, '", "beside": {',
    paste0('"', names(software), '": "', software, '"', collapse = ", "), '}}', sep = "")
"""
BESIDE = ("numpy", "scipy", "pandas", "polars", "formulaic", "patsy")


class Unavailable(Exception):
    """A peer that cannot be run here, and why."""


@dataclass(frozen=True)
class Peer:
    """A package: its name, its distribution, what it is made of, and its runner (a file of `benchmarks/peers/`)."""

    name: str
    distribution: str
    made_of: str
    runner: str
    compiled: bool = False

    @property
    def python(self) -> Path:
        """The Python that runs it: the project's own for the package itself."""
        return Path(sys.executable) if self.name == "lmmtext" else FOLDER / self.name / BIN / "python"

    @property
    def command(self) -> list[str]:
        """The command that starts its runner."""
        if self.runner.endswith(".R"):
            return ["Rscript", "--vanilla", str(RUNNERS / self.runner)]
        return [str(self.python), "-m", f"benchmarks.peers.{self.runner}"]


ALL = (
    Peer("lmmtext", "lmmtext", "numpy", "run_lmmtext"),
    Peer("lme4", "lme4", "R and C++", "run_lme4.R"),
    Peer("glmm", "glmm", "Rust", "run_glmm", compiled=True),
    Peer("mixedlm-rs", "mixedlm-rs", "Rust", "run_mixedlm_rs", compiled=True),
    Peer("mixedlm", "mixedlm", "Rust", "run_mixedlm", compiled=True),
    Peer("lme-python", "lme-python", "Rust", "run_lme_python", compiled=True),
    Peer("statsmodels", "statsmodels", "numpy", "run_statsmodels"),
)
PEERS = {peer.name: peer for peer in ALL}


def variables() -> dict[str, str]:
    """Return the environment of everything that is timed: one thread, and no setting of the user's."""
    return {k: v for k, v in os.environ.items() if k not in UNSET} | dict.fromkeys(THREADS, "1") | {"PYTHONUTF8": "1"}


def ensure(peer: Peer) -> dict[str, object]:
    """Make the environment of a peer if it is not there, and return its version and those of what it stands on."""
    if peer.runner.endswith(".R"):
        return _ask(["Rscript", "--vanilla", "-e", ASK_R], "Rscript with lme4 is not here (Debian: r-cran-lme4)")
    if peer.name != "lmmtext":
        _install(peer)
    script = ASK_PYTHON % (BESIDE, peer.distribution)
    return _ask([str(peer.python), "-c", script], "its environment does not run")


def _install(peer: Peer) -> None:
    pins = RUNNERS / f"{peer.runner.removeprefix('run_')}.txt"
    wanted = hashlib.sha256(repr((sys.version_info[:3], pins.read_text())).encode()).hexdigest()
    home = FOLDER / peer.name
    stamp = home / "installed-from"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Making the environment of {peer.name}.", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    for step in (
        [sys.executable, "-m", "venv", str(home)],
        [str(peer.python), "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "-r", str(pins)],
    ):
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout + done.stderr, file=sys.stderr)
            raise Unavailable("its environment could not be made")
    stamp.write_text(wanted)


def _ask(command: list[str], otherwise: str) -> dict[str, object]:
    try:
        done = subprocess.run(command, env=variables(), cwd=ROOT, capture_output=True, text=True, timeout=120)
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise Unavailable(otherwise) from None
