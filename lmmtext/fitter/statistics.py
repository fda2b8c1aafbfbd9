"""The data reduced, once, to the cross-products that the criterion needs.

Everything is put on a standard scale first, so that no cross-product loses digits: X is replaced by Q of X = Q R
with orthonormal columns (rows weighted), y by its residual from X divided by its root mean square, and the
columns of a correlated random term by orthogonal ones, z' = z~' T. Estimates are carried back afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy  # its parts are imported when they are first used

from lmmtext.arrays import Array, freeze
from lmmtext.coding import well_conditioned_root
from lmmtext.design import Design
from lmmtext.fitter.blocks import Block, Orthogonal, closed, gram, group_qr
from lmmtext.fitter.coupling import Coupling, SparseCoupling, WideCoupling, coupling
from lmmtext.fitter.stages import Plan, plan
from lmmtext.structure import Structure
from lmmtext.terms import Term

DENSE_BYTES = 6 * 2**30  # the largest system of the factors after the first that is made dense
OF_THE_MODEL = (
    "logdet_R_X",
    "rest",
    "entries",
    "units",
    "order",
)  # what is kept with the statistics, whatever the response
SPARSE_FROM = 400  # random effects of the later factors from which it is tried to eliminate them in stages

Rest = tuple[tuple[Block, slice], ...]


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
    W_rr: Array | scipy.sparse.csr_array  # (m_r, m_r)
    plan: Plan | None  # how the system of the rest is factored; None: densely
    D: Array  # (n, p + 1)
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
    def m_r(self) -> int:
        """Random effects of the blocks after the first."""
        return len(self.W_rD)

    @property
    def R(self) -> Array:
        """(J, q, q) upper triangular, a row of zeros for a column that others determine."""
        return self.first.R

    @cached_property
    def rest(self) -> Rest:
        """The blocks after the first, each with its place among their random effects."""
        ends = np.cumsum([0, *(b.m for b in self.blocks[1:])]).tolist()
        return tuple((b, slice(at, end)) for b, at, end in zip(self.blocks[1:], ends, ends[1:], strict=False))

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

    def with_response(self, y: Array) -> Statistics:
        """Return the statistics of another response (weighted and without its offset), reusing all else."""
        D = self.D.copy(order="F")
        beta, scale = _standardise(D, self.R_X, y)
        t = np.concatenate([self.t[:, :, :-1], self.first.project(D[:, -1:])], axis=2)
        W_DD, W_rD = _within(self.first, self.blocks[1:], D, t)
        out = replace(self, D=D, beta=beta, scale=scale, t=t, W_rD=W_rD, W_DD=W_DD)
        vars(out).update({name: vars(self)[name] for name in OF_THE_MODEL if name in vars(self)})
        return out


def statistics(design: Design) -> Statistics:
    """Reduce a design to its sufficient statistics.

    Raises MemoryError when the grouping factors after the first are crossed so much, with so many levels, that their
    dense system would not fit; the message gives its size.
    """
    w = None if design.weights is None else np.sqrt(design.weights)
    D = np.empty((design.n, design.p + 1), order="F")
    R_X = _orthonormal(design.X if w is None else design.X * w[:, None], D[:, :-1])
    beta, scale = _standardise(D, R_X, weighted_response(design, design.y))
    orthogonal, bases = zip(*(_basis(term) for term in design.terms), strict=True)
    blocks = _blocks(design.terms, orthogonal, w)
    first = group_qr(blocks[0])
    t = first.project(D)
    c, W_rr, order = _rest(design, first, blocks)
    W_DD, W_rD = _within(first, blocks[1:], D, t)
    return Statistics(
        structure=design.structure,
        blocks=blocks,
        bases=bases,
        first=first,
        c=c,
        W_rr=W_rr,
        plan=order,
        D=D,
        R_X=R_X,
        beta=beta,
        scale=scale,
        log_weights=0.0 if design.weights is None else float(np.log(design.weights).sum()),
        t=t,
        W_rD=W_rD,
        W_DD=W_DD,
    )


def _rest(
    design: Design, first: Orthogonal, blocks: Sequence[Block]
) -> tuple[Coupling, Array | scipy.sparse.csr_array, Plan | None]:
    """c and W_rr of the factors after the first, and how their system is factored."""
    rest = blocks[1:]
    if not rest:
        return coupling(blocks[0], ()), np.zeros((0, 0)), None
    c = coupling(first.unit, rest)
    m_r = sum(b.m for b in rest)
    core = m_r
    if m_r > SPARSE_FROM and isinstance(c, SparseCoupling) and (wide := c.wide()) is not None:
        inner, outer = gram(rest), wide.gram()
        order = plan(closed(rest, inner + outer))
        core = order.core
        if core <= m_r / 2:
            c, W_rr = wide, scipy.sparse.csr_array(inner - outer)
    if 8 * 4 * core**2 > DENSE_BYTES:
        listed = ", ".join(f"{design.terms[b.terms[0]].group} ({b.m})" for b in rest)
        raise MemoryError(
            f"the random effects of {listed} are crossed so much that a dense system of {core} rows is left, "
            f"{8 * 4 * core**2 / 2**30:.0f} GiB. Fit fewer or coarser grouping factors."
        )
    if isinstance(c, WideCoupling):
        return c, W_rr, order
    lower = np.tril(gram(rest).toarray() - c.gram())
    return c, lower + np.tril(lower, -1).T, None


def weighted_response(design: Design, y: Array) -> Array:
    """The response less its offset, times the roots of the weights."""
    y = y if design.offset is None else y - design.offset
    return y if design.weights is None else y * np.sqrt(design.weights)


def _within(first: Orthogonal, rest: Sequence[Block], D: Array, t: Array) -> tuple[Array, Array]:
    """W_DD = E'E and W_rD = Z_r'E, with E = D - U t; E is kept as a whole only where later factors need it."""
    W_DD = np.zeros((D.shape[1],) * 2)
    E = np.empty(D.shape, order="F") if rest else None
    for rows, part in first.remainders(D, t):
        W_DD += part.T @ part
        if E is not None:
            E[rows] = part
    return W_DD, np.zeros((0, D.shape[1])) if E is None else np.vstack([b.sums(E) for b in rest])


def _orthonormal(X: Array, Q: Array) -> Array:
    """Fill Q, (n, p), with orthonormal columns, X = Q R, and return R (p, p).

    By the Cholesky factor of X'X where that loses nothing, else by Householder's QR.
    """
    R = well_conditioned_root(X)
    if R is None:
        Q[:], R = np.linalg.qr(X)
    else:
        _times_inverse(X, R, Q)
    return R


def _times_inverse(X: Array, R: Array, Q: Array) -> None:
    """Fill Q with X R^-1 for an upper triangular R, by operations that treat equal rows of X equally."""
    for k in range(X.shape[1]):
        column = X[:, k]
        for i in range(k):
            column = column - R[i, k] * Q[:, i]
        np.divide(column, R[k, k], out=Q[:, k])


def _standardise(D: Array, R: Array, y: Array) -> tuple[Array, float]:
    """Fill the last column of D = [Q, y~] with the standardised residual of y on X = Q R.

    Returns the least squares coefficients and the scale, y = X beta + scale * y~.
    """
    Q, residual = D[:, :-1], D[:, -1]
    along = Q.T @ y
    np.matmul(Q, along, out=residual)
    np.subtract(y, residual, out=residual)
    again = Q.T @ residual
    for k in range(len(again)):  # once more: orthogonal to working precision
        np.subtract(residual, Q[:, k] * again[k], out=residual)
    scale = float(np.sqrt(residual @ residual / len(y)))
    if scale <= 1e-14 * float(max(y.max(initial=0.0), -y.min(initial=0.0))) * np.sqrt(len(y)):
        raise ValueError("the fixed effects fit the response exactly: no variance is left to be divided.")
    residual /= scale
    return np.linalg.solve(R, along + again), scale


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
            columns = np.empty(term.matrix.shape, order="F")
            _times_inverse(term.matrix, T, columns)
            return columns, T
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
