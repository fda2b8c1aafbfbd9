"""Laws and independence, exactly: of linear and quadratic forms in normal variables, of ratios, given something."""

import pytest

from lmmtext.verify import check

F_RATIO = r"\frac{\operatorname{MSA}/(\sigma^2 + r\sigma_\alpha^2)}{\operatorname{MSE}/\sigma^2}"
FITTED = r"(\mathbf{Y} - \mathbf{X}\boldsymbol\beta)"
LENGTH = r"\boldsymbol\beta^\top\mathbf{X}^\top\mathbf{V}^{-1}\mathbf{X}\boldsymbol\beta"
POSTERIOR = r"(\mathbf{H}^\top\mathbf{H}/\sigma^2 + \boldsymbol\Omega^{-1})^{-1}"

INDEPENDENT = (
    ("one-way", r"\operatorname{SSA} \perp \operatorname{SSE}"),
    ("one-way", r"\operatorname{MSA} \perp\!\!\!\perp \operatorname{MSE}"),
    ("one-way", r"\bar y_j \perp \operatorname{SSE}"),
    ("one-way", r"\hat\beta \perp \operatorname{SSE}"),
    ("one-way", r"\hat\beta \perp \operatorname{SSA}"),
    ("one-way", r"\operatorname{SSE} \perp \boldsymbol\alpha"),
    ("one-way-unbalanced", r"\operatorname{SSA} \perp \operatorname{SSE}"),
    ("general", r"\hat{\boldsymbol\beta} \perp \mathbf{Y}^\top\mathbf{Q}\mathbf{Y}"),
    ("general", r"\hat{\boldsymbol\beta} \perp \mathbf{Y} - \mathbf{X}\hat{\boldsymbol\beta}"),
    ("random-regression", r"\mathbf{b}_j \perp \lVert \mathbf{y}_j - \mathbf{X}_j\mathbf{b}_j \rVert^2"),
)
DEPENDENT = (
    ("one-way", r"\operatorname{SSA} \perp \boldsymbol\alpha"),
    ("one-way", r"\bar y_j \perp \operatorname{SSA}"),
    ("one-way-unbalanced", r"\bar y \perp \operatorname{SSA}"),
    ("general", r"\hat{\boldsymbol\beta} \perp \mathbf{Y}^\top\mathbf{Y}"),
    # uncorrelated, yet dependent: the third moments of a normal variable vanish, its square depends on it all the same
    ("general", rf"\mathbf{{V}}^{{-1}}{FITTED} \perp {FITTED}^\top\mathbf{{V}}^{{-1}}{FITTED}"),
    ("one-way", r"\epsilon_{ij} \perp \epsilon_{ij}^2"),
    ("one-way", r"\epsilon_{ij} + \epsilon_{i'j} \perp (\epsilon_{ij} - \epsilon_{i'j})\alpha_j + \epsilon_{ij}\alpha_j"),
)  # fmt: skip

