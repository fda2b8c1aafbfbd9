"""Symbols that a formula brings along: shapes found from their use, properties declared, identities of matrix algebra."""

from itertools import product

import pytest

from lmmtext.verify import WORLDS, check
from lmmtext.verify.claims import elaborated
from lmmtext.verify.declared import declared
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.parser import parse
from lmmtext.verify.relations import holds
from lmmtext.verify.scope import Scope

STACKED = (
    r"\begin{pmatrix}\mathbf{x}\\ \mathbf{y}\end{pmatrix} \sim \mathcal N\left(\begin{pmatrix}\boldsymbol\mu_1\\ \boldsymbol\mu_2"
    r"\end{pmatrix}, \begin{pmatrix}\mathbf{A} & \mathbf{C}\\ \mathbf{C}^\top & \mathbf{B}\end{pmatrix}\right)"
)
NORMAL = r"\mathbf x \sim \mathrm N(\boldsymbol\mu, \mathbf V)"
TRUE = (
    (r"(\mathbf A + \mathbf C \mathbf B \mathbf C^T)^{-1} = \mathbf A^{-1} - \mathbf A^{-1}\mathbf C(\mathbf B^{-1} + \mathbf C^T \mathbf A^{-1}\mathbf C)^{-1}\mathbf C^T\mathbf A^{-1}", ""),
    (r"\operatorname{tr}(\mathbf A\mathbf B)=\operatorname{tr}(\mathbf B \mathbf A)", ""),
    (r"\operatorname{vec}(\mathbf A\mathbf X\mathbf B) = (\mathbf B^\top \otimes \mathbf A) \operatorname{vec}(\mathbf X)", ""),
    (r"(\mathbf A\otimes\mathbf B)(\mathbf C\otimes\mathbf D) = \mathbf A\mathbf C\otimes\mathbf B\mathbf D", ""),
    (r"\det(\mathbf{I}_n + \mathbf{A}\mathbf{B}) = \det(\mathbf I_m + \mathbf B \mathbf A)", ""),
    (r"|\mathbf D \otimes \mathbf U| = |\mathbf D|^r |\mathbf U|^J", r"\mathbf D \in \mathbb R^{J\times J}, \mathbf U \in \mathbb R^{r\times r}"),
    (r"s = \operatorname{tr}(\mathbf I_s)", ""),
    (r"\sum_{i=1}^J (\mathbf x_i - \mathbf a) = \sum_{i=1}^J \mathbf x_i - J \mathbf a", ""),
    (r"|\mathbf A \otimes \mathbf B| = |\mathbf A|^m |\mathbf B|^n", r"\mathbf A \in \mathbb R^{n\times n}, \mathbf B \in \mathbb R^{m\times m}"),
    (r"\begin{vmatrix}\mathbf A & \mathbf B\\ \mathbf C & \mathbf D\end{vmatrix} = |\mathbf D||\mathbf A - \mathbf B\mathbf D^{-1}\mathbf C|", ""),
    (r"\frac{\partial \mathbf{a}^T\mathbf{X}^{-1}\mathbf{b}}{\partial \mathbf{X}} = -\mathbf{X}^{-T}\mathbf{a}\mathbf{b}^T\mathbf{X}^{-T}", ""),
    (r"\frac{\partial \mathbf{x}^T\mathbf{A}\mathbf{x}}{\partial \mathbf{x}} = 2\mathbf A\mathbf x", r"\mathbf A = \mathbf A^T"),
    (r"\operatorname{E}[\mathbf x^\top \mathbf A\mathbf x] = \operatorname{tr}(\mathbf A \mathbf V) + \boldsymbol\mu^\top\mathbf A\boldsymbol\mu", NORMAL),
    (r"\operatorname{Var}(\mathbf x^\top \mathbf A\mathbf x) = 2\operatorname{tr}(\mathbf A \mathbf V\mathbf A\mathbf V) + 4\boldsymbol\mu^\top\mathbf A\mathbf V\mathbf A\boldsymbol\mu", NORMAL + r", \mathbf A = \mathbf A^\top"),
    (r"\operatorname{Var}(\mathbf A\mathbf x + \mathbf b) = \mathbf A\mathbf V\mathbf A^\top", r"\operatorname{E}[\mathbf x]=\boldsymbol\mu, \operatorname{Var}(\mathbf x) = \mathbf V"),
    (r"\operatorname{E}[\mathbf x \mid \mathbf y] = \boldsymbol\mu_1 + \mathbf C\mathbf B^{-1}(\mathbf y - \boldsymbol\mu_2)", STACKED),
    (r"\operatorname{Var}(\mathbf x \mid \mathbf y) = \mathbf A - \mathbf C\mathbf B^{-1}\mathbf C^\top", STACKED),
    (r"\mathbf X(\mathbf X'\mathbf X)^{-1}\mathbf X' = \mathbf P_{\mathbf X}", ""),
    (r"\mathbf M\mathbf X = \mathbf 0", r"\mathbf M = \mathbf I - \mathbf X(\mathbf X^\top\mathbf X)^{-1}\mathbf X^\top"),
    (r"\operatorname{tr}(\mathbf P) = \operatorname{rank}(\mathbf P)", r"\mathbf P^2 = \mathbf P"),
    (r"|\mathbf Q|^2 = 1", r"\mathbf Q^\top\mathbf Q = \mathbf I"),
    (r"|\mathbf A + \mathbf u\mathbf v^T| = (1 + \mathbf v^T\mathbf A^{-1}\mathbf u)|\mathbf A|", ""),
    (r"\mathbf x^\top\mathbf y = \sum_{i=1}^n x_i y_i", ""),
    (r"\operatorname{tr}(\mathbf A) = \sum_{i=1}^n a_{ii}", ""),
    (r"x'Ax = tr(Axx')", ""),
    (r"\mathbf A\mathbf A^+\mathbf A = \mathbf A", ""),
)  # fmt: skip
FALSE = (
    (r"\operatorname{vec}(\mathbf A\mathbf X\mathbf B) = (\mathbf B \otimes \mathbf A) \operatorname{vec}(\mathbf X)", r"\mathbf B \in \mathbb R^{n \times n}", "transpose missing"),
    (r"|\mathbf A \otimes \mathbf B| = |\mathbf A|^n |\mathbf B|^m", r"\mathbf A \in \mathbb R^{n\times n}, \mathbf B \in \mathbb R^{m\times m}", "left side"),
    (r"\frac{\partial \mathbf{x}^T\mathbf{A}\mathbf{x}}{\partial \mathbf{x}} = 2\mathbf A\mathbf x", "", "left side"),
    (r"\operatorname{Var}(\mathbf x^\top \mathbf A\mathbf x) = 2\operatorname{tr}(\mathbf A \mathbf V\mathbf A\mathbf V) + 4\boldsymbol\mu^\top\mathbf A\mathbf V\mathbf A\boldsymbol\mu", NORMAL, "left side"),
    (r"|\mathbf Q| = 1", r"\mathbf Q^\top\mathbf Q = \mathbf I", "left side -1"),
    (r"\operatorname{rank}(\mathbf P) = n - 1", r"\mathbf P^2 = \mathbf P, \mathbf P \in \mathbb R^{n \times n}", "left side"),
    (r"(A+B)^{-1} = A^{-1} + B^{-1}", "", "left side"),
    (r"|\mathbf A + \mathbf B| = |\mathbf A| + |\mathbf B|", "", "left side"),
)  # fmt: skip


