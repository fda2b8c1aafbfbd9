"""Figures of the data by group, with the lines that three kinds of pooling give."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from lmmtext.arrays import as_matrix, as_vector
from lmmtext.plots.style import GREY, POOLING, group_names, white_axes


def group_lines(
    ax: Axes | None,
    x: ArrayLike,
    y: ArrayLike,
    no_pooling: ArrayLike,
    partial: ArrayLike,
    complete: ArrayLike,
    *,
    title: str = "",
) -> Axes:
    """Draw the observations of one group and its three lines: no, partial and complete pooling.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Where to draw; None makes a figure.
    x, y : array_like, shape (n_j,)
        Covariate and response of the group.
    no_pooling, partial, complete : array_like, shape (2,)
        Intercept and slope of each line.
    title : str
        The name of the group.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If lengths are wrong or a value is not finite.

    Examples
    --------
    >>> ax = group_lines(None, [0, 1, 2], [1.0, 2.1, 2.9], [1.0, 0.95], [1.1, 0.9], [1.4, 0.7])
    >>> [line.get_label() for line in ax.lines[1:]]
    ['no pooling', 'partial pooling', 'complete pooling']
    """
    x = as_vector(x, "x")
    y = as_vector(y, "y", x.size)
    ends = np.array([x.min(), x.max()])
    ax = white_axes(ax)
    ax.plot(x, y, linestyle="", marker=".", color=GREY, label="observation")
    lines = {"no_pooling": no_pooling, "partial": partial, "complete": complete}
    for (label, look), (name, line) in zip(POOLING.items(), lines.items(), strict=True):
        intercept, slope = as_vector(line, name, 2)
        at = intercept + slope * ends
        ax.plot(ends, at, color=look["color"], linestyle=look["linestyle"], label=label)
    ax.set_title(title, fontsize=9)
    return ax


def trellis(
    fig: Figure | None,
    x: ArrayLike,
    y: ArrayLike,
    groups: Sequence[object],
    no_pooling: ArrayLike,
    partial: ArrayLike,
    complete: ArrayLike,
    labels: Sequence[object],
    *,
    columns: int = 6,
    xlabel: str = "covariate $x_{ij}$",
    ylabel: str = "response $y_{ij}$",
) -> list[Axes]:
    """Draw `group_lines` of every group in a grid of panels with common scales and one legend.

    Parameters
    ----------
    fig : matplotlib.figure.Figure or None
        An empty figure (or subfigure) to draw in; None makes one.
    x, y : array_like, shape (n,)
        Covariate and response of all observations.
    groups : sequence, length n
        The group of each observation.
    no_pooling, partial : array_like, shape (J, 2)
        Intercept and slope of each group, in the order of `labels`.
    complete : array_like, shape (2,)
        Intercept and slope of all groups as one.
    labels : sequence, length J
        The groups, in the order of their panels.
    columns : int
        Panels in a row.
    xlabel, ylabel : str
        Words and symbols of covariate and response.

    Returns
    -------
    list of matplotlib.axes.Axes
        The J panels, in the order of `labels`.

    Raises
    ------
    ValueError
        If shapes disagree, the groups are not those of `labels`, or `columns` is less than 1.

    Examples
    --------
    >>> x, y, lines = [0, 1, 0, 1], [1.0, 2.0, 1.5, 2.0], [[1.0, 1.0], [1.5, 0.5]]
    >>> panels = trellis(None, x, y, ["a", "a", "b", "b"], lines, lines, [1.25, 0.75], ["a", "b"])
    >>> [panel.get_title() for panel in panels]
    ['a', 'b']
    """
    x = as_vector(x, "x")
    y = as_vector(y, "y", x.size)
    own = as_matrix(no_pooling, "no_pooling", columns=2)
    pulled = as_matrix(partial, "partial", rows=own.shape[0], columns=2)
    names = group_names(labels, own.shape[0])
    member = np.array(group_names(groups, x.size, "groups"))
    if set(member) != set(names) or len(set(names)) < len(names):
        odd = sorted(set(member) ^ set(names)) or [name for name in names if names.count(name) > 1]
        raise ValueError(f"groups and labels must name the same groups, each label once; see {odd[:5]}.")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}.")
    shape = -(-len(names) // columns), min(columns, len(names))
    if fig is None:
        fig = Figure(figsize=(1.7 * shape[1] + 1, 1.7 * shape[0] + 1), layout="constrained")
    fig.set_facecolor("white")
    grid = fig.subplots(*shape, sharex=True, sharey=True, squeeze=False).ravel()
    panels, spare = grid[: len(names)], grid[len(names) :]
    for ax in spare:
        ax.remove()
    for ax, name, a, b in zip(panels, names, own, pulled, strict=True):
        here = member == name
        group_lines(ax, x[here], y[here], a, b, complete, title=name)
    for ax in panels[-shape[1] :]:  # the lowest of each column, also where the last row is short
        ax.tick_params(labelbottom=True)
    fig.supxlabel(xlabel)
    fig.supylabel(ylabel)
    handles, words = panels[0].get_legend_handles_labels()
    fig.legend(handles, words, loc="outside upper center", ncols=len(words), frameon=False)
    return list(panels)
