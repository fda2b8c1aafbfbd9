"""Linear mixed-effects models, small and exact: the companion package of the book."""

from lmmtext.datasets import datasets, load
from lmmtext.fit import Fit, lmm
from lmmtext.inference import compare

__all__ = ["Fit", "compare", "datasets", "lmm", "load"]
