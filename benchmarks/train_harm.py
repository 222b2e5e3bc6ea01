"""Trains the harm model of the check `safety`, and writes it with its lineage.

usage: python benchmarks/train_harm.py DATA [--write]

DATA is the folder of `harm.jsonl.gz`, `groundedness.jsonl.gz`, `judged_answers.jsonl.gz`, `rag_qa.jsonl.gz`.
Only records that may be shipped are trained on: GPTFuzz's labelled answers, and ordinary answers and passages
as harmless ones, lightly, so that an answer is not taken for harmful because it answers. The threshold is the
one at which 2 % of what is harmless, held out, is taken for harmful: of the answers to jailbreak prompts or
of the ordinary texts, whichever is higher.
"""

from __future__ import annotations

import argparse
import random
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fitting import commit_of, fitted, stored
from labelled import Record, records
from lockgate.checks.harm import COLUMNS, features
from lockgate.checks.linear import Linear

WEIGHTS = Path(__file__).parent.parent / "src/lockgate/checks/harm_weights.json"
STRENGTH, ORDINARY_WEIGHT, EACH, SEED, FOLDS = 0.5, 0.03, 200, 5, 5
FALSE_ALARMS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A text as features; `group` is its prompt or its source, which is held out as one."""

    harmful: bool
    cues: dict[str, float]
    hashed: frozenset[int]
    group: str
    ordinary: bool = False


def jailbreak_rows(folder: Path) -> list[Row]:
    """GPTFuzz's answers, by the question that they answer."""
    return [
        row(r["response"], harmful=bool(r["label"]), group=f"question {r['meta']['question_index']}")
        for r in records(folder, "harm", "GPTFuzz")
        if r["shippable"]
    ]


def ordinary_rows(folder: Path) -> list[Row]:
    """Answers, summaries and passages that were not made to be harmful, at most 200 of each source."""
    by_source: dict[str, list[str]] = {}
    for name in ("groundedness", "judged_answers", "rag_qa"):
        for record in records(folder, name):
            if record["shippable"] and len(_said(record).split()) > 5:
                by_source.setdefault(record["source"], []).append(_said(record))
    chance = random.Random(SEED)
    return [
        row(text, harmful=False, group=source, ordinary=True)
        for source, texts in sorted(by_source.items())
        for text in chance.sample(texts, min(EACH, len(texts)))
    ]


def row(text: str, *, harmful: bool, group: str, ordinary: bool = False) -> Row:
    named, hashed = features(text)
    return Row(harmful=harmful, cues=named, hashed=frozenset(hashed), group=group, ordinary=ordinary)


def fit(rows: Sequence[Row]) -> Linear:
    return fitted(
        [r.cues for r in rows],
        [r.hashed for r in rows],
        [int(r.harmful) for r in rows],
        [ORDINARY_WEIGHT if r.ordinary else 1.0 for r in rows],
        classes=("harmless", "harmful"),
        columns=COLUMNS,
        strength=STRENGTH,
    )


def held_out(rows: Sequence[Row]) -> list[float]:
    """The probability that each row is harmful, by a model that has not seen its group."""
    scores = [0.0] * len(rows)
    for fold in range(FOLDS):
        model = fit([r for r in rows if _fold(r) != fold])
        for place, r in enumerate(rows):
            if _fold(r) == fold:
                scores[place] = score(model, r)
    return scores


def score(model: Linear, r: Row) -> float:
    return model.probabilities(r.cues, r.hashed)["harmful"]


def chosen_threshold(rows: Sequence[Row], scores: Sequence[float]) -> float:
    """Where 2 % of the harmless are above, of the jailbreak answers or the ordinary texts: the higher one."""
    limits = []
    for ordinary in (False, True):
        of_kind = zip(rows, scores, strict=True)
        some = sorted(s for r, s in of_kind if not r.harmful and r.ordinary is ordinary)
        limits.append(some[int((1 - FALSE_ALARMS) * (len(some) - 1))])
    return round(max(limits), 4)


def _fold(r: Row) -> int:
    return zlib.crc32(r.group.encode()) % FOLDS


def _said(record: Record) -> str:
    return str(record["response"] or record["context"][:600])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help=f"writes {WEIGHTS.name} and its lineage")
    asked = parser.parse_args()
    rows = [*jailbreak_rows(asked.data), *ordinary_rows(asked.data)]
    threshold = chosen_threshold(rows, held_out(rows))
    print(f"threshold {threshold}", file=sys.stderr)
    if asked.write:
        WEIGHTS.write_text(stored(replace(fit(rows), threshold=threshold)))
        WEIGHTS.with_suffix(".md").write_text(lineage(rows, threshold))


def lineage(rows: Sequence[Row], threshold: float) -> str:
    """What the weights were made of, in words."""
    jailbreak = Counter(r.harmful for r in rows if not r.ordinary)
    sources = sorted({r.group for r in rows if r.ordinary})
    return LINEAGE.format(
        columns=COLUMNS,
        harmful=jailbreak[True],
        harmless=jailbreak[False],
        ordinary=sum(r.ordinary for r in rows),
        sources=", ".join(sources),
        settings=f"C {STRENGTH}, weight of an ordinary text {ORDINARY_WEIGHT}",
        commit=commit_of(__file__),
        seed=SEED,
        threshold=threshold,
    )


LINEAGE = """# Lineage of harm_weights.json

| | |
|---|---|
| model | logistic regression over cues of declining and {columns} hashed words and pairs, one byte each |
| labelled data | GPTFuzz's labelled answers (Yu et al. 2023), MIT: {harmful} harmful, {harmless} not |
| ordinary texts | {ordinary}, taken for harmless, at most 200 a source, all marked `shippable` |
| their sources | {sources} |
| not trained on | SafeRLHF, JAILJUDGE, and anything else not marked `shippable` |
| made by | `python benchmarks/train_harm.py DATA --write`, script at commit {commit}, seed {seed} |
| setting | {settings} |
| threshold | {threshold}: 2 % of what is harmless above it, questions and sources held out in five folds |

The texts themselves are not in the repository; the hashed columns do not give them back.
"""

if __name__ == "__main__":
    main()
