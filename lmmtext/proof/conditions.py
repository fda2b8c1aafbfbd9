"""What a proof takes for granted: equations that were assumed, inverses that exist, numbers that are not zero."""

import sympy as sp

from lmmtext.proof.matrices import Det, Identity, Inverse, Letter, Transpose
from lmmtext.proof.words import split
from lmmtext.proof.writing import equation_tex, tex


class Condition(sp.Basic):
    """Something that a proof takes for granted."""

    words = "{}"
    pattern = "%s"

    def __str__(self) -> str:
        """Return the condition in plain text."""
        return self.words.format(*self.args)

    def tex(self) -> str:
        """Return the condition in LaTeX."""
        return self.pattern % tuple(tex(part) for part in self.args)


class Equal(Condition):
    """An equation that was assumed, or a definition."""

    words = "{} = {}"

    def tex(self) -> str:
        """Return the equation in LaTeX."""
        return equation_tex(*self.args)


class Invertible(Condition):
    """A matrix has an inverse."""

    words, pattern = "{} is invertible", r"%s \text{ is invertible}"


class Nonzero(Condition):
    """A number is not zero."""

    words, pattern = "{} is not zero", r"%s \neq 0"


class Positive(Condition):
    """A number is positive."""

    words, pattern = "{} > 0", "%s > 0"


def conditions(expression: sp.Expr) -> frozenset[Condition]:
    """Return what an expression takes for granted: inverses exist, denominators are not 0, logarithms have positives.

    >>> from lmmtext.proof import dimensions, inv, matrix
    >>> n, p = dimensions("n p")
    >>> X, V = matrix("X", n, p), matrix("V", n, n, "invertible")
    >>> [str(condition) for condition in conditions(inv(X.T * inv(V) * X))]
    ["X'*V^-1*X is invertible"]
    """
    found: set[Condition] = set()
    for part in sp.preorder_traversal(sp.sympify(expression)):
        if isinstance(part, Inverse) and not surely_invertible(part.args[0]):
            found.add(Invertible(part.args[0]))
        elif isinstance(part, sp.Pow) and part.is_commutative and not part.exp.is_nonnegative:
            found |= nonzero(part.base)
        elif isinstance(part, sp.log) and not part.args[0].is_positive:
            found.add(Positive(part.args[0]))
    return frozenset(found)


def nonzero(number: sp.Expr) -> frozenset[Condition]:
    """Return what makes a number differ from zero: for a determinant, that the matrix is invertible."""
    if number.is_Mul:
        return frozenset().union(*(nonzero(factor) for factor in number.args))
    if number.is_Pow:
        return nonzero(number.base)
    if number.is_nonzero:
        return frozenset()
    if isinstance(number, Det):
        inside = number.args[0]
        return frozenset() if surely_invertible(inside) else frozenset({Invertible(inside)})
    return frozenset({Nonzero(number)})


def surely_invertible(expression: sp.Expr) -> bool:
    """Return whether a matrix is seen to be invertible: a product of such letters, with a number that is not zero."""
    if isinstance(expression, Letter):
        return expression.known_to_be("invertible")
    if isinstance(expression, Inverse | Transpose):
        return surely_invertible(expression.args[0])
    if expression.is_Mul or expression.is_Pow:
        number, word = split(expression)
        return bool(number.is_nonzero) and all(surely_invertible(factor) for factor in word)
    return isinstance(expression, Identity)
