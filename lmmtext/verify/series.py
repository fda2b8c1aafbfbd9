"""Laurent series in a small positive number: exact limits, by the terms that are known and no others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lmmtext.verify.clock import tick
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Singular, Undecided
from lmmtext.verify.logs import Exp, LogSum, Real

ATTEMPTS = (4, 12)  # terms that are kept: few are quick, and enough unless much cancels
_terms = [ATTEMPTS[-1]]


@contextmanager
def keeping(terms: int) -> Iterator[None]:
    """Keep at most this many terms of the series that are made inside."""
    _terms.append(terms)
    try:
        yield
    finally:
        _terms.pop()


@dataclass(frozen=True)
class Series:
    """c_0 e^v + c_1 e^(v+1) + ..., and, unless `exact`, something of the order of the first power not written.

    A zero of which only the order is known is not taken for zero, nor divided by.
    """

    v: int
    c: tuple[Fraction, ...]
    exact: bool = False

    @classmethod
    def make(cls, v: int, c: list[Fraction], exact: bool) -> "Series":
        """Return the series from its leading term on, cut where no more are kept."""
        start = next((i for i, x in enumerate(c) if x), len(c))
        kept = c[start:]
        if exact:
            while kept and not kept[-1]:
                kept.pop()
            exact = len(kept) <= _terms[-1]
        return cls(v + start, tuple(kept[: _terms[-1]]), exact)

    @property
    def order(self) -> int | None:
        """Return the first power that is not known; None if all are."""
        return None if self.exact else self.v + len(self.c)

    @property
    def finite(self) -> Fraction:
        """Return the leading coefficient, zero if none is known: what one can divide by."""
        return self.c[0] if self.c else Fraction(0)

    def _terms(self, start: int, stop: int) -> list[Fraction]:
        return [self.c[i - self.v] if 0 <= i - self.v < len(self.c) else Fraction(0) for i in range(start, stop)]

    def __add__(self, other: Any) -> Any:
        o = _as_series(other)
        if o is None:
            return NotImplemented
        orders = [x for x in (self.order, o.order) if x is not None]
        start = min(self.v, o.v)
        stop = min(orders) if orders else max(self.v + len(self.c), o.v + len(o.c))
        start = min(start, stop)
        terms = [a + b for a, b in zip(self._terms(start, stop), o._terms(start, stop), strict=True)]
        return Series.make(start, terms, not orders)

    __radd__ = __add__

    def __neg__(self) -> "Series":
        return Series(self.v, tuple(-x for x in self.c), self.exact)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        o = _as_series(other)
        if o is None:
            return NotImplemented
        tick()
        if (self.exact and not self.c) or (o.exact and not o.c):
            return Series(0, (), True)
        known = [len(x.c) for x in (self, o) if not x.exact]
        size = min(known) if known else len(self.c) + len(o.c) - 1
        terms = [Fraction(0)] * size
        for i, a in enumerate(self.c[:size]):
            for j, b in enumerate(o.c[: size - i]):
                terms[i + j] += a * b
        return Series.make(self.v + o.v, terms, not known)

    __rmul__ = __mul__

    def inverse(self) -> "Series":
        """Return 1 over this; Singular if no term of it is known."""
        if not self.c:
            raise Singular("a division by zero")
        if self.exact and len(self.c) == 1:
            return Series(-self.v, (1 / self.c[0],), True)
        size = _terms[-1] if self.exact else len(self.c)
        found: list[Fraction] = []
        for k in range(size):
            rest = sum((self.c[i] * found[k - i] for i in range(1, min(k, len(self.c) - 1) + 1)), Fraction(0))
            found.append((Fraction(k == 0) - rest) / self.c[0])
        return Series.make(-self.v, found, False)

    def __truediv__(self, other: Any) -> Any:
        o = _as_series(other)
        return NotImplemented if o is None else self * o.inverse()

    def __rtruediv__(self, other: Any) -> Any:
        return self.inverse() * other

    def __bool__(self) -> bool:
        return bool(self.c) or not self.exact

    def limit(self) -> Fraction:
        """Return the limit; Undecided if it is infinite, or too few terms are known."""
        if self.v > 0 or (self.exact and not self.c):
            return Fraction(0)
        if not self.c:
            raise Undecided("too much cancelled in this limit to tell it")
        if self.v < 0:
            raise Undecided("this limit is infinite")
        return self.c[0]


def approaching(target: Fraction | None, side: str) -> Series:
    """Return a number that goes to a target, or to infinity (None), as the small number goes to zero."""
    if target is None:
        return Series(-1, (Fraction(1),), True)
    step = Fraction(-1) if side == "-" else Fraction(1)
    return Series.make(0, [target, step], True)


def _as_series(x: Any) -> Series | None:
    if isinstance(x, Series):
        return x
    if isinstance(x, (Dual, LogSum, Exp, Real)):
        raise Undecided("a limit of what is no rational function of the variable")
    return Series.make(0, [Fraction(x)], True) if isinstance(x, (int, Fraction)) else None
