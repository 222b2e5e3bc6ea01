"""JUnit documents, against a schema and as another library reads them."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from junitparser import Failure, JUnitXml, Skipped
from lxml import etree
from runs import ACCURACY, FREE, MISS, any_runs, ruling, run

from lockgate.model import Completion, Sample, Verdict
from lockgate.reports.junit import junit, suite_properties

SCHEMAS = [
    etree.XMLSchema(etree.parse(Path(__file__).with_name(name))) for name in ("junit-10.xsd", "junit.xsd")
]
"""What Jenkins' xunit plugin accepts (its own file), and what Ant's task writes, which is stricter."""


def check(text):
    """The document's root, after validation."""
    root = etree.fromstring(text.encode())
    for schema in SCHEMAS:
        schema.assertValid(root)
    return root


def cases(text):
    """Test case name → its one outcome element, or None."""
    check(text)
    return {c.get("name"): next(iter(c), None) for c in check(text).iter("testcase")}


def test_a_run_is_a_suite_of_cases_and_gates():
    """Cases come first, then gates; hits and passes have no outcome element."""
    found = cases(junit(run(rulings=(ruling(status="pass"),))))
    assert list(found) == ["a", "b", "c", "d", "gate::accuracy"]
    assert found["a"] is None
    assert found["gate::accuracy"] is None


def test_an_error_is_a_backend_error():
    """A sample without an answer fails with what the backend said."""
    failure = cases(junit(run()))["c"]
    assert (failure.tag, failure.get("type"), failure.get("message")) == (
        "failure",
        "backend-error",
        "connection refused",
    )


def test_a_governed_miss_is_skipped_with_its_reason():
    """A miss whose metric has a gate does not fail."""
    skipped = cases(junit(run()))["b"]
    assert (skipped.tag, skipped.get("message")) == (
        "skipped",
        'accuracy: category is "billing", expected "access".',
    )


def test_an_ungoverned_miss_fails_and_shows_the_exchange():
    """A miss that no gate covers is a failure of type miss, with question and answer."""
    failure = cases(junit(run(rulings=())))["b"]
    assert (failure.get("type"), failure.get("message")) == (
        "miss",
        'accuracy: category is "billing", expected "access".',
    )
    assert failure.text == 'asked: What?\nanswered: {"category": "billing"}'


def test_one_ungoverned_miss_is_enough():
    """A sample with a governed and an ungoverned miss fails."""
    sample = Sample(case_id="x", completion=Completion(text="y"), verdicts=(MISS, FREE))
    assert cases(junit(run(samples=(sample,))))["x"].get("type") == "miss"


def test_a_broken_check_is_never_excused():
    """A check that broke fails its case although a gate covers its metric."""
    broken = Verdict(check="equals", status="error", reason="boom", figures={"accuracy": None})
    sample = Sample(case_id="x", completion=Completion(text="y"), verdicts=(broken,))
    assert cases(junit(run(samples=(sample,))))["x"].get("message") == "accuracy: boom"


def test_a_case_not_asked_is_skipped():
    """What was never asked is skipped and says so."""
    assert cases(junit(run()))["d"].get("message") == "not asked"


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        ("fail", "accuracy is 0.5 [0.1, 0.6], n 9; min 0.9: even the high limit is below it.", "gate"),
        ("fail", "accuracy is 0.3 worse than the baseline [-0.4, -0.2], 9 pairs.", "regression"),
        ("fail", "coverage is no better than the baseline by name alone.", "gate"),
        ("inconclusive", "50 of 150 samples were not run.", "inconclusive"),
    ],
)
def test_a_gate_fails_with_its_type_and_reason(status, reason, kind):
    """Rulings that are no pass are failures whose message is the reason."""
    made = dataclasses.replace(ruling(status=status, reason=reason), regression=kind == "regression")
    failure = cases(junit(run(rulings=(made,))))["gate::accuracy"]
    assert (failure.get("type"), failure.get("message")) == (kind, reason)


def test_the_properties_carry_what_ran_and_every_metric():
    """Backend, fingerprint, dataset and each metric with limits and n; the unknown is unscored."""
    found = dict(suite_properties(run()))
    assert found["llm.backend"] == "ft:v3"
    assert found["llm.fingerprint"] == "0123456789abcdef"
    assert found["llm.dataset"] == "dada"
    assert found["llm.metric.accuracy"] == "0.5"
    assert (found["llm.metric.accuracy.low"], found["llm.metric.accuracy.high"]) == ("0.0253", "0.9747")
    assert (found["llm.metric.accuracy.n"], found["llm.metric.accuracy.unscored"]) == ("2", "1")
    assert "llm.metric.latency_p95.high" not in found
    assert found["llm.metric.cost_per_1k"] == "unscored"


def test_several_runs_are_told_apart():
    """With more than one run a suite's name has its backend."""
    root = check(junit([run(), run("prompt:v1")]))
    assert [s.get("name") for s in root] == ["triage[ft:v3]", "triage[prompt:v1]"]
    assert {c.get("classname") for c in root[1].iter("testcase")} == {"triage[prompt:v1]"}


def test_another_library_reads_it():
    """Junitparser counts the same outcomes and finds the properties."""
    suite = next(iter(JUnitXml.fromstring(junit(run()).encode())))
    outcomes = [type(r) for case in suite for r in case.result]
    assert (suite.tests, suite.failures, suite.skipped) == (5, 2, 2)
    assert (outcomes.count(Failure), outcomes.count(Skipped)) == (2, 2)
    assert {p.name: p.value for p in suite.properties()}["llm.metric.accuracy.n"] == "2"
    assert suite.time == 0.25


def test_trials_have_names_of_their_own():
    """The second trial of a case is `id#2`."""
    samples = tuple(Sample(case_id="a", trial=t, error="x") for t in range(2))
    assert list(cases(junit(run(samples=samples, rulings=())))) == ["a", "a#2"]


def test_characters_that_xml_forbids_stand_as_escapes():
    """Control characters, half pairs and markup in an answer show as text."""
    nasty = "\x1b[31m</failure>\x00 \ud83d ]]> <script>"
    sample = Sample(case_id="\x07", input=nasty, completion=Completion(text=nasty), verdicts=(FREE,))
    root = check(junit(run(samples=(sample,), rulings=())))
    failure = next(root.iter("failure"))
    assert failure.text.count("\\u001b[31m</failure>\\u0000 \\ud83d ]]> <script>") == 2
    assert next(root.iter("testcase")).get("name") == "\\u0007"


def test_a_long_answer_is_cut_visibly():
    """The cut says how much is left out."""
    sample = Sample(case_id="a", completion=Completion(text="x" * 2500), verdicts=(FREE,))
    failure = cases(junit(run(samples=(sample,), rulings=())))["a"]
    assert failure.text.endswith("x… [500 characters more]")


def test_the_same_run_gives_the_same_document():
    """The report is a function of the run."""
    assert junit(run()) == junit([run()])


@given(any_runs)
def test_every_run_is_valid(written):
    """Whatever a run holds, the document validates."""
    check(junit([written, written]))


def test_a_run_without_a_start_has_no_timestamp():
    """An unknown time is left out."""
    assert check(junit(run(started="")))[0].get("timestamp") is None
    assert check(junit(run()))[0].get("timestamp") == "2025-03-01T12:30:00"


def test_the_value_is_told_in_full():
    """Properties do not round."""
    metric = dataclasses.replace(ACCURACY, value=1 / 3)
    assert dict(suite_properties(run(metrics=(metric,))))["llm.metric.accuracy"] == repr(1 / 3)
