"""Every route solves V and gives its determinant; a route that cannot says so."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given

from lmmtext.covariance import MarginalCovariance
from lmmtext.routes import ROUTES, choose, factor
from lmmtext.routes.dense import Dense
from tests.closeness import assert_near, relative
from tests.exact import cholesky, covariance, exactly, logdet, solve, to_float
from tests.zoo import BY_NAME, ORDINARY, ZOO, Case, cases, deterministic


def routes_for(V: MarginalCovariance) -> list[str]:
    """The routes that do not refuse V."""
    return [name for name, route in ROUTES.items() if route.refusal(V) is None]


@pytest.fixture(scope="module")
def oracle() -> dict:
    """V^-1 [y, X] and log|V| of every case, in 50 digits."""
    out = {}
    for case in ZOO:
        L = cholesky(covariance(case))
        B = np.column_stack([case.y, case.X])
        out[case.name] = B, to_float(solve(L, exactly(B))), float(logdet(L))
    return out


def check(route: str, case: Case, B: np.ndarray, solution: np.ndarray, log_determinant: float) -> None:
    """Hold a route to known answers, a column at a time."""
    F, bound = factor(case.V, route), relative(case.V)
    for got, wanted in zip(F.solve(B).T, solution.T, strict=True):
        assert_near(got, wanted, bound * np.linalg.norm(wanted), f"V^-1 B by {route}")
    assert_near(F.solve(B[:, 0]), solution[:, 0], bound * np.linalg.norm(solution[:, 0]), f"V^-1 b by {route}")
    assert_near(F.logdet, log_determinant, bound * max(1.0, abs(log_determinant)), f"log|V| by {route}")


@pytest.mark.parametrize("case", ZOO, ids=lambda case: case.name)
def test_every_route_agrees_with_fifty_digits(case, oracle):
    for route in routes_for(case.V):
        check(route, case, *oracle[case.name])


@deterministic
@given(cases())
def test_every_route_undoes_multiplication_by_v(case):
    V = case.V
    x = np.random.default_rng(1).standard_normal((V.n, 2))
    _, log_determinant = np.linalg.slogdet(V.dense())
    for route in routes_for(V):
        F = factor(V, route)
        assert_near(F.solve(V.matmul(x)), x, relative(V) * np.linalg.norm(x), f"V^-1 V x by {route}")
        assert_near(F.logdet, log_determinant, relative(V) * max(1.0, abs(log_determinant)), "log|V|")


def test_the_zoo_gives_every_route_work():
    counts = {name: sum(name in routes_for(case.V) for case in ZOO) for name in ROUTES}
    assert counts["dense"] == counts["woodbury"] == len(ZOO)
    assert counts["block"] >= 12 and counts["spectral"] >= 4


@pytest.mark.parametrize(
    "broken",
    [
        lambda V: dataclasses.replace(V, Lambda=1.001 * V.Lambda),
        lambda V: dataclasses.replace(V, Lambda=V.Lambda.T),
        lambda V: dataclasses.replace(V, sigma2=V.sigma2 * (1 + 1e-9)),
        lambda V: dataclasses.replace(V, weights=None),
    ],
)
def test_the_conformance_check_sees_a_wrong_v(broken, oracle, monkeypatch):
    case = BY_NAME["weights"]
    right = ROUTES["woodbury"].of
    monkeypatch.setattr(ROUTES["woodbury"], "of", staticmethod(lambda V: right(broken(V))))
    with pytest.raises(AssertionError, match="by woodbury"):
        check("woodbury", case, *oracle[case.name])


def test_dense_is_the_weak_witness_at_huge_variance_ratios(oracle):
    case = BY_NAME["theta 1e6"]
    _, _, wanted = oracle[case.name]
    off = {route: abs(factor(case.V, route).logdet - wanted) for route in ("dense", "woodbury")}
    assert off["woodbury"] < 1e-12 * abs(wanted) < off["dense"]


@deterministic
@given(cases())
def test_v_multiplies_as_its_dense_form_does(case):
    V, B = case.V, np.random.default_rng(2).standard_normal((len(case.y), 3))
    size = np.linalg.norm(V.dense()) * np.linalg.norm(B)
    assert_near(V.matmul(B), V.dense() @ B, 1e-14 * V.n * size, "V B")
    assert_near(V.matmul(B[:, 0]), V.dense() @ B[:, 0], 1e-14 * V.n * size, "V b")


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_v_is_what_the_model_says_group_by_group(case):
    assert_near(case.V.dense(), to_float(covariance(case)), 1e-14 * np.linalg.norm(case.V.dense()), "V")


@pytest.mark.parametrize(
    ("route", "name", "words"),
    [
        (
            "block",
            "one group",
            "route 'block' needs a V in two blocks or more; this V has one block, of 10 rows. Try route='woodbury'.",
        ),
        ("spectral", "weights", "equal weights; this V has weights that differ. Try route='woodbury'."),
        ("spectral", "unbalanced one-way", "multiples of projections; term 0 of this V is not."),
        ("spectral", "correlated slopes", "multiples of projections; term 0 of this V is not."),
    ],
)
def test_a_route_refuses_in_words_what_it_cannot_do(route, name, words):
    with pytest.raises(ValueError) as caught:
        factor(BY_NAME[name].V, route)
    assert words in str(caught.value)


def test_spectral_refuses_projections_that_do_not_commute():
    a, b = np.repeat([0, 1], 2), np.array([0, 1, 1, 1])
    Z = np.hstack([np.eye(2)[a] / np.sqrt(2), np.eye(2)[b] / np.sqrt([1, 3])])  # unit columns: both projections
    V = MarginalCovariance(Z, np.eye(4), terms=(slice(0, 2), slice(2, 4)))
    assert "terms that commute; terms 0 and 1 of this V do not" in ROUTES["spectral"].refusal(V)


def test_spectral_finds_the_eigenvalues_of_a_balanced_crossed_design():
    case = BY_NAME["crossed balanced"]  # 4 rows by 6 columns
    F = factor(case.V, "spectral")
    a, b = case.theta**2
    expected = {1 + 6 * a + 4 * b: 1, 1 + 6 * a: 3, 1 + 4 * b: 5, 1.0: 15}
    order = np.argsort(F.values)
    np.testing.assert_allclose(F.values[order], sorted(expected), rtol=1e-13)
    assert [expected[key] for key in sorted(expected)] == F.ranks[order].tolist()


def test_large_problems_are_refused_before_anything_is_allocated():
    V = MarginalCovariance(np.ones((10_001, 1)), [[1.0]])
    for route in ("dense", "block"):
        with pytest.raises(ValueError, match="10001|one block"):
            factor(V, route)
    assert choose(V) == "woodbury"


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("balanced one-way", "block"),
        ("crossed slopes", "dense"),
        ("theta 0", "block"),
        ("one group", "woodbury"),
    ],
)
def test_auto_takes_the_route_that_choose_names(name, route):
    V = BY_NAME[name].V
    assert choose(V) == route
    assert isinstance(factor(V), ROUTES[route])


def test_an_unknown_route_is_told_the_known_ones():
    with pytest.raises(ValueError, match="route must be 'auto' or 'block' or .* got 'cholesky'"):
        factor(BY_NAME["one group"].V, "cholesky")


def test_a_singular_v_is_an_error_not_a_number():
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite to working precision"):
        Dense.of_array(np.ones((2, 2)))


@pytest.mark.parametrize("route", ROUTES)
def test_a_right_side_that_does_not_conform_is_refused(route):
    F = factor(BY_NAME["balanced one-way"].V, route)
    with pytest.raises(ValueError, match=r"V \(24, 24\) and B \(25,\) do not conform"):
        F.solve(np.ones(25))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Lambda": np.eye(3)}, r"Z \(24, 6\) and Lambda \(3, 3\) do not conform"),
        ({"sigma2": 0.0}, "sigma2 must be above 0, got 0"),
        ({"sigma2": np.inf}, "sigma2 must be finite"),
        ({"weights": np.zeros(24)}, "weights must be above 0"),
        ({"weights": np.ones(23)}, r"weights must have shape \(24\)"),
        ({"Z": np.full((24, 6), np.nan)}, "Z must be finite"),
        ({"terms": (slice(0, 2), slice(3, 6))}, "terms must be consecutive slices of the 6 columns"),
        ({"terms": (slice(0, 2), slice(2, 6)), "Lambda": np.ones((6, 6))}, "Lambda must link no two terms"),
    ],
)
def test_a_covariance_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(BY_NAME["balanced one-way"].V, **change)


def test_a_covariance_cannot_be_changed_behind_its_back():
    Z, Lambda = np.ones((2, 1)), np.ones((1, 1))
    V = MarginalCovariance(Z, Lambda)
    Z[:] = Lambda[:] = 7.0
    assert V.dense().tolist() == [[2.0, 1.0], [1.0, 2.0]]
    with pytest.raises(ValueError, match="read-only"):
        V.ZL[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        V.sigma2 = 2.0


def test_g_is_sigma2_lambda_lambda_transposed():
    case = BY_NAME["correlated slopes"]
    assert_near(case.V.G, case.sigma2 * case.Lambda @ case.Lambda.T, 1e-15, "G")


def test_a_model_without_random_effects_is_an_ordinary_value():
    V = MarginalCovariance(np.ones((3, 0)), np.ones((0, 0)), sigma2=2.0, weights=[1.0, 2.0, 4.0])
    for route in ("dense", "woodbury", "block"):
        assert_near(factor(V, route).solve(np.ones(3)), [0.5, 1.0, 2.0], 1e-15, route)


def test_a_v_with_an_observation_twice_is_refused_however_it_rounds():
    rng = np.random.default_rng(1)
    for _ in range(100):
        A = rng.standard_normal((6, 6))
        V = A @ A.T + np.eye(6)
        doubled = V[np.ix_([0, 1, 2, 3, 4, 5, 5], [0, 1, 2, 3, 4, 5, 5])]
        with pytest.raises(np.linalg.LinAlgError, match="not positive definite to working precision"):
            Dense.of_array(doubled)
