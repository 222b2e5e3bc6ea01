"""The check on an answer that is a number, or ends with one."""

from __future__ import annotations

import math
import re
from collections import deque
from decimal import Decimal
from typing import Any, Literal

from lockgate.checks.values import follow, shown, steps_of
from lockgate.checks.verdicts import failed, passed, rate_check, unscored
from lockgate.errors import UsageError
from lockgate.model import JSON, Case, Check, Completion, Verdict
from lockgate.prompts import render_value
from lockgate.strict_json import parse_answer

__all__ = ["last_number", "numeric", "only_number"]

_READ = 200_000
_MOST_DIGITS = 300
_NUMBER = re.compile(
    r"(?:(?<![\w)%])([-+−])[$€£¥]?)?"
    r"((?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3}(?!\w))?|\.\d+)"
)
_BEFORE = " \t\n$€£¥*_`\"'(=≈~"
_AFTER = re.compile(r"\s?[%°€$£¥]?(?:\s?[^\W\d]{1,15}(?:[/ ][^\W\d]{1,15})?[²³]?)?[\s.*_`\"')]*")
_MARK = "####"


def numeric(
    value: Any = "{{ expected }}",
    *,
    absolute: float = 0.0,
    relative: float = 0.0,
    find: Literal["whole", "last"] = "whole",
    path: str | None = None,
    metric: str = "numeric",
) -> Check:
    """The answer is a number close enough to the one expected.

    Args:
        value: the number, or a text that ends with it (`… #### 72`, as GSM8K has it); may be a template over
            the case.
        absolute: how far off is still right.
        relative: the same, as a share of the expected number; the wider of the two holds.
        find: `whole`, the answer is the number and at most a unit; `last`, the number after `####`, else the
            last one in the answer, as GSM8K is scored.
        path: where in a JSON answer the number is, as `items[0].price`.
        metric: the metric's name, a rate.

    Raises:
        UsageError: a tolerance is negative, or the path is not one.
    """
    _check(absolute=absolute, relative=relative)
    steps = steps_of(path)

    def judge(case: Case, completion: Completion) -> Verdict:
        rendered = render_value(value, case)
        wanted = _of(rendered, "last")
        if wanted is None:
            return unscored(f"{value!r} gives {shown(rendered)}, which has no number.")
        try:
            written = completion.text if path is None else follow(parse_answer(completion.text), steps)
        except (ValueError, LookupError) as error:
            return failed(f"The answer has no {path}: {error.args[0]}.")
        got = _of(written, find)
        if got is None:
            return failed(
                f"{shown(written)} is no number." if find == "whole" else "The answer has no number."
            )
        allowed = max(Decimal(repr(absolute)), abs(wanted) * Decimal(repr(relative)))
        if abs(got - wanted) <= allowed:
            return passed()
        off = f", more than {float(allowed):g} off" if allowed else ""
        return failed(f"The answer is {got}, expected {wanted}{off}.")

    identity = {"value": value, "absolute": absolute, "relative": relative, "find": find}
    return rate_check("numeric", metric, judge, {**identity, "path": path, "metric": metric})


def only_number(text: str) -> Decimal | None:
    """The number that a text is, with at most a currency sign before it and a unit after it; else None."""
    found = _NUMBER.search(text) if len(text) <= _READ else None
    if found is None or text[: found.start()].strip(_BEFORE):
        return None
    return _decimal(found) if _AFTER.fullmatch(text, found.end()) else None


def last_number(text: str) -> Decimal | None:
    """The number after the last `####`, else the last number of a text; None where there is none.

    Cobbe et al. 2021, GSM8K, arXiv:2110.14168, marks final answers so.
    """
    text = text[-_READ:]
    marked = _NUMBER.search(text.rpartition(_MARK)[2]) if _MARK in text else None
    found = [marked] if marked else deque(_NUMBER.finditer(text), maxlen=1)
    return _decimal(found[0]) if found else None


def _check(**tolerances: float) -> None:
    for name, tolerance in tolerances.items():
        if not 0 <= tolerance < math.inf:
            raise UsageError(f"{name} cannot be {tolerance!r}. Use 0 or more.")


def _of(value: JSON, find: str) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        return only_number(value) if find == "whole" else last_number(value)
    return Decimal(repr(value)) if math.isfinite(value) else None


def _decimal(found: re.Match[str]) -> Decimal | None:
    digits = found[2].replace(",", "")
    if len(digits) > _MOST_DIGITS:
        return None
    return Decimal(("-" if found[1] in ("-", "−") else "") + digits)
