"""The value of an expression for matrices of numbers: a second witness, which knows none of the laws."""

from collections.abc import Mapping

import numpy as np
import sympy as sp

from lmmtext.proof.matrices import Block, Det, Identity, Inverse, Letter, Shaped, Transpose, shape


def value(expression: sp.Expr, values: Mapping) -> np.ndarray:
    """Return the value of an expression, as an array (a number is 1 by 1).

    Parameters
    ----------
    expression : SymPy expression
        Of matrices, or of numbers with determinants.
    values : mapping
        An array for each letter, and a number for each dimension and each other symbol.

    Raises
    ------
    ValueError
        If an array has not the shape of its letter.
    KeyError
        If a letter has no value.

    Examples
    --------
    >>> from lmmtext.proof import dimensions, inv, matrix
    >>> n, p = dimensions("n p")
    >>> X = matrix("X", n, p)
    >>> value(inv(X.T * X), {X: np.array([[1.0], [2.0]]), n: 2, p: 1})
    array([[0.2]])
    """
    expression = sp.sympify(expression)
    if isinstance(expression, Letter):
        found = np.asarray(values[expression], dtype=float)
        if found.shape != (wanted := _sizes(expression.shape, values)):
            raise ValueError(f"{expression} is {wanted[0]} x {wanted[1]} here; an array of shape {found.shape} came.")
        return found
    if isinstance(expression, Identity):
        return np.eye(_sizes(expression.shape, values)[0])
    if isinstance(expression, Transpose):
        return value(expression.args[0], values).T
    if isinstance(expression, Inverse):
        return np.linalg.inv(value(expression.args[0], values))
    if isinstance(expression, Block):
        return _block(expression, values)
    if isinstance(expression, Det):
        return np.atleast_2d(np.linalg.det(value(expression.args[0], values)))
    return _compound(expression, values)


def _compound(expression, values):
    if not expression.has(Shaped):
        return np.atleast_2d(float(expression.subs({k: v for k, v in values.items() if isinstance(k, sp.Symbol)})))
    parts = [value(part, values) for part in expression.args if part != 0]
    if expression.is_Add:
        return sum(parts[1:], start=parts[0])
    if expression.is_Pow and shape(expression):
        return np.linalg.matrix_power(parts[0], int(expression.exp))
    if expression.is_Pow:
        return parts[0] ** parts[1]
    if isinstance(expression, sp.log):
        return np.log(parts[0])
    total = np.eye(1)
    for part in parts:
        total = total * part if 1 in (total.size, part.size) else total @ part
    return total


def _block(expression, values):
    rows = [
        [
            np.zeros((_sizes([height], values)[0], _sizes([width], values)[0])) if entry == 0 else value(entry, values)
            for entry, width in zip(row, expression.widths, strict=True)
        ]
        for row, height in zip(expression.rows, expression.heights, strict=True)
    ]
    return np.block(rows)


def _sizes(sides, values):
    return tuple(
        int(sp.sympify(side).subs({k: v for k, v in values.items() if k in side.free_symbols})) for side in sides
    )
