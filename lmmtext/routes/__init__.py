"""How V is solved: every route factors a `MarginalCovariance` once, for solve and log-determinant both."""

from typing import Protocol, Self, runtime_checkable

from numpy.typing import ArrayLike

from lmmtext.arrays import Array, one_of
from lmmtext.covariance import MarginalCovariance
from lmmtext.routes.block import Block
from lmmtext.routes.dense import Dense
from lmmtext.routes.spectral import Spectral
from lmmtext.routes.woodbury import Woodbury


@runtime_checkable
class Factor(Protocol):
    """What every route gives back: the least that estimation and prediction need of V."""

    @property
    def logdet(self) -> float:
        """log|V|."""

    def solve(self, B: ArrayLike) -> Array:
        """Return V^-1 B for B of shape (n,) or (n, k)."""


class Route(Factor, Protocol):
    """A way to make a factor: what it costs, why it cannot, and how it does."""

    @staticmethod
    def cost(V: MarginalCovariance) -> float:
        """Return the operations that factoring V takes, roughly."""

    @staticmethod
    def refusal(V: MarginalCovariance) -> str | None:
        """Return why this route cannot factor V, or None if it can."""

    @classmethod
    def of(cls, V: MarginalCovariance) -> Self:
        """Return V factored."""


ROUTES: dict[str, type[Route]] = {
    "block": Block,
    "woodbury": Woodbury,
    "dense": Dense,
    "spectral": Spectral,
}


def choose(V: MarginalCovariance) -> str:
    """Return the name of the cheapest route that does not refuse V.

    Each route estimates its floating-point operations; the cheapest is asked first.

    Parameters
    ----------
    V : MarginalCovariance

    Returns
    -------
    str
        A key of `ROUTES`.

    Raises
    ------
    ValueError
        If every route refuses; the message holds their words.

    Examples
    --------
    >>> import numpy as np
    >>> groups = np.kron(np.eye(3), np.ones((4, 1)))
    >>> choose(MarginalCovariance(groups, np.eye(3)))
    'block'
    >>> choose(MarginalCovariance(np.ones((12, 1)), [[1.0]]))
    'woodbury'
    """
    words = []
    for name in sorted(ROUTES, key=lambda name: ROUTES[name].cost(V)):
        refusal = ROUTES[name].refusal(V)
        if refusal is None:
            return name
        words.append(refusal)
    raise ValueError(" ".join(words))


def factor(V: MarginalCovariance, route: str = "auto") -> Factor:
    """Return V factored by a route: an object with ``solve(B) = V^-1 B`` and ``logdet = log|V|``.

    Parameters
    ----------
    V : MarginalCovariance
    route : {"auto", "block", "woodbury", "dense", "spectral"}
        "auto" is the route that `choose` names.

    Returns
    -------
    Factor

    Raises
    ------
    ValueError
        If there is no such route, or the route refuses V; it says what it needs and what to try.
    numpy.linalg.LinAlgError
        If V is singular to working precision.

    Notes
    -----
    Book chapter: inverting-v.

    Examples
    --------
    >>> import numpy as np
    >>> F = factor(MarginalCovariance(np.ones((2, 1)), [[1.0]]), "woodbury")
    >>> print(F.solve(np.array([3.0, 0.0])).round(12), round(F.logdet, 6))      # V = [[2, 1], [1, 2]]
    [ 2. -1.] 1.098612
    """
    one_of(route, "route", ("auto", *ROUTES))
    if route == "auto":
        return ROUTES[choose(V)].of(V)
    if refusal := ROUTES[route].refusal(V):
        raise ValueError(refusal)
    return ROUTES[route].of(V)
