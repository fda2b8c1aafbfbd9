"""The rules of elaboration for arithmetic: one function for each kind of node."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE, Dim, Size, Unknown
from lmmtext.verify.elaborate import SCALAR, Elaborator, Shape, Typed, rule, write_source
from lmmtext.verify.elaborators_diagonals import listed
from lmmtext.verify.elaborators_laws import at_the_parameters, has_likelihood
from lmmtext.verify.errors import CannotParse, DoesNotConform
from lmmtext.verify.meaning import composite, flat


@rule(t.Number)
def _number(e: Elaborator, n: t.Number) -> Typed:
    return n, SCALAR


@rule(t.Symbol)
def _symbol(e: Elaborator, s: t.Symbol) -> Typed:
    if s.font == "bold" and s.letter in "I01" and not s.accents:
        return _constant(e, s)
    found = e.symbol(s)
    if found:
        return found
    squared = e.symbol(s, squared=True)
    if squared:
        return k.Root(squared[0], span=s.span), SCALAR
    if s.letter == "I" and not s.accents and not s.marks:
        return _constant(e, s)
    if s.letter == "P" and len(s.subs) == 1 and not s.accents:
        arg, shape = e.need_matrix(s.subs[0])
        return k.Projector(arg, span=s.span), Shape(shape.rows, shape.rows)
    if s.font in ("", "roman") and not s.accents and not s.marks and s.letter.islower() | (s.letter in ("J", "K")):
        name = s.letter + ("_j" if s.subs else "")
        if e.world.has_size(name) and len(s.subs) <= 1:
            return k.SizeOf(s.letter, tuple(e.index(i) for i in s.subs), span=s.span), SCALAR
    if s.letter == "pi" and not s.subs:
        return k.Ref("pi", span=s.span), SCALAR
    if s.letter in e.bound_indices and not s.subs:
        return k.Local(s.letter, span=s.span), SCALAR
    if s.letter == "J" and len(s.subs) == 1 and s.accents in ((), ("bar",)) and not s.marks and e.is_size(s.subs[0]):
        return _all_ones(e, s)
    if s.letter == "ell" and not (s.subs or s.accents or s.marks) and has_likelihood(e):
        return at_the_parameters(e, s), SCALAR
    if s.letter == "nabla":
        raise CannotParse(r"a gradient is read as a derivative: write \frac{\partial f}{\partial \mathbf{x}}", *s.span)
    if (part := _element(e, s)) is not None:
        return part, SCALAR
    return e.unknown(s)


def _element(e: Elaborator, s: t.Symbol) -> t.Node | None:
    """Return the element that y_i is of y, in a sum over i, where nothing is grouped: there y_j would be a column."""
    plain = t.Symbol(s.letter, s.font, s.accents, (), s.marks, span=s.span)
    indices = flat(s.subs)
    numbered = all(isinstance(x, t.Number) or (isinstance(x, t.Symbol) and x.letter in e.bounded) for x in indices)
    if e.world.uppers or e.infers or s.font == "bold" or not indices or not numbered:
        return None
    known = e.symbol(plain)
    if known is None or len(indices) != (1 if e.sizes.is_one(known[1].cols) else 2) or e.is_scalar(known[1]):
        return None
    return t.Entry(known[0], tuple(e.index(i) for i in indices), span=s.span)


def _all_ones(e: Elaborator, s: t.Symbol) -> Typed:
    """Return J_n, the n x n matrix of ones; with a bar, divided by n."""
    size = e.dim(s.subs[0])
    ones = k.Const("ones", size, size, span=s.span)
    count = e.need_scalar(s.subs[0], "a size")
    return (t.Quotient(ones, count, span=s.span) if s.accents else ones), Shape(size, size)


def _constant(e: Elaborator, s: t.Symbol) -> Typed:
    """Return I, 0 or 1 in bold, with the size in its subscript or one to be told."""
    subs = s.subs
    if s.letter == "I":
        size = e.dim(subs[0]) if subs else Unknown()
        return k.Const("identity", size, size, span=s.span), Shape(size, size)
    kind = {"0": "zeros", "1": "ones"}[s.letter]
    rows: Dim | Unknown = Unknown()
    cols: Dim | Unknown = ONE if s.letter == "1" or subs else Unknown()
    if len(subs) == 1:
        node = subs[0]
        rows = e.dim(node)
    elif len(subs) == 2:
        rows, cols = e.dim(subs[0]), e.dim(subs[1])
    return k.Const(kind, rows, cols, span=s.span), Shape(rows, cols)


@rule(t.Power)
def _power(e: Elaborator, n: t.Power) -> Typed:
    if isinstance(n.base, t.Symbol):
        squared = e.symbol(n.base, squared=True) if e.symbol(n.base) is None else None
        half = halved(n.exponent)
        if squared and half is not None:
            if half == t.Number(Fraction(1)):
                return squared
            return k_power(squared[0], e.need_scalar(half, "an exponent"), n), SCALAR
        if n.base.letter == "e" and not n.base.font and not n.base.subs:  # no vector has a power, so it is the number
            return t.Call("exp", (e.need_scalar(n.exponent, "an exponent"),), span=n.span), SCALAR
    base, shape = e.need_matrix(n.base)
    exponent = e.need_scalar(n.exponent, "an exponent")
    if not e.is_scalar(shape):
        if not e.sizes.same(shape.rows, shape.cols):
            raise DoesNotConform(
                f"a power needs a square matrix, and {write_source(n.base)} is {e.text(shape)}", *n.span
            )
        bare = exponent.arg if isinstance(exponent, t.Neg) else exponent
        if isinstance(bare, t.Quotient):
            raise CannotParse(
                "a matrix has many roots: name the one that is meant, as in the world matrices with the condition"
                r" \mathbf{B} = \mathbf{B}^\top, \mathbf{A} = \mathbf{B} \mathbf{B}",
                *n.exponent.span,
            )
        if isinstance(exponent, t.Neg) and isinstance(exponent.arg, t.Number):
            base, exponent = t.Inverse(base, span=n.span), exponent.arg
        if not (isinstance(exponent, t.Number) and exponent.value.denominator == 1):
            raise CannotParse("a matrix has whole numbers for its exponents here", *n.exponent.span)
    return t.Power(base, exponent, span=n.span), shape


def k_power(base: t.Node, exponent: t.Node, n: t.Node) -> t.Node:
    """Return a power, or the inverse if the exponent is -1."""
    if exponent == t.Neg(t.Number(Fraction(1))):
        return t.Inverse(base, span=n.span)
    return t.Power(base, exponent, span=n.span)


def halved(exponent: t.Node) -> t.Node | None:
    """Return half of an exponent that is plainly even: 2, 4, 2n, -2; else None."""
    if isinstance(exponent, t.Number) and exponent.value % 2 == 0:
        return t.Number(exponent.value / 2, span=exponent.span)
    if isinstance(exponent, t.Neg):
        inner = halved(exponent.arg)
        return None if inner is None else t.Neg(inner, span=exponent.span)
    if isinstance(exponent, t.Product):
        for i, factor in enumerate(exponent.factors):
            half = halved(factor)
            if half is not None:
                rest = [
                    *exponent.factors[:i],
                    *([] if half == t.Number(Fraction(1)) else [half]),
                    *exponent.factors[i + 1 :],
                ]
                return rest[0] if len(rest) == 1 else t.Product(tuple(rest), span=exponent.span)
    return None


@rule(t.Sum)
def _sum(e: Elaborator, n: t.Sum) -> Typed:
    terms, first = [], None
    for term in n.terms:
        found, shape = e.need_matrix(term)
        if first is None:
            first = (term, shape)
        elif not e.same(first[1], shape):
            square = next((s for s in (first[1], shape) if not e.is_scalar(s)), shape)
            lone = e.is_scalar(first[1]) or e.is_scalar(shape)
            hint = ""
            if lone and e.sizes.find(square.rows) == e.sizes.find(square.cols):
                hint = "is an identity missing?"
            elif lone and e.sizes.is_one(square.cols):
                hint = "is a vector of ones missing?"
            raise e.clash("they cannot be added", first[0], first[1], term, shape, hint)
        terms.append(found)
    assert first is not None
    return t.Sum(tuple(terms), span=n.span), first[1]


@rule(t.Neg)
def _neg(e: Elaborator, n: t.Neg) -> Typed:
    arg, shape = e.need_matrix(n.arg)
    return t.Neg(arg, span=n.span), shape


@rule(t.Product)
def _product(e: Elaborator, n: t.Product) -> Typed:
    factors = []
    so_far: Shape = SCALAR
    last: tuple[t.Node, Shape] | None = None  # the last factor that is no number
    for factor in n.factors:
        found, shape = e.need_matrix(factor)
        factors.append(found)
        if e.is_scalar(shape):
            continue
        if last is None or e.is_scalar(so_far):
            so_far = shape
        elif not e.sizes.same(so_far.cols, shape.rows):
            inner, rows, cols = (e.sizes.find(x) for x in (so_far.cols, shape.rows, shape.cols))
            turned = isinstance(cols, Dim) and inner == cols  # of this factor, or of the one before it
            before = isinstance(rows, Dim) and e.sizes.find(last[1].rows) == rows
            hint = "is a transpose missing?" if turned or before else ""
            raise e.clash(
                "the product does not conform", last[0], Shape(last[1].rows, so_far.cols), factor, shape, hint
            )
        else:
            so_far = Shape(so_far.rows, shape.cols)
        last = (factor, shape)
    return t.Product(tuple(factors), span=n.span), so_far


@rule(t.Quotient)
def _quotient(e: Elaborator, n: t.Quotient) -> Typed:
    num, shape = e.need_matrix(n.num)
    den = e.need_scalar(n.den, "a divisor")
    return t.Quotient(num, den, span=n.span), shape


@rule(t.Transpose)
def _transpose(e: Elaborator, n: t.Transpose) -> Typed:
    arg, shape = e.need_matrix(n.arg)
    return t.Transpose(arg, span=n.span), Shape(shape.cols, shape.rows)


@rule(t.Inverse)
def _inverse(e: Elaborator, n: t.Inverse) -> Typed:
    arg, shape = e.need_square(n.arg, "an inverse")
    return t.Inverse(arg, span=n.span), shape


@rule(t.Marked)
def _marked(e: Elaborator, n: t.Marked) -> Typed:
    arg, shape = e.need_matrix(n.arg)
    if n.mark in ("+", "_+") and e.is_scalar(shape):
        if n.mark == "+" and isinstance(arg, t.Product) and _of_matrices(e, n.arg):
            raise CannotParse(
                "is this the positive part of a number, or the Moore-Penrose inverse of a matrix of one element? Write"
                r" \max(0, \cdot) or ^{-1}",
                *n.span,
            )
        return t.Call("max", (t.Number(Fraction(0)), arg), span=n.span), SCALAR
    if n.mark == "_+":
        raise DoesNotConform(
            f"a number has a positive part, and {write_source(n.arg)} is {e.text(shape)}: for the Moore-Penrose inverse"
            " write ^+",
            *n.span,
        )
    return t.Marked(arg, n.mark, span=n.span), Shape(shape.cols, shape.rows)


def _of_matrices(e: Elaborator, node: t.Node) -> bool:
    """Return whether a number is a product of matrices, as y'y is."""
    return isinstance(node, t.Product) and not all(e.is_scalar(e.of(f)[1]) for f in node.factors)


