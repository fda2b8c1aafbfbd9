"""The one-way model, y_ij = beta + alpha_j + epsilon_ij: closed forms, and a one-dimensional search."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_vector, one_of

GRID = np.concatenate([[0.0], np.geomspace(1e-8, 1e8, 321)])  # 20 points a decade of theta^2 n / J


@dataclass(frozen=True)
class OneWayFit:
    """Estimates of the one-way model."""

    criterion: str
    """What was optimized: "ml", "reml", or "anova" for the equations of expected mean squares."""
    beta: float
    """The mean."""
    sigma2: float
    """Var(epsilon_ij)."""
    sigma2_alpha: float
    """Var(alpha_j); below 0 only for "anova"."""
    boundary: bool
    """Whether sigma2_alpha is at the boundary of its range, 0 (for "anova": at or beyond it)."""
    deviance: float
    """-2 log likelihood, for "reml" and "anova" restricted, with every constant."""
    local_minima: tuple[float, ...] = ()
    """Every theta^2 = sigma2_alpha / sigma2 at which the search found a local minimum, the best first."""

    @property
    def loglik(self) -> float:
        """The (restricted) log-likelihood."""
        return -self.deviance / 2

    @property
    def rho(self) -> float:
        """Intraclass correlation, sigma2_alpha / (sigma2_alpha + sigma2)."""
        return self.sigma2_alpha / (self.sigma2_alpha + self.sigma2)


@dataclass(frozen=True)
class OneWay:
    """A balanced one-way layout, J groups of r, by its sufficient statistics.

    The likelihood depends on the data only through the mean, SSE and SSA. With tau = sigma2 + r sigma2_alpha,
    ``-2 log L = n log 2 pi + J (r - 1) log sigma2 + J log tau + SSE / sigma2 + SSA / tau`` at beta = mean,
    and the restricted one is ``(n - 1) log 2 pi + log n + J (r - 1) log sigma2 + (J - 1) log tau + SSE /
    sigma2 + SSA / tau``. Each is a function of sigma2 plus a function of tau, with one minimum apiece; a
    minimum with tau < sigma2 is out of reach, and the best is then on the boundary tau = sigma2.

    Parameters
    ----------
    J : int
        Groups, 2 or more.
    r : int
        Observations in each, 2 or more.
    mean : float
        Mean of all observations.
    SSE : float
        Within-group sum of squares, above 0.
    SSA : float
        Between-group sum of squares, r times that of the group means about the mean; 0 or above.

    Raises
    ------
    ValueError
        If a statistic is out of its range; it says what cannot be estimated.

    Notes
    -----
    Book label: thm-oneway-mle. Searle, Casella and McCulloch (1992). Variance Components. Wiley. Chapter 3.

    Examples
    --------
    >>> layout = OneWay.from_data([1.0, 3.0, 7.0, 9.0], ["a", "a", "b", "b"])
    >>> layout
    OneWay(J=2, r=2, mean=5.0, SSE=4.0, SSA=36.0)
    >>> ml = layout.ml()                                                    # (36 / 2 - 2) / 2
    >>> print(ml.beta, ml.sigma2, ml.sigma2_alpha, ml.boundary)
    5.0 2.0 8.0 False
    >>> print(layout.reml().sigma2_alpha, layout.anova().sigma2_alpha)      # (36 - 2) / 2
    17.0 17.0
    """

    J: int
    r: int
    mean: float
    SSE: float
    SSA: float

    def __post_init__(self) -> None:
        as_vector([self.mean, self.SSE, self.SSA], "mean, SSE, SSA")
        if self.J != int(self.J) or self.r != int(self.r):
            raise ValueError(f"J and r must be whole numbers, got J={self.J}, r={self.r}.")
        if self.J < 2 or self.r < 2:
            raise ValueError(
                f"J and r must be 2 or more, got J={self.J}, r={self.r}: with one group, or one observation "
                f"in each, sigma2 and sigma2_alpha cannot be told apart."
            )
        if self.SSE <= 0 or self.SSA < 0:
            raise ValueError(
                f"SSE must be above 0 and SSA not below 0, got SSE={self.SSE:g}, SSA={self.SSA:g}: with no "
                f"spread within groups the likelihood has no bound."
            )

    @classmethod
    def from_data(cls, y: ArrayLike, groups: ArrayLike) -> "OneWay":
        """Return the layout of balanced data: y (n,) and the label of each observation's group (n,)."""
        y, code, sizes = _grouped(y, groups)
        if np.ptp(sizes):
            raise ValueError(
                f"groups must have equally many observations, got {sizes.min()} to {sizes.max()}. "
                f"Use oneway(y, groups)."
            )
        mean, means, SSE = _statistics(y, code, sizes)
        return cls(len(sizes), int(sizes[0]), mean, SSE, float(sizes @ (means - mean) ** 2))

    @property
    def n(self) -> int:
        """Observations in all."""
        return self.J * self.r

    @property
    def MSE(self) -> float:
        """SSE / (n - J); its expectation is sigma2."""
        return self.SSE / (self.n - self.J)

    @property
    def MSA(self) -> float:
        """SSA / (J - 1); its expectation is sigma2 + r sigma2_alpha."""
        return self.SSA / (self.J - 1)

    def ml(self) -> OneWayFit:
        """Return the maximum likelihood estimates.

        sigma2 = MSE and tau = SSA / J where SSA / J > MSE, so that ``sigma2_alpha = (SSA / J - MSE) / r``;
        else sigma2_alpha = 0 and sigma2 = (SSE + SSA) / n.
        """
        return self._constrained("ml", self.J)

    def reml(self) -> OneWayFit:
        """Return the restricted maximum likelihood estimates.

        sigma2 = MSE and tau = MSA where MSA > MSE, so that ``sigma2_alpha = (MSA - MSE) / r``; else
        sigma2_alpha = 0 and sigma2 = (SSE + SSA) / (n - 1).
        """
        return self._constrained("reml", self.J - 1)

    def anova(self) -> OneWayFit:
        """Return the unbiased estimates: MSE and ``sigma2_alpha = (MSA - MSE) / r``, negative or not.

        They make the restricted likelihood largest where sigma2_alpha may be negative; V is still positive
        definite, with eigenvalues MSE and MSA, unless SSA = 0, where the deviance is -inf.
        """
        sigma2, tau = self.MSE, self.MSA
        return self._fit("anova", sigma2, tau, (tau - sigma2) / self.r, tau <= sigma2)

    def deviance(self, sigma2: float, sigma2_alpha: float, criterion: str = "reml") -> float:
        """Return -2 log (restricted) likelihood at these variances, beta at its best, with every constant."""
        one_of(criterion, "criterion", ("ml", "reml"))
        n, J, r, SSE, SSA = self.n, self.J, self.r, self.SSE, self.SSA
        tau = sigma2 + r * sigma2_alpha
        if sigma2 <= 0 or tau <= 0:
            raise ValueError(f"V must be positive definite; its eigenvalues would be {sigma2:g} and {tau:g}.")
        lost = 0 if criterion == "ml" else 1  # contrasts spent on beta
        constants = (n - lost) * np.log(2 * np.pi) + lost * np.log(n)
        logdet = J * (r - 1) * np.log(sigma2) + (J - lost) * np.log(tau)
        return float(constants + logdet + SSE / sigma2 + SSA / tau)

    def _constrained(self, criterion: str, df: int) -> OneWayFit:
        sigma2, tau = self.MSE, self.SSA / df
        if sigma2 < tau:
            return self._fit(criterion, sigma2, tau, (tau - sigma2) / self.r, False)
        pooled = (self.SSE + self.SSA) / (self.n - self.J + df)
        return self._fit(criterion, pooled, pooled, 0.0, True)

    def _fit(self, criterion: str, sigma2: float, tau: float, sigma2_alpha: float, boundary: bool) -> OneWayFit:
        if tau == 0:
            deviance = -np.inf
        else:
            deviance = self.deviance(sigma2, sigma2_alpha, "ml" if criterion == "ml" else "reml")
        return OneWayFit(criterion, self.mean, sigma2, sigma2_alpha, bool(boundary), deviance)


