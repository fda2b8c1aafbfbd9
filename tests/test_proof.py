"""Proofs for all dimensions: no law changes a value, no equation is made by hand, and what is false is not proved."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from lmmtext.proof import (
    DoesNotApply,
    DoesNotConform,
    Equation,
    Projections,
    T,
    assume,
    at,
    block,
    cancel,
    collect,
    define,
    det,
    dimensions,
    discharged,
    distribute,
    divided,
    eye,
    flipped,
    given,
    idempotence,
    inv,
    inverse_from,
    inverse_of_product,
    log_of_product,
    matrix,
    normal_form,
    plus,
    postmultiplied,
    premultiplied,
    regroup,
    start,
    step,
    theorem,
    times,
    transposed,
)
from lmmtext.proof.conditions import Equal, Invertible, Nonzero, Positive
from lmmtext.proof.laws import LAWS, Law, law_from
from lmmtext.proof.matrices import shape
from lmmtext.proof.projections import Rank
from lmmtext.proof.witness import value

n, m, p, J, r = dimensions("n m p J r")
sigma2, sigma2_alpha = sp.symbols("sigma^2 sigma_alpha^2", positive=True)
A, B = matrix("A", n, n, "invertible"), matrix("B", n, n, "invertible")
V, S = matrix("V", n, n, "symmetric", "invertible"), matrix("S", m, m, "symmetric", "invertible")
C, D = matrix("C", n, n), matrix("D", m, m)
P, Q = matrix("P", n, n, "projection"), matrix("Q", m, m, "projection")
X, Z, K, E = matrix("X", n, p), matrix("Z", n, m), matrix("K", m, p), matrix("E", p, p)
LETTERS = (A, B, V, S, C, D, P, Q, X, Z, K, E)
SIZES = {n: 4, m: 3, p: 2, sigma2: 1.5, sigma2_alpha: 0.7}


def numbers(seed):
    """Return an array for each letter that is what the letter is known to be."""
    rng = np.random.default_rng(seed)
    values = dict(SIZES)
    for letter in LETTERS:
        rows, columns = (SIZES[side] for side in letter.shape)
        x = rng.normal(size=(rows, columns))
        if letter.known_to_be("projection"):
            x = x[:, :2] @ np.linalg.pinv(x[:, :2])
        elif letter.known_to_be("symmetric"):
            x = x @ x.T + np.eye(rows)
        elif letter.known_to_be("invertible"):
            x = x / np.linalg.norm(x) + np.diag([2.0, -1.5, 3.0, 2.5][:rows])
        values[letter] = x
    return values


def invertible(rng, side):
    """Return a square expression that has an inverse in `numbers`, and is far from having none."""
    kind = rng.choice(["letter", "product", "sum", "inverse", "scaled", "transposed"])
    letters = {n: [A, B, V], m: [S], p: [X.T * V * X]}[side]
    if kind == "product":
        return rng.choice(letters) * rng.choice(letters)
    if kind == "sum":
        return {n: V + Z * S * Z.T, m: inv(S) + Z.T * Z, p: X.T * X + sigma2 * eye(p)}[side]
    chosen = rng.choice(letters)
    return {"inverse": inv(chosen), "scaled": sigma2 * chosen, "transposed": T(chosen)}.get(kind, chosen)


def expression(rng, rows, columns, depth):
    """Return a random expression that conforms."""
    letters = [turn for letter in LETTERS for turn in (letter, T(letter)) if shape(turn) == (rows, columns)]
    kinds = ["product", "sum"] + (["inverse", "pair", "twice", "blocks"] if rows == columns else ["transposed"])
    kind = rng.choice(kinds) if depth > 0 else "letter"
    if kind == "letter":
        return rng.choice([*letters, eye(rows)] if rows == columns else letters)
    if kind == "sum":
        terms = [rng.choice([1, -2, sigma2]) * expression(rng, rows, columns, depth - 1) for _ in range(2)]
        return sp.Add(*terms)
    if kind == "inverse":
        return inv(invertible(rng, rows))
    if kind == "pair":
        square = invertible(rng, rows)
        return square * inv(square) * expression(rng, rows, columns, depth - 1)
    if kind == "twice":
        return {n: P * P, m: Q * Q, p: E * E}[rows] * expression(rng, rows, columns, depth - 1)
    if kind == "blocks":
        left = block([[expression(rng, rows, side, 1) for side in (n, m)]])
        return left * block([[expression(rng, side, columns, 1)] for side in (n, m)])
    if kind == "transposed":
        return T(expression(rng, columns, rows, depth - 1))
    inner = rng.choice([n, m, p])
    return expression(rng, rows, inner, depth - 1) * expression(rng, inner, columns, depth - 1)


def number(rng):
    """Return a random number made of determinants."""
    kind = rng.choice(["product", "triangle", "scaled", "identity", "inverse", "transposed"])
    side = rng.choice([n, m, p])
    square = invertible(rng, side)
    made = {
        "product": square * invertible(rng, side),
        "triangle": block([[square, expression(rng, side, m, 1)], [0, invertible(rng, m)]]),
        "scaled": sigma2 * square,
        "identity": eye(side),
        "inverse": inv(square),
        "transposed": T(square),
    }[kind]
    return det(made) * sigma2 + det(invertible(rng, n)) ** 2


def close(left, right):
    """Return whether two arrays are equal but for rounding."""
    scale = max(1.0, float(np.abs(left).max()), float(np.abs(right).max()))
    return bool(np.abs(left - right).max() < 1e-9 * scale)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_a_law_never_changes_the_value(law):
    rng = random.Random(law.name)
    applied = 0
    for trial in range(80):
        if law is log_of_product:
            before = sp.log(det(V) ** 3 * det(S + Q * D * T(D) * Q) / sigma2 * (trial + 2))
        elif law is inverse_of_product:
            side = rng.choice([n, m, p])
            before = inv(invertible(rng, side) * invertible(rng, side)) * expression(rng, side, n, 1)
        elif "determinant" in law.name:
            before = number(rng)
        else:
            before = expression(rng, *rng.choice([(n, n), (n, m), (p, p), (m, n)]), rng.choice([1, 2, 3]))
        after = law.rewrite(before)
        if after != before and before != 0:
            applied += 1
            values = numbers(trial)
            right = value(after, values) if after != 0 else np.zeros(1)
            assert close(value(before, values), right), f"{before} became {after}"
    assert applied >= 8


def test_an_equation_used_as_a_law_never_changes_the_value_where_it_holds():
    rng = random.Random(7)
    values, applied = numbers(7), 0
    values[C] = values[V] @ values[P]  # a world in which C = V P, by which V P is rewritten wherever it stands
    for trial in range(200):
        before = expression(rng, n, n, 2) * rng.choice([V * P, 2 * V * P * A, (V + V * P) * B]) + C
        after = law_from(V * P, C, "", {}).rewrite(before)
        applied += after != before
        assert close(value(before, values), value(after, values)), trial
    assert applied > 150


FALSE = [
    (A * B, B * A),
    (inv(A * B), inv(A) * inv(B)),
    (inv(A + B), inv(A) + inv(B)),
    (T(A * B), T(A) * T(B)),
    (T(A), A),
    (A * A, A),
    (P * C, C),
    (P * C * P, C * P),
    ((A + B) * (A - B), A * A - B * B),
    (A * C * inv(A), C),
    (X.T * inv(V) * X * inv(X.T * X), eye(p)),
    (inv(X.T * inv(V) * X), inv(X.T * X)),
    (V * inv(V + eye(n)), eye(n)),
    (inv(V + Z * S * Z.T), inv(V) - inv(V) * Z * inv(inv(S) + Z.T * Z) * Z.T * inv(V)),
    (inv(sigma2 * A) * A, eye(n)),
    (det(A + B), det(A) + det(B)),
    (det(sigma2 * A), sigma2 * det(A)),
    (det(Z.T * V * Z), det(Z.T * Z) * det(V)),
]


@pytest.mark.parametrize(("left", "right"), FALSE, ids=str)
def test_what_is_false_is_not_proved_by_all_the_laws_together(left, right):
    assert not close(value(left, numbers(1)), value(right, numbers(1)))
    for _ in range(4):
        for law in LAWS:
            left, right = law.rewrite(left), law.rewrite(right)
            assert left != right
            assert start(left) is not None
    if shape(left):
        assert normal_form(left - right) != 0
        with pytest.raises(DoesNotApply):
            step(start(left), regroup(right))


TRUE = [
    (T(A * B * inv(C)), inv(T(C)) * T(B) * T(A)),
    ((A + B) * (A - B), A * A - A * B + B * A - B * B),
    ((eye(n) - P) * (eye(n) - P), eye(n) - P),
    (T(inv(V) * X) * V, X.T),
    (inv(inv(A)) * inv(A) * A, A),
    (sigma2 * A + sigma2_alpha * A, (sigma2_alpha + sigma2) * A),
]


@pytest.mark.parametrize(("left", "right"), TRUE, ids=str)
def test_two_expressions_with_one_normal_form_are_equal(left, right):
    values = numbers(2)
    values[C] = values[A] + 5 * np.eye(4)
    assert normal_form(left) == normal_form(right)
    assert close(value(left, values), value(right, values))


def test_products_sums_inverses_and_determinants_are_held_together_by_their_shapes():
    for wrong in (X * Z, X.T * X.T * X, X + Z, 1 + A, A + S, X.T * (A + S)):
        with pytest.raises(DoesNotConform):
            start(wrong)
    for wrong in (lambda: inv(X), lambda: det(Z), lambda: T(sigma2), lambda: block([[A, X], [Z, S]])):
        with pytest.raises(DoesNotConform):
            wrong()
    with pytest.raises(DoesNotConform, match=r"X is n x p and Z is n x m: their product needs p = n"):
        start(X * Z)
    with pytest.raises(DoesNotConform, match="they cannot be equal"):
        assume(X.T * X, Z.T * Z)
    with pytest.raises(ValueError, match="write inv"):
        A**-1
    with pytest.raises(DoesNotConform, match="only a square matrix can be symmetric"):
        matrix("X", n, p, "symmetric")
    with pytest.raises(ValueError, match="'orthogonal'"):
        matrix("X", n, n, "orthogonal")
    with pytest.raises(ValueError, match="powers are|write inv"):
        start((A + B) ** sp.Integer(-1) * C)


def test_a_law_that_does_not_apply_is_refused():
    with pytest.raises(DoesNotApply, match="'multiply out' changes nothing"):
        step(start(A * B), distribute)
    with pytest.raises(DoesNotApply):
        step(start(A * B), assume(B * A, C))
    with pytest.raises(DoesNotApply, match="regroup"):
        step(start(A * B + A * C), regroup(A * (B - C)))
    with pytest.raises(ValueError, match="0 stands everywhere"):
        step(start(A), flipped(assume(A, 0)))


def test_equations_and_laws_are_not_made_by_hand():
    with pytest.raises(TypeError, match="not by hand"):
        Equation(A, B, frozenset(), (), "", (), False, None)
    with pytest.raises(TypeError, match="assume"):
        Law("wish", "wish", lambda expression: A, None)


def test_zero_stays_zero_within_a_transpose_and_a_determinant_and_has_no_inverse():
    nothing = assume(C, 0)
    assert step(start(T(C * A) * A), nothing).right == 0
    assert step(start(det(C * A) + sigma2), nothing).right == sigma2
    with pytest.raises(DoesNotConform, match="the inverse of 0|an inverse of 0"):
        step(start(inv(C) * A), nothing)


def test_what_was_assumed_is_among_the_conditions_of_what_follows():
    wish = assume(A, B)
    line = step(start(A * C), wish)
    assert "A = B" in [str(condition) for condition in line.given]
    assert "nothing but the shapes and properties" in str(given(start(A * inv(B))))
    assert str(given(line)).splitlines() == [r"\text{Given:}", r"\quad \mathbf{A} = \mathbf{B}"]
    told = [str(condition) for condition in start(inv(C) * log_of_product.rewrite(sp.log(det(C))) / sigma2_alpha).given]
    assert sorted(told) == ["C is invertible", "|C| > 0"]
    assert [str(c) for c in divided(assume(det(C), det(D)), det(C)).given - assume(det(C), det(D)).given] == [
        "C is invertible"
    ]


def test_that_an_inverse_exists_is_not_shown_by_using_it():
    line = theorem(step(start(inv(C) * C), cancel))
    with pytest.raises(DoesNotApply, match="takes for granted that C is invertible"):
        inverse_from(line, of=C)


def test_two_matrices_do_not_show_each_other_to_be_invertible():
    """From C E = I with C = inv(E), and E = inv(C), nothing follows about either."""
    F = matrix("F", n, n)
    by_F = inverse_from(step(step(start(C * F), assume(C, inv(F))), cancel), of=C)
    by_C = inverse_from(step(step(start(C * F), assume(F, inv(C))), cancel), of=F)
    both = step(step(start(inv(C) * inv(F)), by_F), by_C)
    told = {str(condition) for condition in both.given}
    assert told & {"C is invertible", "F is invertible"}


def test_an_inverse_on_one_side_needs_a_square_matrix_and_the_identity():
    with pytest.raises(DoesNotConform):
        inverse_from(assume(X.T * Z * Z.T * X, eye(p)), of=X.T * Z)
    with pytest.raises(DoesNotApply, match="the right side must be"):
        inverse_from(assume(C * A, B), of=C)
    with pytest.raises(DoesNotApply, match="begin or end"):
        inverse_from(assume(A * C * B, eye(n)), of=C)
    found = inverse_from(assume(C * A, eye(n)), of=C)
    assert found.says(inv(C), A)
    assert "C is invertible" not in [str(condition) for condition in found.given]


def test_a_special_case_must_have_the_shape_and_the_properties():
    law = theorem(step(start(V * inv(V)), cancel))
    assert at(law, {V: sigma2 * eye(n)}).left == sigma2 * eye(n) * inv(sigma2 * eye(n))
    with pytest.raises(DoesNotConform):
        at(law, {V: S})
    with pytest.raises(DoesNotApply, match="V is symmetric"):
        at(law, {V: C})
    assert "X*X' is invertible" in [str(condition) for condition in at(law, {V: X * X.T}).given]
    with pytest.raises(DoesNotApply, match="projection"):
        at(theorem(step(start(P * P), idempotence)), {P: V})
    smaller = at(law, {n: n - p})
    assert shape(smaller.left) == (n - p, n - p)
    assert "n - p > 0" in [str(condition) for condition in smaller.given]
    with pytest.raises(DoesNotApply, match="whole number"):
        at(law, {n: sigma2})
    assert "-sigma_alpha^2 > 0" in [str(c) for c in at(start(A / sigma2), {sigma2: -sigma2_alpha}).given]


def test_conditions_that_were_shown_are_discharged():
    wish = assume(C, A)
    line = step(start(C * B), wish)
    proof = step(start(C), assume(C, A))
    assert "C = A" in [str(c) for c in discharged(line, proof).given]  # it was proved from itself
    shown = theorem(step(start(A * B * inv(B)), cancel))
    line = step(start(A * B * inv(B) * C), assume(A * B * inv(B), A))
    assert [str(c) for c in line.given] == ["A*B*B^-1 = A"]
    assert discharged(line, shown).given == frozenset()
    assert "F = A*B" in [str(c) for c in step(start(matrix("F", n, n)), define(matrix("F", n, n), A * B)).given]


def test_both_sides_are_changed_alike():
    equation = assume(A * X, X * E)
    values = numbers(3)
    values[A] = values[X] @ values[E] @ np.linalg.pinv(values[X])
    for changed in (
        flipped(equation),
        transposed(equation),
        premultiplied(Z.T, equation),
        postmultiplied(equation, X.T),
        plus(equation, Z * Z.T * X),
        plus(equation, equation),
        times(assume(sigma2, sigma2), sigma2_alpha),
    ):
        assert close(value(changed.left, values), value(changed.right, values))
    with pytest.raises(DoesNotConform, match="premultiplied"):
        times(equation, A)
    with pytest.raises(ValueError, match="finite"):
        divided(assume(sigma2, sigma2_alpha), 0)


PZ, P1 = (matrix(name, J * r, J * r, "projection") for name in ("P_Z", "P_1"))


def one_way():
    """Return the projections of the balanced one-way layout."""
    return Projections(assume(P1 * PZ, P1), ranks={P1: 1, PZ: J})


def layout(groups, size):
    """Return numbers for the one-way layout."""
    Zn = np.kron(np.eye(groups), np.ones((size, 1)))
    k = groups * size
    return {J: groups, r: size, sigma2: 1.3, sigma2_alpha: 0.4, PZ: Zn @ Zn.T / size, P1: np.ones((k, k)) / k}


@pytest.mark.parametrize(("groups", "size"), [(3, 4), (5, 2), (2, 7)])
def test_the_algebra_of_projections_has_the_values_of_the_matrices(groups, size):
    algebra, values = one_way(), layout(groups, size)
    Vs = sigma2 * eye(J * r) + r * sigma2_alpha * PZ
    for before in (Vs * Vs * P1, (Vs + PZ) * (eye(J * r) - P1) * PZ, Vs**3):
        assert close(value(before, values), value(algebra.reduced(before), values))
    inverse = algebra.function(lambda x: 1 / x, Vs)
    assert close(value(inverse, values), np.linalg.inv(value(Vs, values)))
    logdet = step(start(det(Vs)), algebra.determinant).right
    assert close(value(logdet, values), np.linalg.det(value(Vs, values)))


def test_the_smallest_projections_are_those_of_the_one_way_layout_with_their_ranks():
    parts = one_way().parts(sigma2 * eye(J * r) + r * sigma2_alpha * PZ)
    total = sigma2 + r * sigma2_alpha
    assert [(v, k) for _, v, k in parts] == [(total, 1), (total, J - 1), (sigma2, J * (r - 1))]


def test_the_conditions_of_the_algebra_are_those_of_its_results():
    line = step(start(det(2 * PZ + eye(J * r))), one_way().determinant)
    assert {str(c) for c in line.given} == {"P_1*P_Z = P_1", "P_1 has rank 1", "P_Z has rank J"}


def test_the_algebra_refuses_what_it_does_not_know_of():
    other = matrix("P_A", J * r, J * r, "projection")
    with pytest.raises(DoesNotApply, match="is not known"):
        Projections(ranks={P1: 1, PZ: J})
    with pytest.raises(DoesNotApply, match="is not about"):
        Projections(assume(P1 * PZ, P1), assume(other * P1, PZ), ranks={P1: 1, PZ: J})
    with pytest.raises(DoesNotApply, match="is not a projection"):
        Projections(ranks={matrix("K", J * r, J * r): 1})
    with pytest.raises(DoesNotApply, match="symmetric"):
        Projections(
            assume(P1 * PZ, P1), assume(P1 * other, P1), assume(PZ * other, P1 * other), ranks={P1: 1, PZ: J, other: r}
        )
    unit = eye(J * r)
    with pytest.raises(DoesNotApply):
        step(start(PZ * other), one_way().law)
    with pytest.raises(DoesNotApply, match="is not made of"):
        one_way().parts(sigma2 * unit + other)
    assert collect.rewrite(unit + unit) == 2 * unit


PAGE = Path(__file__).resolve().parents[1] / "book" / "proofs-for-all-dimensions.ipynb"


def equations_of_the_page():
    """Run the page, and return every equation that it proves or assumes, in order."""
    found, names = [], {}
    for cell in json.loads(PAGE.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
            found += [item for item in names.values() if isinstance(item, Equation)]
    return list({id(equation): equation for equation in found}.values())


def mixed(rng, **changed):
    """Return numbers for the letters of the mixed model, some of them changed before the others are made of them."""
    shapes = {"X": (7, 2), "Z": (7, 3), "A": (7, 3), "B": (3, 7), "D": (5, 5), "y": (7, 1)}
    values = {name: rng.normal(size=size) for name, size in shapes.items()}
    for name, size in {"R": 7, "G": 3}.items():
        root = rng.normal(size=(size, size))
        values[name] = root @ root.T + np.eye(size)
    values |= {"n": 7, "p": 2, "m": 3, "sigma^2": 1.7, **changed}
    X, Z, R, G, y = (values[name] for name in "XZRGy")
    values = {"V": R + Z @ G @ Z.T, "N": np.linalg.inv(G) + Z.T @ np.linalg.inv(R) @ Z} | values
    inverse = np.linalg.inv(values["V"])
    S = X.T @ inverse @ X
    values.setdefault("C", np.linalg.svd(X)[0][:, 2:] @ rng.normal(size=(5, 5)))
    values["Q"] = inverse - inverse @ X @ np.linalg.inv(S) @ X.T @ inverse
    values["beta_hat"] = np.linalg.solve(S, X.T @ inverse @ y)
    values["v"] = values["w"] = inverse @ (y - X @ values["beta_hat"])
    values["alpha_hat"] = G @ Z.T @ values["v"]
    return values


def with_a_slip(rng):
    """Return numbers that solve the mixed model equations with G in the place of its inverse."""
    values = mixed(rng)
    X, Z, R, G, y = (values[name] for name in "XZRGy")
    values["alpha_hat"] = np.linalg.solve(
        G + Z.T @ np.linalg.inv(R) @ Z, Z.T @ np.linalg.inv(R) @ (y - X @ values["beta_hat"])
    )
    values["w"] = np.linalg.solve(R, y - X @ values["beta_hat"] - Z @ values["alpha_hat"])
    return values


def balanced(rng, J, r, s=1):
    """Return numbers for a balanced layout: J groups of s r observations, s groups that cross them."""
    rows = J * s * r
    A = np.kron(np.eye(J), np.ones((s * r, 1)))
    B = np.kron(np.ones((J, 1)), np.kron(np.eye(s), np.ones((r, 1))))
    ones, y = np.ones((rows, 1)), rng.normal(size=(rows, 1))
    values = {"Z": A, "1": ones, "1_J": np.ones((J, 1)), "y": y, "ybar": y.mean(), "beta": 0.4, "J": J, "r": r, "s": s}
    values |= {"sigma^2": 1.7, "sigma_alpha^2": 0.6, "sigma_A^2": 0.6, "sigma_B^2": 0.9, "k": 3.0}
    for name, columns in {"P_1": ones, "P_Z": A, "P_A": A, "P_B": B}.items():
        values[name] = columns @ np.linalg.pinv(columns)
    return values


def worlds(rng):
    """Return worlds of numbers, in each of which some of the page's assumptions hold."""
    A, X, V = rng.normal(size=(7, 7)), rng.normal(size=(7, 2)), np.diag(np.arange(1.0, 8.0))
    kept = {"X": X, "V": 2 * np.eye(7) + 3 * X @ np.linalg.pinv(X), "D": 5 * np.eye(2)}
    return [
        mixed(rng),
        mixed(rng, **kept),
        mixed(rng, R=1.7 * np.eye(7)),
        mixed(rng, A=A, B=rng.normal(size=(7, 7)), C=A @ A - 2 * A),
        mixed(rng, A=rng.normal(size=(2, 2)), B=rng.normal(size=(5, 2))),
        mixed(rng, X=X, V=V, U=V @ X, D=np.eye(2)),
        with_a_slip(rng),
        balanced(rng, 3, 4),
        balanced(rng, 3, 4, 2),
    ]


