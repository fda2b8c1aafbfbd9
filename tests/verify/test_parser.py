"""Reading formulas: what must parse does, what could be misread is not, and nothing crashes or hangs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmmtext.verify import tree as t
from lmmtext.verify.errors import CannotParse, FormulaError, pointer
from lmmtext.verify.parser import parse
from lmmtext.verify.scan import MAX_LENGTH
from lmmtext.verify.write import write
from tests.verify.corpora import DESIGN, displays, inline
from tests.verify.held_out import HELD_OUT
from tests.verify.lecture import LECTURE

PAGE = "random-effects-regression"

# Of the held-out formulas: what is refused, and why.
REFUSED = {
    r"V = \{_d \; \sigma_\alpha^2 J_{n_i} + \sigma_e^2 I_{n_i} \}": "'_' cannot stand here",  # braces that mean a block diagonal
    r"\frac{Y'MY/r(M)}{Y'(I-M)Y/r(I-M)} \sim F(r(M), r(I-M), \gamma)": "below the slash",  # r is a number here
    r"\frac{Y'AY}{\sigma^2} \sim \chi^2(r(A), \mu'A\mu/2\sigma^2)": "below the slash",
}


def one(source):
    """Return the only statement of a formula."""
    (statement,) = parse(source).statements
    return statement


def refusal(source):
    with pytest.raises(CannotParse) as caught:
        parse(source)
    return caught.value


@pytest.mark.parametrize("tex", displays(PAGE).values(), ids=displays(PAGE))
def test_every_display_of_the_chapter_parses(tex):
    assert write(parse(tex))


def test_the_chapter_has_its_displays():
    assert len(displays(PAGE)) >= 45


def test_every_inline_formula_of_the_chapter_parses_unless_it_only_names_a_function():
    refused = []
    for tex in inline(PAGE):
        try:
            parse(tex)
        except CannotParse:
            refused.append(tex)
    assert refused == [r"\operatorname{Var}", r"\operatorname{Cov}"]


@pytest.mark.parametrize("tex", [tex for _, tex in LECTURE])
def test_every_formula_of_the_lecture_parses_as_it_stands(tex):
    parse(tex)


@pytest.mark.parametrize("tex", DESIGN.values(), ids=DESIGN)
def test_what_the_design_promises_parses(tex):
    parse(tex)


@pytest.mark.parametrize("tex", HELD_OUT)
def test_held_out_formulas_of_the_textbooks_parse_or_are_refused_with_a_reason(tex):
    if tex in REFUSED:
        assert REFUSED[tex] in refusal(tex).message
    else:
        parse(tex)


@pytest.mark.parametrize("tex", [*displays(PAGE).values(), *(f for _, f in LECTURE), *DESIGN.values(), *HELD_OUT])
def test_a_tree_written_as_latex_and_read_again_is_the_same_tree(tex):
    if tex not in REFUSED:
        tree = parse(tex)
        assert parse(write(tree)) == tree


# The misreadings that a careless grammar makes without a word (FACTS.md).


@pytest.mark.parametrize(
    "tex",
    [
        r"\arg\max_{b} f(b)",
        r"\operatorname{argmax}_{b} f(b)",
        r"\operatorname*{arg\,max}_b f(b)",
        r"\underset{b}{\arg\max} f(b)",
    ],
)
def test_arg_max_is_an_optimum_and_not_a_product_of_letters(tex):
    b = t.Symbol("b")
    assert one(tex) == t.Optimum("argmax", (b,), t.Call("f", (b,)))


@pytest.mark.parametrize("tex", [r"\max(0, a)", r"\max\{0, a\}", r"\max\left\{0, a\right\}"])
def test_max_of_a_list_is_a_function_of_two_arguments(tex):
    assert one(tex) == t.Call("max", (t.Number(0), t.Symbol("a")))


@pytest.mark.parametrize(
    "tex", [r"\lVert a \rVert^2", r"\|a\|^2", r"||a||^2", r"\left\| a \right\|^2", r"\left\Vert a \right\Vert^2"]
)
def test_double_bars_are_a_norm_and_not_two_pairs_of_bars(tex):
    assert one(tex) == t.Power(t.Norm(t.Symbol("a")), t.Number(2))


def test_C_of_VX_is_a_column_space_and_not_a_product():
    V, X = t.Symbol("V", "bold"), t.Symbol("X", "bold")
    assert one(r"C(\mathbf{VX})") == one(r"C(\mathbf{V}\mathbf{X})") == t.Call("C", (t.Product((V, X)),))


def test_an_exponent_in_brackets_is_an_index_and_not_a_power():
    assert one(r"\theta^{(k+1)}") == t.Symbol("theta", marks=("(k+1)",))
    assert "power" in refusal(r"(a + b)^{(k+1)}").message


def test_single_bars_close_if_one_is_open_and_say_given_in_an_expectation():
    a, b = t.Symbol("a"), t.Symbol("b")
    assert one("|a||b|") == t.Product((t.Bars(a), t.Bars(b)))
    assert one("| |a| - |b| |") == t.Bars(t.Sum((t.Bars(a), t.Neg(t.Bars(b)))))
    assert one("E[a | b]") == t.Call("E", (a,), (b,))
    assert one(r"E[\log |a|]") == t.Call("E", (t.Call("log", (t.Bars(a),)),))


def test_sigma_squared_takes_its_subscript_on_either_side():
    assert one(r"\sigma_\alpha^2") == one(r"\sigma^2_\alpha") == one(r"\sigma_{\alpha}^{2}")
    assert one(r"\hat\sigma^2_\alpha") == one(r"\hat{\sigma}_\alpha^2") == one(r"\widehat{\sigma_\alpha^2}")


def test_every_usual_way_to_transpose_is_the_same():
    spelled = {
        write(one(x))
        for x in (r"A^T", r"A^\top", r"A'", r"A^{\mathsf T}", r"A^{\intercal}", r"A^\prime", r"A^{\mathrm{T}}")
    }
    assert spelled == {r"A^\top"}


def test_spacing_and_sizes_are_transparent():
    assert parse(r"\left( a \, + \! b \right)\quad c") == parse("(a+b)c")


def test_a_factor_after_a_slash_is_refused_unless_a_space_sets_it_apart():
    assert "below the slash" in refusal(r"1/2\sigma^2").message
    assert "below the slash" in refusal(r"a/2(b + c)").message
    assert one(r"a / b \, c") == t.Product((t.Quotient(t.Symbol("a"), t.Symbol("b")), t.Symbol("c")))


def test_log_takes_the_run_that_follows_and_no_more():
    two_pi = t.Product((t.Number(2), t.Symbol("pi")))
    n, c = t.Symbol("n"), t.Symbol("c")
    assert one(r"n \log 2\pi - c") == t.Sum((t.Product((n, t.Call("log", (two_pi,)))), t.Neg(c)))
    assert "Put its argument in brackets" in refusal(r"\log a / b").message


def test_kronecker_binds_looser_than_a_product_and_tighter_than_a_sum():
    A, B, C, D = (t.Symbol(x) for x in "ABCD")
    assert one(r"A B \otimes C + D") == t.Sum((t.Tensor("kron", t.Product((A, B)), C), D))


def test_a_letter_before_brackets_multiplies_them_unless_only_a_function_could_have_them():
    r, x = t.Symbol("r"), t.Symbol("x")
    assert one("r(x - 1)") == t.Product((r, t.Sum((x, t.Neg(t.Number(1))))))
    assert one("k(x, y)") == t.Call("k", (x, t.Symbol("y")))


def test_lines_go_on_or_begin_anew_as_their_first_sign_says():
    assert len(parse("a &= b \\\\ &= c \\\\ &\\quad - d").statements) == 1
    assert len(parse("a &= b & c &= d \\\\ e &= f").statements) == 3
    assert "go on" in refusal("a = b \\\\ -c = d").message


@pytest.mark.parametrize(
    ("tex", "at", "says"),
    [
        (r"\mathbf{V} = \mathbf{X} )", 24, "closes nothing"),
        (r"a + + b", 4, "could stand a symbol"),
        (r"\frac{a}{", 8, "never closed"),
        (r"a = \foo", 4, "not known"),
        (r"(a + b]", 6, "cannot close"),
        (r"a =", 2, "ends where"),
        (r"a \left| b", 7, "never closed"),
        (r"\begin{foo} a \end{foo}", 0, "environment"),
        (r"a^{}", 1, "empty exponent"),
        ("a é", 2, "no meaning"),
    ],
)
def test_an_error_points_at_its_character_and_says_what_is_wrong(tex, at, says):
    error = refusal(tex)
    assert says in error.message
    assert error.start <= at < max(error.end, error.start + 1), (error.start, error.end)
    assert "^" in pointer(tex, error.start, error.end)


@pytest.mark.parametrize(
    ("tex", "says"),
    [
        ("a" * (MAX_LENGTH + 1), "too long"),
        ("{" * 200 + "a" + "}" * 200, "deeper"),
        ("a" + "'" * 500, "deeper"),
        (r"\log" * 500 + " a", "deeper"),
        ("a+" * 2000 + "a", "too many"),
        ("a^{100000}", "exponent"),
        ("9" * 100, "digits"),
        ("", "no formula"),
    ],
)
def test_what_is_too_long_too_deep_or_too_large_is_refused_in_words(tex, says):
    assert says in refusal(tex).message


PIECES = st.sampled_from(
    r"\frac{ }{ } ( ) [ ] | \| { } ^ _ ^{-1} ^\top ' + - = / , & \\ \mathbf{X} \sigma^2 \hat \bar \log \operatorname{tr} E[ \sum_{j=1}^{J}"
    r" \lim_{t\to0} \arg\max_ \partial \frac{\partial \int d \text{if } \begin{pmatrix} \end{pmatrix} \begin{aligned} \end{aligned} \sim N("
    r" \mid \dots \cdot \otimes 2 a j \left( \right) \left| \right| . ; \mathbf \begin{cases} \end{cases} \stackrel{iid}{\sim} \chi^2 ^{(k)} *".split(
        " "
    )
)


@pytest.mark.parametrize(
    "source", [r"\mathbf X \cdot \cdot \mathbf X", r"\mathbf X \cdot \cdot ^{-1}", r"x \cdot \cdot ^2"]
)
def test_a_dot_for_a_place_has_nothing_behind_it(source):
    with pytest.raises(CannotParse, match="nothing behind it"):
        parse(source)


@settings(max_examples=400, deadline=2000)
@given(st.lists(PIECES, max_size=30).map(" ".join) | st.text(max_size=60))
def test_no_input_crashes_the_parser(source):
    try:
        tree = parse(source)
    except FormulaError as error:
        assert error.message and 0 <= error.start <= len(source) + 1
    else:
        assert parse(write(tree)) == tree


def test_a_formula_is_parsed_in_milliseconds():
    tex = displays(PAGE)["eq-two-squares-expanded"]
    parse(tex)
    start = time.process_time()
    for _ in range(20):
        parse(tex)
    assert (time.process_time() - start) / 20 < 0.05
