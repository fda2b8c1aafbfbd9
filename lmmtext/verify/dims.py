"""Symbolic sizes, polynomials in n, p, q, J, r, m ..., and the unknown sizes of a bare I or 0."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Monomial = tuple[str, ...]


@dataclass(frozen=True)
class Dim:
    """A polynomial in the names of dimensions with integer coefficients, such as n - J or p + m.

    Two sizes are equal if they are the same polynomial: never because two drawn numbers agree.

    >>> n, J = Dim.of("n"), Dim.of("J")
    >>> str(n - J), n * J == J * n, n == J
    ('n - J', True, False)
    """

    terms: tuple[tuple[Monomial, int], ...]

    @classmethod
    def make(cls, terms: Mapping[Monomial, int]) -> "Dim":
        """Return the polynomial with these coefficients."""
        return cls(tuple(sorted((m, c) for m, c in terms.items() if c)))

    @classmethod
    def of(cls, value: "str | int | Dim") -> "Dim":
        """Return a named dimension, or a constant one."""
        if isinstance(value, Dim):
            return value
        return cls.make({(): value}) if isinstance(value, int) else cls.make({(value,): 1})

    def __add__(self, other: "Dim") -> "Dim":
        total = dict(self.terms)
        for monomial, c in other.terms:
            total[monomial] = total.get(monomial, 0) + c
        return Dim.make(total)

    def __neg__(self) -> "Dim":
        return Dim.make({m: -c for m, c in self.terms})

    def __sub__(self, other: "Dim") -> "Dim":
        return self + -other

    def __mul__(self, other: "Dim") -> "Dim":
        total: dict[Monomial, int] = {}
        for a, x in self.terms:
            for b, y in other.terms:
                m = tuple(sorted(a + b))
                total[m] = total.get(m, 0) + x * y
        return Dim.make(total)

    def over(self, other: "Dim") -> "Dim | None":
        """Return the quotient by a monomial, or None if it is no polynomial."""
        if len(other.terms) != 1:
            return None
        (divisor, c), found = other.terms[0], {}
        for monomial, x in self.terms:
            rest = list(monomial)
            for name in divisor:
                if name not in rest:
                    return None
                rest.remove(name)
            if x % c:
                return None
            found[tuple(rest)] = x // c
        return Dim.make(found)

    def replaced(self, relations: "Mapping[str, Dim]") -> "Dim":
        """Return this with names replaced, as n = Jr in a balanced layout."""
        total = Dim.make({})
        for monomial, c in self.terms:
            part = Dim.of(c)
            for name in monomial:
                part = part * relations.get(name, Dim.of(name))
            total = total + part
        return total

    def value(self, sizes: Callable[[str], int]) -> int:
        """Return the number that this is where each name has a size."""
        total = 0
        for monomial, c in self.terms:
            for name in monomial:
                c *= sizes(name)
            total += c
        return total

    @property
    def is_one(self) -> bool:
        """Return whether this is the constant 1."""
        return self.terms == (((), 1),)

    def __str__(self) -> str:
        text = ""
        for monomial, c in sorted(self.terms, key=lambda t: (t[1] < 0, -len(t[0]), t[0])):
            name = " ".join(monomial) if any(len(x) > 1 for x in monomial) else "".join(monomial)
            size = name if abs(c) == 1 and name else f"{abs(c)}{name}"
            text += (" - " if c < 0 else " + ") + size if text else ("-" if c < 0 else "") + size
        return text or "0"


ONE = Dim.of(1)


class Unknown:
    """A size that the context will tell; `Sizes` keeps what is known of it."""


Size = Dim | Unknown


class Sizes:
    """What is known of unknown sizes: equations between sizes, solved as they come."""

    def __init__(self) -> None:
        self.bound: dict[Unknown, Size] = {}

    def find(self, size: Size) -> Size:
        """Return what a size is known to be."""
        while isinstance(size, Unknown) and size in self.bound:
            size = self.bound[size]
        return size

    def same(self, a: Size, b: Size) -> bool:
        """Hold two sizes to be equal; return False if they are not."""
        a, b = self.find(a), self.find(b)
        if isinstance(a, Unknown):
            if a is not b:
                self.bound[a] = b
            return True
        if isinstance(b, Unknown):
            self.bound[b] = a
            return True
        return a == b

    def is_one(self, size: Size) -> bool:
        """Return whether a size is known to be 1."""
        found = self.find(size)
        return isinstance(found, Dim) and found.is_one

    def text(self, size: Size) -> str:
        """Return a size in words."""
        found = self.find(size)
        return str(found) if isinstance(found, Dim) else "?"
