"""The likelihood and the restricted likelihood, as -2 log with every constant."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, one_of
from lmmtext.covariance import MarginalCovariance
from lmmtext.least_squares import GLS, gls
from lmmtext.routes import factor
from lmmtext.structure import Structure

# What a criterion counts: how many independent contrasts of y, and the term that estimating beta adds.
CRITERIA = {
    "ml": lambda n, p, logdet_XtVinvX: (n, 0.0),
    "reml": lambda n, p, logdet_XtVinvX: (n - p, logdet_XtVinvX),
}


def deviance(V: MarginalCovariance, X: ArrayLike, y: ArrayLike, criterion: str = "reml", route: str = "auto") -> float:
    """Return -2 log (restricted) likelihood at V, maximized over beta, with every constant.

    "ml": ``n log 2 pi + log|V| + residuals'V^-1 residuals`` with residuals = y - X beta_hat; "reml" has n - p for n
    and adds ``log|X'V^-1X|``: the density of n - p contrasts of y, up to the choice of contrasts, on lme4's scale.

    Parameters
    ----------
    V : MarginalCovariance
        At full parameters, sigma2 included.
    X : (n, p) array
        Columns of the fixed effects, independent.
    y : (n,) array
        Observations.
    criterion : {"reml", "ml"}
    route : str
        How V is solved; see `lmmtext.routes.factor`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the criterion or the route is unknown, the route refuses, or the columns of X are dependent.

    Notes
    -----
    Book labels: eq-marginal-log-density, eq-restricted-loglik. Patterson and Thompson (1971), Biometrika 58;
    Harville (1974), Biometrika 61.

    Examples
    --------
    >>> V = MarginalCovariance(np.ones((2, 1)), [[0.0]])                    # V = I, residuals -1 and 1
    >>> round(deviance(V, np.ones((2, 1)), [1.0, 3.0], "ml"), 6)            # 2 log(2 pi) + 2
    5.675754
    >>> round(deviance(V, np.ones((2, 1)), [1.0, 3.0], "reml"), 6)          # log(2 pi) + log 2 + 2
    4.531024
    """
    one_of(criterion, "criterion", CRITERIA)
    F = factor(V, route)
    fit = gls(F, as_matrix(X, "X", V.n), y)
    df, penalty = CRITERIA[criterion](V.n, len(fit.beta), fit.logdet)
    return float(df * np.log(2 * np.pi) + F.logdet + penalty + fit.rss)


@dataclass(frozen=True, eq=False)
class Profile:
    """The criterion at theta with beta and sigma2 at their best, and what they are there."""

    deviance: float
    """-2 log (restricted) likelihood."""
    beta: Array
    """(p,) best beta at theta."""
    sigma2: float
    """Best sigma2 at theta: pwrss / n for "ml", pwrss / (n - p) for "reml"."""
    gls: GLS
    """The fit at V_0 = V / sigma2; its rss is pwrss."""


def profile(
    Z: ArrayLike,
    structure: Structure,
    theta: Sequence[float] | Array,
    X: ArrayLike,
    y: ArrayLike,
    criterion: str = "reml",
    weights: ArrayLike | None = None,
    route: str = "auto",
) -> Profile:
    """Return the criterion as a function of theta alone, beta and sigma2 replaced by their best values.

    With V_0 = V / sigma2, ``sigma2_hat = pwrss / n`` and the deviance is
    ``log|M| + n (1 + log(2 pi pwrss / n)) - log|W|``; "reml" has n - p for n and adds ``log|X'V_0^-1X|``.

    Parameters
    ----------
    Z : (n, m) array
        Columns of the random effects, in the order of `structure`.
    structure : Structure
    theta : (ntheta,) array
        Parameters of the relative covariance factor; any real numbers.
    X : (n, p) array
    y : (n,) array
    criterion : {"reml", "ml"}
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.
    route : str
        How V is solved; see `lmmtext.routes.factor`.

    Returns
    -------
    Profile

    Raises
    ------
    ValueError
        As `deviance`; or if X fits y exactly, so that the likelihood has no bound.

    Notes
    -----
    Book label: eq-profiled-deviance. Bates, Maechler, Bolker and Walker (2015), J. Statistical Software
    67(1).

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> Z, one_way = np.kron(np.eye(2), np.ones((2, 1))), Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> best = profile(Z, one_way, [1.0], np.ones((4, 1)), [1.0, 3.0, 7.0, 9.0])
    >>> print(best.beta.round(12), round(best.sigma2, 6), round(best.deviance, 6))
    [5.] 5.333333 16.020467
    """
    one_of(criterion, "criterion", CRITERIA)
    V_0 = MarginalCovariance.from_structure(Z, structure, theta, 1.0, weights)
    F = factor(V_0, route)
    fit = gls(F, as_matrix(X, "X", V_0.n), y)
    df, penalty = CRITERIA[criterion](V_0.n, len(fit.beta), fit.logdet)
    if df == 0 or np.linalg.norm(fit.residuals) <= V_0.n * np.finfo(float).eps * np.linalg.norm(y):
        raise ValueError(
            "X must not fit y exactly: with no residual sigma2 has no estimate. Use fewer columns in X, or check y."
        )
    sigma2 = fit.rss / df
    value = df * (1 + np.log(2 * np.pi * sigma2)) + F.logdet + penalty
    return Profile(float(value), fit.beta, float(sigma2), fit)


def profiled_deviance(
    Z: ArrayLike,
    structure: Structure,
    theta: Sequence[float] | Array,
    X: ArrayLike,
    y: ArrayLike,
    criterion: str = "reml",
    weights: ArrayLike | None = None,
    route: str = "auto",
) -> float:
    """Return the deviance of `profile`, whose parameters these are: -2 log (restricted) likelihood at theta.

    Notes
    -----
    Book label: eq-profiled-deviance.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> Z, one_way = np.kron(np.eye(2), np.ones((2, 1))), Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> round(profiled_deviance(Z, one_way, [1.0], np.ones((4, 1)), [1.0, 3.0, 7.0, 9.0], "ml"), 6)
    19.09391
    """
    return profile(Z, structure, theta, X, y, criterion, weights, route).deviance
