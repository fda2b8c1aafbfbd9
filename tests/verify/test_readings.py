r"""Spellings that the subject's texts use: each is read, with a line that is true and one that is not.

A reading that no true line of its kind passes is no reading; one that no false line of its kind fails is worse.
"""

import pytest

from lmmtext.verify import check

FALSE, CLASH, UNREAD = "false", "does not conform", "cannot parse"

READ = {
    "negative powers of matrices": ("general", "V^{-2} = V^{-1} V^{-1}", "V^{-2} = V^{-1}", FALSE),
    "the log-likelihood at the parameters of the world": (
        "one-way",
        r"\ell = -\frac12 \left(n\log 2\pi + \log|V| + (y - 1_n\beta)'V^{-1}(y - 1_n\beta)\right)",
        r"\ell = \ell(\sigma^2, \sigma_\alpha^2)",
        FALSE,
    ),
    "a positive part, with the plus below": (
        "one-way",
        r"\hat\sigma_\alpha^2 = \frac1r (\text{SSA}/J - \text{MSE})_+",
        r"\hat\sigma_\alpha^2 = \frac1r (\text{MSA} - \text{MSE})_+",
        FALSE,
    ),
    "a positive part, with the plus above": (
        "one-way",
        r"\hat\sigma_\alpha^2 = \frac1r \left(\frac{\text{SSA}}{J} - \text{MSE}\right)^+",
        r"\hat\sigma_\alpha^2 = \left(\frac{\text{SSA}}{J} - \text{MSE}\right)^+",
        FALSE,
    ),
    "derivatives with an upright d": (
        "general",
        r"\frac{\mathrm d}{\mathrm d\sigma^2} \log|V| = \operatorname{tr} V^{-1}",
        r"\frac{\mathrm{d} \log|V|}{\mathrm{d}\sigma^2} = \operatorname{tr} V",
        FALSE,
    ),
    "an expectation without brackets": ("general", r"\mathbb E Y = X\beta", r"\operatorname{E} Y = Z\alpha", FALSE),
    "a variance without brackets": ("general", r"\mathbb V Y = V", r"\mathbb V Y = \sigma^2 I", FALSE),
    "a symbol in a space of vectors": ("general", r"\beta \in \mathbb R^p", r"\beta \in \mathbb R^n", CLASH),
    "a symbol in a space of matrices": (
        "general", r"X \in \mathbb R^{n \times p}", r"X \in \mathbb R^{p \times n}", CLASH,
    ),
    "a vector in a column space": ("general", r"X\hat\beta \in C(X)", r"y \in C(X)", FALSE),
    "the dimension of a space": ("general", r"\dim C(X) = p", r"\dim(C(X)) = n", FALSE),
    "a proper subset": ("general", r"C(X) \subsetneq C([X, Z])", r"C(X) \subsetneq C(XX'X)", FALSE),
    "the size of a law below it": ("general", r"Y \sim \mathcal N_n(X\beta, V)", r"Y \sim \mathcal N_p(X\beta, V)", CLASH),
    "a plain zero for a vector": ("general", r"\alpha \sim \mathcal N_m(0, G)", r"Y \sim \mathcal N_n(0, V)", FALSE),
    "an argument of an optimum without bold": (
        "general",
        r"\hat\beta = \operatorname*{argmin}_{b} (y - Xb)' V^{-1} (y - Xb)",
        r"\hat\beta = \operatorname*{argmin}_{b} (y - Xb)'(y - Xb)",
        FALSE,
    ),
    "the matrix normal law in script": (
        "one-way",
        r"\mathbf T \sim \mathcal{MN}(\beta 1_r 1_J', \sigma^2 I_r + \sigma_\alpha^2 1_r 1_r', I_J)",
        r"\mathbf T \sim \mathcal{MN}(\beta 1_r 1_J', \sigma^2 I_r, I_J)",
        FALSE,
    ),
    "a sum over an index of its own": ("one-way", r"\sum_{k=1}^{J} \bar y_k = J\bar y", r"\sum_{k=1}^{J} k = J^2", FALSE),
    "elements in a sum": ("general", r"\sum_{i=1}^n y_i^2 = y'y", r"\sum_{i=1}^p y_i^2 = y'y", FALSE),
    "a block diagonal list": (
        "random-slope", r"V = \operatorname{blockdiag}(V_1, \dots, V_J)", r"V = \operatorname{blockdiag}(V_1, \dots, V_n)",
        CLASH,
    ),
    "a block diagonal list of three": (
        "random-slope", r"Z = \operatorname{diag}(Z_1, Z_2, \dots, Z_J)", r"X = \operatorname{diag}(X_1, X_2, \dots, X_J)",
        CLASH,
    ),
    "a block diagonal list of columns": (
        "one-way-unbalanced", r"Z = \operatorname{diag}(1_{n_1}, \dots, 1_{n_J})", r"V = \operatorname{diag}(I_{n_1}, \dots, I_{n_J})",
        FALSE,
    ),
    "orthogonal spaces": ("general", r"C(X) \perp C(Q)", r"C(X) \perp C(Z)", FALSE),
    "what is orthogonal to a space": ("general", r"y - P_X y \perp C(X)", r"y - X\hat\beta \perp C(X)", FALSE),
    "columns of a product": ("matrices", r"\mathbf{A x} \in C(\mathbf A)", r"\mathbf x \in C(\mathbf A)", FALSE),
    "a direct sum over groups": (
        "random-slope", r"Z = \bigoplus_{j=1}^J \mathbf Z_j", r"G = \bigoplus_{j=1}^J \mathbf Z_j' \mathbf Z_j", FALSE,
    ),
    "a Kronecker product over an index": (
        "matrices", r"\bigotimes_{k=1}^2 \mathbf A = \mathbf A \otimes \mathbf A", r"\bigotimes_{k=1}^2 \mathbf A = \mathbf A", "does not conform",
    ),
    "a diagonal as a column": (
        "matrices",
        r"\operatorname{tr}(\mathbf A) = \mathbf 1^\top \operatorname{diag}(\mathbf A)",
        r"\operatorname{tr}(\mathbf A) = \operatorname{diag}(\mathbf A)^\top \operatorname{diag}(\mathbf A)",
        FALSE,
    ),
    "a diagonal as a matrix": (
        "matrices",
        r"\operatorname{tr}(\operatorname{diag}(\mathbf A)) = \operatorname{tr}(\mathbf A)",
        r"\operatorname{diag}(\mathbf A) = \mathbf A",
        FALSE,
    ),
    "matrices of ones": (
        "one-way", r"V = I_J \otimes (\sigma^2 I_r + \sigma_\alpha^2 \mathbf J_r)", r"V = I_J \otimes \sigma_\alpha^2 J_r", FALSE,
    ),
    "matrices of means": ("one-way", r"P_Z = I_J \otimes \bar{\mathbf J}_r", r"P_Z = \bar{\mathbf J}_n", FALSE),
    "matrices of ones among matrices of any kind": (
        "matrices", r"\mathbf J_n = \mathbf 1_n \mathbf 1_n'", r"\mathbf J_n^2 = \mathbf J_n", FALSE,
    ),
    "a squared norm whose weight comes last": (
        "general", r"\|y - X\hat\beta\|^2_{V^{-1}} = y'Qy", r"\|y - X\hat\beta\|^2_{V} = y'Qy", FALSE,
    ),
    "other letters for the variances": (
        "one-way", r"\rho = \frac{\sigma_a^2}{\sigma_a^2 + \sigma_e^2}", r"\rho = \frac{\sigma_\epsilon^2}{\sigma_a^2}", FALSE,
    ),
    "Henderson's letters": (
        "general",
        r"\hat{\mathbf u} = (Z'R^{-1}Z + G^{-1})^{-1} Z'R^{-1} (y - X\hat\beta)",
        r"\hat{\mathbf u} = (Z'R^{-1}Z)^{-1} Z'R^{-1} (y - X\hat\beta)",
        FALSE,
    ),
    "sums of squares with subscripts": (
        "one-way", r"E[MS_A] = \sigma^2 + r\sigma_\alpha^2", r"E[SS_E] = (n - 1)\sigma^2", FALSE,
    ),
    "the sum of squares between groups": (
        "one-way", r"E[\mathrm{SSB}] = (J-1)(\sigma^2 + r\sigma_\alpha^2)", r"E[\mathrm{MSB}] = \sigma^2", FALSE,
    ),
    "sums of squares in italics": (
        "one-way", r"y'y = rJ\bar y^2 + SSA + SSE", r"y'y = SSB + SSW", FALSE,
    ),
    "ranks and column spaces by other names": (
        "general", r"\operatorname{r}(Q) = n - \dim \mathcal R(X)", r"\operatorname{col}(V X) = \operatorname{range}(X)", FALSE,
    ),
    "sums of squares of two factors": (
        "anova", r"E[MS_{AB}] = \sigma^2 + r\sigma_{\alpha\tau}^2", r"E[MS_B] = \sigma^2 + r\sigma_\tau^2", FALSE,
    ),
}  # fmt: skip

