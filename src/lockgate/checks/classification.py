"""The check on answers that name a class: accuracy, and each class's precision, recall and F1."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from lockgate.checks.measured import measured_check
from lockgate.checks.values import follow, shown, steps_of
from lockgate.checks.verdicts import failed, macro_name, passed
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import JSON, Case, Check, Completion, Counts, Figure, Labels, Layout, Measure, Verdict
from lockgate.prompts import render_value
from lockgate.strict_json import extract as extract_json
from lockgate.strict_json import parse_answer

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
    the accuracy, the macro F1 (the mean of the F1 of the classes that cases have) and, for each class, its
    F1, its precision (over the answers that name it) and its recall (over the cases that have it). The
    confusion matrix stands in the run's tables.

    Args:
        classes: the classes' names.
        value: the case's class; a template over the case.
        path: where in a JSON answer the class is, as `category`.
        extract: find the one JSON value in prose or a code fence.
        ignore_case: compare names without regard to upper and lower case.
        confusion: the rows of the confusion matrix as metrics, too: `a_as_b`, the share of the cases of
            class a whose answer names class b; at most 12 classes.
        metric: the name of the first metric, a rate. The macro F1 is `macro_f1` beside `accuracy`, and
            `NAME_macro_f1` beside another.

    Raises:
        UsageError: the classes are not two or more names that differ, or the path is not one.
    """
    naming = _Naming(classes=classes, ignore_case=ignore_case)
    if confusion and len(classes) > _MOST_CELLS:
        raise UsageError(
            f"confusion of {len(classes)} classes makes too many metrics. Use at most {_MOST_CELLS}."
        )
    steps, macro = steps_of(path), macro_name(metric)
    read = extract_json if extract else parse_answer

    def judge(case: Case, completion: Completion) -> Verdict:
        truth = naming.truth(str(render_value(value, case)))
        written = completion.text[:_READ] if path is None else _at(completion.text, read, steps)
        named = naming.named(written)
        figures = _figures(metric, truth, named, classes if confusion else ())
        figures[macro] = Labels(expected=truth, answered=named)
        if named == truth:
            return passed(figures)
        said = f"names {named!r}" if named else f"names none of the classes ({shown(written.strip())})"
        return failed(f"The answer {said}, expected {truth!r}.", figures)

    identity = {"classes": classes, "value": value, "path": path, "extract": extract, "metric": metric}
    options = {"ignore_case": ignore_case, "confusion": confusion}
    measures = _measures(metric, classes, confusion=confusion)
    made = measured_check("classification", measures, judge, identity | options)
    return replace(made, tables=(_layout(metric, classes),))


@dataclass(frozen=True, kw_only=True)
class _Naming:
    """The classes, and how a text names one of them."""

    classes: Sequence[str]
    ignore_case: bool

    def __post_init__(self) -> None:
        words = {_word(one) for one in self.classes}
        if len(self.classes) < 2 or len(words) < len(self.classes) or "" in words:
            raise UsageError(
                f"The classes {self.classes!r} are not two or more names that differ. Write each once."
            )

    def truth(self, given: str) -> str:
        found = self._whole(given)
        if found is None:
            hint = did_you_mean(given, self.classes, noun="classes")
            raise UsageError(f"The case's class {given!r} is none. {hint}")
        return found

    def named(self, text: str) -> str | None:
        """The class that a text is, or the only one whose name stands in it."""
        return self._whole(text) or self._only(text)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {self._fold(one.strip()): one for one in self.classes}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest = sorted(self._names, key=len, reverse=True)  # `not safe` before `safe`
        whole = (rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest)
        return re.compile("|".join(whole), re.IGNORECASE if self.ignore_case else 0)

    def _fold(self, text: str) -> str:
        return text.casefold() if self.ignore_case else text

    def _whole(self, text: str) -> str | None:
        plain = self._fold(text.strip())
        return self._names.get(plain) or self._names.get(plain.strip(_EDGES))

    def _only(self, text: str) -> str | None:
        found = {self._names.get(self._fold(match)) for match in self._pattern.findall(text)}
        return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=1024)
def _word(name: str) -> str:
    """A class as a part of a metric's name."""
    return re.sub(r"\W+", "_", name.strip()).strip("_").casefold()


def _measures(metric: str, classes: Sequence[str], *, confusion: bool) -> list[Measure]:
    measures = [Measure(name=metric), Measure(name=macro_name(metric), kind="macro_f1")]
    for word in map(_word, classes):
        measures += [
            Measure(name=f"f1_{word}", kind="f1"),
            Measure(name=f"precision_{word}"),
            Measure(name=f"recall_{word}"),
        ]
    if confusion:
        measures += [Measure(name=_cell(a, b), better=_side(a, b)) for a in classes for b in classes]
    return measures


def _layout(metric: str, classes: Sequence[str]) -> Layout:
    macro = macro_name(metric)
    return Layout(
        name=metric, figure=macro, expected=tuple(classes), answered=tuple(classes), metrics=(metric, macro)
    )


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
