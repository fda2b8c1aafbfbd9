"""Other outcomes of what is random: an instance in which random columns have turned out to be something else."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from lmmtext.verify.chance import Rand
from lmmtext.verify.errors import Undecided
from lmmtext.verify.forms import Form, alive, sources_of
from lmmtext.verify.matrix import Mat
from lmmtext.verify.scope import Scope


def with_outcomes(scope: Scope, wanted: list[tuple[Mat, Mat]]) -> Scope:
    """Return the scope in which random columns have these values; sources change as little as that needs.

    Raises
    ------
    Undecided
        If they are not linear in the sources, or cannot have these values together.
    """
    if scope.moved or scope.random:
        raise Undecided("another outcome inside a derivative, a limit or a moment")
    inner = scope.inside()
    pairs = [(alive(x, inner), v) for X, V in wanted for (x,), (v,) in zip(X.rows, V.rows, strict=True)]
    if any(x.degree > 1 for x, _ in pairs):
        raise Undecided("another outcome of what is not linear in the sources")
    names = sources_of(*(x for x, _ in pairs))
    now = {s: scope.instance.taken_by(s) for s in names}
    rows, gaps = [], []
    for x, v in pairs:
        rows.append(linear(x, names))
        gaps.append([v - x.realised(lambda s: now[s])])
    L, gap = Mat.of(rows, len(names)), Mat.of(gaps, 1)
    kept = independent_rows(L)
    B = Mat(tuple(L.rows[i] for i in kept), L.width)
    change = B.T @ (B @ B.T).solve(Mat(tuple(gap.rows[i] for i in kept), 1)) if kept else Mat.full(len(names), 1)
    if not (L @ change - gap).is_zero():
        raise Undecided("these cannot turn out so together: one is a function of the others")
    return turned(scope, {s: now[s] + d for s, (d,) in zip(names, change.rows, strict=True)})


def turned(scope: Scope, values: dict[str, Any]) -> Scope:
    """Return the scope in which sources have taken other values."""
    base = scope.instance
    changed = replace(base, taken={**base.taken, **values}, caches={}, draw=replace(base.draw, flat=False))
    changed.__dict__["seed"] = base.seed  # sources that have not taken a value yet take the same one
    return Scope(changed)


def linear(x: Rand, names: tuple[str, ...]) -> list[Any]:
    """Return the coefficients of the sources."""
    return [x.terms.get((s,), Fraction(0)) for s in names]


def functionals(x: Rand, names: tuple[str, ...], inner: Scope) -> list[list[Any]]:
    """Return the linear forms that a polynomial of degree at most two is a function of."""
    if x.degree > 2:
        raise Undecided("a polynomial of a degree above two in normal variables")
    f = Form.of(x, names, inner)
    return [[v for (v,) in f.a.rows], *(list(row) for row in f.A.rows if any(row))]


def independent_rows(L: Mat) -> list[int]:
    """Return the numbers of rows that are a basis of all of them."""
    kept: list[int] = []
    for i in range(L.height):
        if Mat(tuple(L.rows[k] for k in (*kept, i)), L.width).rank() == len(kept) + 1:
            kept.append(i)
    return kept
