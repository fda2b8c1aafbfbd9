"""From an expression and a table to a model matrix, by formulaic, with the column names that R gives."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from lmmtext.arrays import Array
from lmmtext.formula import quoted, summands

RANK_TOLERANCE = 1e-7  # of its length: a column with less than this outside the earlier ones is dropped, as in lme4


@dataclass(frozen=True)
class Sum:
    """An expression such as `1 + x + z` of numeric columns, which needs no formula engine."""

    intercept: bool
    names: tuple[str, ...]

    def matrix(self, table: pd.DataFrame) -> Array:
        """Return the (rows, columns) model matrix of `table`."""
        out = np.empty((len(table), self.intercept + len(self.names)), order="F")
        out[:, : self.intercept] = 1.0
        for k, name in enumerate(self.names):
            out[:, self.intercept + k] = table[name].to_numpy()
        return out


@dataclass(frozen=True, eq=False)
class Coding:
    """How an expression becomes columns: a sum, or formulaic's specification, kept for new data."""

    spec: Any
    columns: tuple[str, ...]

    def matrix(self, table: pd.DataFrame) -> Array:
        """Return the (rows, columns) model matrix of `table`."""
        if isinstance(self.spec, Sum):
            return _usable(self.spec.matrix(table), self.columns)
        return _evaluate(self.spec, table, self.spec.formula)[0]


def model_matrix(expr: str, table: pd.DataFrame) -> tuple[Array, Coding]:
    """Return the model matrix of an expression, (rows, columns), and how it was coded."""
    columns = set(map(str, table.columns))
    plain = _sum(expr, table)
    if plain is not None:
        names = ("(Intercept)",) * plain.intercept + plain.names
        return _usable(plain.matrix(table), names), Coding(plain, names)
    values, spec = _evaluate(_parsed(quoted(expr, columns), expr), table, expr)
    return values, Coding(spec, _names_as_in_r(spec, columns))


def _sum(expr: str, table: pd.DataFrame) -> Sum | None:
    """The expression as a sum of numeric columns, with or without intercept; None if it is anything else."""
    chosen = summands(expr)
    if chosen is None:
        return None
    intercept, names = chosen
    numeric = all(name in table.columns and table[name].dtype.kind in "iuf" for name in names)
    return Sum(intercept, names) if numeric else None


@lru_cache(maxsize=256)
def _parsed(text: str, expr: str) -> Any:
    """Formulaic's formula, read once for each text."""
    from formulaic import Formula as Fixed
    from formulaic.errors import FormulaicError

    try:
        return Fixed(text)
    except (FormulaicError, SyntaxError) as error:
        raise _explained(expr, error) from None


def _evaluate(formula: Any, table: pd.DataFrame, expr: Any) -> tuple[Array, Any]:
    from formulaic.errors import FormulaicError

    try:
        with np.errstate(all="ignore"):
            matrix = formula.get_model_matrix(table, context=_context(), output="numpy", na_action="ignore")
    except (FormulaicError, SyntaxError) as error:
        raise _explained(expr, error) from None
    spec = matrix.model_spec
    return _usable(np.asarray(matrix, dtype=float), [_as_in_r(str(name)) for name in spec.column_names]), spec


def _usable(values: Array, names: Sequence[str]) -> Array:
    """The matrix, if every entry is finite and can be squared."""
    for column, name in zip(values.T, names, strict=True):
        low, high = column.min(initial=0.0), column.max(initial=0.0)
        if not (np.isfinite(low) and np.isfinite(high)):
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(f"{name!r} is {column[row]} in complete row {row}; it must be finite.")
        if max(high, -low) >= 1e150:
            raise ValueError(f"{name!r} reaches {max(high, -low):.1e}, beyond what can be squared; rescale it.")
    return values


def _context() -> dict[str, Any]:
    """What expressions may call besides formulaic's own functions: numpy, and two names from R."""
    from formulaic.transforms import C

    return {"np": np, "sqrt": np.sqrt, "factor": C}


def _names_as_in_r(spec: Any, columns: set[str]) -> tuple[str, ...]:
    """Column names as R writes them: `f[T.b]:x` is `fb:x`, and the intercept has brackets."""
    out = []
    for part in spec.structure:
        intercept = str(part.term) == "1"
        out += [
            "(Intercept)" if intercept else name if name in columns else _as_in_r(name)
            for name in map(str, part.columns)
        ]
    return tuple(out)


def _as_in_r(name: str) -> str:
    return re.sub(r"\[(?:T\.)?([^\[\]]*)\]", r"\1", name)


def _explained(expr: Any, error: Exception) -> ValueError:
    """formulaic's error about an expression in one line, without its terminal colours, and with what to do."""
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(error)).split())
    hint = ""
    if isinstance(error, SyntaxError):
        hint = " Inside a function a column needs a name that Python could give a variable: rename it."
    return ValueError(f"cannot evaluate {str(expr)!r}: {plain}{hint}")


def parts(expr: str, columns: set[str]) -> list[str]:
    """Split `1 + x + f` into `1`, `0 + x`, `0 + f`."""
    return ["1" if str(t) == "1" else f"0 + {t}" for t in _parsed(quoted(expr, columns), expr)]


def independent_columns(X: Array, weights: Array | None = None) -> list[int]:
    """Return the columns of X that the columns before them do not determine.

    A column counts as determined when its part orthogonal to the earlier ones is below 1e-7 of its length.

    >>> independent_columns(np.array([[1.0, 2, 0], [1, 2, 1], [1, 2, 5]]))
    [0, 2]
    """
    X = X if weights is None else X * np.sqrt(weights)[:, None]
    if well_conditioned_root(X) is not None:
        return list(range(X.shape[1]))
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


def well_conditioned_root(X: Array) -> Array | None:
    """The upper triangular R with R'R = X'X; None unless the columns of X are far from depending on each other.

    Far: the smallest eigenvalue of their cosines is above 1e-8 of the largest, so that forming X'X loses no digit
    that matters, and X R^-1 is orthonormal to 1e-8.

    >>> well_conditioned_root(np.array([[3.0, 0], [4, 2], [0, 0]])).round(12)
    array([[5. , 1.6],
           [0. , 1.2]])
    """
    G = X.T @ X
    d = np.sqrt(np.diag(G))
    if len(X) <= X.shape[1] or not d.all():
        return None
    G /= np.outer(d, d)
    if len(d) > 1:
        values = np.linalg.eigvalsh(G)
        if not values[0] > 1e-8 * values[-1]:
            return None
    return np.asarray(np.linalg.cholesky(G).T * d)
