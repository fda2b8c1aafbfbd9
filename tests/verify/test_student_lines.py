r"""Lines as students write them: the wrong ones with the message that they get, the right ones in unusual spellings.

Of a wrong line, the message holds words that help, and an error points at the piece of LaTeX that it is about.
"""

import pytest

from lmmtext.verify import check

WRONG = {
    "the fixed effects' share of V is forgotten on one side": (
        "general", r"\hat\beta = (X^\top X)^{-1} X^\top V^{-1} y", "false",
        ("with n = 3, p = 1, m = 2", "left side", "right side"), "",
    ),
    "transposes at the wrong places": (
        "general", r"\hat\beta = (X V^{-1} X^\top)^{-1} X V^{-1} y", "does not conform",
        ("X is n x p", "V^{-1} is n x n", "does not conform"), r"X V^{-1}",
    ),
    "a sandwich inside out": (
        "general", r"\operatorname{Var}(Y) = Z^\top G Z + \sigma^2 I", "does not conform",
        (r"Z^\top is m x n", "G is m x m"), r"Z^\top G",
    ),
    "the variance counted twice": (
        "general", r"\operatorname{Var}(\hat\beta) = \sigma^2 (X^\top V^{-1} X)^{-1}", "false",
        ("a factor dropped", r"\operatorname{Var}(\hat{\beta}) = (X^\top V^{-1} X)^{-1}"), "",
    ),
    "the inverse of a sum as a sum of inverses": (
        "general", r"V^{-1} = Z G^{-1} Z^\top + \sigma^{-2} I", "false", ("element (1, 1) of the left side",), "",
    ),
    "the errors' variance lost in the equations": (
        "general", r"\hat\alpha = (Z^\top Z + G^{-1})^{-1} Z^\top (y - X\hat\beta)", "false",
        ("a factor sigma^2 missing", r"Z^\top Z + \sigma^{2} G^{-1}"), "",
    ),
    "the identity of the wrong side in the determinant lemma": (
        "general", r"|V| = \sigma^{2n} |I_n + Z^\top Z G/\sigma^2|", "does not conform",
        ("I_{n} is n x n", "is m x m", "cannot be added"), r"I_n + Z^\top Z G/\sigma^2",
    ),
    "the derivative of a log-determinant without its inverse": (
        "general", r"\frac{\partial}{\partial\sigma^2} \log|V| = \operatorname{tr}(V)", "false",
        ("an inverse missing", r"\operatorname{tr}(V^{-1})"), "",
    ),
    "a variance for a covariance": (
        "one-way", r"\operatorname{Cov}(Y_{ij}, Y_{i'j}) = \sigma_\alpha^2 + \sigma^2", "false",
        (r"\sigma_\alpha^2 = 2, \sigma^2 = 2: left side 2, right side 4", "a term dropped"), "",
    ),
    "the number of groups for their size": (
        "one-way", r"\operatorname{E}[\operatorname{MSA}] = \sigma^2 + J\sigma_\alpha^2", "false",
        ("with J = 3, r = 5", "J where r is needed"), "",
    ),
    "errors averaged over groups only": (
        "one-way", r"\operatorname{Var}(\bar y) = \frac{\sigma_\alpha^2}{J} + \frac{\sigma^2}{J}", "false",
        ("left side 3/2, right side 2", "J where n is needed"), "",
    ),
    "one minus the intraclass correlation": (
        "one-way", r"\rho = \frac{\sigma^2}{\sigma_\alpha^2 + \sigma^2}", "false",
        ("left side 2/5, right side 3/5", "sigma^2 where sigma_alpha^2 is needed"), "",
    ),
    "a projector that is not idempotent": (
        "one-way", r"P_Z = Z Z^\top", "false", ("left side 1/2, right side 1", "a divisor r missing"), "",
    ),
    "Kronecker factors the wrong way round": (
        "one-way", r"Z = \mathbf{1}_r \otimes I_J", "false", ("factors swapped", r"I_{J} \otimes \mathbf{1}_{r}"), "",
    ),
    "shrinkage as with one observation a group": (
        "one-way", r"\operatorname{E}[\alpha_j \mid y] = \frac{\sigma_\alpha^2}{\sigma^2 + \sigma_\alpha^2}(\bar y_j - \beta)",
        "false", ("a divisor r missing", r"\frac{\sigma^{2}}{r}"), "",
    ),
    "the moment estimate taken for the maximum likelihood estimate": (
        "one-way", r"\hat\sigma_\alpha^2 = \frac{\operatorname{MSA} - \operatorname{MSE}}{r}", "false",
        ("left side 0, right side 2",), "",
    ),
    "a number added to a matrix": (
        "one-way", r"V = \sigma^2 + \sigma_\alpha^2 Z Z^\top", "does not conform",
        (r"\sigma^{2} is a number", "is Jr x Jr", "cannot be added"), r"\sigma^2 + \sigma_\alpha^2 Z Z^\top",
    ),
    "a division by a matrix": (
        "one-way", r"V^{-1} = \frac{I_n}{V}", "does not conform", ("a divisor is a number", "V is Jr x Jr"), "V",
    ),
    "a slash with too much after it": (
        "one-way", r"\rho = \sigma_\alpha^2/\sigma^2(1 + \sigma_\alpha^2/\sigma^2)", "cannot parse",
        ("below the slash or beside the fraction", r"\frac"), "(",
    ),
    "a bracket left open": (
        "one-way", r"\operatorname{E}[\operatorname{SSE} = (n-J)\sigma^2", "cannot parse", ("'[' is never closed",), "[",
    ),
    "a letter that the model does not have": (
        "one-way", r"Y_{ij} = \mu_j + \epsilon_{ij}", "unknown symbol",
        (r"\mu_{j} is not a symbol of the world one-way",), r"\mu_j",
    ),
    "the covariance matrix of the effects for the variance of an observation": (
        "random-slope", r"\operatorname{Var}(Y_{ij}) = \Sigma + \sigma^2", "does not conform",
        (r"\Sigma is q x q, and \sigma^{2} is a number",), r"\Sigma + \sigma^2",
    ),
    "groups that are not independent": (
        "random-slope", r"\operatorname{Cov}(Y_j, Y_{j'}) = Z_j \Sigma Z_{j'}^\top", "false", ("left side 0",), "",
    ),
    "uncertainty that grows with information": (
        "prediction", r"\operatorname{Var}(Y_* - \delta^\top Y) = \operatorname{Var}(Y_*) + \psi^\top V^{-1} \psi", "false",
        ("a sign flipped",), "",
    ),
    "weights on the wrong side": (
        "prediction", r"\delta = \psi V^{-1}", "does not conform", (r"\psi is n x 1", "V^{-1} is n x n"), r"\psi V^{-1}",
    ),
    "a posterior precision without the errors' variance": (
        "bayes", r"\operatorname{Var}(\gamma \mid Y) = (H^\top H + \Omega^{-1})^{-1}", "false",
        ("a divisor sigma^2 missing", r"\frac{H^\top H}{\sigma^{2}}"), "",
    ),
}  # fmt: skip

