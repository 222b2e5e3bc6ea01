"""The engines that are published detectors: classifiers of pairs of evidence and claim, or of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from lockgate.cachefiles import hash_once
from lockgate.checks.grounding.answers import Answer, Engine, Finding, Reading
from lockgate.checks.grounding.units import Unit, units
from lockgate.errors import FatalBackendError, UsageError
from lockgate.fingerprints import hash_files
from lockgate.model import JSON, Passage, Setting, Span
from lockgate.retrieval.loading import load_network

__all__ = ["hub"]

_SUPPORTED = ("entailment", "supported", "consistent", "faithful", "factual", "grounded", "attributable")
_HALLUCINATED = ("hallucinated", "hallucination", "unsupported", "label_1", "1")
_LINE = 0.5
_BATCH = 8
_QUESTION = "Briefly answer the following question:\n{question}\n"
_PASSAGES = (
    "Bear in mind that your response should be strictly based on the following passages:\n{passages}\noutput:"
)
_SUMMARY = "Summarize the following text:\n{passages}\noutput:"


def hub(model: str, setting: Setting) -> Engine:
    """The engine `hf:MODEL`: a folder (relative to the suite) or a hub id.

    A sequence classifier gives each claim the best probability of support over windows of the passages that
    fit with it (MiniCheck's way); the label is found by its name, or is the last of two. A token classifier
    gives a claim the least support of its tokens, 1 - P(hallucinated), each token's best over the windows
    (LettuceDetect's way, with its prompt). Which of them a model is, its configuration says.

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
        read=read, identity={"engine": "hf", "model": weights, "rules": 1, "threshold": _LINE}, costly=True
    )


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


def _reading(scored: Sequence[tuple[float, Span | None]], threshold: float) -> Reading:
    findings = tuple(Finding(score=score, near=near) for score, near in scored)
    return Reading(
        findings=findings, score=min(score for score, _ in scored), threshold=_LINE, line=threshold
    )


def _by_pairs(model: str, answer: Answer) -> list[tuple[float, Span | None]]:
    tokenizer, network = load_network(model, "cross-encoder")
    supported = _supported_label(network.config)
    evidence = units(answer.passages)
    scored: list[tuple[float, Span | None]] = []
    for claim in answer.claims:
        room = _room(tokenizer, network, claim.text)
        windows = list(_windows(evidence, room, lambda text: _length(tokenizer, text)))
        pairs = [(" ".join(u.text for u in window), claim.text) for window in windows]
        chances = _pair_chances(tokenizer, network, pairs, supported)
        best = max(range(len(chances)), key=chances.__getitem__)
        scored.append((chances[best], _span(windows[best], answer.passages)))
    return scored


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
    names = {int(i): str(name).lower() for i, name in config.id2label.items()}
    if len(names) == 1:
        return None
    named = [i for i, name in names.items() if name in _SUPPORTED]
    if named:
        return named[0]
    if len(names) == 2:
        return 1
    raise FatalBackendError(f"The detector has the labels {sorted(names.values())}, and none says supported.")


def _by_tokens(model: str, answer: Answer) -> list[tuple[float, Span | None]]:
    tokenizer, network = load_network(model, "token classifier")
    room = _room(tokenizer, network, answer.text) - _length(tokenizer, _prompt(answer.question, ""))
    windows = list(_windows(units(answer.passages), room, lambda text: _length(tokenizer, text)))
    risks: list[float] | None = None
    offsets: list[tuple[int, int]] = []
    for window in windows:
        prompt = _prompt(answer.question, "\n".join(u.text for u in window))
        offsets, found = _token_risks(tokenizer, network, prompt, answer.text)
        risks = found if risks is None else _least(risks, found)
    placed = list(zip(offsets, risks or (), strict=True))
    return [(1 - _worst(placed, claim.start, claim.end), None) for claim in answer.claims]


def _worst(placed: Sequence[tuple[tuple[int, int], float]], start: int, end: int) -> float:
    return max((risk for (a, b), risk in placed if a < end and start < b), default=0.0)


def _least(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [min(a, b) for a, b in zip(one, other, strict=True)]


def _prompt(question: str, passages: str) -> str:
    if not question:
        return _SUMMARY.format(passages=passages)
    return _QUESTION.format(question=question) + _PASSAGES.format(passages=passages)


def _token_risks(
    tokenizer: Any, network: Any, prompt: str, answer: str
) -> tuple[list[tuple[int, int]], list[float]]:
    """Of the answer's tokens, their places in it and their probabilities of being hallucinated."""
    import torch

    read = tokenizer([prompt], [answer], return_offsets_mapping=True, return_tensors="pt")
    offsets, sides = read.pop("offset_mapping")[0].tolist(), read.sequence_ids(0)
    with torch.inference_mode():
        chances = torch.softmax(network(**read.to(network.device)).logits.float()[0].cpu(), -1)
    label = next((int(i) for i, n in network.config.id2label.items() if str(n).lower() in _HALLUCINATED), 1)
    mine = [i for i, side in enumerate(sides) if side == 1]
    return [(offsets[i][0], offsets[i][1]) for i in mine], [float(chances[i, label]) for i in mine]


def _room(tokenizer: Any, network: Any, text: str) -> int:
    """How many tokens of evidence fit beside a text, at least 16."""
    most = min(tokenizer.model_max_length, getattr(network.config, "max_position_embeddings", 4096), 4096)
    return max(16, int(most) - _length(tokenizer, text) - int(tokenizer.num_special_tokens_to_add(pair=True)))


def _length(tokenizer: Any, text: str) -> int:
    return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def _windows(evidence: Sequence[Unit], room: int, length: Callable[[str], int]) -> Iterator[list[Unit]]:
    """Runs of units that fit the room, each starting with the last unit of the one before."""
    window: list[Unit] = []
    used = 0
    for unit in (piece for one in evidence for piece in _pieces(one, room, length)):
        needed = length(unit.text) + 1
        if window and used + needed > room:
            yield window
            last = window[-1]
            window, used = (
                ([last], length(last.text) + 1) if length(last.text) + 1 + needed <= room else ([], 0)
            )
        window.append(unit)
        used += needed
    if window:
        yield window


def _pieces(unit: Unit, room: int, length: Callable[[str], int]) -> Iterator[Unit]:
    """A unit that is too long alone, in halves at a space near its middle, until each fits."""
    middle = unit.text.find(" ", len(unit.text) // 2)
    if length(unit.text) < room or middle <= 0:
        yield unit
        return
    for text in (unit.text[:middle], unit.text[middle + 1 :]):
        yield from _pieces(replace(unit, text=text), room, length)


def _span(window: Sequence[Unit], passages: Sequence[Passage]) -> Span:
    inside = [u for u in window if u.source == window[0].source]
    start, end = inside[0].start, inside[-1].end
    text = next(p.text for p in passages if p.id == inside[0].source)
    return Span(source=inside[0].source, start=start, end=end, text=text[start:end])
