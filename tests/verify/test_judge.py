"""Verdicts: what is true is verified, what is false has a small counterexample, what cannot be told is said to be so."""

import time
from dataclasses import replace

import pytest

from lmmtext.verify import WORLDS, check
from lmmtext.verify.matrix import Mat

TRUE = (
    ("one-way", r"\mathbf{V}^{-1} = \frac{1}{\sigma^2} \left( \mathbf{I}_n - \frac{r\sigma_\alpha^2}{\sigma^2 + r\sigma_\alpha^2} \mathbf{P}_Z \right)"),
    ("one-way", r"|\mathbf{V}| = \sigma^{2n} (1 + r\sigma_\alpha^2/\sigma^2)^J"),
    ("one-way", r"\text{SST} = \mathbf{Y}^T(\mathbf{P}_{\mathbf{Z}} - \mathbf{P}_{\mathbf{1}_n})\mathbf{Y}"),
    ("one-way", r"\operatorname{E}[\operatorname{MSA}] = \sigma^2 + r\sigma_\alpha^2"),
    ("one-way", r"\operatorname{Var}(\operatorname{SSE}) = 2 (n - J) \sigma^4"),
    ("one-way", r"\operatorname{SSE} \sim \sigma^2 \chi^2_{n - J}"),
    ("one-way", r"\frac{\operatorname{SSA}}{\sigma^2 + r\sigma_\alpha^2} \sim \operatorname{Gamma}\left(\frac{J - 1}{2}, \frac{1}{2}\right)"),
    ("one-way", r"\hat\beta = \bar y_{..} = \sum_{j=1}^J \sum_{i=1}^r y_{ij}/n"),
    ("one-way", r"\mathbf{Z} = \begin{pmatrix} \mathbf{1}_r & \mathbf{0} & \dots & \mathbf{0} \\ \mathbf{0} & \mathbf{1}_r & \dots & \mathbf{0} \\ \vdots & \vdots & \ddots & \vdots \\ \mathbf{0} & \mathbf{0} & \dots & \mathbf{1}_r \end{pmatrix}"),
    ("one-way", r"C(\mathbf{V}\mathbf{X}) \subseteq C(\mathbf{X})"),
    ("one-way", r"\hat\sigma_\alpha^2 = \max\left(0, \frac{1}{r}\left(\frac{\operatorname{SSA}}{J} - \operatorname{MSE}\right)\right)"),
    ("general", r"(\mathbf{Z}\mathbf{G}\mathbf{Z}^\top + \sigma^2 \mathbf{I})^{-1} = \frac{1}{\sigma^2}\mathbf{I} - \frac{1}{\sigma^2}\mathbf{Z}(\mathbf{Z}^\top\mathbf{Z} + \sigma^2\mathbf{G}^{-1})^{-1}\mathbf{Z}^\top"),
    ("general", r"\frac{\partial}{\partial \sigma^2} \log|\mathbf{V}| = \operatorname{tr}(\mathbf{V}^{-1})"),
    ("general", r"\operatorname{E}[\mathbf{Y}^\top \mathbf{Q} \mathbf{Y}] = n - p"),
    ("general", r"\operatorname{E}[(\mathbf{Y}^\top \mathbf{Q} \mathbf{Y} - n)^2] = 2 (n - p) + p^2"),
    ("general", r"\hat{\boldsymbol\alpha} = \mathbf{G}\mathbf{Z}^\top\mathbf{V}^{-1}(\mathbf{y} - \mathbf{X}\hat{\boldsymbol\beta})"),
    ("prediction", r"\boldsymbol\delta = \mathbf{V}^{-1}\boldsymbol\psi"),
    ("prediction-normal", r"\operatorname{E}[Y_* \mid \mathbf{Y}] = \mathbf{x}_*^\top\boldsymbol\beta + \boldsymbol\delta^\top(\mathbf{Y} - \mathbf{X}\boldsymbol\beta)"),
    ("bayes", r"\Omega = \begin{pmatrix} \mathbf{I}_p/\kappa & \mathbf{0} \\ \mathbf{0} & \boldsymbol{\Sigma} \end{pmatrix}"),
)  # fmt: skip

