"""The rules of elaboration for probability: laws on the right of a tilde, and densities."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE
from lmmtext.verify.elaborate import Elaborator, Shape, write_source
from lmmtext.verify.errors import CannotParse, DoesNotConform, Undecided, UnknownSymbol
from lmmtext.verify.meaning import flat


def at_the_parameters(e: Elaborator, s: t.Symbol) -> t.Node:
    """Return the log-likelihood where its parameters are what they are in the world: beta is not profiled out."""
    names = {"beta", *variances_of(e)}
    args = tuple(k.Ref(m.name, span=s.span) for m in e.world.meanings if m.name in names)
    return k.Likelihood(True, args, span=s.span)


def has_likelihood(e: Elaborator) -> bool:
    """Return whether a world has a likelihood: data that are normal, with parameters in their mean and variance."""
    known = {"V", "X", "y", "hat_beta", "beta"} <= set(e.world.by_name)
    return known and e.world.normal and e.world.is_parameter(k.Ref("beta")) and bool(variances_of(e))


def variances_of(e: Elaborator) -> set[str]:
    """Return the names of the parameters of a world that are variances."""
    parameters = {m.name for m in e.world.meanings if m.kind == "parameter"}
    return {x for x in parameters if x.startswith("sigma2") or x in ("Sigma", "G")}


def _hold_dimension(e: Elaborator, law: t.Call, left: tuple[t.Node, Shape]) -> None:
    """Hold the subscripts of a law, as in N_n(mu, V), to the shape of what has it."""
    subs = flat(law.subs)
    sizes = (left[1].rows, left[1].cols)
    if len(subs) > (2 if law.name == "MN" else 1):
        raise CannotParse(f"{write_source(law)} has more subscripts than a size", *law.span)
    for sub, size in zip(subs, sizes, strict=False):
        if not e.sizes.same(size, e.dim(sub)):
            raise DoesNotConform(
                f"{write_source(left[0])} is {e.text(left[1])}, and this is a law of size {write_source(sub)}",
                *law.span,
            )


def law_of(e: Elaborator, node: t.Node, left: tuple[t.Node, Shape] | None) -> t.Node:
    """Return the law on the right of a tilde: one whose parameters fit what is on its left, or a number times one."""
    numbers = _law_of_numbers(e, node)
    if numbers is not None:
        if left is not None and not e.is_scalar(left[1]):
            raise DoesNotConform(
                f"a number has such a law, and {write_source(left[0])} is {e.text(left[1])}", *node.span
            )
        return numbers
    if isinstance(node, t.Product):
        inner = law_of(e, node.factors[-1], left)
        if isinstance(inner, k.Law) and inner.name in ("chi2", "F") and inner.args[-1] == t.Number(Fraction(1)):
            rest = node.factors[:-1]
            scale = e.need_scalar(rest[0] if len(rest) == 1 else t.Product(rest, span=node.span), "a scale")
            return k.Law(inner.name, (*inner.args[:-1], scale), span=node.span)
    if isinstance(node, t.Call) and node.name in ("N", "MN") and left is not None:
        _hold_dimension(e, node, left)
    if isinstance(node, t.Call) and node.name == "MN" and len(node.args) == 3 and left is not None:
        rows, cols = left[1].rows, left[1].cols
        wanted = (left[1], Shape(rows, rows), Shape(cols, cols))
        parts = []
        for what, arg, shape in zip(("mean", "row covariance", "column covariance"), node.args, wanted, strict=True):
            found, of = e.need_matrix(arg)
            if not e.same(shape, of):
                raise e.clash(f"this cannot be its {what}", left[0], left[1], arg, of)
            parts.append(found)
        return k.Law("MN", tuple(parts), span=node.span)
    if isinstance(node, t.Call) and node.name == "N" and len(node.args) == 2 and left is not None:
        (mean, of_mean), (spread, of_spread) = (e.need_matrix(_zero(e, a, left[1])) for a in node.args)
        if not e.sizes.same(left[1].cols, ONE):
            raise DoesNotConform(
                f"{write_source(left[0])} is {e.text(left[1])}: of a matrix say MN(M, U, V)", *node.span
            )
        if not e.same(left[1], of_mean):
            raise e.clash("this cannot be its mean", left[0], left[1], node.args[0], of_mean)
        if not e.same(Shape(left[1].rows, left[1].rows), of_spread):
            raise e.clash("this cannot be its variance", left[0], left[1], node.args[1], of_spread)
        return k.Law("N", (mean, spread), span=node.span)
    found, shape = e.of(node)
    if shape.kind != "law":
        raise DoesNotConform(f"{write_source(node)} is {e.text(shape)}, where a law is needed", *node.span)
    return found


def _zero(e: Elaborator, node: t.Node, around: Shape) -> t.Node:
    """Return the zero of a column of any size as one whose size the context tells."""
    zero = node == t.Number(Fraction(0)) and not e.is_scalar(around)
    return t.Symbol("0", "bold", span=node.span) if zero else node


def _law_of_numbers(e: Elaborator, node: t.Node) -> k.Law | None:
    r"""Return chi^2_k, chi^2_k(lambda), F_{a, b} or t_k (or with all parameters in brackets), or None."""
    name = node.letter if isinstance(node, t.Symbol) else node.name if isinstance(node, t.Call) else ""
    counts = {"chi2": (1, 2), "F": (2, 3), "t": (1,)}
    if name not in counts or not isinstance(node, (t.Symbol, t.Call)):
        return None
    args = (*node.subs, *(node.args if isinstance(node, t.Call) else ()))
    if len(args) not in counts[name]:
        raise CannotParse(
            f"{write_source(node)} has {len(args)} parameters; of {' or '.join(map(str, counts[name]))}", *node.span
        )
    found = tuple(e.need_scalar(a, "a parameter of this law") for a in args)
    if name == "t":
        return k.Law("t", found, span=node.span)
    central = len(found) == counts[name][0]  # degrees of freedom, noncentrality, scale
    return k.Law(name, (*found, *((t.Number(Fraction(0)),) if central else ()), t.Number(Fraction(1))), span=node.span)


def given_columns(e: Elaborator, conditions: tuple[t.Node, ...]) -> tuple[t.Node, ...]:
    """Return the random columns that are given; parameters are fixed anyway."""
    found = []
    for g in conditions:
        given, shape = e.need_matrix(g)
        names = {n.name for n in t.walk(given) if isinstance(n, k.Ref)}
        if all(e.world.by_name[n].kind in ("parameter", "given") for n in names if n in e.world.by_name):
            continue
        if not e.sizes.same(shape.cols, ONE):
            raise DoesNotConform(f"{write_source(g)} is {e.text(shape)}: what is given is a column", *g.span)
        found.append(given)
    return tuple(found)


def density(e: Elaborator, n: t.Call) -> t.Node:
    r"""Return the density p(x | y) of random columns, given what is random behind the bar."""
    if e.symbol(t.Symbol(n.name)) is not None:
        raise UnknownSymbol(f"{n.name} is a symbol of the world {e.world.name}, and no density", *n.span)
    names = [getattr(x, "letter", "").lower() for x in n.subs]
    if n.subs and names != [getattr(x, "letter", "").lower() for x in n.args]:
        raise Undecided("a density whose subscript is not its argument", *n.span)
    args = given_columns(e, n.args)
    if len(args) != len(n.args):
        raise Undecided("what is before the bar of a density is random, and a parameter is not", *n.span)
    return k.Density(args, given_columns(e, n.given), span=n.span)
