"""The whole book judged: in parallel, with what was judged before taken from a cache by its content."""

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from lmmtext.ledger.entries import claimed, entry
from lmmtext.ledger.pages import Formula, Page
from lmmtext.ledger.sources import engine, of_value, package
from lmmtext.verify import clock

CACHE = Path("_build") / "ledger"
PATIENCE = 10.0  # times the limits of the checker: what stands in the ledger is the same on a slow machine
Progress = Callable[[int, int, str], None]


def key(formula: Formula) -> str:
    """Return the hash of all that the entry of a formula depends on."""
    told = [claimed(formula), engine()]
    return of_value([*told, package()] if formula.declared.code else told)


def judged(
    pages: list[Page],
    cache: Path | None,
    jobs: int = 2,
    progress: Progress = lambda done, total, what: None,
    patience: float = PATIENCE,
) -> dict[str, dict[str, Any]]:
    """Return the entries of all formulas of the book, by their keys.

    Parameters
    ----------
    cache
        The folder where entries are kept, each under its key; None judges everything.
    jobs
        How many processes judge.
    progress
        Called with how many are done, of how many, and what was done last.
    patience
        By what the limits of the checker are multiplied.
    """
    wanted = {key(f): f for page in pages for f in page.formulas}
    found = {k: told for k in wanted if (told := _kept(cache, k)) is not None}
    left = sorted((k for k in wanted if k not in found), key=lambda k: (-len(wanted[k].tex), k))  # the longest first
    progress(len(found), len(wanted), "from the cache" if found else "")
    if not left:
        return found
    pool = ProcessPoolExecutor(min(jobs, len(left)), get_context("spawn"), clock.unhurried, (patience,))
    with pool:
        waiting = {pool.submit(entry, wanted[k]): k for k in left}
        for future in as_completed(waiting):
            k = waiting[future]
            found[k] = future.result()
            _keep(cache, k, found[k])
            progress(len(found), len(wanted), wanted[k].label or wanted[k].tex)
    return found


def _kept(cache: Path | None, k: str) -> dict[str, Any] | None:
    if cache is None or not (cache / f"{k}.json").is_file():
        return None
    try:
        return json.loads((cache / f"{k}.json").read_text(encoding="utf-8"))
    except json.JSONDecodeError:  # written only in part: it is judged again
        return None


def _keep(cache: Path | None, k: str, told: dict[str, Any]) -> None:
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        (cache / f"{k}.json").write_text(json.dumps(told), encoding="utf-8")
