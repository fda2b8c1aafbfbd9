"""The figures show the numbers they were given: tests look at the plotted data, never at pixels."""

import subprocess
import sys
from pathlib import Path
from statistics import NormalDist

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lmmtext.plots import (
    PALETTE,
    POOLING,
    caterpillar,
    contour,
    covariance,
    group_lines,
    qq,
    residuals,
    shrinkage,
    trellis,
)

X, Y = np.linspace(0.5, 3.0, 26), np.linspace(1.0, 2.0, 21)
BOWL = 100 + 12 * (X - 1.5) ** 2 + 40 * (Y[:, None] - 1.4) ** 2
OWN = np.array([[1.0, 0.5], [2.0, -0.5], [3.0, 0.1]])
POOL = np.array([2.0, 0.0])
PULLED = POOL + 0.6 * (OWN - POOL)
DAYS = np.tile([0.0, 1.0, 2.0], 3)
GROUPS = np.repeat(["b", "a", "c"], 3)
RESPONSE = np.arange(9.0)

DRAWINGS = {
    "caterpillar": lambda ax: caterpillar(ax, [1.0, -1.0], [0.5, 0.2]),
    "slope chart": lambda ax: shrinkage(ax, OWN[:, 0], PULLED[:, 0], POOL[0]),
    "arrows": lambda ax: shrinkage(ax, OWN, PULLED, POOL, ["b", "a", "c"]),
    "residuals": lambda ax: residuals(ax, [1.0, 2.0], [0.1, -0.1]),
    "qq": lambda ax: qq(ax, [0.1, -0.1, 0.4]),
    "contour": lambda ax: contour(ax, X, Y, BOWL),
    "covariance": lambda ax: covariance(ax, np.eye(3)),
    "group_lines": lambda ax: group_lines(ax, [0, 1], [1, 2], OWN[0], PULLED[0], POOL),
}


def draw_trellis(fig=None, **kwargs):
    labels = kwargs.pop("labels", ["b", "a", "c"])
    return trellis(fig, DAYS, RESPONSE, GROUPS, OWN, PULLED, POOL, labels, **kwargs)


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_returns_the_axes_it_was_given(draw, ax):
    assert draw(ax) is ax


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_without_axes_a_drawing_makes_its_own(draw):
    assert isinstance(draw(None).figure, Figure)


@pytest.mark.parametrize("draw", [*DRAWINGS.values(), lambda ax: draw_trellis()], ids=[*DRAWINGS, "trellis"])
def test_a_drawing_opens_no_figure_and_leaves_global_settings_alone(draw):
    before = dict(matplotlib.rcParams)
    draw(None)
    assert dict(matplotlib.rcParams) == before
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []


def test_no_drawing_needs_pyplot_to_be_imported():
    code = "import sys, lmmtext.plots as p; p.qq(None, [1, 2, 3]); assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_is_on_solid_white_and_all_its_colours_are_in_the_palette(draw, ax):
    draw(ax)
    assert to_hex(ax.get_facecolor()) == to_hex(ax.figure.get_facecolor()) == "#ffffff"
    assert ax.patch.get_alpha() is None
    allowed = {colour.lower() for colour in PALETTE.values()} | {to_hex("0.55")}
    colours = {to_hex(line.get_color()) for line in ax.lines}
    if not ax.images:
        colours |= {to_hex(c) for collection in ax.collections for c in collection.get_edgecolor()}
    assert colours <= allowed


@pytest.mark.parametrize("draw", [draw for name, draw in DRAWINGS.items() if name != "group_lines"])
def test_both_axes_are_labelled_in_words(draw, ax):
    draw(ax)
    assert all(any(word.isalpha() for word in label.split()) for label in (ax.get_xlabel(), ax.get_ylabel()))


def test_kinds_of_pooling_differ_in_colour_marker_and_line():
    for key in ("color", "marker", "linestyle"):
        assert len({look[key] for look in POOLING.values()}) == 3


