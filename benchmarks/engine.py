"""The engine against a bare loop: the same requests to a local server, whole processes, ratios in one run.

usage: python benchmarks/engine.py [--cases 1000] [--only NAME]

Three checks a case, one pytest item a case, journal and JUnit written. The floor is a bare aiohttp loop that
asks the same and checks nothing. Prints Markdown; ends with an error where a run is no measurement, or where
what was killed did not keep its promise.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desk import asked, desk, edit, recorded, server, start, tell, timed

# An answer passes the client's socket, its event loop and a group of the journal before it is on disk.
ON_ITS_WAY_SECONDS = 0.1
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
    """Ten times the cases: of the whole process, and of what comes on top of a run of one case."""
    print("| cases | lockgate, s | above one case, s | peak, MB |")
    print("|---|---|---|---|")
    ones = sorted(grown(1) for _ in range(3))
    alone = statistics.median(wall for wall, _ in ones)
    print(f"| 1 | {alone:.2f} | – | {ones[1][1]:.0f} |")
    walls = []
    for count in (cases, 10 * cases):
        wall, peak = grown(count)
        walls.append(wall)
        print(f"| {count:,} | {wall:.2f} | {wall - alone:.2f} | {peak:.0f} |")
    print(f"| ratio | {walls[1] / walls[0]:.1f} | {(walls[1] - alone) / (walls[0] - alone):.1f} | |")


def grown(cases: int) -> tuple[float, float]:
    """Wall seconds and peak megabytes; few cases decide no gate, which is no failure here."""
    with server(0.0) as url, desk(cases, url, 50) as folder:
        wall, _, peak = timed(folder, "--llm-backend=api:v1", "--llm-inconclusive=warn")
    return wall, peak


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
    """One request in ten fails. What came of each answer is the figure here, so cases may fail."""
    with server(0.05, "--faults") as url, desk(cases, url, 50) as folder:
        wall, _, _ = timed(folder, "--llm-backend=api:v1", allowed=(0, 1))
        requests, different = asked(url)
        answers, rulings = recorded(folder)
    print("| faults | answers | requests | different | s | rulings |")
    print("|---|---|---|---|---|---|")
    print(f"| 10 % | {answers} of {cases} | {requests} | {different} | {wall:.1f} | {rulings} |")


def kill(cases: int) -> None:
    """Ended by SIGKILL as soon as so many answers were sent, ten times, and run again."""
    draws = random.Random(5)
    print("| killed after | asked | sent | kept | sent, not kept | oldest of them, ms | in flight", end=" ")
    print("| asked again | answers after the rerun | rulings |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for _ in range(10):
        with server(0.05) as url, desk(cases, url, 50) as folder:
            found = killed(folder, url, draws.randrange(1, cases))
            before, _ = asked(url)
            timed(folder, "--llm-backend=api:v1")
            again = asked(url)[0] - before - (cases - found.asked)
            answers, rulings = recorded(folder)
        print(f"{found.row} | {again} | {answers} | {rulings} |")
        if said := found.broken(cases, again, answers):
            raise SystemExit(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What there was at the moment of the kill.

    Args:
        after: how many sent answers were waited for.
        asked, sent: requests that the endpoint had got, and answers that it had sent to the last byte.
        kept: answers in the journal.
        lost: of each answer that was sent and is not in the journal, how many seconds before the kill its
            last byte was sent: what was on its way through the process.
    """

    after: int
    asked: int
    sent: int
    kept: int
    lost: tuple[float, ...]

    @property
    def row(self) -> str:
        """The first cells of its row."""
        oldest = f"{1000 * max(self.lost):.0f}" if self.lost else "–"
        counts = f"{self.after} | {self.asked} | {self.sent} | {self.kept} | {len(self.lost)}"
        return f"| {counts} | {oldest} | {self.asked - self.sent}"

    def broken(self, cases: int, again: int, answers: int) -> str:
        """Which promise was not kept, or nothing."""
        if max(self.lost, default=0.0) > ON_ITS_WAY_SECONDS:
            return f"an answer that came {max(self.lost):.2f} s before the kill is lost"
        if again != self.asked - self.kept:
            return f"{again} were asked again, and {self.asked - self.kept} had no answer on disk"
        return "" if answers == cases else f"{answers} answers of {cases} after the rerun"


def killed(folder: Path, url: str, after: int) -> Killed:
    process = start(folder, "--llm-backend=api:v1")
    tell(url, f"wait?sent={after}")
    moment = time.monotonic()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    log, kept = tell(url, "log"), kept_cases(folder)
    return at_the_kill(moment, after=after, asked=log["asked"], sent=log["sent"], kept=kept)


def at_the_kill(
    moment: float, *, after: int, asked: Collection[float], sent: Mapping[str, float], kept: Collection[str]
) -> Killed:
    """What there was, from the endpoint's times (`time.monotonic()`) and the journal's cases."""
    sent = {case: at for case, at in sent.items() if at <= moment}
    return Killed(
        after=after,
        asked=sum(at <= moment for at in asked),
        sent=len(sent),
        kept=len(kept),
        lost=tuple(moment - at for case, at in sent.items() if case not in kept),
    )


def kept_cases(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / ".lockgate/journal.sqlite")) as database:
        return {case for (case,) in database.execute("SELECT case_id FROM completions")}


PARTS = {"speed": speed, "growth": growth, "rerun": rerun, "faults": faults, "kill": kill}


def floor(folder: Path, url: str, concurrency: int) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-c", FLOOR, url, str(concurrency), str(folder / "cases.jsonl")]
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def row(bare: float | None, wall: float, cpu: float, peak: float, cases: int) -> str:
    floor_, ratio = ("–", "–") if bare is None else (f"{bare:.2f}", f"{wall / bare:.2f}")
    return f"| {floor_} | {wall:.2f} | {ratio} | {cases / wall:.0f} | {1000 * cpu / cases:.2f} | {peak:.0f} |"


if __name__ == "__main__":
    main()
