"""Checks on answers that are JSON: one value of it, or the whole against a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from lockgate.checks.field_scores import FIELD_MEASURES, count_matches, field_figures
from lockgate.checks.measured import measured_check
from lockgate.checks.schema_fields import CannotValidate, field_counter, violations
from lockgate.checks.schema_loading import load_schema
from lockgate.checks.values import follow, joined, same, shown, steps_of
from lockgate.checks.verdicts import broken, failed, passed, rate_check
from lockgate.model import JSON, Case, Check, Completion, Counts, Figure, Measure, Setting, Verdict
from lockgate.prompts import render_value
from lockgate.strict_json import extract as extract_json
from lockgate.strict_json import parse_answer

__all__ = ["equals", "json_schema"]


def equals(
    value: Any,
    *,
    path: str | None = None,
    ignore_case: bool = False,
    extract: bool = False,
    metric: str = "accuracy",
) -> Check:
    """The answer, or one value in its JSON, equals what is expected.

    Numbers compare as numbers (`1` equals `1.0`), texts without white space around them, lists in order,
    objects by key. An answer that is not JSON, or has nothing at the path, is a miss that says so.

    Args:
        value: what is expected; texts in it may be templates over the case (`"{{ expected.category }}"`).
        path: where in the JSON answer, as `category`, `items[0].name` or `["a key"]`; without it, the
            whole answer is compared, as JSON where `value` is not a text.
        ignore_case: compare texts without regard to upper and lower case.
        extract: find the one JSON value in prose or a code fence.
        metric: the metric's name, a rate.

    Raises:
        UsageError: the path is not one.
    """
    steps = steps_of(path)
    read = extract_json if extract else parse_answer

    def judge(case: Case, completion: Completion) -> Verdict:
        expected = render_value(value, case)
        try:
            whole = completion.text if _plain_text(expected, path) else read(completion.text)
            got = follow(whole, steps)
        except (ValueError, LookupError) as error:
            return failed(_no_value(error, path))
        if same(got, expected, ignore_case=ignore_case):
            return passed()
        return failed(f"{path or 'The answer'} is {shown(got)}, expected {shown(expected)}.")

    identity = {"value": value, "path": path, "ignore_case": ignore_case, "extract": extract}
    return rate_check("equals", metric, judge, identity | {"metric": metric})


def json_schema(
    schema: str | dict[str, Any],
    *,
    extract: bool = False,
    draft: Literal["draft3", "draft4", "draft6", "draft7", "draft2019-09", "draft2020-12"] = "draft2020-12",
    formats: bool = False,
    expected: Any = None,
    metric: str = "format_adherence",
    setting: Setting,
) -> Check:
    """The answer is strict JSON (no NaN, no key twice, nothing after the value) that fits a JSON Schema.

    Makes two metrics: `format_adherence`, the share of answers without any violation, and `format_f1`
    over the fields, which are the members of the answer's top-level object (or the value itself where the
    schema is not of an object):

    - true positive: a field that the schema declares or requires is present and nothing in it is violated;
    - false positive: a field is present and violated, or not allowed; so is each violation of the object
      as a whole (`minProperties`, `oneOf`);
    - false negative: a required field is missing; all of them where the answer is no JSON or no object
      (the declared ones where none is required).

    F1 is 2·tp / (2·tp + fp + fn) over the sums of all samples. An answer is without violation exactly when
    it has neither fp nor fn. With `expected`, three more: `field_f1`, `field_precision` and `field_recall`
    of the answer's values against it (`checks.field_scores`).

    Args:
        schema: a file beside the suite, or the schema itself.
        extract: find the one JSON value in prose or a code fence.
        draft: what a schema without `$schema` is written in.
        formats: enforce `format`; without it, it is an annotation, as the specification has it.
        expected: the object that the answer should be, a template over the case
            (`"{{ expected }}"`), for precision, recall and F1 of its values. The verdict does not rest on it.
        metric: the name of the first metric, a rate.
        setting: where relative paths start.

    Raises:
        UsageError: the file is missing or no JSON, or the schema is broken or refers to what is not in it.
        MissingExtra: `formats` needs packages that are not installed.
    """
    content, validator = load_schema(schema, setting.base, draft=draft, formats=formats)
    count = field_counter(content)
    read = extract_json if extract else parse_answer

    def judge(case: Case, completion: Completion) -> Verdict:
        wanted = [] if expected is None else [render_value(expected, case)]
        try:
            answer = read(completion.text)
        except ValueError as error:
            problems = [f"The answer is not JSON: {error}."]
            return _verdict(metric, problems, count(), _matched(wanted, []))
        try:
            found = violations(validator, answer)
        except CannotValidate as error:
            return broken(str(error), {metric: None, "format_f1": None})
        return _verdict(metric, [str(v) for v in found], count(answer, found), _matched(wanted, [answer]))

    measures = (Measure(name=metric), Measure(name="format_f1", kind="f1"))
    identity = {"schema": content, "extract": extract, "metric": metric, "draft": draft, "formats": formats}
    more = () if expected is None else FIELD_MEASURES
    return measured_check("json_schema", measures + more, judge, identity | {"expected": expected})


def _matched(wanted: list[JSON], answers: list[JSON]) -> Mapping[str, Figure]:
    """The figures of the answer's values against what is wanted; none where nothing is."""
    if not wanted:
        return {}
    if not answers:
        return field_figures(Counts(fn=count_matches(wanted, wanted).tp))
    return field_figures(count_matches(wanted, answers))


def _verdict(metric: str, problems: list[str], counts: Counts, fields: Mapping[str, Figure]) -> Verdict:
    if not problems and not fields:
        return _plain_pass(metric, counts)
    total = 2 * counts.tp + counts.fp + counts.fn
    figures: dict[str, Figure] = {metric: not problems, "format_f1": counts, **fields}
    if not problems:
        return passed(figures)
    return failed(joined(problems), figures, score=2 * counts.tp / total if total else 0.0)


@lru_cache(maxsize=256)
def _plain_pass(metric: str, counts: Counts) -> Verdict:
    """One verdict for all answers without violation that have as many fields, as most have."""
    return replace(passed({metric: True, "format_f1": counts}), check="json_schema")


def _no_value(error: Exception, path: str | None) -> str:
    if isinstance(error, LookupError):
        return f"The answer has no {path}: {error.args[0]}."
    return f"The answer is not JSON: {error}."


def _plain_text(expected: JSON, path: str | None) -> bool:
    return path is None and isinstance(expected, str)
