"""The second derivatives of the profiled criterion in theta, exact or averaged.

Along symmetric directions S = dPsi, with F = Z'V_0^-1 Z, k as in ``point``, and M_S = sum over levels of k'S k,

    d2 objective = tr(2 S F S k k' - S F S F) - |M_S|^2        (and |M_S|^2 / df in the direction of y alone).

With one grouping factor F is block diagonal. With several it is full, and formed while it is small; beyond, the
average of the observed and the expected information stands for it, k'S (Z'P Z) S k - |M_S|^2 / df, which needs no
trace (Gilmour, Thompson and Cullis, 1995, doi:10.2307/2533274).
"""

from functools import lru_cache

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.batched import turned
from lmmtext.fitter.factor import scaled
from lmmtext.fitter.point import INVERTIBLE, Point, mirrored, smallest
from lmmtext.fitter.statistics import Statistics

WORK = 2e7  # multiplications up to which Z'V_0^-1 Z is formed
SIZE = 2**20  # its largest number of entries


def is_exact(stats: Statistics) -> bool:
    """Whether `hessian` is exact for these data: one grouping factor, or so few effects that F can be formed."""
    m, m_r = stats.structure.m, stats.m_r
    return len(stats.blocks) == 1 or (stats.plan is None and m**2 <= SIZE and m**2 * m_r <= WORK)


def hessian(point: Point) -> Array:
    """(ntheta, ntheta) second derivatives of the objective in theta; averaged where `is_exact` is False."""
    S, s = point.directions, point.stats
    if len(S) == 1:
        out = _one(point, S[0])
    else:
        out = _several(point, S) if is_exact(s) else _averaged(point, S)
    at = 0
    for E, D in zip(s.units, point.block_derivatives, strict=True):  # Psi itself is curved in theta
        k = len(E)
        out[at : at + k, at : at + k] += 2 * E.reshape(k, -1) @ (D @ E).reshape(k, -1).T
        at += k
    if s.order is None:
        return out
    turned_back = np.empty(out.shape)
    turned_back[np.ix_(s.order, s.order)] = out
    return turned_back


def _one(point: Point, S: Array) -> Array:
    """Along the directions S, (k, q, q), of the one block, where F is block diagonal and equal groups were merged."""
    groups, q = point.groups, S.shape[1]
    F = point.F.reshape(-1, q * q)
    if len(F) == 1:
        X = F.T * point.moments[0].reshape(-1)
    else:
        k = point.counted(point.k_first)
        X = (F if groups.of is None else F[groups.of]).T @ (k @ turned(k)).reshape(-1, q * q)
    X = 2 * X - (F.T * groups.counts) @ F
    return _contracted(X, S, S) - _squares(point, [S])


def _several(point: Point, S: list[Array]) -> Array:
    """Along the directions of all blocks, with F formed."""
    F, blocks = _full(point), point.stats.blocks
    k = [point.counted(k).reshape(block.m, -1) for k, block in zip(point.k, blocks, strict=True)]
    ends, at = np.cumsum([0, *(b.m for b in blocks)]), np.cumsum([0, *map(len, S)])
    out = np.empty((at[-1], at[-1]))
    for a, left in enumerate(blocks):
        for b, right in enumerate(blocks[: a + 1]):
            part = F[ends[a] : ends[a + 1], ends[b] : ends[b + 1]]
            X = _by_level(part, left.q, right.q) @ _by_level(2 * (k[a] @ k[b].T) - part, left.q, right.q).T
            found = _contracted(X, S[a], S[b])
            out[at[a] : at[a + 1], at[b] : at[b + 1]] = found
            out[at[b] : at[b + 1], at[a] : at[a + 1]] = found.T
    return out - _squares(point, S)


