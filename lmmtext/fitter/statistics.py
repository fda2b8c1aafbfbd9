"""The data reduced, once, to the cross-products that the criterion needs.

Everything is put on a standard scale first, so that no cross-product loses digits: X is replaced by Q of X = Q R
with orthonormal columns (rows weighted), y by its residual from X divided by its root mean square, and the
columns of a correlated random term by orthogonal ones, z' = z~' T. Estimates are carried back afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lmmtext.arrays import Array, freeze
from lmmtext.coding import well_conditioned_root
from lmmtext.design import Design
from lmmtext.fitter.blocks import Block, Orthogonal, gram, group_qr
from lmmtext.fitter.coupling import Coupling, coupling
from lmmtext.structure import Structure
from lmmtext.terms import Term

DENSE_BYTES = 6 * 2**30  # the largest system of the factors after the first that is made dense


@dataclass(frozen=True, eq=False)
class Statistics:
    """Cross-products of the scaled data, for the first grouping factor (most random effects) and the rest.

    The rows of each group j of the first factor are factored, Z_j = U_j R_j with orthonormal U_j. With Z_r the
    columns of the other factors and D = [Q, y~]: ``t`` = U'D, ``c`` = U'Z_r, and what lies within the groups,
    ``W_DD``, ``W_rD``, ``W_rr``, the cross-products of D and Z_r less their projections U t and U c. All sums that
    the criterion makes of these are sums of like signs.
    """

    structure: Structure
    blocks: tuple[Block, ...]
    bases: tuple[Array, ...]  # T of each term
    first: Orthogonal
    c: Coupling
    W_rr: Array  # (m_r, m_r)
    D: Array  # (n, p + 1)
    E: Array  # (n, p + 1) = D - U t
    R_X: Array  # (p, p)
    beta: Array  # (p,) least squares
    scale: float  # y = X beta + scale * y~
    log_weights: float
    t: Array  # (J, q, p + 1)
    W_rD: Array  # (m_r, p + 1)
    W_DD: Array  # (p + 1, p + 1)

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def n(self) -> int:
        """Observations."""
        return len(self.D)

    @property
    def p(self) -> int:
        """Fixed effects."""
        return len(self.R_X)

    @property
    def R(self) -> Array:
        """(J, q, q) upper triangular, a row of zeros for a column that others determine."""
        return self.first.R

    @cached_property
    def logdet_R_X(self) -> float:
        """log |R_X|, the part of the REML criterion that the coding of X decides."""
        return float(np.log(np.abs(np.diag(self.R_X))).sum())

    @cached_property
    def entries(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """For each block which entries of theta its factor holds, and where in its flat (q, q) array."""
        s, out = self.structure, []
        for block in self.blocks:
            which, places, at = [], [], 0
            for t in block.terms:
                row, column = s.terms[t].lower
                which.append(np.arange(s.theta_slices[t].start, s.theta_slices[t].stop))
                places.append((at + row) * block.q + at + column)
                at += s.terms[t].q
            out.append((np.concatenate(which), np.concatenate(places)))
        return tuple(out)

    @cached_property
    def units(self) -> tuple[Array, ...]:
        """For each block dLambda / dtheta, (k, q, q), in the order of its entries."""
        out: list[Array] = []
        for block, (which, places) in zip(self.blocks, self.entries, strict=True):
            E = np.zeros((len(which), block.q**2))
            E[np.arange(len(which)), places] = 1.0
            out.append(E.reshape(-1, block.q, block.q))
        return tuple(out)

    @cached_property
    def order(self) -> np.ndarray | None:
        """(ntheta,) the entries of theta as the blocks hold them; None if that is their own order."""
        order = np.concatenate([which for which, _ in self.entries])
        return None if (order == np.arange(len(order))).all() else order

    def factors(self, theta: Array) -> list[Array]:
        """For each block the q by q factor, its terms' factors along the diagonal."""
        out: list[Array] = []
        for block, (which, places) in zip(self.blocks, self.entries, strict=True):
            factor = np.zeros(block.q**2)
            factor[places] = theta[which]
            out.append(factor.reshape(block.q, block.q))
        return out

    def with_response(self, y: Array) -> "Statistics":
        """Return the statistics of another response (weighted and without its offset), reusing all else."""
        beta, scale, residual = _standardised(self.D[:, :-1], self.R_X, y)
        last = residual[:, None]
        t, E = self.first.project(last)
        D, E = _with_last(self.D, last), _with_last(self.E, E)
        W_rD = np.hstack([self.W_rD[:, :-1], _sums(self.blocks[1:], E[:, -1:])])
        W_DD = self.W_DD.copy()
        W_DD[-1] = W_DD[:, -1] = E[:, -1] @ E
        t = np.concatenate([self.t[:, :, :-1], t], axis=2)
        return replace(self, D=D, E=E, beta=beta, scale=scale, t=t, W_rD=W_rD, W_DD=W_DD)


