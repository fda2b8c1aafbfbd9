"""The production fitter, held to 50-digit arithmetic, to the routes and Henderson, and to its own claims."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given

from lmmtext import lmm, load, mixed_model_equations, oneway, profiled_deviance
from lmmtext.design import Design
from lmmtext.fitter import evaluate, minimise, statistics
from lmmtext.fitter.curvature import _averaged, _several, hessian
from lmmtext.fitter.merging import merged, separate
from lmmtext.fitter.point import Point
from lmmtext.fitter.search import Search, descend
from lmmtext.formula import parse
from lmmtext.structure import lower_form
from lmmtext.terms import Term
from tests import exact
from tests.closeness import cond
from tests.zoo import BY_NAME, ZOO, Case, cases, deterministic

EPS = np.finfo(float).eps


def design_of(case: Case) -> Design:
    """The design of a case of the zoo."""
    terms = tuple(
        Term(
            shape.group,
            shape.columns,
            A,
            code,
            pd.RangeIndex(shape.nlevels),
            None,
            (),
            np.arange(shape.nlevels),
        )
        for shape, A, code in zip(case.structure.terms, case.columns, case.groups, strict=True)
    )
    names = tuple(f"x{k}" for k in range(case.X.shape[1]))
    return Design(
        parse("y ~ x + (1 | g)"),
        case.y,
        case.X,
        names,
        terms,
        case.weights,
        None,
        None,
        pd.RangeIndex(len(case.y)),
        (),
        0,
        None,
        {},
    )


def in_scaled_columns(case: Case) -> Case:
    """The same model in the fitter's own columns: z~ = T'^-1 z, and theta accordingly."""
    bases = statistics(design_of(case)).bases
    columns = tuple(np.linalg.solve(T.T, A.T).T for T, A in zip(bases, case.columns, strict=True))
    factors = [lower_form(T @ L) for T, L in zip(bases, case.structure.factors(case.theta), strict=True)]
    return replace(case, columns=columns, theta=case.structure.theta(factors))


def deviance_at(case: Case, criterion: str, theta: np.ndarray) -> object:
    """The profiled deviance in 50 digits, theta in 50 digits too."""
    covariances, at = [], 0
    for term in case.structure.terms:
        L = exact.exactly(np.zeros((term.q, term.q)))
        for k in range(term.q):
            for i in range(k, term.q):
                L[i, k], at = theta[at], at + 1
        covariances.append(L @ L.T)
    return exact.exact(case, exact.covariance(case, covariances, exact.mpf(1))).profiled_deviance(criterion)


def allowed(value: float, case: Case) -> float:
    """Rounding of a deviance: a few units in the last place of its terms, and of pwrss, n times."""
    return 1e4 * EPS * (abs(value) + len(case.y))


@pytest.mark.parametrize("criterion", ["reml", "ml"])
@pytest.mark.parametrize("case", ZOO, ids=str)
def test_the_objective_is_right_to_rounding_at_any_theta(case, criterion):
    scaled = in_scaled_columns(case)
    found = evaluate(statistics(design_of(case)), scaled.theta, criterion, exact=True).objective
    wanted = float(deviance_at(scaled, criterion, exact.exactly(scaled.theta)))
    # log|M| of crossed factors: M = I + Lambda'Z'WZ Lambda has eigenvalues down to 1, each off by eps |M|
    lost = len(case.structure.terms) > 1 and case.structure.m * EPS * len(case.y) * np.abs(scaled.theta).max() ** 2
    assert abs(found - wanted) <= allowed(wanted, case) + lost


@pytest.mark.parametrize("criterion", ["reml", "ml"])
@pytest.mark.parametrize("case", [c for c in ZOO if np.abs(c.theta).max() < 1e3], ids=str)
def test_the_gradient_agrees_with_fifty_digit_differences(case, criterion):
    scaled = in_scaled_columns(case)
    found = evaluate(statistics(design_of(case)), scaled.theta, criterion).gradient
    wanted = exact.to_float(exact.gradient(lambda theta: deviance_at(scaled, criterion, theta), scaled.theta))
    assert np.abs(found - wanted).max() <= 1e-10 * (np.abs(wanted).max() + len(case.y))


@deterministic
@given(cases())
def test_objective_and_gradient_are_right_on_random_designs(case):
    assume(len(case.y) > case.X.shape[1] + 1)
    scaled = in_scaled_columns(case)
    at = evaluate(statistics(design_of(case)), scaled.theta, "reml", exact=True)
    wanted = float(deviance_at(scaled, "reml", exact.exactly(scaled.theta)))
    assert abs(at.objective - wanted) <= allowed(wanted, case)
    slope = exact.to_float(exact.gradient(lambda theta: deviance_at(scaled, "reml", theta), scaled.theta))
    assert np.abs(at.gradient - slope).max() <= 1e-9 * (np.abs(slope).max() + len(case.y))


@deterministic
@given(cases())
def test_the_fitter_the_routes_and_henderson_agree(case):
    """Three ways to one deviance, which share no line of code."""
    assume(len(case.y) > case.X.shape[1] + 1)
    scaled = in_scaled_columns(case)
    for criterion in ("ml", "reml"):
        fitter = evaluate(statistics(design_of(case)), scaled.theta, criterion, exact=True).objective
        henderson = mixed_model_equations(case.X, case.Z, case.y, case.Lambda, 1.0, case.weights).deviance(criterion)
        routes = profiled_deviance(*case.profile_arguments(criterion))
        lost = 1e3 * cond(case.V_0) * EPS * len(case.y)  # what the routes may lose
        assert abs(fitter - henderson) <= allowed(henderson, case)
        assert abs(fitter - routes) <= allowed(routes, case) + lost


@pytest.mark.parametrize("criterion", ["reml", "ml"])
@pytest.mark.parametrize(
    "case", [c for c in ZOO if np.abs(c.theta).max() < 1e3 and len(c.y) > c.X.shape[1] + 1], ids=str
)
def test_the_second_derivatives_agree_with_differences_of_the_gradient(case, criterion):
    case, stats = in_scaled_columns(case), statistics(design_of(case))
    groups, h, unit = merged(stats), 1e-5, np.eye(len(case.theta))

    def gradient(theta):
        return Point(stats, groups, theta, criterion == "reml").gradient

    found = hessian(Point(stats, groups, case.theta, criterion == "reml"))
    wanted = np.array([(gradient(case.theta + h * e) - gradient(case.theta - h * e)) / (2 * h) for e in unit])
    assert np.abs(found - wanted).max() <= 1e-7 * (np.abs(wanted).max() + len(case.y))


@pytest.mark.parametrize("name", ["nested", "crossed with holes", "crossed slopes", "weights, crossed", "one theta 0"])
def test_the_averaged_information_is_the_mean_of_the_observed_and_the_expected(name):
    """Observed: 2 y'PaPbPy - tr(PaPb) - y'PaPy y'PbPy / df, expected: tr(PaPb), with y scaled to y'Py = df."""
    case, stats = in_scaled_columns(BY_NAME[name]), statistics(design_of(BY_NAME[name]))
    point = Point(stats, merged(stats), case.theta, True)
    S = point.directions
    V_0 = np.diag(1 / (np.ones(len(case.y)) if case.weights is None else case.weights))
    V_0 = V_0 + sum(moves(case, stats, b, L @ L.T) for b, L in enumerate(stats.factors(case.theta)))
    W = np.linalg.inv(V_0)
    P = W - W @ case.X @ np.linalg.solve(case.X.T @ W @ case.X, case.X.T @ W)
    Py = P @ case.y * np.sqrt((len(case.y) - case.X.shape[1]) / (case.y @ P @ case.y))
    moved = [moves(case, stats, b, s) for b, directions in enumerate(S) for s in directions]
    expected = np.array([[np.trace(P @ a @ P @ b) for b in moved] for a in moved])
    forms = np.array([Py @ a @ Py for a in moved])
    profiled = np.outer(forms, forms) / point.df
    assert np.allclose(_averaged(point, S), (_several(point, S) + expected - profiled) / 2, rtol=1e-7, atol=1e-7)


def moves(case, stats, b, direction):
    """(n, n) dV_0 along a direction of the covariance of block b of the fitter, in its own columns."""
    block = stats.blocks[b]
    z = np.hstack([case.columns[t] for t in block.terms])
    return (z @ direction @ z.T) * (block.codes[:, None] == block.codes)


def test_the_gradient_check_can_fail():
    case = in_scaled_columns(BY_NAME["crossed slopes"])
    found = evaluate(statistics(design_of(BY_NAME["crossed slopes"])), case.theta, "ml").gradient
    wrong = exact.to_float(exact.gradient(lambda theta: deviance_at(case, "reml", theta), case.theta))
    assert np.abs(found - wrong).max() > 1e-3


@pytest.mark.parametrize("name", ["theta 0", "one theta 0", "singular slopes", "crossed slopes", "three slopes"])
def test_the_derivative_in_the_variances_agrees_with_differences_where_theta_sees_nothing(name):
    """One-sided: Psi_t + h v v' for h > 0, whatever the rank of Psi_t."""
    case = in_scaled_columns(BY_NAME[name])
    D = evaluate(statistics(design_of(BY_NAME[name])), case.theta, "reml").variance_derivative
    h = exact.mpf(10) ** -20
    Psi = [exact.exactly(L) @ exact.exactly(L).T for L in case.structure.factors(case.theta)]

    def value(psi: list) -> object:
        return exact.exact(case, exact.covariance(case, psi, exact.mpf(1))).profiled_deviance("reml")

    for t, D_t in enumerate(D):
        for v in np.eye(len(D_t)).tolist() + [[1.0] * len(D_t)]:
            v = exact.exactly(np.array(v))
            moved = [P + h * np.outer(v, v) if k == t else P for k, P in enumerate(Psi)]
            slope = float((value(moved) - value(Psi)) / h)
            assert np.isclose(exact.to_float(v) @ D_t @ exact.to_float(v), slope, rtol=1e-9, atol=1e-9 * len(case.y))


