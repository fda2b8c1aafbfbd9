"""Exact arithmetic: each kind of number is held to SymPy, to known moments, or to what defines it."""

from fractions import Fraction as F
from random import Random

import pytest
import sympy
from sympy.polys.matrices import DomainMatrix

from lmmtext.verify import logs
from lmmtext.verify.chance import Rand
from lmmtext.verify.dual import Dual
from lmmtext.verify.errors import Singular, Undecided
from lmmtext.verify.evaluate import projector
from lmmtext.verify.matrix import Mat
from lmmtext.verify.mle import variance_estimates
from lmmtext.verify.optima import quadratic_optimum
from lmmtext.verify.ratio import Ratio
from lmmtext.verify.scope import Scope
from lmmtext.verify.series import approaching
from lmmtext.verify.worlds import WORLDS

RNG = Random(4)


def random_matrix(rows, cols):
    return Mat.of([[F(RNG.randint(-9, 9), RNG.randint(1, 5)) for _ in range(cols)] for _ in range(rows)], cols)


def in_sympy(M):
    rows = [[sympy.QQ(x.numerator, x.denominator) for x in row] for row in M.rows]
    return DomainMatrix(rows, M.shape, sympy.QQ)


@pytest.mark.parametrize("size", [1, 2, 4, 6])
def test_inverse_determinant_and_product_are_sympys(size):
    A, B = random_matrix(size, size), random_matrix(size, 3)
    assert in_sympy(A.inverse()) == in_sympy(A).inv()
    assert in_sympy(A @ B) == in_sympy(A) * in_sympy(B)
    assert A.det() == F(str(in_sympy(A).det()))


def test_rank_and_null_space_of_a_deficient_matrix():
    A = random_matrix(5, 2) @ random_matrix(2, 4)
    assert A.rank() == 2 and A.independent_columns().width == 2
    assert (A @ A.null_space()).is_zero() and A.null_space().width == 2


def test_a_singular_matrix_has_no_inverse():
    with pytest.raises(Singular):
        Mat.of([[1, 2], [2, 4]]).inverse()


def test_a_projector_is_symmetric_idempotent_and_keeps_exactly_its_space():
    A = random_matrix(6, 2) @ random_matrix(2, 3)
    P = projector(A)
    assert (P - P.T).is_zero() and (P @ P - P).is_zero() and (P @ A - A).is_zero() and P.rank() == 2


def test_sums_of_logarithms_are_decided_exactly():
    log = logs.log
    assert not (log(F(12)) - log(F(3)) - log(F(4)))
    assert not (log(F(2, 9)) * F(2) - log(F(4)) + log(F(3)) * F(4))
    assert log(F(10**40 + 1)) - log(F(10**40))
    assert log(F(2)) - F(693147180559945309, 10**18)
    assert not (log(F(6)) + log(logs.pi()) - log(logs.pi() * F(6)))


def test_roots_and_exponentials_are_exact_where_they_can_be():
    assert logs.power(F(9, 4), F(1, 2)) == F(3, 2)
    root = logs.power(F(2), F(1, 2))
    assert root * root == F(2) and not (root - logs.power(F(8), F(1, 2)) * F(1, 2))
    assert not (logs.exp(F(3)) * logs.exp(F(-3)) - F(1))
    assert logs.log(logs.exp(F(5, 7))) == F(5, 7)


def test_what_leaves_the_exact_field_is_known_to_fifty_digits():
    two, three = logs.log(F(2)), logs.log(F(3))
    assert not ((two + three) * (two - three) - (two * two - three * three))
    assert two * three - F(76, 100)


def test_infinitesimals_give_sympys_derivatives():
    x = sympy.Symbol("x")
    f = lambda x, log, exp: log(x * x + 1) * x + exp(-x) / x  # noqa: E731
    here = F(3, 2)
    moved = Dual.moved(Dual.moved(here, 0), 1)
    found = f(moved, lambda u: u.log(), lambda u: u.exp())
    truth = f(x, sympy.log, sympy.exp)
    for part, wanted in ((0b01, sympy.diff(truth, x)), (0b11, sympy.diff(truth, x, 2))):
        exact = wanted.subs(x, sympy.Rational(3, 2)).evalf(50)
        assert abs(sympy.Float(str(logs.MP.nstr(logs.real(found.part(part)), 45)), 45) - exact) < sympy.Float("1e-40")


