"""The one-way model: closed forms held to the likelihood itself, in 50 digits, and the search held to the forms."""

import csv
import json
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from mpmath import mp, mpf

from lmmtext.covariance import MarginalCovariance
from lmmtext.criterion import deviance, profile, profiled_deviance
from lmmtext.one_way import OneWay, OneWayFit, oneway
from lmmtext.structure import Structure, TermShape
from tests.exact import gradient, to_float
from tests.zoo import deterministic

REFERENCE = Path(__file__).parent / "reference" / "lme4"
INTERIOR = OneWay(J=4, r=3, mean=7.0, SSE=20.0, SSA=90.0)  # MSE = 2.5, MSA = 30
BOUNDARY = OneWay(J=4, r=3, mean=7.0, SSE=40.0, SSA=6.0)  # MSE = 5, MSA = 2
BETWEEN = OneWay(J=3, r=4, mean=0.0, SSE=18.0, SSA=5.0)  # SSA / J < MSE = 2 < MSA = 2.5


def data(layout: OneWay) -> tuple[np.ndarray, np.ndarray]:
    """Observations with these sufficient statistics."""
    within = np.linspace(-1, 1, layout.r) if layout.r > 1 else np.zeros(1)
    between = np.linspace(-1, 1, layout.J)
    within = within * np.sqrt(layout.SSE / (layout.J * (within @ within)))
    between = between * np.sqrt(layout.SSA / (layout.r * (between @ between)))
    return (layout.mean + between[:, None] + within).ravel(), np.repeat(np.arange(layout.J), layout.r)


def exact_deviance(layout: OneWay, criterion: str):
    """-2 log (restricted) likelihood of (sigma2, sigma2_alpha), from the normal density: |V| and V^-1 by mpmath."""
    y, groups = data(layout)
    n = len(y)
    same = mp.matrix((groups[:, None] == groups).astype(float).tolist())
    ones, y = mp.ones(n, 1), mp.matrix(y.tolist())

    def value(phi):
        sigma2, sigma2_alpha = phi
        V = sigma2 * mp.eye(n) + sigma2_alpha * same
        inverse = V**-1
        information = (ones.T * inverse * ones)[0]
        r = y - ones * ((ones.T * inverse * y)[0] / information)
        out = n * mp.log(2 * mp.pi) + mp.log(mp.det(V)) + (r.T * inverse * r)[0]
        return out if criterion == "ml" else out - mp.log(2 * mp.pi) + mp.log(information)

    return value


def check_optimum(layout: OneWay, fit: OneWayFit, criterion: str) -> None:
    """The fit is where the exact likelihood has no slope, or none that leads into the parameter space."""
    f = exact_deviance(layout, criterion)
    phi = mpf(fit.sigma2), mpf(fit.sigma2_alpha)
    by_sigma2, by_sigma2_alpha = to_float(gradient(f, np.array(phi)))
    unit = layout.n / fit.sigma2
    assert abs(by_sigma2) < 1e-12 * unit
    assert by_sigma2_alpha >= 0 if fit.boundary else abs(by_sigma2_alpha) < 1e-12 * unit
    assert fit.boundary == (fit.sigma2_alpha == 0)
    assert fit.deviance == pytest.approx(float(f(phi)), rel=1e-13)
    assert fit.loglik == -fit.deviance / 2
    for a in (0.5, 0.9, 1.1, 2.0):
        for b in (0.0, 0.01, fit.sigma2_alpha / 2, fit.sigma2_alpha, 2 * fit.sigma2_alpha + 0.1):
            assert layout.deviance(a * fit.sigma2, b, criterion) > fit.deviance


@pytest.mark.parametrize("criterion", ["ml", "reml"])
@pytest.mark.parametrize("layout", [INTERIOR, BOUNDARY, BETWEEN], ids=["interior", "boundary", "between"])
def test_the_closed_forms_maximize_the_likelihood_itself(layout, criterion):
    check_optimum(layout, layout.ml() if criterion == "ml" else layout.reml(), criterion)


def test_fifty_digit_maximization_ends_at_the_closed_form():
    layout = OneWay(J=3, r=2, mean=1.0, SSE=6.0, SSA=24.0)
    f = exact_deviance(layout, "ml")
    slope = lambda a, b: tuple(gradient(f, np.array([a, b])))  # noqa: E731
    found = mp.findroot(slope, (mpf("1.9"), mpf("3.2")), tol=1e-25)
    fit = layout.ml()
    assert [float(x) for x in found] == pytest.approx([fit.sigma2, fit.sigma2_alpha], rel=1e-13)


