"""Formulas: what is read, and how a formula that cannot be read is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmmtext.formula import FormulaError, names, parse, quoted


@pytest.mark.parametrize(
    ("text", "fixed", "random"),
    [
        ("y ~ x + (x | g)", "x", [("x", "g", True)]),
        ("y ~ (1|g)", "1", [("1", "g", True)]),
        ("y~x+(x||g)", "x", [("x", "g", False)]),
        ("y ~ 0 + a*b - x + (0 + f | a:b)", "0 + a * b - x", [("0 + f", "a:b", True)]),
        ("y ~ 1 + (1 | a/b)", "1", [("1", "b:a", True), ("1", "a", True)]),
        ("y ~ (1 | a/b/c)", "1", [("1", "c:(b:a)", True), ("1", "b:a", True), ("1", "a", True)]),
        ("y ~ -1 + x + (1 | (a:b))", "- 1 + x", [("1", "a:b", True)]),
        ("y ~ log(x + 1, 2) + I(x**2) + (1 | g)", "log(x + 1, 2) + I(x ** 2)", [("1", "g", True)]),
        ("y ~\n x\n + (1 | g)", "x", [("1", "g", True)]),
        ("y ~ 1e-3 * x + (1 | g)", "1e-3 * x", [("1", "g", True)]),
    ],
)
def test_a_formula_is_taken_apart_as_lme4_takes_it(text, fixed, random):
    formula = parse(text)
    assert formula.fixed == fixed
    assert [(t.expr, t.group, t.correlated) for t in formula.random] == random


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ("y ~ x + x | g", "stands alone in brackets", 10),
        ("y ~ x*(1|g)", "stands alone in brackets", 8),
        ("y ~ (1|g|h)", "one bar", 8),
        ("y ~ (1|)", "grouping factor is missing", 7),
        ("y ~ (|g)", "coefficients are missing", 5),
        ("y ~ (1|a+b)", "joined by ':' or '/'", 8),
        ("y ~ (1|a:)", "grouping factor is missing here", 9),
        ("y ~ x +", "missing after this sign", 6),
        ("y ~ + + x", "missing before this sign", 6),
        ("y x", "one '~'", 3),
        ("y ~ x ~ z", "one '~'", 6),
        ("~ x", "response is missing", 0),
        ("y ~ ", "model is missing", 3),
        ("y ~ x + (1|g))", "closes nothing", 13),
        ("y ~ x + (1|g", "never closed", 8),
        ("y ~ x - (1|g)", "cannot be subtracted", 8),
        ("y ~ 'x + (1|g)", "quotation mark", 4),
    ],
)
def test_a_formula_that_cannot_be_read_is_refused_with_the_place(text, says, place):
    with pytest.raises(FormulaError, match="(?s)" + says.replace("(", r"\(")) as error:
        parse(text)
    *_, shown, marker = str(error.value).splitlines()
    assert shown.strip() == text.strip() or shown[4:] == text
    assert len(marker) - 5 == place


def test_something_else_than_text_is_no_formula():
    with pytest.raises(TypeError, match="must be a string"):
        parse(["y ~ x"])


def test_names_inside_calls_are_told_from_free_ones():
    assert names("a + log(b + c) + poly(d, degree=2) + `my col`") == (["a", "my col"], ["b", "c", "d"])


def test_columns_that_python_would_misread_are_quoted():
    assert quoted("lambda + yield:x", {"lambda", "x", "yield"}) == "`lambda` + `yield`:x"


@given(st.text(alphabet="yxg~+-*:/|() 01`'.,", max_size=40))
def test_no_text_breaks_the_parser(text):
    try:
        parse(text)
    except FormulaError as error:
        assert "^" in str(error)
