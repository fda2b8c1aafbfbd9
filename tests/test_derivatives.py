"""Score, information and gradients against 50-digit differences and complex steps."""

import numpy as np
import pytest
from hypothesis import given
from scipy.linalg import lu_factor

from lmmtext import derivatives
from lmmtext.covariance import MarginalCovariance
from lmmtext.criterion import profile, profiled_deviance
from lmmtext.derivatives import average_information, expected_information, profiled_gradient, score, variance_derivative
from lmmtext.structure import Structure, TermShape
from lmmtext.variance_parameters import (
    covariance_derivatives,
    covariances_of,
    parameter_names,
    theta_and_sigma2,
    variance_parameters,
)
from tests.closeness import EPS, assert_near, collinearity, relative
from tests.exact import covariance, exact, gradient, to_float
from tests.zoo import BY_NAME, ORDINARY, Case, cases, deterministic

CRITERIA = ("ml", "reml")
SMALL = [
    BY_NAME[name]
    for name in (
        "singleton groups",
        "one group",
        "correlated slopes",
        "weights",
        "crossed with holes",
        "uncorrelated slopes",
    )
]


def phi_of(case: Case) -> np.ndarray:
    """The variance parameters of a case."""
    return variance_parameters(case.structure, case.theta, case.sigma2)


def exact_loglik(case: Case, criterion: str):
    """The (restricted) log-likelihood as a function of phi, in 50 digits."""

    def loglik(phi):
        covariances, k = [], 0
        for term in case.structure.terms:
            C = np.empty((term.q, term.q), dtype=object)
            for b in range(term.q):
                for a in range(b, term.q):
                    C[a, b] = C[b, a] = phi[k]
                    k += 1
            covariances.append(C)
        return -exact(case, covariance(case, covariances, phi[k])).deviance(criterion) / 2

    return loglik


def complex_deviance(case: Case, theta: np.ndarray, criterion: str) -> complex:
    """The profiled deviance at a complex theta, from its definition and nothing of the package."""
    V = np.diag(np.ones(len(case.y)) if case.weights is None else 1 / case.weights).astype(complex)
    k = 0
    for code, A in zip(case.groups, case.columns, strict=True):
        L = np.zeros((A.shape[1],) * 2, dtype=complex)
        for b in range(len(L)):
            for a in range(b, len(L)):
                L[a, b], k = theta[k], k + 1
        V += (A @ L @ L.T @ A.T) * (code[:, None] == code)

    def logdet(A: np.ndarray) -> complex:
        pivots = np.diag(lu_factor(A)[0])
        return np.log(pivots * np.where(pivots.real < 0, -1, 1)).sum()

    X, y = np.linalg.qr(case.X)[0].astype(complex), case.y  # only the span of X matters to a gradient
    XtVinvX = X.T @ np.linalg.solve(V, X)
    r = y - X @ np.linalg.solve(XtVinvX, X.T @ np.linalg.solve(V, y))
    df, penalty = (len(y), 0) if criterion == "ml" else (len(y) - X.shape[1], logdet(XtVinvX))
    return df * (1 + np.log(2 * np.pi * (r @ np.linalg.solve(V, r)) / df)) + logdet(V) + penalty


