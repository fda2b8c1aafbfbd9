"""A world with the symbols that a formula brings along: declared in its condition, or only written."""

from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import claims, elaborated
from lmmtext.verify.declarations import Declarations, read
from lmmtext.verify.dims import ONE, Dim
from lmmtext.verify.drawing import Properties, drawn
from lmmtext.verify.errors import CannotParse, DoesNotConform, FormulaError, Singular, Undecided
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.inference import Inferring, letters_of_sizes
from lmmtext.verify.joint import hold_joint
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Meaning
from lmmtext.verify.relations import holds, link_holds
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds.grouped import ldl, sources
from lmmtext.verify.write import write

LARGE, SMALL = (4, 3, 5, 6, 7, 8, 9, 10), (2, 1, 3, 4, 5, 6, 7, 8)
ORDERS = 24  # orders of the sizes that are tried, until nothing that is inverted is singular


def declared(world: World, statements: list[t.Node], where: tuple[t.Node, ...]) -> tuple[World, tuple[t.Node, ...]]:
    """Return the world with the symbols that a formula brings along, and the conditions that declare nothing.

    Raises
    ------
    FormulaError
        If what is declared does not fit: shapes that clash, a law whose mean has another size.
    """
    told = read(where, world)
    if not world.open and not told.names:
        return world, where
    parts = _parts([*where, *statements])
    columns = {
        n.arg.letter
        for s in parts
        for n in t.walk(s)
        if isinstance(n, t.Transpose) and isinstance(n.arg, t.Symbol) and n.arg.letter[0].islower()
    }
    sizes = letters_of_sizes(parts, (space for _, space in told.shapes))
    e = Inferring(world, columns, None if world.open else told.names, sizes)
    for symbol, space in told.shapes:
        _hold_shape(e, symbol, space)
    for s in parts:
        if not (isinstance(s, t.Chain) and "in" in s.relations and _of_numbers(s.operands[-1])):
            e.of(s)
    for _, chain in told.laws:
        _hold_parts(e, chain)
    e.settle()
    e.hold_capitals(told.names)
    for name, right in told.abbreviations.items():
        if name not in e.found:
            raise CannotParse(
                f"{name} = {write(right)} abbreviates nothing: in the world {world.name} {name} is no new symbol, but "
                "reads as a size or an index; write it with another letter",
                *right.span,
            )
    found = _world(world, e, told, statements)
    _hold_said(found, told)
    hold_joint(world, told, statements)
    return found, tuple(told.conditions)


def _hold_said(world: World, told: Declarations) -> None:
    """Raise Undecided if what is declared does not hold, all of it, in instances: then nothing would be known.

    Of one symbol several things may be declared that exclude each other, or that no drawing here joins.
    """
    if len(told.said) < 2:
        return
    trees = [(chain, elaborated(chain, world)) for chain in told.said]
    for seed, size in enumerate((0, 1, -1)):
        for special in (False, True):
            scope = Scope(world.instance(seed, 9, size, special=special))
            for chain, tree in trees:
                if not holds(tree, scope, {}):
                    raise Undecided(
                        f"nothing is drawn here for which {write(chain)} holds together with what else is declared",
                        *chain.span,
                    )


def _parts(statements: list[t.Node]) -> list[t.Node]:
    """Return expressions and chains, without what joins them."""
    found: list[t.Node] = []
    for s in statements:
        if isinstance(s, t.Conditional):
            found += _parts([s.statement, *s.conditions])
        else:
            found.append(s.arg if isinstance(s, t.Given) else s)
    return found


def _of_numbers(space: t.Node) -> bool:
    r"""Return whether this is \mathbb R, perhaps with sizes: then a shape is declared, and nothing to be found."""
    base = space.base if isinstance(space, t.Power) else space
    return isinstance(base, t.Symbol) and base.letter == "R"


