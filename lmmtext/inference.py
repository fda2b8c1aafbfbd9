"""Intervals and comparisons of fitted models."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lmmtext.arrays import Array
from lmmtext.estimates import Estimates
from lmmtext.terms import Term


def confint(fit: Estimates, level: Any = 0.95) -> pd.DataFrame:
    """Return Wald intervals beta_hat +- z stderr for the fixed effects, with V taken as known.

    Parameters
    ----------
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    DataFrame
        Columns ``estimate``, ``lower``, ``upper``; the heading, and ``attrs["method"]``, say that they are Wald's.

    Raises
    ------
    ValueError
        If the level is no number between 0 and 1.
    """
    from scipy.special import ndtri

    if isinstance(level, str) or not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level!r}.")
    half = float(ndtri((1 + level) / 2)) * fit.stderr
    table = pd.DataFrame({"estimate": fit.fixef, "lower": fit.fixef - half, "upper": fit.fixef + half})
    table.columns.name = f"Wald {level:.0%}"
    table.attrs |= {"method": "Wald", "level": level}
    return table


@dataclass(frozen=True, eq=False)
class Comparison:
    """A likelihood ratio test of two nested models.

    ``pvalue`` refers the statistic to chi-square with ``df`` degrees of freedom; ``boundary_pvalue`` to the
    50:50 mixture of chi-squares with df - 1 and df, or is None where that does not apply; ``note`` says why.
    """

    table: pd.DataFrame
    statistic: float
    df: int
    pvalue: float
    boundary_pvalue: float | None
    note: str

    def __repr__(self) -> str:
        mixture = "" if self.boundary_pvalue is None else f", 50:50 mixture p = {self.boundary_pvalue:.4g}"
        test = f"chi-square = {self.statistic:.4f} on {self.df} df, p = {self.pvalue:.4g}{mixture}"
        return f"{self.table.to_string(float_format='{:.3f}'.format)}\n{test}\n{self.note}"

    def _repr_html_(self) -> str:
        mixture = "" if self.boundary_pvalue is None else f"; 50:50 mixture <i>p</i> = {self.boundary_pvalue:.4g}"
        test = f"&chi;<sup>2</sup> = {self.statistic:.4f} on {self.df} df, <i>p</i> = {self.pvalue:.4g}{mixture}"
        return f"{self.table.to_html(float_format='{:.3f}'.format)}<p>{test}.<br>{self.note}</p>"


def compare(m0: Estimates, m1: Estimates) -> Comparison:
    """Compare two nested models of the same data by their likelihood ratio.

    The statistic is objective(m0) - objective(m1) for the smaller model first (the two are put in order).
    When the models differ in one variance, which is zero in the smaller one, the chi-square is too large a
    reference: the right one is half chi-square(df - 1), half chi-square(df) (Self and Liang, 1987,
    doi:10.1080/01621459.1987.10478472; Stram and Lee, 1994, doi:10.2307/2533455).

    Parameters
    ----------
    m0, m1 : Fit
        Two fits of the same responses by the same criterion, in either order.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError
        If one is no fit.
    ValueError
        For fits of other data, by other criteria, by REML with different fixed effects, and for models of which
        the smaller is not contained in the larger.

    Examples
    --------
    >>> from lmmtext import lmm, load
    >>> data = load("sleepstudy")
    >>> small, large = lmm("Reaction ~ Days + (1 | Subject)", data), lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> found = compare(small, large)
    >>> found.df, round(found.statistic, 3)
    (2, 42.837)
    """
    from scipy.special import chdtrc

    for m in (m0, m1):
        if not isinstance(m, Estimates):
            raise TypeError(f"compare takes two fits of lmm, got {type(m).__name__}.")
    m0, m1 = sorted((m0, m1), key=lambda m: m.npar)
    _check_comparable(m0, m1)
    _check_nested(m0, m1)
    df, statistic = m1.npar - m0.npar, m0.objective - m1.objective
    if statistic < -1e-6:
        raise ValueError(
            f"the model with more parameters fits worse (by {-statistic:.4g}), so it does not contain the smaller."
        )
    statistic = max(statistic, 0.0)
    pvalue = float(chdtrc(df, statistic)) if statistic else 1.0
    applies, note = _mixture(m0, m1)
    mixture = None
    if applies:
        lower = float(chdtrc(df - 1, statistic)) if df > 1 and statistic else float(statistic == 0)
        mixture = (lower + pvalue) / 2
    table = pd.DataFrame(
        {
            "npar": [m.npar for m in (m0, m1)],
            "objective": [m.objective for m in (m0, m1)],
            "AIC": [m.aic for m in (m0, m1)],
            "BIC": [m.bic for m in (m0, m1)],
        },
        index=[m.design.formula.text for m in (m0, m1)],
    )
    return Comparison(table, statistic, df, pvalue, mixture, note)


def _check_comparable(m0: Estimates, m1: Estimates) -> None:
    a, b = m0.design, m1.design
    if m0.criterion != m1.criterion:
        raise ValueError(f"the fits must have one criterion, got {m0.criterion!r} and {m1.criterion!r}.")
    if a.n != b.n or not np.array_equal(a.y, b.y):
        what = f"they have {a.n} and {b.n} rows" if a.n != b.n else "their values differ"
        raise ValueError(f"the fits must be of the same responses; {what}.")
    for name, v, w in (("weights", a.weights, b.weights), ("offset", a.offset, b.offset)):
        if (v is None) != (w is None) or (v is not None and w is not None and not np.array_equal(v, w)):
            raise ValueError(f"the fits must have the same {name}.")
    if m0.criterion == "reml" and (a.X_names != b.X_names or not np.array_equal(a.X, b.X)):
        raise ValueError(
            "REML criteria of models with different fixed effects are likelihoods of different data and cannot be "
            "compared. Fit both with criterion='ml'."
        )
    if m0.npar == m1.npar:
        raise ValueError(
            f"the models have the same number of parameters, {m0.npar}: neither is contained in the other."
        )


def _check_nested(m0: Estimates, m1: Estimates) -> None:
    a, b = m0.design, m1.design
    if not _spans(b.X, a.X):
        raise ValueError(
            "the fixed effects of the smaller model are not among those of the larger: the models are not nested, "
            "and a likelihood ratio has no chi-square distribution. Compare AIC instead."
        )
    for term in a.terms:
        if not any(_contains(other, term) for other in b.terms):
            raise ValueError(
                f"no random term of the larger model contains ({' + '.join(term.columns)} | {term.group}) of the "
                "smaller: the models are not nested. Compare AIC instead."
            )


def _spans(A: Array, B: Array) -> bool:
    """Whether the columns of A span those of B."""
    left = B - A @ np.linalg.lstsq(A, B)[0] if A.shape[1] else B
    return bool((np.linalg.norm(left, axis=0) <= 1e-7 * np.linalg.norm(B, axis=0)).all())


def _contains(large: Term, small: Term) -> bool:
    """Whether every covariance that `small` gives to y is one that `large` can give.

    So it is when the groups are the same, and the columns of `large` span those of `small`; and when the groups
    a:b of `small` are those of `large` crossed with b, and its columns span those of `small` times each level of b.
    """
    pairs = len(np.unique(large.codes * len(small.levels) + small.codes))
    if pairs == len(small.levels) == len(large.levels):
        return _spans(large.matrix, small.matrix)
    outer = {name for name, _ in large.factors}
    if not outer < {name for name, _ in small.factors}:
        return False
    codes = np.unravel_index(small.combinations[small.codes], [len(levels) for _, levels in small.factors])
    rest = [code for code, (name, _) in zip(codes, small.factors, strict=True) if name not in outer]
    cells = np.unique(np.column_stack(rest), axis=0, return_inverse=True)[1].ravel()
    if cells.max() >= large.q:
        return False
    return all(_spans(large.matrix, small.matrix * (cells == cell)[:, None]) for cell in range(cells.max() + 1))


def _mixture(m0: Estimates, m1: Estimates) -> tuple[bool, str]:
    """Whether the 50:50 mixture applies to the step from m0 to m1, and a sentence that says why."""
    a, b = m0.design, m1.design
    same_fixed = a.X_names == b.X_names
    if a.structure.ntheta == b.structure.ntheta:
        return False, "The models differ in fixed effects alone; no variance is on its boundary."
    if not same_fixed:
        return (
            False,
            "The 50:50 mixture does not apply: fixed effects and variances differ together; p is not exact.",
        )
    if _coefficients(a.terms) == _coefficients(b.terms):
        doubt = f" But {m0.boundary[0]} in the smaller model, and p is not exact." if m0.boundary else ""
        return (
            False,
            f"The models differ in covariances alone, which are zero inside the parameter space: p applies.{doubt}",
        )
    extra = _one_more_column(a.terms, b.terms)
    if extra is None:
        return (
            False,
            "The 50:50 mixture does not apply: the models differ in more than one variance; p is conservative.",
        )
    if m0.boundary:
        return (
            False,
            f"The 50:50 mixture does not apply: another component is on its boundary ({m0.boundary[0]}).",
        )
    return True, (
        f"The smaller model sets the variance of {extra} to zero, on its boundary: the 50:50 mixture is the reference "
        "for many independent groups, and p without it is conservative."
    )


def _coefficients(terms: Sequence[Term]) -> Counter[tuple[str, str]]:
    """The random coefficients of a model, each with its group."""
    return Counter((term.group, column) for term in terms for column in term.columns)


def _one_more_column(small: Sequence[Term], large: Sequence[Term]) -> str | None:
    """The one random coefficient that the larger model adds to the terms of the smaller one, or None."""
    extra = _coefficients(large) - _coefficients(small)
    changed = {(t.group, t.columns) for t in large} - {(t.group, t.columns) for t in small}
    if _coefficients(small) - _coefficients(large) or extra.total() != 1 or len(changed) != 1:
        return None
    ((group, column),) = extra
    return f"{column} in {group}"
