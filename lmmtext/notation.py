"""The notation of the book and of the package: every symbol once, with one meaning.

Greek in prose, ASCII in code; a code name is what arguments, attributes and variables are called. Decorations keep
the meaning: a hat is an estimate, a bar a mean, a dot the index that was averaged over, a star a new observation.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Symbol:
    """One symbol: its LaTeX, its meaning in words, its shape (empty for a number), and its name in code.

    ``elsewhere`` says how the lecture, lme4 or other texts write it, where that differs; ``spellings`` are those
    that the
    checker of equations (`lmmtext.verify`) takes for the same thing. ``definition`` is what the symbol *is*, in
    this notation
    and in terms of other symbols: a covariance, the solution of a least squares problem, a sum over the data; never a
    closed form that a chapter derives, for then an equation would be held to itself.
    """

    tex: str
    words: str
    shape: str = ""
    code: str = ""
    elsewhere: str = ""
    spellings: tuple[str, ...] = ()
    definition: str = ""


DIMENSIONS = (
    Symbol("n", "observations", code="n"),
    Symbol("p", "fixed effects: columns of X", code="p"),
    Symbol("J", "groups: levels of the grouping factor", code="J"),
    Symbol("q", "random coefficients of one group", code="q", elsewhere="lme4: the length of b, our m"),
    Symbol("m", "random effects in all: columns of Z; m = Jq with one grouping factor", code="m", elsewhere="lme4: q"),
    Symbol("r", "observations of each group, when all have the same number", code="r"),
    Symbol("n_j", "observations of group j", code="n_j"),
    Symbol("s", "levels of the second factor, in layouts with two", code="s", elsewhere="Searle: b"),
    Symbol("i", "index of an observation"),
    Symbol("j", "index of a group, or level of the first factor", elsewhere="analysis of variance: i"),
    Symbol("k", "index of a coefficient, or of a level of the second factor", elsewhere="analysis of variance: j"),
)

MODEL = (
    Symbol(r"\mathbf{Y}", "the response as a random vector", "n", elsewhere="lecture: also the data"),
    Symbol(r"\mathbf{y}", "the response observed: the data", "n", "y"),
    Symbol(r"Y_{ij}", "response i of group j"),
    Symbol(r"\mathbf{X}", "model matrix of the fixed effects", "n x p", "X"),
    Symbol(r"\mathbf{x}_{ij}", "its row for observation i of group j, as a column", "p", "x"),
    Symbol(r"\mathbf{Z}", "model matrix of the random effects", "n x m", "Z"),
    Symbol(r"\mathbf{z}_{ij}", "predictors of the random coefficients, observation i of group j", "q", "z"),
    Symbol(r"\mathbf{X}_j", "rows of X of group j", "n_j x p", "X_j"),
    Symbol(r"\mathbf{Z}_j", "predictors of the random coefficients in group j", "n_j x q", "Z_j"),
    Symbol(r"\boldsymbol{\beta}", "fixed effects", "p", "beta"),
    Symbol(
        r"\boldsymbol{\beta}_j",
        "group j's own coefficients, beta + alpha_j",
        "p",
        "beta_j",
        "lecture: theta_j; lme4: coef()",
        spellings=(r"\boldsymbol{\theta}_j",),
    ),
    Symbol(r"\boldsymbol{\alpha}_j", "random effects of group j", "q", "alpha_j", "lme4: b, a part of it"),
    Symbol(r"\boldsymbol{\alpha}", "all random effects, stacked", "m", "alpha", "lme4: b; Henderson: u"),
    Symbol(r"\boldsymbol{\alpha}_A", "effects of the levels of the first factor", "J"),
    Symbol(r"\boldsymbol{\alpha}_B", "effects of the levels of the second factor", "s"),
    Symbol(r"\boldsymbol{\alpha}_{AB}", "effects of the cells: interactions, or levels of a nested factor", "J s"),
    Symbol(r"\tau_k", "effect of level k of the second factor", elsewhere="Searle: beta, of level j"),
    Symbol(r"\tau_{jk}", "effect of level k of a second factor nested in level j of the first"),
    Symbol(
        r"(\alpha\tau)_{jk}",
        "interaction of level j of the first factor and level k of the second",
        elsewhere="Searle: gamma, of cell ij",
    ),
    Symbol(r"\mathbf{Z}_A", "which level of the first factor each observation has", "n x J"),
    Symbol(r"\mathbf{Z}_B", "which level of the second factor each observation has", "n x s"),
    Symbol(r"\mathbf{Z}_{AB}", "which cell each observation is in", "n x J s"),
    Symbol(r"\mathbf{T}", "the response as a table: column j is that of group j; balanced groups", "r x J", "table"),
    Symbol(
        r"\mathbf{u}",
        "spherical random effects: alpha = Lambda u, Var(u) = sigma^2 I",
        "m",
        "u",
        "Henderson: our alpha",
    ),
    Symbol(r"\boldsymbol{\epsilon}", "errors of the observations", "n", "epsilon", "lecture: also our e"),
    Symbol(r"\mathbf{e}", "marginal errors, Z alpha + epsilon", "n", "e", "lecture: epsilon, once more"),
    Symbol(r"\mu", "a mean, in models without predictors", code="mu"),
)

COVARIANCES = (
    Symbol(
        r"\sigma^2",
        "variance of an error (of weight one)",
        code="sigma2",
        spellings=(r"\sigma_e^2", r"\sigma_\epsilon^2"),
    ),
    Symbol(
        r"\boldsymbol{\Sigma}", "covariance of the random effects of one group", "q x q", "Sigma", "lecture: also our G"
    ),
    Symbol(
        r"\mathbf{G}",
        "covariance of all random effects",
        "m x m",
        "G",
        "lecture: Sigma, once more",
        definition=r"\operatorname{Var}(\boldsymbol{\alpha})",
    ),
    Symbol(
        r"\sigma_\alpha^2",
        "variance of a scalar random effect",
        code="sigma2_alpha",
        spellings=(r"\sigma_a^2", r"\sigma_A^2"),
    ),
    Symbol(r"\sigma_\tau^2", "variance of an effect of the second factor", elsewhere="Searle: of beta"),
    Symbol(r"\sigma_{\alpha\tau}^2", "variance of an interaction", elsewhere="Searle: of gamma"),
    Symbol(r"\rho", "intraclass correlation", code="rho", definition=r"\operatorname{Corr}(Y_{1j}, Y_{2j})"),
    Symbol(r"\mathbf{W}", "diagonal matrix of the prior weights", "n x n", "weights", "lecture: [X, Z], our H"),
    Symbol(
        r"\mathbf{R}",
        "covariance of the errors: sigma^2 I, without weights",
        "n x n",
        elsewhere="Henderson: R",
        definition=r"\operatorname{Var}(\boldsymbol{\epsilon})",
    ),
    Symbol(r"\mathbf{V}", "covariance of Y", "n x n", "V", definition=r"\operatorname{Var}(\mathbf{Y})"),
    Symbol(r"\boldsymbol{\theta}", "parameters of Lambda", "ntheta", "theta", "lecture: theta_j and (beta, alpha)"),
    Symbol(r"\boldsymbol{\Lambda}", "relative covariance factor: G = sigma^2 Lambda Lambda'", "m x m", "Lambda"),
    Symbol(r"\boldsymbol{\Psi}", "relative covariance, Lambda Lambda'", "m x m", "Psi"),
    Symbol(r"\mathbf{M}", "system of the random effects, Lambda'Z'WZ Lambda + I", "m x m", "M"),
    Symbol(r"\boldsymbol{\phi}", "variance parameters: entries of the Sigmas, then sigma^2", "nphi", "phi"),
)

ESTIMATION = (
    Symbol(
        r"\mathbf{b}_j",
        "least squares coefficients of group j by itself",
        "q",
        "b_j",
        definition=r"\arg\min_{\mathbf{a}} \lVert \mathbf{y}_j - \mathbf{X}_j \mathbf{a} \rVert^2",
    ),
    Symbol(
        r"\bar{\mathbf{b}}",
        "average of the b_j over groups",
        "q",
        "b_mean",
        definition=r"\frac{1}{J} \sum_{j=1}^{J} \mathbf{b}_j",
    ),
    Symbol(
        r"\mathbf{b}",
        "least squares coefficients of all data together (complete pooling)",
        "q",
        "b_all",
        definition=r"\arg\min_{\mathbf{a}} \sum_{j=1}^{J} \lVert \mathbf{y}_j - \mathbf{X}_j \mathbf{a} \rVert^2",
    ),
    Symbol(r"\mathbf{S}_j", "cross-products of group j, Z_j'Z_j; without index, when all are the same", "q x q", "S_j"),
    Symbol(
        r"\bar{y}_j",
        "mean of the observations of group j",
        code="y_mean",
        definition=r"\frac{1}{n_j} \sum_{i=1}^{n_j} y_{ij}",
    ),
    Symbol(
        r"\bar{Y}_j",
        "mean of the responses of group j as a random variable",
        definition=r"\frac{1}{n_j} \sum_{i=1}^{n_j} Y_{ij}",
    ),
    Symbol(r"\bar{y}", "mean of all observations"),
    Symbol(r"\bar{Y}", "mean of all responses as a random variable"),
    Symbol(
        r"\mathbf{g}",
        "means of the groups, stacked; balanced groups",
        "J",
        definition=r"\frac{1}{r} \mathbf{Z}^\top \mathbf{Y}",
    ),
    Symbol(r"\mathbf{c}", "deviations from the means of the groups, stacked", "n"),
    Symbol(
        r"\hat\sigma^2",
        "estimate of the error variance: by maximum likelihood, or by REML where that is said",
    ),
    Symbol(
        r"\hat\sigma_\alpha^2",
        "estimate of the variance of a scalar random effect: by maximum likelihood, or by REML where that is said",
    ),
    Symbol(
        r"\hat\sigma_{\mathrm{R}}^2",
        "REML estimate of the error variance",
        spellings=(r"\hat\sigma_{\mathrm{REML}}^2",),
    ),
    Symbol(
        r"\hat\sigma_{\alpha\mathrm{R}}^2",
        "REML estimate of the variance of a scalar random effect",
        spellings=(r"\hat\sigma_{\alpha\mathrm{REML}}^2", r"\hat\sigma_{\mathrm{R}\alpha}^2"),
    ),
    Symbol(
        r"\hat{\boldsymbol{\beta}}_{\mathrm{ML}}",
        "maximum likelihood estimate of the fixed effects, the variances being estimated too",
        "p",
    ),
    Symbol(r"\hat{\boldsymbol{\Sigma}}", "estimate of the covariance of the random effects of one group", "q x q"),
    Symbol(r"\mathbf{Q}", "V^-1 - V^-1 X (X'V^-1X)^-1 X'V^-1", "n x n", "Q", "REML texts: P"),
    Symbol(r"\mathbf{Q}\mathbf{y}", "V^-1 (y - X beta_hat)", "n", "Qy", "Gaussian processes: alpha"),
    Symbol(r"\mathbf{P}_{\mathbf{A}}", "orthogonal projector onto the columns of A", "n x n", "P_A"),
    Symbol(r"\mathbf{I}_n", "identity matrix of n rows", "n x n", "I"),
    Symbol(r"\mathbf{1}_n", "vector of n ones", "n", "ones"),
    Symbol(
        r"\operatorname{SSE}",
        "sum of squares within groups, y'(I - P_Z)y",
        code="SSE",
        spellings=(r"\operatorname{SSW}",),
        definition=r"\sum_{j=1}^{J} \sum_{i=1}^{n_j} (y_{ij} - \bar{y}_j)^2",
    ),
    Symbol(
        r"\operatorname{SSA}",
        "sum of squares between groups, y'(P_Z - P_1)y",
        code="SSA",
        elsewhere="lecture: SST",
        spellings=(r"\operatorname{SST}",),
        definition=r"\sum_{j=1}^{J} n_j (\bar{y}_j - \bar{y})^2",
    ),
    Symbol(
        r"\operatorname{MSE}",
        "SSE / (n - J)",
        code="MSE",
        spellings=(r"\operatorname{MSW}",),
        definition=r"\frac{\operatorname{SSE}}{n - J}",
    ),
    Symbol(r"\operatorname{MSA}", "SSA / (J - 1)", code="MSA", definition=r"\frac{\operatorname{SSA}}{J - 1}"),
    Symbol(r"\operatorname{SSB}", "sum of squares of the second factor, of two", code="SSB"),
    Symbol(r"\operatorname{SSAB}", "sum of squares of the interaction", code="SSAB"),
    Symbol(r"\operatorname{MSB}", "SSB / (s - 1), or SSB / (J (s - 1)) if nested", code="MSB"),
    Symbol(r"\operatorname{MSAB}", "SSAB / ((J - 1) (s - 1))", code="MSAB"),
    Symbol(r"\ell", "log-likelihood", code="loglik"),
    Symbol(r"d", "deviance: -2 times the (restricted) log-likelihood, profiled where that is said", code="deviance"),
)

PREDICTION = (
    Symbol(r"Y_*", "a new observation", code="y_new", elsewhere="lecture: Y^*"),
    Symbol(r"\mathbf{x}_*", "its predictors", "p", "x_new"),
    Symbol(r"\boldsymbol{\psi}", "Cov(Y, Y_*)", "n", "psi", definition=r"\operatorname{Cov}(\mathbf{Y}, Y_*)"),
    Symbol(
        r"\boldsymbol{\delta}",
        "weights of best linear prediction, V^-1 psi",
        "n",
        "delta",
        definition=r"\arg\min_{\mathbf{d}} \operatorname{Var}(Y_* - \mathbf{d}^\top \mathbf{Y})",
    ),
    Symbol(r"\boldsymbol{\gamma}", "joint coefficients (beta, alpha)", "p + m", "gamma", "lecture: theta, once more"),
    Symbol(
        r"\mathbf{H}",
        "joint model matrix [X, Z]",
        "n x (p + m)",
        "H",
        "lecture: W",
        definition=r"[\mathbf{X}, \mathbf{Z}]",
    ),
    Symbol(
        r"\boldsymbol{\Omega}",
        "prior covariance of gamma",
        "(p + m) x (p + m)",
        "Omega",
        definition=r"\operatorname{Var}(\boldsymbol{\gamma})",
    ),
    Symbol(r"\mathbf{f}", "values of a random function at the data", "n", elsewhere="kriging: the signal"),
    Symbol(r"f_*", "its value at a new point", code="f_new"),
    Symbol(
        r"\mathbf{K}",
        "covariance of f at the data",
        "n x n",
        elsewhere="Rasmussen and Williams: K(X, X)",
        definition=r"\operatorname{Var}(\mathbf{f})",
    ),
    Symbol(
        r"\mathbf{k}_*",
        "covariance of f at the data with its value at a new point",
        "n",
        elsewhere="Rasmussen and Williams: K(X, x_*)",
        definition=r"\operatorname{Cov}(\mathbf{f}, f_*)",
    ),
    Symbol(
        r"k_{**}",
        "variance of f at a new point",
        elsewhere="Rasmussen and Williams: k(x_*, x_*)",
        definition=r"\operatorname{Var}(f_*)",
    ),
    Symbol(r"\sigma_f^2", "variance of a random function, to which its covariances are proportional"),
    Symbol(r"\kappa", "prior precision of the fixed effects", code="kappa", elsewhere="condition numbers: our cond(A)"),
)

SYMBOLS = DIMENSIONS + MODEL + COVARIANCES + ESTIMATION + PREDICTION


def table(symbols: tuple[Symbol, ...] = SYMBOLS) -> str:
    """Return the symbols as a Markdown table.

    >>> print(table(DIMENSIONS[:2]))
    | symbol | meaning | shape | in code | elsewhere |
    |---|---|---|---|---|
    | $n$ | observations |  | `n` |  |
    | $p$ | fixed effects: columns of X |  | `p` |  |
    """
    lines = ["| symbol | meaning | shape | in code | elsewhere |", "|---|---|---|---|---|"]
    for s in symbols:
        code = f"`{s.code}`" if s.code else ""
        lines.append(f"| ${s.tex}$ | {s.words} | {s.shape} | {code} | {s.elsewhere} |")
    return "\n".join(lines)
