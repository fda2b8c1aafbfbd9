r"""Balanced layouts with two factors, crossed or nested: observation i of level j of the first and k of the second.

Y_ijk = mu + alpha_j + tau_k + (alpha tau)_jk + epsilon_ijk if crossed, mu + alpha_j + tau_jk + epsilon_ijk if the
second factor is nested in the first. Observations come first among the indices, as everywhere in the book; texts on the
analysis of variance put them last. They are stacked with i running fastest and j slowest: Z_A = I_J x 1_s x 1_r.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lmmtext.verify.dims import ONE, Dim
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Meaning
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds.grouped import GLS, sources
from lmmtext.verify.worlds.taking import aliases, take, with_degrees

# J, s, r: no two of the usual sizes (J, s - 1, Js, n - J, ...) agree in both, nor is one of them 1 in both.
SIZES = {0: (3, 4, 2), 1: (5, 2, 3), -1: (2, 3, 2)}
DEGREES = dict.fromkeys(
    ("sigma2", "sigma2_alpha", "sigma2_tau", "sigma2_alphatau", "beta", "alpha_A", "alpha_B", "alpha_AB", "alpha",
     "alpha_j", "tau_k", "tau_jk", "alphatau_jk", "epsilon", "epsilon_ijk", "e", "Y", "y", "Y_ijk", "y_ijk"),
    1,
) | dict.fromkeys(("X", "Z", "Z_A", "Z_B", "Z_AB"), 0)  # fmt: skip
OVER_ALL = r"\sum_{j=1}^{J} \sum_{k=1}^{s} \sum_{i=1}^{r}"
ORTHOGONAL = tuple(
    (r"\mathbf{1}_n^\top", weight, rf"{y} - \mathbf{{1}}_n {mean}")
    for weight in ("1", r"\mathbf{V}^{-1}")
    for y in (r"\mathbf{y}", r"\mathbf{Y}")
    for mean in (r"\bar{y}", r"\bar{Y}", r"\hat\mu")
)
ALIASES = {
    r"\beta": "beta", r"\hat\beta": "hat_beta", "a_j": "alpha_j", r"\bar{y}_{jk}": "bar_y_jk",
    r"\bar{Y}_{jk}": "bar_Y_jk",
}  # fmt: skip
ALIASES_CROSSED = {
    "b_k": "tau_k", r"\beta_k": "tau_k", "(ab)_{jk}": "alphatau_jk", r"(\alpha\beta)_{jk}": "alphatau_jk",
    r"\gamma_{jk}": "alphatau_jk", r"\sigma_b^2": "sigma2_tau", r"\sigma_B^2": "sigma2_tau",
    r"\sigma_\beta^2": "sigma2_tau", r"\sigma_{ab}^2": "sigma2_alphatau", r"\sigma_{AB}^2": "sigma2_alphatau",
    r"\sigma_{\alpha\beta}^2": "sigma2_alphatau",
    r"\sigma_\gamma^2": "sigma2_alphatau",
}  # fmt: skip
ALIASES_NESTED = {
    "b_{jk}": "tau_jk", r"\beta_{jk}": "tau_jk", r"\sigma_b^2": "sigma2_tau", r"\sigma_B^2": "sigma2_tau",
    r"\sigma_\beta^2": "sigma2_tau", r"\mathbf{Z}_B": "Z_AB", r"\boldsymbol{\alpha}_B": "alpha_AB",
}  # fmt: skip


def incidence(scope: Scope, *, first: bool, second: bool) -> Mat:
    """Return which level of the factors that are named each observation has: I or 1 for each, and 1_r."""
    J, s, r = (scope.size(x) for x in ("J", "s", "r"))

    def part(named: bool, size: int) -> Mat:
        return Mat.identity(size) if named else _ones(size)

    return part(first, J).kron(part(second, s)).kron(_ones(r))


def _ones(size: int) -> Mat:
    return Mat.full(size, 1, Fraction(1))


def _effects(label: str, variance: str, *sizes: str) -> Callable[[Scope], Mat]:
    def found(scope: Scope) -> Mat:
        count = 1
        for size in sizes:
            count *= scope.size(size)
        return sources(scope, label, [scope(variance).scalar] * count)

    return found


def _element(name: str) -> Callable[..., Mat]:
    def found(scope: Scope, i: int, j: int, k: int) -> Mat:
        s, r = scope.size("s"), scope.size("r")
        return Mat.number(scope(name).rows[((j - 1) * s + k - 1) * r + i - 1][0])

    return found


def _cell(scope: Scope, j: int, k: int) -> Mat:
    return Mat.number(scope("alpha_AB").rows[(j - 1) * scope.size("s") + k - 1][0])


def _level(name: str) -> Callable[..., Mat]:
    return lambda scope, level: Mat.number(scope(name).rows[level - 1][0])


def _means(letter: str, words: str, *, crossed: bool) -> tuple[Meaning, ...]:
    """Return the means of cells, of levels and of all, of the data (y) or of the responses (Y)."""
    bar = rf"\bar{{{letter}}}"
    of_all = rf"{OVER_ALL} {letter}_{{ijk}}"
    found: tuple[Meaning, ...] = (
        take(rf"{bar}_{{\cdot jk}}", f"bar_{letter}_jk", "defined",
             rf"\frac{{1}}{{r}} \sum_{{i=1}}^{{r}} {letter}_{{ijk}}",
             words=f"mean of the {words} of cell jk", of=""),
        take(rf"{bar}_{{\cdot j \cdot}}", f"bar_{letter}_j", "defined",
             rf"\frac{{1}}{{s r}} \sum_{{k=1}}^{{s}} \sum_{{i=1}}^{{r}} {letter}_{{ijk}}",
             words=f"mean of the {words} of level j of the first factor", of=""),
        take(bar, f"bar_{letter}", "defined", rf"\frac{{1}}{{n}} {of_all}"),
    )  # fmt: skip
    if crossed:
        found += (
            take(rf"{bar}_{{\cdot\cdot k}}", f"bar_{letter}_k", "defined",
                 rf"\frac{{1}}{{J r}} \sum_{{j=1}}^{{J}} \sum_{{i=1}}^{{r}} {letter}_{{ijk}}",
                 words=f"mean of the {words} of level k of the second factor", of=""),
        )  # fmt: skip
    return found


def _crossed() -> tuple[Meaning, ...]:
    return (
        take(r"\sigma_\tau^2", "sigma2_tau", "parameter", lambda s: s.drawn("sigma2_tau")),
        take(r"\sigma_{\alpha\tau}^2", "sigma2_alphatau", "parameter", lambda s: s.drawn("sigma2_alphatau")),
        take(r"\mathbf{Z}_B", "Z_B", "given", lambda s: incidence(s, first=False, second=True)),
        take(r"\boldsymbol{\alpha}_B", "alpha_B", "random", _effects("b", "sigma2_tau", "s")),
        take(r"\boldsymbol{\alpha}_{AB}", "alpha_AB", "random", _effects("ab", "sigma2_alphatau", "J", "s")),
        take(r"\tau_k", "tau_k", "random", _level("alpha_B")),
        take(r"(\alpha\tau)_{jk}", "alphatau_jk", "random", _cell),
        take(r"\mathbf{Z}", "Z", "given", lambda s: s("Z_A").beside(s("Z_B")).beside(s("Z_AB"))),
        take(r"\boldsymbol{\alpha}", "alpha", "random",
             lambda s: s("alpha_A").above(s("alpha_B")).above(s("alpha_AB"))),
        take(r"\operatorname{SSB}", "SSB", "defined", r"J r \sum_{k=1}^{s} (\bar{y}_{\cdot\cdot k} - \bar{y})^2"),
        take(r"\operatorname{SSAB}", "SSAB", "defined", r"r \sum_{j=1}^{J} \sum_{k=1}^{s} "
             r"(\bar{y}_{\cdot jk} - \bar{y}_{\cdot j \cdot} - \bar{y}_{\cdot\cdot k} + \bar{y})^2"),
        take(r"\operatorname{MSB}", "MSB", "defined", r"\frac{\operatorname{SSB}}{s - 1}"),
        take(r"\operatorname{MSAB}", "MSAB", "defined", r"\frac{\operatorname{SSAB}}{(J - 1)(s - 1)}"),
    )  # fmt: skip


def _nested() -> tuple[Meaning, ...]:
    return (
        take(r"\sigma_\tau^2", "sigma2_tau", "parameter", lambda s: s.drawn("sigma2_tau")),
        take(r"\boldsymbol{\alpha}_{AB}", "alpha_AB", "random", _effects("ab", "sigma2_tau", "J", "s")),
        take(r"\tau_{jk}", "tau_jk", "random", _cell),
        take(r"\mathbf{Z}", "Z", "given", lambda s: s("Z_A").beside(s("Z_AB"))),
        take(r"\boldsymbol{\alpha}", "alpha", "random", lambda s: s("alpha_A").above(s("alpha_AB"))),
        take(r"\operatorname{SSB}", "SSB", "defined",
             r"r \sum_{j=1}^{J} \sum_{k=1}^{s} (\bar{y}_{\cdot jk} - \bar{y}_{\cdot j \cdot})^2",
             words="sum of squares of the second factor within the first"),
        take(r"\operatorname{MSB}", "MSB", "defined", r"\frac{\operatorname{SSB}}{J (s - 1)}"),
    )  # fmt: skip


def _meanings(*, crossed: bool) -> tuple[Meaning, ...]:
    return (
        take(r"\sigma^2", "sigma2", "parameter", lambda s: s.drawn("sigma2")),
        take(r"\sigma_\alpha^2", "sigma2_alpha", "parameter", lambda s: s.drawn("sigma2_alpha")),
        take(r"\mu", "beta", "parameter", lambda s: s.drawn("beta")),
        take(r"\mathbf{X}", "X", "given", lambda s: _ones(s.size("n"))),
        take(r"\mathbf{Z}_A", "Z_A", "given", lambda s: incidence(s, first=True, second=False)),
        take(r"\mathbf{Z}_{AB}", "Z_AB", "given", lambda s: incidence(s, first=True, second=True)),
        take(r"\boldsymbol{\alpha}_A", "alpha_A", "random", _effects("a", "sigma2_alpha", "J")),
        take(r"\alpha_j", "alpha_j", "random", _level("alpha_A"), words="effect of level j of the first factor", of=""),
        take(r"\boldsymbol{\epsilon}", "epsilon", "random", _effects("e", "sigma2", "J", "s", "r")),
        take(r"\epsilon_{ijk}", "epsilon_ijk", "random", _element("epsilon"),
             words="error of observation i of cell jk", of=""),
        *(_crossed() if crossed else _nested()),
        take(r"\mathbf{e}", "e", "random", lambda s: s("Z") @ s("alpha") + s("epsilon")),
        take(r"\mathbf{Y}", "Y", "random", lambda s: s("X") @ s("beta") + s("e")),
        take(r"\mathbf{y}", "y", "random", lambda s: s("Y")),
        take(r"Y_{ijk}", "Y_ijk", "random", _element("Y"), words="response i of cell jk", of=""),
        take(r"y_{ijk}", "y_ijk", "random", _element("Y"), words="observation i of cell jk", of=""),
        take(r"\mathbf{G}", "G", "defined"),
        take(r"\mathbf{V}", "V", "defined"),
        *_means("y", "observations", crossed=crossed),
        *_means("Y", "responses", crossed=crossed),
        take(r"\hat\mu", "hat_beta", "defined", GLS,
             words="generalised least squares estimate of mu, V being known", of=""),
        take(r"\operatorname{SSA}", "SSA", "defined", r"s r \sum_{j=1}^{J} (\bar{y}_{\cdot j \cdot} - \bar{y})^2",
             words="sum of squares of the first factor"),
        take(r"\operatorname{SSE}", "SSE", "defined", OVER_ALL + r" (y_{ijk} - \bar{y}_{\cdot jk})^2",
             words="sum of squares within cells"),
        take(r"\operatorname{MSA}", "MSA", "defined"),
        take(r"\operatorname{MSE}", "MSE", "defined", r"\frac{\operatorname{SSE}}{J s (r - 1)}",
             words="SSE / (J s (r - 1))"),
    )  # fmt: skip


def _world(name: str, words: str, *, crossed: bool) -> World:
    found = with_degrees(_meanings(crossed=crossed), DEGREES)
    here: list[World] = []
    variances = ("sigma2", "sigma2_alpha", "sigma2_tau", *(("sigma2_alphatau",) if crossed else ()))
    J, s, r = (Dim.of(x) for x in ("J", "s", "r"))

    def make(draw: Draw) -> Instance:
        levels = dict(zip(("J", "s", "r"), SIZES[draw.size], strict=True))
        values: dict[Any, Any] = {x: Mat.number(draw.positive()) for x in variances}
        values["beta"] = Mat.number(draw.integer())
        taken: set[int] = set()  # free indices differ where they can, so that they cannot be exchanged unseen
        for index, size in sorted((("i", levels["r"]), ("j", levels["J"]), ("k", levels["s"])), key=lambda x: x[1]):
            levels_of = list(range(1, size + 1))
            first = draw.rng.choice([x for x in levels_of if x not in taken] or levels_of)
            other = draw.rng.choice([x for x in levels_of if x != first])
            taken.add(first)
            values |= {("index", index, 0): Fraction(first), ("index", index, 1): Fraction(other)}
        cells = levels["J"] * levels["s"]
        effects = levels["J"] + cells + (levels["s"] if crossed else 0)
        sizes = {**levels, "n": cells * levels["r"], "p": 1, "m": effects}
        return Instance(here[0], sizes, (), values, draw)

    here.append(
        World(
            name,
            words,
            found,
            ("n", "J", "s", "r", "p", "m"),
            make,
            relations={"n": J * s * r, "p": ONE, "m": J + J * s + (s if crossed else Dim.of(0))},
            uppers={"j": "J", "k": "s", "i": "r"},
            aliases={**ALIASES, **(ALIASES_CROSSED if crossed else ALIASES_NESTED), **_spellings(found)},
            orthogonal=ORTHOGONAL,
            commuting=frozenset({"V", "P_1", "P_X", "P_Z", "P_Z_A", "P_Z_AB", *(["P_Z_B"] if crossed else [])}),
        )
    )
    return here[0]


def _spellings(found: tuple[Meaning, ...]) -> dict[str, str]:
    """Return the other spellings of the table, but for SST, which with two factors is the total everywhere else."""
    return {tex: name for tex, name in aliases(found).items() if "SST" not in tex}


ANOVA = _world("anova", "a balanced layout of two crossed random factors with interaction, normal", crossed=True)
ANOVA_NESTED = _world(
    "anova-nested", "a balanced layout of two random factors, the second nested in the first, normal", crossed=False
)
