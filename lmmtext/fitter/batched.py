"""Small triangular systems, one for each group, solved for all groups at once, entry by entry."""

import numpy as np

from lmmtext.arrays import Array

LARGE = 1e3  # entries of B beyond which I + B B' is factored by QR
FEW = 32  # groups up to which LAPACK, one group after the other, is quicker than entry by entry


def root_of_one_plus(B: Array) -> Array:
    """The lower triangular L (J, q, q) with L L' = I + B B', for all groups at once.

    Entry by entry, by Cholesky's method; by the QR decomposition of [B, I]' where B is so large that the ones
    would lose digits in the sum.
    """
    J, q = B.shape[:2]
    if q == 1:
        return np.asarray(np.sqrt(1.0 + B * B))
    P = B @ np.swapaxes(B, 1, 2)
    if P.max(initial=0.0) > LARGE**2:
        R = np.linalg.qr(np.concatenate([np.swapaxes(B, 1, 2), np.broadcast_to(np.eye(q), B.shape)], axis=1), mode="r")
        return np.swapaxes(R * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, :, None], 1, 2)
    P.reshape(J, -1)[:, :: q + 1] += 1.0
    if J <= FEW:
        return np.asarray(np.linalg.cholesky(P))
    L = np.zeros(P.shape)
    for b in range(q):
        for a in range(b, q):
            left = P[:, a, b]
            for k in range(b):
                left = left - L[:, a, k] * L[:, b, k]
            L[:, a, b] = np.sqrt(left) if a == b else left / L[:, b, b]
    return L


def inverse_of_few(L: Array) -> Array | None:
    """L^-1 for a few groups, if L from `root_of_one_plus` is of moderate size: no digit that matters is lost."""
    if L.shape[1] > 1 and len(L) <= FEW and L.max() <= LARGE:
        return np.asarray(np.linalg.inv(L))
    return None


def forward(L: Array, B: Array) -> Array:
    """L^-1 B for the triangular blocks of L, (J, q, q) or one for all, (1, q, q); B is (J, q, k)."""
    return _substituted(L, B, range(B.shape[1]))


def backward(L: Array, B: Array) -> Array:
    """L'^-1 B for the triangular blocks of L, (J, q, q) or one for all, (1, q, q); B is (J, q, k)."""
    return _substituted(turned(L), B, range(B.shape[1])[::-1])


def _substituted(T: Array, B: Array, order: range) -> Array:
    """T^-1 B for triangular blocks T, whose rows are solved in this order, each from those before it."""
    if len(order) == 1:
        return B / T
    out = np.empty(B.shape)
    for k, a in enumerate(order):
        row = B[:, a]
        for b in sorted(order[:k]):
            row = row - T[:, a, b, None] * out[:, b]
        np.divide(row, T[:, a, a, None], out=out[:, a])
    return out


def turned(A: Array) -> Array:
    """The transposes of the blocks of A."""
    return np.swapaxes(A, 1, 2)