def _hold_shape(e: Inferring, symbol: t.Symbol, space: t.Node) -> None:
    r"""Hold a symbol to the shape in `\in \mathbb R^{n \times p}`."""
    base = space.base if isinstance(space, t.Power) else space
    if not (isinstance(base, t.Symbol) and base.letter == "R"):
        raise CannotParse(r"a symbol is declared as in \mathbf A \in \mathbb R^{n \times p}", *space.span)
    _, shape = e.of(symbol)
    if not isinstance(space, t.Power):
        return
    sizes = space.exponent.factors if isinstance(space.exponent, t.Product) else (space.exponent,)
    matrix = symbol.letter[0].isupper()
    if matrix and len(sizes) != 2:
        raise CannotParse("a matrix is declared with two sizes, its rows and its columns", *space.span)
    rows, cols = (e.dim(sizes[0]), e.dim(sizes[1])) if matrix else (e.dim(space.exponent), ONE)
    if not (e.sizes.same(shape.rows, rows) and e.sizes.same(shape.cols, cols)):
        raise DoesNotConform(f"{write(symbol)} is {e.text(shape)}, and is declared to be another shape", *symbol.span)


def _hold_parts(e: Inferring, chain: t.Chain) -> None:
    """Hold each part of a stacked vector to the shape of its own mean and variance."""
    left, law = chain.operands
    if not (isinstance(left, t.Matrix) and isinstance(law, t.Call)):
        return
    mean, variance = law.args
    for i, (part,) in enumerate(left.rows):
        shape = e.of(part)[1]
        if isinstance(mean, t.Matrix) and len(mean.rows) == len(left.rows):
            e.same(shape, e.of(mean.rows[i][0])[1])
        if isinstance(variance, t.Matrix) and len(variance.rows) == len(left.rows) == len(variance.rows[0]):
            e.sizes.same(shape.rows, e.of(variance.rows[i][i])[1].rows)


def _world(world: World, e: Inferring, told: Declarations, statements: list[t.Node]) -> World:
    """Return the world with meanings for what was found."""
    for variance in told.variances():
        told.say(variance, symmetric=True, positive=True)
    for variance in told.joint():
        told.say(variance, dominant=True)
    sizes = tuple(dict.fromkeys(e.new_sizes))
    orders: list[tuple[int, ...]] = [LARGE[: len(sizes)]] * 2

    def make(draw: Draw) -> Instance:
        made = world.make(draw)
        made.world = found
        made.sizes |= dict(zip(sizes, SMALL if draw.size == -1 else orders[draw.size], strict=False))
        return made

    found = replace(
        world,
        meanings=(*world.meanings, *(_meaning(name, e, told) for name in e.found)),
        sizes=(*world.sizes, *sizes),
        make=make,
        normal=world.normal and not told.moments,
        richer="",
        open=False,
        special="all" if e.found else world.special,
    )
    if sizes:
        orders[:] = _regular(found, statements, orders, len(sizes))
    symmetric = {name for name in told.abbreviations if _is_symmetric(found, name)}
    if symmetric:
        told_so = tuple(replace(m, symmetric=True) if m.name in symmetric else m for m in found.meanings)
        found = replace(found, meanings=told_so)
    return found


def _is_symmetric(world: World, name: str) -> bool:
    """Return whether an abbreviation stands for a symmetric matrix: in random instances, as for any identity."""
    meaning = world.by_name[name]
    if meaning.rows != meaning.cols or meaning.is_scalar:
        return False
    try:
        values = [Scope(world.instance(seed, 10**6, seed))(name) for seed in (0, 1)]
    except FormulaError:
        return False
    return all((v - v.T).is_zero() for v in values)


def _regular(
    world: World, statements: list[t.Node], orders: list[tuple[int, ...]], count: int
) -> list[tuple[int, ...]]:
    """Return two orders of the sizes in which nothing that the statements invert is singular, if there are such."""
    tried = list(permutations(LARGE[: max(3, count)], count))
    Random(0).shuffle(tried)
    try:
        links = [c for s in _parts(statements) if isinstance(s, t.Chain) for c in claims(s, world)]
    except FormulaError:
        return tried[:2]
    good: list[tuple[int, ...]] = []
    for order in tried[:ORDERS]:
        orders[:] = [order] * 2
        try:
            scope = Scope(world.instance(5, 9, 0))
            for link in links:
                link_holds(link.relation, link.left, link.right, scope, {})
        except Singular:
            continue
        except FormulaError:
            pass
        good.append(order)
        if len(good) == 2:
            return good
    return good * 2 or tried[:2]


