"""One symbol, one meaning: in the table, and in the names of the package."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from lmmtext.ledger import symbols
from lmmtext.ledger.pages import pages
from lmmtext.notation import DIMENSIONS, SYMBOLS, table
from lmmtext.verify.errors import CannotParse
from lmmtext.verify.parser import parse
from lmmtext.verify.worlds import WORLDS

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


BOOK = [f for page in pages(PACKAGE.parent) for f in page.formulas]


def test_every_symbol_of_every_equation_is_in_the_table_with_one_meaning():
    """Those of the text as well, but for what is said not to be judged and for lists with dots."""
    displays = [f for f in BOOK if f.label]
    assert len(displays) >= 45
    wrong = {}
    for f in BOOK:
        try:
            read = parse(f.tex)
        except CannotParse:
            assert not f.label, f.tex
            continue
        if not f.declared.said and not re.fullmatch(r"\\operatorname\{\w+\}", f.tex):
            wrong[f.place] = symbols.faults(read, [WORLDS[w] for w in f.worlds], f.locals)
    assert {place: told for place, told in wrong.items() if told} == {}


@pytest.mark.parametrize(
    "tex, wrong",
    [
        (r"\mathbf{V} = \sigma^2 \mathbf{I}_n + \omega \mathbf{1}_n", [r"\omega is not in the notation table"]),
        (r"\sigma_\beta^2 = 1", [r"\sigma_{\beta} is not in the notation table"]),
        (r"\sum_{l=1}^{J} \bar{y}_l = \lim_{t \to 0} t", []),
        (r"\mathbf{b}_j - \bar{\mathbf{b}} + \mathbf{P}_{\mathbf{X}_j} \mathbf{y}_j", []),
        (r"\mathbf{P}_{\mathbf{N}}", [r"\mathbf{N} is not in the notation table"]),
    ],
)
def test_a_symbol_outside_the_table_is_named_unless_the_formula_binds_it(tex, wrong):
    assert symbols.faults(parse(tex)) == wrong


def test_a_symbol_that_a_world_knows_as_another_is_refused():
    read = parse(r"\boldsymbol{\theta}_j = \boldsymbol{\beta} + \boldsymbol{\alpha}_j")
    assert symbols.faults(read) == []
    (said,) = symbols.faults(read, [WORLDS["random-regression"]])
    assert r"stands for \boldsymbol{\beta}_j in random-regression" in said


def test_the_first_use_of_a_symbol_is_found_by_its_decorations():
    used = {
        s.tex
        for s in symbols.used(parse(r"\bar{\mathbf{b}} = \hat{\boldsymbol{\beta}} + \sigma_\alpha^2 \mathbf{b}_j"))
    }
    assert used == {r"\bar{\mathbf{b}}", r"\boldsymbol{\beta}", r"\sigma_\alpha^2", r"\mathbf{b}_j", "j"}
