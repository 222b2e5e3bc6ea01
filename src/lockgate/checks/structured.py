"""Checks on answers that are JSON: one value of it, or the whole against a JSON Schema."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, Literal

from lockgate.checks.authoring import broken, failed, passed, rate_check
from lockgate.checks.schema_fields import compile_schema, count_fields, violations
from lockgate.errors import UsageError, did_you_mean
from lockgate.model import JSON, Case, Check, Completion, Counts, Figure, Measure, Setting, Verdict
from lockgate.prompts import render_value
from lockgate.strict_json import extract as extract_json
from lockgate.strict_json import parse

__all__ = ["equals", "json_schema"]

_STEP = re.compile(r"\.?(?:\[(\d+)\]|\[(['\"])(.+?)\2\]|([^.\[\]]+))")
_SHOWN_VIOLATIONS = 5
_CUT = 120


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
    steps = _steps(path)
    read = extract_json if extract else parse

    def judge(case: Case, completion: Completion) -> Verdict:
        expected = render_value(value, case)
        try:
            whole = completion.text if _plain_text(expected, path) else read(completion.text)
            got = _follow(whole, steps)
        except (ValueError, LookupError) as error:
            return failed(_no_value(error, path))
        if _same(got, expected, ignore_case=ignore_case):
            return passed()
        return failed(f"{path or 'The answer'} is {_cut(got)}, expected {_cut(expected)}.")

    identity = {"value": value, "path": path, "ignore_case": ignore_case, "extract": extract}
    return rate_check("equals", metric, judge, identity | {"metric": metric})


def json_schema(
    schema: str | dict[str, Any],
    *,
    extract: bool = False,
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
    it has neither fp nor fn.

    Args:
        schema: a file beside the suite, or the schema itself. The draft is read off `$schema` and is
            2020-12 without it; `format` is an annotation, as the specification has it.
        extract: find the one JSON value in prose or a code fence.
        metric: the name of the first metric, a rate.
        setting: where relative paths start.

    Raises:
        UsageError: the file is missing or no JSON, or the schema is broken or refers to what is not in it.
    """
    from referencing.exceptions import Unresolvable

    content = _load(schema, setting.base) if isinstance(schema, str) else schema
    validator = compile_schema(content, name=schema if isinstance(schema, str) else "The schema")
    read = extract_json if extract else parse

    def judge(case: Case, completion: Completion) -> Verdict:  # noqa: ARG001 - a check's shape
        try:
            answer = read(completion.text)
        except ValueError as error:
            return _verdict(metric, [f"The answer is not JSON: {error}."], count_fields(content))
        try:
            found = violations(validator, answer)
        except (RecursionError, Unresolvable) as error:
            return broken(f"The schema cannot be followed: {error}.", {metric: None, "format_f1": None})
        return _verdict(metric, [str(v) for v in found], count_fields(content, answer, found))

    measures = (Measure(name=metric), Measure(name="format_f1", kind="f1"))
    identity = {"check": "json_schema", "schema": content, "extract": extract, "metric": metric}
    return Check(name="json_schema", measures=measures, judge=judge, identity=identity)


def _verdict(metric: str, problems: list[str], counts: Counts) -> Verdict:
    total = 2 * counts.tp + counts.fp + counts.fn
    figures: dict[str, Figure] = {metric: not problems, "format_f1": counts}
    if not problems:
        return passed(figures)
    more = len(problems) - _SHOWN_VIOLATIONS
    reason = " ".join(problems[:_SHOWN_VIOLATIONS]) + (f" And {more} more." if more > 0 else "")
    return failed(reason, figures, score=2 * counts.tp / total if total else 0.0)


def _load(path: str, base: Path) -> JSON:
    file = base / path
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = sorted(p.name for p in file.parent.glob("*.json")) if file.parent.is_dir() else []
        hint = did_you_mean(file.name, near, noun=f"JSON files in {file.parent.name or '.'}")
        raise UsageError(f"There is no schema file {path!r}. {hint}") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"The schema file {path!r} is not JSON: {error}. Correct it.") from error


def _steps(path: str | None) -> list[str | int]:
    if path is None:
        return []
    steps: list[str | int] = []
    position = 0
    while not path or position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise UsageError(f"{path!r} is not a path. Write it as category, items[0].name or ['a key'].")
        index, _, quoted, name = match.groups()
        steps.append(int(index) if index else quoted or name)
        position = match.end()
    return steps


def _follow(value: JSON, steps: list[str | int]) -> JSON:
    for step in steps:
        fits = isinstance(value, list if isinstance(step, int) else dict)
        if not fits:
            raise LookupError(f"there is no {step!r} in {_kind(value)}")
        try:
            value = value[step]
        except (KeyError, IndexError):
            raise LookupError(_absent(value, step)) from None
    return value


def _absent(value: JSON, step: str | int) -> str:
    if isinstance(step, int):
        return f"the list has {len(value)} items, none numbered {step}"
    return f"the key {step!r} is missing ({did_you_mean(step, list(value), noun='keys')})"


def _no_value(error: Exception, path: str | None) -> str:
    if isinstance(error, LookupError):
        return f"The answer has no {path}: {error.args[0]}."
    return f"The answer is not JSON: {error}."


def _plain_text(expected: JSON, path: str | None) -> bool:
    return path is None and isinstance(expected, str)


def _same(got: JSON, expected: JSON, *, ignore_case: bool) -> bool:
    if isinstance(got, bool) or isinstance(expected, bool):
        return got is expected
    if isinstance(got, int | float) and isinstance(expected, int | float):
        return got == expected or _close(got, expected)
    if isinstance(got, str) and isinstance(expected, str):
        return _folded(got, ignore_case=ignore_case) == _folded(expected, ignore_case=ignore_case)
    if isinstance(got, list) and isinstance(expected, list | tuple):
        pairs = zip(got, expected, strict=False)
        return len(got) == len(expected) and all(_same(a, b, ignore_case=ignore_case) for a, b in pairs)
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(
            _same(got[k], expected[k], ignore_case=ignore_case) for k in got
        )
    return got is None and expected is None


def _close(got: float, expected: float) -> bool:
    try:
        return math.isclose(got, expected, rel_tol=1e-12)
    except OverflowError:  # a whole number in a suite may be beyond a double's range
        return False


def _folded(text: str, *, ignore_case: bool) -> str:
    return text.strip().casefold() if ignore_case else text.strip()


def _kind(value: JSON) -> Literal["an object", "a list", "a text", "a number", "true or false", "null"]:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def _cut(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _CUT else f"{text[:_CUT]}… ({len(text)} characters)"
