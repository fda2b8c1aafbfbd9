"""The production fitter: sufficient statistics once, the profiled deviance with its gradient, Newton steps.

``blocks`` holds the random effects of a grouping factor, ``statistics`` reduces the data to cross-products,
``batched`` solves the groups' small systems, ``profile`` evaluates the criterion at a theta, and ``optimise``
finds its minimum. Nothing here is imported by the theory modules, nor imports them.
"""

from lmmtext.fitter.optimise import Optimum, minimise
from lmmtext.fitter.profile import Evaluation, evaluate
from lmmtext.fitter.statistics import Statistics, statistics

__all__ = ["Evaluation", "Optimum", "Statistics", "evaluate", "minimise", "statistics"]
