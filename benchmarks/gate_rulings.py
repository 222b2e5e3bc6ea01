"""Figures of cases to a ruling, by the code that rules on a real run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from lockgate.engine.ruling import rule_all
from lockgate.gates import parts_of
from lockgate.metrics import evidence, measure
from lockgate.model import Case, Check, Completion, Figure, Gate, Measure, Sample, Suite, Timing, Verdict
from lockgate.rivals import Part
from lockgate.statistics.evidence import Evidence, Inference, Limits

__all__ = ["METRIC", "by_limits", "by_test", "ids", "parts_of_rate", "ruled", "timed"]

METRIC = "share"
_ANSWER = Completion(text="an answer")
_SLACK = 1 + 1e-9


def ruled(
    gate: Gate,
    figures: Sequence[Sequence[Figure]],
    *,
    kind: Measure | None = None,
    baseline: Sequence[Figure] = (),
    clusters: Mapping[str, str] | None = None,
) -> str:
    """A whole run's ruling on its only gate: `rule_all` over one sample for each figure.

    Args:
        gate: on `METRIC`, or on what aggregates its trials.
        figures: for each case its trials'.
        kind: of the metric; a rate unless said.
        baseline: for each case the other run's.
        clusters: case id → what it shares.
    """
    suite = _suite(gate, len(figures), len(figures[0]), kind or Measure(name=METRIC), clusters or {})
    theirs = _samples([[figure] for figure in baseline])
    return rule_all(
        suite, _samples(figures), baselines={"baseline": theirs} if theirs else {}, gated_only=True
    ).rulings[0].status  # fmt: skip


def timed(gate: Gate, seconds: Sequence[float]) -> str:
    """The ruling on a latency that so many requests were timed for."""
    suite = Suite(name="s", path="s", cases=(), checks=(), gates=(gate,))
    timings = [Timing(seconds=second) for second in seconds]
    return rule_all(suite, (), timings=timings, gated_only=True).rulings[0].status


def by_test(test: Inference, gate: Gate) -> str:
    """The ruling that a metric's test comes to, by its p-values: what `rule_all` says of a gate by itself."""
    above, bound = _bound(gate)
    return _by_p(lambda *, above: test.p_value(bound, above=above), above=above, confidence=gate.confidence)


def by_limits(limits: Limits, gate: Gate) -> str:
    """The ruling that limits at the gate's confidence come to."""
    above, bound = _bound(gate)
    low, high = limits
    reached = low is not None and low >= bound, high is not None and high <= bound
    passes, fails = reached if above else reached[::-1]
    return "pass" if passes else "fail" if fails else "inconclusive"


@cache
def parts_of_rate(gate: Gate, right: int, n: int) -> tuple[Part, ...]:
    """What the gate's bound says of so many right cases, to be corrected for other gates'."""
    kind = Measure(name=gate.metric)
    samples = _samples([[place < right] for place in range(n)], gate.metric)
    metric = measure(samples, [kind], confidence=gate.confidence, names=[gate.metric])[0]
    found: Evidence = evidence(samples, kind)
    return tuple(parts_of(gate, metric, expected=n, seen=n, samples=samples, evidence=found))


@cache
def ids(n: int) -> tuple[str, ...]:
    """The ids of so many cases."""
    return tuple(f"case {place}" for place in range(n))


def _by_p(p_value: Callable[..., float], *, above: bool, confidence: float) -> str:
    alpha = (1 - confidence) * _SLACK
    if p_value(above=above) <= alpha:
        return "pass"
    return "fail" if p_value(above=not above) <= alpha else "inconclusive"


def _bound(gate: Gate) -> tuple[bool, float]:
    """Whether it is a least value, and the value."""
    if gate.min is not None:
        return True, gate.min
    if gate.max is not None:
        return False, gate.max
    return True, gate.margin if gate.better_than else -gate.margin


def _suite(gate: Gate, cases: int, trials: int, kind: Measure, clusters: Mapping[str, str]) -> Suite:
    check = Check(name="check", measures=(kind,), judge=lambda _case, _answer: Verdict(status="pass"))
    return Suite(
        name="s",
        path="s",
        cases=_cases(cases),
        checks=(check,),
        gates=(gate,),
        trials=trials,
        cluster="of" if clusters else "",
        fields={"of": clusters} if clusters else {},
    )


@cache
def _cases(n: int) -> tuple[Case, ...]:
    return tuple(Case(id=case_id, input="?") for case_id in ids(n))


def _samples(figures: Sequence[Sequence[Figure]], metric: str = METRIC) -> list[Sample]:
    verdicts = {f: (_verdict(f, metric),) for trials in figures for f in trials}
    return [
        Sample(case_id=case_id, trial=trial, completion=_ANSWER, verdicts=verdicts[figure])
        for case_id, trials in zip(ids(len(figures)), figures, strict=True)
        for trial, figure in enumerate(trials)
    ]


def _verdict(figure: Figure, metric: str) -> Verdict:
    return Verdict(check="check", status="pass", figures={metric: figure})
