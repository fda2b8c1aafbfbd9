"""The profiled criterion at one theta, with everything that follows from the factor: estimates, gradient, variances.

With the relative covariance Psi = Lambda Lambda' and V_0 = W^-1 + Z Psi Z', each group of the first factor is
solved by its own q by q matrix P_j = I + R_j Psi R_j', and what remains for the other factors is one dense
Cholesky of T = I + Lambda_r' N Lambda_r with

    N = Z_r'V_1^-1 Z_r = W_rr + sum_j c_j' P_j^-1 c_j        (V_1: the first factor alone).

The derivative is d objective = tr(D_t dPsi_t), D_t = sum over levels of the diagonal blocks of Z'V_0^-1 Z - k k',
where k holds Z'V_0^-1 (y - X beta) sqrt(df / pwrss) and, for REML, Z'V_0^-1 X R^-1/2 with R = X'V_0^-1 X. In
theta the gradient is the lower triangle of 2 D_t Lambda_t: it vanishes at Lambda = 0, where only D_t decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from lmmtext.arrays import Array, freeze
from lmmtext.fitter.batched import backward, blockwise, forward, root_of_one_plus
from lmmtext.fitter.blocks import Block, dense
from lmmtext.fitter.statistics import Statistics

EPS = float(np.finfo(float).eps)
CHUNK = 2**22  # numbers of one intermediate array where a product goes by chunks of rows
CANCELLED = 1e-2  # when subtraction leaves less than this of a sum of squares, it is formed from residuals instead


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The criterion at theta, and the factor it came from. All in the scaled variables of the statistics."""

    stats: Statistics
    theta: Array
    reml: bool
    first: Array  # (q, q) factor of the first block
    others: tuple[Array, ...]  # (q, q) factors of the other blocks
    L: Array  # (J, q, q) with L L' = P
    N: Array  # (m_r, m_r)
    N_D: Array  # (m_r, p + 1) = Z_r'V_1^-1 D
    L_r: Array  # (m_r, m_r) with L_r L_r' = T
    B: Array  # (m_r, p + 1) = L_r^-1 Lambda_r' N_D
    L_D: Array  # (p + 1, p + 1) with L_D L_D' = D'V_0^-1 D
    logdet: float  # log |M|

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def df(self) -> int:
        """n for ML, n - p for REML."""
        return self.stats.n - self.stats.p * self.reml

    @property
    def pwrss(self) -> float:
        """The penalised residual sum of squares at its minimum over beta and u (of scaled y)."""
        return float(self.L_D[-1, -1] ** 2)

    @property
    def sigma2(self) -> float:
        """The estimate of sigma2 at this theta, in the units of y."""
        return self.stats.scale**2 * self.pwrss / self.df

    @property
    def objective(self) -> float:
        """-2 log L (ML) or the REML criterion, with every constant, as lme4 gives them."""
        value = self.logdet + self.df * (1 + np.log(2 * np.pi * self.sigma2)) - self.stats.log_weights
        if self.reml:
            value += 2 * (np.log(np.diag(self.L_D)[:-1]).sum() + self.stats.logdet_R_X)
        return float(value)

    @property
    def rounding(self) -> float:
        """How far rounding may move the objective: a few units in the last place of its terms."""
        left = min(1.0, max(self.pwrss / self.stats.n, CANCELLED))
        return 4 * EPS * (abs(self.objective) + self.stats.n / left)

    @cached_property
    def beta(self) -> Array:
        """(p,) coefficients of scaled y on Q."""
        return solve_triangular(self.L_D[:-1, :-1].T, self.L_D[-1, :-1]) if self.stats.p else np.zeros(0)

    @cached_property
    def scores(self) -> tuple[Array, Array]:
        """Z'V_0^-1 D of the first block, (J q, p + 1), and of the rest, (m_r, p + 1)."""
        s, (_, u_r) = self.stats, self.whitened
        g_0 = blockwise(np.swapaxes(self._PR, 1, 2), s.t - s.c @ self.effects[1])
        g_r = self.N_D - self.N @ self.effects[1]
        for (block, at), factor in zip(_places(s.blocks[1:]), self.others, strict=True):
            if np.linalg.svd(factor, compute_uv=False)[-1] > 0.1:  # u = Lambda'g: no digits are lost this way
                part = u_r[at : at + block.m].reshape(block.J, block.q, -1)
                g_r[at : at + block.m] = np.linalg.solve(factor.T, part).reshape(block.m, -1)
        return g_0, g_r

    @cached_property
    def whitened(self) -> tuple[Array, Array]:
        """Lambda'Z'V_0^-1 D of the first block, (J q, p + 1), and of the rest, (m_r, p + 1).

        In the first block as M_j^-1 (R_j Lambda)'(t - c a_r), which is stable where one coefficient varies enormously.
        """
        s = self.stats
        u_r = solve_triangular(self.L_r.T, self.B) if self.others else self.B
        a_r = _scaled(s, self.others, u_r) if self.others else u_r
        right = blockwise(np.swapaxes(s.R @ self.first, 1, 2), s.t - s.c @ a_r)
        return backward(self._L_M, forward(self._L_M, right)), u_r

    @cached_property
    def effects(self) -> tuple[Array, Array]:
        """Psi Z'V_0^-1 D of the first block, (J q, p + 1), and of the rest, (m_r, p + 1)."""
        u_0, u_r = self.whitened
        a_r = _scaled(self.stats, self.others, u_r) if self.others else u_r
        return blockwise(np.broadcast_to(self.first, self.L.shape), u_0), a_r

    @cached_property
    def modes(self) -> tuple[Array, ...]:
        """Conditional modes of scaled alpha, for each block (J, q)."""
        return tuple(
            (a @ np.append(-self.beta, 1.0)).reshape(block.J, block.q)
            for block, a in zip(self.stats.blocks, self._by_block(self.effects), strict=True)
        )

    @cached_property
    def residual(self) -> Array:
        """(n,) roots of the weights times y - X beta - Z alpha, in the units of y."""
        s = self.stats
        fitted = sum(b.times(a.reshape(-1)) for b, a in zip(s.blocks, self.modes, strict=True))
        return s.scale * (s.D @ np.append(-self.beta, 1.0) - fitted)

    @cached_property
    def gradient(self) -> Array:
        """(ntheta,) derivative of the objective in theta."""
        s, out = self.stats, [np.zeros((t.q, t.q)) for t in self.stats.structure.terms]
        first, *others = s.blocks
        traces: list[Array] = [self._first_trace @ self.first]
        if others:
            N_Lambda = _scaled(s, [f.T for f in self.others], self.N).T
            traces += [_paired(block, at, self._T_inverse, N_Lambda).T for block, at in _places(others)]
        for block, factor, trace, k in zip(s.blocks, s.factors(self.theta), traces, self._moments, strict=True):
            full = 2 * (trace - k @ factor)
            for t, part in _term_slices(block, s):
                out[t] = full[part, part]
        return s.structure.theta(out)

    @cached_property
    def variance_derivative(self) -> tuple[Array, ...]:
        """For each term D_t, (q, q): the derivative of the objective in its relative covariance."""
        s = self.stats
        out = [np.zeros((0, 0))] * len(s.structure.terms)
        first, *others = s.blocks
        traces = [self._first_trace]
        if others:
            F = self.N - self.N @ self._TLT @ self.N
            traces += [_diagonal(block, at, F).sum(axis=0) for block, at in _places(others)]
        for block, trace, k in zip(s.blocks, traces, self._moments, strict=True):
            for t, part in _term_slices(block, s):
                out[t] = (trace - k)[part, part]
        return tuple(out)

    @cached_property
    def relative_condvar(self) -> tuple[Array, ...]:
        """For each block the (J, q, q) diagonal blocks of Lambda M^-1 Lambda'."""
        K = self._first_condvar
        if self.others:
            left = self.first @ self.first.T @ np.swapaxes(self._PR, 1, 2)
            K = K + left @ self._cTc @ np.swapaxes(left, 1, 2)
        return (K, *(_diagonal(block, at, self._TLT) for block, at in _places(self.stats.blocks[1:])))

    def spread(self, columns: tuple[Array, ...], codes: tuple[np.ndarray, ...], x: Array) -> Array:
        """(rows,) error variances of x'beta + z'alpha over sigma2, for z given block by block; code -1 is a new level.

        z'Lambda M^-1 Lambda'z + d'(X'V_0^-1 X)^-1 d with d = x - X'V_0^-1 Z Psi z, plus z'Psi z for new levels.
        """
        s = self.stats
        first, *others = s.blocks
        factors = s.factors(self.theta)
        d, total = x.copy(), np.zeros(len(x))
        seen = codes[0] >= 0
        total += np.einsum("ia,iab,ib->i", columns[0], self._first_condvar[codes[0]], columns[0]) * seen
        if others:
            t = np.zeros((len(x), len(self.L_r)))
            for (block, at), z, code in zip(_places(others), columns[1:], codes[1:], strict=True):
                rows = np.flatnonzero(code >= 0)
                for k in range(block.q):
                    t[rows, at + code[rows] * block.q + k] = z[rows, k]
            left = np.einsum(
                "ia,iab->ib", columns[0] @ self.first @ self.first.T, np.swapaxes(self._PR, 1, 2)[codes[0]]
            )
            for k in range(first.q):
                t -= (left[:, [k]] * seen[:, None]) * dense(s.c[np.maximum(codes[0], 0) * first.q + k])
            scaled = _scaled(s, [f.T for f in self.others], t.T)
            total += (solve_triangular(self.L_r, scaled, lower=True) ** 2).sum(axis=0)
        for block, a, z, code, factor in zip(
            s.blocks, self._by_block(self.effects), columns, codes, factors, strict=True
        ):
            per_level = a[:, :-1].reshape(block.J, block.q, -1)
            d -= np.einsum("ik,ikc->ic", z, per_level[code]) * (code >= 0)[:, None]
            total += ((z @ factor) ** 2).sum(axis=1) * (code < 0)
        return total + (solve_triangular(self.L_D[:-1, :-1], d.T, lower=True) ** 2).sum(axis=0)

    @cached_property
    def _moments(self) -> list[Array]:
        """For each block sum over levels of k k'."""
        s, out = self.stats, []
        for block, g in zip(s.blocks, self._by_block(self.scores), strict=True):
            k = (g @ np.append(-self.beta, 1.0) * np.sqrt(self.df / self.pwrss))[:, None]
            if self.reml and s.p:
                k = np.hstack([k, solve_triangular(self.L_D[:-1, :-1], g[:, :-1].T, lower=True).T])
            per_level = k.reshape(block.J, block.q, -1)
            out.append(np.einsum("jac,jbc->ab", per_level, per_level))
        return out

    @cached_property
    def _PR(self) -> Array:
        """(J, q, q) = P^-1 R."""
        return backward(self.L, forward(self.L, self.stats.R))

    @cached_property
    def _L_M(self) -> Array:
        """(J, q, q) with L_M L_M' = M_j = I + Lambda'R_j'R_j Lambda."""
        return root_of_one_plus(np.swapaxes(self.stats.R @ self.first, 1, 2))

    @cached_property
    def _first_trace(self) -> Array:
        """(q, q) sum over the levels of the first block of the diagonal blocks of Z'V_0^-1 Z."""
        F = np.swapaxes(self.stats.R, 1, 2) @ self._PR
        if self.others:
            F = F - np.swapaxes(self._PR, 1, 2) @ self._cTc @ self._PR
        return F.sum(axis=0)

    @cached_property
    def _first_condvar(self) -> Array:
        """(J, q, q) Lambda (I + Lambda'R'R Lambda)^-1 Lambda', as if there were no other factor."""
        half = forward(self._L_M, np.broadcast_to(self.first.T, self._L_M.shape))
        return np.swapaxes(half, 1, 2) @ half

    @cached_property
    def _T_inverse(self) -> Array:
        return cho_solve((self.L_r, True), np.eye(len(self.L_r)))

    @cached_property
    def _TLT(self) -> Array:
        """(m_r, m_r) = Lambda_r T^-1 Lambda_r'."""
        return _scaled(self.stats, self.others, _scaled(self.stats, self.others, self._T_inverse).T)

    @cached_property
    def _cTc(self) -> Array:
        """(J, q, q) diagonal blocks of c Lambda_r T^-1 Lambda_r' c'."""
        c, q = self.stats.c, self.stats.blocks[0].q
        out = np.empty((len(self.L), q, q))
        step = max(1, CHUNK // max(1, c.shape[1]))
        for j in range(0, len(out), step):
            rows = c[j * q : (j + step) * q]
            for a in range(q):
                left = dense(rows[a::q] @ self._TLT)
                for b in range(q):
                    right = rows[b::q]
                    products = left * right if isinstance(right, np.ndarray) else right.multiply(left)
                    out[j : j + step, a, b] = np.asarray(products.sum(axis=1)).ravel()
        return out

    def _by_block(self, parts: tuple[Array, Array]) -> list[Array]:
        first, rest = parts
        return [first, *(rest[at : at + block.m] for block, at in _places(self.stats.blocks[1:]))]


def evaluate(stats: Statistics, theta: Array, criterion: str, exact: bool = False) -> Evaluation:
    """Evaluate the profiled criterion at theta.

    When the random effects explain nearly all of y, or of a column of X, or with ``exact`` always, D'V_0^-1 D is
    formed from residuals, in one pass over the data, instead of by subtraction.

    Raises numpy.linalg.LinAlgError when theta is so large that a factor does not exist in floating point.
    """
    reml, theta = criterion == "reml", np.array(theta, dtype=float)
    first, *others = stats.factors(theta)
    RL = stats.R @ first
    L = root_of_one_plus(RL)
    Lt = forward(L, stats.t)
    DD = stats.W_DD + Lt.T @ Lt
    logdet = 2 * float(np.log(np.diagonal(L, axis1=1, axis2=2)).sum())
    N, N_D, L_r = stats.W_rr, stats.W_rD, np.zeros((0, 0))
    B, whole = N_D, DD
    if others:
        turned = [factor.T for factor in others]
        Lc = forward(L, stats.c)
        N, N_D = N + dense(Lc.T @ Lc), N_D + Lc.T @ Lt
        T = _scaled(stats, turned, _scaled(stats, turned, N).T)  # Lambda_r' N Lambda_r
        T[np.diag_indices(len(T))] += 1
        L_r = cholesky(T, lower=True, overwrite_a=True, check_finite=False)
        B = solve_triangular(L_r, _scaled(stats, turned, N_D), lower=True)
        DD = DD - B.T @ B
        logdet += 2 * float(np.log(np.diag(L_r)).sum())
    L_D = None if exact else _root(DD, whole)
    at = Evaluation(
        stats,
        theta,
        reml,
        first,
        tuple(others),
        L,
        N,
        N_D,
        L_r,
        B,
        DD if L_D is None else L_D,
        logdet,
    )
    return at if L_D is not None else _exact(at)


def _root(DD: Array, whole: Array) -> Array | None:
    """The Cholesky factor of DD, or None when too little of it is left of the whole to be trusted."""
    try:
        L = np.linalg.cholesky(DD)
    except np.linalg.LinAlgError:
        return None
    return L if (np.diag(L) ** 2 > CANCELLED * np.diag(whole)).all() else None


def _exact(at: Evaluation) -> Evaluation:
    """The same with D'V_0^-1 D = E'E + U'U, where E = D - Z Lambda U: its error is of second order in that of U."""
    s = at.stats
    E = s.D - sum(b.times(a) for b, a in zip(s.blocks, at._by_block(at.effects), strict=True))
    U = np.vstack(at.whitened)
    return replace(at, L_D=np.linalg.cholesky(E.T @ E + U.T @ U))


def _scaled(stats: Statistics, factors: Sequence[Array], B: Array) -> Array:
    """Multiply the rows of B, (m_r, c), level by level by the factors of the blocks after the first."""
    out = np.empty(B.shape)
    for (block, at), factor in zip(_places(stats.blocks[1:]), factors, strict=True):
        part = B[at : at + block.m].reshape(block.J, block.q, -1)
        out[at : at + block.m] = (factor @ part).reshape(block.m, -1)
    return out


def _places(blocks: tuple[Block, ...] | list[Block]) -> Iterator[tuple[Block, int]]:
    """Blocks after the first, each with its first column among theirs."""
    at = 0
    for block in blocks:
        yield block, at
        at += block.m


def _paired(block: Block, at: int, left: Array, right: Array) -> Array:
    """(q, q) sum over the levels of a block of its diagonal blocks of left @ right.T."""
    rows = np.arange(at, at + block.m).reshape(block.J, block.q)
    return np.array(
        [[np.einsum("lc,lc->", left[rows[:, a]], right[rows[:, b]]) for b in range(block.q)] for a in range(block.q)]
    )


def _diagonal(block: Block, at: int, A: Array) -> Array:
    """The (J, q, q) diagonal blocks of A that belong to a block."""
    rows = np.arange(at, at + block.m).reshape(block.J, block.q)
    return A[rows[:, :, None], rows[:, None, :]]


def _term_slices(block: Block, stats: Statistics) -> Iterator[tuple[int, slice]]:
    """The terms of a block, each with its part of the block's coefficients."""
    at = 0
    for t in block.terms:
        q = stats.structure.terms[t].q
        yield t, slice(at, at + q)
        at += q
