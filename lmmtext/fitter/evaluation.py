"""The criterion at the theta where a search ended, with the estimates that follow from its factor."""

from functools import cached_property
from typing import Any

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.batched import backward, forward, root_of_one_plus, turned
from lmmtext.fitter.factor import Factor, factor, scaled
from lmmtext.fitter.merging import Groups, separate
from lmmtext.fitter.point import Point
from lmmtext.fitter.statistics import Statistics


class Evaluation(Point):
    """A point for which every group is kept apart: estimates of all random effects, and their variances.

    With ``exact``, D'V_0^-1 D of several grouping factors is formed from residuals, in one pass over the data, however
    little the subtraction would lose.
    """

    def __init__(self, point: Point, exact: bool = False) -> None:
        self.stats, self.reml, self.theta = point.stats, point.reml, point.theta
        self.L_D, self.objective = point.L_D, point.objective
        if len(point.groups.R) == len(self.stats.R) and point.groups.of is None:  # nothing was merged
            self.groups, self.factor = point.groups, point.factor
        if exact and len(self.stats.blocks) > 1:
            self.settle(self.from_residuals())

    @cached_property
    def groups(self) -> Groups:  # type: ignore[override]
        """Every group by itself."""
        return separate(self.stats)

    @cached_property
    def factor(self) -> Factor:  # type: ignore[override]
        """The factor with every group by itself."""
        return factor(self.stats, self.groups, self.theta)

    @property
    def sigma2(self) -> float:
        """The estimate of sigma2 at this theta, in the units of y."""
        return self.stats.scale**2 * self.pwrss / self.df

    @cached_property
    def beta(self) -> Array:
        """(p,) coefficients of scaled y on Q."""
        return np.linalg.solve(self.L_D[:-1, :-1].T, self.L_D[-1, :-1])

    @cached_property
    def modes(self) -> tuple[Array, ...]:
        """Conditional modes of scaled alpha, for each block (J, q)."""
        return tuple(
            (a @ np.append(-self.beta, 1.0)).reshape(block.J, block.q)
            for block, a in zip(self.stats.blocks, self.by_block(self.effects), strict=True)
        )

    @cached_property
    def residual(self) -> Array:
        """(n,) roots of the weights times y - X beta - Z alpha, in the units of y."""
        s = self.stats
        left = (s.D @ np.append(-self.beta, 1.0))[:, None]
        for block, a in zip(s.blocks, self.modes, strict=True):
            block.add_times(-a.reshape(-1, 1), left)
        return np.asarray(s.scale * left[:, 0])

    @cached_property
    def relative_condvar(self) -> tuple[Array, ...]:
        """For each block the (J, q, q) diagonal blocks of Lambda M^-1 Lambda'."""
        K = self._first_condvar
        if not self.factor.others:
            return (K,)
        assert self.factor.system is not None
        TLT = self.factor.TLT(self.factor.system.inverse())
        K = K + self._met @ self.stats.c.quadratic(TLT) @ turned(self._met)
        return (K, *(_diagonal_blocks(TLT, at, block.q) for block, at in self.stats.rest))

    @cached_property
    def _first_condvar(self) -> Array:
        """(J, q, q) Lambda (I + Lambda'R'R Lambda)^-1 Lambda', as if there were no other factor."""
        L_M = root_of_one_plus(turned(self.groups.R @ self.factor.first))
        half = forward(L_M, np.broadcast_to(self.factor.first.T, L_M.shape))
        return turned(half) @ half

    @cached_property
    def _met(self) -> Array:
        """(J, q, q) Psi R'P^-1: how the effects of the first block answer to those of the others."""
        return self.factor.first @ self.factor.first.T @ turned(backward(self.factor.L, self.A))

    def spread(self, columns: tuple[Array, ...], codes: tuple[np.ndarray, ...], x: Array) -> Array:
        """(rows,) error variances of x'beta + z'alpha over sigma2, for z given block by block; code -1 is a new level.

        z'Lambda M^-1 Lambda'z + d'(X'V_0^-1 X)^-1 d with d = x - X'V_0^-1 Z Psi z, plus z'Psi z for new levels.
        """
        s, f = self.stats, self.factor
        others = s.rest
        d, total = x.copy(), np.zeros(len(x))
        seen = codes[0] >= 0
        total += np.einsum("ia,iab,ib->i", columns[0], self._first_condvar[codes[0]], columns[0]) * seen
        if f.system is not None:
            t = np.zeros((len(x), s.m_r))
            for (block, at), z, code in zip(others, columns[1:], codes[1:], strict=True):
                rows = np.flatnonzero(code >= 0)
                for k in range(block.q):
                    t[rows, at.start + code[rows] * block.q + k] = z[rows, k]
            left = np.einsum("ia,iab->ib", columns[0], self._met[codes[0]]) * seen[:, None]
            t -= np.einsum("ia,iam->im", left, s.c.of(np.maximum(codes[0], 0)))
            total += (f.system.forward(scaled(others, [o.T for o in f.others], t.T)) ** 2).sum(axis=0)
        for block, a, z, code, Lambda in zip(
            s.blocks, self.by_block(self.effects), columns, codes, f.factors, strict=True
        ):
            per_level = a[:, :-1].reshape(block.J, block.q, -1)
            d -= np.einsum("ik,ikc->ic", z, per_level[code]) * (code >= 0)[:, None]
            total += ((z @ Lambda) ** 2).sum(axis=1) * (code < 0)
        return np.asarray(total + (np.linalg.solve(self.L_D[:-1, :-1], d.T) ** 2).sum(axis=0))


def evaluate(stats: Statistics, theta: Array, criterion: str, exact: bool = False) -> Evaluation:
    """Evaluate the profiled criterion at theta.

    Raises numpy.linalg.LinAlgError when theta is so large that a factor does not exist in floating point.
    """
    return Evaluation(Point(stats, separate(stats), theta, criterion == "reml"), exact)


def _diagonal_blocks(A: Any, at: slice, q: int) -> Array:
    """The (J, q, q) diagonal blocks of a part of a symmetric A, of which the lower triangle is read."""
    rows = np.arange(at.start, at.stop).reshape(-1, q)
    low = np.maximum(rows[:, :, None], rows[:, None, :]), np.minimum(rows[:, :, None], rows[:, None, :])
    return np.asarray(A[low[0].reshape(-1), low[1].reshape(-1)]).reshape(-1, q, q)
