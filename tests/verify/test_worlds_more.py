"""Lines of the literature in the worlds of two factors, random functions and sufficient statistics, and of REML.

Searle, Casella and McCulloch; Christensen; Rasmussen and Williams, chapter 2; Box and Tiao: their formulas in the
notation of the book (observations i, levels j and k), the wrong ones with what a slip makes of them.
"""

from fractions import Fraction as F

import pytest

from lmmtext.verify import WORLDS, check, logs
from lmmtext.verify.covariance_reml import _positive, covariance_estimates
from lmmtext.verify.errors import Undecided
from lmmtext.verify.mle import variance_estimates
from lmmtext.verify.scope import Scope
from lmmtext.verify.worlds.slopes import INTERIOR

P_A, P_B, P_AB, P_1 = (
    rf"\mathbf{{P}}_{{{x}}}" for x in (r"\mathbf{Z}_A", r"\mathbf{Z}_B", r"\mathbf{Z}_{AB}", r"\mathbf{1}_n")
)
CELL = r"(\sigma^2 + r\sigma_{\alpha\tau}^2)"
FIRST = r"(\sigma^2 + r\sigma_{\alpha\tau}^2 + s r\sigma_\alpha^2)"
SECOND = r"(\sigma^2 + r\sigma_{\alpha\tau}^2 + J r\sigma_\tau^2)"
WHOLE = r"(\sigma^2 + r\sigma_{\alpha\tau}^2 + s r\sigma_\alpha^2 + J r\sigma_\tau^2)"
NESTED = r"(\sigma^2 + r\sigma_\tau^2)"
OUTER = r"(\sigma^2 + r\sigma_\tau^2 + s r\sigma_\alpha^2)"

