"""The fitted model: one face for every kind of term, equal to what dense matrices give."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pandas as pd
import pytest

from lmmtext import lmm, load

SLEEP = load("sleepstudy")


def unbalanced(seed: int = 5, n: int = 90) -> pd.DataFrame:
    """A table with two crossed factors, a nested one, weights and an offset."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"x": rng.normal(size=n), "a": rng.integers(0, 9, n), "b": rng.integers(0, 4, n)})
    table["c"] = [f"{a}{rng.integers(0, 2)}" for a in table["a"]]
    table["w"], table["o"] = rng.uniform(0.3, 3, n), rng.normal(size=n)
    effects = rng.normal(size=9)[table["a"]] + 0.7 * rng.normal(size=4)[table["b"]] * table["x"]
    table["y"] = 1 + 2 * table["x"] + effects + table["o"] + rng.normal(size=n) / np.sqrt(table["w"])
    return table


FORMULAS = [
    "y ~ x + (1 | a)",
    "y ~ x + (x | a)",
    "y ~ x + (x || a)",
    "y ~ x + (1 | a/c)",
    "y ~ x + (x | a) + (1 | b)",
    "y ~ x + (1 | a) + (0 + x | b) + (1 | a:b)",
    "y ~ 0 + x + (1 | b) + (x | a)",
]


def dense(fit) -> dict[str, np.ndarray]:
    """What the matrices of the model give at the fit's parameters: the second way."""
    d = fit.design
    W = np.eye(d.n) if d.weights is None else np.diag(d.weights)
    Lambda = d.structure.Lambda(fit.theta)
    G = fit.sigma2 * Lambda @ Lambda.T
    V = d.Z @ G @ d.Z.T + fit.sigma2 * np.linalg.inv(W)
    Vinv = np.linalg.inv(V)
    y = d.y - (0 if d.offset is None else d.offset)
    XtVinvX = d.X.T @ Vinv @ d.X
    beta = np.linalg.solve(XtVinvX, d.X.T @ Vinv @ y)
    residual = y - d.X @ beta
    value = np.linalg.slogdet(V)[1] + residual @ Vinv @ residual + d.n * np.log(2 * np.pi)
    if fit.criterion == "reml":
        value += np.linalg.slogdet(XtVinvX)[1] - d.p * np.log(2 * np.pi)
    alpha = G @ d.Z.T @ Vinv @ residual
    return {
        "beta": beta,
        "vcov": np.linalg.inv(XtVinvX),
        "objective": value,
        "alpha": alpha,
        "condvar": G - G @ d.Z.T @ Vinv @ d.Z @ G,
        "Qy": Vinv @ residual,
        "fitted": d.X @ beta + d.Z @ alpha + (0 if d.offset is None else d.offset),
        "G": G,
        "Vinv": Vinv,
    }


@pytest.fixture(scope="module", params=FORMULAS)
def formula(request):
    return request.param


@pytest.fixture(scope="module", params=["reml", "ml"])
def fit(request, formula):
    return lmm(formula, unbalanced(), criterion=request.param, weights="w", offset="o")


def test_the_objective_is_that_of_the_dense_model_with_every_constant(fit):
    assert np.isclose(fit.objective, dense(fit)["objective"], rtol=1e-12, atol=1e-9)
    assert fit.loglik == -fit.objective / 2
    assert fit.aic == fit.objective + 2 * (fit.design.p + len(fit.theta) + 1)


def test_fixed_effects_are_generalised_least_squares(fit):
    assert np.allclose(fit.fixef, dense(fit)["beta"], rtol=1e-8)
    assert np.allclose(fit.vcov, dense(fit)["vcov"], rtol=1e-8)
    assert np.allclose(fit.stderr**2, np.diag(fit.vcov))


