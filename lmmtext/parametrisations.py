"""The covariance of one random term on the scales that software and texts use, and back.

Every scale is one row of `SCALES`: how Sigma becomes its numbers, in its order, and how they become Sigma.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, as_positive, as_vector, one_of
from lmmtext.structure import lower_root

ROUNDING = 1e-10  # how far a correlation matrix may be from symmetric, or an eigenvalue of it below zero


@dataclass(frozen=True)
class Scale:
    """One scale: what its numbers are, who uses it, and the two conversions.

    A `relative` scale measures in units of sigma2, a `regular` one has no numbers for a singular Sigma, and a
    `diagonal` one none for effects that are correlated. `scalar` scales are for one variance.
    """

    words: str
    used_by: str
    write: Callable[[Array], Array]  # Sigma, or Sigma / sigma2 -> the numbers
    read: Callable[[Array], Array]  # and back
    relative: bool = False
    regular: bool = False
    diagonal: bool = False
    scalar: bool = False


def to_scale(Sigma: ArrayLike, scale: str, *, sigma2: float | None = None) -> Array:
    """Return the numbers that stand for a term's covariance Sigma on a scale.

    Parameters
    ----------
    Sigma : (q, q) array
        Covariance of the random effects of one group, positive semi-definite.
    scale : str
        A name in `SCALES`, which say what the numbers are and in which order.
    sigma2 : float, optional
        The residual variance; the relative scales need it, the others pass it over.

    Returns
    -------
    (k,) array
        k = q (q + 1) / 2 numbers, or q on the diagonal scales.

    Raises
    ------
    ValueError, TypeError
        If Sigma is no covariance, sigma2 is wanted and missing, or the scale has no numbers for this Sigma.

    Notes
    -----
    Book label: eq-rosetta-relative-factor.

    Examples
    --------
    >>> Sigma = [[4.0, 1.0], [1.0, 9.25]]
    >>> to_scale(Sigma, "theta", sigma2=4.0)
    array([1.  , 0.25, 1.5 ])
    >>> to_scale(Sigma, "sd and correlation").round(4)
    array([2.    , 3.0414, 0.1644])
    >>> to_scale([[0.0]], "log sd")
    Traceback (most recent call last):
        ...
    ValueError: Sigma is singular, and the scale 'log sd' has no numbers for it; 'theta' and 'covariance' do.
    """
    chosen = SCALES[one_of(scale, "scale", SCALES)]
    C = _covariance(Sigma)
    unit = _unit(chosen, scale, sigma2)
    _fits(chosen, scale, C)
    return chosen.write(C / unit) + 0.0  # no minus zeros


def from_scale(values: ArrayLike, scale: str, *, sigma2: float | None = None) -> Array:
    """Return the covariance Sigma of a term for which these numbers stand on a scale.

    Parameters
    ----------
    values : (k,) array
        The numbers, in the order of the scale.
    scale : str
        A name in `SCALES`.
    sigma2 : float, optional
        The residual variance; the relative scales need it, the others pass it over.

    Returns
    -------
    (q, q) array
        Sigma, in squared units of y per unit of each predictor.

    Raises
    ------
    ValueError, TypeError
        If the length is no q (q + 1) / 2, the numbers stand for no covariance, or sigma2 is wanted and missing.

    Notes
    -----
    Book label: eq-rosetta-relative-factor.

    Examples
    --------
    >>> from_scale([1.0, 0.25, 1.5], "theta", sigma2=4.0)
    array([[4.  , 1.  ],
           [1.  , 9.25]])
    >>> from_scale([2.0, 3.0, -1.5], "sd and correlation")
    Traceback (most recent call last):
        ...
    ValueError: correlations must lie between -1 and 1, got -1.5.
    """
    chosen = SCALES[one_of(scale, "scale", SCALES)]
    v = as_vector(values, "values")
    unit = _unit(chosen, scale, sigma2)
    if chosen.scalar and v.size != 1:
        raise ValueError(f"the scale {scale!r} is for one variance: values must have length 1, got {v.size}.")
    if not chosen.diagonal and (v.size == 0 or _order(v.size) is None):
        raise ValueError(f"values must have length q (q + 1) / 2, so 1, 3, 6 or 10 ..., got {v.size}.")
    with np.errstate(over="ignore", invalid="ignore"):  # _covariance says what is not finite
        return _covariance(unit * chosen.read(v))


# --- what is checked ---


def _covariance(Sigma: ArrayLike) -> Array:
    """Sigma made exactly symmetric, or what keeps it from being a covariance."""
    C = as_matrix(Sigma, "Sigma")
    if len(C) == 0 or C.shape[0] != C.shape[1]:
        raise ValueError(f"Sigma must be square, with a row for each random coefficient, got shape {C.shape}.")
    if (np.diag(C) < 0).any():
        raise ValueError(f"variances must not be below 0, got {np.diag(C).min():g}.")
    sd = np.sqrt(np.diag(C))
    unit = np.where(sd > 0, sd, 1.0)
    relative = C / unit / unit[:, None]
    if np.abs(relative - relative.T).max() > ROUNDING:
        raise ValueError("Sigma must be symmetric.")
    if (np.abs(relative[sd == 0]) > 0).any():
        raise ValueError("a coefficient whose variance is zero cannot have a covariance that is not.")
    if np.linalg.eigvalsh(relative)[0] < -ROUNDING:
        raise ValueError("Sigma must be positive semi-definite: these covariances are too large for the variances.")
    return (C + C.T) / 2


def _unit(chosen: Scale, scale: str, sigma2: float | None) -> float:
    if not chosen.relative:
        return 1.0
    if sigma2 is None:
        raise TypeError(f"the scale {scale!r} is relative to the residual variance: give sigma2=.")
    return as_positive(sigma2, "sigma2")


def _fits(chosen: Scale, scale: str, C: Array) -> None:
    if chosen.scalar and len(C) > 1:
        raise ValueError(f"the scale {scale!r} is for one variance; Sigma has {len(C)} rows. Try 'theta'.")
    if chosen.diagonal and (C != np.diag(np.diag(C))).any():
        raise ValueError(f"the scale {scale!r} is for effects that are not correlated; Sigma has covariances.")
    if chosen.regular and (np.diag(root(C)) == 0).any():
        raise ValueError(
            f"Sigma is singular, and the scale {scale!r} has no numbers for it; 'theta' and 'covariance' do."
        )


# --- the pieces of which the scales are made ---


def root(C: Array) -> Array:
    """Return the lower triangular L, diagonal not negative, with L L' = C; exact zeros where C is singular.

    Standard deviations are taken out first, so that units do not decide what is singular.

    >>> root(np.array([[4.0, 2e-8], [2e-8, 1e-16]]))
    array([[2.e+00, 0.e+00],
           [1.e-08, 0.e+00]])
    """
    sd = np.sqrt(np.diag(C))
    unit = np.where(sd > 0, sd, 1.0)
    L: Array = unit[:, None] * lower_root(C / unit / unit[:, None])
    return L


def _order(length: int) -> int | None:
    """Return the q of which q (q + 1) / 2 is the length, if there is one."""
    q = (isqrt(8 * length + 1) - 1) // 2
    return q if q * (q + 1) // 2 == length else None


def _lower(length: int, by: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the lower triangle with so many entries, by "columns" or by "rows"."""
    q = _order(length) or 0
    if by == "rows":
        return np.tril_indices(q)
    columns, rows = np.triu_indices(q)
    return rows, columns