def oneway(y: ArrayLike, groups: ArrayLike, criterion: str = "reml") -> OneWayFit:
    """Return the one-way fit of any layout, by a one-dimensional search over theta^2 = sigma2_alpha / sigma2.

    With w_j = n_j / (1 + n_j theta^2), ``beta = sum w_j ybar_j / sum w_j``, ``pwrss = SSE + sum w_j (ybar_j -
    beta)^2``, and the profiled deviance is ``sum log(1 + n_j theta^2) + n (1 + log(2 pi pwrss / n))``; "reml"
    has n - 1 for n and adds ``log sum w_j``.

    An unbalanced layout can have several local minima. Every change of sign of the derivative in theta^2
    between neighbours of a grid, 20 points a decade over 16 decades, is followed to its root; zero is a local
    minimum when the derivative there is not negative. The lowest minimum is the fit, and all of them are
    listed. Two that lie between neighbours of the grid would be missed.

    Parameters
    ----------
    y : (n,) array
        Observations.
    groups : (n,) array
        The label of each observation's group.
    criterion : {"reml", "ml"}

    Returns
    -------
    OneWayFit

    Raises
    ------
    ValueError
        If the criterion is unknown, there is one group, no group has two observations, or no group has any
        spread.

    Notes
    -----
    Book label: eq-oneway-profile. Searle, Casella and McCulloch (1992). Variance Components. Wiley. Chapter
    6.

    Examples
    --------
    >>> fit = oneway([1.0, 3.0, 7.0, 9.0, 8.0], ["a", "a", "b", "b", "b"], "ml")
    >>> print(round(fit.beta, 4), round(fit.sigma2, 4), round(fit.sigma2_alpha, 4))
    5.037 1.3335 8.443
    """
    one_of(criterion, "criterion", ("ml", "reml"))
    y, code, sizes = _grouped(y, groups)
    J, n = len(sizes), len(y)
    if J < 2 or sizes.max() < 2:
        raise ValueError(
            f"groups must be 2 or more, and one of them have 2 observations or more; got {J} group(s) of at "
            f"most {sizes.max()}: sigma2 and sigma2_alpha cannot be told apart."
        )
    mean, means, SSE = _statistics(y, code, sizes)
    restricted = criterion == "reml"
    df = n - restricted

    def at(ratio: float) -> tuple[float, float, float, float]:
        """Return beta, sigma2, the deviance and its derivative at theta^2 = ratio."""
        w = sizes / (1 + sizes * ratio)  # (J,)
        beta = mean + w @ (means - mean) / w.sum()
        pwrss = SSE + w @ (means - beta) ** 2
        value = np.log1p(sizes * ratio).sum() + df * (1 + np.log(2 * np.pi * pwrss / df))
        slope = w.sum() - df / pwrss * (w**2 @ (means - beta) ** 2)  # dw_j / d theta^2 = -w_j^2
        penalty = np.log(w.sum()), -(w @ w) / w.sum()
        return beta, pwrss / df, value + restricted * penalty[0], slope + restricted * penalty[1]

    found = [(at(ratio)[2], ratio) for ratio in _local_minima(lambda x: at(x)[3], GRID * J / n)]
    found.sort()
    ratio = found[0][1]
    beta, sigma2, deviance, _ = at(ratio)
    return OneWayFit(
        criterion,
        float(beta),
        float(sigma2),
        float(ratio * sigma2),
        ratio == 0,
        float(deviance),
        tuple(x for _, x in found),
    )


