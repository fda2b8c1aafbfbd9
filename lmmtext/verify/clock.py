"""Time limits that are told: every judge and every mutant works under one, and says so when it is over.

The time is that of the processor, so that a verdict does not depend on what else the machine is doing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lmmtext.verify.errors import Undecided

now = time.process_time
_deadlines: list[float] = []
_pace = [1.0]


def unhurried(factor: float) -> None:
    """Make every limit of this process longer by a factor, so that on a slow machine no verdict depends on it."""
    _pace[0] = factor


class OutOfTime(Undecided):
    """The time that was given is over."""


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Allow what happens inside at most these seconds (or what is left of a limit around it)."""
    until = now() + seconds * _pace[0]
    _deadlines.append(min(until, _deadlines[-1]) if _deadlines else until)
    try:
        yield
    finally:
        _deadlines.pop()


def tick() -> None:
    """Raise OutOfTime if the time is over; called wherever work is done."""
    if _deadlines and now() > _deadlines[-1]:
        raise OutOfTime("the time allowed was not enough")
