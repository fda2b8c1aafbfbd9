"""Least squares, ordinary and generalized."""

import numpy as np
import pytest
from hypothesis import given

from lmmtext.least_squares import gls, ols, project
from lmmtext.routes import factor
from tests.closeness import assert_near, backward, collinearity, relative, relative_fit
from tests.exact import exact, to_float
from tests.zoo import BY_NAME, ORDINARY, cases, deterministic


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_gls_agrees_with_fifty_digits(case):
    fit, wanted, bound = gls(factor(case.V), case.X, case.y), exact(case), relative_fit(case.V, case.X)
    size, R = np.linalg.norm(case.y), np.linalg.qr(case.X, mode="r")
    assert_near(R @ fit.beta, R @ to_float(wanted.beta), bound * size, "X beta_hat, in the norm")
    assert_near(fit.residuals, to_float(wanted.residuals), bound * size, "residuals")
    assert_near(fit.Qy, to_float(wanted.Qy), bound * size / case.sigma2, "Qy")
    assert_near(fit.rss, float(wanted.rss), bound * float(wanted.rss), "rss")
    vcov = to_float(wanted.vcov)
    units = np.sqrt(np.outer(np.diag(vcov), np.diag(vcov)))
    assert_near(fit.vcov / units, vcov / units, bound * len(vcov), "vcov, in products of standard errors")
    assert_near(fit.logdet, float(wanted.logdet_XtVinvX), bound, "log|X'V^-1X|")


@deterministic
@given(cases())
def test_the_residual_is_orthogonal_to_x_in_the_metric_of_v(case):
    fit = gls(factor(case.V), case.X, case.y)
    size = np.linalg.norm(case.X) * np.linalg.norm(case.y) / case.sigma2
    assert_near(case.X.T @ fit.Qy, np.zeros(case.X.shape[1]), relative(case.V) * size, "X'V^-1 r")


@deterministic
@given(cases())
def test_q_annihilates_x_and_gives_the_kept_vector(case):
    F, bound = factor(case.V), relative(case.V) / case.sigma2
    QX, Qy = project(F, case.X, case.X), project(F, case.X, case.y)
    assert_near(QX, np.zeros_like(case.X), bound * np.linalg.norm(case.X), "QX")
    assert_near(Qy, gls(F, case.X, case.y).Qy, bound * np.linalg.norm(case.y), "Qy")
    assert_near(project(F, case.X, case.V.matmul(Qy)), Qy, bound * case.sigma2 * np.linalg.norm(Qy), "QVQy")


def test_no_other_coefficients_have_a_smaller_rss():
    case = BY_NAME["correlated slopes"]
    F = factor(case.V)
    fit = gls(F, case.X, case.y)
    for direction in np.vstack([np.eye(2), -np.eye(2)]):
        r = case.y - case.X @ (fit.beta + 1e-3 * direction)
        assert r @ F.solve(r) > fit.rss


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_ols_is_what_numpy_says(case):
    fit, size = ols(case.X, case.y), np.linalg.norm(case.y)
    wanted = np.linalg.lstsq(case.X, case.y, rcond=None)[0]
    assert_near(fit.fitted, case.X @ wanted, backward(len(case.y)) * collinearity(case.X) * size, "fitted")
    assert_near(fit.vcov @ fit.XtVinvX, np.eye(len(wanted)), 1e-13 * np.linalg.cond(case.X) ** 2, "(X'X)^-1 X'X")


def test_gls_is_ols_where_v_keeps_the_columns_of_x():
    case = BY_NAME["balanced one-way"]  # C(VX) is in C(X)
    assert_near(gls(factor(case.V), case.X, case.y).beta, ols(case.X, case.y).beta, 1e-14, "the mean")


def test_gls_is_not_ols_elsewhere():
    case = BY_NAME["unbalanced one-way"]
    assert np.abs(gls(factor(case.V), case.X, case.y).beta - ols(case.X, case.y).beta).max() > 0.01


def test_a_large_mean_of_y_costs_no_digits_of_the_slope():
    case = BY_NAME["unbalanced one-way"]
    F = factor(case.V)
    y = np.round(case.y * 2**20) / 2**20  # so that y + 2^20 is exact
    slope, shifted = gls(F, case.X, y).beta[1], gls(F, case.X, y + 2.0**20).beta[1]
    assert abs(slope - shifted) < relative(case.V) * 2.0**20


@pytest.mark.parametrize(
    ("X", "column"),
    [
        (np.column_stack([np.ones(6), np.arange(6), 2 + 3 * np.arange(6.0)]), 2),
        (np.column_stack([np.ones(6), np.zeros(6), np.arange(6.0)]), 1),
        (np.vander(np.linspace(0, 1, 6), 8), 5),
    ],
)
def test_dependent_columns_are_named(X, column):
    with pytest.raises(ValueError, match=f"X must have independent columns; column {column} of its"):
        ols(X, np.arange(6.0))


def test_nearly_dependent_columns_are_accepted():
    X = BY_NAME["nearly collinear X"].X
    assert np.linalg.cond(X) > 1e6
    assert ols(X, X @ [1.0, 2.0, 3.0]).beta == pytest.approx([1, 2, 3], abs=1e-15 * np.linalg.cond(X) * 100)


def test_a_model_without_fixed_effects_leaves_y_as_it_is():
    case = BY_NAME["unbalanced one-way"]
    fit = gls(factor(case.V), np.ones((24, 0)), case.y)
    assert fit.beta.shape == (0,) and fit.logdet == 0.0
    assert_near(fit.residuals, case.y, 0.0, "y")
