"""Worlds with one grouping factor: Y_j = X_j beta + Z_j alpha_j + epsilon_j, group by group and stacked."""

from collections.abc import Callable
from fractions import Fraction

from lmmtext.verify.chance import Rand
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Meaning
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance
from lmmtext.verify.worlds.taking import take

Values = Callable[..., Mat]
GLS = r"\arg\min_{\mathbf{a}} \lVert \mathbf{y} - \mathbf{X} \mathbf{a} \rVert_{\mathbf{V}^{-1}}^2"

# Degrees in what is drawn: Sigma is L D L' of a drawn L and D, and alpha_j is L times sources that take drawn values.
DEGREES = {
    "sigma2": 1, "sigma2_alpha": 1, "beta": 1, "X_j": 1, "Z_j": 1, "X": 1, "Z": 1, "x_ij": 1, "z_ij": 1, "Sigma": 3,
    "alpha_j": 2, "alpha": 2, "epsilon": 1, "epsilon_j": 1, "epsilon_ij": 1, "e": 3, "Y_j": 3, "y_j": 3, "Y": 3, "y": 3,
    "Y_ij": 3, "y_ij": 3, "beta_j": 2, "S": 2,
}  # fmt: skip


def ldl(S: Mat) -> tuple[Mat, list[Fraction]]:
    """Return L and D with S = L D L', L unit lower triangular: no square root, so all stays rational.

    S may be singular, as an estimate on the edge is: below a pivot of zero nothing is left.
    """
    size, L = S.height, [[Fraction(0)] * S.height for _ in range(S.height)]
    D: list[Fraction] = []
    for j in range(size):
        D.append(S.rows[j][j] - sum((L[j][k] * L[j][k] * D[k] for k in range(j)), Fraction(0)))
        for i in range(j, size):
            rest = S.rows[i][j] - sum((L[i][k] * L[j][k] * D[k] for k in range(j)), Fraction(0))
            L[i][j] = (rest / D[j] if D[j] else Fraction(0)) if i > j else Fraction(1)
    return Mat.of(L, size), D


def sources(scope: Scope, label: str, variances: list[Fraction]) -> Mat:
    """Return a column of independent sources with these variances."""
    return Mat.column([scope.source(f"{label}.{k}", v) for k, v in enumerate(variances)])


def groups(scope: Scope) -> range:
    """Return the groups, from 1."""
    return range(1, scope.size("J") + 1)


def stack(scope: Scope, name: str) -> Mat:
    """Return the values of all groups, one below the other."""
    whole = scope(name, 1)
    for j in list(groups(scope))[1:]:
        whole = whole.above(scope(name, j))
    return whole


def block_diagonal(scope: Scope, name: str) -> Mat:
    """Return the values of all groups along the diagonal."""
    blocks = [scope(name, j) for j in groups(scope)]
    width = sum(b.width for b in blocks)
    rows: list[list[Fraction]] = []
    before = 0
    for b in blocks:
        rows += [[Fraction(0)] * before + list(r) + [Fraction(0)] * (width - before - b.width) for r in b.rows]
        before += b.width
    return Mat.of(rows, width)


def _alpha(scope: Scope, j: int) -> Mat:
    L, D = ldl(scope("Sigma"))
    return L @ sources(scope, f"a{j}", D)


def _epsilon(scope: Scope, j: int) -> Mat:
    return sources(scope, f"e{j}", [scope("sigma2").scalar] * scope.size(f"n_{j}"))


def _response(scope: Scope, j: int) -> Mat:
    made = scope("X_j", j) @ scope("beta") + scope("Z_j", j) @ scope("alpha_j", j) + scope("epsilon_j", j)
    return made.map(lambda x: x if isinstance(x, Rand) else x)


def element(name: str) -> Values:
    """Return the definition of element i of group j of a column."""
    return lambda scope, i, j: Mat.number(scope(name, j).rows[i - 1][0])


def row(name: str) -> Values:
    """Return the definition of row i of group j of a matrix, as a column."""
    return lambda scope, i, j: Mat.of([scope(name, j).rows[i - 1]]).T


