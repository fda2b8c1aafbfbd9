"""Densities, what is proportional to them, their integrals, and optima in parameters."""

from fractions import Fraction as F

import pytest

from lmmtext.verify import check, logs
from lmmtext.verify.errors import Undecided

FORM = r"(\mathbf{y} - \mathbf{X}\boldsymbol\beta)^\top\mathbf{V}^{-1}(\mathbf{y} - \mathbf{X}\boldsymbol\beta)"
ONE_WAY = r"(\mathbf{y} - \mathbf{1}_n\bar y)^\top\mathbf{V}^{-1}(\mathbf{y} - \mathbf{1}_n\bar y)"
ERRORS = r"\lVert\mathbf{y} - \mathbf{X}\boldsymbol\beta - \mathbf{Z}\boldsymbol\alpha\rVert^2"
PENALISED = r"\frac{1}{2\sigma^2}\lVert\mathbf{Y} - \mathbf{H}\boldsymbol\gamma\rVert^2 + \frac12\boldsymbol\gamma^\top\boldsymbol\Omega^{-1}\boldsymbol\gamma"

TRUE = (
    ("general", rf"p(\mathbf{{y}} \mid \boldsymbol\beta, \sigma^2) = (2\pi)^{{-n/2}}|\mathbf{{V}}|^{{-1/2}}\exp\left(-\frac12 {FORM}\right)"),
    ("general", rf"\log p(\mathbf{{y}}) = -\frac n2 \log 2\pi - \frac12 \log|\mathbf{{V}}| - \frac12 {FORM}"),
    ("general", rf"f(\mathbf{{y}}) \propto \exp\left(-\frac12 {FORM}\right)"),
    ("general", rf"p(\mathbf{{y}} \mid \boldsymbol\alpha) \propto \exp\left(-\frac{{1}}{{2\sigma^2}} {ERRORS}\right)"),
    ("general", r"p(\boldsymbol\alpha \mid \mathbf{y}) \propto p(\mathbf{y} \mid \boldsymbol\alpha) p(\boldsymbol\alpha)"),
    ("bayes", rf"p(\boldsymbol\gamma \mid \mathbf{{Y}}) \propto \exp\left(-\left({PENALISED}\right)\right)"),
    ("bayes", r"p(\boldsymbol\gamma \mid \mathbf{Y}) = \frac{p(\mathbf{Y} \mid \boldsymbol\gamma) p(\boldsymbol\gamma)}{p(\mathbf{Y})}"),
    ("bayes", r"p(\boldsymbol\beta \mid \mathbf{Y}) \propto p(\mathbf{Y} \mid \boldsymbol\beta) p(\boldsymbol\beta)"),
    ("one-way", rf"L(\sigma^2, \sigma_\alpha^2) \propto |\mathbf{{V}}|^{{-1/2}}\exp\left(-\frac12 {ONE_WAY}\right)"),
    ("one-way", r"\int p(\mathbf{y}_j \mid \alpha_j) p(\alpha_j) \, d\alpha_j = p(\mathbf{y}_j)"),
    ("general", r"\frac{\partial}{\partial\boldsymbol\beta} \log p(\mathbf{y} \mid \boldsymbol\beta) = \mathbf{X}^\top\mathbf{V}^{-1}(\mathbf{y} - \mathbf{X}\boldsymbol\beta)"),
    ("one-way", r"\hat\beta = \arg\max_{\beta} \ell(\beta, \sigma^2, \sigma_\alpha^2)"),
    ("general", r"\hat{\boldsymbol\beta} = \arg\max_{\boldsymbol\beta} p(\mathbf{y} \mid \boldsymbol\beta, \sigma^2)"),
    ("general", rf"\hat{{\boldsymbol\beta}} = \arg\min_{{\boldsymbol\beta}} {FORM}"),
)  # fmt: skip
FALSE = (
    ("general", rf"p(\mathbf{{y}}) = |2\pi\mathbf{{V}}|^{{-1/2}}\exp\left(-{FORM}\right)"),
    ("general", rf"p(\mathbf{{y}}) = |\mathbf{{V}}|^{{-1/2}}\exp\left(-\frac12 {FORM}\right)"),  # its constant is lost
    ("general", rf"f(\mathbf{{y}}) \propto \exp\left(-{FORM}\right)"),
    ("general", rf"p(\mathbf{{y}} \mid \boldsymbol\alpha) \propto \exp\left(-\frac12 {FORM}\right)"),
    ("general", r"p(\boldsymbol\alpha \mid \mathbf{y}) \propto p(\mathbf{y} \mid \boldsymbol\alpha)"),  # the prior is lost
    ("bayes", r"p(\boldsymbol\beta \mid \mathbf{Y}) = p(\mathbf{Y} \mid \boldsymbol\beta) p(\boldsymbol\beta)"),
    ("one-way", rf"L(\sigma^2, \sigma_\alpha^2) \propto |\mathbf{{V}}|^{{-1}}\exp\left(-\frac12 {ONE_WAY}\right)"),
    ("one-way", rf"L(\sigma^2, \sigma_\alpha^2) \propto \exp\left(-\frac12 {ONE_WAY}\right)"),  # |V| moves as well
    ("one-way", r"\int p(\mathbf{y}_j \mid \alpha_j) \, d\alpha_j = p(\mathbf{y}_j)"),
    ("general", r"\hat{\boldsymbol\beta} = \arg\min_{\boldsymbol\beta} (\mathbf{y} - \mathbf{X}\boldsymbol\beta)^\top(\mathbf{y} - \mathbf{X}\boldsymbol\beta)"),
    ("one-way", r"\exp(-\sigma^2) = \exp(-2\sigma^2)"),
    ("one-way", r"\sqrt{\sigma^2 + 1} = \sqrt{\sigma^2 + 1 + \exp(-\sigma^2)}"),
)  # fmt: skip
UNDECIDED = (
    ("general", rf"p(\mathbf{{y}}) \propto \exp\left(-\frac{{1}}{{2\sigma^2}} {ERRORS}\right)", "neither before nor behind"),
    ("general", r"p(\boldsymbol\beta \mid \mathbf{y}) = 1", "a parameter is not"),
    ("general", rf"\exp\left(-\frac12 {FORM}\right) \propto p(\mathbf{{y}})", "proportional in what"),
    ("general", r"p(\mathbf{y} \mid \mathbf{Y}) = 1", "not random in all directions"),
    ("prediction", r"p(\mathbf{Y}) = 1", "first and second moments"),
    ("one-way", r"\int p(\mathbf{y}_j) \, d\alpha_j = 1", "function of the others|infinite"),
    ("one-way", r"\hat\sigma^2 = \arg\max_{\sigma^2} \ell(\sigma^2, \sigma_\alpha^2)", "not quadratic"),
    ("general", r"\hat{\boldsymbol\beta} = \arg\max_{\boldsymbol\beta} \lVert\mathbf{y} - \mathbf{X}\boldsymbol\beta\rVert^2", "no unique maximum"),
)  # fmt: skip


