"""Formulas of the textbooks, right and wrong, judged: the checker must agree with what was worked out by hand."""

import pytest

from lmmtext.verify import check
from tests.verify.held_out import NOT_DECIDED, RIGHT, WRONG

MUTANTS_ARE_NOT_TRIED = (r"\perp", r"\propto", r"\ge", r"\le", r"\succ", r"\preceq", ">")


@pytest.mark.parametrize(("world", "tex", "where"), RIGHT)
def test_what_is_true_is_verified_and_wrong_variants_of_it_are_rejected(world, tex, where):
    verdict = check(tex, world, where or None)
    assert verdict.status == "verified", verdict
    link = verdict.links[0]
    assert any(x in tex for x in MUTANTS_ARE_NOT_TRIED) or link.kind == "tautology" or link.mutants.rejected, verdict


@pytest.mark.parametrize(("world", "tex", "where"), WRONG)
def test_what_is_not_true_is_refuted(world, tex, where):
    verdict = check(tex, world, where or None)
    assert verdict.status in ("false", "does not conform"), verdict


@pytest.mark.parametrize(("world", "tex", "where"), NOT_DECIDED)
def test_what_follows_from_nothing_is_neither_true_nor_false(world, tex, where):
    verdict = check(tex, world, where or None)
    assert verdict.status == "undecided", verdict


def test_what_is_declared_of_one_symbol_holds_together():
    both = r"\mathbf K = \mathbf K^\top, \mathbf K\mathbf X = \mathbf 0"
    assert check(r"\mathbf X^\top\mathbf K = \mathbf 0", "matrices", both).status == "verified"
    assert check(r"\mathbf K^\top = \mathbf K", "matrices", both).status != "false"
    assert (
        check(
            r"\mathbf P\mathbf P\mathbf P = \mathbf P",
            "matrices",
            r"\mathbf P^2 = \mathbf P, \mathbf P\mathbf X = \mathbf 0",
        ).status
        != "false"
    )


def test_a_failure_where_ranks_are_not_full_is_shown_with_its_values():
    verdict = check(r"\operatorname{rank}(\mathbf A + \mathbf B) = \operatorname{rank}(\mathbf A)", "matrices")
    assert verdict.status == "false" and "left side" in verdict.message


SAME = (
    ("general", r"\operatorname{Var}(Z\alpha + \epsilon) = V", "signs before uncorrelated terms of a variance"),
    ("one-way", r"\operatorname{Var}(Y_{ij} - Y_{i'j'}) = 2(\sigma_\alpha^2 + \sigma^2)", "signs before"),
    ("general", r"\operatorname{Cov}(\hat\alpha, \alpha) = \operatorname{Var}(\hat\alpha)", "both sides transposed"),
)


@pytest.mark.parametrize(("world", "tex", "reason"), SAME)
def test_a_variant_that_says_the_same_of_variances_or_transposed_is_no_survivor(world, tex, reason):
    verdict = check(tex, world)
    assert verdict.status == "verified" and any(reason in x for x in verdict.links[0].mutants.rewrites), verdict


def test_a_sign_before_a_correlated_term_of_a_variance_makes_another_claim():
    tex = r"\operatorname{Var}(Y_{ij} - \alpha_j) = \operatorname{Var}(Y_{ij} + \alpha_j)"
    assert check(tex, "one-way").status == "false"


def test_a_limit_in_a_size_is_not_taken_of_what_has_that_size():
    assert (
        check(r"\lim_{r\to\infty}\operatorname{E}[\alpha_j\mid\mathbf y] = \bar y_j-\beta", "one-way").status
        == "undecided"
    )
    assert (
        check(r"\lim_{r\to\infty}\frac{r\sigma_\alpha^2}{r\sigma_\alpha^2+\sigma^2} = 1", "one-way").status
        == "verified"
    )


def test_column_spaces_may_be_said_to_differ():
    assert check(r"C(X)\ne C(Z)", "general").status == "undecided"
