"""Evaluation of functions: moments, logarithms, traces (derivatives, limits and optima are in calculus.py)."""

from fractions import Fraction
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand, as_rand
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate, number, power, rule
from lmmtext.verify.matrix import Mat, is_pivot
from lmmtext.verify.scope import Env, Scope


@rule(t.Call)
def _call(n: t.Call, scope: Scope, env: Env) -> Any:
    if n.name == "E":
        return expectation(n, scope, env)
    if n.name == "Cov":
        return covariance(n, scope, env)
    if n.name == "Corr":
        x, y = n.args
        c, v, w = (covariance(t.Call("Cov", (a, b), n.given), scope, env).scalar for a, b in ((x, y), (x, x), (y, y)))
        return Mat.number(c / v if v == w else c / power(v * w, Fraction(1, 2)))
    if n.name == "log" and isinstance(n.args[0], k.Density):
        from lmmtext.verify.densities import log_density

        return Mat.number(log_density(n.args[0], scope, env))
    if n.name in ("log", "exp", "sqrt"):
        return Mat.number(_function(n.name, number(n.args[0], scope, env)))
    if n.name in ("max", "min"):
        values = [number(a, scope, env) for a in n.args]
        return Mat.number((max if n.name == "max" else min)(values, key=logs.real))
    value = evaluate(n.args[0], scope, env)
    if n.name == "tr":
        return Mat.number(value.trace())
    if n.name == "rank":
        return Mat.number(Fraction(value.rank()))
    if n.name == "vec":
        return value.vec()
    if n.name == "diag":
        entries = [number(a, scope, env) for a in n.args] if len(n.args) > 1 else [row[0] for row in value.rows]
        size = len(entries)
        return Mat.of([[entries[i] if i == j else Fraction(0) for j in range(size)] for i in range(size)], size)
    raise Undecided(f"{n.name} is not evaluated", *n.span)


def _function(name: str, x: Any) -> Any:
    if name == "sqrt":
        return power(x, Fraction(1, 2))
    if isinstance(x, Dual):
        return x.log() if name == "log" else x.exp()
    if not isinstance(x, (Fraction, logs.LogSum, logs.Exp, logs.Real)):
        raise Undecided(f"the {name} of a quantity that has none here")
    return logs.log(x) if name == "log" else logs.exp(x)


def expectation(n: t.Call, scope: Scope, env: Env) -> Mat:
    """Return E[x], or E[x | y] where all is jointly normal and x affine."""
    inner = scope.inside()
    given = _given(n, inner, env)
    if given is None:
        return mean_of(n.args[0], inner, env)
    value = evaluate(n.args[0], inner, env)
    B, b = given
    gap = b(scope) - B.map(lambda x: mean(x, inner))
    whole: Mat | None = None
    for column in value.T.rows:
        one = Mat.column(column)
        found = one.map(lambda x: mean(x, inner)) + regression(one, B, inner) @ gap
        whole = found if whole is None else whole.beside(found)
    assert whole is not None
    return whole


def mean_of(n: t.Node, inner: Scope, env: Env) -> Mat:
    """Return E of a tree, by linearity as far as it goes; a product of two linear quantities needs only covariances."""
    if isinstance(n, t.Sum):
        total = mean_of(n.terms[0], inner, env)
        for term in n.terms[1:]:
            total = total + mean_of(term, inner, env)
        return total
    if isinstance(n, t.Neg):
        return -mean_of(n.arg, inner, env)
    if isinstance(n, t.Transpose):
        return mean_of(n.arg, inner, env).T
    if isinstance(n, k.Over) and n.kind == "sum":
        low, high = number(n.lower, inner, env), number(n.upper, inner, env)
        parts = [mean_of(n.body, inner, {**env, n.index: Fraction(i)}) for i in range(int(low), int(high) + 1)]
        if parts:
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            return total
    if isinstance(n, t.Product):
        found = _mean_of_product(n, inner, env)
        if found is not None:
            return found
    return evaluate(n, inner, env).map(lambda x: mean(x, inner))


def _mean_of_product(n: t.Product, inner: Scope, env: Env) -> Mat | None:
    """Return E of a product of two random linear factors and constant ones; None for other products."""
    values = [evaluate(f, inner, env) if not isinstance(f, k.Over) else None for f in n.factors]
    if any(v is None for v in values):  # a sum at the end of a product: its number first, then linearity
        if len(n.factors) == 2 and values[0] is not None and _degree(values[0]) == 0:
            rest = mean_of(n.factors[1], inner, env)
            constant = values[0].map(lambda x: mean(x, inner))
            if constant.shape == (1, 1):
                return rest.times(constant.scalar)
            return constant.times(rest.scalar) if rest.shape == (1, 1) else constant @ rest
        return None
    random = [i for i, v in enumerate(values) if v is not None and _degree(v) > 0]
    if len(random) != 2 or any(v is None or _degree(v) > 1 or v.shape == (1, 1) for v in values):
        return None
    left: Mat | None = None
    right: Mat | None = None
    for i, v in enumerate(values):
        assert v is not None
        if i < random[1]:
            left = v if left is None else left @ v
        else:
            right = v if right is None else right @ v
    assert left is not None and right is not None
    columns = right.T.rows
    rows = [[_mean_of_dot(row, column, inner) for column in columns] for row in left.rows]
    return Mat.of(rows, right.width)


