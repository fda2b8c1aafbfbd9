"""Expressions taken apart and put together: sums of terms, and each term a number times a word.

A word is a list of matrices that are multiplied in that order. All rewriting is of words: a stretch of one is replaced,
and the rest is left where it stood.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod

import sympy as sp

from lmmtext.proof.matrices import Block, Det, Identity, Letter, Shaped, Transpose, shape

Rule = Callable[[sp.Expr], sp.Expr]
LONGEST = 400


def split(term: sp.Expr) -> tuple[sp.Expr, list[sp.Expr]]:
    """Return the number and the word of a term (a sum is a word of one factor, itself)."""
    number, word = sp.S.One, []
    for factor in sp.Mul.make_args(term):
        if factor.is_commutative:
            number *= factor
        elif factor.is_Pow:
            inner, letters = split(factor.base)
            number *= inner**factor.exp
            word += letters * int(factor.exp)
        elif factor.is_Mul:
            inner, letters = split(factor)
            number *= inner
            word += letters
        else:
            word.append(factor)
    if len(word) > LONGEST:
        raise ValueError(f"a product of {len(word)} matrices: {LONGEST} is the most that is worked with.")
    return number, word


def join(number: sp.Expr, word: Sequence[sp.Expr]) -> sp.Expr:
    """Return a number times a word."""
    return sp.Mul(number, *word)


def everywhere(rule: Rule, expression: sp.Expr) -> sp.Expr:
    """Return the expression with the rule applied to each part of it, innermost first (equals for equals)."""
    if isinstance(expression, Letter | Identity):
        return rule(expression)
    if not expression.has(Shaped):
        return expression
    if isinstance(expression, Block):
        rows = [[everywhere(rule, entry) for entry in row] for row in expression.rows]
        return rule(Block(rows, expression.heights, expression.widths))
    parts = [everywhere(rule, part) for part in expression.args]
    if parts == [0] and isinstance(expression, Transpose | Det):  # 0' = 0 and |0| = 0
        return sp.S.Zero
    return rule(expression.func(*parts))


def tidy(expression: sp.Expr) -> sp.Expr:
    """Return the expression without factors I, and with products of products written as one."""
    return everywhere(_without_identities, expression)


def _without_identities(part):
    if not (part.is_Mul or part.is_Pow) or part.is_commutative:
        return part
    number, word = split(part)
    kept = [factor for factor in word if not isinstance(factor, Identity)]
    return join(number, kept or word[:1])


def squares(word: Sequence[sp.Expr]) -> Iterator[list[sp.Expr]]:
    """Yield the shortest stretches of a square word that are square themselves and of its size."""
    rows, stretch = shape(word[0])[0], []
    for factor in word:
        stretch.append(factor)
        if shape(factor)[1] == rows:
            yield stretch
            stretch = []
    if stretch:
        raise ValueError("the word is not square.")


def replaced(word: list[sp.Expr], old: Sequence[sp.Expr], new: Sequence[sp.Expr]) -> list[sp.Expr]:
    """Return the word with each stretch `old`, from the left, replaced by `new`."""
    made: list[sp.Expr] = []
    place = 0
    while place < len(word):
        if word[place : place + len(old)] == list(old):
            made += new
            place += len(old)
        else:
            made.append(word[place])
            place += 1
    return made


def multiplied_out(expression: sp.Expr) -> sp.Expr:
    """Return a product of sums as the sum of the products; anything else as it is."""
    if expression.is_commutative or not (expression.is_Mul or expression.is_Pow):
        return expression
    number, word = split(expression)
    count = prod(len(sp.Add.make_args(factor)) for factor in word)
    if count > LONGEST:
        raise ValueError(f"a sum of {count} products: {LONGEST} is the most that is worked with.")
    words: list[list[sp.Expr]] = [[]]
    for factor in word:
        words = [[*start, term] for start in words for term in sp.Add.make_args(factor)]
    return sp.Add(*(n * sp.Mul(*w) for n in sp.Add.make_args(sp.expand(number)) for w in words))
