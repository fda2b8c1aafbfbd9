"""The project's virtual environment: made once at .venv, reused, and renewed when the pins change."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed-from"
HOME = VENV / "home"
OLDEST = (3, 11)

NO_VENV = """\
The virtual environment could not be made: this Python has no `ensurepip`.
Debian and Ubuntu keep it in a package of its own:
    sudo apt-get install python3-venv
and then run the same command again (for a second Python, python{0}.{1}-venv)."""


class Stop(Exception):
    """Something that only the reader of the message can mend."""


def environment() -> dict[str, str]:
    """Return the variables for everything that is run: nothing of the user's own configuration."""
    env = {k: v for k, v in os.environ.items() if k not in ("MPLBACKEND", "PYTHONHOME", "PYTHONSTARTUP")}
    env |= {
        "VIRTUAL_ENV": str(VENV),
        "PATH": os.pathsep.join([str(PYTHON.parent), env.get("PATH", "")]),
        "MPLCONFIGDIR": str(HOME / "matplotlib"),
        "IPYTHONDIR": str(HOME / "ipython"),
        "JUPYTER_CONFIG_DIR": str(HOME / "jupyter"),
        "JUPYTER_DATA_DIR": str(HOME / "jupyter"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PYTHONUTF8": "1",
        "SE_OFFLINE": "true",
    }
    env.setdefault("OMP_NUM_THREADS", "1")  # two kernels at a time share the processors better so
    return env


def run(*command: str | Path, extra: Mapping[str, str] | None = None) -> int:
    """Run a command in the root with the project's environment; return its exit code."""
    sys.stdout.flush()
    return subprocess.run([str(c) for c in command], cwd=ROOT, env=environment() | dict(extra or {})).returncode


def python(*arguments: str | Path, extra: Mapping[str, str] | None = None) -> int:
    """Run the environment's Python; return its exit code."""
    return run(PYTHON, *arguments, extra=extra)


def ensure() -> None:
    """Make .venv, or bring it up to date, if it is not what requirements.txt and pyproject.toml ask for."""
    version = _version()
    if version is None or version < OLDEST:
        _create()
        version = _version()
    if not STAMP.exists() or STAMP.read_text().strip() != _wanted(version):
        _install()
        STAMP.write_text(_wanted(version) + "\n")


def _version() -> tuple[int, ...] | None:
    """Return the version of .venv's Python, None if there is none that runs with pip."""
    ask = "import sys, pip; print(*sys.version_info[:3])"
    try:
        out = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True)
    except OSError:
        return None
    return tuple(map(int, out.stdout.split())) if out.returncode == 0 else None


def _wanted(version: tuple[int, ...] | None) -> str:
    """Return a hash of what an up-to-date environment is made from."""
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return hashlib.sha256(repr((version, str(ROOT), pins, project)).encode()).hexdigest()


def _create() -> None:
    if sys.version_info < OLDEST:
        raise Stop(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}.")
    print(f"Making the environment .venv with Python {sys.version.split()[0]}.", flush=True)
    if VENV.exists():
        shutil.rmtree(VENV)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode or _version() is None:
        shutil.rmtree(VENV, ignore_errors=True)
        message = (made.stdout + made.stderr).strip()
        if "ensurepip" in message or "No module named venv" in message:
            raise Stop(NO_VENV.format(*sys.version_info))
        raise Stop(f"The virtual environment could not be made:\n{message}")


def _install() -> None:
    print("Installing what requirements.txt pins (some minutes the first time).", flush=True)
    _pip("install", "-r", "requirements.txt")
    _pip("install", "--no-deps", "--no-build-isolation", "--editable", ".")
    profile = HOME / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    quiet = "c.IPKernelApp.log_level = 40  # kernels on this machine: no warning about unencrypted TCP\n"
    (profile / "ipython_kernel_config.py").write_text(quiet)
    print("The environment is ready.", flush=True)


def _pip(*arguments: str) -> None:
    """Run pip, showing one short line a package; on failure show all that it said."""
    command = [str(PYTHON), "-m", "pip", *arguments, "--progress-bar", "off"]
    said, collected, width = [], 0, shutil.get_terminal_size().columns - 1
    live = sys.stdout.isatty()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            if line.startswith("Collecting "):
                collected += 1
                what = f"  {collected:3d}  {line.split()[1]}"
            elif line.startswith("Installing collected packages"):
                what = f"  unpacking {line.count(',') + 1} packages"
            else:
                continue
            if live:
                print("\r" + what[:width].ljust(width), end="", flush=True)
            elif collected % 20 == 0 or "unpacking" in what:
                print(what, flush=True)
    if live and collected:
        print()
    if pip.returncode:
        raise Stop("".join(said) + f"pip {' '.join(arguments)} failed: see above.")