@rule(t.Tensor)
def _tensor(e: Elaborator, n: t.Tensor) -> Typed:
    (left, a), (right, b) = e.need_matrix(n.left), e.need_matrix(n.right)
    node = t.Tensor(n.op, left, right, span=n.span)
    if n.op == "hadamard":
        if not e.same(a, b):
            raise e.clash("an elementwise product needs equal shapes", n.left, a, n.right, b)
        return node, a
    why = "in such a product every I, 0 and 1 needs its size, as in I_J"
    rows, cols = (e.combined(list(x), n.op == "kron", n, why) for x in ((a.rows, b.rows), (a.cols, b.cols)))
    return node, Shape(rows, cols)


@rule(t.Bars)
def _bars(e: Elaborator, n: t.Bars) -> Typed:
    arg, shape = e.need_square(n.arg, "a determinant")
    return (t.Bars(arg, span=n.span) if e.is_scalar(shape) else k.Det(arg, span=n.span)), SCALAR


@rule(t.Norm)
def _norm(e: Elaborator, n: t.Norm) -> Typed:
    arg, shape = e.need_matrix(n.arg)
    named = n.subs and (n.subs[0] == t.Number(Fraction(2)) or getattr(n.subs[0], "letter", "") == "F")
    if n.subs and not named:
        weight, of = e.need_square(n.subs[0], "the weight of a norm")
        if not e.sizes.same(of.rows, shape.rows):
            raise e.clash("the weight does not conform", n.subs[0], of, n.arg, shape)
        return t.Norm(arg, (weight,), span=n.span), SCALAR
    return t.Norm(arg, span=n.span), SCALAR


