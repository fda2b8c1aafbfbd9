"""The data reduced, once, to the cross-products that the criterion needs.

Everything is put on a standard scale first, so that no cross-product loses digits: X is replaced by the
orthonormal Q of X = Q R (rows weighted), y by its residual from X divided by its root mean square, and the
columns of a correlated random term by orthogonal ones, z' = z~' T. Estimates are carried back afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from lmmtext.arrays import Array, freeze
from lmmtext.design import Design
from lmmtext.fitter.blocks import Block, crossed, dense, dense_gram, group_qr
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
    U: Array  # (n, q)
    R: Array  # (J, q, q) upper triangular, a row of zeros for a column that others determine
    c: sparse.csr_array | Array  # (J q, m_r), dense where that is quicker
    W_rr: Array  # (m_r, m_r)
    D: Array  # (n, p + 1)
    R_X: Array  # (p, p)
    beta: Array  # (p,) least squares
    scale: float  # y = X beta + scale * y~
    log_weights: float
    t: Array  # (J q, p + 1)
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

    @cached_property
    def logdet_R_X(self) -> float:
        """log |R_X|, the part of the REML criterion that the coding of X decides."""
        return float(np.log(np.abs(np.diag(self.R_X))).sum())

    def factors(self, theta: Array) -> list[Array]:
        """For each block the q by q factor, its terms' factors along the diagonal."""
        each = self.structure.factors(theta)
        out: list[Array] = []
        for block in self.blocks:
            factor: Array
            factor, at = np.zeros((block.q, block.q)), 0
            for t in block.terms:
                q = len(each[t])
                factor[at : at + q, at : at + q] = each[t]
                at += q
            out.append(factor)
        return out

    def with_response(self, y: Array) -> "Statistics":
        """Return the statistics of another response (weighted and without its offset), reusing all else."""
        beta, scale, residual = _standardised(self.D[:, :-1], self.R_X, y)
        D = np.column_stack([self.D[:, :-1], residual])
        return replace(self, D=D, beta=beta, scale=scale, **_data_products(self.blocks, self.U, D))


def statistics(design: Design) -> Statistics:
    """Reduce a design to its sufficient statistics.

    Raises MemoryError when the grouping factors after the first have so many levels that their dense
    system would not fit; the message gives its size.
    """
    w = None if design.weights is None else np.sqrt(design.weights)
    Xw = design.X if w is None else design.X * w[:, None]
    Q, R_X = np.linalg.qr(Xw)
    y = weighted_response(design, design.y)
    beta, scale, residual = _standardised(Q, R_X, y)
    D = np.column_stack([Q, residual])
    orthogonal, bases = zip(*(_basis(term) for term in design.terms), strict=True)
    blocks = _blocks(design.terms, orthogonal, w)
    first, *rest = blocks
    m_r = sum(b.m for b in rest)
    if 8 * 4 * m_r**2 > DENSE_BYTES:
        listed = ", ".join(f"{design.terms[b.terms[0]].group} ({b.m})" for b in rest)
        raise MemoryError(
            f"the random effects of {listed} would need a dense system of {m_r} rows, "
            f"{8 * 4 * m_r**2 / 2**30:.0f} GiB. Fit fewer or coarser grouping factors."
        )
    U, R = group_qr(first)
    orthonormal = replace(first, columns=U)
    c = crossed(orthonormal, rest)
    return Statistics(
        structure=design.structure,
        blocks=blocks,
        bases=bases,
        U=U,
        R=R,
        c=c,
        W_rr=dense_gram(rest) - dense(c.T @ c),
        D=D,
        R_X=R_X,
        beta=beta,
        scale=scale,
        log_weights=0.0 if design.weights is None else float(np.log(design.weights).sum()),
        **_data_products(blocks, U, D),
    )


def weighted_response(design: Design, y: Array) -> Array:
    """The response less its offset, times the roots of the weights."""
    y = y if design.offset is None else y - design.offset
    return y if design.weights is None else y * np.sqrt(design.weights)


def _standardised(Q: Array, R: Array, y: Array) -> tuple[Array, float, Array]:
    """Least squares coefficients, scale and standardised residual of y on X = Q R."""
    residual = y - Q @ (Q.T @ y)
    residual -= Q @ (Q.T @ residual)  # once more: orthogonal to working precision
    scale = float(np.linalg.norm(residual) / np.sqrt(len(y)))
    if scale <= 1e-14 * float(np.abs(y).max(initial=0.0)) * np.sqrt(len(y)):
        raise ValueError("the fixed effects fit the response exactly: no variance is left to be divided.")
    return np.linalg.solve(R, Q.T @ y), scale, residual / scale


def _basis(term: Term) -> tuple[Array, Array]:
    """Columns z~ (n, q) and T (q, q) with z' = z~' T; z~ is orthogonal if the term's covariance is free.

    A term whose columns depend on each other keeps them, scaled: any z~ is valid, some are more accurate.
    """
    rms = np.sqrt((term.matrix**2).mean(axis=0))
    rms = np.where(rms > 0, rms, 1.0)
    if term.q > 1:
        Q, R = np.linalg.qr(term.matrix)
        size = np.abs(np.diag(R))
        if len(size) == term.q and (size > 1e-10 * rms * np.sqrt(len(Q))).all():
            signs = np.sign(np.diag(R)) * np.sqrt(len(Q))
            return Q * signs, R / signs[:, None]
    return term.matrix / rms, np.diag(rms)


def _blocks(terms: Sequence[Term], columns: Sequence[Array], w: Array | None) -> tuple[Block, ...]:
    """One block for each grouping factor, the one with most random effects first."""
    groups: dict[str, list[int]] = {}
    for t, term in enumerate(terms):
        groups.setdefault(term.group, []).append(t)
    blocks = []
    for places in groups.values():
        Z = np.hstack([columns[t] for t in places])
        term = terms[places[0]]
        blocks.append(Block(tuple(places), Z if w is None else Z * w[:, None], term.codes, len(term.levels)))
    return tuple(sorted(blocks, key=lambda b: -b.m))


def _data_products(blocks: Sequence[Block], U: Array, D: Array) -> dict[str, Any]:
    """t, W_rD and W_DD; what lies within groups is summed from residuals, not by subtraction."""
    first, *rest = blocks
    orthonormal = replace(first, columns=U)
    t = orthonormal.sums(D)
    E = D - orthonormal.times(t)
    W_rD = np.vstack([b.sums(E) for b in rest]) if rest else np.zeros((0, D.shape[1]))
    return {"t": t, "W_rD": W_rD, "W_DD": E.T @ E}
