"""Random columns that are declared each by itself: nothing is known of them together unless a condition says it."""

from fractions import Fraction
from itertools import combinations

from lmmtext.verify import tree as t
from lmmtext.verify.declarations import Declarations
from lmmtext.verify.elaborate import Elaborator, local_name
from lmmtext.verify.errors import Undecided
from lmmtext.verify.world import World

THE_WORLD = "what is random in the world"


def hold_joint(world: World, told: Declarations, statements: list[t.Node]) -> None:
    r"""Raise Undecided if a statement is about columns of which no joint law was declared.

    Their marginal laws leave open how they vary together. `\mathbf x \perp \mathbf y`, or a covariance of zero, among
    the conditions says it; a law of both, stacked, does so too. Nor may a law depend on what is random itself.
    """
    groups = {name: "one law" + " ".join(names) for names, _ in told.laws for name in names}
    groups |= {name: "moments of " + name for name in told.moments if name not in groups}
    if not groups:
        return
    for names, chain in told.laws:
        _fixed(chain, [(n, s) for n, s in _random_symbols(chain.operands[1], world, told, groups) if n not in names])
    for name, moments in told.moments.items():
        for chain in moments.values():
            _fixed(chain, [(n, s) for n, s in _random_symbols(chain.operands[1], world, told, groups) if n != name])
    apart = [set(dict(_random_symbols(c, world, told, groups))) for c in told.conditions if _says_apart(c)]
    for statement in statements:
        used = dict(_random_symbols(statement, world, told, groups))
        for a, b in combinations(sorted(used), 2):
            if groups.get(a, THE_WORLD) == groups.get(b, THE_WORLD) or any({a, b} <= pair for pair in apart):
                continue
            raise Undecided(
                f"{a} and {b} are random, and nothing says how they vary together: declare one law of both, stacked, or"
                r" that they are independent, with \perp",
                *used[a].span,
            )


def _fixed(chain: t.Chain, found: list[tuple[str, t.Symbol]]) -> None:
    if found:
        name, symbol = found[0]
        raise Undecided(
            f"a law is declared that depends on {name}, which is random: declare the law of both, stacked", *symbol.span
        )


def _says_apart(condition: t.Node) -> bool:
    """Return whether a condition says of two columns that they are independent, or uncorrelated."""
    if not (isinstance(condition, t.Chain) and len(condition.relations) == 1):
        return False
    left, right = condition.operands
    if condition.relations[0] in ("perp", "indep"):
        return True
    zero = right == t.Number(Fraction(0)) or (isinstance(right, t.Symbol) and right.letter == "0")
    return condition.relations[0] == "=" and zero and isinstance(left, t.Call) and left.name == "Cov"


def _random_symbols(
    node: t.Node, world: World, told: Declarations, groups: dict[str, str]
) -> list[tuple[str, t.Symbol]]:
    """Return the random symbols in a tree, also those in what its abbreviations stand for, by their names."""
    e = Elaborator(world)
    found: list[tuple[str, t.Symbol]] = []
    for s in t.walk(node):
        if not isinstance(s, t.Symbol):
            continue
        name = local_name(s)
        if name in told.abbreviations:
            found += _random_symbols(told.abbreviations[name], world, told, groups)
        elif name in groups:
            found.append((name, s))
        elif told.new(s):
            continue
        else:
            known = e.symbol(s)
            meaning = world.by_name.get(getattr(known[0], "name", "")) if known else None
            if meaning is not None and meaning.kind == "random":
                found.append((name, s))
    return found
