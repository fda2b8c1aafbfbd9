"""Designs of many kinds, small enough to be solved exactly, on which every route and fitter is tried."""

from collections.abc import Callable
from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np
from hypothesis import settings

from lmmtext.arrays import Array
from lmmtext.covariance import MarginalCovariance
from lmmtext.structure import Structure, TermShape

deterministic = settings(derandomize=True, deadline=None, max_examples=25, database=None)


@dataclass(frozen=True, eq=False)
class Case:
    """One data set with the parameters at which it is looked at."""

    name: str
    X: Array  # (n, p)
    Z: Array  # (n, m)
    y: Array  # (n,)
    structure: Structure
    theta: Array
    sigma2: float
    weights: Array | None
    groups: tuple[np.ndarray, ...]  # per term, (n,) codes from 0
    columns: tuple[Array, ...]  # per term, (n, q) model matrix

    @property
    def Lambda(self) -> Array:
        """(m, m)."""
        return self.structure.Lambda(self.theta)

    @property
    def V(self) -> MarginalCovariance:
        """The covariance matrix at theta and sigma2."""
        return MarginalCovariance.from_structure(self.Z, self.structure, self.theta, self.sigma2, self.weights)

    @property
    def V_0(self) -> MarginalCovariance:
        """V / sigma2."""
        return MarginalCovariance.from_structure(self.Z, self.structure, self.theta, 1.0, self.weights)

    def profile_arguments(self, criterion: str) -> tuple:
        """The arguments of `profiled_deviance` and its derivatives."""
        return self.Z, self.structure, self.theta, self.X, self.y, criterion, self.weights

    def __repr__(self) -> str:
        return f"Case({self.name})"


def make_case(
    name: str,
    groups: list[np.ndarray],
    columns: list[Array],
    theta: list[float],
    *,
    X: Array | None = None,
    sigma2: float = 1.0,
    weights: Array | None = None,
    names: list[str] | None = None,
    labels: list[tuple[str, ...]] | None = None,
    seed: int = 1,
) -> Case:
    """Return the case of these grouping codes and model matrices, with a response drawn for it."""
    rng = np.random.default_rng(seed)
    n = len(groups[0])
    X = np.column_stack([np.ones(n), rng.standard_normal(n)]) if X is None else X
    terms, blocks = [], []
    for t, (code, A) in enumerate(zip(groups, columns, strict=True)):
        J, q = code.max() + 1, A.shape[1]
        block = np.zeros((n, J, q))
        block[np.arange(n), code] = A
        blocks.append(block.reshape(n, J * q))
        group = names[t] if names else f"g{t}"
        terms.append(TermShape(group, labels[t] if labels else ("(Intercept)", "x", "w")[:q], J))
    y = 3.0 + X @ np.ones(X.shape[1]) + rng.standard_normal(n)
    for block in blocks:
        y = y + block @ rng.standard_normal(block.shape[1])
    return Case(
        name,
        X,
        np.hstack(blocks),
        y,
        Structure(tuple(terms)),
        np.array(theta, dtype=float),
        sigma2,
        weights,
        tuple(groups),
        tuple(columns),
    )


