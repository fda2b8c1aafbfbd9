"""The command line: exit codes, JSON, listing; and that the package without the checker stays light."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from lmmtext.__main__ import main
from lmmtext.verify import WORLDS, check
from lmmtext.verify.verdict import EXIT
from tests.verify.test_parser import PIECES, st

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", r"\rho = \frac{\sigma_\alpha^2}{\sigma_\alpha^2 + \sigma^2}"], 0),
        (["check", r"\rho = \sigma^2"], 1),
        (["check", r"\mathbf{V} = \sigma^2", "--world", "general"], 1),
        (["check", r"\rho = ("], 2),
        (["check", r"\omega = 1"], 2),
        (["check", r"\rho"], 3),
        (["check", r"\hat\sigma^2 = \operatorname{MSE}", "--where", r"\operatorname{MSE} < \operatorname{SSA}/J"], 0),
        (["check", "a", "--world", "nowhere"], 2),
    ],
)
def test_the_exit_code_tells_the_verdict(arguments, code, capsys):
    assert main(arguments) == code
    told = capsys.readouterr()
    assert told.out or told.err


def test_json_holds_what_the_verdict_holds(capsys):
    code = main(["check", r"\rho = \frac{\sigma_\alpha^2}{\sigma^2}", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == EXIT[told["status"]] == 1
    assert set(told["links"][0]["counterexample"]) >= {"sizes", "left", "right"}


def test_worlds_are_listed_with_symbols_meanings_and_shapes(capsys):
    assert main(["worlds", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [w["name"] for w in told] == list(WORLDS)
    main(["worlds"])
    assert r"\boldsymbol{\Sigma}" in capsys.readouterr().out


def test_the_module_runs_as_a_program():
    ask = [sys.executable, "-m", "lmmtext", "check", r"\rho = 2"]
    done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith("false: ") and done.stderr == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12).map(" ".join))
def test_no_input_crashes_the_checker_or_runs_without_bound(source):
    verdict = check(source, "general", seconds=2.0)
    assert verdict.status in EXIT and verdict.message
    assert verdict.seconds < 8
