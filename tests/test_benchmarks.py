"""The harness of the benchmark: its cases, its runner, its arithmetic, its tables. No time is asserted anywhere."""

import dataclasses
import doctest
import json
import re
import signal
import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks import cases, children, environments, floor, growth, machine, report, rounds, simulated, tables
from benchmarks.__main__ import options
from benchmarks.peers import runner, spelling
from lmmtext import lmm
from tests.reference_fits import reference

linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and memory are read as Linux has them")


@pytest.mark.parametrize("module", [simulated, spelling, rounds, tables], ids=lambda module: module.__name__)
def test_the_examples_of_the_harness_are_right(module):
    done = doctest.testmod(module)
    assert done.attempted > 0 and done.failed == 0


# --- cases ---


@pytest.mark.parametrize("case", cases.ALL, ids=lambda case: case.name)
def test_a_case_is_the_same_table_every_time_and_holds_what_its_formulas_name(case):
    once, again = case.make(), case.make()
    pd.testing.assert_frame_equal(once, again, check_exact=True)
    for formula in (case.formula, case.plain):
        assert set(re.findall(r"[A-Za-z]\w*", formula)) <= set(once)
    assert all(once[group].dtype == np.int64 for group in case.groups)


def test_simulated_tables_have_the_sizes_that_they_claim():
    sizes = simulated.unbalanced(1_000, 10_000)["g"].value_counts()
    assert (len(sizes), sizes.sum(), sizes.min(), sizes.max()) == (1_000, 10_000, 1, 19)
    nested = simulated.nested((4, 3, 2), 5)
    assert nested.nunique().drop("y").to_dict() == {"a": 4, "b": 3, "c": 2, "ab": 12, "abc": 24}
    assert len(nested) == 120
    factorial = simulated.factorial(3, 4, 2)
    assert factorial.groupby("abc").size().eq(2).all() and factorial["abc"].nunique() == 64
    assert simulated.slopes(10, 5, 4).shape == (50, 5)
    assert simulated.crossed((7, 5, 3), 300).drop(columns="y").nunique().tolist() == [7, 5, 3]


@pytest.mark.parametrize("name", ["sleepstudy", "oneway-1e4"])
def test_a_runner_reads_the_very_table_that_the_case_made(name, tmp_path):
    case = cases.CASES[name]
    back = runner.read(cases.write(case, tmp_path))
    pd.testing.assert_frame_equal(back, case.make(), check_exact=True, check_index_type=False)


@pytest.mark.parametrize(
    "table, formula, plain",
    [
        (simulated.nested((5, 4, 3), 3), cases.CASES["nested"].formula, cases.CASES["nested"].plain),
        (
            simulated.factorial(3, 3, 2),
            cases._intercepts(":".join(letters) for letters in simulated.subsets("abc")),
            cases._intercepts(simulated.subsets("abc")),
        ),
    ],
    ids=["nested", "factorial"],
)
def test_the_plain_formula_is_the_same_model(table, formula, plain):
    assert lmm(plain, table).objective == pytest.approx(lmm(formula, table).objective, abs=1e-7)


def test_a_formula_in_pieces_is_the_formula():
    assert spelling.pieces(cases.CASES["insteval"].formula) == (
        "y ~ service",
        [("1", "s"), ("1", "d"), ("1", "dept:service")],
    )
    assert spelling.pieces(cases.CASES["dyestuff"].formula) == ("Yield ~ 1", [("1", "Batch")])


# --- peers and their environments ---


@pytest.mark.parametrize("peer", environments.ALL, ids=lambda peer: peer.name)
def test_every_peer_has_its_runner_and_exact_pins(peer):
    if peer.runner.endswith(".R"):
        assert (environments.RUNNERS / peer.runner).exists()
        return
    assert (environments.RUNNERS / f"{peer.runner}.py").exists()
    if peer.name != "lmmtext":
        pins = (environments.RUNNERS / f"{peer.runner.removeprefix('run_')}.txt").read_text().splitlines()
        assert all(re.fullmatch(r"[\w-]+==[\d.]+", pin) for pin in pins)
        assert peer.distribution in [pin.split("==")[0] for pin in pins]


