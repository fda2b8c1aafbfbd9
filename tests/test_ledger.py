"""The ledger: the book's own is that of the book and passes the gate, and the gate can refuse, rule by rule."""

import json
import shutil
from dataclasses import replace

import pytest

from lmmtext.__main__ import main
from lmmtext.ledger import declarations, entries, gate, report, symbols, words
from lmmtext.ledger.inline import SORTS
from lmmtext.ledger.pages import masked, pages
from lmmtext.verify import check
from lmmtext.verify.parser import parse
from lmmtext.verify.verdict import Mutants
from tests.conftest import ROOT


def book(folder, texts):
    """Write a book whose pages have one Markdown cell each, and return its folder."""
    (folder / "book").mkdir()
    names = [f"p{k}" for k in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": f"# {name}\n\n{text}"}]
        (folder / "book" / f"{name}.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}))
    files = "".join(f"- file: book/{name}\n" for name in names[1:])
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/p0\nchapters:\n" + files)
    return folder


@pytest.fixture(scope="module")
def ours():
    """The ledger of this book, made now."""
    return report.build(ROOT)


def test_the_ledger_that_is_kept_is_that_of_the_book(ours):
    assert (ROOT / report.FILE).read_text(encoding="utf-8") == report.text(ours), "make ledger"


def test_every_formula_of_the_book_passes_the_gate(ours):
    assert gate.faults(ours) == []


def test_the_ledger_tells_no_time_and_no_place(ours):
    assert "second" not in {key for e in ours["equations"] for c in e["checks"] for key in c}
    assert str(ROOT) not in report.text(ours)


SOUND = r"""
<!-- world: one-way -->

Groups $j = 1, \dots, J$ have $n_j = r$ observations each, $q = 1$, and $\bar{y}_1, \dots, \bar{y}_J$ are their means;
$\operatorname{E}$ is the mean, and `$not a formula$` is code. With $\sigma_\alpha^2 = 0$ they have nothing in common. It is
$\operatorname{E}[\operatorname{MSE}] = \sigma^2$, and $\mathbf{S}_j = n_j$<!-- in: one-way-unbalanced -->, also if
$\hat\sigma^2 = \operatorname{MSE}$<!-- in: one-way; where: \operatorname{MSE} < \operatorname{SSA}/J -->, while $w = 1/2$<!--
said: an example --> is no claim. Note that $\mathbf{A} \mathbf{Z}^\top$ conforms.

<!-- local: \mathbf{A} (p x J): a matrix of this page -->

<!-- local: w_j: the weight of group j -->

Now $\mathbf{A} \mathbf{Z}^\top$ does, $w_j$ is a number, and \$5 are no formula.

:::{prf:theorem} Within a fence
:label: thm-within

$$
\operatorname{E}[\operatorname{MSA}] = \sigma^2 + r \sigma_\alpha^2
$$ (eq-mean-square)
:::

$$\hat{\sigma}^2 = \operatorname{MSE}$$ (eq-interior)
<!-- where: \operatorname{MSE} < \operatorname{SSA}/J -->

$$
\bar{y} = \frac{1}{n} \mathbf{1}_n^\top \mathbf{y}
$$ (eq-grand-mean)
<!-- world: one-way, one-way-unbalanced; code: ols(X, y).beta -->

$$
\frac{\operatorname{SSE}}{\sigma^2} \sim \chi^2_{n - J}
$$ (eq-name-of-a-law)

$$
\mathbf{Y}_j = \mathbf{X}_j \beta + \mathbf{Z}_j \alpha_j + \boldsymbol{\epsilon}_j
$$ (eq-model)
<!-- kind: definition -->
""".replace(r"Note that $\mathbf{A} \mathbf{Z}^\top$ conforms.", "")

IN_ONE_WAY = "<!-- world: one-way -->\n\n"
TRUE = "$$\\operatorname{{E}}[\\operatorname{{MSE}}] = \\sigma^2$$ ({})\n"
PLANTED = {
    "a display without a label": "$$a = b$$",
    "no world is declared for it": r"$$\rho = 1$$ (eq-nowhere)",
    "there is no world nowhere": "$$a = b$$ (eq-in-no-world)\n<!-- world: nowhere -->",
    "the key 'welt' beside a display": "$$a = b$$ (eq-misspelt)\n<!-- welt: one-way -->",
    "a comment that declares nothing, 'a remark'": "<!-- a remark -->",
    "the key 'where' beside no formula": "Words.\n\n<!-- where: J > 2 -->",
    "the key 'code' beside an inline formula": IN_ONE_WAY + r"$\rho$<!-- code: f(x) -->",
    "two declarations behind one formula": IN_ONE_WAY + TRUE.format("eq-twice") + "<!-- where: J > 2 -->\n<!-- world: bayes -->",
    "the key 'where' twice": IN_ONE_WAY + TRUE.format("eq-keys") + "<!-- where: J > 2; where: J > 3 -->",
    "is declared, and nothing is judged in it": IN_ONE_WAY + "Words.",
    "the label stands already in book/p": IN_ONE_WAY + TRUE.format("eq-twice-a") + "\n" + TRUE.format("eq-twice-a"),
    "a formula stands between dollar signs": "{math}`a = b` is not seen",
    "eq-false: false in one-way": IN_ONE_WAY + r"$$\operatorname{E}[\operatorname{MSE}] = \sigma_\alpha^2$$ (eq-false)",
    "eq-unreadable: cannot parse": IN_ONE_WAY + r"$$\rho = ($$ (eq-unreadable)",
    r"eq-unknown: \omega is not in the notation table": IN_ONE_WAY + r"$$\omega = 1$$ (eq-unknown)",
    "eq-alias: \\mathbf{W} stands for \\mathbf{H} in bayes": r"$$\mathbf{W} = [\mathbf{X}, \mathbf{Z}]$$ (eq-alias)"
    + "\n<!-- world: bayes -->",
    "eq-shapes: does not conform": IN_ONE_WAY + r"$$\mathbf{V} = \mathbf{Z} \mathbf{Z}$$ (eq-shapes)",
    "eq-undecided: undecided in one-way": IN_ONE_WAY + r"$$\sigma^2 \ge \log \sigma^2$$ (eq-undecided)",
    "eq-itself: it says that a thing is itself": IN_ONE_WAY + r"$$\operatorname{SSA} = \operatorname{SSA}$$ (eq-itself)",
    "is defined already by eq-first": IN_ONE_WAY
    + "$$\\mathbf{V} = \\operatorname{Var}(\\mathbf{Y})$$ (eq-first)\n$$\\mathbf{V} = \\operatorname{Var}(\\mathbf{Y})$$ (eq-second)",
    "are only cited, which is more than 5 %": IN_ONE_WAY + "$$\\sigma^2 < \\operatorname{SSA}$$ (eq-cited)\n<!-- kind: cited: a2000 -->",
    "eq-lazy: it is declared as cited, and can be verified": IN_ONE_WAY + TRUE.format("eq-lazy") + "<!-- kind: cited: a2000 -->",
    "eq-cited-wrong: false in one-way": IN_ONE_WAY + "$$\\rho = 1$$ (eq-cited-wrong)\n<!-- kind: cited: a2000 -->",
    "a2000 is no key of book/references.bib": IN_ONE_WAY + "$$\\sigma^2 < \\operatorname{SSE}$$ (eq-of-no-source)\n<!-- kind: cited: a2000 -->",
    "names its source": IN_ONE_WAY + TRUE.format("eq-sourceless") + "<!-- kind: cited -->",
    "the kind 'theorem'": IN_ONE_WAY + TRUE.format("eq-kindless") + "<!-- kind: theorem -->",
    "its kind is declared as optimum, and is moment": IN_ONE_WAY + TRUE.format("eq-other-kind") + "<!-- kind: optimum -->",
    "it is off by more than rounding explains": IN_ONE_WAY
    + "$$\\bar{y} = \\frac{1}{n} \\mathbf{1}_n^\\top \\mathbf{y}$$ (eq-wrong-function)\n<!-- code: 1.001 * ols(X, y).beta -->",
    "it calls no public function of lmmtext": IN_ONE_WAY + TRUE.format("eq-functionless") + "<!-- code: sigma2 + 0 -->",
    "nosuch: no name of the notation": IN_ONE_WAY + TRUE.format("eq-nameless") + "<!-- code: ols(X, nosuch).beta -->",
    r"$\operatorname{E}[\operatorname{SSE}] = \sigma^2$: false": IN_ONE_WAY + r"$\operatorname{E}[\operatorname{SSE}] = \sigma^2$",
    "$n = J + r$: false": IN_ONE_WAY + "$n = J + r$",
    "$(a$: it cannot be read": IN_ONE_WAY + "$(a$",
    r"$\omega$: \omega is not in the notation table": r"$\omega$",
    "it does not conform in one-way": IN_ONE_WAY + r"$\mathbf{Z} \mathbf{Z}$",
    "in a list with dots, is a claim": IN_ONE_WAY + r"$\sigma^2 = 1, \dots, \rho$",
    "judge it elsewhere": IN_ONE_WAY + r"$\boldsymbol{\psi} = \mathbf{V} \boldsymbol{\delta}$",
    "said, beside other keys": IN_ONE_WAY + "$J = 1$<!-- said: an example; in: one-way -->",
    "take another letter": "<!-- local: r: a ratio -->",
}  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """What the gate says of a book with a fault on every page."""
    folder = book(tmp_path_factory.mktemp("planted"), list(PLANTED.values()))
    return gate.faults(report.build(folder, cached=False, patience=1))


@pytest.mark.parametrize("number, fault", list(enumerate(PLANTED)))
def test_the_gate_refuses(planted, number, fault):
    assert any(
        fault in said and (f"book/p{number}," in said or f"book/p{number}:" in said or "cited" in said)
        for said in planted
    ), planted


def test_the_gate_refuses_nothing_more_than_was_planted(planted):
    pages_with_faults = {said.split(",")[0].split(":")[0] for said in planted}
    assert pages_with_faults <= {f"book/p{k}" for k in range(len(PLANTED))} | {
        said for said in pages_with_faults if "cited" in said
    }


@pytest.mark.parametrize("law", [r"\chi^2_{J - 1}", "F_{J - 1, n - J}", r"\chi^2", "F"])
def test_the_name_of_a_law_is_no_symbol_that_wants_a_line_in_the_table(law):
    assert symbols.faults(parse(law)) == []
    assert symbols.faults(parse(r"\omega_{J - 1}"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A book with nothing wrong, and its ledger."""
    folder = book(tmp_path_factory.mktemp("sound"), [SOUND])
    return folder, report.build(folder)


def test_nothing_is_refused_where_nothing_is_wrong(sound):
    _, made = sound
    assert gate.faults(made) == []
    assert made["totals"]["equations"] == 5 and made["totals"]["by status"] == {"verified": 5}
    assert set(made["totals"]["inline"]) == set(SORTS)
    assert made["totals"]["by kind"]["definition"] == 1


def test_a_supposition_is_not_called_verified(sound):
    _, made = sound
    supposed = {x["tex"] for x in made["inline"] if x["sort"] == "supposition"}
    assert supposed == {r"\sigma_\alpha^2 = 0"}  # n_j = r and q = 1 are judged: in this world they are so


def test_a_formula_in_several_worlds_is_judged_in_each(sound):
    _, made = sound
    (mean,) = [e for e in made["equations"] if e["label"] == "eq-grand-mean"]
    assert [c["world"] for c in mean["checks"]] == ["one-way", "one-way-unbalanced"]
    assert mean["functions"] == ["ols"] and mean["instances"] == 10


def test_two_runs_give_the_same_bytes_and_the_second_judges_nothing(sound, monkeypatch):
    folder, made = sound
    monkeypatch.setattr("lmmtext.ledger.run.ProcessPoolExecutor", None)
    assert report.text(report.build(folder)) == report.text(made)


def test_what_was_kept_is_not_used_when_the_formula_or_its_declaration_is_another(sound, tmp_path):
    folder, _ = sound
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / "book" / "p0.ipynb"
    path.write_text(path.read_text().replace("<!-- where: ", "<!-- world: one-way-unbalanced; where: "))
    assert any("eq-interior" in said for said in gate.faults(report.build(copy, patience=1)))


def test_a_ledger_is_stale_when_a_formula_or_a_declaration_changes_and_not_when_prose_does(sound, tmp_path):
    folder, made = sound
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert "is not there" in report.stale(copy)[0]
    (copy / report.FILE).write_text(report.text(made))
    path = copy / "book" / "p0.ipynb"
    for old, new, stale in (("Within a fence", "In a fence", False), ("said: an example", "said: a choice", True)):
        path.write_text(path.read_text().replace(old, new))
        assert bool(report.stale(copy)) == stale
    assert "formulas or declarations changed" in report.stale(copy)[0]


def test_a_survivor_a_check_that_cannot_fail_and_an_unfinished_trial_are_refused():
    verdict = check(r"\operatorname{E}[\operatorname{MSE}] = \sigma^2", "one-way")
    assert entries._unverified(verdict) == []
    (link,) = verdict.links
    for mutants, says in (
        (Mutants(3, survivors=("a sign flipped: x",)), "1 wrong variants of"),
        (Mutants(0, same=2), "the check cannot fail"),
        (Mutants(3, complete=False), "not the time to try all"),
    ):
        changed = replace(verdict, links=(replace(link, mutants=mutants),))
        assert any(says in said for said in entries._unverified(changed))


def test_an_empty_book_is_refused(tmp_path):
    assert "no equation was found in the book" in gate.faults(report.build(book(tmp_path, ["Words."])))


def test_the_command_writes_checks_and_says_what_is_wrong(sound, tmp_path, capsys):
    folder, _ = sound
    assert main(["ledger", "--book", str(folder), "--check"]) == 1
    assert "is not the ledger of this book" in capsys.readouterr().err
    assert main(["ledger", "--book", str(folder)]) == 0
    assert "5 equations on 1 pages" in capsys.readouterr().out
    assert main(["ledger", "--book", str(folder), "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["equations"] == 5
    assert main(["ledger", "--book", str(tmp_path)]) == 2
    assert "there is no _toc.yml" in capsys.readouterr().err


def test_code_and_comments_are_no_formulas(tmp_path):
    assert masked("`$a$` $b$") == "\0\0\0\0\0 $b$"
    text = "`$a$`\n\n```\n$$c$$\n```\n\n<!-- world: one-way -->\n\n$\\rho$<!-- said: not $d$ -->"
    (page,) = pages(book(tmp_path, [text]))
    assert [f.tex for f in page.formulas] == [r"\rho"] and page.faults == []


@pytest.mark.parametrize("where", declarations.ALLOWED)
def test_an_error_of_a_declaration_says_what_can_stand_there(where):
    with pytest.raises(declarations.Misdeclared, match=", ".join(declarations.ALLOWED[where])):
        declarations.read("colour: red", where)


def test_a_mark_claims_no_more_than_was_checked():
    entry = {"kind": "identity", "status": "verified", "checks": [], "where": "", "functions": []}
    assert words.mark_of(entry) == "verified"
    assert words.mark_of(entry | {"status": "undecided"}) == "open"
    assert words.mark_of(entry | {"kind": "definition"}) == "definition"
    assert words.mark_of(entry | {"kind": "definition", "status": "false"}) == "open"
    assert words.mark_of(entry | {"kind": "cited", "status": "cited"}) == "cited"
    steps = [{"how": f"equal; below 10^-{k} (Schwartz-Zippel)"} for k in (22, 9, 30)]
    told = words.evidence(entry | {"checks": [{"world": "general", "links": steps}]})
    assert (
        told[-1] == "3 steps, each checked; the weakest evidence: equal; below 10\u207b\u2079 (Schwartz-Zippel)."
    )  # the weakest of the three
    cited = entry | {"kind": "cited", "status": "cited", "cites": "searle1992"}
    assert words.evidence(cited) == ["Cited, not checked.", "Source: searle1992."]
