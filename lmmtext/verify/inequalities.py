"""Proofs of inequalities: what random points only fail to refute is shown here by rules, in all dimensions."""

from collections.abc import Iterator

from sympy import simplify

from lmmtext.verify import clock
from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import Claim
from lmmtext.verify.definite import flattened
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.judge import GRID, instances
from lmmtext.verify.loewner import Loewner
from lmmtext.verify.relations import EQUAL
from lmmtext.verify.verdict import Link
from lmmtext.verify.world import World

STRICT = ("<", ">", "succ", "prec")
MATRICES = ("succeq", "succ", "preceq", "prec")
UPWARD = (">=", ">", "succeq", "succ")
ENOUGH = {True: ("+",), False: ("+", "0+", "0")}


def proof(claim: Claim, world: World, before: list[Claim], links: list[Link], seconds: float = 10.0) -> str:
    """Return why an inequality holds, or an empty string if no rule shows it.

    Parameters
    ----------
    claim
        The inequality.
    before, links
        What stands before it in the chain, and what was found of that: verified equalities say what else its left side
        is.
    """
    if claim.relation not in (*STRICT, "<=", ">=", "succeq", "preceq"):
        return ""
    try:
        with clock.limit(seconds):
            scopes = list(instances(world, claim, GRID, (0, 1), 3, seed=300))
            for left in _forms(claim.left, before, links):
                prover = Prover(world, scopes)
                big, small = (left, claim.right) if claim.relation in UPWARD else (claim.right, left)
                prover.premises(claim.conditions)
                strict = claim.relation in STRICT
                shown = prover.ordered if claim.relation in MATRICES else prover.larger
                if shown(big, small, strict):
                    return prover.words()
    except FormulaError:
        return ""
    return ""


def _forms(left: t.Node, before: list[Claim], links: list[Link]) -> Iterator[t.Node]:
    """Yield the left side and what verified equalities just before it say that it is."""
    yield left
    for earlier, link in zip(reversed(before), reversed(links), strict=True):
        if earlier.relation not in EQUAL or link.status != "verified" or earlier.right != left:
            return
        left = earlier.left
        yield left


