"""What is no longer as it was in a baseline: dataset, checks and gates, and bounds that ask for less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lockgate.model import Gate, Run
from lockgate.units import count, show, show_bound

__all__ = ["changes", "weakened"]

_SHOWN = 5


def changes(run: Run, baseline: Run) -> tuple[str, ...]:
    """A sentence for each thing that changed; what the baseline does not say of itself is not compared."""
    return (
        *_dataset(run, baseline),
        *_checks(run.checks, baseline.checks),
        *_trials(run, baseline),
        *_gates(run, baseline),
    )


def weakened(run: Run, baseline: Run) -> tuple[str, ...]:
    """A sentence for each bound that the baseline's gates had and that asks for less now, or is gone."""
    now, units = _by_metric(run), _units(run) | _units(baseline)
    found = []
    for metric, was in _by_metric(baseline).items():
        gate = now.get(metric)
        if gate is None:
            found.append(f"{metric}: the gate ({show_bound(was, units.get(metric, ''))}) is gone.")
        else:
            found += [f"{metric}: {what}." for what in _weaker(was, gate, units.get(metric, ""))]
    if baseline.correction == "holm" and run.uncorrected:
        found.append("all gates: correction was holm and is none.")
    return tuple(found)


def _dataset(run: Run, baseline: Run) -> Iterator[str]:
    if not baseline.dataset_digest or baseline.dataset_digest == run.dataset_digest:
        return
    ours, theirs = ({s.case_id: s.input for s in r.samples} for r in (run, baseline))
    parts = [
        _few("new", [case_id for case_id in ours if case_id not in theirs]),
        _few("gone", [case_id for case_id in theirs if case_id not in ours]),
        _few(
            "asked otherwise",
            [case_id for case_id in ours if ours[case_id] != theirs.get(case_id, ours[case_id])],
        ),
    ]
    told = ", ".join(part for part in parts if part) or "other fields than the questions"
    yield f"The dataset has changed: {told}."


def _few(what: str, cases: Sequence[str]) -> str:
    if not cases:
        return ""
    more = f" and {len(cases) - _SHOWN} more" if len(cases) > _SHOWN else ""
    return f"{count(len(cases), 'case')} {what} ({', '.join(cases[:_SHOWN])}{more})"


def _checks(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    if not theirs:
        return
    for name in sorted({*ours, *theirs}):
        if name not in theirs:
            yield f"The check {name} is new."
        elif name not in ours:
            yield f"The check {name} is gone."
        elif ours[name] != theirs[name]:
            yield f"The check {name} has changed."


def _trials(run: Run, baseline: Run) -> Iterator[str]:
    ours, theirs = (max((s.trial + 1 for s in r.samples), default=0) for r in (run, baseline))
    if ours and theirs and ours != theirs:
        yield f"There are {count(ours, 'trial')} of each case instead of {theirs}."


def _gates(run: Run, baseline: Run) -> Iterator[str]:
    if not baseline.rulings:
        return
    ours, theirs, units = _by_metric(run), _by_metric(baseline), _units(run) | _units(baseline)
    for metric in dict.fromkeys((*theirs, *ours)):
        now, was = ours.get(metric), theirs.get(metric)
        unit = units.get(metric, "")
        if was is None and now is not None:
            yield f"The gate on {metric} ({show_bound(now, unit)}) is new."
        elif now is None and was is not None:
            yield f"The gate on {metric} ({show_bound(was, unit)}) is gone."
        elif now is not None and was is not None and _told(now, unit) != _told(was, unit):
            yield f"The gate on {metric} was {_told(was, unit)} and is {_told(now, unit)}."
    if run.rulings and run.correction and baseline.correction not in ("", run.correction):
        yield f"The correction of all gates was {baseline.correction} and is {run.correction}."


def _told(gate: Gate, unit: str) -> str:
    by = f" by {gate.by}" if gate.by else ""
    return f"{show_bound(gate, unit)}{by} at {gate.confidence:.4g} confidence"


def _weaker(was: Gate, now: Gate, unit: str) -> Iterator[str]:
    if was.min is not None and (now.min is None or now.min < was.min):
        yield f"min was {show(was.min, unit)} and is {_or_gone(now.min, unit)}"
    if was.max is not None and (now.max is None or now.max > was.max):
        yield f"max was {show(was.max, unit)} and is {_or_gone(now.max, unit)}"
    if was.no_worse_than and not (now.no_worse_than or now.better_than):
        yield f"no_worse_than {was.no_worse_than} is gone"
    elif was.no_worse_than and now.no_worse_than and now.margin > was.margin:
        yield f"the margin of no_worse_than was {show(was.margin, unit)} and is {show(now.margin, unit)}"
    if was.better_than and not now.better_than:
        yield f"better_than {was.better_than} is gone"
    elif was.better_than and now.margin < was.margin:
        yield f"the margin of better_than was {show(was.margin, unit)} and is {show(now.margin, unit)}"
    if now.confidence < was.confidence:
        yield f"confidence was {was.confidence:.4g} and is {now.confidence:.4g}"
    if was.hard and not now.hard:
        yield "hard is gone"
    if was.by and not now.by:
        yield f"by {was.by} is gone"


def _or_gone(bound: float | None, unit: str) -> str:
    return "gone" if bound is None else show(bound, unit)


def _by_metric(run: Run) -> dict[str, Gate]:
    return {ruling.gate.metric: ruling.gate for ruling in run.rulings}


def _units(run: Run) -> dict[str, str]:
    return {metric.name: metric.unit for metric in run.metrics}
