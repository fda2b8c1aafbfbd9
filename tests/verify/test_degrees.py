"""Degree bounds hold: along a random line through the numbers drawn, no value has a higher degree than was said."""

from dataclasses import dataclass
from fractions import Fraction as F
from random import Random

import pytest

from lmmtext.verify.claims import elaborated
from lmmtext.verify.degrees import chance, degree
from lmmtext.verify.parser import parse
from lmmtext.verify.ratio import Ratio
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance
from lmmtext.verify.worlds import WORLDS


@dataclass(frozen=True)
class OnALine(Draw):
    """Draws a + b t in place of numbers."""

    def integer(self, *, positive=False):
        return Ratio((F(self.rng.randint(1, 9)), F(self.rng.randint(1, 9))), (F(1),))

    positive = integer


class Outcome(Instance):
    """An instance whose sources have taken values on the line as well."""

    def taken_by(self, source):
        rng = Random(f"{source}")
        return Ratio((F(rng.randint(1, 9)), F(rng.randint(1, 9))), (F(1),))


def along_a_line(world):
    made = world.make(OnALine(Random(3), 9, -1))
    return Scope(Outcome(world, made.sizes, made.groups, made.values, made.draw))


@pytest.mark.parametrize(
    ("world", "tex"),
    [
        ("one-way", r"\mathbf{V}"),
        ("one-way", r"\mathbf{V}^{-1}"),
        ("one-way", r"|\mathbf{V}|"),
        ("one-way", r"\mathbf{y}^\top (\mathbf{I} - \mathbf{P}_{\mathbf{Z}}) \mathbf{y} / \sigma^2"),
        ("one-way", r"\operatorname{Var}(\operatorname{SSE})"),
        ("one-way", r"\hat\beta"),
        ("general", r"\mathbf{V}"),
        ("general", r"\mathbf{V}^{-1}\mathbf{X}"),
        ("general", r"(\mathbf{X}^\top\mathbf{V}^{-1}\mathbf{X})^{-1}"),
        ("general", r"\hat{\boldsymbol\beta}"),
        ("general", r"\mathbf{P}_{\mathbf{Z}}"),
        ("general", r"\mathbf{y}^\top\mathbf{V}^{-1}\mathbf{y}"),
        ("prediction", r"\boldsymbol\delta"),
        ("prediction-normal", r"\operatorname{E}[Y_* \mid \mathbf{Y}]"),
        ("random-regression", r"\mathbf{b}_j"),
        ("random-regression", r"\hat{\boldsymbol\beta}_j"),
        ("random-regression", r"\left(\frac{1}{\sigma^2}\mathbf{S}_j + \boldsymbol\Sigma^{-1}\right)^{-1}"),
    ],
)
def test_no_value_has_a_higher_degree_than_its_bound(world, tex):
    world = WORLDS[world]
    node = elaborated(parse(tex).statements[0], world)
    scope = along_a_line(world)
    from lmmtext.verify.evaluate import evaluate

    top, bottom = degree(node, scope, {})
    for row in evaluate(node, scope, {}).rows:
        for x in row:
            if isinstance(x, Ratio):
                assert len(x.num) - 1 <= top and len(x.den) - 1 <= bottom


def test_there_is_no_bound_for_what_is_no_rational_function():
    world = WORLDS["one-way"]
    scope = Scope(world.instance(1, 9, 0))
    left, right = (elaborated(parse(x).statements[0], world) for x in (r"\log|\mathbf{V}|", r"\hat\sigma^2"))
    assert chance(left, right, scope, {}, 100) is None
