"""Whether an answer's numbered citations lead to passages that are there."""

from __future__ import annotations

import re

from lockgate.checks.authoring import failed, passed, rate_check, unscored
from lockgate.errors import UsageError
from lockgate.model import Case, Check, Completion, Span, Verdict

__all__ = ["CITATION", "cites_sources"]

_RANGE = r"\d{1,6}(?:\s*[–-]\s*\d{1,6})?"
CITATION = re.compile(rf"\[({_RANGE}(?:\s*[,;]\s*{_RANGE})*)\]")
"""A numbered citation: `[1]`, `[1, 3]`, `[1; 3]`, `[1-3]`; not a date such as `[2024-01-05]`."""

_MOST = 1000


def cites_sources(*, min: int = 1, metric: str = "citation_validity") -> Check:  # noqa: A002 - the YAML word
    """The answer cites at least `min` of its passages as `[1]`, and none that does not exist.

    Passages are the retrieved ones, numbered from 1 in their order, or the case's context without any.
    `[1, 3]`, `[1; 3]` and `[1-3]` cite several.

    Args:
        min: how many different passages are to be cited, 0 or more.
        metric: the metric's name, a rate.

    Raises:
        UsageError: `min` is below 0.
    """
    if min < 0:
        raise UsageError(f"The check 'cites_sources' cannot have min: {min}. Use 0 or more.")

    def judge(case: Case, completion: Completion) -> Verdict:
        there = len(completion.passages) or len(case.context)
        if not there:
            return unscored("There is no passage and no context that could be cited.")
        spans = [span for match in CITATION.finditer(completion.text) for span in _cited(match)]
        wrong = [span for span in spans if not 1 <= int(span.note) <= there]
        if wrong:
            numbers = ", ".join(dict.fromkeys(f"[{span.note}]" for span in wrong))
            return failed(f"{numbers} cites no passage: there are {there}.", evidence=wrong)
        different = len({span.note for span in spans})
        if different < min:
            return failed(f"The answer cites {different} passages, fewer than {min}.", evidence=spans)
        return passed(evidence=spans)

    return rate_check("cites_sources", metric, judge, {"min": min, "metric": metric})


def _cited(match: re.Match[str]) -> list[Span]:
    """One span for each number that a bracket stands for; its note is the number."""
    found: list[int] = []
    for part in re.split(r"\s*[,;]\s*", match[1]):
        first, _, last = re.sub(r"\s*[–-]\s*", "-", part).partition("-")
        stop = int(last or first)
        found += range(int(first), stop + 1) if 0 <= stop - int(first) < _MOST else [int(first), stop]
    start, end = match.span()
    return [Span(source="answer", start=start, end=end, text=match[0], note=str(n)) for n in found]
