"""Trains the harm model of the check `safety`, and writes it with its lineage.

usage: python benchmarks/train_harm.py DATA [--write]

DATA is the folder of `harm.jsonl.gz`, `refusal.jsonl.gz`, `refusal_prompts.jsonl.gz`,
`groundedness.jsonl.gz`, `judged_answers.jsonl.gz` and `rag_qa.jsonl.gz`. Only records that may be shipped are
trained on: GPTFuzz's labelled answers; XSTest's completions, harmful where they comply with an unsafe prompt,
so that an answer is not taken for harmful by its topic; prompts that should and should not be refused, for
the topics; and, lightly, answers written for this project, and ordinary answers and passages as harmless
ones. The threshold is the least at which, held out, 2 % of the harmless jailbreak answers, 2 % of the
ordinary texts and 5 % of the answers to safe prompts that sound unsafe are taken for harmful.
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
from harm_examples import harm_examples
from labelled import Record, family_of, records
from lockgate.checks.harm import COLUMNS, features
from lockgate.checks.linear import Linear

WEIGHTS = Path(__file__).parent.parent / "src/lockgate/checks/harm_weights.json"
STRENGTH, EACH, SEED, FOLDS = 0.5, 200, 5, 5
WEIGHT = {"jailbreak": 1.0, "ordinary": 0.03, "look-alike": 1.0, "unsafe": 1.0, "prompt": 0.3, "written": 0.3}
WRITTEN = (400, 1000)
FALSE_ALARMS = {"jailbreak": 0.02, "ordinary": 0.02, "look-alike": 0.05}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A text as features; `group` (prompt, family or source) is held out as one; `kind` is in `WEIGHT`."""

    harmful: bool
    cues: dict[str, float]
    hashed: frozenset[int]
    group: str
    kind: str = "jailbreak"


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
        row(text, harmful=False, group=source, kind="ordinary")
        for source, texts in sorted(by_source.items())
        for text in chance.sample(texts, min(EACH, len(texts)))
    ]


def xstest_rows(folder: Path) -> list[Row]:
    """XSTest's completions by the family of their prompt, a safe prompt and its unsafe contrast together."""
    return [
        row(
            record["response"],
            harmful=not record["meta"]["prompt_safe"] and record["label"] == 0,
            group=family_of(record),
            kind="look-alike" if record["meta"]["prompt_safe"] else "unsafe",
        )
        for record in records(folder, "refusal", "XSTest")
        if record["shippable"]
    ]


def all_rows(folder: Path) -> list[Row]:
    """What the shipped weights are trained on, the jailbreak answers first."""
    answers = [*jailbreak_rows(folder), *ordinary_rows(folder), *xstest_rows(folder)]
    return [*answers, *prompt_rows(folder), *written_rows()]


def prompt_rows(folder: Path) -> list[Row]:
    """Prompts that should be refused for the harm in them, and prompts that should not; none of XSTest's."""
    return [
        row(r["question"], harmful=bool(r["label"]), group=f"prompt {r['id']}", kind="prompt")
        for r in records(folder, "refusal_prompts")
        if r["shippable"] and not r["source"].startswith("XSTest") and _for_harm(r)
    ]


def written_rows() -> list[Row]:
    """The answers written for this project, each template's in every fold."""
    return [
        row(text, harmful=harmful, group="written", kind="written")
        for text, harmful in harm_examples(*WRITTEN, SEED)
    ]


def row(text: str, *, harmful: bool, group: str, kind: str = "jailbreak") -> Row:
    named, hashed = features(text)
    return Row(harmful=harmful, cues=named, hashed=frozenset(hashed), group=group, kind=kind)


def fit(rows: Sequence[Row]) -> Linear:
    return fitted(
        [r.cues for r in rows],
        [r.hashed for r in rows],
        [int(r.harmful) for r in rows],
        [WEIGHT[r.kind] for r in rows],
        classes=("harmless", "harmful"),
        columns=COLUMNS,
        strength=STRENGTH,
    )


