"""What the network of `checks.grounding.joint` learns from: claims with labels, by claim and by token.

Three kinds: the claims of the labelled answers; supported ones of them, changed by rule; and claims made by
rule of the passages of rag_qa.jsonl.gz. Each comes with the units that the check would read it against.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import numpy as np

from groundedness_pairs import NAME, Made, Source, changed, restated
from groundedness_rows import Row, family, records
from lockgate.checks.grounding.evidence import Evidence
from lockgate.checks.grounding.features import read_against
from lockgate.checks.grounding.joint import Pair, compared
from lockgate.checks.grounding.reading import Read, Reader
from lockgate.checks.grounding.units import units
from lockgate.checks.overlap import is_common
from lockgate.model import Passage
from lockgate.retrieval.loading import load_network

__all__ = ["PASSAGES", "Example", "examples", "from_answers", "words_alike"]

PASSAGES = "passages"
"""The source of what is made of rag_qa.jsonl.gz."""

Key: TypeAlias = tuple[str, str, int]

SEED = 5
CHANGED = {"RAGTruth": 5500, "BEGIN": 700, "Q2": 800, "FRANK": 700, "BUMP": 800, "Factcheck": 300}
"""How many supported claims of a set are changed by rule, at most."""
_EACH = 4
_ENDINGS = ("ing", "ed", "ly", "s")
_NEIGHBOURS, _LEAST = 40, 0.3
_FREQUENT = 2000
"""The first words of BERT's vocabulary are too frequent to be changed for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A claim with its label.

    Args:
        key: source and id of its answer and its place among that's claims; None where a rule made it.
        group: the document, by hash.
        label: 1 unsupported, 0 supported, -1 unknown.
        tokens: of each token whether it is wrong (1) or not (0), -1 for special ones; None where unknown.
        pair: what the network reads.
    """

    text: str
    source: str
    group: str
    key: Key | None
    label: int
    tokens: tuple[int, ...] | None
    pair: Pair


def examples(rows: Sequence[Row], data: Path, reader: Reader) -> list[Example]:
    """All that there is to learn from."""
    chance = Random(SEED)
    found = [NAME.findall(text) for row in rows[:3000] for text in row.texts]
    strangers = chance.sample(flat := [name for names in found for name in names], min(3000, len(flat)))
    alike = words_alike(reader)
    source = Source(sentences=(), strangers=strangers, alike=alike)
    return [
        *from_answers(rows, data, reader),
        *_changed(rows, data, reader, source, chance),
        *_of_passages(data, reader, source, chance),
    ]


def from_answers(rows: Sequence[Row], data: Path, reader: Reader) -> Iterator[Example]:
    """The claims of the answers. Of BUMP's edited summaries those are wrong that its original has not."""
    told = {(r["source"], r["id"]): r["response"] for r in records(data)}
    supported: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if not row.label:
            supported.setdefault((row.source, row.group), []).extend(row.texts)
    for row in rows:
        beside = supported.get((row.source, row.group), []) if family(row.source) == "BUMP" else []
        for at, text in enumerate(row.texts):
            label = int(text not in beside) if row.label and beside else int(row.labels[at])
            marks = _marks(row, at, label, told[row.source, row.id], beside)
            about = (row.source, row.group, (row.source, row.id, at))
            made = Made(text=text, marks=marks or ())
            yield _example(made, label, reader.read([text, *row.near[at]]), about, known=marks is not None)


def _marks(
    row: Row, at: int, label: int, response: str, beside: Sequence[str]
) -> tuple[tuple[int, int], ...] | None:
    """What of a claim is wrong; None where nobody says."""
    start, end = row.spans[at]
    if row.source == "RAGTruth" and label and response[start:end] == row.texts[at]:
        hits = [(a, b) for a, b in row.marked if a < end and start < b]
        return tuple((max(0, a - start), min(end, b) - start) for a, b in hits)
    if label == 1 and beside:
        return _edited(row.texts[at], beside)
    return () if label == 0 else None


def _edited(text: str, beside: Sequence[str]) -> tuple[tuple[int, int], ...] | None:
    """The words that the likest of the others has not."""
    said = text.split()
    matchers = [SequenceMatcher(None, other.split(), said) for other in beside]
    likest = max(matchers, key=SequenceMatcher.ratio)
    places = [m.span() for m in re.finditer(r"\S+", text)]
    marks = [
        (places[first][0], places[max(first, last - 1)][1])
        for tag, _, _, first, last in likest.get_opcodes()
        if tag != "equal" and first < len(places)
    ]
    return tuple(marks) if marks and likest.ratio() > 0.5 else None


