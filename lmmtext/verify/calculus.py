"""Evaluation of derivatives, limits, optima and cases: exactly, by infinitesimals, Laurent series, polarisation."""

from fractions import Fraction
from itertools import combinations
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate, index, number, rule
from lmmtext.verify.matrix import Mat
from lmmtext.verify.ratio import Ratio
from lmmtext.verify.relations import holds
from lmmtext.verify.scope import Env, Scope
from lmmtext.verify.series import Series, approaching


def _current(variable: t.Node, scope: Scope, env: Env) -> Mat:
    return evaluate(variable, scope, env)


def _with(variable: t.Node, value: Mat, scope: Scope, env: Env) -> tuple[Scope, Env]:
    """Return the scope and environment in which a variable has another value."""
    if isinstance(variable, k.Local):
        return scope, {**env, variable.name: value}
    assert isinstance(variable, k.Ref)
    meaning = scope.instance.world.by_name[variable.name]
    if meaning.kind == "random":
        raise Undecided("a derivative or limit in a random variable", *variable.span)
    return scope.moving(variable.name, tuple(index(i, scope, env) for i in variable.indices), value), env


def _order(scope: Scope, env: Env) -> int:
    """Return how many infinitesimals are in use, so that the next one is new."""
    values = [*scope.moved.values(), *(v for v in env.values() if isinstance(v, Mat))]
    bits = 0
    for value in values:
        for row in value.rows:
            for x in row:
                if isinstance(x, Dual):
                    bits |= sum(s for s, _ in x.parts)
    return bits.bit_length()


@rule(k.Partial)
def _partial(n: k.Partial, scope: Scope, env: Env) -> Mat:
    first = _current(n.variables[0], scope, env)
    if n.layout == "number":
        return _derivative(n, scope, env, [(0, 0)] * len(n.variables))
    places = [(i, j) for i in range(first.height) for j in range(first.width)]
    if n.layout == "hessian":
        second = _current(n.variables[1], scope, env)
        rows = [
            [_derivative(n, scope, env, [(i, 0), (j, 0)]).scalar for j in range(second.height)]
            for i in range(first.height)
        ]
        return Mat.of(rows, second.height)
    values = [_derivative(n, scope, env, [at]) for at in places]
    if n.layout == "jacobian":
        whole = values[0]
        for value in values[1:]:
            whole = whole.beside(value)
        return whole
    entries = iter(v.scalar for v in values)
    return Mat.of([[next(entries) for _ in range(first.width)] for _ in range(first.height)], first.width)


def _derivative(n: k.Partial, scope: Scope, env: Env, places: list[tuple[int, int]]) -> Mat:
    """Return the mixed derivative in these elements of the variables."""
    start = _order(scope, env)
    wanted = 0
    for bit, (variable, (i, j)) in enumerate(zip(n.variables, places, strict=True), start):
        now = _current(variable, scope, env)
        rows = [
            [Dual.moved(x, bit) if (a, b) == (i, j) else x for b, x in enumerate(row)] for a, row in enumerate(now.rows)
        ]
        scope, env = _with(variable, Mat.of(rows, now.width), scope, env)
        wanted |= 1 << bit
    value = evaluate(n.body, scope, env)
    return value.map(lambda x: _part(x, wanted))


def _part(x: Any, wanted: int) -> Any:
    """Return the coefficient of the wanted infinitesimals, keeping others that are in use."""
    if isinstance(x, Rand):
        return Rand({m: p for m, c in x.terms.items() if (p := _part(c, wanted))})
    if not isinstance(x, Dual):
        return Fraction(0)
    parts = {s & ~wanted: c for s, c in x.parts if s & wanted == wanted}
    return parts.get(0, Fraction(0)) if set(parts) <= {0} else Dual.make({0: Fraction(0), **parts})


@rule(k.LimitAt)
def _limit(n: k.LimitAt, scope: Scope, env: Env) -> Mat:
    target = None if n.target is None else number(n.target, scope, env)
    if target is not None and not isinstance(target, Fraction):
        raise Undecided("a limit at a point that is not rational", *n.span)
    inner = _with(n.variable, Mat.number(approaching(target, n.side)), scope, env)
    return evaluate(n.body, *inner).map(_limit_of)


def _limit_of(x: Any) -> Any:
    if isinstance(x, Series):
        return x.limit()
    if isinstance(x, Rand):
        return Rand({m: p for m, c in x.terms.items() if (p := _limit_of(c))})
    return x