def test_conditional_modes_and_covariances_are_those_of_the_dense_model(fit):
    want, d = dense(fit), fit.design
    for group, modes in fit.ranef.items():
        places = [
            sl.start + np.arange(len(t.levels)) * t.q + k
            for t, sl in zip(d.terms, d.structure.slices, strict=True)
            if t.group == group
            for k in range(t.q)
        ]
        columns = np.array(places)  # (q, J)
        assert np.allclose(modes.to_numpy().T, want["alpha"][columns], atol=1e-8 * fit.sigma)
        for j in range(len(modes)):
            block = want["condvar"][np.ix_(columns[:, j], columns[:, j])]
            assert np.allclose(fit.condvar[group][j], block, atol=1e-8 * fit.sigma2)


def test_residuals_fitted_values_and_qy_are_those_of_the_dense_model(fit):
    want = dense(fit)
    assert np.allclose(fit.fitted, want["fitted"], atol=1e-8)
    assert np.allclose(fit.fitted + fit.residuals, fit.design.y)
    assert np.allclose(fit.Qy, want["Qy"], atol=1e-8)


def test_prediction_variances_are_those_of_the_dense_model(fit):
    """Var of the error of x'beta_hat + z'alpha_hat, for known groups, new ones, and the population."""
    want, d = dense(fit), fit.design
    new = unbalanced(9, 6).assign(
        a=[0, 1, 2, 3, 99, 5], b=[0, 1, 77, 3, 0, 1], c=["00", "11", "20", "zz", "991", "50"], o=0.0
    )
    rows = d.rows(new)
    X = rows.X
    Z, extra = np.zeros((6, d.structure.m)), np.zeros(6)
    for t, (term, sl, z, codes) in enumerate(zip(d.terms, d.structure.slices, rows.matrices, rows.codes, strict=True)):
        factor = d.structure.factors(fit.theta)[t]
        for i in range(6):
            if codes[i] < 0:
                extra[i] += fit.sigma2 * np.sum((z[i] @ factor) ** 2)
            else:
                Z[i, sl.start + codes[i] * term.q : sl.start + (codes[i] + 1) * term.q] = z[i]
    D = X - Z @ want["G"] @ d.Z.T @ want["Vinv"] @ d.X
    wanted = np.diag(Z @ want["condvar"] @ Z.T) + np.diag(D @ want["vcov"] @ D.T) + extra
    found = fit.predict(new, variances=True, offset="o")
    assert np.allclose(found["variance"], wanted, rtol=1e-7)
    assert np.allclose(found["prediction"], X @ want["beta"] + Z @ want["alpha"], atol=1e-8)
    assert np.allclose(found["response_variance"] - found["variance"], fit.sigma2)
    population = fit.predict(new, random="omit", variances=True, offset="o")
    assert np.allclose(population["variance"], np.diag(X @ want["vcov"] @ X.T))
    assert np.allclose(population["prediction"], X @ want["beta"])
    between = sum(
        fit.sigma2 * ((z @ factor) ** 2).sum(axis=1)
        for z, factor in zip(rows.matrices, d.structure.factors(fit.theta), strict=True)
    )
    assert np.allclose(population["response_variance"] - population["variance"], between + fit.sigma2)


def test_predicting_the_rows_of_the_fit_gives_the_fitted_values(fit):
    assert np.allclose(fit.predict(), fit.fitted)
    assert np.allclose(fit.predict(unbalanced(), offset="o"), fit.fitted)


def test_a_named_offset_is_found_in_new_rows():
    fit, new = lmm("y ~ x + (1 | a)", unbalanced(), offset="o"), unbalanced(8)
    assert np.allclose(fit.predict(new), fit.predict(new, offset=new["o"]))


def test_a_refit_is_the_fit_of_the_new_response(formula):
    table = unbalanced()
    fit = lmm(formula, table, weights="w", offset="o")
    y = fit.simulate(rng=np.random.default_rng(3))
    again, fresh = fit.refit(y), lmm(formula, table.assign(y=y), weights="w", offset="o")
    assert np.isclose(again.objective, fresh.objective, atol=1e-9)
    assert np.allclose(again.fixef, fresh.fixef, rtol=1e-6)


