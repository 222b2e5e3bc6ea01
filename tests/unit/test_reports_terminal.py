"""What people read in a terminal."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import COST, LATENCY, MISS, any_runs, ruling, run, samples

from lockgate.model import Case, Completion, Metric, Passage, Sample, Span, Verdict
from lockgate.reports.terminal import (
    UNCORRECTED,
    comparison_markdown,
    comparison_table,
    explain_miss,
    gate_table,
    visible,
)


def metric(name, value, **more):
    """A metric with a value."""
    return Metric(name=name, value=value, n=9, **more)


def test_rulings_are_a_table_with_the_open_reasons_below():
    """Columns are aligned; passes need no reason."""
    rulings = (
        ruling(metric("format_adherence", 1.0, low=0.97, high=1.0), "pass", "It clears.", None, min=0.96),
        ruling(),
        ruling(LATENCY, "fail", "Too slow.", None, max=0.4),
    )
    assert gate_table(run(rulings=rulings)).splitlines() == [
        "gate              ruling        value   limits            n                bound     needed n",
        "format_adherence  pass          1       [0.97, 1]         9                ≥ 0.96    –",
        "accuracy          inconclusive  0.5     [0.0253, 0.9747]  2 (+1 unscored)  ≥ 0.9     120",
        "latency_p95       fail          580 ms  [500 ms, –]       20               ≤ 400 ms  –",
        "inconclusive: It is open.",
        "fail: Too slow.",
    ]


def test_a_bound_on_a_difference_is_shown():
    """`better_than` and `no_worse_than` stand in the bound, with the margin where there is one."""
    shown = gate_table(run(rulings=(ruling(better_than="prompt:v1"), ruling(better_than="x", margin=0.1))))
    assert "better than prompt:v1 " in shown
    assert "better than x by 0.1 " in shown
    kept = gate_table(run(rulings=(ruling(LATENCY, no_worse_than="baseline", margin=0.05),)))
    assert "no worse than baseline by 50 ms " in kept


def test_rulings_without_correction_say_so():
    """Below the reasons, where there are several bounds; Holm's correction is the rule and goes without."""
    several = (ruling(), ruling(status="pass"))
    alone = gate_table(run(rulings=several, correction="none"))
    assert alone.splitlines()[-2:] == ["inconclusive: It is open.", UNCORRECTED]
    assert UNCORRECTED == "Each bound is ruled on by itself (correction: none)."
    assert gate_table(run(rulings=several, correction="holm")) + f"\n{UNCORRECTED}" == alone


def test_a_suite_without_gates_says_so():
    """No ruling is a sentence, not an empty table."""
    assert gate_table(run(rulings=())) == "The suite 'triage' has no gates."


TIMED = dataclasses.replace(LATENCY, low=0.5, high=0.9)


def compared():
    """Two backends with one better figure each, and one that is unknown."""
    return [
        run("prompt:v1", metrics=(metric("accuracy", 0.8), TIMED, COST, metric("format_f1", 1.0))),
        run(
            "ft:v3",
            metrics=(
                metric("accuracy", 0.9),
                dataclasses.replace(TIMED, value=0.7),
                COST,
                metric("format_f1", 1.0),
            ),
        ),
    ]


def test_backends_are_compared_with_the_best_marked():
    """The star goes to the better value by the metric's own direction; ties and the unknown have none."""
    assert comparison_table(compared()).splitlines() == [
        "backend    format F1  accuracy  p95",
        "prompt:v1  1          0.8       580 ms*",
        "ft:v3      1          0.9*      700 ms",
    ]


def test_a_quantile_of_too_few_samples_is_not_compared():
    """A p95 without an upper limit is unknown: its value is the slowest of a few."""
    few = run("a", metrics=(metric("accuracy", 0.1), dataclasses.replace(TIMED, high=None)))
    enough = run("b", metrics=(metric("accuracy", 0.2), TIMED))
    assert [line.split()[-1] for line in comparison_table([few, enough]).splitlines()] == ["p95", "–", "ms"]


def test_the_comparison_as_markdown():
    """The same rows, figures to the right, the best in bold."""
    assert comparison_markdown(compared()).splitlines() == [
        "| backend | format F1 | accuracy | p95 |",
        "| --- | ---: | ---: | ---: |",
        "| prompt:v1 | 1 | 0.8 | **580 ms** |",
        "| ft:v3 | 1 | **0.9** | 700 ms |",
    ]


