"""The variance parameters phi: the lower triangle of each term's Sigma_t, column by column, then sigma2.

Sigma_t = sigma2 Lambda_t Lambda_t'. V is linear in phi, so its derivatives are fixed matrices and second
derivatives vanish.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, as_vector, as_weights
from lmmtext.structure import Structure


def variance_parameters(structure: Structure, theta: Sequence[float] | Array, sigma2: float) -> Array:
    """Return phi, the variance parameters at theta and sigma2.

    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)", "x"), 5),))
    >>> variance_parameters(structure, [1.0, 0.5, 2.0], 4.0)
    array([ 4.,  2., 17.,  4.])
    """
    covariances = [sigma2 * L @ L.T for L in structure.factors(theta)]
    return np.append(structure.theta(covariances), sigma2)


def covariances_of(structure: Structure, phi: Sequence[float] | Array) -> tuple[tuple[Array, ...], float]:
    """Return the (q, q) Sigma_t of each term, and sigma2, that phi holds.

    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)", "x"), 5),))
    >>> covariances_of(structure, [4.0, 2.0, 17.0, 3.0])
    ((array([[ 4.,  2.],
           [ 2., 17.]]),), 3.0)
    """
    phi = as_vector(phi, "phi", structure.ntheta + 1)
    lower = structure.factors(phi[:-1])  # their lower triangles
    return tuple(C + np.tril(C, -1).T for C in lower), float(phi[-1])


def theta_and_sigma2(structure: Structure, phi: Sequence[float] | Array) -> tuple[Array, float]:
    """Return the theta and sigma2 that phi stands for, the inverse of `variance_parameters`.

    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)", "x"), 5),))
    >>> theta, sigma2 = theta_and_sigma2(structure, [4.0, 2.0, 17.0, 4.0])
    >>> print(theta.round(12), sigma2)
    [1.  0.5 2. ] 4.0
    """
    covariances, sigma2 = covariances_of(structure, phi)
    return structure.theta_of([C / sigma2 for C in covariances]), sigma2


def parameter_names(structure: Structure) -> tuple[str, ...]:
    """Return the names of the entries of phi.

    >>> from lmmtext.structure import TermShape
    >>> parameter_names(Structure((TermShape("g", ("(Intercept)", "x"), 5),)))
    ('g: (Intercept)', 'g: (Intercept), x', 'g: x', 'sigma2')
    """
    names = []
    for t in structure.terms:
        for k, column in enumerate(t.columns):
            names += [f"{t.group}: " + ", ".join(dict.fromkeys((column, row))) for row in t.columns[k:]]
    return (*names, "sigma2")


def covariance_derivatives(Z: ArrayLike, structure: Structure, weights: ArrayLike | None = None) -> Array:
    """Return dV / d phi_k for every variance parameter; none depends on phi.

    ``Z_t (I kron E_k) Z_t'`` for an entry of Sigma_t, where E_k has 1 at that entry and at its mirror image;
    W^-1 for sigma2, since V = sum_t Z_t (I kron Sigma_t) Z_t' + sigma2 W^-1.

    Parameters
    ----------
    Z : (n, m) array
    structure : Structure
    weights : (n,) array, optional
        The diagonal of W; None stands for W = I.

    Returns
    -------
    (ntheta + 1, n, n) array

    Raises
    ------
    ValueError
        If shapes do not conform, or a weight is not above 0.

    Notes
    -----
    Book label: eq-covariance-derivative.

    Examples
    --------
    >>> from lmmtext.structure import TermShape
    >>> structure = Structure((TermShape("g", ("(Intercept)",), 2),))
    >>> covariance_derivatives([[1.0, 0.0], [0.0, 2.0]], structure)
    array([[[1., 0.],
            [0., 4.]],
    <BLANKLINE>
           [[1., 0.],
            [0., 1.]]])
    """
    Z = as_matrix(Z, "Z", columns=structure.m)
    weights = as_weights(weights, len(Z))
    out = []
    for term, cols in zip(structure.terms, structure.slices, strict=True):
        coefficient = [Z[:, cols][:, k :: term.q] for k in range(term.q)]  # q times (n, J)
        for a in range(term.q):
            out.append(coefficient[a] @ coefficient[a].T)
            for b in range(a + 1, term.q):
                product = coefficient[a] @ coefficient[b].T
                out.append(product + product.T)
    return np.array([*out, np.diag(np.ones(len(Z)) if weights is None else 1 / weights)])
