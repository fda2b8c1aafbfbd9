"""Any input at all gets a verdict in words, in time: nothing crashes, and nothing runs without bound."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmmtext.verify import check
from lmmtext.verify.verdict import ORDER
from tests.verify.corpora import DESIGN, displays

PIECES = (
    r"\mathbf{V}", r"\mathbf{X}", r"\mathbf{Z}", r"\mathbf{y}", r"\boldsymbol\beta", r"\sigma^2", r"\hat", r"\bar", "Y_{ij}", "n", "J", "r",
    "2", "0", "1", "+", "-", "=", r"\le", r"\sim", r"\mathrm N", "(", ")", "[", "]", "{", "}", "^", "_", r"^\top", "^{-1}", r"\frac",
    r"\sum_{j=1}^{J}", r"\lim_{\sigma^2 \to 0}", r"\operatorname{E}", r"\operatorname{Var}", r"\log", "|", r"\otimes", "&", r"\\", ",",
    r"\mid", r"\partial", r"\arg\min", r"\left", r"\right", r"\begin{pmatrix}", r"\end{pmatrix}", r"\int", r"\propto", r"\text{if }",
    r"\perp", r"\chi^2", "'", r"\lVert", r"\rVert", "/", r"\cdot", r"\dots", r"\in", r"\mathbb R", "%", "~", r"\succeq", r"\mathbf I",
)  # fmt: skip
WORLDS = st.sampled_from(("one-way", "general", "bayes", "matrices", "prediction"))
LINES = [*displays("random-effects-regression").values(), *DESIGN.values()]


def judged(tex, world, where=None):
    """Return how long a verdict took, after holding it to be one of those that there are."""
    start = time.process_time()
    verdict = check(tex, world, where, seconds=1.0)
    assert verdict.status in ORDER and verdict.message
    assert str(verdict) and verdict.as_dict() and verdict._repr_html_()
    return time.process_time() - start


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join), WORLDS)
def test_pieces_of_notation_in_any_order_get_a_verdict(tex, world):
    judged(tex, world)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=40), WORLDS)
def test_any_text_gets_a_verdict_and_so_does_any_condition(text, world):
    judged(text, world)
    judged("a = a", world, text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(LINES), st.integers(0, 10**6), WORLDS)
def test_a_formula_with_something_cut_out_doubled_or_put_in_gets_a_verdict(line, seed, world):
    rng = random.Random(seed)
    i, j = sorted(rng.choices(range(len(line) + 1), k=2))
    changed = rng.choice((line[:i] + line[j:], line[:j] + line[i:], line[:i] + rng.choice(PIECES) + line[i:]))
    judged(changed, world)


@pytest.mark.parametrize(
    ("tex", "status"),
    [
        (r"\sigma^{99999999} = 1", "cannot parse"),
        (r"\sigma^{2^{2^{2^{9}}}} = 1", "undecided"),
        ("(" * 500 + "a" + ")" * 500 + "=1", "unknown symbol"),
        (r"\frac{" * 200, "cannot parse"),
        ("a" * 20_000, "cannot parse"),
        (r"\sum_{j=1}^{10^9} j = 1", "undecided"),
        (r"\mathbf V\otimes\mathbf V\otimes\mathbf V\otimes\mathbf V = \mathbf 0", "undecided"),
        (r"\mathbf{I}_{10000} = \mathbf{I}_{10000}^\top", "undecided"),
        (r"\mathbf V^{1" + "1" * 300 + "}", "cannot parse"),
        (r"\operatorname{E}\left[\prod_{j=1}^J\prod_{i=1}^r Y_{ij}\right] = 1", "undecided"),
        (r"\operatorname{Var}\left(\left(\mathbf{Y}^\top\mathbf{V}^{-1}\mathbf{Y}\right)^4\right) = 1", "undecided"),
    ],
)
def test_what_is_too_deep_too_long_or_too_large_is_refused_in_words_and_in_time(tex, status):
    start = time.process_time()
    verdict = check(tex, "one-way", seconds=1.0)
    assert verdict.status == status, verdict
    assert time.process_time() - start < 10
