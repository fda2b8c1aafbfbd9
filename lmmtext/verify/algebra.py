"""The algebra that holds everywhere, by which two trees are seen to be one: what is a number, what is symmetric.

Numbers commute, the terms of a sum have no order, a transpose turns a product round, an idempotent is its square.
"""

from abc import ABC, abstractmethod
from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.scope import Env, Scope

ONE = t.Number(Fraction(1))


def factors_of(node: t.Node) -> tuple[t.Node, ...]:
    """Return the factors of a product, or of the product after a sign; of anything else, itself."""
    node = node.arg if isinstance(node, t.Neg) else node
    return node.factors if isinstance(node, t.Product) else (node,)


def swapped(node: t.Node, old: t.Node, new: t.Node) -> t.Node:
    """Return a tree with one part replaced wherever it stands."""
    return new if node == old else t.rebuild(node, lambda child: swapped(child, old, new))


class Algebra(ABC):
    """Brings products, sums and transposes into a canonical form; `used` collects the names of the rules."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.world = scope, scope.instance.world
        self.used: set[str] = set()
        self._scalar: dict[t.Node, bool] = {}
        self._in_mean = False

    def scalar(self, node: t.Node, env: Env) -> bool:
        """Return whether a tree is a number; what cannot be told is not."""
        if node not in self._scalar:
            try:
                self._scalar[node] = evaluate(node, self.scope, env).shape == (1, 1)
            except (FormulaError, AssertionError):
                self._scalar[node] = False
        return self._scalar[node]

    def inverse(self, arg: t.Node) -> t.Node:
        """Return an inverse; of an inverse, what it was."""
        if isinstance(arg, t.Inverse):
            return arg.arg
        if isinstance(arg, t.Number) and arg.value:
            return t.Number(1 / arg.value)
        if isinstance(arg, k.Const) and arg.kind == "identity":
            return arg
        return t.Inverse(arg)

    def negative(self, arg: t.Node) -> t.Node:
        """Return the negative of a tree, with the sign as far out as it goes."""
        if isinstance(arg, t.Neg):
            return arg.arg
        if isinstance(arg, t.Number):
            return t.Number(-arg.value)
        if isinstance(arg, t.Sum):
            return self.sum(tuple(self.negative(x) for x in arg.terms))
        if isinstance(arg, k.Const) and arg.kind == "zeros":
            return arg
        return t.Neg(arg)

    def sum(self, terms: tuple[t.Node, ...]) -> t.Node:
        """Return a sum with its terms in order."""
        flat: list[t.Node] = []
        for term in terms:
            flat += term.terms if isinstance(term, t.Sum) else [term]
        number = sum((x.value for x in flat if isinstance(x, t.Number)), Fraction(0))
        rest = [x for x in flat if not isinstance(x, t.Number)]
        ordered = sorted(rest, key=repr)
        if ordered != rest:
            self.used.add("the order of a sum")
        whole = [*ordered, *([t.Number(number)] if number or not ordered else [])]
        return whole[0] if len(whole) == 1 else t.Sum(tuple(whole))

    def product(self, factors: tuple[t.Node, ...], env: Env) -> t.Node:
        """Return a product: numbers in order, then matrices, idempotents once and commuting runs in order."""
        flat: list[t.Node] = []
        negative = False
        for f in factors:
            if isinstance(f, t.Neg):
                negative, f = not negative, f.arg
            flat += f.factors if isinstance(f, t.Product) else [f]
        number = Fraction(1)
        numbers: list[t.Node] = []
        matrices: list[t.Node] = []
        for f in flat:
            if isinstance(f, t.Number):
                number *= f.value
            elif self.scalar(f, env):
                numbers.append(f)
            elif not (isinstance(f, k.Const) and f.kind == "identity"):
                matrices.append(f)
        if not number:
            self.used.add("a multiple of zero")
            return t.Number(number)
        if sorted(numbers, key=repr) != numbers or (numbers and matrices):
            self.used.add("numbers commute")
        numbers.sort(key=repr)
        matrices = self.by_facts(self.once(matrices), env)
        if matrices and len(matrices) > 1 and self.scalar(t.Product(tuple(matrices)), env):
            turned = [self.transpose(m, env) for m in reversed(matrices)]
            if repr(turned) < repr(matrices):
                self.used.add("the transpose of a number")
                matrices = turned
        zero = next((m for m in matrices if isinstance(m, k.Const) and m.kind == "zeros"), None)
        if zero is not None and len(matrices) == 1:
            self.used.add("a multiple of zero")
            return zero
        if not matrices:  # an identity among numbers stays: it is what has the shape
            matrices += [f for f in flat if isinstance(f, k.Const) and f.kind == "identity"][:1]
        parts = [*([t.Number(number)] if number != 1 else []), *numbers, *matrices] or [ONE]
        whole = parts[0] if len(parts) == 1 else t.Product(tuple(parts))
        return self.negative(whole) if negative else whole

    def once(self, matrices: list[t.Node]) -> list[t.Node]:
        """Drop the second of two equal idempotents side by side, and a matrix beside its inverse."""
        out: list[t.Node] = []
        for m in matrices:
            if out and out[-1] == m and self.idempotent(m):
                self.used.add("idempotency")
            elif out and (smaller := self.nested(out[-1], m)) is not None:
                self.used.add("one column space lies in the other")
                out[-1] = smaller
            else:
                out.append(m)
        return out

    def nested(self, P: t.Node, Q: t.Node) -> t.Node | None:
        """Return the smaller of two projectors if the space of one lies in that of the other: P Q = P."""
        if not (isinstance(P, k.Projector) and isinstance(Q, k.Projector)):
            return None
        try:
            a, b = evaluate(P.arg, self.scope, {}), evaluate(Q.arg, self.scope, {})
        except FormulaError:
            return None
        if a.height != b.height:
            return None
        both = a.beside(b).rank()
        return P if both == b.rank() else Q if both == a.rank() else None

    def idempotent(self, m: t.Node) -> bool:
        """Return whether a matrix is plainly idempotent: P, or I - P."""
        if isinstance(m, k.Projector):
            return True
        if isinstance(m, k.Ref):
            return self.declared_idempotent(m)
        if isinstance(m, t.Sum) and len(m.terms) == 2:
            identity = [x for x in m.terms if isinstance(x, k.Const) and x.kind == "identity"]
            rest = [x.arg for x in m.terms if isinstance(x, t.Neg)]
            return len(identity) == len(rest) == 1 and not isinstance(rest[0], t.Sum) and self.idempotent(rest[0])
        return False

    def declared_idempotent(self, m: k.Ref) -> bool:
        """Return whether a symbol was declared idempotent."""
        meaning = self.world.by_name.get(m.name)
        return meaning is not None and "idempotent" in meaning.words

    def transpose(self, arg: t.Node, env: Env) -> t.Node:
        """Return a transpose, pushed down to the symbols; of what is symmetric, itself."""
        if self.scalar(arg, env):
            return arg
        if isinstance(arg, t.Transpose):
            return arg.arg
        if self.symmetric(arg):
            self.used.add("symmetry")
            return arg
        if isinstance(arg, t.Sum):
            return self.sum(tuple(self.transpose(x, env) for x in arg.terms))
        if isinstance(arg, t.Neg):
            return self.negative(self.transpose(arg.arg, env))
        if isinstance(arg, t.Product):
            return self.product(tuple(self.transpose(x, env) for x in reversed(arg.factors)), env)
        if isinstance(arg, t.Inverse):
            return self.inverse(self.transpose(arg.arg, env))
        if isinstance(arg, k.Over) and arg.kind == "sum":
            return k.Over(
                "sum", arg.index, arg.lower, arg.upper, self.transpose(arg.body, {**env, arg.index: Fraction(1)})
            )
        if isinstance(arg, t.Call) and arg.name == "E" and not arg.given:
            return self.of(t.Call("E", (self.transpose(arg.args[0], env),), arg.given), env)
        if isinstance(arg, t.Call) and arg.name == "Cov":
            return self.call(t.Call("Cov", (arg.args[1], arg.args[0]), arg.given), env)
        return t.Transpose(arg)

    def symmetric(self, node: t.Node) -> bool:
        """Return whether a matrix is plainly symmetric."""
        if isinstance(node, k.Ref):
            meaning = self.world.by_name.get(node.name)
            return meaning is not None and meaning.symmetric
        if isinstance(node, k.Const):
            return node.kind == "identity"
        if isinstance(node, t.Call) and node.name == "Cov":
            return node.args[0] == node.args[1]
        if isinstance(node, (t.Inverse, t.Power)):
            return self.symmetric(node.arg if isinstance(node, t.Inverse) else node.base)
        return isinstance(node, k.Projector)

    @abstractmethod
    def of(self, node: t.Node, env: Env) -> t.Node:
        """Return the canonical form of an elaborated tree."""

    def call(self, node: t.Call, env: Env) -> t.Node:
        """Return the canonical form of a function."""
        return node

    def by_facts(self, matrices: list[t.Node], env: Env) -> list[t.Node]:
        """Return the matrices of a product as the facts of the world let them be written."""
        return matrices
