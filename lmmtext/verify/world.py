"""A world: a model whose symbols all have exact values, drawn anew as often as one likes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from random import Random
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import Dim, Size
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Key, Meaning, key_of, spelled
from lmmtext.verify.parser import parse


@dataclass(frozen=True)
class Draw:
    """How numbers are drawn: `scale` is the largest integer, `size` which of the world's dimensions are taken."""

    rng: Random
    scale: int
    size: int  # 0, 1, ... for evidence; -1 for the smallest counterexample
    flat: bool = False  # whether the random effects have turned out to be zero
    special: bool = False  # whether what is arbitrary is drawn with zeros, dependent columns and every rank

    def integer(self, *, positive: bool = False) -> Fraction:
        """Return an integer up to the scale, not zero."""
        value = self.rng.randint(1, self.scale)
        return Fraction(value if positive or self.rng.random() < 0.5 else -value)

    def positive(self) -> Fraction:
        """Return a positive number that is not 1."""
        return Fraction(self.rng.randint(2, max(3, self.scale)))

    def matrix(self, rows: int, cols: int) -> Mat:
        """Return a matrix of full rank."""
        while True:
            made = Mat.of([[self.integer() for _ in range(cols)] for _ in range(rows)], cols)
            if made.rank() == min(rows, cols):
                return made

    def spd(self, k: int) -> Mat:
        """Return a positive definite matrix, L D L'."""
        L = Mat.of([[self.integer() if i > j else Fraction(i == j) for j in range(k)] for i in range(k)], k)
        D = Mat.of([[self.positive() if i == j else Fraction(0) for j in range(k)] for i in range(k)], k)
        return L @ D @ L.T


@dataclass
class Instance:
    """One draw of a world: its sizes, what was drawn, and (lazily) the values that its random sources have taken."""

    world: "World"
    sizes: dict[str, int]
    groups: tuple[int, ...]  # n_1, ..., n_J
    values: dict[Any, Any]
    draw: Draw
    taken: dict[str, Fraction] = field(default_factory=dict)
    caches: dict[Any, Any] = field(default_factory=dict)

    def taken_by(self, source: str) -> Fraction:
        """Return the value that a source has taken, in the data."""
        if self.draw.flat and source.startswith("a"):
            return Fraction(0)
        if source not in self.taken:
            self.taken[source] = Random(f"{self.seed} {source}").choice((-1, 1)) * Fraction(
                Random(f"{self.seed} {source} size").randint(1, self.draw.scale)
            )
        return self.taken[source]

    @cached_property
    def seed(self) -> int:
        """Return the seed of the realised values."""
        return self.draw.rng.randint(0, 2**60)


