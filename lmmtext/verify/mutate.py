"""Wrong variants of a formula, one small change each: what a slip of the pen would have made of it."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lmmtext.verify import tree as t
from lmmtext.verify.dims import Dim
from lmmtext.verify.meaning import key_of, spelled
from lmmtext.verify.world import World

Mutant = tuple[str, t.Node]
ONE, TWO = t.Number(Fraction(1)), t.Number(Fraction(2))
SWAP = {"SSE": "SSA", "SSA": "SSE", "SST": "SSE", "MSE": "MSA", "MSA": "MSE"}
TWO_FACTORS = {"SSA": ("SSB",), "SSE": ("SSAB",), "SSB": ("SSA", "SSAB"), "SSAB": ("SSE", "SSB"),
               "MSA": ("MSB",), "MSE": ("MSAB",), "MSB": ("MSA", "MSAB"), "MSAB": ("MSE", "MSB")}  # fmt: skip


def mutants(node: t.Node, world: World) -> Iterator[Mutant]:
    """Yield (what was done, the changed tree) for every place in a tree; and the whole by a factor of two."""
    yield "a factor 2 too much", t.Product((TWO, node))
    yield "a factor 1/2 too much", t.Quotient(node, TWO)
    yield from _everywhere(node, world)


def additions(node: t.Node, world: World) -> Iterator[Mutant]:
    """Yield what a forgotten factor or divisor would make of each term (sigma^2, a size, a two), or inverse."""
    yield "an inverse missing", t.Inverse(node)
    variance = t.Power(t.Symbol("sigma"), TWO)
    found = [("sigma^2", variance), ("2", TWO), *((s, t.Symbol(s)) for s in ("n", "J", "r") if s in world.sizes)]
    for name, factor in found:
        yield f"a factor {name} missing", t.Product((factor, node))
        yield f"a divisor {name} missing", t.Quotient(node, factor)
    for at in t.walk(node):
        if isinstance(at, t.Symbol) and not at.accents and not at.marks:
            hat = replace(at, accents=("hat",))
            if any(world.find(key_of(hat, squared=squared)[0], at.font) for squared in (False, True)):
                yield "a hat missing", _replaced(node, at, hat)
        if isinstance(at, t.Symbol) and at.letter[0].isupper() and at.letter not in world.sizes and not at.accents:
            yield "an inverse missing", _replaced(node, at, t.Inverse(at))
        if isinstance(at, t.Sum):
            for i, term in enumerate(at.terms):
                for name, factor in found:
                    inner = term.arg if isinstance(term, t.Neg) else term
                    for what, new in (("factor", t.Product((factor, inner))), ("divisor", t.Quotient(inner, factor))):
                        signed = t.Neg(new) if isinstance(term, t.Neg) else new
                        changed = t.Sum((*at.terms[:i], signed, *at.terms[i + 1 :]))
                        yield f"a {what} {name} missing", _replaced(node, at, changed)
    for meaning in world.meanings:
        if meaning.kind == "parameter" and meaning.is_scalar and meaning.tex.endswith("^2"):
            symbol, _ = spelled(meaning.tex)
            variance = t.Power(symbol, TWO)
            missing: list[tuple[str, t.Node]] = [(meaning.tex, variance)]
            missing += [(f"{s} {meaning.tex}", t.Product((t.Symbol(s), variance))) for s in _sizes(world)]
            for name, term in missing:
                yield f"a term {name} missing", t.Sum((*(node.terms if isinstance(node, t.Sum) else (node,)), term))


def _sizes(world: World) -> list[str]:
    return [s for s in ("r", "n", "J", "s") if s in world.sizes]


def simplified(node: t.Node) -> t.Node:
    """Return a tree as one would write it: no factor 1, no minus of a minus, numbers added to numbers."""
    node = t.rebuild(node, simplified)
    if isinstance(node, t.Neg) and isinstance(node.arg, t.Neg):
        return node.arg.arg
    if isinstance(node, t.Product):
        factors = tuple(f for f in node.factors if f != ONE) or (ONE,)
        return factors[0] if len(factors) == 1 else replace(node, factors=factors)
    if isinstance(node, t.Sum):
        return _collected(node)
    if isinstance(node, t.Power) and node.exponent == ONE:
        return node.base
    if isinstance(node, t.Quotient) and node.den == ONE:
        return node.num
    return node


def _collected(node: t.Sum) -> t.Node:
    """Return a sum whose plain numbers are one number."""
    terms: list[t.Node] = []
    for term in node.terms:
        terms += term.terms if isinstance(term, t.Sum) else (term,)
    bare = [x.arg if isinstance(x, t.Neg) else x for x in terms]
    values = [
        (-1 if isinstance(x, t.Neg) else 1) * b.value
        for x, b in zip(terms, bare, strict=True)
        if isinstance(b, t.Number)
    ]
    if len(values) < 2:
        return t.Sum(tuple(terms))
    total = sum(values, Fraction(0))
    rest = [x for x, b in zip(terms, bare, strict=True) if not isinstance(b, t.Number)]
    if total or not rest:
        rest.append(t.Number(total) if total >= 0 else t.Neg(t.Number(-total)))
    return rest[0] if len(rest) == 1 else t.Sum(tuple(rest))


def _replaced(node: t.Node, old: t.Node, new: t.Node) -> t.Node:
    return new if node is old else t.rebuild(node, lambda child: _replaced(child, old, new))


def _everywhere(node: t.Node, world: World) -> Iterator[Mutant]:
    yield from _here(node, world)
    for field in t.said(node):
        value = getattr(node, field.name)
        if field.name in ("subs", "indices") and not _is_projector(node):
            continue
        for done, changed in _inside(value, world):
            yield done, replace(node, **{field.name: changed})


def _is_projector(node: t.Node) -> bool:
    return isinstance(node, t.Symbol) and node.letter == "P"


def _inside(value: Any, world: World) -> Iterator[tuple[str, Any]]:
    if isinstance(value, t.Node):
        yield from _everywhere(value, world)
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            for done, changed in _inside(part, world):
                yield done, (*value[:i], changed, *value[i + 1 :])


def _here(node: t.Node, world: World) -> Iterator[Mutant]:
    """Yield the changes at the top of a tree."""
    if isinstance(node, t.Sum):
        for i, term in enumerate(node.terms):
            flipped = term.arg if isinstance(term, t.Neg) else t.Neg(term)
            yield "a sign flipped", t.Sum((*node.terms[:i], flipped, *node.terms[i + 1 :]))
            rest = (*node.terms[:i], *node.terms[i + 1 :])
            yield "a term dropped", rest[0] if len(rest) == 1 else t.Sum(rest)
    elif isinstance(node, t.Neg):
        yield "a sign flipped", node.arg
    elif isinstance(node, t.Product):
        for i in range(len(node.factors) - 1):
            a, b = node.factors[i : i + 2]
            yield "factors swapped", t.Product((*node.factors[:i], b, a, *node.factors[i + 2 :]))
        for i in range(len(node.factors)):
            rest = (*node.factors[:i], *node.factors[i + 1 :])
            yield "a factor dropped", rest[0] if len(rest) == 1 else t.Product(rest)
    elif isinstance(node, t.Quotient):
        yield "a divisor dropped", node.num
        yield "a fraction upside down", t.Quotient(node.den, node.num)
    elif isinstance(node, t.Transpose):
        yield "a transpose dropped", node.arg
    elif isinstance(node, t.Inverse):
        yield "an inverse dropped", node.arg
    elif isinstance(node, t.Power):
        yield from _powers(node, world)
    elif isinstance(node, t.Number):
        if node.value != 0:
            yield "a number off by one", t.Number(node.value + 1)
        if node.value == 1 and "J" in world.sizes:
            yield "1 where J is needed", t.Symbol("J")
    elif isinstance(node, t.Symbol):
        yield from _symbols(node, world)
    elif isinstance(node, t.Call):
        yield from _calls(node)
    elif isinstance(node, t.Big) and node.upper is not None:
        yield "a sum that ends too early", replace(node, upper=t.Sum((node.upper, t.Neg(ONE))))
    elif isinstance(node, t.Tensor):
        yield "factors swapped", t.Tensor(node.op, node.right, node.left)
    elif isinstance(node, t.Bars):
        yield "a determinant dropped", node.arg


def _powers(node: t.Power, world: World) -> Iterator[Mutant]:
    if isinstance(node.base, t.Symbol) and node.base.letter == "sigma":
        other = node.base.subs
        yield (
            "sigma^2 where sigma_alpha^2 is needed, or the reverse",
            replace(node, base=replace(node.base, subs=() if other else _ALPHA)),
        )
        if node.exponent == TWO:
            yield "an exponent off", replace(node, exponent=t.Number(Fraction(4)))
            yield "a square dropped", node.base
            return
    yield "an exponent off by one", replace(node, exponent=t.Sum((node.exponent, t.Neg(ONE))))
    yield "an exponent off by one", replace(node, exponent=t.Sum((node.exponent, ONE)))


_ALPHA = (t.Symbol("alpha"),)


def _symbols(node: t.Symbol, world: World) -> Iterator[Mutant]:
    plain = not (node.font or node.accents or node.subs or node.marks)
    if plain and node.letter in world.sizes:
        this = Dim.of(node.letter).replaced(world.relations)
        for other in world.sizes:
            if "_" not in other and Dim.of(other).replaced(world.relations) != this:
                yield f"{node.letter} where {other} is needed", t.Symbol(other)
        yield f"{node.letter} where {node.letter} - 1 is needed", t.Sum((node, t.Neg(ONE)))
        return
    if node.font == "bold" and node.letter not in ("0", "1", "I") and (node.letter[0].isupper() or not node.accents):
        yield "a transpose missing", t.Transpose(node)
    if node.font == "bold" and node.letter == "I" and node.subs:
        for other in ("n", "J", "r"):
            if node.subs != (t.Symbol(other),) and other in world.sizes:
                yield "an identity of another size", replace(node, subs=(t.Symbol(other),))
    if node.accents:
        yield "an accent dropped", replace(node, accents=())
    if node.letter == "P" and len(node.subs) == 1:
        inner = node.subs[0]
        ones = t.Symbol("1", "bold", subs=(t.Symbol("n"),))
        yield (
            "the projector of another space",
            replace(node, subs=(ones if getattr(inner, "letter", "") != "1" else t.Symbol("Z", "bold"),)),
        )
    if node.letter in SWAP:
        yield "another sum of squares", replace(node, letter=SWAP[node.letter])
    if node.letter in TWO_FACTORS:
        for other in TWO_FACTORS[node.letter]:
            if world.find(key_of(t.Symbol(other, "roman"))[0], "roman"):
                yield "another sum of squares", replace(node, letter=other)
    yield from _indices(node)


def _indices(node: t.Symbol) -> Iterator[Mutant]:
    for i, sub in enumerate(node.subs):
        for other in _primed(sub):
            yield "a subscript exchanged", replace(node, subs=(*node.subs[:i], other, *node.subs[i + 1 :]))
        if isinstance(sub, t.Product) and len(sub.factors) == 2 and all(isinstance(f, t.Symbol) for f in sub.factors):
            swapped = t.Product((sub.factors[1], sub.factors[0]))
            yield "subscripts exchanged", replace(node, subs=(*node.subs[:i], swapped, *node.subs[i + 1 :]))


def _primed(sub: t.Node) -> Iterator[t.Node]:
    """Yield a subscript with the prime of one of its letters put on or taken off."""
    if isinstance(sub, t.Symbol) and sub.letter in ("i", "j") and not sub.font:
        yield replace(sub, marks=() if sub.marks else ("'",))
    elif isinstance(sub, t.Product):
        for i, factor in enumerate(sub.factors):
            for other in _primed(factor):
                yield replace(sub, factors=(*sub.factors[:i], other, *sub.factors[i + 1 :]))


def _calls(node: t.Call) -> Iterator[Mutant]:
    if len(node.args) == 1 and node.name in ("E", "log", "exp", "tr", "det", "sqrt"):
        yield f"{node.name} dropped", node.args[0]
    if node.given:
        yield "a condition dropped", replace(node, given=())
    if node.name in ("max", "min"):
        yield "max for min", replace(node, name="min" if node.name == "max" else "max")
    if node.name == "Cov" and len(node.args) == 2:
        yield "arguments swapped", replace(node, args=(node.args[1], node.args[0]))
    if node.name == "N" and len(node.args) == 2:
        yield "a mean doubled", replace(node, args=(t.Product((TWO, node.args[0])), node.args[1]))
        yield "a variance doubled", replace(node, args=(node.args[0], t.Product((TWO, node.args[1]))))
