"""From equations to equations: both sides multiplied, added, transposed; inverses found; special cases."""

import sympy as sp

from lmmtext.proof.conditions import Condition, Equal, Invertible, Positive, nonzero, surely_invertible
from lmmtext.proof.equations import DoesNotApply, Equation, joint, made
from lmmtext.proof.laws import cancel
from lmmtext.proof.matrices import DoesNotConform, Letter, Shaped, shape, size
from lmmtext.proof.rules import turned
from lmmtext.proof.symbols import eye, inv
from lmmtext.proof.words import join, split, tidy
from lmmtext.proof.writing import tex

KINDS = [
    sp.Symbol("x", **kind).assumptions0
    for kind in ({}, {"integer": True}, {"positive": True}, {"positive": True, "integer": True})
]


def flipped(equation: Equation) -> Equation:
    """Return right = left."""
    return made(equation.right, equation.left, **joint(equation), name=equation.name)


def transposed(equation: Equation) -> Equation:
    """Return the transposes of both sides, worked out."""
    left, right = (turned(side) if shape(side) else side for side in (equation.left, equation.right))
    return made(left, right, **joint(equation), reason="transpose both sides", before=equation.lines)


def premultiplied(factor: sp.Expr, equation: Equation) -> Equation:
    """Return the equation multiplied from the left."""
    reason = f"multiply by ${tex(factor)}$ from the left"
    return made(
        factor * equation.left, factor * equation.right, **joint(equation), reason=reason, before=equation.lines
    )


def postmultiplied(equation: Equation, factor: sp.Expr) -> Equation:
    """Return the equation multiplied from the right."""
    reason = f"multiply by ${tex(factor)}$ from the right"
    return made(
        equation.left * factor, equation.right * factor, **joint(equation), reason=reason, before=equation.lines
    )


def plus(equation: Equation, term: sp.Expr | Equation) -> Equation:
    """Return the equation with a term, or another equation, added side by side."""
    other = _as_equation(term)
    left, right = tidy(equation.left + other.left), tidy(equation.right + other.right)
    return made(left, right, **joint(equation, other), reason="add", before=equation.lines)


def times(equation: Equation, factor: sp.Expr | Equation) -> Equation:
    """Return an equation between numbers multiplied by a number, or by another such equation."""
    other = _as_equation(factor)
    for side in (equation.left, equation.right, other.left, other.right):
        if shape(side):
            raise DoesNotConform(f"{side} is {size(shape(side))}: multiply matrices by premultiplied, postmultiplied.")
    left, right = equation.left * other.left, equation.right * other.right
    return made(left, right, **joint(equation, other), reason="multiply", before=equation.lines)


def divided(equation: Equation, number: sp.Expr) -> Equation:
    """Return the equation divided by a number; that it is not zero is among the conditions."""
    number = sp.sympify(number)
    if shape(number):
        raise DoesNotConform(f"{number} is {size(shape(number))}: only a number divides.")
    used = joint(equation)
    used["given"] |= nonzero(number)
    left, right = equation.left / number, equation.right / number
    return made(left, right, **used, reason="divide", before=equation.lines)


def _as_equation(term):
    return term if isinstance(term, Equation) else made(term, term)


def inverse_from(equation: Equation, of: sp.Expr) -> Equation:
    """Return A^-1 = C from A C = I or C A = I, for square matrices (where an inverse on one side is the inverse).

    That A is invertible is thereby shown, under the conditions of the equation, and is assumed no more.
    """
    unit = eye(shape(of)[0])
    if cancel.rewrite(equation.right) != unit:
        raise DoesNotApply(f"{equation}: for an inverse of {of} the right side must be {unit}.")
    if Invertible(of) in equation.given:
        raise DoesNotApply(f"{equation} takes for granted that {of} is invertible.")
    number, word = split(equation.left)
    inner, letters = split(of)
    k = len(letters)
    if inner != 1 or not 0 < k < len(word) or letters not in (word[:k], word[-k:]):
        raise DoesNotApply(f"{equation}: the left side must begin or end with {of}.")
    rest = join(number, word[k:] if word[:k] == letters else word[:-k])
    if shape(rest) != shape(of):
        raise DoesNotConform(f"{rest} is {size(shape(rest))}, {of} is {size(shape(of))}: both must be square.")
    used = joint(equation)
    used["exist"] += ((of, equation.given),)
    return made(inv(of), rest, **used)


def discharged(equation: Equation, *shown: Equation) -> Equation:
    """Return the equation without the conditions that other equations have shown to hold."""
    used = joint(equation)
    for other in shown:
        used["given"] = (used["given"] - {Equal(other.left, other.right)}) | other.given
        used["exist"] = (*used["exist"], *other.exist)
    return made(equation.left, equation.right, **used, name=equation.name)


def at(equation: Equation, values: dict) -> Equation:
    """Return a special case: expressions in the place of letters, dimensions of dimensions, numbers of numbers.

    Raises
    ------
    DoesNotConform
        If an expression has not the shape of the letter that it stands for.
    DoesNotApply
        If the letter is symmetric, or a projection, and that cannot be seen of the expression.
    """
    values = {old: sp.sympify(new) for old, new in values.items()}
    numbers = {old: new for old, new in values.items() if not isinstance(old, Shaped)}
    needed: set[Condition] = set()
    for old, new in values.items():
        needed |= _fitting_number(old, new) if old in numbers else _fitting_matrix(old, new, numbers)

    def special(conditions):
        return frozenset({condition.xreplace(values) for condition in conditions} | needed)

    exist = tuple((matrix.xreplace(values), special(needs)) for matrix, needs in equation.exist)
    left, right = equation.left.xreplace(values), equation.right.xreplace(values)
    return made(left, right, special(equation.given), exist, name=equation.name)


def _fitting_number(old, new) -> set[Condition]:
    if not (isinstance(old, sp.Symbol) and new.is_commutative):
        raise DoesNotApply(f"{old} cannot be made {new}: a letter, or the symbol of a number, is made special.")
    if old.is_integer and not new.is_integer:
        raise DoesNotApply(f"{old} is a whole number; that {new} is one cannot be seen.")
    if old.assumptions0 not in KINDS:
        raise DoesNotApply(f"{old} is known to be more than positive or whole; it cannot be made special.")
    return {Positive(new)} if old.is_positive and not new.is_positive else set()


def _fitting_matrix(old, new, numbers) -> set[Condition]:
    if not isinstance(old, Letter):
        raise DoesNotApply(f"{old} is not a letter; only letters are made special.")
    wanted = tuple(side.xreplace(numbers) for side in old.shape)
    if new == 0 and not old.args[3]:
        return set()
    if shape(new) != wanted:
        raise DoesNotConform(f"{old} is {size(wanted)} here, and {new} is {size(shape(new))}.")
    if old.known_to_be("projection") and not (isinstance(new, Letter) and new.known_to_be("projection")):
        raise DoesNotApply(f"{old} is a projection; that {new} is one cannot be seen.")
    if old.known_to_be("symmetric") and tidy(turned(new)) != tidy(new):
        raise DoesNotApply(f"{old} is symmetric; that {new} is symmetric cannot be seen.")
    return {Invertible(new)} if old.known_to_be("invertible") and not surely_invertible(new) else set()
