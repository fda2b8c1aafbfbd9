"""What each law does to one part of an expression, the parts inside it being done already.

A rule returns an equal expression, or the part itself where it does not apply.
"""

import sympy as sp

from lmmtext.proof.matrices import Block, Det, Identity, Inverse, Letter, Transpose, shape
from lmmtext.proof.symbols import T, det, eye, inv
from lmmtext.proof.words import join, split, squares, tidy


def transposed_part(part):
    """Return a transpose worked out."""
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


def cancelled(part):
    """Return a product without the pairs of a matrix and its inverse."""
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


def inverse_split(part):
    """Return the inverse of a product of square matrices as the product of their inverses, in reverse."""
    if not isinstance(part, Inverse) or part.args[0].is_Add:
        return part
    number, word = split(part.args[0])
    if number != 1 and not number.is_nonzero:
        return part
    return join(1 / number, [inv(join(sp.S.One, piece)) for piece in reversed(list(squares(word)))])


def repeated_once(part):
    """Return a product in which each projection that stands twice in a row stands once."""
    if part.is_commutative or not (part.is_Mul or part.is_Pow):
        return part
    number, word = split(part)
    kept = [
        factor
        for place, factor in enumerate(word)
        if not (place and factor == word[place - 1] and isinstance(factor, Letter) and factor.known_to_be("projection"))
    ]
    return join(number, kept)


def by_blocks(part):
    """Return sums and products of matrices of blocks as matrices of blocks."""
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


def of_determinants(rule):
    """Return a rule for what is inside a determinant as one for the determinant."""
    return lambda part: rule(part.args[0], part) if isinstance(part, Det) else part


def det_split(inside, whole):
    """Return the determinant of a product of square matrices as the product of theirs."""
    if inside.is_Add:
        return whole
    number, word = split(inside)
    return number ** shape(inside)[0] * sp.Mul(*(det(join(sp.S.One, piece)) for piece in squares(word)))


def det_turned(inside, whole):
    """Return the determinant of a transpose as that of the matrix."""
    return det(inside.args[0]) if isinstance(inside, Transpose) else whole


def det_inverted(inside, whole):
    """Return the determinant of an inverse as one over that of the matrix."""
    return 1 / det(inside.args[0]) if isinstance(inside, Inverse) else whole


def det_unit(inside, whole):
    """Return the determinant of the identity, 1."""
    return sp.S.One if isinstance(inside, Identity) else whole


def det_triangle(inside, whole):
    """Return the determinant of a block triangle as the product of those on the diagonal."""
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


def collected(part):
    """Return a sum with its equal words collected and their numbers simplified."""
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


def log_split(part):
    """Return the logarithm of a product as a sum."""
    if not isinstance(part, sp.log):
        return part
    made = sp.S.Zero
    for factor in sp.Mul.make_args(part.args[0]):
        base, power = factor.as_base_exp()
        made += power * sp.log(base)
    return made
