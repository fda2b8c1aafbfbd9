"""Figures of two-way arrays: the deviance over two parameters, and a covariance matrix."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from lmmtext.arrays import as_matrix, as_vector
from lmmtext.plots.style import PALETTE, increasing, white_axes


def contour(
    ax: Axes | None,
    x: ArrayLike,
    y: ArrayLike,
    deviance: ArrayLike,
    *,
    optimum: tuple[float, float, float] | None = None,
    levels: Sequence[float] = (1, 2, 4, 8, 16),
    xlabel: str = r"group variance $\sigma_\alpha^2$",
    ylabel: str = r"residual variance $\sigma^2$",
) -> Axes:
    r"""Draw where the deviance, -2 log L, exceeds its minimum by the given levels, and mark the optimum.

    A level :math:`c` reaches, along either axis, as far as the profile interval
    :math:`\{\theta : d_{\text{profile}}(\theta) - d_{\min} \le c\}`.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; None makes a figure.
    x, y : array_like, shapes (a,) and (b,)
        The grid, each increasing: two variances or other parameters, in any units.
    deviance : array_like, shape (b, a)
        Deviance or REML criterion at each point: row k belongs to ``y[k]``.
    optimum : tuple of three floats, optional
        x, y and deviance of the optimum; None takes the best point of the grid.
    levels : sequence of float
        Positive increasing differences of deviance.
    xlabel, ylabel : str
        Words and symbols of the two parameters.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If shapes disagree, grids or levels do not increase, the optimum is above the best point of
        the grid, or no level is reached on the grid.

    Examples
    --------
    >>> x, y = np.linspace(0, 2, 41), np.linspace(1, 3, 31)
    >>> ax = contour(None, x, y, 40 + 9 * (x - 1) ** 2 + 6 * (y[:, None] - 2) ** 2)
    >>> ax.lines[0].get_xydata().tolist()
    [[1.0, 2.0]]
    """
    x, y = increasing(x, "x"), increasing(y, "y")
    deviance = as_matrix(deviance, "deviance", rows=y.size, columns=x.size)
    at = np.unravel_index(deviance.argmin(), deviance.shape)
    best = x[at[1]], y[at[0]], deviance[at]
    x0, y0, least = best if optimum is None else as_vector(optimum, "optimum", 3)
    if least > best[2]:
        raise ValueError(
            f"optimum has deviance {least}, but at ({best[0]}, {best[1]}) it is {best[2]}, which is lower."
        )
    excess = deviance - least
    heights = increasing(levels, "levels")
    if heights[0] <= 0 or not ((excess.min() < heights) & (heights < excess.max())).any():
        raise ValueError(
            f"levels must be positive, and one of them lie between {excess.min():.3g} and "
            f"{excess.max():.3g}, the excess of deviance on this grid; got {heights.tolist()}."
        )
    ax = white_axes(ax)
    lines = ax.contour(x, y, excess, levels=heights, colors=PALETTE["blue"], linewidths=1.2)
    ax.clabel(lines, fmt="+%g", fontsize=8)
    ax.plot([x0], [y0], linestyle="", marker="+", markersize=12, mew=2, color=PALETTE["vermilion"])
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return ax


def covariance(
    ax: Axes | None, V: ArrayLike, *, blocks: Sequence[int] = (), label: str = "covariance $V_{ik}$"
) -> Axes:
    """Draw a covariance matrix as an image with its scale, and lines between blocks.

    The colours run from white at 0 to dark at the largest entry; if an entry is negative, from violet over
    white at 0 to orange, equally far on both sides.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; None makes a figure.
    V : array_like, shape (n, n)
        A symmetric matrix, in squared units of the response.
    blocks : sequence of int, optional
        Sizes of consecutive blocks of rows, such as the groups' n_j; they sum to n.
    label : str
        What an entry is, written beside the scale.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If V is not square and symmetric, or the blocks do not sum to n.

    Examples
    --------
    >>> ax = covariance(None, np.kron(np.eye(2), np.eye(3) + 0.5), blocks=[3, 3])
    >>> ax.images[0].get_array().shape
    (6, 6)
    """
    V = as_matrix(V, "V")
    V = as_matrix(V, "V", rows=V.shape[1])
    n, size = V.shape[0], np.abs(V).max()
    if np.abs(V - V.T).max() > 1e-8 * size:  # no rounding of a product of order n gets there
        i, k = np.unravel_index(np.abs(V - V.T).argmax(), V.shape)
        raise ValueError(f"V must be symmetric; V[{i}, {k}] = {V[i, k]} but V[{k}, {i}] = {V[k, i]}.")
    sizes = as_vector(blocks, "blocks")
    if sizes.size and (sizes.sum() != n or (sizes < 1).any() or (sizes % 1).any()):
        raise ValueError(f"blocks must be positive whole numbers that sum to n = {n}, got {sizes.tolist()}.")
    signed = V.min() < 0
    ax = white_axes(ax)
    image = ax.imshow(
        V,
        cmap="PuOr_r" if signed else "Blues",
        vmin=-size if signed else 0,
        vmax=size,
        interpolation="none",
        extent=(0.5, n + 0.5, n + 0.5, 0.5),  # observation i is centred at i
    )
    for edge in np.cumsum(sizes)[:-1] + 0.5:
        ax.axhline(edge, color=PALETTE["black"], linewidth=0.8)
        ax.axvline(edge, color=PALETTE["black"], linewidth=0.8)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("observation $k$")
    ax.set_ylabel("observation $i$")
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax
