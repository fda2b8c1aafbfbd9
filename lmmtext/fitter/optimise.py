"""The minimum of the profiled criterion: BFGS with the exact gradient, Newton steps, the edge decided by derivatives.

theta = 0 is a stationary point of every model, so a vanishing gradient in theta proves nothing there. A rank is
given up only when the derivative in the variances, D, is positive semi-definite on the directions that are lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.profile import Evaluation, evaluate
from lmmtext.fitter.statistics import Statistics
from lmmtext.structure import lower_form

SMALL = 1e-3  # singular values of Lambda (scaled columns) below which the edge is tried
SATURATED = 1e-14  # residual variance, of that around the fixed effects, below which there is none left
NO_RESIDUAL = "not converged: the residual variance goes to zero, the random effects explain y completely"
ROUNDS = 12  # how often the search may start again from where it is
NOISE = 1e-6  # relative: eigenvalues of a differenced Hessian below this are not told from zero


_End = tuple[Evaluation, tuple[int, ...], float, str | None]  # point, ranks, decrement, why it is no minimum


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


class _Search:
    """The criterion as a function of theta, counting its evaluations."""

    def __init__(self, stats: Statistics, criterion: str) -> None:
        self.stats, self.criterion, self.evaluations = stats, criterion, 0
        self.path: list[tuple[int, Array, float]] = []
        self.descents = 0

    def at(self, theta: Array, exact: bool = False) -> Evaluation:
        self.evaluations += 1
        return evaluate(self.stats, theta, self.criterion, exact=exact)

    def note(self, theta: Array, objective: float) -> None:
        """Remember a point of the path."""
        self.path.append((self.descents - 1, theta.copy(), float(objective)))

    def value(self, theta: Array) -> float:
        """The criterion; infinite where floating point cannot factor."""
        point = self.tried(theta)
        return np.inf if point is None else point.objective

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """For the line search: a theta that floating point cannot factor is infinitely bad."""
        point = self.tried(theta)
        return (np.inf, np.zeros_like(theta)) if point is None else (point.objective, point.gradient)

    def tried(self, theta: Array) -> Evaluation | None:
        """The evaluation, or None where floating point cannot factor."""
        try:
            point = self.at(theta)
        except np.linalg.LinAlgError:
            return None
        return point if np.isfinite(point.objective) else None


def minimise(stats: Statistics, criterion: str, start: Array | None = None) -> Optimum:
    """Minimise the profiled criterion over theta, from `start` or from starts of its own.

    The criterion can have several minima, with unbalanced data and with correlated effects. With one theta a grid
    finds the basins of all of them. With more the search starts from the identity and, if terms have several
    coefficients, from the best of a grid of sizes; a minimum with lost ranks is sought again from further starts,
    and for each term it is tried whether zero is lower. The lowest end wins.
    """
    search, structure = _Search(stats, criterion), stats.structure
    identity = structure.on_diagonal.astype(float)
    starts = [start] if start is not None else _basins(search) if structure.ntheta == 1 else [identity]
    if start is None and structure.ntheta > len(structure.terms):
        sizes = _sizes(search)
        starts += [] if (sizes == identity).all() else [sizes]
    best = min((_descend(search, theta) for theta in starts), key=_objective)
    if start is None and structure.ntheta > 1:
        singular = sum(best[1]) < sum(t.q for t in structure.terms)
        more = [size * identity for size in (0.15, 6.0, 50.0)] if singular else []
        for theta in more + _stable_zeros(search, best[0]):
            other = _descend(search, theta)
            if other[0].objective < best[0].objective - best[0].rounding:
                best = other
    point, ranks, decrement, reason = best
    final = search.at(point.theta, exact=True)
    message = reason or f"converged: a further Newton step would gain {decrement:.1e}"
    return Optimum(final, ranks, search.evaluations, decrement, reason is None, message, tuple(search.path))


def _objective(end: _End) -> float:
    return end[0].objective


def _sizes(search: _Search) -> Array:
    """A start for several thetas: each term a multiple of the identity, the best of a coarse grid, term by term."""
    structure = search.stats.structure
    sizes = np.ones(len(structure.terms))

    def theta(sizes: Array) -> Array:
        return structure.theta([size * np.eye(t.q) for size, t in zip(sizes, structure.terms, strict=True)])

    for _ in range(2):
        before = sizes.copy()
        for t in range(len(sizes)):
            tried = [np.where(np.arange(len(sizes)) == t, size, sizes) for size in 10.0 ** np.arange(-1, 5)]
            sizes = min(tried, key=lambda s: search.value(theta(s)))
        if (sizes == before).all() or len(sizes) == 1:
            break
    return theta(sizes)


def _basins(search: _Search) -> list[Array]:
    """Starts for a single theta: the points of a grid, zero among them, that are lower than their neighbours."""
    grid = np.append(0.0, 10.0 ** np.arange(-2, 2.25, 0.25))
    values = np.array([search.value(np.array([theta])) for theta in grid])
    around = np.concatenate([[np.inf], values, [np.inf]])
    lowest = np.flatnonzero((values <= around[:-2]) & (values <= around[2:]))
    return [grid[[k]] for k in lowest]


def _stable_zeros(search: _Search, point: Evaluation) -> list[Array]:
    """For each term that is not zero: theta with zero there, if no direction in its variance leads down from it."""
    structure, out = search.stats.structure, []
    for t, factor in enumerate(structure.factors(point.theta)):
        factors = list(structure.factors(point.theta))
        factors[t] = np.zeros_like(factor)
        if factor.any():
            without = search.at(structure.theta(factors))
            if np.linalg.eigvalsh(without.variance_derivative[t])[0] > 0:
                out.append(without.theta)
    return out


def _descend(search: _Search, theta: Array) -> _End:
    """Go down from theta: BFGS, then Newton steps, then the edge, until nothing leads further down."""
    reached = np.inf
    search.descents += 1
    search.note(theta, search.value(theta))
    for _ in range(ROUNDS):
        inside = search.at(_bfgs(search, theta))
        if inside.pwrss < SATURATED * inside.stats.n:
            return inside, _ranks(inside), np.inf, NO_RESIDUAL
        inside, decrement, away = _newton(search, inside)
        point, ranks, escape = _edge(search, inside)
        if point is not inside and escape is None:
            point, decrement, away = _newton(search, point)
        onwards = escape if escape is not None else away
        settled = decrement <= max(1e-9, 10 * point.rounding)
        if onwards is None and (settled or point.objective > reached - point.rounding):
            reason = f"not converged: a further Newton step would gain {decrement:.1e}"
            if point.pwrss < 1e4 * SATURATED * point.stats.n:
                reason = NO_RESIDUAL
            return point, ranks, decrement, None if settled else reason
        theta, reached = (point.theta if onwards is None else onwards), point.objective
    return point, ranks, np.inf, f"not converged: {ROUNDS} rounds were not enough"


def _scale(search: _Search, theta: Array) -> Array:
    """(ntheta,) the size of each entry's row in its factor, at least 0.1: the unit in which a step is measured."""
    structure = search.stats.structure
    rows = [np.linalg.norm(f, axis=1, keepdims=True) for f in structure.factors(theta)]
    return np.maximum(structure.theta([np.broadcast_to(r, (len(r), len(r))) for r in rows]), 0.1)


