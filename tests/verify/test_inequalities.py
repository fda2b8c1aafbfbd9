"""Inequalities: proved by rules that have names, refuted by a point, or left undecided."""

import pytest
from sympy import symbols

from lmmtext.verify import check
from lmmtext.verify.signs import NONNEGATIVE, POSITIVE, REAL, sign

OLS = r"(\mathbf{X}^\top\mathbf{X})^{-1}\mathbf{X}^\top\mathbf{V}\mathbf{X}(\mathbf{X}^\top\mathbf{X})^{-1}"
GLS = r"(\mathbf{X}^\top\mathbf{V}^{-1}\mathbf{X})^{-1}"
EXPLAINED = r"\mathbf{G}\mathbf{Z}^\top\mathbf{V}^{-1}\mathbf{Z}\mathbf{G}"

TRUE = (
    ("one-way", r"\sigma^2 \ge 0"),
    ("one-way", r"\rho < 1"),
    ("one-way", r"\sigma^2 + r\sigma_\alpha^2 \ge \sigma^2"),
    ("one-way", r"\frac{r\sigma_\alpha^2}{\sigma^2 + r\sigma_\alpha^2} < 1"),
    ("one-way-unbalanced", r"\frac{\sigma_\alpha^2}{\sigma_\alpha^2 + \sigma^2/n_j} < 1"),
    ("one-way", r"\operatorname{E}[\operatorname{MSA}] = \sigma^2 + r\sigma_\alpha^2 \ge \sigma^2"),
    ("one-way", r"\operatorname{SSA} \ge 0"),
    ("one-way", r"\operatorname{MSE} \le \operatorname{SSE}"),
    ("one-way", r"n - J \ge 2"),
    ("one-way", r"|\operatorname{Corr}(Y_{ij}, \bar y_j)| \le 1"),
    ("one-way", r"\sum_{j=1}^J \alpha_j^2 \ge 0"),
    ("one-way", r"\mathbf{P}_{\mathbf{Z}} \succeq \mathbf{P}_{\mathbf{1}_n}"),
    ("one-way", r"\mathbf{V} \preceq (\sigma^2 + r\sigma_\alpha^2)\mathbf{I}"),
    ("exchangeable", r"\frac{\operatorname{Cov}(\beta_1, \beta_2)}{\operatorname{Var}(\beta_1)} \ge -\frac{1}{J - 1}"),
    ("general", r"\sigma^4 + 1 \ge 2\sigma^2"),
    ("general", r"\mathbf{V} \succ \mathbf{0}"),
    ("general", r"\mathbf{V} \succeq \sigma^2 \mathbf{I}"),
    ("general", r"\mathbf{V}^{-1} \preceq \frac{1}{\sigma^2}\mathbf{I}"),
    ("general", r"\mathbf{I} - \mathbf{P}_{\mathbf{X}} \succeq \mathbf{0}"),
    ("general", rf"{OLS} \succeq {GLS}"),
    ("general", rf"\mathbf{{G}} - {EXPLAINED} \succeq \mathbf{{0}}"),
    ("general", r"\operatorname{Var}(\boldsymbol\alpha \mid \mathbf{Y}) \preceq \operatorname{Var}(\boldsymbol\alpha)"),
    ("general", r"\mathbf{V}^{-1} \succeq \mathbf{Q}"),
    ("general", r"\mathbf{X}^\top\mathbf{V}^{-1}\mathbf{X} \succ \mathbf{0}"),
    ("general", r"|\mathbf{V}| \ge |\sigma^2\mathbf{I}_n|"),
    ("general", r"\mathbf{y}^\top\mathbf{V}^{-1}\mathbf{y} \le \frac{1}{\sigma^2}\mathbf{y}^\top\mathbf{y}"),
    ("random-regression", r"\mathbf{V}_j \succeq \mathbf{X}_j\boldsymbol\Sigma\mathbf{X}_j^\top"),
    ("random-regression", r"\sigma^2\mathbf{S}_j^{-1} + \boldsymbol\Sigma \succ \boldsymbol\Sigma"),
)  # fmt: skip
FALSE = (
    ("one-way", r"\sigma^2 > \sigma_\alpha^2"),
    ("one-way", r"\operatorname{MSE} < \operatorname{SSA}"),
    ("one-way", r"\sum_{j=1}^J \alpha_j \ge 0"),
    ("one-way", r"\sum_{j=1}^J (j - 2) \ge 0"),
    ("one-way", r"n - J > 2"),
    ("one-way", r"\mathbf{V} \preceq (\sigma^2 + \sigma_\alpha^2)\mathbf{I}"),
    ("one-way", r"\mathbf{P}_{\mathbf{1}_n} \succeq \mathbf{P}_{\mathbf{Z}}"),
    ("exchangeable", r"\frac{\operatorname{Cov}(\beta_1, \beta_2)}{\operatorname{Var}(\beta_1)} \ge \frac{1}{J - 1}"),
    ("general", r"\mathbf{V} \succ \sigma^2 \mathbf{I}"),  # ZGZ' is singular: only weakly
    ("general", r"\sigma^4 + 1 > 2\sigma^2"),  # equal at one
    ("general", r"\mathbf{Z}\mathbf{G}\mathbf{Z}^\top \succ \mathbf{0}"),
    ("general", rf"{GLS} \succeq {OLS}"),
    ("general", rf"\mathbf{{G}} - 2{EXPLAINED} \succeq \mathbf{{0}}"),
    ("general", r"\sigma^2 < \mathbf{Y}^\top\mathbf{Y}"),  # near the edge of the variances
    ("general", r"\mathbf{V}^{-1} \succeq \frac{1}{\sigma^2}\mathbf{I}"),
)  # fmt: skip
UNDECIDED = (
    ("one-way", r"J \le 6"),  # so it is in every instance that is drawn
    ("general", r"\sigma^2 \ge \log \sigma^2"),
    ("general", r"\sigma^2 < 10^9"),
    ("general", r"\mathbf{y}^\top\mathbf{y} \le \mathbf{y}^\top\mathbf{V}\mathbf{y}"),
    ("general", r"\mathbf{X}^\top\mathbf{X} \succeq \mathbf{I}"),
)


