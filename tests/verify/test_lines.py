"""Right lines in unusual spellings are accepted; wrong lines of the kind that students write get a message that helps."""

import pytest

from lmmtext.verify import check

RIGHT = (
    ("one-way", r"\mathbf{V} = (\sigma^2 + r\sigma_\alpha^2) P_Z + \sigma^2 (I - P_Z)"),
    ("one-way", r"V = I_J \otimes (\sigma^2 I_r + \sigma_\alpha^2 1_r 1_r')"),
    ("one-way", r"\ln\det V - n \ln \sigma^2 = J \ln(1 + r \sigma_\alpha^2 \sigma^{-2})"),
    ("one-way", r"\|y - P_Z y\|^2 = \text{SSE}"),
    ("one-way", r"\operatorname{Cov}(Y_{ij}, Y_{ij'}) = 0"),
    ("one-way", r"\bar y_j \sim N(\beta, \sigma_\alpha^2 + \sigma^2/r)"),
    ("one-way", r"E[\alpha_j | y] = \frac{r\sigma_\alpha^2}{\sigma^2+r\sigma_\alpha^2}(\bar y_j - \beta)"),
    ("one-way", r"\hat\sigma^2 = \begin{cases} \text{MSE} & \text{if } \text{MSE} < \text{SSA}/J \\ (\text{SSE} + \text{SSA})/n & \text{otherwise} \end{cases}"),
    ("one-way", r"E\left[-\frac{\partial^2 \ell(\beta,\sigma^2,\sigma_\alpha^2)}{\partial(\sigma_\alpha^2)^2}\right] = \frac12 tr(V^{-1}ZZ'V^{-1}ZZ')"),
    ("one-way", r"\lim_{\sigma_\alpha^2\to 0} V^{-1} = I/\sigma^2"),
    ("general", r"QVQ = Q"),
    ("general", r"\operatorname{Var}(\hat\alpha - \alpha) = G - GZ'QZG"),
    ("general", r"tr(QZGZ') + \sigma^2 tr(Q) = n - p"),
    ("general", r"\operatorname{vec}(ZGZ') = (Z\otimes Z)\operatorname{vec}(G)"),
    ("general", r"\frac{\partial (y-X\beta)'V^{-1}(y-X\beta)}{\partial\beta} = -2X'V^{-1}(y-X\beta)"),
    ("bayes", r"\operatorname{Var}(\gamma\mid Y) = (H'H/\sigma^2 + \Omega^{-1})^{-1}"),
    ("prediction", r"\operatorname{Var}(Y_* - \delta'Y) = \operatorname{Var}(Y_*) - \psi'V^{-1}\psi"),
    ("random-slope", r"\log|V| = \sum_j \log|V_j|"),
    ("random-slope", r"G = I_J\otimes\Sigma"),
    ("anova", r"r^{(J-1)(s-1)} = r^{Js} r^{1-J-s}"),
    ("random-slope", r"Z = \begin{pmatrix} Z_1 & & \\ & \ddots & \\ & & Z_J \end{pmatrix}"),
    ("random-slope", r"V^{-1} = \begin{pmatrix} V_1^{-1} & 0 & \dots & 0 \\ 0 & V_2^{-1} & \dots & 0 \\ \vdots & & \ddots & \vdots \\ 0 & 0 & \dots & V_J^{-1} \end{pmatrix}"),
    ("random-slope", r"E[Y] = \begin{pmatrix} X_1\beta \\ \vdots \\ X_J\beta \end{pmatrix}"),
    ("general", r"E[(Y - X\beta)'V^{-2}(Y - X\beta)] = tr(V^{-1})"),
    ("general", r"X\beta + Z E[\alpha] + E[\epsilon] = X\beta"),
    ("general", r"E[E[Y \mid \alpha]] = X\beta"),
)  # fmt: skip

WRONG = (
    ("one-way", r"V^{-1} = \frac{1}{\sigma^2}\left(I_n - \frac{\sigma_\alpha^2}{\sigma^2 + r\sigma_\alpha^2} P_Z\right)", "false", "with J = 2, r = 2"),
    ("one-way", r"|V| = \sigma^{2n} (1 + r\sigma_\alpha^2/\sigma^2)^r", "false", "r where J is needed"),
    ("one-way", r"\operatorname{E}[\text{SSE}] = (n - 1)\sigma^2", "false", "1 where J is needed"),
    ("one-way", r"\operatorname{E}[\text{MSA}] = \sigma^2 + \sigma_\alpha^2", "false", "a factor r missing"),
    ("one-way", r"\operatorname{Var}(\bar y_j) = \sigma_\alpha^2 + \sigma^2", "false", "a divisor r missing"),
    ("one-way", r"\operatorname{Cov}(Y_{1j}, Y_{2j}) = \sigma^2", "false", "sigma_alpha^2 is needed"),
    ("general", r"\operatorname{Var}(\hat\beta) = X'V^{-1}X", "false", "an inverse missing"),
    ("general", r"\hat\beta = (X'VX)^{-1}X'Vy", "false", "with n = 3, p = 1"),
    ("general", r"\hat\alpha = GZ'V^{-1}(y - X\beta)", "false", "a hat missing"),
    ("general", r"E[Y'V^{-2}Y] = tr(V^{-1})", "false", "left side"),
    ("random-slope", r"V^{-1} = \begin{pmatrix} V_1 & & \\ & \ddots & \\ & & V_J \end{pmatrix}", "false", "an inverse missing"),
    ("random-slope", r"Z = \begin{pmatrix} Z_1 \\ \vdots \\ Z_J \end{pmatrix}", "does not conform", "n x Jq"),
    ("random-slope", r"Y = \begin{pmatrix} X_1\beta \\ \vdots \\ X_J\beta \end{pmatrix}", "false", "element"),
    ("random-slope", r"V = \begin{pmatrix} V_1 & & \\ & \ddots & \\ & & X_J \end{pmatrix}", "cannot parse", "differ in one index"),
    ("general", r"E[E[Y \mid \alpha]] = X\beta + Z\alpha", "false", "a term dropped"),
    ("general", r"V = ZGZ + \sigma^2 I", "does not conform", "Z is n x m"),
    ("general", r"\hat\beta = (X^\top V^{-1} X)^{-1} X^\top V^{-1} Y)", "cannot parse", "closes nothing"),
    ("general", r"\hat\beta = (X^\top W X)^{-1} X^\top W Y", "unknown symbol", "W is not a symbol"),
)  # fmt: skip


@pytest.mark.parametrize(("world", "tex"), RIGHT)
def test_a_right_line_in_unusual_but_correct_form_is_accepted(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "verified", verdict


@pytest.mark.parametrize(("world", "tex", "status", "says"), WRONG)
def test_a_wrong_line_gets_a_message_that_helps(world, tex, status, says):
    verdict = check(tex, world)
    assert verdict.status == status, verdict
    assert says in verdict.message, verdict.message
