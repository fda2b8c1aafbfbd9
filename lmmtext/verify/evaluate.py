"""Evaluation of elaborated trees in a scope: exact matrices, one function for each kind of node."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.clock import tick
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Singular, Undecided, Undefined
from lmmtext.verify.matrix import MAX_ELEMENTS, UNIT, ZERO, Mat, is_zero
from lmmtext.verify.meaning import pattern_indices
from lmmtext.verify.scope import Env, Scope

RULES: dict[type[t.Node], Callable[..., Any]] = {}


def rule(*kinds: type[t.Node]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the evaluation of these kinds of node."""

    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        for kind in kinds:
            RULES[kind] = f
        return f

    return register


def evaluate(node: t.Node, scope: Scope, env: Env) -> Any:
    """Return the exact value of an elaborated node.

    Parameters
    ----------
    node
        A tree that `Elaborator` has been through.
    scope
        Where symbols have their values.
    env
        The variables that are bound where the node stands: indices as integers (rationals), others as matrices.

    Raises
    ------
    Undecided
        If the value cannot be computed; Singular at a division by zero.
    """
    plain = {name: v for name, v in env.items() if isinstance(v, Fraction)}
    key = (node, tuple(sorted(plain.items()))) if len(plain) == len(env) or _is_free_of(node, env) else None
    if key is not None and key in scope.cache:
        return scope.cache[key]
    tick()
    rule_of = RULES.get(type(node))
    if rule_of is None:
        raise Undecided("a law or a space has no value of its own", *node.span)
    try:
        value = rule_of(node, scope, env)
    except ZeroDivisionError:
        raise Singular("a division by zero", *node.span) from None
    if key is not None:
        scope.cache[key] = value
    return value


def _is_free_of(node: t.Node, env: Env) -> bool:
    """Return whether no variable that is bound to a matrix stands in a node, so that its value can be kept."""
    return not any(isinstance(x, k.Local) and isinstance(env.get(x.name), Mat) for x in t.walk(node))


def number(node: t.Node, scope: Scope, env: Env) -> Any:
    """Return the value of a node that is a number."""
    return evaluate(node, scope, env).scalar


def index(node: t.Node, scope: Scope, env: Env) -> int:
    """Return the value of an index."""
    value = number(node, scope, env)
    if not isinstance(value, Fraction) or value.denominator != 1 or value < 1:
        raise Undecided("an index that is no whole number from 1 on", *node.span)
    return int(value)


@rule(t.Number)
def _number(n: t.Number, scope: Scope, env: Env) -> Mat:
    return Mat.number(n.value)


@rule(k.SizeOf)
def _size(n: k.SizeOf, scope: Scope, env: Env) -> Mat:
    suffix = f"_{index(n.indices[0], scope, env)}" if n.indices else ""
    return Mat.number(Fraction(scope.size(n.name + suffix)))


@rule(k.Local)
def _local(n: k.Local, scope: Scope, env: Env) -> Mat:
    if n.name in env:
        value = env[n.name]
    else:
        value = scope.instance.values.get(("index", n.name.rstrip("'"), n.name.count("'")))
        if value is None:
            uppers = scope.instance.world.uppers
            known = " and ".join(f"{x} (up to {last})" for x, last in uppers.items())
            others = " and ".join(f"{x}'" for x in uppers)
            told = (
                f": the indices of this world are {known}; for others of the same kind write {others}" if known else ""
            )
            raise Undecided(f"{n.name} has no value here{told}", *n.span)
    return value if isinstance(value, Mat) else Mat.number(value)


@rule(k.Ref)
def _ref(n: k.Ref, scope: Scope, env: Env) -> Mat:
    if n.name == "pi":
        return Mat.number(logs.pi())
    indices = tuple(index(i, scope, env) for i in n.indices)
    within(n, scope, indices)
    return scope(n.name, *indices)


def within(n: k.Ref, scope: Scope, indices: tuple[int, ...]) -> None:
    """Refuse an index beyond what there is; how far one runs that is within a group depends on the group."""
    world, instance = scope.instance.world, scope.instance
    at = dict(zip(pattern_indices(world.by_name[n.name].tex), indices, strict=True))
    group = at.get("j", 1)
    for letter in sorted(at, key=world.index_order):
        upper = world.uppers.get(letter, "")
        last = instance.groups[group - 1] if upper == "n_j" else instance.sizes.get(upper)
        if last is not None and at[letter] > last:
            raise Undecided("an index beyond the last", *n.span)


