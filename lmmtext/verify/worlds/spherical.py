r"""The general model in the letters of lme4: alpha = Lambda u, with u of variance sigma^2 I; G may be singular."""

from lmmtext.verify.matrix import ZERO, Mat
from lmmtext.verify.scope import Scope
from lmmtext.verify.world import Draw, Instance, World
from lmmtext.verify.worlds.grouped import GLS, sources
from lmmtext.verify.worlds.stacked import DEGREES, GENERAL_WORLD, blup, common, contrasts, draw_stacked
from lmmtext.verify.worlds.taking import aliases, take, with_degrees


def _system(scope: Scope) -> Mat:
    ZL = scope("Z") @ scope("Lambda")
    return ZL.T @ ZL + Mat.identity(scope.size("m"))


def _make_spherical(draw: Draw) -> Instance:
    sizes, values = draw_stacked(draw)
    m = sizes["m"]
    Lambda = draw.matrix(m, m)
    if draw.special:  # a variance of zero: Lambda and G are singular
        Lambda = Mat(tuple((*row[:-1], ZERO) for row in Lambda.rows), m)
    return Instance(SPHERICAL, sizes, (), {**values, "Lambda": Lambda}, draw)


_SPHERICAL = with_degrees(
    (
        *(m for m in common() if m.name not in ("G", "alpha")),
        take(r"\boldsymbol{\Lambda}", "Lambda", "parameter", lambda s: s.drawn("Lambda")),
        take(r"\mathbf{u}", "u", "random", lambda s: sources(s, "u", [s("sigma2").scalar] * s.size("m"))),
        take(r"\boldsymbol{\alpha}", "alpha", "random", lambda s: s("Lambda") @ s("u")),
        take(r"\mathbf{G}", "G", "defined"),
        take(r"\boldsymbol{\Psi}", "Psi", "defined", r"\boldsymbol{\Lambda} \boldsymbol{\Lambda}^\top"),
        take(r"\mathbf{M}", "M", "defined", _system,
             words="system of the random effects, Lambda'Z'Z Lambda + I"),
        take(r"\boldsymbol{\beta}", "beta", "parameter", lambda s: s.drawn("beta")),
        take(r"\hat{\boldsymbol{\beta}}", "hat_beta", "defined", GLS, like=r"\boldsymbol{\beta}",
             words="generalised least squares estimate of beta, V being known"),
        take(r"\hat{\mathbf{u}}", "hat_u", "defined", blup("u"), like=r"\mathbf{u}",
             words="best linear unbiased prediction of u"),
        take(r"\hat{\boldsymbol{\alpha}}", "hat_alpha", "defined", blup("alpha"), like=r"\boldsymbol{\alpha}",
             words="best linear unbiased prediction of alpha"),
        take(r"\mathbf{Q}", "Q", "defined", contrasts),
    ),
    {**DEGREES, "Lambda": 1, "u": 1, "G": 3, "M": 4},
)  # fmt: skip


SPHERICAL = World(
    "spherical", "the general model with alpha = Lambda u and Var(u) = sigma^2 I: G may be singular, normal",
    _SPHERICAL, ("n", "p", "m"), _make_spherical, special="ranks", aliases=aliases(_SPHERICAL),
    orthogonal=GENERAL_WORLD.orthogonal,
)  # fmt: skip
