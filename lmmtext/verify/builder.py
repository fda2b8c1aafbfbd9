"""Builds the tree while the parser reduces: one method for each named rule of grammar.lark."""

from fractions import Fraction
from typing import Any

from lark import Token, Transformer

from lmmtext.verify import tree as t
from lmmtext.verify.errors import CannotParse

MAX_EXPONENT = 64
OPERATOR_MARKS = ("+", "-", "_+")


def place(*parts: Any) -> tuple[int, int]:
    """Return the span from the first to the last of these tokens and nodes."""
    spans = [
        (p.value.start, p.value.end) if isinstance(p, Token) else p.span
        for p in parts
        if hasattr(p, "span") or isinstance(p, Token)
    ]
    return min(s[0] for s in spans), max(s[1] for s in spans)


def nodes(parts: list[Any]) -> list[Any]:
    """Return what is not a token of punctuation."""
    return [p for p in parts if not isinstance(p, Token)]


class Bounds:
    """What stands below and above a sum."""

    def __init__(self, below: tuple[t.Node, ...] = (), above: t.Node | None = None) -> None:
        self.below, self.above = below, above


class Builder(Transformer):
    """Lark calls the method with the name of the rule; `parts` are what the rule was made of."""

    # -- statements -----------------------------------------------------------------------------------------------

    def start(self, parts: list[Any]) -> t.Formula:
        statements, joins = [parts[0]], []
        for separator, statement in zip(parts[1::2], parts[2::2], strict=True):
            last = statements[-1]
            if separator == "," and isinstance(last, t.Given):  # Y | beta, Sigma ~ N: the list of what is given goes on
                statements[-1] = _more_given(last, statement)
            elif separator == "," and isinstance(last, t.Conditional) and not isinstance(statement, t.Conditional):
                statements[-1] = t.Conditional(
                    last.statement, (*last.conditions, statement), span=place(last, statement)
                )
            else:
                statements.append(statement)
                joins.append(separator)
        return t.Formula(tuple(statements), tuple(joins), span=place(statements[0], statements[-1]))

    def separator(self, parts: list[Any]) -> str:
        return parts[0].value.value if parts[0].type == "IMPLIES" else ","

    def bare(self, parts: list[Any]) -> t.Node:
        return parts[0]

    def given(self, parts: list[Any]) -> t.Node:
        left, right = nodes(parts)
        return _more_given(t.Given(left, (), span=left.span), right)

    def conditional(self, parts: list[Any]) -> t.Node:
        statement, condition = nodes(parts)
        return t.Conditional(statement, (condition,), span=place(statement, condition))

    def chain(self, parts: list[Any]) -> t.Node:
        operands = tuple(parts[0::2])
        if len(operands) == 1:
            return operands[0]
        relations = tuple(p.value.value for p in parts[1::2])
        return t.Chain(operands, relations, span=place(operands[0], operands[-1]))

    def sequence(self, parts: list[Any]) -> t.Node:
        first, last = nodes(parts)
        return t.Sequence(first, last, span=place(first, last))

    # -- arithmetic -----------------------------------------------------------------------------------------------

    def plus(self, parts: list[Any]) -> t.Node:
        left, right = nodes(parts)
        return self._add(left, right)

    def minus(self, parts: list[Any]) -> t.Node:
        left, sign, right = parts
        return self._add(left, t.Neg(right, span=place(sign, right)))

    def _add(self, left: t.Node, right: t.Node) -> t.Node:
        terms = (*left.terms, right) if isinstance(left, t.Sum) else (left, right)
        return t.Sum(terms, span=place(left, right))

    def negative(self, parts: list[Any]) -> t.Node:
        return t.Neg(parts[1], span=place(*parts))

    def positive(self, parts: list[Any]) -> t.Node:
        return parts[1]

    def tensor(self, parts: list[Any]) -> t.Node:
        return t.Tensor(parts[1].value.value, parts[0], parts[2], span=place(*parts))

    def beside(self, parts: list[Any]) -> t.Node:
        left, right = parts
        _refuse_place(left.factors[-1] if isinstance(left, t.Product) else left)
        factors = (*left.factors, right) if isinstance(left, t.Product) else (left, right)
        return t.Product(factors, span=place(left, right))

    def times(self, parts: list[Any]) -> t.Node:
        return self.beside([parts[0], parts[2]])

    def over(self, parts: list[Any]) -> t.Node:
        num, den = parts[0], parts[2]
        if isinstance(num, t.Differential) and isinstance(den, t.Differential):
            return t.Derivative(num.arg, (den.arg,), span=place(num, den))
        return t.Quotient(num, den, span=place(num, den))

    def fraction(self, parts: list[Any]) -> t.Node:
        num, den = nodes(parts)
        return t.Quotient(num, den, span=place(*parts))

    def root(self, parts: list[Any]) -> t.Node:
        return t.Call("sqrt", (nodes(parts)[0],), span=place(*parts))

    # -- what is open on its right --------------------------------------------------------------------------------

    def apply(self, parts: list[Any]) -> t.Node:
        function, arg = parts
        name, accents = function.value.value
        return t.Call(name, (arg,), accents=accents, span=place(function, arg))

    def apply_beside(self, parts: list[Any]) -> t.Node:
        return self.beside([self.apply(parts[:2]), parts[2]])

    def big(self, parts: list[Any]) -> t.Node:
        sign, bounds, body = parts
        return t.Big(sign.value.value, bounds.below, bounds.above, body, span=place(sign, body))

    def bounds(self, parts: list[Any]) -> Bounds:
        below = next((p for p in parts if isinstance(p, tuple)), ())
        return Bounds(below, next((p for p in parts if isinstance(p, t.Node)), None))

    bounds_reversed = bounds

    def script_below(self, parts: list[Any]) -> tuple[t.Node, ...]:
        return parts[1]

    def script_above(self, parts: list[Any]) -> t.Node:
        return parts[1]

    under = script_below

    def limit(self, parts: list[Any]) -> t.Node:
        sign, under, body = parts
        return t.Limit(under[0] if len(under) == 1 else t.Tuple(under), body, span=place(sign, body))

    def optimum(self, parts: list[Any]) -> t.Node:
        sign, under, body = parts
        return t.Optimum(sign.value.value, under, body, span=place(sign, body))

    def optimum_bare(self, parts: list[Any]) -> t.Node:
        sign, body = parts
        return t.Optimum(sign.value.value, (), body, span=place(sign, body))

    def dvar(self, parts: list[Any]) -> t.Node:
        return parts[1]

    def derivative(self, parts: list[Any]) -> t.Node:
        body, *variables = nodes(parts)
        return t.Derivative(body, tuple(variables), parts[0].value.value, span=place(*parts))

    def derivative_operator(self, parts: list[Any]) -> t.Node:
        *variables, body = nodes(parts)
        return t.Derivative(body, tuple(variables), parts[0].value.value, span=place(*parts))

    def differential(self, parts: list[Any]) -> t.Node:
        return t.Differential(parts[1], span=place(*parts))

    def integral(self, parts: list[Any]) -> t.Node:
        sign, bounds, body, _, variable = parts
        limits = (*bounds.below, *([bounds.above] if bounds.above else []))
        return t.Integral(body, variable, limits, span=place(sign, variable))

    # -- factors and their scripts --------------------------------------------------------------------------------

    def transpose(self, parts: list[Any]) -> t.Node:
        return t.Transpose(parts[0], span=place(*parts))

    def inverse(self, parts: list[Any]) -> t.Node:
        _refuse_place(parts[0])
        return t.Inverse(parts[0], span=place(*parts))

    def mark(self, parts: list[Any]) -> t.Node:
        arg, token = parts
        _refuse_place(arg)
        mark = token.value.value
        if isinstance(arg, t.Symbol) and mark not in OPERATOR_MARKS:
            return t.Symbol(arg.letter, arg.font, arg.accents, arg.subs, (*arg.marks, mark), span=place(*parts))
        return t.Marked(arg, mark, span=place(*parts))

    def power(self, parts: list[Any]) -> t.Node:
        base, exponent = nodes(parts)
        _refuse_place(base)
        bare = exponent.arg if isinstance(exponent, t.Neg) else exponent
        if isinstance(bare, t.Number) and bare.value > MAX_EXPONENT:
            raise CannotParse(f"an exponent of more than {MAX_EXPONENT}", *exponent.span)
        return t.Power(base, exponent, span=place(*parts))

    def subscript(self, parts: list[Any]) -> t.Node:
        base, (args, given) = nodes(parts)
        subs = tuple(_index(s) for s in (*args, *given))
        return _subscripted(base, subs, place(*parts))

    # -- atoms ----------------------------------------------------------------------------------------------------

    def number(self, parts: list[Any]) -> t.Node:
        return t.Number(Fraction(parts[0].value.value), span=place(*parts))

    def letter(self, parts: list[Any]) -> t.Node:
        name, font = parts[0].value.value
        return t.Symbol(name, font, span=place(*parts))

    def dots(self, parts: list[Any]) -> t.Node:
        return t.Dots(
            parts[0].value.value if parts[0].value.value in ("dot", "place", "colon") else "dots", span=place(*parts)
        )

    def accent(self, parts: list[Any]) -> t.Node:
        return _accented(nodes(parts)[0], parts[0].value.value, place(*parts))

    def braces(self, parts: list[Any]) -> t.Node:
        return parts[1]

    def round(self, parts: list[Any]) -> t.Node:
        items = parts[1]
        return items[0] if len(items) == 1 else t.Tuple(items, span=place(*parts))

    curly = round

    def square(self, parts: list[Any]) -> t.Node:
        items = parts[1]
        return items[0] if len(items) == 1 else t.Matrix((items,), span=place(*parts))

    def bars(self, parts: list[Any]) -> t.Node:
        return t.Bars(parts[1], span=place(*parts))

    def norm(self, parts: list[Any]) -> t.Node:
        return t.Norm(parts[1], span=place(*parts))

    def inner(self, parts: list[Any]) -> t.Node:
        left, right = nodes(parts)
        return t.Call("inner", (left, right), span=place(*parts))

    def matrix(self, parts: list[Any]) -> t.Node:
        rows = tuple(p for p in parts if isinstance(p, tuple))
        if len({len(row) for row in rows}) > 1 and len(rows[-1]) == 1:
            raise CannotParse("the rows of this matrix have different lengths", *place(*parts))
        if len({len(row) for row in rows}) > 1:
            raise CannotParse(
                f"the rows of this matrix have {', '.join(str(len(row)) for row in rows)} cells", *place(*parts)
            )
        return t.Matrix(rows, span=place(*parts))

    def row(self, parts: list[Any]) -> tuple[t.Node, ...]:
        return tuple(nodes(parts))

    def cell(self, parts: list[Any]) -> t.Node:
        return parts[0] if parts else t.Dots("blank")

    def cases(self, parts: list[Any]) -> t.Node:
        return t.Cases(tuple(p for p in parts if isinstance(p, tuple)), span=place(*parts))

    def branch(self, parts: list[Any]) -> tuple[t.Node, t.Node | None]:
        found = [p for p in parts if not isinstance(p, Token)]
        return found[0], found[1]

    def condition(self, parts: list[Any]) -> t.Node:
        return parts[0]

    def condition_if(self, parts: list[Any]) -> t.Node:
        return parts[1]

    def otherwise(self, parts: list[Any]) -> None:
        return None

    # -- functions ------------------------------------------------------------------------------------------------

    def call(self, parts: list[Any]) -> t.Node:
        (token, subs), _, (args, given), close = parts
        name, accents = token.value.value
        return t.Call(name, args, given, subs, accents, span=place(token, close))

    def call_head(self, parts: list[Any]) -> tuple[Token, tuple[t.Node, ...]]:
        return parts[0], ()

    def call_head_sub(self, parts: list[Any]) -> tuple[Token, tuple[t.Node, ...]]:
        (token, subs), _, (args, given), _ = parts
        return token, (*subs, *(_index(s) for s in (*args, *given)))

    def arguments(self, parts: list[Any]) -> tuple[tuple[t.Node, ...], tuple[t.Node, ...]]:
        return parts[0], ()

    def arguments_given(self, parts: list[Any]) -> tuple[tuple[t.Node, ...], tuple[t.Node, ...]]:
        args, _, given = parts
        return args, given

    def chains(self, parts: list[Any]) -> tuple[t.Node, ...]:
        return tuple(nodes(parts))


