"""The parametric bootstrap of a fit: new responses from the fitted model, fitted again."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lmmtext.arrays import Array
from lmmtext.estimates import Estimates
from lmmtext.fitter import Statistics, minimise
from lmmtext.fitter.merging import merged
from lmmtext.fitter.statistics import weighted_response
from lmmtext.fitter.together import Together
from lmmtext.prediction import draw

NUMBERS = 2**22  # of the largest intermediate array: so many replicates are searched together


def bootstrap(fit: Estimates, size: int, *, rng: np.random.Generator) -> pd.DataFrame:
    """Draw `size` responses from the fitted model, fit each by the criterion of the fit, and return the estimates.

    y* = X beta_hat + Z alpha* + epsilon*, with new alpha* and epsilon*, as `simulate` draws them; the estimates are
    those that `refit` gives. Replicates of a model with one grouping factor are searched together.

    Parameters
    ----------
    size : int
        Replicates.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    DataFrame, (size, ...)
        A row for each replicate: the fixed effects under their names; for each random term, as lme4 names them,
        ``sd_x|g`` and ``cor_x.z|g`` (not a number where a standard deviation is zero), and ``sigma``, in the units of
        the data; ``objective`` and ``converged``.

    Raises
    ------
    ValueError, TypeError
        If size is not a positive integer, or rng no Generator.

    Notes
    -----
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 6.5. The percentiles of a column are an
    interval that knows of the skewness and of the boundary, which a Wald interval does not.

    Examples
    --------
    >>> import numpy as np
    >>> from lmmtext import lmm, load
    >>> fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff"))
    >>> replicates = fit.bootstrap(200, rng=np.random.default_rng(1))
    >>> replicates[["sd_(Intercept)|Batch", "sigma"]].median().round(0).to_dict()
    {'sd_(Intercept)|Batch': 40.0, 'sigma': 49.0}
    """
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"size must be a positive integer, got {size!r}.")
    rows = np.concatenate([_estimates(fit, ys) for ys in _drawn(fit, int(size), rng)])
    table = pd.DataFrame(rows, columns=_names(fit))
    return table.astype({"converged": bool})


def _drawn(fit: Estimates, size: int, rng: np.random.Generator) -> Iterator[list[Array]]:
    """The responses, so many at a time that the arrays of their search stay small."""
    s = fit.stats
    step = max(1, NUMBERS // (max(1, s.t.size) + s.n))
    for at in range(0, size, step):
        yield [draw(fit, rng) for _ in range(min(step, size - at))]


def _estimates(fit: Estimates, ys: list[Array]) -> Array:
    """(b, columns) the estimates from these responses."""
    stats = [fit.stats.with_response(weighted_response(fit.design, y)) for y in ys]
    start = fit.optimum.at.theta
    if len(fit.stats.blocks) > 1:
        return np.array([_alone(fit, y, s) for y, s in zip(ys, stats, strict=True)])
    search = Together(stats, [merged(s) for s in stats], fit.criterion == "reml")
    theta, values, found = search.minimise(start)
    out = _row(fit, stats, theta, values.L_D, values.objective, search.df)
    for b in np.flatnonzero(~found):
        out[b] = _alone(fit, ys[b], stats[b])
    return out


def _alone(fit: Estimates, y: Array, stats: Statistics) -> Array:
    """(columns,) the estimates of one replicate by a search of its own."""
    at = minimise(stats, fit.criterion, fit.optimum.at.theta)
    point = at.at
    row = _row(fit, [stats], point.theta[None], point.L_D[None], np.array([point.objective]), point.df)[0]
    row[-1] = at.converged
    return row


def _row(fit: Estimates, stats: list[Statistics], theta: Array, L_D: Array, objective: Array, df: int) -> Array:
    """(b, columns) beta, standard deviations and correlations, sigma, criterion, converged."""
    s = fit.stats
    scale = np.array([one.scale for one in stats])
    sigma = scale * L_D[:, -1, -1] / np.sqrt(df)
    least_squares = np.array([one.beta for one in stats])
    inner = np.linalg.solve(np.swapaxes(L_D[:, :-1, :-1], 1, 2), L_D[:, -1, :-1, None])
    beta = least_squares + scale[:, None] * np.linalg.solve(s.R_X, inner)[:, :, 0]
    parts = [beta]
    for t, term in enumerate(s.structure.terms):
        Lambda = np.zeros((len(theta), term.q, term.q))
        Lambda[:, *term.lower] = theta[:, s.structure.theta_slices[t]]
        root = sigma[:, None, None] * np.linalg.solve(s.bases[t], Lambda)
        parts.append(_sd_and_correlations(root @ np.swapaxes(root, 1, 2)))
    return np.hstack([*parts, sigma[:, None], objective[:, None], np.ones((len(theta), 1))])


def _sd_and_correlations(Sigma: Array) -> Array:
    """(b, q (q + 1) / 2) standard deviations, then correlations, row by row."""
    sd = np.sqrt(np.diagonal(Sigma, axis1=1, axis2=2))
    row, column = np.tril_indices(Sigma.shape[1], -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = Sigma[:, row, column] / (sd[:, row] * sd[:, column])
    return np.hstack([sd, correlations])


def _names(fit: Estimates) -> list[Any]:
    """The columns, as lme4 names them."""
    out = list(fit.design.X_names)
    for term in fit.design.terms:
        out += [f"sd_{name}|{term.group}" for name in term.columns]
        row, column = np.tril_indices(term.q, -1)
        out += [f"cor_{term.columns[a]}.{term.columns[b]}|{term.group}" for a, b in zip(row, column, strict=True)]
    return [*out, "sigma", "objective", "converged"]