def test_dividing_by_n_as_the_lecture_does_is_not_the_maximum():
    fit = INTERIOR.ml()
    wrong = (INTERIOR.SSA / INTERIOR.J - INTERIOR.MSE) / INTERIOR.n
    slipped = OneWayFit("ml", fit.beta, fit.sigma2, wrong, False, INTERIOR.deviance(fit.sigma2, wrong, "ml"))
    assert slipped.deviance > fit.deviance + 0.1
    with pytest.raises(AssertionError):
        check_optimum(INTERIOR, slipped, "ml")


def test_ml_can_be_on_the_boundary_where_reml_is_not():
    assert BETWEEN.ml().boundary and not BETWEEN.reml().boundary
    assert BETWEEN.ml().sigma2 == (18 + 5) / 12
    assert BETWEEN.reml().sigma2_alpha == pytest.approx((2.5 - 2) / 4, rel=1e-15)


def test_on_the_boundary_the_error_variance_pools_both_sums_of_squares():
    assert BOUNDARY.ml().sigma2 == (40 + 6) / 12
    assert BOUNDARY.reml().sigma2 == (40 + 6) / 11


def test_anova_estimates_may_be_negative_and_are_reported_so():
    fit = BOUNDARY.anova()
    assert (fit.sigma2, fit.sigma2_alpha, fit.boundary) == (5.0, -1.0, True)
    assert fit.deviance < BOUNDARY.reml().deviance  # the unconstrained maximum
    assert INTERIOR.anova().sigma2_alpha == INTERIOR.reml().sigma2_alpha
    assert INTERIOR.anova().deviance == INTERIOR.reml().deviance


def test_anova_estimates_are_unbiased():
    """E SSE = (n - J) sigma2 and E SSA = (J - 1)(sigma2 + r sigma2_alpha), and both estimates are linear in them."""
    sigma2, sigma2_alpha, J, r = 3.0, 5.0, 4, 3
    expected = OneWay(J, r, 0.0, (J * r - J) * sigma2, (J - 1) * (sigma2 + r * sigma2_alpha)).anova()
    assert (expected.sigma2, expected.sigma2_alpha) == pytest.approx((sigma2, sigma2_alpha), rel=1e-15)


@deterministic
@given(
    st.integers(2, 6),
    st.integers(2, 6),
    st.floats(0.01, 100),
    st.floats(0, 100),
    st.sampled_from(["ml", "reml"]),
)
def test_the_search_finds_the_closed_form_in_balanced_data(J, r, SSE, SSA, criterion):
    layout = OneWay(J, r, 3.0, SSE, SSA)
    y, groups = data(layout)
    wanted = layout.ml() if criterion == "ml" else layout.reml()
    got = oneway(y, groups, criterion)
    assert got.deviance == pytest.approx(wanted.deviance, rel=1e-12, abs=1e-11)
    assert got.sigma2_alpha == pytest.approx(wanted.sigma2_alpha, rel=1e-6, abs=1e-8 * (SSE + SSA))
    assert got.sigma2 == pytest.approx(wanted.sigma2, rel=1e-6)


@deterministic
@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=7).filter(lambda sizes: max(sizes) > 1),
    st.integers(0, 1000),
    st.sampled_from(["ml", "reml"]),
    st.sampled_from([0.0, 1.0, 5.0]),
)
def test_the_search_ends_at_the_least_of_the_profiled_deviance(sizes, seed, criterion, spread):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    y = spread * rng.standard_normal(len(sizes))[groups] + rng.standard_normal(len(groups))
    fit = oneway(y, groups, criterion)
    Z, X = np.eye(len(sizes))[groups], np.ones((len(y), 1))
    structure = Structure((TermShape("g", ("(Intercept)",), len(sizes)),))
    V = MarginalCovariance(Z, np.sqrt(fit.sigma2_alpha / fit.sigma2) * np.eye(len(sizes)), fit.sigma2)
    assert fit.deviance == pytest.approx(deviance(V, X, y, criterion), rel=1e-9)
    best = profile(Z, structure, [np.sqrt(fit.sigma2_alpha / fit.sigma2)], X, y, criterion)
    assert [best.beta[0], best.sigma2] == pytest.approx([fit.beta, fit.sigma2], rel=1e-8, abs=1e-10)
    for theta in np.r_[0.0, np.geomspace(1e-2, 1e2, 9)]:
        assert profiled_deviance(Z, structure, [theta], X, y, criterion) >= fit.deviance - 1e-9
    assert fit.boundary == (fit.sigma2_alpha == 0)


