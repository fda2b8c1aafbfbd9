"""Figures that question a fit: residuals, and ordered values against normal quantiles."""

from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from lmmtext.arrays import as_vector
from lmmtext.plots.style import GREY, cloud, white_axes


def residuals(ax: Axes | None, fitted: ArrayLike, residuals: ArrayLike, *, unit: str = "") -> Axes:
    """Draw residuals against fitted values, with the line of zero.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; None makes a figure.
    fitted, residuals : array_like, shape (n,)
        Fitted values and residuals, in the unit of the response.
    unit : str
        The unit of the response, for the labels.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If lengths differ or a value is not finite.

    Examples
    --------
    >>> ax = residuals(None, [1.0, 2.0, 3.0], [0.1, -0.2, 0.1], unit="ms")
    >>> ax.get_ylabel()
    'residual $y - \\\\hat y$ (ms)'
    """
    fitted = as_vector(fitted, "fitted")
    errors = as_vector(residuals, "residuals", fitted.size)
    ax = white_axes(ax)
    ax.axhline(0, color=GREY, linestyle="--", linewidth=1)
    cloud(ax, fitted, errors)
    suffix = f" ({unit})" if unit else ""
    ax.set_xlabel(r"fitted value $\hat y$" + suffix)
    ax.set_ylabel(r"residual $y - \hat y$" + suffix)
    return ax


def qq(ax: Axes | None, values: ArrayLike, *, ylabel: str = "ordered values") -> Axes:
    r"""Draw ordered values against normal quantiles, with the line through the quartiles.

    The i-th of n values stands at :math:`\Phi^{-1}((i - 1/2) / n)`; the line passes through the quartiles of
    the values and of the normal distribution, so that outliers do not move it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; None makes a figure.
    values : array_like, shape (n,)
        Residuals, or conditional modes, in any unit; at least two.
    ylabel : str
        What the values are.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are fewer than two values, or one is not finite.

    Examples
    --------
    >>> ax = qq(None, [0.3, -1.2, 0.9, -0.1])
    >>> ax.lines[1].get_ydata().tolist()
    [-1.2, -0.1, 0.3, 0.9]
    """
    values = np.sort(as_vector(values, "values"))
    n = values.size
    if n < 2:
        raise ValueError(f"values must hold at least two numbers, got {n}.")
    normal = NormalDist().inv_cdf
    z = np.array([normal((i + 0.5) / n) for i in range(n)])
    low, high = np.quantile(values, [0.25, 0.75], method="hazen")  # the same (i - 1/2) / n
    slope = (high - low) / (2 * normal(0.75))
    ax = white_axes(ax)
    ax.axline((0, (low + high) / 2), slope=slope, color=GREY, linestyle="--", linewidth=1)
    cloud(ax, z, values)
    ax.set_xlabel(r"normal quantile $\Phi^{-1}((i - 1/2)/n)$")
    ax.set_ylabel(ylabel)
    return ax
