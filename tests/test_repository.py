"""The machinery of the repository: pins, packaging, tasks, licences, and words for what is lacking."""

import importlib.metadata as metadata
import itertools
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import __main__ as tasks
from tools import env, system

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


def read_pins(text):
    """Return the requirements of requirements.txt, in their order."""
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


PINS = read_pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))


def environments():
    """Return the marker environments that the pins are for: each Python on each system."""
    for python, (platform, (os_name, name)) in itertools.product(PYTHONS, SYSTEMS.items()):
        yield default_environment() | {
            "python_version": python,
            "python_full_version": f"{python}.0",
            "sys_platform": platform,
            "os_name": os_name,
            "platform_system": name,
        }


def direct():
    """Return what pyproject.toml asks for by itself and with every extra."""
    extras = [r for rows in PROJECT["optional-dependencies"].values() for r in rows]
    required = [Requirement(row) for row in (*PROJECT["dependencies"], *extras)]
    return [r for r in required if r.name != PROJECT["name"]]


def asked(requirement, where):
    """Return what a distribution (with these extras) asks for in this environment; None if not installed."""
    try:
        rows = metadata.requires(requirement.name) or []
    except metadata.PackageNotFoundError:
        return None
    extras = requirement.extras or {""}
    found = [Requirement(row) for row in rows]
    return [r for r in found if not r.marker or any(r.marker.evaluate(where | {"extra": e}) for e in extras)]


def disagreements(pins, wanted, where):
    """Return how these pins fail to be exactly the closure of what is wanted in one environment."""
    pinned = {canonicalize_name(p.name): p for p in pins if not p.marker or p.marker.evaluate(where)}
    wrong, seen, waiting = [], set(), [(None, r) for r in wanted]
    while waiting:
        who, requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in pinned:
            wrong.append(f"{name}, which {who or 'pyproject.toml'} needs, is not pinned")
            continue
        version = next(iter(pinned[name].specifier)).version
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{name}=={version} is outside {who or 'pyproject.toml'}'s {requirement.specifier}")
        key = (name, frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            waiting += [(name, r) for r in asked(requirement, where) or []]
    unused = set(pinned) - {name for name, _ in seen}
    return sorted(set(wrong)) + [f"{name} is pinned, and nothing needs it" for name in sorted(unused)]


def test_every_requirement_is_one_exact_version_once_in_order():
    names = [canonicalize_name(p.name) for p in PINS]
    assert names == sorted(set(names))
    assert all([s.operator for s in p.specifier] == ["=="] and not p.url for p in PINS)


@pytest.mark.parametrize("where", list(environments()), ids=lambda e: f"{e['python_version']}-{e['sys_platform']}")
def test_the_pins_are_the_whole_and_consistent_closure_of_what_is_asked(where):
    assert disagreements(PINS, direct(), where) == []


def test_every_pinned_package_admits_every_python():
    refused = []
    for pin in PINS:
        try:
            told = metadata.metadata(pin.name).get("Requires-Python")
        except metadata.PackageNotFoundError:
            assert pin.marker, f"{pin.name} is not installed: run `make test`, which installs it"
            continue
        pythons = [p for p in PYTHONS if not pin.marker or pin.marker.evaluate({"python_version": p})]
        refused += [f"{pin} on {p}" for p in pythons if not SpecifierSet(told or "").contains(f"{p}.0")]
    assert refused == []


def test_what_is_installed_is_what_is_pinned():
    here = [p for p in PINS if not p.marker or p.marker.evaluate()]
    differing = {p.name: metadata.version(p.name) for p in here if not p.specifier.contains(metadata.version(p.name))}
    assert differing == {}


def test_a_missing_an_unused_and_an_outdated_pin_are_caught():
    where = default_environment()
    sound = read_pins("pytest==9.2.0\nnumpy==2.4.6")
    told = "\n".join(disagreements(sound, [Requirement("pytest>=10"), Requirement("scipy")], where))
    assert "scipy, which pyproject.toml needs, is not pinned" in told
    assert "pytest==9.2.0 is outside pyproject.toml's >=10" in told
    assert "iniconfig" in told and "pytest needs, is not pinned" in told
    assert "numpy is pinned, and nothing needs it" in told


def test_the_package_alone_needs_four_others():
    assert {Requirement(r).name for r in PROJECT["dependencies"]} == {"numpy", "scipy", "pandas", "formulaic"}
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(">=3.11")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The names of the files in the wheel and in the source distribution."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", out], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,), (source,) = out.glob("*.whl"), out.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as zipped, tarfile.open(source) as tarred:
        return zipped.namelist(), ["/".join(n.split("/")[1:]) for n in tarred.getnames()]


def test_the_wheel_holds_the_package_its_data_and_its_types(built):
    wheel, source = built
    package = {p.relative_to(ROOT).as_posix() for p in (ROOT / "lmmtext").rglob("*") if p.is_file()}
    wanted = {name for name in package if "__pycache__" not in name}
    assert {"lmmtext/py.typed", "lmmtext/data/sleepstudy.csv"} <= wanted
    assert wanted == {name for name in wheel if ".dist-info/" not in name}
    assert wanted <= set(source)