def _mean_of_dot(row: Any, column: Any, inner: Scope) -> Any:
    total: Any = Fraction(0)
    for a, b in zip(row, column, strict=True):
        x, y = as_rand(a), as_rand(b)
        total = total + mean(x, inner) * mean(y, inner) + _pair(x, y, inner)
    return total


def _degree(v: Mat) -> int:
    return max((x.degree for row in v.rows for x in row if isinstance(x, Rand)), default=0)


def covariance(n: t.Call, scope: Scope, env: Env) -> Mat:
    """Return Cov(x, y) by definition, E[(x - E x)(y - E y)'], or given a normal vector."""
    inner = scope.inside()
    x, y = (evaluate(a, inner, env) for a in n.args)
    given = _given(n, inner, env)
    if given is not None:
        B = given[0]
        x, y = (v - regression(v, B, inner) @ B for v in (x, y))
    return cov(x, y, inner)


def mean(x: Any, scope: Scope) -> Any:
    """Return the expectation of a scalar."""
    if not isinstance(x, Rand):
        return x
    return x.mean(lambda s: scope.variances[s], scope.instance.world.normal)


def cov(x: Mat, y: Mat, scope: Scope) -> Mat:
    """Return the covariance matrix of two random columns."""
    cx = [as_rand(a) - mean(a, scope) for (a,) in x.rows]
    cy = cx if x is y else [as_rand(b) - mean(b, scope) for (b,) in y.rows]
    same = cx is cy
    rows: list[list[Any]] = []
    for i, a in enumerate(cx):
        rows.append([rows[j][i] if same and j < i else _pair(a, b, scope) for j, b in enumerate(cy)])
    return Mat.of(rows, y.height)


def _pair(a: Rand, b: Rand, scope: Scope) -> Any:
    """Return E[a b] of two centred numbers; affine ones need only the variances."""
    if a.degree <= 1 and b.degree <= 1:
        small, large = (a, b) if len(a.terms) <= len(b.terms) else (b, a)
        total: Any = Fraction(0)
        for m, c in small.terms.items():
            if m and m in large.terms:
                total = total + c * large.terms[m] * scope.variances[m[0]]
        return total
    if a.degree <= 2 and b.degree <= 2 and scope.instance.world.normal:
        return _pair_of_forms(a, b, scope)
    return mean(a * b, scope)


def _pair_of_forms(a: Rand, b: Rand, scope: Scope) -> Any:
    """Return the covariance of two polynomials of degree two in independent normal sources.

    Two different products of sources are uncorrelated; x has variance v, xy the product of two, and x^2 twice v^2.
    """
    total: Any = Fraction(0)
    for m, c in a.terms.items():
        if m and m in b.terms:
            v = scope.variances[m[0]]
            for s in m[1:]:
                v = v * scope.variances[s] * (2 if s == m[0] else 1)
            total = total + c * b.terms[m] * v
    return total


def regression(x: Mat, B: Mat, scope: Scope) -> Mat:
    """Return the M for which x - M B is uncorrelated with B: Cov(x, B) = M Var(B), solved and checked."""
    if not scope.instance.world.normal:
        raise Undecided("a conditional moment, which first and second moments do not determine")
    if any(as_rand(v).degree > 1 for row in (*x.rows, *B.rows) for v in row):
        raise Undecided("a conditional moment of something that is not linear in normal variables")
    joint = cov(B, B, scope)
    M = joint.solve(cov(B, x, scope)).T
    left = cov(x - M @ B, B, scope)  # zero; of a series, every known term is
    assert not any(is_pivot(v) for row in left.rows for v in row)
    return M


def _given(n: t.Call, inner: Scope, env: Env) -> Any:
    """Return the random vector that is given, and how to get its outcome; None if nothing is random."""
    found, sources = None, []
    for g in n.given:
        value = evaluate(g, inner, env)
        if not any(isinstance(x, Rand) and x.degree for row in value.rows for x in row):
            continue  # a parameter, which is fixed anyway
        if value.width != 1:
            raise Undecided("only columns can be given", *g.span)
        found = value if found is None else found.above(value)
        sources.append(g)
    if found is None:
        return None

    def turned_out(scope: Scope) -> Mat:
        value = None
        for g in sources:
            part = evaluate(g, scope, env)
            value = part if value is None else value.above(part)
        assert value is not None
        return value

    return found, turned_out