# True lines some of whose wrong variants are true as well: each needs a reason that has a name.
SUBTLE = (
    ("matrices", r"\frac{\partial}{\partial \mathbf X} \log|\mathbf X| = \mathbf X^{-\top}", ""),
    ("anova", r"\mathbf P_{\mathbf Z_A}\mathbf P_{\mathbf Z_B} = \mathbf P_{\mathbf 1_n}", ""),
    ("one-way", r"\hat\sigma_\alpha^2 = 0", r"\operatorname{MSE} \ge \operatorname{SSA}/J"),
    ("prediction", r"\operatorname{Cov}(\mathbf Y, Y_*-\mathbf x_*^\top\boldsymbol\beta-\boldsymbol\delta^\top(\mathbf Y-\mathbf X\boldsymbol\beta)) = \mathbf 0", ""),
    ("one-way", r"\mathbf{Y}^T (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \mathbf{V}^{-1} (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \mathbf{Y} = (\mathbf{Y} - \mathbf{1}_n \bar{y})^T \mathbf{V}^{-1} (\mathbf{Y} - \mathbf{1}_n \bar{y})", ""),
    ("prediction", r"\operatorname{E}[Y_* - \mathbf x_*^\top\hat{\boldsymbol\beta}] = 0", ""),
    ("one-way", r"\sum_{j=1}^J\sum_{i=1}^r (y_{ij} - \bar y_j)(\bar y_j - \bar y) = 0", ""),
    ("general", r"\lim_{t\to 0} (t\mathbf G + \mathbf I)^{-1} = \mathbf I", ""),
    ("general", r"\operatorname{tr}(\mathbf P_{\mathbf X}) = p", ""),
    ("general", r"\operatorname{E}[\mathbf y - \mathbf X\hat{\boldsymbol\beta}] = \mathbf 0", ""),
    ("general", r"\operatorname{E}[\hat{\boldsymbol\alpha} - \boldsymbol\alpha] = \mathbf 0", ""),
    ("general", r"\operatorname{E}[(\mathbf Y-\mathbf X\boldsymbol\beta)^\top \mathbf V^{-1}(\mathbf Y-\mathbf X\boldsymbol\beta)] = n", ""),
    ("general", r"\operatorname{Var}(\operatorname{E}[\mathbf Y\mid\boldsymbol\alpha]) + \operatorname{E}[\operatorname{Var}(\mathbf Y\mid\boldsymbol\alpha)] = \mathbf V", ""),
    ("general", r"\operatorname{Cov}(\hat{\boldsymbol\beta},\hat{\boldsymbol\alpha}-\boldsymbol\alpha) = -(\mathbf X^\top\mathbf V^{-1}\mathbf X)^{-1}\mathbf X^\top\mathbf V^{-1}\mathbf Z\mathbf G", ""),
    ("general", r"\operatorname{Cov}(\hat{\boldsymbol\alpha}, \boldsymbol\alpha^\top) = \operatorname{Var}(\hat{\boldsymbol\alpha})", ""),
    ("matrices", r"(\mathbf I-\mathbf P)^2 = \mathbf I-\mathbf P", r"\mathbf P^2=\mathbf P"),
)  # fmt: skip

FALSE = (
    ("one-way", r"\hat{\sigma}_{\alpha}^2 = \frac{\frac{\text{SST}}{J} - \text{MSE}}{r}", "left side 0"),  # the edge was forgotten
    ("one-way", r"\hat{\sigma}^2 = \text{MSE}", "left side"),
    ("one-way", r"\operatorname{E}[\operatorname{SSA}] = J(\sigma^2 + r\sigma_\alpha^2)", "one change away"),
    ("one-way", r"\log L(\sigma^2, \sigma_\alpha^2) = -\frac{1}{2} \log |V| - \frac{1}{2} (\mathbf{Y} - \mathbf{1}_n \bar{y})^T \mathbf{V}^{-1} (\mathbf{Y} - \mathbf{1}_n \bar{y})", "left side"),
    ("general", r"\mathbf{V} = \mathbf{Z}\mathbf{G}\mathbf{Z}^\top - \sigma^2\mathbf{I}", "a sign flipped"),
    ("general", r"\boldsymbol\beta = (\mathbf{X}^T\mathbf{V}^{-1}\mathbf{X})^{-1}\mathbf{X}^T\mathbf{V}^{-1}\mathbf{Y}", "a hat missing"),
    ("prediction-normal", r"\operatorname{E}[Y_* \mid \mathbf{Y}] = \mathbf{x}_*^T\hat{\boldsymbol\beta} + \boldsymbol\delta^\top(\mathbf{Y} - \mathbf{X}\hat{\boldsymbol\beta})", "left side"),
    ("one-way", r"\operatorname{SSE} \sim \sigma^2 \chi^2_{n - 1}", "the degrees of freedom differ"),
    ("one-way", r"C(\mathbf{Z}) \subseteq C(\mathbf{X})", "the rank of"),
    ("one-way", r"J = r", "left side"),
)  # fmt: skip


