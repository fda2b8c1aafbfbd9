"""What all figures share: colours, markers, white axes, and the checks of what is drawn."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from lmmtext.arrays import Array, as_vector

PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
POOLING = {
    "no pooling": {"color": PALETTE["blue"], "marker": "o", "linestyle": "--"},
    "partial pooling": {"color": PALETTE["vermilion"], "marker": "s", "linestyle": "-"},
    "complete pooling": {"color": PALETTE["black"], "marker": "*", "linestyle": ":"},
}
GREY = "0.55"


def white_axes(ax: Axes | None, size: tuple[float, float] = (6.0, 4.5)) -> Axes:
    """Return `ax`, or the axes of a new figure, on solid white."""
    if ax is None:
        ax = Figure(figsize=size, layout="constrained").subplots()
    ax.figure.set_facecolor("white")
    ax.set_facecolor("white")
    return ax


def points(ax: Axes, x: Array, y: Array, pooling: str, *, size: float = 6) -> None:
    """Draw points with the look of one kind of pooling."""
    look = POOLING[pooling]
    ax.plot(x, y, linestyle="", markersize=size, marker=look["marker"], color=look["color"], label=pooling)


def cloud(ax: Axes, x: Array, y: Array) -> None:
    """Draw many points as rings, so that those behind are seen."""
    ax.plot(x, y, linestyle="", marker="o", markersize=4, markerfacecolor="none", color=PALETTE["blue"])


def group_names(labels: Sequence[object] | None, size: int, what: str = "labels") -> list[str]:
    """Return the names of `size` groups as text; their numbers, if they have none."""
    names = list(map(str, range(1, size + 1) if labels is None else labels))
    if len(names) != size:
        raise ValueError(f"{what} must have {size} entries, one for each value, got {len(names)}.")
    return names


def increasing(values: ArrayLike, name: str) -> Array:
    """Return `values` as an increasing vector, or say that it is not."""
    values = as_vector(values, name)
    if values.size == 0 or (np.diff(values) <= 0).any():
        raise ValueError(f"{name} must hold increasing numbers, got {values.tolist()}.")
    return values
