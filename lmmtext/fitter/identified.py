"""Which covariances of one grouping factor the covariance of the data does not determine, whatever the response.

The parameters of a factor are the Sigma_t of its terms, D along the diagonal, and sigma2. Another D and sigma2 give
the same covariance of the data if and only if their differences have Z_j D Z_j' + s I = 0 in every group. With
Z_j = U_j R_j and orthonormal U_j that is R_j D R_j' + s I = 0, on the rows of R_j that are not zero, and s = 0 if some
group has more rows than these: linear equations in D and s, which equal groups need only once.
"""

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.blocks import Orthogonal

ROUNDING = 1e-8  # singular values of columns of length one that count as zero; R_j itself is good to 1e-10
AT_ONCE = 512  # groups whose equations are made together


def invisible(first: Orthogonal, sizes: list[int]) -> tuple[list[Array], Array]:
    """Return the directions in which a factor's covariances can move without the data knowing.

    `sizes` are the numbers of coefficients of its terms. Returns an orthonormal basis of the differences: for each
    term the (k, q, q) parts of D, and the (k,) parts of sigma2; k = 0 when all is identified.
    """
    J, q = first.R.shape[:2]
    rows = np.bincount(first.block.codes, minlength=J)
    there = np.diagonal(first.R, axis1=1, axis2=2) > 0  # (J, q)
    steps = _steps(sizes)
    spare = float((rows - there.sum(axis=1)).sum())
    triangle: Array = np.append(np.zeros(len(steps)), np.sqrt(spare))[None]
    for at in _portions(first):
        equations = np.vstack([triangle, _equations(first.R[at], there[at], steps)])
        triangle = np.asarray(np.linalg.qr(equations, mode="r"))
        if len(_null(triangle)) == 0:
            return [np.zeros((0, size, size)) for size in sizes], np.zeros(0)
    directions = _null(triangle)
    D, ends = np.tensordot(directions[:, :-1], steps, axes=1), np.cumsum([0, *sizes]).tolist()
    return [D[:, a:b, a:b] for a, b in zip(ends, ends[1:], strict=False)], directions[:, -1]


def _steps(sizes: list[int]) -> Array:
    """A basis of the symmetric matrices with a block for each term, (k, q, q)."""
    out, at, q = [], 0, sum(sizes)
    for size in sizes:
        for a in range(at, at + size):
            for b in range(a, at + size):
                E = np.zeros((q, q))
                E[a, b] = E[b, a] = 1.0
                out.append(E)
        at += size
    return np.array(out)


def _portions(first: Orthogonal) -> list[np.ndarray]:
    """A group of each kind, some at a time: mostly the first few determine everything."""
    groups = np.arange(len(first.R)) if first.kinds is None else np.sort(first.kinds[1])
    return [groups[at : at + AT_ONCE] for at in range(0, len(groups), AT_ONCE)]


def _equations(R: Array, there: Array, steps: Array) -> Array:
    """The elements of R_j D R_j' + s I for every step of D, and for s; (groups q q, k + 1)."""
    moved = np.einsum("jab,kbc,jdc->jadk", R, steps, R)
    identity = np.eye(R.shape[1]) * there[:, None, :]
    return np.concatenate([moved, identity[..., None]], axis=-1).reshape(-1, len(steps) + 1)


def _null(A: Array) -> Array:
    """An orthonormal basis, in rows, of the x with A x = 0 to rounding, once the columns have length one."""
    length = np.linalg.norm(A, axis=0)
    length[length == 0] = 1.0
    _, values, rows = np.linalg.svd(A / length, full_matrices=True)
    rank = int((values > ROUNDING * max(values[0], ROUNDING)).sum())
    if rank == A.shape[1]:
        return np.zeros((0, A.shape[1]))
    return np.asarray(np.linalg.qr((rows[rank:] / length).T)[0].T)
