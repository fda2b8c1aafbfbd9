"""Iterative estimators: one optimum, five ways there, each leaving its path."""

import numpy as np
import pytest

from lmmtext.criterion import deviance
from lmmtext.iterative import ESTIMATORS, alternating, estimate
from lmmtext.iterative.problem import Problem
from lmmtext.least_squares import gls
from lmmtext.one_way import OneWay, oneway
from lmmtext.routes import factor
from lmmtext.simulation import simulate
from lmmtext.structure import Structure, TermShape
from lmmtext.variance_parameters import covariances_of
from tests.test_criterion import PUBLISHED, reference
from tests.zoo import BY_NAME, Case, make_case

PAIRS = [
    (estimator, criterion)
    for estimator in ESTIMATORS
    for criterion in ("ml", "reml")
    if (estimator, criterion) != ("gauss_seidel", "reml")
]


def drawn(name: str, case: Case, seed: int = 5) -> Case:
    """The case with a response drawn from it, and X the model matrix of its first term."""
    rng = np.random.default_rng(seed)
    X = case.columns[0]
    y = simulate(X, np.zeros(X.shape[1]), case.Z, case.Lambda, case.sigma2, case.weights, rng=rng).y
    return Case(**(vars(case) | {"name": name, "X": X, "y": y}))


def slopes(theta: list[float], **options) -> Case:
    """Ten groups of six, with intercepts and slopes."""
    groups, x = np.repeat(np.arange(10), 6), np.tile(np.linspace(-1, 1, 6), 10)
    return make_case("slopes", [groups], [np.column_stack([np.ones(60), x])], theta, **options)


WEIGHTS = np.random.default_rng(6).uniform(0.2, 5.0, 60)
INTERIOR = {
    "balanced one-way": BY_NAME["balanced one-way"],
    "crossed with holes": BY_NAME["crossed with holes"],
    "slopes": drawn("slopes", slopes([2.0, 1.0, 2.0])),
    "weighted slopes": drawn("weighted slopes", slopes([2.0, -1.0, 2.0], weights=WEIGHTS)),
}
SINGULAR = drawn("singular", slopes([1.0, 0.7, 0.0]))  # slopes follow the intercepts exactly


def run(case: Case, estimator: str, criterion: str, **options):
    """The path of an estimator on a case, whose theta is only where its data came from."""
    return estimate(
        case.Z,
        case.structure,
        case.X,
        case.y,
        estimator=estimator,
        criterion=criterion,
        weights=case.weights,
        **options,
    )


@pytest.mark.parametrize("criterion", ["ml", "reml"])
@pytest.mark.parametrize("name", INTERIOR)
def test_all_estimators_agree_at_the_optimum(name, criterion):
    paths = {e: run(INTERIOR[name], e, criterion) for e, c in PAIRS if c == criterion}
    assert all(path.converged for path in paths.values()), {e: path.message for e, path in paths.items()}
    best = min(path.deviance[-1] for path in paths.values())
    wanted = paths["direct"].iterates[-1]
    for estimator, path in paths.items():
        assert path.deviance[-1] == pytest.approx(best, abs=1e-9), estimator  # second order in the slack of 1e-6
        assert path.iterates[-1] == pytest.approx(wanted, abs=1e-3 * np.abs(wanted).max()), estimator


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda row: row[0])
@pytest.mark.parametrize("estimator", ["direct", "fisher"])
def test_the_published_optimum_is_reached(published, estimator):
    fits, (Z, structure, X, y) = reference(*published)
    for criterion in ("ml", "reml"):
        path = estimate(Z, structure, X, y, estimator=estimator, criterion=criterion)
        assert path.converged
        assert path.deviance[-1] == pytest.approx(fits[criterion.upper()]["objective"], abs=1e-8, rel=1e-11)


@pytest.mark.parametrize("criterion", ["ml", "reml"])
@pytest.mark.parametrize("name", ["correlated slopes", "weights", "three slopes", "nested", "uncorrelated slopes"])
def test_em_never_raises_the_deviance(name, criterion):
    path = run(BY_NAME[name], "em", criterion, max_iterations=20)
    assert len(path.deviance) > 10 and path.deviance[0] - path.deviance[-1] > 0.1
    assert (np.diff(path.deviance) <= 1e-10).all()


def test_em_without_the_conditional_variance_goes_astray(monkeypatch):
    """The check of agreement can fail: the restricted E-step with V^-1 for Q ends elsewhere."""
    wanted = run(BY_NAME["balanced one-way"], "em", "reml").iterates[-1]
    monkeypatch.setattr(alternating, "project", lambda F, X, B: F.solve(B))
    path = run(BY_NAME["balanced one-way"], "em", "reml", max_iterations=30)
    assert not path.converged
    assert np.abs(path.iterates[-1] / wanted - 1).max() > 0.01


@pytest.mark.parametrize(("estimator", "criterion"), PAIRS)
def test_balanced_data_end_at_the_closed_form(estimator, criterion):
    case = BY_NAME["balanced one-way"]
    layout = OneWay.from_data(case.y, case.groups[0])
    wanted = layout.ml() if criterion == "ml" else layout.reml()
    path = run(case, estimator, criterion)
    assert path.deviance[-1] == pytest.approx(wanted.deviance, abs=1e-9)
    assert path.iterates[-1] == pytest.approx([wanted.sigma2_alpha, wanted.sigma2], rel=1e-4)


