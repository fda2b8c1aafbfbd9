"""Random numbers as polynomials in independent sources: means, variances and covariances are computed, not believed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from lmmtext.verify.clock import tick
from lmmtext.verify.errors import Undecided

Monomial = tuple[str, ...]
MAX_TERMS = 60_000


@dataclass(frozen=True)
class Rand:
    """A polynomial in sources: independent, with mean zero, and each with its variance."""

    terms: dict[Monomial, Any]

    @classmethod
    def source(cls, name: str) -> "Rand":
        """Return one source."""
        return cls({(name,): Fraction(1)})

    def __add__(self, other: Any) -> Any:
        terms = dict(self.terms)
        for m, c in (other.terms if isinstance(other, Rand) else {(): other}).items():
            total = terms[m] + c if m in terms else c
            if total:
                terms[m] = total
            else:
                terms.pop(m, None)
        return Rand(terms)

    __radd__ = __add__

    def __neg__(self) -> "Rand":
        return Rand({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Rand):
            return Rand({m: c * other for m, c in self.terms.items()}) if other else Rand({})
        if len(self.terms) * len(other.terms) > 40 * MAX_TERMS:
            raise Undecided("too many terms in a product of random quantities")
        terms: dict[Monomial, Any] = {}
        for a, x in self.terms.items():
            tick()
            for b, y in other.terms.items():
                m = tuple(sorted(a + b)) if a and b else a or b
                terms[m] = terms[m] + x * y if m in terms else x * y
        return Rand({m: c for m, c in terms.items() if c})

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Rand):
            other = other.constant("a division by a random quantity")
        return Rand({m: c / other for m, c in self.terms.items()})

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.constant("a division by a random quantity")

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def degree(self) -> int:
        """Return the degree in the sources."""
        return max((len(m) for m in self.terms), default=0)

    def constant(self, what: str) -> Any:
        """Return the value if nothing in it is random."""
        if self.degree > 0:
            raise Undecided(f"{what} has no moments that are computed here")
        return self.terms.get((), Fraction(0))

    def realised(self, value: Callable[[str], Any]) -> Any:
        """Return the value where the sources have taken theirs."""
        return sum((c * prod((value(s) for s in m), start=Fraction(1)) for m, c in self.terms.items()), Fraction(0))

    def mean(self, variance: Callable[[str], Any], normal: bool) -> Any:
        """Return the expectation: exact moments of the sources, by independence."""
        total: Any = Fraction(0)
        for m, c in self.terms.items():
            tick()
            counts = Counter(m)
            if any(k % 2 for k in counts.values()):
                if not normal and len(m) > 2:
                    raise Undecided("a third moment, which first and second moments do not determine")
                continue
            if len(m) > 2 and not normal:
                raise Undecided("a fourth moment, which first and second moments do not determine")
            for s, k in counts.items():
                v = variance(s)
                for odd in range(1, k, 2):
                    c = c * v * Fraction(odd)
            total = total + c
        return total


def as_rand(x: Any) -> Rand:
    """Return a scalar as a random number, which it may be the constant case of."""
    if isinstance(x, Rand):
        return x
    return Rand({(): x}) if x else Rand({})