@deterministic
@given(cases())
def test_an_optimum_is_a_minimum_in_the_variances(case):
    """At the end D_t Lambda_t = 0 and D_t is positive semi-definite: no variance wants to grow, none to shrink."""
    assume(len(case.y) > case.X.shape[1] + 2 and all(t.q * t.nlevels < len(case.y) for t in case.structure.terms))
    optimum = minimise(statistics(design_of(case)), "reml")
    if not optimum.converged:  # tiny designs can let sigma2 go to zero
        assert optimum.at.pwrss < 1e-4 * len(case.y), optimum.message
        return
    factors = case.structure.factors(optimum.at.theta)
    for D, L in zip(optimum.at.variance_derivative, factors, strict=True):
        size = len(case.y) + np.abs(D).max()
        assert np.abs(D @ L).max() <= 1e-5 * size
        assert np.linalg.eigvalsh(D)[0] >= -1e-5 * size


def one_way(between: float, J: int = 12, r: int = 6) -> pd.DataFrame:
    """A balanced one-way table whose mean squares are MSE = 1 and SSA / J = `between`, by construction."""
    rng = np.random.default_rng(3)
    within = rng.normal(size=(J, r))
    within -= within.mean(axis=1, keepdims=True)
    within *= np.sqrt(J * (r - 1) / (within**2).sum())
    means = rng.normal(size=J)
    means = (means - means.mean()) * np.sqrt(between * J / (r * ((means - means.mean()) ** 2).sum()))
    return pd.DataFrame({"y": (means[:, None] + within).ravel(), "g": np.repeat(np.arange(J), r)})