def complex_step(case: Case, criterion: str) -> np.ndarray:
    """The gradient in theta, without the cancellation of differences."""
    steps = 1e-30j * np.eye(len(case.theta))
    return np.array([complex_deviance(case, case.theta + s, criterion).imag / 1e-30 for s in steps])


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_the_score_is_the_gradient_of_the_loglikelihood(case, criterion):
    wanted = to_float(gradient(exact_loglik(case, criterion), phi_of(case)))
    got = score(case.V, case.structure, case.X, case.y, criterion)
    assert_near(got, wanted, relative(case.V) * len(case.y) * np.linalg.norm(wanted), "score")


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("case", [BY_NAME["singleton groups"], BY_NAME["one group"]], ids=lambda case: case.name)
def test_twice_the_average_less_the_expected_information_is_minus_the_second_derivatives(case, criterion):
    loglik = exact_loglik(case, criterion)
    wanted = -to_float([gradient(lambda phi, k=k: gradient(loglik, phi)[k], phi_of(case)) for k in range(2)])
    arguments = case.V, case.structure, case.X
    got = 2 * average_information(*arguments, case.y) - expected_information(*arguments, criterion)
    assert_near(got, wanted, relative(case.V) * len(case.y) * np.linalg.norm(wanted), "observed information")


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_the_average_information_expects_the_expected_one(case):
    """A(y) is a quadratic form in y, so its expectation is a sum over any square root of V, exactly."""
    arguments = case.V, case.structure, case.X
    columns = np.linalg.cholesky(case.V.dense()).T
    mean = sum(average_information(*arguments, y) for y in columns)
    wanted = expected_information(*arguments, "reml")
    assert_near(mean, wanted, relative(case.V) * len(case.y) * np.linalg.norm(wanted), "E A")


@pytest.mark.parametrize("case", [BY_NAME["singleton groups"], BY_NAME["one group"]], ids=lambda case: case.name)
def test_the_expected_information_is_the_covariance_of_the_score(case):
    """By Cov(y'Ay, y'By) = 2 tr(AVBV), with the A of each score read off the score itself by polarization."""
    V, n = case.V, len(case.y)
    s = lambda y: score(V, case.structure, case.X, y, "reml")  # noqa: E731
    constant, unit = s(np.zeros(n)), np.eye(n)
    single = [s(e) - constant for e in unit]
    A = np.empty((len(constant), n, n))
    for i in range(n):
        for j in range(n):
            A[:, i, j] = (s(unit[i] + unit[j]) - constant - single[i] - single[j]) / 2 if i < j else single[i]
            if i > j:
                A[:, i, j] = A[:, j, i]
    AV = A @ V.dense()
    wanted = 2 * np.einsum("kij,lji->kl", AV, AV)
    got = expected_information(V, case.structure, case.X, "reml")
    assert_near(got, wanted, relative(V) * n * np.linalg.norm(wanted), "information")


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_the_gradient_in_theta_is_that_of_a_complex_step(case, criterion):
    check_gradient(case, criterion)


@deterministic
@given(cases())
def test_the_gradient_in_theta_is_that_of_a_complex_step_in_any_design(case):
    for criterion in CRITERIA:
        check_gradient(case, criterion)


def check_gradient(case: Case, criterion: str) -> None:
    """Hold the gradient to a complex step; tr(D_t dPsi_t) is a difference of terms of size n |Lambda|."""
    got, wanted = profiled_gradient(*case.profile_arguments(criterion)), complex_step(case, criterion)
    terms = len(case.y) * np.linalg.norm(case.Z, 2) ** 2 * np.linalg.norm(case.theta) * collinearity(case.X)
    assert_near(got, wanted, relative(case.V) * max(np.linalg.norm(wanted), terms), f"gradient, {criterion}")


def test_the_gradient_check_sees_a_dropped_factor(monkeypatch):
    right = derivatives.relative_derivative
    monkeypatch.setattr(
        derivatives,
        "relative_derivative",
        lambda Z, structure, S, g, precision: right(Z, structure, S, g, precision * 0.999),
    )
    with pytest.raises(AssertionError, match="gradient"):
        check_gradient(BY_NAME["crossed slopes"], "reml")


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("name", ["balanced one-way", "weights", "crossed with holes", "three slopes"])
def test_at_theta_zero_the_gradient_vanishes_and_the_variance_derivative_decides(name, criterion):
    case = BY_NAME[name]
    zero = np.zeros_like(case.theta)
    arguments = case.Z, case.structure, zero, case.X, case.y, criterion, case.weights
    assert not profiled_gradient(*arguments).any()
    at_zero = profiled_deviance(*arguments)
    for t, D in enumerate(variance_derivative(*arguments)):
        values, vectors = np.linalg.eigh(D)
        for value, v in zip(values, vectors.T, strict=True):
            small = 1e-7 / abs(value)
            relative_covariances = [np.zeros((term.q, term.q)) for term in case.structure.terms]
            relative_covariances[t] = small * np.outer(v, v)
            theta = case.structure.theta_of(relative_covariances)
            change = profiled_deviance(case.Z, case.structure, theta, *arguments[3:]) - at_zero
            assert change == pytest.approx(small * value, rel=1e-2)  # 1e-7, with 1e-12 of rounding


