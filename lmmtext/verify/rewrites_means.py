"""Rewrites of means: what has mean zero, what is unbiased, what is a conditional mean by its definition."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.algebra import swapped
from lmmtext.verify.chance import as_rand
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.meaning import pattern_indices
from lmmtext.verify.scope import Env, definition_of
from lmmtext.verify.uncorrelated import Uncorrelated


class Means(Uncorrelated):
    """Leaves out of means what adds nothing to them."""

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
                    node = swapped(node, hat, bare)
        except FormulaError:
            pass
        return node

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
