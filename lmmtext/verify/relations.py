"""Whether a relation holds at one point: equal, smaller, contained, independent, distributed as."""

from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.forms import independent
from lmmtext.verify.laws import has_law
from lmmtext.verify.matrix import Mat, is_zero
from lmmtext.verify.scope import Env, Scope

EQUAL = ("=", ":=")


def link_holds(relation: str, left: t.Node, right: t.Node, scope: Scope, env: Env) -> bool:
    """Return whether `left relation right` is true here; Undecided if that cannot be told."""
    if relation.startswith("~"):
        assert isinstance(right, k.Law)
        return has_law(left, right, relation, scope, env)
    if relation in ("indep", "perp"):
        return _apart(relation, left, right, scope, env)
    if relation in ("subseteq", "supseteq") or isinstance(left, k.Space):
        return _spaces(relation, left, right, scope, env)
    if relation == "propto":
        from lmmtext.verify.densities import proportional

        return proportional(left, right, scope, env)
    x, y = evaluate(left, scope, env), evaluate(right, scope, env)
    if relation in EQUAL:
        return equal(x, y)
    if relation == "!=":
        return not equal(x, y)
    if relation in ("<", "<=", ">", ">="):
        return _ordered(relation, x.scalar, y.scalar)
    if relation in ("succeq", "succ", "preceq", "prec"):
        gap = x - y if relation.startswith("succ") else y - x
        return is_definite(gap, strict=relation in ("succ", "prec"))
    raise Undecided(f"the relation {relation} is read, and not judged")


def equal(x: Mat, y: Mat) -> bool:
    """Return whether two values are the same."""
    if x.shape != y.shape:
        return False
    return all(logs.same(a, b) for r, s in zip(x.rows, y.rows, strict=True) for a, b in zip(r, s, strict=True))


def holds(condition: t.Node, scope: Scope, env: Env) -> bool:
    """Return whether a condition (a chain of relations) is true here."""
    if not isinstance(condition, t.Chain):
        raise Undecided("a condition is a relation, such as a < b", *condition.span)
    pairs = zip(condition.relations, condition.operands[:-1], condition.operands[1:], strict=True)
    return all(link_holds(r, a, b, scope, env) for r, a, b in pairs)


def _ordered(relation: str, x: Any, y: Any) -> bool:
    gap = x - y
    if is_zero(gap):
        return relation in ("<=", ">=")
    positive = logs.real(gap) > 0
    return positive if relation in (">", ">=") else not positive


def is_definite(A: Mat, *, strict: bool) -> bool:
    """Return whether a symmetric matrix is positive (semi-)definite, by the pivots of elimination on its diagonal."""
    if not equal(A, A.T):
        return False
    rows = [list(r) for r in A.rows]
    for c in range(A.height):
        pivot = rows[c][c]
        if is_zero(pivot):
            if strict or any(not is_zero(rows[i][c]) for i in range(c, A.height)):
                return False
            continue
        if logs.real(pivot) < 0:
            return False
        for i in range(c + 1, A.height):
            f = rows[i][c] / pivot
            rows[i] = [x - f * y for x, y in zip(rows[i], rows[c], strict=True)]
    return True


def _spaces(relation: str, left: t.Node, right: t.Node, scope: Scope, env: Env) -> bool:
    if not (isinstance(left, k.Space) and isinstance(right, k.Space)):
        raise Undecided("a space is compared with a space")
    A, B = evaluate(left.arg, scope, env), evaluate(right.arg, scope, env)
    both = A.beside(B).rank()
    inside, contains = both == B.rank(), both == A.rank()
    same = inside and contains
    found = {"subseteq": inside, "supseteq": contains, "=": same, ":=": same, "!=": not same}
    if relation not in found:
        raise Undecided(f"the relation {relation} between spaces is read, and not judged")
    return found[relation]


def _apart(relation: str, left: t.Node, right: t.Node, scope: Scope, env: Env) -> bool:
    """Judge independence of what is random; of what is not, orthogonality."""
    inner = scope.inside()
    x, y = evaluate(left, inner, env), evaluate(right, inner, env)
    random = [any(isinstance(v, Rand) and v.degree for row in m.rows for v in row) for m in (x, y)]
    if all(random):
        return independent(x, y, inner)
    if any(random):
        raise Undecided(
            "what is not random is independent of everything: of two columns say that their product is zero"
        )
    if relation == "indep":
        raise Undecided("independence of what is not random")
    if x.height != y.height:
        raise Undecided("orthogonality of columns of different lengths")
    return (x.T @ y).is_zero()
