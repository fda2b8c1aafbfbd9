"""Matrices as non-commutative symbols that carry their shapes, for proofs that hold in all dimensions.

SymPy multiplies and adds them as it does any non-commutative symbols: products keep their order, numbers move to the
front, equal terms are collected. It does nothing else to them: a transpose, an inverse and a determinant stay as they
are written until a law with a name is applied, so that each line of a proof is one step. Rows and columns are SymPy
expressions such as n, p or n - p, and every expression is held together by them before it is used.
"""

import sympy as sp
from sympy.core.symbol import Str

GREEK = {"alpha", "beta", "gamma", "epsilon", "theta", "psi", "Sigma", "Lambda", "Psi", "Omega"}


class DoesNotConform(ValueError):
    """Shapes that do not go together; the message names both."""


class Shaped(sp.Expr):
    """A matrix, whatever it is made of; its shape is two SymPy expressions."""

    is_commutative = False

    @property
    def T(self) -> "Transpose":
        """Return the transpose, written and not yet worked out."""
        return Transpose(self)

    def __pow__(self, power):
        """Return a power; an inverse is written `inv(A)`, for it is not a number one over A."""
        if not (sp.sympify(power).is_Integer and power >= 0):
            raise ValueError(f"{self} to the power {power}: powers are 0, 1, 2, ...; write inv({self}) for an inverse.")
        return sp.Pow(self, power) if power else Identity(shape(self)[0])


class Letter(Shaped):
    """A matrix with a name, a shape, and what is known of it; `matrix` makes one."""

    @property
    def name(self) -> str:
        """Return the name."""
        return self.args[0].name

    @property
    def shape(self):
        """Return rows and columns."""
        return self.args[1], self.args[2]

    def known_to_be(self, word: str) -> bool:
        """Return whether this is among the properties that the matrix was given."""
        return Str(word) in self.args[3]

    def _sympystr(self, printer) -> str:
        return self.name

    def _latex(self, printer) -> str:
        letter, *marks = self.name.split("_")
        text = rf"\hat{{{_bold(letter)}}}" if "hat" in marks else _bold(letter)
        below = [_bold(mark) for mark in marks if mark != "hat"]
        return rf"{text}_{{{below[0]}}}" if below else text


class Identity(Shaped):
    """The identity matrix of n rows; `eye` makes one."""

    @property
    def shape(self):
        """Return rows and columns."""
        return self.args[0], self.args[0]

    def _sympystr(self, printer) -> str:
        return f"I_{printer._print(self.args[0])}"

    def _latex(self, printer) -> str:
        return rf"\mathbf{{I}}_{{{printer._print(self.args[0])}}}"


class Transpose(Shaped):
    """The transpose of an expression."""

    def __new__(cls, inside):
        """Return the transpose, if the expression conforms."""
        _matrix_only(inside, "the transpose")
        return super().__new__(cls, inside)

    @property
    def shape(self):
        """Return rows and columns."""
        rows, columns = shape(self.args[0])
        return columns, rows

    def _sympystr(self, printer) -> str:
        return f"{_within(self.args[0], printer)}'"

    def _latex(self, printer) -> str:
        inside = self.args[0]
        if isinstance(inside, Inverse) and isinstance(inside.args[0], Letter):
            return rf"{printer._print(inside.args[0])}^{{-\top}}"
        return rf"{_within(inside, printer, 'tex')}^\top"


class Inverse(Shaped):
    """The inverse of a square expression; that it exists becomes an assumption of the proof."""

    def __new__(cls, inside):
        """Return the inverse, if the expression is square."""
        _square_only(inside, "an inverse")
        return super().__new__(cls, inside)

    @property
    def shape(self):
        """Return rows and columns."""
        return shape(self.args[0])

    def _sympystr(self, printer) -> str:
        return f"{_within(self.args[0], printer)}^-1"

    def _latex(self, printer) -> str:
        return f"{_within(self.args[0], printer, 'tex')}^{{-1}}"


class Det(sp.Expr):
    """The determinant of a square expression: a number, which commutes with everything."""

    is_commutative = True

    def __new__(cls, inside):
        """Return the determinant, if the expression is square."""
        _square_only(inside, "a determinant")
        return super().__new__(cls, inside)

    def _sympystr(self, printer) -> str:
        return f"|{printer._print(self.args[0])}|"

    def _latex(self, printer, exp=None) -> str:
        bars = rf"\left| {printer._print(self.args[0])} \right|"
        return f"{bars}^{{{exp}}}" if exp else bars


