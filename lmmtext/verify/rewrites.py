"""Named rewrites: why a mutant that evaluates equal is the same claim, and no survivor.

A canonical form is computed of both trees; each rule that was used is named. Two trees with one canonical form say
the same.
"""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.algebra import ONE
from lmmtext.verify.chance import as_rand
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.meaning import pattern_indices
from lmmtext.verify.scope import Env, Scope, definition_of
from lmmtext.verify.uncorrelated import Uncorrelated


def _factors(node: t.Node) -> tuple[t.Node, ...]:
    node = node.arg if isinstance(node, t.Neg) else node
    return node.factors if isinstance(node, t.Product) else (node,)


def _with_index(node: t.Node, index: str) -> t.Node:
    """Return a fact about j as one about the index of a sum."""
    if isinstance(node, k.Local) and node.name == "j":
        return k.Local(index)
    return t.rebuild(node, lambda child: _with_index(child, index))


def _indexed_terms(node: t.Node, index: str) -> tuple[t.Node, ...]:
    """Return the terms of a sum that hold an index."""
    terms = node.terms if isinstance(node, t.Sum) else (node,)
    return tuple(x for x in terms if any(isinstance(n, k.Local) and n.name == index for n in t.walk(x)))


def _swapped(node: t.Node, old: t.Node, new: t.Node) -> t.Node:
    return new if node == old else t.rebuild(node, lambda child: _swapped(child, old, new))


def _is_identity(node: t.Node) -> bool:
    return isinstance(node, k.Const) and node.kind == "identity"


