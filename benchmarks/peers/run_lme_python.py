"""lme-python: takes a polars table (factors as text); nested groups as columns of their own."""

from collections.abc import Callable
from typing import Any

from benchmarks.peers.runner import Peer, Request, serve


def prepare(ask: Request, table: Any) -> Callable[[], Any]:
    """Return the call `lme_python.lmer(formula, table)`, REML by default."""
    import lme_python
    import polars as pl

    own = pl.DataFrame(
        {
            name: column.astype(str).tolist() if column.dtype == "category" else column.to_numpy()
            for name, column in table.items()
        }
    )
    return lambda: lme_python.lmer(ask.plain, own)


if __name__ == "__main__":
    serve(Peer("lme_python", prepare, lambda fit: fit.reml_criterion, lambda fit: fit.converged))