def test_suites_are_compared_each_for_itself():
    """With several suites each row names its own, and only backends of one suite are rivals."""
    runs = [
        run("a", suite="one", metrics=(metric("accuracy", 0.1),)),
        run("b", suite="one", metrics=(metric("accuracy", 0.2),)),
        run("a", suite="two", metrics=(metric("groundedness", 0.9),)),
    ]
    assert comparison_table(runs).splitlines() == [
        "suite  backend  accuracy  groundedness",
        "one    a        0.1       –",
        "one    b        0.2*      –",
        "two    a        –         0.9",
    ]
    assert comparison_markdown(runs).splitlines()[1] == "| --- | --- | ---: | ---: |"


CASE = Case(id="b", input="What category?")


def test_a_miss_shows_question_answer_reason_and_span():
    """The span stands between « and » with its surroundings and its note."""
    sample = run().samples[1]
    assert explain_miss(CASE, sample).splitlines() == [
        "case 'b'",
        "  asked: What?",
        '  answered: {"category": "billing"}',
        '  equals (accuracy, fail): category is "billing", expected "access".',
        '    answer: {"category": "«billing»"} – wrong',
    ]


def test_the_case_tells_what_was_asked_where_the_sample_does_not():
    """A sample without its input shows the case's question, and its trial."""
    shown = explain_miss(
        CASE, Sample(case_id="b", trial=1, completion=Completion(text="x"), verdicts=(MISS,))
    )
    assert shown.startswith("case 'b', trial 2\n  asked: What category?\n  answered: x\n")


def test_passing_verdicts_are_not_explained():
    """Only what fell short is shown."""
    good = Verdict(check="regex", status="pass", figures={"regex": True})
    shown = explain_miss(CASE, Sample(case_id="b", completion=Completion(text="x"), verdicts=(good, MISS)))
    assert "regex" not in shown
    assert "equals" in shown


def test_an_error_is_shown():
    """A sample without an answer shows what the backend said."""
    shown = explain_miss(CASE, Sample(case_id="b", error="connection refused"))
    assert "  answered: (nothing)\n  error: connection refused" in shown


@pytest.mark.parametrize(
    ("span", "line"),
    [
        (Span(source="doc#1", start=0, end=3, text="Ada"), "    doc#1: «Ada» wrote it."),
        (Span(source="input", start=0, end=4, text="What"), "    input: «What» category?"),
        (Span(source="gone", start=5, end=9, text="text"), "    gone: «text»"),
        (Span(source="answer", start=90, end=99, text="elsewhere"), "    answer: «elsewhere»"),
    ],
)
def test_a_span_is_quoted_from_its_source(span, line):
    """Passages, the input and the answer are quoted; a span that is nowhere stands alone."""
    completion = Completion(text="x", passages=(Passage(id="doc#1", text="Ada wrote it."),))
    verdict = Verdict(check="grounded", status="fail", reason="No.", evidence=(span,), figures={"h": True})
    shown = explain_miss(CASE, Sample(case_id="b", completion=completion, verdicts=(verdict,)))
    assert shown.splitlines()[-1] == line


def test_a_long_answer_is_cut_visibly():
    """The cut says how much is left out."""
    shown = explain_miss(CASE, Sample(case_id="b", completion=Completion(text="x" * 1000), verdicts=(MISS,)))
    assert f"answered: {'x' * 600}… [400 characters more]" in shown


def test_lines_of_an_answer_stay_lines():
    """An answer of several lines is indented under its label."""
    shown = explain_miss(CASE, Sample(case_id="b", completion=Completion(text="one\ntwo"), verdicts=(MISS,)))
    assert "  answered: one\n    two\n" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\x00", "a\\x0db\\x00"),
        ("\u202egnp", "\\u202egnp"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_control_characters_show_as_escapes(text, shown):
    """Nothing in an answer can move the cursor, colour the terminal or turn its direction."""
    assert visible(text) == shown


@given(samples, st.text())
def test_every_sample_can_be_explained(sample, question):
    """Whatever a sample holds, its explanation is text without control characters."""
    shown = explain_miss(Case(id="x", input=question), sample)
    assert visible(shown) == shown


@given(st.lists(any_runs, min_size=1, max_size=3))
def test_every_run_has_tables(runs):
    """Whatever runs hold, there are tables of them."""
    assert all(gate_table(r) for r in runs)
    assert len(comparison_table(runs)) > 0
    assert comparison_markdown(runs).startswith("| ")


def test_a_span_without_text_is_its_note():
    """Evidence that quotes nothing (an instruction that was followed) shows its note, and no empty quotes."""
    span = Span(source="answer", start=0, end=0, note="no comma: followed")
    verdict = Verdict(check="instructions", status="fail", reason="One is not.", evidence=(span,))
    sample = Sample(case_id="a", completion=Completion(text="x"), verdicts=(verdict,))
    assert explain_miss(Case(id="a", input="?"), sample).endswith("\n    answer: no comma: followed")