@dataclass(frozen=True)
class World:
    """A model: its symbols, what is known of its sizes, and how an instance is drawn.

    `relations` rewrites sizes into the fewest (n is Jr in a balanced layout); `uppers` bounds the indices;
    `normal` says
    whether more than first and second moments are assumed; `richer` names a world in which fewer symbols coincide.
    `special` says for which claims special values of what is arbitrary are tried as well: none, those about "ranks" and
    orders, which are not continuous, or "all", where properties were declared that have instances of several kinds.
    `calls` are symbols that are also written like functions, K(X, X), without fonts; ^T says transposed.
    `regimes` are conditions under which estimates take different forms: a claim about them is tried in each.
    In an `open` world a symbol that it does not have is an arbitrary matrix, column or number (`declared`);
    the world that then has it is `arbitrary`.

    By the rest, rewrites are named. `commuting` are symbols of an algebra whose members commute; `orthogonal` are
    left, weight
    (1 for none) and right with a product of zero (the normal equations), `orthogonal_in_mean` with an expected one (a
    prediction and its error);
    `deviations` add up to zero over groups; `identified` symbols are the same here, though not in a richer world.
    """

    name: str
    words: str
    meanings: tuple[Meaning, ...]
    sizes: tuple[str, ...]
    make: Callable[[Draw], Instance]
    relations: Mapping[str, Dim] = field(default_factory=dict)
    uppers: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    normal: bool = True
    richer: str = ""
    commuting: frozenset[str] = frozenset()
    orthogonal: tuple[tuple[str, str, str], ...] = ()
    orthogonal_in_mean: tuple[tuple[str, str, str], ...] = ()
    deviations: tuple[str, ...] = ()
    identified: Mapping[str, str] = field(default_factory=dict)
    regimes: tuple[str, ...] = ()
    open: bool = False
    special: str = ""
    calls: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _keys(self) -> dict[Key, list[tuple[str, Meaning]]]:
        keys: dict[Key, list[tuple[str, Meaning]]] = {}
        named = {m.name: m for m in self.meanings}
        spellings = [(m.tex, m) for m in self.meanings] + [(tex, named[name]) for tex, name in self.aliases.items()]
        for tex, meaning in spellings:
            symbol, squared = spelled(tex)
            keys.setdefault(key_of(symbol, squared=squared, numbered=True)[0], []).append((symbol.font, meaning))
        return keys

    @cached_property
    def facts(self) -> dict[str, list[tuple[t.Node, ...]]]:
        """Return the facts by which rewrites are named, elaborated, each with its transposes."""
        from lmmtext.verify.claims import elaborated
        from lmmtext.verify.rewrites import Canon
        from lmmtext.verify.scope import Scope

        canon = Canon(Scope(self.instance(0, 9, 0)))
        canon.world = replace(self, orthogonal=(), orthogonal_in_mean=(), deviations=(), identified={})
        told = {
            "orthogonal": self.orthogonal,
            "in mean": self.orthogonal_in_mean,
            "deviations": tuple((d,) for d in self.deviations),
        }
        found: dict[str, list[tuple[t.Node, ...]]] = {}
        for kind, facts in told.items():
            trees = [[canon.of(elaborated(parse(x).statements[0], self), {}) for x in fact] for fact in facts]
            found[kind] = [(*fact, *(canon.transpose(x, {}) for x in fact)) for fact in trees]
        return found

    @property
    def commutes_because(self) -> str:
        """Return the name of the rewrite by which members of the commuting algebra change places."""
        layout = "P_1" in self.commuting
        return "projections of a balanced layout commute" if layout else "functions of one matrix commute"

    @cached_property
    def definitions(self) -> dict[str, t.Node]:
        """Return the elaborated definitions, as far as they have been asked for."""
        return {}

    @cached_property
    def by_name(self) -> dict[str, Meaning]:
        """Return the meanings by their names."""
        return {m.name: m for m in self.meanings}

    def find(self, key: Key, font: str) -> Meaning | None:
        """Return what a symbol means; bold is lost on a blackboard, so another font will do if only one has it.

        Where dots stand counts only in worlds that tell two means by it.
        """
        found = self._keys.get(key) or self._keys.get(replace(key, dots=""), [])
        exact = [m for f, m in found if f == font]
        others = {m.name: m for _, m in found}
        return exact[0] if exact else next(iter(others.values())) if len(others) == 1 else None

    def near(self, s: t.Symbol) -> list[str]:
        """Return spellings of this letter that the world has."""
        return sorted({m.tex for key, found in self._keys.items() for _, m in found if key.letter == s.letter})[:6]

    def has_size(self, name: str) -> bool:
        """Return whether this is the name of a dimension here."""
        return name in self.sizes

    def upper(self, index: str) -> t.Node | None:
        """Return what an index runs up to."""
        tex = self.uppers.get(index.rstrip("'"))
        return parse(tex).statements[0] if tex else None

    def index_order(self, index: str) -> int:
        """Return the place of an index: groups before what is in them."""
        order = "jikl"
        return order.index(index[0]) if index[0] in order else len(order)

    def repeats(self, rows: Size) -> Dim | None:
        """Return how many blocks of this many rows make the whole, as J blocks of r rows make n."""
        n = Dim.of("n").replaced(self.relations)
        return n.over(rows) if isinstance(rows, Dim) else None

    def is_parameter(self, node: t.Node) -> bool:
        """Return whether a symbol is one that can be moved."""
        return (
            isinstance(node, k.Ref)
            and self.by_name.get(node.name) is not None
            and self.by_name[node.name].kind == "parameter"
        )

    def instance(self, seed: int, scale: int, size: int = 0, *, flat: bool = False, special: bool = False) -> Instance:
        """Return an instance; the same numbers for the same seed, scale and size."""
        return self.make(Draw(Random(f"{self.name} {seed} {scale} {size}"), scale, size, flat, special))
