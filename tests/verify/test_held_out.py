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
