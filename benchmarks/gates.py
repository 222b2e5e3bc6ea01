"""How often gates of every kind err, by simulation: what docs/gates.md holds.

usage: python benchmarks/gates.py [--write docs/gates.md] [--runs 20000] [--points FILE]

Draws answers whose true rate, mean, F1, quantile or difference is known, lets the code that rules on real
runs rule on them, and counts. Takes some ten minutes on two cores. Charts are written beside the page; FILE
keeps what was counted, so that the page can be made anew without.
"""

from __future__ import annotations

import argparse
import math
import os
import pickle
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from gate_designs import DESIGNS
from gate_points import NOMINAL, RUNS, Point, Scene, simulate, table
from gate_reports import power_part, savings_part
from gate_scenes import ABSOLUTE
from gate_stops import EARLY
from line_chart import Line, Panel, chart
from page_parts import machine

SCENES = (*ABSOLUTE, *DESIGNS, *EARLY)
ABOUT = """Made by `make bench-gates` (`benchmarks/gates.py`): {machine}, {minutes:.0f} minutes in two
processes.

Each figure is a share of simulated runs, in %, {runs:,} runs for each unless it is said under the table.
Their answers are drawn by chance from a known truth, and ruled on by the code that rules on real runs, at
the usual confidence of 0.95. What follows from counts alone is ruled on once for each different count, and
by the metric's test alone where a whole run would take too long; tests hold the one to the other.

- **ships at the bound**: the truth lies exactly at the bound (the hardest case), and the gate passes: at
  most 5 % are nominal. **missed** marks more than that, beyond what chance in the simulation explains
  (the low limit of Clopper & Pearson at 99.9 %).
- **fails at the bound**: the error on the other side. *(above)* marks more than 5 %, likewise.
- **clear**: the truth is 5 points (of times 20 %, of tokens 5 %) on the good side; the share of runs that
  do not pass, and in brackets of those that are inconclusive, rather than failed.

Not simulated: prediction-powered corrections, differences of F1 and of costs, costs in clusters, and `hard`
gates, which are no matter of chance. Gates `by` a field share their error rate as several gates do."""

Found = Mapping[tuple[str, int], tuple[Point, Point | None]]


def main() -> None:
    parser = argparse.ArgumentParser(description="All figures of docs/gates.md.")
    parser.add_argument("--write", type=Path, help="the page; it is printed in any case")
    parser.add_argument("--runs", type=int, default=RUNS, help="at most so many a point")
    parser.add_argument("--points", type=Path, help="what was counted, read where it exists and else written")
    given = parser.parse_args()
    spent, found = kept(given.points, given.runs)
    started = time.monotonic()
    kinds = list(dict.fromkeys(scene.kind for scene in SCENES))
    parts = [_part(kind, found[kind], given.runs) for kind in kinds]
    rest = [savings_part(given.runs), power_part(given.runs)]
    minutes = (spent + time.monotonic() - started) / 60
    head = ABOUT.format(machine=machine(), minutes=minutes, runs=given.runs)
    text = "\n\n".join(
        ["# How often gates err", head, summary(found), *parts, *(part for part, _, _ in rest)]
    )
    print(text)
    charts = {_slug(kind): drawn(kind, found[kind]) for kind in kinds}
    charts |= {slug: image for _, slug, image in rest}
    if given.write is not None:
        given.write.write_text(text + "\n", encoding="utf-8")
        for slug, image in charts.items():
            given.write.with_name(f"gates-{slug}.svg").write_text(image, encoding="utf-8")


def kept(path: Path | None, runs: int) -> tuple[float, Mapping[str, Found]]:
    """The seconds that points took, and the points: those that a file keeps, or else made and kept there."""
    if path is not None and path.exists():
        known: tuple[float, Mapping[str, Found]] = pickle.loads(path.read_bytes())
        return known
    started = time.monotonic()
    found = points(runs)
    spent = time.monotonic() - started
    if path is not None:
        path.write_bytes(pickle.dumps((spent, found)))
    return spent, found


