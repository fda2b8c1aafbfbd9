r"""The tie to code: a function of the package, run in floats on an instance, is held to the exact value.

The bound. A system A x = b solved by Cholesky, QR or LU with partial pivoting has for its computed solution the exact
one of a system whose matrix and right side differ from A and b by no more than c n u of their size, where u is the
rounding unit and c a small number (Higham, *Accuracy and Stability of Numerical Algorithms*, chapters 9, 10 and 19). So
its relative error is at most c n u cond(A). A formula of this subject has at most two systems one inside the other
(V inside X'V^{-1}X, Sigma^{-1} inside S + Sigma^{-1}), and the outer multiplies the error of the inner by no more than
its condition number: the product of the two largest condition numbers among the world's matrices (that of X'X, the
square of that of X, where X has fewer columns than rows) bounds both together. Where terms are added that cancel, an
error is relative to the largest term and not to the sum. Hence

    |computed - exact| <= C n u * product of the condition numbers * largest entry among the value and the terms added,

with n the size of the largest matrix and C = 16 for the steps of a formula. Instances in which that is more than
COARSEST times the value cannot tell a right function from a wrong one, and are passed over.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from lmmtext.notation import SYMBOLS
from lmmtext.verify import logs
from lmmtext.verify import tree as t
from lmmtext.verify.claims import Claim, claims
from lmmtext.verify.errors import FormulaError, Undecided
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.judge import instances
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import pattern_indices
from lmmtext.verify.parser import parse
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import World
from lmmtext.verify.write import write

STEPS = 16
COARSEST = 1e-5
INSTANCES = 5
SCALE = 3
PACKAGE = import_module(__name__.partition(".")[0])  # its public names are all of lower layers, imported when used
CODES = {s.tex: s.code for s in SYMBOLS if s.code.isidentifier()}


@dataclass(frozen=True)
class Tie:
    """What was found when a function was held to an equation; `side` is the exact side, `wrong` empty if it agrees."""

    code: str
    functions: tuple[str, ...]
    side: str
    instances: int = 0
    wrong: str = ""


def tie(code: str, tex: str, world: World, where: str | None = None) -> Tie:
    r"""Hold the value of an expression in Python to the left side of the first link of a formula.

    Parameters
    ----------
    code
        The expression. Its names are the public ones of the package, `np`, and the code names of the notation table
        (`y`, `X`, `V`, `sigma2`, `n`; `X_j` is that of the group that the free index j means; `group` are the labels),
        with the values that they have in an instance of the world.

    >>> from lmmtext.verify.worlds import WORLDS
    >>> tex = r"\mathbf{b}_j = \mathbf{S}_j^{-1} \mathbf{X}_j^\top \mathbf{y}_j"
    >>> tie("ols(X_j, y_j).beta", tex, WORLDS["random-regression"]).wrong
    ''
    >>> tie("2 * ols(X_j, y_j).beta", tex, WORLDS["random-regression"]).wrong[:18]
    'it is off by more '
    """
    try:
        used = {n.id for n in ast.walk(ast.parse(code, mode="eval")) if isinstance(n, ast.Name)}
    except SyntaxError as error:
        return Tie(code, (), "", wrong=f"it is no expression: {error.msg}")
    functions = tuple(sorted(used & set(PACKAGE.__all__)))
    if not functions:
        return Tie(code, (), "", wrong="it calls no public function of lmmtext")
    try:
        conditions = tuple(parse(where).statements) if where else ()
        claim = claims(parse(tex).statements[0], world, conditions)[0]
        side = write(claim.written[0])
        seen = 0
        for scope in _scopes(world, claim):
            if (wrong := compare(code, used, claim, scope)) is None:
                continue
            seen += 1
            if wrong or seen == INSTANCES:
                return Tie(code, functions, side, seen, wrong)
    except FormulaError as error:
        return Tie(code, functions, "", wrong=error.message)
    return Tie(code, functions, side, seen, f"only {seen} instances were moderate enough to tell right from wrong")


def _scopes(world: World, claim: Claim) -> Iterator[Scope]:
    """Yield scopes of small numbers, of both sizes."""
    yield from instances(world, claim, SCALE, (0, 1), 40, seed=4000)


def compare(code: str, used: set[str], claim: Claim, scope: Scope) -> str | None:
    """Return what is wrong at one instance, "" if nothing is, None if the instance cannot tell."""
    names = namespace(scope, used)
    if unknown := sorted(used - set(names) - set(PACKAGE.__all__) - {"np"}):
        raise Undecided(f"{', '.join(unknown)}: no name of the notation in {scope.instance.world.name}, nor of lmmtext")
    exact = evaluate(claim.left, scope, {})
    if not isinstance(exact, Mat):
        raise Undecided("the left side has no value that a function could have")
    told = floats(exact)
    scale = max([np.abs(told).max(), *(np.abs(x).max() for x in _terms(claim, scope))])
    size = max(scope.instance.sizes.values())
    bound = STEPS * size * np.finfo(float).eps * condition(scope) * scale
    if not 0 < bound < COARSEST * np.abs(told).max():
        return None
    public = {name: getattr(PACKAGE, name) for name in used & set(PACKAGE.__all__)}
    try:
        found = np.asarray(eval(code, {"np": np, **public, **names}), dtype=float)  # noqa: S307  (the book's own code)
    except Exception as error:
        return f"it raises {type(error).__name__}: {error}"
    shapes = [told.shape, *[told.shape[:1]] * (told.shape[1] == 1), *[()] * (told.size == 1)]  # a column, a number
    if found.shape not in shapes:
        return f"its shape is {found.shape}, and that of the left side {told.shape}"
    off = np.abs(found.reshape(told.shape) - told).max()
    return "" if off <= bound else f"it is off by more than rounding explains: {off:.3g}, where at most {bound:.3g} is"


def namespace(scope: Scope, wanted: set[str]) -> dict[str, Any]:
    """Return the wanted values of an instance in floats, under the names that they have in code."""
    instance, found = scope.instance, {}
    for meaning in instance.world.meanings:
        if not wanted & {meaning.name, CODES.get(meaning.tex, "")}:
            continue
        indices = _indices(meaning.tex, scope)
        try:
            value = floats(scope(meaning.name, *indices))
        except FormulaError:
            continue  # an estimate that is not determined in this instance: using it will be told as an unknown name
        plain = value.item() if meaning.is_scalar else value[:, 0] if meaning.cols.is_one else value
        found[meaning.name] = plain
        if meaning.tex in CODES:
            found[CODES[meaning.tex]] = plain
    found |= instance.sizes
    if instance.groups:
        found["group"] = np.repeat(np.arange(len(instance.groups)), instance.groups)
    return found


def _indices(tex: str, scope: Scope) -> tuple[int, ...]:
    """Return the values of the free indices in a spelling."""
    return tuple(int(scope.instance.values["index", letter, 0]) for letter in pattern_indices(tex))


def floats(value: Mat) -> np.ndarray:
    """Return a matrix of exact numbers in floats."""
    return np.array([[float(logs.real(x)) for x in row] for row in value.rows], dtype=float)


def condition(scope: Scope) -> float:
    """Return the product of the two largest condition numbers of the matrices of a world (see above)."""
    found = {1.0, 1.0 + np.finfo(float).eps}
    for meaning in scope.instance.world.meanings:
        if meaning.rows.is_one or meaning.cols.is_one or meaning.kind == "random":
            continue
        value = floats(scope(meaning.name, *_indices(meaning.tex, scope)))
        if np.linalg.matrix_rank(value) == min(value.shape):
            found.add(round(np.linalg.cond(value) ** (1 if value.shape[0] == value.shape[1] else 2), 9))
    return float(np.prod(sorted(found)[-2:]))


def _terms(claim: Claim, scope: Scope) -> Iterator[np.ndarray]:
    """Yield the values of the terms that are added on either side, where they have one by themselves."""
    for side in (claim.left, claim.right):
        for node in t.walk(side):
            for term in node.terms if isinstance(node, t.Sum) else ():
                try:
                    value = evaluate(term, scope, {})
                    yield floats(value)
                except (FormulaError, KeyError, TypeError, AttributeError):
                    continue  # inside an expectation, or with an index bound outside it: it only widens the scale
