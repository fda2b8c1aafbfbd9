"""mixedlm: takes the pandas table and lme4's formula as they are."""

from collections.abc import Callable
from typing import Any

from benchmarks.peers.runner import Peer, Request, serve


def prepare(ask: Request, table: Any) -> Callable[[], Any]:
    """Return the call `mixedlm.lmer(formula, table)`, REML by default."""
    import mixedlm

    return lambda: mixedlm.lmer(ask.formula, table)


if __name__ == "__main__":
    serve(Peer("mixedlm", prepare, lambda fit: fit.REMLcrit(), lambda fit: fit.converged))
