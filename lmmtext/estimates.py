"""Everything that a fitted linear mixed model knows, in the units and under the names of the data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

from lmmtext.arrays import Array, readonly
from lmmtext.design import Design
from lmmtext.fitter import Optimum, Statistics, group_qr, invisible
from lmmtext.structure import lower_form
from lmmtext.terms import determined_by_fixed

T = TypeVar("T")
UNMOVED = 1e-6  # the part of a direction, relative to its largest, that counts as none


class fresh(Generic[T]):
    """A property computed once, of which everybody gets a copy: pandas objects can be written to, a fit cannot."""

    def __init__(self, method: Callable[[Any], T]) -> None:
        self.method, self.__doc__ = method, method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = f"_{name}_kept"

    def __get__(self, fit: Any, owner: type | None = None) -> T:
        if fit is None:
            return self  # type: ignore[return-value]
        if self.key not in vars(fit):
            vars(fit)[self.key] = self.method(fit)
        kept = vars(fit)[self.key]
        return {k: v.copy() for k, v in kept.items()} if isinstance(kept, dict) else kept.copy()  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class TermCovariance:
    """Sigma, the covariance of one random term's coefficients, with its standard deviations and correlations."""

    group: str
    columns: tuple[str, ...]
    Sigma: Array  # (q, q), in squared units of y per unit of each column

    @property
    def covariance(self) -> pd.DataFrame:
        """Sigma with the names of its coefficients."""
        return pd.DataFrame(self.Sigma.copy(), index=list(self.columns), columns=list(self.columns))

    @property
    def sd(self) -> pd.Series:
        """Standard deviations, (q,)."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), index=self.covariance.index, name="sd")

    @property
    def corr(self) -> pd.DataFrame:
        """Correlations, (q, q); not a number where a standard deviation is zero."""
        sd = self.sd.where(self.sd > 0).to_numpy()
        corr = pd.DataFrame(self.covariance / np.outer(sd, sd))
        return corr.mask(np.eye(len(sd), dtype=bool) & ~np.isnan(sd), 1.0)

    def __repr__(self) -> str:
        table = pd.concat([self.sd, self.corr], axis="columns", keys=["sd", "correlation"]).round(4)
        return f"{self.group}\n{table}"


@dataclass(frozen=True, eq=False)
class Estimates:
    """The estimates of y = X beta + Z alpha + epsilon at the optimum of its criterion.

    Var(alpha) = sigma2 Lambda(theta) Lambda(theta)', Var(epsilon) = sigma2 W^-1. Frozen: a fit of other
    data, or of another model, is another object.
    """

    design: Design
    criterion: str
    stats: Statistics
    optimum: Optimum

    # --- the criterion ---

    @property
    def objective(self) -> float:
        """-2 log L for criterion "ml", the REML criterion for "reml", with every constant, as in lme4."""
        return self.optimum.at.objective

    @property
    def loglik(self) -> float:
        """The maximised log-likelihood, restricted for criterion "reml"."""
        return -self.objective / 2

    @property
    def npar(self) -> int:
        """Parameters estimated: beta, theta and sigma."""
        return self.design.p + self.design.structure.ntheta + 1

    @property
    def aic(self) -> float:
        """objective + 2 npar."""
        return self.objective + 2 * self.npar

    @property
    def bic(self) -> float:
        """objective + log(n) npar."""
        return self.objective + float(np.log(self.nobs)) * self.npar

    @property
    def nobs(self) -> int:
        """Observations used."""
        return self.design.n

    @property
    def converged(self) -> bool:
        """Whether the search ended at a minimum."""
        return self.optimum.converged

    @property
    def message(self) -> str:
        """How the search ended, in words, and which covariances the design does not identify."""
        return "; ".join([self.optimum.message, *(f"not identified: {told}" for told in self.unidentified)])

    @fresh
    def path(self) -> pd.DataFrame:
        """The points that the search went through: descent (one for each start), theta, objective."""
        names = [f"theta{k}" for k in range(self.design.structure.ntheta)]
        rows = [
            [descent, *self.design.structure.theta(self._unscaled(theta)), value]
            for descent, theta, value in self.optimum.path
        ]
        return pd.DataFrame(rows, columns=["descent", *names, "objective"])

    # --- fixed effects ---

    @cached_property
    def beta(self) -> Array:
        """(p,) generalised least squares estimates beta_hat, in the units of y per unit of each column."""
        s, at = self.stats, self.optimum.at
        return readonly(s.beta + s.scale * np.linalg.solve(s.R_X, at.beta))

    @fresh
    def fixef(self) -> pd.Series:
        """The estimates beta_hat under the names of their columns."""
        return pd.Series(self.beta, index=list(self.design.X_names), name="fixef")

    @fresh
    def vcov(self) -> pd.DataFrame:
        """Covariance (X'V^-1X)^-1 of beta_hat at the estimated V."""
        s, at = self.stats, self.optimum.at
        half = np.linalg.solve(at.L_D[:-1, :-1], np.eye(s.p)) @ np.linalg.inv(s.R_X).T if s.p else np.zeros((0, 0))
        names = list(self.design.X_names)
        return pd.DataFrame(at.sigma2 * half.T @ half, index=names, columns=names)

    @fresh
    def stderr(self) -> pd.Series:
        """Standard errors of beta_hat: roots of the diagonal of ``vcov``."""
        return pd.Series(np.sqrt(np.diag(self.vcov)), index=self.vcov.index, name="stderr")

    # --- variances ---

    @property
    def sigma2(self) -> float:
        """Residual variance (of an observation of weight one)."""
        return self.optimum.at.sigma2

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return float(np.sqrt(self.sigma2))

    @cached_property
    def theta(self) -> Array:
        """Parameters of the relative covariance factor Lambda, in lme4's order and sign."""
        return readonly(self.design.structure.theta(self.factors))

    @cached_property
    def varcorr(self) -> Mapping[str, TermCovariance]:
        """For each random term its covariance; terms of the same group are told apart as in lme4 (`g`, `g.1`)."""
        out: dict[str, TermCovariance] = {}
        for term, factor in zip(self.design.terms, self.factors, strict=True):
            again = sum(other.group == term.group for other in out.values())
            Sigma = readonly(self.sigma2 * factor @ factor.T)
            out[f"{term.group}.{again}" if again else term.group] = TermCovariance(term.group, term.columns, Sigma)
        return MappingProxyType(out)

    @cached_property
    def boundary(self) -> tuple[str, ...]:
        """The components on the edge of the parameter space, in words; empty for an interior fit."""
        out = []
        for term, factor, rank in zip(self.design.terms, self.factors, self.optimum.ranks, strict=True):
            if rank == term.q:
                continue
            zero = [c for c, row in zip(term.columns, factor, strict=True) if not row.any()]
            out += [f"{term.group}: the variance of {name} is zero" for name in zero]
            left = [c for c in term.columns if c not in zero]
            if len(left) == 2 and rank == 1:
                rows = factor[[term.columns.index(c) for c in left]]
                sign = "+1" if rows[0] @ rows[1] > 0 else "-1"
                out.append(f"{term.group}: the correlation of {left[0]} and {left[1]} is {sign}")
            elif len(left) > rank:
                out.append(f"{term.group}: the covariance of {', '.join(left)} has rank {rank} instead of {len(left)}")
        return tuple(out)

    @cached_property
    def unidentified(self) -> tuple[str, ...]:
        """What the covariance V of the data leaves open of each factor's covariances, in words; mostly nothing.

        Other values give the same V, and so the same criterion for every response. Each factor is looked at by itself.
        By REML, where only contrasts count, coefficients that the fixed effects determine in every group are named too.
        Book label: thm-identified-variances.
        """
        out = []
        for b, block in enumerate(self.stats.blocks):
            if block.q == 1:
                continue  # some group has two rows, or the design was refused
            terms = [self.design.terms[t] for t in block.terms]
            moves, s = invisible(self.stats.first if b == 0 else group_qr(block), [t.q for t in terms])
            known = sum(t.shape.ntheta for t in terms) + 1 - len(s)
            free: list[str] = []
            for t, term, D in zip(block.terms, terms, moves, strict=True):
                back = np.linalg.inv(self.stats.bases[t])
                free += _free(term.columns, back @ D @ back.T, np.sqrt((term.matrix**2).mean(axis=0)))
            free += ["the residual variance"] if np.abs(s).max(initial=0.0) > UNMOVED else []
            if free:
                covariances = any("covariance" in told for told in free)
                out.append(
                    f"{terms[0].group}: {', '.join(free)} (the data know {known} numbers where the model has "
                    f"{known + len(s)}, the residual variance among them); let fewer coefficients vary by "
                    f"{terms[0].group}" + (", or leave their covariances out" if covariances else "")
                )
        for term in self.design.terms if self.criterion == "reml" else ():
            if names := determined_by_fixed(term, self.design.X):
                out.append(
                    f"{term.group}: by REML the variance of {' and '.join(names)}, for the fixed effects determine "
                    f"{'it' if len(names) == 1 else 'a coefficient made of them'} for each level of {term.group}; "
                    "leave one of the two out"
                )
        return tuple(out)

    # --- random effects ---

    @fresh
    def ranef(self) -> dict[str, pd.DataFrame]:
        """Conditional modes (BLUPs) of the random effects: for each grouping factor, levels by coefficients."""
        return {
            group: pd.DataFrame(modes, index=pd.Index(levels, name=group), columns=columns)
            for group, levels, columns, modes in self._by_group(
                [self.stats.scale * a @ T.T for a, T in zip(self.optimum.at.modes, self._inverse_bases, strict=True)]
            )
        }

    @cached_property
    def condvar(self) -> Mapping[str, Array]:
        """Conditional covariances sigma2 Lambda M^-1 Lambda' of the random effects: for each factor, (J, q, q).

        Rows and columns are those of ``ranef``; they cross the terms of a factor, `||` ones too.
        """
        relative = self.optimum.at.relative_condvar
        scaled = [self.sigma2 * T @ K @ T.T for K, T in zip(relative, self._inverse_bases, strict=True)]
        return MappingProxyType({group: readonly(K) for group, _, _, K in self._by_group(scaled)})

    @fresh
    def coef(self) -> dict[str, pd.DataFrame]:
        """Each group's own coefficients beta_j = beta + alpha_j: for each grouping factor, levels by coefficients.

        Coefficients that do not vary are the fixed effects in every row, as in lme4.
        """
        out = {}
        for group, modes in self.ranef.items():
            names = [*self.fixef.index, *(c for c in modes.columns if c not in self.fixef.index)]
            own = modes.reindex(columns=names, fill_value=0.0)
            out[group] = own.add(self.fixef.reindex(names, fill_value=0.0), axis="columns")
        return out

    # --- observations ---

    @fresh
    def residuals(self) -> pd.Series:
        """y - X beta_hat - Z alpha_hat (less the offset), in the units of y."""
        weighted, w = self.optimum.at.residual, self.design.weights
        values = weighted if w is None else weighted / np.sqrt(w)
        return pd.Series(values, index=self.design.index, name="residuals")

    @fresh
    def fitted(self) -> pd.Series:
        """X beta_hat + Z alpha_hat (with the offset), in the units of y."""
        return pd.Series(self.design.y - self.residuals.to_numpy(), index=self.design.index, name="fitted")

    @cached_property
    def Qy(self) -> Array:
        """V^-1 (y - X beta_hat), (n,), from which alpha_hat = G Z'Qy and the residual = sigma2 W^-1 Qy follow."""
        w = self.design.weights
        return readonly(self.residuals.to_numpy() * (1.0 if w is None else w) / self.sigma2)

    # --- from the fitter's scaled variables to those of the data ---

    @cached_property
    def factors(self) -> tuple[Array, ...]:
        """Each term's lower triangular factor, in the columns of the data."""
        return self._unscaled(self.optimum.at.theta)

    def _unscaled(self, theta: Array) -> tuple[Array, ...]:
        return tuple(
            lower_form(np.linalg.solve(T, L[:, L.any(axis=0)]))
            for T, L in zip(self.stats.bases, self.design.structure.factors(theta), strict=True)
        )

    @cached_property
    def _inverse_bases(self) -> tuple[Array, ...]:
        """For each block T^-1, (q, q), over all its terms: alpha = T^-1 alpha~."""
        out = []
        for block in self.stats.blocks:
            inverse, at = np.zeros((block.q, block.q)), 0
            for t in block.terms:
                q = self.design.terms[t].q
                inverse[at : at + q, at : at + q] = np.linalg.inv(self.stats.bases[t])
                at += q
            out.append(inverse)
        return tuple(out)

    def _by_group(self, blocks: Sequence[Array]) -> Iterator[tuple[str, pd.Index, list[str], Array]]:
        """The blocks in the order of the terms, each with its group, levels and coefficients."""
        order = sorted(range(len(blocks)), key=lambda b: self.stats.blocks[b].terms[0])
        for b in order:
            terms = [self.design.terms[t] for t in self.stats.blocks[b].terms]
            yield terms[0].group, terms[0].levels, [c for t in terms for c in t.columns], blocks[b]


def _free(columns: Sequence[str], directions: Array, size: Array) -> list[str]:
    """The elements of a term's covariance that move along some direction, (k, q, q), in words.

    `size` are root mean squares of the columns, (q,), by which all elements get one unit.
    """
    moved = np.abs(directions * np.outer(size, size)).max(axis=0, initial=0.0)
    is_free = moved > UNMOVED * moved.max(initial=UNMOVED)
    variances = [f"the variance of {c}" for k, c in enumerate(columns) if is_free[k, k]]
    pairs = [(a, b) for b in range(len(columns)) for a in range(b) if is_free[a, b]]
    return variances + [f"the covariance of {columns[a]} and {columns[b]}" for a, b in pairs]
