"""The judge: a claim is evaluated exactly in instances of its world, and the smallest failure is shown."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from lmmtext.verify import calculus, clock, densities, logs, moments, optima
from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand
from lmmtext.verify.claims import Claim, elaborated, kind_of
from lmmtext.verify.degrees import chance
from lmmtext.verify.differences import seen, told
from lmmtext.verify.dims import Dim
from lmmtext.verify.errors import Singular, Undecided, Undefined
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.mle import ESTIMATES
from lmmtext.verify.parser import parse
from lmmtext.verify.relations import EQUAL, SPACES, holds, link_holds
from lmmtext.verify.scope import Scope
from lmmtext.verify.verdict import Counterexample, Link
from lmmtext.verify.world import Instance, World

RULES_LOADED = (calculus, densities, moments, optima)
GRID = 10**6
SIZES_SHOWN: tuple[str, ...] = ("J", "s", "r", "n", "p", "q", "m")
POINTS = 4
SPECIAL_POINTS = 40
SMALL = 5  # for exponentials, which of large numbers are so small that digits do not tell them from zero
TRIES = 60
PATIENCE, REFUSALS = 15, 2  # instances in which a regime, or with it the condition, is looked for in vain


def instances(
    world: World,
    claim: Claim,
    scale: int,
    sizes: tuple[int, ...],
    points: int,
    seed: int = 0,
    *,
    special: bool = False,
) -> Iterator[Scope]:
    """Yield scopes in which the conditions of a claim hold; Undecided if none is found.

    Where estimates have regimes, each point is looked for in its own, for a while: the condition of the claim may leave
    some of them out.
    """
    found = tried = missed = 0
    regimes = regimes_of(world, claim)
    refused: Counter[t.Node] = Counter()
    while found < points:
        tried += 1
        if tried > points * TRIES:
            raise Undecided("no instance of the world was found in which the condition holds")
        wanted = regimes[found % len(regimes)] if regimes else None
        if wanted is not None and (missed >= PATIENCE or refused[wanted] >= REFUSALS):
            wanted = None
        flat = bool(regimes) and (tried % 2 == 1 if wanted is None else wanted != regimes[0])
        scope = Scope(world.instance(seed + tried, scale, sizes[found % len(sizes)], flat=flat, special=special))
        for condition in claim.conditions:
            set_parameter(condition, scope)
        if wanted is not None and not holds(wanted, scope, {}):
            missed += 1
            continue
        if not _meets(claim, scope):
            if wanted is not None:
                refused[wanted] += 1
            continue
        found += 1
        missed = 0
        yield scope


def _meets(claim: Claim, scope: Scope) -> bool:
    """Return whether the conditions of a claim hold here, and what it is about exists.

    Where symbols are arbitrary a determinant may be negative: a formula with its logarithm is not about such matrices.
    """
    try:
        if not all(holds(c, scope, {}) for c in claim.conditions):
            return False
    except Singular:
        return False
    if scope.instance.world.special == "all":
        try:
            link_holds(claim.relation, claim.left, claim.right, scope, {})
        except Undefined:
            return False
        except Undecided:
            return True  # it is for the judge to say why
    return True


def regimes_of(world: World, claim: Claim) -> list[t.Node]:
    """Return the regimes in which a claim about estimates of variances is to be tried."""
    if not estimates_in(claim):
        return []
    return [elaborated(parse(x).statements[0], world) for x in world.regimes]


def estimates_in(claim: Claim) -> set[str]:
    """Return the estimates of variances, by ML or REML, that a claim or its conditions name."""
    names = {
        n.name for side in (claim.left, claim.right, *claim.conditions) for n in t.walk(side) if isinstance(n, k.Ref)
    }
    return names & ESTIMATES


def exponential_in(claim: Claim) -> bool:
    """Return whether a claim is about exponentials: densities, likelihoods."""
    nodes = [n for side in (claim.left, claim.right) for n in t.walk(side)]
    return any(
        isinstance(n, k.Density)
        or (isinstance(n, k.Likelihood) and not n.log)
        or (isinstance(n, t.Call) and n.name == "exp")
        for n in nodes
    )


def set_parameter(condition: t.Node, scope: Scope) -> None:
    """Make a condition such as beta = 0 true: no draw would hit it."""
    if not (isinstance(condition, t.Chain) and condition.relations == ("=",)):
        return
    symbol, value = condition.operands
    if isinstance(symbol, k.Ref) and not symbol.indices and scope.instance.world.is_parameter(symbol):
        scope.instance.values[symbol.name] = evaluate(value, scope, {})
        scope.cache.clear()


def true_at(claim: Claim, scope: Scope) -> bool:
    """Return whether a claim holds at one point."""
    return link_holds(claim.relation, claim.left, claim.right, scope, {})


def judge(claim: Claim, world: World, seconds: float) -> Link:
    """Return what is found about one link, within a time limit that is told."""
    kind = kind_of(claim, world)
    if kind == "tautology":
        how = "both sides are one and the same thing, so this claims nothing"
        return Link(claim.tex, "verified", kind, how)
    start = clock.now()
    bound: Fraction | None = Fraction(1)
    passed = 0
    exponential = exponential_in(claim)
    points = 8 if exponential else 3 if kind == "limit" else POINTS
    grid = SMALL if exponential else GRID
    try:
        with clock.limit(seconds):
            for scope in instances(world, claim, grid, (0, 1), points):
                if not true_at(claim, scope):
                    return Link(claim.tex, "false", kind, "", counterexample(claim, world, scope))
                passed += 1
                each = chance(claim.left, claim.right, scope, {}, grid) if claim.relation in EQUAL else None
                bound = None if each is None or bound is None or claim.conditions else bound * each
                if clock.now() - start > seconds / 3 and passed >= 2 and kind != "inequality":
                    break
    except clock.OutOfTime:
        if passed < 2:
            return Link(claim.tex, "undecided", kind, f"the time allowed ({seconds:.3g} s) was not enough")
    except Singular as error:
        return Link(claim.tex, "undecided", kind, error.message)
    except Undecided as error:
        return Link(claim.tex, "undecided", kind, error.message)
    if (failed := special_failure(claim, world, max(0.2, min(2.0, (seconds - clock.now() + start) / 2)))) is not None:
        return Link(claim.tex, "false", kind, "", show(claim, failed))
    if kind == "inequality":
        return _not_refuted(claim, world, seconds - (clock.now() - start), passed)
    return Link(claim.tex, "verified", kind, _evidence(claim, kind, passed, bound))


def special_failure(claim: Claim, world: World, seconds: float) -> Scope | None:
    """Return a point at which a claim fails because something arbitrary is special there; None if none is found.

    Ranks, column spaces, projectors and orders are not continuous: what holds wherever matrices have full rank, which
    is almost everywhere, may fail where they have not. Where a side has no value, because an inverse in it does not
    exist, nothing was claimed.
    """
    if world.special != "all" and not (world.special and _jumps(claim)):
        return None
    tried = 0
    try:
        with clock.limit(seconds):
            for scope in instances(world, claim, 3, (-1, 0), SPECIAL_POINTS, seed=4000, special=True):
                tried += 1
                try:
                    if not true_at(claim, scope):
                        return scope
                except clock.OutOfTime:
                    raise
                except Undecided:
                    continue
    except Undecided:  # no time is left, or no more points at which the conditions hold
        pass
    return None


def _jumps(claim: Claim) -> bool:
    """Return whether a claim is about ranks, column spaces or orders, which are not continuous in what is drawn."""
    if claim.relation not in (*EQUAL, "propto") and not claim.relation.startswith("~"):
        return True
    nodes = [*t.walk(claim.left), *t.walk(claim.right)]
    return any(
        isinstance(n, (k.Space, k.Projector, t.Marked)) or (isinstance(n, t.Call) and n.name in ("rank", "dim"))
        for n in nodes
    )


def _not_refuted(claim: Claim, world: World, seconds: float, passed: int) -> Link:
    """Look for a failure of an inequality near the edges; without one it is neither refuted nor proved."""
    from lmmtext.verify.edges import refuted

    try:
        with clock.limit(max(0.2, min(2.0, seconds / 2))):
            failed, tried = refuted(world, claim)
    except Undecided:
        failed, tried = None, 0
    if failed is not None:
        return Link(claim.tex, "false", "inequality", "", counterexample(claim, world, failed))
    held = f"held at all {passed + tried} points tried, which proves no inequality"
    return Link(claim.tex, "undecided", "inequality", held)


def _evidence(claim: Claim, kind: str, passed: int, bound: Fraction | None) -> str:
    """Say how a claim was verified."""
    what = {
        "moment": "moments computed exactly",
        "distribution": "the law of this polynomial in normal variables, exactly, held",
        "limit": "the limit of Laurent series with rational coefficients",
        "optimum": "optimum found from the values of what is optimised",
        "definition": "this is the definition",
        "identity": "both sides exactly equal",
    }[kind]  # fmt: skip
    if claim.relation in SPACES or isinstance(claim.left, k.Space):
        what = "column spaces compared by exact ranks"
        if claim.relation in ("subseteq", "supseteq"):
            what += r" (of \subset and \subseteq alike, equal spaces are subsets; for less write \subsetneq)"
    if claim.relation == "in":
        what = "in the column space, the rank being no higher with it,"
        if isinstance(claim.right, k.Reals):
            what = "of this shape in symbols, and so"
    if claim.relation == "propto":
        what = "the ratio of both sides exactly the same for other values of what the left side is a function of,"
    if claim.relation in ("indep", "perp"):
        what = "independent (or orthogonal), the products with the covariance between the two being zero exactly"
    if kind == "optimum" and estimates_in(claim):
        what = "every stationary point of the likelihood and its edge compared, the score exactly zero,"
    text = f"{what} at {passed} random rational points"
    if claim.conditions:
        text += " at which the condition holds"
    if bound is not None and 0 < bound < 1:
        digits = len(str(bound.denominator // max(1, bound.numerator))) - 1
        text += f"; a false identity would pass with probability below 10^-{digits} (Schwartz-Zippel)"
    return text


def counterexample(claim: Claim, world: World, failed: Scope) -> Counterexample | None:
    """Return the simplest failure that can be found: small sizes, small numbers; else the one at hand."""
    best: tuple[int, Counterexample] | None = None
    for scale, size in ((2, -1), (3, -1), (5, -1), (5, 0)):
        try:
            for scope in instances(world, claim, scale, (size,), 12, seed=1000):
                if not true_at(claim, scope):
                    shown = show(claim, scope)
                    cost = len(str(shown))
                    if best is None or cost < best[0]:
                        best = (cost, shown)
        except Undecided:
            continue
        if best:
            return best[1]
    return show(claim, failed)


def show(claim: Claim, scope: Scope) -> Counterexample:
    """Return both values at a point, an element of them if they are matrices, and the numbers that went into them."""
    instance = scope.instance
    free = {s: Dim.of(s).replaced(instance.world.relations) for s in SIZES_SHOWN if s in instance.sizes}
    sizes = {s: instance.sizes[s] for s, d in free.items() if d == Dim.of(s) or len(d.terms[0][0]) > 1}
    drawn = {}
    for name in seen(claim, scope):
        meaning = instance.world.by_name.get(name)
        number = meaning is not None and all(
            d.replaced(instance.world.relations) == Dim.of(1) for d in (meaning.rows, meaning.cols)
        )
        if meaning is not None and number and claim.left != k.Ref(name) and claim.right != k.Ref(name):
            drawn[meaning.tex] = text(scope(name).scalar)
    found = told(claim, scope)
    if found.said:
        return Counterexample(sizes, "as written", "does not hold", drawn, said=found.said)
    return Counterexample(sizes, text(found.left), text(found.right), drawn, found.element, found.what)


def text(x: Any) -> str:
    """Return a value as a simple fraction, or in digits if it is none."""
    if isinstance(x, Fraction):
        shown = str(x)
        return shown if len(shown) <= 24 else f"{float(x):.6g}"
    if isinstance(x, Rand):
        return "a random quantity"
    return str(logs.MP.nstr(logs.real(x), 10))


def example_instance(world: World) -> Instance:
    """Return the instance that listings show."""
    return world.instance(0, 3, -1)
