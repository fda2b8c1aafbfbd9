"""The door of the package: `lmm(formula, data)`, and the fit that it returns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

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
    """A fitted linear mixed model: its estimates, and what can be done with them."""

    def predict(
        self,
        newdata: Any = None,
        *,
        random: str = "include",
        new_levels: str = "zero",
        offset: str | ArrayLike | None = None,
        variances: bool = False,
    ) -> pd.Series | pd.DataFrame:
        """Predict x'beta + z'alpha, for the rows of the fit or new ones; see `lmmtext.prediction.predict`."""
        return prediction.predict(
            self, newdata, random=random, new_levels=new_levels, offset=offset, variances=variances
        )

    def simulate(self, *, rng: np.random.Generator) -> pd.Series:
        """Draw a new response from the fitted model; see `lmmtext.prediction.simulate`."""
        return prediction.simulate(self, rng)

    def refit(self, y: ArrayLike) -> "Fit":
        """Return the fit of the same model to another response, (n,), of the same rows; all else is reused."""
        design = self.design.with_response(y)
        stats = self.stats.with_response(weighted_response(design, design.y))
        return Fit(design, self.criterion, stats, minimise(stats, self.criterion))

    def confint(self, level: float = 0.95) -> pd.DataFrame:
        """Return Wald intervals for the fixed effects; see `lmmtext.inference.confint`."""
        return inference.confint(self, level)

    def summary(self) -> summaries.Summary:
        """Return the summary: prints as text, shows as tables in a notebook."""
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

    alpha ~ N(0, G), epsilon ~ N(0, sigma2 W^-1), so that y ~ N(X beta, V) with V = Z G Z' + sigma2 W^-1
    {eq-marginal-model}. The criterion, profiled over beta and sigma2, is minimised over theta, where
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
