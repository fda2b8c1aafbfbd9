"""Covariances that no response of the design could tell: found, named, and not seen where there are none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmmtext import build, lmm, load, profiled_deviance
from lmmtext.estimates import Estimates
from lmmtext.fitter import statistics
from lmmtext.variance_parameters import covariance_derivatives
from tests import reference_fits as ref
from tests.zoo import ZOO, deterministic


def unidentified(formula, table, weights=None):
    """What a fit would say; nothing is fitted, for the response has no part in it."""
    design = build(formula, table, weights=weights)
    return design, Estimates(design, "ml", statistics(design), None).unidentified


def is_deficient(design):
    """The definition: whether the derivatives of V, as dense matrices, are linearly dependent."""
    slopes = covariance_derivatives(design.Z, design.structure, design.weights)
    root = np.ones(design.n) if design.weights is None else np.sqrt(design.weights)
    columns = (slopes * np.outer(root, root)).reshape(len(slopes), -1).T
    return np.linalg.matrix_rank(columns / np.linalg.norm(columns, axis=0), tol=1e-8) < len(slopes)


@st.composite
def small_designs(draw):
    """One factor, few groups, a predictor with few values, constant within groups or not, weights or not."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sizes = rng.integers(1, draw(st.integers(2, 5)) + 1, draw(st.integers(2, 6)))
    g = np.repeat(np.arange(len(sizes)), sizes)
    values = np.arange(draw(st.integers(2, 4))) * draw(st.sampled_from([1.0, 1e-4, 1e5]))
    x = rng.choice(values, len(g))
    if draw(st.booleans()):
        x = rng.choice(values, len(sizes))[g]
    table = pd.DataFrame({"y": rng.standard_normal(len(g)), "x": x, "g": g, "w": rng.uniform(0.5, 2, len(g))})
    term = draw(st.sampled_from(["(x | g)", "(x || g)", "(x + I(x**2) | g)", "(0 + x | g)"]))
    return f"y ~ 1 + {term}", table, draw(st.sampled_from([None, "w"]))


@deterministic
@given(small_designs())
def test_the_message_appears_exactly_when_the_derivatives_of_V_are_dependent(drawn):
    try:
        design, told = unidentified(*drawn)
    except ValueError:
        return  # refused before it came to that
    assert bool(told) == is_deficient(design)


@pytest.mark.parametrize("case", ZOO, ids=repr)
def test_no_alarm_in_the_zoo_without_a_dependence(case):
    table, terms = pd.DataFrame({"y": case.y}), []
    for t, (codes, columns) in enumerate(zip(case.groups, case.columns, strict=True)):
        names = [f"c{t}_{k}" for k in range(columns.shape[1])]
        table[f"g{t}"], table[names] = codes, columns
        terms.append(f"(0 + {' + '.join(names)} | g{t})")
    try:
        design, told = unidentified("y ~ 1 + " + " + ".join(terms), table, case.weights)
    except ValueError:
        return
    assert not told or is_deficient(design)


@pytest.mark.parametrize("name", ref.NAMES)
def test_no_alarm_in_the_reference_fits(name):
    model = ref.reference(name)
    assert unidentified(model["formula"], ref.data(name), model["weights"])[1] == ()


def test_a_predictor_of_two_values_that_never_varies_within_groups_is_named_in_message_and_summary():
    students = load("mathachieve")
    fit = lmm("MathAch ~ Sector + (Sector | School)", students)
    (told,) = fit.unidentified
    assert told.startswith(
        "School: the variance of SectorCatholic, the covariance of (Intercept) and SectorCatholic (the data know 3 "
        "numbers where the model has 4,"
    )
    assert fit.converged and f"not identified: {told}" in fit.message
    assert "Not identified, so that other values may fit as well: School" in str(fit)
    assert "Not identified" in fit.summary()._repr_html_()


def test_what_is_named_moves_without_the_data_knowing_and_what_is_not_named_does_not():
    """Public and Catholic schools have variances that are known; with an intercept besides, none of the three is."""
    students = load("mathachieve")
    students["Catholic"] = (students["Sector"] == "Catholic").astype(float)
    students["Public"] = 1 - students["Catholic"]
    assert unidentified("MathAch ~ 1 + (0 + Catholic + Public || School)", students)[1] == ()
    (told,) = unidentified("MathAch ~ 1 + (1 | School) + (0 + Catholic + Public || School)", students)[1]
    for name in ("(Intercept)", "Catholic", "Public"):
        assert f"the variance of {name}" in told
    assert "leave their covariances out" not in told


def test_two_observations_a_group_at_the_same_times_leave_the_residual_variance_open_too():
    short = load("sleepstudy").query("Days < 2")
    table = pd.concat([short, short.assign(Days=short["Days"] + 5, Subject=short["Subject"].astype(str) + "b")])
    design, told = unidentified("Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)", short)
    assert told == () and not is_deficient(design)
    design, told = unidentified("Reaction ~ Days + (Days || Subject)", table)
    assert bool(told) == is_deficient(design)


def test_many_groups_cost_no_more_than_the_few_that_determine_everything():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(40_000), 3)
    x = np.repeat(rng.integers(0, 2, 40_000), 3) + 0.0
    table = pd.DataFrame({"y": rng.standard_normal(len(g)), "x": x, "g": g, "v": rng.standard_normal(len(g))})
    assert unidentified("y ~ 1 + (v | g)", table)[1] == ()
    assert len(unidentified("y ~ 1 + (x | g)", table)[1]) == 1


def test_what_the_fixed_effects_determine_in_each_group_is_named_by_reml_and_not_by_ml():
    """With a constant for each subject the contrasts know nothing of the intercepts: REML is level over them."""
    sleep = load("sleepstudy")
    formula = "Reaction ~ Subject + Days + (Days | Subject)"
    fit = lmm(formula, sleep)
    (told,) = fit.unidentified
    assert told.startswith("Subject: by REML the variance of (Intercept), for the fixed effects determine it")
    d = fit.design
    values = [profiled_deviance(d.Z, d.structure, [a, b, fit.theta[2]], d.X, d.y) for a, b in ((0.3, 0.0), (2.0, 0.0))]
    assert abs(values[0] - values[1]) < 1e-6
    assert lmm(formula, sleep, criterion="ml").unidentified == ()
    assert lmm("Reaction ~ Subject + Days + (0 + Days | Subject)", sleep).unidentified == ()
    sleep["Late"] = (sleep["Days"] > 4).astype(float)
    sleep["Early"] = 1 - sleep["Late"]
    (told,) = lmm("Reaction ~ Subject + (0 + Early + Late | Subject)", sleep).unidentified
    assert "the variance of Early and Late, for the fixed effects determine a coefficient made of them" in told
