"""From a formula to the claims in it: statements split, conditions joined, each chain elaborated in its world."""

from dataclasses import dataclass

from lmmtext.verify import core as k
from lmmtext.verify import elaborators, elaborators_calls, elaborators_relations
from lmmtext.verify import tree as t
from lmmtext.verify.elaborate import Elaborator
from lmmtext.verify.errors import Undecided
from lmmtext.verify.mle import ESTIMATES
from lmmtext.verify.world import World
from lmmtext.verify.write import write

RULES_LOADED = (elaborators, elaborators_calls, elaborators_relations)


@dataclass(frozen=True)
class Claim:
    """One link: `left relation right`, as written and as elaborated, and what it is claimed under."""

    relation: str
    written: tuple[t.Node, t.Node]
    left: t.Node
    right: t.Node
    conditions: tuple[t.Node, ...] = ()

    @property
    def tex(self) -> str:
        """Return the link as LaTeX."""
        return write(t.Chain(self.written, (self.relation,)))


def elaborated(node: t.Node, world: World) -> t.Node:
    """Return a tree with symbols and sizes known; raises what does not fit."""
    e = Elaborator(world)
    found, _ = e.of(node)
    return e.settled(found)


def claims(statement: t.Node, world: World, where: tuple[t.Node, ...] = ()) -> list[Claim]:
    """Return the links of a statement.

    Raises
    ------
    UnknownSymbol, DoesNotConform
        If the statement, or its condition, does not fit the world.
    Undecided
        If it claims nothing.
    """
    if isinstance(statement, t.Conditional):
        return claims(statement.statement, world, (*where, *statement.conditions))
    conditions = tuple(elaborated(c, world) for c in where)
    if not isinstance(statement, t.Chain):
        elaborated(statement.arg if isinstance(statement, t.Given) else statement, world)
        raise Undecided(
            "an expression by itself claims nothing (its symbols are known, and it conforms)", *statement.span
        )
    if set(statement.relations) & {"to", "down", "up"}:
        raise Undecided("an arrow claims nothing: write a limit", *statement.span)
    if any(isinstance(o, t.Dots) for o in statement.operands):
        raise Undecided("a list with dots is no claim", *statement.span)
    chain = elaborated(statement, world)
    assert isinstance(chain, t.Chain)
    return [
        Claim(
            relation,
            (statement.operands[i], statement.operands[i + 1]),
            chain.operands[i],
            chain.operands[i + 1],
            conditions,
        )
        for i, relation in enumerate(chain.relations)
    ]


def pair(relation: str, left: t.Node, right: t.Node, world: World, conditions: tuple[t.Node, ...]) -> Claim:
    """Return the claim that two trees, as written, stand in a relation (for mutants)."""
    chain = elaborated(t.Chain((left, right), (relation,)), world)
    assert isinstance(chain, t.Chain)
    return Claim(relation, (left, right), chain.operands[0], chain.operands[1], conditions)


def kind_of(claim: Claim, world: World) -> str:
    """Return what sort of claim this is."""
    nodes = [*t.walk(claim.left), *t.walk(claim.right)]
    if claim.relation.startswith("~") or claim.relation in ("indep", "perp"):
        return "distribution"
    if claim.relation in ("<", "<=", ">", ">=", "!=", "succeq", "succ", "preceq", "prec"):
        return "inequality"
    if claim.left == claim.right and claim.relation not in ("subsetneq", "supsetneq"):
        return "tautology"
    if is_definition(claim, world):
        return "definition"
    if any(isinstance(n, k.LimitAt) for n in nodes):
        return "limit"
    if any(isinstance(n, t.Call) and n.name in ("E", "Cov", "Corr") for n in nodes):
        return "moment"
    names = {n.name for n in nodes if isinstance(n, k.Ref)}
    if any(isinstance(n, k.Optimize) for n in nodes) or names & {*ESTIMATES, "hat_beta"}:
        return "optimum"
    return "identity"


def is_definition(claim: Claim, world: World) -> bool:
    """Return whether the claim is, word for word, what the notation table says that a symbol is."""
    for symbol, other in ((claim.left, claim.right), (claim.right, claim.left)):
        if isinstance(symbol, k.Ref):
            meaning = world.by_name.get(symbol.name)
            if meaning is not None and isinstance(meaning.definition, str):
                from lmmtext.verify.scope import definition_of

                if definition_of(world, symbol.name) == other:
                    return True
    return False
