"""Where a formula is evaluated: an instance of a world, with what was moved in it, in the data or before them.

Outside E, Var and Cov a random symbol is what it has turned out to be: the data. Inside, it is random. In a
derivative the variable is moved wherever it is written and in every moment, but data stay what they are.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lmmtext.verify.chance import Rand
from lmmtext.verify.dims import Dim
from lmmtext.verify.errors import Undecided
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import pattern_indices

if TYPE_CHECKING:
    from lmmtext.verify.world import Instance

Env = dict[str, Any]


class Scope:
    """A place to look symbols up in; definitions are evaluated when they are first asked for."""

    def __init__(
        self,
        instance: "Instance",
        *,
        random: bool = False,
        moved: dict[tuple[str, tuple[Any, ...]], Mat] | None = None,
        held: "Scope | None" = None,
    ) -> None:
        self.instance, self.random, self.moved, self.held = instance, random, moved or {}, held
        self.cache: dict[Any, Any] = {}
        self.variances: dict[str, Any] = {}
        self._inside: Scope | None = None

    def inside(self) -> "Scope":
        """Return the scope inside an expectation, where random symbols are random."""
        if self.random and self.held is None:
            return self
        if self._inside is None:
            self._inside = Scope(self.instance, random=True, moved=self.moved)
        return self._inside

    def moving(self, name: str, indices: tuple[Any, ...], value: Mat) -> "Scope":
        """Return the scope in which a symbol has another value; what is random or data stays as it is here."""
        held = self.held or self
        return Scope(self.instance, random=self.random, moved={**self.moved, (name, indices): value}, held=held)

    # -- what definitions ask for -----------------------------------------------------------------------------------

    def size(self, name: str) -> int:
        """Return a dimension, n_2 being that of the second group."""
        if name in self.instance.sizes:
            return self.instance.sizes[name]
        letter, _, index = name.partition("_")
        if letter == "n" and index.isdigit():
            if not 1 <= int(index) <= len(self.instance.groups):
                raise Undecided("an index beyond the last")
            return self.instance.groups[int(index) - 1]
        raise Undecided(f"{name} has no size here")

    def source(self, name: str, variance: Any) -> Rand:
        """Return a source of randomness with this variance."""
        self.variances[name] = variance
        return Rand.source(name)

    def drawn(self, name: str, *indices: int) -> Mat:
        """Return what was drawn for a symbol."""
        value = self.instance.values[name]
        return value[indices[0] if len(indices) == 1 else indices] if isinstance(value, dict) else value

    def __call__(self, name: str, *indices: int) -> Mat:
        """Return the value of a symbol of the world."""
        from lmmtext.verify.evaluate import evaluate

        if (name, indices) in self.moved:
            return self.moved[name, indices]
        meaning = self.instance.world.by_name[name]
        if meaning.kind == "random":
            if self.held is not None:
                return self.held(name, *indices)
            if not self.random:
                value = self.inside_of_data()(name, *indices)
                return value.map(lambda x: x.realised(self.instance.taken_by) if isinstance(x, Rand) else x)
        key = ("symbol", name, indices)
        if key not in self.cache:
            if callable(meaning.definition):
                self.cache[key] = meaning.definition(self, *indices)
            else:
                env = dict(zip(pattern_indices(meaning.tex), (Fraction(i) for i in indices), strict=True))
                self.cache[key] = evaluate(definition_of(self.instance.world, meaning.name), self, env)
        return self.cache[key]

    def inside_of_data(self) -> "Scope":
        """Return the scope, without anything moved, in which the data are random."""
        caches = self.instance.caches
        if "random" not in caches:
            caches["random"] = Scope(self.instance, random=True)
        return caches["random"]

    def dim(self, size: Any, env: Env) -> int:
        """Return the number that a symbolic size is here; n_j follows the index j."""
        assert isinstance(size, Dim), size

        def named(name: str) -> int:
            letter, _, index = name.partition("_")
            free = self.instance.values.get(("index", index.rstrip("'"), index.count("'")))
            j = env.get(index, free)
            return self.size(name if j is None else f"{letter}_{int(j)}")

        return size.value(named)


def definition_of(world: Any, name: str) -> Any:
    """Return the elaborated definition of a symbol."""
    from lmmtext.verify.elaborate import Elaborator, Shape
    from lmmtext.verify.parser import parse

    cache = world.definitions
    if name not in cache:
        meaning = world.by_name[name]
        e = Elaborator(world)
        node, shape = e.of(parse(meaning.definition).statements[0])
        rows, cols = (d.replaced(world.relations) for d in (meaning.rows, meaning.cols))
        assert e.same(shape, Shape(rows, cols)), (name, e.text(shape), str(rows), str(cols))
        cache[name] = e.settled(node)
    return cache[name]
