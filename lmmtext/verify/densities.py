"""Densities of normal columns, and what it is to be proportional to one.

`p(x | y) \\propto g` says that the ratio of both sides does not depend on x: it is the same whatever x turns out to be
while what is behind the bar, and all parameters, stay. Of a likelihood the same is said of its parameters.
"""

from fractions import Fraction
from random import Random
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.calculus import log_normal
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Singular, Undecided
from lmmtext.verify.evaluate import evaluate, rule
from lmmtext.verify.forms import alive, conditioned, sources_of
from lmmtext.verify.matrix import Mat
from lmmtext.verify.moments import cov, mean
from lmmtext.verify.outcomes import functionals, linear, turned
from lmmtext.verify.scope import Env, Scope
from lmmtext.verify.world import Draw

VALUES = 3  # of what is before the bar, beside the one at hand


@rule(k.Density)
def _density(n: k.Density, scope: Scope, env: Env) -> Mat:
    value = log_density(n, scope, env)
    return Mat.number(value.exp() if isinstance(value, Dual) else logs.exp(value))


def log_density(n: k.Density, scope: Scope, env: Env) -> Any:
    """Return the logarithm of the density at the outcome."""
    if not scope.instance.world.normal:
        raise Undecided("a density, where only first and second moments are assumed", *n.span)
    inner = scope.inside()
    x = _stacked(n.args, inner, env)
    if n.given:
        x = conditioned(x, _stacked(n.given, inner, env), _stacked(n.given, scope, env), inner)
    if any(alive(v, inner).degree > 1 for (v,) in x.rows):
        raise Undecided("a density of what is not linear in normal variables", *n.span)
    residual = _stacked(n.args, scope, env) - x.map(lambda v: mean(v, inner))
    try:
        return log_normal(residual, cov(x, x, inner))
    except Singular:
        raise Undecided("this has no density: given the rest, it is not random in all directions", *n.span) from None


def _stacked(nodes: tuple[t.Node, ...], scope: Scope, env: Env) -> Mat:
    whole = evaluate(nodes[0], scope, env)
    for node in nodes[1:]:
        whole = whole.above(evaluate(node, scope, env))
    return whole


def proportional(left: t.Node, right: t.Node, scope: Scope, env: Env) -> bool:
    """Return whether the ratio of two sides stays the same while what the left one is a function of changes."""
    if isinstance(left, k.Density):
        others = _outcomes(left, right, scope, env)
    elif isinstance(left, k.Likelihood) and not left.log:
        others = [_moved(left, scope, seed) for seed in range(VALUES)]
    else:
        what = "proportional in what? On the left stands a density p(x | ...) or a likelihood L(...)"
        raise Undecided(what, *left.span)
    a, b = (evaluate(x, scope, env).scalar for x in (left, right))
    for there in others:
        c, d = (evaluate(x, there, env).scalar for x in (left, right))
        if not b or not d or not logs.same(a * d, b * c):
            return False
    return bool(
        (logs.real(a) > 0) == (logs.real(b) > 0)
    )  # a density and a likelihood are positive, and so is the constant


def _outcomes(left: k.Density, right: t.Node, scope: Scope, env: Env) -> list[Scope]:
    """Return scopes in which what is before the bar has turned out otherwise, and what is behind it has not."""
    inner = scope.inside()
    sides = (left.args, left.given)
    x, given = ([alive(v, inner) for n in nodes for (v,) in evaluate(n, inner, env).rows] for nodes in sides)
    used = [(n, evaluate(n, inner, env)) for n in _random_symbols(right)]
    numbers = {n: [alive(v, inner) for row in m.rows for v in row] for n, m in used}
    names = sources_of(*x, *given, *(v for m in numbers.values() for v in m))
    known = Mat.of([linear(v, names) for v in (*x, *given)], len(names))
    rank = known.rank()
    for n, values in numbers.items():
        forms = [row for v in values if v.degree for row in functionals(v, names, inner)]
        if forms and known.above(Mat.of(forms, len(names))).rank() > rank:
            raise Undecided("there is something random here that stands neither before nor behind the bar", *n.span)
    fixed = Mat.of([linear(v, names) for v in given], len(names)) if given else Mat.full(1, len(names))
    free = fixed.null_space()
    found = []
    for seed in range(VALUES):
        rng = Random(f"{scope.instance.seed} outcome {seed}")
        step = free @ Mat.column([Fraction(rng.randint(-9, 9)) for _ in range(free.width)])
        now = {s: scope.instance.taken_by(s) + d for s, (d,) in zip(names, step.rows, strict=True)}
        found.append(turned(scope, now))
    return found


def _random_symbols(node: t.Node) -> list[k.Ref]:
    return sorted({n for n in t.walk(node) if isinstance(n, k.Ref)}, key=repr)


def _moved(left: k.Likelihood, scope: Scope, seed: int) -> Scope:
    """Return the scope in which the parameters of a likelihood have other values."""
    draw = Draw(Random(f"{scope.instance.seed} parameter {seed}"), 50, 0)
    for arg in left.args:
        assert isinstance(arg, k.Ref)
        now = scope(arg.name)
        if arg.name == "beta":
            value = now.map(lambda _: draw.integer())
        elif now.shape == (1, 1):
            value = Mat.number(draw.positive())
        else:
            value = draw.spd(now.height)
        scope = scope.moving(arg.name, (), value)
    return scope
