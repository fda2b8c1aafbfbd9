"""Why something is never negative: variances, squares, norms, and what is made of them by + and x."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import Claim
from lmmtext.verify.relations import EQUAL
from lmmtext.verify.verdict import Link


def nonnegative(node: t.Node) -> bool:
    """Return whether the form of an elaborated number shows that it cannot be negative."""
    if isinstance(node, t.Number):
        return node.value >= 0
    if isinstance(node, t.Call) and node.name == "Cov":
        return node.args[0] == node.args[1]
    if isinstance(node, t.Power):
        return node.exponent == t.Number(Fraction(2))
    if isinstance(node, (t.Norm, k.SizeOf, t.Bars, k.Root)):
        return True
    if isinstance(node, (t.Sum, t.Product, t.Quotient)):
        return all(nonnegative(x) for x in t.children(node))
    if isinstance(node, k.Over):
        return nonnegative(node.body)
    return False


def never_negative(claim: Claim, before: list[Claim], links: list[Link]) -> str:
    """Return why `a >= 0` holds: by the form of a, or of what verified equalities before it in the chain say it is."""
    zero = isinstance(claim.right, t.Number) and claim.right.value == 0
    zero = zero or (isinstance(claim.right, k.Const) and claim.right.kind == "zeros")
    if claim.relation != ">=" or not zero:
        return ""
    same = claim.left
    forms = [same]
    for earlier, link in zip(reversed(before), reversed(links), strict=True):
        if earlier.relation not in EQUAL or link.status != "verified" or earlier.right != same:
            break
        same = earlier.left
        forms.append(same)
    return "a variance or a square is never negative" if any(nonnegative(x) for x in forms) else ""