def test_of_two_local_minima_the_lower_is_the_fit_and_both_are_listed():
    y = np.array([-7, 2, -2, 2, 3, 0, 3, 0, 1, -1, -3, 2, 0.0])
    groups = np.r_[0, 1, np.full(11, 2)]
    fit = oneway(y, groups, "ml")
    Z, X, structure = np.eye(3)[groups], np.ones((13, 1)), Structure((TermShape("g", ("(Intercept)",), 3),))
    at = lambda ratio: profiled_deviance(Z, structure, [np.sqrt(ratio)], X, y, "ml")  # noqa: E731
    assert fit.local_minima == pytest.approx((2.70267, 0.0), rel=1e-5)
    assert at(0) < at(0.01) and at(0.01) > at(2.70267)  # zero is a local minimum
    assert fit.deviance < at(0) - 0.3 and not fit.boundary  # and not the lowest


@pytest.mark.parametrize(("name", "response"), [("dyestuff", "Yield"), ("dyestuff2_boundary", "Yield")])
def test_the_published_fits_are_reproduced(name, response):
    record = json.loads((REFERENCE / f"{name}.json").read_text())
    with open(REFERENCE / record["data"]) as file:
        rows = list(csv.DictReader(file))
    y, groups = [float(row[response]) for row in rows], [row["Batch"] for row in rows]
    layout = OneWay.from_data(y, groups)
    for criterion, fit in (("ML", layout.ml()), ("REML", layout.reml())):
        wanted = record["fits"][criterion]
        for got in (fit, oneway(y, groups, criterion.lower())):
            assert got.deviance == pytest.approx(wanted["objective"], rel=1e-11)
            assert np.sqrt(got.sigma2) == pytest.approx(wanted["sigma"], rel=1e-6)
            assert got.beta == pytest.approx(wanted["fixef"][0], rel=1e-12)
    assert layout.ml().boundary == (name == "dyestuff2_boundary")


def test_dyestuff_has_the_deviances_that_bates_published():
    layout = OneWay(J=6, r=5, mean=1527.5, SSE=58830.0, SSA=56357.5)
    assert layout.ml().deviance == pytest.approx(327.32705988112673, rel=1e-12)  # found by iteration
    assert layout.reml().deviance == pytest.approx(319.654276842342, rel=1e-12)


def test_statistics_survive_a_large_mean():
    y, groups = data(INTERIOR)
    y = np.round(y * 2**20) / 2**20
    layout, shifted = OneWay.from_data(y, groups), OneWay.from_data(y + 2.0**30, groups)
    assert [shifted.SSE, shifted.SSA] == pytest.approx([layout.SSE, layout.SSA], rel=1e-9)


def test_the_intraclass_correlation_is_the_share_between_groups():
    fit = INTERIOR.ml()
    assert fit.rho == fit.sigma2_alpha / (fit.sigma2_alpha + fit.sigma2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: OneWay(1, 5, 0.0, 1.0, 0.0), "J and r must be 2 or more, got J=1, r=5"),
        (lambda: OneWay(5, 1, 0.0, 1.0, 1.0), "J and r must be 2 or more, got J=5, r=1"),
        (lambda: OneWay(5, 2, 0.0, 0.0, 1.0), "SSE must be above 0"),
        (lambda: OneWay(5, 2, 0.0, 1.0, -1.0), "SSA not below 0"),
        (lambda: OneWay(5, 2, np.nan, 1.0, 1.0), "mean, SSE, SSA must be finite"),
        (
            lambda: OneWay.from_data([1.0, 2.0, 3.0], list("aab")),
            "equally many observations, got 1 to 2. Use oneway",
        ),
        (lambda: OneWay.from_data([1.0, 2.0], list("aab")), "a label for each observation"),
        (lambda: OneWay.from_data([0.1] * 3 + [0.7] * 3, list("aaabbb")), "y must vary within a group"),
        (lambda: oneway([1.0, 2.0, 3.0], list("aaa")), "sigma2 and sigma2_alpha cannot be told apart"),
        (lambda: oneway([1.0, 2.0, 3.0], list("abc")), "sigma2 and sigma2_alpha cannot be told apart"),
        (lambda: oneway([0.1, 0.1, 0.3], list("aab")), "y must vary within a group"),
        (
            lambda: oneway([1.0, 2.0, 3.0], list("aab"), "REML"),
            "criterion must be 'ml' or 'reml', got 'REML'",
        ),
        (lambda: INTERIOR.deviance(1.0, -1.0), "V must be positive definite"),
        (lambda: INTERIOR.deviance(1.0, 1.0, "ml "), "criterion must be 'ml' or 'reml', got 'ml '"),
    ],
)
def test_layouts_that_cannot_be_estimated_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
