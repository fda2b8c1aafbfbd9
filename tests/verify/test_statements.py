"""The list of what the lecture says: every label in it is one of the book, and a bad entry is refused in words."""

import json
import re

import pytest

from lmmtext.verify.statements import Statement, places, statements
from tools.notebooks import ROOT, paths, read

LECTURE = statements(ROOT / "book" / "lecture-statements.toml")
LABEL = re.compile(r"^:label: (\S+)$|^\((sec-[\w-]+)\)=$", re.M)


def labels_of_the_book():
    ledger = json.loads((ROOT / "book" / "ledger.json").read_text(encoding="utf-8"))
    source = "\n".join(c["source"] for path in paths() for c in read(path)["cells"] if c["cell_type"] == "markdown")
    return {e["label"] for e in ledger["equations"]} | {a or b for a, b in LABEL.findall(source)}


def test_each_statement_is_treated_where_the_table_says():
    wanted = {label for s in LECTURE for label in s.treated}
    assert wanted - labels_of_the_book() == set()


def test_the_slides_are_those_of_the_review_in_their_order():
    slides = list(dict.fromkeys(s.slide for s in LECTURE))
    text = (ROOT / "book" / "lecture.toml").read_text(encoding="utf-8")
    reviewed = list(dict.fromkeys(re.findall(r"^slide = '(.*)'$", text, re.M)))
    assert [s for s in slides if s in reviewed] == [s for s in reviewed if s in slides]
    assert slides[0] == reviewed[0]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"finding": "fine"}, "must be one of right"),
        ({"treated": ()}, "either treated somewhere or to come"),
        ({"finding": "to come"}, "either treated somewhere or to come"),
        ({"finding": "corrected"}, "must say how"),
        ({"treated": ("chapter 3",)}, "labels begin with"),
    ],
)
def test_a_bad_statement_is_refused(wrong, told):
    sound = {"slide": "MLEs", "words": "it", "finding": "right", "treated": ("eq-gls",)}
    with pytest.raises(ValueError, match=told):
        Statement(**(sound | wrong))


def test_the_table_names_a_slide_once_and_escapes_bars():
    rows = places([Statement("A", "$|V|$", "right", ("eq-gls",)), Statement("A", "b", "right", ("thm-gls-is-ols",))])
    assert rows.text.splitlines()[2:] == [
        r"| A | $\vert V\vert $ | **right** | {eq}`eq-gls` |",
        "|  | b | **right** | {prf:ref}`thm-gls-is-ols` |",
    ]
