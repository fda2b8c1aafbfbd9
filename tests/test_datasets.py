"""The data are those of R, as described, and cannot change unnoticed."""

import json
import re
import subprocess
import sys
from html import unescape
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from lmmtext.catalogue import datasets, describe, load

module = import_module("lmmtext.catalogue")  # the package has a function of the same name
REFERENCE = Path(__file__).parent / "reference" / "lme4"
NAMES = datasets()["name"].tolist()
COPIES = {path.name.split(".")[0]: path for path in sorted((REFERENCE / "data").iterdir())}
FITS = sorted(REFERENCE.glob("*.json"))


@pytest.mark.parametrize("name", COPIES)
def test_data_equal_those_of_the_reference_fits(name):
    want = pd.read_csv(COPIES[name], dtype=str, na_filter=False)
    have = load(name)
    assert set(want) <= set(have)
    assert len(have) == len(want)
    for column in want:
        if isinstance(have[column].dtype, pd.CategoricalDtype):
            assert have[column].tolist() == want[column].tolist()
        else:
            np.testing.assert_allclose(have[column], want[column].astype(float), rtol=0, atol=1e-12)


@pytest.mark.parametrize("path", FITS, ids=lambda path: path.stem)
def test_levels_stand_in_the_order_of_the_reference_fits(path):
    fit = json.loads(path.read_text())
    frame = load(Path(fit["data"]).name.split(".")[0])
    assert {name: frame[name].cat.categories.tolist() for name in fit["factors"]} == fit["factors"]


# as the R packages nlme and lme4 order them, for the sets without a reference fit
ORDERS = {
    ("alfalfa", "Date"): ["None", "S1", "S20", "O7"],
    ("arabidopsis", "popu"): ["1.SP", "1.SW", "2.SW", "3.NL", "5.NL", "5.SP", "6.SP", "7.SW", "8.SP"],
    ("arabidopsis", "status"): ["Normal", "Petri.Plate", "Transplant"],
    ("cbpp", "herd"): [str(k) for k in range(1, 16)],
    ("grouseticks", "LOCATION"): [str(k) for k in range(1, 64)],
    ("mathachschool", "Sector"): ["Public", "Catholic"],
    ("verbagg", "Gender"): ["F", "M"],
    ("verbagg", "resp"): ["no", "perhaps", "yes"],
    ("verbagg", "mode"): ["want", "do"],
    ("wheat2", "Block"): ["4", "2", "3", "1"],
}


@pytest.mark.parametrize(("name", "column"), ORDERS)
def test_levels_without_a_reference_fit_stand_in_the_order_of_r(name, column):
    assert load(name)[column].cat.categories.tolist() == ORDERS[name, column]


def test_exactly_the_factors_with_a_meaningful_order_are_ordered():
    ordered = {(d.name, c.name) for d in map(describe, NAMES) for c in d.columns if c.ordered}
    assert ordered == {
        ("cake", "temperature"),
        ("ergostool", "Subject"),
        ("insteval", "studage"),
        ("insteval", "lectage"),
        ("oats", "Block"),
        ("orthodont", "Subject"),
        ("rail", "Rail"),
        ("verbagg", "resp"),
        ("wheat2", "Block"),
    }


@pytest.mark.parametrize(
    ("name", "factor", "statistic"),
    [
        ("ergostool", "Subject", "mean"),
        ("oats", "Block", "max"),
        ("orthodont", "Subject", "mean"),
        ("rail", "Rail", "mean"),
        ("wheat2", "Block", "max"),
    ],
)
def test_levels_said_to_be_in_order_of_the_response_are(name, factor, statistic):
    data = describe(name)
    frame = load(name)
    within = frame["Sex"] if name == "orthodont" else pd.Series("all", index=frame.index)
    for _, part in frame.groupby(within, observed=True):
        values = part.groupby(factor, observed=True)[data.response].agg(statistic)
        assert (np.diff(values) >= -1e-12).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_what_its_description_says(name):
    data, frame = describe(name), load(name)
    assert frame.shape == (data.rows, len(data.columns))
    assert frame.columns.tolist() == [c.name for c in data.columns]
    assert not frame.isna().any(axis=None)
    for column in data.columns:
        values = frame[column.name]
        if column.levels:
            assert values.nunique() == len(values.cat.categories) == (column.count or len(column.levels))
            assert all(isinstance(level, str) for level in values.cat.categories)
        else:
            assert column.unit
            assert values.dtype == ("int64" if column.whole else "float64")
            assert np.isfinite(values).all()


@pytest.mark.parametrize("name", NAMES)
def test_response_and_groups_are_columns_of_the_data(name):
    data = describe(name)
    columns = {c.name for c in data.columns}
    assert data.response in columns | {"none"}
    assert {column for group in data.groups for column in group.split(":")} <= columns


