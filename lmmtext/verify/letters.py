"""Rational functions of letters, as scalars: a moment with the variances of its model left open."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import QQ, Expr, field

from lmmtext.verify.errors import Singular


@dataclass(frozen=True)
class Letter:
    """A rational function with rational coefficients."""

    value: Any

    def _other(self, x: Any) -> Any:
        if isinstance(x, Letter):
            return x.value
        if isinstance(x, (int, Fraction)):
            x = Fraction(x)
            return self.value.field(QQ(x.numerator, x.denominator))
        return None

    def __add__(self, other: Any) -> Any:
        o = self._other(other)
        return NotImplemented if o is None else Letter(self.value + o)

    __radd__ = __add__

    def __neg__(self) -> "Letter":
        return Letter(-self.value)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        o = self._other(other)
        return NotImplemented if o is None else Letter(self.value * o)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        o = self._other(other)
        if o is None:
            return NotImplemented
        if not o:
            raise Singular("a division by zero")
        return Letter(self.value / o)

    def __rtruediv__(self, other: Any) -> Any:
        o = self._other(other)
        if o is None:
            return NotImplemented
        if not self.value:
            raise Singular("a division by zero")
        return Letter(o / self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    @property
    def expr(self) -> Expr:
        """Return the function as a SymPy expression."""
        return self.value.as_expr()


def letters(names: list[str]) -> dict[str, Letter]:
    """Return one letter for each name."""
    made = field(names, QQ)
    return {name: Letter(g) for name, g in zip(names, made[1:], strict=True)}
