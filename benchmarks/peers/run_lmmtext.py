"""lmmtext: takes the pandas table and lme4's formula as they are."""

from collections.abc import Callable
from typing import Any

from benchmarks.peers.runner import Peer, Request, serve


def prepare(ask: Request, table: Any) -> Callable[[], Any]:
    """Return the call `lmm(formula, table)`."""
    from lmmtext import lmm

    return lambda: lmm(ask.formula, table)


def replicate(fit: Any) -> Callable[[], Any]:
    """Return one replicate of the parametric bootstrap: a response drawn from the fit, and its refit."""
    import numpy as np

    rng = np.random.default_rng(1)
    return lambda: fit.refit(fit.simulate(rng=rng))


def hundred(fit: Any) -> Callable[[], Any]:
    """Return a bootstrap of a hundred replicates."""
    import numpy as np

    rng = np.random.default_rng(1)
    return lambda: fit.bootstrap(100, rng=rng)


if __name__ == "__main__":
    serve(Peer("lmmtext", prepare, lambda fit: fit.objective, lambda fit: fit.converged, replicate, hundred=hundred))
