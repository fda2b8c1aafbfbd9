"""Signs of rational functions whose letters are positive, not negative, or any real numbers: proofs by coefficients."""

from sympy import Expr, Matrix, Poly, Symbol, factor_list, fraction, together

POSITIVE, NONNEGATIVE, REAL = "positive", "nonnegative", "real"


def sign(expr: Expr, kinds: dict[Symbol, str]) -> str:
    """Return `+` (above zero), `0+` (not below), `-`, `0-`, `0`, or an empty string if it cannot be told.

    A polynomial with no negative coefficient, in letters that are not negative, is not negative; it is positive if
    some term of it is. Factors are judged one by one, squares among them at once; a quadratic form by its matrix.
    """
    above, below = fraction(together(expr))
    top, bottom = _of_polynomial(above, kinds), _of_polynomial(below, kinds)
    return _times(top, bottom) if bottom in ("+", "-") else ""


def _times(a: str, b: str) -> str:
    if not a or not b:
        return ""
    if "0" in (a, b):
        return "0"
    minus = ("-" in a) != ("-" in b)
    weak = "0" in a or "0" in b
    return ("0" if weak else "") + ("-" if minus else "+")


def _of_polynomial(expr: Expr, kinds: dict[Symbol, str]) -> str:
    if expr == 0:
        return "0"
    constant, factors = factor_list(expr)
    if not constant.is_real:
        return ""
    found = "+" if constant > 0 else "-"
    for factor, power in factors:
        one = _of_factor(factor, kinds)
        if power % 2 == 0:
            one = "+" if one in ("+", "-") else "0+"
        found = _times(found, one)
    return found


def _of_factor(factor: Expr, kinds: dict[Symbol, str]) -> str:
    symbols = sorted(factor.free_symbols, key=str)
    if not symbols or not factor.is_polynomial(*symbols) or not set(symbols) <= set(kinds):
        return ""
    poly = Poly(factor, *symbols)
    for name, mark in ((poly, ""), (-poly, "-")):
        found = _by_coefficients(name, kinds) or _by_squares(name)
        if found:
            return found.replace("+", "-") if mark else found
    return ""


def _by_coefficients(poly: Poly, kinds: dict[Symbol, str]) -> str:
    strict = False
    for powers, c in poly.terms():
        at = [(kinds[s], e) for s, e in zip(poly.gens, powers, strict=True) if e]
        if c < 0 or any(kind == REAL and e % 2 for kind, e in at):
            return ""
        strict = strict or all(kind == POSITIVE for kind, _ in at)
    return "+" if strict else "0+"


def _by_squares(poly: Poly) -> str:
    """Judge a polynomial of degree two by the matrix of its quadratic form, with 1 beside its letters."""
    if poly.total_degree() != 2:
        return ""
    size = len(poly.gens) + 1
    M = Matrix.zeros(size, size)
    for powers, c in poly.terms():
        at = [i for i, e in enumerate(powers, 1) for _ in range(e)]
        i, j = (at + [0, 0])[:2]
        M[i, j] += c / 2
        M[j, i] += c / 2
    if M.is_positive_definite:
        return "+"
    return "0+" if M.is_positive_semidefinite else ""