def test_no_child_sees_a_chosen_kernel_and_every_child_has_one_thread(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OPENBLAS_L2_SIZE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    given = environments.variables()
    assert not {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"} & set(given)
    assert given["OMP_NUM_THREADS"] == given["OPENBLAS_NUM_THREADS"] == "1"


def test_a_peer_that_is_not_here_is_unavailable_in_words(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(environments.Unavailable, match="Rscript with lme4 is not here"):
        environments.ensure(environments.PEERS["lme4"])


# --- one call in one process ---


@linux
@pytest.mark.parametrize(
    "name, fitted", [("sleepstudy", "sleepstudy_corr"), ("dyestuff", "dyestuff"), ("penicillin", "penicillin")]
)
def test_the_runner_of_the_package_reaches_lme4s_criterion(name, fitted, monkeypatch, tmp_path):
    monkeypatch.setattr(children, "LEAST", 0.001)
    data = cases.write(cases.CASES[name], tmp_path)
    answer = children.ask(environments.PEERS["lmmtext"], children.arguments(cases.CASES[name], "small", data, [], data))
    wanted = reference(fitted)["fits"]["REML"]["objective"]
    assert answer["objective"] == pytest.approx(wanted, abs=1e-8 + 1e-11 * abs(wanted))
    assert answer["converged"] is True
    assert 0 < answer["before_mb"] <= answer["peak_mb"]
    assert min(answer[field] for field in ("cpu", "first_cpu", "first_wall")) > 0


@linux
def test_the_other_modes_answer_too(monkeypatch, tmp_path):
    monkeypatch.setattr(children, "LEAST", 0.001)
    ours, case = environments.PEERS["lmmtext"], cases.CASES["dyestuff"]
    data = cases.write(case, tmp_path)
    assert children.ask(ours, ["mode=import"]).keys() == {"import_cpu"}
    assert children.ask(ours, children.arguments(case, "bootstrap", data, [], data)).keys() == {"cpu", "together_cpu"}
    cases.write(cases.CASES["penicillin"], tmp_path)
    assert children.ask(ours, children.arguments(case, "big", data, [], tmp_path))["objective"] > 0


@linux
def test_a_call_that_fails_answers_with_its_error(tmp_path):
    case = dataclasses.replace(cases.CASES["dyestuff"], formula="Yield ~ 1 + (1 | nowhere)")
    data = cases.write(case, tmp_path)
    answer = children.ask(environments.PEERS["lmmtext"], children.arguments(case, "small", data, [], data))
    assert list(answer) == ["failed"] and "nowhere" in answer["failed"]


@linux
def test_time_and_memory_have_limits(monkeypatch):
    monkeypatch.setattr(children, "CPU_LIMIT", 1)
    monkeypatch.setattr(children, "ALL_ELSE", 0)
    assert children.run([sys.executable, "-c", "while True: pass"]) == {"failed": "more than 1 s"}
    assert children.run([sys.executable, "-c", "print('{\"first_cpu\": 2}')"]) == {"failed": "more than 1 s"}
    monkeypatch.setattr(children, "WALL_LIMIT", 1)
    assert children.run(["sleep", "60"]) == {"failed": "did not end in 1 s of clock time"}
    monkeypatch.setattr(children, "MEMORY_LIMIT", 2**30)
    assert "MemoryError" in children.run([sys.executable, "-c", "bytearray(2**31)"])["failed"]


@linux
def test_the_limits_leave_the_processor_clock_its_resolution():
    ask = "import time; print('{\"ticks\": %d}' % len({time.process_time_ns() for _ in range(10_000)}))"
    assert children.run([sys.executable, "-c", ask])["ticks"] > 1_000


@linux
def test_the_end_of_a_process_is_told_without_the_paths_of_the_machine():
    told = children.ending(-signal.SIGABRT, "memory allocation of 80000000000 bytes failed")
    assert told == "out of memory: asked for 80 GB at once"
    assert children.ending(1, "a\nError in /home/me/lib/x.py") == "died (exit code 1): Error in x.py"
    assert children.ending(-signal.SIGSEGV, "") == "died (SIGSEGV): no word"
    assert runner.told(OSError("no file /home/me/lib/x.py")) == "OSError: no file x.py"
    assert runner.told(MemoryError()) == "MemoryError"


# --- rounds ---


def test_peers_take_turns_and_one_that_failed_is_not_asked_again(monkeypatch, capsys):
    asked = []

    def answer(peer, request):
        asked.append(peer.name)
        return {"failed": "no"} if peer.name == "glmm" else {"cpu": 1.0}

    monkeypatch.setattr(rounds, "ask", answer)
    peers = [environments.PEERS[name] for name in ("lmmtext", "lme4", "glmm")]
    records = list(rounds.interleaved("fit x", [], peers, 3))
    assert asked == ["lmmtext", "lme4", "glmm", "lme4", "lmmtext", "lmmtext", "lme4"]
    assert records[2] == {"what": "fit x", "round": 1, "peer": "glmm", "failed": "no"}


def test_raw_numbers_come_back_from_disk_as_they_were(tmp_path):
    raw = example()
    rounds.save(raw, tmp_path / "raw.json")
    assert json.loads((tmp_path / "raw.json").read_text()) == raw


def test_the_size_of_a_case_is_that_of_the_columns_in_its_formula():
    size = rounds.sizes(cases.CASES["nested"])
    assert (size["rows"], size["data_mb"]) == (100_000, 4 * 8 * 100_000 / 2**20)


def test_a_part_of_a_run_is_not_written_as_the_results(capsys):
    with pytest.raises(SystemExit):
        options(["--write", "--cases", "dyestuff"])
    assert "--write keeps a whole run" in capsys.readouterr().err
    assert options(["--quick"]).rounds == 1


# --- the floor ---


def dense_reml(y, X, V):
    """The REML criterion with sigma2 profiled out, from a dense V in units of sigma2."""
    n, p = X.shape
    solved = np.linalg.solve(V, np.column_stack([X, y]))
    XVX = X.T @ solved[:, :p]
    beta = np.linalg.solve(XVX, X.T @ solved[:, p])
    rss = (y - X @ beta) @ np.linalg.solve(V, y - X @ beta)
    logdet = np.linalg.slogdet(V)[1] + np.linalg.slogdet(XVX)[1]
    return logdet + (n - p) * (1 + np.log(2 * np.pi * rss / (n - p)))


@pytest.mark.parametrize("q", [1, 2, 3])
def test_the_floor_of_one_factor_is_the_criterion(q):
    table = simulated.slopes(6, 7, q)
    g, y = table["g"].to_numpy(), table["y"].to_numpy()
    Z = table[growth.slope_names(table)].to_numpy()
    Lambda = np.tril(np.random.default_rng(q).normal(size=(q, q)))
    value = floor.grouped_value(floor.grouped_statistics(g, 6, Z, y), Lambda, len(y))
    X = np.column_stack([np.ones(len(y)), Z])
    V = np.eye(len(y)) + (X @ Lambda @ Lambda.T @ X.T) * (g[:, None] == g)
    assert value == pytest.approx(dense_reml(y, X, V), abs=1e-9)


@pytest.mark.parametrize("sizes", [(5,), (5, 4), (5, 4, 3)])
def test_the_floor_of_crossed_factors_is_the_criterion(sizes):
    table = simulated.crossed(sizes, 60)
    y = table["y"].to_numpy()
    codes = [table[letter].to_numpy() for letter in "abc"[: len(sizes)]]
    theta = (0.9, 0.6, 1.3)[: len(sizes)]
    value = floor.crossed_value(floor.crossed_statistics(codes, sizes, y), sizes, theta, len(y))
    V = np.eye(len(y)) + sum(t**2 * (code[:, None] == code) for t, code in zip(theta, codes, strict=True))
    assert value == pytest.approx(dense_reml(y, np.ones((len(y), 1)), V), abs=1e-9)


def test_every_point_of_the_growth_has_a_design_and_its_floor():
    for series, (_, sizes) in growth.SERIES.items():
        formula, table = growth.design(series, sizes[0])
        statistics, value = growth.floors(series, sizes[0], table)
        statistics()
        assert np.isfinite(value()) and set(re.findall(r"[A-Za-z]\w*", formula)) <= set(table)


def test_the_parts_of_a_call_are_within_it(monkeypatch):
    monkeypatch.setattr(growth, "LEAST", 0.001)
    formula, table = growth.design("n", 10_000)
    whole, parts = growth.timed_parts(lambda: lmm(formula, table))
    assert set(parts) <= set(growth.PARTS) and 0 <= sum(parts.values()) <= whole


# --- tables ---


def example():
    """Raw numbers in which a ratio of medians differs from the median of ratios."""
    times = {"lmmtext": (0.002, 0.009, 0.004), "lme4": (0.02, 0.03, 0.08), "glmm": (0.001, 0.001, 0.004)}
    records = [
        {
            "what": "fit sleepstudy",
            "round": k + 1,
            "peer": peer,
            "cpu": cpu[k],
            "first_cpu": 2 * cpu[k],
            "first_wall": 3 * cpu[k],
            "objective": 100.0 + 2e-6 * (peer == "lme4"),
            "before_mb": 90.0,
            "peak_mb": 1234.5,
            "converged": peer != "lme4",
        }
        for k in range(3)
        for peer, cpu in times.items()
    ]
    records += [{"what": "fit big", "round": 1, "peer": p, "failed": w} for p, w in {"glmm": "more than 130 s"}.items()]
    records += [{"what": "import", "round": 1, "peer": "lmmtext", "import_cpu": 0.25}]
    records += [
        {"what": "bootstrap", "round": 1, "peer": "lmmtext", "cpu": 0.01, "together_cpu": 0.002},
        {"what": "bootstrap", "round": 1, "peer": "lme4", "cpu": 0.04},
    ]
    point = {"series": "n", "size": 10_000, "round": 1, "cpu": 0.012, "parts": {"build": 0.004, "minimise": 0.005}}
    return {
        "machine": {"date": "2020-02-02", "processor": "abacus"},
        "peers": {
            "lmmtext": {"made_of": "numpy", "compiled": False, "version": "1.0", "beside": {"numpy": "2.0"}},
            "lme4": {"made_of": "R and C++", "compiled": False, "version": "1.1", "beside": {}},
            "glmm": {"made_of": "Rust", "compiled": True, "version": "0.6", "beside": {}},
            "mixedlm": {"made_of": "Rust", "compiled": True, "unavailable": "its environment could not be made"},
        },
        "cases": [
            {"name": name, "title": name.title(), "formula": "", "big": name == "big", "rows": 9, "data_mb": 0.5}
            for name in ("sleepstudy", "big")
        ],
        "records": records,
        "growth": [point | {"statistics_floor": 0.001, "value_floor": 0.002, "evaluations": 12, "converged": True}],
    }


def test_a_ratio_is_taken_within_a_round():
    assert tables.ratio(example(), "fit sleepstudy", "lmmtext", "lme4") == pytest.approx(0.1)
    assert tables.middle(example(), "fit sleepstudy", "lmmtext") == 0.004
    assert tables.best_compiled(example(), "fit sleepstudy") == "glmm"
    assert tables.best_compiled(example(), "fit big") is None


def test_a_round_that_was_not_finished_is_told_and_the_others_count():
    raw = example()
    raw["records"].append({"what": "fit sleepstudy", "round": 4, "peer": "glmm", "failed": "more than 130 s"})
    assert tables.middle(raw, "fit sleepstudy", "glmm") == 0.001
    assert "sleepstudy (round 4 only)" in tables.failures(raw)


def test_a_peer_that_says_it_did_not_converge_is_not_the_best():
    raw = example()
    for record in raw["records"]:
        record["converged"] = record["peer"] != "glmm"
    assert tables.best_compiled(raw, "fit sleepstudy") is None


def test_the_tables_of_given_numbers_are_these():
    raw = example()
    assert tables.fit_times(raw).splitlines() == [
        "| case | lmmtext | lme4 | glmm | mixedlm |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| Sleepstudy | 4.00 (0.10) | 30.0 † | 1.00 (0.050) | no |",
        "| Big | not run | not run | > 130 s | no |",
    ]
    assert tables.summary(raw).splitlines()[2:] == ["| Sleepstudy | 0.10 | 2.0 | glmm |", "| Big | - | - | - |"]
    assert tables.spread(raw).splitlines()[2].startswith("| Sleepstudy | 0.50 to 2.25 | 0.67 to 2.67 |")
    assert tables.criteria(raw).splitlines()[2] == "| Sleepstudy | 0 | 2e-06 | 0 | no |"
    assert tables.memory(raw).splitlines()[2] == "| Sleepstudy | 1,234 (90) | 1,234 (90) | 1,234 (90) | no |"
    assert tables.failures(raw).splitlines() == [
        "- **lmmtext**, big: `not run`.",
        "- **lme4**, big: `not run`.",
        "- **glmm**, big: `more than 130 s`.",
        "- **mixedlm**: its environment could not be made.",
    ]
    assert report.starts(raw).splitlines()[2] == "| lmmtext | 250 | 8.00 | 12.0 | 4.00 |"
    assert report.bootstrap(raw).splitlines()[2:] == [
        "| lme4: `refit(fit, simulate(fit)[[1]])` | 40.0 | 1.00 |",
        "| lmmtext: `fit.refit(fit.simulate(rng=rng))` | 10.0 | 0.250 |",
        "| lmmtext: `fit.bootstrap(100, rng=rng)`, a hundredth | 2.00 | 0.0500 |",
    ]
    assert report.growth(raw, "n").splitlines()[4] == ("| 10,000 | 12.0 | 4.00 | - | 5.00 | 12 | 1.00 | 2.00 | 4.0 |")


def test_the_report_holds_every_table_and_the_day():
    text = report.render(example())
    assert "on 2020-02-02;" in text and "| processor | abacus |" in text and "{" not in text
    assert "| mixedlm | - | Rust | its environment could not be made |" in text


def test_the_results_are_what_the_numbers_render_to():
    raw = json.loads(report.NUMBERS.read_text(encoding="utf-8"))
    assert report.render(raw) == report.RESULTS.read_text(encoding="utf-8")


def test_the_results_name_no_path_and_no_host():
    for text in (report.NUMBERS.read_text(encoding="utf-8"), json.dumps(machine.describe())):
        assert not re.search(r"/(?:home|root|Users|tmp|usr|opt|var|work)/|https?:|@\w", text)
