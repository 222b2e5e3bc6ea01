"""The check on a metric of ragas: its prompts and formulas, on a backend of the project."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lockgate.checks.answer_words import references
from lockgate.checks.grounding.answers import passages_of
from lockgate.checks.ragas_asking import Outcome, Task, run
from lockgate.checks.ragas_metrics import METRICS, Metric, Name
from lockgate.checks.ragas_parts import make_metric, require, version
from lockgate.checks.verdicts import broken, failed, passed, unscored
from lockgate.errors import LockgateError, UsageError, did_you_mean
from lockgate.fingerprints import digest
from lockgate.model import JSON, Backend, Case, Check, Completion, Measure, Setting, Verdict
from lockgate.retrieval.embedding import Embedder
from lockgate.retrieval.embedding import embedder as find_embedder

__all__ = ["ragas"]

_DIGITS = 9
"""ragas adds 1e-10 to a denominator, so that its context precision never quite reaches 1."""

_WITHOUT = {
    "user_input": "The case has no question.",
    "response": "The answer is empty.",
    "reference": "The case has no reference.",
    "retrieved_contexts": "There is no passage and no context.",
}


def ragas(
    metric: Name,
    *,
    backend: str,
    threshold: float = 0.5,
    reference: Any = "{{ expected }}",
    mode: Literal["relevant", "irrelevant"] = "relevant",
    strictness: int = 3,
    embedder: str | dict[str, Any] = "minilm",
    setting: Setting,
) -> Check:
    """The answer, or what was retrieved for it, does well by a metric of ragas (extra `ragas`).

    Args:
        metric: by ragas's own name, which is the metric's here, too: `answer_relevancy`,
            `context_precision`, `context_recall`, `context_utilization` (precision by the answer, without a
            reference), `faithfulness` or `noise_sensitivity`.
        backend: `FAMILY:VERSION` of the language model that ragas asks. It gets the messages as they are,
            without its own prompt.
        threshold: the least number that passes, 0..1; of `noise_sensitivity` the greatest.
        reference: the right answer, for the metrics that compare with one; texts in it may be templates over
            the case, and of several the first is taken.
        mode: whether `noise_sensitivity` looks at errors from relevant passages, or from irrelevant ones.
        strictness: how many questions `answer_relevancy` has made of the answer.
        embedder: compares the questions of `answer_relevancy`: `minilm`, a folder, a hub id, or `{endpoint:
            URL, model: NAME}`.
        setting: where backends come from, and relative paths start.

    Raises:
        MissingExtra: ragas is not installed.
        UsageError: there is no such metric, backend or embedder, or a number is out of range.
    """
    _validate(metric, threshold, mode, strictness)
    if setting.backend is None:
        raise UsageError("The check 'ragas' needs a project. Declare its backend in lockgate.yaml.")
    require("The check 'ragas'")
    made = METRICS[metric]
    scorer = _Scorer(
        name=metric,
        metric=made,
        threshold=threshold,
        reference=reference,
        options={"strictness": strictness} if made.embeds else {"mode": mode} if made.lower else {},
        backend=setting.backend(backend),
        embedder=find_embedder(embedder, base=setting.base) if made.embeds else None,
    )
    return Check(
        name="ragas",
        measures=(Measure(name=metric, kind="mean", better="lower" if made.lower else "higher"),),
        judge=lambda case, completion: scorer.many([(case, completion)])[0],
        judge_many=scorer.many,
        costly=True,
        identity=scorer.identity,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scorer:
    """A metric with all that it is asked with."""

    name: str
    metric: Metric
    threshold: float
    reference: JSON
    options: Mapping[str, JSON]
    backend: Backend
    embedder: Embedder | None

    @property
    def identity(self) -> Mapping[str, JSON]:
        """Everything that can change a verdict."""
        return {
            "check": "ragas",
            "ragas": version(),
            "metric": self.name,
            "threshold": self.threshold,
            "reference": self.reference if "reference" in self.metric.reads else None,
            "options": dict(self.options),
            "embedder": dict(self.embedder.identity) if self.embedder else None,
            "backend": digest(dict(self.backend.identity)),
        }

    def many(self, pairs: Sequence[tuple[Case, Completion]]) -> list[Verdict]:
        """The verdicts on answers, in order; those that there is something to ask of go forward together."""
        told = [_task(self.metric, self.name, self.reference, case, completion) for case, completion in pairs]
        outcomes = iter(self._run([one for one in told if isinstance(one, Task)]))
        return [
            _verdict(self.metric, self.name, self.threshold, one, next(outcomes))
            if isinstance(one, Task)
            else one
            for one in told
        ]

    def _run(self, tasks: Sequence[Task]) -> list[Outcome]:
        if not tasks:
            return []
        made = make_metric(self.metric.made_by, embeddings=self.metric.embeds, **self.options)
        return run(made, tasks, self.backend, self.embedder)


def _validate(metric: str, threshold: float, mode: str, strictness: int) -> None:
    if metric not in METRICS:
        hint = did_you_mean(metric, sorted(METRICS), noun="metrics")
        raise UsageError(f"The check 'ragas' has no metric {metric!r}. {hint}")
    if not 0 <= threshold <= 1:
        raise UsageError(f"The threshold of 'ragas' cannot be {threshold!r}. Use a number from 0 to 1.")
    if not 1 <= strictness <= 20:
        raise UsageError(f"The strictness of 'ragas' cannot be {strictness!r}. Use a number from 1 to 20.")
    if mode != "relevant" and metric != "noise_sensitivity":
        raise UsageError(f"The metric {metric!r} has no mode. Delete it, or write metric: noise_sensitivity.")


def _task(metric: Metric, name: str, reference: JSON, case: Case, completion: Completion) -> Task | Verdict:
    """What ragas is to read, or the verdict where there is nothing."""
    words: dict[str, JSON] = {"user_input": case.question, "response": completion.text}
    words["retrieved_contexts"] = [p.text for p in passages_of(case, completion) if p.text.strip()]
    if "reference" in metric.reads:
        try:
            words["reference"] = next(iter(references(reference, case)), "")
        except LockgateError as error:
            return broken(str(error), {name: None})
    for word in metric.reads:
        value = words[word]
        if not (value.strip() if isinstance(value, str) else value):
            return unscored(_WITHOUT[word], {name: None})
    return Task(case_id=case.id, words={word: words[word] for word in metric.reads})


def _verdict(metric: Metric, name: str, threshold: float, task: Task, outcome: Outcome) -> Verdict:
    reason = outcome.reason
    if outcome.value is not None:
        reason = metric.review(task, outcome)
        if not reason and not math.isfinite(outcome.value):
            reason = "ragas gives no number"
    if reason or outcome.value is None:
        return unscored(f"There is no {name}: {reason}.", {name: None})
    score = min(1.0, max(0.0, round(outcome.value, _DIGITS)))
    if score <= threshold if metric.lower else score >= threshold:
        return passed({name: score}, score=score)
    side = "above" if metric.lower else "below"
    return failed(f"The {name} is {score:.3g}, {side} {threshold:.3g}.", {name: score}, score=score)
