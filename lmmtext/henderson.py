"""The mixed model equations: beta and alpha at once, without V, its inverse or any route.

This module is the second witness: it knows nothing of `covariance`, `routes` or `gls`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_factor, cho_solve, qr, solve_triangular

from lmmtext.arrays import (
    Array,
    as_full_rank,
    as_matrix,
    as_positive,
    as_vector,
    as_weights,
    one_of,
    readonly,
)


@dataclass(frozen=True, eq=False)
class MME:
    """The mixed model equations, solved: `matrix` @ (beta, u) = `right`, and alpha = Lambda u.

    A hat is left out of the names: beta is the BLUE of the fixed effects, alpha the BLUP of the random ones.
    """

    beta: Array
    """(p,) best linear unbiased estimate."""
    u: Array
    """(m,) best linear unbiased prediction of the spherical random effects."""
    alpha: Array
    """(m,) best linear unbiased prediction, Lambda u."""
    matrix: Array
    """(p + m, p + m) [[X'WX, X'WZ Lambda], [Lambda'Z'WX, M]]."""
    right: Array
    """(p + m,) (X'Wy, Lambda'Z'Wy)."""
    vcov_beta: Array
    """(p, p) Var(beta_hat)."""
    cov_beta_alpha: Array
    """(p, m) Cov(beta_hat, alpha_hat - alpha)."""
    pev: Array
    """(m, m) prediction error variance, Var(alpha_hat - alpha)."""
    var_alpha: Array
    """(m, m) Var(alpha_hat) = G - pev."""
    pwrss: float
    """Penalized weighted residual sum of squares at its minimum; equals sigma2 times the rss of GLS."""
    logdet_M: float
    """log|Lambda'Z'WZ Lambda + I|."""
    logdet_X: float
    """log|X'V_0^-1X| with V_0 = V / sigma2."""
    logdet_W: float
    """Sum of the logs of the weights."""
    n: int
    """Observations."""

    def deviance(self, criterion: str = "reml") -> float:
        """Return -2 log (restricted) likelihood with beta and sigma2 profiled out, with every constant.

        ``log|M| + n (1 + log(2 pi pwrss / n)) - log|W|`` for "ml"; "reml" adds ``log|X'V_0^-1X|`` and has n -
        p in the place of n. The sigma2 of the equations plays no part.
        """
        one_of(criterion, "criterion", ("ml", "reml"))
        n, p = self.n, len(self.beta)
        df, logdet = (n, self.logdet_M) if criterion == "ml" else (n - p, self.logdet_M + self.logdet_X)
        return float(logdet + df * (1 + np.log(2 * np.pi * self.pwrss / df)) - self.logdet_W)


def mixed_model_equations(
    X: ArrayLike,
    Z: ArrayLike,
    y: ArrayLike,
    Lambda: ArrayLike,
    sigma2: float = 1.0,
    weights: ArrayLike | None = None,
) -> MME:
    """Return the mixed model equations solved, in the form that any Lambda allows, zero included.

    The equations are the normal equations of one least squares problem, in which m rows of zeros stand for
    the distribution of u: minimize ``|W^1/2 (y - X beta - Z Lambda u)|^2 + |u|^2``. It is solved as such, by
    a QR decomposition of ``[[W^1/2 Z Lambda, W^1/2 X], [I, 0]]``, which does not square the condition number
    as forming the equations would: both determinants and pwrss keep their digits at any theta. (beta_hat
    keeps them in units of its standard error; more is not to be had, as it is that sensitive to the last
    digits of X.) Covariances come from the same R: the inverse of the coefficient matrix is R^-1 R'^-1.

    Parameters
    ----------
    X : (n, p) array
        Columns of the fixed effects, independent.
    Z : (n, m) array
        Columns of the random effects.
    y : (n,) array
        Observations.
    Lambda : (m, m) array
        Relative covariance factor, G = sigma2 Lambda Lambda'.
    sigma2 : float
        Error variance; it scales the covariances, and nothing else.
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.

    Returns
    -------
    MME

    Raises
    ------
    ValueError
        If shapes do not conform, the columns of X are dependent, or sigma2 or a weight is not above 0.

    Notes
    -----
    Book label: eq-mixed-model-equations. Henderson, Kempthorne, Searle and von Krosigk (1959), Biometrics 15;
    Bates, Maechler, Bolker and Walker (2015), J. Statistical Software 67(1), for the form in u.

    Examples
    --------
    >>> Z = np.kron(np.eye(2), np.ones((2, 1)))
    >>> fit = mixed_model_equations(np.ones((4, 1)), Z, [1, 3, 7, 9], np.eye(2))
    >>> print(fit.beta.round(12), fit.alpha.round(12))                      # means 2 and 8, shrunk by 2/3
    [5.] [-2.  2.]
    """
    X, Z, y, Lambda, sigma2, weights = _checked(X, Z, y, Lambda, "Lambda", sigma2, weights)
    (n, p), m = X.shape, Z.shape[1]
    root_w = np.sqrt(np.ones(n) if weights is None else weights)[:, None]
    ZL, X, y = root_w * (Z @ Lambda), root_w * X, root_w[:, 0] * y  # W^1/2 ZL, W^1/2 X, W^1/2 y

    A = np.block([[ZL, X], [np.eye(m), np.zeros((m, p))]])  # (n + m, m + p)
    Q, R = qr(A)  # Q (n + m, n + m)
    Q, Q_rest, R = Q[:, : m + p], Q[:, m + p :], R[: m + p]  # A'Q_rest = 0
    b = np.concatenate([y, np.zeros(m)])
    solution = solve_triangular(R, Q.T @ b)
    u, beta = solution[:m], solution[m:]

    S = solve_triangular(R, np.eye(m + p))  # (A'A)^-1 = SS'
    S_u, S_beta = Lambda @ S[:m], S[m:]
    T = Lambda @ Q_rest[n:]  # I - (uu block of SS'), factored
    logs = np.log(np.abs(np.diag(R)))
    XZL = np.hstack([X, ZL])
    return MME(
        beta=readonly(beta),
        u=readonly(u),
        alpha=readonly(Lambda @ u),
        matrix=readonly(XZL.T @ XZL + np.diag(np.repeat([0.0, 1.0], [p, m]))),
        right=readonly(XZL.T @ y),
        vcov_beta=readonly(sigma2 * S_beta @ S_beta.T),
        cov_beta_alpha=readonly(sigma2 * S_beta @ S_u.T),
        pev=readonly(sigma2 * S_u @ S_u.T),
        var_alpha=readonly(sigma2 * T @ T.T),
        pwrss=float(np.sum((Q_rest.T @ b) ** 2)),
        logdet_M=float(2 * logs[:m].sum()),
        logdet_X=float(2 * logs[m:].sum()),
        logdet_W=float(2 * np.log(root_w).sum()),
        n=n,
    )


@dataclass(frozen=True, eq=False)
class HendersonForm:
    """Henderson's own equations, solved: `matrix` @ (beta, alpha) = `right`."""

    beta: Array
    """(p,) best linear unbiased estimate."""
    alpha: Array
    """(m,) best linear unbiased prediction."""
    matrix: Array
    """(p + m, p + m) [[X'WX, X'WZ], [Z'WX, Z'WZ + sigma2 G^-1]] / sigma2."""
    right: Array
    """(p + m,) (X'Wy, Z'Wy) / sigma2."""
    vcov: Array
    """(p + m, p + m) inverse of `matrix`: the covariance matrix of (beta_hat, alpha_hat - alpha)."""


def henderson_form(
    X: ArrayLike,
    Z: ArrayLike,
    y: ArrayLike,
    G: ArrayLike,
    sigma2: float = 1.0,
    weights: ArrayLike | None = None,
) -> HendersonForm:
    """Return the mixed model equations solved in Henderson's form, which needs the inverse of G.

    ``[[X'WX, X'WZ], [Z'WX, Z'WZ + sigma2 G^-1]] (beta, alpha) = (X'Wy, Z'Wy)``, both sides over sigma2. The
    normal equations are formed and solved as they stand; `mixed_model_equations` is the accurate, general
    form.

    Parameters
    ----------
    X : (n, p) array
    Z : (n, m) array
    y : (n,) array
    G : (m, m) array
        Covariance matrix of the random effects, positive definite, in squared units of y.
    sigma2 : float
        Error variance.
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.

    Returns
    -------
    HendersonForm

    Raises
    ------
    ValueError
        If G is singular or not symmetric, or as in `mixed_model_equations`.

    Notes
    -----
    Book label: eq-henderson-form. Henderson, C. R. (1975), Biometrics 31.

    Examples
    --------
    >>> fit = henderson_form(np.ones((4, 1)), np.kron(np.eye(2), np.ones((2, 1))), [1, 3, 7, 9], np.eye(2))
    >>> print(fit.beta.round(12), fit.alpha.round(12))
    [5.] [-2.  2.]
    """
    X, Z, y, G, sigma2, weights = _checked(X, Z, y, G, "G", sigma2, weights)
    p, m = X.shape[1], Z.shape[1]
    values = np.linalg.eigvalsh((G + G.T) / 2)
    floor = m * np.finfo(float).eps * np.abs(values).max(initial=0.0)
    if not np.allclose(G, G.T, rtol=1e-12, atol=1e-12 * np.abs(G).max(initial=0.0)):
        raise ValueError("G must be symmetric; this G differs from its transpose by more than rounding.")
    if (values <= floor).any():
        raise ValueError(
            f"G must be positive definite to be inverted; {int(np.sum(values > floor))} of the "
            f"{m} eigenvalues of this G are above 0. Use mixed_model_equations, with Lambda Lambda' = "
            f"G / sigma2."
        )
    XZ = np.hstack([X, Z])
    WXZ = XZ if weights is None else weights[:, None] * XZ
    matrix = XZ.T @ WXZ / sigma2
    matrix[p:, p:] += cho_solve(cho_factor(G), np.eye(m))
    right = WXZ.T @ y / sigma2
    try:
        C = cho_factor(matrix)
    except LinAlgError:
        raise LinAlgError(
            "Henderson's equations are singular to working precision: X is nearly collinear, or G nearly "
            "singular or huge. Use mixed_model_equations."
        ) from None
    solution = cho_solve(C, right)
    return HendersonForm(
        beta=readonly(solution[:p]),
        alpha=readonly(solution[p:]),
        matrix=readonly(matrix),
        right=readonly(right),
        vcov=readonly(cho_solve(C, np.eye(p + m))),
    )


def _checked(
    X: ArrayLike,
    Z: ArrayLike,
    y: ArrayLike,
    square: ArrayLike,
    name: str,
    sigma2: float,
    weights: ArrayLike | None,
) -> tuple[Array, Array, Array, Array, float, Array | None]:
    X = as_full_rank(X, "X")
    Z, square = as_matrix(Z, "Z"), as_matrix(square, name)
    m = Z.shape[1]
    if len(Z) != len(X):
        raise ValueError(f"X {X.shape} and Z {Z.shape} do not conform: they must have equally many rows.")
    if square.shape != (m, m):
        raise ValueError(f"Z {Z.shape} and {name} {square.shape} do not conform: {name} must be ({m}, {m}).")
    y, weights = as_vector(y, "y", len(X)), as_weights(weights, len(X))
    return X, Z, y, square, as_positive(sigma2, "sigma2"), weights
