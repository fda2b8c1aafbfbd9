"""The trial of a claim by its mutants: wrong variants must fail, or be the same claim for a reason that has a name."""

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain

from lmmtext.verify import clock
from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import Claim, elaborated, pair
from lmmtext.verify.errors import CannotParse, DoesNotConform, FormulaError, Undecided, UnknownSymbol
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.freeing import agree_everywhere, freed
from lmmtext.verify.judge import GRID, instances, regimes_of, true_at
from lmmtext.verify.mutate import Mutant, additions, mutants, simplified
from lmmtext.verify.parser import parse
from lmmtext.verify.relations import EQUAL
from lmmtext.verify.rewrites import same_claim, same_transposed, same_vanishing, zero_by_form
from lmmtext.verify.scope import Scope
from lmmtext.verify.verdict import Mutants
from lmmtext.verify.world import World
from lmmtext.verify.write import write

SCALE = 1009
POINTS = {False: 2, True: 8}  # estimates take different forms in different regimes: each is to be met
EACH = 1.0  # seconds for one mutant
MORE = 0.5  # seconds for a shorter hint, when one has been found


def variants(claim: Claim, world: World, richer: dict[str, World], seconds: float) -> Mutants:
    """Try every mutant of both sides of a claim that holds, within a time limit that is told."""
    count: Counter[str] = Counter()
    survivors: list[str] = []
    rewrites: set[str] = set()
    complete = True
    try:
        with clock.limit(seconds):
            try:
                scopes = list(instances(world, claim, SCALE, (0, 1), POINTS[bool(regimes_of(world, claim))], seed=77))
                _warm(claim, scopes)
            except Undecided:  # the claim itself, at numbers of this size: then none of its variants is told apart
                return Mutants(0, 0, 0, (), (), False)
            wider = freed(claim, scopes)
            for done, mutant, side, both in slips(claim, world, mutants):
                found = _stands(*both, claim, world, scopes)
                if not isinstance(found, Claim):
                    count["inconclusive" if found is None else "rejected"] += 1
                elif wider and _fails(found, wider):
                    count["freed"] += 1
                elif _tells_nothing(claim, found, side, scopes[0]):
                    count["inconclusive"] += 1
                elif reasons := _reasons(claim, found, side, mutant, world, richer, scopes):
                    count["same"] += 1
                    rewrites |= set(reasons)
                else:
                    survivors.append(f"{done}: {write(mutant)}")
    except clock.OutOfTime:
        complete = False
    rejected = count["rejected"] + count["freed"]
    return Mutants(
        rejected, count["same"], count["inconclusive"], tuple(survivors), tuple(sorted(rewrites)), complete,
        freed=count["freed"],
    )  # fmt: skip


def slips(
    claim: Claim, world: World, *changes: Callable[[t.Node, World], Iterator[Mutant]]
) -> Iterator[tuple[str, t.Node, int, tuple[t.Node, t.Node]]]:
    """Yield every changed side of a claim once: what was done, the new side, which one, and both sides."""
    seen = set(claim.written)
    for side in (1, 0):
        for done, mutant in chain.from_iterable(change(claim.written[side], world) for change in changes):
            if mutant not in seen:
                seen.add(mutant)
                left, right = claim.written
                yield done, mutant, side, (mutant, right) if side == 0 else (left, mutant)


def _warm(claim: Claim, scopes: list[Scope]) -> None:
    """Evaluate the claim itself, so that what it shares with its mutants costs none of them its time."""
    for scope in scopes:
        true_at(claim, scope)


def _stands(left: t.Node, right: t.Node, claim: Claim, world: World, scopes: list[Scope]) -> Claim | bool | None:
    """Return the mutant if it holds wherever it was tried, False if it fails, None if that tells nothing."""
    try:
        changed = pair(claim.relation, left, right, world, ())
    except DoesNotConform:
        return False
    except (UnknownSymbol, CannotParse, Undecided):
        return None
    try:
        with clock.limit(EACH):
            for scope in scopes:
                if not true_at(changed, scope):
                    return False
    except clock.OutOfTime:
        clock.tick()  # the time for all mutants may be over as well
        return None
    except Undecided:
        return None
    return changed


def _fails(found: Claim, scopes: list[Scope]) -> bool:
    """Return whether a mutant fails where symbols are arbitrary that the claim does not need to be what they are."""
    try:
        with clock.limit(EACH):
            return not all(true_at(found, scope) for scope in scopes)
    except clock.OutOfTime:
        clock.tick()
        return False
    except Undecided:
        return False


def _tells_nothing(claim: Claim, found: Claim, side: int, scope: Scope) -> bool:
    """Return whether a mutant that holds is no evidence: true by its form, or of another shape than the claim."""
    if _plainly_zero(claim, found, side, scope) or _trivial(found, scope):
        return True
    if claim.relation not in EQUAL:
        return False
    try:
        shapes = [evaluate((c.left, c.right)[side], scope, {}).shape for c in (claim, found)]
    except FormulaError:
        return False
    return shapes[0] != shapes[1]


def _plainly_zero(claim: Claim, found: Claim, side: int, scope: Scope) -> bool:
    """Return whether a mutant of `A = 0` is zero by its form, as a covariance with a constant is."""
    before, after = (claim.left, found.left) if side == 0 else (claim.right, found.right)
    return zero_by_form(after, scope) and not zero_by_form(before, scope)