@pytest.mark.parametrize(("world", "tex"), TRUE)
def test_what_is_true_is_verified(world, tex):
    verdict = check(tex, world)
    assert verdict.status == "verified", verdict
    assert verdict and verdict.exit_code == 0
    assert all(link.mutants.rejected > 0 for link in verdict.links)


@pytest.mark.parametrize(("world", "tex", "where"), SUBTLE)
def test_a_wrong_variant_that_is_true_does_no_harm_if_there_is_a_reason(world, tex, where):
    verdict = check(tex, world, where or None)
    assert verdict.status == "verified" and verdict.links[0].mutants.rejected, verdict


@pytest.mark.parametrize(("world", "tex", "says"), FALSE)
def test_what_is_false_has_a_small_counterexample(world, tex, says):
    verdict = check(tex, world)
    assert verdict.status == "false" and verdict.exit_code == 1 and not verdict
    (link,) = [x for x in verdict.links if x.status == "false"]
    shown = link.counterexample
    assert says in verdict.message, verdict.message
    assert max(shown.sizes.values()) <= 15
    assert len(shown.left) <= 24 and len(shown.right) <= 24


def test_a_chain_names_its_first_wrong_link():
    verdict = check(
        r"\mathbf{V} = \mathbf{Z}\mathbf{G}\mathbf{Z}^\top + \sigma^2 \mathbf{I} = \mathbf{Z}\mathbf{G}\mathbf{Z}^\top + \mathbf{I}",
        "general",
    )
    assert [x.status for x in verdict.links] == ["verified", "false"]
    assert verdict.message.startswith("in ")


def test_without_its_condition_the_interior_estimate_is_false_and_with_it_true():
    tex = r"\hat{\sigma}_{\alpha}^2 = \frac{\frac{\operatorname{SSA}}{J} - \operatorname{MSE}}{r}"
    where = r"\operatorname{MSE} < \operatorname{SSA}/J"
    assert check(tex, "one-way").status == "false"
    assert check(tex, "one-way", where).status == "verified"
    assert check(tex + rf" \quad \text{{if }} {where}", "one-way").status == "verified"


def test_the_lectures_divisor_is_named():
    tex = r"\hat{\sigma}_{\alpha}^2 = \frac{\frac{\text{SST}}{J} - \text{MSE}}{n}"
    verdict = check(tex, "one-way", r"\text{MSE} < \text{SST}/J")
    assert verdict.status == "false"
    assert "n where r is needed" in verdict.message


def test_the_lectures_lost_variance_is_named():
    tex = r"\hat{\theta} = \begin{pmatrix} X^T X/\sigma^2 + \kappa I_p & X^T Z/\sigma^2 \\ Z^T X/\sigma^2 & Z^T Z + \Sigma^{-1} \end{pmatrix}^{-1} \begin{pmatrix} X^T Y/\sigma^2 \\ Z^T Y/\sigma^2 \end{pmatrix}"
    verdict = check(tex, "bayes")
    assert verdict.status == "false"
    assert r"a divisor sigma^2 missing" in verdict.message


def test_a_premise_is_a_condition():
    verdict = check(r"\operatorname{MSE} < \operatorname{SSA}/J \implies \hat\sigma^2 = \operatorname{MSE}", "one-way")
    assert verdict.status == "verified", verdict


def test_a_condition_that_no_instance_meets_is_told():
    verdict = check(r"\sigma^2 = \sigma_\alpha^2", "one-way", r"\operatorname{SSE} < 0")
    assert verdict.status == "undecided" and "no instance" in verdict.message


@pytest.mark.parametrize(
    ("world", "tex", "status", "says"),
    [
        (
            "prediction",
            r"\operatorname{E}[Y_* \mid \mathbf{Y}] = \mathbf{x}_*^\top \boldsymbol\beta",
            "undecided",
            "do not determine",
        ),
        ("general", r"\mathbf{X}\boldsymbol\beta", "undecided", "claims nothing"),
        ("general", r"\sigma^2 \to 0", "undecided", "write a limit"),
        ("general", r"\sigma^2 < 10^9", "undecided", "proves no inequality"),
        ("general", r"\int p \, d\sigma^2 = 1", "undecided", "not evaluated"),
        ("general", r"\lim_{\sigma^2 \to 0} \frac{1}{\sigma^2} = 0", "undecided", "infinite"),
        ("general", r"\mathbf{V} = (", "cannot parse", "never closed"),
        ("general", r"\mathbf{W} = \mathbf{X}", "unknown symbol", "not a symbol"),
        ("general", r"\mathbf{X} = \mathbf{Z}", "does not conform", "n x m"),
        ("general", r"(\mathbf{X}\mathbf{X}^\top)^{-1} = \mathbf{V}", "undecided", "singular"),
    ],
)
def test_what_cannot_be_told_is_said_to_be_so(world, tex, status, says):
    verdict = check(tex, world)
    assert verdict.status == status, verdict
    assert says in verdict.message, verdict.message


