"""From formula and data to arrays: y, X, and for each random term its columns and its groups."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lmmtext import frame as frames
from lmmtext.arrays import Array, as_vector, readonly
from lmmtext.coding import Coding, independent_columns, model_matrix
from lmmtext.formula import Formula, bit_operators, names, parse
from lmmtext.structure import DENSE_BYTES, Structure
from lmmtext.terms import Term, check_terms, in_lme4_order, random_terms


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
    y: Array  # (n,)
    X: Array  # (n, p)
    X_names: tuple[str, ...]
    terms: tuple[Term, ...]
    weights: Array | None  # (n,)
    offset: Array | None  # (n,)
    offset_name: str | None  # its column, if it was named
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
        if isinstance(y, pd.Series) and not y.index.equals(self.index):
            raise ValueError(
                "y is a Series whose index is not that of the fit's rows; pass y.to_numpy() if the order agrees."
            )
        return replace(self, y=readonly(_usable(as_vector(y, "y", self.n), "y")))

    def rows(self, data: Any, groups: bool = True) -> Rows:
        """Return X, z and groups of new data, coded as in the fit; without `groups`, all groups are new ones.

        Raises ValueError for a missing column or value and for a category that the fit has not seen.
        """
        data = frames.as_table(data)
        coded, grouping = (
            self._coded,
            {name for term in self.terms for name, _ in term.factors} if groups else set(),
        )
        used = [name for name in self.levels if name in coded | grouping]
        for name in used:
            if list(data.columns).count(name) != 1:
                times = list(data.columns).count(name)
                wrong = f"have the column {name!r} {times} times" if times else f"lack the column {name!r}"
                raise ValueError(f"the new data {wrong}; the fit uses {used}.")
            if data[name].isna().any():
                raise ValueError(f"the new data have {int(data[name].isna().sum())} missing values in {name!r}.")
        columns = {name: frames.matched(data[name], self.levels[name], name) for name in used if name in coded}
        table = pd.DataFrame(columns, index=data.index)
        return Rows(
            self.coding.matrix(table),
            tuple(term.coding.matrix(table) for term in self.terms),
            tuple(term.codes_of(data) if groups else np.full(len(data), -1) for term in self.terms),
            data.index,
        )

    @cached_property
    def _coded(self) -> set[str]:
        exprs = [self.formula.fixed, *(t.expr for t in self.formula.random)]
        return {name for expr in exprs for part in names(expr) for name in part}


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
    if not all(isinstance(name, str) for name in data.columns):
        data = data.set_axis([str(name) for name in data.columns], axis="columns")
    columns = set(data.columns)
    extra = {
        name: _extra(values, name, data)
        for name, values in (("weights", weights), ("offset", offset))
        if values is not None and not isinstance(values, str)
    }
    named = {name: value for name, value in (("weights", weights), ("offset", offset)) if isinstance(value, str)}
    frame = frames.prepare(data, _used(parsed, columns, named), extra, missing, _labels(parsed, named))
    table, kept = frame.table, frame.kept
    extra = {name: values[kept] for name, values in extra.items()}
    extra |= {name: _column(frame, value, name) for name, value in named.items()}
    if "weights" in extra and not (np.isfinite(extra["weights"]) & (extra["weights"] > 0)).all():
        raise ValueError("weights must be positive and finite; leave a row out of the data to give it no weight.")
    if "offset" in extra:
        as_vector(extra["offset"], "offset")
    y = _response(parsed, frame)
    coded = lru_cache(partial(model_matrix, table=table))  # what several terms have in common is made once
    X, coding = coded(parsed.fixed)
    keep = independent_columns(X, extra.get("weights"))
    if len(keep) >= len(y):
        raise ValueError(f"{len(keep)} fixed effects need more than {len(y)} complete rows.")
    X = X if len(keep) == X.shape[1] else X[:, keep]
    X.flags.writeable = False
    random = random_terms(parsed.random, table, coded)
    check_terms(random, len(y))
    names_ = coding.columns
    return Design(
        formula=parsed,
        y=readonly(y),
        X=X,
        X_names=tuple(names_[k] for k in keep),
        terms=tuple(in_lme4_order(random)),
        weights=readonly(extra["weights"]) if "weights" in extra else None,
        offset=readonly(extra["offset"]) if "offset" in extra else None,
        offset_name=named.get("offset"),
        index=table.index,
        dropped_columns=tuple(name for k, name in enumerate(names_) if k not in keep),
        dropped_rows=frame.dropped,
        coding=coding,
        levels=frame.levels,
    )


def _used(parsed: Formula, columns: set[str], named: Mapping[str, str]) -> list[str]:
    """The data columns that the model uses, in the order of the formula; unknown ones are an error."""
    wanted: list[str] = []
    groups = [name for term in parsed.random for name in term.factors]
    for expr in (parsed.response, parsed.fixed, *(t.expr for t in parsed.random)):
        free, inside = names(expr)
        wanted += free + [name for name in inside if name in columns]
        if re.search(r"(?<![\w.)`])\.(?!\w)", expr):
            raise ValueError("'.', for all other columns, is not understood in a formula; name the predictors.")
        if operators := bit_operators(expr):
            raise ValueError(
                f"inside the functions of {expr!r} Python reads {operators[0]!r} bit by bit; write a power as **, and "
                "make a combination of conditions a column of the data."
            )
        if "offset(" in expr:
            raise ValueError("write an offset as the argument offset=, not in the formula.")
    wanted += groups + list(named.values())
    for name in wanted:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"the data have no column {name!r}; they have {frames.some(sorted(columns), 12)}.{hint}")
    return list(dict.fromkeys(wanted))


def _labels(parsed: Formula, named: Mapping[str, str]) -> set[str]:
    """The columns that only tell groups apart."""
    exprs = (parsed.response, parsed.fixed, *(t.expr for t in parsed.random))
    evaluated = {name for expr in exprs for part in names(expr) for name in part} | set(named.values())
    return {name for term in parsed.random for name in term.factors} - evaluated


def _extra(values: ArrayLike, name: str, data: pd.DataFrame) -> Array:
    if isinstance(values, pd.Series) and not values.index.equals(data.index):
        raise ValueError(
            f"{name} is a Series whose index is not that of the data; pass {name}.to_numpy() if the order agrees."
        )
    try:
        out = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a column name or an array of numbers.") from None
    if out.shape != (len(data),):
        raise ValueError(f"{name} must have shape ({len(data)},), one entry for each row of the data; got {out.shape}.")
    return out


def _column(frame: frames.Frame, name: str, role: str) -> Array:
    levels = frame.levels[name]
    if levels is not None:
        raise ValueError(f"{role} must be numeric; column {name!r} holds {frames.some(levels)}.")
    return frame.table[name].to_numpy(dtype=float)


def _response(parsed: Formula, frame: frames.Frame) -> Array:
    name = parsed.response.strip("`")
    if name in frame.levels:
        return _usable(_column(frame, name, "the response"), name)
    values, coding = model_matrix(f"0 + {parsed.response}", frame.table)
    if len(coding.columns) != 1:
        raise ValueError(f"the response {name!r} must be one numeric variable; it has the columns {coding.columns}.")
    return _usable(values[:, 0], name)


def _usable(y: Array, name: str) -> Array:
    low, high = y.min(initial=np.inf), y.max(initial=-np.inf)
    if len(y) and not (np.isfinite(low) and np.isfinite(high)):
        row = int(np.flatnonzero(~np.isfinite(y))[0])
        raise ValueError(f"the response {name!r} must be finite; complete row {row} holds {y[row]}.")
    largest = max(high, -low)
    if largest > 0 and not 1e-150 < largest < 1e150:
        raise ValueError(f"the response {name!r} reaches {largest:.1e}, which cannot be squared; use another unit.")
    if len(y) < 2 or low == high:
        raise ValueError(f"the response {name!r} has the one value {y[0]} in all {len(y)} rows: nothing varies.")
    return y