def test_a_caterpillar_is_ordered_and_its_intervals_have_the_stated_level(ax):
    caterpillar(ax, [2.0, -1.0, 0.5], [0.5, 0.1, 0.0], ["x", "y", "z"], level=0.9)
    points = ax.lines[1]
    assert points.get_xdata().tolist() == [-1.0, 0.5, 2.0]
    assert points.get_ydata().tolist() == [1, 2, 3]
    z = NormalDist().inv_cdf(0.95)
    bars = [segment[:, 0] for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(bars, [[-1 - 0.1 * z, -1 + 0.1 * z], [0.5, 0.5], [2 - 0.5 * z, 2 + 0.5 * z]])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["y", "z", "x"]
    assert "90 %" in ax.get_xlabel()


def test_equal_modes_keep_the_order_in_which_they_came(ax):
    caterpillar(ax, [0.0, 0.0, 0.0], [1.0, 1.0, 1.0], ["x", "y", "z"])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["x", "y", "z"]


def test_a_slope_chart_joins_each_groups_estimates_beside_the_complete_pool(ax):
    shrinkage(ax, OWN[:, 0], PULLED[:, 0], POOL[0], ["b", "a", "c"])
    for line, own, pulled in zip(ax.lines[:3], OWN[:, 0], PULLED[:, 0], strict=True):
        assert line.get_xydata().tolist() == [[0, own], [1, pulled]]
    shown = {line.get_label(): line.get_ydata() for line in ax.lines[3:]}
    np.testing.assert_array_equal(shown["no pooling"], OWN[:, 0])
    np.testing.assert_array_equal(shown["partial pooling"], PULLED[:, 0])
    assert set(shown["complete pooling"]) == {2.0}
    assert [(text.get_text(), text.xy[1]) for text in ax.texts] == [("b", 1.0), ("a", 2.0), ("c", 3.0)]


def test_arrows_lead_from_no_pooling_to_partial_pooling(ax):
    shrinkage(ax, OWN, PULLED, POOL)
    (arrows,) = ax.collections
    np.testing.assert_allclose(arrows.XY, OWN)
    np.testing.assert_allclose(np.column_stack([arrows.U, arrows.V]), PULLED - OWN)
    assert (arrows.angles, arrows.scale, arrows.scale_units) == ("xy", 1, "xy")
    assert ax.lines[-1].get_xydata().tolist() == [[2.0, 0.0]]
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == list(POOLING)


def test_residuals_stand_over_their_fitted_values(ax):
    residuals(ax, [3.0, 1.0], [-0.5, 0.25], unit="ms")
    assert ax.lines[1].get_xydata().tolist() == [[3.0, -0.5], [1.0, 0.25]]
    assert ax.get_xlabel().endswith("(ms)")


def test_normal_values_lie_on_the_line_of_a_qq_plot_whatever_their_mean_and_sd(ax):
    n = 42  # so that two order statistics are the quartiles
    values = [3 + 2 * NormalDist().inv_cdf((i + 0.5) / n) for i in reversed(range(n))]
    qq(ax, values)
    line, points = ax.lines
    assert (np.diff(points.get_ydata()) > 0).all()
    x0, y0 = line.get_xy1()
    fitted = y0 + line.get_slope() * (points.get_xdata() - x0)
    np.testing.assert_allclose(points.get_ydata(), fitted, rtol=0, atol=1e-12)


def test_contours_stand_at_the_stated_differences_from_the_optimum(ax):
    contour(ax, X, Y, BOWL, levels=[1, 2, 4])
    lines = ax.collections[0]
    assert lines.levels.tolist() == [1, 2, 4]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        x, y = path.vertices.T
        # linear interpolation on the grid overshoots a parabola by at most curvature * step^2 / 8 a direction
        error = 24 * 0.1**2 / 8 + 80 * 0.05**2 / 8
        np.testing.assert_allclose(12 * (x - 1.5) ** 2 + 40 * (y - 1.4) ** 2, level, atol=error)
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[1.5, 1.4]])


def test_a_contour_is_measured_from_the_given_optimum(ax):
    contour(ax, X, Y, BOWL, optimum=(1.52, 1.41, 99.0), levels=[3])
    x, y = ax.collections[0].get_paths()[0].vertices.T
    np.testing.assert_allclose(12 * (x - 1.5) ** 2 + 40 * (y - 1.4) ** 2, 2.0, atol=0.06)
    assert ax.lines[0].get_xydata().tolist() == [[1.52, 1.41]]


def test_a_covariance_is_shown_entry_by_entry_with_lines_between_blocks(ax):
    V = np.kron(np.diag([1.0, 2.0]), np.eye(3) + 0.5)[:5, :5]
    covariance(ax, V, blocks=[3, 2])
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), V)
    assert (image.norm.vmin, image.norm.vmax) == (0, 3.0)
    assert [sorted({*line.get_xdata(), *line.get_ydata()}) for line in ax.lines] == [[0, 1, 3.5], [0, 1, 3.5]]
    assert tuple(image.get_extent()) == (0.5, 5.5, 5.5, 0.5)