def _reasons(
    claim: Claim, found: Claim, side: int, mutant: t.Node, world: World, richer: dict[str, World], scopes: list[Scope]
) -> tuple[str, ...]:
    """Return why a mutant that holds is the same claim: a named rewrite, or agreement in a richer world."""
    scope = scopes[0]
    before, after = (claim.left, found.left) if side == 0 else (claim.right, found.right)
    if reasons := same_claim(before, after, scope):
        return reasons
    other = claim.right if side == 0 else claim.left
    if claim.relation in EQUAL and (reasons := same_transposed(before, after, other, scope)):
        return reasons
    if reasons := same_zero(claim, before, after, scopes):
        return reasons
    if renamed(found.left) == renamed(claim.left) and renamed(found.right) == renamed(claim.right):
        return ("an index renamed",)
    if agree_everywhere(before, after, scope):
        return ("one function of its symbols, whatever they are",)
    wider = richer.get(world.richer)
    if wider is None:
        return ()
    try:
        agreed = pair("=", claim.written[side], mutant, wider, ())
        with clock.limit(EACH):
            if all(true_at(agreed, s) for s in instances(wider, agreed, GRID, (0, 1), 4, seed=7)):
                return (f"agreement in {wider.name}",)
    except FormulaError:
        pass
    return ()


def same_zero(claim: Claim, before: t.Node, after: t.Node, scopes: list[Scope]) -> tuple[str, ...]:
    """Return why a mutant of a claim whose sides are both zero is the same claim.

    A is zero if and only if A times something invertible is; and a sum of zeros has as many of them as one likes.
    """
    if claim.relation not in EQUAL:
        return ()
    try:
        if not all(evaluate(before, s, {}).is_zero() and evaluate(after, s, {}).is_zero() for s in scopes):
            return ()
        if same_vanishing(before, after, scopes[0]):
            return ("factors of a zero that can be undone",)
        if all(_sums_of_zeros(before, after, s) for s in scopes):
            return ("every term of the sum is zero",)
    except FormulaError:
        pass
    return ()


def _sums_of_zeros(before: t.Node, after: t.Node, scope: Scope) -> bool:
    """Return whether two trees differ in the bounds of one sum, and all its terms are zero."""
    kept = set(t.walk(after))
    changed = [n for n in t.walk(before) if isinstance(n, k.Over) and n.kind == "sum" and n not in kept]
    if not changed:
        return False
    inner = min(changed, key=lambda n: n.depth)
    if not any(isinstance(n, k.Over) and n.index == inner.index and n.body == inner.body for n in kept):
        return False
    low, high = (evaluate(bound, scope, {}).scalar for bound in (inner.lower, inner.upper))
    terms = range(int(low), int(high) + 1)
    return all(evaluate(inner.body, scope, {inner.index: Fraction(i)}).is_zero() for i in terms)


def renamed(node: t.Node) -> t.Node:
    """Return a tree with its free indices without primes: which of the groups is meant does not matter."""
    if isinstance(node, k.Local):
        return k.Local(node.name.rstrip("'"))
    return t.rebuild(node, renamed)


def near_miss(claim: Claim, world: World, seconds: float) -> str:
    """Return what one small change would make of a false claim: what, and the true line; empty if nothing does.

    A claim about estimates may also be true in one of their regimes. Of several changes the one that makes the
    shortest line is told, one of the right side before one of the left, as far as there is time to look for more.
    """
    best: tuple[tuple[int, int], str] | None = None
    try:
        with clock.limit(seconds):
            if regime := true_where(claim, world):
                return regime
            scopes = list(instances(world, claim, SCALE, (0, 1, 0), 3, seed=55))
            _warm(claim, scopes)
            begun = clock.now()
            for done, _, side, both in slips(claim, world, mutants, additions):
                if best is not None and clock.now() - begun > MORE:
                    break
                found = _stands(*both, claim, world, scopes)
                if isinstance(found, Claim) and not _trivial(found, scopes[0]):
                    tex = write(t.Chain(tuple(simplified(x) for x in both), (claim.relation,)))
                    if best is None:
                        begun = clock.now()
                    cost = (1 - side, len(tex))
                    if best is None or cost < best[0]:
                        best = cost, f"one change away from a true line ({done}): {tex}"
    except FormulaError:
        pass
    return best[1] if best else ""


def true_where(claim: Claim, world: World) -> str:
    """Return the regime of the estimates in which a false claim about them holds, if there is one."""
    written = dict.fromkeys(world.regimes) if regimes_of(world, claim) else {}
    for tex in written:
        regime = elaborated(parse(tex).statements[0], world)
        there = Claim(claim.relation, claim.written, claim.left, claim.right, (*claim.conditions, regime))
        try:
            if all(true_at(there, scope) for scope in instances(world, there, SCALE, (0, 1), 3, seed=91)):
                return f"true where {tex}"
        except clock.OutOfTime:
            clock.tick()
            return ""
        except Undecided:
            continue
    return ""


def _trivial(claim: Claim, scope: Scope) -> bool:
    """Return whether both sides of a claim say the same, so that its truth tells nothing."""
    return claim.left == claim.right or same_claim(claim.left, claim.right, scope) is not None
