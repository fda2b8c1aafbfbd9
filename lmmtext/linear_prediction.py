"""Best linear prediction from moments, and best linear unbiased prediction when beta is estimated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, as_vector, as_weights, readonly
from lmmtext.covariance import MarginalCovariance
from lmmtext.least_squares import gls
from lmmtext.routes import Factor, factor
from lmmtext.routes.dense import Dense


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predictions of one or several new observations, with the variances of their errors.

    For one new observation (psi a vector) `mean` and the variances are floats; for k of them, `mean` is (k,)
    and the variances are (k, k) covariance matrices.
    """

    mean: float | Array
    """The predicted values."""
    variance: float | Array
    """Var(Y_new - prediction), the cost of estimating beta included where beta was estimated."""
    variance_at_known_mean: float | Array
    """var_new - psi' V^-1 psi: what the variance would be, were beta known."""
    delta: Array
    """(n,) or (n, k) V^-1 psi, the weights on the residuals."""


def best_linear_prediction(
    y: ArrayLike,
    mu: ArrayLike,
    V: "Factor | MarginalCovariance | ArrayLike",
    psi: ArrayLike,
    mu_new: ArrayLike,
    var_new: ArrayLike,
) -> Prediction:
    """Return the best linear prediction of new observations from first and second moments alone.

    ``mu_new + psi' V^-1 (y - mu)``, with error variance ``var_new - psi' V^-1 psi``. No distribution is
    assumed; under normality it is E[Y_new | Y = y].

    Parameters
    ----------
    y : (n,) array
        Observations.
    mu : (n,) array
        E[Y].
    V : Factor, MarginalCovariance or (n, n) array
        Var(Y), positive definite.
    psi : (n,) or (n, k) array
        Cov(Y, Y_new), for one or for k new observations.
    mu_new : float or (k,) array
        E[Y_new].
    var_new : float or (k, k) array
        Var(Y_new).

    Returns
    -------
    Prediction

    Raises
    ------
    ValueError
        If shapes do not conform, or no random vector has these moments: an error variance would be negative.

    Notes
    -----
    Book label: thm-best-linear-prediction. Christensen, Plane Answers to Complex Questions, section 6.3.

    Examples
    --------
    >>> new = best_linear_prediction([3.0], [1.0], [[4.0]], [2.0], 5.0, 2.0)
    >>> print(round(new.mean, 12), round(new.variance, 12))                 # 5 + (2 / 4) (3 - 1), 2 - 2^2 / 4
    6.0 1.0
    """
    F = _factored(V)
    y = as_vector(y, "y")
    mu = as_vector(mu, "mu", len(y))
    psi, mu_new, var_new, one = _new_moments(psi, mu_new, var_new, len(y))
    delta = F.solve(psi)  # (n, k)
    mean = mu_new + delta.T @ (y - mu)
    variance = _error_variance(var_new, psi, delta)
    return _prediction(mean, variance, variance, delta, one)


def blup(
    V: "Factor | MarginalCovariance | ArrayLike",
    X: ArrayLike,
    y: ArrayLike,
    psi: ArrayLike,
    X_new: ArrayLike,
    var_new: ArrayLike,
) -> Prediction:
    """Return the best linear unbiased prediction of new observations: beta is replaced by its GLS estimate.

    ``x'beta_hat + psi' V^-1 (y - X beta_hat)``, with error variance ``var_new - psi' V^-1 psi +
    d'(X'V^-1X)^-1 d``, where ``d = x - X'V^-1 psi`` carries the cost of not knowing beta. A random effect is
    predicted the same way, with x = 0 and psi its covariance with Y.

    Parameters
    ----------
    V : Factor, MarginalCovariance or (n, n) array
        Var(Y), positive definite.
    X : (n, p) array
        Columns of the fixed effects, independent.
    y : (n,) array
        Observations.
    psi : (n,) or (n, k) array
        Cov(Y, Y_new), for one or for k new observations.
    X_new : (p,) or (k, p) array
        Their rows of X.
    var_new : float or (k, k) array
        Var(Y_new).

    Returns
    -------
    Prediction

    Raises
    ------
    ValueError
        If shapes do not conform, the columns of X are dependent, or no random vector has these moments.

    Notes
    -----
    Book label: thm-blup. Goldberger, A. S. (1962), J. American Statistical Association 57; Robinson, G. K.
    (1991), Statistical Science 6.

    Examples
    --------
    >>> V = MarginalCovariance(np.kron(np.eye(2), np.ones((2, 1))), np.eye(2))
    >>> psi, var_new = moments_of_new(V, [[1.0, 0.0]])                      # one more from the first group
    >>> new = blup(V, np.ones((4, 1)), [1.0, 3.0, 7.0, 9.0], psi, [[1.0]], var_new)
    >>> print(new.mean.round(6), new.variance.round(6), new.variance_at_known_mean.round(6))
    [3.] [[1.416667]] [[1.333333]]
    """
    F = _factored(V)
    fit = gls(F, X, y)
    X, n, p = np.asarray(X, dtype=float), len(fit.Qy), len(fit.beta)
    x = np.atleast_2d(np.asarray(X_new, dtype=float)) if np.ndim(psi) == 1 else X_new
    x = as_matrix(x, "X_new", columns=p)  # (k, p)
    psi, mean, var_new, one = _new_moments(psi, x @ fit.beta if len(x) > 1 else x[0] @ fit.beta, var_new, n)
    delta = F.solve(psi)  # (n, k)
    d = x.T - X.T @ delta  # (p, k)
    known = _error_variance(var_new, psi, delta)
    return _prediction(mean + psi.T @ fit.Qy, known + d.T @ fit.vcov @ d, known, delta, one)