def _meaning(name: str, e: Inferring, told: Declarations) -> Meaning:
    """Return the meaning of a symbol that was found."""
    found = e.found[name]
    tex = write(found.symbol) + ("^2" if found.squared else "")
    rows, cols = (_settled(e, x) for x in (found.shape.rows, found.shape.cols))
    properties = told.properties.get(name, Properties())
    if found.squared:
        properties = replace(properties, positive=True)
    symmetric = properties.symmetric and rows != ONE
    if name in told.abbreviations:
        return Meaning(name, tex, "an abbreviation", rows, cols, "defined", write(told.abbreviations[name]))
    if name in told.moments or any(name in names for names, _ in told.laws):
        return Meaning(name, tex, "random", rows, cols, "random", _random(name, told, e))
    whole = e.whole_of(name)
    if whole is not None:
        of = next(n for n, f in e.found.items() if f is whole)
        return Meaning(name, tex, f"an element of {write(whole.symbol)}", rows, cols, "given", _element(of))
    return Meaning(
        name, tex, properties.words, rows, cols, "parameter", _arbitrary(name, rows, cols, properties), symmetric,
        (1, 0) if rows == cols == ONE else properties.degree,
    )  # fmt: skip


def _settled(e: Inferring, size: Any) -> Dim:
    found = e.sizes.find(size)
    assert isinstance(found, Dim), "settle() gives every size"
    return found


def _arbitrary(name: str, rows: Dim, cols: Dim, told: Properties) -> Any:
    """Return the definition of a symbol that is drawn with its properties."""
    known: list[Properties] = []

    def value(scope: Scope, *indices: int) -> Mat:
        if not known:
            w = scope.instance.world
            left, right = (tuple(elaborated(x, w) for x in side) for side in (told.left, told.right))
            other = None if told.commutes is None else elaborated(told.commutes, w)
            known.append(replace(told, left=left, right=right, commutes=other))
        return drawn(name, scope.dim(rows, {}), scope.dim(cols, {}), known[0], scope, indices)

    return value


def _element(of: str) -> Any:
    """Return the definition of an element of a column or matrix."""

    def value(scope: Scope, i: int, j: int = 1) -> Mat:
        whole = scope(of)
        if i > whole.height or j > whole.width:
            raise Undecided("an element beyond the last")
        return Mat.number(whole.rows[i - 1][j - 1])

    return value


def _random(name: str, told: Declarations, e: Inferring) -> Any:
    """Return the definition of a random column: its mean, and independent sources that have the variance declared."""
    group, chains = next(
        ((names, [chain]) for names, chain in told.laws if name in names),
        ((name,), [told.moments.get(name, {}).get(x) for x in ("E", "Var")]),
    )
    if None in chains:
        raise Undecided(f"of {name} both the mean and the variance are needed")
    start = sum((_settled(e, e.found[x].shape.rows) for x in group[: group.index(name)]), Dim.of(0))

    def value(scope: Scope) -> Mat:
        trees = [elaborated(c, scope.instance.world) for c in chains if c is not None]
        sides = [x.operands[1] for x in trees if isinstance(x, t.Chain)]
        mean, variance = sides[0].args if isinstance(sides[0], k.Law) else sides
        spread = evaluate(variance, scope, {})
        if not (spread - spread.T).is_zero():
            raise Undecided(f"the variance that is declared of {name} is not symmetric")
        L, D = ldl(spread)
        whole = evaluate(mean, scope, {}) + L @ sources(scope, "declared " + " ".join(group), D)
        first = scope.dim(start, {})
        return Mat(whole.rows[first : first + scope.dim(_settled(e, e.found[name].shape.rows), {})], 1)

    return value
