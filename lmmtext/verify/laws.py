"""Whether something random has a law: normal by mean, variance and linearity, others by what they are made of.

Laws are exact here: the left side is a polynomial in independent normal sources, and each law below says of which
polynomials, or ratios of polynomials, it is the law.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand, as_rand
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate, number
from lmmtext.verify.forms import alive, conditioned, independent
from lmmtext.verify.matrix import Mat
from lmmtext.verify.moments import cov, mean
from lmmtext.verify.ratio_laws import has_f_law, has_t_law, is_chi_square
from lmmtext.verify.scope import Env, Scope


def has_law(left: t.Node, law: k.Law, relation: str, scope: Scope, env: Env) -> bool:
    """Return whether the left side has this law; for iid and ind, whether its copies do and are independent.

    `x | b ~ law` is the law of x given b, where b has turned out as it has in the data.
    """
    if not scope.instance.world.normal:
        raise Undecided("a law, where only first and second moments are assumed")
    x, given = (left.arg, left.given) if isinstance(left, t.Given) else (left, ())
    if relation == "~":
        return _has(x, given, law, scope, env)
    places = copies(x, given, relation, scope, env)
    if not all(_has(x, tuple(given), law, scope, {**env, **at}) for at in places):
        return False
    if relation == "~iid" and not _alike(law, places, scope, env):
        return False
    return _independent_copies(x, given, places, scope, env)


def copies(x: t.Node, given: tuple[t.Node, ...], relation: str, scope: Scope, env: Env) -> list[Env]:
    """Return the values of the indices that `iid` and `ind` are about: those of the left side.

    An index that is also behind the bar is fixed there, if another is left: given alpha_j, the Y_ij of group j are iid.
    """
    world = scope.instance.world
    free = {n.name for n in t.walk(x) if isinstance(n, k.Local)}
    fixed = {n.name for g in given for n in t.walk(g) if isinstance(n, k.Local)} if relation == "~iid" else set()
    names = sorted(free - fixed or free, key=world.index_order)
    if not names or any("'" in name for name in free):
        raise Undecided("of which copies is this said? The left side needs an index, such as i or j", *x.span)
    found: list[Env] = [{}]
    for name in names:
        upper = world.upper(name)
        if upper is None:
            raise Undecided(f"{name} is not an index of this world", *x.span)
        bound = _elaborated(upper, world)
        found = [
            {**at, name: Fraction(i)} for at in found for i in range(1, int(number(bound, scope, {**env, **at})) + 1)
        ]
    return found


def _elaborated(node: t.Node, world: Any) -> t.Node:
    from lmmtext.verify.claims import elaborated

    return elaborated(node, world)


def _alike(law: k.Law, places: list[Env], scope: Scope, env: Env) -> bool:
    """Return whether a law is the same at all places: the second i of iid."""
    values = [[evaluate(a, scope, {**env, **at}) for a in law.args] for at in places]
    return all(
        a.shape == b.shape and (a - b).is_zero()
        for others in values[1:]
        for a, b in zip(values[0], others, strict=True)
    )


def _independent_copies(x: t.Node, given: tuple[t.Node, ...], places: list[Env], scope: Scope, env: Env) -> bool:
    """Return whether all pairs of copies are independent, given all that is given."""
    inner = scope.inside()
    values = [evaluate(x, inner, {**env, **at}).vec() for at in places]
    for g, at in product(given, places):
        B = evaluate(g, inner, {**env, **at})
        if _random(B):
            values = _given_all(values, given, places, scope, env)
            break
    before = values[0]
    for v in values[1:]:
        if not independent(before, v, inner):  # of all before it together: mutually, not only in pairs
            return False
        before = before.above(v)
    return True


def _given_all(values: list[Mat], given: tuple[t.Node, ...], places: list[Env], scope: Scope, env: Env) -> list[Mat]:
    """Return the copies with their law given all that is behind the bar, in every copy."""
    inner = scope.inside()
    B: Mat | None = None
    b: Mat | None = None
    for g, at in product(given, places):
        this, outcome = (evaluate(g, s, {**env, **at}) for s in (inner, scope))
        if _random(this):
            B = this if B is None else B.above(this)
            b = outcome if b is None else b.above(outcome)
    assert B is not None and b is not None
    return [conditioned(v, B, b, inner) for v in values]


def conditioned_on(given: tuple[t.Node, ...], scope: Scope, env: Env) -> Callable[[Mat], Mat]:
    """Return the function that makes of something random the same, given what has turned out."""
    inner = scope.inside()
    parts = [(evaluate(g, inner, env), evaluate(g, scope, env)) for g in given]
    parts = [(B, b) for B, b in parts if _random(B)]  # a parameter is fixed anyway
    if any(B.width != 1 for B, _ in parts):
        raise Undecided("only columns can be given")

    def under(x: Mat) -> Mat:
        if not parts:
            return x
        B, b = parts[0]
        for more, outcome in parts[1:]:
            B, b = B.above(more), b.above(outcome)
        return conditioned(x, B, b, inner)

    return under


def _has(left: t.Node, given: tuple[t.Node, ...], law: k.Law, scope: Scope, env: Env) -> bool:
    inner = scope.inside()
    under = conditioned_on(given, scope, env)
    args = [evaluate(a, scope, env) for a in law.args]
    if law.name in ("F", "t"):
        if any(_random(evaluate(g, inner, env)) for g in given):
            raise Undecided("the conditional law of a ratio", *law.span)
        judged = has_f_law if law.name == "F" else has_t_law
        return judged(left, [a.scalar for a in args], inner, env)
    x = under(evaluate(left, inner, env))
    if law.name == "N":
        return x.width == 1 and _is_normal(x, args[0], args[1], inner)
    if law.name == "MN":
        centre, rows, cols = args
        return _is_normal(x.vec(), centre.vec(), cols.kron(rows), inner)
    if law.name == "chi2":
        degrees, noncentrality, scale = (a.scalar for a in args)
        if not degrees and not noncentrality:  # a sum of no squares
            return x.is_zero()
        return is_chi_square(as_rand(x.scalar), inner) == (degrees, scale, noncentrality)
    if law.name == "Gamma":  # of shape and rate: chi^2 with 2 shape degrees of freedom, times 1 / (2 rate)
        shape, rate = (a.scalar for a in args)
        return is_chi_square(as_rand(x.scalar), inner) == (shape * 2, Fraction(1, 2) / rate, 0)
    raise Undecided(f"the law {law.name} is read, and not judged", *law.span)


def _is_normal(x: Mat, centre: Mat, spread: Mat, inner: Scope) -> bool:
    """Judge x ~ N(centre, spread): linear in the normal sources, with this mean and this variance."""
    if spread.shape != (x.height, x.height):
        raise Undecided("the variance of this law has another shape")
    if any(alive(v, inner).degree > 1 for (v,) in x.rows):
        return False
    means = x.map(lambda v: mean(v, inner))
    return means.shape == centre.shape and (means - centre).is_zero() and (cov(x, x, inner) - spread).is_zero()


def _random(x: Mat) -> bool:
    return any(isinstance(v, Rand) and v.degree for row in x.rows for v in row)
