"""The rules of elaboration for functions, for what binds variables, and for relations."""

from dataclasses import replace
from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE, Dim, Size, Unknown
from lmmtext.verify.elaborate import SCALAR, Elaborator, Shape, Typed, local_name, rule, write_source
from lmmtext.verify.elaborators_diagonals import diagonal, over_index
from lmmtext.verify.elaborators_laws import density, variances_of
from lmmtext.verify.errors import CannotParse, DoesNotConform, Undecided, UnknownSymbol
from lmmtext.verify.write import write

LAW = Shape(ONE, ONE, "law")


@rule(t.Call)
def _call(e: Elaborator, n: t.Call) -> Typed:
    if n.accents:
        raise UnknownSymbol(f"an estimated moment, {write_source(n)}, has no definition here", *n.span)
    if n.name in ("E", "Var", "Cov", "Corr"):
        return _moment(e, n)
    if n.name == "Gamma":
        parameters = tuple(e.need_scalar(a, "a parameter of this law") for a in (*n.subs, *n.args))
        return k.Law(n.name, parameters, span=n.span), LAW
    if n.name in ("N", "MN"):
        return k.Law(n.name, tuple(e.need_matrix(a)[0] for a in (*n.subs, *n.args)), span=n.span), LAW
    if n.name in ("p", "f"):
        return density(e, n), SCALAR
    if n.name in ("L", "ell"):
        return _likelihood(e, n), SCALAR
    if n.name in ("log", "exp", "sqrt"):
        return t.Call(n.name, (e.need_scalar(_only(n), f"the argument of {n.name}"),), span=n.span), SCALAR
    if n.name in ("max", "min"):
        return t.Call(n.name, tuple(e.need_scalar(a, f"an argument of {n.name}") for a in n.args), span=n.span), SCALAR
    if n.name == "inner":
        return _inner(e, n)
    if n.name in ("tr", "det"):
        arg, shape = e.need_square(_only(n), "a trace" if n.name == "tr" else "a determinant")
        return (t.Call("tr", (arg,), span=n.span) if n.name == "tr" else k.Det(arg, span=n.span)), SCALAR
    if n.name == "rank":
        return t.Call("rank", (e.need_matrix(_only(n))[0],), span=n.span), SCALAR
    if n.name == "dim":
        space, shape = e.of(_only(n))
        if not isinstance(space, k.Space):
            raise DoesNotConform(f"a space has a dimension, and {write_source(_only(n))} is {e.text(shape)}", *n.span)
        return t.Call("rank", (space.arg,), span=n.span), SCALAR
    if n.name == "vec":
        arg, shape = e.need_matrix(_only(n))
        rows = e.combined([shape.rows, shape.cols], True, n, "vec needs a matrix whose size is told")
        return t.Call("vec", (arg,), span=n.span), Shape(rows, ONE)
    if n.name == "C":
        arg, shape = e.need_matrix(_only(n))
        return k.Space(arg, span=n.span), Shape(shape.rows, ONE, "space")
    if n.name in ("diag", "blockdiag"):
        return diagonal(e, n)
    if called := e.world.calls.get(_without_fonts(n)):
        meaning = e.world.by_name[called.removesuffix("^T")]
        found, shape = k.Ref(meaning.name, (), span=n.span), Shape(meaning.rows, meaning.cols)
        if called.endswith("^T"):
            return t.Transpose(found, span=n.span), Shape(shape.cols, shape.rows)
        return found, shape
    hint = r"; for a rank write \operatorname{rank}" if n.name == "r" else ""
    raise UnknownSymbol(f"{n.name} is not a function of the notation{hint}", *n.span)


def _inner(e: Elaborator, n: t.Call) -> Typed:
    """Return x'y, or x'Wy if a weight stands below; of matrices the trace of that."""
    left, right = n.args
    named = n.subs and getattr(n.subs[0], "letter", "") == "F"
    weight = n.subs if n.subs and not named else ()
    found, shape = e.need_square(t.Product((t.Transpose(left), *weight, right), span=n.span), "an inner product")
    known = e.sizes.is_one(shape.rows)
    return (found if known else t.Call("tr", (found,), span=n.span)), SCALAR


