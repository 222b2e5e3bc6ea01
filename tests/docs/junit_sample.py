"""`docs/samples/junit.xml` from this repository's own triage suite: `python tests/docs/junit_sample.py`."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from lockgate import load_suite, run_suite
from lockgate.backends.scripted import Scripted
from lockgate.model import Case, Gate
from lockgate.reports.junit import junit
from lockgate.workplace import registry_of

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "samples" / "junit.xml"
_CASES = 40
_LONG = "The customer says a good deal more than anybody at the desk will want to read here."


def sample() -> str:
    """A run that has each type of failure: the suite's first cases, answered by a script that is often wrong.

    The gate on products becomes one against a baseline, and that on reasons is left out, so that a
    regression and a miss are among them.
    """
    os.chdir(ROOT)
    whole = load_suite("evalsuites/triage.yaml", registry=registry_of([ROOT / "evalsuites"]))
    gates = [gate for gate in whole.gates if gate.metric not in ("product_accuracy", "short_reason")]
    compared = Gate(metric="product_accuracy", no_worse_than="baseline", margin=0.02)
    suite = replace(whole, cases=whole.cases[:_CASES], gates=(*gates, compared))
    right = {case.id: _answer(case) for case in suite.cases}
    baseline = run_suite(suite, Scripted(name="ft:v2", answers=_timed(right)))
    run = run_suite(suite, Scripted(name="ft:v3", answers=_timed(_wrong(right))), baseline=baseline)
    return junit(replace(run, started="2026-01-31T12:00:00+00:00"))


def _answer(case: Case, **changes: str) -> str:
    return json.dumps({**case.expected, "reason": "As the message says.", **changes}, sort_keys=True)


def _wrong(right: dict[str, str]) -> dict[str, str]:
    """Every second category and product is another; one reason is too long, and one answer never came."""
    answers = {
        name: json.dumps({**json.loads(text), "category": "feedback", "product": "softener"})
        if n % 2
        else text
        for n, (name, text) in enumerate(right.items())
    }
    first, lost, *_ = answers
    answers[first] = json.dumps({**json.loads(answers[first]), "reason": _LONG})
    del answers[lost]
    return answers


def _timed(answers: dict[str, str]) -> dict[str, dict[str, str | float]]:
    return {name: {"text": text, "seconds": 0.25} for name, text in answers.items()}


if __name__ == "__main__":
    SAMPLE.parent.mkdir(exist_ok=True)
    SAMPLE.write_text(sample(), "utf-8")
