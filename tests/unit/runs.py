"""Runs that the report tests are drawn from."""

from __future__ import annotations

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
)

ACCURACY = Metric(
    name="accuracy", value=0.5, low=0.0253, high=0.9747, floor=0.01, ceiling=0.99, n=2, unscored=1, method="x"
)
LATENCY = Metric(name="latency_p95", value=0.58, low=0.5, n=20, kind="quantile", unit="s", better="lower")
COST = Metric(name="cost_per_1k", value=None, kind="mean", unit="usd", better="lower")
MISS = Verdict(
    check="equals",
    status="fail",
    score=0.0,
    reason='category is "billing", expected "access".',
    evidence=(Span(source="answer", start=14, end=21, text="billing", note="wrong"),),
    figures={"accuracy": False},
)
HIT = Verdict(check="equals", status="pass", score=1.0, figures={"accuracy": True, "fields": Counts(tp=2)})
FREE = Verdict(
    check="contains", status="fail", reason="The answer does not contain 'Hi'.", figures={"contains": False}
)


def ruling(metric=ACCURACY, status="inconclusive", reason="It is open.", needed_n=120, **bounds):
    """A ruling on a metric."""
    gate = Gate(metric=metric.name, **(bounds or {"min": 0.9}))
    return Ruling(gate=gate, metric=metric, status=status, reason=reason, needed_n=needed_n)


def run(backend="ft:v3", **changes):
    """A run with a hit, a governed miss, an error and a case that was not asked."""
    passages = (Passage(id="doc#1", text="Ada wrote it in 1843.", score=0.9, metadata={"title": "Ada"}),)
    samples = (
        Sample(
            case_id="a",
            input="Which?",
            completion=Completion(text="ok", seconds=0.25, passages=passages, tokens_in=3),
            verdicts=(HIT,),
        ),
        Sample(
            case_id="b",
            input="What?",
            completion=Completion(text='{"category": "billing"}'),
            verdicts=(MISS,),
        ),
        Sample(case_id="c", input="Who?", error="connection refused"),
        Sample(case_id="d"),
    )
    fields = {
        "suite": "triage",
        "backend": backend,
        "fingerprint": "0123456789abcdef",
        "samples": samples,
        "metrics": (ACCURACY, LATENCY, COST),
        "rulings": (ruling(),),
        "started": "2025-03-01T12:30:00+00:00",
        "environment": {"python": "3.11"},
        "identity": {"model": "m", "params": {"temperature": 0}},
        "dataset_digest": "dada",
        "suite_digest": "cafe",
        "timings": (Timing(seconds=0.5, tokens_in=4),),
        "expected_samples": 4,
        "notes": ("Long prompts.",),
    }
    return Run(**(fields | changes))


texts = st.text(st.characters(), max_size=30)
numbers = st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
figures = st.one_of(
    st.none(), st.booleans(), shares, st.builds(Counts, tp=st.integers(0, 9), fn=st.integers(0, 9))
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
spans = st.builds(Span, source=texts, start=st.integers(0, 9), end=st.integers(0, 9), text=texts, note=texts)
verdicts = st.builds(
    Verdict,
    check=texts,
    status=st.sampled_from(["pass", "fail", "error", "unscored"]),
    score=st.none() | shares,
    reason=texts,
    evidence=st.tuples(spans) | st.just(()),
    figures=st.dictionaries(texts, figures, max_size=2),
)
passages = st.builds(
    Passage,
    id=texts,
    text=texts,
    score=st.none() | numbers,
    metadata=st.dictionaries(texts, json_values, max_size=2),
)
completions = st.builds(
    Completion,
    text=texts,
    passages=st.tuples(passages) | st.just(()),
    seconds=st.none() | st.floats(0, 1e6),
    cost=st.none() | shares,
    path=st.tuples(texts) | st.just(()),
    request=st.none(),
)
samples = st.builds(
    Sample,
    case_id=texts,
    trial=st.integers(0, 3),
    input=texts,
    completion=st.none() | completions,
    verdicts=st.tuples(verdicts) | st.just(()),
    error=st.none() | texts,
)
metrics = st.builds(
    Metric,
    name=texts,
    value=st.none() | numbers,
    low=st.none() | numbers,
    high=st.none() | numbers,
    n=st.integers(0, 99),
    unscored=st.integers(0, 9),
    kind=st.sampled_from(["rate", "mean", "f1", "quantile"]),
    unit=st.sampled_from(["", "s", "usd", "tokens"]),
    better=st.sampled_from(["higher", "lower"]),
)
gates = st.builds(Gate, metric=texts, min=st.none() | shares, max=st.none() | shares)
rulings = st.builds(
    Ruling,
    gate=gates,
    metric=metrics,
    status=st.sampled_from(["pass", "fail", "inconclusive"]),
    reason=texts,
    needed_n=st.none() | st.integers(1, 99),
)
any_runs = st.builds(
    Run,
    suite=texts,
    backend=texts,
    fingerprint=texts,
    samples=st.lists(samples, max_size=3).map(tuple),
    metrics=st.lists(metrics, max_size=2).map(tuple),
    rulings=st.lists(rulings, max_size=2).map(tuple),
    seed=st.integers(0, 9),
    correction=st.sampled_from(["", "holm", "none"]),
    environment=st.dictionaries(texts, json_values, max_size=2),
    identity=st.dictionaries(texts, json_values, max_size=2),
    timings=st.lists(st.builds(Timing, seconds=st.floats(0, 9)), max_size=2).map(tuple),
    notes=st.lists(texts, max_size=2).map(tuple),
)
