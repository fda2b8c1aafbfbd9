"""The rules of elaboration for relations: which two sides can be equal, ordered, contained or distributed as."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE
from lmmtext.verify.elaborate import SCALAR, TRUTH, Elaborator, Shape, Typed, rule, write_source
from lmmtext.verify.elaborators_laws import given_columns, law_of
from lmmtext.verify.errors import CannotParse, DoesNotConform, Undecided


def _member_of(e: Elaborator, node: t.Node, element: t.Node, shape: Shape) -> t.Node:
    r"""Return the set on the right of `\in`: a column space, or R^{n \times p}, to which shapes are held."""
    base = node.base if isinstance(node, t.Power) else node
    if isinstance(base, t.Symbol) and base.letter == "R" and base.font in ("double", "bold") and not base.subs:
        exponent = node.exponent if isinstance(node, t.Power) else t.Number(Fraction(1))
        by = isinstance(exponent, t.Product) and len(exponent.factors) == 2  # n \times p is read as a product
        sizes = exponent.factors if isinstance(exponent, t.Product) and by else (exponent,)
        rows, cols = e.dim(sizes[0]), e.dim(sizes[1]) if by else ONE
        if not e.same(shape, Shape(rows, cols)):
            raise e.clash("it is not in this set", element, shape, node, Shape(rows, cols))
        return k.Reals(rows, cols, span=node.span)
    found, of = e.of(node)
    if of.kind != "space":
        raise Undecided(
            "that something is in a column space, or in R^{n \\times p}, is judged; not in other sets", *node.span
        )
    if shape.kind != "matrix" or not e.sizes.same(shape.rows, of.rows):
        raise e.clash("it cannot be in this space", element, shape, node, of)
    return found


ORDERS = ("<", "<=", ">", ">=", "<<", ">>")


@rule(t.Chain)
def _chain(e: Elaborator, n: t.Chain) -> Typed:
    operands: list[t.Node] = []
    first: tuple[t.Node, Shape] | None = None
    law = any(r.startswith("~") for r in n.relations)
    if sum(r in ("indep", "perp") for r in n.relations) > 1:
        raise Undecided("independence of more than two: write each pair, or one against all others", *n.span)
    for place, operand in enumerate(n.operands):
        if place and n.relations[place - 1].startswith("~"):
            if place < len(n.relations):
                raise CannotParse("a chain ends with the law after \\sim", *n.operands[place + 1].span)
            found = law_of(e, operand, first)
            number = isinstance(found, k.Law) and found.name in ("chi2", "Gamma", "F", "t")
            if number and first is not None and not e.same(first[1], SCALAR):
                raise e.clash("this is a law of numbers", first[0], first[1], operand, SCALAR)
            operands.append(found)
            continue
        if place and n.relations[place - 1] == "in":
            assert first is not None
            operands.append(_member_of(e, operand, *first))
            continue
        zero = operand == t.Number(Fraction(0))
        source = t.Symbol("0", "bold", span=operand.span) if zero else operand
        given: tuple[t.Node, ...] = ()
        if law and isinstance(operand, t.Given):
            given = given_columns(e, operand.given)
            operand = source = operand.arg
        found, shape = e.of(source)
        operands.append(t.Given(found, given, span=found.span) if given else found)
        if shape.kind in ("law", "truth"):
            raise CannotParse(f"{write_source(operand)} cannot stand on this side", *operand.span)
        around = n.relations[max(0, place - 1) : place + 1]
        if any(r in ORDERS for r in around) and not (e.is_scalar(shape) or zero):
            raise DoesNotConform(
                f"{write_source(operand)} is {e.text(shape)}: only numbers are less or more (of matrices say \\succeq)",
                *operand.span,
            )
        if first is None:
            first = (operand, shape)
        elif n.relations[0] in ("indep", "perp"):
            continue
        elif not e.same(first[1], shape):
            relation = n.relations[len(operands) - 2]
            raise e.clash(f"the two sides of {relation} differ in shape", first[0], first[1], operand, shape)
    return t.Chain(tuple(operands), n.relations, span=n.span), TRUTH