@pytest.mark.parametrize(("world", "tex"), TRUE)
def test_a_true_line_about_densities_is_verified(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "verified", verdict


@pytest.mark.parametrize(("world", "tex"), FALSE)
def test_a_false_line_about_densities_is_false(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "false", verdict


@pytest.mark.parametrize(("world", "tex", "says"), UNDECIDED)
def test_what_is_not_told_of_a_density_is_undecided(world, tex, says):
    verdict = check(tex, world)
    assert verdict.status == "undecided" and any(s in verdict.message for s in says.split("|")), verdict


def test_a_small_number_is_not_zero_and_what_cancels_is():
    tiny = logs.exp(F(-(10**6)))
    assert tiny and tiny - logs.exp(F(-(10**6) - 1)) and not tiny - tiny
    root = logs.inexact(logs.power(F(2), F(1, 2)))
    assert not (root * root - F(2))
    with pytest.raises(Undecided, match="differ by more than 50 digits"):
        tiny + F(1)


LIMITS = (
    ("general", r"\lim_{\sigma^2\to\infty} \sigma^2 \mathbf{V}^{-1} = \mathbf{I}", "verified"),
    ("general", r"\lim_{\sigma^2 \downarrow 0} \sigma^2\mathbf{V}^{-1} = \mathbf{I} - \mathbf{P}_{\mathbf{Z}}", "verified"),
    ("one-way", r"\lim_{\sigma_\alpha^2 \to \infty} \frac{r\sigma_\alpha^2}{\sigma^2 + r\sigma_\alpha^2} = 1", "verified"),
    ("one-way", r"\lim_{\sigma_\alpha^2 \to \infty} \frac{\sigma_\alpha^2}{\sigma^2 + r\sigma_\alpha^2} = 1", "false"),
    ("general", r"\lim_{\sigma^2 \to 0^+} \sigma^2\mathbf{V}^{-1} = \mathbf{I} - \mathbf{P}_{\mathbf{X}}", "false"),
    ("general", r"\lim_{t \to 0} \frac{|\mathbf{I} + t\mathbf{G}| - 1}{t} = \operatorname{tr}(\mathbf{G})", "verified"),
    ("general", r"\lim_{t \to 0} \frac{|\mathbf{I} + t\mathbf{G}| - 1}{t} = |\mathbf{G}|", "false"),
    ("one-way", r"\lim_{t \to 0} \frac{|t|}{t} = 1", "undecided"),
)  # fmt: skip


@pytest.mark.parametrize(("world", "tex", "status"), LIMITS)
def test_limits_at_zero_at_infinity_and_along_a_path_of_matrices(world, tex, status):
    verdict = check(tex, world)
    assert verdict.status == status, verdict


@pytest.mark.parametrize(
    "tex", ["1 = 1", r"\mathbf{V} = \mathbf{V}", r"\mathbf{X}\boldsymbol\beta = \mathbf{X}\boldsymbol\beta"]
)
def test_a_tautology_says_that_it_claims_nothing(tex):
    verdict = check(tex, "general")
    (link,) = verdict.links
    assert link.kind == "tautology" and "claims nothing" in verdict.message and link.mutants is None