@pytest.mark.parametrize(("world", "tex"), TRUE)
def test_an_inequality_that_a_rule_shows_is_verified(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "verified", verdict
    assert "proved" in verdict.links[-1].how


@pytest.mark.parametrize(("world", "tex"), FALSE)
def test_an_inequality_that_fails_somewhere_is_false(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "false", verdict
    assert verdict.links[-1].counterexample is not None


@pytest.mark.parametrize(("world", "tex"), UNDECIDED)
def test_an_inequality_that_only_held_at_points_is_undecided(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "undecided" and "proves no inequality" in verdict.message, verdict


def test_a_quadratic_form_in_a_difference_of_columns_is_judged():
    form = r"(\mathbf{d} - \boldsymbol{\delta})^\top \mathbf{V} (\mathbf{d} - \boldsymbol{\delta}) \ge 0"
    assert check(form, "prediction", where=r"\mathbf{d} \in \mathbb{R}^{n}").status == "verified"


def test_a_condition_can_be_a_premise():
    tex = r"\frac{\operatorname{SSA}}{J} - \operatorname{MSE} > 0"
    assert check(tex, "one-way", r"\operatorname{MSE} < \operatorname{SSA}/J").status == "verified"
    assert check(tex, "one-way").status == "false"


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\mathbf{A}^{-1} \succeq (\mathbf{A} + \mathbf{C})^{-1}", "verified"),
        (r"\mathbf{A}^{-1} \preceq (\mathbf{A} + \mathbf{C})^{-1}", "false"),
        (r"\mathbf{A} \succeq \mathbf{A} - \mathbf{B}^\top \mathbf{A}^{-1} \mathbf{B}", "verified"),
        (r"\mathbf{B}^\top \mathbf{C} \mathbf{B} \succeq \mathbf{0}", "verified"),
        (r"\mathbf{A} \mathbf{C} \mathbf{A} \succ \mathbf{0}", "false"),  # C may be singular
        (r"(\mathbf{A} + \mathbf{C})^2 \succeq \mathbf{A}^2", "false"),
    ],
)
def test_a_matrix_that_is_declared_definite_counts_as_definite(tex, expected):
    shape = r" \in \mathbb{R}^{n \times n}"
    where = ", ".join(
        letter + declared
        for letter, kind in ((r"\mathbf{A}", r" \succ \mathbf{0}"), (r"\mathbf{C}", r" \succeq \mathbf{0}"))
        if letter in tex
        for declared in (kind, shape)
    )
    assert check(tex, "matrices", where).status == expected


a, b, x = symbols("a b x")
KINDS = {a: POSITIVE, b: NONNEGATIVE, x: REAL}


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (a + b, "+"), (b, "0+"), (a * b, "0+"), (x**2, "0+"), (x**2 + a, "+"), (x, ""), (a - b, ""), ((a - b) ** 2, "0+"),
        (a**2 - a * x + x**2, "0+"), (a**2 - 3 * a * x + x**2, ""), (-a - b, "-"), (b / (a + b), "0+"), (a - a, "0"),
        (1 / x, ""), (x**2 - 2 * x + 2, "+"), ((a - b) / (a + b), ""),
    ],
)  # fmt: skip
def test_signs_are_told_by_coefficients_squares_and_factors(expr, expected):
    assert sign(expr, KINDS) == expected