def points(runs: int) -> Mapping[str, Found]:
    """Kind → scene's name and cases → its points, all simulated in two processes."""
    tasks = [(place, n, runs) for place, scene in enumerate(SCENES) for n in scene.sizes]
    tasks.sort(key=lambda task: -task[1])
    found: dict[str, dict[tuple[str, int], tuple[Point, Point | None]]] = {}
    started = time.monotonic()
    with get_context("fork").Pool(2, initializer=os.nice, initargs=(5,)) as pool:
        for place, n, pair in pool.imap_unordered(_simulated, tasks):
            scene = SCENES[place]
            found.setdefault(scene.kind, {})[scene.name, n] = pair
            print(
                f"{time.monotonic() - started:5.0f} s  {scene.kind}: {scene.name}, {n:,} cases",
                file=sys.stderr,
            )
    return found


def summary(found: Mapping[str, Found]) -> str:
    """For each kind the most that ships at the bound, and whether that is nominal."""
    lines = ["| kind of ruling | ships at the bound at most, % | where | ≤ 5 % |", "|---|---|---|---|"]
    for kind, pairs in found.items():
        (name, n), (worst, _) = max(pairs.items(), key=lambda item: item[1][0].passed / item[1][0].runs)
        missed = any(at.beyond for at, _ in pairs.values())
        share = 100 * worst.passed / worst.runs
        lines.append(f"| {kind} | {share:.2f} | {name}; {n:,} cases | {'**missed**' if missed else 'met'} |")
    return "\n".join([lines[0], lines[1], *sorted(lines[2:], key=_order)])


def drawn(kind: str, found: Found) -> str:
    """The chart of a kind: what ships at the bound, and what is blocked clear of it."""
    scenes = [scene for scene in SCENES if scene.kind == kind]
    ships = [
        _line(scene, {n: found[scene.name, n][0].passed for n in scene.sizes}, found) for scene in scenes
    ]
    top = 10.0 * math.ceil(max(y for line in ships for _, y in line.points) / 10 or 1)
    first = Panel(title="ships at the bound, %", lines=ships, top=top, nominal=100 * NOMINAL)
    blocked = [_blocked(scene, found) for scene in scenes]
    second = Panel(title="blocked although 5 points clear, %", lines=blocked, top=100)
    return chart([first, second], title=f"{kind}: errors by the number of cases")


def _simulated(task: tuple[int, int, int]) -> tuple[int, int, tuple[Point, Point | None]]:
    place, n, most = task
    scene = SCENES[place]
    runs = min(scene.runs.get(n, RUNS), most)
    return place, n, simulate(replace(scene, runs={n: runs}), n)


def _part(kind: str, found: Found, most: int) -> str:
    scenes = [scene for scene in SCENES if scene.kind == kind]
    image = f"![{kind}: what ships at the bound and what is blocked clear of it](gates-{_slug(kind)}.svg)"
    texts = [f"## {kind[0].upper()}{kind[1:]}", table(scenes, found), *_fewer(scenes, most), image]
    return "\n\n".join(texts)


def _fewer(scenes: Sequence[Scene], most: int) -> list[str]:
    """Where there were fewer runs than everywhere else."""
    fewer = {n: min(runs, most) for scene in scenes for n, runs in scene.runs.items() if runs < most}
    told = ", ".join(f"{runs:,} at {n:,} cases" for n, runs in sorted(fewer.items()))
    return [f"Runs: {told}."] if told else []


def _line(scene: Scene, times: Mapping[int, int], found: Found) -> Line:
    points = [(n, 100 * count / found[scene.name, n][0].runs) for n, count in times.items()]
    return Line(name=scene.name, points=points)


def _blocked(scene: Scene, found: Found) -> Line:
    clear = {n: found[scene.name, n][1] for n in scene.sizes}
    return _line(scene, {n: p.runs - p.passed for n, p in clear.items() if p is not None}, found)


def _order(line: str) -> int:
    return next(place for place, scene in enumerate(SCENES) if line.startswith(f"| {scene.kind} |"))


def _slug(kind: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", kind.split("(", maxsplit=1)[0].lower()).strip("-")


if __name__ == "__main__":
    main()