@pytest.mark.parametrize(("tex", "where"), TRUE)
def test_identities_of_matrix_algebra_are_verified_with_shapes_found_from_their_use(tex, where):
    verdict = check(tex, "matrices", where or None)
    assert verdict.status == "verified" and verdict.links[0].mutants.rejected, verdict


@pytest.mark.parametrize(("tex", "where", "says"), FALSE)
def test_what_is_not_true_of_every_matrix_has_a_counterexample(tex, where, says):
    verdict = check(tex, "matrices", where or None)
    assert verdict.status == "false" and says in verdict.message, verdict


def test_shapes_that_no_sizes_can_make_fit_do_not_conform():
    verdict = check(r"\mathbf I_n + \mathbf I_m = \mathbf A", "matrices")
    assert verdict.status == "does not conform"
    verdict = check(
        r"\operatorname{vec}(\mathbf A\mathbf X\mathbf B) = (\mathbf A \otimes \mathbf B) \operatorname{vec}(\mathbf X)",
        "matrices",
    )
    assert verdict.status == "does not conform" and "mn x pq" in verdict.message


def test_a_condition_may_declare_a_symbol_in_any_world():
    tex = r"\mathbf Q = \mathbf K(\mathbf K^\top\mathbf V\mathbf K)^{-1}\mathbf K^\top"
    contrasts = r"\mathbf K^\top\mathbf X = \mathbf 0, \mathbf K \in \mathbb R^{n\times(n-p)}"
    assert check(tex, "general", contrasts).status == "verified"
    assert (
        check(tex, "general", r"\mathbf K^\top\mathbf X = \mathbf 0, \mathbf K \in \mathbb R^{n\times s}").status
        == "false"
    )
    assert check(tex, "general").status == "unknown symbol"


