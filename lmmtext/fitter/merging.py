"""Groups with equal designs done once: what the criterion needs of the first grouping factor, and no more.

The criterion sees group j only through R_j and, in D'V_0^-1 D, through t_j't_j weighted by P_j^-1. Groups with the
same R share P, and together they can be replaced by as many rows as their coefficients have: the triangular factor
of their stacked t. A balanced design then costs the same whatever its number of groups.
"""

from dataclasses import dataclass

import numpy as np

from lmmtext.arrays import Array, freeze
from lmmtext.fitter.statistics import Statistics

WORTH = 8  # so many times more equal groups than columns make it worth to factor them


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of the first factor: u different ones, ``counts`` of each, and what stands for their data."""

    R: Array  # (u, q, q)
    counts: Array  # (u,)
    t: Array  # (N, q, p + 1)
    of: np.ndarray | None  # (N,) which of the u each row of t belongs to; None if there is one row for each
    W_DD: Array  # (p + 1, p + 1)
    n: int

    def __post_init__(self) -> None:
        freeze(self)

    def thinned(self, step: int) -> "Groups":
        """Every so manyth group, for a first look: the criterion of a part of the data."""
        R, counts = self.R[::step], self.counts[::step]
        part = float(counts.sum() / self.counts.sum())
        t, of = self.t[::step], None
        if self.of is not None:
            kept = self.of % step == 0
            t, of = self.t[kept], self.of[kept] // step
        return Groups(R, counts, t, of, self.W_DD * part, max(2, round(self.n * part)))


def separate(stats: Statistics) -> Groups:
    """Every group by itself."""
    return Groups(stats.R, np.ones(len(stats.R)), stats.t, None, stats.W_DD, stats.n)


def merged(stats: Statistics) -> Groups:
    """Put groups with exactly equal R together; all stay apart when other factors tell them from each other."""
    if len(stats.blocks) > 1 or stats.first.kinds is None:
        return separate(stats)
    R, t = stats.R, stats.t
    of, representatives = stats.first.kinds
    counts = np.bincount(of).astype(float)
    R = R[representatives]
    width = t.shape[1] * t.shape[2]
    many = counts > WORTH * width
    if many.any():
        rows = [t[~many[of]]]
        which = [of[~many[of]]]
        order = np.argsort(of.astype(np.uint16) if len(R) < 2**16 else of, kind="stable")  # few kinds: by counting
        ends = np.cumsum(counts).astype(int)
        for u in np.flatnonzero(many):
            members = order[ends[u] - int(counts[u]) : ends[u]]
            factor = np.asarray(np.linalg.qr(t[members].reshape(len(members), width), mode="r"))
            rows.append(factor.reshape(-1, *t.shape[1:]))
            which.append(np.full(len(factor), u))
        t, of = np.concatenate(rows), np.concatenate(which)
    return Groups(R, counts, t, of, stats.W_DD, stats.n)
