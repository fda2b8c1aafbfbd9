"""The algebra of commuting projections, for any number of groups and of observations in them.

In a balanced design the covariance of the data is a sum of numbers times projections that commute. Such sums are
polynomials in commuting symbols, with P P = P and a rule for each product of two, so that they are reduced modulo an
ideal (by a Groebner basis), and everything about them follows from the smallest projections that they are made of.
"""

from functools import reduce
from itertools import combinations, groupby, product

import sympy as sp

from lmmtext.proof.conditions import Condition
from lmmtext.proof.equations import DoesNotApply, Equation, joint
from lmmtext.proof.laws import Law, law_of_rule
from lmmtext.proof.matrices import Det, Letter, shape
from lmmtext.proof.rules import simplest, turned
from lmmtext.proof.symbols import eye
from lmmtext.proof.words import join, split, tidy


class Rank(Condition):
    """A projection has this rank."""

    words, pattern = "{} has rank {}", r"\operatorname{rank}(%s) = %s"


class Projections:
    """Projections of which every two have a product that is known, with their ranks.

    Parameters
    ----------
    relations : Equation
        For every two of the projections an equation P Q = R with a symmetric R; transposed it says Q P = R, and so
        they commute.
    ranks : dict
        The rank of each; that of the identity is its size.

    Examples
    --------
    >>> from lmmtext.proof import assume, dimensions, matrix
    >>> J, r = dimensions("J r")
    >>> P_1, P_Z = (matrix(name, J * r, J * r, "projection") for name in ("P_1", "P_Z"))
    >>> balanced = Projections(assume(P_1 * P_Z, P_1), ranks={P_1: 1, P_Z: J})
    >>> [(part, rank) for part, _, rank in balanced.parts(P_Z)]
    [(P_1, 1), (-P_1 + P_Z, J - 1), (I_J*r - P_Z, J*(r - 1))]
    """

    def __init__(self, *relations: Equation, ranks: dict[Letter, sp.Expr]) -> None:
        self.letters = list(ranks)
        for letter in self.letters:
            if not (isinstance(letter, Letter) and letter.known_to_be("projection")):
                raise DoesNotApply(f"{letter} is not a projection.")
        self.symbols = dict(zip(self.letters, sp.symbols(f"P:{len(ranks)}"), strict=True))
        self.ranks = {letter: sp.sympify(rank) for letter, rank in ranks.items()}
        self.unit = eye(shape(self.letters[0])[0])
        self.used = joint(*relations)
        if strange := [str(e) for e in relations if not (self.has(e.left) and self.has(e.right))]:
            raise DoesNotApply(f"{strange[0]} is not about {', '.join(map(str, self.letters))} alone.")
        known = {frozenset(split(relation.left)[1]): relation for relation in relations}
        for pair in combinations(self.letters, 2):
            self._commute(pair, known.get(frozenset(pair)))
        ideal = [symbol**2 - symbol for symbol in self.symbols.values()]
        ideal += [self.polynomial(relation.left) - self.polynomial(relation.right) for relation in relations]
        self.basis = sp.groebner(ideal, *self.symbols.values(), order="grevlex")

    def _commute(self, pair, relation):
        names = " and ".join(str(letter) for letter in pair)
        if relation is None or split(relation.left)[0] != 1 or len(split(relation.left)[1]) != 2:
            raise DoesNotApply(f"the product of {names} is not known: give an equation for it.")
        if tidy(turned(relation.right)) != tidy(relation.right) or not self.has(relation.right):
            raise DoesNotApply(f"{relation}: the right side must be a symmetric sum of {names} and their like.")

    def has(self, expression: sp.Expr) -> bool:
        """Return whether an expression is made of these projections, the identity, and numbers."""
        if expression.is_Add or expression.is_Mul or expression.is_Pow:
            return all(part.is_commutative or self.has(part) for part in expression.args)
        return expression == 0 or expression == self.unit or expression in self.symbols

    def polynomial(self, expression: sp.Expr) -> sp.Expr:
        """Return an expression as a polynomial in commuting symbols, the identity as 1."""
        if expression.is_Add:
            return sp.Add(*(self.polynomial(term) for term in expression.args))
        if expression.is_Mul or expression.is_Pow:
            number, word = split(expression)
            return number * sp.Mul(*(self.polynomial(factor) for factor in word))
        return sp.S.One if expression == self.unit else self.symbols[expression] if expression != 0 else sp.S.Zero

    def reduced(self, expression: sp.Expr) -> sp.Expr:
        """Return an expression of the algebra as a sum of numbers times the fewest products of projections."""
        if not self.has(expression):
            raise DoesNotApply(f"{expression} is not made of {', '.join(map(str, self.letters))} alone.")
        poly = sp.Poly(self.polynomial(expression), *self.symbols.values())
        back = {symbol: letter for letter, symbol in self.symbols.items()}
        total: dict[tuple, sp.Expr] = {}
        for powers, number in poly.terms():
            monomial = sp.Mul(*(s**k for s, k in zip(back, powers, strict=True)))
            rest = sp.Poly(self.basis.reduce(monomial)[1], *back)
            for key, value in rest.terms():
                total[key] = total.get(key, sp.S.Zero) + number * value
        terms = []
        for key, number in total.items():
            word = [back[s] for s, k in zip(back, key, strict=True) for _ in range(k)]
            terms.append(join(simplest(number), word or [self.unit]))
        return sp.Add(*terms)

    @property
    def law(self) -> Law:
        """Return the law that reduces what is made of these projections, wherever it stands."""
        return law_of_rule("algebra of the projections", self._rule, self.used)

    def _rule(self, part):
        if part.is_commutative or not (part.is_Add or part.is_Mul or part.is_Pow):
            return part
        if self.has(part):
            return self.reduced(part)
        if part.is_Add:
            return part
        number, word = split(part)
        runs = [(inside, list(run)) for inside, run in groupby(word, self.has)]
        made = [self.reduced(join(sp.S.One, run)) if inside else join(sp.S.One, run) for inside, run in runs]
        return join(number, made)

    def smallest(self) -> list[sp.Expr]:
        """Return the smallest projections: products of each projection or what it leaves, without those that are 0."""
        choices = [(letter, self.unit - letter) for letter in self.letters]
        made = (self.reduced(join(sp.S.One, choice)) for choice in product(*choices))
        return [part for part in made if part != 0]

    def parts(self, expression: sp.Expr) -> list[tuple[sp.Expr, sp.Expr, sp.Expr]]:
        """Return the smallest projections, each with the eigenvalue that the expression has there, and its rank."""
        return [(part, self._eigenvalue(expression, part), self.rank(part)) for part in self.smallest()]

    def _eigenvalue(self, expression, part):
        image = self.polynomial(self.reduced(expression * part))
        unit = self.polynomial(part)
        monomial = sp.Poly(unit, *self.symbols.values()).terms()[0]
        value = simplest(sp.Poly(image, *self.symbols.values()).coeff_monomial(monomial[0]) / monomial[1])
        if simplest(sp.expand(image - value * unit)) != 0:
            raise DoesNotApply(f"{expression} is not a number times {part} there.")
        return value

    def rank(self, part: sp.Expr) -> sp.Expr:
        """Return the rank of a projection of the algebra: its trace, which is a sum of known ranks."""
        total = sp.S.Zero
        for term in sp.Add.make_args(self.reduced(part)):
            number, word = split(term)
            if len(word) != 1:
                raise DoesNotApply(f"the rank of {term} is not known.")
            total += number * (self.unit.shape[0] if word[0] == self.unit else self.ranks[word[0]])
        return sp.factor(total)

    def function(self, f, expression: sp.Expr) -> sp.Expr:
        """Return f of a matrix of the algebra, such as its inverse or a power: f of each eigenvalue on its part."""
        return reduce(sp.Add, (f(value) * part for part, value, _ in self.parts(expression)))

    @property
    def determinant(self) -> Law:
        """Return the law that a determinant is the product of the eigenvalues, each to the power of its rank."""
        conditions = {Rank(letter, rank) for letter, rank in self.ranks.items()}
        used = {**self.used, "given": self.used["given"] | conditions}
        return law_of_rule("product of the eigenvalues", self._determinant, used)

    def _determinant(self, part):
        if not isinstance(part, Det) or not self.has(part.args[0]):
            return part
        return sp.Mul(*(value**rank for _, value, rank in self.parts(part.args[0])))
