"""Many responses of one design at once: the search of a bootstrap, one grouping factor, every replicate a row.

The same algebra as in ``point`` and ``curvature``, with a leading axis b for the replicates. What ends at an interior
minimum is done; the other replicates are told, and are left to a search of their own.
"""

from dataclasses import dataclass

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.batched import forward, root_of_one_plus
from lmmtext.fitter.curvature import weights_of_squares
from lmmtext.fitter.factor import objective
from lmmtext.fitter.merging import Groups
from lmmtext.fitter.search import DONE, SETTLED, SMALL
from lmmtext.fitter.starts import GRID
from lmmtext.fitter.statistics import Statistics

STEPS = 60  # evaluations of every replicate
HALVINGS = 12


@dataclass(frozen=True, eq=False)
class Values:
    """The criterion of b replicates, each at a theta of its own, with its derivatives."""

    objective: Array  # (b,)
    gradient: Array  # (b, ntheta)
    hessian: Array  # (b, ntheta, ntheta)
    L_D: Array  # (b, p + 1, p + 1)


class Together:
    """The criterion of one grouping factor for several responses of the same design."""

    def __init__(self, stats: list[Statistics], groups: list[Groups], reml: bool) -> None:
        self.stats, self.groups, self.reml = stats[0], groups[0], reml
        self.t = np.stack([g.t for g in groups])  # (B, N, q, p + 1)
        self.W_DD = np.stack([s.W_DD for s in stats])  # (B, p + 1, p + 1)
        self.scale = np.array([s.scale for s in stats])
        self.df = self.groups.n - self.stats.p * reml

    def Lambda(self, theta: Array) -> Array:
        """(b, q, q) the factors at theta, (b, ntheta)."""
        q = self.t.shape[2]
        (which, flat), out = self.stats.entries[0], np.zeros((len(theta), q * q))
        out[:, flat] = theta[:, which]
        return out.reshape(-1, q, q)

    def at(self, theta: Array, chosen: np.ndarray) -> Values:
        """Evaluate the chosen replicates at their thetas, (b, ntheta)."""
        (which, flat), E, groups = self.stats.entries[0], self.stats.units[0], self.groups
        b, (u, q), (N, width) = len(theta), groups.R.shape[:2], self.t.shape[1::2]
        of = np.zeros(N, dtype=np.intp) if u == 1 else np.arange(N) if groups.of is None else groups.of
        Lambda = self.Lambda(theta)
        L = root_of_one_plus((groups.R @ Lambda[:, None]).reshape(b * u, q, q))
        R = np.broadcast_to(groups.R, (b, u, q, q)).reshape(b * u, q, q)
        A = forward(L, R).reshape(b, u, q, q)
        L = L.reshape(b, u, q, q)
        Lt = forward(L[:, of].reshape(b * N, q, q), self.t[chosen].reshape(b * N, q, width)).reshape(b, N, q, width)
        rows = Lt.reshape(b, N * q, width)
        L_D = np.linalg.cholesky(self.W_DD[chosen] + _turned(rows) @ rows)
        logdet = 2 * np.log(np.diagonal(L, axis1=2, axis2=3)).sum(axis=2) @ groups.counts
        diagonals = np.diagonal(L_D, axis1=1, axis2=2)
        turn = _turned(np.linalg.inv(L_D))
        turn[:, :, -1] *= np.sqrt(self.df)
        k = _turned(A)[:, of] @ (Lt @ turn[:, None])  # (b, N, q, p + 1)
        counted = k if self.reml else k[..., -1:]
        F = (_turned(A) @ A).reshape(b, u, q * q)
        kk = (counted @ _turned(counted)).reshape(b, N, q * q)
        D = (groups.counts @ F - kk.sum(axis=1)).reshape(b, q, q)
        half = E @ _turned(Lambda)[:, None]
        S = (half + _turned(half)).reshape(b, len(E), q * q)
        X = 2 * _turned(F[:, of]) @ kk - _turned(F) * groups.counts @ F
        H = S @ X.reshape(b, q, q, q, q).transpose(0, 3, 1, 2, 4).reshape(b, q * q, q * q) @ _turned(S)
        flat_k = k.reshape(b, N, q * width)
        M = (_turned(flat_k) @ flat_k).reshape(b, q, width, q, width).transpose(0, 1, 3, 2, 4).reshape(b, q * q, -1)
        MS = S @ M
        H -= (MS * weights_of_squares(width, self.reml, self.df).reshape(-1)) @ _turned(MS)
        H += 2 * E.reshape(len(E), -1) @ _turned((D[:, None] @ E).reshape(b, len(E), -1))
        gradient, hessian = np.empty(theta.shape), np.empty(H.shape)
        gradient[:, which] = 2 * (D @ Lambda).reshape(b, -1)[:, flat]
        hessian[:, which[:, None], which] = H
        values = objective(self.stats, groups.n, self.reml, logdet, diagonals.T, self.scale[chosen])
        return Values(values, gradient, hessian, L_D)

    def minimise(self, start: Array) -> tuple[Array, Values, np.ndarray]:
        """Newton's method from one start for all; returns thetas, the values there, and which ended inside."""
        B = len(self.t)
        theta, everyone = np.tile(start, (B, 1)), np.arange(B)
        at = self.at(theta, everyone)
        kept = [a.copy() for a in (at.objective, at.gradient, at.hessian, at.L_D)]
        halved, active = np.zeros(B, dtype=int), everyone
        step, gain, small = self._step(theta, kept[1], kept[2])
        done = small.copy()
        for _ in range(STEPS):
            active = np.flatnonzero(~done & (halved <= HALVINGS))
            if not len(active):
                break
            tried = theta[active] + step[active] / 2.0 ** halved[active, None]
            new = self.at(tried, active)
            enough = np.minimum(1e-4 * gain[active], 1.0) / 4.0 ** halved[active]
            better = new.objective <= kept[0][active] - enough + 1e-14 * np.abs(kept[0][active])
            halved[active[~better]] += 1
            moved = active[better]
            if len(moved):
                theta[moved], halved[moved] = tried[better], 0
                for old, fresh in zip(kept, (new.objective, new.gradient, new.hessian, new.L_D), strict=True):
                    old[moved] = fresh[better]
                step[moved], gain[moved], done[moved] = self._step(theta[moved], kept[1][moved], kept[2][moved])
        values = Values(*kept)
        return theta, values, done & self._is_interior(theta, kept[2]) & self._is_lowest(values)

    def _step(self, theta: Array, gradient: Array, hessian: Array) -> tuple[Array, Array, np.ndarray]:
        """Newton steps, at most as long as the rows of Lambda; what they would gain; and which need not be taken."""
        (which, flat), Lambda = self.stats.entries[0], self.Lambda(theta)
        d = np.empty(theta.shape)
        d[:, which] = np.sqrt((Lambda**2).sum(axis=2))[:, flat // Lambda.shape[1]]
        d = np.maximum(d, 0.1)
        values, basis = np.linalg.eigh(hessian * d[:, :, None] * d[:, None, :])
        size = np.maximum(np.abs(values), 1e-13 * np.abs(values).max(axis=1, keepdims=True))
        along = (_turned(basis) @ (d * gradient)[:, :, None])[:, :, 0]
        gain = (along**2 / size).sum(axis=1) / 2
        step = -(basis @ (along / size)[:, :, None])[:, :, 0]
        length = np.sqrt((step**2).sum(axis=1))
        step = d * step / np.maximum(length, 1.0)[:, None]
        return step, gain, (gain <= DONE) & (np.abs(step).max(axis=1) <= SETTLED * np.abs(theta).max(axis=1))

    def _is_lowest(self, values: Values) -> np.ndarray:
        """With one theta, where no point of the grid that a search of its own begins with is lower."""
        lowest = np.ones(len(self.t), dtype=bool)
        if self.stats.structure.ntheta == 1:
            everyone = np.arange(len(self.t))
            for theta in GRID:
                tried = self.at(np.full((len(self.t), 1), theta), everyone).objective
                lowest &= tried >= values.objective - 1e-9
        return lowest

    def _is_interior(self, theta: Array, hessian: Array) -> np.ndarray:
        """Where every term has full rank and the criterion curves upwards."""
        inside, at, Lambda = np.linalg.eigvalsh(hessian)[:, 0] > 0, 0, self.Lambda(theta)
        for t in self.stats.blocks[0].terms:
            q = self.stats.structure.terms[t].q
            inside &= np.linalg.svd(Lambda[:, at : at + q, at : at + q], compute_uv=False)[:, -1] >= SMALL
            at += q
        return inside


def _turned(A: Array) -> Array:
    return np.swapaxes(A, -1, -2)
