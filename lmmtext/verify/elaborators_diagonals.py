"""The rules of elaboration for diagonals and stacks, and for direct sums and Kronecker products over an index."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.dims import ONE, Dim, Size, Unknown
from lmmtext.verify.elaborate import Elaborator, Shape, Typed, write_source
from lmmtext.verify.errors import CannotParse, DoesNotConform

Range = tuple[str, t.Node, t.Node]


def diagonal(e: Elaborator, n: t.Call) -> Typed:
    """Return diag(a, b), diag of a column or of a matrix, blockdiag(A, B) and blockdiag(A_1, ..., A_J)."""
    if n.given or not n.args:
        raise CannotParse(f"{n.name} has what stands along the diagonal in its brackets", *n.span)
    if isinstance(n.args[-1], t.Sequence):
        return e.of(listed(n, "direct"))
    if len(n.args) > 1:
        found = [e.need_matrix(a) for a in n.args]
        if n.name == "diag" and all(e.is_scalar(shape) for _, shape in found):
            size = Dim.of(len(found))
            return t.Call("diag", tuple(a for a, _ in found), span=n.span), Shape(size, size)
        whole = n.args[0]
        for block in n.args[1:]:
            whole = t.Tensor("direct", whole, block, span=n.span)
        return e.of(whole)
    arg, shape = e.need_matrix(n.args[0])
    if n.name == "blockdiag":
        raise CannotParse("which blocks? Write them, as in blockdiag(A, B), or a direct sum with its bounds", *n.span)
    if e.sizes.is_one(shape.cols):
        return t.Call("diag", (arg,), span=n.span), Shape(shape.rows, shape.rows)
    if not e.sizes.same(shape.rows, shape.cols):
        raise DoesNotConform(
            f"diag of {write_source(n.args[0])}, which is {e.text(shape)}: a column or a square matrix is needed",
            *n.span,
        )
    cols: Size = Unknown()
    return k.Diagonal(arg, cols, span=n.span), Shape(shape.rows, cols)


def listed(n: t.Call, kind: str) -> t.Node:
    """Return the direct sum, or the stack, that a list with dots means: A_1, A_2, ..., A_J."""
    dotted = n.args[-1]
    assert isinstance(dotted, t.Sequence)
    letter = next(x for x in "jikl" if not any(isinstance(s, t.Symbol) and s.letter == x for s in t.walk(dotted)))
    uppers: set[t.Node] = set()
    general = _general(dotted.first, dotted.last, t.Symbol(letter), uppers)
    first = _first_of(dotted.first) if general is not None else None
    if general is None or len(uppers) != 1 or first is None:
        raise CannotParse(
            "the first and the last of a list with dots differ in one index, as A_1, ..., A_J do", *n.span
        )
    start = first - len(n.args) + 1
    for at, written in enumerate(n.args[:-1]):
        if start < 1 or written != _at(general, letter, start + at):
            raise CannotParse("this list with dots does not go on as it begins: write a direct sum", *written.span)
    bound = t.Chain((t.Symbol(letter), t.Number(Fraction(start))), ("=",))
    return t.Big(kind, (bound,), uppers.pop(), general, span=n.span)


def _general(a: t.Node, b: t.Node, index: t.Symbol, uppers: set[t.Node]) -> t.Node | None:
    """Return what two trees have in common, with the index for the number in the first that is a bound in the last."""
    if a == b:
        return a
    if isinstance(a, t.Symbol) and isinstance(b, t.Symbol) and len(a.subs) == len(b.subs):
        plain = (a.letter, a.font, a.accents, a.marks) == (b.letter, b.font, b.accents, b.marks)
        if not plain:
            return None
        subs = []
        for x, y in zip(a.subs, b.subs, strict=True):
            if x == y:
                subs.append(x)
            elif isinstance(x, t.Number):
                uppers.add(y)
                subs.append(index)
            else:  # an index of an index, as in I_{n_1}
                deeper = _general(x, y, index, uppers)
                if deeper is None:
                    return None
                subs.append(deeper)
        return t.Symbol(a.letter, a.font, a.accents, tuple(subs), a.marks, span=a.span)
    if type(a) is not type(b):
        return None
    ours, theirs = list(t.children(a)), list(t.children(b))
    if not ours or len(ours) != len(theirs):
        return None
    parts = [_general(x, y, index, uppers) for x, y in zip(ours, theirs, strict=True)]
    if any(p is None for p in parts):
        return None
    left, right = iter(parts), iter(parts)
    made, other = t.rebuild(a, lambda _: next(left)), t.rebuild(b, lambda _: next(right))  # type: ignore[arg-type,return-value]
    return made if made == other else None


def _first_of(node: t.Node) -> int | None:
    """Return the number at which a list begins: that of the first index that is one."""
    for s in t.walk(node):
        if isinstance(s, t.Symbol):
            for sub in s.subs:
                if isinstance(sub, t.Number) and sub.value.denominator == 1:
                    return int(sub.value)
    return None


def _at(node: t.Node, letter: str, value: int) -> t.Node:
    """Return a tree with a number for the index."""
    if node == t.Symbol(letter):
        return t.Number(Fraction(value))
    return t.rebuild(node, lambda child: _at(child, letter, value))


def over_index(e: Elaborator, n: t.Big, ranges: list[Range], body: t.Node, shape: Shape) -> Typed:
    """Return a direct sum, stack or Kronecker product over one index, with its size in symbols."""
    if len(ranges) != 1:
        raise CannotParse("a direct sum or Kronecker product runs over one index here", *n.span)
    ((name, low, high),) = ranges
    if low != t.Number(Fraction(1)):
        raise CannotParse("a direct sum, stack or Kronecker product begins at 1 here", *n.span)
    upper = n.upper if n.upper is not None else e.world.upper(name)
    assert upper is not None, "a range has a bound"
    count = e.dim(upper)
    rows, cols = (
        size if n.kind == "stack" and size is shape.cols else _over(e, n, e.sizes.find(size), name, count)
        for size in (shape.rows, shape.cols)
    )
    return k.Over(n.kind, name, low, high, body, span=n.span), Shape(rows, cols)


def _over(e: Elaborator, n: t.Big, size: Size, index: str, count: Dim) -> Size:
    """Return the number of rows, or columns, of all blocks together."""
    times = count.terms[0][1] if count.terms and count.terms[0][0] == () and len(count.terms) == 1 else 0
    if isinstance(size, Unknown) and e.infers and (n.kind != "kron" or times):
        return e.combined([size, count] if n.kind != "kron" else [size] * times, True, n, "")
    if isinstance(size, Unknown):
        raise DoesNotConform("in such a product every I, 0 and 1 needs its size, as in I_J", *n.span)
    own = f"n_{index}"
    if n.kind == "kron":
        if size == ONE:
            return ONE
        if times < 1 or any(own in monomial for monomial, _ in size.terms):
            raise DoesNotConform("a Kronecker product of so many factors has no size in these symbols", *n.span)
        total = ONE
        for _ in range(times):
            total = total * size
        return total
    total = Dim.of(0)
    for monomial, c in size.terms:
        part = Dim.make({monomial: c})
        if own not in monomial:
            total = total + part * count
        elif monomial == (own,) and count == Dim.of("J"):
            total = total + Dim.of("n").replaced(e.world.relations) * Dim.of(c)
        else:
            raise DoesNotConform("the size of this direct sum is not told by n and J", *n.span)
    return total
