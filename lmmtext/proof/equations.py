"""Equations that were proved: each is made by a law with a name, and remembers what it was given.

There is no other way to make one, so nothing is believed that was not assumed in so many words. `start` says that an
expression is equal to itself; `step` rewrites by one law and refuses one that does not apply; what was assumed, and
which inverses were taken to exist, is carried along in `Equation.given`.
"""

from dataclasses import InitVar, dataclass

import sympy as sp

from lmmtext.proof.conditions import Condition, Equal, Invertible, conditions
from lmmtext.proof.laws import Law, law_from
from lmmtext.proof.matrices import DoesNotConform, Letter, shape, size
from lmmtext.proof.words import tidy
from lmmtext.proof.writing import Formulas, equation_tex, tex

Shown = tuple[sp.Expr, frozenset[Condition]]
_MADE_BY_A_LAW = object()


class DoesNotApply(ValueError):
    """A law that changes nothing where it was called, or an inference whose premises are not there."""


@dataclass(frozen=True, eq=False)
class Equation:
    """An equation that holds whenever its conditions do, for all dimensions.

    ``given`` are the conditions. ``exist`` are matrices that were shown to be invertible, each with the conditions of
    that; ``name`` is what the equation is called, ``lines`` (in LaTeX) are the steps that led to it, and ``chain`` says
    whether only the right side has moved since `start`.
    """

    left: sp.Expr
    right: sp.Expr
    given: frozenset[Condition]
    exist: tuple[Shown, ...]
    name: str
    lines: tuple[str, ...]
    chain: bool
    key: InitVar[object]

    def __post_init__(self, key):
        """Refuse what no law has made."""
        if key is not _MADE_BY_A_LAW:
            raise TypeError("an equation is made by `assume`, `start` and the laws, not by hand.")

    def says(self, left: sp.Expr, right: sp.Expr) -> bool:
        """Return whether this is the equation left = right, as it is written."""
        return (tidy(self.left), tidy(self.right)) == (tidy(sp.sympify(left)), tidy(sp.sympify(right)))

    def __repr__(self) -> str:
        """Return the equation in plain text."""
        return f"{self.left} = {self.right}"

    def _repr_latex_(self) -> str:
        alone = tex(self.left) if self.chain else equation_tex(self.left, self.right)
        return Formulas(tuple((row,) for row in self.lines) or ((alone,),))._repr_latex_()


def made(left, right, given=frozenset(), exist=(), reason="", name="", before=(), chain=False) -> Equation:
    """Return an equation that a law has made, its sides held together, with all that they take for granted.

    ``before`` are the lines that led to it. A condition that a matrix is invertible gives way to the conditions under
    which that was shown.
    """
    left, right = sp.sympify(left), sp.sympify(right)
    first, second = shape(left), shape(right)
    if first != second and left != 0 and right != 0:
        raise DoesNotConform(f"{left} is {size(first)} and {right} is {size(second)}: they cannot be equal.")
    if any(side.has(sp.nan, sp.oo, -sp.oo, sp.zoo) for side in (left, right)):
        raise ValueError(f"{left} = {right}: the numbers in an equation must be finite.")
    given = given | conditions(left) | conditions(right)
    given = frozenset(c for c in given if not (isinstance(c, Equal) and tidy(c.args[0]) == tidy(c.args[1])))
    exist = tuple(dict.fromkeys(exist))
    for matrix, needs in exist:
        if Invertible(matrix) in given:
            given = (given - {Invertible(matrix)}) | needs
    if reason:
        before = before or ((tex(left),) if chain else ())
        said = equation_tex(left, right)
        said = said.removeprefix(tex(left)) if chain else said
        before = (*before, rf"\quad \text{{{reason}:}}", said)
    return Equation(left, right, given, exist, name, tuple(before), chain, _MADE_BY_A_LAW)


def joint(*equations: Equation) -> dict:
    """Return the conditions of several equations together, and what they have shown to be invertible."""
    return {
        "given": frozenset().union(*(equation.given for equation in equations)),
        "exist": tuple(shown for equation in equations for shown in equation.exist),
    }


def assume(left: sp.Expr, right: sp.Expr, name: str = "") -> Equation:
    """Return an equation that is assumed; it is among the conditions of all that follows from it."""
    given = frozenset({Equal(sp.sympify(left), sp.sympify(right))})
    return made(left, right, given, reason="assumed", name=name)


def define(letter: Letter, expression: sp.Expr) -> Equation:
    """Return the definition of a matrix by an expression in others."""
    if not isinstance(letter, Letter) or expression.has(letter):
        raise ValueError(f"{letter} = {expression}: a definition has a new letter on its left, and not on its right.")
    given = frozenset({Equal(letter, expression)})
    return made(letter, expression, given, reason="definition", name=f"the definition of ${tex(letter)}$")


def start(expression: sp.Expr) -> Equation:
    """Return the first line of a proof: an expression, equal to itself."""
    return made(expression, expression, chain=True)


def step(previous: Equation, law: Law | Equation, on: str = "right") -> Equation:
    """Return the next line of a proof: the previous one, rewritten by one law or by one equation.

    Parameters
    ----------
    previous : Equation
        The line before, or any equation.
    law : Law or Equation
        A law of `laws`, or an equation whose left side is to be replaced by its right side wherever it stands.
    on : {"right", "left", "both"}
        The side that is rewritten.

    Raises
    ------
    DoesNotApply
        If that changes nothing.

    Examples
    --------
    >>> from lmmtext.proof import cancel, dimensions, distribute, inv, matrix
    >>> (n,) = dimensions("n")
    >>> A, B = matrix("A", n, n, "invertible"), matrix("B", n, n)
    >>> line = start(inv(A) * (A + B))
    >>> line = step(line, distribute)
    >>> step(line, cancel)
    A^-1*(A + B) = I_n + A^-1*B
    >>> step(line, distribute)
    Traceback (most recent call last):
    lmmtext.proof.equations.DoesNotApply: 'multiply out' changes nothing in A^-1*A + A^-1*B.
    """
    rule = law_from(law.left, law.right, law.name, joint(law)) if isinstance(law, Equation) else law
    given, exist = previous.given | rule.used["given"], (*previous.exist, *rule.used["exist"])
    left = rule.rewrite(previous.left) if on in ("left", "both") else previous.left
    right = rule.rewrite(previous.right) if on in ("right", "both") else previous.right
    if on not in ("left", "right", "both"):
        raise ValueError(f"on={on!r}: a step is on the 'right', the 'left', or on 'both' sides.")
    if (left, right) == (previous.left, previous.right):
        where = {"left": previous.left, "right": previous.right, "both": previous}[on]
        raise DoesNotApply(f"'{rule.name}' changes nothing in {where}.")
    chain = previous.chain and on == "right"
    return made(left, right, given, exist, rule.told, before=previous.lines, chain=chain)


def theorem(equation: Equation, name: str = "") -> Equation:
    """Return what a chain of lines has shown, its first expression equal to its last, under a name."""
    return made(equation.left, equation.right, **joint(equation), name=name)


def given(equation: Equation) -> Formulas:
    """Return the conditions of an equation, to be shown."""
    conditions = sorted(condition.tex() for condition in equation.given)
    if not conditions:
        return Formulas(((r"\text{Given nothing but the shapes and properties of the letters.}",),))
    return Formulas(((r"\text{Given:}",), *((rf"\quad {condition}",) for condition in conditions)))
