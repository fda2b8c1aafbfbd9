"""The dense system T of the grouping factors after the first, factored."""

from functools import cached_property

import numpy as np
import scipy  # its parts are imported when they are first used

from lmmtext.arrays import Array


class Dense:
    """T = L L' for a symmetric T, (m, m), of which only the lower triangle is read; T is overwritten."""

    def __init__(self, T: Array) -> None:
        upper, info = scipy.linalg.lapack.dpotrf(
            T.T, lower=0, clean=1, overwrite_a=1
        )  # T.T is in Fortran's order: no copy
        if info:
            raise np.linalg.LinAlgError("the system of the later grouping factors is not positive definite")
        self.upper = upper

    @cached_property
    def logdet(self) -> float:
        """log |T|."""
        return 2 * float(np.log(np.diag(self.upper)).sum())

    def forward(self, B: Array) -> Array:
        """L^-1 B."""
        return np.asarray(scipy.linalg.lapack.dtrtrs(self.upper, B, lower=0, trans=1)[0])

    def backward(self, B: Array) -> Array:
        """L'^-1 B."""
        return np.asarray(scipy.linalg.lapack.dtrtrs(self.upper, B, lower=0, trans=0)[0])

    def inverse(self) -> Array:
        """The lower triangle of T^-1, with zeros above it; it is large, and not kept."""
        return np.asarray(scipy.linalg.lapack.dpotri(self.upper, lower=0)[0].T)
