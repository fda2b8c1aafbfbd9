"""How the matrices of a proof are written down: dimensions, letters, transposes, inverses, determinants, blocks."""

import sympy as sp
from sympy.core.symbol import Str

from lmmtext.proof.matrices import Block, Det, DoesNotConform, Identity, Inverse, Letter, Transpose, shape, size

PROPERTIES = ("symmetric", "invertible", "projection")


def dimensions(names: str) -> list[sp.Symbol]:
    """Return dimensions, as positive integers of which nothing else is known.

    >>> dimensions("n p")
    [n, p]
    """
    return list(sp.symbols(names, positive=True, integer=True, seq=True))


def matrix(name: str, rows, columns, *properties: str) -> Letter:
    """Return a matrix with a name and a shape, of which nothing is known but the properties.

    Parameters
    ----------
    name : str
        As in code: ``"Z"``, ``"P_Z"``, ``"beta_hat"``; it is printed as in the book.
    rows, columns : int or SymPy expression
        The shape; 1 column makes a vector.
    *properties : str
        Any of ``"symmetric"``, ``"invertible"`` and ``"projection"`` (orthogonal: symmetric and idempotent).
        They are assumptions of whatever is proved with this matrix.

    Examples
    --------
    >>> n, p = dimensions("n p")
    >>> X = matrix("X", n, p)
    >>> shape(X.T * X)
    (p, p)
    >>> shape(X.T * X.T * X)
    Traceback (most recent call last):
    lmmtext.proof.matrices.DoesNotConform: a power of X', which is p x n: it must be square.
    """
    if unknown := [word for word in properties if word not in PROPERTIES]:
        raise ValueError(f"{name} is said to be {unknown[0]!r}; what can be known of a matrix is {PROPERTIES}.")
    rows, columns = sp.sympify(rows), sp.sympify(columns)
    if properties and rows != columns:
        raise DoesNotConform(
            f"{name} is {size((rows, columns))}: only a square matrix can be {' or '.join(properties)}."
        )
    known = {*properties, *(["symmetric"] if "projection" in properties else [])}
    return Letter(Str(name), rows, columns, sp.Tuple(*(Str(word) for word in sorted(known))))


def eye(rows) -> Identity:
    """Return the identity matrix of so many rows."""
    return Identity(sp.sympify(rows))


def T(expression: sp.Expr) -> Transpose:
    """Return the transpose of an expression, written and not yet worked out; of a single matrix also `A.T`."""
    return Transpose(expression)


def inv(expression: sp.Expr) -> Inverse:
    """Return the inverse of an expression, written and not yet worked out."""
    return Inverse(expression)


def det(expression: sp.Expr) -> Det:
    """Return the determinant of an expression, written and not yet worked out."""
    return Det(expression)


def block(rows) -> Block:
    """Return a matrix of blocks; a zero block is written 0, and has its shape from its row and column.

    >>> n, p = dimensions("n p")
    >>> X, K = matrix("X", n, p), matrix("K", n, n - p)
    >>> block([[X, K]]).shape
    (n, n)
    """
    rows = [[sp.sympify(entry) for entry in row] for row in rows]
    columns = list(zip(*rows, strict=True))
    heights = [_common([shape(entry)[0] for entry in row if entry != 0], "row") for row in rows]
    widths = [_common([shape(entry)[1] for entry in column if entry != 0], "column") for column in columns]
    return Block(rows, heights, widths)


def _common(found, what):
    if not found:
        raise DoesNotConform(f"a {what} of blocks that are all 0 has no size: write Block(rows, heights, widths).")
    return found[0]