def _bfgs(search: _Search, theta: Array) -> Array:
    """Where BFGS ends that starts at theta, in units of `_scale`."""
    from scipy.optimize import minimize

    d = _scale(search, theta)

    def scaled(phi: Array) -> tuple[float, Array]:
        value, gradient = search.value_and_gradient(d * phi)
        return value, d * gradient

    def seen(intermediate_result: Any) -> None:
        search.note(d * intermediate_result.x, intermediate_result.fun)

    with np.errstate(all="ignore"):
        return d * minimize(scaled, theta / d, jac=True, method="BFGS", callback=seen, options={"gtol": 1e-4}).x


def _newton(search: _Search, point: Evaluation, steps: int = 20) -> tuple[Evaluation, float, Array | None]:
    """Newton steps with a differenced Hessian, until one would gain nothing; also a way down from a saddle, or None.

    In units of `_scale`. Eigenvalues below zero count by their size, so that every step leads down. Columns of a
    factor that are zero stay zero: the search has decided that their rank is lost.
    """
    structure, decrement = search.stats.structure, np.inf
    used = [np.broadcast_to(1.0 * f.any(axis=0), f.shape) for f in structure.factors(point.theta)]
    free = structure.theta(used) > 0
    if not free.any():
        return point, 0.0, None
    for _ in range(steps):
        d = _scale(search, point.theta)[free]
        values, basis = np.linalg.eigh(_hessian(search, point, free) * np.outer(d, d))
        along = basis.T @ (d * point.gradient[free])
        size = np.abs(values)
        sure = size > NOISE * size.max()
        decrement = float((along[sure] ** 2 / size[sure]).sum() / 2)
        if decrement <= 1e-6 and values[0] < -1e-4 * size.max():
            away = _lowest(search, point, _along(point.theta, free, d * basis[:, 0]))
            if away is not None:
                return point, decrement, away
        step = -basis[:, sure] @ (along[sure] / size[sure])
        better = _shortened(search, point, free, d * step / max(1.0, float(np.linalg.norm(step))))
        if better is not None:
            point = better
            search.note(point.theta, point.objective)
        if better is None or decrement <= point.rounding:
            break
    return point, decrement, None


