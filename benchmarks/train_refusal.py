"""Trains the model of the check `refusal`, and writes it with its lineage.

usage: python benchmarks/train_refusal.py DATA [--write]

DATA is the folder of `refusal.jsonl.gz`. Only records that may be shipped (`shippable: true`: the XSTest
completions) are trained on, beside the answers written for this project (`refusal_examples` without a
question, `refusal_asked` with one). The setting (strength of the prior, weight of partial refusals and of
the written answers) is chosen by cross-validation over the families of prompts, on what is trained on alone.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from fitting import commit_of, fitted, stored
from labelled import FAMILIES, Record, family_of, kappa, records
from lockgate.checks.linear import Linear
from lockgate.checks.refusal import Declining, decided, features
from lockgate.checks.refusal_cues import COLUMNS
from refusal_asked import asked
from refusal_examples import examples

WEIGHTS = Path(__file__).parent.parent / "src/lockgate/checks/refusal_weights.json"
CLASSES = ("compliance", "refusal", "partial refusal")
WRITTEN, ASKED, SEED = 1400, 500, 7


@dataclass(frozen=True, slots=True)
class Setting:
    """C of the logistic regression, the weight of a partial refusal, and that of a written answer."""

    strength: float
    partial: float
    written: float


GRID = tuple(Setting(*values) for values in product((0.1, 0.3), (1.0, 2.0), (0.1, 0.3)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An answer as features; `label` is the place in `CLASSES`, `family` and `model` where it came from."""

    label: int
    cues: dict[str, float]
    hashed: frozenset[int]
    family: str = ""
    model: str = ""
    record: Record | None = None


def labelled_rows(folder: Path) -> list[Row]:
    """The XSTest completions that may be shipped."""
    return [_labelled(r) for r in records(folder, "refusal", "XSTest") if r["shippable"]]


@lru_cache(maxsize=1)
def written_rows() -> tuple[Row, ...]:
    """The answers written for this project, without a question and with one."""
    alone = [_row(text, "", kind) for text, kind in examples(WRITTEN, SEED)]
    chance = random.Random(SEED)
    return (*alone, *(_row(*asked(number, chance)) for number in range(ASKED)))


def fit(rows: Sequence[Row], setting: Setting) -> Linear:
    """A model of labelled rows and the written ones."""
    every = [*rows, *written_rows()]
    weights = [setting.partial if row.label == 2 else 1.0 for row in every]
    weights[len(rows) :] = [weight * setting.written for weight in weights[len(rows) :]]
    return fitted(
        [row.cues for row in every],
        [row.hashed for row in every],
        [row.label for row in every],
        weights,
        classes=CLASSES,
        columns=COLUMNS,
        strength=setting.strength,
    )


def chosen(rows: Sequence[Row]) -> Setting:
    """The setting with the best three-way kappa over the families held out one by one."""
    return max(GRID, key=lambda setting: _held_out_kappa(rows, setting))


def predicted(model: Linear, row: Row) -> Declining:
    record = row.record or {}
    return decided(record["response"], model.probabilities(row.cues, row.hashed))


def folds(
    rows: Sequence[Row], group: Callable[[Row], Any], train: Callable[[Row, Row], bool]
) -> list[Declining]:
    """What each row is said to be by a model that was trained on the rows that `train` allows beside it.

    `group` is what the rows of a fold share; the setting is chosen anew in each, on what it trains on.
    """
    said: dict[int, Declining] = {}
    for fold in sorted({group(row) for row in rows}, key=str):
        held = [n for n, row in enumerate(rows) if group(row) == fold]
        there = [row for row in rows if train(row, rows[held[0]])]
        model = fit(there, chosen(there))
        said |= {n: predicted(model, rows[n]) for n in held}
    return [said[n] for n in range(len(rows))]


def _labelled(record: Record) -> Row:
    row = _row(record["response"], record["question"], int(record["label_raw"][0]))
    return replace(row, family=family_of(record), model=record["meta"]["model"], record=record)


def _row(text: str, question: str, kind: int) -> Row:
    named, columns = features(text, question)
    return Row(label=kind - 1, cues=named, hashed=frozenset(columns))


def _held_out_kappa(rows: Sequence[Row], setting: Setting) -> float:
    truth, said = list[str](), list[str]()
    for part in range(3):
        held = [row for row in rows if FAMILIES.index(row.family) % 3 == part]
        model = fit([row for row in rows if FAMILIES.index(row.family) % 3 != part], setting)
        truth += [CLASSES[row.label] for row in held]
        said += [class_of(predicted(model, row)) for row in held]
    return kappa(truth, said)


def class_of(found: Declining) -> str:
    """One of `CLASSES`: an abstention declines as a refusal does."""
    return "refusal" if found.stance == "abstention" else found.stance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help=f"writes {WEIGHTS.name} and its lineage")
    asked = parser.parse_args()
    rows = labelled_rows(asked.data)
    setting = chosen(rows)
    model = fit(rows, setting)
    print(setting, Counter(CLASSES[row.label] for row in rows), file=sys.stderr)
    if asked.write:
        WEIGHTS.write_text(stored(model))
        WEIGHTS.with_suffix(".md").write_text(lineage(rows, setting))


def lineage(rows: Sequence[Row], setting: Setting) -> str:
    """What the weights were made of, in words."""
    counts = Counter(CLASSES[row.label] for row in rows)
    models = ", ".join(sorted({row.model for row in rows}))
    return LINEAGE.format(
        rows=len(rows), counts=", ".join(f"{n} {c}" for c, n in counts.items()), models=models,
        setting=", ".join(f"{k} {v}" for k, v in asdict(setting).items()), seed=SEED, written=WRITTEN,
        asked=ASKED,
        commit=commit_of(__file__),
    )  # fmt: skip


LINEAGE = """# Lineage of refusal_weights.json

| | |
|---|---|
| model | multinomial logistic regression over cues and {buckets} hashed words and pairs, one byte each |
| labelled data | XSTest completions (Röttger et al. 2024), CC BY 4.0: {rows}, two annotators |
| of them | {counts}; answers by {models} |
| written | {written} answers from `refusal_examples.py`, {asked} with questions from `refusal_asked.py` |
| not trained on | Do-Not-Answer, FinanceBench results, and anything else not marked `shippable` |
| made by | `python benchmarks/train_refusal.py DATA --write`, script at commit {commit}, seed {seed} |
| setting | {setting}; chosen by three-way kappa over three folds of the eight families of prompts |
| held out | `benchmarks/checks_refusal.py` measures models trained without prompt family and language model |

The texts themselves are not in the repository; the hashed columns do not give them back.
""".replace("{buckets}", str(COLUMNS))

if __name__ == "__main__":
    main()
