"""Named rewrites: why a mutant that evaluates equal is the same claim, and no survivor.

A canonical form is computed of both trees; each rule that was used is named. Two trees with one canonical form say
the same.
"""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.algebra import ONE, factors_of
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.matrix import Mat
from lmmtext.verify.rewrites_ranges import Ranges
from lmmtext.verify.scope import Env, Scope


class Canon(Ranges):
    """Computes canonical forms in a scope, which tells what is a number, with the facts of its world."""

    def of(self, node: t.Node, env: Env) -> t.Node:
        """Return the canonical form of an elaborated tree."""
        if isinstance(node, k.Over):
            return self.over(node, env)
        if isinstance(node, k.LimitAt):
            if isinstance(node.variable, k.Local):
                env = {**env, node.variable.name: Fraction(2)}
            return k.LimitAt(node.variable, node.target, node.side, self.of(self.outgrown(node.body, node, env), env))
        if isinstance(node, k.Partial):
            return k.Partial(self.of(self.removed(node, env), env), node.variables, node.layout)
        if isinstance(node, k.Optimize):
            return k.Optimize(node.kind, node.variables, self.of(node.body, self.somewhere(node, env)), node.sizes)
        if isinstance(node, k.Ref) and node.name in self.world.identified:
            self.used.add("the balance of the design")
            return k.Ref(self.world.identified[node.name], node.indices)
        if isinstance(node, k.Ref) and (meant := self.conditional_mean(node)) is not None:
            self.used.add("a best prediction is a conditional mean")
            return self.of(meant, env)
        if isinstance(node, t.Call) and node.name == "E" and not node.given:
            outer, self._in_mean = self._in_mean, True
            arg = self.of(self.unbiased(node.args[0], env), env)
            self._in_mean = outer
            return self.centred(arg, env)
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
        elif isinstance(node, t.Power) and isinstance(node.exponent, t.Number) and node.exponent.value > 1:
            if self.idempotent(node.base):
                self.used.add("idempotency")
                node = node.base
        return node

    def somewhere(self, node: k.Optimize, env: Env) -> Env:
        """Return the environment with a value for each variable of an optimum, so that its body has a shape."""
        places = {**env}
        for variable, (rows, _) in zip(node.variables, node.sizes, strict=True):
            if isinstance(variable, k.Local):
                places[variable.name] = Mat.column([Fraction(2)] * self.scope.dim(rows, env))
        return places

    def by_facts(self, matrices: list[t.Node], env: Env) -> list[t.Node]:
        """Return the matrices of a product with commuting runs in order, and without what vanishes."""
        return self.without_vanishing(self.runs(matrices), env)

    def without_vanishing(self, matrices: list[t.Node], env: Env) -> list[t.Node]:
        """Drop, from a sum beside a residual, the terms that the residual is orthogonal to."""
        facts = [(f, "the normal equations") for f in self.world.facts["orthogonal"]]
        if self._in_mean:
            facts += [(f, "a prediction is uncorrelated with its error") for f in self.world.facts["in mean"]]
        for (left, weight, right, left_turned, _, right_turned), name in facts:
            gap = 1 if weight == ONE else 2
            for i in range(len(matrices) - gap):
                a, b = matrices[i], matrices[i + gap]
                if gap == 2 and matrices[i + 1] != weight:
                    continue
                for at, this, other, beside, own in (
                    (i, a, b, right, right_turned),
                    (i + gap, b, a, right_turned, right),
                ):
                    if other != beside or this == own:
                        continue
                    kept, wanted = (self.without(x, left, left_turned, env) for x in (this, own))
                    if kept == wanted or (kept and isinstance(this, t.Sum) and len(kept) < len(this.terms)):
                        self.used.add(name)
                        new = own if kept == wanted else self.sum(kept)
                        return self.without_vanishing([*matrices[:at], new, *matrices[at + 1 :]], env)
        return matrices

    def without(self, node: t.Node, left: t.Node, turned: t.Node, env: Env) -> tuple[t.Node, ...]:
        """Return the terms of a sum that do not end with one factor, or begin with its transpose."""
        kept = []
        for x in node.terms if isinstance(node, t.Sum) else (node,):
            factors = [f for f in factors_of(x) if not self.scalar(f, env)] or [x]
            if factors[-1] != left and factors[0] != turned:
                kept.append(x)
        return tuple(kept)

    def call(self, node: t.Call, env: Env) -> t.Node:
        """Return a trace with its factors in the first of their cyclic orders; others as they are."""
        inner = node.args[0]
        if node.name == "E" and isinstance(inner, t.Call) and inner.name == "E" and inner.given == node.given:
            self.used.add("a conditional mean is known")
            return inner
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
        if node.name == "Cov" and any(isinstance(a, t.Neg) for a in node.args):
            self.used.add("signs before a covariance")
            bare = tuple(a.arg if isinstance(a, t.Neg) else a for a in node.args)
            inner = self.call(t.Call("Cov", bare, node.given), env)
            return inner if all(isinstance(a, t.Neg) for a in node.args) else self.negative(inner)
        if node.name == "Cov" and not node.given:
            parts = self.correlated(node, env)
            if parts is not None:
                return parts
        if node.name == "Cov" and not node.given and node.args[0] == node.args[1]:
            return self.signs_in_variance(node, env)
        if node.name == "Cov" and node.args[0] != node.args[1]:
            numbers_ = all(self.scalar(a, env) for a in node.args)
            if numbers_ and repr(node.args[1]) < repr(node.args[0]):
                self.used.add("the symmetry of a covariance")
                return t.Call("Cov", (node.args[1], node.args[0]), node.given)
        return node

    def core(self, node: t.Node) -> t.Node:
        """Return what is left of a canonical tree without sign, numbers, and invertible factors at its ends."""
        while True:
            if isinstance(node, (t.Neg, t.Transpose, k.Root)):
                node = node.arg
            elif isinstance(node, t.Product) and self.undone(node.factors[0]):
                node = node.factors[1] if len(node.factors) == 2 else t.Product(node.factors[1:])
            elif isinstance(node, t.Product) and self.undone(node.factors[-1]):
                node = node.factors[0] if len(node.factors) == 2 else t.Product(node.factors[:-1])
            elif isinstance(node, t.Power) and isinstance(node.exponent, t.Number) and node.exponent.value > 0:
                node = node.base
            elif isinstance(node, t.Call) and node.name == "Cov" and (bare := self.cores(node)) != node.args:
                node = t.Call("Cov", bare, node.given)  # Cov(A x, B y) = A Cov(x, y) B'
            else:
                return node

    def cores(self, node: t.Call) -> tuple[t.Node, ...]:
        """Return what is in a covariance without invertible factors before it."""
        found = []
        for arg in node.args:
            while isinstance(arg, t.Product) and self.undone(arg.factors[0]):
                arg = arg.factors[1] if len(arg.factors) == 2 else t.Product(arg.factors[1:])
            found.append(arg.arg if isinstance(arg, t.Neg) else arg)
        return tuple(found)

    def undone(self, factor: t.Node) -> bool:
        """Return whether a factor has an inverse, as a number that is not zero has."""
        try:
            value = evaluate(factor, self.scope, {})
        except FormulaError:
            return False
        return value.height == value.width and value.rank() == value.height


