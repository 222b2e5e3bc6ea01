"""What people read in a terminal: rulings, backends compared, and why a case missed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from lockgate.model import Case, Metric, Ruling, Run, Sample, Span, Variation, Verdict
from lockgate.units import UNKNOWN, show, show_bound

__all__ = [
    "UNCORRECTED",
    "aligned",
    "comparison_markdown",
    "comparison_table",
    "explain_miss",
    "gate_table",
    "visible",
]

_Row: TypeAlias = Sequence[str]

_COMPARED = {
    "format_f1": "format F1",
    "accuracy": "accuracy",
    "groundedness": "groundedness",
    "hallucination_rate": "hallucination rate",
    "refusal_correctness": "refusal correctness",
    "latency_p50": "p50",
    "latency_p95": "p95",
    "latency_p99": "p99",
    "tokens_in": "tokens in",
    "tokens_out": "tokens out",
    "cost_per_1k": "$ per 1,000",
}
UNCORRECTED = "Each bound is ruled on by itself (correction: none)."
"""What reports say of the gates of a run that is `uncorrected`."""

_CUT = 600
_AROUND = 40
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def gate_table(run: Run) -> str:
    """The rulings of a run, aligned; below them why each is no pass, and that none is corrected, where so."""
    if not run.rulings:
        return f"The suite {run.suite!r} has no gates."
    head = ("gate", "ruling", "value", "limits", "n", "bound", "needed n")
    table = aligned([head, *map(_ruling_row, run.rulings)])
    reasons = [f"{r.status}: {visible(r.reason)}" for r in run.rulings if r.status != "pass"]
    return "\n".join([table, *reasons, *[UNCORRECTED] * run.uncorrected])


def comparison_table(runs: Sequence[Run]) -> str:
    """Backends side by side, one row a run; `*` marks the best of each suite, `–` what is unknown."""
    return aligned(_comparison(runs, lambda text: f"{text}*"))


def comparison_markdown(runs: Sequence[Run]) -> str:
    """The same as a Markdown table, the best in bold."""
    head, *rows = _comparison(runs, lambda text: f"**{text}**")
    rule = ["---" if i < _labels(runs) else "---:" for i in range(len(head))]
    return "\n".join(f"| {' | '.join(_cell(c) for c in row)} |" for row in [head, rule, *rows])


def explain_miss(case: Case, sample: Sample) -> str:
    """Why a sample missed: what was asked, what was answered, each reason, and the spans that it rests on.

    Long texts are cut with a mark that says how much is left out; control characters show as escapes.
    """
    answer = "" if sample.completion is None else sample.completion.text
    trial = f", trial {sample.trial + 1}" if sample.trial else ""
    lines = [
        f"case {case.id!r}{trial}",
        _block("asked", sample.input or case.question),
        _block("answered", answer),
    ]
    if sample.error is not None:
        lines.append(_block("error", sample.error))
    for verdict in sample.shortfalls:
        lines.append(_block(_label(verdict), verdict.reason))
        lines += [_quoted(span, case, sample) for span in verdict.evidence]
    if sample.variant is not None:
        lines += _changes(sample.variant)
    return "\n".join(lines)


def _changes(variant: Variation) -> list[str]:
    """What a variant has another than its original, and the least of it that fails as well."""
    lines = [_block(f"changed of {variant.of!r}", variant.diff)]
    if variant.smallest:
        asks = f"{variant.asked} {'ask' if variant.asked == 1 else 'asks'}"
        lines.append(_block(f"smallest change that fails ({asks})", variant.smallest))
    return lines


def visible(text: str) -> str:
    r"""A text whose control characters, changes of direction and halves of characters are escapes: `\x1b`."""
    return _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)


def _ruling_row(ruling: Ruling) -> _Row:
    metric = ruling.metric
    unscored = f" (+{metric.unscored} unscored)" if metric.unscored else ""
    return (
        ruling.name,
        ruling.status,
        show(metric.value, metric.unit),
        f"[{show(metric.low, metric.unit)}, {show(metric.high, metric.unit)}]",
        f"{metric.n}{unscored}",
        show_bound(ruling.gate, metric.unit),
        UNKNOWN if ruling.needed_n is None else f"{ruling.needed_n:,}",
    )


def aligned(rows: Sequence[_Row]) -> str:
    """Rows of as many cells each, under each other, without a line end."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    padded = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in padded)


def _labels(runs: Sequence[Run]) -> int:
    return 2 if len({r.suite for r in runs}) > 1 else 1


def _comparison(runs: Sequence[Run], mark: Callable[[str], str]) -> list[_Row]:
    columns = [name for name in _COMPARED if any(_known(r, name) is not None for r in runs)]
    head = ["suite", "backend"][-_labels(runs) :] + [_COMPARED[name] for name in columns]
    return [head, *(_compared_row(run, runs, columns, mark) for run in runs)]


def _compared_row(
    run: Run, runs: Sequence[Run], columns: Sequence[str], mark: Callable[[str], str]
) -> list[str]:
    rivals = [r for r in runs if r.suite == run.suite]
    cells = [run.suite, run.backend][-_labels(runs) :]
    for name in columns:
        metric = _known(run, name)
        shown = UNKNOWN if metric is None else show(metric.value, metric.unit)
        cells.append(mark(shown) if metric is not None and _is_best(metric, rivals) else shown)
    return cells


def _known(run: Run, name: str) -> Metric | None:
    """A run's metric, unless it is a quantile of too few samples to have an upper limit."""
    metric = run.metric(name)
    beyond = metric is not None and metric.kind == "quantile" and metric.high is None
    return None if metric is None or metric.value is None or beyond else metric


def _is_best(metric: Metric, rivals: Sequence[Run]) -> bool:
    """Whether it is the best of at least two values that are not all the same."""
    others = [m.value for r in rivals if (m := _known(r, metric.name)) is not None and m.value is not None]
    if metric.value is None or len(set(others)) < 2:
        return False
    return metric.value == (max(others) if metric.better == "higher" else min(others))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _block(label: str, text: str) -> str:
    lines = _cut(visible(text)).splitlines() or ["(nothing)"]
    return "\n    ".join([f"  {label}: {lines[0]}", *lines[1:]])


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[:_CUT]}… [{len(text) - _CUT:,} characters more]"


def _label(verdict: Verdict) -> str:
    metric = f"{verdict.metric}, " if verdict.metric else ""
    return visible(f"{verdict.check or 'check'} ({metric}{verdict.status})")


def _quoted(span: Span, case: Case, sample: Sample) -> str:
    """A span between « and », with what stands around it; its note alone where it has no text."""
    if not span.text and span.note:
        return f"    {visible(span.source)}: {visible(span.note)}"
    text = _source(span.source, case, sample)
    start, end = (span.start, span.end) if text[span.start : span.end] == span.text else (0, 0)
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND] if end else ""
    quoted = " ".join(visible(f"{before}«{_cut(span.text)}»{after}").split())
    note = f" – {visible(span.note)}" if span.note else ""
    return f"    {visible(span.source)}: {quoted}{note}"


def _source(source: str, case: Case, sample: Sample) -> str:
    if source == "input":
        return case.question
    if sample.completion is None:
        return ""
    if source == "answer":
        return sample.completion.text
    return next((p.text for p in sample.completion.passages if p.id == source), "")
