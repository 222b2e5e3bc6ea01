"""Runs for the page's reader."""

from __future__ import annotations

import random

from lockgate.model import (
    Completion,
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

OLD_NAME = "old:v1"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
_ACCURACY = Metric(name="accuracy", value=0.5, low=0.2, high=0.8, n=6)
_OPEN = Metric(name="groundedness", value=0.5, low=0.2, high=0.8, n=2, unscored=1, kind="mean")


def new() -> Run:
    """A run with each outcome: an error, two misses, one unscored, one not asked, one that passes."""
    pot = "🫖 says: two 🫖 pots"
    evidence = (
        Span(source="answer", start=8, end=18, text="two 🫖 pots", note="not in the passages"),
        Span(source="doc", start=5, end=12, text="one pot", note="nearest evidence"),
        Span(source="context 1", start=0, end=8, text="far away"),
    )
    passages = (Passage(id="doc", text="Take one pot.", score=0.5),)
    samples = (
        _sample("fine", "Is it fine?", "ok", (_hit("equals", "accuracy", 1.0),)),
        _sample("wrong", "Which?", '{"category": "billing"}', (_miss("equals", "accuracy", 0.4),)),
        _sample(
            "worse",
            "My kettle leaks.",
            pot,
            (
                Verdict(
                    check="grounded",
                    status="fail",
                    score=0.1,
                    reason="1 of 1 claims.",
                    evidence=evidence,
                    figures={"accuracy": False, "groundedness": 0.1},
                ),
            ),
            passages,
        ),
        Sample(case_id="broken", input="Who?", error="connection refused"),
        _sample("open", "When?", "?", (_open(),)),
        Sample(case_id="skipped", input="Why?"),
    )
    return _run(
        "new:v2", samples, ("fail", "inconclusive"), places={"worse": Where(path="cases.jsonl", line=3)}
    )


def old() -> Run:
    """The same cases before: `fine` missed, `wrong` passed."""
    samples = (
        _sample("fine", "Is it fine?", "no", (_miss("equals", "accuracy", 0.0),)),
        _sample("wrong", "Which?", '{"category": "access"}', (_hit("equals", "accuracy", 1.0),)),
    )
    return _run(OLD_NAME, samples, ("pass", "pass"))


def many(number: int) -> Run:
    """So many cases that pass."""
    hit = _hit("equals", "accuracy", 1.0)
    samples = tuple(_sample(f"case-{n}", f"Question {n}", f"Answer {n}", (hit,)) for n in range(number))
    return _run("new:v2", samples, ("pass", "pass"), suite="many")


def measured(backend: str = "new:v2") -> Run:
    """A run with latency to draw."""
    chance = random.Random(1)
    timings = tuple(Timing(seconds=chance.random(), tokens_in=100 * n) for n in range(1, 20))
    return _run(backend, new().samples, ("fail", "pass"), suite="measured", timings=timings)


def hostile(backend: str) -> Run:
    """A run in which every text attacks."""
    attack = f"{HOSTILE} \x1b[31mred\u202e"
    verdict = Verdict(check=attack, status="fail", score=0.5, reason=attack, figures={attack: False})
    passages = (Passage(id=attack, text=attack, source=attack),)
    return _run(
        backend,
        (_sample(attack, attack, f"{attack} {backend}", (verdict,), passages),),
        ("fail", "fail"),
        suite=attack,
    )


def _run(backend, samples, statuses, **fields) -> Run:
    rulings = tuple(
        Ruling(gate=Gate(metric=metric.name, min=0.9), metric=metric, status=status, reason="It is so.")
        for metric, status in zip((_ACCURACY, _OPEN), statuses, strict=True)
    )
    return Run(
        **({"suite": "shop", "fingerprint": "f" * 16} | fields),
        backend=backend,
        samples=samples,
        metrics=(_ACCURACY, _OPEN),
        rulings=rulings,
    )


def _sample(case_id, asked, answer, verdicts, passages=()) -> Sample:
    completion = Completion(text=answer, passages=passages, seconds=0.25, tokens_in=10, tokens_out=4)
    return Sample(case_id=case_id, input=asked, completion=completion, verdicts=verdicts)


def _hit(check, metric, score) -> Verdict:
    return Verdict(check=check, status="pass", score=score, figures={metric: True})


def _miss(check, metric, score) -> Verdict:
    return Verdict(check=check, status="fail", score=score, reason="It is another.", figures={metric: False})


def _open() -> Verdict:
    return Verdict(
        check="grounded", status="unscored", reason="Nothing to rest on.", figures={"groundedness": None}
    )
