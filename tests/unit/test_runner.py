"""What a run says of its latency: measured or not, how, and what loading took."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.engine.asking import Budget, Policy
from lockgate.engine.runner import conclude, run_suite, time_backend
from lockgate.model import (
    Case,
    Check,
    Completion,
    Example,
    Latency,
    Measure,
    Prompt,
    Sample,
    Suite,
    Timing,
    Verdict,
    Where,
)


def suite(*, cases=3, **fields):
    """A suite of that many cases and no checks."""
    made = tuple(Case(id=str(n), input=f"question {n}") for n in range(cases))
    return Suite(name="s", path="s.yaml", cases=made, checks=(), **fields)


def scripted(cases=3, **fields):
    return Scripted(name="api:v1", answers={str(n): {"text": "x", **fields} for n in range(cases)})


@dataclass
class Weights:
    """Answers in batches and has loaded something."""

    load_seconds: float | None = None
    asked: list = field(default_factory=list)
    name: str = "prompt:v1"
    prompt: None = None
    identity: dict = field(default_factory=dict)

    def complete(self, requests):
        self.asked.append([r.case_id for r in requests])
        for request in requests:
            yield Completion(text="x", request=request)


def test_a_suite_without_a_probe_is_not_timed():
    """Nothing is asked and nothing said."""
    backend = Weights()
    assert time_backend(suite(), backend) == ((), ())
    assert backend.asked == []


@pytest.mark.parametrize("policy", [Policy(offline=True), Policy(rescore=True)])
def test_where_asking_is_forbidden_nothing_is_timed(policy):
    """The probe asks nothing under --llm-offline and --llm-rescore, and a note says so."""
    backend = Weights()
    found = time_backend(suite(latency=Latency()), backend, policy=policy)
    assert found == ((), ("Latency was not measured: asking was forbidden.",))
    assert backend.asked == []


def test_a_failed_probe_is_a_note():
    """Where a request fails there are no timings, and why is said."""
    timings, notes = time_backend(suite(latency=Latency(samples=1, warmup=0)), scripted(0))
    assert timings == ()
    assert notes[0].startswith("The latency probe of api:v1 failed: There is no answer for the case '0'.")


def test_the_probe_pays_from_the_budget():
    """What the probe's answers cost is counted, and a used up budget lets it ask nothing more."""
    budget = Budget(1.0)
    plan = Latency(samples=2, warmup=0)
    timings, _ = time_backend(suite(latency=plan), scripted(cost=0.5), budget=budget)
    assert (len(timings), budget.spent) == (2, 1.0)
    found = time_backend(suite(latency=plan), scripted(cost=0.5), budget=budget)
    assert found == ((), ("The latency probe of api:v1 met the cost limit.",))


def test_rounds_are_told():
    """At a concurrency over 1, it is said of a backend that answers in batches how it was measured."""
    plan = Latency(samples=4, concurrency=2, warmup=0)
    _, notes = time_backend(suite(latency=plan), Weights())
    (note,) = notes
    assert note.startswith("Latency was measured in rounds of 2: prompt:v1 answers in batches")
    assert time_backend(suite(latency=plan), scripted())[1] == ()


def test_loading_is_told_apart():
    """The cold start is a figure and a note of the run, and no latency."""
    run = conclude(suite(cases=0), Weights(load_seconds=2.345), ())
    assert run.load_seconds == 2.345
    assert run.notes == ("Loading prompt:v1 took 2.345 s, which is in no latency.",)


def test_what_was_not_loaded_is_not_told():
    """A backend that has loaded nothing, or never does, has no note of it."""
    assert conclude(suite(cases=0), Weights(), ()).notes == ()
    assert conclude(suite(cases=0), scripted(0), ()).notes == ()


LONG = (
    "The longest prompt has 2001 tokens. Over 2000, consider fine-tuning what the prompt explains, or "
    "retrieving less."
)