REFUSED = (
    ("matrices", r"\mathbf{A}^{1/2} \mathbf{A}^{1/2} = \mathbf A", UNREAD, "name the one that is meant"),
    ("general", r"(y'y)^+ = 1", UNREAD, "Moore-Penrose"),
    ("general", r"V_+ = V", UNREAD, "'+' cannot stand here"),
    ("general", r"(ZGZ')_+ = ZGZ'", CLASH, "a number has a positive part"),
    ("one-way", r"\mathbf 1^\top \mathbf 1 = n", CLASH, r"as in \mathbf{1}_n"),
    ("one-way", r"\operatorname{Var}(\bar y_{i.}) = \sigma_\alpha^2", CLASH, "has i where j belongs"),
    ("one-way", r"\operatorname{Var}(Y_{kl}) = \sigma^2", "undecided", "write j' and i'"),
    ("general", r"\beta \in [0, 1]", "undecided", "not in other sets"),
    ("random-slope", r"V = \operatorname{blockdiag}(V_1, V_3, \dots, V_J)", UNREAD, "does not go on as it begins"),
    ("general", r"\dim(X) = p", CLASH, "a space has a dimension"),
    ("matrices", r"\operatorname{diag}(\mathbf A) = \operatorname{diag}(\mathbf B)", CLASH, "column or as a diagonal matrix"),
)  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_a_true_line_in_this_spelling_is_verified(what):
    world, true, *_ = READ[what]
    verdict = check(true, world)
    assert verdict.status == "verified", verdict


@pytest.mark.parametrize("what", READ)
def test_a_line_in_this_spelling_that_is_not_true_is_not_verified(what):
    world, _, wrong, status = READ[what]
    assert check(wrong, world).status == status


@pytest.mark.parametrize(("world", "tex", "status", "says"), REFUSED)
def test_what_is_not_read_is_refused_in_words_that_say_what_to_write(world, tex, status, says):
    verdict = check(tex, world)
    assert verdict.status == status, verdict
    assert says in verdict.message, verdict.message


def test_equal_spaces_are_no_proper_subsets_though_they_are_written_alike():
    assert check(r"C(X) \subsetneq C(X)", "general").status == "false"
