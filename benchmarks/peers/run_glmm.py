"""glmm: takes the pandas table; nested groups and interactions of three factors as columns of their own."""

from collections.abc import Callable
from typing import Any

from benchmarks.peers.runner import Peer, Request, serve


def prepare(ask: Request, table: Any) -> Callable[[], Any]:
    """Return the call `glmm.fit(table, formula)`, REML by default."""
    import glmm

    return lambda: glmm.fit(table, ask.plain)


if __name__ == "__main__":
    serve(Peer("glmm", prepare, lambda fit: -2 * fit.loglik, lambda fit: fit.converged))
