"""The rows and columns that a formula uses: selected, typed, and freed of missing values, once, at the door."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Frame:
    """The columns that a model uses, complete, with text as categories in C-locale order.

    ``table`` has one row for each complete row of the data, ``kept`` says which those were, ``levels``
    holds for each column its categories, or None for a numeric column.
    """

    table: pd.DataFrame
    kept: np.ndarray
    levels: Mapping[str, pd.Index | None]

    @property
    def dropped(self) -> int:
        """Rows left out because a value was missing."""
        return int((~self.kept).sum())


def as_table(data: Any) -> pd.DataFrame:
    """Return `data` as a DataFrame, or say what was wanted."""
    if isinstance(data, pd.DataFrame):
        return data
    if data is None:
        raise TypeError("data must be a pandas DataFrame (or what pandas.DataFrame takes), got None.")
    try:
        return pd.DataFrame(data)
    except (TypeError, ValueError) as error:
        message = f"data must be a pandas DataFrame (or what pandas.DataFrame takes), got {type(data).__name__}"
        raise TypeError(f"{message}: {error}.") from None


def prepare(
    data: pd.DataFrame,
    columns: Sequence[str],
    extra: Mapping[str, np.ndarray],
    missing: str = "drop",
    labels: Container[str] = (),
) -> Frame:
    """Select `columns`, leave out incomplete rows (also where an `extra` array is missing), settle the types.

    Columns among the `labels` only tell groups apart: dates, and whatever else has an order, will do for them.

    Raises ValueError for a column that stands twice, for empty data, for data without a complete row, and,
    with ``missing="raise"``, for any missing value.
    """
    if missing not in ("drop", "raise"):
        raise ValueError(f"missing must be 'drop' or 'raise', got {missing!r}.")
    names = list(data.columns)
    for name in columns:
        if names.count(name) > 1:
            raise ValueError(f"column {name!r} stands {names.count(name)} times in the data; rename one.")
    if not len(data):
        raise ValueError("the data have no rows.")
    found = {name: data[name] for name in columns}
    absent = {name: column.isna().to_numpy() for name, column in found.items() if _may_lack(column)}
    absent |= {name: np.isnan(values) for name, values in extra.items()}
    counts = {name: int(gone.sum()) for name, gone in absent.items() if gone.any()}
    if counts and missing == "raise":
        listed = ", ".join(f"{name} ({count})" for name, count in counts.items())
        raise ValueError(f"values are missing: {listed}. Complete them, or use missing='drop'.")
    for name, count in counts.items():
        if count == len(data):
            raise ValueError(f"every value of {name!r} is missing.")
    kept = np.ones(len(data), bool)
    for name in counts:
        kept &= ~absent[name]
    if not kept.any():
        listed = ", ".join(f"{name} ({count})" for name, count in counts.items())
        raise ValueError(f"no row is complete; missing values: {listed}.")
    if counts:
        found = {name: column[kept] for name, column in found.items()}
    settled = {name: _settled(_as_labels(column, name in labels)) for name, column in found.items()}
    return Frame(
        pd.DataFrame(settled, index=data.index if not counts else data.index[kept], copy=False),
        kept,
        {name: levels(column) for name, column in settled.items()},
    )


def _may_lack(column: pd.Series) -> bool:
    """Whether a column can hold missing values at all: plain integers and truth values cannot."""
    return not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iub"


def levels(column: pd.Series) -> pd.Index | None:
    """The categories of a settled column, None if it is numeric."""
    return column.dtype.categories if isinstance(column.dtype, pd.CategoricalDtype) else None


def matched(column: pd.Series, known: pd.Index | None, name: str) -> pd.Series:
    """Bring a column of new data to the type that it had in the fit; unseen categories are an error."""
    if known is None:
        return _number(column, name)
    values = column.astype(known.dtype) if column.dtype == object else column
    unseen = [v for v in pd.unique(values.dropna()) if v not in known]
    if unseen:
        raise ValueError(
            f"{name!r} has the level {unseen[0]!r}, which the fit has not seen; its levels are {some(known)}."
        )
    return pd.Series(pd.Categorical(values, categories=known), index=column.index, name=name)


def factor(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Codes and levels of a grouping column: numbers in their order, text in C-locale order."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.array.codes.astype(np.intp), column.dtype.categories
    values = column.to_numpy()
    if values.dtype.kind == "f" and (values == np.round(values)).all() and (np.abs(values) < 2**53).all():
        values = values.astype(np.int64)  # 3.0 reads "3" in the names of crossed groups
    codes, found = compact(values)
    return codes, pd.Index(found)


def compact(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes 0, 1, ... of the distinct values, and those in order: close integers by counting, others by sorting.

    >>> compact(np.array([7, 3, 7, 4]))
    (array([2, 0, 2, 1]), array([3, 4, 7]))
    """
    if values.dtype.kind in "iu" and values.size:
        low, high = int(values.min()), int(values.max())
        if high - low < 4 * values.size + 1024:
            codes = (values - values.dtype.type(low)).astype(np.intp, copy=False)
            present = np.bincount(codes, minlength=high - low + 1) > 0
            found = np.flatnonzero(present)
            if len(found) < len(present):
                codes = (np.cumsum(present) - 1)[codes]
            return codes, found.astype(values.dtype) + values.dtype.type(low)
    found, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.intp, copy=False), found


