"""Shapes are checked in n, p, q, J, r, m, never in drawn numbers; symbols are found, or named as unknown."""

import pytest

from lmmtext.verify.claims import claims, elaborated
from lmmtext.verify.dims import Dim
from lmmtext.verify.errors import CannotParse, DoesNotConform, UnknownSymbol
from lmmtext.verify.parser import parse
from lmmtext.verify.worlds import WORLDS


def fit(tex, world):
    return claims(parse(tex).statements[0], WORLDS[world])


@pytest.mark.parametrize(
    ("world", "tex", "says"),
    [
        ("random-slope", r"\mathbf{V} = \mathbf{Z}\boldsymbol{\Sigma}\mathbf{Z}^T + \sigma^2\mathbf{I}_n", r"\mathbf{Z} is n x Jq, and \boldsymbol{\Sigma} is q x q"),
        ("general", r"\mathbf{X}\mathbf{Z} = \mathbf{X}", r"\mathbf{X} is n x p, and \mathbf{Z} is n x m: the product does not conform"),
        ("general", r"\mathbf{X}\mathbf{X} = \mathbf{X}", "is a transpose missing?"),
        ("general", r"\mathbf{X} + \mathbf{Z} = \mathbf{X}", "n x p, and \\mathbf{Z} is n x m: they cannot be added"),
        ("general", r"\mathbf{V} = \mathbf{G}", r"\mathbf{V} is n x n, and \mathbf{G} is m x m: the two sides of = differ"),
        ("general", r"\mathbf{X}^{-1} = \mathbf{X}", "an inverse needs a square matrix"),
        ("general", r"|\mathbf{X}| = 1", "a determinant needs a square matrix"),
        ("general", r"\sigma^2 / \mathbf{V} = \mathbf{V}", "a divisor is a number"),
        ("general", r"\mathbf{V} + 1 = \mathbf{V}", "they cannot be added"),
        ("general", r"\begin{pmatrix} \mathbf{X} \\ \mathbf{Z} \end{pmatrix} = \mathbf{X}", "as many columns"),
        ("general", r"\mathbf{V} < \mathbf{V}", "only numbers are less or more"),
        ("general", r"\mathbf{Y} \sim \mathrm{N}(\boldsymbol{\beta}, \mathbf{V})", "this cannot be its mean"),
        ("general", r"\mathbf{Y} \sim \mathrm{N}(\mathbf{X}\boldsymbol{\beta}, \mathbf{G})", "this cannot be its variance"),
        ("general", r"\mathbf{I} = \mathbf{I}", "the size of this identity matrix is not told"),
        ("prediction", r"\delta(\mathbf{Y} - \mathbf{X}\boldsymbol{\beta}) = 1", "is a transpose missing?"),
        ("bayes", r"\boldsymbol{\theta} = [\boldsymbol{\beta}^T, \boldsymbol{\alpha}^T]", "(m + p) x 1"),
    ],
)  # fmt: skip
def test_what_does_not_conform_is_refused_with_both_shapes(world, tex, says):
    with pytest.raises(DoesNotConform) as caught:
        fit(tex, world)
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("world", "tex"),
    [
        ("general", r"\mathbf{V} = \mathbf{Z}\mathbf{G}\mathbf{Z}^\top + \sigma^2 \mathbf{I}"),
        ("general", r"\mathbf{X}^\top \mathbf{Z} \boldsymbol{\alpha} = \mathbf{0}"),
        ("general", r"\mathbf{X}^\top \mathbf{Z} \boldsymbol{\alpha} = 0"),
        ("general", r"\mathbf{y}^\top \mathbf{y} \, \mathbf{V} = \mathbf{V} \, (\mathbf{y}^\top \mathbf{y})"),
        ("one-way", r"\mathbf{Z} = \mathbf{I}_J \otimes \mathbf{1}_r"),
        ("one-way", r"\mathbf{V} = \mathbf{I}_{J} \otimes \mathbf{V}_j"),
        ("one-way", r"\mathbf{1}_n^\top \mathbf{1}_{Jr} = n"),
        ("random-slope", r"\mathbf{V} = \mathbf{Z} (\mathbf{I}_J \otimes \boldsymbol{\Sigma}) \mathbf{Z}^\top + \sigma^2 \mathbf{I}"),
        ("random-slope", r"\mathbf{X}_1^\top \mathbf{y}_1 = \mathbf{X}_1^\top \mathbf{1}_{n_1}"),
    ],
)  # fmt: skip
def test_what_conforms_in_symbols_is_let_through(world, tex):
    assert fit(tex, world)


