"""The notebook gate: the book passes it, and each fault that it is there for is caught."""

import copy
import json
import shutil

import pytest

from tools import gate, notebooks
from tools.notebooks import KERNEL, LANGUAGE, ROOT

PNG = {
    "output_type": "display_data",
    "metadata": {},
    "data": {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"},
}
TOLD = {
    "image": {"alt": "Four points that rise along a line"},
    "figure": {"name": "fig-four-points", "caption": "Four points."},
}


def code(source, *outputs, count=1, **metadata):
    return {
        "cell_type": "code",
        "id": "a",
        "source": source,
        "execution_count": count,
        "metadata": metadata,
        "outputs": list(outputs),
    }


def text(source):
    return {"cell_type": "markdown", "id": "b", "source": source, "metadata": {}}


def said(value, kind="execute_result"):
    return {"output_type": kind, "metadata": {}, "data": {"text/plain": value}}


def printed(value, stream="stdout"):
    return {"output_type": "stream", "name": stream, "text": value}


def told(*cells):
    """Return what the gate says of these cells, in one string."""
    return "\n".join(fault for cell in cells for fault in gate.cell_faults(cell, "book/a.ipynb", 1))


SOUND = [
    code("1 + 1", said("2")),
    code("x = 1"),
    code("assert 1 + 1 == 2"),
    code("np.testing.assert_allclose(1, 1)"),
    code("for k in range(2):\n    print(k)", printed("0\n1\n")),
    code("fig, ax = plt.subplots()\n_ = ax.plot([1])", PNG, mystnb=TOLD),
    code("def f():\n    print(1)\n    return plt.subplots()"),
    text("$$\na = b\n$$ (eq-a-name)\n\nand $x$, `$$` in code, and\n\n```python\n'$$'\n```"),
    text(":::{prf:theorem} Title\n:label: thm-one\n\n$$a = b$$ (eq-within-a-theorem)\n:::"),
    text("[a page](one.md), ![what is seen](one.png)"),
]

FAULTY = {
    "execution count None": code("x = 1", count=None),
    "execution count 3, not 1": code("x = 1", count=3),
    "an empty code cell": code("  \n", count=None),
    "nbval-skip": code("x = 1", tags=["nbval-skip"]),
    "nbval-ignore-output": code("x = 1", tags=["nbval-ignore-output"]),
    "raises-exception": code("x = 1", tags=["raises-exception"]),
    "NBVAL_IGNORE_OUTPUT": code("# NBVAL_IGNORE_OUTPUT\n1 + 1", said("2")),
    "a cell magic": code("%%capture\n1 + 1"),
    "no output, where the code shows": code("1 + 1"),
    "no output, where the code shows something": code("for k in range(2):\n    print(k)"),
    "no figure": code("fig, ax = plt.subplots()"),
    "without alt text": code("f()", PNG, mystnb={"figure": TOLD["figure"]}),
    "without a caption": code("f()", PNG, mystnb={"image": TOLD["image"], "figure": {"name": "fig-one"}}),
    "whose label is not": code("f()", PNG, mystnb=TOLD | {"figure": {"name": "figure1", "caption": "c"}}),
    "output on stderr": code("f()", printed("beware", "stderr")),
    "an error among the outputs": code("f()", {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}),
    "an object's address": code("f()", said("<object object at 0x7f22d4a3c1f0>")),
    "an absolute path in the output": code("print(p)", printed("/home/someone/book/a.csv\n")),
    "an absolute path in the source": code("x = open('/home/someone/a.csv')"),
    "a time in the output": code("f()", said("2024-01-02 13:45:01")),
    "a trailing semicolon": code("f();", said("2")),
    "drawn by singular vectors": code("x = rng.multivariate_normal(mu, V, 9)"),
    "not plain Python": code("!ls", printed("a")),
    "transient metadata ['execution']": code("x = 1", execution={"iopub.status.busy": "now"}),
    "an equation without a label": text("$$\na = b\n$$"),
    "does not say what it is: eq-7-2": text("$$a = b$$ (eq-7-2)"),
    "does not say what it is: eq-ch3": text("$$a = b$$ (eq-ch3)"),
    "does not say what it is: eq:one": text("$$a = b$$ (eq:one)"),
    "a $$ without its partner": text("$$ a = b"),
    "display mathematics by :::{math}": text(":::{math}\na = b\n:::"),
    "display mathematics by \\begin{align}": text("\\begin{align}\na &= b\n\\end{align}"),
    "a TeX macro is defined: \\newcommand": text("$\\newcommand{\\R}{R}$"),
    "a TeX macro is defined: \\def": text("$\\def\\R{R}$"),
    "a directive between backticks": text("```{prf:theorem} Title\n:label: thm-one\n```"),
    "an image without alt text": text("![](one.png)"),
}


def test_the_book_passes_the_gate():
    assert gate.faults() == []


@pytest.mark.parametrize("cell", SOUND, ids=lambda cell: cell["source"][:30])
def test_a_sound_cell_passes(cell):
    assert told(cell) == ""


@pytest.mark.parametrize("fault, cell", FAULTY.items())
def test_the_gate_catches(fault, cell):
    assert fault in told(cell)


@pytest.fixture
def small_book(tmp_path):
    """A book of one sound notebook, with its table of contents, its package and its pins."""
    (tmp_path / "book").mkdir()
    (tmp_path / "lmmtext" / "data").mkdir(parents=True)
    (tmp_path / "lmmtext" / "one.py").write_text('"""Words."""\nx = 1\n')
    (tmp_path / "lmmtext" / "data" / "a.csv").write_text("a,b\n")
    (tmp_path / "requirements.txt").write_text("# words\nnumpy==2.0\n")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/a\n")
    save(tmp_path, [text("# A page"), code("x = 6 * 7\nx", said("42"))])
    return tmp_path


def save(root, cells, name="a"):
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    book = {"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": {}}
    book["metadata"] = {
        "kernelspec": KERNEL,
        "language_info": LANGUAGE,
        "lmmtext": {"inputs": notebooks.inputs(book, root)},
    }
    (root / "book" / f"{name}.ipynb").write_text(json.dumps(book))


def test_a_small_sound_book_passes(small_book):
    assert gate.faults(small_book) == []


def test_a_page_outside_the_table_of_contents_is_caught(small_book):
    shutil.copy(small_book / "book" / "a.ipynb", small_book / "book" / "b.ipynb")
    (small_book / "book" / "c.md").write_text("# C")
    assert [f.split(":")[0] for f in gate.faults(small_book)] == ["book/b", "book/c"]


def test_a_page_that_is_only_in_the_table_of_contents_is_caught(small_book):
    with (small_book / "_toc.yml").open("a") as toc:
        toc.write("chapters:\n- file: book/absent\n")
    assert gate.faults(small_book) == ["book/absent: in _toc.yml, but not in book/"]


def test_a_link_to_a_missing_file_is_caught(small_book):
    save(small_book, [text("# A\n\n[b](b.ipynb), [c](a.ipynb), [d](https://example.org), [e](#here)")])
    assert gate.faults(small_book) == ["book/a.ipynb, cell 1: a link to a file that is not there: b.ipynb"]


def test_cells_are_counted_from_one_without_gaps(small_book):
    save(small_book, [code("x = 1", count=1), text("words"), code("y = 1", count=3)])
    assert gate.faults(small_book) == ["book/a.ipynb, cell 3: execution count 3, not 2: run the notebook from the top"]


def test_two_cells_with_one_id_are_caught(small_book):
    path = small_book / "book" / "a.ipynb"
    path.write_text(path.read_text().replace("cell-1", "cell-0"))
    assert gate.faults(small_book) == ["book/a.ipynb: cells without an id of their own"]


def test_an_excuse_without_its_cell_is_caught(small_book, monkeypatch):
    monkeypatch.setitem(gate.EXCUSED, ("book/a.ipynb", "gone"), "it draws at random")
    assert gate.faults(small_book) == ["book/a.ipynb: the excuse for cell gone has no cell"]


CHANGES = {
    "code": ("book/a.ipynb", "6 * 7", "5 * 7"),
    "package": ("lmmtext/one.py", "x = 1", "x = 2"),
    "data": ("lmmtext/data/a.csv", "a,b", "a,c"),
    "pins": ("requirements.txt", "2.0", "2.1"),
}


@pytest.mark.parametrize("what, change", CHANGES.items())
def test_a_notebook_is_stale_when_an_input_changed(small_book, what, change):
    file, old, new = change
    path = small_book / file
    path.write_text(path.read_text().replace(old, new))
    assert notebooks.stale(small_book / "book" / "a.ipynb", small_book) == [what]
    assert f"{what} changed since its outputs were made" in "\n".join(gate.faults(small_book))


@pytest.mark.parametrize(
    "file, old, new",
    [
        ("lmmtext/one.py", "Words.", "Other words."),
        ("lmmtext/one.py", "x = 1", "x  =  (1)  # one"),
        ("requirements.txt", "# words", "# other words"),
        ("book/a.ipynb", "# A page", "# The same page"),
    ],
)
def test_a_notebook_is_not_stale_when_only_words_changed(small_book, file, old, new):
    path = small_book / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert notebooks.stale(small_book / "book" / "a.ipynb", small_book) == []


def test_a_notebook_is_stale_when_a_file_of_the_book_that_it_reads_changed(small_book):
    lines = small_book / "book" / "lines.toml"
    lines.write_text("a = 1\n")
    save(small_book, [text("# A page"), code('read("lines.toml")', said("1"))])
    assert gate.faults(small_book) == []
    lines.write_text("a = 2\n")
    assert notebooks.stale(small_book / "book" / "a.ipynb", small_book) == ["files"]


def test_what_a_module_does_is_hashed_not_how_it_is_written():
    one = 'def f(x):\n    """Words."""\n    return x + 1'
    assert notebooks.meaning(one) == notebooks.meaning("def f(x):  # words\n    return (x\n            + 1)")
    assert notebooks.meaning(one) != notebooks.meaning("def f(x):\n    return x - 1")
    assert notebooks.meaning("f(a, b)") != notebooks.meaning("f((a, b))")
    assert notebooks.meaning("'a', 'b'") != notebooks.meaning("\"a', 'b\"")


def test_two_refreshes_give_the_same_bytes_and_a_fault_leaves_the_file(small_book):
    path = small_book / "book" / "a.ipynb"
    cells = [
        text("# A"),
        code("print('one')\nprint('two')", count=7, execution={"a": "b"}),
        code("{1: 2}", count=None),
    ]
    save(small_book, copy.deepcopy(cells))
    assert notebooks.execute(path, small_book) == ""
    first = path.read_bytes()
    assert gate.faults(small_book) == [] and b"language_version" not in first and first.endswith(b"}\n")
    assert notebooks.execute(path, small_book) == ""
    assert path.read_bytes() == first
    save(small_book, [*cells, code("1 / 0")])
    before = path.read_bytes()
    assert "ZeroDivisionError" in notebooks.execute(path, small_book)
    assert path.read_bytes() == before
    save(small_book, [code("import sys\nprint('beware', file=sys.stderr)")])
    assert "beware" in notebooks.execute(path, small_book)


def test_the_notebooks_live_in_the_book_of_this_repository():
    assert ROOT / "book" / "index.ipynb" in notebooks.paths()
