"""From data to arrays: types, names, order, missing values, rank."""

import numpy as np
import pandas as pd
import pytest

from lmmtext import coding, lmm, load
from lmmtext.coding import independent_columns
from lmmtext.design import build
from lmmtext.frame import compact

DATA = pd.DataFrame(
    {
        "y": [1.0, 3.0, 2.0, 5.0, 4.0, 8.0, 6.0, 7.0],
        "x": [0.0, 1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 3.0],
        "f": ["b", "a", "B", "b", "a", "B", "b", "a"],
        "g": ["u", "u", "v", "v", "w", "w", "u", "v"],
    }
)


def groups(g: object) -> list:
    """The levels that a grouping column has."""
    return build("y ~ x + (1 | g)", DATA.assign(g=g)).terms[0].levels.tolist()


def test_text_levels_sort_as_in_the_c_locale():
    assert build("y ~ f + (1 | g)", DATA).X_names == ("(Intercept)", "fa", "fb")


def test_levels_keep_the_order_of_a_categorical_and_lose_those_that_do_not_occur():
    assert groups(pd.Categorical(DATA["g"], categories=["w", "z", "v", "u"])) == ["w", "v", "u"]
    design = build("y ~ f + (1 | g)", DATA.assign(f=pd.Categorical(DATA["f"], categories=["b", "q", "a", "B"])))
    assert design.X_names == ("(Intercept)", "fa", "fB")


def test_numbers_as_groups_sort_as_numbers():
    codes = [10, 10, 2, 2, 3, 3, 10, 2]
    assert groups(codes) == [2, 3, 10]
    assert groups(pd.array(codes, dtype="Int64")) == [2, 3, 10]
    assert groups(np.array(codes, dtype=float)) == [2, 3, 10]


@pytest.mark.parametrize("kind", ["datetime64[ns]", "period[D]", "object"])
def test_dates_can_tell_groups_apart(kind):
    days = pd.Series(pd.to_datetime(["2020-01-02", "2020-01-02", "2020-01-01", "2020-01-01"] * 2))
    days = days.dt.date if kind == "object" else days.astype(kind)
    design = build("y ~ x + (1 | g)", DATA.assign(g=days))
    assert [str(level)[:10] for level in design.terms[0].levels] == ["2020-01-01", "2020-01-02"]
    assert design.rows(DATA.assign(g=days)).codes[0].tolist() == [1, 1, 0, 0] * 2


@pytest.mark.parametrize("dtype", ["str", "object", "string", "category"])
def test_every_kind_of_text_gives_the_same_design(dtype):
    design, plain = (
        build("y ~ f + (1 | g)", DATA.astype({"f": dtype, "g": dtype})),
        build("y ~ f + (1 | g)", DATA),
    )
    assert np.array_equal(design.X, plain.X)
    assert design.terms[0].levels.tolist() == plain.terms[0].levels.tolist()


def test_nullable_and_boolean_columns_are_understood():
    late = DATA["x"] > 1
    table = DATA.assign(
        x=pd.array(DATA["x"].astype(int), dtype="Int64"), late=late, maybe=pd.array(late, dtype="boolean")
    )
    design = build("y ~ x + late + (1 | g)", table)
    assert design.X_names == ("(Intercept)", "x", "lateTrue")
    assert np.array_equal(build("y ~ x + maybe + (1 | g)", table).X, design.X)


def test_columns_with_awkward_names_can_be_used():
    table = DATA.rename(columns={"y": "yield", "x": "lambda", "f": "total.fruits"}).assign(
        **{"my col": DATA["x"] ** 2, "class": 1.0}
    )
    design = build("yield ~ lambda + total.fruits + `my col` + (lambda | g)", table)
    assert design.X_names == ("(Intercept)", "lambda", "total.fruitsa", "total.fruitsb", "my col")
    assert design.terms[0].columns == ("(Intercept)", "lambda")


def test_rows_with_a_missing_value_are_dropped_and_counted():
    table = DATA.assign(x=[None, *DATA["x"][1:]], g=["u", None, *DATA["g"][2:]])
    design = build("y ~ x + (1 | g)", table, weights=[1, 1, np.nan, 1, 1, 1, 1, 1])
    assert design.dropped_rows == 3
    assert design.index.tolist() == [3, 4, 5, 6, 7]
    assert "3 rows with missing values were left out" in str(
        lmm(
            "y ~ 1 + (1 | g)",
            table.assign(y=[*DATA["y"][:2], None, *DATA["y"][3:]], x=1.0, g=["u", None, "v", None, *DATA["g"][4:]]),
        )
    )


def test_missing_values_in_unused_columns_do_not_matter():
    assert build("y ~ x + (1 | g)", DATA.assign(unused=np.nan)).dropped_rows == 0


def test_double_bars_split_a_term_into_its_parts():
    design = build("y ~ x + (x + I(x**2) || g)", pd.concat([DATA] * 3))
    assert [t.columns for t in design.terms] == [("(Intercept)",), ("x",), ("I(x ** 2)",)]
    assert build("y ~ x + (0 + x || g)", DATA).terms[0].columns == ("x",)