class Block(Shaped):
    """A matrix of blocks, with the heights of its rows and the widths of its columns; `block` makes one."""

    def __new__(cls, rows, heights, widths):
        """Return the matrix, if every block has the height of its row and the width of its column."""
        for row, height in zip(rows, heights, strict=True):
            for entry, width in zip(row, widths, strict=True):
                if entry != 0 and shape(entry) != (height, width):
                    raise DoesNotConform(
                        f"the block {entry} is {size(shape(entry))}, where a block of {size((height, width))} belongs."
                    )
        return super().__new__(cls, sp.Tuple(*(sp.Tuple(*row) for row in rows)), sp.Tuple(*heights), sp.Tuple(*widths))

    rows = property(lambda self: self.args[0])
    heights = property(lambda self: self.args[1])
    widths = property(lambda self: self.args[2])

    @property
    def shape(self):
        """Return rows and columns."""
        return sp.Add(*self.heights), sp.Add(*self.widths)

    def _sympystr(self, printer) -> str:
        return "[" + "; ".join(", ".join(printer._print(entry) for entry in row) for row in self.rows) + "]"

    def _latex(self, printer) -> str:
        rows = [[r"\mathbf{0}" if entry == 0 else printer._print(entry) for entry in row] for row in self.rows]
        text = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\begin{{pmatrix}} {text} \end{{pmatrix}}"


def _bold(letter):
    return rf"\boldsymbol{{\{letter}}}" if letter in GREEK else rf"\mathbf{{{letter}}}"


def _within(inside, printer, style="str"):
    text = printer._print(inside)
    if isinstance(inside, Letter | Identity | Block):
        return text
    return rf"\left( {text} \right)" if style == "tex" else f"({text})"


def size(dimensions) -> str:
    """Return a shape in words."""
    return f"{dimensions[0]} x {dimensions[1]}" if dimensions else "a number"


def shape(expression: sp.Expr) -> tuple:
    """Return rows and columns of an expression, all of it held together; of a number, the empty tuple.

    Raises
    ------
    DoesNotConform
        If a sum or a product in it does not conform, with both shapes.
    """
    expression = sp.sympify(expression)
    for part in expression.args if not isinstance(expression, Letter | Identity) else ():
        if isinstance(part, sp.Expr) and part.has(Shaped):
            shape(part)
    if expression.is_commutative or expression == 0:
        return ()
    if isinstance(expression, Shaped):
        return expression.shape
    if expression.is_Add:
        return _shape_of_sum(expression)
    if expression.is_Pow:
        base, power = expression.args
        if not (power.is_Integer and power > 0):
            raise ValueError(f"({base})**({power}): write inv({base}) for an inverse; other powers are 1, 2, 3, ...")
        return _square_only(base, "a power")
    if expression.is_Mul:
        return _shape_of_product(expression)
    raise ValueError(f"{expression} is a {type(expression).__name__}, which is no sum or product of matrices.")


def _shape_of_sum(total):
    first, *others = (term for term in total.args)
    for other in others:
        if shape(other) != shape(first):
            told = f"{first} is {size(shape(first))} and {other} is {size(shape(other))}"
            raise DoesNotConform(f"{told}: they cannot be added. (The identity is eye(n), not 1.)")
    return shape(first)


def _shape_of_product(product):
    factors = [factor for factor in product.args if not factor.is_commutative]
    for left, right in zip(factors[:-1], factors[1:], strict=True):
        (_, inner), (other, _) = shape(left), shape(right)
        if inner != other:
            told = f"{left} is {size(shape(left))} and {right} is {size(shape(right))}"
            raise DoesNotConform(f"{told}: their product needs {inner} = {other}.")
    return shape(factors[0])[0], shape(factors[-1])[1]


def _matrix_only(expression, what):
    found = shape(expression)
    if not found:
        raise DoesNotConform(f"{what} of {expression}: it is a number, and {what} is of a matrix.")
    return found


def _square_only(expression, what):
    found = _matrix_only(expression, what)
    if found[0] != found[1]:
        raise DoesNotConform(f"{what} of {expression}, which is {size(found)}: it must be square.")
    return found