def test_a_covariance_with_negative_entries_has_zero_in_the_middle_of_its_scale(ax):
    covariance(ax, [[2.0, -1.0], [-1.0, 1.0]])
    assert (ax.images[0].norm.vmin, ax.images[0].norm.vmax) == (-2.0, 2.0)


def test_every_panel_of_a_trellis_shows_its_group_and_its_lines():
    panels = draw_trellis(columns=2)
    assert [panel.get_title() for panel in panels] == ["b", "a", "c"]
    assert len(panels[0].figure.axes) == 3
    for j, panel in enumerate(panels):
        data, *lines = panel.lines
        assert data.get_xydata().tolist() == [[k, RESPONSE[3 * j + k]] for k in range(3)]
        for line, (intercept, slope) in zip(lines, (OWN[j], PULLED[j], POOL), strict=True):
            np.testing.assert_allclose(line.get_xydata(), [[0, intercept], [2, intercept + 2 * slope]])
        assert [line.get_label() for line in lines] == list(POOLING)
    assert panels[0].get_ylim() == panels[2].get_ylim()


def test_a_trellis_draws_in_the_figure_it_is_given_with_one_legend():
    fig = Figure(layout="constrained")
    panels = draw_trellis(fig)
    assert all(panel.figure is fig for panel in panels)
    assert len(fig.legends) == 1
    assert fig.get_supxlabel() and fig.get_supylabel()


def test_the_lowest_panel_of_each_column_shows_the_scale_of_x():
    shown = [panel.xaxis.get_tick_params()["labelbottom"] for panel in draw_trellis(columns=2)]
    assert shown == [False, True, True]


def test_whole_number_groups_are_matched_with_whole_number_labels():
    panels = trellis(None, [0, 1, 0, 1], [1, 2, 3, 4], [7, 7, 10, 10], OWN[:2], PULLED[:2], POOL, [7, 10])
    assert [panel.get_title() for panel in panels] == ["7", "10"]


BAD = {
    "sds must have shape (2)": lambda: caterpillar(None, [1.0, 2.0], [1.0]),
    "sds must not be negative": lambda: caterpillar(None, [1.0], [-1.0]),
    "level must be between 0 and 1, got 95": lambda: caterpillar(None, [1.0], [1.0], level=95),
    "labels must have 2 entries": lambda: caterpillar(None, [1.0, 2.0], [1.0, 1.0], ["a"]),
    "no_pooling must have shape (any, 2)": lambda: shrinkage(None, np.ones((3, 3)), np.ones((3, 3)), [1, 1]),
    "partial must have shape (3, 2)": lambda: shrinkage(None, OWN, PULLED[:2], POOL),
    "complete must have shape (1)": lambda: shrinkage(None, OWN[:, 0], PULLED[:, 0], POOL),
    "no_pooling must be finite": lambda: shrinkage(None, [np.nan, 1.0], [1.0, 1.0], 1.0),
    "residuals must have shape (2)": lambda: residuals(None, [1.0, 2.0], [1.0]),
    "at least two numbers, got 1": lambda: qq(None, [1.0]),
    "x must hold increasing numbers": lambda: contour(None, X[::-1], Y, BOWL),
    "deviance must have shape (21, 26)": lambda: contour(None, X, Y, BOWL.T),
    "optimum has deviance 101.0": lambda: contour(None, X, Y, BOWL, optimum=(1, 1, 101)),
    "levels must be positive": lambda: contour(None, X, Y, BOWL, levels=[0, 1]),
    "one of them lie between 0 and": lambda: contour(None, X, Y, BOWL, levels=[1000]),
    "V must have shape (2, any)": lambda: covariance(None, np.ones((3, 2))),
    "V must be symmetric; V[0, 1] = 0.5 but V[1, 0] = 0.0": lambda: covariance(None, [[1, 0.5], [0, 1]]),
    "whole numbers that sum to n = 3, got [2.0, 2.0]": lambda: covariance(None, np.eye(3), blocks=[2, 2]),
    "complete must have shape (2)": lambda: group_lines(None, [0, 1], [0, 1], [0, 1], [0, 1], [0, 1, 2]),
    "must name the same groups": lambda: draw_trellis(labels=["b", "a", "d"]),
    "columns must be at least 1, got 0": lambda: draw_trellis(columns=0),
    "labels must have 3 entries": lambda: draw_trellis(labels=["b", "a"]),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_in_words(message):
    with pytest.raises(ValueError) as error:
        BAD[message]()
    assert message in str(error.value)