@rule(k.Const)
def _const(n: k.Const, scope: Scope, env: Env) -> Mat:
    rows, cols = scope.dim(n.rows, env), scope.dim(n.cols, env)
    if min(rows, cols) < 0 or rows * cols > MAX_ELEMENTS:
        raise Undecided(f"a matrix of {rows} x {cols}", *n.span)
    if n.kind == "identity":
        return Mat.identity(rows)
    return Mat.full(rows, cols, UNIT if n.kind == "ones" else ZERO)


@rule(k.RepeatedDiagonal)
def _repeated(n: k.RepeatedDiagonal, scope: Scope, env: Env) -> Mat:
    return Mat.identity(scope.dim(n.times, env)).kron(evaluate(n.block, scope, env))


@rule(k.Root)
def _root(n: k.Root, scope: Scope, env: Env) -> Mat:
    return Mat.number(power(number(n.arg, scope, env), Fraction(1, 2)))


@rule(t.Sum)
def _sum(n: t.Sum, scope: Scope, env: Env) -> Mat:
    total = evaluate(n.terms[0], scope, env)
    for term in n.terms[1:]:
        total = total + evaluate(term, scope, env)
    return total


@rule(t.Neg)
def _neg(n: t.Neg, scope: Scope, env: Env) -> Mat:
    return -evaluate(n.arg, scope, env)


@rule(t.Product)
def _product(n: t.Product, scope: Scope, env: Env) -> Mat:
    values = [evaluate(f, scope, env) for f in n.factors]
    numbers: Any = UNIT
    matrices = []
    for v in values:
        if v.shape == (1, 1):
            numbers = numbers * v.scalar
        else:
            matrices.append(v)
    if not matrices:
        return Mat.number(numbers)
    product = _matrix_product(matrices)
    return product if isinstance(numbers, Fraction) and numbers == 1 else product.times(numbers)


def _matrix_product(matrices: list[Mat]) -> Mat:
    """Multiply from the end that is narrower, where the whole conforms; runs that close to a number are numbers."""
    product = matrices[0]
    for m in matrices[1:]:
        if product.shape == (1, 1):
            product = m.times(product.scalar)
        elif m.shape == (1, 1):
            product = product.times(m.scalar)
        else:
            product = product @ m
    return product


@rule(t.Quotient)
def _quotient(n: t.Quotient, scope: Scope, env: Env) -> Mat:
    den = number(n.den, scope, env)
    if is_zero(den):
        raise Singular("a division by zero", *n.den.span)
    return evaluate(n.num, scope, env).map(lambda x: x / den)


@rule(t.Power)
def _power(n: t.Power, scope: Scope, env: Env) -> Mat:
    if isinstance(n.base, t.Norm) and n.exponent == t.Number(Fraction(2)):
        return Mat.number(squared_norm(n.base, scope, env))
    base, e = evaluate(n.base, scope, env), number(n.exponent, scope, env)
    if not isinstance(e, Fraction):
        raise Undecided("an exponent that is not rational", *n.exponent.span)
    if base.shape == (1, 1):
        return Mat.number(power(base.scalar, e))
    result = Mat.identity(base.height)
    if abs(e) > 64 or e.denominator != 1:
        raise Undecided("a power of a matrix that is not a whole number up to 64", *n.span)
    for _ in range(abs(int(e))):
        result = result @ base
    return result if e >= 0 else result.inverse()


def power(x: Any, e: Fraction) -> Any:
    """Return a rational power of any scalar."""
    if e < 0 and is_zero(x):
        raise Singular("a division by zero")
    if isinstance(x, Dual):
        return x.power(e)
    if e.denominator != 1 and not isinstance(x, (Fraction, logs.Exp, logs.LogSum, logs.Real)):
        raise Undecided("a root of a quantity that has no exact one")
    if e.denominator != 1 and isinstance(x, Fraction) and x <= 0:
        if x == 0:
            return x
        raise Undefined("a root of a negative number")
    return logs.power(x, e)


@rule(t.Transpose)
def _transpose(n: t.Transpose, scope: Scope, env: Env) -> Mat:
    return evaluate(n.arg, scope, env).T


@rule(t.Inverse)
def _inverse(n: t.Inverse, scope: Scope, env: Env) -> Mat:
    value = evaluate(n.arg, scope, env)
    if value.shape == (1, 1):
        if is_zero(value.scalar):
            raise Singular("a division by zero", *n.span)
        return Mat.number(UNIT / value.scalar)
    return value.inverse()


@rule(t.Tensor)
def _tensor(n: t.Tensor, scope: Scope, env: Env) -> Mat:
    a, b = evaluate(n.left, scope, env), evaluate(n.right, scope, env)
    return a.hadamard(b) if n.op == "hadamard" else _JOINED[n.op](a, b)