def fold_of(r: Row) -> int:
    """The fold that a row's group is held out in."""
    return zlib.crc32(r.group.encode()) % FOLDS


def held_out(rows: Sequence[Row]) -> list[float]:
    """The probability that each row is harmful, by a model that has not seen its group."""
    scores = [0.0] * len(rows)
    for fold in range(FOLDS):
        model = fit([r for r in rows if fold_of(r) != fold or r.kind == "written"])
        for place, r in enumerate(rows):
            if fold_of(r) == fold:
                scores[place] = score(model, r)
    return scores


def score(model: Linear, r: Row) -> float:
    return model.probabilities(r.cues, r.hashed)["harmful"]


def chosen_threshold(rows: Sequence[Row], scores: Sequence[float]) -> float:
    """Where no more of the harmless of each kind are above than `FALSE_ALARMS` allows."""
    limits = []
    for kind, share in FALSE_ALARMS.items():
        of_kind = zip(rows, scores, strict=True)
        some = sorted(s for r, s in of_kind if not r.harmful and r.kind == kind)
        limits.append(some[int((1 - share) * (len(some) - 1))])
    return round(max(limits), 4)


def _for_harm(record: Record) -> bool:
    """Whether a prompt is to be refused for harm, and not for what cannot be known or done."""
    return record["source"] != "CoCoNot-eval" or record["meta"]["category"] == "Requests with safety concerns"


def _said(record: Record) -> str:
    return str(record["response"] or record["context"][:600])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help=f"writes {WEIGHTS.name} and its lineage")
    asked = parser.parse_args()
    rows = all_rows(asked.data)
    threshold = chosen_threshold(rows, held_out(rows))
    print(f"threshold {threshold}", file=sys.stderr)
    if asked.write:
        WEIGHTS.write_text(stored(replace(fit(rows), threshold=threshold)))
        WEIGHTS.with_suffix(".md").write_text(lineage(rows, threshold))


def lineage(rows: Sequence[Row], threshold: float) -> str:
    """What the weights were made of, in words."""
    counts = Counter((r.kind, r.harmful) for r in rows)
    xstest = [r for r in rows if r.kind in ("look-alike", "unsafe")]
    return LINEAGE.format(
        columns=COLUMNS,
        harmful=counts["jailbreak", True],
        harmless=counts["jailbreak", False],
        xstest=len(xstest),
        unsafe=sum(r.harmful for r in xstest),
        prompts=counts["prompt", True] + counts["prompt", False],
        asked=counts["prompt", True],
        written=sum(WRITTEN),
        ordinary=counts["ordinary", False],
        sources=", ".join(sorted({r.group for r in rows if r.kind == "ordinary"})),
        settings=f"C {STRENGTH}, weights {WEIGHT}",
        commit=commit_of(__file__),
        seed=SEED,
        threshold=threshold,
    )


LINEAGE = """# Lineage of harm_weights.json

| | |
|---|---|
| model | logistic regression over cues of declining and {columns} hashed words and pairs, one byte each |
| labelled data | GPTFuzz's labelled answers (Yu et al. 2023), MIT: {harmful} harmful, {harmless} not |
| labelled data | XSTest completions (Röttger et al. 2024), CC BY 4.0: {xstest}, {unsafe} of them harmful |
| labelled prompts | CoCoNot, HarmBench, OKTest, SimpleSafetyTests, StrongREJECT: {prompts}, {asked} harmful |
| written data | {written} answers from `benchmarks/harm_examples.py`, written for this project |
| ordinary texts | {ordinary}, taken for harmless, at most 200 a source, all marked `shippable` |
| their sources | {sources} |
| not trained on | SafeRLHF, JAILJUDGE, and anything else not marked `shippable` |
| made by | `python benchmarks/train_harm.py DATA --write`, script at commit {commit}, seed {seed} |
| setting | {settings} |
| threshold | {threshold}: 2 % of jailbreak answers and ordinary texts, 5 % of look-alikes above, held out |

The texts themselves are not in the repository; the hashed columns do not give them back.
"""

if __name__ == "__main__":
    main()
