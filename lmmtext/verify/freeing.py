"""A richer world made on the spot: symbols that a claim does not need to be what they are become arbitrary.

If a claim still holds when b_j, say, is any vector at all, it is a special case of something more general; there a
wrong variant that only passed because X'(y - Xb) vanishes must fail.
"""

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import Claim
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate, index
from lmmtext.verify.judge import true_at
from lmmtext.verify.matrix import Mat
from lmmtext.verify.scope import Scope

ATTEMPTS = 6
NOT_ASKED = (k.Space, k.Law, k.Likelihood, k.LimitAt, k.Optimize)
PLAIN = {"tr", "rank", "vec", "diag", "log", "exp", "sqrt"}


def freed(claim: Claim, scopes: list[Scope]) -> list[Scope]:
    """Return scopes in which as many symbols as can be are arbitrary and the claim still holds; empty if none."""
    found: list[Scope] = []
    nodes = sorted({n for side in (claim.left, claim.right) for n in t.walk(side) if _freeable(n)}, key=repr)
    for number, scope in enumerate(scopes):
        wider = scope
        for node in nodes:
            try:
                wider = _widened(node, wider, claim, f"{number} {node}")
            except FormulaError:
                continue
        if wider is scope:
            return []
        found.append(wider)
    return found


def _freeable(node: t.Node) -> bool:
    return isinstance(node, (k.Ref, k.Projector))


def _widened(node: t.Node, scope: Scope, claim: Claim, seed: str) -> Scope:
    """Return the scope in which a symbol or projector is arbitrary, if the claim still holds there; else itself."""
    if isinstance(node, k.Projector):
        key: tuple[str, tuple[Any, ...]] = ("projector", (node.arg,))
        now, symmetric = evaluate(node, scope, {}), True
    else:
        assert isinstance(node, k.Ref)
        meaning = scope.instance.world.by_name.get(node.name)
        if meaning is None or meaning.kind not in ("defined", "random"):
            return scope
        key = (node.name, tuple(index(i, scope, {}) for i in node.indices))
        now, symmetric = scope(node.name, *key[1]), meaning.symmetric
    trial = scope.moving(*key, arbitrary(now, symmetric, seed))
    return trial if true_at(claim, trial) else scope


def agree_everywhere(before: t.Node, after: t.Node, scope: Scope) -> bool:
    """Return whether two trees have one value when every symbol in them is arbitrary, of full rank and of less.

    Then they are one and the same function of their symbols. A size that stands as a number is as arbitrary as other
    numbers: that J and r are equal in an instance proves nothing. Moments are of something, so they are not asked.
    """
    if _sized(after) - _sized(before):
        return False
    if isinstance(before, k.Space) and isinstance(after, k.Space):
        before, after = before.arg, after.arg
    before, after = _with_numbers(before), _with_numbers(after)
    trees = [*t.walk(before), *t.walk(after)]
    if any(isinstance(n, NOT_ASKED) or isinstance(n, t.Call) and n.name not in PLAIN for n in trees):
        return False
    refs = sorted({n for n in trees if isinstance(n, k.Ref) and n.name != "pi"}, key=repr)
    by_name = scope.instance.world.by_name
    if any(isinstance(n, k.Partial) for n in trees) and any(by_name[r.name].kind == "defined" for r in refs):
        return False  # made arbitrary, it would no longer depend on the variable
    agreed = 0
    for number in range(ATTEMPTS):
        try:
            wider = _everything(refs, scope, number)
            x, y = evaluate(before, wider, {}), evaluate(after, wider, {})
        except FormulaError:  # where a rank is too small an inverse may not exist, nor a logarithm of any determinant
            continue
        if x.shape != y.shape or not (x - y).is_zero():
            return False
        agreed += 1
    return agreed >= 2


def _everything(refs: list[k.Ref], scope: Scope, number: int) -> Scope:
    """Return the scope in which all these symbols are arbitrary, every second time of less than full rank."""
    wider = scope
    for node in refs:
        at = tuple(index(i, scope, {}) for i in node.indices)
        symmetric = scope.instance.world.by_name[node.name].symmetric
        value = arbitrary(wider(node.name, *at), symmetric, f"{number} {node.name} {at}")
        if number % 2 and value.width > 1 and not symmetric:
            value = _of_less_rank(value)
        wider = wider.moving(node.name, at, value)
    return wider


def _sized(node: t.Node) -> set[t.Node]:
    """Return what in a tree has a size of its own: constants, and the bounds of sums."""
    nodes = list(t.walk(node))
    bounds = {b for n in nodes if isinstance(n, k.Over) for b in (n.lower, n.upper) if not isinstance(b, t.Number)}
    return bounds | {n for n in nodes if isinstance(n, (k.Const, k.RepeatedDiagonal))}


def _with_numbers(node: t.Node) -> t.Node:
    """Return a tree in which sizes, other than the bounds of sums, are numbers that have nothing to do with them."""
    if isinstance(node, k.SizeOf):
        letter = ord(node.name[0])
        return t.Number(Fraction(letter % 32 + (35 if letter < 96 else 3) + 70 * len(node.indices)))
    if isinstance(node, k.Over):
        return replace(node, body=_with_numbers(node.body))
    return t.rebuild(node, _with_numbers)


def _of_less_rank(m: Mat) -> Mat:
    """Return a matrix whose last column is its first."""
    return Mat(tuple((*row[:-1], row[0]) for row in m.rows), m.width)


def arbitrary(now: Mat, symmetric: bool, seed: str) -> Mat:
    """Return an arbitrary matrix of the same shape, symmetric if it has to be."""
    rng = Random(seed)
    rows = [[Fraction(rng.randint(-999, 999), rng.randint(1, 9)) for _ in range(now.width)] for _ in range(now.height)]
    made = Mat.of(rows, now.width)
    return made + made.T if symmetric else made
