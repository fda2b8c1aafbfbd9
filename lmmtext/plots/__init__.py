"""Figures of mixed models, drawn from numbers on axes that the caller gives.

Every function takes the `Axes` to draw on, or None for a new one, then numbers, and returns the `Axes`. None
shows a figure, opens one in pyplot, or changes a global setting: a new figure is ``ax.figure``. Colours are
those of Okabe and Ito (2008), and whatever differs in colour differs in marker or line style as well.
"""

from lmmtext.plots.diagnostics import qq, residuals
from lmmtext.plots.effects import caterpillar, shrinkage
from lmmtext.plots.panels import group_lines, trellis
from lmmtext.plots.style import PALETTE, POOLING
from lmmtext.plots.surfaces import contour, covariance

__all__ = [
    "PALETTE",
    "POOLING",
    "caterpillar",
    "contour",
    "covariance",
    "group_lines",
    "qq",
    "residuals",
    "shrinkage",
    "trellis",
]
