"""A richer world made on the spot: symbols that a claim does not need to be what they are become arbitrary.

If a claim still holds when b_j, say, is any vector at all, it is a special case of something more general; there a
wrong variant that only passed because X'(y - Xb) vanishes must fail.
"""

from fractions import Fraction
from random import Random

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import Claim
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import index
from lmmtext.verify.judge import true_at
from lmmtext.verify.matrix import Mat
from lmmtext.verify.scope import Scope


def freed(claim: Claim, scopes: list[Scope]) -> list[Scope]:
    """Return scopes in which as many symbols as can be are arbitrary and the claim still holds; empty if none."""
    found: list[Scope] = []
    for number, scope in enumerate(scopes):
        wider, any_freed = scope, False
        for node in sorted(
            {n for side in (claim.left, claim.right) for n in t.walk(side) if isinstance(n, k.Ref)}, key=repr
        ):
            meaning = scope.instance.world.by_name.get(node.name)
            if meaning is None or meaning.kind not in ("defined", "random"):
                continue
            try:
                at = tuple(index(i, scope, {}) for i in node.indices)
                now = wider(node.name, *at)
                trial = wider.moving(node.name, at, arbitrary(now, meaning.symmetric, f"{number} {node.name} {at}"))
                if true_at(claim, trial):
                    wider, any_freed = trial, True
            except FormulaError:
                continue
        if not any_freed:
            return []
        found.append(wider)
    return found


def arbitrary(now: Mat, symmetric: bool, seed: str) -> Mat:
    """Return an arbitrary matrix of the same shape, symmetric if it has to be."""
    rng = Random(seed)
    rows = [[Fraction(rng.randint(-999, 999), rng.randint(1, 9)) for _ in range(now.width)] for _ in range(now.height)]
    made = Mat.of(rows, now.width)
    return made + made.T if symmetric else made