def test_the_parts_of_a_double_bar_each_come_with_all_nested_groups_as_in_lme4():
    table = pd.concat([DATA] * 4).assign(h=np.arange(32) % 2)
    terms = build("y ~ x + (x || f/h)", table).terms
    assert [(t.group, t.columns[0]) for t in terms] == [
        ("h:f", "x"),
        ("h:f", "(Intercept)"),
        ("f", "x"),
        ("f", "(Intercept)"),
    ]


def test_ties_in_the_number_of_levels_come_out_reversed_once_anything_is_sorted_as_in_lme4():
    table = pd.concat([DATA] * 4).assign(h=np.arange(32) % 3, k=np.arange(32) % 2)
    assert [t.group for t in build("y ~ (1 | k) + (1 | g) + (1 | h)", table).terms] == ["h", "g", "k"]
    assert [t.group for t in build("y ~ (1 | g) + (1 | h) + (1 | k)", table).terms] == ["g", "h", "k"]


def test_terms_run_from_most_levels_to_fewest_as_in_lme4():
    design = build("y ~ x + (1 | f) + (1 | f:g) + (0 + x | f)", pd.concat([DATA] * 3))
    assert [t.group for t in design.terms] == ["f:g", "f", "f"]


def test_crossed_levels_are_named_as_lme4_names_them():
    levels = build("y ~ (1 | f/g)", pd.concat([DATA] * 3)).terms[0].levels
    assert levels.tolist() == ["u:a", "u:b", "v:B", "v:a", "v:b", "w:B", "w:a"]


def test_columns_that_earlier_ones_determine_are_dropped_and_named():
    table = DATA.assign(twice=2 * DATA["x"], sum=DATA["x"] + 1)
    design = build("y ~ twice + x + sum + f + (1 | g)", table)
    assert design.dropped_columns == ("x", "sum")
    assert design.X_names == ("(Intercept)", "twice", "fa", "fb")
    assert "Left out, being determined by earlier columns: x, sum" in str(lmm("y ~ twice + x + sum + (1 | g)", table))


def test_a_dropped_column_takes_nothing_from_those_after_it():
    X = np.array([[1.0, 2, 0, 0], [1, 2, 1, 0], [1, 2, 5, 1], [1, 2, 3, 7]])
    assert independent_columns(X) == [0, 2, 3]
    assert independent_columns(np.zeros((4, 2))) == []


def test_z_stacks_the_terms_level_by_level():
    design = build("y ~ x + (x | g)", DATA)
    Z = np.zeros((8, 6))
    for i, (g, x) in enumerate(zip(DATA["g"], DATA["x"], strict=True)):
        j = "uvw".index(g)
        Z[i, 2 * j : 2 * j + 2] = 1, x
    assert np.array_equal(design.Z, Z)


def test_a_dense_z_that_would_not_fit_is_refused_before_it_is_made():
    table = pd.DataFrame({"y": np.arange(60000.0), "g": np.repeat(np.arange(20000), 3)})
    with pytest.raises(MemoryError, match=r"60000 rows and 20000 columns would take 8\.9 GiB"):
        _ = build("y ~ 1 + (1 | g)", table).Z


def test_nothing_of_a_design_can_be_written_to():
    design = build("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    for array in (design.y, design.X, design.Z, design.terms[0].matrix):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    "expr", ["x", "1", "0 + x", "x + z", "x - 1", "x + x", "1 + z + x", "`my col` + x", "x + 0", "k + x", "z + 1"]
)
def test_a_plain_sum_is_coded_as_formulaic_codes_it(expr):
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"x": rng.normal(size=6), "z": rng.normal(size=6), "my col": rng.normal(size=6), "k": range(6)}
    )
    found, coded = coding.model_matrix(expr, table)
    assert isinstance(coded.spec, coding.Sum)
    wanted, spec = coding._evaluate(coding._parsed(expr, expr), table, expr)
    assert np.array_equal(found, wanted)
    assert coded.columns == coding._names_as_in_r(spec, set(table.columns))
    assert np.array_equal(coded.matrix(table.iloc[::2]), wanted[::2])


@pytest.mark.parametrize("expr", ["x*z", "log(x)", "x + f", "x + 0 + 1", "x - z", "x:z", "I(x)", "x**2", "poly(x, 2)"])
def test_anything_else_is_left_to_formulaic(expr):
    table = pd.DataFrame({"x": [1.0, 2, 4, 7], "z": [2.0, 1, 3, 9], "f": pd.Categorical(list("abab"))})
    assert not isinstance(coding.model_matrix(expr, table)[1].spec, coding.Sum)


@pytest.mark.parametrize(
    "values",
    [[7, 3, 7, 4], [0], [-5, 10**15, -5], [2**63 - 1, 0, 5], [1.5, -2.0, 1.5], list(range(50, 0, -1))],
)
def test_labels_are_coded_in_their_order_however_far_they_lie_apart(values):
    codes, found = compact(np.array(values))
    assert found.tolist() == sorted(set(values))
    assert found[codes].tolist() == values
