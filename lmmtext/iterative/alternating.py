"""Estimators that take turns: Gauss-Seidel between beta and phi, EM between the effects and phi."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from lmmtext.arrays import Array
from lmmtext.derivatives import relative_derivative
from lmmtext.iterative.problem import Problem, bfgs, stands_still
from lmmtext.least_squares import gls, project
from lmmtext.routes import factor
from lmmtext.variance_parameters import theta_and_sigma2, variance_parameters


def gauss_seidel(problem: Problem, phi: Array) -> Iterator[Array]:
    """Yield iterates of: beta by GLS at phi; then phi by maximizing the likelihood with that beta held.

    With residuals = y - X beta held, ``log|V_0| + n (1 + log(2 pi residuals'V_0^-1 residuals / n))`` is minimized over
    theta by BFGS, and ``sigma2 = residuals'V_0^-1 residuals / n``. The restricted likelihood has no
    beta, so no such iteration.
    """
    if problem.criterion != "ml":
        raise ValueError(
            "estimator 'gauss_seidel' needs criterion 'ml': it maximizes over beta and the variance "
            "parameters in turn; the restricted likelihood has no beta. "
            "Use criterion='ml' or another estimator."
        )
    while True:
        residuals = gls(factor(problem.V(phi)), problem.X, problem.y).residuals  # beta given phi
        start, _ = theta_and_sigma2(problem.structure, phi)
        theta = bfgs(problem, partial(_held_deviance, problem, residuals), start)[-1]  # phi given beta
        sigma2 = float(residuals @ factor(problem.V_0(theta)).solve(residuals)) / len(residuals)
        new = variance_parameters(problem.structure, theta, sigma2)
        if stands_still(phi, new):
            return
        yield (phi := new)


def _held_deviance(problem: Problem, residuals: Array, theta: Array) -> tuple[float, Array]:
    """Return the deviance at theta with residuals = y - X beta held and sigma2 at its best, and its gradient."""
    structure, n = problem.structure, len(residuals)
    F = factor(problem.V_0(theta))
    Z, V_0inv_residuals = problem.Z, F.solve(residuals)
    rss = float(residuals @ V_0inv_residuals)
    D = relative_derivative(Z, structure, F.solve(Z), Z.T @ V_0inv_residuals, n / rss)
    gradient = structure.theta([2 * D_t @ L for D_t, L in zip(D, structure.factors(theta), strict=True)])
    return F.logdet + n * (1 + np.log(2 * np.pi * rss / n)), gradient


def em(problem: Problem, phi: Array) -> Iterator[Array]:
    """Yield iterates of: expect the squares of alpha and epsilon given y at phi; then put phi at their means.

    With K = V^-1 for "ml" and Q for "reml", alpha given y has mean a = GZ'Qy and variance C = G - GZ'KZG,
    epsilon has mean f = sigma2 W^-1 Qy and variance sigma2 W^-1 - sigma2^2 W^-1 K W^-1. Then ``Sigma_t =
    mean_j (a_j a_j' + C_jj)`` and ``sigma2 = (f'Wf + tr(W Var(epsilon | y))) / n``. The trace is ``sigma2 (n - tr(KV)
    + tr(Z'KZG))``, for V = ZGZ' + sigma2 W^-1, and tr(KV) is n for "ml", n - p for "reml". The deviance never
    rises, and a variance that starts above 0 never arrives there.
    """
    Z, X, y, n = problem.Z, problem.X, problem.y, len(problem.y)
    while True:
        V = problem.V(phi)
        F, G, sigma2, Winv = factor(V), V.G, V.sigma2, V.Winv
        Qy = gls(F, X, y).Qy
        ml = problem.criterion == "ml"
        KZ, trace_KV = (F.solve(Z), n) if ml else (project(F, X, Z), n - X.shape[1])
        ZKZG = Z.T @ KZ @ G  # (m, m)
        a, C = G @ Z.T @ Qy, G - G @ ZKZG  # (m,), (m, m)
        squares = C + np.outer(a, a)
        covariances = []
        for term, cols in zip(problem.structure.terms, problem.structure.slices, strict=True):
            J, q = term.nlevels, term.q
            covariances.append(np.einsum("jajb->ab", squares[cols, cols].reshape(J, q, J, q)) / J)
        f = sigma2 * Winv * Qy  # E(epsilon | y)
        trace = sigma2 * (n - trace_KV + np.trace(ZKZG))
        new = np.append(problem.structure.theta(covariances), (f @ (f / Winv) + trace) / n)
        if stands_still(phi, new):
            return
        yield (phi := new)
