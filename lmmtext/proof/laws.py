"""The laws of matrix algebra, each with a name: what a step of a proof may appeal to.

Each law replaces equals by equals wherever it applies, and only shortens, splits or moves inward, so that it always
comes to an end. That an inverse exists is never a law's business: `equations` keeps it as an assumption.
"""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Any

import sympy as sp

from lmmtext.proof.matrices import Block, Det, Identity, Inverse, Letter, T, Transpose, det, eye, inv, shape
from lmmtext.proof.words import everywhere, join, multiplied_out, replaced, split, squares, tidy
from lmmtext.proof.writing import equation_tex

_MADE_HERE = object()


@dataclass(frozen=True)
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


def _transposed(part):
    return turned(part.args[0]) if isinstance(part, Transpose) else part


def turned(expression: sp.Expr) -> sp.Expr:
    """Return the transpose of an expression, worked out down to its letters."""
    if expression.is_Add:
        return sp.Add(*(turned(term) for term in expression.args))
    if expression.is_Mul or expression.is_Pow:
        number, word = split(expression)
        return join(number, [turned(factor) for factor in reversed(word)])
    if isinstance(expression, Transpose):
        return expression.args[0]
    if isinstance(expression, Inverse):
        return inv(turned(expression.args[0]))
    if isinstance(expression, Block):
        rows = [
            [turned(entry) if entry != 0 else entry for entry in column]
            for column in zip(*expression.rows, strict=True)
        ]
        return Block(rows, expression.widths, expression.heights)
    if isinstance(expression, Identity) or (isinstance(expression, Letter) and expression.known_to_be("symmetric")):
        return expression
    return T(expression)


def _cancelled(part):
    if isinstance(part, Inverse) and isinstance(part.args[0], Inverse | Identity):
        inside = part.args[0]
        return inside if isinstance(inside, Identity) else inside.args[0]
    if part.is_commutative or not (part.is_Mul or part.is_Pow):
        return part
    number, word = split(part)
    while (shorter := _one_pair_less(word)) is not None:
        factor, word = shorter
        number /= factor
    return join(number, word or [eye(shape(part)[0])])


def _one_pair_less(word):
    """Return a word without one A^-1 A or A A^-1, and the number that A carries; None if it has no such pair."""
    for place, factor in enumerate(word):
        if not isinstance(factor, Inverse):
            continue
        number, inside = split(factor.args[0])
        k = len(inside)
        if number != 1 and not number.is_nonzero:
            continue
        if word[place + 1 : place + 1 + k] == inside:
            return number, word[:place] + word[place + 1 + k :]
        if k <= place and word[place - k : place] == inside:
            return number, word[: place - k] + word[place + 1 :]
    return None


def _inverse_of_product(part):
    if not isinstance(part, Inverse) or part.args[0].is_Add:
        return part
    number, word = split(part.args[0])
    if number != 1 and not number.is_nonzero:
        return part
    return join(1 / number, [inv(join(sp.S.One, piece)) for piece in reversed(list(squares(word)))])


def _idempotent(part):
    if part.is_commutative or not (part.is_Mul or part.is_Pow):
        return part
    number, word = split(part)
    kept = [
        factor
        for place, factor in enumerate(word)
        if not (place and factor == word[place - 1] and isinstance(factor, Letter) and factor.known_to_be("projection"))
    ]
    return join(number, kept)


def _blocks(part):
    if isinstance(part, Block):
        return _plain(part)
    if part.is_commutative:
        return part
    if part.is_Mul or part.is_Pow:
        number, word = split(part)
        made = word[:1]
        for factor in word[1:]:
            product = block_product(made[-1], factor)
            made = [*made[:-1], product] if product is not None else [*made, factor]
        if len(made) == 1 and isinstance(made[0], Block):
            whole = made[0]
            rows = [[number * entry for entry in row] for row in whole.rows]
            return _plain(Block(rows, whole.heights, whole.widths))
        return join(number, made)
    if part.is_Add and all(isinstance(term, Block) for term in part.args):
        first, *others = part.args
        if all((term.heights, term.widths) == (first.heights, first.widths) for term in others):
            rows = [
                [sp.Add(*entries) for entries in zip(*row, strict=True)]
                for row in zip(*(term.rows for term in part.args), strict=True)
            ]
            return _plain(Block(rows, first.heights, first.widths))
    return part