DECLARED = (
    r"\mathbf A = \mathbf A^\top", r"\mathbf A \succ 0", r"\mathbf A \succeq 0", r"\mathbf A^2 = \mathbf A",
    r"\mathbf A^\top \mathbf A = \mathbf I", r"\mathbf A\mathbf B = \mathbf 0", r"\mathbf B\mathbf A = \mathbf 0",
    r"\mathbf A^\top\mathbf B = \mathbf 0", r"\mathbf B^\top\mathbf A^\top = \mathbf 0", r"\mathbf A\mathbf B = \mathbf B\mathbf A",
    r"\mathbf A = \mathbf B\mathbf B^\top", r"\mathbf x \sim \mathrm N(\boldsymbol\mu, \mathbf A)", STACKED,
)  # fmt: skip


@pytest.mark.parametrize(("where", "size"), list(product(DECLARED, (0, 1, -1))))
def test_what_is_declared_holds_in_every_instance(where, size):
    conditions = parse(where).statements
    shaped = parse(r"\mathbf A\mathbf A\mathbf B = \mathbf 0" if "Q" not in where else "x = x").statements
    world, left = declared(WORLDS["matrices"], list(shaped) if where != STACKED else [], tuple(conditions))
    assert left == ()
    scope = Scope(world.instance(4, 9, size))
    assert all(holds(elaborated(c, world), scope, {}) for c in conditions)


def test_more_open_sizes_than_there_are_letters_for_are_refused_in_words():
    many = " = ".join(rf"\mathbf A_{{{i}1}}\mathbf B_{{{i}2}}" for i in range(1, 9))
    verdict = check(rf"\operatorname{{tr}}({many.replace(' = ', ') + tr(')}) = 0", "matrices")
    assert verdict.status == "undecided" and "sizes are open" in verdict.message


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (r"\mathbf A \in \mathbb R^{n}", "two sizes"),
        (r"\mathbf A \in C", "declared as in"),
        (r"\operatorname{E}[\mathbf x] = \boldsymbol\mu", "both the mean and the variance"),
    ],
)
def test_a_declaration_that_does_not_tell_enough_is_refused_in_words(where, says):
    with pytest.raises(FormulaError, match=says):
        declared(WORLDS["matrices"], list(parse(r"\mathbf A\mathbf x = \mathbf 0").statements), parse(where).statements)


def test_the_size_of_a_group_is_a_condition_and_no_abbreviation():
    """It was once taken for a new symbol, which nothing then knew."""
    mean = r"\operatorname{Var}(\bar{Y}_j) = \sigma_\alpha^2 + \sigma^2 / "
    for world in ("one-way", "one-way-unbalanced"):
        assert check(mean + "n_j", world).status == "verified"
        assert check(mean + "3", world).status == "false"
    assert check(mean + "n_j", "one-way", where="n_j > 1").status == "verified"
    none = check(mean + "3", "one-way", where="n_j = 3")  # sizes are the world's own
    assert none.status == "undecided" and "no instance of the world" in none.message


@pytest.mark.parametrize("where", ["n_j = 2", "n_{j} = r"])
def test_an_abbreviation_that_reads_as_a_size_is_refused_in_words(where):
    verdict = check(r"\operatorname{tr}(\mathbf A) = 2 n_j", "matrices", where=where)
    assert verdict.status == "cannot parse" and "abbreviates nothing" in verdict.message
