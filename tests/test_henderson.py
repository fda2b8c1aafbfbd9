"""The mixed model equations, held to GLS by routes and to 50 digits."""

import ast
import inspect
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given

from lmmtext import henderson
from lmmtext.criterion import profiled_deviance
from lmmtext.henderson import henderson_form, mixed_model_equations
from lmmtext.least_squares import gls, project
from lmmtext.routes import factor
from tests.closeness import EPS, assert_near, backward, cond, relative, relative_fit
from tests.exact import covariance, exact, exactly, solve, to_float
from tests.zoo import BY_NAME, ORDINARY, ZOO, Case, cases, deterministic


def equations(case: Case) -> henderson.MME:
    """The equations of a case, solved."""
    return mixed_model_equations(case.X, case.Z, case.y, case.Lambda, case.sigma2, case.weights)


def test_the_second_witness_knows_no_route():
    tree = ast.parse(inspect.getsource(henderson))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {m for m in modules if m.startswith("lmmtext")} == {"lmmtext.arrays"}


@deterministic
@given(cases())
def test_the_equations_agree_with_gls_and_the_routes(case):
    V, fit, mme = case.V, gls(factor(case.V), case.X, case.y), equations(case)
    bound, size = relative_fit(V, case.X), np.linalg.norm(case.y)
    GZt = V.G @ case.Z.T
    assert_near(case.X @ mme.beta, fit.fitted, bound * size, "X beta_hat")
    assert_near(case.Z @ mme.alpha, case.Z @ GZt @ fit.Qy, bound * size, "Z alpha_hat")
    assert_near(mme.vcov_beta, fit.vcov, bound * np.linalg.norm(fit.vcov), "Var(beta_hat)")
    G = np.linalg.norm(V.G)
    var_alpha = GZt @ project(factor(V), case.X, GZt.T)
    assert_near(mme.var_alpha, var_alpha, bound * G, "Var(alpha_hat)")
    assert_near(mme.pev, V.G - var_alpha, bound * G, "Var(alpha_hat - alpha)")
    covariance = -fit.vcov @ case.X.T @ factor(V).solve(GZt.T)
    assert_near(mme.cov_beta_alpha, covariance, bound * np.sqrt(G * np.linalg.norm(fit.vcov)), "cross")


@pytest.mark.parametrize("case", ZOO, ids=lambda case: case.name)
def test_the_criterion_costs_no_digits_at_any_ratio_of_variances(case):
    """What it is made of sees the collinearity of X but not cond(V); beta_hat, in standard errors, its root."""
    mme, wanted = equations(case), exact(case, covariance(case) / exactly(case.sigma2))
    bound = relative_fit(replace(case.V, Lambda=0 * case.Lambda), case.X)  # cond(V) is that of W
    bound = bound * (len(mme.u) + len(mme.beta))  # for each entry on the diagonal of R
    logdet, logdet_X = float(wanted.logdet), float(wanted.logdet_XtVinvX)
    assert_near(mme.logdet_M - mme.logdet_W, logdet, bound * max(1.0, abs(logdet)), "log|V_0|")
    assert_near(mme.logdet_X, logdet_X, bound * max(1.0, abs(logdet_X)), "log|X'V_0^-1X|")
    assert_near(mme.pwrss, float(wanted.rss), bound * float(wanted.rss), "pwrss")
    standard_errors = np.sqrt(np.diag(to_float(wanted.vcov)))
    off = (mme.beta - to_float(wanted.beta)) / standard_errors
    assert_near(off, 0 * off, bound * np.sqrt(cond(case.V)) * np.linalg.norm(case.y), "beta_hat in standard errors")


def test_the_routes_lose_digits_of_the_criterion_at_huge_ratios_that_the_equations_keep():
    case = BY_NAME["theta 1e6"]
    wanted = float(exact(case, covariance(case) / exactly(case.sigma2)).profiled_deviance("reml"))
    by_equations, by_route = equations(case).deviance(), profiled_deviance(*case.profile_arguments("reml"))
    assert abs(by_equations - wanted) < 1e-12 * abs(wanted) < 1e-6 < abs(by_route - wanted) < 1e-2


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_blups_and_their_error_variances_agree_with_fifty_digits(case):
    mme, wanted, bound = equations(case), exact(case), relative_fit(case.V, case.X)
    Z, X = exactly(case.Z), exactly(case.X)
    Lambda = exactly(case.Lambda)
    G = exactly(case.sigma2) * Lambda @ Lambda.T
    alpha = G @ Z.T @ wanted.Qy
    D = X.T @ solve(wanted.L, Z @ G)  # X'V^-1 Z G
    var_alpha = G @ Z.T @ solve(wanted.L, Z @ G) - D.T @ wanted.vcov @ D
    size = np.linalg.norm(to_float(G))
    assert_near(mme.alpha, to_float(alpha), bound * np.linalg.norm(case.y), "alpha_hat")
    assert_near(
        mme.u,
        to_float(Lambda.T @ Z.T @ wanted.Qy * exactly(case.sigma2)),
        bound * np.linalg.norm(case.y),
        "u",
    )
    assert_near(mme.var_alpha, to_float(var_alpha), bound * size, "Var(alpha_hat)")
    assert_near(mme.pev, to_float(G - var_alpha), bound * size, "prediction error variance")


@deterministic
@given(cases())
def test_the_solution_satisfies_the_equations_as_the_book_writes_them(case):
    mme = equations(case)
    solution = np.concatenate([mme.beta, mme.u])
    size = np.linalg.norm(mme.matrix) * np.linalg.norm(solution) + np.linalg.norm(mme.right)
    assert_near(mme.matrix @ solution, mme.right, backward(len(mme.matrix)) * size, "matrix @ solution")
    w = np.ones(len(case.y)) if case.weights is None else case.weights
    T = np.hstack([case.X, case.Z @ case.Lambda])
    identity = np.diag(np.r_[np.zeros(case.X.shape[1]), np.ones(case.Z.shape[1])])
    assert_near(mme.matrix, T.T @ np.diag(w) @ T + identity, 1e-13 * np.linalg.norm(mme.matrix), "matrix")
    assert_near(mme.right, T.T @ (w * case.y), 1e-13 * np.linalg.norm(T) * np.linalg.norm(w * case.y), "right")


@deterministic
@given(cases())
def test_henderson_form_is_the_special_case_of_a_positive_definite_g(case):
    G = case.V.G
    assume(np.linalg.eigvalsh(G).min() > 1e-6 * max(1.0, np.linalg.norm(G)))
    mme = equations(case)
    form = henderson_form(case.X, case.Z, case.y, G, case.sigma2, case.weights)
    p = case.X.shape[1]
    joint = np.block([[mme.vcov_beta, mme.cov_beta_alpha], [mme.cov_beta_alpha.T, mme.pev]])
    bound = 20 * np.sqrt(len(form.matrix)) * EPS * np.linalg.cond(form.matrix)  # normal equations, solved
    solution = np.r_[mme.beta, mme.alpha]
    assert_near(np.r_[form.beta, form.alpha], solution, bound * np.linalg.norm(solution), "solution")
    assert_near(form.vcov, joint, bound * np.linalg.norm(joint), "joint covariance")
    assert form.matrix.shape == (p + case.Z.shape[1],) * 2


@pytest.mark.parametrize("name", ["theta 0", "one theta 0", "singular slopes"])
def test_every_singular_g_of_the_zoo_is_refused_by_henderson_form(name):
    case = BY_NAME[name]
    with pytest.raises(ValueError, match="eigenvalues of this G are above 0. Use mixed_model_equations"):
        henderson_form(case.X, case.Z, case.y, case.V.G, case.sigma2)


def test_a_singular_g_is_refused_by_henderson_form_and_solved_by_the_other():
    case = BY_NAME["singular slopes"]
    with pytest.raises(ValueError, match="6 of the 12 eigenvalues of this G are above 0. Use mixed_model_equations"):
        henderson_form(case.X, case.Z, case.y, case.V.G, case.sigma2)
    assert np.isfinite(equations(case).alpha).all()