def test_sizes_that_agree_by_accident_of_the_draw_do_not_conform():
    """n_1 and n_2 are different sizes, whatever they were drawn to be."""
    with pytest.raises(DoesNotConform, match="n_1"):
        fit(r"\mathbf{y}_1 = \mathbf{y}_2", "random-slope")
    assert fit(r"\mathbf{y}_1 = \mathbf{y}_2", "one-way")  # balanced: both have r


@pytest.mark.parametrize(
    ("world", "tex", "near"),
    [
        ("general", r"\mathbf{W} = \mathbf{X}", ""),
        ("random-slope", r"\theta = \beta", ""),
        ("general", r"\mathbf{X}_j = \mathbf{X}", r"\mathbf{X}"),
    ],
)
def test_an_unknown_symbol_is_named_with_what_is_near_it(world, tex, near):
    with pytest.raises(UnknownSymbol) as caught:
        fit(tex, world)
    assert f"is not a symbol of the world {world}" in caught.value.message
    assert near in caught.value.message


def test_the_lectures_spellings_are_known_where_they_mean_the_same():
    same = [
        ("one-way", r"\operatorname{SST}", r"\operatorname{SSA}"),
        ("one-way", r"\bar{y}_{..}", r"\bar{y}"),
        ("one-way", r"P_Z", r"\mathbf{P}_{\mathbf{Z}}"),
        ("one-way", r"1_n", r"\mathbf{1}_n"),
        ("random-regression", r"\boldsymbol{\theta}_j", r"\boldsymbol{\beta}_j"),
        ("prediction", r"Y^*", r"Y_*"),
        ("general", r"V", r"\mathbf{V}"),
        ("one-way", r"\sigma^2_\alpha", r"\sigma_\alpha^2"),
        ("one-way", r"\sigma^{2n}", r"(\sigma^2)^n"),
        ("one-way", r"\sigma^4", r"(\sigma^2)^2"),
    ]
    for world, a, b in same:
        one, other = (elaborated(parse(x).statements[0], WORLDS[world]) for x in (a, b))
        assert one == other, (a, b)


def test_functions_are_only_those_of_the_notation():
    with pytest.raises(UnknownSymbol, match="not a function"):
        fit(r"k(\mathbf{x}, \mathbf{y}) = 1", "general")


def test_dots_that_mean_nothing_definite_are_refused():
    with pytest.raises(CannotParse, match="block diagonal"):
        fit(r"\begin{pmatrix} 1 & \dots \\ \vdots & 2 \end{pmatrix} = \mathbf{V}", "general")


def test_sizes_are_polynomials():
    n, J, r = (Dim.of(x) for x in "nJr")
    assert str(J * r - J) == "Jr - J"
    assert (J * r).over(r) == J
    assert n.replaced({"n": J * r}) == J * r
    assert n - n == Dim.of(0)
    assert (J * r - J).value({"J": 3, "r": 5}.__getitem__) == 12


def test_what_has_another_size_in_every_group_is_not_added_up():
    with pytest.raises(DoesNotConform, match="its size changes with j"):
        fit(r"\sum_{j=1}^J \mathbf{y}_j = \mathbf{0}", "random-slope")
    assert fit(r"\sum_{j=1}^J \mathbf{y}_j = \mathbf{0}", "one-way")