def statistics(design: Design) -> Statistics:
    """Reduce a design to its sufficient statistics.

    Raises MemoryError when the grouping factors after the first have so many levels that their dense
    system would not fit; the message gives its size.
    """
    w = None if design.weights is None else np.sqrt(design.weights)
    Q, R_X = _orthonormal(design.X if w is None else design.X * w[:, None])
    y = weighted_response(design, design.y)
    beta, scale, residual = _standardised(Q, R_X, y)
    D = np.empty((len(y), len(R_X) + 1), order="F")
    D[:, :-1], D[:, -1] = Q, residual
    orthogonal, bases = zip(*(_basis(term) for term in design.terms), strict=True)
    blocks = _blocks(design.terms, orthogonal, w)
    rest = blocks[1:]
    m_r = sum(b.m for b in rest)
    if 8 * 4 * m_r**2 > DENSE_BYTES:
        listed = ", ".join(f"{design.terms[b.terms[0]].group} ({b.m})" for b in rest)
        raise MemoryError(
            f"the random effects of {listed} would need a dense system of {m_r} rows, "
            f"{8 * 4 * m_r**2 / 2**30:.0f} GiB. Fit fewer or coarser grouping factors."
        )
    first = group_qr(blocks[0])
    t, E = first.project(D)
    c, W_rr = coupling(first.unit, rest) if rest else coupling(blocks[0], ()), np.zeros((0, 0))
    if rest:
        lower = np.tril(gram(rest).toarray() - c.gram())
        W_rr = lower + np.tril(lower, -1).T
    return Statistics(
        structure=design.structure,
        blocks=blocks,
        bases=bases,
        first=first,
        c=c,
        W_rr=W_rr,
        D=D,
        E=E,
        R_X=R_X,
        beta=beta,
        scale=scale,
        log_weights=0.0 if design.weights is None else float(np.log(design.weights).sum()),
        t=t,
        W_rD=_sums(rest, E),
        W_DD=E.T @ E,
    )


def weighted_response(design: Design, y: Array) -> Array:
    """The response less its offset, times the roots of the weights."""
    y = y if design.offset is None else y - design.offset
    return y if design.weights is None else y * np.sqrt(design.weights)


def _with_last(A: Array, last: Array) -> Array:
    """A copy of A, column after column in memory, with another last column."""
    out = A.copy(order="F")
    out[:, -1:] = last
    return out


def _sums(blocks: Sequence[Block], B: Array) -> Array:
    """Z_r'B, (m_r, c)."""
    return np.vstack([b.sums(B) for b in blocks]) if blocks else np.zeros((0, B.shape[1]))


def _orthonormal(X: Array) -> tuple[Array, Array]:
    """X = Q R with orthonormal Q: by the Cholesky factor of X'X where that loses nothing, else by Householder's QR."""
    R = well_conditioned_root(X)
    if R is None:
        return np.linalg.qr(X)
    return _times_inverse(X, R), R


def _times_inverse(X: Array, R: Array) -> Array:
    """X R^-1 for an upper triangular R, by operations that treat equal rows of X equally."""
    Q = np.empty(X.shape, order="F")
    for k in range(X.shape[1]):
        column = X[:, k]
        for i in range(k):
            column = column - R[i, k] * Q[:, i]
        np.divide(column, R[k, k], out=Q[:, k])
    return Q


def _standardised(Q: Array, R: Array, y: Array) -> tuple[Array, float, Array]:
    """Least squares coefficients, scale and standardised residual of y on X = Q R."""
    along = Q.T @ y
    residual = Q @ -along
    residual += y
    again = Q.T @ residual
    residual -= Q @ again  # once more: orthogonal to working precision
    scale = float(np.sqrt(residual @ residual / len(y)))
    if scale <= 1e-14 * float(max(y.max(initial=0.0), -y.min(initial=0.0))) * np.sqrt(len(y)):
        raise ValueError("the fixed effects fit the response exactly: no variance is left to be divided.")
    residual /= scale
    return np.linalg.solve(R, along + again), scale, residual


def _basis(term: Term) -> tuple[Array, Array]:
    """Columns z~ (n, q) and T (q, q) with z' = z~' T; z~ is orthogonal if the term's covariance is free.

    A term whose columns depend on each other keeps them, scaled: any z~ is valid, some are more accurate.
    """
    if term.q > 1:
        root = well_conditioned_root(term.matrix)
        R: Array = np.asarray(np.linalg.qr(term.matrix, mode="r")) if root is None else root
        size, rms = np.abs(np.diag(R)), _rms(term.matrix)
        if len(size) == term.q and (size > 1e-10 * rms * np.sqrt(len(term.matrix))).all():
            T = R / (np.sign(np.diag(R)) * np.sqrt(len(term.matrix)))[:, None]
            return _times_inverse(term.matrix, T), T
    rms = _rms(term.matrix)
    return (term.matrix if (rms == 1).all() else term.matrix / rms), np.diag(rms)


def _rms(A: Array) -> Array:
    """(q,) the root mean squares of the columns; 1 for a column of zeros."""
    rms = np.sqrt(np.einsum("ik,ik->k", A, A) / len(A))
    return np.where(rms > 0, rms, 1.0)


def _blocks(terms: Sequence[Term], columns: Sequence[Array], w: Array | None) -> tuple[Block, ...]:
    """One block for each grouping factor, the one with most random effects first."""
    groups: dict[str, list[int]] = {}
    for t, term in enumerate(terms):
        groups.setdefault(term.group, []).append(t)
    blocks = []
    for places in groups.values():
        Z = columns[places[0]] if len(places) == 1 else np.hstack([columns[t] for t in places])
        term = terms[places[0]]
        blocks.append(Block(tuple(places), Z if w is None else Z * w[:, None], term.codes, len(term.levels)))
    return tuple(sorted(blocks, key=lambda b: -b.m))
