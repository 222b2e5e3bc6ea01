"""Domain values survive the way through JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.model import (
    Completion,
    Counts,
    Gate,
    Metric,
    Passage,
    Ruling,
    Run,
    Sample,
    Span,
    Timing,
    Verdict,
    Where,
)
from lockgate.plain import as_json, from_plain, to_json, to_plain

texts = st.text(max_size=20)
shares = st.floats(0, 1)
figures = st.one_of(st.booleans(), shares, st.none())
spans = st.builds(
    Span, source=texts, start=st.integers(0, 9), end=st.integers(0, 9), score=st.none() | shares
)
verdicts = st.builds(
    Verdict,
    check=texts,
    status=st.sampled_from(["pass", "fail", "error", "unscored"]),
    score=st.none() | shares,
    reason=texts,
    evidence=st.tuples(spans),
    figures=st.dictionaries(texts, figures, max_size=3),
)
completions = st.builds(
    Completion,
    text=texts,
    passages=st.tuples(st.builds(Passage, id=texts, text=texts, score=st.none() | shares)),
    tokens_in=st.none() | st.integers(0, 9),
    path=st.lists(texts, max_size=3).map(tuple),
)
samples = st.builds(Sample, case_id=texts, completion=st.none() | completions, verdicts=st.tuples(verdicts))


@given(samples)
def test_samples_round_trip(sample):
    """Any sample comes back equal after JSON."""
    assert from_plain(Sample, json.loads(json.dumps(to_plain(sample)))) == sample


def test_runs_round_trip():
    """A whole run comes back equal after JSON, rulings and timings included."""
    gate = Gate(metric="accuracy", min=0.9, where=Where(path="s.yaml", line=3))
    metric = Metric(name="accuracy", value=0.95, low=0.9, high=1.0, n=20)
    run = Run(
        suite="s",
        backend="b",
        fingerprint="f",
        samples=(Sample(case_id="a", error="HTTP 500"),),
        metrics=(metric,),
        rulings=(Ruling(gate=gate, metric=metric, status="inconclusive", reason="n", needed_n=99),),
        timings=(Timing(seconds=0.5),),
        identity={"weights": "abc", "sampling": {"temperature": 0.0}},
        notes=("long prompt",),
    )
    assert from_plain(Run, json.loads(json.dumps(to_plain(run)))) == run


@given(st.lists(samples, max_size=4))
def test_json_in_pieces_is_the_whole_trees(made):
    """A run written piece by piece is the JSON of its plain form."""
    run = Run(suite="s", backend="a:v1", fingerprint="f", samples=tuple(made), notes=("n",))
    assert to_json(run).decode() == as_json(to_plain(run))


def test_defaults_are_left_out():
    """A plain form holds only what differs from the default."""
    assert to_plain(Completion(text="x")) == {"text": "x"}


def test_unknown_keys_are_ignored():
    """A field that a newer version wrote does not stop an older one."""
    assert from_plain(Completion, {"text": "x", "mood": "good"}) == Completion(text="x")


def test_missing_required_field_is_a_type_error():
    """A value without a field that has no default cannot be made."""
    with pytest.raises(TypeError):
        from_plain(Passage, {"id": "p"})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_nan_gets_out(number):
    """NaN and infinity are no JSON, so they are refused."""
    with pytest.raises(ValueError, match="not a finite number"):
        to_plain(Completion(cost=number))


def test_strangers_are_refused():
    """A value of a foreign type is a mistake of ours and is not swallowed."""
    with pytest.raises(TypeError, match="object has no plain form"):
        to_plain({"x": object()})


def test_counts_in_figures_become_mappings():
    """Counts among figures are written as their three numbers."""
    verdict = Verdict(status="pass", figures={"format_f1": Counts(tp=1, fp=2, fn=3)})
    assert to_plain(verdict)["figures"] == {"format_f1": {"tp": 1, "fp": 2, "fn": 3}}
    assert from_plain(Verdict, to_plain(verdict)) == verdict


@given(st.text())
def test_any_text_is_json_that_utf8_can_hold(text):
    """Half characters too; what is read back is the same, and it stays on one line."""
    written = as_json({"text": text})
    assert json.loads(written.encode().decode()) == {"text": text}
    assert "\n" not in written


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_has_no_number_for_is_refused(value):
    """Rather than written as a word that no other reader takes."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json([value])
