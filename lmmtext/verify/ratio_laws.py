"""Chi-square laws, and the laws of ratios that are made of them: F and t.

The noncentral chi-square with k degrees of freedom and noncentrality lambda is the law of u'u, u ~ N(mu, I_k), with
lambda = mu'mu: without the half that some books put before it.
"""

from fractions import Fraction
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate, number, power
from lmmtext.verify.forms import Form, alive, independent, sources_of
from lmmtext.verify.logs import real
from lmmtext.verify.matrix import Mat
from lmmtext.verify.moments import mean
from lmmtext.verify.scope import Env, Scope

Chi2 = tuple[Fraction, Any, Any]  # degrees of freedom, scale, noncentrality
DIVIDING = (t.Quotient, t.Inverse, t.Power, t.Call, k.Root)  # what may divide by something random, or be a root of it


def is_chi_square(x: Rand, scope: Scope) -> Chi2 | None:
    """Return k, s and lambda if x has the law of s times a chi-square; None if it has no such law.

    z'Az + a'z + c with Var(z) = D has it if and only if ADA = sA, ADa = sa and 4sc = a'Da, with s > 0: then k is the
    rank of A, and lambda is c / s. (In u = D^{-1/2} z it is s times the squared length of a projection of u + mu.)
    """
    x = alive(x, scope)
    if x.degree != 2:
        return None  # other degrees have other tails
    f = Form.of(x, sources_of(x), scope)
    i = next(i for i, row in enumerate(f.A.rows) if any(row))
    j = next(j for j, v in enumerate(f.A.rows[i]) if v)
    DA, Da = f.weighted(f.A), f.weighted(f.a)
    s = (f.A @ DA).rows[i][j] / f.A.rows[i][j]
    if real(s) <= 0 or not (f.A @ DA - f.A.times(s)).is_zero() or not (f.A @ Da - f.a.times(s)).is_zero():
        return None
    if s * f.c * Fraction(4) - (f.a.T @ Da).scalar:
        return None
    return Fraction(f.A.rank()), s, f.c / s


def has_f_law(left: t.Node, args: list[Any], inner: Scope, env: Env) -> bool:
    """Judge a ratio of independent chi-squares over their degrees of freedom; arguments: a, b, lambda and a scale."""
    constant, factors = _factors(left, inner, env)
    above = _multiplied([(x, e) for x, e in factors if e > 0])
    below = _multiplied([(x, -e) for x, e in factors if e < 0])
    if not independent(Mat.number(above), Mat.number(below), inner):
        raise Undecided("numerator and denominator are not independent, so that this is no F by its construction")
    top, bottom = is_chi_square(above, inner), is_chi_square(below, inner)
    if top is None or bottom is None or bottom[2]:
        raise Undecided("numerator and denominator are not both chi-square, so that this is no F by its construction")
    scale = constant * top[1] * top[0] / (bottom[1] * bottom[0])
    return [top[0], bottom[0], top[2], scale] == args


def has_t_law(left: t.Node, args: list[Any], inner: Scope, env: Env) -> bool:
    """Judge a central normal over the root of an independent chi-square that is divided by its degrees of freedom."""
    (degrees,) = args
    squared, factors = _factors(left, inner, env, Fraction(2))
    above = [x for x, e in factors if e == 2]
    below = [x for x, e in factors if e == -1]
    if len(above) != 1 or len(below) != 1 or len(factors) != 2 or above[0].degree != 1:
        raise Undecided(
            "this is no normal variable over a root of a chi-square, so that it is no t by its construction"
        )
    z, x = above[0], below[0]
    if not independent(Mat.number(z), Mat.number(x), inner):
        raise Undecided("numerator and denominator are not independent, so that this is no t by its construction")
    found = is_chi_square(x, inner)
    if found is None or found[2]:
        raise Undecided("the denominator is no root of a chi-square, so that this is no t by its construction")
    if mean(z, inner):
        return False
    variance = mean(z * z, inner)
    return found[0] == degrees and squared * variance == found[1] * found[0]


def _multiplied(factors: list[tuple[Rand, Fraction]]) -> Rand:
    total = Rand({(): Fraction(1)})
    for x, e in factors:
        if e.denominator != 1:
            raise Undecided("a root of a random quantity, which no F has")
        for _ in range(int(e)):
            total = total * x
    return total


def _factors(
    node: t.Node, inner: Scope, env: Env, e: Fraction = Fraction(1), rooted: bool = False
) -> tuple[Any, list[tuple[Rand, Fraction]]]:
    """Return the e-th power of a number as a constant times powers of random numbers."""
    if isinstance(node, t.Quotient):
        return _joined(_factors(node.num, inner, env, e, rooted), _factors(node.den, inner, env, -e, rooted))
    if isinstance(node, t.Inverse):
        return _factors(node.arg, inner, env, -e, rooted)
    if isinstance(node, t.Power) and not isinstance(node.base, t.Norm):
        exponent = number(node.exponent, inner, env)
        if isinstance(exponent, Fraction):
            return _factors(node.base, inner, env, e * exponent, rooted or exponent.denominator != 1)
    if isinstance(node, k.Root) or (isinstance(node, t.Call) and node.name == "sqrt"):
        return _factors(next(t.children(node)), inner, env, e / 2, True)
    if isinstance(node, t.Product):
        apart = [f for f in node.factors if isinstance(f, DIVIDING) and _is_number(f, inner, env)]
        rest = [f for f in node.factors if f not in apart]
        if apart:
            parts = [*apart, *([rest[0] if len(rest) == 1 else t.Product(tuple(rest))] if rest else [])]
            found: tuple[Any, list[tuple[Rand, Fraction]]] = (Fraction(1), [])
            for f in parts:
                found = _joined(found, _factors(f, inner, env, e, rooted))
            return found
    value = evaluate(node, inner, env)
    if value.shape != (1, 1):
        raise Undecided("the law of a ratio is that of a number", *node.span)
    x = alive(value.scalar, inner)
    if x.degree == 0:
        return power(x.constant("a constant"), e), []
    if rooted and x.degree == 1:
        raise Undecided("a root of what may be negative", *node.span)
    return Fraction(1), [(x, e)]


def _joined(x: Any, y: Any) -> Any:
    return x[0] * y[0], [*x[1], *y[1]]


def _is_number(node: t.Node, inner: Scope, env: Env) -> bool:
    """Return whether a factor is a number; one that divides by something random is."""
    try:
        return evaluate(node, inner, env).shape == (1, 1)
    except Undecided:
        return True