TRUE = {
    "spherical": (
        r"\boldsymbol{\alpha} = \boldsymbol{\Lambda} \mathbf{u}",
        r"\operatorname{Var}(\mathbf{u}) = \sigma^2 \mathbf{I}_m",
        r"\mathbf{V} = \sigma^2 (\mathbf{Z} \boldsymbol{\Psi} \mathbf{Z}^\top + \mathbf{I}_n)",
        r"\mathbf{V}^{-1} = \frac{1}{\sigma^2} (\mathbf{I}_n - \mathbf{Z} \boldsymbol{\Lambda} \mathbf{M}^{-1} \boldsymbol{\Lambda}^\top \mathbf{Z}^\top)",
        r"|\mathbf{V}| = \sigma^{2n} |\mathbf{M}|",
        r"\hat{\mathbf{u}} = \mathbf{M}^{-1} \boldsymbol{\Lambda}^\top \mathbf{Z}^\top (\mathbf{y} - \mathbf{X} \hat{\boldsymbol{\beta}})",
        r"\hat{\boldsymbol{\alpha}} = \boldsymbol{\Lambda} \hat{\mathbf{u}}",
    ),
    "anova": (
        r"Y_{ijk} = \mu + \alpha_j + \tau_k + (\alpha\tau)_{jk} + \epsilon_{ijk}",
        r"Y_{ijk} = \mu + a_j + b_k + (ab)_{jk} + \epsilon_{ijk}",
        r"\mathbf{Z}_A = \mathbf{I}_J \otimes \mathbf{1}_s \otimes \mathbf{1}_r",
        r"\mathbf{Z}_B = \mathbf{1}_J \otimes \mathbf{I}_s \otimes \mathbf{1}_r",
        rf"\operatorname{{E}}[\operatorname{{MSA}}] = {FIRST}",
        rf"\operatorname{{E}}[\operatorname{{MSB}}] = {SECOND}",
        rf"\operatorname{{E}}[\operatorname{{MSAB}}] = {CELL}",
        r"\operatorname{E}[\operatorname{MSE}] = \sigma^2",
        rf"\operatorname{{SSA}} = \mathbf{{Y}}^\top({P_A} - {P_1})\mathbf{{Y}}",
        rf"\operatorname{{SSAB}} = \mathbf{{Y}}^\top({P_AB} - {P_A} - {P_B} + {P_1})\mathbf{{Y}}",
        r"\operatorname{SSE} \sim \sigma^2 \chi^2_{Js(r-1)}",
        rf"|\mathbf{{V}}| = \sigma^{{2Js(r-1)}} {CELL}^{{Js - J - s + 1}} {FIRST}^{{J-1}} {SECOND}^{{s-1}} {WHOLE}",
        r"\operatorname{Cov}(Y_{ijk}, Y_{i'jk'}) = \sigma_\alpha^2",
        r"\operatorname{Var}(\bar Y_{\cdot\cdot\cdot}) = \frac{\sigma_\alpha^2}{J} + \frac{\sigma_\tau^2}{s} + \frac{\sigma_{\alpha\tau}^2}{Js} + \frac{\sigma^2}{n}",
        rf"\operatorname{{Var}}(\operatorname{{MSA}}) = \frac{{2 {FIRST}^2}}{{J - 1}}",
        r"\hat\mu = \bar y_{\cdot\cdot\cdot}",
    ),
    "anova-nested": (
        r"Y_{ijk} = \mu + \alpha_j + \tau_{jk} + \epsilon_{ijk}",
        rf"\operatorname{{E}}[\operatorname{{MSA}}] = {OUTER}",
        rf"\operatorname{{E}}[\operatorname{{MSB}}] = {NESTED}",
        r"\operatorname{E}[\operatorname{MSE}] = \sigma^2",
        rf"\operatorname{{SSB}} = \mathbf{{y}}^\top({P_AB} - {P_A})\mathbf{{y}}",
        rf"|\mathbf{{V}}| = \sigma^{{2Js(r-1)}} {NESTED}^{{J(s-1)}} {OUTER}^J",
        r"\operatorname{Cov}(Y_{ijk}, Y_{i'jk}) = \sigma_\alpha^2 + \sigma_\tau^2",
        r"\operatorname{Cov}(Y_{ijk}, Y_{i'jk'}) = \sigma_\alpha^2",
        r"\operatorname{Var}(\bar Y_{\cdot\cdot\cdot}) = \frac{\sigma_\alpha^2}{J} + \frac{\sigma_\tau^2}{Js} + \frac{\sigma^2}{Jsr}",
        r"\operatorname{SSE} \sim \sigma^2 \chi^2_{Js(r-1)}",
        r"\operatorname{E}\left[\frac{\operatorname{MSB} - \operatorname{MSE}}{r}\right] = \sigma_\tau^2",
    ),
    "gp": (
        r"K_y = K + \sigma_n^2 I",
        r"\bar f_* = \mathbf{k}_*^\top (K + \sigma_n^2 I)^{-1} \mathbf{y}",
        r"\mathbb{V}[f_* \mid \mathbf{y}] = k_{**} - \mathbf{k}_*^\top (K + \sigma_n^2 I)^{-1} \mathbf{k}_*",
        r"\bar{\mathbf{f}}_* = K(X_*, X)[K(X, X) + \sigma_n^2 I]^{-1}\mathbf{y}",
        r"\operatorname{Var}(\mathbf{f}_* \mid \mathbf{y}) = K(X_*, X_*) - K(X_*, X)[K(X, X) + \sigma_n^2 I]^{-1} K(X, X_*)",
        r"\ell = -\frac{1}{2} \mathbf{y}^\top (K + \sigma_n^2 I)^{-1} \mathbf{y} - \frac{1}{2} \log |K + \sigma_n^2 I| - \frac{n}{2} \log 2\pi",
        r"\hat{\mathbf{f}} = \mathbf{K}(\mathbf{K} + \sigma^2 \mathbf{I})^{-1}\mathbf{y}",
        r"\operatorname{Var}(\mathbf{f} \mid \mathbf{y}) = (\mathbf{K}^{-1} + \sigma^{-2} \mathbf{I})^{-1}",
        r"\operatorname{Var}(Y_* \mid \mathbf{y}) = k_{**} + \sigma^2 - \mathbf{k}_*^\top \mathbf{V}^{-1}\mathbf{k}_*",
        r"\frac{\partial \ell}{\partial \sigma_f^2} = \frac12 \mathbf{y}^\top \mathbf{V}^{-1} \frac{\mathbf{K}}{\sigma_f^2} \mathbf{V}^{-1}\mathbf{y} - \frac{1}{2 \sigma_f^2} \operatorname{tr}(\mathbf{V}^{-1}\mathbf{K})",
        r"\operatorname{E}[(f_* - \hat f_*)^2] = k_{**} - \mathbf{k}_*^\top \mathbf{V}^{-1} \mathbf{k}_*",
    ),
    "sufficient": (
        r"\bar{Y}_{j\cdot} \sim \mathrm{N}(\beta, \sigma_\alpha^2 + \sigma^2/r)",
        r"\bar{\mathbf{Y}} \sim \mathrm{N}(\beta\mathbf{1}_J, (\sigma_\alpha^2 + \sigma^2/r)\mathbf{I}_J)",
        r"\operatorname{SSE} \sim \sigma^2 \chi^2_{J(r-1)}",
        r"\operatorname{SSE} = \mathbf{c}^\top\mathbf{c}",
        r"\operatorname{Cov}(\mathbf{g}, \mathbf{c}) = \mathbf{0}",
        r"\operatorname{E}[\bar Y_{j\cdot} \mid \alpha_j] = \beta + \alpha_j",
        r"\operatorname{Var}(\bar Y_{j\cdot} \mid \alpha_j) = \sigma^2/r",
        r"\ell(\beta, \sigma^2, \sigma_\alpha^2) = -\frac{J(r-1)}{2}\log(2\pi\sigma^2) - \frac{\operatorname{SSE}}{2\sigma^2} - \frac{J}{2}\log r"
        r" - \frac{J}{2}\log\left(2\pi\left(\sigma_\alpha^2 + \frac{\sigma^2}{r}\right)\right) - \frac{\sum_{j=1}^J(\bar y_{j\cdot} - \beta)^2}{2(\sigma_\alpha^2 + \sigma^2/r)}",
        r"\lVert \mathbf{Y} - \beta\mathbf{1}_n\rVert^2 = \operatorname{SSE} + r\lVert \mathbf{g} - \beta\mathbf{1}_J\rVert^2",
        r"\operatorname{E}[\alpha_j \mid \mathbf{Y}] = \operatorname{E}[\alpha_j \mid \mathbf{g}]",
        r"\operatorname{E}[\alpha_j \mid \bar Y_{j\cdot}] = \frac{r\sigma_\alpha^2}{r\sigma_\alpha^2 + \sigma^2}(\bar Y_{j\cdot} - \beta)",
        r"\operatorname{Var}(\operatorname{vec}(\mathbf{T})) = \mathbf{I}_J \otimes (\sigma^2 \mathbf{I}_r + \sigma_\alpha^2 \mathbf{1}_r\mathbf{1}_r^\top)",
        r"\operatorname{SSE} = \operatorname{tr}(\mathbf{T}^\top (\mathbf{I}_r - \mathbf{P}_{\mathbf{1}_r}) \mathbf{T})",
        r"\mathbf{g} = \frac1r \mathbf{T}^\top \mathbf{1}_r",
    ),
    "bayes": (
        r"\operatorname{Var}(\boldsymbol\gamma \mid \mathbf{Y}) = \left(\frac{1}{\sigma^2}\mathbf{H}^\top\mathbf{H} + \boldsymbol\Omega^{-1}\right)^{-1}",
        r"\hat{\boldsymbol\gamma} = (\mathbf{H}^\top\mathbf{H} + \sigma^2\boldsymbol\Omega^{-1})^{-1}\mathbf{H}^\top\mathbf{y}",
        r"\mathbf{V} = \frac1\kappa\mathbf{X}\mathbf{X}^\top + \mathbf{Z}\mathbf{G}\mathbf{Z}^\top + \sigma^2\mathbf{I}",
        r"\boldsymbol\beta \sim \mathrm{N}(\mathbf{0}, \mathbf{I}_p/\kappa)",
    ),
}  # fmt: skip

