"""Prediction and simulation from a fitted model."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_vector
from lmmtext.design import Rows
from lmmtext.estimates import Estimates
from lmmtext.frame import as_table

CHUNK = 2**22  # numbers of one intermediate array of the prediction variances


def predict(
    fit: Estimates,
    newdata: Any = None,
    *,
    random: str = "include",
    new_levels: str = "zero",
    offset: str | ArrayLike | None = None,
    variances: bool = False,
) -> pd.Series | pd.DataFrame:
    """Predict x'beta + z'alpha for new rows, or for those of the fit.

    Parameters
    ----------
    fit : Fit
    newdata : DataFrame, optional
        Rows to predict for; the rows of the fit if left out.
    random : {"include", "omit"}
        Whether the groups' own effects enter (conditional prediction) or not (population prediction).
    new_levels : {"zero", "error"}
        A group that the fit has not seen has the prediction zero for its effects, or is refused.
    offset : str or array, optional
        The offset of the new rows, if the fit has one; a column that the fit named is taken if they have it.
    variances : bool
        Also return the variance of the prediction error, at the estimated V.

    Returns
    -------
    Series, or DataFrame with the columns
        ``prediction``, ``variance`` = Var(x'beta_hat + z'alpha_hat - x'beta - z'alpha), with the cost of
        estimating beta, and ``response_variance``, the same for an observation of weight one: variance + sigma2.
        With random="omit" the target is x'beta alone, variance = Var(x'beta_hat), and response_variance, for an
        observation of a group not told, is variance + z'Sigma z + sigma2.

    Raises
    ------
    ValueError
        For missing columns or values, unseen categories, and with new_levels="error" for new groups.
    """
    if random not in ("include", "omit"):
        raise ValueError(f"random must be 'include' or 'omit', got {random!r}.")
    if new_levels not in ("zero", "error"):
        raise ValueError(f"new_levels must be 'zero' or 'error', got {new_levels!r}.")
    rows = _rows_of_fit(fit) if newdata is None else fit.design.rows(newdata, groups=random == "include")
    if random == "omit":
        rows = replace(rows, codes=tuple(np.full(len(rows.X), -1) for _ in rows.codes))
    elif new_levels == "error":
        _refuse_new(fit, rows, newdata)
    X = rows.X[:, _kept(fit)] if newdata is not None else rows.X
    mean = X @ fit.fixef.to_numpy() + _offset(fit, newdata, offset)
    for term, z, codes in zip(fit.design.terms, rows.matrices, rows.codes, strict=True):
        modes = fit.ranef[term.group][list(term.columns)].to_numpy()
        mean = mean + (z * modes[codes]).sum(axis=1) * (codes >= 0)
    prediction = pd.Series(mean, index=rows.index, name="prediction")
    if not variances:
        return prediction
    variance = response = _error_variance(fit, X, rows.matrices, rows.codes)
    if random == "omit":
        variance = _error_variance(fit, X, tuple(np.zeros_like(z) for z in rows.matrices), rows.codes)
    columns = {"prediction": prediction, "variance": variance, "response_variance": response + fit.sigma2}
    return pd.DataFrame(columns)


def simulate(fit: Estimates, rng: np.random.Generator) -> pd.Series:
    """Draw a response from the fitted model: y = X beta_hat + Z alpha + epsilon, with new alpha and epsilon.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the draws come from; alpha term by term first, then epsilon.

    Returns
    -------
    Series, (n,)

    Raises
    ------
    TypeError
        If rng is no Generator.

    Examples
    --------
    >>> import numpy as np
    >>> from lmmtext import lmm, load
    >>> fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff"))
    >>> len(fit.simulate(rng=np.random.default_rng(1)))
    30
    """
    return pd.Series(draw(fit, rng), index=fit.design.index, name="y")


def draw(fit: Estimates, rng: np.random.Generator) -> Array:
    """(n,) what `simulate` draws, without its index."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy Generator, such as numpy.random.default_rng(1), got {type(rng).__name__}."
        )
    d, sigma = fit.design, fit.sigma
    y = d.X @ fit.beta + (0.0 if d.offset is None else d.offset)
    for term, factor in zip(d.terms, fit.factors, strict=True):
        alpha = rng.standard_normal((len(term.levels), term.q)) @ (sigma * factor.T)
        y = y + np.einsum("ik,ik->i", term.matrix, alpha[term.codes])
    epsilon = sigma * rng.standard_normal(d.n)
    return np.asarray(y + (epsilon if d.weights is None else epsilon / np.sqrt(d.weights)))


def _rows_of_fit(fit: Estimates) -> Rows:
    d = fit.design
    return Rows(d.X, tuple(t.matrix for t in d.terms), tuple(t.codes for t in d.terms), d.index)


def _kept(fit: Estimates) -> list[int]:
    return [k for k, name in enumerate(fit.design.coding.columns) if name not in fit.design.dropped_columns]


def _refuse_new(fit: Estimates, rows: Rows, newdata: Any) -> None:
    for term, codes in zip(fit.design.terms, rows.codes, strict=True):
        new = np.flatnonzero(codes < 0)
        if new.size:
            names = [name for name, _ in term.factors]
            level = ":".join(str(as_table(newdata)[name].iloc[new[0]]) for name in names)
            raise ValueError(
                f"{new.size} rows have groups of {term.group!r} that the fit has not seen, first {level!r}. "
                "With new_levels='zero' they are predicted with effects of zero."
            )


def _offset(fit: Estimates, newdata: Any, offset: str | ArrayLike | None) -> Array | float:
    if newdata is None:
        if offset is not None:
            raise ValueError("offset= is for newdata; the rows of the fit have theirs.")
        return 0.0 if fit.design.offset is None else fit.design.offset
    offset = fit.design.offset_name if offset is None else offset
    if (offset is None) != (fit.design.offset is None):
        lacks = (
            "has an offset: give the new rows theirs by offset="
            if offset is None
            else "has no offset: leave offset= out"
        )
        raise ValueError(f"the fit {lacks}.")
    if offset is None:
        return 0.0
    table = as_table(newdata)
    if isinstance(offset, str) and offset not in table.columns:
        raise ValueError(f"the new data lack the column {offset!r} of the offset.")
    values = table[offset] if isinstance(offset, str) else offset
    if isinstance(values, pd.Series) and not values.index.equals(table.index):
        raise ValueError(
            "offset is a Series whose index is not that of the new data; pass offset.to_numpy() if the order agrees."
        )
    return as_vector(values, "offset", len(table))


def _error_variance(fit: Estimates, X: Array, matrices: tuple[Array, ...], codes: tuple[np.ndarray, ...]) -> Array:
    """sigma2 times the relative error variances, in chunks of rows; z and x in the scaled variables of the fitter."""
    s, at = fit.stats, fit.optimum.at
    x = np.linalg.solve(s.R_X.T, X.T).T if s.p else X
    turned = [np.linalg.solve(T.T, z.T).T for T, z in zip(s.bases, matrices, strict=True)]
    columns = [np.hstack([turned[t] for t in block.terms]) for block in s.blocks]
    groups = [codes[block.terms[0]] for block in s.blocks]
    step = max(1, CHUNK // max(1, s.m_r + s.p))
    parts = [
        at.spread(tuple(z[k : k + step] for z in columns), tuple(g[k : k + step] for g in groups), x[k : k + step])
        for k in range(0, len(X), step)
    ]
    return fit.sigma2 * np.concatenate(parts)