def test_limits_of_rational_functions():
    t = Ratio.variable()
    f = (t * t * 3 + 1) / (t * t - t)
    assert f.limit(None) == 3
    assert f.limit(F(2)) == F(13, 2)
    assert ((t * t - 1) / (t - 1)).limit(F(1)) == 2
    assert f.limit(F(0)) is None


@pytest.mark.parametrize("target", [None, F(0), F(2), F(-1, 3)])
def test_limits_of_series_are_those_of_rational_functions(target):
    def f(t):
        return (t * t * 3 + t * 5 + 1) / (t * t - t + 7) + 1 / (t + 9) - t / (t * t + 1)

    assert f(approaching(target, "")).limit() == f(Ratio.variable()).limit(target)


def test_a_series_tells_cancellation_from_zero():
    e = approaching(F(0), "")
    assert ((1 / (1 - e)) * (1 - e) - 1).limit() == 0
    assert ((1 / (1 - e) - 1 - e) / (e * e)).limit() == 1
    with pytest.raises(Undecided, match="infinite"):
        (1 / e).limit()
    lost = 1 / (1 - e) - 1 / (1 - e)  # zero, but only so many terms of it are known
    for _ in range(12):
        lost = lost / e
    with pytest.raises(Undecided, match="cancelled"):
        lost.limit()


def test_moments_of_normal_sources():
    z, w = Rand.source("z"), Rand.source("w")
    variance = {"z": F(2), "w": F(3)}.__getitem__
    assert (z * z * z * z).mean(variance, True) == 12
    assert (z * z * w * w).mean(variance, True) == 6
    assert (z * w + 5).mean(variance, False) == 5
    with pytest.raises(Undecided, match="fourth moment"):
        (z * z * w * w).mean(variance, False)


def test_a_quadratic_is_minimised_from_its_values_alone():
    f = lambda x: (x[0] - 1) * (x[0] - 1) * F(2) + (x[0] + x[1]) * (x[0] + x[1]) + F(7)  # noqa: E731
    assert quadratic_optimum(f, 2, smallest=True) == [F(1), F(-1)]
    with pytest.raises(Undecided, match="no unique maximum"):
        quadratic_optimum(f, 2, smallest=False)
    with pytest.raises(Undecided, match="not quadratic"):
        quadratic_optimum(lambda x: x[0] * x[0] * x[0], 1, smallest=True)


@pytest.mark.parametrize("world", ["one-way", "one-way-unbalanced"])
@pytest.mark.parametrize("seed", range(4))
def test_maximum_likelihood_estimates_are_not_beaten_nearby_and_have_score_zero_or_stand_on_the_edge(world, seed):
    scope = Scope(WORLDS[world].instance(seed, 20, 0))
    sigma2, sigma2_alpha = variance_estimates(scope)
    X, Z, y = (scope(s) for s in ("X", "Z", "y"))

    def loglik(a, b):
        V = (Z @ Z.T).map(lambda v: v * b) + Mat.identity(y.height).map(lambda v: v * a)
        W = V.inverse()
        beta = (X.T @ W @ X).inverse() @ X.T @ W @ y
        return logs.real(logs.log(V.det()) * F(-1, 2)) - logs.real(((y - X @ beta).T @ W @ (y - X @ beta)).scalar) / 2

    at = [F(str(logs.MP.nstr(logs.real(v), 25))).limit_denominator(10**12) for v in (sigma2, sigma2_alpha)]
    best = loglik(*at)
    step = F(1, 1000)
    for a in (at[0] * (1 - step), at[0] * (1 + step)):
        for b in {at[1] * (1 - step), at[1] * (1 + step), at[1] + at[0] * step}:
            assert loglik(a, max(F(0), b)) < best
    for far in (F(1, 100), F(1), F(100)):
        assert loglik(at[0], at[0] * far) <= best


def test_the_estimates_reach_the_edge_and_the_interior():
    found = [variance_estimates(Scope(WORLDS["one-way"].instance(seed, 20, 0)))[1] for seed in range(12)]
    assert any(v == 0 for v in found) and any(v != 0 for v in found)
