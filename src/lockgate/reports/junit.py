"""`junit.xml`: every case and every gate as a test case, for the tools that read JUnit."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

from lockgate.model import Ruling, Run, Sample, Verdict

__all__ = ["failure_type", "junit", "suite_properties"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CUT = 2000


def junit(runs: Run | Sequence[Run]) -> str:
    """Runs as one JUnit document that validates against the common (Ant, Jenkins) schemas.

    Each run is a `testsuite`, with its metrics as properties. Failures have the type `miss` (a check that
    no gate governs), `backend-error`, `gate`, `regression` (worse than the baseline) or `inconclusive`. A
    miss that a gate governs is `skipped` with its reason, as pytest shows an expected failure; so is a case
    that was not asked. Characters that XML forbids stand as escapes.
    """
    runs = [runs] if isinstance(runs, Run) else list(runs)
    root = ET.Element("testsuites")
    several = len({run.backend for run in runs}) > 1
    for number, run in enumerate(runs):
        label = f"{run.suite}[{run.backend}]" if several else run.suite
        root.append(_suite(run, label, number))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def suite_properties(run: Run) -> Iterator[tuple[str, str]]:
    """The properties of a run's testsuite: what ran, and each metric with its limits and n.

    A metric without a value has the value `unscored`, and no limits.
    """
    yield "llm.backend", run.backend
    yield "llm.fingerprint", run.fingerprint
    yield "llm.dataset", run.dataset_digest
    yield "llm.suite", run.suite_digest
    for metric in run.metrics:
        name = f"llm.metric.{metric.name}"
        yield name, "unscored" if metric.value is None else repr(metric.value)
        if metric.low is not None:
            yield f"{name}.low", repr(metric.low)
        if metric.high is not None:
            yield f"{name}.high", repr(metric.high)
        yield f"{name}.n", str(metric.n)
        yield f"{name}.unscored", str(metric.unscored)


def failure_type(ruling: Ruling) -> str:
    """What JUnit calls a ruling that is no pass: `inconclusive`, `regression` or `gate`."""
    if ruling.status == "inconclusive":
        return "inconclusive"
    return "regression" if ruling.regression else "gate"


def _suite(run: Run, label: str, number: int) -> ET.Element:
    cases = [*_sample_cases(run, label), *(_gate_case(r, label) for r in run.rulings)]
    suite = ET.Element("testsuite", _attributes(run, label, number, cases))
    properties = ET.SubElement(suite, "properties")
    for name, value in suite_properties(run):
        ET.SubElement(properties, "property", {"name": _clean(name), "value": _clean(value)})
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = _clean("\n".join(run.notes))
    ET.SubElement(suite, "system-err")
    return suite


def _attributes(run: Run, label: str, number: int, cases: Sequence[ET.Element]) -> dict[str, str]:
    seconds = sum(float(case.get("time", "0")) for case in cases)
    attributes = {
        "id": str(number),
        "package": "lockgate",
        "name": _clean(label),
        "hostname": "localhost",
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": "0",
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": f"{seconds:.3f}",
    }
    # The schema's times have no zone; Lockgate's are all in UTC.
    return attributes | ({"timestamp": run.started[:19]} if run.started else {})


def _sample_cases(run: Run, label: str) -> Iterator[ET.Element]:
    for sample in (*run.samples, *run.variants):
        name = f"{sample.case_id}#{sample.trial + 1}" if sample.trial else sample.case_id
        case = _case(name, label, (sample.completion and sample.completion.seconds) or 0.0)
        _tell_sample(case, sample, run.gated)
        yield case


def _tell_sample(case: ET.Element, sample: Sample, gated: frozenset[str]) -> None:
    if sample.error is not None:
        _failure(case, "backend-error", sample.error, _exchange(sample))
    elif sample.completion is None:
        ET.SubElement(case, "skipped", {"message": "not asked"})
    elif sample.shortfalls and sample.governed(gated):
        ET.SubElement(case, "skipped", {"message": _clean(_reasons(sample.shortfalls))})
    elif sample.shortfalls:
        _failure(case, "miss", _reasons(sample.shortfalls), _exchange(sample))


def _gate_case(ruling: Ruling, label: str) -> ET.Element:
    case = _case(f"gate::{ruling.name}", label, 0.0)
    if ruling.status != "pass":
        _failure(case, failure_type(ruling), ruling.reason, "")
    return case


def _case(name: str, label: str, seconds: float) -> ET.Element:
    return ET.Element(
        "testcase", {"name": _clean(name), "classname": _clean(label), "time": f"{seconds:.3f}"}
    )


def _failure(case: ET.Element, kind: str, message: str, text: str) -> None:
    ET.SubElement(case, "failure", {"type": kind, "message": _clean(message)}).text = _clean(text)


def _reasons(verdicts: Sequence[Verdict]) -> str:
    return " ".join(f"{v.metric or v.check}: {v.reason}" for v in verdicts)


def _exchange(sample: Sample) -> str:
    answer = "" if sample.completion is None else sample.completion.text
    return f"asked: {_cut(sample.input)}\nanswered: {_cut(answer)}"


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[:_CUT]}… [{len(text) - _CUT:,} characters more]"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