def moments_of_new(
    V: MarginalCovariance, Z_new: ArrayLike, weights: ArrayLike | None = None, noise: bool = True
) -> tuple[Array, Array]:
    """Return psi = Cov(Y, Y_new) and Var(Y_new) for new observations that share the random effects of Y.

    ``psi = Z G Z_new'`` and ``var_new = Z_new G Z_new' + sigma2 W_new^-1``; without noise the new quantities
    are Z_new alpha themselves, so that `blup` with Z_new = I and X_new = 0 predicts the random effects.

    Parameters
    ----------
    V : MarginalCovariance
    Z_new : (k, m) array
        Rows of Z of the new observations.
    weights : (k,) array, optional
        Their weights; 1 if not given.
    noise : bool
        Whether the errors of the new observations belong to what is predicted.

    Returns
    -------
    psi : (n, k) array
    var_new : (k, k) array

    Raises
    ------
    ValueError
        If shapes do not conform, or a weight is not above 0.

    Notes
    -----
    Book label: eq-covariance-with-new.

    Examples
    --------
    >>> psi, var_new = moments_of_new(MarginalCovariance(np.ones((2, 1)), [[2.0]]), [[1.0]])
    >>> print(psi.T, var_new)
    [[4. 4.]] [[5.]]
    """
    Z, G, sigma2 = V.Z, V.G, V.sigma2
    Z_new = as_matrix(Z_new, "Z_new", columns=V.m)
    weights = as_weights(weights, len(Z_new))
    errors = sigma2 / (np.ones(len(Z_new)) if weights is None else weights) * noise
    return Z @ G @ Z_new.T, Z_new @ G @ Z_new.T + np.diag(errors)


def _factored(V: "Factor | MarginalCovariance | ArrayLike") -> Factor:
    if isinstance(V, MarginalCovariance):
        return factor(V)
    return V if isinstance(V, Factor) else Dense.of_array(V)


def _new_moments(psi: ArrayLike, mu_new: ArrayLike, var_new: ArrayLike, n: int) -> tuple[Array, Array, Array, bool]:
    """Return psi (n, k), mu_new (k,), var_new (k, k), and whether they came as those of one observation."""
    one = np.ndim(psi) == 1
    psi = as_matrix(np.asarray(psi, dtype=float)[:, None] if one else psi, "psi", n)
    k = psi.shape[1]
    mu_new = as_vector(np.atleast_1d(mu_new), "mu_new", k)
    var_new = as_matrix(np.reshape(var_new, (1, 1)) if np.size(var_new) == 1 else var_new, "var_new", k, k)
    return psi, mu_new, var_new, one


def _error_variance(var_new: Array, psi: Array, delta: Array) -> Array:
    explained = psi.T @ delta
    variance = var_new - (explained + explained.T) / 2
    rounding = 1e-8 * np.abs(np.diag(var_new)).max(initial=0.0)
    if (least := np.linalg.eigvalsh(variance).min(initial=0.0)) < -rounding:
        raise ValueError(
            f"V, psi and var_new must be the moments of one random vector; with these a prediction error "
            f"would have variance {least:.3g}. Check psi and var_new."
        )
    return variance


def _prediction(mean: Array, variance: Array, known: Array, delta: Array, one: bool) -> Prediction:
    if one:
        return Prediction(float(mean[0]), float(variance[0, 0]), float(known[0, 0]), readonly(delta[:, 0]))
    return Prediction(readonly(mean), readonly(variance), readonly(known), readonly(delta))