FALSE = {
    "spherical": (
        r"\mathbf{G} = \boldsymbol{\Psi}",
        r"\mathbf{G} = \sigma^2 \boldsymbol{\Lambda}^\top \boldsymbol{\Lambda}",
        r"\mathbf{M} = \mathbf{Z}^\top \mathbf{Z} \boldsymbol{\Psi} + \mathbf{I}_m",
        r"|\mathbf{V}| = |\mathbf{M}|",
        r"\mathbf{G} \succ \mathbf{0}",  # Lambda may be singular
        r"\hat{\mathbf{u}} = \boldsymbol{\Lambda} \hat{\boldsymbol{\alpha}}",
    ),
    "anova": (
        r"\operatorname{E}[\operatorname{MSA}] = \sigma^2 + s r \sigma_\alpha^2",  # the interaction is not fixed
        rf"\operatorname{{E}}[\operatorname{{MSB}}] = {CELL} + s r \sigma_\tau^2",
        r"\operatorname{E}[\operatorname{MSAB}] = \sigma^2 + J r\sigma_{\alpha\tau}^2",
        rf"{P_A}{P_B} = \mathbf{{0}}",
        r"\operatorname{Cov}(Y_{ijk}, Y_{i'jk}) = \sigma_\alpha^2 + \sigma_\tau^2",
        r"\operatorname{SSE} \sim \sigma^2 \chi^2_{n - J - s}",
        r"\operatorname{Var}(\bar Y_{\cdot j\cdot}) = \sigma_\alpha^2 + \frac{\sigma_{\alpha\tau}^2}{s} + \frac{\sigma^2}{sr}",
    ),
    "anova-nested": (
        r"\operatorname{E}[\operatorname{MSA}] = \sigma^2 + s r \sigma_\alpha^2",
        r"\operatorname{MSB} = \frac{\operatorname{SSB}}{s - 1}",
        r"\operatorname{E}[\operatorname{MSB}] = \sigma^2 + s\sigma_\tau^2",
        rf"|\mathbf{{V}}| = \sigma^{{2Js(r-1)}} {NESTED}^{{s-1}} {OUTER}^J",
        r"\operatorname{Cov}(Y_{ijk}, Y_{i'jk'}) = \sigma_\alpha^2 + \sigma_\tau^2",
        r"\operatorname{Var}(\bar Y_{\cdot\cdot\cdot}) = \frac{\sigma_\alpha^2}{J} + \frac{\sigma_\tau^2}{s} + \frac{\sigma^2}{Jsr}",
    ),
    "gp": (
        r"\bar f_* = \mathbf{k}_*^\top K^{-1} \mathbf{y}",
        r"\operatorname{Var}(f_* \mid \mathbf{y}) = k_{**} + \sigma^2 - \mathbf{k}_*^\top \mathbf{V}^{-1} \mathbf{k}_*",
        r"\ell = -\frac{1}{2} \mathbf{y}^\top \mathbf{V}^{-1} \mathbf{y} - \frac{1}{2} \log |\mathbf{V}|",
        r"\operatorname{Var}(\mathbf{f} \mid \mathbf{y}) = \mathbf{K} (\mathbf{K} + \sigma^2\mathbf{I})^{-1}",
        r"\hat{\mathbf{f}} = \sigma^2(\mathbf{K} + \sigma^2 \mathbf{I})^{-1}\mathbf{y}",
        r"\frac{\partial \ell}{\partial \sigma_f^2} = \frac12 \mathbf{y}^\top \mathbf{V}^{-1} \frac{\mathbf{K}}{\sigma_f^2} \mathbf{V}^{-1}\mathbf{y} + \frac{1}{2 \sigma_f^2} \operatorname{tr}(\mathbf{V}^{-1}\mathbf{K})",
        r"\operatorname{Cov}(\mathbf{Y}, \mathbf{f}) = \mathbf{V}",
    ),
    "sufficient": (
        r"\bar{Y}_{j\cdot} \sim \mathrm{N}(\beta, \sigma_\alpha^2 + \sigma^2)",
        r"\operatorname{SSE} \sim \sigma^2\chi^2_{n-1}",
        r"\operatorname{Var}(\bar Y_{j\cdot} \mid \alpha_j) = \sigma_\alpha^2 + \sigma^2/r",
        r"\operatorname{SSE} = \mathbf{Y}^\top \mathbf{Y} - \mathbf{g}^\top\mathbf{g}",
        r"\operatorname{SSA} = \mathbf{g}^\top(\mathbf{I}_J - \mathbf{P}_{\mathbf{1}_J})\mathbf{g}",
        r"\operatorname{E}[\alpha_j \mid \bar Y_{j\cdot}] = \frac{\sigma_\alpha^2}{\sigma_\alpha^2 + \sigma^2}(\bar Y_{j\cdot} - \beta)",
        r"\operatorname{Var}(\operatorname{vec}(\mathbf{T})) = (\sigma^2 \mathbf{I}_J + \sigma_\alpha^2 \mathbf{1}_J\mathbf{1}_J^\top) \otimes \mathbf{I}_r",
    ),
    "bayes": (
        r"\operatorname{Var}(\boldsymbol\gamma \mid \mathbf{Y}) = (\mathbf{H}^\top\mathbf{H} + \boldsymbol\Omega^{-1})^{-1}",
        r"\mathbf{V} = \mathbf{Z}\mathbf{G}\mathbf{Z}^\top + \sigma^2\mathbf{I}",
    ),
}  # fmt: skip


