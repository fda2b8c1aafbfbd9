"""The data of the book: classic grouped data, shipped with their description and checked when loaded."""

import gzip
import hashlib
import io
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from textwrap import TextWrapper

import pandas as pd


@dataclass(frozen=True)
class Column:
    """One column of a data set: what it means, and how it is read.

    A factor has `levels` (in order) or an order in which its `count` levels are sorted, `"text"` or
    `"number"`; any other column holds numbers with a `unit`, integers if `whole`.
    """

    name: str
    meaning: str
    unit: str = ""
    whole: bool = False
    levels: tuple[str, ...] | str = ()
    count: int = 0
    ordered: bool = False
    computed: bool = False

    @property
    def kind(self) -> str:
        """The unit of a number, or the levels of a factor, in words."""
        if not self.levels:
            return self.unit
        listed = not isinstance(self.levels, str) and len(self.levels) <= 6
        levels = ", ".join(self.levels) if listed else f"{self.count or len(self.levels)} levels"
        return f"{'ordered factor' if self.ordered else 'factor'}: {levels}"

    @property
    def words(self) -> str:
        """The meaning, with a note if the column is not in the original data."""
        return self.meaning + (" (computed for this book)" if self.computed else "")

    def read(self, values: pd.Series) -> pd.Series | pd.Categorical:
        """Return the text `values` of the file as what this column is."""
        if not self.levels:
            return values.astype("int64" if self.whole else "float64")
        if isinstance(self.levels, str):
            levels = sorted(values.unique(), key={"text": str, "number": int}[self.levels])
        else:
            levels = list(self.levels)
        return pd.Categorical(values, categories=levels, ordered=self.ordered)


@dataclass(frozen=True)
class DataSet:
    """The description of a data set, as `describe` returns it; it reads well printed and as HTML."""

    name: str
    title: str
    description: str
    response: str
    groups: tuple[str, ...]
    rows: int
    columns: tuple[Column, ...]
    source: str
    package: str
    version: str
    licence: str
    file: str
    sha256: str

    @property
    def facts(self) -> dict[str, str]:
        """What is to be known beside the description and the columns."""
        origin = f"exported from R package {self.package} {self.version}, {self.licence}"
        return {
            "Response": self.response,
            "Groups": ", ".join(self.groups),
            "Source": self.source,
            "Licence": f"{origin}; the numbers are those of the source",
            "File": self.file,
            "SHA-256": self.sha256,
        }

    def __repr__(self) -> str:
        """Return the description as text, 100 columns wide."""
        head = f"{self.name}: {self.title} ({self.rows:,} rows, {len(self.columns)} columns)"
        width = max(len(c.name) for c in self.columns)
        columns = [_wrap(f"  {c.name:{width}}  {c.words} [{c.kind}]", width + 4) for c in self.columns]
        facts = [_wrap(f"{key}: {value}", 2) for key, value in self.facts.items()]
        return "\n".join([head, "", _wrap(self.description), "", *columns, "", *facts])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col">{head}</th>' for head in ("Column", "Meaning", "Unit or levels"))
        rows = "".join(
            f'<tr><th scope="row"><code>{escape(c.name)}</code></th>'
            f"<td>{escape(c.words)}</td><td>{escape(c.kind)}</td></tr>"
            for c in self.columns
        )
        facts = "".join(f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in self.facts.items())
        return (
            f"<p><strong>{escape(self.title)}</strong> (<code>{self.name}</code>, {self.rows:,} rows)</p>"
            f"<p>{escape(self.description)}</p>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><dl>{facts}</dl>"
        )


def load(name: str) -> pd.DataFrame:
    """Return a data set as a fresh frame, after checking that its file is the one described.

    Parameters
    ----------
    name : str
        One of ``datasets()["name"]``.

    Returns
    -------
    pandas.DataFrame
        Columns named as in R. Factors are `pandas.Categorical` of text, with their levels in R's order
        and ordered where R's are (but School of mathachieve and Worker of machines, which nlme orders
        by their largest response, are in text order and unordered); the rest are float64, or int64 for
        whole numbers.

    Raises
    ------
    ValueError
        If there is no such data set, or its file has been changed.

    Examples
    --------
    >>> sleepstudy = load("sleepstudy")
    >>> sleepstudy.shape
    (180, 3)
    >>> sleepstudy["Subject"].cat.categories[:3].tolist()
    ['308', '309', '310']
    """
    data = describe(name)
    raw = (_folder() / data.file).read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != data.sha256:
        raise ValueError(
            f"the file {data.file} of data set {name!r} has been changed: its SHA-256 should be "
            f"{data.sha256} and is {found}. Reinstall lmmtext, or restore the file from version control."
        )
    text = gzip.decompress(raw) if data.file.endswith(".gz") else raw
    # Read as text, so that every float is the nearest one; "None" is a date of alfalfa, not a missing value.
    frame = pd.read_csv(io.BytesIO(text), dtype=str, na_filter=False)
    return frame.assign(**{c.name: c.read(frame[c.name]) for c in data.columns})


def describe(name: str) -> DataSet:
    """Return what a data set is: design, columns with units, source, licence and checksum.

    Parameters
    ----------
    name : str
        One of ``datasets()["name"]``.

    Raises
    ------
    ValueError
        If there is no such data set; the message names those with similar names.

    Examples
    --------
    >>> describe("rail").title
    'Travel time of ultrasound in six rails'
    >>> describe("Rails")
    Traceback (most recent call last):
    ValueError: there is no data set 'Rails'; did you mean 'rail'? datasets() lists them all.
    """
    catalogue = _catalogue()
    if name not in catalogue:
        close = get_close_matches(str(name).lower(), catalogue)
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise ValueError(f"there is no data set {name!r}; {hint}datasets() lists them all.")
    return catalogue[name]


def datasets() -> pd.DataFrame:
    """List the data sets: name, size, title, and the columns that are response and groups.

    Examples
    --------
    >>> datasets().query("groups == 'Subject'")["name"].tolist()
    ['ergostool', 'orthodont', 'sleepstudy']
    """
    return pd.DataFrame(
        {
            "name": data.name,
            "rows": data.rows,
            "columns": len(data.columns),
            "title": data.title,
            "response": data.response,
            "groups": ", ".join(data.groups),
        }
        for data in _catalogue().values()
    )


def _wrap(text: str, indent: int = 0) -> str:
    return TextWrapper(100, subsequent_indent=" " * indent, break_on_hyphens=False).fill(text)


def _folder() -> Traversable:
    return files("lmmtext") / "data"


@cache
def _catalogue() -> dict[str, DataSet]:
    tables = tomllib.loads((_folder() / "catalogue.toml").read_text(encoding="utf-8"))
    return {name: _dataset(name, **table) for name, table in tables.items()}


def _dataset(name: str, columns: dict[str, dict], groups: list[str], **facts) -> DataSet:
    return DataSet(
        name=name,
        columns=tuple(_column(key, **spec) for key, spec in columns.items()),
        groups=tuple(groups),
        **facts,
    )


def _column(name: str, levels: Sequence[str] = (), **facts) -> Column:
    return Column(name, levels=levels if isinstance(levels, str) else tuple(levels), **facts)
