"""Polynomials of degree two in independent normal sources, as matrices: z'Az + a'z + c, where z has variance D."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lmmtext.verify.chance import Rand, as_rand
from lmmtext.verify.errors import Undecided
from lmmtext.verify.matrix import Mat
from lmmtext.verify.moments import cov, regression
from lmmtext.verify.scope import Scope

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Form:
    """z'Az + a'z + c in the named sources; `variances` is the diagonal D of the variance of z, none of them zero."""

    sources: tuple[str, ...]
    variances: tuple[Any, ...]
    A: Mat
    a: Mat
    c: Any

    @classmethod
    def of(cls, x: Rand, sources: tuple[str, ...], scope: Scope) -> "Form":
        """Return a polynomial of degree at most two as a form in these sources."""
        place = {s: i for i, s in enumerate(sources)}
        A = [[Fraction(0)] * len(sources) for _ in sources]
        a = [Fraction(0)] * len(sources)
        c: Any = Fraction(0)
        for monomial, coefficient in x.terms.items():
            at = [place[s] for s in monomial]
            if not at:
                c = coefficient
            elif len(at) == 1:
                a[at[0]] = coefficient
            elif at[0] == at[1]:
                A[at[0]][at[0]] = coefficient
            else:
                A[at[0]][at[1]] = A[at[1]][at[0]] = coefficient * HALF
        width = len(sources)
        variances = tuple(scope.variances[s] for s in sources)
        return cls(sources, variances, Mat.of(A, width), Mat.column(a), c)

    def weighted(self, M: Mat) -> Mat:
        """Return D M."""
        rows = tuple(tuple(v * x for x in row) for v, row in zip(self.variances, M.rows, strict=True))
        return Mat(rows, M.width)

    def rand(self) -> Rand:
        """Return the form as a polynomial again."""
        terms: dict[tuple[str, ...], Any] = {
            (): self.c,
            **{(s,): r[0] for s, r in zip(self.sources, self.a.rows, strict=True)},
        }
        for i, s in enumerate(self.sources):
            for j, u in enumerate(self.sources[i:], i):
                terms[tuple(sorted((s, u)))] = self.A.rows[i][j] * Fraction(1 if i == j else 2)
        return Rand({m: c for m, c in terms.items() if c})


def alive(x: Any, scope: Scope) -> Rand:
    """Return a random number without what has variance zero, and so is zero."""
    found = as_rand(x)
    dead = {s for m in found.terms for s in m if not scope.variances[s]}
    return Rand({m: c for m, c in found.terms.items() if not dead & set(m)}) if dead else found


def sources_of(*numbers: Rand) -> tuple[str, ...]:
    """Return the sources that random numbers are made of, in order."""
    return tuple(sorted({s for x in numbers for m in x.terms for s in m}))


def independent(x: Mat, y: Mat, scope: Scope) -> bool:
    """Return whether two arrays of polynomials of degree at most two in normal sources are independent.

    z'Az + a'z and z'Bz + b'z are independent if and only if ADB = 0, ADb = 0, BDa = 0 and a'Db = 0 (Craig; Laha for
    the linear parts). If that holds for all pairs of elements then the rows of all A and a are orthogonal, in D, to
    those of all B and b, so that the arrays as wholes are functions of independent normal vectors.
    """
    if not scope.instance.world.normal:
        raise Undecided("independence, where only first and second moments are assumed")
    left, right = ([alive(v, scope) for row in m.rows for v in row] for m in (x, y))
    if not set(sources_of(*left)) & set(sources_of(*right)):
        return True  # functions of different sources, of whatever degree
    if max(v.degree for v in (*left, *right)) > 2:
        raise Undecided("independence of polynomials of a degree above two in normal variables")
    if all(v.degree <= 1 for v in (*left, *right)):
        return cov(Mat.column(left), Mat.column(right), scope).is_zero()
    common = sources_of(*left, *right)
    forms = [[Form.of(v, common, scope) for v in side] for side in (left, right)]
    return all(_apart(f, g) for f in forms[0] for g in forms[1])


def _apart(f: Form, g: Form) -> bool:
    Db, DB = f.weighted(g.a), f.weighted(g.A)
    if not ((f.a.T @ Db).is_zero() and (f.A @ Db).is_zero() and (f.a.T @ DB).is_zero()):
        return False
    return (f.A @ DB).is_zero()


def conditioned(x: Mat, given: Mat, outcome: Mat, scope: Scope) -> Mat:
    """Return an array with the law that x has where a normal vector has turned out so: every source z is replaced.

    Given B = b the sources have the law of z - M(B - b), where M B is the regression of z on B: what is left over is
    independent of B.
    """
    B, b = _basis(given, outcome, scope)
    if not B.height:
        return x
    numbers = [alive(v, scope) for row in x.rows for v in row]
    if all(v.degree <= 1 for v in numbers):
        whole = Mat.column(numbers)
        M = regression(whole, B, scope)
        return _shaped([v for (v,) in (whole - M @ B + M @ b).rows], x.width)
    if max(v.degree for v in numbers) > 2:
        raise Undecided("a conditional law of a polynomial of a degree above two")
    names = sources_of(*numbers, *(as_rand(v) for (v,) in B.rows))
    z = Mat.column([Rand.source(s) for s in names])
    M = regression(z, B, scope)
    moved = z - M @ B + M @ b  # R z + r
    R = Mat.of([[as_rand(v).terms.get((s,), Fraction(0)) for s in names] for (v,) in moved.rows], len(names))
    r = Mat.column([as_rand(v).terms.get((), Fraction(0)) for (v,) in moved.rows])
    return _shaped([_substituted(Form.of(v, names, scope), R, r).rand() for v in numbers], x.width)


def _shaped(numbers: list[Any], width: int) -> Mat:
    return Mat.of([numbers[i : i + width] for i in range(0, len(numbers), width)], width)


def _substituted(f: Form, R: Mat, r: Mat) -> Form:
    """Return the form with R z + r in place of z."""
    Ar = f.A @ r
    a = R.T @ (f.a + Ar + Ar)
    c = f.c + (f.a.T @ r).scalar + (r.T @ Ar).scalar
    return Form(f.sources, f.variances, R.T @ f.A @ R, a, c)


def _basis(given: Mat, outcome: Mat, scope: Scope) -> tuple[Mat, Mat]:
    """Return elements of a given vector that determine the others, with their outcomes."""
    numbers = [alive(v, scope) for (v,) in given.rows]
    if any(v.degree > 1 for v in numbers):
        raise Undecided("what is given is not linear in normal variables")
    names = sources_of(*numbers)
    linear = Mat.of([[v.terms.get((s,), Fraction(0)) for v in numbers] for s in names], len(numbers))
    kept: list[int] = []
    for i in range(len(numbers)):
        trial = Mat(tuple(tuple(row[k] for k in (*kept, i)) for row in linear.rows), len(kept) + 1)
        if trial.rank() == len(kept) + 1:
            kept.append(i)
    return Mat.column([numbers[i] for i in kept]), Mat(tuple(outcome.rows[i] for i in kept), 1)
