"""How near two floating-point answers to one question must be, and why."""

import numpy as np

from lmmtext.covariance import MarginalCovariance

EPS = np.finfo(float).eps


def cond(V: MarginalCovariance) -> float:
    """Bound the condition number of V from its parts: its eigenvalues over sigma2 lie between those of W^-1, and

    those of W^-1 raised by |Z Lambda|^2. Unlike one computed from V it holds at any ratio of variances.
    """
    return (np.linalg.norm(V.ZL, 2) ** 2 + V.Winv.max()) / V.Winv.min()


def relative(V: MarginalCovariance) -> float:
    """Bound the relative error of V^-1 B, in the norm, and the absolute error of log|V|.

    A backward stable solver answers exactly for some V + dV with |dV| <= c sqrt(n) eps |V|, and then
    |dx| / |x| <= cond |dV| / |V|; for the determinant, |d log|V|| <= |tr(V^-1 dV)|. c = 20 held in 460 random
    designs of up to several hundred rows.
    """
    return 20 * np.sqrt(V.n) * cond(V) * EPS


def backward(n: int) -> float:
    """Bound the relative error of a quantity that is well conditioned: the same without the condition number."""
    return 20 * np.sqrt(n) * EPS


def collinearity(X: np.ndarray) -> float:
    """The condition number of X with its columns made of length 1."""
    return np.linalg.cond(X / np.linalg.norm(X, axis=0)) if X.shape[1] else 1.0


def relative_fit(V: MarginalCovariance, X: np.ndarray) -> float:
    """Bound the error of a GLS fit, relative to y: rounding in X turns its column space by eps collinearity(X)."""
    return relative(V) * collinearity(X)


def assert_near(got, wanted, bound: float, what: str) -> None:
    """|got - wanted| <= bound in the Euclidean norm; not so if anything is nan."""
    got, wanted = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    assert got.shape == wanted.shape, f"{what}: shape {got.shape}, wanted {wanted.shape}"
    distance = np.linalg.norm(got - wanted)
    assert distance <= bound, f"{what}: off by {distance:.3g}, allowed {bound:.3g}"