def test_computed_columns_follow_from_their_definitions():
    students, schools = load("mathachieve"), load("mathachschool").set_index("School")
    means = students.groupby("School", observed=True)["SES"].transform("mean")
    np.testing.assert_allclose(students["meanses"], means, rtol=0, atol=1e-12)
    np.testing.assert_allclose(students["cses"], students["SES"] - means, rtol=0, atol=1e-12)
    own = schools.loc[students["School"]]
    assert students["Sector"].tolist() == own["Sector"].tolist()
    assert (students["Size"].to_numpy() == own["Size"].to_numpy() / 1000).all()
    children = load("orthodont")
    assert (children["age_c"] == children["age"] - 11).all()
    oats = load("oats")
    assert (oats["nitrof"].astype(float) == oats["nitro"]).all()
    ticks = load("grouseticks")
    np.testing.assert_allclose(ticks["cHEIGHT"], ticks["HEIGHT"] - ticks["HEIGHT"].mean(), atol=1e-10)


# the factors whose cells have one row each
CELLS = {
    "alfalfa": ["Block", "Variety", "Date"],
    "cake": ["recipe", "replicate", "temperature"],
    "cbpp": ["herd", "period"],
    "ergostool": ["Subject", "Type"],
    "oats": ["Block", "Variety", "nitrof"],
    "orthodont": ["Subject", "age"],
    "oxide": ["Lot", "Wafer", "Site"],
    "penicillin": ["plate", "sample"],
    "sleepstudy": ["Subject", "Days"],
    "verbagg": ["id", "item"],
    "wheat2": ["Block", "variety"],
}


@pytest.mark.parametrize("name", CELLS)
def test_designs_described_as_one_row_to_a_cell_have_one(name):
    assert not load(name).duplicated(CELLS[name]).any()


def test_lecturers_are_nested_in_departments_and_students_cross_them():
    ratings = load("insteval").groupby("d", observed=True)["dept"].nunique()
    assert (ratings == 1).all()


def test_each_load_is_a_fresh_copy():
    first = load("rail")
    first.loc[0, "travel"] = -1.0
    first["new"] = 0
    assert load("rail")["travel"][0] == 55.0
    assert "new" not in load("rail")


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A copy of the data folder that a test may spoil."""
    for item in module._folder().iterdir():
        if item.is_file():
            (tmp_path / item.name).write_bytes(item.read_bytes())
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["rail", "mathachieve"])
def test_a_changed_file_is_refused_with_both_checksums(shipped, name):
    data = describe(name)
    path = shipped / data.file
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ValueError, match="Reinstall lmmtext, or restore") as error:
        load(name)
    sums = re.findall(r"\b[0-9a-f]{64}\b", str(error.value))
    assert sums[0] == data.sha256
    assert len(set(sums)) == 2


def test_a_missing_file_is_an_error_that_names_it(shipped):
    (shipped / "rail.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"rail\.csv"):
        load("rail")


def test_the_folder_holds_the_described_files_and_no_others():
    files = {item.name for item in module._folder().iterdir() if not item.name.startswith(".")}
    assert files == {describe(name).file for name in NAMES} | {"catalogue.toml"}


@pytest.mark.parametrize("close", ["Sleepstudy", "sleep_study", "sleepstdy"])
@pytest.mark.parametrize("function", [load, describe])
def test_an_unknown_name_is_answered_with_its_neighbours(function, close):
    with pytest.raises(ValueError, match=f"no data set '{close}'; did you mean 'sleepstudy'"):
        function(close)


def test_a_name_like_no_other_points_to_the_list():
    with pytest.raises(ValueError, match=r"no data set 'zzz'; datasets\(\) lists them all"):
        load("zzz")


def test_the_list_has_a_row_for_every_set():
    table = datasets()
    assert len(table) == 21
    assert table["name"].is_unique
    assert table.loc[table["name"] == "sleepstudy"].iloc[0].to_dict() == {
        "name": "sleepstudy",
        "rows": 180,
        "columns": 3,
        "title": "Reaction times of sleep-deprived people",
        "response": "Reaction",
        "groups": "Subject",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_description_tells_units_source_licence_and_checksum_in_text_and_html(name):
    data = describe(name)
    html = data._repr_html_()
    for text in (repr(data), html):
        flat = " ".join(unescape(text).split())
        for wanted in (data.title, data.description, data.source, data.sha256, data.version):
            assert " ".join(wanted.split()) in flat
        assert "exported from R package" in flat
        for column in data.columns:
            assert column.name in flat
    assert max(map(len, repr(data).splitlines())) <= 100
    assert 2 <= len(re.findall(r"[a-z\)][.](?= [A-Z0-9]|$)", data.description)) <= 4
    rows = ElementTree.fromstring(f"<div>{html}</div>").findall("table/tbody/tr")
    assert ["".join(row[0].itertext()) for row in rows] == [c.name for c in data.columns]


def test_importing_reads_no_file_and_no_matplotlib():
    code = (
        "import sys; from lmmtext.catalogue import _catalogue; import lmmtext.printing;"
        "assert _catalogue.cache_info().currsize == 0; assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
