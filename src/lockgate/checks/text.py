"""Checks on an answer's text alone: what it contains, what it matches, how long it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from lockgate.checks.verdicts import broken, failed, passed, rate_check, unscored
from lockgate.errors import UsageError
from lockgate.model import Case, Check, Completion, Span, Verdict
from lockgate.prompts import render_value
from lockgate.templates import is_template

__all__ = ["contains", "max_tokens", "regex"]

_INLINE_STEPS = 300_000_000
_SECONDS = 2.0
_QUANTIFIED_GROUP = re.compile(r"\)\s*[*+?{]")
_QUANTIFIERS = re.compile(r"[*+?{]")
_APART = """
import json, re, sys
pattern, flags, text = json.load(sys.stdin)
match = re.search(pattern, text, flags)
json.dump(match and match.span(), sys.stdout)
"""


def contains(
    value: str | list[str],
    *,
    any: bool = False,  # noqa: A002 - the YAML word
    ignore_case: bool = True,
    metric: str = "contains",
) -> Check:
    """The answer contains a text, or all of several.

    Args:
        value: the text or texts; each may be a template over the case. A case whose template gives an
            empty list is none of the check's: there is nothing that its answer should contain.
        any: one of them is enough.
        ignore_case: compare without regard to upper and lower case.
        metric: the metric's name, a rate.

    Raises:
        UsageError: there is nothing to look for.
    """
    if not value or (isinstance(value, list) and not all(value)):
        raise UsageError(f"The check 'contains' has nothing to look for: {value!r}. Give a text or texts.")

    def judge(case: Case, completion: Completion) -> Verdict | None:
        rendered = render_value(value, case)
        if rendered == []:
            return None
        wanted = _texts(rendered, value)
        spans = {w: _find(w, completion.text, ignore_case=ignore_case) for w in wanted}
        missing = [w for w in wanted if spans[w] is None]
        found = [span for span in spans.values() if span is not None]
        if not wanted:
            return unscored(f"{value!r} gives no text for this case.")
        if not missing or (any and found):
            return passed(evidence=found)
        return failed(_missing(missing, any=any), evidence=found)

    identity = {"value": value, "any": any, "ignore_case": ignore_case, "metric": metric}
    return rate_check("contains", metric, judge, identity)


def regex(pattern: str, *, ignore_case: bool = False, metric: str = "regex") -> Check:
    r"""The answer matches a pattern of Python's `re` somewhere.

    A pattern that could take forever on an answer (a repeated group, or several repeats on a long text) is
    matched in a process of its own and given up after two seconds, as a verdict of status `error`.

    Args:
        pattern: use `^…$` or `\A…\Z` to match the whole; `(?s)` and the like set flags. It may be a template
            over the case.
        ignore_case: match upper and lower case alike.
        metric: the metric's name, a rate.

    Raises:
        UsageError: the pattern does not compile.
    """
    flags = re.IGNORECASE if ignore_case else 0
    template = is_template(pattern)
    if not template:
        _compile(pattern, flags)

    def judge(case: Case, completion: Completion) -> Verdict:
        rendered = render_value(pattern, case)
        wanted = "" if rendered is None else str(rendered)
        if template and not wanted:
            return unscored(f"{pattern!r} gives no pattern for this case.")
        try:
            span = _search(_compile(wanted, flags), completion.text)
        except subprocess.TimeoutExpired:
            return broken(f"The pattern {wanted!r} took more than {_SECONDS:g} s on this answer.")
        if span is None:
            return failed(f"Nothing in the answer matches {wanted!r}.")
        return passed(evidence=[_span(completion.text, *span)])

    return rate_check(
        "regex", metric, judge, {"pattern": pattern, "ignore_case": ignore_case, "metric": metric}
    )


def max_tokens(limit: int, *, metric: str = "max_tokens") -> Check:
    """The answer has at most so many tokens, counted by the model's own tokeniser.

    Args:
        limit: the most tokens, at least 1.
        metric: the metric's name, a rate.

    Raises:
        UsageError: the limit is below 1.
    """
    if limit < 1:
        raise UsageError(f"The check 'max_tokens' cannot have the limit {limit}. Use 1 or more.")

    def judge(case: Case, completion: Completion) -> Verdict:  # noqa: ARG001 - a check's shape
        tokens = completion.tokens_out
        if tokens is None:
            return unscored("The backend does not say how many tokens the answer has.")
        if tokens <= limit:
            return passed()
        return failed(f"The answer has {tokens} tokens, more than {limit}.")

    return rate_check("max_tokens", metric, judge, {"limit": limit, "metric": metric})


def _compile(pattern: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"The pattern {pattern!r} is broken: {error}. Correct it.") from error


def _texts(rendered: object, value: str | list[str]) -> list[str]:
    given = rendered if isinstance(rendered, list) else [rendered]
    for one in given:
        if one is not None and not isinstance(one, str | int | float):
            raise UsageError(f"{value!r} gives {one!r}, which is no text. Give a text or a list of texts.")
    return [str(one) for one in given if one is not None and str(one)]


def _find(wanted: str, text: str, *, ignore_case: bool) -> Span | None:
    if ignore_case and not (wanted.isascii() and text.isascii()):
        # Other letters may change their number with their case.
        match = re.search(re.escape(wanted), text, re.IGNORECASE)
        return _span(text, *match.span()) if match else None
    start = text.lower().find(wanted.lower()) if ignore_case else text.find(wanted)
    return _span(text, start, start + len(wanted)) if start >= 0 else None


def _span(text: str, start: int, end: int) -> Span:
    return Span(source="answer", start=start, end=end, text=text[start:end])


def _missing(missing: list[str], *, any: bool) -> str:  # noqa: A002 - the YAML word
    quoted = ", ".join(map(repr, missing))
    return f"The answer contains none of {quoted}." if any else f"The answer does not contain {quoted}."


def _search(pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    if _could_hang(pattern, len(text)):
        return _search_apart(pattern, text)
    match = pattern.search(text)
    return match.span() if match else None


def _could_hang(pattern: re.Pattern[str], length: int) -> bool:
    """Whether backtracking could be long: exponential needs a repeated group, else quantifiers count."""
    if _QUANTIFIED_GROUP.search(pattern.pattern) or pattern.flags & re.VERBOSE:
        return True
    steps: int = length ** (len(_QUANTIFIERS.findall(pattern.pattern)) + 1)
    return steps > _INLINE_STEPS


def _search_apart(pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    """The search in a process that can be ended: `re` itself cannot be interrupted on a thread."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own program
        [sys.executable, "-I", "-S", "-c", _APART],
        input=json.dumps([pattern.pattern, pattern.flags & ~re.UNICODE, text]),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    span = json.loads(done.stdout)
    return None if span is None else (span[0], span[1])