def meanings(*, beta: str = r"\boldsymbol{\beta}", own: bool = True) -> tuple[Meaning, ...]:
    """Return what all grouped worlds share; `own` says whether groups have coefficients beta_j of their own."""
    plain = beta == r"\beta"
    alpha_j, beta_j = (r"\alpha_j", r"\beta_j") if plain else (r"\boldsymbol{\alpha}_j", r"\boldsymbol{\beta}_j")
    found: tuple[Meaning, ...] = (
        take(r"\sigma^2", "sigma2", "parameter", lambda s: s.drawn("sigma2")),
        take(beta, "beta", "parameter", lambda s: s.drawn("beta"), like=r"\boldsymbol{\beta}"),
        take(r"\mathbf{X}_j", "X_j", "given", lambda s, j: s.drawn("X", j)),
        take(r"\mathbf{Z}_j", "Z_j", "given", lambda s, j: s.drawn("Z", j)),
        take(r"\mathbf{X}", "X", "given", lambda s: stack(s, "X_j")),
        take(r"\mathbf{Z}", "Z", "given", lambda s: block_diagonal(s, "Z_j")),
        take(r"\mathbf{x}_{ij}", "x_ij", "given", row("X_j")),
        take(r"\mathbf{z}_{ij}", "z_ij", "given", row("Z_j")),
        take(alpha_j, "alpha_j", "random", _alpha, like=r"\boldsymbol{\alpha}_j"),
        take(r"\boldsymbol{\alpha}", "alpha", "random", lambda s: stack(s, "alpha_j")),
        take(r"\boldsymbol{\epsilon}_j", "epsilon_j", "random", _epsilon, words="errors of group j", of="n_j"),
        take(r"\boldsymbol{\epsilon}", "epsilon", "random", lambda s: stack(s, "epsilon_j")),
        take(r"\epsilon_{ij}", "epsilon_ij", "random", element("epsilon_j"), words="error of observation i of group j"),
        take(r"\mathbf{e}", "e", "random", lambda s: s("Z") @ s("alpha") + s("epsilon")),
        take(r"\mathbf{Y}_j", "Y_j", "random", _response, words="responses of group j", of="n_j"),
        take(r"\mathbf{y}_j", "y_j", "random", lambda s, j: s("Y_j", j), words="data of group j", of="n_j"),
        take(r"\mathbf{Y}", "Y", "random", lambda s: stack(s, "Y_j")),
        take(r"\mathbf{y}", "y", "random", lambda s: s("Y")),
        take(r"Y_{ij}", "Y_ij", "random", element("Y_j")),
        take(r"y_{ij}", "y_ij", "random", element("Y_j"), words="observation i of group j"),
        take(r"\mathbf{G}", "G", "defined"),
        take(r"\mathbf{V}", "V", "defined"),
        take(r"\mathbf{V}_j", "V_j", "defined", r"\operatorname{Var}(\mathbf{Y}_j)", words="covariance of Y_j",
             of="n_j x n_j", symmetric=True),
        take(r"\mathbf{S}_j", "S_j", "defined", r"\mathbf{Z}_j^\top \mathbf{Z}_j"),
        take(r"\bar{y}_j", "bar_y_j", "defined"),
        take(r"\bar{y}", "bar_y", "defined", r"\frac{1}{n} \sum_{j=1}^{J} \sum_{i=1}^{n_j} y_{ij}"),
        take(r"\bar{Y}_j", "bar_Y_j", "defined"),
        take(r"\bar{Y}", "bar_Y", "defined", r"\frac{1}{n} \sum_{j=1}^{J} \sum_{i=1}^{n_j} Y_{ij}"),
        take(r"\hat" + "{" + beta + "}", "hat_beta", "defined",
             GLS,
             like=r"\boldsymbol{\beta}", words="generalised least squares estimate of beta, V being known"),
    )  # fmt: skip
    if own:
        found += (
            take(beta_j, "beta_j", "random", lambda s, j: s("beta") + s("alpha_j", j), like=r"\boldsymbol{\beta}_j"),
            take(r"\hat{" + beta_j[:-2] + "}_j", "hat_beta_j", "defined",
                 rf"\operatorname{{E}}[{beta_j} \mid \mathbf{{y}}_j]", like=r"\boldsymbol{\beta}_j",
                 words="best prediction of beta_j from the data of its group, parameters known"),
        )  # fmt: skip
    return found


def instance(
    draw: Draw, world: object, sizes: dict[str, int], counts: tuple[int, ...], values: dict[object, object]
) -> Instance:
    """Return an instance with free indices i and j drawn: different ones, so that they cannot be exchanged unseen."""
    j = draw.rng.randint(1, len(counts))
    within = list(range(1, min(counts) + 1))
    first = draw.rng.choice([x for x in within if x != j] or within)
    i = (first, draw.rng.choice([x for x in within if x != first] or within))
    other = draw.rng.choice([k for k in range(1, len(counts) + 1) if k != j])
    values |= {("index", "j", 0): Fraction(j), ("index", "j", 1): Fraction(other)}
    values |= {("index", "i", 0): Fraction(i[0]), ("index", "i", 1): Fraction(i[1])}
    full = {"J": len(counts), "n": sum(counts), **sizes}
    return Instance(world, full, counts, values, draw)  # type: ignore[arg-type]
