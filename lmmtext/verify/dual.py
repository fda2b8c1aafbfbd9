"""Numbers with infinitesimals: exact derivatives, of any formula, in the variables that were moved."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lmmtext.verify import logs
from lmmtext.verify.errors import Singular


@dataclass(frozen=True)
class Dual:
    """A sum of c_S times the infinitesimals in S, each of which has square zero; S is a set of bits.

    f(x + e) has f'(x) for its coefficient of e, and f(x + e1 + e2) has f''(x) for that of e1 e2.
    """

    parts: tuple[tuple[int, Any], ...]

    @classmethod
    def make(cls, parts: dict[int, Any]) -> "Dual":
        """Return the number with these coefficients."""
        return cls(tuple(sorted((s, c) for s, c in parts.items() if s == 0 or c)))

    @classmethod
    def moved(cls, value: Any, bit: int) -> Any:
        """Return value + e, where e is the infinitesimal of this bit."""
        return as_dual(value) + cls(((0, Fraction(0)), (1 << bit, Fraction(1))))

    def part(self, bits: int) -> Any:
        """Return one coefficient."""
        return dict(self.parts).get(bits, Fraction(0))

    @property
    def finite(self) -> Any:
        """Return the coefficient without infinitesimals."""
        return self.part(0)

    def __add__(self, other: Any) -> Any:
        other = as_dual(other)
        if other is NotImplemented:
            return NotImplemented
        total = dict(self.parts)
        for s, c in other.parts:
            total[s] = total[s] + c if s in total else c
        return Dual.make(total)

    __radd__ = __add__

    def __neg__(self) -> "Dual":
        return Dual(tuple((s, -c) for s, c in self.parts))

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        other = as_dual(other)
        if other is NotImplemented:
            return NotImplemented
        total: dict[int, Any] = {}
        for a, x in self.parts:
            for b, y in other.parts:
                if a & b == 0:
                    total[a | b] = total[a | b] + x * y if a | b in total else x * y
        return Dual.make(total)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        other = as_dual(other)
        return NotImplemented if other is NotImplemented else self * other.inverse()

    def __rtruediv__(self, other: Any) -> Any:
        return self.inverse() * other

    def series(self, terms: list[Any]) -> "Dual":
        """Return the sum of terms[k] d^k, where d is this number without its finite part."""
        d = Dual.make({**dict(self.parts), 0: Fraction(0)})
        total, powered = Dual.make({0: Fraction(0)}), Dual.make({0: Fraction(1)})
        for c in terms:
            total = total + powered * c
            powered = powered * d
        return total

    @property
    def order(self) -> int:
        """Return how many infinitesimals there are; a power of d above this is zero."""
        bits = 0
        for s, _ in self.parts:
            bits |= s
        return bits.bit_count()

    def inverse(self) -> "Dual":
        """Return 1 over this number."""
        a = self.finite
        if not a:
            raise Singular("a division by zero")
        terms, x = [], Fraction(1) / a
        for _ in range(self.order + 1):
            terms.append(x)
            x = -x / a
        return self.series(terms)

    def log(self) -> "Dual":
        """Return the logarithm."""
        a = self.finite
        terms, x = [logs.log(a)], Fraction(1) / a
        for k in range(1, self.order + 1):
            terms.append(x * Fraction(1, k))
            x = -x / a
        return self.series(terms)

    def exp(self) -> "Dual":
        """Return the exponential."""
        top, terms, x = logs.exp(self.finite), [], Fraction(1)
        for k in range(self.order + 1):
            terms.append(top * x)
            x = x / (k + 1)
        return self.series(terms)

    def power(self, e: Fraction) -> "Dual":
        """Return a rational power."""
        if e.denominator == 1 and e >= 0:
            result: Any = Dual.make({0: Fraction(1)})
            for _ in range(int(e)):
                result = result * self
            return result
        a, terms, c = self.finite, [], Fraction(1)
        for k in range(self.order + 1):
            terms.append(logs.power(a, e - k) * c)
            c = c * (e - k) / (k + 1)
        return self.series(terms)

    def __bool__(self) -> bool:
        return any(c for _, c in self.parts)


def as_dual(x: Any) -> Any:
    """Return a scalar as a number with infinitesimals, of which it has none."""
    if isinstance(x, Dual):
        return x
    if isinstance(x, int):
        return Dual(((0, Fraction(x)),))
    if isinstance(x, (Fraction, logs.LogSum, logs.Exp, logs.Real)):
        return Dual(((0, x),))
    return NotImplemented
