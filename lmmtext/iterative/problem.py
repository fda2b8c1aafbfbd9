"""What the iterative estimators share: the data of a problem, and the criterion as a function of phi."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from lmmtext.arrays import Array
from lmmtext.covariance import MarginalCovariance
from lmmtext.criterion import deviance, profile
from lmmtext.derivatives import profiled_gradient, variance_derivative
from lmmtext.structure import Structure
from lmmtext.variance_parameters import theta_and_sigma2, variance_parameters


@dataclass(frozen=True, eq=False)
class Problem:
    """The data of one estimation, and the criterion as a function of phi."""

    Z: Array
    structure: Structure
    X: Array
    y: Array
    criterion: str
    weights: Array | None

    def V(self, phi: Array) -> MarginalCovariance:
        """Return V at phi."""
        theta, sigma2 = theta_and_sigma2(self.structure, phi)
        return MarginalCovariance.from_structure(self.Z, self.structure, theta, sigma2, self.weights)

    def V_0(self, theta: Array) -> MarginalCovariance:
        """Return V / sigma2 at theta."""
        return MarginalCovariance.from_structure(self.Z, self.structure, theta, 1.0, self.weights)

    def deviance(self, phi: Array) -> float:
        """Return -2 log (restricted) likelihood at phi."""
        return deviance(self.V(phi), self.X, self.y, self.criterion)

    def at(self, theta: Array) -> Array:
        """Return phi at theta, with the sigma2 that is best there."""
        return variance_parameters(self.structure, theta, profile(*self._at(theta)).sigma2)

    def slope(self, theta: Array) -> tuple[float, Array]:
        """Return the profiled deviance and its gradient in theta."""
        return profile(*self._at(theta)).deviance, profiled_gradient(*self._at(theta))

    def D(self, theta: Array) -> list[Array]:
        """Return the derivative of the profiled deviance in each relative covariance Psi_t."""
        return variance_derivative(*self._at(theta))

    def slack(self, phi: Array) -> float:
        """Return by how much phi fails the conditions of a minimum, on the scale of the deviance.

        They are: sigma2 is the best at theta; L_t'D_t L_t = 0; and D_t has no negative eigenvalue, so that no
        variance lowers the deviance, not even one that is 0.
        """
        theta, sigma2 = theta_and_sigma2(self.structure, phi)
        fails = [len(self.y) * abs(1 - profile(*self._at(theta)).sigma2 / sigma2)]
        for D, L, s in zip(self.D(theta), self.structure.factors(theta), self.scales, strict=True):
            fails += [np.abs(L.T @ D @ L).max(), -np.linalg.eigvalsh(D * np.outer(s, s)).min()]
        return max(fails)

    @cached_property
    def scales(self) -> list[Array]:
        """(q,) for each term: one over the root mean square of each column of its model matrix."""
        squares = (self.Z**2).sum(axis=0) / len(self.y)  # (m,)
        return [
            1 / np.sqrt(np.maximum(squares[cols].reshape(-1, term.q).sum(axis=0), np.finfo(float).tiny))
            for term, cols in zip(self.structure.terms, self.structure.slices, strict=True)
        ]

    def _at(self, theta: Array) -> tuple:
        return self.Z, self.structure, theta, self.X, self.y, self.criterion, self.weights


def bfgs(problem: Problem, slope: Callable[[Array], tuple[float, Array]], theta: Array) -> list[Array]:
    """Return the path of BFGS from theta, in units in which every entry of theta is about 1."""
    unit = problem.structure.theta([np.outer(s, np.ones(len(s))) for s in problem.scales])
    path = [theta]

    def scaled(x: Array) -> tuple[float, Array]:
        value, gradient = slope(unit * x)
        return value, unit * gradient

    result = scipy.optimize.minimize(
        scaled,
        theta / unit,
        jac=True,
        method="BFGS",
        options={"gtol": 1e-9},
        callback=lambda x: path.append(unit * x),
    )
    end = unit * result.x
    return path if np.array_equal(path[-1], end) else [*path, end]


def stands_still(phi: Array, new: Array) -> bool:
    """Return whether an iteration has moved phi by no more than rounding."""
    return np.allclose(new, phi, rtol=1e-14, atol=0)
