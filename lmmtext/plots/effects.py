"""Figures of the groups' effects: caterpillar and shrinkage."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_matrix, as_vector
from lmmtext.plots.style import GREY, PALETTE, POOLING, group_names, points, white_axes


def caterpillar(
    ax: Axes | None,
    modes: ArrayLike,
    sds: ArrayLike,
    labels: Sequence[object] | None = None,
    *,
    level: float = 0.95,
    xlabel: str = r"conditional mode $\hat\alpha_j$",
) -> Axes:
    r"""Draw conditional modes in increasing order, with normal intervals of the given level.

    The interval of group j is :math:`\hat\alpha_j \pm z\, s_j`, with z the normal quantile of
    (1 + level) / 2.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; None makes a figure as high as the groups need.
    modes, sds : array_like, shape (J,)
        Conditional modes and their standard deviations, in the unit of the effect.
    labels : sequence, length J, optional
        Names of the groups, written beside them; None leaves the ranks 1 to J.
    level : float
        Probability of each interval, between 0 and 1.
    xlabel : str
        What the effect is.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If lengths differ, a standard deviation is negative, or the level is not between 0 and 1.

    Examples
    --------
    >>> ax = caterpillar(None, [2.0, -1.0, 0.5], [0.5, 0.5, 0.8], ["a", "b", "c"])
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['b', 'c', 'a']
    """
    modes = as_vector(modes, "modes")
    sds = as_vector(sds, "sds", modes.size)
    if (sds < 0).any():
        raise ValueError(f"sds must not be negative; the smallest is {sds.min()}.")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}.")
    names = group_names(labels, modes.size)
    order = np.argsort(modes, kind="stable")
    rank = np.arange(1, modes.size + 1)
    half = NormalDist().inv_cdf((1 + level) / 2) * sds[order]
    ax = white_axes(ax, (6.0, min(2.0 + 0.18 * modes.size, 12.0)))
    ax.axvline(0, color=GREY, linestyle="--", linewidth=1)
    ax.hlines(rank, modes[order] - half, modes[order] + half, color=PALETTE["blue"], linewidth=1.2)
    ax.plot(modes[order], rank, linestyle="", marker="o", markersize=4, color=PALETTE["blue"])
    if labels is None:
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_ylabel("rank of the group")
    else:
        ax.set_yticks(rank, [names[j] for j in order], fontsize=8)
        ax.set_ylabel("group $j$, ordered by its mode")
    ax.set_xlabel(f"{xlabel}, with {100 * level:g} % interval")
    return ax


def shrinkage(
    ax: Axes | None,
    no_pooling: ArrayLike,
    partial: ArrayLike,
    complete: ArrayLike,
    labels: Sequence[object] | None = None,
    *,
    names: tuple[str, str] = (r"intercept $\beta_{0j}$", r"slope $\beta_{1j}$"),
) -> Axes:
    """Draw how partial pooling moves each group's own estimate toward that of complete pooling.

    With one coefficient a line leads from each group's estimate (left) to the partially pooled one (right),
    and the complete pool is a level line; with two, an arrow leads from one to the other in their plane.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; None makes a figure.
    no_pooling, partial : array_like, shape (J,) or (J, 2)
        Coefficients of each group, estimated alone and with partial pooling.
    complete : array_like, scalar or shape (2,)
        Coefficients of all groups as one.
    labels : sequence, length J, optional
        Names of the groups, written at their own estimates.
    names : tuple of str
        Words and symbols of the coefficients; the first alone serves if there is one.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the shapes do not agree, or there are more than two coefficients.

    Examples
    --------
    >>> ax = shrinkage(None, [250.0, 300.0], [260.0, 290.0], 275.0)
    >>> [tick.get_text() for tick in ax.get_xticklabels()]
    ['no pooling', 'partial pooling']
    """
    if np.ndim(no_pooling) == 1:
        own = as_vector(no_pooling, "no_pooling")[:, None]
        pulled = as_vector(partial, "partial", own.shape[0])[:, None]
        pool = as_vector(np.ravel(complete), "complete", 1)
    else:
        own = as_matrix(no_pooling, "no_pooling", columns=2)
        pulled = as_matrix(partial, "partial", rows=own.shape[0], columns=2)
        pool = as_vector(complete, "complete", 2)
    groups = group_names(labels, own.shape[0])
    ax = white_axes(ax)
    draw = _slopes if pool.size == 1 else _arrows
    at = draw(ax, own, pulled, pool)
    if labels is not None:
        for name, point in zip(groups, at, strict=True):
            ax.annotate(name, point, (-6, 0), textcoords="offset points", ha="right", va="center", fontsize=8)
    if pool.size == 1:
        ax.set_ylabel(names[0])
    else:
        ax.set_xlabel(names[0])
        ax.set_ylabel(names[1])
    ax.legend(frameon=False)
    return ax


def _slopes(ax: Axes, own: Array, pulled: Array, pool: Array) -> Array:
    left, right = np.zeros(own.size), np.ones(own.size)
    ax.plot([left, right], [own[:, 0], pulled[:, 0]], color=GREY, linewidth=1)
    points(ax, left, own[:, 0], "no pooling")
    points(ax, right, pulled[:, 0], "partial pooling")
    style = POOLING["complete pooling"]
    ax.axhline(pool[0], color=style["color"], linestyle=style["linestyle"], label="complete pooling")
    ax.set_xticks([0, 1], ["no pooling", "partial pooling"])
    ax.set_xlim(-0.35, 1.35)
    ax.set_xlabel("estimate of each group $j$")
    return np.column_stack([left, own])  # (J, 2)


def _arrows(ax: Axes, own: Array, pulled: Array, pool: Array) -> Array:
    move = pulled - own
    ax.quiver(*own.T, *move.T, angles="xy", scale_units="xy", scale=1, width=0.004, color=GREY, zorder=3)
    points(ax, own[:, 0], own[:, 1], "no pooling")
    points(ax, pulled[:, 0], pulled[:, 1], "partial pooling")
    points(ax, pool[:1], pool[1:], "complete pooling", size=14)
    return own