def test_an_asymmetric_g_is_refused():
    with pytest.raises(ValueError, match="G must be symmetric"):
        henderson_form(np.ones((2, 1)), np.eye(2), [1.0, 2.0], [[1.0, 0.5], [0.0, 1.0]])


def test_a_g_whose_zeros_carry_rounding_is_symmetric():
    G = np.array([[2.0, 6e-17], [0.0, 1.0]])
    form = henderson_form(np.ones((2, 1)), np.eye(2), [1.0, 2.0], G)
    exact = henderson_form(np.ones((2, 1)), np.eye(2), [1.0, 2.0], np.diag([2.0, 1.0]))
    np.testing.assert_allclose(form.vcov, exact.vcov, rtol=1e-12)


def test_at_theta_zero_the_equations_are_those_of_least_squares():
    case = BY_NAME["theta 0"]
    mme = equations(case)
    assert not mme.alpha.any() and not mme.pev.any() and not mme.var_alpha.any() and mme.logdet_M == 0.0
    wanted, *_ = np.linalg.lstsq(case.X, case.y, rcond=None)
    assert_near(mme.beta, wanted, 1e-13 * np.linalg.norm(wanted), "beta_hat")


def test_blup_shrinks_toward_zero_as_theta_falls():
    case = BY_NAME["balanced one-way"]
    sizes = [
        np.linalg.norm(mixed_model_equations(case.X, case.Z, case.y, t * np.eye(6)).alpha)
        for t in (2.0, 1.0, 0.5, 0.1, 0.0)
    ]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == 0.0


@pytest.mark.parametrize("criterion", ["ml", "reml"])
@pytest.mark.parametrize("case", ZOO, ids=lambda case: case.name)
def test_the_deviance_of_the_equations_agrees_with_fifty_digits(case, criterion):
    unit = exactly(case.sigma2)
    wanted = float(exact(case, covariance(case) / unit).profiled_deviance(criterion))
    bound = 1e-11 if case.name == "nearly collinear X" else 1e-12  # log|X'V^-1X| sees cond(X) = 1e6
    assert equations(case).deviance(criterion) == pytest.approx(wanted, rel=bound, abs=bound)


def test_the_checks_see_a_forgotten_weight():
    case = BY_NAME["weights"]
    mme = mixed_model_equations(case.X, case.Z, case.y, case.Lambda, case.sigma2)
    with pytest.raises(AssertionError):
        assert_near(case.X @ mme.beta, case.X @ equations(case).beta, relative(case.V), "X beta_hat")
    assert abs(mme.deviance("ml") - equations(case).deviance("ml")) > 0.1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Z": np.ones((3, 2))}, r"X \(4, 1\) and Z \(3, 2\) do not conform"),
        ({"Lambda": np.eye(3)}, r"Z \(4, 2\) and Lambda \(3, 3\) do not conform"),
        ({"X": np.ones((4, 2))}, "X must have independent columns; column 1 of its 2"),
        ({"sigma2": -1.0}, "sigma2 must be above 0, got -1"),
        ({"weights": [1.0, 0.0, 1.0, 1.0]}, r"weights must be above 0; the entry at \[1\] is 0"),
        ({"y": [1.0, 2.0, np.inf, 0.0]}, r"y must be finite; the entry at \[2\] is inf"),
    ],
)
def test_equations_that_make_no_sense_are_refused(change, words):
    arguments = {
        "X": np.ones((4, 1)),
        "Z": np.kron(np.eye(2), np.ones((2, 1))),
        "y": np.arange(4.0),
        "Lambda": np.eye(2),
    }
    with pytest.raises(ValueError, match=words):
        mixed_model_equations(**(arguments | change))


def test_a_misspelt_criterion_is_told_the_right_ones():
    with pytest.raises(ValueError, match="criterion must be 'ml' or 'reml', got 'REML'"):
        equations(BY_NAME["one group"]).deviance("REML")
