"""Mutants: every kind of slip is made, and a variant that says the same is recognised by a rewrite that has a name."""

from fractions import Fraction as F

import pytest

from lmmtext.verify.check import check
from lmmtext.verify.claims import elaborated
from lmmtext.verify.evaluate import evaluate, projector
from lmmtext.verify.matrix import Mat
from lmmtext.verify.mutate import additions, mutants
from lmmtext.verify.parser import parse
from lmmtext.verify.rewrites import same_claim
from lmmtext.verify.scope import Scope
from lmmtext.verify.worlds import WORLDS
from lmmtext.verify.write import write


def variants(tex, world="one-way"):
    return {(done, write(tree)) for done, tree in mutants(parse(tex).statements[0], WORLDS[world])}


@pytest.mark.parametrize(
    ("tex", "done", "made"),
    [
        ("a + b", "a sign flipped", "a - b"),
        ("a + b", "a term dropped", "a"),
        (r"\mathbf{A}\mathbf{B}", "factors swapped", r"\mathbf{B} \mathbf{A}"),
        (r"\mathbf{A}\mathbf{B}", "a factor dropped", r"\mathbf{A}"),
        (r"\mathbf{A}^\top", "a transpose dropped", r"\mathbf{A}"),
        (r"\mathbf{A}", "a transpose missing", r"\mathbf{A}^\top"),
        (r"\mathbf{A}^{-1}", "an inverse dropped", r"\mathbf{A}"),
        ("x^3", "an exponent off by one", "x^{3 - 1}"),
        ("r x", "r where J is needed", "J x"),
        ("n - J", "J where r is needed", "n - r"),
        (r"\sigma^2", "sigma^2 where sigma_alpha^2 is needed, or the reverse", r"\sigma_{\alpha}^{2}"),
        (r"\sigma_\alpha^2", "sigma^2 where sigma_alpha^2 is needed, or the reverse", r"\sigma^{2}"),
        ("x", "a factor 2 too much", "2 x"),
        ("x", "a factor 1/2 too much", r"\frac{x}{2}"),
        (r"y_{ij}", "subscripts exchanged", "y_{j i}"),
        (r"y_j", "a subscript exchanged", "y_{j'}"),
        (r"\mathbf{I}_n", "an identity of another size", r"\mathbf{I}_{J}"),
        (r"\sum_{j=1}^{J} x", "a sum that ends too early", r"\sum_{j = 1}^{J - 1} x"),
        (r"\hat\beta", "an accent dropped", r"\beta"),
    ],
)
def test_every_kind_of_slip_is_made(tex, done, made):
    assert (done, made) in variants(tex)


def test_a_slip_is_made_wherever_it_could_be():
    assert len([1 for done, _ in variants("(a + b)(c + d) + e") if done == "a sign flipped"]) == 6


def test_forgotten_factors_are_added_when_a_false_line_is_explained():
    made = {write(tree) for _, tree in additions(parse("a + b").statements[0], WORLDS["one-way"])}
    assert r"a + \frac{b}{\sigma^{2}}" in made and "2 (a + b)" in made


def test_no_slip_exchanges_two_names_of_one_size():
    assert not any("where m is needed" in done for done, _ in variants("J x"))


