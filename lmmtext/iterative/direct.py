"""Direct minimization of the profiled deviance over theta."""

from collections.abc import Iterator

import numpy as np

from lmmtext.arrays import Array
from lmmtext.iterative.problem import Problem, bfgs
from lmmtext.variance_parameters import theta_and_sigma2


def direct(problem: Problem, phi: Array) -> Iterator[Array]:
    """Yield iterates of BFGS on the profiled deviance in theta, with its gradient, without bounds.

    The gradient vanishes wherever Sigma_t is 0; BFGS is therefore sent on along the eigenvector v of D_t with
    the lowest eigenvalue whenever it stops where v'D_t v < 0.
    """
    theta, _ = theta_and_sigma2(problem.structure, phi)
    for _ in range(10):
        path = bfgs(problem, problem.slope, theta)
        yield from map(problem.at, path[1:])
        theta = _pushed(problem, path[-1])


def _pushed(problem: Problem, theta: Array) -> Array:
    """Return theta moved along the variance in which the deviance falls fastest, if it falls in any."""
    relative = []
    for D, L, s in zip(problem.D(theta), problem.structure.factors(theta), problem.scales, strict=True):
        values, vectors = np.linalg.eigh(D * np.outer(s, s))
        v = s * vectors[:, 0]
        relative.append(L @ L.T + 0.01 * (values[0] < 0) * np.outer(v, v))
    return problem.structure.theta_of(relative)