def boundary_case() -> Case:
    """Balanced data whose groups differ less than their errors would make them."""
    groups = np.repeat(np.arange(4), 3)
    case = make_case("boundary", [groups], [np.ones((12, 1))], [1.0], X=np.ones((12, 1)))
    y = np.tile([-3.0, 0.5, 2.5], 4) + 0.1 * groups
    return Case(**(vars(case) | {"y": y}))


@pytest.mark.parametrize(("estimator", "criterion"), [pair for pair in PAIRS if pair[0] != "em"])
def test_a_variance_of_zero_is_found_and_is_a_minimum(estimator, criterion):
    case = boundary_case()
    layout = OneWay.from_data(case.y, case.groups[0])
    wanted = layout.ml() if criterion == "ml" else layout.reml()
    assert wanted.boundary
    path = run(case, estimator, criterion)
    assert path.converged, path.message
    assert path.deviance[-1] == pytest.approx(wanted.deviance, abs=1e-9)
    assert path.iterates[-1] == pytest.approx([0.0, wanted.sigma2], abs=1e-6)


def test_em_only_creeps_towards_a_variance_of_zero_and_says_so():
    path = run(boundary_case(), "em", "ml", max_iterations=30)
    variances = path.iterates[:, 0]
    assert (variances > 0).all() and (np.diff(variances) < 0).all()
    assert not path.converged and path.message.startswith("out of iterations after 30; the conditions of a minimum")


@pytest.mark.parametrize("criterion", ["ml", "reml"])
def test_a_start_at_zero_is_left_where_the_variance_derivative_says_so(criterion):
    case = BY_NAME["unbalanced one-way"]
    Z, X, y, structure = case.Z, np.ones((24, 1)), case.y, case.structure
    wanted = oneway(y, case.groups[0], criterion)
    assert wanted.sigma2_alpha > 0.1
    for estimator in ("direct", "fisher", "average_information"):
        path = estimate(Z, structure, X, y, estimator=estimator, criterion=criterion, start=[0.0])
        assert path.deviance[-1] == pytest.approx(wanted.deviance, abs=1e-9), estimator
    stuck = estimate(Z, structure, X, y, estimator="em", criterion=criterion, start=[0.0])
    assert not stuck.converged and "no further step lowers the deviance" in stuck.message


@pytest.mark.parametrize("criterion", ["ml", "reml"])
def test_a_singular_covariance_is_an_ordinary_optimum(criterion):
    case = SINGULAR
    paths = [run(case, estimator, criterion) for estimator in ("direct", "fisher", "average_information")]
    for path in paths:
        (Sigma,), _ = covariances_of(case.structure, path.iterates[-1])
        values = np.linalg.eigvalsh(Sigma)
        assert path.converged, path.message
        assert abs(values[0]) < 1e-5 * values[1]
        assert path.deviance[-1] == pytest.approx(paths[0].deviance[-1], abs=1e-8)


@pytest.mark.parametrize(("estimator", "criterion"), PAIRS)
def test_a_path_records_what_it_says(estimator, criterion):
    case = INTERIOR["slopes"]
    path = run(case, estimator, criterion)
    assert path.names == ("g0: (Intercept)", "g0: (Intercept), x", "g0: x", "sigma2")
    k = len(path.deviance)
    assert path.iterates.shape == (k, 4) and path.beta.shape == (k, 2) and not path.iterates.flags.writeable
    problem = Problem(case.Z, case.structure, case.X, case.y, criterion, case.weights)
    for phi, beta, value in zip(path.iterates, path.beta, path.deviance, strict=True):
        V = problem.V(phi)
        assert beta == pytest.approx(gls(factor(V), case.X, case.y).beta, rel=1e-12)
        assert value == pytest.approx(deviance(V, case.X, case.y, criterion), rel=1e-12)
    assert path.message == "the conditions of a minimum hold to 1e-06"
    assert problem.slack(path.iterates[-1]) <= 1e-6 < problem.slack(path.iterates[0])


def test_scoring_takes_fewer_iterations_than_em():
    case = INTERIOR["slopes"]
    assert len(run(case, "fisher", "reml").deviance) < len(run(case, "em", "reml").deviance) / 3


def test_the_scale_of_a_slope_does_not_matter():
    case = INTERIOR["slopes"]
    structure = Structure((TermShape("g0", ("(Intercept)", "x"), 10),))
    wanted = run(case, "direct", "reml").deviance[-1]
    for estimator in ("direct", "fisher"):
        path = estimate(case.Z * np.tile([1.0, 1e4], 10), structure, case.X, case.y, estimator=estimator)
        assert path.converged and path.deviance[-1] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"estimator": "newton"}, "estimator must be 'gauss_seidel' or .*, got 'newton'"),
        ({"criterion": "REML "}, "criterion must be 'ml' or 'reml', got 'REML '"),
        ({"estimator": "gauss_seidel"}, "estimator 'gauss_seidel' needs criterion 'ml'"),
        ({"start": [1.0, 2.0]}, r"start must have shape \(1\), got \(2,\)"),
    ],
)
def test_requests_that_make_no_sense_are_refused(options, words):
    case = BY_NAME["balanced one-way"]
    with pytest.raises(ValueError, match=words):
        estimate(case.Z, case.structure, case.X, case.y, **options)
