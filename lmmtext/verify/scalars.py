"""Numbers in a proof: a formula as a rational function of letters, each with what is known of its sign.

Sizes are at least what a model needs (J and r at least 2, n above J), variances are positive; a square, a norm, a
variance or a trace of what is positive semi-definite is not negative. What a moment is in terms of the variances is
computed with letters for them, and used if it is one formula at all sizes at which it is tried.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

from sympy import Expr, Integer, Rational, Symbol, simplify

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.edges import is_variance
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.letters import Letter, letters
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import pattern_indices
from lmmtext.verify.scope import Scope, definition_of
from lmmtext.verify.signs import NONNEGATIVE, POSITIVE, REAL, sign
from lmmtext.verify.world import World

LEAST = {"J": 2, "r": 2}  # other sizes are at least 1
ONE = t.Number(Fraction(1))
ESTIMATED_VARIANCES = ("hat_sigma2", "hat_sigma2_alpha")


class Scalars(ABC):
    """Turns numbers into SymPy expressions; `kinds` says what is known of each letter, `used` which rules were."""

    def __init__(self, world: World, scopes: list[Scope]) -> None:
        self.world, self.scopes = world, scopes
        self.kinds: dict[Symbol, str] = {}
        self.used: set[str] = set()
        self.least: dict[str, int] = {}
        self.correlations: set[Symbol] = set()
        self.bound: list[str] = []  # indices of sums that are being looked into
        self._atoms: dict[t.Node, Expr] = {}

    @abstractmethod
    def definite(self, node: t.Node) -> int:
        """Return 2 if a matrix is positive definite, 1 if it is positive semi-definite, 0 if that is not shown."""

    @abstractmethod
    def parted(self, node: t.Node) -> tuple[t.Node, list[t.Node]]:
        """Return the number and the matrices of a product or quotient."""

    def sign(self, node: t.Node) -> str:
        """Return the sign of a number, as `signs.sign` says it; a correlation runs from -1 to 1."""
        return self.sign_of(self.expr(node))

    def sign_of(self, expr: Expr) -> str:
        """Return the sign of an expression; one that is linear in a correlation is judged at -1 and at 1."""
        inside = sorted(expr.free_symbols & self.correlations, key=str)
        if inside:
            c = inside[0]
            if simplify(expr.diff(c, 2)) != 0:
                return ""
            ends = {self.sign_of(expr.subs(c, Integer(v))) for v in (-1, 1)}
            if len(ends) == 1 and "" not in ends:
                self.used.add("a correlation lies between -1 and 1")
                return ends.pop()
            signs = {e.replace("0", "") for e in ends if e != "0"}
            return "0" + signs.pop() if "" not in ends and len(signs) == 1 else ""
        return sign(expr, self.kinds)

    # -- letters ----------------------------------------------------------------------------------------------------

    def letter(self, name: str, kind: str) -> Symbol:
        """Return a letter of which this is known."""
        symbol = Symbol(name)
        self.kinds[symbol] = kind
        return symbol

    def atom(self, node: t.Node, kind: str) -> Expr:
        """Return the letter that stands for a number whose form is not looked into."""
        if node not in self._atoms:
            self._atoms[node] = self.letter(f"x{len(self._atoms)}", kind)
        return self._atoms[node]

    def size(self, name: str) -> Expr:
        """Return a size as its least value and a letter that is not negative."""
        relation = self.world.relations.get(name)
        if relation is not None:
            terms = [c * _all(self.size(s) for s in monomial) for monomial, c in relation.terms]
            return sum(terms, Integer(0))
        least: Expr = Integer(LEAST.get(name, 1))
        self.least[name] = LEAST.get(name, 1)
        if name == "n":
            below = next(s for s in ("J", "p", "n") if s in self.world.sizes)
            least = least + (self.size(below) if below != "n" else Integer(0))
        return least + self.letter(f"{name}_more", NONNEGATIVE)

    def expr(self, node: t.Node) -> Expr:
        """Return a number as an expression in letters."""
        if isinstance(node, t.Number):
            return Rational(node.value.numerator, node.value.denominator)
        if isinstance(node, k.Const) and node.kind == "zeros":
            return Integer(0)
        if isinstance(node, k.SizeOf):
            return (
                self.atom(node, POSITIVE)
                if node.indices and "n_j" not in self.world.relations
                else self.size("n_j" if node.indices else node.name)
            )
        if isinstance(node, t.Sum):
            return sum((self.expr(x) for x in node.terms), Integer(0))
        if isinstance(node, t.Neg):
            return -self.expr(node.arg)
        if isinstance(node, t.Quotient):
            return self.expr(node.num) / self.expr(node.den)
        if isinstance(node, t.Inverse):
            return 1 / self.expr(node.arg)
        if isinstance(node, t.Transpose):
            return self.expr(node.arg)
        if isinstance(node, t.Power) and isinstance(node.exponent, t.Number) and node.exponent.value.denominator == 1:
            if isinstance(node.base, t.Norm):
                weights = [self.definite(w) for w in node.base.subs]
                self.used.add("a squared norm is not negative")
                return self.atom(node, NONNEGATIVE if all(weights) else REAL)
            return self.expr(node.base) ** int(node.exponent.value)
        if isinstance(node, t.Product) and all(self.is_number(f) for f in node.factors):
            return _all(self.expr(f) for f in node.factors)
        if isinstance(node, t.Product):
            number, factors = self.parted(node)
            if number != ONE and factors:
                return self.expr(number) * self.expr(factors[0] if len(factors) == 1 else t.Product(tuple(factors)))
        return self._known(node)

    def is_number(self, node: t.Node) -> bool:
        """Return whether a part of a formula is a number."""
        if isinstance(node, k.Const):
            return False
        try:
            return bool(evaluate(node, self.scopes[0], {}).shape == (1, 1))
        except (FormulaError, AssertionError):
            return isinstance(node, (t.Quotient, t.Inverse)) and all(self.is_number(x) for x in t.children(node))

    def _known(self, node: t.Node) -> Expr:
        """Return a letter, or a formula, for what is no arithmetic."""
        if isinstance(node, k.Local):
            return self.atom(node, POSITIVE)  # an index
        if isinstance(node, k.Ref):
            if is_variance(node.name):
                return self.letter(f"v_{node.name}", POSITIVE)
            if node.name in ESTIMATED_VARIANCES:
                self.used.add("an estimate of a variance is not negative")
                return self.atom(node, NONNEGATIVE)
            meant = self.meant(node)
            if meant is not None:
                return self.expr(meant)
        if isinstance(node, t.Call) and node.name == "E" and (square := _square(node.args[0])) is not None:
            inner = t.Call("E", (square,), node.given)
            variance = t.Call("Cov", (square, square), node.given)
            self.used.add("the mean of a square is the square of the mean and a variance")
            return self.expr(inner) ** 2 + self.expr(variance)
        found = self.formula(node)
        if found is not None:
            return found
        if isinstance(node, t.Call) and node.name == "Corr":
            symbol = self.atom(node, REAL)
            self.correlations.add(symbol)
            return symbol
        return self.atom(node, self._kind(node))

    def _kind(self, node: t.Node) -> str:
        """Return what the form of a number tells of its sign."""
        if isinstance(node, t.Call):
            if node.name == "Cov" and node.args[0] == node.args[1]:
                self.used.add("a variance is not negative")
                return NONNEGATIVE
            if node.name == "E":
                return NONNEGATIVE if self.sign(node.args[0]) in ("+", "0+", "0") else REAL
            if node.name == "exp":
                return POSITIVE
            if node.name in ("max", "min"):
                signs = [self.sign(a) for a in node.args]
                quantified = any if node.name == "max" else all
                if quantified(s == "+" for s in signs):
                    return POSITIVE
                return NONNEGATIVE if quantified(s in ("+", "0+", "0") for s in signs) else REAL
            if node.name == "tr":
                self.used.add("the trace of what is positive semi-definite is not negative")
                return (REAL, NONNEGATIVE, POSITIVE)[self.definite(node.args[0])]
            if node.name == "rank":
                return NONNEGATIVE
        if isinstance(node, k.Det):
            self.used.add("the determinant of what is positive semi-definite is not negative")
            return (REAL, NONNEGATIVE, POSITIVE)[self.definite(node.arg)]
        if isinstance(node, t.Norm) and not all(self.definite(w) for w in node.subs):
            return REAL
        if isinstance(node, (t.Norm, t.Bars, k.Root)):
            self.used.add("a norm, an absolute value or a root is not negative")
            return NONNEGATIVE
        if isinstance(node, k.Likelihood) and not node.log:
            return POSITIVE
        if isinstance(node, k.Over):
            self.bound.append(node.index)
            found = self.sign(node.body)
            self.bound.pop()
            if found in ("+", "0+", "0"):
                self.used.add("a sum or product of what is not negative")
                return NONNEGATIVE
            return REAL
        if isinstance(node, t.Product):
            return (REAL, NONNEGATIVE, NONNEGATIVE)[self.definite(node)]
        return REAL

    def meant(self, node: k.Ref) -> t.Node | None:
        """Return the definition of a symbol, if it is a formula in the indices that the symbol has here."""
        meaning = self.world.by_name.get(node.name)
        if meaning is None or not isinstance(meaning.definition, str):
            return None
        here = [i.name if isinstance(i, k.Local) else "" for i in node.indices]
        return definition_of(self.world, node.name) if here == pattern_indices(meaning.tex) else None

    # -- moments ----------------------------------------------------------------------------------------------------

    def formula(self, node: t.Node) -> Expr | None:
        """Return what a number is in terms of the variances, if it is the same at all sizes; else None."""
        if any(isinstance(n, k.Local) and n.name in self.bound for n in t.walk(node)) or self._varies(node):
            return None
        found: list[Expr] = []
        try:
            for size, seed in product((0, 1, -1), (31, 32)):
                base = self.world.instance(seed, 50, size)
                names = sorted(n for n in base.values if isinstance(n, str) and is_variance(n))
                if not names:
                    return None
                values = {**base.values, **{n: Mat.number(v) for n, v in letters(names).items()}}
                value = evaluate(node, Scope(replace(base, values=values, caches={})), {}).scalar
                if not isinstance(value, (Letter, Fraction)):
                    return None
                found.append(value.expr if isinstance(value, Letter) else Rational(value.numerator, value.denominator))
        except (FormulaError, AssertionError, TypeError, KeyError):
            return None
        if any(simplify(f - found[0]) != 0 for f in found[1:]):
            return None
        self.used.add("moments in terms of the variances")
        return found[0].subs({s: self.letter(f"v_{s}", POSITIVE) for s in found[0].free_symbols})

    def _varies(self, node: t.Node) -> bool:
        """Return whether a number depends on data, or on what else was drawn beside the variances."""
        values = []
        try:
            for seed in (31, 32):
                base = self.world.instance(seed, 50, -1)
                same = {n: Mat.number(Fraction(2)) for n in base.values if isinstance(n, str) and is_variance(n)}
                values.append(
                    evaluate(node, Scope(replace(base, values={**base.values, **same}, caches={})), {}).scalar
                )
        except (FormulaError, AssertionError, KeyError):
            return True
        return bool(values[0] - values[1])


def _all(parts: Any) -> Expr:
    total: Expr = Integer(1)
    for part in parts:
        total = total * part
    return total


def _square(node: t.Node) -> t.Node | None:
    """Return what a square is the square of."""
    two = isinstance(node, t.Power) and node.exponent == t.Number(Fraction(2))
    return node.base if isinstance(node, t.Power) and two and not isinstance(node.base, t.Norm) else None