@rule(t.Matrix)
def _matrix(e: Elaborator, n: t.Matrix) -> Typed:
    if any(isinstance(c, t.Dots) for row in n.rows for c in row):
        return _dotted(e, n)
    rows, heights, widths = [], [], [None] * len(n.rows[0])
    for row in n.rows:
        cells, height = [], None
        for j, cell in enumerate(row):
            if cell == t.Number(Fraction(0)) and len(n.rows) + len(row) > 2:
                cell = t.Symbol("0", "bold", span=cell.span)  # in a block matrix, 0 is the zero block
            found, shape = e.need_matrix(cell)
            cells.append(found)
            if height is None:
                height = (cell, shape)
            elif not e.sizes.same(height[1].rows, shape.rows):
                raise e.clash("blocks side by side need as many rows", height[0], height[1], cell, shape)
            if widths[j] is None:
                widths[j] = (cell, shape)  # type: ignore[call-overload]
            elif not e.sizes.same(widths[j][1].cols, shape.cols):  # type: ignore[index]
                above = widths[j]
                raise e.clash("blocks above each other need as many columns", above[0], above[1], cell, shape)  # type: ignore[index]
        rows.append(tuple(cells))
        heights.append(height)
    total_rows = _added(e, [h[1].rows for h in heights if h], n)
    total_cols = _added(e, [w[1].cols for w in widths if w], n)  # type: ignore[index]
    return t.Matrix(tuple(rows), span=n.span), Shape(total_rows, total_cols)


