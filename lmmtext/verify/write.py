"""Writes a tree as LaTeX again, so that a message can show a formula that nobody typed."""

from collections.abc import Callable
from typing import Any

from lmmtext.verify import tree as t

FONTS = {"bold": r"\mathbf", "roman": r"\mathrm", "script": r"\mathcal", "double": r"\mathbb"}
MARKS = {"'": "'", "*": "_*"}
RELATIONS = {
    "<=": r"\le", ">=": r"\ge", "!=": r"\ne", "approx": r"\approx", "propto": r"\propto", "in": r"\in",
    "subseteq": r"\subseteq", "supseteq": r"\supseteq",
    "subsetneq": r"\subsetneq", "supsetneq": r"\supsetneq", "perp": r"\perp", "indep": r"\perp\perp", "to": r"\to",
    "down": r"\downarrow", "up": r"\uparrow", "succeq": r"\succeq", "succ": r"\succ", "preceq": r"\preceq",
    "prec": r"\prec", "<<": r"\ll", ">>": r"\gg", "~": r"\sim", "~iid": r"\stackrel{iid}{\sim}",
    "~ind": r"\stackrel{ind}{\sim}", "~d": r"\stackrel{d}{\sim}", "=d": r"\stackrel{d}{=}",
}  # fmt: skip
TENSORS = {"kron": r"\otimes", "hadamard": r"\odot", "direct": r"\oplus"}
BIG = {
    "sum": r"\sum",
    "prod": r"\prod",
    "direct": r"\bigoplus",
    "kron": r"\bigotimes",
    "stack": r"\operatorname*{stack}",
}
OPTIMA = {"argmax": r"\arg\max", "argmin": r"\arg\min", "max": r"\max", "min": r"\min"}
ATOMS = (t.Number, t.Symbol, t.Bars, t.Norm, t.Call, t.Matrix, t.Tuple, t.Cases, t.Dots)
SCRIPTED = (t.Transpose, t.Inverse, t.Power, t.Marked, t.Entry)
OPEN = (t.Big, t.Limit, t.Optimum, t.Differential, t.Integral)


def write(node: t.Node) -> str:
    r"""Return LaTeX that parses to this tree.

    >>> from lmmtext.verify.parser import parse
    >>> write(parse(r"\mathbf{X}^T (a+b)^{-1}"))
    '\\mathbf{X}^\\top (a + b)^{-1}'
    """
    return _WRITERS[type(node)](node)


def _in_round(node: t.Node) -> str:
    return rf"\left( {write(node)} \right)" if node.depth > 6 else f"({write(node)})"


def _factor(node: t.Node) -> str:
    """Write a node where a factor is wanted."""
    return (
        _in_round(node)
        if isinstance(node, (t.Sum, t.Neg, t.Product, t.Tensor, t.Chain, t.Sequence, *OPEN))
        else write(node)
    )


def _base(node: t.Node) -> str:
    """Write a node that gets a script."""
    if isinstance(node, (t.Transpose, t.Inverse, t.Power, t.Marked)) or (isinstance(node, t.Number) and node.value < 0):
        return _in_round(node)
    plain = isinstance(node, ATOMS) and not (isinstance(node, t.Call) and node.name == "log")
    return write(node) if plain else _in_round(node)


def _symbol(s: t.Symbol) -> str:
    if s.letter in ("*", "infty"):
        text = {"*": "*", "infty": r"\infty"}[s.letter]
    elif s.letter == "chi2":
        text = r"\chi^2"
    elif len(s.letter) > 1 and s.font == "roman" and s.letter[0].isupper() and s.letter.isupper():
        text = rf"\operatorname{{{s.letter}}}"
    else:
        greek = len(s.letter) > 1 and s.font != "roman"
        text = rf"\{s.letter}" if greek else s.letter
        if s.font == "bold" and greek:
            text = rf"\boldsymbol{{{text}}}"
        elif s.font:
            text = rf"{FONTS[s.font]}{{{text}}}"
    for accent in s.accents:
        text = rf"\{accent}{{{text}}}"
    if s.subs:
        text += f"_{{{', '.join(write(x) for x in s.subs)}}}"
    for mark in s.marks:
        text += (
            mark if mark == "'" else (f"^{{\\text{{{mark}}}}}" if mark.isalpha() and len(mark) > 1 else f"^{{{mark}}}")
        )
    return text


def _sum(node: t.Sum) -> str:
    text = ""
    for k, term in enumerate(node.terms):
        negative = isinstance(term, t.Neg)
        inner = term.arg if isinstance(term, t.Neg) else term
        body = _in_round(inner) if isinstance(inner, (t.Sum, t.Neg)) else write(inner)
        text += (" - " if negative else " + ") + body if k else ("-" if negative else "") + body
    return text


def _product(node: t.Product) -> str:
    text = ""
    for k, factor in enumerate(node.factors):
        last = k == len(node.factors) - 1
        part = write(factor) if last and k and isinstance(factor, OPEN) else _factor(factor)
        if isinstance(factor, t.Product):
            part = _in_round(factor)
        dotted = (
            k
            and isinstance(factor, t.Number)
            or part.startswith(("[", "("))
            and k
            and _calls(node.factors[k - 1], factor)
        )
        text += (r" \cdot " if dotted else " ") * bool(k) + part
    return text


def _calls(before: t.Node, factor: t.Node) -> bool:
    """Return whether a bracket right after this symbol could be taken for its arguments."""
    return isinstance(before, t.Symbol)


