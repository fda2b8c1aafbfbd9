r"""What is said of a false line: which moment, copy or rank fails, what is missing, and where it would be true."""

import re

import pytest

from lmmtext.verify import check
from lmmtext.verify.mutate import simplified
from lmmtext.verify.parser import parse
from lmmtext.verify.write import write

SAID = {
    "the mean of a law": ("general", r"Y \sim N(0, V)", ("the means differ", "left side 2, right side 0")),
    "the variance of a law": ("general", r"Y \sim N(X\beta, \sigma^2 I)", ("the variances differ",)),
    "the mean of a conditional law": ("general", r"Y \mid \alpha \sim N(X\beta, \sigma^2 I)", ("the means differ",)),
    "degrees of freedom": (
        "one-way", r"\operatorname{SSE}/\sigma^2 \sim \chi^2_{n-1}", ("degrees of freedom differ", "side 2, right side 3"),
    ),
    "the scale of a chi-square": ("one-way", r"\operatorname{SSE} \sim \chi^2_{n-J}", ("the scales differ",)),
    "what is no chi-square": ("general", r"y'y \sim \chi^2_n", ("no multiple of a chi-square",)),
    "copies that are dependent": (
        "one-way", r"Y_{ij} \stackrel{iid}{\sim} N(\beta, \sigma_\alpha^2 + \sigma^2)", ("j = 1, i = 1", "dependent"),
    ),
    "copies that are not alike": (
        "one-way-unbalanced", r"\bar y_j \stackrel{iid}{\sim} N(\beta, \sigma_\alpha^2 + \sigma^2/n_j)", ("not the same for j = 1",),
    ),
    "columns that are dependent": ("general", r"\hat\beta \perp Y", ("dependent: the covariance",)),
    "ranks of spaces": ("general", r"C(Z) \subseteq C(X)", ("the rank of [Z, X] is 3, that of Z 2, that of X 1",)),
    "a term that is missing": ("one-way", r"\operatorname{Var}(Y_{ij}) = \sigma_\alpha^2", (r"a term \sigma^2 missing",)),
    "where an estimate is off the edge": (
        "one-way", r"\hat\sigma^2 = \operatorname{MSE}", (r"It is true where \operatorname{MSE} < \operatorname{SSA}/J",),
    ),
    "the sum of squares of another factor": (
        "anova", r"\operatorname{E}[SSB] = (s - 1)(J - 1)(r\sigma_{\alpha\tau}^2 + \sigma^2)", ("another sum of squares", "SSAB"),
    ),
    "an identity": ("general", r"V = \sigma^2 + ZGZ'", ("is an identity missing?",)),
    "a vector of ones": ("one-way", r"y - \beta = 0", ("is a vector of ones missing?",)),
    "the transpose of the left factor": ("prediction", r"\delta = \psi V^{-1}", ("is a transpose missing?",)),
    "shapes that are sums": ("bayes", r"\Omega = V", (r"(m + p) x (m + p)",)),
    "sums without bounds": ("matrices", r"\sum_i a_i = 1", ("write how far it runs",)),
    "gradients": ("general", r"\nabla \ell = 0", ("write \\frac{\\partial f}",)),
    "words": ("general", r"V \text{ is positive definite}", ("the words 'is positive definite'",)),
    "quantifiers": ("general", r"Q X = 0 \text{ for all } X", ("leave 'for all' out",)),
    "capitals that would be columns": (
        "matrices", r"\langle \mathbf A, \mathbf B \rangle = \mathbf A' \mathbf B", ("is a matrix, being a bold capital",),
    ),
    "a condition on what is varied": (
        "matrices", r"\mathbf y = \arg\min_{\mathbf a \in C(\mathbf A)} \lVert \mathbf y - \mathbf a \rVert^2", ("over all values",),
    ),
    "functions of numbers": ("matrices", r"\log \mathbf{A} = \mathbf B", ("a number, and \\mathbf{A} is a matrix",)),
}  # fmt: skip


@pytest.mark.parametrize("what", SAID)
def test_what_is_wrong_is_named(what):
    world, tex, words = SAID[what]
    verdict = check(tex, world)
    assert verdict.status != "verified"
    assert all(word in verdict.message for word in words), verdict.message


def test_what_stands_only_inside_a_moment_is_not_shown_as_a_number():
    message = check(r"\operatorname{Var}(\bar y) = \sigma_\alpha^2", "one-way").message
    assert r"\bar{y} = " not in message


def test_what_stands_outside_of_moments_is_shown_as_a_number():
    assert r"\operatorname{MSE} = " in check(r"\hat\sigma^2 = 2 \operatorname{MSE}", "one-way").message


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        ("n - J 1", "n - J"),
        ("(J - 1) + 1", "J"),
        ("(J - 1) + 3", "J + 2"),
        ("a + (b - 1) - 1", "a + b - 2"),
        (r"\frac{a}{1}", "a"),
        ("2 a", "2 a"),
        ("1 - 1", "0"),
    ],
)
def test_a_hint_is_written_as_one_would_write_it(tex, plain):
    assert write(simplified(parse(tex).statements[0])) == plain


@pytest.mark.parametrize(
    ("world", "tex"),
    [
        ("general", r"V = ZGZ' + \sigma^2 I = R + ZGZ'"),
        ("general", r"V = ZGZ'"),
        ("general", "V = ZGZ"),
        ("general", "V = <"),
    ],
)
def test_a_verdict_in_a_notebook_has_no_colours_and_its_formulas_scroll(world, tex):
    """Readers have light and dark pages; a word and a sign say what a colour would."""
    html = check(tex, world)._repr_html_()
    assert not re.search(r"color\s*:|#[0-9a-f]{3}", html)
    assert html.count("<div") == html.count("</div>")
    assert all("overflow-x:auto" in part for part in re.findall(r"<(?:pre|div)[^>]*tabindex[^>]*>", html))
    assert "<script" not in html and "<V" not in html
