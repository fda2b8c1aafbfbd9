"""What V is: the covariance matrix of the observations. How it is solved is the routes' business."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lmmtext.arrays import Array, as_matrix, as_positive, as_right_side, as_weights, readonly
from lmmtext.structure import Structure


@dataclass(frozen=True, eq=False)
class MarginalCovariance:
    """The covariance matrix of Y in a linear mixed model, described but not formed.

    ``V = Z G Z' + sigma2 W^-1`` with ``G = sigma2 Lambda Lambda'``.

    Parameters
    ----------
    Z : (n, m) array
        Columns of the random effects.
    Lambda : (m, m) array
        Relative covariance factor; any square matrix, the zero matrix included.
    sigma2 : float
        Error variance, in squared units of y.
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.
    terms : tuple of slice, optional
        The columns of Z that belong to each random term, in order; one term if not given.

    Raises
    ------
    ValueError
        If shapes do not conform, sigma2 or a weight is not above 0, or Lambda links two terms.

    Notes
    -----
    Book label: eq-marginal-covariance.

    Examples
    --------
    >>> Z = np.kron(np.eye(2), np.ones((2, 1)))                             # two groups of two
    >>> V = MarginalCovariance(Z, 0.5 * np.eye(2), sigma2=4.0)
    >>> V.dense()
    array([[5., 1., 0., 0.],
           [1., 5., 0., 0.],
           [0., 0., 5., 1.],
           [0., 0., 1., 5.]])
    """

    Z: Array
    Lambda: Array
    sigma2: float = 1.0
    weights: Array | None = None
    terms: tuple[slice, ...] = ()

    def __post_init__(self) -> None:
        Z, Lambda = as_matrix(self.Z, "Z"), as_matrix(self.Lambda, "Lambda")
        n, m = Z.shape
        if Lambda.shape != (m, m):
            raise ValueError(
                f"Z {Z.shape} and Lambda {Lambda.shape} do not conform: Lambda must be ({m}, {m}), "
                f"a row and a column for each column of Z."
            )
        weights = as_weights(self.weights, n)
        object.__setattr__(self, "Z", readonly(Z))
        object.__setattr__(self, "Lambda", readonly(Lambda))
        object.__setattr__(self, "sigma2", as_positive(self.sigma2, "sigma2"))
        object.__setattr__(self, "weights", None if weights is None else readonly(weights))
        object.__setattr__(self, "terms", _checked_terms(self.terms, Lambda))

    @classmethod
    def from_structure(
        cls,
        Z: ArrayLike,
        structure: Structure,
        theta: Sequence[float] | Array,
        sigma2: float = 1.0,
        weights: ArrayLike | None = None,
    ) -> "MarginalCovariance":
        """Return V at the parameters theta of a `Structure`, its random terms marked in Z.

        >>> from lmmtext.structure import TermShape
        >>> V = MarginalCovariance.from_structure(np.eye(3), Structure((TermShape("g", ("1",), 3),)), [2.0])
        >>> np.diag(V.dense())
        array([5., 5., 5.])
        """
        Z = as_matrix(Z, "Z", columns=structure.m)
        return cls(Z, structure.Lambda(theta), sigma2, as_weights(weights, len(Z)), structure.slices)

    @property
    def n(self) -> int:
        """Observations: rows and columns of V."""
        return self.Z.shape[0]

    @property
    def m(self) -> int:
        """Random effects: columns of Z."""
        return self.Z.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n)."""
        return self.n, self.n

    @cached_property
    def ZL(self) -> Array:
        """(n, m) the product Z Lambda, columns of the spherical random effects."""
        return readonly(self.Z @ self.Lambda)

    @cached_property
    def Winv(self) -> Array:
        """(n,) the diagonal of W^-1."""
        return readonly(np.ones(self.n) if self.weights is None else 1 / self.weights)

    @property
    def G(self) -> Array:
        """(m, m) the covariance matrix of the random effects, sigma2 Lambda Lambda'."""
        return self.sigma2 * self.Lambda @ self.Lambda.T

    @cached_property
    def blocks(self) -> tuple[np.ndarray, ...]:
        """The rows of each block of V: two rows share one when a chain of shared effects links them."""
        row, effect = np.nonzero(self.ZL)
        size = self.n + self.m  # rows first, then effects
        graph = coo_array((np.ones(len(row)), (row, self.n + effect)), shape=(size, size))
        _, label = connected_components(graph, directed=False)
        _, label = np.unique(label[: self.n], return_inverse=True)
        order = np.argsort(label, kind="stable")
        return tuple(np.split(order, np.cumsum(np.bincount(label))[:-1]))

    def matmul(self, B: ArrayLike) -> Array:
        """Return V B for B of shape (n,) or (n, k), without forming V.

        >>> V = MarginalCovariance(np.ones((3, 1)), [[1.0]])
        >>> V.matmul([1.0, 1.0, 1.0])
        array([4., 4., 4.])
        """
        B = as_right_side(B, self.n)
        ZL, Winv, sigma2 = self.ZL, self.Winv, self.sigma2
        return sigma2 * (ZL @ (ZL.T @ B) + (B.T * Winv).T)

    def dense(self) -> Array:
        """Return V as an (n, n) array."""
        ZL, Winv, sigma2 = self.ZL, self.Winv, self.sigma2
        return sigma2 * (ZL @ ZL.T + np.diag(Winv))


def _checked_terms(terms: tuple[slice, ...], Lambda: Array) -> tuple[slice, ...]:
    m = len(Lambda)
    if not terms:
        return (slice(0, m),)
    ends = [0, *(t.stop for t in terms)]
    if [t.start for t in terms] != ends[:-1] or ends[-1] != m:
        raise ValueError(f"terms must be consecutive slices of the {m} columns of Z, got {terms}.")
    between = Lambda.copy()
    for t in terms:
        between[t, t] = 0.0
    if between.any():
        row, column = np.argwhere(between)[0].tolist()
        raise ValueError(f"Lambda must link no two terms; its entry at [{row}, {column}] does.")
    return tuple(terms)
