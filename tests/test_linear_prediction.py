"""Best linear prediction, with and without a known mean."""

import numpy as np
import pytest
from hypothesis import given

from lmmtext.henderson import mixed_model_equations
from lmmtext.least_squares import gls
from lmmtext.linear_prediction import best_linear_prediction, blup, moments_of_new
from lmmtext.routes import factor
from tests.closeness import assert_near, relative, relative_fit
from tests.exact import covariance, exact, exactly, solve, to_float
from tests.zoo import BY_NAME, ORDINARY, cases, deterministic


def moments(n: int, k: int, seed: int = 1) -> tuple[np.ndarray, ...]:
    """mu, V, psi, mu_new, var_new of a random vector of n observed and k new coordinates."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n + k, n + k + 2))
    joint, mean = A @ A.T, rng.standard_normal(n + k)
    return mean[:n], joint[:n, :n], joint[:n, n:], mean[n:], joint[n:, n:]


def test_the_prediction_is_the_conditional_mean_of_a_normal_vector():
    """By the precision matrix of the whole vector, in which no inverse of V alone occurs."""
    mu, V, psi, mu_new, var_new = moments(5, 2)
    y = mu + np.arange(5.0)
    precision = np.linalg.inv(np.block([[V, psi], [psi.T, var_new]]))
    conditional = np.linalg.inv(precision[5:, 5:])
    new = best_linear_prediction(y, mu, V, psi, mu_new, var_new)
    assert new.mean == pytest.approx(mu_new - conditional @ precision[5:, :5] @ (y - mu), rel=1e-10)
    assert_near(new.variance, conditional, 1e-10 * np.linalg.norm(conditional), "variance")
    assert (new.variance == new.variance_at_known_mean).all()


def test_no_other_linear_prediction_has_a_smaller_error():
    mu, V, psi, mu_new, var_new = moments(4, 1)
    new = best_linear_prediction(mu, mu, V, psi[:, 0], mu_new[0], var_new[0, 0])
    error = lambda a: var_new[0, 0] - 2 * a @ psi[:, 0] + a @ V @ a  # noqa: E731
    assert error(new.delta) == pytest.approx(new.variance, rel=1e-10)
    for direction in np.vstack([np.eye(4), -np.eye(4)]):
        assert error(new.delta + 1e-4 * direction) > new.variance


def test_one_new_observation_gives_numbers_and_several_give_arrays():
    mu, V, psi, mu_new, var_new = moments(4, 3)
    y = mu + 1.0
    several = best_linear_prediction(y, mu, V, psi, mu_new, var_new)
    assert several.mean.shape == (3,) and several.variance.shape == (3, 3) and several.delta.shape == (4, 3)
    one = best_linear_prediction(y, mu, V, psi[:, 1], mu_new[1], var_new[1, 1])
    assert isinstance(one.mean, float) and isinstance(one.variance, float) and one.delta.shape == (4,)
    assert (one.mean, one.variance) == pytest.approx((several.mean[1], several.variance[1, 1]), rel=1e-12)


def test_an_observation_predicts_itself_without_error():
    case = BY_NAME["correlated slopes"]
    V = case.V.dense()
    new = best_linear_prediction(case.y, np.zeros(24), V, V[:, 3], 0.0, V[3, 3])
    assert (new.mean, new.variance) == pytest.approx((case.y[3], 0.0), abs=1e-11)


def test_an_uncorrelated_observation_is_predicted_by_its_mean():
    case = BY_NAME["weights"]
    fit = gls(factor(case.V), case.X, case.y)
    new = blup(case.V, case.X, case.y, np.zeros(24), [1.0, 2.0], 5.0)
    x = np.array([1.0, 2.0])
    assert (new.mean, new.variance_at_known_mean) == pytest.approx((x @ fit.beta, 5.0), rel=1e-12)
    assert new.variance == pytest.approx(5.0 + x @ fit.vcov @ x, rel=1e-12)


@deterministic
@given(cases())
def test_blup_of_the_random_effects_is_what_the_mixed_model_equations_say(case):
    V, m = case.V, case.Z.shape[1]
    p = case.X.shape[1]
    psi, var_new = moments_of_new(V, np.eye(m), noise=False)
    if m == 1:
        psi, var_new = psi[:, [0, 0]], np.full((2, 2), var_new[0, 0])
    new = blup(V, case.X, case.y, psi, np.zeros((psi.shape[1], p)), var_new)
    mme = mixed_model_equations(case.X, case.Z, case.y, case.Lambda, case.sigma2, case.weights)
    bound = relative_fit(V, case.X)
    size = np.linalg.norm(V.G)
    assert_near(
        new.mean[:m],
        mme.alpha[: len(new.mean)],
        bound * max(1, np.sqrt(size)) * np.linalg.norm(case.y),
        "alpha",
    )
    assert_near(new.variance[:m, :m], mme.pev, bound * size, "prediction error variance")


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_blup_agrees_with_fifty_digits(case):
    """One more observation from the first level of every term, with a row of X of its own."""
    z, x, noise = case.Z[0], np.arange(1.0, case.X.shape[1] + 1), case.sigma2 / 2
    psi, var_new = moments_of_new(case.V, [z], weights=[2.0])
    new = blup(case.V, case.X, case.y, psi[:, 0], x, var_new)
    wanted = exact(case)
    L = exactly(case.Lambda)
    G = exactly(case.sigma2) * L @ L.T
    psi, X = exactly(case.Z) @ G @ exactly(z), exactly(case.X)
    mean = exactly(x) @ wanted.beta + psi @ wanted.Qy
    delta = solve(wanted.L, psi)
    known = exactly(z) @ G @ exactly(z) + exactly(noise) - psi @ delta
    d = exactly(x) - X.T @ delta
    variance = float(known + d @ wanted.vcov @ d)
    bound = relative_fit(case.V, case.X)
    leverage = 1 + np.linalg.norm(x) * np.sqrt(variance / noise)  # x may lie far from the rows of X
    assert new.mean == pytest.approx(float(mean), abs=bound * leverage * np.linalg.norm(case.y))
    assert new.variance_at_known_mean == pytest.approx(float(known), abs=bound * float(case.V.G[0, 0] + noise) * 4)
    assert new.variance == pytest.approx(variance, abs=bound * leverage * variance)
    assert new.variance >= new.variance_at_known_mean > 0


def test_blup_is_unbiased_and_no_other_unbiased_prediction_has_a_smaller_error():
    case = BY_NAME["correlated slopes"]
    V, X = case.V.dense(), case.X
    x = np.array([1.0, 0.5])
    psi, var_new = moments_of_new(case.V, case.Z[[2]])
    psi = psi[:, 0]
    predict = lambda y: blup(case.V, X, y, psi, x, var_new)  # noqa: E731
    a = np.array([predict(e).mean for e in np.eye(24)])  # the prediction is a'y
    assert X.T @ a == pytest.approx(x, rel=1e-10)
    error = lambda a: float(var_new[0, 0] - 2 * a @ psi + a @ V @ a)  # noqa: E731
    assert error(a) == pytest.approx(predict(case.y).variance, rel=1e-10)
    basis, _ = np.linalg.qr(X)
    for direction in np.eye(24)[:6]:
        free = direction - basis @ (basis.T @ direction)  # keeps a'X = x'
        assert error(a + 1e-3 * free) > error(a)


def test_the_three_ways_to_give_v_agree():
    case = BY_NAME["weights"]
    psi, var_new = moments_of_new(case.V, case.Z[:2])
    results = [
        blup(V, case.X, case.y, psi, case.X[:2], var_new).mean
        for V in (case.V, case.V.dense(), factor(case.V, "woodbury"))
    ]
    for other in results[1:]:
        assert_near(other, results[0], relative(case.V) * np.linalg.norm(case.y), "mean")


def test_moments_of_new_are_those_of_the_model_with_one_more_row():
    case = BY_NAME["crossed slopes"]
    V = to_float(covariance(case))
    psi, var_new = moments_of_new(case.V, case.Z[[5]])
    others = np.arange(24) != 5
    assert_near(psi[others, 0], V[others, 5], 1e-14 * np.linalg.norm(V), "psi")
    assert var_new[0, 0] == pytest.approx(V[5, 5], rel=1e-14)
    assert moments_of_new(case.V, case.Z[[5]], noise=False)[1][0, 0] == pytest.approx(psi[5, 0], rel=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: best_linear_prediction([1.0], [1.0], [[1.0]], [2.0], 0.0, 1.0), "would have variance -3"),
        (
            lambda: best_linear_prediction([1.0], [1.0, 2.0], [[1.0]], [0.5], 0.0, 1.0),
            r"mu must have shape \(1\)",
        ),
        (
            lambda: best_linear_prediction([1.0], [1.0], [[1.0]], [0.5, 0.5], 0.0, 1.0),
            r"psi must have shape \(1, any\)",
        ),
        (
            lambda: best_linear_prediction([1.0], [1.0], [[1.0]], [0.5], [0.0, 1.0], 1.0),
            r"mu_new must have shape \(1\)",
        ),
        (
            lambda: best_linear_prediction([1.0, 2.0], [0.0, 0.0], np.ones((2, 2)), [0.5, 0.5], 0.0, 1.0),
            "V .* definite",
        ),
        (
            lambda: blup(np.eye(3), np.ones((3, 1)), np.arange(3.0), np.zeros(3), [1.0, 2.0], 1.0),
            "X_new must have shape",
        ),
        (
            lambda: blup(np.eye(3), np.ones((3, 2)), np.arange(3.0), np.zeros(3), [1.0, 2.0], 1.0),
            "independent columns",
        ),
    ],
)
def test_moments_of_no_random_vector_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
