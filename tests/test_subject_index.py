"""The index of the book: it finds what is there, leads to it, and refuses a word that no section has."""

import importlib
import json
import sys

import pytest

from tools.notebooks import ROOT

PAGE = "# A page\n\nWords.\n\n## What *shrinkage* is\n\nIt shrinks.\n\n## Data\n\n`shrinkage` $\\text{shrinkage}$\n\n## Data\n\nOnce: shrinkage."


@pytest.fixture(scope="module")
def index():
    """Return the module, which Sphinx imports from its own folder."""
    pytest.importorskip("myst_parser")
    sys.path.insert(0, str(ROOT / "tools" / "sphinxext"))
    try:
        return importlib.import_module("subject_index")
    finally:
        sys.path.remove(str(ROOT / "tools" / "sphinxext"))


@pytest.fixture
def book(tmp_path):
    (tmp_path / "book").mkdir()
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": PAGE},
        {"cell_type": "code", "metadata": {}, "source": 'load("rail")', "outputs": [], "execution_count": 1},
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book" / "one.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/one\n")
    (tmp_path / "book" / "index-terms.toml").write_text('[words]\nshrinkage = ["shrinkage", "shrinks"]\n')
    return tmp_path


def test_a_word_is_found_in_prose_and_headings_and_not_in_code_or_formulas(index, book):
    found = [(s.anchor, main) for s, main in index.entries(book)["shrinkage"]]
    assert found == [("what-shrinkage-is", True)]


def test_equal_headings_have_anchors_of_their_own(index, book):
    assert [s.anchor for s in index.sections(book)] == ["", "what-shrinkage-is", "data", "data-1"]


def test_a_word_that_no_section_has_is_refused(index, book):
    (book / "book" / "index-terms.toml").write_text("[words]\nkriging = []\n")
    with pytest.raises(ValueError, match="no section of the book has 'kriging'"):
        list(index.words(book))


def test_a_data_set_is_listed_with_the_pages_whose_code_names_it(index, book):
    (piece,) = index.data(book)
    assert "rail.ipynb" not in piece.markdown
    assert "[`rail`](data-sets.ipynb#travel-time-of-ultrasound-in-six-rails): [A page](one.ipynb)" in piece.markdown


def test_every_word_of_the_glossary_is_in_the_index(index):
    glossary = "".join(
        "".join(c["source"]) for c in json.loads((ROOT / "book" / "glossary.ipynb").read_text())["cells"]
    )
    words = [w for w in index._INTRODUCED.findall(glossary) if w[0] == "**"]
    assert len(words) > 50
    terms = index.tomllib.loads((ROOT / index.TERMS).read_text())["words"]
    finds = [index.pattern(term, forms) for term, forms in terms.items()]
    missing = [w for _, w in words if not any(f.search(w.split(" (")[0]) or f.search(w) for f in finds)]
    assert missing == []
