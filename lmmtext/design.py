"""From formula and data to arrays: y, X, and for each random term its columns and its groups."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lmmtext import frame as frames
from lmmtext.arrays import Array, as_vector, readonly
from lmmtext.formula import Formula, RandomTerm, names, parse, quoted
from lmmtext.structure import Structure, TermShape

RANK_TOLERANCE = 1e-7  # a column whose part outside the earlier ones is smaller than this (relative) is dropped, as in lme4
DENSE_BYTES = 2**30  # the largest dense Z that `Design.Z` will make


@dataclass(frozen=True, eq=False)
class Coding:
    """How an expression becomes columns: formulaic's specification, kept for new data."""

    spec: Any
    columns: tuple[str, ...]

    def matrix(self, table: pd.DataFrame) -> Array:
        """Return the (rows, columns) model matrix of `table`."""
        if not self.columns:
            return np.zeros((len(table), 0))
        return _evaluate(self.spec, table, self.spec.formula)[0]


@dataclass(frozen=True, eq=False)
class Term:
    """One random term: `matrix` holds the q columns of z_ij, `codes` the group j of each row."""

    group: str
    columns: tuple[str, ...]
    matrix: Array                   # (n, q)
    codes: np.ndarray               # (n,), 0 .. J-1
    levels: pd.Index                # (J,)
    coding: Coding
    factors: tuple[tuple[str, pd.Index], ...]
    combinations: np.ndarray        # (J,) the crossed codes that occur

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


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of new data: X, and for each term z and the group (-1 if new)."""

    X: Array
    matrices: tuple[Array, ...]
    codes: tuple[np.ndarray, ...]
    index: pd.Index


@dataclass(frozen=True, eq=False)
class Design:
    """The arrays of a linear mixed model, y = X beta + Z alpha + epsilon, and the names of their parts.

    Random terms run in lme4's order, most levels first. ``dropped_columns`` are columns of the fixed part
    that the earlier ones determine; ``dropped_rows`` counts the rows with a missing value.
    """

    formula: Formula
    y: Array                        # (n,)
    X: Array                        # (n, p)
    X_names: tuple[str, ...]
    terms: tuple[Term, ...]
    weights: Array | None           # (n,)
    offset: Array | None            # (n,)
    index: pd.Index
    dropped_columns: tuple[str, ...]
    dropped_rows: int
    coding: Coding
    levels: Mapping[str, pd.Index | None]

    @property
    def n(self) -> int:
        """Observations."""
        return len(self.y)

    @property
    def p(self) -> int:
        """Fixed effects."""
        return len(self.X_names)

    @cached_property
    def structure(self) -> Structure:
        """How theta becomes Lambda."""
        return Structure(tuple(t.shape for t in self.terms))

    @cached_property
    def Z(self) -> Array:
        """The dense (n, m) matrix Z, for the small examples of the book; the fitter never forms it."""
        if 8 * self.n * self.structure.m > DENSE_BYTES:
            size = 8 * self.n * self.structure.m / 2**30
            raise MemoryError(f"a dense Z of {self.n} rows and {self.structure.m} columns would take {size:.1f} GiB.")
        Z = np.zeros((self.n, self.structure.m))
        for term, cols in zip(self.terms, self.structure.slices, strict=True):
            for k in range(term.q):
                Z[np.arange(self.n), cols.start + term.codes * term.q + k] = term.matrix[:, k]
        return readonly(Z)

    def with_response(self, y: ArrayLike) -> "Design":
        """Return the same design for another response of the same rows, (n,)."""
        return replace(self, y=readonly(_usable(as_vector(y, "y", self.n), "y")))

    def rows(self, data: Any) -> Rows:
        """Return X, z and groups of new data, coded as in the fit.

        Raises ValueError for a missing column or value and for a category that the fit has not seen.
        """
        data = frames.as_table(data)
        used = [name for name in self.levels if name in self._predictors]
        for name in used:
            if name not in data.columns:
                raise ValueError(f"the new data lack the column {name!r}; the fit uses {used}.")
            if data[name].isna().any():
                raise ValueError(f"the new data have {int(data[name].isna().sum())} missing values in {name!r}.")
        grouping = {name for term in self.terms for name, _ in term.factors}
        coded = self._coded
        table = pd.DataFrame(
            {name: frames.matched(data[name], self.levels[name], name) for name in used if name in coded}, index=data.index
        )
        groups = pd.DataFrame({name: data[name] for name in used if name in grouping}, index=data.index)
        return Rows(
            self.coding.matrix(table),
            tuple(term.coding.matrix(table) for term in self.terms),
            tuple(term.codes_of(groups) for term in self.terms),
            data.index,
        )

    @cached_property
    def _coded(self) -> set[str]:
        exprs = [self.formula.fixed, *(t.expr for t in self.formula.random)]
        return {name for expr in exprs for part in names(expr) for name in part}

    @cached_property
    def _predictors(self) -> set[str]:
        return self._coded | {name for term in self.terms for name, _ in term.factors}


def build(
    formula: str,
    data: Any,
    *,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    missing: str = "drop",
) -> Design:
    """Build the design of a mixed-model formula.

    Parameters
    ----------
    formula : str
        As in lme4: ``"y ~ x + (x | g)"``.
    data : DataFrame
        One row for each observation.
    weights : str or (n,) array, optional
        Positive prior weights w: Var(epsilon_i) = sigma2 / w_i.
    offset : str or (n,) array, optional
        A known part of the mean, in the units of y.
    missing : {"drop", "raise"}
        What to do with rows that lack a value.

    Raises
    ------
    ValueError
        For whatever keeps the model from being fitted; the message says what, and what to do.

    Examples
    --------
    >>> data = {"y": [1.0, 2.0, 2.5, 4.0, 3.0, 5.0], "x": [0, 1, 2, 0, 1, 2], "g": list("aaabbb")}
    >>> d = build("y ~ x + (1 | g)", data)
    >>> d.X_names, d.terms[0].levels.tolist()
    (('(Intercept)', 'x'), ['a', 'b'])
    """
    parsed, data = parse(formula), frames.as_table(data)
    if not parsed.random:
        raise ValueError(
            f"{formula!r} has no random term such as (1 | g). For a model without one use ordinary least squares, "
            "lmmtext.ols(X, y)."
        )
    columns = set(map(str, data.columns))
    extra = {
        name: _extra(values, name, data)
        for name, values in (("weights", weights), ("offset", offset))
        if values is not None and not isinstance(values, str)
    }
    named = {name: value for name, value in (("weights", weights), ("offset", offset)) if isinstance(value, str)}
    frame = frames.prepare(data, _used(parsed, columns, named), extra, missing)
    table, kept = frame.table, frame.kept
    extra = {name: values[kept] for name, values in extra.items()}
    extra |= {name: _column(table, frame, value, name) for name, value in named.items()}
    if "weights" in extra and not (np.isfinite(extra["weights"]) & (extra["weights"] > 0)).all():
        raise ValueError("weights must be positive and finite; leave a row out of the data to give it no weight.")
    if "offset" in extra:
        as_vector(extra["offset"], "offset")
    y = _response(parsed, table, frame, columns)
    X, coding = _fixed(parsed, table, columns)
    keep = independent_columns(X, extra.get("weights"))
    if len(keep) >= len(y):
        raise ValueError(f"{len(keep)} fixed effects need more than {len(y)} complete rows.")
    random = [t for term in parsed.random for t in _random(term, table, columns)]
    _check_terms(random, len(y))
    names_ = coding.columns
    return Design(
        formula=parsed,
        y=readonly(y),
        X=readonly(X[:, keep]),
        X_names=tuple(names_[k] for k in keep),
        terms=tuple(_in_lme4_order(random)),
        weights=readonly(extra["weights"]) if "weights" in extra else None,
        offset=readonly(extra["offset"]) if "offset" in extra else None,
        index=table.index,
        dropped_columns=tuple(name for k, name in enumerate(names_) if k not in keep),
        dropped_rows=frame.dropped,
        coding=coding,
        levels=frame.levels,
    )


def independent_columns(X: Array, weights: Array | None = None) -> list[int]:
    """Return the columns of X that the columns before them do not determine.

    A column counts as determined when its part orthogonal to the earlier ones is below 1e-7 of its length.

    >>> independent_columns(np.array([[1.0, 2, 0], [1, 2, 1], [1, 2, 5]]))
    [0, 2]
    """
    X = X if weights is None else X * np.sqrt(weights)[:, None]
    keep = [k for k in range(X.shape[1]) if X[:, k].any()]
    lengths = np.linalg.norm(X, axis=0)
    while keep:
        part = np.abs(np.diag(np.linalg.qr(X[:, keep], mode="r")))
        # columns beyond the number of rows have no diagonal entry: they are determined
        small = np.flatnonzero(part < RANK_TOLERANCE * lengths[keep[: len(part)]])
        if small.size:
            del keep[small[0]]
        elif len(part) < len(keep):
            del keep[len(part)]
        else:
            break
    return keep


def _used(parsed: Formula, columns: set[str], named: Mapping[str, str]) -> list[str]:
    """The data columns that the model uses, in the order of the formula; unknown ones are an error."""
    wanted: list[str] = []
    groups = [name for term in parsed.random for name in term.factors]
    for expr in (parsed.response, parsed.fixed, *(t.expr for t in parsed.random)):
        free, inside = names(expr)
        wanted += free + [name for name in inside if name in columns]
        if "offset(" in expr:
            raise ValueError("write an offset as the argument offset=, not in the formula.")
    wanted += groups + list(named.values())
    for name in wanted:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"the data have no column {name!r}; they have {frames._some(sorted(columns), 12)}.{hint}")
    return list(dict.fromkeys(wanted))


def _extra(values: ArrayLike, name: str, data: pd.DataFrame) -> Array:
    if isinstance(values, pd.Series) and not values.index.equals(data.index):
        raise ValueError(f"{name} is a Series whose index is not that of the data; pass {name}.to_numpy() if the order agrees.")
    try:
        out = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a column name or an array of numbers.") from None
    if out.shape != (len(data),):
        raise ValueError(f"{name} must have shape ({len(data)},), one entry for each row of the data; got {out.shape}.")
    return out


def _column(table: pd.DataFrame, frame: frames.Frame, name: str, role: str) -> Array:
    if frame.levels[name] is not None:
        raise ValueError(f"{role} must be numeric; column {name!r} holds {frames._some(frame.levels[name])}.")
    return table[name].to_numpy(dtype=float)


def _response(parsed: Formula, table: pd.DataFrame, frame: frames.Frame, columns: set[str]) -> Array:
    name = parsed.response.strip("`")
    if name in columns:
        y = _column(table, frame, name, "the response")
    else:
        values, found, _ = _model_matrix(f"0 + {parsed.response}", table, columns)
        if len(found) != 1:
            raise ValueError(f"the response {name!r} must be one numeric variable; it has the columns {list(found)}.")
        y = values[:, 0]
    return _usable(y, name)


def _usable(y: Array, name: str) -> Array:
    if not np.isfinite(y).all():
        row = int(np.flatnonzero(~np.isfinite(y))[0])
        raise ValueError(f"the response {name!r} must be finite; complete row {row} holds {y[row]}.")
    if len(y) < 2 or np.ptp(y) == 0:
        raise ValueError(f"the response {name!r} has the one value {y[0]} in all {len(y)} rows: nothing varies.")
    return y


def _fixed(parsed: Formula, table: pd.DataFrame, columns: set[str]) -> tuple[Array, Coding]:
    values, found, spec = _model_matrix(parsed.fixed, table, columns)
    return values, Coding(spec, found)


def _random(term: RandomTerm, table: pd.DataFrame, columns: set[str]) -> list[Term]:
    """The terms that a random term stands for: one, or with `||` one for each part of its expression."""
    exprs = [term.expr] if term.correlated else _parts(term.expr, columns)
    factors, codes = [], np.zeros(len(table), dtype=np.int64)
    labels: list[pd.Index] = []
    for name in term.factors:
        code, levels = frames.factor(table[name])
        factors.append((name, levels))
        labels.append(levels)
        codes = codes * len(levels) + code
    combinations, codes = np.unique(codes, return_inverse=True)
    levels = labels[0] if len(labels) == 1 else _crossed(labels, combinations)
    out = []
    for expr in exprs:
        matrix, found, spec = _model_matrix(expr, table, columns)
        if not found:
            raise ValueError(f"the random term ({term.expr} | {term.group}) has no coefficient.")
        coding = Coding(spec, found)
        out.append(Term(term.group, found, readonly(matrix), codes, levels, coding, tuple(factors), combinations))
    return out


def _parts(expr: str, columns: set[str]) -> list[str]:
    """Split `1 + x + f` into `1`, `0 + x`, `0 + f`."""
    from formulaic import Formula as Fixed

    return ["1" if str(t) == "1" else f"0 + {t}" for t in Fixed(quoted(expr, columns))]


def _crossed(labels: Sequence[pd.Index], combinations: np.ndarray) -> pd.Index:
    """Names `a:b` of the combinations of levels that occur."""
    codes = np.unravel_index(combinations, [len(levels) for levels in labels])
    parts = [levels.astype(str).to_numpy()[code] for levels, code in zip(labels, codes, strict=True)]
    return pd.Index([":".join(row) for row in zip(*parts, strict=True)])


def _in_lme4_order(terms: list[Term]) -> list[Term]:
    """As written if the numbers of levels never increase; else most levels first, and ties from last to first."""
    sizes = [len(t.levels) for t in terms]
    if all(a >= b for a, b in pairwise(sizes)):
        return terms
    return sorted(terms, key=lambda t: len(t.levels))[::-1]


def _check_terms(terms: Sequence[Term], n: int) -> None:
    for term in terms:
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
                f"the term {what} has {J} x {q} = {J * q} random effects for {n} rows: their variance cannot be told from "
                "the residual variance sigma2. Use fewer coefficients or a coarser grouping factor."
            )


def _indices(column: pd.Series, levels: pd.Index, name: str) -> np.ndarray:
    """Places of the values among the levels, -1 for new ones; text against numbers is an error."""
    text = all(isinstance(v, str) for v in levels)
    values = pd.Index(column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column)
    if text != all(isinstance(v, str) for v in values):
        wanted = "text" if text else "numbers"
        raise TypeError(f"the groups {name!r} were {wanted} in the fit ({frames._some(levels, 3)}), got {frames._some(values, 3)}.")
    return pd.Index(levels.astype(object)).get_indexer(values.astype(object))


def _model_matrix(expr: str, table: pd.DataFrame, columns: set[str]) -> tuple[Array, tuple[str, ...], Any]:
    from formulaic import Formula as Fixed
    from formulaic.errors import FormulaicError

    try:
        formula = Fixed(quoted(expr, columns))
    except FormulaicError as error:
        raise ValueError(f"cannot read {expr!r}: {_plain(error)}") from None
    if not list(formula):
        return np.zeros((len(table), 0)), (), None
    values, spec = _evaluate(formula, table, expr)
    return values, tuple(_as_in_r(str(name)) for name in spec.column_names), spec


def _evaluate(formula: Any, table: pd.DataFrame, expr: Any) -> tuple[Array, Any]:
    from formulaic.errors import FormulaicError

    try:
        with np.errstate(all="ignore"):
            matrix = formula.get_model_matrix(table, context={"np": np}, output="numpy", na_action="ignore")
    except FormulaicError as error:
        hint = " Powers inside I() are written **." if "'xor'" in str(error) else ""
        raise ValueError(f"cannot evaluate {str(expr)!r}: {_plain(error)}{hint}") from None
    values = np.asarray(matrix, dtype=float)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        name, value = matrix.model_spec.column_names[column], values[row, column]
        raise ValueError(f"{_as_in_r(str(name))!r} is {value} in complete row {row}; it must be finite.")
    return values, matrix.model_spec


def _as_in_r(name: str) -> str:
    """Column names as R writes them: `f[T.b]:x` is `fb:x`."""
    return "(Intercept)" if name == "Intercept" else re.sub(r"\[(?:T\.)?([^\[\]]*)\]", r"\1", name)


def _plain(error: Exception) -> str:
    """formulaic's message in one line, without its terminal colours."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(error)).split())
