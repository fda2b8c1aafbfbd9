"""Draws from a linear mixed model, made as the model says and by no route."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, as_positive, as_vector, as_weights, readonly


@dataclass(frozen=True, eq=False)
class Simulation:
    """Draws of the random effects and of the observations that go with them."""

    alpha: Array
    """(m,) or (size, m) random effects."""
    y: Array
    """(n,) or (size, n) observations."""


def simulate(
    X: ArrayLike,
    beta: ArrayLike,
    Z: ArrayLike,
    Lambda: ArrayLike,
    sigma2: float = 1.0,
    weights: ArrayLike | None = None,
    *,
    rng: np.random.Generator,
    size: int | None = None,
) -> Simulation:
    """Return draws of ``alpha = Lambda u`` and ``y = X beta + Z alpha + epsilon``.

    u ~ N(0, sigma2 I) first, then epsilon ~ N(0, sigma2 W^-1), independent.

    Parameters
    ----------
    X : (n, p) array
    beta : (p,) array
    Z : (n, m) array
    Lambda : (m, m) array
        Relative covariance factor, G = sigma2 Lambda Lambda'.
    sigma2 : float
        Error variance.
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.
    rng : numpy.random.Generator
        The source of randomness.
    size : int, optional
        How many draws, one a row; one draw, without that dimension, if not given.

    Returns
    -------
    Simulation

    Raises
    ------
    ValueError
        If shapes do not conform, or sigma2 or a weight is not above 0.
    TypeError
        If rng is not a Generator.

    Notes
    -----
    Book label: eq-mixed-model.

    Examples
    --------
    >>> Z = np.kron(np.eye(3), np.ones((2, 1)))
    >>> draw = simulate(np.ones((6, 1)), [10.0], Z, np.zeros((3, 3)), 1e-18, rng=np.random.default_rng(1))
    >>> print(draw.alpha, draw.y.round(6))                                  # nothing varies, so y is X beta
    [0. 0. 0.] [10. 10. 10. 10. 10. 10.]
    """
    X, Z = as_matrix(X, "X"), as_matrix(Z, "Z", len(X))
    (n, p), m = X.shape, Z.shape[1]
    beta, Lambda = as_vector(beta, "beta", p), as_matrix(Lambda, "Lambda", m, m)
    sigma2, weights = as_positive(sigma2, "sigma2"), as_weights(weights, n)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, as numpy.random.default_rng(1) makes; got {rng!r}.")
    draws = () if size is None else (size,)
    sigma = np.sqrt(sigma2)
    u = sigma * rng.standard_normal((*draws, m))
    epsilon = sigma * rng.standard_normal((*draws, n)) / np.sqrt(1.0 if weights is None else weights)
    alpha = u @ Lambda.T  # draws are rows
    return Simulation(readonly(alpha), readonly(X @ beta + alpha @ Z.T + epsilon))
