"""Draws from the model have its moments, within their Monte Carlo error."""

import numpy as np
import pytest

from lmmtext.simulation import simulate
from tests.zoo import BY_NAME

SIZE = 20_000


@pytest.mark.parametrize("name", ["correlated slopes", "weights", "crossed with holes", "theta 0"])
def test_draws_have_the_mean_and_the_covariance_of_the_model(name):
    """|z| < 5 for each of several hundred moments, by the standard errors of means and of normal covariances."""
    case = BY_NAME[name]
    beta = np.arange(1.0, case.X.shape[1] + 1)
    draw = simulate(
        case.X, beta, case.Z, case.Lambda, case.sigma2, case.weights, rng=np.random.default_rng(7), size=SIZE
    )
    everything = np.hstack([draw.y, draw.alpha])
    mean = np.concatenate([case.X @ beta, np.zeros(case.Z.shape[1])])
    V, G, ZG = case.V.dense(), case.V.G, case.Z @ case.V.G
    wanted = np.block([[V, ZG], [ZG.T, G]])
    check(everything, mean, wanted)
    with pytest.raises(AssertionError):
        check(everything, mean, wanted + 0.1 * np.diag(np.diag(wanted)))  # the check can fail


def check(draws: np.ndarray, mean: np.ndarray, wanted: np.ndarray) -> None:
    """Hold draws, one a row, to a mean and a covariance."""
    variances = np.diag(wanted)
    off = draws.mean(axis=0) - mean
    assert (np.abs(off) <= 5 * np.sqrt(variances / SIZE)).all()
    centred = draws - mean
    off = centred.T @ centred / SIZE - wanted
    assert (np.abs(off) <= 5 * np.sqrt((np.outer(variances, variances) + wanted**2) / SIZE)).all()


def test_one_draw_is_a_vector_and_the_same_seed_gives_it_again():
    case = BY_NAME["weights"]
    arguments = case.X, [1.0, 2.0], case.Z, case.Lambda, case.sigma2, case.weights
    one, again = (simulate(*arguments, rng=np.random.default_rng(3)) for _ in range(2))
    assert one.y.shape == (24,) and one.alpha.shape == (12,)
    assert (one.y == again.y).all() and not one.y.flags.writeable
    assert (simulate(*arguments, rng=np.random.default_rng(4)).y != one.y).all()


def test_at_theta_zero_no_random_effect_moves():
    case = BY_NAME["theta 0"]
    draw = simulate(case.X, [0.0, 0.0], case.Z, case.Lambda, rng=np.random.default_rng(1))
    assert not draw.alpha.any() and draw.y.any()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"beta": [1.0]}, ValueError, r"beta must have shape \(2\)"),
        ({"Lambda": np.eye(3)}, ValueError, r"Lambda must have shape \(12, 12\)"),
        ({"sigma2": 0.0}, ValueError, "sigma2 must be above 0"),
        ({"rng": 1}, TypeError, "rng must be a numpy Generator"),
    ],
)
def test_models_that_make_no_sense_are_refused(change, error, words):
    case = BY_NAME["weights"]
    arguments = {
        "X": case.X,
        "beta": [1.0, 2.0],
        "Z": case.Z,
        "Lambda": case.Lambda,
        "rng": np.random.default_rng(1),
    }
    with pytest.raises(error, match=words):
        simulate(**(arguments | change))