@pytest.mark.parametrize(("tokens", "notes"), [(2000, ()), (2001, (LONG,))])
def test_a_long_prompt_is_noted(tokens, notes):
    """Where the longest prompt has more than 2,000 tokens, the run says what to consider."""
    counts = (10, tokens, None)
    samples = [Sample(case_id=str(n), completion=Completion(tokens_in=n)) for n in counts]
    assert conclude(suite(cases=0), scripted(0), [*samples, Sample(case_id="e", error="down")]).notes == notes


@pytest.mark.parametrize(
    ("count", "notes"),
    [(5, ()), (6, ("The prompt shows 6 examples. Over 5, consider fine-tuning on them.",))],
)
def test_many_examples_are_noted(count, notes):
    """Where the prompt shows more than five examples, the run says what to consider."""
    examples = tuple(Example(input=str(n), output="x") for n in range(count))
    backend = Scripted(answers={}, prompt=Prompt(name="p", version="v1", examples=examples))
    assert conclude(suite(cases=0), backend, ()).notes == notes


@pytest.mark.parametrize("correction", ["holm", "none"])
def test_a_run_says_how_its_bounds_share_the_error_rate(correction):
    """As the suite does, so that its rulings can be read from the record alone."""
    assert conclude(suite(correction=correction), scripted(), ()).correction == correction


def test_a_run_carries_the_notes_of_suite_and_probe():
    """First what the suite should know, then the caller's notes, then what was timed."""
    found = conclude(
        suite(cases=0, notes=("of the suite",)),
        scripted(0),
        (),
        timings=(Timing(seconds=0.25),),
        notes=("of the caller",),
    )
    assert found.notes == ("of the suite", "of the caller", "Latency, median of 1 request: 250 ms whole.")


def test_a_whole_run_is_timed():
    """`run_suite` measures latency after the cases, as pytest does."""
    run = run_suite(suite(latency=Latency(samples=3, warmup=1)), scripted(seconds=0.2, tokens_in=5))
    assert [t.seconds for t in run.timings] == [0.2] * 3
    assert run.metric("latency_p50").value == 0.2


def test_a_whole_run_keeps_its_policy():
    """`run_suite` with an offline policy times nothing, and with a cost limit stops at it."""
    plan = Latency(samples=3, warmup=1)
    offline = run_suite(suite(latency=plan), scripted(), policy=Policy(offline=True))
    assert offline.timings == ()
    limited = run_suite(suite(latency=plan), scripted(cost=0.5), policy=Policy(max_cost=1.0))
    assert sum(s.completion is not None for s in limited.samples) == 2
    assert limited.timings == ()


def check(name, metric, **identity):
    """A check that every answer misses."""
    miss = Verdict(check=name, status="fail", reason="no", figures={metric: False})
    return Check(name=name, measures=(Measure(name=metric),), judge=lambda c, a: miss, identity=identity)


def test_a_run_names_its_checks_by_content():
    """Each check has a label of its own, and its hash changes with what it looks for."""

    def hashes(value):
        checks = (check("equals", "accuracy"), check("equals", "accuracy", value=value))
        return conclude(replace(suite(), checks=checks), scripted(), ()).checks

    assert list(hashes(1)) == ["equals (accuracy)", "equals (accuracy) #2"]
    assert hashes(1)["equals (accuracy)"] == hashes(2)["equals (accuracy)"]
    assert hashes(1)["equals (accuracy) #2"] != hashes(2)["equals (accuracy) #2"]


def test_a_run_says_where_the_cases_stand_that_fell_short():
    """A miss and a lost answer have their place; a hit, and a case from no file, have none."""
    cases = tuple(Case(id=i, input="x", where=Where(path="c.jsonl", line=n)) for n, i in enumerate("abc", 1))
    made = replace(suite(), cases=(*cases, Case(id="d", input="x")))
    miss = Verdict(status="fail", figures={"accuracy": False})
    samples = [
        Sample(case_id="a", completion=Completion(text="x")),
        Sample(case_id="b", completion=Completion(text="x"), verdicts=(miss,)),
        Sample(case_id="c", error="down"),
        Sample(case_id="d", error="down"),
    ]
    places = conclude(made, scripted(), samples).places
    assert {name: str(where) for name, where in places.items()} == {"b": "c.jsonl:2:1", "c": "c.jsonl:3:1"}
