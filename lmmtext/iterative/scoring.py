"""Scoring: Newton's method with an information matrix in the place of the second derivatives."""

from collections.abc import Callable, Iterator

import numpy as np

from lmmtext.arrays import Array
from lmmtext.covariance import MarginalCovariance
from lmmtext.derivatives import average_information, expected_information, score
from lmmtext.iterative.problem import Problem, stands_still
from lmmtext.structure import Structure
from lmmtext.variance_parameters import covariances_of, theta_and_sigma2


def fisher(problem: Problem, phi: Array) -> Iterator[Array]:
    """Yield iterates of Fisher scoring: ``phi + I^-1 s``, with s the score and I the expected information.

    A step that raises the deviance is halved until it does not. A step that would leave the parameter space,
    some Sigma_t with a negative eigenvalue, is replaced by the better of two: the nearest point of the space
    (negative eigenvalues set to 0), and the same scoring step taken for a square root A_t of Sigma_t = A_t
    A_t', which cannot leave. A term whose Sigma_t is 0, and whose score points out of the space, is held
    there.
    """
    return _scoring(problem, phi, expected_information)


def average(problem: Problem, phi: Array) -> Iterator[Array]:
    """Yield iterates of average information scoring: `fisher` with the average information for I."""
    return _scoring(problem, phi, lambda V, structure, X, _: average_information(V, structure, X, problem.y))


def _scoring(
    problem: Problem, phi: Array, information: Callable[[MarginalCovariance, Structure, Array, str], Array]
) -> Iterator[Array]:
    structure, X, y, criterion = problem.structure, problem.X, problem.y, problem.criterion
    while True:
        V = problem.V(phi)
        s, information_at = score(V, structure, X, y, criterion), information(V, structure, X, criterion)
        free = _free(problem, phi)
        step = np.zeros_like(phi)
        step[free] = np.linalg.lstsq(information_at[np.ix_(free, free)], s[free], rcond=None)[0]
        move = _root_move(structure, phi, s, information_at)
        now = problem.deviance(phi)
        for half in 0.5 ** np.arange(30):
            inside, trial = _nearest(structure, phi + half * step)
            trials = [t for t in ([trial] if inside else [trial, move(half)]) if t[-1] > 0]
            best = min(((problem.deviance(t), i) for i, t in enumerate(trials)), default=(np.inf, 0))
            if best[0] <= now + 1e-12 * (1 + abs(now)):  # rounding may hide a descent
                new = trials[best[1]]
                break
        else:
            return
        if stands_still(phi, new):
            return
        yield (phi := new)


def _free(problem: Problem, phi: Array) -> np.ndarray:
    """Return which entries of phi may change: not those of a term at 0 whose score points outwards."""
    structure = problem.structure
    theta, _ = theta_and_sigma2(structure, phi)
    held = [
        np.full(D.shape, not L.any() and np.linalg.eigvalsh(D).min() >= 0.0)
        for D, L in zip(problem.D(theta), structure.factors(theta), strict=True)
    ]
    return np.append(~structure.theta(held).astype(bool), True)


def _nearest(structure: Structure, phi: Array) -> tuple[bool, Array]:
    """Return whether every Sigma_t of phi is positive semi-definite, and the nearest phi where it is."""
    covariances, sigma2 = covariances_of(structure, phi)
    inside, nearest = sigma2 > 0, []
    for C in covariances:
        values, vectors = np.linalg.eigh(C)
        inside &= bool(values[0] >= 0)
        nearest.append(C if values[0] >= 0 else vectors * np.maximum(values, 0) @ vectors.T)
    return inside, np.append(structure.theta(nearest), sigma2)


def _root_move(structure: Structure, phi: Array, s: Array, information: Array) -> Callable[[float], Array]:
    """Return the scoring step for the square roots A_t, as a function from its length to phi.

    phi is a function of the entries of the A_t and of sigma2; with J its Jacobian, the score and the
    information on them are J's and J'IJ.
    """
    covariances, sigma2 = covariances_of(structure, phi)
    roots = []
    for C in covariances:
        values, vectors = np.linalg.eigh(C)
        roots.append(vectors * np.sqrt(np.maximum(values, 0)))
    columns = []
    for t, A in enumerate(roots):
        for i, k in np.ndindex(A.shape):
            moved = [np.zeros_like(B) for B in roots]
            moved[t][i] += A[:, k]  # e_i A_k' + A_k e_i'
            moved[t][:, i] += A[:, k]
            columns.append(np.append(structure.theta(moved), 0.0))
    Jacobian = np.column_stack([*columns, np.eye(len(phi))[-1]])
    step = np.linalg.lstsq(Jacobian.T @ information @ Jacobian, Jacobian.T @ s, rcond=None)[0]

    def move(length: float) -> Array:
        ends = np.cumsum([A.size for A in roots])
        parts = np.split(step, ends)
        moved = [A + length * d.reshape(A.shape) for A, d in zip(roots, parts[:-1], strict=True)]
        return np.append(structure.theta([A @ A.T for A in moved]), sigma2 + length * step[-1])

    return move
