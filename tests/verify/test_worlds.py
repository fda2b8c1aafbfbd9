"""Worlds: sizes are distinct, shapes are what they say, symbols are those of the notation, definitions are primitive."""

from fractions import Fraction as F
from itertools import combinations

import pytest

from lmmtext.notation import SYMBOLS
from lmmtext.verify.errors import Undecided
from lmmtext.verify.listing import describe
from lmmtext.verify.meaning import pattern_indices, spelled
from lmmtext.verify.parser import parse
from lmmtext.verify.scope import Scope
from lmmtext.verify.tree import Product
from lmmtext.verify.worlds import WORLDS

EACH = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


def free(scope, meaning):
    """Return the indices of an instance for the indices of a spelling."""
    return tuple(int(scope.instance.values["index", letter, 0]) for letter in pattern_indices(meaning.tex))


@EACH
@pytest.mark.parametrize("size", [0, 1, -1])
def test_every_symbol_has_a_value_of_the_shape_it_is_said_to_have(world, size):
    scope = Scope(world.instance(3, 9, size))
    env = {
        letter: F(scope.instance.values["index", letter, 0])
        for letter in "ij"
        if ("index", letter, 0) in scope.instance.values
    }
    for meaning in world.meanings:
        try:
            value = scope(meaning.name, *free(scope, meaning))
        except Undecided:
            assert size == -1, meaning.tex  # the smallest instances may be too small for an estimate
            continue
        shape = tuple(scope.dim(d.replaced(world.relations), env) for d in (meaning.rows, meaning.cols))
        assert value.shape == shape, meaning.tex
        if meaning.symmetric:
            assert (value - value.T).is_zero(), meaning.tex


@EACH
@pytest.mark.parametrize("size", [0, 1])
def test_sizes_of_the_evidence_differ_and_so_do_their_usual_differences(world, size):
    sizes = world.instance(0, 9, size).sizes
    free_sizes = {s: v for s, v in sizes.items() if s not in world.relations and v > 1 or s == "n"}
    assert len(set(free_sizes.values())) == len(free_sizes), free_sizes
    if "J" in sizes:
        assert sizes["J"] >= 3 or world.name == "random-slope"
    if {"J", "r"} <= set(sizes):
        J, r = sizes["J"], sizes["r"]
        assert len({J, r, J * r, J - 1, r - 1, J * r - J, 1}) == 7 or world.name not in ("one-way", "sufficient")


USUAL = (
    "1", "2", "{a}", "{a} - 1", "{a} + 1", "n - {a}", "n - 1", "{a} * {b}", "{a} * ({b} - 1)", "({a} - 1) * ({b} - 1)",
    "{a} + {b}", "{a} * {b} - 1",
)  # fmt: skip


def usual_sizes(sizes):
    """Return {expression: value} of what is made of sizes in formulas; the same polynomial once."""
    letters = [s for s in sizes if s.isalpha()]
    texts = {t.format(a=a, b=b) for t in USUAL for a in letters for b in letters if a != b}
    return {t: eval(t, dict(sizes)) for t in texts if "n" in letters or "n" not in t}


@EACH
def test_no_two_usual_sizes_agree_in_both_instances_of_the_evidence_unless_they_always_do(world):
    """J and r - 1, n - J and p: what agrees in both could be exchanged unseen."""
    names = [s for s in world.sizes if s.isalpha()]
    free = [s for s in names if s not in world.relations]

    def completed(values):
        return {s: world.relations[s].value(values.__getitem__) if s in world.relations else values[s] for s in names}

    near = [usual_sizes(completed(world.instance(0, 9, size).sizes)) for size in (0, 1)]
    far = [usual_sizes(completed({s: base**i for i, s in enumerate(free, 1)})) for base in (1009, 2003)]
    agreed = [
        (a, b)
        for a, b in combinations(sorted(near[0]), 2)
        if all(x[a] == x[b] for x in near) and not all(x[a] == x[b] for x in far)
    ]
    assert agreed == []


@pytest.mark.parametrize(
    "world", [w for w in WORLDS.values() if not w.open], ids=[n for n, w in WORLDS.items() if not w.open]
)
def test_an_instance_is_the_same_for_the_same_seed_and_another_for_another(world):
    name = next(
        m.name for m in world.meanings if m.kind in ("parameter", "given", "random") and not pattern_indices(m.tex)
    )
    values = [Scope(world.instance(seed, 1000, 0))(name).rows for seed in (1, 1, 2)]
    assert values[0] == values[1]
    assert values[0] != values[2] or name in ("X", "Z")


@EACH
def test_every_symbol_is_in_the_notation_or_wears_an_accent_index_or_dot_of_one_that_is(world):
    letters = set()
    for s in SYMBOLS:
        node = parse(s.tex).statements[0]
        letters |= {x.letter for x in node.factors} if isinstance(node, Product) else {spelled(s.tex)[0].letter}
    for meaning in world.meanings:
        assert spelled(meaning.tex)[0].letter in letters, meaning.tex


def test_definitions_of_the_notation_parse_and_name_no_closed_form():
    for s in SYMBOLS:
        if s.definition:
            parse(s.definition)
            assert "^{-1}" not in s.definition and r"\frac{\sigma" not in s.definition, s.tex


def test_the_covariance_of_the_response_is_computed_from_its_randomness():
    for name in ("one-way", "one-way-unbalanced", "random-slope", "random-regression", "general"):
        scope = Scope(WORLDS[name].instance(5, 50, 0))
        V, Z, G, s2 = (scope(x) for x in ("V", "Z", "G", "sigma2"))
        I = V.map(lambda x: F(0))  # noqa: E741
        I = type(V).identity(I.height)  # noqa: E741
        assert (V - Z @ G @ Z.T - I.times(s2.scalar)).is_zero(), name


def test_data_are_one_outcome_of_what_is_random():
    scope = Scope(WORLDS["random-slope"].instance(5, 50, 0))
    y, X, Z, beta, alpha, epsilon = (scope(x) for x in ("y", "X", "Z", "beta", "alpha", "epsilon"))
    assert (y - X @ beta - Z @ alpha - epsilon).is_zero()


def test_moments_only_means_that_conditional_moments_are_not_determined():
    assert not WORLDS["prediction"].normal and WORLDS["prediction-normal"].normal


@EACH
def test_a_listing_tells_every_symbol_with_its_shape(world):
    told = describe(world)
    assert told["name"] == world.name and len(told["symbols"]) == len(world.meanings)
    assert all(s["words"] and s["shape"] for s in told["symbols"])
