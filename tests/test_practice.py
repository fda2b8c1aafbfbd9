"""The code in the boxes "In practice": Python and R are run as they stand; each ends in a check that can fail."""

import ast
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.conftest import need
from tools.notebooks import ROOT, paths, read

FENCE = re.compile(r"^`{3}(\w+)\n(.*?)^`{3}$", re.M | re.S)
R_CHECK = re.compile(r"\bstopifnot\(")
NOT_RUN = "not run"
MOST_LINES = 16


@dataclass(frozen=True)
class Piece:
    """Code that a page shows and does not run, the page's place and the prose about it."""

    page: str
    line: int
    language: str
    code: str
    around: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}:{self.language}"


def pieces_of(page: str, number: int, source: str) -> list[Piece]:
    """Return the fenced code of one Markdown cell, the cell's number standing for its line."""
    return [Piece(page, number, language, code, source) for language, code in FENCE.findall(source)]


PIECES = [
    piece
    for path in paths()
    for number, cell in enumerate(read(path)["cells"])
    if cell["cell_type"] == "markdown"
    for piece in pieces_of(path.stem, number, cell["source"])
]
PYTHON = [p for p in PIECES if p.language == "python"]
R = [p for p in PIECES if p.language == "r"]


def faults(piece: Piece) -> list[str]:
    """Return what is wrong with the form of a piece: no check that can fail, a language that nobody named, its length."""
    wrong = []
    if piece.language == "python" and not isinstance(ast.parse(piece.code).body[-1], ast.Assert):
        wrong.append("Python that does not end in an assert")
    if piece.language == "r" and not R_CHECK.match(piece.code.strip().splitlines()[-1]):
        wrong.append("R whose last line is no stopifnot(...)")
    if piece.language == "julia" and NOT_RUN not in " ".join(piece.around.split()):
        wrong.append("Julia, and its cell does not say that it is not run")
    if piece.language not in ("python", "r", "julia", "text", "bash"):
        wrong.append(f"a language that is not known here: {piece.language}")
    if len(piece.code.splitlines()) > MOST_LINES:
        wrong.append(f"more than {MOST_LINES} lines")
    return wrong


@pytest.mark.parametrize("piece", PIECES, ids=lambda p: p.name)
def test_code_that_a_page_does_not_run_has_a_check_or_says_so(piece):
    assert faults(piece) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("```python\n1 + 1\n```", "does not end in an assert"),
        ("```r\nfit <- 1\n```", "no stopifnot"),
        ("```r\nstopifnot(TRUE)\nfit <- 1\n```", "no stopifnot"),
        ("```julia\nfit(m)\n```", "not run"),
        ("```stan\nx ~ normal(0, 1)\n```", "not known"),
        ("```python\n" + "x = 1\n" * 20 + "assert x\n```", "lines"),
    ],
)
def test_a_piece_without_its_check_is_caught(source, fault):
    (piece,) = pieces_of("page", 1, source)
    assert any(fault in told for told in faults(piece))


@pytest.mark.parametrize("piece", PYTHON, ids=lambda p: p.name)
def test_the_python_of_a_box_runs_and_its_numbers_hold(piece, tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", piece.code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("piece", R, ids=lambda p: p.name)
def test_the_r_of_a_box_runs_and_its_numbers_hold(piece, tmp_path):
    need("lme4")
    command = [str(shutil.which("Rscript")), "--vanilla", "-e", piece.code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_wrong_numbers_fail_in_r(tmp_path):
    need("lme4")
    told = pieces_of(
        "page", 1, "```r\nlibrary(lme4)\nstopifnot(abs(fixef(lmer(Yield ~ 1 + (1 | Batch), Dyestuff)) - 1500) < 1)\n```"
    )
    with pytest.raises(AssertionError):
        test_the_r_of_a_box_runs_and_its_numbers_hold(told[0], tmp_path)


def test_every_chapter_shows_its_model_in_python_r_and_julia():
    chapters = {path.stem for path in paths() if any("class: practice" in c["source"] for c in read(path)["cells"])}
    assert chapters, f"no chapter of {ROOT / 'book'} has a box In practice"
    lacking = {c: {"python", "r", "julia"} - {p.language for p in PIECES if p.page == c} for c in chapters}
    assert {c: languages for c, languages in lacking.items() if languages} == {}