def _without_fonts(n: t.Call) -> str:
    """Return a call as it is written on a blackboard: K(X, X)."""

    def plain(node: t.Node) -> t.Node:
        node = t.rebuild(node, plain)
        return replace(node, font="") if isinstance(node, t.Symbol) else node

    return f"{n.name}({', '.join(write(plain(a)) for a in n.args)})"


def _likelihood(e: Elaborator, n: t.Call) -> t.Node:
    """Return the likelihood at the parameters of the world: all variances, and beta unless it is profiled out."""
    args = tuple(e.need_matrix(a)[0] for a in n.args)
    variances = variances_of(e)
    names = {a.name for a in args if isinstance(a, k.Ref)}
    if (
        len(names) != len(args)
        or names - {"beta"} != variances
        or not {"V", "X", "y", "hat_beta"} <= set(e.world.by_name)
    ):
        raise Undecided(
            "a likelihood is a function of the variances of its world, and of beta unless it is profiled", *n.span
        )
    return k.Likelihood(n.name == "ell", args, span=n.span)


def _only(n: t.Call) -> t.Node:
    if len(n.args) != 1 or n.given:
        raise CannotParse(f"{n.name} has one argument", *n.span)
    return n.args[0]


def _moment(e: Elaborator, n: t.Call) -> Typed:
    given = []
    for g in n.given:
        if isinstance(g, t.Chain) and g.relations == ("=",):
            raise Undecided("a condition inside a moment is written as the random vector alone", *g.span)
        given.append(e.need_matrix(g)[0])
    wanted = {"E": (1,), "Var": (1,), "Cov": (1, 2), "Corr": (2,)}[n.name]
    if len(n.args) not in wanted:
        raise CannotParse(f"{n.name} has {' or '.join(map(str, wanted))} arguments", *n.span)
    found = [e.need_matrix(a) for a in n.args]
    if n.name == "Cov" and len(found) == 2 and isinstance(found[1][0], t.Transpose):
        found[1] = _upright(e, *found[1])  # Searle's cov(x, y'), with the shape of x y'
    args = tuple(f[0] for f in found)
    if n.name == "E":
        return t.Call("E", args, tuple(given), span=n.span), found[0][1]
    for arg, (_, shape) in zip(n.args, found, strict=True):
        if not e.sizes.same(shape.cols, ONE):
            raise DoesNotConform(f"{n.name} needs a column, and {write_source(arg)} is {e.text(shape)}", *arg.span)
    first, last = found[0][1], found[-1][1]
    if n.name == "Corr":
        if not (e.is_scalar(first) and e.is_scalar(last)):
            raise DoesNotConform("a correlation is of two numbers", *n.span)
        return t.Call("Corr", args, tuple(given), span=n.span), SCALAR
    args = args if len(args) == 2 else (args[0], args[0])
    return t.Call("Cov", args, tuple(given), span=n.span), Shape(first.rows, last.rows)


def _upright(e: Elaborator, node: t.Node, shape: Shape) -> Typed:
    """Return the column of a row that was written with a transpose; anything else as it is."""
    assert isinstance(node, t.Transpose)
    row = e.sizes.is_one(shape.rows) and not e.sizes.is_one(shape.cols)
    return (node.arg, Shape(shape.cols, shape.rows)) if row else (node, shape)


# -- what binds ---


