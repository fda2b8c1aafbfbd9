"""Optima and integrals of quadratic functions, and of exponentials of them, from their values alone."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Singular, Undecided
from lmmtext.verify.evaluate import evaluate, index, rule
from lmmtext.verify.matrix import Mat
from lmmtext.verify.outcomes import with_outcomes
from lmmtext.verify.ratio import Ratio
from lmmtext.verify.scope import Env, Scope
from lmmtext.verify.series import Series


@rule(k.Optimize)
def _optimize(n: k.Optimize, scope: Scope, env: Env) -> Mat:
    sizes = []
    for variable, (rows, cols) in zip(n.variables, n.sizes, strict=True):
        if scope.dim(cols, env) != 1:
            raise Undecided("an optimum over matrices", *n.span)
        if not isinstance(variable, (k.Local, k.Ref)):
            raise Undecided("an optimum over what is no variable", *n.span)
        sizes.append((variable, scope.dim(rows, env)))

    def value(x: list[Any]) -> Any:
        there, inner, at = scope, dict(env), 0
        for variable, size in sizes:
            column = Mat.column(x[at : at + size])
            at += size
            if isinstance(variable, k.Local):
                inner[variable.name] = column
            else:
                there = there.moving(variable.name, tuple(index(i, scope, env) for i in variable.indices), column)
        found = evaluate(n.body, there, inner).scalar
        if isinstance(found, logs.Exp) and n.kind.startswith("arg") and found.factor > 0:
            return found.log_abs()  # a positive function and its logarithm have their optima at the same place
        return found

    best = quadratic_optimum(value, sum(size for _, size in sizes), smallest=n.kind.endswith("min"))
    if n.kind in ("max", "min"):
        return Mat.number(value(best))
    return Mat.column(best)


@dataclass(frozen=True)
class Quadratic:
    """x'Hx / 2 + g'x + c."""

    H: list[list[Any]]
    gradient: list[Any]
    origin: Any

    @classmethod
    def of(cls, f: Callable[[list[Any]], Any], size: int, what: str) -> "Quadratic":
        """Return a function as a quadratic one, by polarisation; that it is one is checked at a further point."""
        if size > 40:
            raise Undecided(f"{what} over {size} numbers")

        def at(*places: int, by: int = 1) -> Any:
            x = [Fraction(0)] * size
            for i in places:
                x[i] += by
            return f(x)

        try:
            origin = at()
        except Singular:
            raise Undecided(f"{what} of a function that is not quadratic: it has no value at zero") from None
        plus, minus = [at(i) for i in range(size)], [at(i, by=-1) for i in range(size)]
        H: list[list[Any]] = [[Fraction(0)] * size for _ in range(size)]
        for i in range(size):
            H[i][i] = _plain(plus[i] + minus[i] - origin * Fraction(2))
        for i, j in combinations(range(size), 2):
            H[i][j] = H[j][i] = _plain(at(i, j) - plus[i] - plus[j] + origin)
        gradient = [(a - b) * Fraction(1, 2) for a, b in zip(plus, minus, strict=True)]
        found = cls(H, gradient, origin)
        probe = [Fraction(i + 2) for i in range(size)]
        if f(probe) - found.at(probe):
            raise Undecided(f"{what} of a function that is not quadratic")
        return found

    def at(self, x: list[Any]) -> Any:
        """Return the value at a point."""
        size = len(x)
        both = [self.H[i][j] * x[i] * x[j] for i in range(size) for j in range(size)]
        linear = sum((g * v for g, v in zip(self.gradient, x, strict=True)), Fraction(0))
        return self.origin + linear + sum(both, Fraction(0)) * Fraction(1, 2)

    def curves(self, *, up: bool) -> bool:
        """Return whether the curvature is positive (negative) definite, by its leading minors."""
        size = len(self.H)
        return all(_sign(_minor(self.H, s)) * (1 if up else (-1) ** s) > 0 for s in range(1, size + 1))

    def stationary(self) -> list[Any]:
        """Return the point at which the gradient is zero."""
        return [row[0] for row in Mat.of(self.H, len(self.H)).solve(Mat.column([-g for g in self.gradient])).rows]


def quadratic_optimum(f: Callable[[list[Any]], Any], size: int, *, smallest: bool) -> list[Any]:
    """Return where a quadratic function is smallest (largest)."""
    found = Quadratic.of(f, size, "an optimum")
    if not found.curves(up=smallest):
        raise Undecided("this has no unique " + ("minimum" if smallest else "maximum"))
    return found.stationary()


@rule(k.Integral)
def _integral(n: k.Integral, scope: Scope, env: Env) -> Mat:
    """Return the integral of exp of a quadratic function that is curved downward: (2 pi)^(k/2) |-H|^(-1/2) exp(max)."""
    rows, cols = (scope.dim(s, env) for s in n.size)
    assert isinstance(n.variable, k.Ref)
    variable, indices = n.variable, tuple(index(i, scope, env) for i in n.variable.indices)
    if cols != 1:
        raise Undecided("an integral over matrices", *n.span)
    meaning = scope.instance.world.by_name[variable.name]
    if meaning.kind == "parameter" and (meaning.symmetric or variable.name.startswith("sigma2")):
        raise Undecided("an integral over a variance", *n.span)
    fixed = _other_random(n, variable, scope, env)

    def value(x: list[Any]) -> Any:
        column = Mat.column(x)
        if meaning.kind == "parameter":
            found = evaluate(n.body, scope.moving(variable.name, indices, column), env).scalar
        else:
            there = with_outcomes(scope, [*fixed, (evaluate(variable, scope.inside(), env), column)])
            found = evaluate(n.body, there, env).scalar
        if not isinstance(found, (Fraction, logs.Exp)):
            raise Undecided("an integral of what is no exponential of a quadratic function", *n.span)
        return logs.log(found)

    q = Quadratic.of(value, rows, "an integral")
    if not q.curves(up=False):
        raise Undecided("this integral is infinite", *n.span)
    det = Mat.of([[-v for v in row] for row in q.H], rows).det()
    half = logs.log(logs.pi() * Fraction(2)) * Fraction(rows, 2) + logs.log(det) * Fraction(-1, 2)
    return Mat.number(logs.exp(q.at(q.stationary()) + half))


def _other_random(n: k.Integral, variable: k.Ref, scope: Scope, env: Env) -> list[tuple[Mat, Mat]]:
    """Return what else is random in the body, with its outcomes, which stay."""
    found = []
    refs = {x for x in t.walk(n.body) if isinstance(x, k.Ref) and x != variable}
    for ref in sorted(refs, key=repr):
        x = evaluate(ref, scope.inside(), env)
        if any(isinstance(v, Rand) and v.degree for row in x.rows for v in row):
            found.append((x, evaluate(ref, scope, env)))
    return found


def _plain(x: Any) -> Any:
    """Return an element of the curvature, which is not random; of logarithms that cancel, the rational that is left."""
    if isinstance(x, logs.LogSum):
        if logs.LogSum(Fraction(0), x.logs):
            raise Undecided("an optimum or integral of a function that is not quadratic")
        return x.rational
    return x.constant("an optimum whose curvature is random") if isinstance(x, Rand) else x


def _sign(x: Any) -> int:
    """Return the sign of a scalar; of a series or rational function, that near the limit."""
    x = logs.real(x.finite if isinstance(x, (Dual, Series, Ratio)) else x)
    return (x > 0) - (x < 0)


def _minor(H: list[list[Any]], size: int) -> Any:
    return Mat.of([row[:size] for row in H[:size]], size).det()
