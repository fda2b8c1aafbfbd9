"""Named rewrites: why a mutant that evaluates equal is the same claim, and no survivor.

A canonical form is computed of both trees; each rule that was used is named. Two trees with one canonical form say the same.
"""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.scope import Env, Scope

ONE = t.Number(Fraction(1))


class Canon:
    """Computes canonical forms in a scope, which tells what is a number; `used` collects the names of the rules."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.world = scope, scope.instance.world
        self.used: set[str] = set()
        self._scalar: dict[t.Node, bool] = {}

    def of(self, node: t.Node, env: Env) -> t.Node:
        """Return the canonical form of an elaborated tree."""
        if isinstance(node, k.Over):
            return k.Over(node.kind, node.index, node.lower, node.upper, self.of(node.body, {**env, node.index: Fraction(1)}))
        if isinstance(node, (k.Optimize, k.LimitAt, k.Partial)):
            return node
        node = t.rebuild(node, lambda child: self.of(child, env))
        if isinstance(node, t.Quotient):
            node = self.product((node.num, self.inverse(node.den)), env)
        elif isinstance(node, t.Inverse):
            node = self.inverse(node.arg)
        elif isinstance(node, t.Sum):
            node = self.sum(node.terms)
        elif isinstance(node, t.Neg):
            node = self.negative(node.arg)
        elif isinstance(node, t.Product):
            node = self.product(node.factors, env)
        elif isinstance(node, t.Transpose):
            node = self.transpose(node.arg, env)
        elif isinstance(node, t.Call):
            node = self.call(node, env)
        return node

    def scalar(self, node: t.Node, env: Env) -> bool:
        """Return whether a tree is a number; what cannot be told is not."""
        if node not in self._scalar:
            try:
                self._scalar[node] = evaluate(node, self.scope, env).shape == (1, 1)
            except (FormulaError, AssertionError, KeyError):
                self._scalar[node] = False
        return self._scalar[node]

    def inverse(self, arg: t.Node) -> t.Node:
        """Return an inverse; of an inverse, what it was."""
        if isinstance(arg, t.Inverse):
            return arg.arg
        if isinstance(arg, t.Number) and arg.value:
            return t.Number(1 / arg.value)
        return t.Inverse(arg)

    def negative(self, arg: t.Node) -> t.Node:
        """Return the negative of a tree, with the sign as far out as it goes."""
        if isinstance(arg, t.Neg):
            return arg.arg
        if isinstance(arg, t.Number):
            return t.Number(-arg.value)
        if isinstance(arg, t.Sum):
            return self.sum(tuple(self.negative(x) for x in arg.terms))
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
        """Return a product: its numbers in order, then its matrices, with idempotents once and commuting runs in order."""
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
        if sorted(numbers, key=repr) != numbers or (numbers and matrices):
            self.used.add("numbers commute")
        numbers.sort(key=repr)
        matrices = self.runs(self.once(matrices))
        if matrices and len(matrices) > 1 and self.scalar(t.Product(tuple(matrices)), env):
            turned = [self.transpose(m, env) for m in reversed(matrices)]
            if repr(turned) < repr(matrices):
                self.used.add("the transpose of a number")
                matrices = turned
        parts = [*([t.Number(number)] if number != 1 else []), *numbers, *matrices]
        if not parts:
            identity = next((f for f in flat if isinstance(f, k.Const)), None)
            parts = [identity or ONE]
        whole = parts[0] if len(parts) == 1 else t.Product(tuple(parts))
        return self.negative(whole) if negative else whole

    def once(self, matrices: list[t.Node]) -> list[t.Node]:
        """Drop the second of two equal idempotents side by side, and a matrix beside its inverse."""
        out: list[t.Node] = []
        for m in matrices:
            if out and out[-1] == m and self.idempotent(m):
                self.used.add("idempotency")
            else:
                out.append(m)
        return out

    def idempotent(self, m: t.Node) -> bool:
        """Return whether a matrix is plainly idempotent: P, or I - P."""
        if isinstance(m, k.Projector):
            return True
        if isinstance(m, t.Sum) and len(m.terms) == 2:
            identity = [x for x in m.terms if isinstance(x, k.Const) and x.kind == "identity"]
            rest = [x.arg for x in m.terms if isinstance(x, t.Neg)]
            return len(identity) == len(rest) == 1 and isinstance(rest[0], k.Projector)
        return False

    def runs(self, matrices: list[t.Node]) -> list[t.Node]:
        """Put neighbours that commute in order: the algebra of projections of a balanced layout."""
        if not self.world.commuting:
            return matrices
        out: list[t.Node] = []
        run: list[t.Node] = []
        for m in [*matrices, None]:
            if m is not None and self.in_algebra(m):
                run.append(m)
                continue
            if sorted(run, key=repr) != run:
                self.used.add("projections of a balanced layout commute")
            out += self.once(sorted(run, key=repr))
            run = []
            if m is not None:
                out.append(m)
        return out

    def in_algebra(self, m: t.Node) -> bool:
        """Return whether a matrix is built from I, V, P_Z and P_1 alone."""
        if isinstance(m, k.Const):
            return m.kind == "identity"
        if isinstance(m, k.Ref):
            return m.name in self.world.commuting
        if isinstance(m, k.Projector):
            inner = m.arg
            ones = isinstance(inner, k.Const) and inner.kind == "ones"
            return ones or (isinstance(inner, k.Ref) and inner.name in ("Z", "X"))
        if isinstance(m, (t.Sum, t.Neg, t.Inverse, t.Product)):
            return all(self.scalar(c, {}) or self.in_algebra(c) for c in t.children(m))
        return False

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
            return k.Over("sum", arg.index, arg.lower, arg.upper, self.transpose(arg.body, {**env, arg.index: Fraction(1)}))
        if isinstance(arg, t.Call) and arg.name == "E":
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
        return isinstance(node, k.Projector) or (isinstance(node, t.Inverse) and self.symmetric(node.arg))

    def call(self, node: t.Call, env: Env) -> t.Node:
        """Return a trace with its factors in the first of their cyclic orders; others as they are."""
        if node.name == "tr" and isinstance(node.args[0], t.Product):
            factors = node.args[0].factors
            numbers = tuple(f for f in factors if self.scalar(f, env))
            rest = tuple(f for f in factors if not self.scalar(f, env))
            turned = tuple(self.transpose(f, env) for f in reversed(rest))
            orders = [r[i:] + r[:i] for r in (rest, turned) for i in range(len(r))]
            best = min(orders, key=repr) if orders else ()
            if best != rest:
                self.used.add("the trace of a cyclic product")
            return self.product((*numbers, t.Call("tr", (t.Product(best),))), env) if best else node
        if node.name == "Cov" and node.args[0] != node.args[1]:
            numbers_ = all(self.scalar(a, env) for a in node.args)
            if numbers_ and repr(node.args[1]) < repr(node.args[0]):
                self.used.add("the symmetry of a covariance")
                return t.Call("Cov", (node.args[1], node.args[0]), node.given)
        return node


def same_claim(a: t.Node, b: t.Node, scope: Scope) -> tuple[str, ...] | None:
    """Return the names of the rewrites that make two elaborated trees one, or None if they do not."""
    canon = Canon(scope)
    if canon.of(a, {}) == canon.of(b, {}):
        return tuple(sorted(canon.used)) or ("the same tree",)
    return None
