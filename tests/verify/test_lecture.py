"""The list of the lecture's formulas. Its verdicts are held to what is expected by the page itself, which is run as a test."""

import json
from collections import Counter
from pathlib import Path

import pytest

from lmmtext.verify.review import Claim, Finding, Line, judged, read, review, summary, tell
from tests.verify.lecture import LECTURE, LINES

PAGE = Path(__file__).resolve().parents[2] / "book" / "lecture-errata.ipynb"


def test_a_formula_that_slipped_beyond_notation_has_a_corrected_form():
    for line in LINES:
        if line.slip and line.source == "formula" and line.verdict != "verified":
            nearby = [x for x in LINES if x.slide == line.slide and x.corrected]
            assert line.corrected or any(x.claim.formula == line.claim.formula for x in nearby), line


def test_no_corrected_form_is_the_line_itself():
    for line in LINES:
        assert line.claim not in line.corrected, line


def test_the_page_tells_every_line_of_the_lecture():
    cells = json.loads(PAGE.read_text(encoding="utf-8"))["cells"]
    shown = "".join("".join(o["data"].get("text/markdown", "")) for c in cells for o in c.get("outputs", []))
    told = Counter(x.slide for x in LINES)
    for slide in told:
        assert f'review(LECTURE, "{slide}")' in "".join("".join(c["source"]) for c in cells)
    for _, formula in LECTURE:
        assert formula in shown


WRONG = Line(
    "A slide", Claim(r"\operatorname{E}[\operatorname{SSE}] = n\sigma^2", "one-way"), "false", slip="wrong divisor"
)


def test_a_review_tells_a_counterexample_in_words_and_counts_slips():
    (finding,) = review([WRONG])
    text = tell([finding]).text
    assert "**false** in `one-way`: with $J = 2$, $r = 2$" in text and "the right side" in text
    table = summary([finding]).text
    assert "| false | 1 | 0 |" in table and "| wrong divisor | 1 | A slide |" in table


def test_what_claims_something_is_not_told_to_claim_nothing():
    line = Line("A slide", WRONG.claim, "no claim")
    assert review([line])[0].status == "false"


def test_a_corrected_form_that_fails_is_told_as_what_it_is():
    line = Line("A slide", WRONG.claim, "false", corrected=(WRONG.claim,))
    (finding,) = review([line])
    assert not finding.corrected[0]
    assert "**verified**" not in tell([finding]).text


def test_a_step_is_no_line_of_the_source():
    line = Line("A slide", WRONG.claim, "false", step="on the way")
    finding = Finding(line, judged(line.claim), ())
    assert "| **together** | **0** | **0** |" in summary([finding]).text
    assert tell([finding]).text.startswith("*On the way:*")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[line]]\nslide = 'a'\nformula = 'b'\nworld = 'one-way'\n", "verdict"),
        ("[[line]]\nslide = 'a'\nformula = 'b'\nworld = 'one-way'\nverdict = 'false'\nwhy = 'c'\n", "why"),
    ],
)
def test_a_list_with_a_field_too_few_or_too_many_is_refused_in_words(tmp_path, text, says):
    path = tmp_path / "lines.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"line 1 of .*unknown or missing.* {says}"):
        read(path)
