"""The production fitter: sufficient statistics once, the profiled deviance with its gradient, Newton steps.

Read in this order: ``blocks`` holds the random effects of a grouping factor, ``coupling`` how the first factor meets
the others, ``statistics`` reduces the data to cross-products, ``merging`` does equal groups once; ``batched`` and
``system`` solve, ``factor`` puts the factor at a theta together, ``point`` gives the criterion with its slopes,
``curvature`` its second derivatives, ``search`` goes down from a start, ``starts`` are where from, ``optimise`` chooses
the lowest end, ``evaluation`` is what a fit keeps, ``identified`` what no response could have told.
Nothing here is imported by the theory modules, nor imports them.
"""

from lmmtext.fitter.blocks import group_qr
from lmmtext.fitter.evaluation import Evaluation, evaluate
from lmmtext.fitter.identified import invisible
from lmmtext.fitter.optimise import Optimum, minimise
from lmmtext.fitter.statistics import Statistics, statistics

__all__ = ["Evaluation", "Optimum", "Statistics", "evaluate", "group_qr", "invisible", "minimise", "statistics"]
