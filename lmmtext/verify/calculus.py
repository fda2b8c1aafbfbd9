"""Evaluation of derivatives, limits, optima and cases: exactly, by infinitesimals, Laurent series, polarisation."""

from fractions import Fraction
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand
from lmmtext.verify.clock import OutOfTime
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate, index, number, rule
from lmmtext.verify.matrix import Mat
from lmmtext.verify.relations import holds
from lmmtext.verify.scope import Env, Scope
from lmmtext.verify.series import ATTEMPTS, Series, approaching, keeping


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
    for terms in ATTEMPTS:
        try:
            with keeping(terms):
                inner = _with(n.variable, Mat.number(approaching(target, n.side)), scope, env)
                return evaluate(n.body, *inner).map(_limit_of)
        except OutOfTime:
            raise
        except Undecided:  # too much cancelled, perhaps
            if terms == ATTEMPTS[-1]:
                raise
    raise AssertionError("there is a last attempt")


def _limit_of(x: Any) -> Any:
    if isinstance(x, Series):
        return x.limit()
    if isinstance(x, Rand):
        return Rand({m: p for m, c in x.terms.items() if (p := _limit_of(c))})
    return x


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
    beta = scope("hat_beta") if profiled else scope("beta")
    return log_normal(scope("y") - scope("X") @ beta, scope("V"))


def log_normal(residual: Mat, V: Mat) -> Any:
    """Return the logarithm of the density of N(0, V)."""
    form = (residual.T @ V.solve(residual)).scalar
    det = V.det()
    log_det = det.log() if isinstance(det, Dual) else logs.log(det)
    constant = logs.log(logs.pi() * Fraction(2)) * Fraction(-residual.height, 2)
    return constant + log_det * Fraction(-1, 2) + form * Fraction(-1, 2)
