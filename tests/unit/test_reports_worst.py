"""The worst cases of a run, as a terminal shows them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import ACCURACY, FREE, MISS, any_runs, ruling, run

from lockgate.model import Comparison, Completion, Flip, Passage, Sample, Span
from lockgate.reports.worst import worst_cases

COVERAGE = replace(ACCURACY, name="coverage")


def missed(name, score=0.0, text='{"category": "billing"}', **changes):
    """A sample that falls short of accuracy."""
    verdict = replace(MISS, score=score, **changes)
    return Sample(case_id=name, input="What?", completion=Completion(text=text), verdicts=(verdict,))


def names(text):
    return [line.strip() for line in text.splitlines() if line.startswith("  ") and line[2] != " "]


def test_a_case_is_told_with_prompt_answer_reason_and_span():
    """Each on a line; the span is marked in what stands around it."""
    assert worst_cases(run()).splitlines() == [
        "worst of accuracy, 1 of 1 that fall short:",
        "  b",
        "    asked: What?",
        '    answered: {"category": "billing"}',
        '    equals: category is "billing", expected "access".',
        '      answer: {"category": "«billing»"} – wrong',
    ]


@pytest.mark.parametrize("status", ["fail", "inconclusive"])
def test_only_gates_that_did_not_pass_have_worst_cases(status):
    """A gate that passed is let be."""
    assert worst_cases(run(rulings=(ruling(status=status),)))
    assert worst_cases(run(rulings=(ruling(status="pass"),))) == ""
    assert worst_cases(run(rulings=())) == ""


def test_the_least_score_is_the_worst():
    """A miss without a score counts as none at all; of equals, those that come first."""
    samples = (missed("a", 0.4), missed("b", 0.1), missed("c", None), missed("d", 0.2), missed("e", 0.0))
    text = worst_cases(run(samples=samples))
    assert text.startswith("worst of accuracy, 3 of 5 that fall short:\n")
    assert names(text) == ["c", "e", "b"]


def test_what_the_baseline_could_comes_first():
    """A case that fails newly is what somebody has to look at."""
    flips = (Flip(case_id="b", status="newly failing", ours=0.0, theirs=1.0),)
    made = run(samples=(missed("a"), missed("b", 0.9)), comparison=Comparison(baseline="x", flips=flips))
    assert names(worst_cases(made, most=1)) == ["b"]


def test_a_sample_is_shown_once():
    """Where it falls short of two gates, under the one that failed."""
    both = replace(missed("a"), verdicts=(MISS, replace(FREE, figures={"coverage": False})))
    made = run(samples=(both, missed("b")), rulings=(ruling(), ruling(COVERAGE, status="fail")))
    text = worst_cases(made)
    assert [line for line in text.splitlines() if line.startswith("worst")] == [
        "worst of coverage, 1 of 1 that fall short:",
        "worst of accuracy, 1 of 2 that fall short:",
    ]
    assert names(text) == ["a", "b"]


def test_a_variant_and_a_trial_are_told_apart():
    """Variants are among the samples; trials have their number."""
    samples = (replace(missed("a"), trial=1),)
    assert names(worst_cases(run(samples=samples, variants=(missed("a~typos"),)))) == [
        "a, trial 2",
        "a~typos",
    ]


def test_spans_are_found_in_answer_input_and_passages():
    """A span whose text is not where it says is shown alone; of many, the first two."""
    passage = Passage(id="doc#1", text="Ada wrote it in 1843.")
    evidence = (
        Span(source="doc#1", start=4, end=9, text="wrote"),
        Span(source="input", start=0, end=4, text="Nope"),
        Span(source="answer", start=0, end=1, text="x"),
    )
    sample = missed("a", evidence=evidence)
    sample = replace(sample, completion=Completion(text="x", passages=(passage,)))
    spans = [line.strip() for line in worst_cases(run(samples=(sample,))).splitlines() if "«" in line]
    assert spans == ["doc#1: Ada «wrote» it in 1843.", "input: «Nope»"]


def test_lines_are_cut_and_codes_are_shown():
    """An answer of a megabyte with terminal codes and line ends is one line of the terminal's width."""
    text = "\x1b[31mred\n" + "x" * 1_000_000
    found = worst_cases(run(samples=(missed("a\x07", text=text),)), width=60).splitlines()
    assert max(map(len, found)) == 60
    assert found[1] == "  a\\x07"
    assert found[3] == r"    answered: \x1b[31mred " + "x" * 33 + "…"


@given(any_runs, st.integers(1, 5), st.integers(20, 200))
def test_any_run_keeps_to_the_width(made, most, width):
    """No line is longer, and none holds what a terminal would obey."""
    for line in worst_cases(made, most=most, width=width).splitlines():
        assert len(line) <= width
        assert line.isprintable() or not any(c < " " for c in line)