@pytest.mark.parametrize(
    ("world", "a", "b", "reason"),
    [
        ("general", r"\mathbf{V}^\top", r"\mathbf{V}", "symmetry"),
        ("general", r"\sigma^2 \mathbf{V}", r"\mathbf{V}\sigma^2", "numbers commute"),
        ("general", r"\mathbf{V} + \mathbf{Q}", r"\mathbf{Q} + \mathbf{V}", "the order of a sum"),
        ("general", r"\arg\min_{\mathbf{a}} (\mathbf{y} - \mathbf{X}\mathbf{a})^\top\mathbf{V}^{-1}(\mathbf{y} - \mathbf{X}\mathbf{a})",
         r"\arg\min_{\mathbf{a}} (\mathbf{y} - \mathbf{X}\mathbf{a})^\top(\mathbf{V}^\top)^{-1}(\mathbf{y} - \mathbf{X}\mathbf{a})", "symmetry"),
        ("general", r"\operatorname{tr}(\mathbf{V}\mathbf{Q})", r"\operatorname{tr}(\mathbf{Q}\mathbf{V})", "the trace of a cyclic product"),
        ("general", r"\mathbf{y}^\top\mathbf{X}\boldsymbol\beta", r"\boldsymbol\beta^\top\mathbf{X}^\top\mathbf{y}", "the transpose of a number"),
        ("one-way", r"\mathbf{P}_Z\mathbf{P}_Z", r"\mathbf{P}_Z", "idempotency"),
        ("one-way", r"\mathbf{V}^{-1}\mathbf{P}_Z", r"\mathbf{P}_Z\mathbf{V}^{-1}", "projections of a balanced layout commute"),
        ("random-regression", r"(\mathbf{y}_j + \mathbf{X}_j\mathbf{b}_j)^\top(\mathbf{y}_j - \mathbf{X}_j\mathbf{b}_j)",
         r"(\mathbf{y}_j - \mathbf{X}_j\mathbf{b}_j)^\top(\mathbf{y}_j - \mathbf{X}_j\mathbf{b}_j)", "the normal equations"),
        ("general", r"\min_{\mathbf{a}} \lVert \mathbf{y} - \mathbf{X}\mathbf{a} \rVert^2",
         r"\min_{\mathbf{a}} \lVert \mathbf{y} + \mathbf{X}\mathbf{a} \rVert^2", "what is minimised over, turned round"),
        ("general", r"\min_{\mathbf{a}} \frac{1}{\sigma^2} \lVert \mathbf{y} - \mathbf{X}\mathbf{a} \rVert^2",
         r"\min_{\mathbf{a}} \lVert \mathbf{y} - \mathbf{X}\mathbf{a} \rVert^2 \frac{1}{\sigma^2}", "numbers commute"),
    ],
)  # fmt: skip
def test_what_says_the_same_is_recognised_by_a_named_rewrite(world, a, b, reason):
    scope = Scope(WORLDS[world].instance(1, 9, 0))
    trees = [elaborated(parse(x).statements[0], WORLDS[world]) for x in (a, b)]
    assert reason in (same_claim(*trees, scope) or ())


@pytest.mark.parametrize(
    ("world", "a", "b"),
    [
        ("general", r"\mathbf{V}\mathbf{Q}", r"\mathbf{Q}\mathbf{V}"),
        ("general", r"\mathbf{Z}\mathbf{G}\mathbf{Z}^\top", r"\mathbf{V}"),
        ("one-way-unbalanced", r"\mathbf{V}^{-1}\mathbf{P}_Z", r"\mathbf{P}_Z\mathbf{V}^{-1}"),
        (
            "random-regression",
            r"\mathbf{y}_j^\top(\mathbf{y}_j - \mathbf{X}_j\mathbf{b}_j)",
            r"\mathbf{y}_j^\top\mathbf{y}_j",
        ),
        ("general", r"\sigma^2 + 1", r"\sigma^2 - 1"),
        (
            "general",
            r"\arg\min_{\mathbf{a}} \lVert \mathbf{y} - \mathbf{X}\mathbf{a} \rVert^2",
            r"\arg\min_{\mathbf{a}} \lVert \mathbf{y} + \mathbf{X}\mathbf{a} \rVert^2",
        ),
        (
            "general",
            r"\min_{\mathbf{a}} \left(\lVert \mathbf{y} - \mathbf{X}\mathbf{a} \rVert^2 - 2\boldsymbol\beta^\top\mathbf{a}\right)",
            r"\min_{\mathbf{a}} \left(\lVert \mathbf{y} + \mathbf{X}\mathbf{a} \rVert^2 - 2\boldsymbol\beta^\top\mathbf{a}\right)",
        ),
        (
            "general",
            r"\arg\min_{\mathbf{a}} (\mathbf{y} - \mathbf{X}\mathbf{a})^\top\mathbf{V}^{-1}(\mathbf{y} - \mathbf{X}\mathbf{a})",
            r"\arg\min_{\mathbf{a}} (\mathbf{y} - \mathbf{X}\mathbf{a})^\top\mathbf{V}(\mathbf{y} - \mathbf{X}\mathbf{a})",
        ),
    ],
)
def test_what_does_not_say_the_same_is_not_taken_for_it(world, a, b):
    scope = Scope(WORLDS[world].instance(1, 9, 0))
    trees = [elaborated(parse(x).statements[0], WORLDS[world]) for x in (a, b)]
    assert same_claim(*trees, scope) is None


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("size", [0, 1])
def test_facts_by_which_rewrites_are_named_are_true_in_every_instance(world, size):
    """A false fact would let a wrong variant pass: each is evaluated, products, expectations, sums and all."""
    for seed in range(2):
        scope = Scope(world.instance(seed, 99, size))

        def value(tex, scope=scope):
            return evaluate(elaborated(parse(tex).statements[0], world), scope, {})

        for left, weight, right in world.orthogonal:
            product = value(left) @ value(right) if weight == "1" else value(left) @ value(weight) @ value(right)
            assert product.is_zero(), (left, weight, right)
        for left, _, right in world.orthogonal_in_mean:
            assert value(rf"\operatorname{{E}}[{left} {right}]").is_zero(), (left, right)
        for deviation in world.deviations:
            assert value(rf"\sum_{{j=1}}^{{J}} ({deviation})").is_zero()
        for one, other in world.identified.items():
            assert (scope(one) - scope(other)).is_zero()
        family = [member(scope, name) for name in world.commuting]
        assert all((a @ b - b @ a).is_zero() for a in family for b in family)


