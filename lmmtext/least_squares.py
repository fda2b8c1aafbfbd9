"""Least squares, ordinary and generalized, given a factored V."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_solve, solve_triangular

from lmmtext.arrays import Array, as_full_rank, as_vector, readonly
from lmmtext.routes import Factor
from lmmtext.routes.dense import lower_cholesky


@dataclass(frozen=True, eq=False)
class GLS:
    """A generalized least squares fit, with what estimation and prediction need of it later."""

    beta: Array
    """(p,) coefficients, (X'V^-1X)^-1 X'V^-1 y."""
    vcov: Array
    """(p, p) Var(beta_hat) = (X'V^-1X)^-1."""
    XtVinvX: Array
    """(p, p) X'V^-1X."""
    logdet: float
    """log|X'V^-1X|."""
    fitted: Array
    """(n,) X beta_hat."""
    residuals: Array
    """(n,) y - X beta_hat."""
    Qy: Array
    """(n,) V^-1 (y - X beta_hat), kept since BLUPs and predictions follow from it."""
    rss: float
    """(y - X beta_hat)' V^-1 (y - X beta_hat)."""


def gls(F: Factor, X: ArrayLike, y: ArrayLike) -> GLS:
    """Return the generalized least squares fit of y on X, given V factored.

    ``beta_hat = (X'V^-1X)^-1 X'V^-1 y``. X = BR is made orthonormal first, and the fit is written as the
    ordinary one plus a correction, ``B'y + (B'V^-1B)^-1 B'V^-1 (y - BB'y)``: nearly collinear columns and a
    large mean of y then cost no digits that they need not.

    Parameters
    ----------
    F : Factor
        V, factored by a route.
    X : (n, p) array
        Columns of the fixed effects, independent.
    y : (n,) array
        Observations.

    Returns
    -------
    GLS

    Raises
    ------
    ValueError
        If the columns of X are dependent; the message names the first that is.

    Notes
    -----
    Book labels: thm-aitken, eq-gls. Aitken, A. C. (1936), Proc. Royal Society of Edinburgh 55.

    Examples
    --------
    >>> from lmmtext.routes.dense import Dense
    >>> fit = gls(Dense.of_array(np.diag([1.0, 3.0])), np.ones((2, 1)), [0.0, 4.0])
    >>> print(fit.beta.round(12), fit.vcov.round(12), round(fit.rss, 12))  # weights 3/4 and 1/4
    [1.] [[0.75]] 4.0
    """
    X = as_full_rank(X, "X")
    y = as_vector(y, "y", len(X))
    B, R, VinvB, K = _orthonormal(F, X)
    ols = B.T @ y
    fitted = B @ (ols + cho_solve((K, True), VinvB.T @ (y - B @ ols)))
    beta = solve_triangular(R, B.T @ fitted)
    residuals = y - fitted
    Qy = F.solve(residuals)
    half = R.T @ K  # X'V^-1X = half half'
    root = solve_triangular(R, solve_triangular(K, np.eye(len(K)), lower=True).T)  # half'^-1
    return GLS(
        beta=readonly(beta),
        vcov=readonly(root @ root.T),
        XtVinvX=readonly(half @ half.T),
        logdet=float(2 * np.log(np.abs(np.diag(half))).sum()),
        fitted=readonly(fitted),
        residuals=readonly(residuals),
        Qy=readonly(Qy),
        rss=float(residuals @ Qy),
    )


def ols(X: ArrayLike, y: ArrayLike) -> GLS:
    """Return the ordinary least squares fit of y on X: the generalized one at V = I.

    ``beta_hat = (X'X)^-1 X'y``. Since V = I, `vcov` is (X'X)^-1: multiply it by the error variance, or by its
    estimate rss / (n - p).

    Parameters
    ----------
    X : (n, p) array
    y : (n,) array

    Returns
    -------
    GLS

    Raises
    ------
    ValueError
        If the columns of X are dependent.

    Notes
    -----
    Book label: eq-ols-normal-equations.

    Examples
    --------
    >>> print(ols([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0]).beta.round(12))
    [1. 2.]
    """
    return gls(_Identity(), X, y)


def project(F: Factor, X: ArrayLike, B: ArrayLike) -> Array:
    """Return Q B, with Q the matrix of restricted maximum likelihood.

    ``Q = V^-1 - V^-1 X (X'V^-1X)^-1 X'V^-1``; QX = 0 and QVQ = Q.

    Parameters
    ----------
    F : Factor
        V, factored by a route.
    X : (n, p) array
    B : (n,) or (n, k) array

    Returns
    -------
    array of the shape of B

    Raises
    ------
    ValueError
        If the columns of X are dependent.

    Notes
    -----
    Book label: eq-q-matrix. Harville, D. A. (1977), J. American Statistical Association 72.

    Examples
    --------
    >>> from lmmtext.routes.dense import Dense
    >>> project(Dense.of_array(np.eye(2)), np.ones((2, 1)), [1.0, 3.0]).round(12)
    array([-1.,  1.])
    """
    _, _, VinvB, K = _orthonormal(F, as_full_rank(X, "X"))
    B = np.asarray(B, dtype=float)
    return F.solve(B) - VinvB @ cho_solve((K, True), VinvB.T @ B)


def _orthonormal(F: Factor, X: Array) -> tuple[Array, Array, Array, Array]:
    """Return B, R with X = BR; V^-1 B; and the Cholesky factor K of B'V^-1B."""
    B, R = np.linalg.qr(X)  # (n, p), (p, p)
    VinvB = F.solve(B)
    return B, R, VinvB, lower_cholesky(B.T @ VinvB, "X'V^-1X", "V is too ill-conditioned for doubles.")


@dataclass(frozen=True)
class _Identity:
    """V = I, factored."""

    logdet: float = 0.0

    def solve(self, B: ArrayLike) -> Array:
        return np.asarray(B, dtype=float)
