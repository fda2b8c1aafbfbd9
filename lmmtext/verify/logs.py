"""Exact logarithms and exponentials: q + sum of c log a, and c exp(that), over the rationals and pi.

Whether such a sum is zero is decided exactly: the arguments are written in a base of coprime numbers, and the
logarithms
of those are linearly independent over the rationals (unique factorisation); a rational q beside them is independent by
Lindemann's theorem. Pi is kept as a letter of its own. What leaves this field falls to 80 digits (`Real`).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, isqrt
from typing import Any

import mpmath

from lmmtext.verify.errors import Undecided, Undefined

DIGITS = 80
ZERO = 50  # digits below what went into a sum: what is smaller than that has cancelled
PI = "pi"
MP = mpmath.MPContext()  # a context of its own: nobody else's precision matters here
MP.dps = DIGITS


def real(x: Any) -> Any:
    """Return a scalar of any kind in 80 digits."""
    if isinstance(x, Fraction):
        return MP.mpf(x.numerator) / x.denominator
    if isinstance(x, LogSum):
        total = real(x.rational)
        for a, c in x.logs:
            total += real(c) * MP.log(MP.pi if a == PI else real(a))
        return total
    if isinstance(x, Exp):
        return real(x.factor) * MP.exp(real(x.exponent))
    if isinstance(x, Real):
        return x.value
    raise Undecided(f"a value of kind {type(x).__name__} has no digits")


class _Number(ABC):
    """Arithmetic that falls to 80 digits where the exact field has no answer."""

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    @abstractmethod
    def __neg__(self) -> Any:
        """Return the negative."""

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other


def _exact(x: Any) -> bool:
    return isinstance(x, (Fraction, LogSum, Exp))


@dataclass(frozen=True)
class LogSum(_Number):
    """rational + sum of c log a."""

    rational: Fraction
    logs: tuple[tuple[Any, Fraction], ...]

    @classmethod
    def make(cls, rational: Fraction, logs: dict[Any, Fraction]) -> Any:
        """Return the sum, or the rational alone if no logarithm is left."""
        kept = tuple(sorted(((a, c) for a, c in logs.items() if c and a != 1), key=str))
        return cls(rational, kept) if kept else rational

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Fraction):
            return LogSum(self.rational + other, self.logs)
        if isinstance(other, LogSum):
            total = dict(self.logs)
            for a, c in other.logs:
                total[a] = total.get(a, Fraction(0)) + c
            return LogSum.make(self.rational + other.rational, total)
        return inexact(self) + other if isinstance(other, (Exp, Real)) else NotImplemented

    def __neg__(self) -> Any:
        return LogSum(-self.rational, tuple((a, -c) for a, c in self.logs))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Fraction):
            return LogSum.make(self.rational * other, {a: c * other for a, c in self.logs})
        return inexact(self) * other if isinstance(other, (LogSum, Exp, Real)) else NotImplemented

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Fraction):
            return self * (1 / other)
        return inexact(self) / other if isinstance(other, (LogSum, Exp, Real)) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return inexact(other) / inexact(self)

    def __bool__(self) -> bool:
        return bool(self.rational) or any(_in_coprime_base(self.logs).values())


@dataclass(frozen=True)
class Exp(_Number):
    """factor times exp(exponent): roots, powers of pi, densities."""

    factor: Fraction
    exponent: Any

    @classmethod
    def make(cls, factor: Fraction, exponent: Any) -> Any:
        """Return the product, or a rational if the exponential is one."""
        if isinstance(exponent, LogSum):
            logs = dict(exponent.logs)
            for a, c in exponent.logs:  # whole powers are rationals
                if a != PI and c.numerator // c.denominator and abs(c) <= 64:
                    whole = c.numerator // c.denominator
                    factor, logs[a] = factor * a**whole, c - whole
            exponent = LogSum.make(exponent.rational, logs)
        if not factor or not exponent:
            return factor
        return cls(factor, exponent)

    def log_abs(self) -> Any:
        """Return the logarithm of the absolute value."""
        return log(abs(self.factor)) + self.exponent

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Fraction):
            return Exp.make(self.factor * other, self.exponent)
        if isinstance(other, Exp):
            return Exp.make(self.factor * other.factor, self.exponent + other.exponent)
        return inexact(self) * other if isinstance(other, (LogSum, Real)) else NotImplemented

    def __neg__(self) -> Any:
        return Exp(-self.factor, self.exponent)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Fraction):
            return Exp(self.factor / other, self.exponent)
        if isinstance(other, Exp):
            return Exp.make(self.factor / other.factor, self.exponent - other.exponent)
        return inexact(self) / other if isinstance(other, (LogSum, Real)) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        if isinstance(other, Fraction):
            return Exp.make(other / self.factor, -self.exponent)
        return inexact(other) / inexact(self)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Exp):
            apart = self.exponent - other.exponent
            if not apart:
                return Exp.make(self.factor + other.factor, self.exponent)
            if self.factor * other.factor < 0 and not (self.log_abs() - other.log_abs()):
                return Fraction(0)
        if isinstance(other, Fraction) and not other:
            return self
        if isinstance(other, (Fraction, LogSum, Exp, Real)):
            if (
                _exact(other)
                and isinstance(other, Fraction)
                and self.factor * other < 0
                and not (self.log_abs() - log(abs(other)))
            ):
                return Fraction(0)
            return inexact(self) + other
        return NotImplemented

    def __bool__(self) -> bool:
        return bool(self.factor)


def reach(x: Any) -> Any:
    """Return how large a scalar is, or what went into it: its error is below 10^-DIGITS of this, but for a factor."""
    if isinstance(x, Real):
        return x.scale
    if isinstance(x, LogSum):
        return abs(real(x.rational)) + sum(
            (abs(real(c) * MP.log(MP.pi if a == PI else real(a))) for a, c in x.logs), MP.mpf(0)
        )
    if isinstance(x, Exp):
        return abs(real(x)) * (1 + reach(x.exponent))
    return abs(real(x))


@dataclass(frozen=True)
class Real(_Number):
    """A number known to 80 digits of the largest that went into it: zero if it is smaller than 10^-50 of that.

    The scale is not absolute: exp(-10^6) is a small number, and not zero.
    """

    value: Any
    scale: Any = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.scale is None:
            object.__setattr__(self, "scale", abs(self.value))

    def __add__(self, other: Any) -> Any:
        if not _known(other):
            return NotImplemented
        o = inexact(other)
        small, large = sorted((self, o), key=lambda x: abs(x.value))
        if small and abs(small.value) < abs(large.value) * MP.mpf(10) ** -ZERO:
            raise Undecided("a sum of numbers whose sizes differ by more than 50 digits")
        return Real(self.value + o.value, self.scale + o.scale)

    def __mul__(self, other: Any) -> Any:
        if not _known(other):
            return NotImplemented
        o = inexact(other)  # the error of a product, to first order
        return Real(self.value * o.value, abs(self.value) * o.scale + abs(o.value) * self.scale)

    def inverse(self) -> "Real":
        """Return 1 over this."""
        return Real(1 / self.value, self.scale / self.value**2)

    def __truediv__(self, other: Any) -> Any:
        return self * inexact(other).inverse() if _known(other) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return self.inverse() * other if _known(other) else NotImplemented

    def __neg__(self) -> Any:
        return Real(-self.value, self.scale)

    def __bool__(self) -> bool:
        return bool(abs(self.value) > self.scale * MP.mpf(10) ** -ZERO)


def _known(x: Any) -> bool:
    return isinstance(x, (Fraction, LogSum, Exp, Real))


def same(x: Any, y: Any) -> bool:
    """Return whether two scalars are equal; of products of powers and exponentials, their logarithms are compared."""
    if isinstance(x, Exp) or isinstance(y, Exp):
        factors = [v.factor if isinstance(v, Exp) else v for v in (x, y)]
        if all(isinstance(f, Fraction) for f in factors):
            if not all(factors) or (factors[0] > 0) != (factors[1] > 0):
                return not any(factors)
            a, b = (v.log_abs() if isinstance(v, Exp) else log(abs(v)) for v in (x, y))
            return not (a - b)
    return not (x - y)


def inexact(x: Any) -> "Real":
    """Return a scalar in digits, knowing what went into it."""
    return Real(real(x), reach(x))


def log(x: Any) -> Any:
    """Return the logarithm of a positive scalar, exactly where that is possible."""
    if isinstance(x, Fraction):
        if x <= 0:
            raise Undefined("the logarithm of a number that is not positive")
        return LogSum.make(Fraction(0), {Fraction(x.numerator): Fraction(1), Fraction(x.denominator): Fraction(-1)})
    if isinstance(x, Exp):
        if x.factor <= 0:
            raise Undefined("the logarithm of a number that is not positive")
        return log(x.factor) + x.exponent
    if isinstance(x, (LogSum, Real)):
        if real(x) <= 0:
            raise Undefined("the logarithm of a number that is not positive")
        return Real(MP.log(real(x)), max(abs(MP.log(real(x))), reach(x) / real(x)))
    raise Undecided(f"the logarithm of a value of kind {type(x).__name__}")


def exp(x: Any) -> Any:
    """Return the exponential."""
    if isinstance(x, (Fraction, LogSum)):
        return Exp.make(Fraction(1), x)
    return Real(MP.exp(real(x)), MP.exp(real(x)) * (1 + reach(x)))


def power(x: Any, e: Fraction) -> Any:
    """Return a rational power of a scalar: exactly, as a rational if it is one."""
    if e.denominator == 1:
        n, result = abs(int(e)), Fraction(1)
        bits = x.numerator.bit_length() + x.denominator.bit_length() if isinstance(x, Fraction) else 64
        if n * bits > 400_000:
            raise Undecided("a number of more than 400,000 bits")
        for bit in bin(n)[2:] if n else "":
            result = result * result
            if bit == "1":
                result = result * x
        return result if e >= 0 else Fraction(1) / result
    if e.denominator == 2 and isinstance(x, Fraction) and x >= 0:
        a, b = isqrt(x.numerator), isqrt(x.denominator)
        if a * a == x.numerator and b * b == x.denominator:
            return power(Fraction(a, b), Fraction(e.numerator))
    if isinstance(x, (Fraction, Exp)):
        return exp(log(x) * e) if isinstance(log(x), LogSum) else exp(log(x))
    if real(x) <= 0:
        raise Undecided("a root of a number that is not positive")
    found = real(x) ** real(e)
    return Real(found, abs(found) * (1 + abs(real(e)) * reach(x) / real(x)))


def pi() -> Any:
    """Return pi."""
    return Exp(Fraction(1), LogSum(Fraction(0), ((PI, Fraction(1)),)))


def _in_coprime_base(logs: tuple[tuple[Any, Fraction], ...]) -> dict[Any, Fraction]:
    """Return the coefficients when all arguments are written as products of pairwise coprime integers."""
    base: list[int] = []
    for a, _ in logs:
        if a != PI:
            for part in (a.numerator, a.denominator):
                _refine(base, part)
    total: dict[Any, Fraction] = {}
    for a, c in logs:
        if a == PI:
            total[PI] = total.get(PI, Fraction(0)) + c
            continue
        for part, sign in ((a.numerator, 1), (a.denominator, -1)):
            for b in base:
                while part % b == 0:
                    part //= b
                    total[b] = total.get(b, Fraction(0)) + sign * c
    return total


def _refine(base: list[int], number: int) -> None:
    """Refine a base of pairwise coprime integers so that it also generates a number."""
    waiting = [number]
    while waiting:
        x = waiting.pop()
        if x == 1:
            continue
        for k, b in enumerate(base):
            g = gcd(x, b)
            if g > 1:
                base.pop(k)
                waiting += [g, b // g, x // g]
                break
        else:
            base.append(x)
