"""From an expression and a table to a model matrix, by formulaic, with the column names that R gives."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lmmtext.arrays import Array
from lmmtext.formula import quoted

RANK_TOLERANCE = 1e-7  # of its length: a column with less than this outside the earlier ones is dropped, as in lme4


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


def model_matrix(expr: str, table: pd.DataFrame) -> tuple[Array, Coding]:
    """Return the model matrix of an expression, (rows, columns), and how it was coded."""
    from formulaic import Formula as Fixed
    from formulaic.errors import FormulaicError

    columns = set(map(str, table.columns))
    try:
        formula = Fixed(quoted(expr, columns))
    except (FormulaicError, SyntaxError) as error:
        raise _explained(expr, error) from None
    if not list(formula):
        return np.zeros((len(table), 0)), Coding(None, ())
    values, spec = _evaluate(formula, table, expr)
    return values, Coding(spec, _names_as_in_r(spec, columns))


def _evaluate(formula: Any, table: pd.DataFrame, expr: Any) -> tuple[Array, Any]:
    from formulaic.errors import FormulaicError

    try:
        with np.errstate(all="ignore"):
            matrix = formula.get_model_matrix(table, context=_context(), output="numpy", na_action="ignore")
    except (FormulaicError, SyntaxError) as error:
        raise _explained(expr, error) from None
    values = np.asarray(matrix, dtype=float)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        name, value = matrix.model_spec.column_names[column], values[row, column]
        raise ValueError(f"{_as_in_r(str(name))!r} is {value} in complete row {row}; it must be finite.")
    if values.size and np.abs(values).max() >= 1e150:
        name = matrix.model_spec.column_names[int(np.abs(values).max(axis=0).argmax())]
        raise ValueError(
            f"{_as_in_r(str(name))!r} reaches {np.abs(values).max():.1e}, beyond what can be squared; rescale it."
        )
    return values, matrix.model_spec


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
    from formulaic import Formula as Fixed

    return ["1" if str(t) == "1" else f"0 + {t}" for t in Fixed(quoted(expr, columns))]


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