@rule(k.Optimize)
def _optimize(n: k.Optimize, scope: Scope, env: Env) -> Mat:
    sizes = []
    for variable, (rows, cols) in zip(n.variables, n.sizes, strict=True):
        if not isinstance(variable, k.Local):
            raise Undecided("an optimum in the parameters: the hats of this world are the ones that are found", *n.span)
        if scope.dim(cols, env) != 1:
            raise Undecided("an optimum over matrices", *n.span)
        sizes.append((variable.name, scope.dim(rows, env)))
    total = sum(size for _, size in sizes)

    def value(x: list[Any]) -> Any:
        inner, at = dict(env), 0
        for name, size in sizes:
            inner[name] = Mat.column(x[at : at + size])
            at += size
        return evaluate(n.body, scope, inner).scalar

    best = quadratic_optimum(value, total, smallest=n.kind.endswith("min"))
    if n.kind in ("max", "min"):
        return Mat.number(value(best))
    return Mat.column(best)


def quadratic_optimum(f: Any, size: int, *, smallest: bool) -> list[Any]:
    """Return where a quadratic function is smallest (largest): found from its values alone, by polarisation.

    That it is quadratic is checked at further points, and that the stationary point is a minimum (maximum) by the
    pivots of its second derivative.
    """
    if size > 40:
        raise Undecided(f"an optimum over {size} numbers")

    def at(*places: int, by: int = 1) -> Any:
        x = [Fraction(0)] * size
        for i in places:
            x[i] += by
        return f(x)

    origin = at()
    plus, minus = [at(i) for i in range(size)], [at(i, by=-1) for i in range(size)]
    H: list[list[Any]] = [[Fraction(0)] * size for _ in range(size)]
    for i in range(size):
        H[i][i] = _plain(plus[i] + minus[i] - origin * Fraction(2))
    for i, j in combinations(range(size), 2):
        H[i][j] = H[j][i] = _plain(at(i, j) - plus[i] - plus[j] + origin)
    gradient = [(a - b) * Fraction(1, 2) for a, b in zip(plus, minus, strict=True)]
    probe = [Fraction(i + 2) for i in range(size)]
    quadratic = sum((H[i][j] * probe[i] * probe[j] for i in range(size) for j in range(size)), Fraction(0)) * Fraction(
        1, 2
    )
    linear = sum((g * x for g, x in zip(gradient, probe, strict=True)), Fraction(0))
    if f(probe) - (origin + linear + quadratic):
        raise Undecided("an optimum of a function that is not quadratic")
    signs = [_sign(_minor(H, s)) * (1 if smallest else (-1) ** s) for s in range(1, size + 1)]
    if not all(s > 0 for s in signs):
        raise Undecided("this has no unique " + ("minimum" if smallest else "maximum"))
    return [row[0] for row in Mat.of(H, size).solve(Mat.column([-g for g in gradient])).rows]


def _plain(x: Any) -> Any:
    """Return an element of the curvature, which is not random."""
    return x.constant("an optimum whose curvature is random") if isinstance(x, Rand) else x


def _sign(x: Any) -> int:
    """Return the sign of a scalar; of a series or rational function, that near the limit."""
    x = logs.real(x.finite if isinstance(x, (Dual, Series, Ratio)) else x)
    return (x > 0) - (x < 0)


def _minor(H: list[list[Any]], size: int) -> Any:
    return Mat.of([row[:size] for row in H[:size]], size).det()


@rule(t.Cases)
def _cases(n: t.Cases, scope: Scope, env: Env) -> Mat:
    for value, condition in n.branches:
        if condition is None or holds(condition, scope, env):
            return evaluate(value, scope, env)
    raise Undecided("none of the cases applies", *n.span)


@rule(k.Likelihood)
def _likelihood(n: k.Likelihood, scope: Scope, env: Env) -> Mat:
    value = log_likelihood(scope, profiled=not any(isinstance(a, k.Ref) and a.name == "beta" for a in n.args))
    return Mat.number(value if n.log else (value.exp() if isinstance(value, Dual) else logs.exp(value)))


def log_likelihood(scope: Scope, *, profiled: bool) -> Any:
    """Return the logarithm of the normal density of Y at the data, with its constants."""
    V, X, y = scope("V"), scope("X"), scope("y")
    beta = scope("hat_beta") if profiled else scope("beta")
    residual = y - X @ beta
    form = (residual.T @ V.solve(residual)).scalar
    det = V.det()
    log_det = det.log() if isinstance(det, Dual) else logs.log(det)
    constant = logs.log(logs.pi() * Fraction(2)) * Fraction(-y.height, 2)
    return constant + log_det * Fraction(-1, 2) + form * Fraction(-1, 2)