def _direct(a: Mat, b: Mat) -> Mat:
    top = a.beside(Mat.full(a.height, b.width))
    return top.above(Mat.full(b.height, a.width).beside(b))


_JOINED: dict[str, Callable[[Mat, Mat], Mat]] = {
    "sum": lambda a, b: a + b,
    "prod": lambda a, b: _matrix_product([a, b]),
    "direct": _direct,
    "kron": lambda a, b: a.kron(b),
    "stack": lambda a, b: a.above(b),
}


@rule(k.Diagonal)
def _diagonal(n: k.Diagonal, scope: Scope, env: Env) -> Mat:
    value = evaluate(n.arg, scope, env)
    entries = [row[i] for i, row in enumerate(value.rows)]
    width = scope.dim(n.cols, env)
    if width == 1:
        return Mat.column(entries)
    if width != len(entries):
        raise Undecided("a diagonal of another shape", *n.span)
    rows = [[x if i == j else Fraction(0) for j in range(width)] for i, x in enumerate(entries)]
    return Mat.of(rows, width)


@rule(t.Bars)
def _abs(n: t.Bars, scope: Scope, env: Env) -> Mat:
    x = number(n.arg, scope, env)
    finite = x.finite if isinstance(x, Dual) else x
    return Mat.number(-x if logs.real(finite) < 0 else x)


@rule(k.Det)
def _det(n: k.Det, scope: Scope, env: Env) -> Mat:
    return Mat.number(evaluate(n.arg, scope, env).det())


@rule(k.Projector)
def _projector(n: k.Projector, scope: Scope, env: Env) -> Mat:
    freed = scope.moved.get(("projector", (n.arg,)))  # where a claim needs nothing of it, it is any symmetric matrix
    return freed if freed is not None else projector(evaluate(n.arg, scope, env))


def projector(A: Mat) -> Mat:
    """Return the orthogonal projector onto C(A), by what it is: B for B in C(A), zero for what is orthogonal to it."""
    basis = A.independent_columns()
    orthogonal = A.T.null_space()
    both = basis.beside(orthogonal)
    return basis.beside(Mat.full(A.height, orthogonal.width)) @ both.inverse()


@rule(t.Marked)
def _pseudo_inverse(n: t.Marked, scope: Scope, env: Env) -> Mat:
    A = evaluate(n.arg, scope, env)
    if n.mark == "-":
        raise Undecided("a generalised inverse is not unique; write ^+ or an inverse", *n.span)
    if n.mark != "+":
        raise Undecided(f"the mark {n.mark} has no meaning here", *n.span)
    B = A.independent_columns()
    left = (B.T @ B).inverse() @ B.T
    C = left @ A
    return C.T @ (C @ C.T).inverse() @ left


@rule(t.Norm)
def _norm(n: t.Norm, scope: Scope, env: Env) -> Mat:
    return Mat.number(power(squared_norm(n, scope, env), Fraction(1, 2)))


def squared_norm(n: t.Norm, scope: Scope, env: Env) -> Any:
    """Return the square of a norm, which needs no root."""
    a = evaluate(n.arg, scope, env)
    if n.subs:
        return (a.T @ evaluate(n.subs[0], scope, env) @ a).scalar
    return (a.T @ a).trace()


@rule(t.Matrix)
def _matrix(n: t.Matrix, scope: Scope, env: Env) -> Mat:
    whole = None
    for row in n.rows:
        cells = [evaluate(c, scope, env) for c in row]
        line = cells[0]
        for c in cells[1:]:
            line = line.beside(c)
        whole = line if whole is None else whole.above(line)
    assert whole is not None
    return whole


@rule(t.Entry)
def _entry(n: t.Entry, scope: Scope, env: Env) -> Mat:
    value, at = evaluate(n.arg, scope, env), [index(i, scope, env) for i in n.subs]
    try:
        return Mat.number(value.rows[at[0] - 1][at[1] - 1 if len(at) > 1 else 0])
    except IndexError:
        raise Undecided("an element beyond the last", *n.span) from None


@rule(k.Over)
def _over(n: k.Over, scope: Scope, env: Env) -> Mat:
    low, high = number(n.lower, scope, env), number(n.upper, scope, env)
    if not all(isinstance(x, Fraction) and x.denominator == 1 for x in (low, high)) or high - low > 500:
        raise Undecided("the bounds of this sum", *n.span)
    total: Mat | None = None
    for i in range(int(low), int(high) + 1):
        value = evaluate(n.body, scope, {**env, n.index: Fraction(i)})
        if total is None:
            total = value
        else:
            total = _JOINED[n.kind](total, value)
    if total is None:
        raise Undecided("an empty sum", *n.span)
    return total