def test_the_gradient_and_the_score_tell_the_same_story():
    """At the best sigma2, d deviance / d Psi_t = -2 sigma2 s, entries off the diagonal counted once."""
    case = BY_NAME["correlated slopes"]
    for criterion in CRITERIA:
        arguments = case.profile_arguments(criterion)
        sigma2 = profile(*arguments).sigma2
        V = MarginalCovariance.from_structure(case.Z, case.structure, case.theta, sigma2, case.weights)
        s = score(V, case.structure, case.X, case.y, criterion)
        (D,) = variance_derivative(*arguments)
        assert [D[0, 0], 2 * D[1, 0], D[1, 1]] == pytest.approx(-2 * sigma2 * s[:3], rel=1e-10)
        (L,) = case.structure.factors(case.theta)
        assert s[3] * sigma2 == pytest.approx(np.trace(D @ L @ L.T) / 2, rel=1e-9)  # scaling V changes nothing


@deterministic
@given(cases())
def test_v_is_linear_in_phi_with_the_derivatives_as_coefficients(case):
    dV = covariance_derivatives(case.Z, case.structure, case.weights)
    V = case.V.dense()
    assert_near(np.tensordot(phi_of(case), dV, 1), V, 1e-14 * len(dV) * np.linalg.norm(V), "V")
    assert_near(dV, np.swapaxes(dV, 1, 2), 0.0, "symmetry")


@deterministic
@given(cases())
def test_phi_and_theta_hold_the_same_covariances(case):
    covariances, sigma2 = covariances_of(case.structure, phi_of(case))
    theta, back = theta_and_sigma2(case.structure, phi_of(case))
    assert sigma2 == back == case.sigma2
    for C, L, M in zip(covariances, case.structure.factors(case.theta), case.structure.factors(theta), strict=True):
        assert_near(C, sigma2 * L @ L.T, 8 * EPS * np.linalg.norm(C), "Sigma_t")
        assert_near(sigma2 * M @ M.T, C, 1e-14 * np.linalg.norm(C), "Sigma_t from theta")


def test_names_run_as_phi_does():
    structure = Structure((TermShape("a", ("1", "x", "w"), 4), TermShape("b", ("1",), 3)))
    assert parameter_names(structure) == (
        "a: 1",
        "a: 1, x",
        "a: 1, w",
        "a: x",
        "a: x, w",
        "a: w",
        "b: 1",
        "sigma2",
    )
    phi = np.arange(1.0, 9.0)
    (A, B), sigma2 = covariances_of(structure, phi)
    assert A.tolist() == [[1, 2, 3], [2, 4, 5], [3, 5, 6]] and B.tolist() == [[7]] and sigma2 == 8


@pytest.mark.parametrize(
    "function",
    [
        lambda case: score(case.V, case.structure, case.X, case.y, "REML"),
        lambda case: expected_information(case.V, case.structure, case.X, "REML"),
        lambda case: profiled_gradient(*case.profile_arguments("REML")),
    ],
)
def test_a_misspelt_criterion_is_told_the_right_ones(function):
    with pytest.raises(ValueError, match="criterion must be 'ml' or 'reml', got 'REML'"):
        function(BY_NAME["one group"])
