"""The door of the package: `lmm(formula, data)`, and the fit that it returns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lmmtext import bootstrap as bootstraps
from lmmtext import inference, prediction
from lmmtext import summary as summaries
from lmmtext.design import build
from lmmtext.estimates import Estimates
from lmmtext.fitter import minimise, statistics
from lmmtext.fitter.statistics import weighted_response
from lmmtext.terms import check_identified

CRITERIA = ("ml", "reml")


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Estimates):
    """A fitted linear mixed model: y ~ N(X beta, V), V = Z G Z' + sigma2 W^-1, at its estimates.

    Frozen: what a property returns is yours to change, the fit is not. Everything is in the units and under the
    names of the data.

    Attributes
    ----------
    fixef, stderr : Series, (p,)
        beta_hat and its standard errors; ``vcov`` (p, p) its covariance.
    theta : (ntheta,) array
        Parameters of Lambda, G = sigma2 Lambda Lambda'.
    sigma, sigma2 : float
        Residual standard deviation and variance.
    varcorr : dict
        For each random term its ``covariance`` (q, q), ``sd`` (q,) and ``corr`` (q, q).
    ranef, condvar : dict
        For each grouping factor the conditional modes, a DataFrame (J, q), and their covariances, (J, q, q).
    coef : dict
        For each grouping factor beta + alpha_j, a DataFrame with a row for each level.
    objective, loglik, aic, bic : float
        The criterion (-2 log L, or the REML criterion) with every constant, and what follows from it.
    fitted, residuals : Series, (n,)
        X beta_hat + Z alpha_hat, and y less that.
    converged, message, boundary, unidentified
        Whether the search ended at a minimum, how, which components are on the edge, and which no data could tell.

    Examples
    --------
    >>> from lmmtext import lmm, load
    >>> fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff"))
    >>> fit.varcorr["Batch"].sd.round(2).to_dict(), round(fit.sigma, 2)
    ({'(Intercept)': 42.0}, 49.51)
    """

    def predict(
        self,
        newdata: Any = None,
        *,
        random: str = "include",
        new_levels: str = "zero",
        offset: str | ArrayLike | None = None,
        variances: bool = False,
    ) -> pd.Series | pd.DataFrame:
        """Predict x'beta + z'alpha, for the rows of the fit or for new ones."""
        return prediction.predict(
            self, newdata, random=random, new_levels=new_levels, offset=offset, variances=variances
        )

    def simulate(self, *, rng: np.random.Generator) -> pd.Series:
        """Draw a new response from the fitted model."""
        return prediction.simulate(self, rng)

    def bootstrap(self, size: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Draw `size` responses from the fitted model, fit each, and return the estimates."""
        return bootstraps.bootstrap(self, size, rng=rng)

    def refit(self, y: ArrayLike) -> "Fit":
        """Return the fit of the same model to another response of the same rows; all else is reused.

        Parameters
        ----------
        y : (n,) array
            The response, in the order of the rows used; a Series must have their index.

        Returns
        -------
        Fit

        Raises
        ------
        ValueError, TypeError
            If y has another length or index, is not finite, or does not vary.

        Examples
        --------
        >>> from lmmtext import lmm, load
        >>> fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff"))
        >>> round(fit.refit(2 * fit.design.y).sigma / fit.sigma, 6)
        2.0
        """
        design = self.design.with_response(y)
        stats = self.stats.with_response(weighted_response(design, design.y))
        return Fit(design, self.criterion, stats, minimise(stats, self.criterion, self.optimum.at.theta))

    def confint(self, level: float = 0.95) -> pd.DataFrame:
        """Return Wald intervals for the fixed effects."""
        return inference.confint(self, level)

    # what the functions say of themselves holds for the methods
    predict.__doc__, simulate.__doc__ = prediction.predict.__doc__, prediction.simulate.__doc__
    confint.__doc__, bootstrap.__doc__ = inference.confint.__doc__, bootstraps.bootstrap.__doc__

    def summary(self) -> summaries.Summary:
        """Return the summary: prints as text, shows as tables in a notebook.

        Returns
        -------
        Summary
            With ``random`` and ``fixed``, the tables, and ``remarks``: boundary, convergence, columns and rows left
            out.
        """
        return summaries.summary(self)

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def lmm(
    formula: str,
    data: Any,
    *,
    criterion: str = "reml",
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    missing: str = "drop",
) -> Fit:
    """Fit the linear mixed model y = X beta + Z alpha + epsilon by maximum or restricted maximum likelihood.

    alpha ~ N(0, G), epsilon ~ N(0, sigma2 W^-1), so that y ~ N(X beta, V) with V = Z G Z' + sigma2 W^-1. The
    criterion, profiled over beta and sigma2, is minimised over theta, where
    G = sigma2 Lambda(theta) Lambda(theta)' (Bates, Maechler, Bolker and Walker, 2015, section 3,
    doi:10.18637/jss.v067.i01).

    Parameters
    ----------
    formula : str
        As in lme4: fixed effects, and random terms ``(x | g)``, ``(x || g)``, ``(1 | a/b)``, ``(1 | a:b)``.
    data : DataFrame
        One row for each observation.
    criterion : {"reml", "ml"}
        Restricted or full maximum likelihood.
    weights : str or (n,) array, optional
        Positive prior weights w: Var(epsilon_i) = sigma2 / w_i. A column name or an array.
    offset : str or (n,) array, optional
        A known part of the mean, in the units of y.
    missing : {"drop", "raise"}
        Leave rows with a missing value out, and count them, or refuse them.

    Returns
    -------
    Fit
        Frozen; everything is in the units and under the names of the data.

    Raises
    ------
    ValueError, TypeError
        When the model cannot be fitted; the message says what was wanted, what came, and what to do.
    MemoryError
        When the crossed grouping factors are too large; the message gives the size.

    Examples
    --------
    >>> from lmmtext import load
    >>> fit = lmm("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    >>> fit.fixef.round(3).to_dict()
    {'(Intercept)': 251.405, 'Days': 10.467}
    >>> round(fit.objective, 4)
    1743.6283
    """
    if criterion not in CRITERIA:
        raise ValueError(f"criterion must be 'ml' or 'reml', got {criterion!r}.")
    design = build(formula, data, weights=weights, offset=offset, missing=missing)
    check_identified(design.terms, design.X, criterion)
    stats = statistics(design)
    return Fit(design, criterion, stats, minimise(stats, criterion))
