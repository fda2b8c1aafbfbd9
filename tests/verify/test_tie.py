"""The tie to code: a right function is held to its equation, a wrong one is caught, and what cannot be told is said."""

import numpy as np
import pytest

from lmmtext.verify import WORLDS
from lmmtext.verify.claims import claims
from lmmtext.verify.judge import instances
from lmmtext.verify.parser import parse
from lmmtext.verify.tie import COARSEST, INSTANCES, condition, floats, namespace, tie

BLUE = r"\hat{\boldsymbol{\beta}} = (\mathbf{X}^\top \mathbf{V}^{-1} \mathbf{X})^{-1} \mathbf{X}^\top \mathbf{V}^{-1} \mathbf{y}"
OWN = r"\mathbf{b}_j = \mathbf{S}_j^{-1} \mathbf{X}_j^\top \mathbf{y}_j"
MARGINAL = "MarginalCovariance(Z, np.linalg.cholesky(G / sigma2), sigma2)"
NEW = "best_linear_prediction(y_j, X_j @ beta, V_j, X_j @ Sigma, beta, Sigma)"
RIGHT = (
    ("general", BLUE, f"gls(factor({MARGINAL}, 'dense'), X, y).beta"),
    ("general", BLUE, f"gls(factor({MARGINAL}, 'woodbury'), X, y).beta"),
    ("random-regression", OWN, "ols(X_j, y_j).beta"),
    ("random-regression", OWN, "ols(X_j, y_j).beta[:, None]"),
    ("random-regression", r"\operatorname{E}[\boldsymbol{\beta}_j \mid \mathbf{y}_j] = \hat{\boldsymbol{\beta}}_j", f"{NEW}.mean"),
    ("one-way", r"\log |\mathbf{V}| = (n - J) \log \sigma^2 + J \log (\sigma^2 + r \sigma_\alpha^2)", f"factor({MARGINAL}).logdet"),
    ("one-way", r"\operatorname{SSE} = \mathbf{y}^\top (\mathbf{I} - \mathbf{P}_{\mathbf{Z}}) \mathbf{y}", "ols(Z, y).rss"),
)  # fmt: skip
WRONG = (
    ("general", BLUE, "ols(X, y).beta", "off by more than rounding"),
    ("general", BLUE, f"gls(factor({MARGINAL}), X, y).vcov[0]", "off by more than rounding"),
    ("general", BLUE, f"(1 + 1e-4) * gls(factor({MARGINAL}), X, y).beta", "off by more than rounding"),
    ("random-regression", OWN, "ols(X, y).beta", "off by more than rounding"),
    ("random-regression", OWN, "ols(X_j, y_j).vcov", "its shape is"),
    ("random-regression", OWN, "ols(X_j, y).beta", "it raises ValueError"),
    ("random-regression", OWN, "X_j @ beta", "calls no public function"),
    ("random-regression", OWN, "ols(X_j, y_j", "no expression"),
    ("random-regression", OWN, "ols(X_j, y_k).beta", "y_k: no name of the notation in random-regression"),
    ("random-regression", r"\boldsymbol{\beta}_j \sim \mathrm{N}(\boldsymbol{\beta}, \boldsymbol{\Sigma})", "ols(X, y).beta", "off by"),
)  # fmt: skip


@pytest.mark.parametrize(("world", "tex", "code"), RIGHT)
def test_a_function_that_implements_an_equation_is_held_to_it(world, tex, code):
    found = tie(code, tex, WORLDS[world])
    assert (found.wrong, found.instances) == ("", INSTANCES)
    assert found.functions


@pytest.mark.parametrize(("world", "tex", "code", "says"), WRONG)
def test_a_wrong_function_is_caught(world, tex, code, says):
    assert says in tie(code, tex, WORLDS[world]).wrong


def test_a_condition_is_kept():
    tex = r"\mathbf{b}_j - \boldsymbol{\beta} = \mathbf{b}_j"
    code = "ols(X_j, y_j).beta"
    world = WORLDS["random-regression"]
    assert tie(code, tex, world, r"\boldsymbol{\beta} = \mathbf{0}").wrong == ""
    assert "off by" in tie(code, tex, world).wrong


def test_rounding_stays_far_within_the_bound():
    """The bound is for the worst case: what numpy's own solve does wrong is less than a hundredth of it."""
    world = WORLDS["general"]
    claim = claims(parse(BLUE).statements[0], world)[0]
    for scope in instances(world, claim, 3, (0, 1), 10, seed=9):
        v = namespace(scope, {"V", "X", "y"})
        exact = floats(scope("hat_beta"))[:, 0]
        solved = np.linalg.solve(v["V"], v["X"])
        off = np.abs(np.linalg.solve(v["X"].T @ solved, solved.T @ v["y"]) - exact).max()
        assert off < 0.01 * 16 * len(v["y"]) * np.finfo(float).eps * condition(scope) * np.abs(exact).max()


def test_an_instance_that_cannot_tell_right_from_wrong_is_passed_over(monkeypatch):
    assert COARSEST < 1e-4  # the factor of the wrong function above
    monkeypatch.setattr("lmmtext.verify.tie.COARSEST", 1e-15)
    assert "only 0 instances were moderate enough" in tie("ols(X_j, y_j).beta", OWN, WORLDS["random-regression"]).wrong
