"""Intervals and comparisons."""

import numpy as np
import pytest
from scipy.stats import chi2

from lmmtext import compare, lmm, load

SLEEP = load("sleepstudy")


def sleep(formula: str, criterion: str = "ml"):
    """A fit of the sleep study."""
    return lmm(formula, SLEEP, criterion=criterion)


def test_fixed_effects_are_compared_by_chi_square():
    small, large = sleep("Reaction ~ 1 + (Days | Subject)"), sleep("Reaction ~ Days + (Days | Subject)")
    found = compare(large, small)
    assert np.isclose(found.statistic, small.objective - large.objective)
    assert found.df == 1
    assert np.isclose(found.pvalue, chi2.sf(found.statistic, 1))
    assert found.boundary_pvalue is None
    assert "fixed effects alone" in found.note
    assert found.table.index.tolist() == [
        "Reaction ~ 1 + (Days | Subject)",
        "Reaction ~ Days + (Days | Subject)",
    ]


def test_one_variance_on_its_boundary_has_the_mixture_as_reference():
    found = compare(
        sleep("Reaction ~ Days + (1 | Subject)", "reml"), sleep("Reaction ~ Days + (Days || Subject)", "reml")
    )
    assert found.df == 1
    assert np.isclose(found.boundary_pvalue, chi2.sf(found.statistic, 1) / 2)


def test_a_slope_with_its_correlation_mixes_one_and_two_degrees_of_freedom():
    found = compare(sleep("Reaction ~ Days + (1 | Subject)"), sleep("Reaction ~ Days + (Days | Subject)"))
    assert found.df == 2
    assert np.isclose(found.boundary_pvalue, (chi2.sf(found.statistic, 1) + chi2.sf(found.statistic, 2)) / 2)


def test_a_variance_that_is_estimated_as_zero_has_the_p_value_one():
    table = load("dyestuff2").assign(g=lambda d: np.arange(len(d)) % 5)
    found = compare(lmm("Yield ~ 1 + (1 | g)", table), lmm("Yield ~ 1 + (1 | g) + (1 | Batch)", table))
    assert found.statistic == pytest.approx(0, abs=1e-9)
    assert found.pvalue == pytest.approx(1, abs=1e-4)


def test_a_correlation_alone_is_no_boundary():
    found = compare(sleep("Reaction ~ Days + (Days || Subject)"), sleep("Reaction ~ Days + (Days | Subject)"))
    assert found.boundary_pvalue is None
    assert "covariances alone" in found.note


def test_two_variances_at_once_are_not_given_the_mixture():
    table = load("penicillin").assign(x=lambda d: np.arange(len(d)) % 7)
    found = compare(
        lmm("diameter ~ x + (1 | plate)", table),
        lmm("diameter ~ x + (1 | plate) + (1 | sample) + (0 + x | sample)", table),
    )
    assert found.boundary_pvalue is None
    assert "more than one variance" in found.note


def test_another_component_on_its_boundary_withholds_the_mixture():
    table = load("dyestuff2").assign(g=lambda d: np.arange(len(d)) % 5)
    small, large = lmm("Yield ~ 1 + (1 | Batch)", table), lmm("Yield ~ 1 + (1 | Batch) + (1 | g)", table)
    assert small.boundary
    assert compare(small, large).boundary_pvalue is None
    assert "another component is on its boundary" in compare(small, large).note


def test_models_that_are_not_nested_are_refused():
    with pytest.raises(ValueError, match="neither is contained"):
        compare(sleep("Reaction ~ Days + (1 | Subject)"), sleep("Reaction ~ Days + (0 + Days | Subject)"))


@pytest.mark.parametrize(
    ("small", "large", "says"),
    [
        ("Reaction ~ late + (1 | Subject)", "Reaction ~ Days + odd + (1 | Subject)", "fixed effects of the smaller"),
        ("Reaction ~ Days + (1 | odd)", "Reaction ~ Days + (Days | Subject)", r"contains \(\(Intercept\) \| odd\)"),
        (
            "Reaction ~ Days + (0 + late | Subject)",
            "Reaction ~ Days + (Days | Subject)",
            r"contains \(late \| Subject\)",
        ),
    ],
)
def test_a_smaller_model_that_is_no_part_of_the_larger_is_refused(small, large, says):
    table = SLEEP.assign(late=lambda d: (d["Days"] > 4) * 1.0, odd=lambda d: d["Days"] % 2)
    with pytest.raises(ValueError, match=says):
        compare(lmm(small, table, criterion="ml"), lmm(large, table, criterion="ml"))


def test_nesting_is_seen_through_other_codings_and_names():
    machines, pastes = load("machines"), load("pastes")
    scalar = lmm("score ~ Machine + (1 | Worker) + (1 | Worker:Machine)", machines)
    assert compare(scalar, lmm("score ~ Machine + (0 + Machine | Worker)", machines)).df == 4
    assert compare(lmm("strength ~ 1 + (1 | sample)", pastes), lmm("strength ~ 1 + (1 | batch/cask)", pastes)).df == 1


def test_a_comparison_shows_the_same_as_text_and_as_html():
    found = compare(sleep("Reaction ~ Days + (1 | Subject)"), sleep("Reaction ~ Days + (Days | Subject)"))
    for piece in ("42.1393", "50:50 mixture"):
        assert piece in repr(found)
        assert piece in found._repr_html_()
