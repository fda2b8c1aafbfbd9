"""Elimination in stages, held to dense matrices; and fits whose later factors are eliminated so, held to dense ones."""

import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from lmmtext import lmm
from lmmtext.fitter import stages
from tests.zoo import deterministic

coupling = sys.modules["lmmtext.fitter.coupling"]  # the package holds its function by that name

RNG = np.random.default_rng


@st.composite
def symmetric_matrices(draw):
    """A positive definite sparse matrix."""
    m, seed = draw(st.integers(1, 120)), draw(st.integers(0, 10**6))
    count = draw(st.integers(0, 3 * m))
    rng = RNG(seed)
    A = sparse.csr_array((rng.normal(size=count), (rng.integers(0, m, count), rng.integers(0, m, count))), shape=(m, m))
    return sparse.csr_array(A @ A.T + sparse.eye_array(m))


@deterministic
@given(symmetric_matrices(), st.sampled_from([0, 5, 50]))
def test_factor_solves_and_inverse_agree_with_dense_algebra(A, small):
    before, stages.SMALL = stages.SMALL, small
    try:
        found = stages.Staged(stages.plan(A), A)
    finally:
        stages.SMALL = before
    D, B = A.toarray(), RNG(1).normal(size=(A.shape[0], 3))
    half = found.forward(B)
    assert np.isclose(found.logdet, np.linalg.slogdet(D)[1])
    assert np.allclose(half.T @ half, B.T @ np.linalg.solve(D, B))
    assert np.allclose(found.backward(half), np.linalg.solve(D, B))
    assert np.allclose(found.inverse().toarray()[D != 0], np.linalg.inv(D)[D != 0])


def test_a_matrix_that_is_not_positive_definite_is_refused_at_a_pivot_and_in_the_core():
    A = sparse.csr_array(np.diag([1.0, -1.0, 1.0]))
    for small in (0, 3):
        plan = stages.Plan(3, np.arange(3), np.arange(3), (), 3, np.arange(3), np.arange(3))
        plan = stages.plan(A) if small == 0 else plan
        with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
            stages.Staged(plan, A)


def test_a_chain_of_nested_factors_takes_one_stage_a_level_and_leaves_nothing(monkeypatch):
    monkeypatch.setattr(stages, "SMALL", 0)
    outer = np.repeat(np.arange(5), 4)  # 20 inner levels in 5 outer ones
    A = sparse.block_array([[sparse.eye_array(20), None], [None, sparse.eye_array(5)]], format="lil")
    A[20 + outer, np.arange(20)] = A[np.arange(20), 20 + outer] = 0.1
    found = stages.plan(sparse.csr_array(A))
    assert [len(stage.chosen) for stage in found.stages] == [20, 5]
    assert found.core == 0


def nested_table():
    """Three nested factors, the innermost the largest, and a covariate."""
    rng = RNG(5)
    a, b, c = np.repeat(np.arange(8), 90), np.repeat(np.arange(48), 15), np.repeat(np.arange(240), 3)
    y = rng.normal(size=8)[a] + 0.7 * rng.normal(size=48)[b] + 0.5 * rng.normal(size=240)[c] + rng.normal(size=720)
    return pd.DataFrame({"y": y, "a": a, "b": b, "c": c, "x": rng.normal(size=720)})


FORMULAS = ["y ~ x + (1|a) + (1|b) + (1|c)", "y ~ x + (x|a) + (1|b) + (x|c)", "y ~ x + (x||a) + (x|b)"]


@pytest.mark.parametrize(("formula", "criterion"), list(product(FORMULAS, ["ml", "reml"])))
def test_a_fit_in_stages_is_the_dense_fit(formula, criterion, monkeypatch):
    table = nested_table()
    dense = lmm(formula, table, criterion=criterion)
    eliminate_in_stages(monkeypatch)
    staged = lmm(formula, table, criterion=criterion)
    assert dense.stats.plan is None
    assert len(staged.stats.plan.stages) >= 2
    assert np.isclose(dense.objective, staged.objective, rtol=0, atol=1e-9)
    assert np.allclose(dense.theta, staged.theta, atol=1e-6)
    assert np.allclose(dense.vcov, staged.vcov, rtol=1e-6)
    for group in dense.ranef:
        assert np.allclose(dense.ranef[group], staged.ranef[group], atol=1e-6)
        assert np.allclose(dense.condvar[group], staged.condvar[group], atol=1e-7)
    assert np.allclose(dense.predict(variances=True), staged.predict(variances=True), atol=1e-6)


def test_a_variance_that_is_zero_is_found_in_stages_too(monkeypatch):
    table = nested_table()
    table["b"] = RNG(6).permutation(table["b"])  # crossed now, with no effect
    dense = lmm("y ~ x + (1|a) + (1|b) + (1|c)", table)
    eliminate_in_stages(monkeypatch)
    staged = lmm("y ~ x + (1|a) + (1|b) + (1|c)", table)
    assert staged.stats.plan is not None
    assert staged.boundary == dense.boundary
    assert np.isclose(dense.objective, staged.objective, rtol=0, atol=1e-9)
    for found, wanted in zip(staged.optimum.at.variance_derivative, dense.optimum.at.variance_derivative, strict=True):
        assert np.allclose(found, wanted, rtol=1e-5, atol=1e-4)


def test_thousands_of_nested_levels_beyond_any_dense_system_are_fitted():
    """20,200 later effects: a dense system of them would take 12 GiB."""
    rng = RNG(7)
    a, b, c = np.repeat(np.arange(200), 400), np.repeat(np.arange(20_000), 4), np.repeat(np.arange(40_000), 2)
    y = rng.normal(size=200)[a] + rng.normal(size=20_000)[b] + rng.normal(size=40_000)[c] + rng.normal(size=80_000)
    fit = lmm("y ~ 1 + (1|a) + (1|b) + (1|c)", pd.DataFrame({"y": y, "a": a, "b": b, "c": c}))
    assert fit.converged
    assert fit.stats.plan.core <= 200
    assert np.allclose([float(fit.varcorr[g].sd.iloc[0]) for g in "abc"], 1, atol=0.2)


def eliminate_in_stages(monkeypatch):
    """Small designs too."""
    monkeypatch.setattr(sys.modules["lmmtext.fitter.statistics"], "SPARSE_FROM", 1)
    monkeypatch.setattr(coupling, "DENSE", 0)
    monkeypatch.setattr(coupling, "CROWDED", np.inf)
    monkeypatch.setattr(stages, "SMALL", 0)
    monkeypatch.setattr(stages, "FULL", 1.0)