def _triangle(L: Array, by: str) -> Array:
    out: Array = L[_lower(len(L) * (len(L) + 1) // 2, by)]
    return out


def _filled(v: Array, by: str) -> Array:
    out = np.zeros((_order(v.size) or 0,) * 2)
    out[_lower(v.size, by)] = v
    return out


def _mirrored(v: Array, by: str) -> Array:
    L = _filled(v, by)
    return L + np.tril(L, -1).T


def _squared(L: Array) -> Array:
    return L @ L.T


def _sd_and_correlation(C: Array) -> Array:
    sd = np.sqrt(np.diag(C))
    columns, rows = np.triu_indices(len(C), 1)  # the lower triangle by columns
    if (sd == 0).any() and len(C) > 1:
        raise ValueError("a standard deviation is zero, and with it no correlation is defined. Try 'theta'.")
    return np.append(sd, np.clip(C[rows, columns] / sd[rows] / sd[columns], -1.0, 1.0))


def _of_sd_and_correlation(v: Array) -> Array:
    q = _order(v.size) or 0
    sd, r = v[:q], v[q:]
    if (sd < 0).any():
        raise ValueError(f"standard deviations must not be below 0, got {sd.min():g}.")
    if (np.abs(r) > 1).any():
        raise ValueError(f"correlations must lie between -1 and 1, got {r[np.abs(r) > 1][0]:g}.")
    columns, rows = np.triu_indices(q, 1)
    C = np.eye(q)
    C[rows, columns] = C[columns, rows] = r
    return C * np.outer(sd, sd)


def _log_cholesky(C: Array) -> Array:
    L = root(C)
    return np.append(np.log(np.diag(L)), L[np.tril_indices(len(L), -1)])  # of R = L' by columns


def _of_log_cholesky(v: Array) -> Array:
    q = _order(v.size) or 0
    L = np.diag(np.exp(v[:q]))
    L[np.tril_indices(q, -1)] = v[q:]
    return _squared(L)


def _inverse(C: Array) -> Array:
    half = np.linalg.solve(root(C), np.eye(len(C)))
    return half.T @ half


def _of_precision(v: Array) -> Array:
    P = _mirrored(v, "columns")
    if (np.diag(P) <= 0).any() or (np.diag(root(P)) == 0).any():
        raise ValueError("a precision must be positive definite; a variance of infinity is no number.")
    return _inverse(P)


def _of_share(v: Array) -> Array:
    if not 0 <= v[0] < 1:
        raise ValueError(f"an intraclass correlation must lie from 0 up to, but not at, 1; got {v[0]:g}.")
    return np.array([[v[0] / (1 - v[0])]])


def _of_sds(v: Array) -> Array:
    if (v < 0).any():
        raise ValueError(f"standard deviations must not be below 0, got {v.min():g}.")
    return np.diag(v**2)


SCALES: dict[str, Scale] = {
    "covariance": Scale(
        "lower triangle of Sigma, by columns",
        "this book (phi, without its sigma2)",
        lambda C: _triangle(C, "columns"),
        lambda v: _mirrored(v, "columns"),
    ),
    "un": Scale(
        "lower triangle of Sigma, by rows",
        "SAS, type=UN: UN(1,1), UN(2,1), UN(2,2), ...",
        lambda C: _triangle(C, "rows"),
        lambda v: _mirrored(v, "rows"),
    ),
    "sd and correlation": Scale(
        "standard deviations, then correlations below the diagonal by columns",
        "lme4's VarCorr as a data frame; what lme4, nlme and MixedModels.jl print",
        _sd_and_correlation,
        _of_sd_and_correlation,
    ),
    "theta": Scale(
        "lower triangle, by columns, of the relative Cholesky factor",
        "lme4 and MixedModels.jl (theta); lmmtext",
        lambda C: _triangle(root(C), "columns"),
        lambda v: _squared(_filled(v, "columns")),
        relative=True,
    ),
    "relative": Scale(
        "lower triangle of Sigma / sigma2, by rows",
        "statsmodels MixedLM (params, after the fixed effects)",
        lambda C: _triangle(C, "rows"),
        lambda v: _mirrored(v, "rows"),
        relative=True,
    ),
    "log-Cholesky": Scale(
        "logs of the diagonal of R, then R above its diagonal by columns, where R'R = Sigma / sigma2",
        "nlme, pdLogChol (its default)",
        _log_cholesky,
        _of_log_cholesky,
        relative=True,
        regular=True,
    ),
    "precision": Scale(
        "lower triangle of the inverse of Sigma, by columns",
        "BUGS and other Bayesian texts",
        lambda C: _triangle(_inverse(C), "columns"),
        _of_precision,
        regular=True,
    ),
    "diagonal theta": Scale(
        "standard deviations relative to sigma",
        "lme4's and MixedModels.jl's theta of a term with ||, or zerocorr",
        lambda C: np.sqrt(np.diag(C)),
        _of_sds,
        relative=True,
        diagonal=True,
    ),
    "diagonal log": Scale(
        "logs of the standard deviations relative to sigma",
        "nlme, pdDiag",
        lambda C: np.log(np.diag(C)) / 2,
        lambda v: np.diag(np.exp(2 * v)),
        relative=True,
        regular=True,
        diagonal=True,
    ),
    "log sd": Scale(
        "logs of the standard deviations",
        "Bayesian texts; TMB and its relatives",
        lambda C: np.log(np.diag(C)) / 2,
        lambda v: np.diag(np.exp(2 * v)),
        regular=True,
        diagonal=True,
    ),
    "ratio": Scale(
        "sigma2_alpha / sigma2",
        "animal breeding (its inverse), and the analysis of variance",
        lambda C: C[0],
        lambda v: v[:, None],
        relative=True,
        scalar=True,
    ),
    "icc": Scale(
        "sigma2_alpha / (sigma2_alpha + sigma2)",
        "the intraclass correlation rho",
        lambda C: C[0] / (1 + C[0]),
        _of_share,
        relative=True,
        scalar=True,
    ),
}
