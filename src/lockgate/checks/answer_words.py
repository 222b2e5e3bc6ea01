"""The checks on short answers in words: exact match and token F1, as SQuAD has them."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

from lockgate.checks.measured import measured_check
from lockgate.checks.values import shown
from lockgate.checks.verdicts import failed, passed, rate_check, unscored
from lockgate.errors import UsageError
from lockgate.model import JSON, Case, Check, Completion, Measure, Verdict
from lockgate.prompts import render_value

__all__ = ["exact_match", "f1", "normalised", "references", "token_f1"]

_READ = 200_000
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "‘’“”„«»–—…。、，！？")


def exact_match(value: Any = "{{ expected }}", *, metric: str = "exact_match") -> Check:
    """The answer is one of those expected, after the usual normalisation of SQuAD.

    Args:
        value: what is expected: a text or a number, or a list of those that are right; texts in it may be
            templates over the case.
        metric: the metric's name, a rate.
    """

    def judge(case: Case, completion: Completion) -> Verdict:
        wanted = references(value, case)
        if not wanted:
            return unscored(f"{value!r} gives no text for this case.")
        if len(completion.text) > _READ:
            return failed(_too_long(completion.text))
        got = normalised(completion.text)
        if any(got == normalised(one) for one in wanted):
            return passed()
        return failed(f"The answer is {shown(completion.text.strip())}, expected {_any_of(wanted)}.")

    return rate_check("exact_match", metric, judge, {"value": value, "metric": metric})


def f1(value: Any = "{{ expected }}", *, threshold: float = 0.5, metric: str = "f1") -> Check:
    """The answer's words are those of an expected answer: the mean of each answer's best F1, as in SQuAD.

    Args:
        value: what is expected: a text or a number, or a list of those that are right; texts in it may be
            templates over the case.
        threshold: the least F1 that passes, 0..1.
        metric: the metric's name, a mean.

    Raises:
        UsageError: the threshold is out of range.
    """
    if not 0 <= threshold <= 1:
        raise UsageError(f"The threshold cannot be {threshold!r}. Use a number from 0 to 1.")

    def judge(case: Case, completion: Completion) -> Verdict:
        wanted = references(value, case)
        if not wanted:
            return unscored(f"{value!r} gives no text for this case.", {metric: None})
        if len(completion.text) > _READ:
            return failed(_too_long(completion.text), {metric: 0.0})
        score = max(token_f1(completion.text, one) for one in wanted)
        if score >= threshold:
            return passed({metric: score}, score=score)
        said = f"The answer has F1 {score:.2f} with {_any_of(wanted)}, below {threshold:g}."
        return failed(said, {metric: score}, score=score)

    identity = {"value": value, "threshold": threshold, "metric": metric}
    return measured_check("f1", [Measure(name=metric, kind="mean")], judge, identity)


def normalised(text: str) -> str:
    """Lower case, without punctuation, English articles and surplus white space.

    Rajpurkar et al. 2016, SQuAD, arXiv:1606.05250, section 6.1.
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def token_f1(answer: str, expected: str) -> float:
    """2·p·r / (p + r) of the words that two normalised texts share (SQuAD, section 6.1).

    Where either has no words, 1 if neither has, else 0.
    """
    got, wanted = normalised(answer).split(), normalised(expected).split()
    if not got or not wanted:
        return float(got == wanted)
    shared = (Counter(got) & Counter(wanted)).total()
    return 2 * shared / (len(got) + len(wanted))


def references(value: JSON, case: Case) -> list[str]:
    """The texts that are right for a case, numbers as they are written; empty where there is none.

    Raises:
        UsageError: a template cannot be filled in, or gives what is neither text nor number.
    """
    rendered = render_value(value, case)
    given: Sequence[JSON] = rendered if isinstance(rendered, list | tuple) else [rendered]
    for one in given:
        if isinstance(one, dict | list | tuple):
            raise UsageError(
                f"{value!r} gives {shown(one)}, which is no text. Give a text or a list of texts."
            )
    return [_as_text(one) for one in given if one is not None]


def _as_text(value: JSON) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _too_long(text: str) -> str:
    return f"The answer has {len(text):,} characters, more than the {_READ:,} that are read."


def _any_of(wanted: Sequence[str]) -> str:
    return " or ".join(map(shown, wanted[:3])) + (f" or {len(wanted) - 3} more" if len(wanted) > 3 else "")
