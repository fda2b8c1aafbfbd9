"""The floor: what the arithmetic of a fit costs in numpy, with nothing around it.

For each kind of design two functions. `..._statistics` reduces the data, given as arrays with groups as codes
0..J-1, to the sums that every value of the criterion follows from: one pass of `bincount` for each sum.
`..._value` computes the REML criterion at one theta from these sums: one factorisation. Neither reads a formula or
a table, codes a group, searches for the minimum, or computes anything of the fit but the criterion.
"""

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def grouped_statistics(g: Array, J: int, Z: Array, y: Array) -> Array:
    """Return for each group the cross-products of [1, Z, y], (J, q + 1, q + 1); Z (n, q - 1) has no column of ones."""
    columns = [*Z.T, y]
    q = len(columns)
    A = np.empty((J, q + 1, q + 1))
    A[:, 0, 0] = np.bincount(g, minlength=J)
    for i, column in enumerate(columns, 1):
        A[:, i, 0] = A[:, 0, i] = np.bincount(g, column, minlength=J)
        for j, other in enumerate(columns[:i], 1):
            A[:, i, j] = A[:, j, i] = np.bincount(g, column * other, minlength=J)
    return A


def grouped_value(A: Array, Lambda: Array, n: int) -> float:
    """Return the criterion where X = Z: A from `grouped_statistics`, Lambda (q, q) the relative factor."""
    q = len(Lambda)
    M = Lambda.T @ A[:, :q, :q] @ Lambda + np.eye(q)  # (J, q, q)
    B = Lambda.T @ A[:, :q, :]  # (J, q, q + 1)
    if q == 1:
        logdet = float(np.log(M).sum())
        explained = np.einsum("jk,jl->kl", B[:, 0] / M[:, 0], B[:, 0])
    else:
        L = np.linalg.cholesky(M)
        logdet = 2 * float(np.log(np.diagonal(L, axis1=1, axis2=2)).sum())
        explained = np.tensordot(B, np.linalg.solve(M, B), axes=([0, 1], [0, 1]))
    return _reml(A.sum(axis=0) - explained, logdet, n)


def crossed_statistics(codes: Sequence[Array], sizes: Sequence[int], y: Array) -> tuple[Array, Array, float]:
    """Return Z'Z, (q, q) and dense but for the first factor's block, Z'[1, y], (q, 2), and y'y.

    Z'Z is returned as its rows below the first factor, (q - J_1, q); the first block is the diagonal of its counts.
    """
    starts = np.concatenate([[0], np.cumsum(sizes)])
    below = np.zeros((starts[-1] - sizes[0], starts[-1]))
    right = np.empty((starts[-1], 2))
    for i, (code, size) in enumerate(zip(codes, sizes, strict=True)):
        rows = slice(starts[i], starts[i + 1])
        right[rows, 0] = np.bincount(code, minlength=size)
        right[rows, 1] = np.bincount(code, y, minlength=size)
        if i:
            own = slice(starts[i] - sizes[0], starts[i + 1] - sizes[0])
            below[own, rows] = np.diag(right[rows, 0])
            for j in range(i):
                pairs = np.bincount(code * sizes[j] + codes[j], minlength=size * sizes[j]).reshape(size, sizes[j])
                below[own, starts[j] : starts[j + 1]] = pairs
                if j:
                    below[starts[j] - sizes[0] : starts[j + 1] - sizes[0], rows] = pairs.T
    return below, right, float(y @ y)


def crossed_value(
    statistics: tuple[Array, Array, float], sizes: Sequence[int], theta: Sequence[float], n: int
) -> float:
    """Return the criterion where X is a column of ones: the first factor eliminated, the others one dense Cholesky."""
    below, right, yy = statistics
    first = sizes[0]
    scale = np.repeat(theta, sizes)  # (q,)
    d = scale[:first] ** 2 * right[:first, 0] + 1
    cross = below[:, :first] * (scale[first:, None] * scale[:first] / np.sqrt(d))  # (q - J_1, J_1)
    b1 = right[:first] * (scale[:first] / np.sqrt(d))[:, None]  # (J_1, 2)
    whole = np.array([[n, right[:first, 1].sum()], [right[:first, 1].sum(), yy]]) - b1.T @ b1
    logdet = float(np.log(d).sum())
    if len(sizes) > 1:
        S = below[:, first:] * (scale[first:, None] * scale[first:]) - cross @ cross.T
        L = np.linalg.cholesky(S + np.eye(len(S)))
        half = np.linalg.solve(L, right[first:] * scale[first:, None] - cross @ b1)
        whole -= half.T @ half
        logdet += 2 * float(np.log(np.diagonal(L)).sum())
    return _reml(whole, logdet, n)


def _reml(whole: Array, logdet: float, n: int) -> float:
    """Return the REML criterion from [X, y]'V^-1[X, y], log|V| and n, V in units of sigma2, with every constant."""
    R = np.linalg.cholesky(whole)
    p = len(R) - 1
    free = n - p
    logdet += 2 * float(np.log(np.diagonal(R)[:-1]).sum())
    return logdet + free * (1 + float(np.log(2 * np.pi * R[-1, -1] ** 2 / free)))