def test_time_is_limited_and_its_end_is_told():
    tex = r"\operatorname{Var}\left(\left(\mathbf{Y}^\top\mathbf{V}^{-1}\mathbf{Y}\right)^4\right) = 1"
    start = time.process_time()
    verdict = check(tex, "general", seconds=1.0)
    assert verdict.status == "undecided", verdict
    assert time.process_time() - start < 6


def test_a_verdict_shows_itself_in_a_notebook_and_in_plain_values():
    verdict = check(r"\mathbf{V} = \mathbf{G}", "general")
    assert "does not conform" in verdict._repr_html_() and "n x n" in verdict._repr_html_()
    told = check(r"\rho = 1", "one-way").as_dict()
    assert told["status"] == "false" and told["links"][0]["counterexample"]["right"] == "1"


def test_there_is_a_word_for_a_world_that_does_not_exist():
    with pytest.raises(ValueError, match="there is no world 'nowhere'; there are one-way"):
        check("a = b", "nowhere")


def test_equal_constants_are_needed_for_equal_likelihoods():
    body = r"-\frac12 \log|V| - \frac12 (y - \mathbf{1}_n\bar y)^\top V^{-1} (y - \mathbf{1}_n\bar y)"
    assert check(rf"\ell(\sigma^2, \sigma_\alpha^2) = {body}", "one-way").status == "false"
    assert (
        check(rf"\ell(\sigma^2, \sigma_\alpha^2) = -\frac{{n}}{{2}} \log 2\pi {body}", "one-way").status == "verified"
    )


def degenerate():
    """Return a one-way world in which J = r in every instance: it cannot tell the two apart."""
    from lmmtext.verify.worlds import one_way

    world = WORLDS["one-way"]

    def make(draw):
        made = one_way._make([world], draw, (3, 3, 3), {"r": 3})
        return made

    return replace(world, name="degenerate", make=make, richer="")


def test_a_degenerate_world_has_survivors_and_verifies_nothing_that_depends_on_them():
    tex = r"\operatorname{E}[\operatorname{MSA}] = \sigma^2 + r \sigma_\alpha^2"
    assert check(tex, "one-way").status == "verified"
    verdict = check(tex, degenerate())
    assert verdict.status == "undecided"
    assert any("J" in survivor for survivor in verdict.links[0].mutants.survivors)


def test_a_world_with_one_fixed_effect_cannot_tell_p_from_its_square():
    from lmmtext.verify.worlds import stacked

    world = WORLDS["general"]

    def make(draw):
        made = stacked._make_general(draw)
        columns = {"X": made.values["X"].T.rows[0], "beta": made.values["beta"].rows[0]}
        made.values |= {"X": Mat.column(columns["X"]), "beta": Mat.column(columns["beta"])}
        made.sizes["p"] = 1
        return made

    tex = r"\operatorname{tr}(\mathbf{P}_{\mathbf{X}})^2 = p^2"
    assert check(tex, "general").status == "verified"
    verdict = check(tex, replace(world, name="one fixed effect", make=make, special=""))
    assert verdict.status == "undecided"
    assert any("exponent" in survivor for survivor in verdict.links[0].mutants.survivors)


def test_what_only_says_that_a_thing_is_itself_is_marked_as_a_tautology():
    (link,) = check(r"\operatorname{SST} = \operatorname{SSA}", "one-way").links
    assert link.kind == "tautology" and "claims nothing" in link.how


def test_what_is_the_definition_is_marked_as_one():
    (link,) = check(r"\mathbf{V} = \operatorname{Var}(\mathbf{Y})", "general").links
    assert link.kind == "definition"


def test_the_blue_is_the_limit_of_posterior_means_as_the_prior_grows_flat():
    tex = r"\lim_{\kappa\to0}\hat\beta = (X'(ZGZ'+\sigma^2I)^{-1}X)^{-1}X'(ZGZ'+\sigma^2I)^{-1}y"
    assert check(tex, "bayes", mutants=False).status == "verified"
