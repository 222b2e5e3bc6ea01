"""The check on how near an answer's meaning is to what is expected, by an embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockgate.checks.answer_words import references
from lockgate.checks.verdicts import broken, failed, passed, unscored
from lockgate.errors import LockgateError, UsageError
from lockgate.model import Case, Check, Completion, Measure, Setting, Verdict
from lockgate.retrieval.embedding import Embedder
from lockgate.retrieval.embedding import embedder as find_embedder

__all__ = ["semantic"]


def semantic(
    value: Any = "{{ expected }}",
    *,
    threshold: float = 0.7,
    embedder: str | dict[str, Any] = "minilm",
    metric: str = "semantic_similarity",
    setting: Setting,
) -> Check:
    """The answer is near in meaning to an expected one: the cosine of their vectors, the best of several.

    Args:
        value: what is expected: a text, or a list of those that are right; texts in it may be templates over
            the case.
        threshold: the least cosine that passes, 0..1.
        embedder: `minilm`, a folder, a hub id, or `{endpoint: URL, model: NAME}`.
        metric: the metric's name, a mean; a cosine below 0 counts as 0.
        setting: where relative paths start.

    Raises:
        UsageError: the threshold is out of range, or there is no such embedder.
    """
    if not 0 <= threshold <= 1:
        raise UsageError(f"The threshold cannot be {threshold!r}. Use a number from 0 to 1.")
    vectors = find_embedder(embedder, base=setting.base)

    def judge_many(pairs: Sequence[tuple[Case, Completion]]) -> list[Verdict]:
        return _judge(pairs, value, vectors, threshold, metric)

    return Check(
        name="semantic",
        measures=(Measure(name=metric, kind="mean"),),
        judge=lambda case, completion: judge_many([(case, completion)])[0],
        judge_many=judge_many,
        identity={"check": "semantic", "value": value, "threshold": threshold, "metric": metric}
        | {"embedder": dict(vectors.identity)},
        costly=True,
    )


def _judge(
    pairs: Sequence[tuple[Case, Completion]], value: Any, vectors: Embedder, threshold: float, metric: str
) -> list[Verdict]:
    """All texts of all pairs are read at once, each once."""
    wanted: list[list[str] | Verdict] = [_wanted(case, value, metric) for case, _ in pairs]
    texts = {t for one in wanted if isinstance(one, list) for t in one}
    texts |= {c.text for (_, c), one in zip(pairs, wanted, strict=True) if isinstance(one, list)}
    order = sorted(text for text in texts if text.strip())
    lengths = dict(zip(order, vectors.count(order), strict=True)) if order else {}
    rows = dict(zip(order, vectors.encode(order), strict=True)) if order else {}
    verdicts = []
    for (_, completion), one in zip(pairs, wanted, strict=True):
        if isinstance(one, Verdict):
            verdicts.append(one)
            continue
        longest = max((lengths.get(t, 0) for t in (completion.text, *one)), default=0)
        if vectors.max_tokens is not None and longest > vectors.max_tokens:
            said = (
                f"A text has {longest:,} tokens, more than the {vectors.max_tokens} that the embedder reads."
            )
            verdicts.append(unscored(said, {metric: None}))
            continue
        near = [float(rows[completion.text] @ rows[t]) for t in one if completion.text in rows and t in rows]
        verdicts.append(_verdict(min(1.0, max([0.0, *near])), threshold, metric))
    return verdicts


def _wanted(case: Case, value: Any, metric: str) -> list[str] | Verdict:
    try:
        found = references(value, case)
    except LockgateError as error:
        return broken(str(error), {metric: None})
    return found or unscored(f"{value!r} gives no text for this case.", {metric: None})


def _verdict(score: float, threshold: float, metric: str) -> Verdict:
    if score >= threshold:
        return passed({metric: score}, score=score)
    said = f"The answer's similarity to what is expected is {score:.2f}, below {threshold:g}."
    return failed(said, {metric: score}, score=score)