def _local_minima(slope: Callable[[float], float], grid: Array) -> list[float]:
    """Return where a function on [0, inf) that rises in the end has its local minima, from its slope."""
    slopes = np.array([slope(x) for x in grid])
    out = [0.0] if slopes[0] >= 0 else []
    for k in np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0)):
        out.append(float(scipy.optimize.brentq(slope, grid[k], grid[k + 1], xtol=1e-300, rtol=8.9e-16)))
    if not out:
        raise ValueError(
            "groups must differ by less: sigma2_alpha / sigma2 is beyond 1e8 J / n. Check whether y is "
            "constant but for rounding within groups."
        )
    return out


def _grouped(y: ArrayLike, groups: ArrayLike) -> tuple[Array, np.ndarray, np.ndarray]:
    y = as_vector(y, "y")
    groups = np.asarray(groups)
    if groups.shape != y.shape:
        raise ValueError(f"y {y.shape} and groups {groups.shape} do not conform: give a label for each observation.")
    _, code = np.unique(groups, return_inverse=True)
    return y, code, np.bincount(code)


def _statistics(y: Array, code: np.ndarray, sizes: np.ndarray) -> tuple[float, Array, float]:
    """Return the mean, the group means, and SSE; refuse one that is nothing but rounding."""
    mean = y.mean()
    means = mean + np.bincount(code, y - mean) / sizes  # (J,)
    SSE = float(np.sum((y - means[code]) ** 2))
    if SSE <= (len(y) * np.finfo(float).eps) ** 2 * (y @ y):
        raise ValueError("y must vary within a group; with no spread there the likelihood has no bound.")
    return float(mean), means, SSE
