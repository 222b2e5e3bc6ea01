"""The check on answers that name a class: accuracy, and each class's precision, recall and F1."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lockgate.checks.authoring import failed, passed
from lockgate.checks.measured import measured_check
from lockgate.checks.values import follow, shown, steps_of
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import JSON, Case, Check, Completion, Counts, Figure, Measure, Verdict
from lockgate.prompts import render_value
from lockgate.strict_json import MAX_ANSWER, parse
from lockgate.strict_json import extract as extract_json

__all__ = ["classification"]

_READ = 20_000
_EDGES = " \t\r\n.,;:!?\"'`*_()[]"
_MOST_CELLS = 12


def classification(
    classes: list[str],
    *,
    value: Any = "{{ expected }}",
    path: str | None = None,
    extract: bool = False,
    ignore_case: bool = True,
    confusion: bool = False,
    metric: str = "accuracy",
) -> Check:
    """The answer names the class that the case has.

    The answer's class is the text itself, without quotes and punctuation around it, or the only one of the
    classes whose name stands in it as a word; where there is none, or several, the answer has no class. Makes
    the accuracy and, for each class, its F1, its precision (over the answers that name it) and its recall
    (over the cases that have it).

    Args:
        classes: the classes' names.
        value: the case's class; a template over the case.
        path: where in a JSON answer the class is, as `category`.
        extract: find the one JSON value in prose or a code fence.
        ignore_case: compare names without regard to upper and lower case.
        confusion: the rows of the confusion matrix as metrics, too: `a_as_b`, the share of the cases of
            class a whose answer names class b; at most 12 classes.
        metric: the name of the first metric, a rate.

    Raises:
        UsageError: the classes are not two or more names that differ, or the path is not one.
    """
    names = _names(classes, ignore_case=ignore_case)
    if confusion and len(classes) > _MOST_CELLS:
        raise UsageError(
            f"confusion of {len(classes)} classes makes too many metrics. Use at most {_MOST_CELLS}."
        )
    steps = steps_of(path)
    read: Callable[[str], JSON] = extract_json if extract else _strict
    fold = str.casefold if ignore_case else str

    def judge(case: Case, completion: Completion) -> Verdict:
        truth = _class_of(str(render_value(value, case)), names, fold)
        if truth is None:
            given = str(render_value(value, case))
            raise UsageError(
                f"The case's class {given!r} is none. {did_you_mean(given, classes, noun='classes')}"
            )
        written = completion.text[:_READ] if path is None else _at(completion.text, read, steps)
        named = _class_of(written, names, fold) or _only_named(written, names, ignore_case=ignore_case)
        figures = _figures(metric, truth, named, classes if confusion else ())
        if named == truth:
            return passed(figures)
        said = f"names {named!r}" if named else f"names none of the classes ({shown(written.strip())})"
        return failed(f"The answer {said}, expected {truth!r}.", figures)

    identity = {
        "classes": classes,
        "value": value,
        "path": path,
        "extract": extract,
        "ignore_case": ignore_case,
    }
    measures = _measures(metric, classes, confusion=confusion)
    return measured_check(
        "classification", measures, judge, identity | {"metric": metric, "confusion": confusion}
    )


def _names(classes: Sequence[str], *, ignore_case: bool) -> Mapping[str, str]:
    """Name as it is compared → class."""
    names = {one.strip().casefold() if ignore_case else one.strip(): one for one in classes}
    if len(classes) < 2 or len({_word(one) for one in classes}) < len(classes) or "" in names:
        raise UsageError(f"The classes {classes!r} are not two or more names that differ. Write each once.")
    return names


def _word(name: str) -> str:
    """A class as a part of a metric's name."""
    return re.sub(r"\W+", "_", name.strip()).strip("_").casefold()


def _measures(metric: str, classes: Sequence[str], *, confusion: bool) -> list[Measure]:
    measures = [Measure(name=metric)]
    for word in map(_word, classes):
        measures += [
            Measure(name=f"f1_{word}", kind="f1"),
            Measure(name=f"precision_{word}"),
            Measure(name=f"recall_{word}"),
        ]
    if confusion:
        measures += [Measure(name=_cell(a, b), better=_side(a, b)) for a in classes for b in classes]
    return measures


def _side(truth: str, named: str) -> Any:
    return "higher" if truth == named else "lower"


def _cell(truth: str, named: str) -> str:
    return f"{_word(truth)}_as_{_word(named)}"


def _figures(metric: str, truth: str, named: str | None, cells: Sequence[str]) -> dict[str, Figure]:
    right = truth == named
    counts = {truth: Counts(tp=int(right), fn=int(not right))}
    if named is not None and not right:
        counts[named] = Counts(fp=1)
    figures: dict[str, Figure] = {metric: right, f"recall_{_word(truth)}": right}
    figures |= {f"f1_{_word(one)}": count for one, count in counts.items()}
    figures |= {} if named is None else {f"precision_{_word(named)}": right}
    return figures | {_cell(truth, other): other == named for other in cells}


def _at(text: str, read: Callable[[str], JSON], steps: list[str | int]) -> str:
    """What stands at the path; nothing where there is no JSON or no such place."""
    try:
        found = follow(read(text), steps)
    except (ValueError, LookupError):
        return ""
    return found[:_READ] if isinstance(found, str) else str(found)[:_READ]


def _class_of(text: str, names: Mapping[str, str], fold: Callable[[str], str]) -> str | None:
    plain = fold(text.strip())
    return names.get(plain) or names.get(plain.strip(_EDGES))


def _only_named(text: str, names: Mapping[str, str], *, ignore_case: bool) -> str | None:
    flags = re.IGNORECASE if ignore_case else 0
    longest = sorted(names, key=len, reverse=True)  # `not safe` before `safe`
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest)
    found = {names.get(m.casefold() if ignore_case else m) for m in re.findall(pattern, text, flags)}
    return found.pop() if len(found) == 1 else None


def _strict(text: str) -> JSON:
    return parse(text, most=MAX_ANSWER)