RIGHT = (
    ("general", r"\operatorname{Var}\hat\beta = (X^T V^{-1} X)^{-1}"),
    ("general", r"0 = X^\top V^{-1}(y - X\hat\beta)"),
    ("general", r"(X'V^{-1}X)\hat\beta = X'V^{-1}y"),
    ("general", r"|V| = \sigma^{2n}\,|I_m + G Z^\top Z/\sigma^2|"),
    ("general", r"V^{-1} X (X' V^{-1} X)^{-1} X' V^{-1} = V^{-1} - Q"),
    ("general", r"\begin{bmatrix} X'X & X'Z \\ Z'X & Z'Z + \sigma^2 G^{-1}\end{bmatrix}\begin{bmatrix}\hat\beta\\ \hat\alpha\end{bmatrix} = \begin{bmatrix}X'y\\Z'y\end{bmatrix}"),
    ("general", r"\mathbb{V}(\mathbf{Y}) - \sigma^2\mathbf{I}_n = \mathbf{Z}\mathbf{G}\mathbf{Z}'"),
    ("general", r"Y - X\beta \sim \mathcal{N}(\mathbf{0}, V)"),
    ("one-way", r"\sigma^2\,(1-\rho)^{-1} = \sigma_\alpha^2 + \sigma^2"),
    ("one-way", r"\det(V) = \prod_{j=1}^{J}\sigma^{2(r-1)}(\sigma^2+r\sigma^2_\alpha)"),
    ("one-way", r"\text{SSA} = r \sum_{j} (\bar{y}_{\cdot j} - \bar{y}_{\cdot\cdot})^2"),
    ("one-way", r"E[\alpha_j\mid y] = \frac{r\rho}{1+(r-1)\rho}(\bar y_j-\beta)"),
    ("one-way", r"\frac{\partial\ell(\beta,\sigma^2,\sigma_\alpha^2)}{\partial\beta} = 1_n'V^{-1}(y-1_n\beta)"),
    ("one-way", r"V^{-1} = \sigma^{-2}I_n - \frac{\sigma_\alpha^2\sigma^{-2}}{\sigma^2+r\sigma_\alpha^2}\, I_J\otimes 1_r1_r'"),
    ("one-way", r"\operatorname{Var}(\bar{y}_{..}) = \tfrac{1}{J}\left(\sigma_\alpha^2 + \tfrac{\sigma^2}{r}\right)"),
    ("one-way-unbalanced", r"\hat\beta = \frac{\sum_j n_j\bar y_j/(\sigma^2+n_j\sigma_\alpha^2)}{\sum_j n_j/(\sigma^2+n_j\sigma_\alpha^2)}"),
    ("one-way-unbalanced", r"|V| = \prod_{j=1}^J (\sigma^2)^{n_j-1}(\sigma^2+n_j\sigma_\alpha^2)"),
    ("random-slope", r"\hat\beta = \Big(\sum_j X_j'V_j^{-1}X_j\Big)^{-1}\sum_j X_j'V_j^{-1}y_j"),
    ("random-slope", r"(Z_j\Sigma Z_j'+\sigma^2I)^{-1} = \sigma^{-2}\{I - Z_j(\sigma^2\Sigma^{-1}+Z_j'Z_j)^{-1}Z_j'\}"),
    ("prediction", r"\operatorname{Var}(\delta'Y) = \psi'V^{-1}\psi = \operatorname{Cov}(Y_*,\delta'Y)"),
    ("bayes", r"\hat\gamma = \Omega H'(H\Omega H'+\sigma^2I)^{-1}y"),
    ("prediction-normal", r"\operatorname{Var}(Y_*\mid Y) = \operatorname{Var}(Y_*) - \psi'V^{-1}\psi"),
    ("general", r"\operatorname{E}[\hat\beta] = \beta"),
    ("bayes", r"Y \mid \gamma \sim \mathrm{N}(H\gamma, \sigma^2 I_n)"),
    ("general", r"\frac{\partial}{\partial\sigma^2} V^{-1} = -V^{-2}"),
    ("one-way", r"\frac{\text{SSA}}{r\sigma_\alpha^2+\sigma^2}\sim\chi^2(J-1)"),
    ("one-way", r"-2\ell = n\log 2\pi + \log|V| + (y-1_n\beta)'V^{-1}(y-1_n\beta)"),
    ("one-way", r"\hat\sigma_\alpha^2 = \frac1r\left(\frac{\text{SSA}}{J} - \text{MSE}\right)_+"),
    ("general", r"\hat\beta = \operatorname*{argmin}_{b} (y - Xb)' V^{-1} (y - Xb)"),
)  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_line_is_told_what_is_wrong_and_where(what):
    world, tex, status, words, place = WRONG[what]
    verdict = check(tex, world)
    assert verdict.status == status, verdict
    assert all(word in verdict.message for word in words), verdict.message
    if place:
        start, end = verdict.place
        assert tex[start:end] == place