@pytest.mark.parametrize("between", [1 + 1e-3, 1 + 1e-6, 1.5, 100.0, 1e8])
def test_a_small_variance_is_not_taken_for_zero(between):
    """Interior ML: sigma2_alpha = (SSA/J - MSE) / r as soon as SSA/J > MSE, however small."""
    fit = lmm("y ~ 1 + (1 | g)", one_way(between), criterion="ml")
    assert fit.boundary == ()
    assert np.isclose(fit.sigma2, 1, rtol=1e-6)
    assert np.isclose(fit.varcorr["g"].covariance.iloc[0, 0], (between - 1) / 6, rtol=1e-4)


@pytest.mark.parametrize("between", [1 - 1e-3, 1 - 1e-6, 0.5, 1e-4])
def test_a_zero_is_found_where_the_derivative_in_the_variance_says_so(between):
    fit = lmm("y ~ 1 + (1 | g)", one_way(between), criterion="ml")
    assert fit.theta.tolist() == [0.0]
    assert np.isclose(fit.sigma2, (12 * 5 + 12 * between) / 72)


def test_the_path_of_the_search_is_kept_and_goes_down_to_the_optimum():
    fit = lmm("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    first = fit.path[fit.path["descent"] == 0]
    assert first["objective"].iloc[0] > fit.objective + 1
    assert (first["objective"].diff().dropna() <= 1e-9).all()
    best = fit.path.loc[fit.path["objective"].idxmin()]
    assert np.isclose(best["objective"], fit.objective, rtol=0, atol=1e-9)
    assert np.allclose(best[["theta0", "theta1", "theta2"]], fit.theta, atol=1e-5)


def test_the_search_leaves_a_false_zero():
    """theta = 0 is stationary: started there, the search must still find the interior minimum."""
    table = load("dyestuff")
    fit = lmm("Yield ~ 1 + (1 | Batch)", table)
    again = minimise(fit.stats, "reml", start=np.zeros(1))
    assert np.isclose(again.at.objective, fit.objective, atol=1e-9)


@pytest.mark.parametrize("criterion", ["reml", "ml"])
def test_unbalanced_one_way_fits_reach_the_lowest_of_all_minima(criterion):
    """Against the one-dimensional search, which lists every local minimum."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        sizes = np.append(rng.integers(1, 12, rng.integers(1, 7)), 3)
        g = np.repeat(np.arange(len(sizes)), sizes)
        y = rng.choice([0, 0.3, 1, 3]) * rng.normal(size=len(sizes))[g] + rng.standard_t(3, size=len(g))
        wanted = oneway(y, g, criterion)
        fit = lmm("y ~ 1 + (1 | g)", {"y": y, "g": g}, criterion=criterion)
        assert fit.converged
        assert np.isclose(fit.objective, wanted.deviance, rtol=0, atol=1e-9)
        assert bool(fit.boundary) == wanted.boundary


def test_of_two_minima_the_lower_one_is_found():
    rng = np.random.default_rng(next(s for s in range(4000) if _two_minima(s)))
    g = np.repeat([0, 1, 2], [1, 1, 11])
    y = rng.normal(size=13) + 1.5 * rng.normal(size=3)[g]
    wanted = oneway(y, g, "ml")
    assert len(wanted.local_minima) == 2
    assert np.isclose(
        lmm("y ~ 1 + (1 | g)", {"y": y, "g": g}, criterion="ml").objective, wanted.deviance, rtol=0, atol=1e-9
    )


def _two_minima(seed: int) -> bool:
    rng, g = np.random.default_rng(seed), np.repeat([0, 1, 2], [1, 1, 11])
    return len(oneway(rng.normal(size=13) + 1.5 * rng.normal(size=3)[g], g, "ml").local_minima) == 2


SLEEP = load("sleepstudy")


@pytest.mark.parametrize("criterion", ["reml", "ml"])
@pytest.mark.parametrize("shift", [0.0, 1e6, -1e6])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_shifting_and_scaling_the_response_changes_estimates_only_as_it_must(shift, scale, criterion):
    fit = lmm("Reaction ~ Days + (Days | Subject)", SLEEP, criterion=criterion)
    moved = lmm(
        "Reaction ~ Days + (Days | Subject)",
        SLEEP.assign(Reaction=lambda d: scale * (d["Reaction"] + shift)),
        criterion=criterion,
    )
    digits = 1e-9 * max(1.0, abs(shift) * 1e-5)  # the data themselves lose digits to a shift
    df = fit.nobs - (2 if criterion == "reml" else 0)
    assert np.isclose(moved.objective, fit.objective + 2 * df * np.log(scale), rtol=0, atol=1e3 * digits)
    assert np.allclose(moved.theta, fit.theta, rtol=1e4 * digits)
    assert np.isclose(moved.sigma, scale * fit.sigma, rtol=1e2 * digits)
    assert np.allclose(moved.fixef, scale * (fit.fixef + [shift, 0]), rtol=1e2 * digits)
    assert np.allclose(moved.stderr, scale * fit.stderr, rtol=1e3 * digits)


@pytest.mark.parametrize("criterion", ["reml", "ml"])
@pytest.mark.parametrize("shift", [0.0, 1e6, -1e6])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_shifting_and_scaling_a_predictor_changes_estimates_only_as_it_must(shift, scale, criterion):
    """x -> scale (x + shift): slopes over scale, intercepts at the new origin, the same fitted values and variances at each x."""
    fit = lmm("Reaction ~ Days + (Days | Subject)", SLEEP, criterion=criterion)
    moved = lmm(
        "Reaction ~ Days + (Days | Subject)",
        SLEEP.assign(Days=lambda d: scale * (d["Days"] + shift)),
        criterion=criterion,
    )
    T = np.array([[1.0, -shift], [0.0, 1 / scale]])  # coefficients of the moved x from those of x
    logdet_X = -2 * np.log(scale) if criterion == "reml" else 0.0
    digits = 1e-9 * max(1.0, abs(shift) * 1e-3)
    assert np.isclose(moved.objective, fit.objective - logdet_X, rtol=0, atol=1e2 * digits)
    assert np.isclose(moved.sigma, fit.sigma, rtol=1e2 * digits)
    assert np.isclose(moved.fixef["Days"], fit.fixef["Days"] / scale, rtol=1e2 * digits)
    assert np.isclose(moved.fixef["(Intercept)"], (T @ fit.fixef)[0], rtol=1e2 * digits)
    assert np.allclose(moved.fitted, fit.fitted, rtol=1e2 * digits)
    Sigma = fit.varcorr["Subject"].covariance.to_numpy()
    assert np.allclose(moved.varcorr["Subject"].covariance, T @ Sigma @ T.T, rtol=1e3 * digits)


def test_two_crossed_factors_that_are_too_large_are_refused_before_their_system_is_allocated(monkeypatch):
    monkeypatch.setattr(sys.modules["lmmtext.fitter.statistics"], "DENSE_BYTES", 2**24)
    rng = np.random.default_rng(1)
    n = 20_000
    table = {"y": rng.normal(size=n), "a": rng.integers(0, 6_000, n), "b": rng.integers(0, 5_000, n)}
    with pytest.raises(
        MemoryError, match=r"b \(\d+\) are crossed so much that a dense system of \d+ rows is left, \d+ GiB"
    ):
        lmm("y ~ 1 + (1 | a) + (1 | b)", table)


def test_a_hundred_thousand_groups_are_no_obstacle():
    """J = 1e5, n = 3e5: the closed form of the balanced one-way model to eight digits."""
    rng = np.random.default_rng(2)
    J, r = 100_000, 3
    y = rng.normal(size=(J, 1)) + rng.normal(size=(J, r))
    fit = lmm("y ~ 1 + (1 | g)", {"y": y.ravel(), "g": np.repeat(np.arange(J), r)}, criterion="ml")
    means = y.mean(axis=1)
    MSE, SSA = ((y - means[:, None]) ** 2).sum() / (J * (r - 1)), r * ((means - means.mean()) ** 2).sum()
    assert np.isclose(fit.sigma2, MSE, rtol=1e-8)
    assert np.isclose(fit.varcorr["g"].covariance.iloc[0, 0], (SSA / J - MSE) / r, rtol=1e-8)


def test_a_perfect_fit_by_the_random_effects_is_not_called_converged():
    table = pd.DataFrame({"g": np.repeat(np.arange(5), 4)}).assign(y=lambda d: 1.0 * d["g"] ** 2)
    fit = lmm("y ~ 1 + (1 | g)", table)
    assert not fit.converged
    assert "residual variance goes to zero" in fit.message
    assert "Not to be trusted" in str(fit)


def test_groups_with_equal_designs_are_done_once_and_nothing_changes():
    rng = np.random.default_rng(8)
    sizes = rng.integers(1, 6, 3000)  # five kinds of groups
    g = np.repeat(np.arange(3000), sizes)
    y = rng.normal(size=3000)[g] + rng.normal(size=len(g))
    stats = lmm("y ~ 1 + (1 | g)", {"y": y, "g": g}).stats
    groups = merged(stats)
    assert len(groups.R) == 5
    assert len(groups.t) <= 5 * 2  # of each kind as many rows as t has columns
    assert groups.counts.sum() == 3000
    for theta in (0.0, 0.3, 40.0):
        apart, together = (Point(stats, k, np.array([theta]), True) for k in (separate(stats), groups))
        assert np.isclose(apart.objective, together.objective, rtol=1e-13)
        assert np.allclose(apart.gradient, together.gradient, rtol=1e-10, atol=1e-10)
        assert np.allclose(hessian(apart), hessian(together), rtol=1e-10)


def test_a_balanced_design_of_slopes_has_one_kind_of_group():
    stats = lmm("Reaction ~ Days + (Days | Subject)", load("sleepstudy")).stats
    assert len(merged(stats).R) == 1


def test_many_groups_are_searched_from_a_part_of_them_to_the_same_minimum():
    """Six thousand different groups: more than are looked at first."""
    rng = np.random.default_rng(9)
    g = np.repeat(np.arange(6000), 5)
    x = rng.normal(size=len(g))
    alpha = rng.normal(size=(6000, 2)) * [1.0, 0.5]
    y = 1 + x + alpha[g, 0] + alpha[g, 1] * x + rng.normal(size=len(g))
    fit = lmm("y ~ x + (x | g)", {"y": y, "x": x, "g": g})
    again = descend(Search(fit.stats, "reml"), np.array([1.0, 0.0, 1.0]))
    assert fit.converged
    assert np.isclose(fit.objective, again.objective, rtol=0, atol=1e-9)
    assert np.allclose(fit.optimum.at.theta, again.point.theta, atol=1e-7)