def test_simulated_responses_have_the_mean_and_covariance_of_the_model():
    """2,000 draws; each entry of the mean and of the covariance within 4.5 of its own standard errors (465 of them)."""
    fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff"))
    rng, draws = np.random.default_rng(11), 2000
    Y = np.array([fit.simulate(rng=rng) for _ in range(draws)])
    d = fit.design
    Lambda = d.structure.Lambda(fit.theta)
    V = fit.sigma2 * (d.Z @ Lambda @ Lambda.T @ d.Z.T + np.eye(d.n))
    z_mean = (Y.mean(axis=0) - fit.fixef.iloc[0]) / np.sqrt(np.diag(V) / draws)
    centred = Y - fit.fixef.iloc[0]
    z_cov = (centred.T @ centred / draws - V) / np.sqrt((V**2 + np.outer(np.diag(V), np.diag(V))) / draws)
    assert np.abs(z_mean).max() < 4.5
    assert np.abs(z_cov).max() < 4.5


def test_the_same_generator_gives_the_same_draw():
    fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff"))
    draws = [fit.simulate(rng=np.random.default_rng(1)) for _ in range(2)]
    assert draws[0].equals(draws[1])


def test_a_fit_cannot_be_changed():
    fit = lmm("Reaction ~ Days + (Days | Subject)", SLEEP)
    for name in ("criterion", "theta", "fixef", "new"):
        with pytest.raises(FrozenInstanceError):
            setattr(fit, name, 1)
    with pytest.raises(ValueError, match="read-only"):
        fit.theta[0] = 0
    before = fit.predict(), str(fit)
    for mine in (fit.fixef, fit.vcov, fit.ranef["Subject"], fit.coef["Subject"], fit.varcorr["Subject"].covariance):
        mine.iloc[0] = 1e6
    assert fit.predict().equals(before[0])
    assert str(fit) == before[1]
    for owner in (
        fit.design,
        fit.stats,
        fit.stats.first,
        fit.optimum.at.groups,
        fit.design.terms[0],
        fit.stats.blocks[0],
    ):
        for field in fields(owner):
            value = getattr(owner, field.name)
            assert not isinstance(value, np.ndarray) or not value.flags.writeable, field.name
    assert not fit.optimum.at.theta.flags.writeable
    assert not fit.optimum.at.L_D.flags.writeable


def test_a_singular_fit_is_reported_as_such():
    fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff2"))
    assert fit.boundary == ("Batch: the variance of (Intercept) is zero",)
    assert fit.converged
    assert fit.theta.tolist() == [0.0]
    assert (fit.ranef["Batch"] == 0).all(axis=None)
    assert (fit.condvar["Batch"] == 0).all()
    assert "On the boundary: Batch: the variance of (Intercept) is zero." in str(fit)


def test_a_correlation_of_one_is_reported_as_such():
    """Slopes that are the intercepts over again, with balanced errors that add nothing to the covariance between groups."""
    g, x = np.repeat(np.arange(12), 6), np.tile([-1.0, 0, 1, -1, 0, 1], 12)
    b = np.random.default_rng(2).normal(size=12)
    y = b[g] * (1 + x) + np.tile([1.0, 1, 1, -1, -1, -1], 12)
    fit = lmm("y ~ x + (x | g)", {"y": y, "x": x, "g": g})
    assert fit.boundary == ("g: the correlation of (Intercept) and x is +1",)
    assert np.isclose(fit.varcorr["g"].corr.iloc[0, 1], 1, rtol=1e-12)


def test_group_coefficients_are_fixed_plus_random_effects():
    fit = lmm("Reaction ~ Days + (0 + Days | Subject)", SLEEP)
    assert list(fit.coef["Subject"].columns) == ["(Intercept)", "Days"]
    assert (fit.coef["Subject"]["(Intercept)"] == fit.fixef["(Intercept)"]).all()
    assert np.allclose(fit.coef["Subject"]["Days"], fit.fixef["Days"] + fit.ranef["Subject"]["Days"])