def _plain(whole):
    """Return a matrix of one block as the block, and one with I along the diagonal and 0 elsewhere as I."""
    if len(whole.heights) == len(whole.widths) == 1:
        return whole.rows[0][0]
    unit = whole.heights == whole.widths and all(
        entry == (eye(height) if i == j else 0)
        for i, (row, height) in enumerate(zip(whole.rows, whole.heights, strict=True))
        for j, entry in enumerate(row)
    )
    return eye(whole.shape[0]) if unit else whole


def block_product(left: sp.Expr, right: sp.Expr) -> Block | None:
    """Return the product of two factors block by block, or None if their blocks do not meet."""
    a, b = as_block(left), as_block(right)
    if a.widths != b.heights or not (isinstance(left, Block) or isinstance(right, Block)):
        return None
    columns = list(zip(*b.rows, strict=True))
    rows = [[_sum_of_products(row, column) for column in columns] for row in a.rows]
    return Block(rows, a.heights, b.widths)


def _sum_of_products(row, column):
    return tidy(sp.Add(*(x * y for x, y in zip(row, column, strict=True))))


def as_block(factor: sp.Expr) -> Block:
    """Return a matrix of blocks as it is, and any other as one block."""
    if isinstance(factor, Block):
        return factor
    rows, columns = shape(factor)
    return Block([[factor]], [rows], [columns])


def _det(rule):
    return lambda part: rule(part.args[0], part) if isinstance(part, Det) else part


def _det_of_product(inside, whole):
    if inside.is_Add:
        return whole
    number, word = split(inside)
    return number ** shape(inside)[0] * sp.Mul(*(det(join(sp.S.One, piece)) for piece in squares(word)))


def _det_of_transpose(inside, whole):
    return det(inside.args[0]) if isinstance(inside, Transpose) else whole


def _det_of_inverse(inside, whole):
    return 1 / det(inside.args[0]) if isinstance(inside, Inverse) else whole


def _det_of_identity(inside, whole):
    return sp.S.One if isinstance(inside, Identity) else whole


def _det_of_triangle(inside, whole):
    if not isinstance(inside, Block) or inside.heights != inside.widths:
        return whole
    k = len(inside.heights)
    above = [inside.rows[i][j] for i in range(k) for j in range(i + 1, k)]
    below = [inside.rows[i][j] for i in range(k) for j in range(i)]
    if any(entry != 0 for entry in above) and any(entry != 0 for entry in below):
        return whole
    if any(inside.rows[i][i] == 0 for i in range(k)):
        return sp.S.Zero
    return sp.Mul(*(det(inside.rows[i][i]) for i in range(k)))


def _numbers(part):
    if part.is_commutative:
        return simplest(part) if part.is_Add else part
    if part.is_Add:
        collected: dict[tuple, sp.Expr] = {}
        for term in part.args:
            number, word = split(term)
            collected[tuple(word)] = collected.get(tuple(word), sp.S.Zero) + number
        return sp.Add(*(join(simplest(number), word) for word, number in collected.items()))
    if part.is_Mul or part.is_Pow:
        number, word = split(part)
        return join(simplest(number), word)
    return part


def simplest(number: sp.Expr) -> sp.Expr:
    """Return a number with its fractions brought together and factored; determinants count as symbols."""
    names = {d: sp.Dummy() for d in number.atoms(Det)}
    back = {name: d for d, name in names.items()}
    return sp.factor(sp.cancel(sp.together(number.xreplace(names)))).xreplace(back)


def _log_of_product(part):
    if not isinstance(part, sp.log):
        return part
    made = sp.S.Zero
    for factor in sp.Mul.make_args(part.args[0]):
        base, power = factor.as_base_exp()
        made += power * sp.log(base)
    return made


distribute = _law("multiply out", multiplied_out)
transposes = _law("transposes", _transposed)
cancel = _law("A inverse(A) = I", _cancelled, r"$\mathbf{A}\mathbf{A}^{-1} = \mathbf{I}$")
inverse_of_product = _law("inverse of a product", _inverse_of_product)
idempotence = _law("PP = P", _idempotent, r"$\mathbf{P}\mathbf{P} = \mathbf{P}$")
blocks = _law("block by block", _blocks)
collect = _law("collect terms", _numbers)
det_of_product = _law("determinant of a product", _det(_det_of_product))
det_of_transpose = _law("determinant of a transpose", _det(_det_of_transpose))
det_of_inverse = _law("determinant of an inverse", _det(_det_of_inverse))
det_of_identity = _law("determinant of I", _det(_det_of_identity), r"$|\mathbf{I}| = 1$")
det_of_triangle = _law("determinant of a block triangle", _det(_det_of_triangle))
log_of_product = _law("logarithm of a product", _log_of_product)

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

    >>> from lmmtext.proof import dimensions, inv, matrix
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
