"""Simulated data: each table follows from its sizes alone, with a seed of its own."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd


def one_way(J: int, r: int, seed: int = 1) -> pd.DataFrame:
    """Return y = 3 + a_g + e for J groups of r rows, with sd(a) = 0.7 and sd(e) = 1."""
    return _one_way(np.repeat(np.arange(J), r), np.random.default_rng(seed))


def unbalanced(J: int, n: int, seed: int = 2) -> pd.DataFrame:
    """Return the same for n rows and J groups of 1 to 2 n / J - 1 rows, any size as likely."""
    rng = np.random.default_rng(seed)
    largest = 2 * n // J - 1
    size = rng.integers(1, largest, J, endpoint=True)
    while (off := n - size.sum()) != 0:  # move groups by one row until the sizes add up to n
        free = np.flatnonzero(size < largest if off > 0 else size > 1)
        size[rng.choice(free, min(abs(off), len(free)), replace=False)] += np.sign(off)
    return _one_way(np.repeat(np.arange(J), size), rng)


def slopes(J: int, r: int, q: int = 2, seed: int = 3) -> pd.DataFrame:
    """Return J groups of r rows with q random coefficients (intercept and q - 1 slopes, correlated) and their means."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(J), r)
    x = rng.normal(size=(J * r, q - 1))
    mix = np.eye(q) * 0.5 + np.tri(q, k=-1) * 0.15
    mix[0, 0] = 1.0
    b = rng.normal(size=(J, q)) @ mix.T  # (J, q)
    Z = np.column_stack([np.ones(J * r), x])  # (n, q)
    y = Z @ np.linspace(1.0, 0.5, q) + (Z * b[g]).sum(axis=1) + rng.normal(size=J * r)
    names = ["x"] if q == 2 else [f"x{k}" for k in range(1, q)]
    return pd.DataFrame({"y": y} | {name: x[:, k] for k, name in enumerate(names)} | {"g": g})


def crossed(sizes: Sequence[int], n: int, seed: int = 4) -> pd.DataFrame:
    """Return n rows, each with a random level of every factor (a, b, ...); sd 1 for the first, 0.5 for the others."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, size, n) for size in sizes]
    y = rng.normal(size=n)
    for k, (size, code) in enumerate(zip(sizes, codes, strict=True)):
        y += (0.5 if k else 1.0) * rng.normal(size=size)[code]
    return pd.DataFrame({"y": y} | dict(zip("abcdefgh", codes, strict=False)))


def nested(sizes: Sequence[int], r: int, seed: int = 5) -> pd.DataFrame:
    """Return r rows for each of the innermost groups; the levels within a group are numbered from nought again.

    Beside the factors a, b, c stand the nested groups as columns, ab and abc.
    """
    rng = np.random.default_rng(seed)
    shape = tuple(sizes)
    letters = "abcdefgh"[: len(shape)]
    effect = np.zeros(shape)
    for k in range(len(shape)):
        effect = effect + 0.8**k * rng.normal(size=shape[: k + 1] + (1,) * (len(shape) - k - 1))
    groups = _cells(shape, r, [letters[: k + 1] for k in range(1, len(shape))])
    return pd.DataFrame({"y": np.repeat(effect.ravel(), r) + rng.normal(size=effect.size * r)} | groups)


def subsets(letters: str) -> list[str]:
    """Return every non-empty set of letters, the smallest first.

    >>> subsets("abc")
    ['a', 'b', 'c', 'ab', 'ac', 'bc', 'abc']
    """
    return ["".join(chosen) for k in range(1, len(letters) + 1) for chosen in combinations(letters, k)]


def factorial(factors: int, levels: int, r: int, seed: int = 6) -> pd.DataFrame:
    """Return r rows for each cell of a balanced factorial; every interaction has random effects of sd 0.8.

    Beside the factors a, b, ... stand their interactions as columns, ab, ac, ...
    """
    rng = np.random.default_rng(seed)
    letters = "abcdefgh"[:factors]
    shape = (levels,) * factors
    effect = np.zeros(shape)
    for chosen in subsets(letters):
        effect = effect + 0.8 * rng.normal(size=[levels if letter in chosen else 1 for letter in letters])
    groups = _cells(shape, r, subsets(letters)[factors:])
    return pd.DataFrame({"y": np.repeat(effect.ravel(), r) + rng.normal(size=effect.size * r)} | groups)


def _cells(shape: tuple[int, ...], r: int, crossed: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the codes of the factors of a full table of cells, r rows each, and of the named interactions."""
    codes = dict(zip("abcdefgh", np.indices(shape).reshape(len(shape), -1), strict=False))
    size = dict(zip("abcdefgh", shape, strict=False))
    for name in crossed:
        together = np.zeros_like(codes["a"])
        for letter in name:
            together = together * size[letter] + codes[letter]
        codes[name] = together
    return {name: np.repeat(code, r) for name, code in codes.items()}


def _one_way(g: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    y = 3 + 0.7 * rng.normal(size=g[-1] + 1)[g] + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "g": g})