@pytest.mark.parametrize("what", [w for w, line in WRONG.items() if line[2] == "false"])
def test_the_counterexample_to_a_wrong_line_is_small(what):
    world, tex, *_ = WRONG[what]
    shown = next(link.counterexample for link in check(tex, world).links if link.status == "false")
    assert shown.left != shown.right
    assert max(shown.sizes.values()) <= 15
    assert len(shown.left) <= 12 and len(shown.right) <= 12


@pytest.mark.parametrize(("world", "tex"), RIGHT)
def test_a_right_line_in_a_spelling_of_its_own_is_accepted(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "verified", verdict
    assert any(link.mutants.rejected for link in verdict.links)


@pytest.mark.parametrize("tex", [r"n_9 = 3", r"\sum_{j=1}^{n} n_j = n"])
def test_a_group_that_there_is_not_has_no_size(tex):
    verdict = check(tex, "one-way-unbalanced")
    assert verdict.status == "undecided" and "beyond the last" in verdict.message, verdict


NOT_ALIKE = (
    ("one-way-unbalanced", r"\bar y_j \stackrel{iid}{\sim} \mathrm{N}(\beta, \sigma_\alpha^2 + \sigma^2/n_j)"),
    ("random-slope", r"Y_j \stackrel{iid}{\sim} \mathrm{N}(X_j\beta, V_j)"),
    ("one-way", r"Y_{i'j} \stackrel{iid}{\sim} \mathrm{N}(\beta, \sigma_\alpha^2 + \sigma^2)"),
    ("one-way", r"\mathbf{Y} \stackrel{iid}{\sim} \mathrm{N}(\mathbf{1}_n\beta, V)"),
)


@pytest.mark.parametrize(("world", "tex"), NOT_ALIKE)
def test_what_is_not_independent_and_alike_is_not_verified(world, tex):
    assert check(tex, world).status != "verified"
