"""Rewrites of covariances by what shares no source of randomness."""

from fractions import Fraction

from lmmtext.verify import tree as t
from lmmtext.verify.algebra import Algebra
from lmmtext.verify.chance import Rand
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.scope import Env

MANY = 6  # terms of a sum of which pairs are compared


class Uncorrelated(Algebra):
    """Leaves out of covariances, or bares of signs, what is uncorrelated with the rest."""

    def correlated(self, node: t.Call, env: Env) -> t.Node | None:
        """Return a covariance without the terms that share no source of randomness with the other side."""
        sides = [self.expanded(a) for a in node.args]
        kept: list[tuple[t.Node, ...]] = []
        for mine, others in ((0, 1), (1, 0)):
            kept.append(tuple(x for x in sides[mine] if self.related(x, sides[others], env)))
        if not all(kept):
            self.used.add("uncorrelated terms")
            return t.Number(Fraction(0))
        if [len(x) for x in kept] == [len(s) for s in sides]:
            return None
        self.used.add("uncorrelated terms")
        return self.call(t.Call("Cov", tuple(x[0] if len(x) == 1 else t.Sum(x) for x in kept)), env)

    def related(self, x: t.Node, others: tuple[t.Node, ...], env: Env) -> bool:
        """Return whether a term is correlated with a sum, as far as can be told."""
        whole = others[0] if len(others) == 1 else t.Sum(others)
        try:
            return not evaluate(t.Call("Cov", (x, whole)), self.scope, env).is_zero()
        except FormulaError:
            return True

    def expanded(self, node: t.Node) -> tuple[t.Node, ...]:
        """Return the terms of a tree, with products multiplied out."""
        if isinstance(node, t.Sum):
            return tuple(x for term in node.terms for x in self.expanded(term))
        if isinstance(node, t.Neg):
            return tuple(self.negative(x) for x in self.expanded(node.arg))
        if isinstance(node, t.Product):
            for i, f in enumerate(node.factors):
                if isinstance(f, t.Sum):
                    whole = (t.Product((*node.factors[:i], x, *node.factors[i + 1 :])) for x in f.terms)
                    return tuple(x for term in whole for x in self.expanded(self.of(term, {})))
        return (node,)

    def signs_in_variance(self, node: t.Call, env: Env) -> t.Node:
        """Return the variance of a sum, with the parts of it that are uncorrelated with the rest without signs."""
        terms = self.expanded(node.args[0])
        joined: list[list[t.Node]] = []
        for term in terms if 1 < len(terms) <= MANY else ():
            near = [group for group in joined if any(self.related(term, (x,), env) for x in group)]
            joined = [group for group in joined if group not in near] + [[x for g in near for x in g] + [term]]
        found: list[t.Node] = []
        for members in joined:
            first = min(members, key=lambda x: repr(x.arg if isinstance(x, t.Neg) else x))
            if isinstance(first, t.Neg):
                self.used.add("signs before uncorrelated terms of a variance")
                members = [self.negative(x) for x in members]
            found += members
        if not found:
            return node
        whole = self.sum(tuple(found))
        return t.Call("Cov", (whole, whole), node.given)

    def sources(self, node: t.Node, env: Env) -> set[str]:
        """Return the sources of randomness in a tree."""
        value = evaluate(node, self.scope.inside(), env)
        return {s for row in value.rows for x in row if isinstance(x, Rand) for m in x.terms for s in m}