def test_neither_distribution_holds_the_book_the_tests_or_the_labs(built):
    for names in built:
        assert not [n for n in names if n.split("/")[0] in ("book", "tests", "labs", "tools", "benchmarks")]
    assert any(n.endswith("licenses/LICENSE") for n in built[0])


def test_make_the_readme_and_python_know_the_same_tasks():
    makefile = re.search(r"^TASKS := (.+)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    readme = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.M)
    assert makefile == list(tasks.TASKS) == readme
    assert all(function.__doc__ for function in tasks.TASKS.values())


def test_help_lists_the_tasks_and_an_unknown_task_is_refused():
    for name, code in (("help", 0), ("bock", 2)):
        done = subprocess.run([sys.executable, "-m", "tools", name], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == code and all(task in done.stdout for task in tasks.TASKS)


def test_where_there_is_no_benchmark_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    with pytest.raises(env.Stop, match="no benchmark yet"):
        tasks.bench()


def test_changed_pins_and_a_changed_project_are_noticed_and_a_changed_lint_rule_is_not(monkeypatch, tmp_path):
    pins, project = tmp_path / "requirements.txt", tmp_path / "pyproject.toml"
    pins.write_text("one")
    project.write_text("[project]\nname = 'one'\n")
    monkeypatch.setattr(env, "ROOT", tmp_path)
    before = env._wanted((3, 11, 7))
    assert before != env._wanted((3, 12, 1))
    project.write_text("[project]\nname = 'one'\n[tool.ruff]\n")
    assert before == env._wanted((3, 11, 7))
    project.write_text("[project]\nname = 'two'\n")
    assert before != env._wanted((3, 11, 7))
    project.write_text("[project]\nname = 'one'\n")
    pins.write_text("two")
    assert before != env._wanted((3, 11, 7))


def test_an_environment_that_is_up_to_date_is_left_alone(monkeypatch, tmp_path):
    stamp = tmp_path / "stamp"
    stamp.write_text(env._wanted((3, 11, 7)))
    monkeypatch.setattr(env, "STAMP", stamp)
    monkeypatch.setattr(env, "_version", lambda: (3, 11, 7))
    monkeypatch.setattr(env, "_create", lambda: pytest.fail("made again"))
    monkeypatch.setattr(env, "_install", lambda: pytest.fail("installed again"))
    env.ensure()


def test_without_ensurepip_the_debian_package_is_named(monkeypatch, tmp_path):
    said = "The virtual environment was not created successfully because ensurepip is not available."
    failed = subprocess.CompletedProcess([], 1, stdout=said, stderr="")
    monkeypatch.setattr(env, "VENV", tmp_path / "venv")
    monkeypatch.setattr(env.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(env.Stop, match="apt-get install python3-venv"):
        env._create()


def test_a_failing_pip_shows_what_it_said(monkeypatch):
    monkeypatch.setattr(env, "PYTHON", Path(sys.executable))  # whichever environment runs the tests
    with pytest.raises(env.Stop, match="No matching distribution|Could not find|Invalid requirement"):
        env._pip("install", "--no-index", "no-such-package-of-that-name==0")


WANTING = """
import pytest
from tests.conftest import *

def test_with_a_browser(reader):
    assert False, "never reached"

def test_in_a_sandbox(bubblewrap):
    assert False, "never reached"
"""


def run_without_system_tools(tmp_path, **settings):
    (tmp_path / "test_wanting.py").write_text(WANTING)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.conftest",
        str(tmp_path),
    ]
    bare = {
        "PATH": "/nowhere",
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "LMMTEXT_MUST_RUN": "",
    }
    return subprocess.run(command, cwd=tmp_path, env=os.environ | bare | settings, capture_output=True, text=True)


def test_what_could_not_run_is_named_at_the_end_and_the_tests_pass(tmp_path):
    done = run_without_system_tools(tmp_path)
    end = done.stdout[done.stdout.index("not run: `make system`") :]
    assert done.returncode == 0
    assert "1 test for want of browser: no Chromium or Chrome with its chromedriver on the PATH" in end
    assert "1 test for want of bubblewrap: no bwrap on the PATH" in end
    assert "test_with_a_browser" in end and "test_in_a_sandbox" in end


def test_where_a_browser_must_run_its_absence_is_a_failure(tmp_path):
    done = run_without_system_tools(tmp_path, LMMTEXT_MUST_RUN="browser")
    assert done.returncode == 1 and "could not run for want of browser" in done.stdout


def test_a_browser_that_does_not_start_is_no_browser(tmp_path, monkeypatch):
    for name in ("chromium", "chromedriver"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system._no_browser() == f"{tmp_path / 'chromium'} does not start"


def test_the_licences_the_citation_and_the_changelog_say_the_same():
    version, citation = PROJECT["version"], (ROOT / "CITATION.cff").read_text()
    assert "BSD 3-Clause License" in (ROOT / "LICENSE").read_text() and PROJECT["license"] == "BSD-3-Clause"
    assert "Creative Commons Attribution 4.0 International" in (ROOT / "LICENSE-TEXT").read_text(encoding="utf-8")
    assert f"version: {version}\n" in citation and "[BSD-3-Clause, CC-BY-4.0]" in citation
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_continuous_integration_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    told = (ROOT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in told and all(f"make {task}" in told for task in ("system", "book", "test"))