def lines(of):
    return [(world, tex) for world, texs in of.items() for tex in texs]


@pytest.mark.parametrize(("world", "tex"), lines(TRUE))
def test_lines_of_the_literature_are_verified(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "verified", verdict
    assert all(link.mutants.rejected > 0 for link in verdict.links)


@pytest.mark.parametrize(("world", "tex"), lines(FALSE))
def test_slips_in_them_are_false(world, tex):
    assert check(tex, world).status == "false"


def test_dots_tell_which_mean_is_meant():
    assert check(r"\bar y_{\cdot j\cdot} = \bar y_{\cdot\cdot k}", "anova").status == "false"
    assert check(r"\bar y_{i\cdot\cdot} = \bar y", "anova").status == "unknown symbol"
    assert check(r"\bar y_{j\cdot} = \bar y_j", "one-way").links[0].kind == "tautology"


INSIDE, OUTSIDE = r"\operatorname{MSE} < \operatorname{MSA}", r"\operatorname{MSE} > \operatorname{MSA}"
ESTIMATES = (
    ("one-way", r"\hat\sigma_{\mathrm{R}}^2 = \operatorname{MSE}", INSIDE, "verified"),
    ("one-way", r"\hat\sigma_{\mathrm{R}}^2 = \operatorname{MSE}", None, "false"),
    ("one-way", r"\hat\sigma_{\alpha\mathrm{R}}^2 = \max\left(0, \frac{\operatorname{MSA} - \operatorname{MSE}}{r}\right)", None, "verified"),
    ("one-way", r"\hat\sigma_{\mathrm{R}}^2 = \frac{\operatorname{SSE} + \operatorname{SSA}}{n - 1}", OUTSIDE, "verified"),
    ("one-way", r"\hat\sigma_\alpha^2 = \frac{\operatorname{MSA} - \operatorname{MSE}}{r}", INSIDE, "false"),  # that is REML
    ("one-way", r"\hat\beta_{\mathrm{ML}} = \bar y", None, "verified"),
    ("one-way-unbalanced", r"\hat\beta_{\mathrm{ML}} = \bar y", None, "false"),
)  # fmt: skip


@pytest.mark.parametrize(("world", "tex", "where", "status"), ESTIMATES)
def test_estimates_by_ml_and_reml_are_told_apart_and_know_their_edges(world, tex, where, status):
    assert check(tex, world, where, mutants=False).status == status


def test_reml_of_a_covariance_matrix_is_the_moment_estimate_inside_and_not_on_the_edge():
    tex = r"\hat{\boldsymbol{\Sigma}} = \frac{1}{J - 1} \sum_{j=1}^{J} (\mathbf{b}_j - \bar{\mathbf{b}}) (\mathbf{b}_j - \bar{\mathbf{b}})^\top - \hat{\sigma}^2 \mathbf{S}^{-1}"
    assert check(tex, "random-regression-balanced", INTERIOR, mutants=False).status == "verified"
    assert check(tex, "random-regression-balanced", mutants=False).status == "false"


def restricted(scope, sigma2, Sigma):
    """Return the restricted log-likelihood, from its own definition: the density of contrasts."""
    moved = scope.moving("sigma2", (), type(Sigma).number(sigma2)).moving("Sigma", (), Sigma)
    K, V = scope("X").T.null_space(), moved("V")
    within, z = K.T @ V @ K, K.T @ scope("y")
    return -logs.real(logs.log(within.det())) - logs.real((z.T @ within.solve(z)).scalar)


@pytest.mark.parametrize("flat", [False, True])
def test_no_covariance_near_the_estimate_has_a_larger_restricted_likelihood(flat):
    scope = Scope(WORLDS["random-regression-balanced"].instance(3, 9, 0, flat=flat))
    sigma2, Sigma = covariance_estimates(scope)
    best = restricted(scope, sigma2, Sigma)
    tried = 0
    for step in (F(1, 50), F(-1, 50)):
        assert restricted(scope, sigma2 * (1 + step), Sigma) < best
        for u in ((1, 0), (0, 1), (1, 1), (1, -2)):
            change = type(Sigma).of([[a * b * step for b in u] for a in u])
            if _positive(Sigma + change) or step > 0:
                assert restricted(scope, sigma2, Sigma + change) < best
                tried += 1
    assert tried >= 4 and _positive(Sigma) != flat


@pytest.mark.parametrize("criterion", ["ml", "reml"])
def test_an_estimate_without_its_certificate_is_refused(criterion, monkeypatch):
    """With another root in the place of the right one, or none, the score is not what it must be."""
    instances = (WORLDS["one-way"].instance(seed, 50, 0) for seed in range(20))
    inside = next(x for x in instances if variance_estimates(Scope(x), criterion)[1])
    inside.caches.clear()
    for roots in ([], [F(1, 10**9)]):
        monkeypatch.setattr("lmmtext.verify.mle._stationary", lambda deviance, roots=roots: roots)
        with pytest.raises(Undecided, match="score is not zero"):
            variance_estimates(Scope(inside), criterion)