def _added(e: Elaborator, sizes: list[Size], n: t.Node) -> Size:
    """Return the sum of sizes; a block of unknown size that nothing tells is a number."""
    for size in sizes:
        if not e.infers and isinstance(e.sizes.find(size), Unknown):
            e.sizes.same(size, ONE)
    return sizes[0] if len(sizes) == 1 else e.combined(sizes, False, n, "a block whose size nothing tells")


def _dotted(e: Elaborator, n: t.Matrix) -> Typed:
    """Return what a pattern with dots means: a stack, or a block diagonal matrix of one block or of A_1, ..., A_J."""
    size = len(n.rows)
    if all(len(row) == 1 for row in n.rows):
        return e.of(_list_of(n, [row[0] for row in n.rows], "stack"))
    square = size >= 3 and all(len(row) == size for row in n.rows)
    diagonal = [n.rows[i][i] for i in range(size)] if square else []
    blocks = [c for c in diagonal if not isinstance(c, t.Dots)]
    zeros = (t.Symbol("0", "bold"), t.Number(Fraction(0)))
    off = all(isinstance(c, t.Dots) or c in zeros for i, row in enumerate(n.rows) for j, c in enumerate(row) if i != j)
    if not (square and blocks and off):
        raise CannotParse("a matrix with dots is read as block diagonal, with zeros beside it, or as a stack", *n.span)
    if len(set(blocks)) > 1:
        return e.of(_list_of(n, diagonal, "direct"))
    block, shape = e.need_matrix(blocks[0])
    times = e.world.repeats(e.sizes.find(shape.rows))
    if times is None or not isinstance(shape.rows, Dim) or not isinstance(shape.cols, Dim):
        raise DoesNotConform("how many blocks these dots stand for is not told", *n.span)
    return k.RepeatedDiagonal(block, times, span=n.span), Shape(shape.rows * times, shape.cols * times)


def _list_of(n: t.Matrix, cells: list[t.Node], kind: str) -> t.Node:
    """Return the direct sum or the stack of A_1, A_2, dots, A_J, the cells of a pattern with dots."""
    if len(cells) < 3 or [isinstance(c, t.Dots) for c in cells] != [False] * (len(cells) - 2) + [True, False]:
        raise CannotParse("different blocks with dots stand as A_1, A_2, dots, A_J", *n.span)
    *first, before, _, last = cells
    return listed(t.Call("list", (*first, t.Sequence(before, last)), span=n.span), kind)


@rule(t.Tuple)
def _tuple(e: Elaborator, n: t.Tuple) -> Typed:
    return _matrix(e, t.Matrix((n.items,), span=n.span))


@rule(t.Entry)
def _entry(e: Elaborator, n: t.Entry) -> Typed:
    symbol = composite(n)
    if symbol is not None and (known := e.symbol(symbol)):
        return known
    arg, shape = e.need_matrix(n.arg)
    if e.is_scalar(shape):
        raise DoesNotConform(f"{write_source(n.arg)} is a number, and has no elements", *n.span)
    return t.Entry(arg, tuple(e.index(s) for s in flat(n.subs)), span=n.span), SCALAR


@rule(t.Dots)
def _dots(e: Elaborator, n: t.Dots) -> Typed:
    raise CannotParse("dots are read in lists and in block diagonal matrices; write a sum with its bounds", *n.span)
