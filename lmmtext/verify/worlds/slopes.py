"""Random coefficients: as in chapter 1, where every coefficient varies (p = q), and with predictors of their own."""

from typing import Any

from lmmtext.verify.covariance_reml import covariance_estimates
from lmmtext.verify.dims import Dim
from lmmtext.verify.matrix import Mat
from lmmtext.verify.meaning import Meaning
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds import grouped
from lmmtext.verify.worlds.taking import aliases, take, with_degrees

# (p, q, group sizes), pairwise distinct: no two of the usual sizes (J - 1, p - 1, n - p, ...) agree in both 0 and 1.
SLOPES = {0: (4, 2, (3, 5, 4)), 1: (2, 3, (3, 4, 3, 4, 3)), -1: (2, 1, (3, 2))}
REGRESSION = {0: (3, (5, 4, 7, 6, 8)), 1: (4, (6, 5, 7)), -1: (1, (2, 1))}
BALANCED = {0: (2, (7,) * 4), 1: (3, (5,) * 7), -1: (1, (2, 2))}

OWN_FACTS: dict[str, Any] = {
    "orthogonal": (
        (r"\mathbf{X}_j^\top", "1", r"\mathbf{y}_j - \mathbf{X}_j \mathbf{b}_j"),
        (r"\mathbf{X}_j^\top", "1", r"\mathbf{Y}_j - \mathbf{X}_j \mathbf{b}_j"),
    ),
    "orthogonal_in_mean": (
        (r"\hat{\boldsymbol{\beta}}_j", "1", r"(\boldsymbol{\beta}_j - \hat{\boldsymbol{\beta}}_j)^\top"),
    ),
}
# Where the estimates take different forms: off the edge (first), and on it.
WITHIN = r"\sum_{j=1}^{J} \lVert \mathbf{y}_j - \mathbf{X}_j \mathbf{b}_j \rVert^2"
INTERIOR = (
    r"\frac{1}{J - 1} \sum_{j=1}^{J} (\mathbf{b}_j - \bar{\mathbf{b}}) (\mathbf{b}_j - \bar{\mathbf{b}})^\top"
    rf" \succ \frac{{1}}{{J (r - q)}} {WITHIN} \mathbf{{S}}^{{-1}}"
)
EDGE = (
    r"\frac{1}{J - 1} \sum_{j=1}^{J} \lVert \mathbf{b}_j - \bar{\mathbf{b}} \rVert_{\mathbf{S}}^2"
    rf" < \frac{{q}}{{J (r - q)}} {WITHIN}"
)
BALANCED_FACTS: dict[str, Any] = {
    "deviations": (r"\mathbf{b}_j - \bar{\mathbf{b}}",),
    "identified": {"b": "bar_b"},
    "regimes": (INTERIOR, EDGE, EDGE, INTERIOR),
}


ALIASES_BALANCED = {
    r"\hat\sigma_{\mathrm{R}}^2": "reml_sigma2",
    r"\hat{\boldsymbol{\Sigma}}_{\mathrm{R}}": "reml_Sigma",
}


def _meanings(*, own: bool, balanced: bool) -> tuple[Meaning, ...]:
    found = (
        *grouped.meanings(own=own),
        take(r"\boldsymbol{\Sigma}", "Sigma", "parameter", lambda s: s.drawn("Sigma")),
    )
    if own:
        found += (
            take(r"\mathbf{b}_j", "b_j", "defined"),
            take(r"\bar{\mathbf{b}}", "bar_b", "defined"),
            take(r"\mathbf{b}", "b", "defined"),
        )
    if balanced:
        found += (
            take(r"\hat\sigma^2", "reml_sigma2", "defined", lambda s: Mat.number(covariance_estimates(s)[0]),
                 words="REML estimate of sigma^2"),
            take(r"\hat{\boldsymbol{\Sigma}}", "reml_Sigma", "defined", lambda s: covariance_estimates(s)[1],
                 words="REML estimate of Sigma", symmetric=True),
        )  # fmt: skip
        found += (take(r"\mathbf{S}", "S", "defined", lambda s: s("S_j", 1), like=r"\mathbf{S}_j", symmetric=True),)
    return found


def _world(name: str, words: str, *, own: bool, balanced: bool = False) -> World:
    found = with_degrees(_meanings(own=own, balanced=balanced), grouped.DEGREES)
    here: list[World] = []

    def make(draw: Draw) -> Instance:
        if own:
            q, counts = (BALANCED if balanced else REGRESSION)[draw.size]
            p = q
        else:
            p, q, counts = SLOPES[draw.size]
        shared = draw.matrix(counts[0], p)
        X = {j: shared if balanced else draw.matrix(c, p) for j, c in enumerate(counts, 1)}
        values: dict[Any, Any] = {
            "sigma2": Mat.number(draw.positive()),
            "Sigma": draw.spd(q),
            "beta": Mat.column([draw.integer() for _ in range(p)]),
            "X": X,
            "Z": X if own else {j: draw.matrix(c, q) for j, c in enumerate(counts, 1)},
        }
        sizes = {"p": p, "q": q, "m": q * len(counts), **({"r": counts[0]} if balanced else {})}
        return grouped.instance(draw, here[0], sizes, counts, values)

    J, q = Dim.of("J"), Dim.of("q")
    relations: dict[str, Dim] = {"m": J * q}
    if own:
        relations["p"] = q
    if balanced:
        relations |= {"n": J * Dim.of("r"), "n_j": Dim.of("r")}
    here.append(
        World(
            name,
            words,
            found,
            ("n", "J", "r", "n_j", "p", "q", "m") if balanced else ("n", "J", "n_j", "p", "q", "m"),
            make,
            relations=relations,
            uppers={"j": "J", "i": "r" if balanced else "n_j"},
            aliases={**aliases(found), **(ALIASES_BALANCED if balanced else {})},
            richer="random-regression" if balanced else "",
            **(OWN_FACTS if own else {}),
            **(BALANCED_FACTS if balanced else {}),
        )
    )
    return here[0]


RANDOM_SLOPE = _world(
    "random-slope", "X_j and Z_j of their own and of full rank, Sigma q x q, Z stacked, normal", own=False
)
RANDOM_REGRESSION = _world(
    "random-regression", "every coefficient varies between groups: Z_j = X_j of full rank, p = q, normal", own=True
)
RANDOM_REGRESSION_BALANCED = _world(
    "random-regression-balanced",
    "every coefficient varies, and all groups have the same X_j, of full rank, normal",
    own=True,
    balanced=True,
)
