"""The engine against a bare loop: the same requests to a local server, whole processes, ratios in one run.

usage: python benchmarks/engine.py [--cases 1000] [--only NAME]

Three checks a case, one pytest item a case, journal and JUnit written. The floor is a bare aiohttp loop that
asks the same and checks nothing. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
dataset: cases.jsonl
checks:
  - json_schema: {schema: schema.json}
  - equals: {path: answer, value: "{{ expected }}", metric: accuracy}
  - contains: {value: "{{ expected }}"}
gates:
  accuracy: {min: 0.9}
  format_adherence: {min: 0.9}
  contains: {min: 0.9}
"""
SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
FLOOR = """
import asyncio, json, sys, time
import aiohttp
url, concurrency, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rows = [json.loads(line) for line in open(file, encoding="utf-8")]
async def main():
    pending = iter(rows)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:
        async def work():
            for row in pending:
                body = {"model": "local", "messages": [{"role": "user", "content": row["input"]}]}
                async with session.post(url + "/chat/completions", json=body) as response:
                    json.loads(await response.read())["choices"][0]["message"]["content"]
        await asyncio.gather(*(work() for _ in range(concurrency)))
asyncio.run(main())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="The engine against a bare loop.")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--only", choices=sorted(PARTS), help="one part")
    arguments = parser.parse_args()
    for name, part in PARTS.items():
        if arguments.only in (None, name):
            part(arguments.cases)
            print()


def speed(cases: int) -> None:
    """Whole processes against the bare loop."""
    print("| latency, in flight | bare loop, s | lockgate, s | ratio | cases/s | CPU a case, ms | peak, MB |")
    print("|---|---|---|---|---|---|---|")
    for latency, concurrency in ((0.2, 50), (0.2, 100), (0.0, 50)):
        with server(latency) as url, desk(cases, url, concurrency) as folder:
            bare = floor(folder, url, concurrency)
            wall, cpu, peak = timed(folder, "--llm-backend=api:v1")
        print(f"| {latency * 1000:.0f} ms, {concurrency} {row(bare, wall, cpu, peak, cases)}")
    with desk(cases, "http://127.0.0.1:9/v1", 50) as folder:
        wall, cpu, peak = timed(folder, "--llm-backend=table:v1")
        print(f"| scripted {row(None, wall, cpu, peak, cases)}")


def growth(cases: int) -> None:
    """Ten times the cases."""
    print("| cases | lockgate, s | peak, MB |")
    print("|---|---|---|")
    walls = []
    for count in (cases, 10 * cases):
        with server(0.0) as url, desk(count, url, 50) as folder:
            wall, _, peak = timed(folder, "--llm-backend=api:v1")
        walls.append(wall)
        print(f"| {count:,} | {wall:.2f} | {peak:.0f} |")
    print(f"| ratio | {walls[1] / walls[0]:.1f} | |")


def rerun(cases: int) -> None:
    """What is asked again after a change."""
    print("| change | requests | s |")
    print("|---|---|---|")
    with server(0.0) as url, desk(cases, url, 50) as folder:
        steps = {
            "first run": lambda: None,
            "none": lambda: None,
            "one case edited": lambda: edit(folder / "cases.jsonl", "Say w7 ", "Say now w7 "),
            "one bound edited": lambda: edit(folder / "evalsuites/bench.yaml", "min: 0.9", "min: 0.8"),
            "the prompt edited": lambda: edit(folder / "lockgate.yaml", "a@v1", "b@v1"),
        }
        for name, change in steps.items():
            change()
            before = asked(url)[0]
            wall, _, _ = timed(folder, "--llm-backend=api:v1")
            print(f"| {name} | {asked(url)[0] - before} | {wall:.2f} |")
        before = asked(url)[0]
        wall, _, _ = timed(folder, "--llm-backend=api:v1", "--llm-rescore")
        print(f"| `--llm-rescore` | {asked(url)[0] - before} | {wall:.2f} |")


def faults(cases: int) -> None:
    """One request in ten fails."""
    with server(0.05, "--faults") as url, desk(cases, url, 50) as folder:
        wall, _, _ = timed(folder, "--llm-backend=api:v1")
        requests, different = asked(url)
        answers, rulings = recorded(folder)
    print("| faults | answers | requests | different | s | rulings |")
    print("|---|---|---|---|---|---|")
    print(f"| 10 % | {answers} of {cases} | {requests} | {different} | {wall:.1f} | {rulings} |")


def kill(cases: int) -> None:
    """Ended by SIGKILL at ten random moments, then run again."""
    draws = random.Random(5)
    print("| killed after, s | answers on disk | asked again | answers after the rerun | rulings |")
    print("|---|---|---|---|---|")
    for _ in range(10):
        with server(0.05) as url, desk(cases, url, 50) as folder:
            after = draws.uniform(0.8, 2.2)
            process = start(folder, "--llm-backend=api:v1")
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.3)
            kept = recorded(folder)[0] if (folder / ".lockgate/journal.sqlite").exists() else 0
            before, _ = asked(url)
            timed(folder, "--llm-backend=api:v1")
            total, _ = asked(url)
            answers, rulings = recorded(folder)
            again = total - cases
            print(
                f"| {after:.2f} | {kept} | {again} (of {before - kept} in flight) | {answers} | {rulings} |"
            )


PARTS = {"speed": speed, "growth": growth, "rerun": rerun, "faults": faults, "kill": kill}


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
            "evalsuites/bench.yaml": SUITE.replace("cases.jsonl", "../cases.jsonl").replace(
                "schema.json", "../schema.json"
            ),
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
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=out.xml", *options]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["OPENAI_API_KEY"] = "none"
    return subprocess.Popen(
        [*command, "evalsuites"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )


def timed(folder: Path, *options: str) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak megabytes of one whole process, its exit code checked."""
    started = time.perf_counter()
    process = start(folder, *options)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(printed)
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def floor(folder: Path, url: str, concurrency: int) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-c", FLOOR, url, str(concurrency), str(folder / "cases.jsonl")]
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def asked(url: str) -> tuple[int, int]:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/count") as answer:
        told = json.load(answer)
    return told["requests"], told["different"]


def recorded(folder: Path) -> tuple[int, str]:
    """How many answers the journal holds, and what the newest run ruled."""
    with sqlite3.connect(folder / ".lockgate/journal.sqlite") as database:
        answers = database.execute("SELECT count(*) FROM completions").fetchone()[0]
        run = database.execute("SELECT run FROM runs ORDER BY started DESC LIMIT 1").fetchone()
    rulings = (
        [f"{r['status']} {r['metric']['value']:.3f}" for r in json.loads(run[0])["rulings"]] if run else []
    )
    return answers, ", ".join(rulings)


def row(bare: float | None, wall: float, cpu: float, peak: float, cases: int) -> str:
    floor_, ratio = ("–", "–") if bare is None else (f"{bare:.2f}", f"{wall / bare:.2f}")
    return f"| {floor_} | {wall:.2f} | {ratio} | {cases / wall:.0f} | {1000 * cpu / cases:.2f} | {peak:.0f} |"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"{file.name} has no {old!r}")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


if __name__ == "__main__":
    main()
