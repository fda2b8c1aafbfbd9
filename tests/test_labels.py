"""The labels that docstrings name are those of the book, and what is planned is not there yet."""

import re

import pytest

from tests.verify.test_statements import labels_of_the_book
from tools.notebooks import ROOT

NAMED = re.compile(r"Book labels?( \(planned\))?: ((?:(?:eq|thm|lem|def|sec)-[\w-]+(?:,\s+)?)+)")


def named():
    """Yield the label, whether it is planned, and the file of each label that a docstring names."""
    for path in sorted((ROOT / "lmmtext").rglob("*.py")):
        for planned, labels in NAMED.findall(path.read_text(encoding="utf-8")):
            yield from ((label, bool(planned), path.name) for label in re.findall(r"[a-z]+-[\w-]+", labels))


LABELS = labels_of_the_book()
NAMES = list(named())


def test_docstrings_name_labels():
    assert len(NAMES) > 15


@pytest.mark.parametrize(("label", "planned", "where"), NAMES, ids=[f"{where}:{label}" for label, _, where in NAMES])
def test_a_label_in_a_docstring_is_in_the_book_unless_it_is_planned(label, planned, where):
    assert (label in LABELS) != planned, f"{label} in {where} is {'there by now' if planned else 'not in the book'}"