def _hessian(search: _Search, point: Evaluation, free: np.ndarray) -> Array:
    """Forward differences of the gradient, made symmetric; exact enough for Newton's method to keep its speed."""
    columns = []
    for k, h in zip(np.flatnonzero(free), 1e-5 * _scale(search, point.theta)[free], strict=True):
        moved = point.theta.copy()
        moved[k] += h
        columns.append((search.at(moved).gradient - point.gradient)[free] / h)
    H = np.array(columns)
    return (H + H.T) / 2


def _shortened(search: _Search, point: Evaluation, free: np.ndarray, step: Array) -> Evaluation | None:
    """The point after the longest of the steps 1, 1/2, 1/4, ... that does not go up by more than rounding."""
    for halving in range(12):
        theta = point.theta.copy()
        theta[free] += step / 2**halving
        tried = search.tried(theta)
        if tried is not None and tried.objective <= point.objective + point.rounding:
            return tried
    return None


def _along(theta: Array, free: np.ndarray, direction: Array) -> Callable[[float], list[Array]]:
    """The points at a distance, either way, along a direction of the free entries."""

    def curve(t: float) -> list[Array]:
        out = [theta.copy(), theta.copy()]
        out[0][free] += t * direction
        out[1][free] -= t * direction
        return out

    return curve


def _lowest(search: _Search, point: Evaluation, curve: Callable[[float], list[Array]]) -> Array | None:
    values = [(search.value(theta), theta) for t in 10.0 ** np.arange(-4, 0.25, 0.25) for theta in curve(t)]
    value, theta = min(values, key=lambda pair: pair[0])
    return theta if value < point.objective - point.rounding else None


def _edge(search: _Search, point: Evaluation) -> tuple[Evaluation, tuple[int, ...], Array | None]:
    """Give up the ranks that the derivative in the variances says are lost; or a theta that leads away from a zero."""
    structure = search.stats.structure
    for t in range(len(structure.terms)):
        factors = list(structure.factors(point.theta))
        U, s, _ = np.linalg.svd(factors[t])
        if not (s < SMALL).any():
            continue
        rank = int((s >= SMALL).sum())
        factors[t] = lower_form(U[:, :rank] * s[:rank])
        tried = search.at(structure.theta(factors))
        lost = U[:, rank:]
        slopes, directions = np.linalg.eigh(lost.T @ tried.variance_derivative[t] @ lost)
        size = np.abs(np.diag(tried.variance_derivative[t])).max() + search.stats.n
        if slopes[0] < -1e-11 * size:
            if (s[rank:] == 0).all():
                return point, _ranks(point), _leave(search, tried, t, lost @ directions[:, 0])
        elif tried.objective <= point.objective + 1e-9:
            point = tried
            search.note(point.theta, point.objective)
    return point, _ranks(point), None


def _leave(search: _Search, point: Evaluation, t: int, direction: Array) -> Array | None:
    """A theta with variance added to term t along `direction`, where that lowers the objective."""
    structure = search.stats.structure

    def curve(size: float) -> list[Array]:
        factors = list(structure.factors(point.theta))
        factors[t] = lower_form(np.column_stack([factors[t], size * direction]))
        return [structure.theta(factors)]

    return _lowest(search, point, curve)


def _ranks(point: Evaluation) -> tuple[int, ...]:
    return tuple(int(f.any(axis=0).sum()) for f in point.stats.structure.factors(point.theta))
