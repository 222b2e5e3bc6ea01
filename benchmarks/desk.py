"""A project of so many cases, a local endpoint that answers it, and whole processes run and timed on it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = """
backends:
  api:
    v1: {{kind: openai, model: local, base_url: "{url}", concurrency: {concurrency},
      timeout: 10, prompt: a@v1}}
  table:
    v1: {{kind: scripted, answers: answers.json}}
prompts: prompts
"""
SUITE = """
suite: bench
dataset: ../cases.jsonl
checks:
  - json_schema: {schema: ../schema.json}
  - equals: {path: answer, value: "{{ expected }}", metric: accuracy}
  - contains: {value: "{{ expected }}"}
gates:
  accuracy: {min: 0.9}
  format_adherence: {min: 0.9}
  contains: {min: 0.9}
"""
SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


@contextmanager
def server(latency: float, *options: str) -> Iterator[str]:
    command = [sys.executable, str(HERE / "endpoint.py"), "--latency", str(latency), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.terminate()


@contextmanager
def desk(cases: int, url: str, concurrency: int) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    try:
        rows = [{"id": f"c{n:05}", "input": f"Say w{n} w{n}", "expected": f"w{n}"} for n in range(cases)]
        answers = {row["id"]: json.dumps({"answer": row["expected"]}) for row in rows}
        files = {
            "pytest.ini": "[pytest]\n",
            "lockgate.yaml": PROJECT.format(url=url, concurrency=concurrency),
            "evalsuites/bench.yaml": SUITE,
            "schema.json": json.dumps(SCHEMA),
            "cases.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
            "answers.json": json.dumps(answers),
            "prompts/a/v1.yaml": 'user: "Answer in JSON. {{ input }}"\n',
            "prompts/b/v1.yaml": 'user: "Answer with JSON only. {{ input }}"\n',
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    # Hypothesis's plugin, a tool for this repository's own tests, imports all of it at the end of any run.
    plugins = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    command = [sys.executable, "-m", "pytest", "-q", *plugins, "--junitxml=out.xml", *options]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"OPENAI_API_KEY": "none", "NO_PROXY": "*"}
    return subprocess.Popen(
        [*command, "evalsuites"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )


def timed(folder: Path, *options: str, allowed: tuple[int, ...] = (0,)) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak megabytes of one whole process.

    It ends here with any other exit code than those: a run whose cases failed is no measurement.
    """
    started = time.perf_counter()
    process = start(folder, *options)
    assert process.stdout is not None
    with process.stdout:
        printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise SystemExit(f"exit code {process.returncode}\n{printed}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def asked(url: str) -> tuple[int, int]:
    """How many requests the endpoint got, and how many different ones."""
    told = tell(url, "count")
    return told["requests"], told["different"]


def tell(url: str, what: str) -> Any:
    """What the endpoint says of itself (`count`, `log`, `wait?sent=N`)."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{url.removesuffix('/v1')}/{what}", timeout=60) as answer:
        return json.load(answer)


def recorded(folder: Path) -> tuple[int, str]:
    """How many answers the journal holds, and what the newest run ruled."""
    with sqlite3.connect(folder / ".lockgate/journal.sqlite") as database:
        answers = database.execute("SELECT count(*) FROM completions").fetchone()[0]
        run = database.execute("SELECT run FROM runs ORDER BY started DESC LIMIT 1").fetchone()
    rulings = (
        [f"{r['status']} {r['metric']['value']:.3f}" for r in json.loads(run[0])["rulings"]] if run else []
    )
    return answers, ", ".join(rulings)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"{file.name} has no {old!r}")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
