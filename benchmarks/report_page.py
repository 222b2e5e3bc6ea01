"""How large `report.html` is, how long it takes to write and to open, and how fast its table answers.

usage: python benchmarks/report_page.py [--cases 5000] [--answer-chars 1000] [--keep FOLDER]

Makes runs of that many cases on one backend and on two, writes their page, opens it from disk in headless
Chromium, and uses the table as a reader does: each figure is the median of five, from the event to the next
painted frame. Needs playwright and a Chromium (`apt-get install chromium`). Targets of issue 5: 12 MB on one
backend, first paint within 1,500 ms, a filter within 100 ms, and 0.2 s to write all reports of 1,000 cases.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lockgate.metrics import measure
from lockgate.model import (
    Completion,
    Gate,
    Measure,
    Metric,
    Passage,
    Ruling,
    Run,
    Sample,
    Span,
    Timing,
    Verdict,
)
from lockgate.registry import Registry
from lockgate.reports.folder import write_reports
from lockgate.reports.html.page import page

REPEATS = 5
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WORDS = """
parcel invoice refund cartridge kettle sensor battery warranty account password delivery courier filter
button light reset manual order address payment card voucher return label week month price plan update
"""
USES = {
    "filter (missed only)": "pick('show', 'short')",
    "filter (a metric)": "pick('metric', 'groundedness')",
    "search (first letters)": "type('war')",
    "search (one word)": "type('warranty')",
    "search (two words)": "type('warranty voucher')",
    "sort by score": "press('score')",
    "sort by case": "press('case')",
    "next page": "next()",
    "open a case": "open()",
}
HELPERS = """
const $ = (selector) => document.querySelector(selector);
const fire = (element, event) => element.dispatchEvent(new Event(event, { bubbles: true }));
const pick = (name, value) => { const e = $('#pick-' + name); e.value = value; fire(e, 'change'); };
const type = (text) => { const e = $('#query'); e.value = text; fire(e, 'input'); };
const press = (name) => $(`[data-sort="${name}"]`).click();
const next = () => $('[aria-label="Next page"]').click();
const open = () => document.querySelectorAll('button.open')[7].click();
const reset = () => { pick('show', 'all'); pick('metric', ''); type(''); };
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Size and speed of report.html.")
    parser.add_argument("--cases", type=int, default=5_000, help="cases of the run (default: 5000)")
    parser.add_argument("--answer-chars", type=int, default=1_000, help="length of an answer (default: 1000)")
    parser.add_argument("--keep", type=Path, help="leave the pages in this folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target = given.keep or Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        seconds = _writing(sample_runs(1_000, 1, given.answer_chars), target)
        print("| files of 1,000 cases on one backend | ms | ms of CPU time |\n|---|---|---|")
        for name, (wall, worked) in seconds.items():
            print(f"| {name} | {1000 * wall:.0f} | {1000 * worked:.0f} |")
        walls, cpus = (1000 * sum(column) for column in zip(*seconds.values(), strict=True))
        print(f"| together (target ≤ 200) | {walls:.0f} | {cpus:.0f} |\n")
        columns = [_column(target, given.cases, backends, given.answer_chars) for backends in (1, 2)]
    print(f"| {given.cases:,} cases, answers of {given.answer_chars:,} characters | one backend | two |")
    print("|---|---|---|")
    for name in columns[0]:
        print(f"| {name} | {' | '.join(column[name] for column in columns)} |")


def sample_runs(cases: int, backends: int, answer_chars: int) -> list[Run]:
    """Made-up runs: answers of many words, three checks, evidence, two passages each out of a hundred."""
    chance = random.Random(5)
    passages = [Passage(id=f"doc-{n}", text=_prose(chance, 600), score=n / 100) for n in range(100)]
    return [_run(f"made:v{number + 1}", cases, passages, answer_chars, chance) for number in range(backends)]


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium of this machine.

    Raises:
        SystemExit: there is none, or no playwright.
    """
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("playwright is missing: pip install playwright")
    if path is None:
        sys.exit("There is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def _column(folder: Path, cases: int, backends: int, answer_chars: int) -> dict[str, str]:
    runs = sample_runs(cases, backends, answer_chars)
    started = time.perf_counter()
    text = page(runs)
    written = time.perf_counter() - started
    file = folder / f"report-{backends}.html"
    file.write_text(text, "utf-8")
    with chromium() as browser:
        figures = _opened(browser, file)
    return {
        "size (target ≤ 12 MB on one)": f"{file.stat().st_size / 1e6:.1f} MB",
        "drawn in Python": f"{1000 * written:.0f} ms",
        **{name: f"{value:.0f} ms" for name, value in figures.items()},
    }


def _opened(browser: Any, file: Path) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(file.as_uri())
        tab.locator("html[data-ready=true]").wait_for(state="attached")
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        times.setdefault("first paint (target ≤ 1500)", []).append(tab.evaluate(paint))
        loaded = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        times.setdefault("table there", []).append(tab.evaluate(loaded))
        for name, use in USES.items():
            times.setdefault(name, []).append(_frame(tab, use))
        tab.close()
    return {name: statistics.median(values) for name, values in times.items()}


def _frame(tab: Any, use: str) -> float:
    """Milliseconds from a use to the frame that shows it; the table is as at first before each."""
    script = f"""async () => {{ {HELPERS}
        const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        reset();
        await painted();
        const started = performance.now();
        {use};
        await painted();
        return performance.now() - started; }}"""
    return float(tab.evaluate(script))


def _writing(runs: Sequence[Run], folder: Path) -> dict[str, tuple[float, float]]:
    registry = Registry()
    names = registry.names("reports")
    write_reports(folder / "warm", runs[:1], registry)
    return {
        name: _seconds(lambda name=name: write_reports(folder, runs, registry, names=[name]))
        for name in names
    }


def _seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, the least of several: what else the machine does only adds to them."""
    times = []
    for _ in range(REPEATS):
        started, worked = time.perf_counter(), time.process_time()
        act()
        times.append((time.perf_counter() - started, time.process_time() - worked))
    return min(wall for wall, _ in times), min(cpu for _, cpu in times)


def _run(name: str, cases: int, passages: Sequence[Passage], answer_chars: int, chance: random.Random) -> Run:
    samples = tuple(_sample(number, passages, answer_chars, chance) for number in range(cases))
    measures = (Measure(name="accuracy"), Measure(name="groundedness", kind="mean"))
    metrics: tuple[Metric, ...] = tuple(measure(samples, measures))
    gates = (Gate(metric="accuracy", min=0.9), Gate(metric="groundedness", min=0.8))
    rulings = tuple(
        Ruling(
            gate=gate, metric=metric, status="fail", reason=f"{metric.name}: even the high limit is below it."
        )
        for gate, metric in zip(gates, metrics, strict=False)
    )
    timings = tuple(
        Timing(seconds=0.3 + chance.random() / 2, tokens_in=chance.randint(50, 900)) for _ in range(40)
    )
    return Run(
        suite="made",
        backend=name,
        fingerprint="0" * 16,
        samples=samples,
        metrics=metrics,
        rulings=rulings,
        timings=timings,
    )


def _sample(number: int, passages: Sequence[Passage], answer_chars: int, chance: random.Random) -> Sample:
    answer = _prose(chance, answer_chars)
    right, score = chance.random() < 0.85, chance.random()
    found = chance.sample(passages, 2)
    verdicts = (
        Verdict(check="json_schema", status="pass", score=1.0, figures={"format_adherence": True}),
        Verdict(
            check="equals",
            status="pass" if right else "fail",
            score=float(right),
            reason="" if right else f"The answer is {answer[:20]!r}.",
            figures={"accuracy": right},
        ),
        Verdict(
            check="grounded",
            status="pass" if score > 0.2 else "fail",
            score=score,
            reason="" if score > 0.2 else "1 of 3 claims rests on no passage.",
            evidence=(Span(source="answer", start=0, end=60, text=answer[:60], note="not in the passages"),),
            figures={"groundedness": score},
        ),
    )
    return Sample(
        case_id=f"case-{number:05}",
        input=_prose(chance, 200),
        completion=Completion(
            text=answer,
            passages=tuple(found),
            seconds=chance.random(),
            tokens_in=220,
            tokens_out=250,
            model="made",
        ),
        verdicts=verdicts,
    )


def _prose(chance: random.Random, chars: int) -> str:
    return " ".join(chance.choices(WORDS.split(), k=chars // 6))[:chars]


if __name__ == "__main__":
    main()
