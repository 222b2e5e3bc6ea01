"""The metrics of ragas that the check `ragas` has: what each reads, and what its replies must cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from lockgate.checks.claims import claims
from lockgate.checks.overlap import terms
from lockgate.checks.ragas_asking import Outcome, Task

__all__ = ["METRICS", "Metric", "Name"]

Name: TypeAlias = Literal[
    "answer_relevancy",
    "context_precision",
    "context_recall",
    "context_utilization",
    "faithfulness",
    "noise_sensitivity",
]
Review: TypeAlias = Callable[[Task, Outcome], str]


def _nothing(_task: Task, _outcome: Outcome) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of ragas.

    Args:
        made_by: its class in `ragas.metrics.collections`.
        reads: the words of its `ascore`.
        lower: whether a lower number is better.
        embeds: whether it compares vectors.
        review: what ragas does not see of a number that it gives: why it cannot be used, or "".
    """

    made_by: str
    reads: Sequence[str]
    lower: bool = False
    embeds: bool = False
    review: Review = _nothing


def _questions(_task: Task, outcome: Outcome) -> str:
    """An empty question is left out of the mean without a word, and none at all gives 0."""
    empty = sum(not exchange.reply.question.strip() for exchange in outcome.exchanges)
    return f"{empty} of {len(outcome.exchanges)} questions are empty" if empty else ""


def _classified(task: Task, outcome: Outcome) -> str:
    """What the model leaves out of the reference is left out of the denominator."""
    said = [terms(c.statement) for e in outcome.exchanges for c in e.reply.classifications]
    there = frozenset[str]().union(*(t.words | t.numbers for t in said))
    wanted = [terms(claim.text) for claim in claims(str(task.words["reference"]))]
    words = [w for w in (t.words | t.numbers for t in wanted) if w]
    left = sum(2 * len(w & there) < len(w) for w in words)
    return f"{left} of {len(words)} sentences of the reference have no verdict" if left else ""


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "answer_relevancy": Metric(
            made_by="AnswerRelevancy", reads=("user_input", "response"), embeds=True, review=_questions
        ),
        "context_precision": Metric(
            made_by="ContextPrecision", reads=("user_input", "reference", "retrieved_contexts")
        ),
        "context_recall": Metric(
            made_by="ContextRecall",
            reads=("user_input", "reference", "retrieved_contexts"),
            review=_classified,
        ),
        "context_utilization": Metric(
            made_by="ContextUtilization", reads=("user_input", "response", "retrieved_contexts")
        ),
        "faithfulness": Metric(
            made_by="Faithfulness", reads=("user_input", "response", "retrieved_contexts")
        ),
        "noise_sensitivity": Metric(
            made_by="NoiseSensitivity",
            reads=("user_input", "response", "reference", "retrieved_contexts"),
            lower=True,
        ),
    }
)
"""ragas's own name → the metric."""
