"""Rewrites of what binds a variable: sums of deviations, limits, derivatives, and what is minimised over."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.algebra import factors_of
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.matrix import Mat
from lmmtext.verify.rewrites_projections import Commuting
from lmmtext.verify.scope import Env


def _with_index(node: t.Node, index: str) -> t.Node:
    """Return a fact about j as one about the index of a sum."""
    if isinstance(node, k.Local) and node.name == "j":
        return k.Local(index)
    return t.rebuild(node, lambda child: _with_index(child, index))


def _indexed_terms(node: t.Node, index: str) -> tuple[t.Node, ...]:
    """Return the terms of a sum that hold an index."""
    terms = node.terms if isinstance(node, t.Sum) else (node,)
    return tuple(x for x in terms if any(isinstance(n, k.Local) and n.name == index for n in t.walk(x)))


def _turned(node: t.Node, names: set[str]) -> t.Node:
    """Return a tree with the negative of each of some bound variables in its place."""
    if isinstance(node, k.Local) and node.name in names:
        return t.Neg(node)
    return t.rebuild(node, lambda child: _turned(child, names))


class Ranges(Commuting):
    """Leaves out of sums, limits and derivatives what they do not see; turns what is minimised over."""

    def optimum(self, node: k.Optimize, env: Env) -> t.Node:
        """Return an optimum with its body in canonical form; a smallest value over all a is one over all -a."""
        somewhere = {
            v.name: Mat.column([Fraction(i + 2) for i in range(self.scope.dim(rows, env))])
            for v, (rows, _) in zip(node.variables, node.sizes, strict=True)
            if isinstance(v, k.Local)
        }
        inner = {**env, **somewhere}
        body = self.of(node.body, inner)
        if node.kind in ("min", "max") and len(somewhere) == len(node.variables):
            turned = self.of(_turned(node.body, set(somewhere)), inner)
            if repr(turned) < repr(body):
                self.used.add("what is minimised over, turned round")
                body = turned
        return k.Optimize(node.kind, node.variables, body, node.sizes)

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
        moving = [f for f in factors_of(body) if any(x == k.Local(node.index) for x in t.walk(f))]
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
