"""The one place where arrays are checked, and where they are made read-only."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]


def readonly(a: ArrayLike, dtype: type = float) -> Array:
    """Return `a` as an array that nobody can write to: a copy, unless it is such an array and owns its numbers."""
    out: Array = np.asarray(a, dtype=dtype)
    if out.base is not None or out.flags.writeable:
        out = out.copy()
        out.flags.writeable = False
    return out


def freeze(owner: object) -> None:
    """Make every array among the fields of a dataclass read-only, in place: for arrays that nobody else has."""
    for value in vars(owner).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False


def as_vector(a: ArrayLike, name: str, length: int | None = None) -> Array:
    """Return `a` as a finite float vector, or say what is wrong with it."""
    return _checked(a, name, 1, (length,))


def as_matrix(a: ArrayLike, name: str, rows: int | None = None, columns: int | None = None) -> Array:
    """Return `a` as a finite float matrix, or say what is wrong with it."""
    return _checked(a, name, 2, (rows, columns))


def _checked(a: ArrayLike, name: str, ndim: int, shape: tuple[int | None, ...]) -> Array:
    try:
        given = np.asarray(a)
        if given.dtype.kind in "cmM":
            raise TypeError(f"it holds {given.dtype} values")
        out = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be an array of real numbers: {error}.") from None
    wanted = ", ".join("any" if size is None else str(size) for size in shape)
    if out.ndim != ndim or any(w not in (None, s) for w, s in zip(shape, out.shape, strict=True)):
        raise ValueError(f"{name} must have shape ({wanted}), got {out.shape}.")
    if not np.isfinite(out).all():
        bad = np.argwhere(~np.isfinite(out))[0].tolist()
        raise ValueError(f"{name} must be finite; the entry at {bad} is {out[tuple(bad)]}.")
    return out


def as_positive(value: float, name: str) -> float:
    """Return `value` as a finite float above zero, or say what is wrong with it."""
    out = float(as_vector([value], name)[0])
    if out <= 0:
        raise ValueError(f"{name} must be above 0, got {out:g}.")
    return out


def as_weights(weights: ArrayLike | None, length: int) -> Array | None:
    """Return weights, the diagonal of W, as a vector of numbers above zero; None stays None (W = I)."""
    if weights is None:
        return None
    out = as_vector(weights, "weights", length)
    if (out <= 0).any():
        bad = int(np.argmax(out <= 0))
        raise ValueError(f"weights must be above 0; the entry at [{bad}] is {out[bad]:g}.")
    return out


def as_full_rank(a: ArrayLike, name: str, rows: int | None = None) -> Array:
    """Return `a` as a matrix with independent columns, or name the first column that depends on earlier ones.

    A column counts as dependent when its distance from the span of the earlier ones is within 10 n p eps of
    its own length, which is what rounding in a QR decomposition may make of zero.
    """
    out = as_matrix(a, name, rows)
    n, p = out.shape
    distance = np.zeros(p)
    R = np.linalg.qr(out, mode="r")
    distance[: len(R)] = np.abs(np.diag(R))
    dependent = distance <= 10 * n * p * np.finfo(float).eps * np.linalg.norm(out, axis=0)
    if dependent.any():
        raise ValueError(
            f"{name} must have independent columns; column {int(np.argmax(dependent))} of its {p} is a "
            f"combination of the columns before it. Drop it."
        )
    return out


def one_of(value: str, name: str, options: Iterable[str]) -> str:
    """Return `value` if it is one of the options, or say what they are.

    >>> one_of("REML ", "criterion", ("ml", "reml"))
    Traceback (most recent call last):
        ...
    ValueError: criterion must be 'ml' or 'reml', got 'REML '.
    """
    options = tuple(options)
    if value not in options:
        raise ValueError(f"{name} must be {' or '.join(map(repr, options))}, got {value!r}.")
    return value


def as_right_side(B: ArrayLike, rows: int) -> Array:
    """Return B as an array of shape (rows,) or (rows, k), fit to stand right of V, or refuse it."""
    out = np.asarray(B, dtype=float)
    if out.ndim not in (1, 2) or len(out) != rows:
        raise ValueError(f"V ({rows}, {rows}) and B {out.shape} do not conform: B must have {rows} rows.")
    return as_vector(out, "B") if out.ndim == 1 else as_matrix(out, "B")
