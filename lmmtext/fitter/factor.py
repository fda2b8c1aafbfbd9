"""The factor of M = I + Lambda'Z'WZ Lambda at one theta, and the criterion that follows from it.

With the relative covariance Psi = Lambda Lambda' and V_0 = W^-1 + Z Psi Z', each group of the first factor is
solved by its own q by q matrix P_j = I + R_j Psi R_j', and what remains for the other factors is one
Cholesky factor of T = I + Lambda_r' N Lambda_r with

    N = Z_r'V_1^-1 Z_r = W_rr + sum_j c_j' P_j^-1 c_j        (V_1: the first factor alone).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy  # its parts are imported when they are first used

from lmmtext.arrays import Array
from lmmtext.fitter.batched import forward, inverse_of_few, root_of_one_plus
from lmmtext.fitter.blocks import per_level
from lmmtext.fitter.coupling import Coupling
from lmmtext.fitter.merging import Groups
from lmmtext.fitter.stages import Staged
from lmmtext.fitter.statistics import Rest, Statistics
from lmmtext.fitter.system import Dense
from lmmtext.structure import lower_form

EPS = float(np.finfo(float).eps)
CANCELLED = 1e-2  # when subtraction leaves less than this of a sum of squares, it is formed from residuals instead


@dataclass(eq=False)
class Factor:
    """The factor at theta. All in the scaled variables of the statistics."""

    stats: Statistics
    groups: Groups
    first: Array  # (q, q) factor of the first block
    others: tuple[Array, ...]  # (q, q) factors of the other blocks
    L: Array  # (u, q, q) with L L' = P
    A: Array  # (u, q, q) = L^-1 R
    Lt: Array  # (N, q, p + 1) = L^-1 t
    logdet: float  # log |M|
    whole: Array  # (p + 1, p + 1) = D'V_1^-1 D
    DD: Array  # (p + 1, p + 1) = D'V_0^-1 D
    Lc: Coupling | None = None  # L^-1 c
    N_D: Array | None = None  # (m_r, p + 1) = Z_r'V_1^-1 D
    system: Dense | Staged | None = None  # L_r L_r' = T
    B: Array | None = None  # (m_r, p + 1) = L_r^-1 Lambda_r' N_D

    @property
    def factors(self) -> tuple[Array, ...]:
        """Lambda of each block, (q, q)."""
        return (self.first, *self.others)

    @cached_property
    def u_r(self) -> Array:
        """Lambda_r'Z_r'V_0^-1 D, (m_r, p + 1)."""
        assert self.system is not None and self.B is not None
        return self.system.backward(self.B)

    @cached_property
    def a_r(self) -> Array:
        """Psi_r Z_r'V_0^-1 D, (m_r, p + 1)."""
        return scaled(self.stats.rest, self.others, self.u_r)

    def lifted(self, b: int) -> tuple[Array, Any]:
        """Lambda of a later block b with a little added, so that it can be divided by, and the T^-1 that it gives."""
        assert self.Lc is not None
        N = self.stats.W_rr + self.Lc.gram()
        others = list(self.others)
        little = 1e-3 / np.sqrt(max(1.0, N.diagonal().max()))
        others[b] = lower_form(np.hstack([others[b], little * np.eye(len(others[b]))]))
        return others[b], _system(self.stats, [o.T for o in others], N).inverse()

    def N_times(self, a: Array) -> Array:
        """N a, (m_r, k)."""
        assert self.Lc is not None
        return np.asarray(self.stats.W_rr @ a + self.Lc.back(self.Lc.times(a)))

    def TLT(self, inverse: Any) -> Any:
        """Lambda_r T^-1 Lambda_r', (m_r, m_r): its lower triangle, or a sparse matrix of what is needed of it."""
        return both_sides(self.stats.rest, self.others, inverse)


