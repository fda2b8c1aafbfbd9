"""Rational functions of one variable: exact limits, also at infinity."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lmmtext.verify.clock import tick
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Singular, Undecided
from lmmtext.verify.logs import Exp, LogSum, Real

Poly = tuple[Fraction, ...]  # from the constant upward, without trailing zeros


def _trim(p: list[Fraction]) -> Poly:
    while p and not p[-1]:
        p.pop()
    return tuple(p)


def _add(p: Poly, q: Poly) -> Poly:
    size = max(len(p), len(q))
    return _trim([(p[i] if i < len(p) else Fraction(0)) + (q[i] if i < len(q) else Fraction(0)) for i in range(size)])


def _mul(p: Poly, q: Poly) -> Poly:
    total = [Fraction(0)] * max(0, len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            total[i + j] += a * b
    return _trim(total)


def _divmod(p: Poly, q: Poly) -> tuple[Poly, Poly]:
    rest, quotient = list(p), [Fraction(0)] * max(0, len(p) - len(q) + 1)
    while len(rest) >= len(q) and rest:
        c, shift = rest[-1] / q[-1], len(rest) - len(q)
        quotient[shift] = c
        for i, b in enumerate(q):
            rest[i + shift] -= c * b
        rest = list(_trim(rest))
    return _trim(quotient), tuple(rest)


def _gcd(p: Poly, q: Poly) -> Poly:
    while q:
        p, q = q, _divmod(p, q)[1]
        q = tuple(c / q[-1] for c in q) if q else q
    return tuple(c / p[-1] for c in p)


@dataclass(frozen=True)
class Ratio:
    """num / den in lowest terms, the denominator monic."""

    num: Poly
    den: Poly

    @classmethod
    def make(cls, num: Poly, den: Poly) -> "Ratio":
        """Return the quotient in lowest terms."""
        tick()
        if not den:
            raise Singular("a division by zero")
        g = _gcd(num, den) if num else den
        num, den = _divmod(num, g)[0], _divmod(den, g)[0]
        return cls(tuple(c / den[-1] for c in num), tuple(c / den[-1] for c in den))

    @classmethod
    def variable(cls) -> "Ratio":
        """Return the variable itself."""
        return cls((Fraction(0), Fraction(1)), (Fraction(1),))

    def __add__(self, other: Any) -> Any:
        o = _as_ratio(other)
        if o is None:
            return NotImplemented
        return Ratio.make(_add(_mul(self.num, o.den), _mul(o.num, self.den)), _mul(self.den, o.den))

    __radd__ = __add__

    def __neg__(self) -> "Ratio":
        return Ratio(tuple(-c for c in self.num), self.den)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        o = _as_ratio(other)
        return NotImplemented if o is None else Ratio.make(_mul(self.num, o.num), _mul(self.den, o.den))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        o = _as_ratio(other)
        return NotImplemented if o is None else Ratio.make(_mul(self.num, o.den), _mul(self.den, o.num))

    def __rtruediv__(self, other: Any) -> Any:
        o = _as_ratio(other)
        return NotImplemented if o is None else o / self

    def __bool__(self) -> bool:
        return bool(self.num)

    @property
    def finite(self) -> Fraction:
        """Return the leading coefficient near zero, which tells the sign there."""
        low = next((c for c in self.num if c), Fraction(0))
        return low / next(c for c in self.den if c)

    def limit(self, target: Fraction | None) -> Fraction | None:
        """Return the limit at a number, or at infinity (None); None if it is infinite."""
        if target is None:
            if len(self.num) > len(self.den):
                return None
            return self.num[-1] / self.den[-1] if len(self.num) == len(self.den) else Fraction(0)
        below = sum((c * target**i for i, c in enumerate(self.den)), Fraction(0))
        above = sum((c * target**i for i, c in enumerate(self.num)), Fraction(0))
        return above / below if below else None


def _as_ratio(x: Any) -> Ratio | None:
    if isinstance(x, Ratio):
        return x
    if isinstance(x, (Dual, LogSum, Exp, Real)):
        raise Undecided("a limit of what is no rational function of the variable")
    return Ratio(_trim([Fraction(x)]), (Fraction(1),)) if isinstance(x, (int, Fraction)) else None