class Canon(Uncorrelated):
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
            if any(isinstance(v, k.Local) for v in node.variables):
                return node
            return k.Optimize(node.kind, node.variables, self.of(node.body, env), node.sizes)
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

    def centred(self, arg: t.Node, env: Env) -> t.Node:
        """Return a mean without the terms whose mean is zero, and without constants beside what has mean zero."""
        try:
            if not self.sources(arg, env):
                self.used.add("the mean of a constant")
                return t.Number(Fraction(0)) if evaluate(arg, self.scope, env).is_zero() else arg
        except FormulaError:
            pass
        if isinstance(arg, t.Product):
            arg = self.beside_centred(arg, env)
        terms = arg.terms if isinstance(arg, t.Sum) else (arg,)
        try:
            kept = tuple(x for x in terms if not evaluate(t.Call("E", (x,)), self.scope, env).is_zero())
        except FormulaError:
            kept = terms
        if kept == terms:
            return t.Call("E", (arg,))
        self.used.add("a term of mean zero")
        return t.Call("E", (kept[0] if len(kept) == 1 else t.Sum(kept),)) if kept else t.Number(Fraction(0))

    def beside_centred(self, node: t.Product, env: Env) -> t.Node:
        """Return E's product x'A y with constants left out of x if y has mean zero, or out of y if x has."""
        try:
            random = [i for i, f in enumerate(node.factors) if self.sources(f, env)]
            for mine, other in (random, random[::-1]) if len(random) == 2 else ():
                f = node.factors[mine]
                if not evaluate(t.Call("E", (node.factors[other],)), self.scope, env).is_zero():
                    continue
                terms = f.terms if isinstance(f, t.Sum) else ()
                kept = tuple(x for x in terms if self.sources(x, env))
                if kept and len(kept) < len(terms):
                    self.used.add("a constant beside what has mean zero")
                    new = kept[0] if len(kept) == 1 else t.Sum(kept)
                    return self.of(t.Product((*node.factors[:mine], new, *node.factors[mine + 1 :])), env)
        except FormulaError:
            pass
        return node

    def unbiased(self, node: t.Node, env: Env) -> t.Node:
        """Return what stands in a mean with unbiased estimates replaced by what they estimate, where it is linear."""
        hats = {n for n in t.walk(node) if isinstance(n, k.Ref) and n.name.startswith("hat_")}
        try:
            inner = self.scope.inside()
            for hat in (
                hats if all(as_rand(x).degree <= 1 for row in evaluate(node, inner, env).rows for x in row) else ()
            ):
                name = hat.name.removeprefix("hat_")
                if name not in self.world.by_name or self.world.by_name[name].kind != "parameter":
                    continue
                bare = k.Ref(name, hat.indices)
                if (evaluate(t.Call("E", (hat,)), self.scope, env) - evaluate(bare, self.scope, env)).is_zero():
                    self.used.add("an unbiased estimate in a mean")
                    node = _swapped(node, hat, bare)
        except FormulaError:
            pass
        return node

    def by_facts(self, matrices: list[t.Node], env: Env) -> list[t.Node]:
        """Return the matrices of a product with commuting runs in order, and without what vanishes."""
        return self.without_vanishing(self.runs(matrices), env)

    def conditional_mean(self, node: k.Ref) -> t.Node | None:
        """Return the conditional mean that a symbol is by its definition."""
        meaning = self.world.by_name.get(node.name)
        if (
            meaning is None
            or not isinstance(meaning.definition, str)
            or not meaning.definition.startswith(r"\operatorname{E}[")
        ):
            return None
        if [getattr(i, "name", "") for i in node.indices] != pattern_indices(meaning.tex):
            return None
        return definition_of(self.world, node.name)

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
            factors = [f for f in _factors(x) if not self.scalar(f, env)] or [x]
            if factors[-1] != left and factors[0] != turned:
                kept.append(x)
        return tuple(kept)

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
                self.used.add(self.world.commutes_because)
            out += self.once(sorted(self.without_killed(run), key=repr))
            run = []
            if m is not None:
                out.append(m)
        return out

    def without_killed(self, run: list[t.Node]) -> list[t.Node]:
        """Return factors that commute, without the P that I - P beside them makes zero: P (I - P) = 0."""
        for at, m in enumerate(run):
            if not (isinstance(m, t.Sum) and self.idempotent(m)):
                continue
            P = next(x.arg for x in m.terms if isinstance(x, t.Neg))
            assert isinstance(P, k.Projector)
            others = [x if i == at else self.of(_swapped(x, P, t.Number(Fraction(0))), {}) for i, x in enumerate(run)]
            if others != run:
                self.used.add("a projection and its complement have no product")
                return [x for x in others if not _is_identity(x)]
        return run

    def in_algebra(self, m: t.Node) -> bool:
        """Return whether a matrix is built from I, V, P_Z and P_1 alone."""
        if isinstance(m, k.Const):
            return m.kind == "identity"
        if isinstance(m, k.Ref):
            return m.name in self.world.commuting
        if isinstance(m, k.Projector):
            inner = m.arg
            ones = isinstance(inner, k.Const) and inner.kind == "ones"
            if ones:
                return "P_1" in self.world.commuting
            return isinstance(inner, k.Ref) and f"P_{inner.name}" in self.world.commuting
        if isinstance(m, (t.Sum, t.Neg, t.Inverse, t.Product)):
            return all(self.scalar(c, {}) or self.in_algebra(c) for c in t.children(m))
        return False

    def over(self, node: k.Over, env: Env) -> t.Node:
        """Return a sum over an index; beside deviations, which add up to zero, what has no index is left out."""
        body = self.of(node.body, {**env, node.index: Fraction(1)})
        if node.kind == "sum" and isinstance(body, t.Product):
            factors = list(body.factors)
            for dev, turned in self.world.facts["deviations"]:
                here = [_with_index(x, node.index) for x in (dev, turned)]
                for i in range(len(factors) - 1):
                    for at, other, wanted in ((i, i + 1, here), (i + 1, i, here[::-1])):
                        if factors[other] == wanted[1] and factors[at] != wanted[0]:
                            if _indexed_terms(factors[at], node.index) == _indexed_terms(wanted[0], node.index):
                                self.used.add("deviations add up to zero")
                                factors[at] = wanted[0]
            body = t.Product(tuple(factors))
        if node.kind == "sum" and self.adds_up_to_zero(node, body, env):
            self.used.add("deviations add up to zero")
            return t.Number(Fraction(0))
        return k.Over(node.kind, node.index, node.lower, node.upper, body)

    def adds_up_to_zero(self, node: k.Over, body: t.Node, env: Env) -> bool:
        """Return whether a sum is one of deviations, a - b, times what does not depend on the index, and is zero."""
        moving = [f for f in _factors(body) if any(x == k.Local(node.index) for x in t.walk(f))]
        if body == t.Number(Fraction(0)):
            return True
        if len(moving) != 1 or not isinstance(moving[0], t.Sum) or len(moving[0].terms) != 2:
            return False
        try:
            alone = k.Over("sum", node.index, node.lower, node.upper, moving[0])
            return bool(evaluate(alone, self.scope, env).is_zero())
        except FormulaError:
            return False

    def outgrown(self, node: t.Node, limit: k.LimitAt, env: Env) -> t.Node:
        """Leave out of every sum what the limit outgrows: terms that vanish beside others that do not."""
        node = t.rebuild(node, lambda child: self.outgrown(child, limit, env))
        if not isinstance(node, t.Sum):
            return node
        ranks = [self.growth(x, limit, env) for x in node.terms]
        kept = tuple(x for x, rank in zip(node.terms, ranks, strict=True) if rank == max(ranks))
        if len(kept) == len(node.terms):
            return node
        self.used.add("what the limit outgrows")
        return kept[0] if len(kept) == 1 else t.Sum(kept)

    def growth(self, node: t.Node, limit: k.LimitAt, env: Env) -> int:
        """Return 2 for what grows without bound, 1 for a finite limit, 0 for zero."""
        try:
            inner = {
                name: v
                for name, v in env.items()
                if not (isinstance(limit.variable, k.Local) and name == limit.variable.name)
            }
            value = evaluate(k.LimitAt(limit.variable, limit.target, limit.side, node), self.scope, inner)
        except FormulaError:
            return 2
        return 0 if value.is_zero() else 1

    def removed(self, node: k.Partial, env: Env) -> t.Node:
        """Return the body of a derivative without the terms that the derivative removes, if it does remove them."""
        body = self.moving(node.body, node.variables)
        if body == node.body:
            return body
        try:
            here, there = (
                evaluate(k.Partial(x, node.variables, node.layout), self.scope, env) for x in (node.body, body)
            )
        except FormulaError:
            return node.body
        if here.shape != there.shape or not (here - there).is_zero():
            return node.body
        self.used.add("what a derivative removes")
        return body

    def moving(self, node: t.Node, variables: tuple[t.Node, ...]) -> t.Node:
        """Leave out of every sum the terms that do not hold the variables."""
        node = t.rebuild(node, lambda child: self.moving(child, variables))
        if isinstance(node, t.Sum):
            kept = tuple(x for x in node.terms if any(self.may_hold(x, v) for v in variables))
            if kept and len(kept) < len(node.terms):
                return kept[0] if len(kept) == 1 else t.Sum(kept)
        return node

    def may_hold(self, node: t.Node, variable: t.Node) -> bool:
        """Return whether a tree could depend on a variable: numbers, data and other parameters do not."""
        for x in t.walk(node):
            if x == variable:
                return True
            if isinstance(x, k.Ref) and x.name != "pi" and self.world.by_name[x.name].kind == "defined":
                return True
        return False

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
