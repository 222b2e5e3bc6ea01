"""The engines that are published detectors: classifiers of pairs of evidence and claim, or of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import groupby
from typing import Any, TypeAlias

from lockgate.cachefiles import hash_once
from lockgate.checks.grounding.answers import Answer, Engine, Finding, Reading, weakest
from lockgate.checks.grounding.token_windows import LEAST_ROOM, length, room, windows
from lockgate.checks.grounding.units import Unit, units
from lockgate.errors import FatalBackendError, UsageError
from lockgate.fingerprints import hash_files
from lockgate.model import JSON, Passage, Setting, Span
from lockgate.retrieval.loading import load_network

__all__ = ["hub"]

_SUPPORTED = ("entailment", "supported", "consistent", "faithful", "factual", "grounded", "attributable")
_HALLUCINATED = ("hallucinated", "hallucination", "unsupported", "inconsistent", "not_supported")
_LINE = 0.5
_BATCH = 8
_QUESTION = (
    "Briefly answer the following question:\n{question}\n"
    "Bear in mind that your response should be strictly based on the following {count} passages:\n"
    "{passages}\n"
    "In case the passages do not contain the necessary information to answer the question, please reply "
    'with: "Unable to answer based on given passages."\noutput:'
)
_SUMMARY = "Summarize the following text:\n{passages}\noutput:"
_TOO_LONG = "the detector cannot read it beside any evidence, as it is too long."

_Scored: TypeAlias = tuple[float | None, Span | None]
"""A claim's score, None where it is too long to be read, and its evidence."""


def hub(model: str, setting: Setting) -> Engine:
    """The engine `hf:MODEL`: a folder (relative to the suite) or a hub id.

    A sequence classifier gives each claim the best probability of support over windows of the passages that
    fit with it (MiniCheck's way); the label is found by its name, or is the last of two. A token classifier
    gives a claim the least support of its tokens, 1 - P(hallucinated), each token's best over the windows
    (LettuceDetect's way, with the prompt of RAGTruth). Which of them a model is, its configuration says.
    A claim, or for a classifier of tokens an answer, that is too long to be read whole has no score.

    Raises:
        UsageError: the name is neither a folder nor a hub id.
    """
    folder = setting.base / model
    if not folder.is_dir() and model.count("/") != 1:
        raise UsageError(f"There is no detector {model!r}. Write hf:ORGANISATION/NAME, or hf: and a folder.")
    where = str(folder.resolve()) if folder.is_dir() else model
    weights: JSON = model
    if folder.is_dir():
        weights = hash_files(folder, sorted(p for p in folder.rglob("*") if p.is_file()), read=hash_once)

    def read(answers: Sequence[Answer], threshold: float | None) -> list[Reading]:
        score = _by_tokens if _is_token_classifier(where) else _by_pairs
        return [
            _reading(score(where, answer), _LINE if threshold is None else threshold) for answer in answers
        ]

    return Engine(
        read=read, identity={"engine": "hf", "model": weights, "rules": 2, "threshold": _LINE}, costly=True
    )


@cache
def _is_token_classifier(model: str) -> bool:
    from lockgate.quiet import hush

    _, transformers = hush("A published detector")
    try:
        kinds = transformers.AutoConfig.from_pretrained(model).architectures or [""]
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise FatalBackendError(f"The detector {model!r} cannot be loaded: {said}") from error
    if not kinds[0].endswith(("ForSequenceClassification", "ForTokenClassification")):
        raise FatalBackendError(
            f"The detector {model!r} is a {kinds[0]}. It has to classify sequences or tokens."
        )
    return bool(kinds[0].endswith("ForTokenClassification"))


def _reading(scored: Sequence[_Scored], threshold: float) -> Reading:
    findings = tuple(Finding(score=score, near=near) for score, near in scored)
    return Reading(
        findings=findings,
        score=weakest(findings, threshold),
        threshold=_LINE,
        line=threshold,
        note=_TOO_LONG if any(score is None for score, _ in scored) else "",
    )


def _by_pairs(model: str, answer: Answer) -> list[_Scored]:
    """All pairs of all claims are read in the same batches."""
    tokenizer, network = load_network(model, "cross-encoder")
    evidence = units(answer.passages)
    count = cache(partial(length, tokenizer))
    read = [_windows_beside(tokenizer, network, claim.text, evidence, count) for claim in answer.claims]
    pairs = [
        (" ".join(u.text for u in window), claim.text)
        for claim, found in zip(answer.claims, read, strict=True)
        for window in found
    ]
    chances = iter(_pair_chances(tokenizer, network, pairs, _supported_label(network.config)))
    return [_best([(next(chances), window) for window in found], answer) for found in read]


def _windows_beside(
    tokenizer: Any,
    network: Any,
    text: str,
    evidence: Sequence[Unit],
    count: Callable[[str], int],
    *,
    label: str = "",
) -> list[list[Unit]]:
    """The evidence in windows that fit beside a text, each unit with a label; none where that is too long.

    `count` gives a text's tokens, and remembers those of the evidence: every claim asks for them again.
    """
    fits, more = room(tokenizer, network, text), count(label) if label else 0
    if fits < LEAST_ROOM + more:
        return []
    return list(windows(evidence, fits, lambda one: count(one) + more))


