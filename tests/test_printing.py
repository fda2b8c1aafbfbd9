"""Numbers read the same on every machine."""

import numpy as np
import pandas as pd
import pytest

from lmmtext.printing import fmt, say


@pytest.mark.parametrize("tie", [0.125, 2.675, 1743.625, 1e-3 * 0.5, 12345.005])
def test_numbers_that_differ_in_their_last_bits_print_alike(tie):
    near = [tie * (1 + k * 2.0**-50) for k in range(-8, 9)]
    assert len(set(near)) > 8
    for digits in range(6):
        assert len({fmt(x, digits) for x in near}) == 1


@pytest.mark.parametrize("x", [-0.0, 1e-17, -1e-17, 0.0])
def test_a_zero_never_has_a_sign_or_an_exponent(x):
    assert fmt(x) == "0.00"
    assert repr(say("{x:.2f}", x=x)) == "0.00"
    assert repr(say("{x:.1f}", x=x - 0.04)) == "0.0"


def test_scientific_notation_appears_exactly_where_decimals_would_hide_the_number():
    assert [fmt(x, 3) for x in (0.0006, 0.0004, -0.0004)] == ["0.001", "4.000e-04", "-4.000e-04"]
    assert [fmt(x, 0) for x in (0.6, 0.5, -7.0)] == ["1", "5e-01", "-7"]
    assert [fmt(x, 1) for x in (999999999.0, 1e9)] == ["999999999.0", "1.0e+09"]


def test_what_counts_as_zero_can_be_said():
    assert fmt(3e-14) == "0.00"
    assert fmt(3e-14, zero=0) == "3.00e-14"
    assert fmt(3e-4, zero=1e-3) == "0.00"


def test_values_that_are_not_finite_keep_their_names_and_signs():
    assert [fmt(x) for x in (np.nan, np.inf, -np.inf)] == ["nan", "inf", "-inf"]


def test_arrays_and_frames_print_row_by_row():
    assert fmt(np.array([1, 2.5]), 1) == "[1.0, 2.5]"
    assert fmt(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), 0) == "[[1, 3], [2, 4]]"
    assert repr(say("{v:.1f}", v=np.array([[1.0, -0.01]]))) == "[[1.0, 0.0]]"


def test_more_digits_than_are_stable_are_refused():
    with pytest.raises(ValueError, match="more than 12 significant digits"):
        fmt(np.pi, 12)
    with pytest.raises(ValueError, match="ask for fewer digits"):
        say("{x:.12e}", x=np.pi)
    assert fmt(np.pi, 11) == "3.14159265359"


def test_a_sentence_is_markdown_in_a_notebook_and_the_same_text_in_a_console():
    sentence = say("A slope of **{slope:.1f}** ms in {n:,} rows of *{name}*.", slope=1.25, n=1800, name="x")
    text = "A slope of **1.2** ms in 1,800 rows of *x*."
    assert (repr(sentence), str(sentence), sentence._repr_markdown_()) == (text, text, text)


def test_a_sentence_can_name_its_own_arguments_self_and_template():
    assert repr(say("{template} {self}", template=1, self=2)) == "1 2"


@pytest.mark.parametrize("x", [0.5, np.float64(0.5), np.float32(0.5), np.array([0.5])])
def test_a_float_without_a_format_is_refused(x):
    with pytest.raises(ValueError, match=r"such as \{x:.2f\}; got 0.5"):
        say("{x}", x=x)


def test_a_value_that_was_not_given_is_named():
    with pytest.raises(KeyError, match="slope"):
        say("{slope:.2f}")