def factor(stats: Statistics, groups: Groups, theta: Array) -> Factor:
    """Factor M at theta.

    Raises numpy.linalg.LinAlgError when theta is so large that a factor does not exist in floating point.
    """
    first, *others = stats.factors(theta)
    L = root_of_one_plus(groups.R @ first)
    diagonals = L.reshape(len(L), -1)[:, :: L.shape[1] + 1]
    logdet = 2 * float(groups.counts @ np.log(diagonals).sum(axis=1))
    inverse = inverse_of_few(L)
    each = slice(None) if groups.of is None or len(L) == 1 else groups.of
    if inverse is None:
        A, Lt = forward(L, groups.R), forward(L[each], groups.t)
    else:
        A, Lt = inverse @ groups.R, inverse[each] @ groups.t
    rows = Lt.reshape(-1, Lt.shape[2])
    whole = groups.W_DD + rows.T @ rows
    if not others:
        return Factor(stats, groups, first, (), L, A, Lt, logdet, whole, whole)
    rest = stats.rest
    turned = [f.T for f in others]
    Lc = stats.c.whitened(L)
    N_D = stats.W_rD + Lc.back(Lt)
    system = _system(stats, turned, stats.W_rr + Lc.gram())
    B = system.forward(scaled(rest, turned, N_D))
    return Factor(
        stats,
        groups,
        first,
        tuple(others),
        L,
        A,
        Lt,
        logdet + system.logdet,
        whole,
        whole - B.T @ B,
        Lc,
        N_D,
        system,
        B,
    )


def _system(stats: Statistics, turned: Sequence[Array], N: Any) -> Dense | Staged:
    """The factor of T = I + Lambda_r' N Lambda_r, from N (m_r, m_r)."""
    T = both_sides(stats.rest, turned, N)
    if stats.plan is not None:
        return Staged(stats.plan, scipy.sparse.csr_array(T + scipy.sparse.eye_array(stats.m_r, format="csr")))
    T.reshape(-1)[:: stats.m_r + 1] += 1
    return Dense(T)


def root(DD: Array, whole: Array) -> Array | None:
    """The Cholesky factor of DD, or None when too little of it is left of the whole to be trusted."""
    try:
        L = np.linalg.cholesky(DD)
    except np.linalg.LinAlgError:
        if DD is whole:
            raise
        return None
    return L if DD is whole or (L.diagonal() ** 2 > CANCELLED * whole.diagonal()).all() else None


def residual_root(stats: Statistics, effects: Sequence[Array], whitened: Sequence[Array]) -> Array:
    """The Cholesky factor of D'V_0^-1 D = E'E + U'U, where E = D - Z Lambda U, for each block's Lambda U and U.

    Its error is of second order in that of U.
    """
    E, U = stats.D.copy(order="F"), np.vstack([u.reshape(-1, u.shape[-1]) for u in whitened])
    for block, a in zip(stats.blocks, effects, strict=True):
        block.add_times(-a, E)
    return np.asarray(np.linalg.cholesky(E.T @ E + U.T @ U))


def objective(stats: Statistics, n: int, reml: bool, logdet: Any, diagonal: Array, scale: Any = None) -> Any:
    """-2 log L or the REML criterion, with every constant, from log |M| and the diagonal of the root of D'V_0^-1 D.

    Of several responses at once when ``diagonal`` is (p + 1, b), and ``scale`` and ``logdet`` (b,).
    """
    df = n - stats.p * reml
    sigma2 = ((stats.scale if scale is None else scale) * diagonal[-1]) ** 2 / df
    value = logdet + df * (1 + np.log(2 * np.pi * sigma2)) - stats.log_weights
    if reml:
        value += 2 * (np.log(diagonal[:-1]).sum(axis=0) + stats.logdet_R_X)
    return value


def scaled(rest: Rest, factors: Sequence[Array], B: Array) -> Array:
    """Multiply the rows of B, (m_r, c), level by level by the factors of the blocks after the first."""
    out = np.empty(B.shape)
    for (block, at), f in zip(rest, factors, strict=True):
        if block.q == 1:
            np.multiply(B[at], f[0, 0], out=out[at])
        else:
            out[at] = (f @ B[at].reshape(block.J, block.q, -1)).reshape(block.m, -1)
    return out


def both_sides(rest: Rest, factors: Sequence[Array], A: Any) -> Any:
    """The lower triangle of F A F' for a symmetric A, (m_r, m_r), and F with the factors on its diagonal.

    Of A the lower triangle is read; where it has zeros above, so has the result.
    """
    if scipy.sparse.issparse(A):
        F = per_level([b for b, _ in rest], factors)
        return scipy.sparse.csr_array(F @ A @ F.T)
    if all(b.q == 1 for b, _ in rest):
        s = np.repeat([f[0, 0] for f in factors], [b.m for b, _ in rest])
        out = A * s
        out *= s[:, None]
        return out
    full = np.tril(A) + np.tril(A, -1).T
    return np.tril(scaled(rest, factors, scaled(rest, factors, full).T))