class Prover(Loewner):
    """Compares two numbers, or two matrices."""

    def premises(self, conditions: tuple[t.Node, ...]) -> None:
        """Keep the gaps that conditions say to be positive."""
        self.given: list[t.Node] = []
        for c in conditions:
            if isinstance(c, t.Chain):
                for relation, a, b in zip(c.relations, c.operands, c.operands[1:], strict=False):
                    if relation in ("<", ">"):
                        self.given.append(t.Sum((b, t.Neg(a))) if relation == "<" else t.Sum((a, t.Neg(b))))

    def ordered(self, big: t.Node, small: t.Node, strict: bool) -> bool:
        """Return whether a matrix is above another in the Loewner order."""
        gap = _gap(big, small)
        wanted = 2 if strict else 1
        return self.definite(gap) >= wanted or (not strict and self._best_linear(big, small))

    def _best_linear(self, big: t.Node, small: t.Node) -> bool:
        """Judge L M L' >= (X'M^{-1}X)^{-1}, which holds for every L with LX = I (Aitken)."""
        if not (isinstance(small, t.Inverse) and isinstance(small.arg, t.Product) and len(small.arg.factors) == 3):
            return False
        left, middle, right = small.arg.factors
        number, factors = self.parted(big)
        flat = flattened(factors)
        if not isinstance(middle, t.Inverse) or self.sign(number) != "+" or self.expr(number) != 1:
            return False
        M = middle.arg
        if M not in flat or flat.count(M) != 1 or not self.turned(left, right) or self.definite(M) != 2:
            return False
        at = flat.index(M)
        L, LT = flat[:at], flat[at + 1 :]
        product = t.Product(tuple(L))
        try:
            for s in self.scopes:
                one, other, X = (evaluate(x, s, {}) for x in (product, t.Product(tuple(LT)), right))
                LX = one @ X
                if not (one - other.T).is_zero() or not (LX @ LX - LX).is_zero() or LX.rank() != LX.height:
                    return False
        except (FormulaError, AssertionError):
            return False
        self.used.add("no linear unbiased estimator has a smaller variance than generalised least squares (LX = I)")
        return True

    def larger(self, big: t.Node, small: t.Node, strict: bool) -> bool:
        """Return whether a number is above another; above an absolute value, if above both that it may be."""
        if isinstance(small, t.Bars):
            return all(self.larger(big, x, strict) for x in (small.arg, t.Neg(small.arg)))
        gap = self.expr(_gap(big, small))
        if self.sign_of(gap) in ENOUGH[strict] or self._by_premise(gap, strict):
            return True
        return self._monotone(big, small, strict) or (not strict and (self._cauchy(gap) or self._largest(big, small)))

    def _by_premise(self, gap: object, strict: bool) -> bool:
        """Judge a gap that is something positive times what a condition says to be positive."""
        for premise in self.given:
            ratio = simplify(gap / self.expr(premise))
            if self.sign_of(ratio) in ENOUGH[strict]:
                self.used.add("a positive multiple of what the condition says")
                return True
        return False

    def _monotone(self, big: t.Node, small: t.Node, strict: bool) -> bool:
        """Judge f(A) >= f(B) from A >= B: determinants, traces, quadratic forms, logarithms."""
        if isinstance(big, t.Call) and isinstance(small, t.Call) and big.name == small.name:
            if big.name == "tr":
                found = self.definite(_gap(big.args[0], small.args[0]))
                return self._by("traces are ordered as matrices are", found >= (2 if strict else 1))
            if big.name in ("log", "sqrt") and self.sign(small.args[0]) in ("+", "0+")[: 1 if big.name == "log" else 2]:
                return self._by(
                    "logarithms and roots are ordered as numbers are", self.larger(big.args[0], small.args[0], strict)
                )
            if big.name == "exp":
                return self._by(
                    "exponentials are ordered as numbers are", self.larger(big.args[0], small.args[0], strict)
                )
        if isinstance(big, k.Det) and self.definite(big.arg):
            below = small.arg if isinstance(small, k.Det) else None
            if below is not None and self.definite(below) == 2:
                found = self.definite(_gap(big.arg, below))
                return self._by("determinants are ordered as matrices are", found >= (2 if strict else 1))
        if isinstance(big, t.Product) and isinstance(small, t.Product) and not strict:
            return self._by(
                "quadratic forms are ordered as matrices are", bool(self._sandwiched(self.terms(_gap(big, small))))
            )
        return False

    def _by(self, name: str, found: bool) -> bool:
        self.by(name, int(found))
        return found

    def _cauchy(self, gap: object) -> bool:
        """Judge Var(x) Var(y) >= Cov(x, y)^2."""
        covs = [n for n in self._atoms if isinstance(n, t.Call) and n.name == "Cov" and n.args[0] != n.args[1]]
        for c in covs:
            x, y = c.args
            v, w = (self.expr(t.Call("Cov", (a, a), c.given)) for a in (x, y))
            ratio = simplify(gap / (v * w - self.expr(c) ** 2))
            if self.sign_of(ratio) in ENOUGH[False]:
                return self._by("the inequality of Cauchy and Schwarz", True)
        return False

    def _largest(self, big: t.Node, small: t.Node) -> bool:
        """Judge max(a, b) >= a and a >= min(a, b)."""
        for whole, part, name in ((big, small, "max"), (small, big, "min")):
            if isinstance(whole, t.Call) and whole.name == name and part in whole.args:
                return self._by("a maximum is not below what it is the maximum of, nor a minimum above", True)
        return False

    def words(self) -> str:
        """Say how an inequality was shown."""
        text = "proved, not only tried at points"
        if self.used:
            text += ": " + "; ".join(sorted(self.used))
        else:
            text += (
                ": with variances positive, numerator and denominator of the difference have no negative coefficient"
            )
        if self.least:
            text += " (" + ", ".join(f"{name} >= {least}" for name, least in sorted(self.least.items())) + ")"
        return text


def _gap(big: t.Node, small: t.Node) -> t.Node:
    if (isinstance(small, t.Number) and not small.value) or (isinstance(small, k.Const) and small.kind == "zeros"):
        return big
    if (isinstance(big, t.Number) and not big.value) or (isinstance(big, k.Const) and big.kind == "zeros"):
        return t.Neg(small)
    return t.Sum((big, t.Neg(small)))
