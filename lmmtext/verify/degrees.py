"""Degree bounds, for the Schwartz-Zippel lemma: how many points of a line a false identity can pass.

Every value is a rational function of the numbers drawn. If two of them differ, then their difference, a polynomial of
degree at most d over its denominator, vanishes at a random point of a grid of S values with probability at most d / S.
Draws of less than full rank are drawn again. By the same lemma fewer than half are, so that, given full rank, the
probability is at most doubled: the bound is 2 d / S.
"""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate, number
from lmmtext.verify.meaning import pattern_indices
from lmmtext.verify.scope import Env, Scope, definition_of

Degree = tuple[int, int]  # of a common numerator, and denominator


class NoBound(Exception):
    """Something in the formula is no rational function of the draws: a logarithm, a root, an estimate."""


def degree(node: t.Node, scope: Scope, env: Env) -> Degree:
    """Return degree bounds of numerator and denominator; NoBound if the node is no rational function."""
    if isinstance(node, (t.Number, k.SizeOf, k.Const, k.Local)):
        return 0, 0
    if isinstance(node, k.Ref):
        return _symbol(node, scope, env)
    if isinstance(node, t.Sum):
        return _added([degree(x, scope, env) for x in node.terms])
    if isinstance(node, (t.Neg, t.Transpose, t.Entry, k.RepeatedDiagonal, k.Diagonal)):
        return degree(next(iter(t.children(node))), scope, env)
    if isinstance(node, t.Product):
        return _multiplied([degree(x, scope, env) for x in node.factors])
    if isinstance(node, t.Quotient):
        (a, b), (c, d) = degree(node.num, scope, env), degree(node.den, scope, env)
        return a + d, b + c
    if isinstance(node, t.Power):
        return _power(node, scope, env)
    if isinstance(node, t.Inverse):
        return _inverse(degree(node.arg, scope, env), evaluate(node.arg, scope, env).height)
    if isinstance(node, k.Det):
        a, b = degree(node.arg, scope, env)
        size = evaluate(node.arg, scope, env).height
        return size * a, size * b
    if isinstance(node, t.Tensor):
        return _multiplied([degree(node.left, scope, env), degree(node.right, scope, env)])
    if isinstance(node, k.Projector):
        a, b = degree(node.arg, scope, env)
        width = evaluate(node.arg, scope, env).width
        return 2 * a * width + 2 * b, 2 * a * width + 2 * b
    if isinstance(node, t.Matrix):
        return _added([degree(c, scope, env) for row in node.rows for c in row])
    if isinstance(node, k.Over):
        count = int(number(node.upper, scope, env) - number(node.lower, scope, env)) + 1
        each = degree(node.body, scope, {**env, node.index: Fraction(1)})
        return _added([each] * count) if node.kind == "sum" else _multiplied([each] * count)
    if isinstance(node, t.Call) and node.name in ("E", "Cov", "tr", "vec", "diag"):
        return _function(node, scope, env)
    if isinstance(node, k.Partial):
        a, b = degree(node.body, scope, env)
        for _ in node.variables:
            a, b = a + b, 2 * b
        return a, b
    if isinstance(node, k.LimitAt):
        return degree(node.body, scope, env)
    if isinstance(node, k.Optimize):
        a, b = degree(node.body, scope, env)
        size = sum(scope.dim(r, env) for r, _ in node.sizes)
        best = (size * (a + b), size * (a + b))
        return best if node.kind.startswith("arg") else _multiplied([(a, b), best, best])
    raise NoBound


def chance(left: t.Node, right: t.Node, scope: Scope, env: Env, grid: int) -> Fraction | None:
    """Return the probability, at most, that a false identity holds at one random point; None if no bound is known."""
    try:
        (a, b), (c, d) = degree(left, scope, env), degree(right, scope, env)
    except (NoBound, Undecided):
        return None
    return Fraction(2 * max(a + d, c + b), grid)


def _symbol(node: k.Ref, scope: Scope, env: Env) -> Degree:
    world = scope.instance.world
    meaning = world.by_name.get(node.name)
    if meaning is None:
        raise NoBound
    if meaning.degree is not None:
        return meaning.degree
    if callable(meaning.definition):
        raise NoBound
    inner = {name: Fraction(1) for name in pattern_indices(meaning.tex)}
    return degree(definition_of(world, node.name), scope, inner)


def _added(parts: list[Degree]) -> Degree:
    below = sum(b for _, b in parts)
    return max((a + below - b for a, b in parts), default=0), below


def _multiplied(parts: list[Degree]) -> Degree:
    return sum(a for a, _ in parts), sum(b for _, b in parts)


def _inverse(d: Degree, size: int) -> Degree:
    a, b = d
    return b + (size - 1) * a, size * a


def _power(node: t.Power, scope: Scope, env: Env) -> Degree:
    exponent = number(node.exponent, scope, env)
    if isinstance(node.base, t.Norm) and exponent == 2:
        a, b = degree(node.base.arg, scope, env)
        return _multiplied([(2 * a, 2 * b), *(degree(w, scope, env) for w in node.base.subs)])
    if not isinstance(exponent, Fraction) or exponent.denominator != 1:
        raise NoBound
    a, b = degree(node.base, scope, env)
    times = abs(int(exponent))
    return (times * a, times * b) if exponent >= 0 else (times * b, times * a)


def _function(node: t.Call, scope: Scope, env: Env) -> Degree:
    parts = [degree(a, scope, env) for a in node.args]
    if not node.given:
        return _multiplied(parts) if node.name == "Cov" else _added(parts)
    inner = scope.inside()
    for g in node.given:
        a, b = degree(g, scope, env)
        size = evaluate(g, inner, env).height
        parts += [(a, b), _inverse((2 * a, 2 * b), size), (a, b)] * 2
    return _multiplied(parts)
