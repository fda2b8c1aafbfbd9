"""Matrices, columns and numbers of any kind: a world for the identities of matrix algebra."""

from fractions import Fraction

from lmmtext.verify.world import Draw, Instance, World


def _make(draw: Draw) -> Instance:
    indices = {("index", x, primes): Fraction(1 + (x in "jl") ^ primes) for x in "ijkl" for primes in (0, 1)}
    return Instance(MATRICES, {}, (), indices, draw)


MATRICES = World(
    "matrices",
    "arbitrary matrices (capitals), columns (bold small letters) and numbers; a condition may say more of them",
    (),
    (),
    _make,
    open=True,
)