def _call(node: t.Call) -> str:
    if node.name == "sqrt":
        return rf"\sqrt{{{write(node.args[0])}}}"
    if node.name == "inner":
        below = f"_{{{', '.join(write(x) for x in node.subs)}}}" if node.subs else ""
        return rf"\langle {write(node.args[0])}, {write(node.args[1])} \rangle{below}"
    short = {"L": "L", "C": "C", "f": "f", "ell": r"\ell", "log": r"\log", "exp": r"\exp", "det": r"\det",
             "max": r"\max", "min": r"\min", "chi2": r"\chi^2"}  # fmt: skip
    name = short.get(node.name) or (
        node.name if len(node.name) == 1 and node.name not in "EN" else rf"\operatorname{{{node.name}}}"
    )
    if node.name in ("E", "N"):
        name = rf"\mathrm{{{node.name}}}"
    for accent in node.accents:
        name = rf"\{accent}{{{name}}}"
    subs = f"_{{{', '.join(write(x) for x in node.subs)}}}" if node.subs else ""
    given = rf" \mid {', '.join(write(x) for x in node.given)}" if node.given else ""
    inner = ", ".join(write(x) for x in node.args) + given
    left, right = ("[", "]") if node.name == "E" else ("(", ")")
    return f"{name}{subs}{left}{inner}{right}"


def _matrix(node: t.Matrix) -> str:
    rows = r" \\ ".join(" & ".join(write(c) for c in row) for row in node.rows)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def _cases(node: t.Cases) -> str:
    rows = [f"{write(v)} & {write(c) if c else chr(92) + 'text{otherwise}'}" for v, c in node.branches]
    return rf"\begin{{cases}} {(' ' + chr(92) * 2 + ' ').join(rows)} \end{{cases}}"


def _big(node: t.Big) -> str:
    below = f"_{{{', '.join(write(b) for b in node.bounds)}}}" if node.bounds else ""
    above = f"^{{{write(node.upper)}}}" if node.upper else ""
    return f"{BIG[node.kind]}{below}{above} {_body(node.body)}"


def _body(node: t.Node) -> str:
    return _in_round(node) if isinstance(node, (t.Sum, t.Neg, t.Tensor)) else write(node)


def _derivative(node: t.Derivative) -> str:
    order = f"^{node.order}" if node.order > 1 else ""
    below = r" \, ".join(rf"\partial {_factor(v)}" for v in node.variables)
    return rf"\frac{{\partial{order} {_in_round(node.body)}}}{{{below}}}"


def _chain(node: t.Chain) -> str:
    text = write(node.operands[0])
    for relation, operand in zip(node.relations, node.operands[1:], strict=True):
        text += f" {RELATIONS.get(relation, relation)} {write(operand)}"
    return text


def _formula(node: t.Formula) -> str:
    text = write(node.statements[0])
    for join, statement in zip(node.joins, node.statements[1:], strict=True):
        text += {",": ", ", "implies": r" \implies ", "iff": r" \iff "}[join] + write(statement)
    return text


def _number(node: t.Number) -> str:
    v = node.value
    return str(v.numerator) if v.denominator == 1 else rf"\frac{{{v.numerator}}}{{{v.denominator}}}"


_DOTS = {"dot": r"\cdot", "place": r"\cdot", "colon": ":", "blank": "", "dots": r"\dots"}
_WRITERS: dict[type[t.Node], Callable[[Any], str]] = {
    t.Number: _number,
    t.Symbol: _symbol,
    t.Dots: lambda n: _DOTS[n.kind],
    t.Sum: _sum,
    t.Neg: lambda n: f"-{_in_round(n.arg) if isinstance(n.arg, (t.Sum, t.Neg)) else write(n.arg)}",
    t.Product: _product,
    t.Quotient: lambda n: rf"\frac{{{write(n.num)}}}{{{write(n.den)}}}",
    t.Power: lambda n: f"{_base(n.base)}^{{{write(n.exponent)}}}",
    t.Transpose: lambda n: f"{_base(n.arg)}^\\top",
    t.Inverse: lambda n: f"{_base(n.arg)}^{{-1}}",
    t.Marked: lambda n: f"{_base(n.arg)}_+" if n.mark == "_+" else f"{_base(n.arg)}^{{{n.mark}}}",
    t.Tensor: lambda n: f"{_body(n.left)} {TENSORS[n.op]} {_body(n.right)}",
    t.Bars: lambda n: rf"\lvert {write(n.arg)} \rvert",
    t.Norm: lambda n: (
        rf"\lVert {write(n.arg)} \rVert" + (f"_{{{', '.join(write(s) for s in n.subs)}}}" if n.subs else "")
    ),
    t.Call: _call,
    t.Matrix: _matrix,
    t.Cases: _cases,
    t.Tuple: lambda n: f"({', '.join(write(i) for i in n.items)})",
    t.Big: _big,
    t.Derivative: _derivative,
    t.Differential: lambda n: rf"\partial {_factor(n.arg)}",
    t.Optimum: lambda n: (
        f"{OPTIMA[n.kind]}" + (f"_{{{', '.join(write(o) for o in n.over)}}}" if n.over else "") + f" {_body(n.body)}"
    ),
    t.Limit: lambda n: rf"\lim_{{{write(n.approach)}}} {_body(n.body)}",
    t.Integral: lambda n: rf"\int {_body(n.body)} \, d{_factor(n.variable)}",
    t.Sequence: lambda n: rf"{write(n.first)}, \dots, {write(n.last)}",
    t.Entry: lambda n: f"{_in_round(n.arg)}_{{{', '.join(write(s) for s in n.subs)}}}",
    t.Given: lambda n: rf"{write(n.arg)} \mid {', '.join(write(g) for g in n.given)}",
    t.Chain: _chain,
    t.Conditional: lambda n: rf"{write(n.statement)} \text{{ if }} {', '.join(write(c) for c in n.conditions)}",
    t.Formula: _formula,
}
