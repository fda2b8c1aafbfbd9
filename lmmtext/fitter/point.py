"""One point of the search: the profiled criterion at a theta, and its slopes.

The derivative is d objective = tr(D_b dPsi_b) for each block, D_b = sum over levels of the diagonal blocks of
Z'V_0^-1 Z - k k', where k holds Z'V_0^-1 (y - X beta) sqrt(df / pwrss) and, for REML, Z'V_0^-1 X R^-1/2 with
R = X'V_0^-1 X. In theta the gradient is the lower triangle of 2 D_b Lambda_b: it vanishes at Lambda = 0, where only
D_b decides.
"""

from functools import cached_property
from typing import Any

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.batched import backward, forward, root_of_one_plus, turned
from lmmtext.fitter.factor import CANCELLED, EPS, Factor, factor, objective, residual_root, root, scaled
from lmmtext.fitter.merging import Groups
from lmmtext.fitter.statistics import Statistics

INVERTIBLE = 1e-2  # singular values of Lambda_b from which D_b may be divided by it


class Point:
    """The criterion at theta, and the factor it came from. All in the scaled variables of the statistics.

    Raises numpy.linalg.LinAlgError when theta is so large that a factor does not exist in floating point.
    """

    def __init__(self, stats: Statistics, groups: Groups, theta: Array, reml: bool) -> None:
        self.stats, self.groups, self.reml = stats, groups, reml
        self.theta = np.array(theta, dtype=float)
        self.theta.flags.writeable = False
        self.factor: Factor = factor(stats, groups, self.theta)
        L_D = root(self.factor.DD, self.factor.whole)
        self.settle(self.from_residuals() if L_D is None else L_D)

    def settle(self, L_D: Array) -> None:
        """Take this root of D'V_0^-1 D, (p + 1, p + 1), and the criterion that it gives."""
        L_D.flags.writeable = False
        self.L_D = L_D
        vars(self).pop("pwrss", None)
        vars(self).pop("rounding", None)
        self.objective = float(objective(self.stats, self.groups.n, self.reml, self.factor.logdet, L_D.diagonal()))

    @property
    def df(self) -> int:
        """n for ML, n - p for REML."""
        return self.groups.n - self.stats.p * self.reml

    @cached_property
    def pwrss(self) -> float:
        """The penalised residual sum of squares at its minimum over beta and u (of scaled y)."""
        return float(self.L_D[-1, -1] ** 2)

    @cached_property
    def rounding(self) -> float:
        """How far rounding may move the objective: a few units in the last place of its terms."""
        left = min(1.0, max(self.pwrss / self.groups.n, CANCELLED))
        return 4 * EPS * (abs(self.objective) + self.groups.n / left)

    # --- what the random effects take of D ---

    @cached_property
    def whitened(self) -> tuple[Array, Array]:
        """Lambda'Z'V_0^-1 D of the first block, (J, q, p + 1), and of the rest, (m_r, p + 1).

        In the first block as M_j^-1 (R_j Lambda)'(t - c a_r), which is stable where one coefficient varies enormously.
        """
        f, s = self.factor, self.stats
        RL = self.groups.R @ f.first
        t = self.groups.t - s.c.times(f.a_r) if f.others else self.groups.t
        L_M = root_of_one_plus(turned(RL))
        return backward(L_M, forward(L_M, turned(RL) @ t)), f.u_r if f.others else np.zeros((0, t.shape[2]))

    @cached_property
    def effects(self) -> tuple[Array, Array]:
        """Psi Z'V_0^-1 D of the first block, (J, q, p + 1), and of the rest, (m_r, p + 1)."""
        u_0, u_r = self.whitened
        return self.factor.first @ u_0, self.factor.a_r if self.factor.others else u_r

    def by_block(self, parts: tuple[Array, Array]) -> list[Array]:
        """Coefficients of the first block and of the rest, block by block, (J q, c) each."""
        first, rest = parts
        return [first.reshape(-1, first.shape[-1]), *(rest[at] for _, at in self.stats.rest)]

    def from_residuals(self) -> Array:
        """The root of D'V_0^-1 D in one pass over the data, where subtraction would lose digits."""
        return residual_root(self.stats, self.by_block(self.effects), self.whitened)

    # --- slopes ---

    @property
    def A(self) -> Array:
        """(u, q, q) = L^-1 R."""
        return self.factor.A

    @cached_property
    def F(self) -> Array:
        """(u, q, q) diagonal blocks of Z'V_1^-1 Z, V_1 with the first factor alone."""
        return turned(self.A) @ self.A

    @cached_property
    def _AA(self) -> Array:
        """A for each row of t."""
        return self.A if self.groups.of is None or len(self.A) == 1 else self.A[self.groups.of]

    @cached_property
    def turn(self) -> Array:
        """(p + 1, p + 1) = L_D'^-1, the last column times sqrt(df): Z'V_0^-1 D turn is k."""
        C = np.linalg.inv(self.L_D).T
        C[:, -1] *= np.sqrt(self.df)
        return C

    @cached_property
    def k_first(self) -> Array:
        """(N, q, p + 1), k of the first block."""
        f = self.factor
        left = f.Lt if f.Lc is None else f.Lt - f.Lc.times(f.a_r)
        return turned(self._AA) @ (left @ self.turn)

    @cached_property
    def scores_rest(self) -> Array:
        """Z_r'V_0^-1 D, (m_r, p + 1)."""
        f = self.factor
        g = np.empty(f.u_r.shape)
        residual = None
        for (block, at), Lambda in zip(self.stats.rest, f.others, strict=True):
            if smallest(Lambda) > 10 * INVERTIBLE:  # u = Lambda'g: no digits are lost
                part = f.u_r[at].reshape(block.J, block.q, -1)
                g[at] = over(Lambda, part).reshape(block.m, -1)
            else:
                if residual is None:
                    assert f.N_D is not None
                    residual = f.N_D - f.N_times(f.a_r)
                g[at] = residual[at]
        return g

    @cached_property
    def k_rest(self) -> Array:
        """(m_r, p + 1), k of the later blocks."""
        return self.scores_rest @ self.turn

    @cached_property
    def k(self) -> tuple[Array, ...]:
        """For each block k, (J, q, p + 1): by levels, or for merged groups by the rows that stand for them."""
        if not self.factor.others:
            return (self.k_first,)
        rest = self.k_rest
        return (
            self.k_first,
            *(rest[at].reshape(block.J, block.q, -1) for block, at in self.stats.rest),
        )

    def counted(self, k: Array) -> Array:
        """The columns of k that the criterion counts: all for REML, that of y for ML."""
        return k if self.reml else k[..., -1:]

    @cached_property
    def traces(self) -> tuple[Array, ...]:
        """For each block the (q, q) sum over its levels of the diagonal blocks of Z'V_0^-1 Z."""
        f, q = self.factor, self.F.shape[1]
        F: Array = (self.groups.counts @ self.F.reshape(-1, q * q)).reshape(q, q)
        if not f.others:
            return (F,)
        assert f.Lc is not None and f.system is not None
        inverse = f.system.inverse()
        return (F - f.Lc.weighted(self.A, f.TLT(inverse)), *self._rest_traces(inverse))

    def _rest_traces(self, inverse: Any) -> list[Array]:
        """Of the later blocks: from Lambda'F Lambda = 1 - T^-1 where Lambda can be divided by, else from N.

        N = Z_r'V_1^-1 Z_r where the system is dense; where it is sparse, Lambda is given a little to be divided by.
        """
        f, rest, out = self.factor, self.stats.rest, []
        assert f.system is not None and f.Lc is not None
        N = None
        for b, ((block, at), Lambda) in enumerate(zip(rest, f.others, strict=True)):
            divisible = smallest(Lambda) > INVERTIBLE
            if divisible or self.stats.plan is not None:
                Lambda, T_inverse = (Lambda, inverse) if divisible else f.lifted(b)
                inner = block.J * np.eye(block.q) - _diagonal_sum(T_inverse, at, block.q)
                out.append(over(Lambda, over(Lambda, inner).T))
            else:
                N = self.stats.W_rr + f.Lc.gram() if N is None else N
                half = f.system.forward(scaled(rest, [o.T for o in f.others], _columns(N, at)))
                out.append(_diagonal_sum(N, at, block.q) - _moments(half.T.reshape(block.J, block.q, -1)))
        return out

    @cached_property
    def block_derivatives(self) -> tuple[Array, ...]:
        """For each block D_b, (q, q)."""
        return tuple(trace - moment for trace, moment in zip(self.traces, self.moments, strict=True))

    @cached_property
    def moments(self) -> tuple[Array, ...]:
        """For each block the (q, q) sum over its levels of k k', with the columns that the criterion counts."""
        return tuple(_moments(self.counted(k)) for k in self.k)

    @cached_property
    def variance_derivative(self) -> tuple[Array, ...]:
        """For each term D_t, (q, q): the derivative of the objective in its relative covariance."""
        out: list[Array] = [np.zeros((0, 0))] * len(self.stats.structure.terms)
        for block, D in zip(self.stats.blocks, self.block_derivatives, strict=True):
            at = 0
            for t in block.terms:
                q = self.stats.structure.terms[t].q
                out[t] = D[at : at + q, at : at + q]
                at += q
        return tuple(out)

    @cached_property
    def gradient(self) -> Array:
        """(ntheta,) derivative of the objective in theta."""
        out = np.empty(len(self.theta))
        for (which, flat), D, Lambda in zip(
            self.stats.entries, self.block_derivatives, self.factor.factors, strict=True
        ):
            out[which] = 2 * (D @ Lambda).reshape(-1)[flat]
        return out

    @cached_property
    def directions(self) -> list[Array]:
        """For each block dPsi / dtheta, (k, q, q), in the order of its entries."""
        out: list[Array] = []
        for E, Lambda in zip(self.stats.units, self.factor.factors, strict=True):
            half = E @ Lambda.T
            out.append(half + turned(half))
        return out