def _zoo() -> list[Case]:
    rng = np.random.default_rng(20)
    ones = lambda n: np.ones((n, 1))  # noqa: E731
    x, w = rng.standard_normal(24), rng.standard_normal(24)
    slopes, three = np.column_stack([np.ones(24), x]), np.column_stack([np.ones(24), x, w])
    balanced = np.repeat(np.arange(6), 4)
    unbalanced = np.repeat(np.arange(6), [1, 2, 3, 4, 6, 8])
    days = np.tile([-1.5, -0.5, 0.5, 1.5], 6)  # centred within every group
    a, b = np.divmod(np.arange(24), 6)  # 4 by 6, one observation a cell
    holes = rng.permutation(36)[:20]  # 20 cells of 6 by 6
    u, v = (np.unique(part, return_inverse=True)[1] for part in np.divmod(holes, 6))
    some_weights = rng.uniform(0.2, 5.0, 24)
    collinear = np.column_stack([np.ones(24), x, x + 1e-6 * w])
    mean_only = ones(24)
    return [
        make_case("balanced one-way", [balanced], [ones(24)], [0.8], X=mean_only),
        make_case("unbalanced one-way", [unbalanced], [ones(24)], [1.3], sigma2=4.0),
        make_case("singleton groups", [np.r_[np.zeros(4, int), np.arange(1, 9)]], [ones(12)], [0.7]),
        make_case("one group", [np.zeros(10, int)], [ones(10)], [2.0], sigma2=0.25, X=ones(10)),
        make_case("nested", [balanced, balanced // 2], [ones(24), ones(24)], [0.5, 1.5]),
        make_case("nested unbalanced", [unbalanced, unbalanced // 3], [ones(24), ones(24)], [0.6, 0.9]),
        make_case("crossed balanced", [a, b], [ones(24), ones(24)], [0.9, 0.4], X=mean_only),
        make_case("crossed with holes", [u, v], [ones(20), ones(20)], [0.9, 1.1], X=ones(20)),
        make_case("correlated slopes", [unbalanced], [slopes], [1.0, -0.4, 0.6], sigma2=2.0),
        make_case(
            "uncorrelated slopes",
            [balanced, balanced],
            [ones(24), days[:, None]],
            [1.0, 0.5],
            X=np.column_stack([np.ones(24), days]),
            names=["g", "g"],
            labels=[("(Intercept)",), ("days",)],
        ),
        make_case("three slopes", [balanced], [three], [1.0, 0.3, -0.2, 0.8, 0.1, 0.5], X=three),
        make_case("crossed slopes", [unbalanced, b], [slopes, ones(24)], [0.7, 0.2, 0.4, 0.9]),
        make_case("weights", [unbalanced], [slopes], [1.1, 0.5, 0.3], weights=some_weights, sigma2=0.5),
        make_case("weights, crossed", [a, b], [ones(24), ones(24)], [0.7, 1.2], weights=some_weights),
        make_case("nearly collinear X", [unbalanced], [ones(24)], [1.0], X=collinear),
        make_case("singular slopes", [balanced], [slopes], [1.0, -0.5, 0.0]),
        make_case("theta 0", [unbalanced], [slopes], [0.0, 0.0, 0.0], sigma2=3.0),
        make_case("one theta 0", [a, b], [ones(24), ones(24)], [0.0, 1.0]),
        make_case("theta 1e-6", [unbalanced], [ones(24)], [1e-6]),
        make_case("theta 1e4", [unbalanced], [slopes], [1e4, 3e3, 1e4]),
        make_case("theta 1e6", [unbalanced], [ones(24)], [1e6], sigma2=1e-6),
        make_case("theta 1e5, crossed", [a, b], [ones(24), ones(24)], [1e5, 1e5]),
    ]


ZOO = _zoo()
BY_NAME = {case.name: case for case in ZOO}
ORDINARY = [case for case in ZOO if np.abs(case.theta).max() < 1e3]


@st.composite
def cases(draw: Callable) -> Case:
    """Random designs: one or two grouping factors, one to three columns each, weights or none, zeros in theta."""
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    n = draw(st.integers(8, 30))
    groups, columns, theta = [], [], []
    for _ in range(draw(st.integers(1, 2))):
        labels = rng.integers(0, draw(st.integers(2, 7)), n)
        code = np.unique(labels, return_inverse=True)[1]
        q = draw(st.integers(1, 3))
        groups.append(code)
        columns.append(np.column_stack([np.ones(n), rng.standard_normal((n, 2))])[:, :q])
        scale = draw(st.sampled_from([0.0, 1e-3, 0.5, 1.0, 2.0, 30.0]))
        theta.extend(scale * rng.standard_normal(q * (q + 1) // 2))
    X = np.column_stack([np.ones(n), rng.standard_normal((n, 2))])[:, : draw(st.integers(1, 3))]
    weights = rng.uniform(0.1, 10.0, n) if draw(st.booleans()) else None
    sigma2 = draw(st.sampled_from([1e-4, 1.0, 9.0]))
    return make_case(f"seed {seed}", groups, columns, theta, X=X, weights=weights, sigma2=sigma2, seed=seed)
