"""How the criterion moves with the variance parameters: score, information, and the gradient in theta."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, one_of
from lmmtext.covariance import MarginalCovariance
from lmmtext.least_squares import gls, project
from lmmtext.routes import factor
from lmmtext.structure import Structure
from lmmtext.variance_parameters import covariance_derivatives

CRITERION = ("ml", "reml")


def score(
    V: MarginalCovariance,
    structure: Structure,
    X: ArrayLike,
    y: ArrayLike,
    criterion: str = "reml",
    route: str = "auto",
) -> Array:
    """Return the derivatives of the (restricted) log-likelihood in phi, beta at its best.

    ``s_k = -tr(V^-1 dV_k) / 2 + y'Q dV_k Q y / 2`` for "ml"; "reml" has Q for V^-1 in the trace. Of the
    log-likelihood: the derivative of the deviance is -2 s.

    Parameters
    ----------
    V : MarginalCovariance
        At the phi where the derivative is taken.
    structure : Structure
        What phi is.
    X : (n, p) array
    y : (n,) array
    criterion : {"reml", "ml"}
    route : str
        How V is solved; see `lmmtext.routes.factor`.

    Returns
    -------
    (ntheta + 1,) array

    Raises
    ------
    ValueError
        If the criterion or the route is unknown, the route refuses, or the columns of X are dependent.

    Notes
    -----
    Book label: eq-score. Harville, D. A. (1977), J. American Statistical Association 72.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> V = MarginalCovariance.from_structure(np.kron(np.eye(2), np.ones((2, 1))), structure, [0.0], 4.0)
    >>> score(V, structure, np.ones((4, 1)), [1.0, 3.0, 7.0, 9.0], "ml").round(12)
    array([1.75, 0.75])
    """
    KdV, _, dVQy, Qy = _solved(V, structure, X, y, one_of(criterion, "criterion", CRITERION), route)
    return -np.trace(KdV, axis1=1, axis2=2) / 2 + dVQy @ Qy / 2


def expected_information(
    V: MarginalCovariance,
    structure: Structure,
    X: ArrayLike,
    criterion: str = "reml",
    route: str = "auto",
) -> Array:
    """Return the expected information on phi: the covariance matrix of the score.

    ``I_kl = tr(V^-1 dV_k V^-1 dV_l) / 2`` for "ml"; "reml" has Q for V^-1. Of the log-likelihood: its inverse
    is the asymptotic covariance matrix of phi_hat. Parameters, errors and source as `score`; y plays no part.

    Returns
    -------
    (ntheta + 1, ntheta + 1) array

    Notes
    -----
    Book label: eq-expected-information.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> V = MarginalCovariance.from_structure(np.kron(np.eye(2), np.ones((2, 1))), structure, [0.0], 1.0)
    >>> expected_information(V, structure, np.ones((4, 1)), "ml").round(12)
    array([[4., 2.],
           [2., 2.]])
    """
    KdV, *_ = _solved(V, structure, X, np.zeros(V.n), one_of(criterion, "criterion", CRITERION), route)
    return np.einsum("kij,lji->kl", KdV, KdV) / 2


def average_information(
    V: MarginalCovariance,
    structure: Structure,
    X: ArrayLike,
    y: ArrayLike,
    route: str = "auto",
) -> Array:
    """Return the mean of the observed and the expected information on phi, in which the traces cancel.

    ``A_kl = y'Q dV_k Q dV_l Q y / 2``, the same for "ml" and "reml". The observed information, minus the
    second derivatives of the log-likelihood, is 2 A - I. Parameters and errors as `score`.

    Returns
    -------
    (ntheta + 1, ntheta + 1) array

    Notes
    -----
    Book label: eq-average-information. Gilmour, Thompson and Cullis (1995), Biometrics 51.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> V = MarginalCovariance.from_structure(np.kron(np.eye(2), np.ones((2, 1))), structure, [0.0], 1.0)
    >>> average_information(V, structure, np.ones((4, 1)), [1.0, 3.0, 7.0, 9.0]).round(12)
    array([[72., 36.],
           [36., 20.]])
    """
    _, QdVQy, dVQy, _ = _solved(V, structure, X, y, "reml", route)
    return dVQy @ QdVQy.T / 2


def _solved(
    V: MarginalCovariance, structure: Structure, X: ArrayLike, y: ArrayLike, criterion: str, route: str
) -> tuple[Array, Array, Array, Array]:
    """Return K dV_k with K = V^-1 or Q (nphi, n, n); Q dV_k Qy (nphi, n); dV_k Qy (nphi, n); Qy (n,)."""
    X = as_matrix(X, "X", V.n)
    F = factor(V, route)
    dV = covariance_derivatives(V.Z, structure, V.weights)  # (nphi, n, n)
    Qy = gls(F, X, y).Qy
    dVQy = dV @ Qy  # (nphi, n)
    K = F.solve if criterion == "ml" else lambda B: project(F, X, B)
    return np.array([K(d) for d in dV]), project(F, X, dVQy.T).T, dVQy, Qy


def variance_derivative(
    Z: ArrayLike,
    structure: Structure,
    theta: Sequence[float] | Array,
    X: ArrayLike,
    y: ArrayLike,
    criterion: str = "reml",
    weights: ArrayLike | None = None,
    route: str = "auto",
) -> list[Array]:
    """Return the derivative D_t of the profiled deviance in each term's relative covariance Psi_t.

    With Psi_t = L_t L_t' and V_0 = V / sigma2, the deviance moves by tr(D_t dPsi_t), where ``D_t = sum_j
    Z_j'K_j - (df / pwrss) g_j g_j'`` and g = Z'V_0^-1 (y - X beta_hat). For "ml", K = V_0^-1 Z and df = n;
    for "reml", K = Q_0 Z and df = n - p. At theta = 0, where the gradient in theta always vanishes, D_t
    decides: a direction v with v'D_t v < 0 is one in which a variance lowers the deviance, and theta = 0 is a
    local minimum when every D_t is positive definite.

    Parameters
    ----------
    Z : (n, m) array
    structure : Structure
    theta : (ntheta,) array
    X : (n, p) array
    y : (n,) array
    criterion : {"reml", "ml"}
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.
    route : str
        How V is solved; see `lmmtext.routes.factor`.

    Returns
    -------
    list of (q, q) arrays
        Symmetric, one per random term.

    Raises
    ------
    ValueError
        As `score`.

    Notes
    -----
    Book label: eq-variance-derivative.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> Z, y = np.kron(np.eye(2), np.ones((2, 1))), [1.0, 3.0, 7.0, 9.0]
    >>> variance_derivative(Z, structure, [0.0], np.ones((4, 1)), y, "ml")[0].round(12)
    array([[-3.2]])
    """
    one_of(criterion, "criterion", CRITERION)
    V_0 = MarginalCovariance.from_structure(Z, structure, theta, 1.0, weights)
    X = as_matrix(X, "X", V_0.n)
    F = factor(V_0, route)
    fit = gls(F, X, y)
    restricted = criterion == "reml"
    df = V_0.n - restricted * len(fit.beta)
    K = project(F, X, V_0.Z) if restricted else F.solve(V_0.Z)  # (n, m)
    return relative_derivative(V_0.Z, structure, K, V_0.Z.T @ fit.Qy, df / fit.rss)


def relative_derivative(Z: Array, structure: Structure, K: Array, g: Array, precision: float) -> list[Array]:
    """Return ``D_t = sum_j Z_j'K_j - precision g_j g_j'`` for each term, where K = V_0^-1 Z or Q_0 Z.

    The sum of `variance_derivative` once its parts are known; the conditional likelihood of the Gauss-Seidel
    iteration has another g.

    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> relative_derivative(np.eye(2), structure, np.eye(2), np.array([1.0, 2.0]), 1.0)
    [array([[-3.]])]
    """
    out = []
    for term, cols in zip(structure.terms, structure.slices, strict=True):
        J, q = term.nlevels, term.q
        Z_t, K_t = (A[:, cols].reshape(-1, J, q) for A in (Z, K))  # (n, J, q)
        g_t = g[cols].reshape(J, q)
        out.append(np.einsum("ija,ijb->ab", Z_t, K_t) - precision * g_t.T @ g_t)
    return out


def profiled_gradient(
    Z: ArrayLike,
    structure: Structure,
    theta: Sequence[float] | Array,
    X: ArrayLike,
    y: ArrayLike,
    criterion: str = "reml",
    weights: ArrayLike | None = None,
    route: str = "auto",
) -> Array:
    """Return the gradient of the profiled deviance in theta: the lower triangle of 2 D_t L_t, term by term.

    Since dPsi_t = dL_t L_t' + L_t dL_t', tr(D_t dPsi_t) = 2 tr(D_t L_t dL_t'), for D_t of
    `variance_derivative`, whose parameters and errors these are.

    Returns
    -------
    (ntheta,) array

    Notes
    -----
    Book label: eq-profiled-gradient.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> Z, y = np.kron(np.eye(2), np.ones((2, 1))), [1.0, 3.0, 7.0, 9.0]
    >>> profiled_gradient(Z, structure, [1.0], np.ones((4, 1)), y, "ml").round(12)
    array([-1.33333333])
    >>> bool(abs(profiled_gradient(Z, structure, [2.0], np.ones((4, 1)), y, "ml")[0]) < 1e-12)   # the optimum
    True
    """
    D = variance_derivative(Z, structure, theta, X, y, criterion, weights, route)
    return structure.theta([2 * D_t @ L_t for D_t, L_t in zip(D, structure.factors(theta), strict=True)])
