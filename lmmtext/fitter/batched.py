"""Small triangular systems, one for each group, solved for all groups at once, entry by entry."""

from typing import Any

import numpy as np
from scipy import sparse

from lmmtext.arrays import Array

LARGE = 1e3  # entries of B beyond which I + B B' is factored by QR


def blockwise(A: Array, B: Array) -> Array:
    """Multiply the rows of B, q at a time, by the (J, q, q) blocks of A."""
    return (A @ B.reshape(*A.shape[:2], -1)).reshape(B.shape)


def root_of_one_plus(B: Array) -> Array:
    """The lower triangular L (J, q, q) with L L' = I + B B', for all groups at once.

    Entry by entry, by Cholesky's method; by the QR decomposition of [B, I]' where B is so large that the ones
    would lose digits in the sum.
    """
    q = B.shape[1]
    if q > 1 and np.abs(B).max(initial=0.0) > LARGE:
        R = np.linalg.qr(np.concatenate([np.swapaxes(B, 1, 2), np.broadcast_to(np.eye(q), B.shape)], axis=1), mode="r")
        return np.swapaxes(R * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, :, None], 1, 2)
    P = np.eye(q) + B @ np.swapaxes(B, 1, 2)
    L = np.zeros(P.shape)
    for b in range(q):
        for a in range(b, q):
            left = P[:, a, b] - np.einsum("jk,jk->j", L[:, a, :b], L[:, b, :b])
            L[:, a, b] = np.sqrt(left) if a == b else left / L[:, b, b]
    return L


def forward(L: Array, B: Any) -> Any:
    """L^-1 B for the triangular blocks of L, (J, q, q); B is (J, q, k), or (J q, k), dense or sparse."""
    J, q = L.shape[:2]
    if not isinstance(B, np.ndarray):
        inverse = forward(L, np.broadcast_to(np.eye(q), L.shape))
        return sparse.bsr_array((inverse, np.arange(J), np.arange(J + 1)), shape=(J * q, J * q)).tocsr() @ B
    rows = B.reshape(J, q, -1)
    out = np.empty(rows.shape)
    for a in range(q):
        out[:, a] = (rows[:, a] - np.einsum("jb,jbk->jk", L[:, a, :a], out[:, :a])) / L[:, a, a, None]
    return out.reshape(B.shape)


def backward(L: Array, B: Array) -> Array:
    """L'^-1 B for the triangular blocks of L, (J, q, q); B is (J, q, k), or (J q, k)."""
    J, q = L.shape[:2]
    rows = B.reshape(J, q, -1)
    out = np.empty(rows.shape)
    for a in reversed(range(q)):
        out[:, a] = (rows[:, a] - np.einsum("jb,jbk->jk", L[:, a + 1 :, a], out[:, a + 1 :])) / L[:, a, a, None]
    return out.reshape(B.shape)