def named(expression, values):
    """Return the value of an expression, its letters and numbers found by their names, or None where they do not fit."""
    letters = expression.atoms(sp.Symbol) | {
        part for part in sp.preorder_traversal(expression) if hasattr(part, "known_to_be")
    }
    try:
        found = {part: values[part.name] for part in letters}
        return value(expression, found) if expression != 0 else np.zeros((1, 1))
    except (KeyError, ValueError):
        return None


def holds(condition, values):
    """Return whether a condition holds in a world of numbers (and False where the world does not have its letters)."""
    parts = [named(part, values) for part in condition.args]
    if any(part is None for part in parts):
        return False
    if isinstance(condition, Equal):
        return close(*parts)
    if isinstance(condition, Invertible):
        return bool(np.linalg.cond(parts[0]) < 1e8)
    if isinstance(condition, Positive):
        return bool(parts[0] > 0)
    if isinstance(condition, Rank):
        return bool(np.linalg.matrix_rank(parts[0]) == parts[1])
    assert isinstance(condition, Nonzero)
    return bool(parts[0] != 0)


def test_every_equation_of_the_page_holds_for_matrices_of_numbers_that_fulfil_its_conditions():
    rng = np.random.default_rng(11)
    tried = [*worlds(rng), *worlds(rng)]
    equations = equations_of_the_page()
    held = dict.fromkeys(range(len(equations)), 0)
    for place, equation in enumerate(equations):
        for values in tried:
            left, right = named(equation.left, values), named(equation.right, values)
            if left is not None and right is not None and all(holds(c, values) for c in equation.given):
                assert close(left, right), equation
                held[place] += 1
    never = [str(equations[place]) for place, times in held.items() if not times]
    assert len(equations) > 60
    assert never == []
