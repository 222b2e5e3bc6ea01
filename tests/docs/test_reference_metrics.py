"""The reference of metrics and gates: every metric, kind and source is in it, every figure computed anew."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from pages import sections
from worked_examples import ACCURACY, COMPUTED, figure_of, sample, suite_with

import lockgate.figures
import lockgate.statistics.betting
import lockgate.statistics.confusion
import lockgate.statistics.corrected
import lockgate.statistics.intervals
import lockgate.statistics.power
import lockgate.statistics.rates
import lockgate.trials
from lockgate import load_suite
from lockgate.checks.classification import classification
from lockgate.differences import difference
from lockgate.engine.latency import growth
from lockgate.errors import DocumentError
from lockgate.gates import rule
from lockgate.matrices import tabulate
from lockgate.metrics import measure
from lockgate.model import (
    BUILTIN_MEASURES,
    Case,
    Completion,
    Counts,
    Labels,
    Measure,
    Run,
    Sample,
    Table,
    Timing,
)
from lockgate.reports.tables import tables_text
from lockgate.statistics.intervals import T_LEAST

PAGE = sections("metrics-and-gates.md")
OF_KIND = {
    "rate": (ACCURACY, True),
    "mean": (Measure(name="score", kind="mean"), 0.5),
    "f1": (Measure(name="fields", kind="f1"), Counts(tp=2)),
    "macro_f1": (Measure(name="macro_f1", kind="macro_f1"), Labels(expected="a", answered="a")),
}


@pytest.mark.parametrize(("heading", "first"), COMPUTED, ids=[" ".join(key) for key in COMPUTED])
def test_every_figure_is_what_the_code_gives(heading, first, tmp_path):
    """Each figure and each ruling of the table is computed anew and is the same."""
    for row in PAGE[heading].table(first):
        computed = COMPUTED[heading, first](row, tmp_path)
        assert row == row | computed


def test_all_three_rulings_are_shown():
    """The table of rulings has a pass, a fail and an inconclusive one, and so has that of baselines."""
    for heading, first in (("Rulings", "samples"), ("Against a baseline", "both right")):
        statuses = {row["ruling"].split(":")[0] for row in PAGE[heading].table(first)}
        assert statuses == {"pass", "fail", "inconclusive"}


def test_every_metric_of_every_run_has_its_row():
    """Name, kind, side and unit of each built-in metric stand in the table, in order, and no other."""
    written = [
        (r["metric"], r["kind"], r["better"], r["unit"]) for r in PAGE["Metrics of every run"].tables[0]
    ]
    assert written == [(m.name, m.kind, m.better, m.unit) for m in BUILTIN_MEASURES]


def test_every_kind_has_its_method():
    """The methods of the table are those that the metrics themselves name."""
    rows = PAGE["Kinds"].table("kind")
    assert {(r["kind"], r["unit"]) for r in rows} == {
        (m.kind, m.unit) for m in (*BUILTIN_MEASURES, *(measured for measured, _ in OF_KIND.values()))
    }
    for row in rows:
        kind = row["kind"]
        measured, share = OF_KIND.get(kind, OF_KIND["rate"])
        names = [m.name for m in BUILTIN_MEASURES if (m.kind, m.unit) == (kind, row["unit"])]
        samples = [sample("a", share, measured=measured)]
        found = figure_of(names[0] if row["unit"] else measured.name, samples, (measured,))
        assert found.method == row["its limits"]


@pytest.mark.parametrize(
    ("kind", "trials", "row"),
    [
        ("rate", 1, "rate, one trial"),
        ("rate", 2, "rate, several trials"),
        ("mean", 1, "mean of shares"),
        ("f1", 1, "f1"),
        ("macro_f1", 1, "macro_f1"),
    ],
)
def test_every_kind_of_difference_has_its_method(kind, trials, row):
    """The methods of differences are those that a difference itself names."""
    measured, share = OF_KIND[kind]
    samples = [sample("a", share, measured=measured, trial=trial) for trial in range(trials)]
    found = difference(samples, samples, figure_of(measured.name, samples, (measured,)))
    written = {r["kind"]: r["limits of the difference"] for r in PAGE["Against a baseline"].table("kind")}
    assert written[row] == found.method


def test_the_difference_of_costs_has_its_method():
    """Costs are compared by what the table says."""
    samples = [sample("a", True, cost=1.0)]
    found = difference(samples, samples, figure_of("cost_per_1k", samples))
    assert PAGE["Against a baseline"].table("kind")[-1] == {
        "kind": "costs and tokens",
        "limits of the difference": found.method,
    }


@pytest.mark.parametrize(
    "module",
    [
        lockgate.statistics.intervals,
        lockgate.statistics.power,
        lockgate.figures,
        lockgate.statistics.confusion,
        lockgate.statistics.corrected,
    ],
    ids=lambda m: m.__name__,
)
def test_every_source_of_a_formula_is_named(module):
    """Each paper that the code names stands on the page, by authors and year."""
    source = Path(module.__file__).read_text("utf-8")
    papers = set(re.findall(r"[A-Z][\w-]+(?: & [A-Z][\w-]+| Rijsbergen)? (?:19|20)\d\d", source))
    text = " ".join(section.text for section in PAGE.values())
    assert papers
    assert [paper for paper in papers if paper not in text] == []


def test_an_error_counts_as_the_page_says():
    """Without an answer a rate, a mean and F1 get worse and have no unknown, and a cost is unknown."""
    for measured, share in OF_KIND.values():
        samples = [sample("a", share, measured=measured), sample("b", "error", measured=measured)]
        found = figure_of(measured.name, samples, (measured,))
        assert found.unscored == 0
        assert found.value < figure_of(measured.name, samples[:1], (measured,)).value
    cost = figure_of("cost_per_1k", [sample("a", True, cost=1.0), sample("b", "error")])
    assert (cost.n, cost.unscored, cost.value) == (1, 1, 1000)


def test_what_was_not_asked_is_unknown_to_every_metric():
    """A sample without completion and error is unscored in all metrics of samples."""
    found = measure([Sample(case_id="a")], [measured for measured, _ in OF_KIND.values()])
    assert {m.unscored for m in found if m.kind != "quantile"} == {1}


def test_an_unknown_cost_keeps_a_max_open(tmp_path):
    """One answer without a price and the gate on cost does not pass, however cheap the others."""
    gate = suite_with(tmp_path, "cost_per_1k: {max: 1000}").gates[0]
    samples = [sample(str(n), True, cost=0.001 if n else None) for n in range(100)]
    found = rule(gate, figure_of("cost_per_1k", samples), expected=100, seen=100, samples=samples)
    assert found.status == "inconclusive"
    assert "1 unscored" in found.reason


def test_student_t_begins_where_the_page_says():
    """Below the number of cases that the page names there are no limits of costs."""
    assert f"from {T_LEAST} cases on" in PAGE["Kinds"].text
    assert f"; {T_LEAST} where there is no t limit" in PAGE["How many would do"].text


def test_a_fit_begins_where_the_page_says():
    """The spread and the number of prompts from which growth is told are those of the page."""
    text = " ".join(PAGE["Kinds"].text.split())
    assert "by 1.5 times from the shortest to the longest over 8 requests or more" in text
    for requests, longest, told in ((8, 150, True), (7, 150, False), (8, 149, False)):
        tokens = [100] * (requests - 1) + [longest]
        assert (growth([Timing(seconds=0.1, tokens_in=t) for t in tokens]) is not None) == told


@pytest.mark.parametrize(("metric", "estimable"), [("latency_p95", 20), ("latency_p99", 100)])
def test_too_few_samples_are_what_the_page_says(metric, estimable, tmp_path):
    """From the page's number of samples on a suite loads, and with one fewer it is an error."""
    assert f"{estimable} for {metric[-3:]}" in PAGE["Kinds"].text
    path = tmp_path / "suite.yaml"
    head = "suite: s\ncases: [{input: b}]\nchecks: [contains: c]\n"
    tail = f"}}\ngates: {{{metric}: {{max: 1s}}}}\n"
    path.write_text(f"{head}latency: {{samples: {estimable}{tail}", "utf-8")
    assert load_suite(path).gates[0].metric == metric
    path.write_text(f"{head}latency: {{samples: {estimable - 1}{tail}", "utf-8")
    with pytest.raises(DocumentError, match="say nothing of"):
        load_suite(path)