def _best(scored: Sequence[tuple[float, Sequence[Unit]]], answer: Answer) -> _Scored:
    if not scored:
        return None, None
    score, window = max(scored, key=lambda one: one[0])
    return score, _span(window, answer.passages)


def _pair_chances(
    tokenizer: Any, network: Any, pairs: Sequence[tuple[str, str]], label: int | None
) -> list[float]:
    import torch

    chances: list[float] = []
    for at in range(0, len(pairs), _BATCH):
        part = pairs[at : at + _BATCH]
        batch = tokenizer([e for e, _ in part], [c for _, c in part], padding=True, return_tensors="pt")
        with torch.inference_mode():
            logits = network(**batch.to(network.device)).logits.float().cpu()
        chance = torch.sigmoid(logits[:, 0]) if label is None else torch.softmax(logits, -1)[:, label]
        chances += [float(c) for c in chance]
    return chances


def _supported_label(config: Any) -> int | None:
    """The label that says supported; None where there is one logit only.

    Raises:
        FatalBackendError: there are several labels and none is named so.
    """
    names = _labels(config)
    if len(names) == 1:
        return None
    named = [i for i, name in names.items() if name in _SUPPORTED]
    if named:
        return named[0]
    if len(names) == 2:
        return next((1 - i for i, name in names.items() if name in _HALLUCINATED), 1)
    raise FatalBackendError(f"The detector has the labels {sorted(names.values())}, and none says supported.")


def _hallucinated_label(config: Any) -> int:
    """The label of a token that says hallucinated.

    Raises:
        FatalBackendError: there are not two labels and none is named so.
    """
    names = _labels(config)
    named = [i for i, name in names.items() if name in _HALLUCINATED]
    if named:
        return named[0]
    if len(names) == 2:
        return next((1 - i for i, name in names.items() if name in _SUPPORTED), 1)
    raise FatalBackendError(
        f"The detector has the labels {sorted(names.values())}, and none says hallucinated."
    )


def _labels(config: Any) -> dict[int, str]:
    return {int(i): str(name).lower() for i, name in config.id2label.items()}


def _by_tokens(model: str, answer: Answer) -> list[_Scored]:
    tokenizer, network = load_network(model, "token classifier")
    label = _hallucinated_label(network.config)
    frame = answer.text + _prompt(answer.question, "", 99)
    risks: list[float] | None = None
    offsets: list[tuple[int, int]] = []
    evidence = units(answer.passages)
    count = cache(partial(length, tokenizer))
    for window in _windows_beside(tokenizer, network, frame, evidence, count, label="passage 99:"):
        sources = [" ".join(u.text for u in found) for _, found in groupby(window, key=lambda u: u.source)]
        told = "\n".join(f"passage {n}: {text}" for n, text in enumerate(sources, 1))
        prompt = _prompt(answer.question, told, len(sources))
        offsets, found = _token_risks(tokenizer, network, prompt, answer.text, label)
        risks = found if risks is None else _least(risks, found)
    if risks is None:
        return [(None, None)] * len(answer.claims)
    placed = list(zip(offsets, risks, strict=True))
    return [(1 - _worst(placed, claim.start, claim.end), None) for claim in answer.claims]


def _worst(placed: Sequence[tuple[tuple[int, int], float]], start: int, end: int) -> float:
    return max((risk for (a, b), risk in placed if a < end and start < b), default=0.0)


def _least(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [min(a, b) for a, b in zip(one, other, strict=True)]


def _prompt(question: str, passages: str, count: int) -> str:
    if not question:
        return _SUMMARY.format(passages=passages)
    return _QUESTION.format(question=question, passages=passages, count=count)


def _token_risks(
    tokenizer: Any, network: Any, prompt: str, answer: str, label: int
) -> tuple[list[tuple[int, int]], list[float]]:
    """Of the answer's tokens, their places in it and their probabilities of being hallucinated."""
    import torch

    read = tokenizer([prompt], [answer], return_offsets_mapping=True, return_tensors="pt")
    offsets, sides = read.pop("offset_mapping")[0].tolist(), read.sequence_ids(0)
    with torch.inference_mode():
        chances = torch.softmax(network(**read.to(network.device)).logits.float()[0].cpu(), -1)
    mine = [i for i, side in enumerate(sides) if side == 1]
    return [(offsets[i][0], offsets[i][1]) for i in mine], [float(chances[i, label]) for i in mine]


def _span(window: Sequence[Unit], passages: Sequence[Passage]) -> Span:
    inside = [u for u in window if u.source == window[0].source]
    start, end = inside[0].start, inside[-1].end
    text = next(p.text for p in passages if p.id == inside[0].source)
    return Span(source=inside[0].source, start=start, end=end, text=text[start:end])
