r"""What a condition declares of symbols that the world does not have.

`\mathbf K \in \mathbb R^{n \times s}`; `\mathbf A = \mathbf A^\top`; `\mathbf A \succ 0`; `\mathbf A^2 = \mathbf A`;
`\mathbf Q^\top \mathbf Q = \mathbf I`; `\mathbf K^\top \mathbf X = \mathbf 0`; two that commute;
`\mathbf x \sim \mathrm N(\boldsymbol\mu, \mathbf V)`; `\operatorname{E}[\mathbf x] = \boldsymbol\mu` with
`\operatorname{Var}(\mathbf x) = \mathbf V`; `\mathbf M = ...`, an abbreviation. What declares nothing is a condition.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from lmmtext.verify import tree as t
from lmmtext.verify.drawing import Properties
from lmmtext.verify.elaborate import Elaborator, local_name
from lmmtext.verify.world import World


@dataclass
class Declarations:
    """What conditions say of new symbols, by the names of these; and the conditions that say something else."""

    properties: dict[str, Properties] = field(default_factory=dict)
    abbreviations: dict[str, t.Node] = field(default_factory=dict)
    laws: list[tuple[tuple[str, ...], t.Chain]] = field(default_factory=list)
    moments: dict[str, dict[str, t.Chain]] = field(default_factory=dict)
    shapes: list[tuple[t.Symbol, t.Node]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    conditions: list[t.Node] = field(default_factory=list)
    said: list[t.Chain] = field(default_factory=list)  # the relations by which properties are declared

    def say(self, symbol: t.Symbol, **what: Any) -> bool:
        """Add to what is said of a symbol."""
        name = local_name(symbol)
        self.names.add(name)
        self.properties[name] = replace(self.properties.get(name, Properties()), **what)
        return True

    def variances(self) -> list[t.Symbol]:
        """Return the new symbols that stand for the variance of a column, or of a part of one."""
        found: list[t.Node] = []
        for chain in [*(c for _, c in self.laws), *(m["Var"] for m in self.moments.values() if "Var" in m)]:
            right = chain.operands[1]
            whole = right.args[1] if isinstance(right, t.Call) and right.name == "N" else right
            found += [row[i] for i, row in enumerate(whole.rows)] if isinstance(whole, t.Matrix) else [whole]
        return [x for x in found if isinstance(x, t.Symbol) and self.new(x)]

    def joint(self) -> list[t.Symbol]:
        """Return the new symbols that stand on the diagonal of the variance of several columns together."""
        laws = [c.operands[1] for _, c in self.laws]
        wholes = [law.args[1] for law in laws if isinstance(law, t.Call)]
        return [x for x in self.variances() if any(isinstance(w, t.Matrix) and x in set(t.walk(w)) for w in wholes)]

    def __post_init__(self) -> None:
        self.world: World | None = None

    def new(self, node: t.Node) -> bool:
        """Return whether a node is a symbol that the world does not have."""
        assert self.world is not None
        if not isinstance(node, t.Symbol) or node.letter in ("0", "1", "I"):
            return False
        bare = not (node.font or node.accents or node.marks) and len(node.subs) <= 1
        if bare and self.world.has_size(node.letter + ("_j" if node.subs else "")):
            return False  # a size, n_j among them
        e = Elaborator(self.world)
        return e.symbol(node) is None and e.symbol(node, squared=True) is None


def read(where: tuple[t.Node, ...], world: World) -> Declarations:
    """Return what conditions declare of symbols that the world does not have."""
    told = Declarations()
    told.world = world
    waiting: list[t.Symbol] = []
    for statement in where:
        if isinstance(statement, t.Symbol):  # A, B \in R^{n x n}: the A of it
            waiting.append(statement)
            continue
        if isinstance(statement, t.Chain) and statement.relations == ("in",):
            told.shapes += [(s, statement.operands[1]) for s in (*waiting, statement.operands[0]) if told.new(s)]  # type: ignore[misc]
            told.names |= {local_name(s) for s, _ in told.shapes}
        elif not (isinstance(statement, t.Chain) and len(statement.relations) == 1 and _declares(statement, told)):
            told.conditions += [*waiting, statement]
        waiting = []
    told.conditions += waiting
    return told


def _declares(chain: t.Chain, told: Declarations) -> bool:
    """Read one relation; return False if it declares nothing."""
    (left, right), (relation,) = chain.operands, chain.relations
    if relation.startswith("~"):
        return _law(chain, told)
    if relation in ("succ", "succeq") and told.new(left) and _zero(right):
        assert isinstance(left, t.Symbol)
        told.said.append(chain)
        return told.say(left, symmetric=True, positive=relation == "succ", semidefinite=relation == "succeq")
    if relation not in ("=", ":="):
        return False
    if _own(left, right, told) or _with_another(left, right, told):
        told.said.append(chain)
        return True
    return _named(chain, told)


def _own(left: t.Node, right: t.Node, told: Declarations) -> bool:
    """Read A' = A, A^2 = A, Q'Q = I."""
    for a, b in ((left, right), (right, left)):
        if not told.new(b):
            continue
        assert isinstance(b, t.Symbol)
        if a == t.Transpose(b):
            return told.say(b, symmetric=True)
        if a in (t.Power(b, t.Number(Fraction(2))), t.Product((b, b))):
            return told.say(b, idempotent=True)
    if isinstance(left, t.Product) and len(left.factors) == 2 and isinstance(right, t.Symbol) and right.letter == "I":
        a, b = left.factors
        if told.new(b) and a == t.Transpose(b):
            assert isinstance(b, t.Symbol)
            return told.say(b, orthogonal=True)
    return False


def _with_another(left: t.Node, right: t.Node, told: Declarations) -> bool:
    """Read A B = 0, with transposes perhaps, and A B = B A: the first new symbol of the two is drawn to fit."""
    if not (isinstance(left, t.Product) and len(left.factors) == 2):
        return False
    a, b = left.factors
    if right == t.Product((b, a)):
        return told.new(a) and told.say(a, commutes=b)  # type: ignore[arg-type]
    if not _zero(right):
        return False
    for mine, other, first in ((a, b, True), (b, a, False)):
        symbol = mine.arg if isinstance(mine, t.Transpose) else mine
        if told.new(symbol):
            assert isinstance(symbol, t.Symbol)
            turned = isinstance(mine, t.Transpose)
            # A B = 0 and (A')'B' ... : of a transposed symbol, the other side vanishes, transposed.
            beside = _turned(other) if turned else other
            old = told.properties.get(local_name(symbol), Properties())
            side = "right" if first != turned else "left"
            return told.say(symbol, **{side: (*getattr(old, side), beside)})
    return False


def _turned(node: t.Node) -> t.Node:
    return node.arg if isinstance(node, t.Transpose) else t.Transpose(node)


def _named(chain: t.Chain, told: Declarations) -> bool:
    """Read an abbreviation, or a moment of a new column."""
    left, right = chain.operands
    if told.new(left) and left not in set(t.walk(right)):
        assert isinstance(left, t.Symbol)
        name = local_name(left)
        if name not in told.properties and name not in told.abbreviations:
            told.names.add(name)
            told.abbreviations[name] = right
            return True
    if isinstance(left, t.Call) and left.name in ("E", "Var") and len(left.args) == 1 and told.new(left.args[0]):
        name = local_name(left.args[0])  # type: ignore[arg-type]
        told.names.add(name)
        told.moments.setdefault(name, {})[left.name] = chain
        return True
    return False


def _law(chain: t.Chain, told: Declarations) -> bool:
    """Read x ~ N(mu, V), or the same of several new columns above each other."""
    left, law = chain.operands
    parts = [c for row in left.rows for c in row] if isinstance(left, t.Matrix) else [left]
    if not (isinstance(law, t.Call) and law.name == "N" and all(told.new(p) for p in parts)):
        return False
    names = tuple(local_name(p) for p in parts)  # type: ignore[arg-type]
    told.names |= set(names)
    told.laws.append((names, chain))
    return True


def _zero(node: t.Node) -> bool:
    return node == t.Number(Fraction(0)) or (isinstance(node, t.Symbol) and node.letter == "0")
