"""What people said of answers: a label as a share and a verdict, and the labels that cases carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lockgate.errors import UsageError
from lockgate.figures import Key
from lockgate.model import JSON, Case, Check, Sample, Suite
from lockgate.scales import UNIT, Scale, read_scale

__all__ = ["HUMAN", "HumanLabels", "Labelled", "human_labels", "read_label"]

HUMAN = "human"
"""The field of a case with its labels: `{answer: TEXT, METRIC: LABEL}`, or a list of such."""

_FORM = "Write {answer: the labelled text, METRIC: its label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A person's label as a share of 0..1, and whether that is good enough to pass."""

    label: float
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanLabels:
    """The labels of a run's answers, metric → sample → label, and notes on those that cannot be used."""

    by_metric: Mapping[str, Mapping[Key, Labelled]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_label(check: Check, said: JSON) -> Labelled | None:
    """A person's label in the terms of a check; None where it is not on the check's scale.

    Args:
        check: whose `scale` the label is on; 0..1 where the check has none. Its `threshold`, or 0.5, is the
            least that is good.
        said: the label; true and false are always possible, and stand for the scale's ends.
    """
    args = check.spec.args if check.spec else {}
    label = _scale(args).label(said)
    if label is None:
        return None
    threshold = args.get("threshold") if "scale" in args or check.name == "judge" else None
    least = threshold if isinstance(threshold, int | float) else 0.5
    return Labelled(label=label, good=said is True or (said is not False and label >= least))


def human_labels(suite: Suite, samples: Sequence[Sample]) -> HumanLabels:
    """The labels that cases carry for the very answers that a run has.

    A label is of one text: another answer to the same case has none.

    Args:
        suite: its cases, and the checks whose metrics the labels name.
        samples: of one run.
    """
    checks = {check.measures[0].name: check for check in suite.checks if check.measures}
    notes: list[str] = []
    told = {case.id: list(_entries(case, notes)) for case in suite.cases if HUMAN in case.fields}
    found: dict[str, dict[Key, Labelled]] = {}
    for sample in samples if told else ():
        text = None if sample.completion is None else sample.completion.text
        for entry in told.get(sample.case_id, ()):
            if entry["answer"] == text:
                for metric, said in entry.items():
                    label = read_label(checks[metric], said) if metric in checks else None
                    if label is not None:
                        found.setdefault(metric, {})[sample.case_id, sample.trial] = label
    notes += _unknown(told, checks)
    return HumanLabels(by_metric=found, notes=tuple(dict.fromkeys(notes)))


def _entries(case: Case, notes: list[str]) -> Iterator[Mapping[str, JSON]]:
    written = case.fields[HUMAN]
    for entry in written if isinstance(written, list) else [written]:
        if isinstance(entry, dict) and isinstance(entry.get("answer"), str):
            yield entry
        else:
            notes.append(f"A human label of the case {case.id!r} cannot be used. {_FORM}.")


def _unknown(told: Mapping[str, Sequence[Mapping[str, JSON]]], checks: Mapping[str, Check]) -> Iterator[str]:
    for case_id, entries in told.items():
        for metric, said in ((m, s) for entry in entries for m, s in entry.items() if m != "answer"):
            if metric not in checks:
                yield f"A human label of the case {case_id!r} is of {metric!r}, the first metric of no check."
            elif read_label(checks[metric], said) is None:
                yield f"The human label {said!r} of the case {case_id!r} is not on the scale of {metric!r}."


def _scale(args: Mapping[str, JSON]) -> Scale:
    try:
        return read_scale(args["scale"]) if "scale" in args else UNIT
    except UsageError:
        return UNIT
