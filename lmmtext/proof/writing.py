"""Expressions of matrices in LaTeX, as the book writes them: short terms first, minus signs in front of whole terms."""

from dataclasses import dataclass

import sympy as sp
from sympy.printing.latex import LatexPrinter

from lmmtext.proof.matrices import Letter
from lmmtext.proof.words import split


class Printer(LatexPrinter):
    """SymPy's printer for numbers, with the order of the book in sums and products of matrices."""

    def _print_Add(self, expr, order=None):
        if expr.is_commutative:
            return super()._print_Add(expr, order)
        terms = sorted(expr.args, key=lambda term: (_negative(term), len(split(term)[1]), self._print(term)))
        text = self._print(terms[0])
        for term in terms[1:]:
            text += f" - {self._print(-term)}" if _negative(term) else f" + {self._print(term)}"
        return text

    def _print_Mul(self, expr):
        if expr.is_commutative:
            return super()._print_Mul(expr)
        number, word = split(expr)
        if _negative(expr):
            return f"- {self._print(-expr)}"
        runs: list[list] = []  # each factor, and how often it stands in a row
        for factor in word:
            if runs and runs[-1][0] == factor:
                runs[-1][1] += 1
            else:
                runs.append([factor, 1])
        text = " ".join(self._run(factor, times) for factor, times in runs)
        if number == 1:
            return text
        return rf"\left( {self._print(number)} \right) {text}" if number.is_Add else f"{self._print(number)} {text}"

    def _print_Pow(self, expr):
        return super()._print_Pow(expr) if expr.is_commutative else self._run(*expr.args)

    def _run(self, factor, times):
        text = rf"\left( {self._print(factor)} \right)" if factor.is_Add else self._print(factor)
        if times == 1:
            return text
        bare = isinstance(factor, Letter) or factor.is_Add
        return f"{text}^{{{times}}}" if bare else rf"\left( {text} \right)^{{{times}}}"


def _negative(term):
    return split(term)[0].could_extract_minus_sign()


def tex(expression: sp.Expr) -> str:
    r"""Return an expression in LaTeX.

    >>> from lmmtext.proof import dimensions, eye, inv, matrix
    >>> n, m = dimensions("n m")
    >>> Z, G = matrix("Z", n, m), matrix("G", m, m)
    >>> print(tex(eye(n) - Z * inv(inv(G) + Z.T * Z) * Z.T))
    \mathbf{I}_{n} - \mathbf{Z} \left( \mathbf{G}^{-1} + \mathbf{Z}^\top \mathbf{Z} \right)^{-1} \mathbf{Z}^\top
    """
    return Printer().doprint(expression)


def equation_tex(left: sp.Expr, right: sp.Expr, sign: str = " = ") -> str:
    """Return left = right in LaTeX, a zero matrix as a bold 0."""
    matrices = not (left.is_commutative and right.is_commutative)
    return sign.join(r"\mathbf{0}" if matrices and side == 0 else tex(side) for side in (left, right))


@dataclass(frozen=True)
class Formulas:
    """Rows of formulas in LaTeX, which a notebook shows one under the other (and in columns, if there are several)."""

    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        """Return the rows as they are written."""
        return "\n".join("  ".join(row) for row in self.rows)

    def _repr_latex_(self) -> str:
        columns = "l" * len(self.rows[0])
        if columns == "l":
            text = r"\begin{aligned} " + r" \\ ".join(f"& {row[0]}" for row in self.rows) + r" \end{aligned}"
        else:
            text = r" \\ ".join(" & ".join(rf"\displaystyle {cell}" for cell in row) for row in self.rows)
            text = rf"\begin{{array}}{{{columns}}} {text} \end{{array}}"
        return rf"$\displaystyle {text}$"


def table(head: tuple[str, ...], rows: list[tuple]) -> Formulas:
    """Return a table to be shown: words or expressions in its cells, words at the head of its columns."""
    return Formulas(tuple(tuple(_cell(cell) for cell in row) for row in (head, *rows)))


def _cell(cell):
    return rf"\text{{{cell}}}" if isinstance(cell, str) else tex(cell)
