"""Going down from a start to a minimum of the profiled criterion: Newton steps, and the edge decided by derivatives.

theta = 0 is a stationary point of every model, so a vanishing gradient in theta proves nothing there. A rank is
given up only when the derivative in the variances, D, is positive semi-definite on the directions that are lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.curvature import hessian, is_exact
from lmmtext.fitter.merging import Groups, merged
from lmmtext.fitter.point import Point
from lmmtext.fitter.statistics import Statistics
from lmmtext.structure import lower_form

SMALL = 1e-3  # singular values of Lambda (scaled columns) below which the edge is tried
SATURATED = 1e-14  # residual variance, of that around the fixed effects, below which there is none left
NO_RESIDUAL = "not converged: the residual variance goes to zero, the random effects explain y completely"
ROUNDS = 12  # how often the search may start again from where it is
CHEAP = 500  # groups up to which a descent is cheap; a quarter of that for the effects of later factors
STEPS = 100  # Newton steps of a round
NOISE = 1e-13  # relative: eigenvalues of the curvature below this are not told from zero
DIFFERENCED = 1e-6  # the same, of a curvature from differences
NEAR = 1e-3  # decrement from which the averaged information gives way to differences of the gradient
NEARBY = 1.0  # above a known minimum, within which a point close to it belongs to it
CHORD = 1e-7  # decrement from which the curvature is kept
DONE = 1e-15  # decrement at which nothing is left to gain
SETTLED = 1e-6  # relative: a step that small, with nothing left to gain, need not be taken


@dataclass(frozen=True, eq=False)
class End:
    """Where a descent ended: the point, the ranks of its factors, what a further step would gain, what is wrong."""

    point: Point
    ranks: tuple[int, ...]
    decrement: float
    reason: str | None

    @property
    def objective(self) -> float:
        """The criterion there."""
        return self.point.objective


class Search:
    """The criterion as a function of theta, counting its evaluations and keeping its path."""

    def __init__(self, stats: Statistics, criterion: str, groups: Groups | None = None) -> None:
        self.stats, self.criterion, self.reml = stats, criterion, criterion == "reml"
        self.groups = merged(stats) if groups is None else groups
        self.structure = stats.structure
        self.exact = is_exact(stats)  # whether a point gives its second derivatives
        self.evaluations = self.descents = 0
        self.path: list[tuple[int, Array, float]] = []

    @property
    def is_cheap(self) -> bool:
        """Whether a further descent costs little: few different groups, few effects of later factors."""
        return len(self.groups.t) <= CHEAP and self.stats.m_r <= CHEAP / 4

    def at(self, theta: Array) -> Point:
        """The point at theta; LinAlgError where floating point cannot factor."""
        self.evaluations += 1
        return Point(self.stats, self.groups, theta, self.reml)

    def note(self, point: Point) -> None:
        """Remember a point of the path."""
        self.path.append((self.descents - 1, point.theta, point.objective))

    def value(self, theta: Array) -> float:
        """The criterion; infinite where floating point cannot factor."""
        point = self.tried(theta)
        return np.inf if point is None else point.objective

    def tried(self, theta: Array) -> Point | None:
        """The point, or None where floating point cannot factor."""
        try:
            point = self.at(theta)
        except np.linalg.LinAlgError:
            return None
        return point if np.isfinite(point.objective) else None


def descend(search: Search, theta: Array, known: End | None = None) -> End:
    """Go down from theta: Newton steps, then the edge, until nothing leads further down, or the `known` end is near."""
    reached = np.inf
    search.descents += 1
    point = search.at(theta)
    search.note(point)
    for _ in range(ROUNDS):
        inside, decrement, away = newton(search, point, known)
        if known is not None and inside is known.point:
            return known
        if inside.pwrss < SATURATED * inside.groups.n:
            return End(inside, _ranks(inside), np.inf, NO_RESIDUAL)
        point, ranks, escape = _edge(search, inside)
        if point is not inside and escape is None:
            point, decrement, away = newton(search, point)
        onwards = escape if escape is not None else away
        settled = decrement <= max(1e-9, 10 * point.rounding)
        if onwards is None and (settled or point.objective > reached - point.rounding):
            reason = f"not converged: a further Newton step would gain {decrement:.1e}"
            if point.pwrss < 1e4 * SATURATED * point.groups.n:
                reason = NO_RESIDUAL
            return End(point, ranks, decrement, None if settled else reason)
        reached = point.objective
        point = point if onwards is None else search.at(onwards)
    return End(point, ranks, np.inf, f"not converged: {ROUNDS} rounds were not enough")


def _scale(point: Point) -> Array:
    """(ntheta,) the size of each entry's row in its factor, at least 0.1: the unit in which a step is measured."""
    s, f = point.stats, point.factor
    out = np.empty(len(point.theta))
    for (which, flat), Lambda in zip(s.entries, f.factors, strict=True):
        out[which] = np.sqrt((Lambda * Lambda).sum(axis=1))[flat // len(Lambda)]
    return np.maximum(out, 0.1)


def _free(point: Point) -> np.ndarray:
    """(ntheta,) the entries in columns of a factor that are not zero: of the others the rank is given up."""
    s, f = point.stats, point.factor
    out = np.empty(len(point.theta), dtype=bool)
    for (which, flat), Lambda in zip(s.entries, f.factors, strict=True):
        out[which] = (Lambda != 0).any(axis=0)[flat % len(Lambda)]
    return out


def newton(search: Search, point: Point, known: End | None = None) -> tuple[Point, float, Array | None]:
    """Newton steps until one would gain nothing; also a way down from a saddle, or None.

    In units of `_scale`. Eigenvalues below zero count by their size, so that every step leads down. A step into the
    neighbourhood of the `known` end leads there, and ends the search.
    """
    free = _free(point)
    if not free.any():
        return point, 0.0, None
    decrement, fresh, certain, all_free = np.inf, True, search.exact, bool(free.all())
    for _ in range(STEPS):
        if fresh:
            certain = search.exact or decrement <= NEAR
            d = _scale(point)[free]
            averaged = search.exact or not certain
            H = hessian(point) if averaged else _differenced(search, point, free)
            if averaged and not all_free:
                H = H[np.ix_(free, free)]
            values, basis = np.linalg.eigh(H * (d[:, None] * d))
            size = np.abs(values)
            sure = size > (NOISE if averaged else DIFFERENCED) * size.max()
        along = basis.T @ (d * point.gradient[free])
        before, decrement = decrement, float((along[sure] ** 2 / size[sure]).sum() / 2)
        if fresh and certain and decrement <= 1e-6 and values[0] < -1e-4 * size.max():
            away = _lowest(search, point, _along(point.theta, free, d * basis[:, 0]))
            if away is not None:
                return point, decrement, away
        step = -d * (basis[:, sure] @ (along[sure] / size[sure]))
        small = decrement <= DONE and np.abs(step).max() <= SETTLED * np.abs(point.theta).max()
        stalled = decrement <= CHORD and decrement > before / 2
        if certain and (small or (stalled and fresh)):
            break
        if decrement > before / 10 and not fresh:
            fresh = True  # the curvature that was kept no longer serves
            continue
        better = _shortened(search, point, free, step / max(1.0, float(((step / d) ** 2).sum()) ** 0.5), decrement)
        if better is None:
            if certain and fresh:
                break
            decrement, fresh = min(decrement, NEAR), True  # try again with the curvature of this place
            continue
        if known is not None and _is_near(better, known):
            return known.point, known.decrement, None
        point = better
        search.note(point)
        fresh = not certain or (search.exact and decrement > CHORD)
    return point, decrement, None


def _is_near(point: Point, known: End) -> bool:
    """Whether Newton's method has all but arrived at a minimum that is known: a tenth of a unit away, and above."""
    if known.reason is not None or not known.point.objective <= point.objective < known.point.objective + NEARBY:
        return False
    return bool((np.abs(point.theta - known.point.theta) < 0.1 * _scale(known.point)).all())


def _differenced(search: Search, point: Point, free: np.ndarray) -> Array:
    """Forward differences of the gradient, made symmetric; exact enough for Newton's method to keep its speed."""
    columns = []
    for k, h in zip(np.flatnonzero(free), 1e-5 * _scale(point)[free], strict=True):
        moved = point.theta.copy()
        moved[k] += h
        columns.append((search.at(moved).gradient - point.gradient)[free] / h)
    H = np.array(columns)
    return (H + H.T) / 2


def _shortened(search: Search, point: Point, free: np.ndarray, step: Array, decrement: float) -> Point | None:
    """The point after the longest of the steps 1, 1/2, 1/4, ... that goes down, but for rounding."""
    whole = np.zeros(len(free))
    whole[free] = step
    enough, allowed = min(1e-4 * decrement, 1.0), point.objective + point.rounding
    for halving in range(12):
        tried = search.tried(point.theta + whole / 2**halving)
        if tried is not None and tried.objective <= allowed - enough / 4**halving:
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


def _lowest(search: Search, point: Point, curve: Callable[[float], list[Array]]) -> Array | None:
    values = [(search.value(theta), theta) for t in 10.0 ** np.arange(-4, 0.25, 0.25) for theta in curve(t)]
    value, theta = min(values, key=lambda pair: pair[0])
    return theta if value < point.objective - point.rounding else None


def _edge(search: Search, point: Point) -> tuple[Point, tuple[int, ...], Array | None]:
    """Give up the ranks that the derivative in the variances says are lost; or a theta that leads away from a zero."""
    structure = search.structure
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
        size = np.abs(np.diag(tried.variance_derivative[t])).max() + search.groups.n
        if slopes[0] < -1e-11 * size:
            if (s[rank:] == 0).all():
                return point, _ranks(point), _leave(search, tried, t, lost @ directions[:, 0])
        elif tried.objective <= point.objective + 1e-9:
            point = tried
            search.note(point)
    return point, _ranks(point), None


def _leave(search: Search, point: Point, t: int, direction: Array) -> Array | None:
    """A theta with variance added to term t along `direction`, where that lowers the objective."""
    structure = search.structure

    def curve(size: float) -> list[Array]:
        factors = list(structure.factors(point.theta))
        factors[t] = lower_form(np.column_stack([factors[t], size * direction]))
        return [structure.theta(factors)]

    return _lowest(search, point, curve)


def _ranks(point: Point) -> tuple[int, ...]:
    return tuple(int(f.any(axis=0).sum()) for f in point.stats.structure.factors(point.theta))
