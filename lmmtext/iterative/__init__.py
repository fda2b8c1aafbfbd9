"""Iterative estimators that record their path: Gauss-Seidel, EM, scoring, and direct minimization."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, as_vector, as_weights, one_of, readonly
from lmmtext.criterion import CRITERIA, deviance
from lmmtext.iterative.alternating import em, gauss_seidel
from lmmtext.iterative.direct import direct
from lmmtext.iterative.problem import Problem
from lmmtext.iterative.scoring import average, fisher
from lmmtext.least_squares import gls
from lmmtext.routes import factor
from lmmtext.structure import Structure
from lmmtext.variance_parameters import parameter_names


@dataclass(frozen=True, eq=False)
class Path:
    """Where an iterative estimator went, and whether it arrived."""

    names: tuple[str, ...]
    """Names of the variance parameters phi."""
    iterates: Array
    """(k, ntheta + 1) phi at every iteration, the start first: lower triangles of Sigma_t, then sigma2."""
    beta: Array
    """(k, p) beta at every iteration, the GLS estimate at that phi."""
    deviance: Array
    """(k,) -2 log (restricted) likelihood at every iteration, with every constant."""
    converged: bool
    """Whether the last iterate satisfies the conditions of a minimum."""
    message: str
    """Why it stopped, in words."""


# Each turns a problem and a first phi into further ones; `estimate` takes as many as it needs.
ESTIMATORS: dict[str, Callable[[Problem, Array], Iterator[Array]]] = {
    "gauss_seidel": gauss_seidel,
    "em": em,
    "fisher": fisher,
    "average_information": average,
    "direct": direct,
}


def estimate(
    Z: ArrayLike,
    structure: Structure,
    X: ArrayLike,
    y: ArrayLike,
    *,
    estimator: str = "direct",
    criterion: str = "reml",
    weights: ArrayLike | None = None,
    start: Sequence[float] | Array | None = None,
    tolerance: float = 1e-6,
    max_iterations: int = 1000,
) -> Path:
    """Return the path of an iterative estimator of the variance parameters, its start first.

    All stop by one rule, the conditions of a minimum of -2 log (restricted) likelihood: sigma2 best at theta,
    L_t'D_t L_t = 0, and D_t without negative eigenvalues, where D_t is the derivative in the relative
    covariance L_t L_t' of a term.

    Parameters
    ----------
    Z : (n, m) array
        Columns of the random effects, in the order of `structure`.
    structure : Structure
    X : (n, p) array
        Columns of the fixed effects, independent.
    y : (n,) array
    estimator : {"direct", "gauss_seidel", "em", "fisher", "average_information"}
    criterion : {"reml", "ml"}
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.
    start : (ntheta,) array, optional
        First theta; if not given, uncorrelated effects that move y by about sigma.
    tolerance : float
        By how much the conditions may fail, on the scale of the deviance.
    max_iterations : int

    Returns
    -------
    Path
        With `converged` and `message`: not to arrive is reported, not raised.

    Raises
    ------
    ValueError
        If the estimator or the criterion is unknown, or estimator "gauss_seidel" is asked for "reml".

    Notes
    -----
    Book chapter: iterative-ml. Dempster, Laird and Rubin (1977), J. Royal Statistical Society B 39; Laird and
    Ware (1982), Biometrics 38; Gilmour, Thompson and Cullis (1995), Biometrics 51.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> Z, one_way = np.kron(np.eye(2), np.ones((2, 1))), Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> path = estimate(Z, one_way, np.ones((4, 1)), [1.0, 3.0, 7.0, 9.0], estimator="fisher", criterion="ml")
    >>> print(path.iterates[-1].round(6), path.converged)                   # (36 / 2 - 2) / 2 and 2
    [8. 2.] True
    """
    one_of(estimator, "estimator", ESTIMATORS)
    one_of(criterion, "criterion", CRITERIA)
    Z = as_matrix(Z, "Z", columns=structure.m)
    X, y, weights = as_matrix(X, "X", len(Z)), as_vector(y, "y", len(Z)), as_weights(weights, len(Z))
    problem = Problem(Z, structure, X, y, criterion, weights)
    if start is None:
        start = structure.theta([np.diag(s) for s in problem.scales])
    path = [problem.at(as_vector(start, "start", structure.ntheta))]
    slack = problem.slack(path[0])
    iterates = ESTIMATORS[estimator](problem, path[0])
    while slack > tolerance and len(path) <= max_iterations and (phi := next(iterates, None)) is not None:
        path.append(phi)
        slack = problem.slack(phi)
    if slack <= tolerance:
        message = f"the conditions of a minimum hold to {tolerance:g}"
    else:
        why = "no further step lowers the deviance" if len(path) <= max_iterations else "out of iterations"
        message = f"{why} after {len(path) - 1}; the conditions of a minimum still fail by {slack:.2g}"
    covariances = [problem.V(phi) for phi in path]
    return Path(
        names=parameter_names(structure),
        iterates=readonly(path),
        beta=readonly([gls(factor(V), X, y).beta for V in covariances]),
        deviance=readonly([deviance(V, X, y, criterion) for V in covariances]),
        converged=bool(slack <= tolerance),
        message=message,
    )