def smallest(Lambda: Array) -> float:
    """The smallest singular value of a factor."""
    if len(Lambda) == 1:
        return abs(float(Lambda[0, 0]))
    return float(np.linalg.svd(Lambda, compute_uv=False)[-1])


def over(Lambda: Array, A: Array) -> Array:
    """Lambda'^-1 A."""
    return A / Lambda[0, 0] if len(Lambda) == 1 else np.linalg.solve(Lambda.T, A)


def mirrored(A: Array) -> Array:
    """The symmetric matrix of which A holds the lower triangle."""
    return np.asarray(np.tril(A) + np.tril(A, -1).T)


def _moments(k: Array) -> Array:
    """(q, q) sum over levels of k k', for k (J, q, c)."""
    rows = k.transpose(1, 0, 2).reshape(k.shape[1], -1)
    return np.asarray(rows @ rows.T)


def _diagonal_sum(A: Any, at: slice, q: int) -> Array:
    """(q, q) sum of the diagonal blocks, q by q, of a part of a symmetric A, of which the lower triangle is read."""
    part = A[at, at]
    out = np.empty((q, q))
    for a in range(q):
        for b in range(a + 1):
            out[a, b] = out[b, a] = part.diagonal(b - a)[b::q].sum()
    return out


def _columns(N: Array, at: slice) -> Array:
    """The columns of a symmetric N, of which the lower triangle is filled."""
    columns = N[:, at].copy()
    columns[: at.start] = N[at, : at.start].T
    square = columns[at]
    columns[at] = np.tril(square) + np.tril(square, -1).T
    return columns