def test_terms_of_one_group_are_told_apart_as_in_lme4():
    fit = lmm("Reaction ~ Days + (Days || Subject)", SLEEP)
    assert list(fit.varcorr) == ["Subject", "Subject.1"]
    assert list(fit.ranef) == ["Subject"]
    assert list(fit.ranef["Subject"].columns) == ["(Intercept)", "Days"]


def test_the_summary_shows_the_same_numbers_as_text_and_as_html():
    fit = lmm("Reaction ~ Days + (Days | Subject)", SLEEP)
    text, html = str(fit), fit._repr_html_()
    for number in ("251.41", "6.8246", "612.09", "24.740", "0.066", "1743.6283", "18 Subject"):
        assert number in text
        assert number in html
    assert "<th></th>" not in html


def test_a_model_without_fixed_effects_can_be_fitted():
    fit = lmm("y ~ 0 + (1 | a)", unbalanced())
    assert fit.fixef.empty
    assert "No fixed effects" in str(fit)
    assert np.isclose(fit.objective, dense(fit)["objective"], rtol=1e-12)
    assert fit.objective == lmm("y ~ 0 + (1 | a)", unbalanced(), criterion="ml").objective


@pytest.mark.parametrize(
    ("formula", "data", "criterion"),
    [
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy", "reml"),
        ("Reaction ~ Days + (Days || Subject)", "sleepstudy", "ml"),
        ("Yield ~ 1 + (1 | Batch)", "dyestuff", "reml"),
        ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin", "reml"),
    ],
)
def test_a_bootstrap_gives_what_refits_of_the_same_draws_give(formula, data, criterion):
    fit = lmm(formula, load(data), criterion=criterion)
    found = fit.bootstrap(25, rng=np.random.default_rng(3))
    rng = np.random.default_rng(3)
    for _, row in found.iterrows():
        again = fit.refit(fit.simulate(rng=rng))
        assert np.isclose(row["objective"], again.objective, rtol=0, atol=1e-9)
        assert row["converged"] == again.converged
        assert np.allclose(row[list(again.fixef.index)].astype(float), again.fixef, rtol=1e-6, atol=1e-6)
        assert np.isclose(row["sigma"], again.sigma, rtol=1e-6)
        for term in again.varcorr.values():
            sd = row[[f"sd_{name}|{term.group}" for name in term.columns]].astype(float)
            assert np.allclose(sd, term.sd, rtol=1e-5, atol=1e-5)


def test_a_bootstrap_finds_correlations_and_unbalanced_groups_too():
    table = SLEEP.drop(index=[3, 7, 20, 21, 22, 100])
    fit = lmm("Reaction ~ Days + (Days | Subject)", table)
    found = fit.bootstrap(10, rng=np.random.default_rng(4))
    rng = np.random.default_rng(4)
    wanted = [fit.refit(fit.simulate(rng=rng)).varcorr["Subject"].corr.iloc[1, 0] for _ in range(10)]
    assert np.allclose(found["cor_Days.(Intercept)|Subject"], wanted, atol=1e-5)


def test_a_bootstrap_recovers_the_spread_of_the_estimates():
    """Balanced data: the standard error of the bootstrap means is that of the fixed effects, to simulation error."""
    fit = lmm("Reaction ~ Days + (Days | Subject)", SLEEP)
    found = fit.bootstrap(400, rng=np.random.default_rng(5))
    assert found["converged"].mean() > 0.99
    ratio = found[["(Intercept)", "Days"]].std() / fit.stderr
    assert ((ratio > 0.88) & (ratio < 1.12)).all()  # +- 3.4 standard errors of a standard deviation from 400


@pytest.mark.parametrize("size", [0, -1, 2.5, True, "ten"])
def test_a_bootstrap_wants_a_number_of_replicates(size):
    fit = lmm("Yield ~ 1 + (1 | Batch)", load("dyestuff"))
    with pytest.raises(ValueError, match="size must be a positive integer"):
        fit.bootstrap(size, rng=np.random.default_rng(1))