def test_the_example_is_read_as_the_page_says(tmp_path):
    """The suite of the page loads, with bounds in their units and one gate's own confidence."""
    (block,) = PAGE[""].blocks("yaml")
    (tmp_path / "suite.yaml").write_text(block, "utf-8")
    gates = {g.metric: g for g in load_suite(tmp_path / "suite.yaml").gates}
    assert gates["accuracy"].min == 0.9
    assert (gates["accuracy"].no_worse_than, gates["accuracy"].margin) == ("baseline", 0.02)
    assert (gates["over_refusal"].confidence, gates["error_rate"].confidence) == (0.9, 0.95)
    assert (gates["latency_p95"].max, gates["cost_per_1k"].max, gates["tokens_out"].max) == (0.6, 0.5, 200)


def test_a_suite_with_a_sample_missing_is_inconclusive(tmp_path):
    """Where a sample was not run, a gate that would pass is open."""
    gate = suite_with(tmp_path, "accuracy: {min: 0.5}").gates[0]
    samples = [sample(str(n), True) for n in range(99)]
    found = rule(gate, figure_of("accuracy", samples), expected=100, seen=99, samples=samples)
    assert found.status == "inconclusive"


SITUATIONS = {
    "every gate passed, and every check that no gate covers": (0, 60, "0.95"),
    "a gate failed": (40, 60, "0.95"),
    "a gate was inconclusive": (0, 40, "0.95"),
    "a check missed and a gate bounds its first metric": (1, 60, "0.8"),
    "a check broke, or the backend gave no answer": (-1, 60, "0.8"),
    "a mistake in a suite, the project or an option, before anything is asked": (0, 60, "95"),
}