def as_text(values: Iterable[Any]) -> list[str]:
    """The names of labels that are neither numbers nor text."""
    return [str(v) for v in values]


def _as_labels(column: pd.Series, is_label: bool) -> pd.Series:
    """Dates and the like as categories named by their text, in their own order; other columns as they are."""
    dtype = column.dtype
    if not is_label or pd.api.types.is_numeric_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
        return column
    if all(isinstance(v, (str, float, int, np.number)) for v in column):
        return column
    try:
        order = sorted(set(column))
    except TypeError:
        return column
    return pd.Series(pd.Categorical(as_text(column), categories=as_text(order)), index=column.index, name=column.name)


def _settled(column: pd.Series) -> pd.Series:
    """Numbers as numpy numbers, booleans and text as categories; a category that no row has is left out."""
    dtype, name = column.dtype, column.name
    if isinstance(dtype, pd.CategoricalDtype):
        used = np.bincount(column.array.codes, minlength=len(dtype.categories))
        return column if used.all() else column.cat.remove_unused_categories()
    if pd.api.types.is_complex_dtype(dtype):
        raise ValueError(
            f"column {name!r} holds complex numbers; take their real part, or another real function of them."
        )
    if pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        raise ValueError(f"column {name!r} holds {dtype} values; turn them into numbers (days, say) or into text.")
    if pd.api.types.is_bool_dtype(dtype):
        return _categories(column.astype(bool))
    if pd.api.types.is_integer_dtype(dtype):
        if column.dtype == np.int64:
            return column
        return pd.Series(column.to_numpy(dtype=np.int64 if column.max() < 2**63 else np.uint64), index=column.index)
    if dtype == np.float64:
        return column
    if pd.api.types.is_numeric_dtype(dtype):
        return pd.Series(column.to_numpy(dtype=float), index=column.index)
    if not pd.api.types.is_object_dtype(dtype) and pd.api.types.is_string_dtype(dtype):
        return _categories(column.astype(object))
    kinds = {type(v) for v in column}
    if all(issubclass(kind, (int, float, np.integer, np.floating)) and kind is not bool for kind in kinds):
        return pd.Series(column.to_numpy(dtype=float), index=column.index)
    if kinds <= {bool, np.bool_} or all(issubclass(kind, str) for kind in kinds):
        return _categories(column.astype(object))
    listed = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ValueError(
        f"column {name!r} holds values of the types {listed}; it must hold numbers, text or True and False alone."
    )


def _categories(values: pd.Series) -> pd.Series:
    return pd.Series(pd.Categorical(values, categories=_present(values)), index=values.index)


def _present(values: pd.Series) -> list:
    """The distinct values in order; Python's order of text is that of the C locale."""
    return sorted(pd.unique(values))


def _number(column: pd.Series, name: str) -> pd.Series:
    try:
        return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), index=column.index)
    except (TypeError, ValueError):
        raise ValueError(f"{name!r} must be numeric, as in the data of the fit; got {column.dtype} values.") from None


def some(values: Iterable[Any], most: int = 8) -> str:
    """A readable list of values, cut short."""
    listed = list(values)
    shown = ", ".join(repr(v) for v in listed[:most])
    return shown + (f", ... ({len(listed)} in all)" if len(listed) > most else "")