def zero_by_form(node: t.Node, scope: Scope) -> bool:
    """Return whether the form of a tree shows that it is zero."""
    found = Canon(scope).of(node, {})
    return (isinstance(found, t.Number) and not found.value) or (isinstance(found, k.Const) and found.kind == "zeros")


def same_vanishing(a: t.Node, b: t.Node, scope: Scope) -> bool:
    """Return whether a is zero exactly if b is, since they differ by factors that can be undone."""
    canon = Canon(scope)
    one, other = (canon.of(x, {}) for x in (a, b))
    cores = [canon.core(one), canon.core(other)]
    return cores[0] == cores[1] or canon.core(canon.transpose(cores[0], {})) == cores[1]


def same_claim(a: t.Node, b: t.Node, scope: Scope) -> tuple[str, ...] | None:
    """Return the names of the rewrites that make two elaborated trees one, or None if they do not."""
    canon = Canon(scope)
    if canon.of(a, {}) == canon.of(b, {}):
        return tuple(sorted(canon.used)) or ("the same tree",)
    return None


def same_transposed(a: t.Node, b: t.Node, other: t.Node, scope: Scope) -> tuple[str, ...] | None:
    """Return the names of the rewrites that make b the transpose of a, if the other side of the claim is symmetric.

    Then b = other says what a = other says, transposed.
    """
    canon = Canon(scope)
    one, two, symmetric = (canon.of(x, {}) for x in (a, b, other))
    if canon.transpose(one, {}) == two and canon.transpose(symmetric, {}) == symmetric:
        return tuple(sorted({*canon.used, "both sides transposed"}))
    return None