TRUE = (
    ("general", rf"\mathbf{{Y}}^\top\mathbf{{V}}^{{-1}}\mathbf{{Y}} \sim \chi^2_n({LENGTH})"),
    ("general", rf"\mathbf{{Y}}^\top\mathbf{{V}}^{{-1}}\mathbf{{Y}} \sim \chi^2(n, {LENGTH})"),
    ("general", rf"{FITTED}^\top\mathbf{{V}}^{{-1}}{FITTED} \sim \chi^2_n"),
    ("general", r"\mathbf{Y}^\top \mathbf{Q} \mathbf{Y} \sim \chi^2_{n-p}"),
    ("one-way", rf"{F_RATIO} \sim F_{{J-1, n-J}}"),
    ("one-way", rf"{F_RATIO} \sim F(J-1, n-J)"),
    ("one-way", r"\frac{\operatorname{MSA}}{\operatorname{MSE}} \sim \frac{\sigma^2 + r\sigma_\alpha^2}{\sigma^2} F_{J-1, n-J}"),
    ("one-way", r"\frac{\hat\beta - \beta}{\sqrt{\operatorname{MSA}/n}} \sim t_{J-1}"),
    ("one-way", r"\frac{n(\hat\beta - \beta)^2}{\operatorname{MSA}} \sim F_{1, J-1}"),
    ("one-way", r"\operatorname{SSE} \sim \operatorname{Gamma}\left(\frac{n - J}{2}, \frac{1}{2\sigma^2}\right)"),
    ("one-way", r"\operatorname{SSE} \mid \boldsymbol\alpha \sim \sigma^2\chi^2_{n-J}"),
    ("general", r"\mathbf{Y} \mid \boldsymbol\alpha \sim \mathrm{N}(\mathbf{X}\boldsymbol\beta + \mathbf{Z}\boldsymbol\alpha, \sigma^2\mathbf{I})"),
    ("general", r"\mathbf{Y} \mid \boldsymbol\beta, \sigma^2 \sim \mathrm{N}(\mathbf{X}\boldsymbol\beta, \mathbf{V})"),
    ("bayes", rf"\boldsymbol\gamma \mid \mathbf{{Y}} \sim \mathrm{{N}}(\hat{{\boldsymbol\gamma}}, {POSTERIOR})"),
    ("one-way", r"Y_{ij} \mid \alpha_j \stackrel{\text{iid}}{\sim} \mathrm{N}(\beta + \alpha_j, \sigma^2)"),
    ("one-way", r"Y_{ij} \mid \alpha_j \stackrel{\text{ind}}{\sim} \mathrm{N}(\beta + \alpha_j, \sigma^2)"),
    ("one-way", r"\bar y_j \stackrel{\text{iid}}{\sim} \mathrm{N}(\beta, \sigma_\alpha^2 + \sigma^2/r)"),
    ("random-slope", r"\mathbf{Y}_j \stackrel{\text{ind}}{\sim} \mathrm{N}(\mathbf{X}_j\boldsymbol\beta, \mathbf{V}_j)"),
    ("one-way", r"\mathbf{1}_n^\top\mathbf{Y} \mathbf{1}_J^\top \sim \mathrm{MN}(n\beta\mathbf{1}_J^\top, n(\sigma^2 + r\sigma_\alpha^2), \mathbf{1}_J\mathbf{1}_J^\top)"),
)  # fmt: skip
FALSE = (
    ("general", rf"\mathbf{{Y}}^\top\mathbf{{V}}^{{-1}}\mathbf{{Y}} \sim \chi^2_n({LENGTH}/2)"),  # the other convention
    ("general", r"\mathbf{Y}^\top\mathbf{V}^{-1}\mathbf{Y} \sim \chi^2_n"),
    ("general", r"\mathbf{Y}^\top \mathbf{Y}/\sigma^2 \sim \chi^2_n"),
    ("one-way", r"\operatorname{SSA}/\sigma^2 \sim \chi^2_{J-1}"),
    ("one-way", r"\frac{\operatorname{MSA}}{\operatorname{MSE}} \sim F_{J-1, n-J}"),
    ("one-way", rf"{F_RATIO} \sim F_{{n-J, J-1}}"),
    ("one-way", r"\frac{\hat\beta - \beta}{\sqrt{\operatorname{MSE}/n}} \sim t_{n-J}"),
    ("one-way", r"\frac{\hat\beta}{\sqrt{\operatorname{MSA}/n}} \sim t_{J-1}"),
    ("one-way", r"\operatorname{SSE} \sim \operatorname{Gamma}\left(\frac{n - J}{2}, 2\sigma^2\right)"),
    ("one-way", r"\operatorname{SSA} \mid \boldsymbol\alpha \sim (\sigma^2 + r\sigma_\alpha^2)\chi^2_{J-1}"),
    ("general", r"\mathbf{Y} \mid \boldsymbol\alpha \sim \mathrm{N}(\mathbf{X}\boldsymbol\beta, \mathbf{V})"),
    ("general", r"\mathbf{Y} \sim \mathrm{N}(\mathbf{X}\boldsymbol\beta + \mathbf{Z}\boldsymbol\alpha, \sigma^2\mathbf{I})"),
    ("one-way", r"Y_{ij} \stackrel{\text{iid}}{\sim} \mathrm{N}(\beta, \sigma^2 + \sigma_\alpha^2)"),
    ("one-way-unbalanced", r"\bar y_j \stackrel{\text{iid}}{\sim} \mathrm{N}(\beta, \sigma_\alpha^2 + \sigma^2/n_j)"),
    ("one-way", r"\bar y_j - \bar y \stackrel{\text{ind}}{\sim} \mathrm{N}(0, (1 - 1/J)(\sigma_\alpha^2 + \sigma^2/r))"),
)  # fmt: skip
UNDECIDED = (
    ("one-way", r"\frac{\operatorname{MSA}}{\operatorname{SSA} + \operatorname{SSE}} \sim F_{J-1, n-1}", "not independent"),
    ("one-way", r"\frac{\sqrt{(\hat\beta - \beta)^2}}{\sqrt{\operatorname{MSA}/n}} \sim t_{J-1}", "may be negative"),
    ("one-way", r"\boldsymbol\epsilon \stackrel{\text{iid}}{\sim} \mathrm{N}(\mathbf{0}, \sigma^2\mathbf{I})", "of which copies"),
    ("one-way", r"\operatorname{SSA} \perp \operatorname{SSE} \perp \hat\beta", "write each pair"),
    ("prediction", r"\mathbf{Y} \perp Y_*", "first and second moments"),
    ("one-way", r"\sigma^2 \perp \operatorname{SSE}", "not random"),
)  # fmt: skip


@pytest.mark.parametrize(("world", "tex"), INDEPENDENT + TRUE)
def test_what_follows_from_normality_is_verified(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "verified", verdict


@pytest.mark.parametrize(("world", "tex"), DEPENDENT + FALSE)
def test_what_does_not_follow_is_false(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "false", verdict


@pytest.mark.parametrize(("world", "tex", "says"), UNDECIDED)
def test_what_the_construction_does_not_tell_is_undecided(world, tex, says):
    verdict = check(tex, world)
    assert verdict.status == "undecided" and says in verdict.message, verdict


def test_an_f_ratio_without_random_effects_is_central():
    tex = r"\frac{\operatorname{MSA}}{\operatorname{MSE}} \sim F_{J-1, n-J}"
    assert check(tex, "one-way", r"\sigma_\alpha^2 = 0").status == "verified"


@pytest.mark.parametrize(
    ("world", "tex"),
    [
        ("general", r"\mathbf{Y} \sim \chi^2_n"),
        ("general", r"\mathbf{Y} \sim \mathrm{MN}(\mathbf{X}\boldsymbol\beta, \mathbf{V}, \mathbf{V})"),
        ("general", r"\mathbf{Y}\boldsymbol\beta^\top \sim \mathrm{N}(\mathbf{0}, \mathbf{V})"),
    ],
)
def test_a_law_has_the_shape_of_what_has_it(world, tex):
    assert check(tex, world).status == "does not conform"
