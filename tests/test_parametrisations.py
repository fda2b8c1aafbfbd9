"""The scales of a term's covariance: round trips, and the numbers of lme4, statsmodels and nlme themselves."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st

from lmmtext import SCALES, from_scale, lmm, load, to_scale
from tests.conftest import need

LME4 = sorted((Path(__file__).parent / "reference" / "lme4").glob("*.json"))
SIGMA2 = 3.7


@st.composite
def covariances(draw, scale):
    """A Sigma that the scale has numbers for: units from 1e-4 to 1e4, singular where that is allowed."""
    s = SCALES[scale]
    q = 1 if s.scalar else draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rank = q if s.regular or s.diagonal else draw(st.integers(1, q))
    A = rng.standard_normal((q, rank)) + (np.eye(q)[:, :rank] * 2)
    C = np.diag(rng.uniform(0.5, 2, q)) if s.diagonal else A @ A.T
    units = 10.0 ** rng.uniform(-4, 4, q)
    return C * np.outer(units, units)


@pytest.mark.parametrize("scale", SCALES)
@given(data=st.data())
def test_every_scale_leads_there_and_back(scale, data):
    Sigma = data.draw(covariances(scale))
    back = from_scale(to_scale(Sigma, scale, sigma2=SIGMA2), scale, sigma2=SIGMA2)
    sd = np.sqrt(np.diag(Sigma))
    dear = ("precision", "icc")  # digits are lost by inverting twice, and near a correlation of one
    assert np.abs((back - Sigma) / np.outer(sd, sd)).max() < (1e-6 if scale in dear else 1e-12)


@pytest.mark.parametrize("scale", [s for s in SCALES if SCALES[s].relative])
def test_a_relative_scale_does_not_see_the_unit_of_the_response(scale):
    Sigma = np.diag([2.0]) if SCALES[scale].scalar else np.diag([2.0, 5.0])
    a = to_scale(Sigma, scale, sigma2=SIGMA2)
    assert np.allclose(a, to_scale(100 * Sigma, scale, sigma2=100 * SIGMA2), rtol=1e-14)
    assert not np.allclose(a, to_scale(100 * Sigma, scale, sigma2=SIGMA2))


def terms_of_lme4():
    """Each random term that lme4 fitted, with its theta and covariance, by REML and by ML where both are."""
    out = []
    for path in LME4:
        for criterion, fit in json.loads(path.read_text())["fits"].items():
            at = 0
            for group, term in fit["varcorr_by_term"].items():
                k = len(term["sd"]) * (len(term["sd"]) + 1) // 2
                name = f"{path.stem}-{criterion}-{group}"
                out.append(pytest.param(fit["theta"][at : at + k], fit["sigma"] ** 2, term, id=name))
                at += k
            assert at == len(fit["theta"])
    return out


@pytest.mark.parametrize(("theta", "sigma2", "term"), terms_of_lme4())
def test_theta_and_the_standard_deviations_are_those_of_lme4(theta, sigma2, term):
    Sigma = from_scale(theta, "theta", sigma2=sigma2)
    largest = max(term["sd"]) ** 2 or 1.0
    assert np.allclose(Sigma, term["cov"], rtol=1e-10, atol=1e-12 * largest)
    assert np.allclose(to_scale(term["cov"], "theta", sigma2=sigma2), theta, rtol=1e-6, atol=1e-7)
    if min(term["sd"]) > 0:
        q = len(term["sd"])
        columns, rows = np.triu_indices(q, 1)
        wanted = [*term["sd"], *np.reshape(term["corr"], (q, q))[rows, columns]]
        assert np.allclose(to_scale(Sigma, "sd and correlation"), wanted, rtol=1e-10)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_statsmodels_keeps_its_parameters_relative_to_its_scale_and_its_cov_re_not():
    data = load("sleepstudy")
    data["Late"] = (data["Days"] > 4).astype(float)
    it = smf.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days + Late").fit()  # singular: it warns
    values = it.params.to_numpy()[2:]
    assert len(values) == 6  # q = 3: the order of the triangle matters
    assert np.allclose(from_scale(values, "relative", sigma2=it.scale), it.cov_re, rtol=1e-10)
    assert not np.allclose(from_scale(values, "relative", sigma2=1.0), it.cov_re, rtol=0.5)


def test_statsmodels_and_lmmtext_agree_through_the_scales():
    data = load("sleepstudy")
    it = smf.mixedlm("Reaction ~ Days", data, groups="Subject", re_formula="~Days").fit()
    fit = lmm("Reaction ~ Days + (Days | Subject)", data)
    Sigma = from_scale(it.params.to_numpy()[2:], "relative", sigma2=it.scale)
    assert np.allclose(to_scale(Sigma, "theta", sigma2=it.scale), fit.theta, rtol=1e-3)


def run_r(code):
    done = subprocess.run(
        [str(shutil.which("Rscript")), "--vanilla", "-e", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return np.array([float(v) for v in done.stdout.split()])


def test_nlme_keeps_logs_of_the_diagonal_and_then_the_upper_factor_by_columns():
    need("lme4")
    Psi = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.7], [0.5, -0.7, 2.0]])
    values = "c(" + ", ".join(map(str, Psi.ravel())) + ")"
    given = run_r(f"cat(format(coef(nlme::pdLogChol(matrix({values}, 3))), digits = 16))")
    assert np.allclose(to_scale(Psi, "log-Cholesky", sigma2=1.0), given, rtol=1e-13)
    given = run_r("cat(format(coef(nlme::pdDiag(diag(c(4, 9)))), digits = 16))")
    assert np.allclose(to_scale(np.diag([4.0, 9.0]), "diagonal log", sigma2=1.0), given, rtol=1e-13)


def test_a_fit_of_nlme_is_read_through_its_reStruct():
    need("lme4")
    code = """
    data(sleepstudy, package = "lme4"); library(nlme)
    f <- lme(Reaction ~ Days, random = ~ Days | Subject, sleepstudy)
    cat(format(c(coef(f$modelStruct$reStruct), f$sigma, getVarCov(f)), digits = 16))
    """
    given = run_r(code)
    values, sigma, Sigma = given[:3], given[3], given[4:].reshape(2, 2)
    assert np.allclose(from_scale(values, "log-Cholesky", sigma2=sigma**2), Sigma, rtol=1e-9)


def test_a_singular_covariance_is_an_ordinary_theta():
    Sigma = 4.0 * np.outer([1.0, -0.5], [1.0, -0.5])
    assert to_scale(Sigma, "theta", sigma2=4.0).tolist() == pytest.approx([1.0, -0.5, 0.0], abs=1e-14)
    assert to_scale(Sigma, "sd and correlation")[2] == pytest.approx(-1.0)
    assert to_scale(np.zeros((2, 2)), "theta", sigma2=1.0).tolist() == [0, 0, 0]
    assert to_scale([[0.0]], "icc", sigma2=1.0).tolist() == [0.0]


@pytest.mark.parametrize("scale", [s for s in SCALES if SCALES[s].regular])
def test_a_scale_that_has_no_numbers_for_a_singular_covariance_says_so(scale):
    Sigma = np.diag([1.0, 0.0]) if SCALES[scale].diagonal else np.ones((2, 2))
    with pytest.raises(ValueError, match="is singular"):
        to_scale(Sigma, scale, sigma2=1.0)


@pytest.mark.parametrize(
    ("convert", "values", "scale", "sigma2", "told"),
    [
        (to_scale, [[1.0, 2.0], [2.0, 1.0]], "theta", 1.0, "positive semi-definite"),
        (to_scale, [[1.0, 0.5], [0.4, 1.0]], "theta", 1.0, "symmetric"),
        (to_scale, [[1.0, 0.5]], "theta", 1.0, "square"),
        (to_scale, [[-1.0]], "covariance", None, "variances must not be below 0"),
        (to_scale, [[0.0, 0.1], [0.1, 1.0]], "covariance", None, "variance is zero"),
        (to_scale, [[0.0, 0.0], [0.0, 1.0]], "sd and correlation", None, "no correlation"),
        (to_scale, np.eye(2), "icc", 1.0, "for one variance"),
        (to_scale, np.ones((2, 2)), "diagonal theta", 1.0, "not correlated"),
        (to_scale, np.eye(2), "theta", 0.0, "sigma2 must be above 0"),
        (to_scale, np.eye(2), "cholesky", 1.0, "scale must be"),
        (from_scale, [1.0, 2.0], "theta", 1.0, "length q"),
        (from_scale, [], "covariance", None, "length q"),
        (from_scale, [], "log sd", None, "square"),
        (from_scale, [1.0, 2.0, 1.0], "covariance", None, "positive semi-definite"),
        (from_scale, [1.0, -1.0, 0.0], "sd and correlation", None, "must not be below 0"),
        (from_scale, [1.0, 1.0, 1.0, 0.9, 0.9, -0.9], "sd and correlation", None, "positive semi-definite"),
        (from_scale, [1.0], "icc", 1.0, "intraclass"),
        (from_scale, [0.0], "precision", None, "positive definite"),
        (from_scale, [-1.0], "diagonal theta", 1.0, "must not be below 0"),
        (from_scale, [0.1, 0.2], "ratio", 1.0, "for one variance"),
    ],
)
def test_what_stands_for_no_covariance_is_refused_in_words(convert, values, scale, sigma2, told):
    with pytest.raises(ValueError, match=told):
        convert(values, scale, sigma2=sigma2)


def test_units_do_not_decide_whether_a_precision_is_positive_definite():
    units = np.array([1e3, 1e-3, 1e5, 1e-6])
    Sigma = (np.eye(4) + 0.5) * np.outer(units, units)
    back = from_scale(to_scale(Sigma, "precision"), "precision")
    assert np.abs(back / Sigma - 1).max() < 1e-9


@pytest.mark.filterwarnings("error")
def test_numbers_that_are_too_large_are_refused_in_words_without_a_warning():
    for values, scale in (([1000.0], "log sd"), ([800.0, 0.0, 0.0], "log-Cholesky"), ([1e200], "theta")):
        with pytest.raises(ValueError, match="finite"):
            from_scale(values, scale, sigma2=1.0)


def test_a_relative_scale_asks_for_the_residual_variance():
    with pytest.raises(TypeError, match="give sigma2="):
        to_scale(np.eye(2), "theta")
