"""The minimum of the profiled criterion over theta: which of the ends of the search counts."""

from dataclasses import dataclass

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.evaluation import Evaluation
from lmmtext.fitter.point import Point
from lmmtext.fitter.search import End, Search, descend
from lmmtext.fitter.starts import first_starts, further_starts
from lmmtext.fitter.statistics import Statistics


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the search ended: the evaluation there, how many were needed, and whether it is a minimum.

    ``path`` holds the points that the search went through, each with its descent (counted from 0, one for each
    start), theta (of the scaled columns) and objective.
    """

    at: Evaluation
    ranks: tuple[int, ...]
    evaluations: int
    decrement: float
    converged: bool
    message: str
    path: tuple[tuple[int, Array, float], ...] = ()


def minimise(stats: Statistics, criterion: str, start: Array | None = None) -> Optimum:
    """Minimise the profiled criterion over theta, from starts of its own, or from `start` first.

    The criterion can have several minima, with unbalanced data and with correlated effects. With one theta a grid
    finds the basins of all of them. With more the search starts from moments of the data and, for correlated terms, the
    identity; a minimum with lost ranks is sought again from further starts, and for each term it is tried whether zero
    is lower. The lowest end wins. With thousands of different groups the search starts from the minimum of a part of
    them alone, and where evaluations are dear there is one descent: with so much data the criterion has one minimum, or
    the fit says that it is singular. From a given `start`, an interior minimum of several thetas is taken as it is; any
    other end is sought again from the first starts.
    """
    search, structure = Search(stats, criterion), stats.structure
    best = None if start is None else descend(search, start)
    if best is None or best.reason or structure.ntheta == 1 or _is_singular(best):
        for theta in first_starts(search):
            best = _lower(best, descend(search, theta, best))
        assert best is not None
        if start is None and structure.ntheta > 1 and search.is_cheap:
            for theta in (further_starts(search) if _is_singular(best) else []) + _stable_zeros(search, best.point):
                best = _lower(best, descend(search, theta, best))
    message = best.reason or f"converged: a further Newton step would gain {best.decrement:.1e}"
    return Optimum(
        Evaluation(best.point, exact=True),
        best.ranks,
        search.evaluations,
        best.decrement,
        best.reason is None,
        message,
        tuple(search.path),
    )


def _is_singular(end: End) -> bool:
    return sum(end.ranks) < sum(t.q for t in end.point.stats.structure.terms)


def _lower(best: End | None, other: End) -> End:
    """The lower of two ends; one that is no minimum must be lower by more than it may still gain."""
    if best is None:
        return other
    doubtful = other.decrement if other.reason else 0.0
    if best.reason and not other.reason and other.objective <= best.objective + best.decrement:
        return other
    return other if other.objective < best.objective - max(best.point.rounding, doubtful) else best


def _stable_zeros(search: Search, point: Point) -> list[Array]:
    """For each term that is not zero: theta with zero there, if no direction in its variance leads down from it."""
    structure, out = search.structure, []
    for t, factor in enumerate(structure.factors(point.theta)):
        factors = list(structure.factors(point.theta))
        factors[t] = np.zeros_like(factor)
        if factor.any():
            without = search.at(structure.theta(factors))
            if np.linalg.eigvalsh(without.variance_derivative[t])[0] > 0:
                out.append(without.theta)
    return out