def _averaged(point: Point, S: list[Array]) -> Array:
    """The average information along the directions of all blocks."""
    f, s = point.factor, point.stats
    assert f.Lc is not None and f.system is not None
    size = sum(map(len, S))
    v_0, v_r = np.zeros((*point.k_first.shape[:2], size)), np.zeros((s.m_r, size))
    v_0[:, :, : len(S[0])] = np.tensordot(point.k_first[:, :, -1], S[0], ((1,), (2,))).transpose(0, 2, 1)
    at = len(S[0])
    for (block, rows), k, direction in zip(s.rest, point.k[1:], S[1:], strict=True):
        v = np.tensordot(k[:, :, -1], direction, ((1,), (2,))).transpose(0, 2, 1)
        v_r[rows, at : at + len(direction)] = v.reshape(block.m, -1)
        at += len(direction)
    met = point.A @ v_0 + f.Lc.times(v_r)
    flat, Wv = met.reshape(-1, size), s.W_rr @ v_r
    w = f.system.forward(scaled(s.rest, [o.T for o in f.others], f.Lc.back(met) + Wv))
    M = np.tensordot(v_0, point.k_first, ((0, 1), (0, 1))) + v_r.T @ point.k_rest  # (size, p + 1)
    X, y = M[:, :-1], M[:, -1]
    return np.asarray(flat.T @ flat + v_r.T @ Wv - w.T @ w - X @ X.T - np.outer(y, y) / point.df)


def _full(point: Point) -> Array:
    """F = Z'V_0^-1 Z, (m, m), of the first block and the rest.

    F_rr Lambda = N Lambda T^-1 loses no digits; a block whose Lambda cannot be divided by is formed by subtraction.
    """
    f, s = point.factor, point.stats
    assert f.Lc is not None and f.system is not None
    rest, turned_factors = s.rest, [o.T for o in f.others]
    J, q = point.F.shape[:2]
    N = mirrored(s.W_rr + f.Lc.gram())
    T_inverse = mirrored(f.system.inverse())
    A = np.zeros((J, q, J, q))
    A[np.arange(J), :, np.arange(J)] = point.A
    Y = f.Lc.back(A.reshape(J, q, J * q))  # (m_r, J q) = c'P^-1 R
    LY, LN = scaled(rest, turned_factors, Y), scaled(rest, turned_factors, N)
    TLY = T_inverse @ LY
    NLT = LN.T @ T_inverse
    F_rr, F_r0 = np.empty(N.shape), np.empty(Y.shape)
    for (block, at), Lambda in zip(rest, f.others, strict=True):
        if smallest(Lambda) > INVERTIBLE:
            inverse = np.linalg.inv(Lambda)
            F_rr[:, at] = (NLT[:, at].reshape(len(N), block.J, -1) @ inverse).reshape(len(N), -1)
            F_r0[at] = (inverse.T @ TLY[at].reshape(block.J, block.q, -1)).reshape(block.m, -1)
        else:
            F_rr[:, at] = N[:, at] - NLT @ LN[:, at]
            F_r0[at] = Y[at] - LN[:, at].T @ TLY
    F_00 = -LY.T @ TLY
    F_00.reshape(J, q, J, q)[np.arange(J), :, np.arange(J)] += point.F
    return np.block([[F_00, F_r0.T], [F_r0, F_rr]])


def _by_level(A: Array, q: int, r: int) -> Array:
    """(q r, pairs of levels): the entries of the q by r blocks of A."""
    if q == r == 1:
        return A.reshape(1, -1)
    return A.reshape(len(A) // q, q, -1, r).transpose(1, 3, 0, 2).reshape(q * r, -1)


def _contracted(X: Array, S: Array, other: Array) -> Array:
    """(k, l) = sum of S[x, y] other[z, w] X[(y, z), (x, w)], over all indices."""
    q, r = S.shape[1], other.shape[1]
    pairs = X.reshape(q, r, q, r).transpose(2, 0, 1, 3).reshape(q * q, r * r)  # (x, y), (z, w)
    return np.asarray(S.reshape(len(S), -1) @ pairs @ other.reshape(len(other), -1).T)


def _squares(point: Point, S: list[Array]) -> Array:
    """|M_S|^2 of all directions, (k, k), each entry of M_S with the weight that the criterion gives it."""
    W = weights_of_squares(len(point.L_D), point.reml, point.df)
    width, parts = len(W), []
    for k, direction in zip(point.k, S, strict=True):
        q = direction.shape[1]
        rows = k.reshape(-1, q * width)
        M = (rows.T @ rows).reshape(q, width, q, width).transpose(0, 2, 1, 3).reshape(q * q, -1)
        parts.append(direction.reshape(-1, q * q) @ M)
    M = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return np.asarray((M * W.reshape(-1)) @ M.T)


@lru_cache(maxsize=64)
def weights_of_squares(width: int, reml: bool, df: int) -> Array:
    """(p + 1, p + 1): what the squares of the entries of M_S count."""
    W = np.full((width, width), float(reml))
    W[-1] = W[:, -1] = 1.0
    W[-1, -1] = 1 / df
    W.flags.writeable = False
    return W
