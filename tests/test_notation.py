"""One symbol, one meaning: in the table, and in the names of the package."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from lmmtext.notation import DIMENSIONS, SYMBOLS, table

PACKAGE = Path(__file__).parent.parent / "lmmtext"


@pytest.mark.parametrize("field", ["tex", "words", "code"])
def test_no_two_symbols_share_a_spelling_a_meaning_or_a_name(field):
    counts = Counter(getattr(s, field) for s in SYMBOLS if getattr(s, field))
    assert [value for value, count in counts.items() if count > 1] == []


def test_a_letter_with_and_without_bold_is_not_used_for_two_things():
    """Bold is lost on a blackboard: two symbols that differ in it alone would be one there."""
    plain = Counter(re.sub(r"\\(mathbf|boldsymbol)\{(.*?)\}", r"\2", s.tex) for s in SYMBOLS)
    assert [tex for tex, count in plain.items() if count > 1] == []


def test_shapes_are_made_of_the_dimensions():
    letters = {s.tex for s in DIMENSIONS} | {"ntheta", "nphi", "x"}
    for symbol in SYMBOLS:
        assert set(re.findall(r"[A-Za-z_]+", symbol.shape)) <= letters, symbol


def test_symbols_named_in_the_meaning_of_another_are_in_the_table():
    """`Lambda`, `beta_hat`, `V^-1` in the words are names of the table, perhaps with a hat or an index."""
    names = {s.code for s in SYMBOLS} | {"Var", "Cov", "I", "Z", "P_Z", "P_1", "Sigmas", "alpha_j", "A", "Y", "Jq"}
    for symbol in SYMBOLS:
        for name in re.findall(r"\b(?:[A-Z][a-z]*|[a-z]+_[a-z0-9]+|sigma|alpha|beta|theta|psi|gamma)\b", symbol.words):
            assert name.removesuffix("_hat") in names | {"sigma"}, (symbol.tex, name)


def test_greek_arguments_of_the_package_are_in_the_table():
    """A Greek argument name means what the table says it means."""
    greek = "alpha beta gamma delta epsilon theta kappa Lambda mu Sigma sigma2 phi psi Psi Omega rho".split()
    used = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.arg) and node.arg.split("_")[0] in greek:
                used.add(node.arg)
    known = {s.code for s in SYMBOLS} | {"mu_new"}
    assert used - known == set()
    assert {"theta", "Lambda", "sigma2"} <= used


def test_the_table_has_a_row_for_each_symbol():
    assert len(table().splitlines()) == len(SYMBOLS) + 2
