"""The ledger: every formula of the book judged, and what was found kept beside it."""

from lmmtext.ledger.gate import faults
from lmmtext.ledger.report import FILE, build, read, stale, text
from lmmtext.ledger.words import summary

__all__ = ["FILE", "build", "faults", "read", "stale", "summary", "text"]
