"""The random terms of a design: columns, groups, and what keeps their variances from being identified."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import pandas as pd

from lmmtext import frame as frames
from lmmtext.arrays import Array, freeze
from lmmtext.coding import Coding, independent_columns, parts
from lmmtext.formula import RandomTerm
from lmmtext.structure import TermShape


@dataclass(frozen=True, eq=False)
class Term:
    """One random term: `matrix` holds the q columns of z_ij, `codes` the group j of each row."""

    group: str
    columns: tuple[str, ...]
    matrix: Array  # (n, q)
    codes: np.ndarray  # (n,), 0 .. J-1
    levels: pd.Index  # (J,)
    coding: Coding
    factors: tuple[tuple[str, pd.Index], ...]
    combinations: np.ndarray  # (J,) the crossed codes that occur

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def q(self) -> int:
        """Random coefficients per level."""
        return len(self.columns)

    @property
    def shape(self) -> TermShape:
        """The term without its data."""
        return TermShape(self.group, self.columns, len(self.levels))

    def codes_of(self, table: pd.DataFrame) -> np.ndarray:
        """Return the group of each row of `table`; -1 where the fit has not seen the group."""
        crossed, known = np.zeros(len(table), dtype=np.int64), np.ones(len(table), dtype=bool)
        for name, levels in self.factors:
            codes = _indices(table[name], levels, name)
            crossed, known = crossed * len(levels) + codes, known & (codes >= 0)
        place = np.searchsorted(self.combinations, crossed).clip(max=len(self.combinations) - 1)
        return np.where(known & (self.combinations[place] == crossed), place, -1)


def random_terms(
    terms: Sequence[RandomTerm], table: pd.DataFrame, coded: Callable[[str], tuple[Array, Coding]]
) -> list[Term]:
    """Return the terms of a design: each as written, but with `||` one for each part of its expression.

    `coded` gives the model matrix of an expression.

    As in lme4 the parts of a `||` term come one after the other, each with all its nested groups.
    """
    out = []
    for _, nested in groupby(terms, key=lambda term: term.place):
        together = list(nested)
        first = together[0]
        exprs = [first.expr] if first.correlated else parts(first.expr, set(map(str, table.columns)))
        out += [_term(expr, term, table, coded) for expr in exprs for term in together]
    return out


def _term(expr: str, term: RandomTerm, table: pd.DataFrame, coded: Callable[[str], tuple[Array, Coding]]) -> Term:
    factors = [(name, *frames.factor(table[name])) for name in term.factors]
    codes = factors[0][1]
    size = len(factors[0][2])
    for _, code, levels in factors[1:]:
        if size * len(levels) >= 2**62:
            raise ValueError(
                f"the factors of {term.group!r} have too many levels to be crossed; use a column that names the cells."
            )
        codes, size = codes * len(levels) + code, size * len(levels)
    codes, combinations = (codes, np.arange(size)) if len(factors) == 1 else frames.compact(codes)
    levels = factors[0][2] if len(factors) == 1 else _crossed([levels for _, _, levels in factors], combinations)
    matrix, coding = coded(expr)
    if not coding.columns:
        raise ValueError(f"the random term ({term.expr} | {term.group}) has no coefficient.")
    named = tuple((name, levels) for name, _, levels in factors)
    return Term(term.group, coding.columns, matrix, codes, levels, coding, named, combinations)


def in_lme4_order(terms: list[Term]) -> list[Term]:
    """As written if the numbers of levels never increase; else most levels first, and ties from last to first."""
    sizes = [len(t.levels) for t in terms]
    if all(a >= b for a, b in pairwise(sizes)):
        return terms
    return sorted(terms, key=lambda t: len(t.levels))[::-1]


def check_terms(terms: Sequence[Term], n: int) -> None:
    """Refuse random terms whose variances the data cannot tell from something else, and say from what."""
    for t, term in enumerate(terms):
        J, q = len(term.levels), term.q
        columns = " + ".join("1" if c == "(Intercept)" else c for c in term.columns)
        what = f"({columns} | {term.group})"
        if J < 2:
            raise ValueError(
                f"grouping factor {term.group!r} has one level, {term.levels[0]!r}: with one group the variance of its "
                f"effects cannot be told from the fixed effects. Leave out the term {what}."
            )
        if J * q >= n:
            raise ValueError(
                f"the term {what} has {J} x {q} = {J * q} random effects for {n} rows: their variance cannot be told "
                "from the residual variance sigma2. Use fewer coefficients or a coarser grouping factor."
            )
        independent = independent_columns(term.matrix)
        determined = [c for k, c in enumerate(term.columns) if k not in independent]
        if determined:
            raise ValueError(
                f"in the term {what} the other columns determine {determined[0]!r} (or it is zero): the covariance "
                "of its effects is not identified. Leave it out."
            )
        same = [other for other in terms[:t] if _same_groups(other, term)]
        twice = [c for other in same for c in term.columns if c in other.columns]
        if twice:
            raise ValueError(
                f"the coefficient {twice[0]!r} of {term.group!r} stands in two random terms (the groups of "
                f"{same[0].group!r} are the same): only the sum of its variances is identified. Leave it out of "
                "one, as in (1 | g) + (0 + x | g)."
            )


def _same_groups(a: Term, b: Term) -> bool:
    """Whether two factors divide the rows alike, whatever their names."""
    if len(a.levels) != len(b.levels):
        return False
    return len(frames.compact(a.codes * len(b.levels) + b.codes)[1]) == len(a.levels)


def check_identified(terms: Sequence[Term], X: Array, criterion: str) -> None:
    """Refuse REML when the fixed effects give every level of a scalar random term a coefficient of its own."""
    if criterion == "ml":
        return  # the estimate is zero, and identified
    for term in terms:
        if term.q == 1 and determined_by_fixed(term, X):
            raise ValueError(
                f"the fixed effects already determine a coefficient for each level of {term.group!r}: by REML the "
                "variance of its random effects is not identified. Leave one of the two out."
            )


def determined_by_fixed(term: Term, X: Array) -> list[str]:
    """The columns of the combinations c, of which X determines Z_j c in every group: contrasts do not contain them."""
    J = len(term.levels)
    if X.shape[1] < J:
        return []
    Q = np.linalg.qr(X)[0]
    U, R = np.linalg.qr(term.matrix)  # so that units do not matter
    parts = np.array([[np.bincount(term.codes, u * x, minlength=J) for x in Q.T] for u in U.T])  # (q, p, J)
    outside = np.eye(term.q) - np.einsum("apj,bpj->ab", parts, parts)  # c'outside c: squares of Z_j c less X's part
    values, vectors = np.linalg.eigh(outside)
    inside = np.abs(np.linalg.solve(R, vectors[:, values < 1e-12])) * np.linalg.norm(term.matrix, axis=0)[:, None]
    sizes = inside.max(axis=1, initial=0.0)
    return [name for name, size in zip(term.columns, sizes, strict=True) if size > 1e-6]


def _crossed(labels: Sequence[pd.Index], combinations: np.ndarray) -> pd.Index:
    """Names `a:b` of the combinations of levels that occur."""
    codes = np.unravel_index(combinations, [len(levels) for levels in labels])
    parts = [levels.astype(str).to_numpy()[code] for levels, code in zip(labels, codes, strict=True)]
    return pd.Index([":".join(row) for row in zip(*parts, strict=True)])


def _indices(column: pd.Series, levels: pd.Index, name: str) -> np.ndarray:
    """Places of the values among the levels, -1 for new ones; text against numbers is an error."""
    text = all(isinstance(v, str) for v in levels)
    values = pd.Index(column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column)
    if text and not all(isinstance(v, (str, int, float, np.number)) for v in values):
        values = pd.Index(frames.as_text(values))
    if text != all(isinstance(v, str) for v in values):
        wanted = "text" if text else "numbers"
        raise TypeError(
            f"the groups {name!r} were {wanted} in the fit ({frames.some(levels, 3)}), got {frames.some(values, 3)}."
        )
    return pd.Index(levels.astype(object)).get_indexer(values.astype(object))