def _changed(
    rows: Sequence[Row], data: Path, reader: Reader, source: Source, chance: Random
) -> Iterator[Example]:
    """Supported claims, changed by rule."""
    contexts = {(r["source"], r["id"]): r["context"] for r in records(data)}
    for name, most in CHANGED.items():
        mine = [(r, at) for r in rows if family(r.source) == name for at in np.flatnonzero(r.labels == 0)]
        for row, at in chance.sample(mine, min(most, len(mine))):
            evidence = _evidence(contexts[row.source, row.id], reader)
            prose = [u.text for u in evidence.units if not u.key]
            made = changed(row.texts[at], replace(source, sentences=prose), chance)
            if made:
                yield _example(made, 1, _read(made, evidence), (row.source, row.group, None))


def _of_passages(data: Path, reader: Reader, source: Source, chance: Random) -> Iterator[Example]:
    """Sentences of passages said again, changed, and without themselves in the evidence."""
    with gzip.open(data / "rag_qa.jsonl.gz", "rt", encoding="utf-8") as file:
        told = [json.loads(line) for line in file]
    passages = list(dict.fromkeys(r["context"] for r in told if r["shippable"]))
    chance.shuffle(passages)
    for passage in passages:
        evidence = _evidence(_joined_marks(passage), reader)
        good = [u.text for u in evidence.units if 5 < len(u.text.split()) < 45 and not u.text.endswith("?")]
        if len(good) > 1:
            group = hashlib.sha256(passage.encode()).hexdigest()[:12]
            for made, label in _said(good, replace(source, sentences=good), chance):
                left = [u for u in evidence.units if u.text not in made.gone]
                beside = replace(evidence, units=left) if made.gone else evidence
                read = _read(made, beside)
                yield _example(made, label, read, (PASSAGES, group, None), known=not made.gone)


def _said(sentences: Sequence[str], source: Source, chance: Random) -> Iterator[tuple[Made, int]]:
    for sentence in chance.sample(sentences, min(_EACH, len(sentences))):
        text = restated(sentence, source, chance)
        yield Made(text=text), 0
        wrong = changed(restated(sentence, source, chance) if chance.random() < 0.6 else text, source, chance)
        if wrong:
            yield wrong, 1
    if len(sentences) > 3:
        sentence = chance.choice(sentences)
        yield Made(text=sentence, gone=tuple(s for s in sentences if s[:30] == sentence[:30])), 1


def _joined_marks(text: str) -> str:
    """A text whose marks stand apart, as usually written."""
    for apart, usual in ((" ,", ","), (" .", "."), ("`` ", '"'), (" ''", '"'), (" 's", "'s")):
        text = text.replace(apart, usual)
    return text


def _evidence(context: str, reader: Reader) -> Evidence:
    return Evidence(units([Passage(id="c", text=context)]), reader)


def _read(made: Made, evidence: Evidence) -> list[Read]:
    """A claim and the units that it is read against, as read."""
    return evidence.reader.read([made.text, *read_against(made.text, evidence)])


def _example(
    made: Made, label: int, read: Sequence[Read], about: tuple[str, str, Key | None], *, known: bool = True
) -> Example:
    own, *others = read
    pair = compared(made.text, own, others)
    wrong = tuple(
        int(any(a < end and start < b for a, b in made.marks)) if end > start else -1
        for start, end in own.places[: len(pair.claim)]
    )
    half = Pair(*(getattr(pair, name).half() for name in ("claim", "counterpart", "signs", "evidence")))
    source, group, key = about
    tokens = wrong if known else None
    return Example(text=made.text, source=source, group=group, key=key, label=label, tokens=tokens, pair=half)


def words_alike(reader: Reader) -> Mapping[str, Sequence[str]]:
    """Words of the encoder's vocabulary with others that are used like them, of the same ending."""
    tokenizer, network = load_network(reader.model, "encoder", layers=max(reader.layers))
    vectors = network.get_input_embeddings().weight.detach().float().numpy()
    vectors = vectors - vectors[min(1000, len(vectors) // 2) :].mean(0)
    places = {w: i for w, i in tokenizer.get_vocab().items() if i > _FREQUENT and len(w) > 3 and w.isalpha()}
    kept = sorted((w for w in places if w.isascii() and not is_common(w)), key=places.__getitem__)
    table = vectors[np.array([places[w] for w in kept], int)]
    table = table / np.linalg.norm(table, axis=1, keepdims=True)
    alike: dict[str, Any] = {}
    for first in range(0, len(kept), 2000):
        near = table[first : first + 2000] @ table.T
        for at, row in enumerate(np.argsort(-near, 1)[:, 3:_NEIGHBOURS]):
            word = kept[first + at]
            others = [kept[j] for j in row if near[at, j] > _LEAST and _fits(kept[j], word)]
            if len(others) > 2:
                alike[word] = tuple(others[:20])
    return alike


def _fits(other: str, word: str) -> bool:
    return other[:4] != word[:4] and _ending(other) == _ending(word)


def _ending(word: str) -> str:
    return next((e for e in _ENDINGS if word.endswith(e)), "")
