"""The likelihoods, full and profiled, against 50 digits, their definitions, and lme4."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from lmmtext import criterion as criterion_module
from lmmtext.criterion import CRITERIA, deviance, profile, profiled_deviance
from lmmtext.henderson import mixed_model_equations
from lmmtext.routes import ROUTES
from lmmtext.structure import Structure, TermShape
from tests.closeness import relative, relative_fit
from tests.exact import covariance, exact, exactly
from tests.zoo import BY_NAME, ORDINARY, cases, deterministic

REFERENCE = Path(__file__).parent / "reference" / "lme4"


def reference(name: str, response: str, fixed: list[str]) -> tuple[dict, tuple]:
    """A reference fit, and the Z, structure, X and y of its model; columns other than "1" are numeric."""
    record = json.loads((REFERENCE / f"{name}.json").read_text())
    with open(REFERENCE / record["data"]) as file:
        rows = list(csv.DictReader(file))
    n = len(rows)
    column = lambda c: np.ones(n) if c in ("1", "(Intercept)") else np.array([float(r[c]) for r in rows])  # noqa: E731
    blocks, terms = [], []
    for term in record["terms"]:
        keys = term["group"].split(":")
        _, code = np.unique([":".join(r[k] for k in keys) for r in rows], return_inverse=True)
        A = np.column_stack([column(c) for c in term["columns"]])
        block = np.zeros((n, code.max() + 1, A.shape[1]))
        block[np.arange(n), code] = A
        blocks.append(block.reshape(n, -1))
        terms.append(TermShape(term["group"], tuple(term["columns"]), code.max() + 1))
    X = np.column_stack([column(c) for c in fixed])
    return record["fits"], (np.hstack(blocks), Structure(tuple(terms)), X, column(response))


PUBLISHED = [
    ("dyestuff", "Yield", ["1"]),
    ("dyestuff2_boundary", "Yield", ["1"]),
    ("sleepstudy_corr", "Reaction", ["1", "Days"]),
    ("sleepstudy_uncorr", "Reaction", ["1", "Days"]),
    ("penicillin", "diameter", ["1"]),
]


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("published", PUBLISHED, ids=lambda row: row[0])
def test_the_objective_is_lme4s_at_lme4s_theta(published, criterion):
    fits, (Z, structure, X, y) = reference(*published)
    fit = fits[criterion.upper()]
    best = profile(Z, structure, fit["theta"], X, y, criterion)
    assert best.deviance == pytest.approx(fit["objective"], rel=1e-11, abs=1e-8)
    assert np.sqrt(best.sigma2) == pytest.approx(fit["sigma"], rel=1e-9)
    assert best.beta == pytest.approx(fit["fixef"], rel=1e-7)
    by_equations = mixed_model_equations(X, Z, y, structure.Lambda(fit["theta"])).deviance(criterion)
    assert by_equations == pytest.approx(fit["objective"], rel=1e-11, abs=1e-8)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_both_deviances_agree_with_fifty_digits(case, criterion):
    size = relative_fit(case.V, case.X)
    full = float(exact(case).deviance(criterion))
    assert deviance(case.V, case.X, case.y, criterion) == pytest.approx(full, rel=size)
    profiled = float(exact(case, covariance(case) / exactly(case.sigma2)).profiled_deviance(criterion))
    assert profiled_deviance(*case.profile_arguments(criterion)) == pytest.approx(profiled, rel=size)


@deterministic
@given(cases())
def test_the_profile_is_the_full_deviance_at_the_best_sigma2(case):
    for criterion in CRITERIA:
        best = profile(*case.profile_arguments(criterion))

        def at(sigma2, criterion=criterion):
            V = type(case.V).from_structure(case.Z, case.structure, case.theta, sigma2, case.weights)
            return deviance(V, case.X, case.y, criterion)

        size = relative(case.V) * (1 + abs(best.deviance))
        assert at(best.sigma2) == pytest.approx(best.deviance, abs=size)
        assert at(1.01 * best.sigma2) > best.deviance < at(0.99 * best.sigma2)


@deterministic
@given(cases())
def test_the_profile_agrees_with_the_mixed_model_equations(case):
    mme = mixed_model_equations(case.X, case.Z, case.y, case.Lambda, 1.0, case.weights)
    for criterion in CRITERIA:
        got = profiled_deviance(*case.profile_arguments(criterion))
        size = relative_fit(case.V, case.X) * (1 + abs(got))
        assert got == pytest.approx(mme.deviance(criterion), abs=size)


@pytest.mark.parametrize("case", [BY_NAME["correlated slopes"], BY_NAME["weights"]], ids=lambda case: case.name)
def test_ml_is_the_density_of_y_and_reml_that_of_its_contrasts(case):
    V, X, y = case.V, case.X, case.y
    beta = profile(*case.profile_arguments("ml")).beta
    density = multivariate_normal(X @ beta, V.dense()).logpdf(y)
    assert deviance(V, X, y, "ml") == pytest.approx(-2 * density, rel=1e-12)
    K = null_space(X.T)  # (n, n - p), orthonormal, K'X = 0
    density = multivariate_normal(cov=K.T @ V.dense() @ K).logpdf(K.T @ y)
    _, logdet_XtX = np.linalg.slogdet(X.T @ X)
    assert deviance(V, X, y, "reml") == pytest.approx(-2 * density + logdet_XtX, rel=1e-12)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_the_deviance_is_the_same_by_every_route(criterion):
    case = BY_NAME["balanced one-way"]
    values = [deviance(case.V, case.X, case.y, criterion, route) for route in ROUTES]
    assert values == pytest.approx([values[0]] * 4, rel=relative(case.V))


def test_weights_scaled_and_sigma2_scaled_alike_change_nothing_in_the_full_deviance():
    case = BY_NAME["weights"]
    V = type(case.V)(case.Z, case.Lambda / 2, 4 * case.sigma2, 4 * case.weights)
    assert deviance(V, case.X, case.y) == pytest.approx(deviance(case.V, case.X, case.y), rel=1e-13)


def test_the_comparison_with_lme4_sees_a_dropped_penalty(monkeypatch):
    monkeypatch.setitem(criterion_module.CRITERIA, "reml", lambda n, p, logdet: (n - p, 0.0))
    with pytest.raises(AssertionError):
        test_the_objective_is_lme4s_at_lme4s_theta(PUBLISHED[0], "reml")


@pytest.mark.parametrize("misspelt", ["REML ", "REML", "ML", "", "likelihood"])
def test_a_misspelt_criterion_is_told_the_right_ones(misspelt):
    case = BY_NAME["one group"]
    with pytest.raises(ValueError, match=f"criterion must be 'ml' or 'reml', got '{misspelt}'."):
        deviance(case.V, case.X, case.y, misspelt)
    with pytest.raises(ValueError, match=f"criterion must be 'ml' or 'reml', got '{misspelt}'."):
        profiled_deviance(*case.profile_arguments(misspelt))


def test_a_response_that_x_fits_exactly_has_no_profile():
    case = BY_NAME["unbalanced one-way"]
    for y in (np.full(24, 7.0), case.X @ [1.0, 2.0], np.zeros(24)):
        with pytest.raises(ValueError, match="X must not fit y exactly"):
            profiled_deviance(case.Z, case.structure, case.theta, case.X, y)


def test_x_must_have_the_rows_of_v():
    case = BY_NAME["unbalanced one-way"]
    with pytest.raises(ValueError, match=r"X must have shape \(24, any\), got \(23, 2\)"):
        deviance(case.V, case.X[1:], case.y)