def member(scope, name):
    """Return the value of a member of a commuting algebra: P_1, P_Z for projectors, others by their names."""
    if name == "P_1":
        return projector(Mat.full(scope.size("n"), 1, F(1)))
    return projector(scope(name[2:])) if name.startswith("P_") else scope(name)


def test_there_are_facts_to_hold():
    assert (
        sum(
            len(w.orthogonal) + len(w.orthogonal_in_mean) + len(w.deviations) + len(w.identified)
            for w in WORLDS.values()
        )
        >= 12
    )


@pytest.mark.parametrize(
    ("tex", "world"),
    [
        (
            r"\begin{pmatrix} \mathbf{I}_n & \mathbf{0} \\ \mathbf{Z}^\top & \mathbf{I}_m \end{pmatrix}"
            r" \begin{pmatrix} \sigma^2 \mathbf{I}_n & \mathbf{Z} \\ \mathbf{0} & \mathbf{G} \end{pmatrix}"
            r" = \begin{pmatrix} \sigma^2 \mathbf{I}_n & \mathbf{Z} \\ \sigma^2 \mathbf{Z}^\top &"
            r" \mathbf{Z}^\top \mathbf{Z} + \mathbf{G} \end{pmatrix}",
            "general",
        ),
        (
            r"\begin{pmatrix} 2 \mathbf{I}_n & \mathbf{A} \\ \mathbf{0} & \mathbf{B} \end{pmatrix}"
            r" \begin{pmatrix} \mathbf{C} \\ \mathbf{D} \end{pmatrix}"
            r" = \begin{pmatrix} 2 \mathbf{C} + \mathbf{A} \mathbf{D} \\ \mathbf{B} \mathbf{D} \end{pmatrix}",
            "matrices",
        ),
    ],
)
def test_a_multiple_of_the_identity_in_a_block_keeps_its_shape(tex, world):
    assert check(tex, world=world).status == "verified"


def test_a_claim_whose_variants_cannot_be_evaluated_is_undecided_and_no_crash():
    """Exponentials of the numbers that variants are tried at differ by more digits than are kept."""
    verdict = check(
        r"\begin{pmatrix} e^{a_1} & 0 \\ a_3 & e^{a_2} \end{pmatrix} \begin{pmatrix} e^{a_1} & a_3 \\ 0 & e^{a_2} \end{pmatrix}"
        r" = \begin{pmatrix} e^{2 a_1} & a_3 e^{a_1} \\ a_3 e^{a_1} & a_3^2 + e^{2 a_2} \end{pmatrix}",
        "matrices",
    )
    assert verdict.status == "undecided" and "no wrong variant of it was rejected" in verdict.message