def exit_code(pytester, wrong, cases, bound, *options) -> int:
    """The exit code of a run with a gate on `contains`; -1 wrong is one without an answer."""
    answers = {f"c{n}": "no" if n < wrong else "yes" for n in range(cases)}
    answers |= {"c0": {"error": "down"}} if wrong < 0 else {}
    rows = "".join(f"  - {{id: c{n}, input: Question {n}}}\n" for n in range(cases))
    pytester.makeini("[pytest]\n")
    (pytester.mkdir("evalsuites") / "s.yaml").write_text(
        f"suite: s\ncases:\n{rows}checks: [contains: 'yes']\ngates: {{contains: {{min: {bound}}}}}\n", "utf-8"
    )
    (pytester.path / "lockgate.yaml").write_text(
        f"backends: {{desk: {{v1: {{kind: scripted, answers: {answers}}}}}}}\n", "utf-8"
    )
    found = pytester.runpytest_subprocess(
        "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--llm-backend=desk:v1", *options
    )
    return int(found.ret)


@pytest.mark.parametrize("what", SITUATIONS)
def test_the_exit_code_is_the_pages(what, pytester):
    """Each row of the table of exit codes is what pytest ends with."""
    rows = {row["what happened"]: row["exit code"] for row in PAGE["Exit codes"].table("what happened")}
    assert rows.keys() == SITUATIONS.keys()
    wrong, cases, bound = SITUATIONS[what]
    expected = {"the gate decides": "0"}.get(rows[what], rows[what])
    assert exit_code(pytester, wrong, cases, bound) == int(expected[0])


def test_inconclusive_may_warn(pytester):
    """`--llm-inconclusive=warn` lets an inconclusive gate not touch the exit code, as the page says."""
    rows = {row["what happened"]: row["exit code"] for row in PAGE["Exit codes"].table("what happened")}
    assert rows["a gate was inconclusive"] == "1, or 0 with `--llm-inconclusive=warn`"
    assert exit_code(pytester, 0, 40, "0.95", "--llm-inconclusive=warn") == 0


def test_every_metric_that_the_page_names_exists():
    """Every word in backticks that looks like a built-in metric is one."""
    text = " ".join(section.text for section in PAGE.values())
    named = set(re.findall(r"\b(?:latency|cost|tokens|error)_\w+", text))
    assert named == {m.name for m in BUILTIN_MEASURES}


def test_the_table_is_what_the_terminal_shows():
    """The page's table is that of the answers that it speaks of, and its keys are those of the record."""
    check = classification(["billing", "technical", "other"])
    rows = {"billing": (38, 1, 0, 1), "technical": (2, 25, 3, 0), "other": (0, 0, 9, 1)}
    said = ("billing", "technical", "other", "?")
    pairs = [(e, a) for e, row in rows.items() for a, n in zip(said, row, strict=True) for _ in range(n)]
    verdicts = [check(Case(id="", input="", expected=e), Completion(text=a)) for e, a in pairs]
    samples = [Sample(case_id=str(n), verdicts=(v,)) for n, v in enumerate(verdicts)]
    tables = tabulate(samples, check.tables, measure(samples, check.measures))
    run = Run(suite="s", backend="b", fingerprint="", samples=(), tables=tables)
    assert PAGE["Tables"].blocks("text") == [f"{tables_text(run)}\n"]
    keys = [row["key"] for row in PAGE["Tables"].table("key")]
    assert keys == [f.name for f in dataclasses.fields(Table)]
