"""Where an inequality fails if it does: near the edges of the parameter space, and with data of every kind."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product

from lmmtext.verify.claims import Claim
from lmmtext.verify.errors import Undecided
from lmmtext.verify.judge import true_at
from lmmtext.verify.matrix import Mat
from lmmtext.verify.relations import holds
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Instance, World

EXTREMES = (Fraction(1, 10**4), Fraction(1), Fraction(10**4))


def is_variance(name: str) -> bool:
    """Return whether a number of this name is a variance or a precision: positive, and near an edge when small."""
    return name.startswith("sigma2") or name in ("kappa", "tau2")


def edge_points(world: World, claim: Claim) -> Iterator[Scope]:
    """Yield scopes in which variances are very small or large, and the data mostly effects or mostly errors."""
    for seed, (size, scale, flat) in enumerate(product((-1, 0), (3, 10**3), (False, True))):
        base = world.instance(500 + seed, scale, size, flat=flat)
        names = [name for name in base.values if isinstance(name, str) and is_variance(name)][:3]
        for chosen in product(EXTREMES, repeat=len(names)):
            if len(set(chosen)) == 1 and len(chosen) > 1 and chosen[0] != 1:
                continue  # only a change of units
            values = {**base.values, **{name: Mat.number(v) for name, v in zip(names, chosen, strict=True)}}
            scope = Scope(replace(base, values=values, caches={}))
            if all(holds(c, scope, {}) for c in claim.conditions):
                yield scope
        yield from _with_data(base, claim)


def _with_data(base: Instance, claim: Claim) -> Iterator[Scope]:
    """Yield scopes whose effects, or errors, have turned out a thousand times as large."""
    first = Scope(replace(base, caches={}))
    try:
        true_at(claim, first)  # so that every source in it takes a value
    except Undecided:
        return
    for effects in (True, False):
        taken = {s: v * (1000 if s.startswith("a") == effects else 1) for s, v in first.instance.taken.items()}
        scope = Scope(replace(base, taken=taken, caches={}))
        if all(holds(c, scope, {}) for c in claim.conditions):
            yield scope


def refuted(world: World, claim: Claim) -> tuple[Scope | None, int]:
    """Return a point at which an inequality fails, if one is found, and how many points were tried."""
    tried = 0
    for scope in edge_points(world, claim):
        tried += 1
        if not true_at(claim, scope):
            return scope, tried
    return None, tried
