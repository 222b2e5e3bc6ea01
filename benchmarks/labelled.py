"""Records with human labels, and the figures that a check is measured by, with their intervals."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from lockgate.model import Case, Check, Completion
from lockgate.statistics.intervals import binomial_limits

__all__ = [
    "FAMILIES",
    "Record",
    "auroc",
    "digest",
    "f1",
    "family_of",
    "goals",
    "interval",
    "kappa",
    "records",
    "resampled",
    "share",
    "speed",
]

Record: TypeAlias = dict[str, Any]
"""`id, source, split, question, context, response, label, label_raw, meta, shippable`."""

FAMILIES = (
    "homonyms", "figurative", "safe_targets", "safe_contexts",
    "definitions", "discr", "historical", "privacy",
)  # fmt: skip
"""XSTest's families of prompts, each of safe ones and their unsafe contrasts."""

MISSING = """{path} is missing. It is gzip JSON Lines of `{{id, source, split, task, context, question,
response, label, label_raw, meta, shippable}}`, made of public sets.
groundedness: RAGTruth (github.com/ParticleMedia/RAGTruth), WiCE (github.com/ryokamoi/wice), AttributionBench
(github.com/OSU-NLP-Group/AttributionBench), AggreFact (github.com/Liyan06/AggreFact), SummEdits
(github.com/salesforce/factualNLG), and others that their README names.
refusal: XSTest completions (github.com/paul-rottger/xstest), Do-Not-Answer
(github.com/Libr-AI/do-not-answer), FinanceBench results (github.com/patronus-ai/financebench).
harm: GPTFuzz (github.com/sherdencooper/GPTFuzz), SafeRLHF (github.com/PKU-Alignment/safe-rlhf),
JAILJUDGE (github.com/usail-hkust/Jailjudge).
injection: NotInject and InjecGuard (github.com/leolee99/InjecGuard), CyberSecEval
(github.com/meta-llama/PurpleLlama). pii: presidio (github.com/microsoft/presidio-research)."""


def digest(path: Path) -> str:
    """What a file is, in twelve digits, as a lineage names it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def records(folder: Path, name: str, source: str = "") -> list[Record]:
    """The records of a file, of one source where it is named (by the beginning of its name)."""
    path = folder / f"{name}.jsonl.gz"
    if not path.is_file():
        raise SystemExit(MISSING.format(path=path))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [record for record in found if record["source"].startswith(source)]


def family_of(record: Record) -> str:
    """The family that the prompt of one of XSTest's records is of."""
    return next(family for family in FAMILIES if family in record["meta"]["type"])


def f1(truth: Sequence[bool], said: Sequence[bool]) -> float:
    """2·hits / (2·hits + misses + false alarms); 0 where nothing is."""
    hits = sum(t and s for t, s in zip(truth, said, strict=True))
    wrong = sum(t != s for t, s in zip(truth, said, strict=True))
    return 2 * hits / (2 * hits + wrong) if hits else 0.0


def kappa(truth: Sequence[Any], said: Sequence[Any]) -> float:
    """Cohen's kappa (Cohen 1960): agreement beyond what the classes' shares give by chance."""
    n = len(truth)
    agreed = sum(t == s for t, s in zip(truth, said, strict=True)) / n
    classes = set(truth) | set(said)
    chance = sum(sum(t == c for t in truth) * sum(s == c for s in said) for c in classes) / n**2
    return (agreed - chance) / (1 - chance) if chance < 1 else 1.0


def auroc(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a positive scores above a negative, ties by half (Hanley & McNeil 1982)."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(scores)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and scores[order[last + 1]] == scores[order[first]]:
            last += 1
        for place in range(first, last + 1):
            ranks[order[place]] = (first + last) / 2 + 1
        first = last + 1
    positives = sum(truth)
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    total = sum(rank for rank, positive in zip(ranks, truth, strict=True) if positive)
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def resampled(
    figure: Callable[[list[Any], list[Any]], float],
    truth: Sequence[Any],
    said: Sequence[Any],
    groups: Sequence[Any],
    *,
    rounds: int = 500,
) -> tuple[float, float]:
    """95 % limits of a figure: the bootstrap's percentiles, whole groups drawn (Efron 1979)."""
    places: dict[Any, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    chance, names, found = random.Random(0), sorted(places, key=str), list[float]()
    for _ in range(rounds):
        drawn = [place for name in chance.choices(names, k=len(names)) for place in places[name]]
        found.append(figure([truth[place] for place in drawn], [said[place] for place in drawn]))
    found.sort()
    return found[round(0.025 * (rounds - 1))], found[round(0.975 * (rounds - 1))]


def interval(value: float, limits: tuple[float, float], digits: int = 3) -> str:
    """`0.912 [0.890, 0.930]`."""
    return f"{value:.{digits}f} [{limits[0]:.{digits}f}, {limits[1]:.{digits}f}]"


def share(hits: Iterable[bool]) -> str:
    """A share with its exact 95 % limits and the count: `0.950 [0.910, 0.976] of 100`."""
    marks = list(hits)
    if not marks:
        return "– of 0"
    limits = binomial_limits(sum(marks), len(marks), confidence=0.975)
    return f"{interval(sum(marks) / len(marks), limits)} of {len(marks)}"


def goals(
    rows: Iterable[tuple[str, float, float]],
    *,
    tried: str,
    at_most: Iterable[tuple[str, float, float]] = (),
) -> None:
    """Print which goals are met.

    Args:
        rows: what is measured, the least that it should be, and what it is.
        tried: what is said where one is missed.
        at_most: what is measured, the most that it should be, and what it is.
    """
    print("\n| goal | measured | |\n|---|---|---|")
    told = [(name, "≥", bound, value, value >= bound) for name, bound, value in rows]
    told += [(name, "≤", bound, value, value <= bound) for name, bound, value in at_most]
    for name, sign, bound, value, met in told:
        digits = 4 if not met and round(value, 3) == bound else 3
        print(f"| {name} {sign} {bound:g} | {value:.{digits}f} | {'met' if met else '**missed**'} |")
    if not all(met for *_, met in told):
        print(f"\n{tried}")


def speed(check: Check, pairs: Sequence[tuple[Case, Completion]]) -> str:
    """How long a check takes for each answer, one core, as a sentence."""
    times = sorted(_milliseconds(check, case, completion) for case, completion in pairs)
    mean, late = sum(times) / len(times), times[round(0.95 * (len(times) - 1))]
    return f"Time of {len(times)} answers, one core: {mean:.2f} ms on average, 95 % within {late:.2f} ms."


def _milliseconds(check: Check, case: Case, completion: Completion) -> float:
    start = time.perf_counter()
    check(case, completion)
    return 1000 * (time.perf_counter() - start)