def _more_given(left: t.Given, right: t.Node) -> t.Node:
    """Add to what is given; a relation in `right` means that the list ends there."""
    if isinstance(right, t.Chain):
        given = t.Given(left.arg, (*left.given, right.operands[0]), span=place(left, right.operands[0]))
        return t.Chain((given, *right.operands[1:]), right.relations, span=place(left, right))
    return t.Given(left.arg, (*left.given, right), span=place(left, right))


def _refuse_place(node: t.Node) -> None:
    """Refuse something behind a dot that stands for a place, as in `f(\\cdot)`: there is nothing that it belongs to."""
    if isinstance(node, t.Dots) and node.kind == "place":
        raise CannotParse("a dot that stands for a place, as in f(.), has nothing behind it", *node.span)


def _index(node: t.Node) -> t.Node:
    """Return an index, in which a prime is part of the name: j' is another group."""
    if isinstance(node, t.Transpose) and isinstance(node.arg, t.Symbol):
        s = node.arg
        return t.Symbol(s.letter, s.font, s.accents, s.subs, (*s.marks, "'"), span=node.span)
    if isinstance(node, t.Product):
        return t.Product(tuple(_index(f) for f in node.factors), span=node.span)
    return node


def _subscripted(base: t.Node, subs: tuple[t.Node, ...], span: tuple[int, int]) -> t.Node:
    """Attach a subscript: to the symbol, also through a power or transpose that was written first."""
    if isinstance(base, t.Symbol):
        if base.subs:
            raise CannotParse("two subscripts on one symbol", *span)
        return t.Symbol(base.letter, base.font, base.accents, subs, base.marks, span=span)
    if isinstance(base, t.Number) and base.value in (0, 1):  # 1_n is the vector of ones, also where bold was forgotten
        return t.Symbol(str(base.value), "bold", subs=subs, span=span)
    if isinstance(base, t.Power) and isinstance(base.base, t.Symbol) and not base.base.subs:
        return t.Power(_subscripted(base.base, subs, base.base.span), base.exponent, span=span)
    if isinstance(base, t.Transpose) and isinstance(base.arg, t.Symbol) and not base.arg.subs:
        return t.Transpose(_subscripted(base.arg, subs, base.arg.span), span=span)
    if isinstance(base, t.Norm):
        return t.Norm(base.arg, subs, span=span)
    if isinstance(base, t.Call) and base.name == "inner":
        return t.Call("inner", base.args, subs=subs, span=span)
    if isinstance(base, t.Power) and isinstance(base.base, t.Norm) and not base.base.subs:
        return t.Power(_subscripted(base.base, subs, base.base.span), base.exponent, span=span)
    return t.Entry(base, subs, span=span)


def _accented(node: t.Node, accent: str, span: tuple[int, int]) -> t.Node:
    """Put an accent on the symbol that it stands over."""
    if isinstance(node, t.Symbol):
        return t.Symbol(node.letter, node.font, (*node.accents, accent), node.subs, node.marks, span=span)
    if isinstance(node, t.Power) and isinstance(node.base, t.Symbol):
        return t.Power(_accented(node.base, accent, span), node.exponent, span=span)
    if isinstance(node, t.Transpose) and isinstance(node.arg, t.Symbol):
        return t.Transpose(_accented(node.arg, accent, span), span=span)
    raise CannotParse(f"an accent ({accent}) stands over one symbol", *span)
