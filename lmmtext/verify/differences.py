"""In what the two sides of a false claim differ: a mean, a variance, degrees of freedom, a dependence, a rank."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand, as_rand
from lmmtext.verify.claims import Claim
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.forms import alive
from lmmtext.verify.laws import conditioned_on, copies, has_law
from lmmtext.verify.matrix import Mat, is_zero
from lmmtext.verify.moments import cov, mean
from lmmtext.verify.ratio_laws import is_chi_square
from lmmtext.verify.scope import Env, Scope
from lmmtext.verify.write import write


@dataclass(frozen=True)
class Difference:
    """What differs, where, and both values; or, where there are no two values of one thing, a sentence."""

    what: str = ""
    left: Any = None
    right: Any = None
    element: str = ""
    said: str = ""


def difference(claim: Claim, scope: Scope) -> Difference:
    """Return in what the sides of a claim differ at a point where it fails."""
    spaces = isinstance(claim.left, k.Space) or isinstance(claim.right, (k.Space, k.Reals))
    if spaces and claim.relation == "perp":
        return Difference(said="the product of the one, transposed, with the other is not zero")
    if spaces:
        return _of_spaces(claim, scope)
    if claim.relation in ("indep", "perp"):
        return _of_dependent(evaluate(claim.left, scope.inside(), {}), evaluate(claim.right, scope.inside(), {}), scope)
    if claim.relation.startswith("~"):
        return _of_laws(claim, scope)
    return values("", evaluate(claim.left, scope, {}), evaluate(claim.right, scope, {}))


def values(what: str, x: Mat, y: Mat) -> Difference:
    """Return the first elements in which two matrices differ."""
    for i, (a, b) in enumerate(zip(x.rows, y.rows, strict=True)):
        for j, (u, v) in enumerate(zip(a, b, strict=True)):
            if not is_zero(u - v):
                return Difference(what, u, v, "" if x.shape == (1, 1) else f"({i + 1}, {j + 1})")
    return Difference(what, x.rows[0][0], y.rows[0][0])


def _of_spaces(claim: Claim, scope: Scope) -> Difference:
    """Tell by ranks that one space does not hold another, or something."""
    names = [write(w.args[0]) if isinstance(w, t.Call) and w.args else write(w) for w in claim.written]
    parts = [n.arg if isinstance(n, k.Space) else n for n in (claim.left, claim.right)]
    A, B = (evaluate(p, scope, {}) for p in parts)
    both, first, second = A.beside(B).rank(), A.rank(), B.rank()
    ranks = f"the rank of [{names[0]}, {names[1]}] is {both}, that of {names[0]} {first}, that of {names[1]} {second}"
    if both > first and both > second:
        return Difference(said=f"{ranks}: neither is in the other")
    if both > second:
        return Difference(said=f"{ranks}: the left side is not in the right one")
    if both > first:
        return Difference(said=f"{ranks}: the right side is not in the left one")
    return Difference(said=f"{ranks}: the two spaces are the same")


def _of_dependent(x: Mat, y: Mat, scope: Scope, of: str = "the two sides") -> Difference:
    """Tell why two random quantities are not independent."""
    inner = scope.inside()
    if not any(isinstance(v, Rand) and v.degree for m in (x, y) for row in m.rows for v in row):
        return Difference(said=f"{of} are not orthogonal")
    C = cov(x.vec(), y.vec(), inner)
    for i, row in enumerate(C.rows):
        for j, c in enumerate(row):
            if not is_zero(c):
                at = "" if C.shape == (1, 1) else f" of their elements {i + 1} and {j + 1}"
                return Difference(said=f"{of} are dependent: the covariance{at} is {c}, not 0")
    return Difference(
        said=f"{of} have covariance 0, and are dependent all the same: one tells of the size of the other"
    )


def _of_laws(claim: Claim, scope: Scope) -> Difference:
    """Tell which moment, which parameter or which copy of a law is another one."""
    law = claim.right
    assert isinstance(law, k.Law)
    x, given = (claim.left.arg, claim.left.given) if isinstance(claim.left, t.Given) else (claim.left, ())
    places: list[Env] = [{}] if claim.relation == "~" else copies(x, given, claim.relation, scope, {})
    for at in places:
        if not has_law(claim.left, law, "~", scope, at):
            return _of_law(x, given, law, scope, at)
    if given:
        return Difference(said="every copy has this law, and they are not all alike and independent")
    inner = scope.inside()
    copied = [(at, evaluate(x, inner, at)) for at in places]
    for (one, a), (other, b) in combinations(copied, 2):
        if claim.relation == "~iid":
            laws = [[evaluate(arg, scope, at) for arg in law.args] for at in (one, other)]
            for p, q in zip(*laws, strict=True):
                if p.shape != q.shape or not (p - q).is_zero():
                    return Difference(said=f"the law is not the same for {_place(one)} and {_place(other)}")
        if not cov(a.vec(), b.vec(), inner).is_zero():
            return _of_dependent(a, b, scope, f"the copies for {_place(one)} and {_place(other)}")
    return Difference(said="the copies are not independent, taken together")


def _place(at: Env) -> str:
    return ", ".join(f"{name} = {value}" for name, value in at.items())


def _of_law(x: t.Node, given: tuple[t.Node, ...], law: k.Law, scope: Scope, at: Env) -> Difference:
    """Tell in what the law of one thing differs from the one that is claimed."""
    inner = scope.inside()
    if law.name in ("F", "t"):
        return Difference(said="this ratio has another law: other degrees of freedom, another scale or noncentrality")
    found = conditioned_on(given, scope, at)(evaluate(x, inner, at))
    args = [evaluate(a, scope, at) for a in law.args]
    if law.name in ("N", "MN"):
        if law.name == "MN":
            found, args = found.vec(), [args[0].vec(), args[2].kron(args[1])]
        if any(alive(v, inner).degree > 1 for (v,) in found.rows):
            return Difference(said="the left side is not normal: it is no linear function of normal variables")
        means = found.map(lambda v: mean(v, inner))
        if not (means - args[0]).is_zero():
            return values("the means differ", means, args[0])
        return values("the variances differ", cov(found, found, inner), args[1])
    chi = is_chi_square(as_rand(found.scalar), inner)
    if chi is None:
        return Difference(said="the left side is no multiple of a chi-square variable")
    wanted = [a.scalar for a in args]
    if law.name == "Gamma":
        wanted = [wanted[0] * 2, Fraction(0), Fraction(1, 2) / wanted[1]]
    names = ("the degrees of freedom differ", "the noncentralities differ", "the scales differ")
    for what, u, v in zip(names, (chi[0], chi[2], chi[1]), wanted, strict=True):
        if u != v:
            return Difference(what, u, v)
    return Difference()


def seen(claim: Claim, scope: Scope) -> list[str]:
    """Return the symbols whose values went into a claim: of what is only inside E, Var, Cov or a law, parameters."""
    names: dict[str, None] = {}
    world = scope.instance.world

    def note(node: t.Node, inside: bool) -> None:
        if isinstance(node, k.Ref) and not node.indices:
            meaning = world.by_name.get(node.name)
            if meaning is not None and (not inside or meaning.kind in ("parameter", "given")):
                names[node.name] = None
        within = inside or (isinstance(node, t.Call) and node.name in ("E", "Cov", "Corr"))
        for child in t.children(node):
            note(child, within)

    random = claim.relation.startswith("~") or claim.relation in ("indep", "perp")
    note(claim.left, random)
    note(claim.right, claim.relation in ("indep", "perp"))
    for condition in claim.conditions:
        note(condition, False)
    return list(names)


def told(claim: Claim, scope: Scope) -> Difference:
    """Return in what the sides differ; where that cannot be told, only that the claim does not hold."""
    try:
        return difference(claim, scope)
    except FormulaError:
        return Difference(said="it does not hold")