@rule(t.Big)
def _big(e: Elaborator, n: t.Big) -> Typed:
    indices: list[tuple[str, t.Node | None]] = []
    for bound in n.bounds:
        if isinstance(bound, t.Chain) and bound.relations == ("=",) and isinstance(bound.operands[0], t.Symbol):
            indices.append((bound.operands[0].letter + "".join(bound.operands[0].marks), bound.operands[1]))
        elif isinstance(bound, (t.Symbol, t.Product)):
            parts = bound.factors if isinstance(bound, t.Product) else (bound,)
            indices += [(p.letter + "".join(p.marks), None) for p in parts if isinstance(p, t.Symbol)]
        else:
            raise Undecided(f"a sum over {write_source(bound)} is not evaluated", *bound.span)
    if not indices:
        raise CannotParse("what does this run over? Write the index below it", *n.span)
    before, old, bounded = set(e.bound_indices), dict(e.locals), set(e.bounded)
    ranges = []
    # The last index runs first inside: in sum_{i,j} the range of i may depend on j, so j is bound before i.
    for name, lower in sorted(indices, key=lambda x: e.world.index_order(x[0])):
        low = e.need_scalar(lower, "a bound") if lower is not None else t.Number(Fraction(1))
        upper = n.upper if n.upper is not None else e.world.upper(name)
        if upper is None:
            raise UnknownSymbol(
                f"{name} is no index of the world {e.world.name}: write how far it runs, as in \\sum_{{{name}=1}}^n",
                *n.span,
            )
        high = e.need_scalar(upper, "a bound")
        e.bound_indices.add(name)
        if n.upper is not None:
            e.bounded.add(name)
        e.ranging(name, upper)
        e.locals.pop(name, None)
        ranges.append((name, low, high))
    body, shape = e.need_matrix(n.body)
    e.bound_indices, e.locals, e.bounded = before, old, bounded
    if n.kind in ("direct", "kron", "stack"):
        return over_index(e, n, ranges, body, shape)
    for name, _, _ in ranges:
        found = [e.sizes.find(x) for x in (shape.rows, shape.cols)]
        if any(f"n_{name}" in monomial for x in found if isinstance(x, Dim) for monomial, _ in x.terms):
            raise DoesNotConform(
                f"{write_source(n.body)} is {e.text(shape)}: its size changes with {name}, so it cannot be added up",
                *n.span,
            )
    for name, low, high in reversed(ranges):
        body = k.Over(n.kind, name, low, high, body, span=n.span)
    return body, shape


def _variable(e: Elaborator, node: t.Node) -> tuple[t.Node, Shape, bool]:
    """Return a variable that a derivative or optimum moves: a symbol of the world, or one bound outside."""
    transposed = isinstance(node, t.Transpose)
    inner = node.arg if isinstance(node, t.Transpose) else node
    found, shape = e.of(inner)
    if not isinstance(found, (k.Ref, k.Local)):
        raise CannotParse(f"{write_source(node)} is not a variable", *node.span)
    if isinstance(found, k.Ref) and e.world.by_name[found.name].symmetric and not e.is_scalar(shape):
        raise Undecided("a derivative in a symmetric matrix: its elements do not move by themselves", *node.span)
    return found, shape, transposed


