"""The laws of matrix algebra, each with a name: what a step of a proof may appeal to.

Each law replaces equals by equals wherever it applies, and only shortens, splits or moves inward, so that it always
comes to an end. That an inverse exists is never a law's business: `equations` keeps it as an assumption.
"""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Any

import sympy as sp

from lmmtext.proof.matrices import shape
from lmmtext.proof.rules import (
    by_blocks,
    cancelled,
    collected,
    det_inverted,
    det_split,
    det_triangle,
    det_turned,
    det_unit,
    inverse_split,
    log_split,
    of_determinants,
    repeated_once,
    transposed_part,
)
from lmmtext.proof.words import everywhere, join, multiplied_out, replaced, split, tidy
from lmmtext.proof.writing import equation_tex

_MADE_HERE = object()


@dataclass(frozen=True, eq=False)
class Law:
    """A rule with a name, the name in LaTeX's text, and the expression that it makes of another, equal one.

    ``used`` has the conditions under which it holds, if there are any, as `equations.joint` collects them.
    """

    name: str
    told: str
    rewrite: Callable[[sp.Expr], sp.Expr]
    key: InitVar[object]
    used: dict[str, Any] = field(default_factory=lambda: {"given": frozenset(), "exist": ()})

    def __post_init__(self, key):
        """Refuse a law that is not one of this module."""
        if key is not _MADE_HERE:
            raise TypeError("the laws are those of lmmtext.proof; what else you believe, `assume` it.")


def _law(name: str, rule: Callable[[sp.Expr], sp.Expr], told: str = "") -> Law:
    return Law(name, told or name, lambda expression: tidy(everywhere(rule, tidy(expression))), _MADE_HERE)


def law_of_rule(name: str, rule: Callable[[sp.Expr], sp.Expr], used: dict[str, Any]) -> Law:
    """Return a law for modules that prove their own rules, with the conditions of them."""
    return Law(name, name, _law(name, rule).rewrite, _MADE_HERE, used)


distribute = _law("multiply out", multiplied_out)
transposes = _law("transposes", transposed_part)
cancel = _law("A inverse(A) = I", cancelled, r"$\mathbf{A}\mathbf{A}^{-1} = \mathbf{I}$")
inverse_of_product = _law("inverse of a product", inverse_split)
idempotence = _law("PP = P", repeated_once, r"$\mathbf{P}\mathbf{P} = \mathbf{P}$")
blocks = _law("block by block", by_blocks)
collect = _law("collect terms", collected)
det_of_product = _law("determinant of a product", of_determinants(det_split))
det_of_transpose = _law("determinant of a transpose", of_determinants(det_turned))
det_of_inverse = _law("determinant of an inverse", of_determinants(det_inverted))
det_of_identity = _law("determinant of I", of_determinants(det_unit), r"$|\mathbf{I}| = 1$")
det_of_triangle = _law("determinant of a block triangle", of_determinants(det_triangle))
log_of_product = _law("logarithm of a product", log_split)

LAWS = (
    distribute,
    transposes,
    cancel,
    inverse_of_product,
    idempotence,
    blocks,
    collect,
    det_of_product,
    det_of_transpose,
    det_of_inverse,
    det_of_identity,
    det_of_triangle,
    log_of_product,
)


def normal_form(expression: sp.Expr) -> sp.Expr:
    """Return an expression multiplied out, transposed, cancelled and collected, until nothing changes.

    Two expressions with one normal form are equal; two with different ones may be equal all the same.

    >>> from lmmtext.proof import T, dimensions, inv, matrix
    >>> n, p = dimensions("n p")
    >>> X, V = matrix("X", n, p), matrix("V", n, n, "symmetric", "invertible")
    >>> normal_form(T(inv(V) * X) * V - X.T)
    0
    """
    while (shorter := _once(expression)) != expression:
        expression = shorter
    return expression


def _once(expression):
    for law in (transposes, distribute, cancel, idempotence, collect):
        expression = law.rewrite(expression)
    return expression


def regroup(target: sp.Expr) -> Law:
    """Return the law that writes an expression as `target`, when both are the same multiplied out."""

    def rewrite(expression):
        same = shape(expression) == shape(target) and _sorted_out(expression) == _sorted_out(target)
        return target if same else expression

    return Law(f"regroup as {target}", "regroup", rewrite, _MADE_HERE)


def _sorted_out(expression):
    return collect.rewrite(distribute.rewrite(expression))


def law_from(left: sp.Expr, right: sp.Expr, told: str, used: dict[str, Any]) -> Law:
    """Return the law that an equation is: `right` is written for `left`, a stretch of a product or a whole part."""
    name, told = f"{left} = {right}", told or f"by ${equation_tex(left, right)}$"
    if left == 0:
        raise ValueError(f"{name}: 0 stands everywhere, and is not rewritten. Flip the equation, or move a term.")
    number, old = split(left)
    if len(old) < 2:
        return Law(name, told, _law(name, lambda part: right if part == left else part).rewrite, _MADE_HERE, used)
    if number != 1 and not number.is_nonzero:
        raise ValueError(f"{name}: to be used within products, the number {number} must be known not to be zero.")

    def rule(part):
        if part.is_commutative or not (part.is_Mul or part.is_Pow):
            return part
        outer, word = split(part)
        new = replaced(word, old, [right / number])
        return part if new == word else join(outer, new)

    return Law(name, told, _law(name, rule).rewrite, _MADE_HERE, used)
