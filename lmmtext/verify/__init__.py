"""Verified equations: a formula in LaTeX is read, evaluated in exact worlds, and judged in words."""

from lmmtext.verify.check import check
from lmmtext.verify.listing import describe
from lmmtext.verify.verdict import Verdict
from lmmtext.verify.worlds import WORLDS

__all__ = ["WORLDS", "Verdict", "check", "describe"]