@rule(t.Derivative)
def _derivative(e: Elaborator, n: t.Derivative) -> Typed:
    variables = [_unpowered(e, v, n.order // len(n.variables)) for v in n.variables]
    if len(variables) == 1 and n.order == 2:
        variables *= 2
    if len(variables) != n.order:
        raise CannotParse("the order of the derivative and the variables below it do not agree", *n.span)
    moved = [_variable(e, v) for v in variables]
    body, shape = e.need_matrix(n.body)
    refs = tuple(v for v, _, _ in moved)
    if all(e.is_scalar(s) for _, s, _ in moved):
        return k.Partial(body, refs, "number", span=n.span), shape
    if len(moved) == 1 and e.is_scalar(shape):
        _, s, transposed = moved[0]
        layout = "gradient" if e.sizes.is_one(s.cols) else "matrix"
        if transposed and layout == "gradient":
            return t.Transpose(k.Partial(body, refs, layout, span=n.span)), Shape(s.cols, s.rows)
        return k.Partial(body, refs, layout, span=n.span), s
    if len(moved) == 1 and moved[0][2] and e.sizes.is_one(shape.cols):
        return k.Partial(body, refs, "jacobian", span=n.span), Shape(shape.rows, moved[0][1].rows)
    if len(moved) == 2 and e.is_scalar(shape):
        return k.Partial(body, refs, "hessian", span=n.span), Shape(moved[0][1].rows, moved[1][1].rows)
    raise DoesNotConform(
        f"how is the derivative of {write_source(n.body)} ({e.text(shape)}) to be laid out? Transpose its variable",
        *n.span,
    )


def _unpowered(e: Elaborator, node: t.Node, order: int) -> t.Node:
    """Return the variable of d^2 f / d x^2, which is x, and of d f / d sigma^2, which is sigma^2."""
    if order > 1 and isinstance(node, t.Power) and node.exponent == t.Number(Fraction(order)):
        return node.base
    if order > 1 and isinstance(node, t.Power) and node.exponent == t.Number(Fraction(2 * order)):
        return t.Power(node.base, t.Number(Fraction(2)), span=node.span)
    return node


def _bind(e: Elaborator, s: t.Symbol, known: Shape | None = None) -> tuple[t.Node, Shape]:
    """Bind a symbol that the world does not have (or that an optimum runs over), with the shape its font suggests.

    What the world has keeps the shape that it has there, since a bold letter is often written without its font.
    """
    name = local_name(s)
    if known is not None:
        e.locals[name] = known
        return k.Local(name, span=s.span), known
    rows: Size = ONE
    cols: Size = ONE
    if s.font == "bold":
        rows = Unknown()
        cols = ONE if s.letter[0].islower() else Unknown()
    e.locals[name] = Shape(rows, cols)
    return k.Local(name, span=s.span), e.locals[name]


def _varied(node: t.Node) -> t.Node:
    """Return the variable of an optimum from what stands below: it may be said that it runs over all values."""
    if not isinstance(node, t.Chain):
        return node
    inner, *spaces = node.operands
    numbers = [s.base if isinstance(s, t.Power) else s for s in spaces]
    if node.relations == ("in",) and isinstance(numbers[0], t.Symbol) and numbers[0].font == "double":
        return inner
    raise Undecided("an optimum is over all values of its variable: a condition below it is not evaluated", *node.span)


@rule(t.Optimum)
def _optimum(e: Elaborator, n: t.Optimum) -> Typed:
    if not n.over:
        raise CannotParse("over what? Write the variable below", *n.span)
    old, variables = dict(e.locals), []
    for node in n.over:
        inner = _varied(node)
        parameter = known = None
        if isinstance(inner, t.Power):
            parameter = e.of(inner)
        elif isinstance(inner, t.Symbol):
            known = e.symbol(inner) or e.symbol(inner, squared=True)
            if known and e.world.is_parameter(known[0]):
                parameter = known
        if parameter is not None:
            if not isinstance(parameter[0], k.Ref):
                raise CannotParse(f"{write_source(inner)} is not a variable", *inner.span)
            variables.append(parameter)
        elif isinstance(inner, t.Symbol):
            variables.append(_bind(e, inner, known[1] if known else None))
        else:
            raise CannotParse(f"{write_source(inner)} is not a variable", *inner.span)
    body = _optimised(e, n.body, n.over)
    variables = [(v, e.locals[v.name]) if isinstance(v, k.Local) else (v, s) for v, s in variables]
    e.locals = old
    sizes = tuple((s.rows, s.cols) for _, s in variables)
    node = k.Optimize(n.kind, tuple(v for v, _ in variables), body, sizes, span=n.span)
    if n.kind in ("max", "min"):
        return node, SCALAR
    if len(variables) > 1:
        raise Undecided("an arg max over several variables at once has no value here: name the hats", *n.span)
    return node, variables[0][1]


def _optimised(e: Elaborator, body: t.Node, over: tuple[t.Node, ...]) -> t.Node:
    """Return what is optimised; a variable without bold is a column if it does not conform as a number."""
    known = dict(e.sizes.bound)
    try:
        return e.need_scalar(body, "what is optimised")
    except DoesNotConform:
        plain = [s for s in over if isinstance(s, t.Symbol) and s.font != "bold" and local_name(s) in e.locals]
        if not plain:
            raise
        e.sizes.bound = known
        scalars = {local_name(s): e.locals[local_name(s)] for s in plain}
        for name in scalars:
            e.locals[name] = Shape(Unknown(), ONE)
        try:
            return e.need_scalar(body, "what is optimised")
        except DoesNotConform:
            e.locals.update(scalars)
            e.sizes.bound = known
        raise


@rule(t.Limit)
def _limit(e: Elaborator, n: t.Limit) -> Typed:
    chain = n.approach
    if not (isinstance(chain, t.Chain) and chain.relations in (("to",), ("down",), ("up",))):
        raise CannotParse("below a limit stands where a variable goes, as in t \\to 0", *n.approach.span)
    goal = chain.operands[1]
    side = goal.mark if isinstance(goal, t.Marked) else {"to": "", "down": "+", "up": "-"}[chain.relations[0]]
    at = goal.arg if isinstance(goal, t.Marked) else goal
    target: t.Node | None = None
    if not (isinstance(at, t.Symbol) and at.letter == "infty"):
        target = e.need_scalar(at, "the limit point")
    old = dict(e.locals)
    moving = chain.operands[0]
    if isinstance(moving, t.Symbol) and e.symbol(moving) is None and e.symbol(moving, squared=True) is None:
        variable, shape = _bind(e, moving)
    else:
        variable, shape, _ = _variable(e, moving)
    if not e.is_scalar(shape):
        raise Undecided("a limit in a matrix is taken along a path: write t times it, and let t go", *chain.span)
    body, of = e.need_matrix(n.body)
    e.locals = old
    if isinstance(variable, k.Local) and e.world.has_size(variable.name):
        held = [x for x in t.walk(body) if isinstance(x, k.Ref) and not e.world.is_parameter(x) and x.name != "pi"]
        if held:
            raise Undecided("a limit in a size is taken of sizes and parameters only: the rest has that size", *n.span)
    return k.LimitAt(variable, target, side, body, span=n.span), of


@rule(t.Integral)
def _integral(e: Elaborator, n: t.Integral) -> Typed:
    whole = [getattr(b.arg if isinstance(b, t.Neg) else b, "letter", "") == "infty" for b in n.bounds]
    known = e.symbol(n.variable) or e.symbol(n.variable, squared=True) if isinstance(n.variable, t.Symbol) else None
    if known is None or not isinstance(known[0], k.Ref) or not all(whole):
        raise Undecided("an integral that is not over all values of a symbol of the world is not evaluated", *n.span)
    if e.world.by_name[known[0].name].kind not in ("random", "parameter"):
        raise Undecided("integrals are evaluated over random effects and parameters", *n.span)
    body = e.need_scalar(n.body, "what is integrated")
    return k.Integral(body, known[0], (known[1].rows, known[1].cols), span=n.span), SCALAR


@rule(t.Differential)
def _differential(e: Elaborator, n: t.Differential) -> Typed:
    raise Undecided("a differential by itself is read, and not evaluated: write a derivative", *n.span)


@rule(t.Sequence)
def _sequence(e: Elaborator, n: t.Sequence) -> Typed:
    raise Undecided("a list with dots is no claim", *n.span)


@rule(t.Cases)
def _cases(e: Elaborator, n: t.Cases) -> Typed:
    branches, first = [], None
    for value, condition in n.branches:
        found, shape = e.need_matrix(value)
        if first is None:
            first = (value, shape)
        elif not e.same(first[1], shape):
            raise e.clash("the cases differ in shape", first[0], first[1], value, shape)
        branches.append((found, None if condition is None else e.of(condition)[0]))
    assert first is not None
    return t.Cases(tuple(branches), span=n.span), first[1]
