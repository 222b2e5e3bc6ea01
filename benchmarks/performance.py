"""All figures of docs/performance.md, made anew.

usage: python benchmarks/performance.py [--write docs/performance.md]

Runs the benchmarks beside it one after the other, each in a process of its own, and puts what they print
under headings, with machine and versions. Takes some twenty minutes on two cores; let nothing else run.
"""

from __future__ import annotations

import argparse
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from page_parts import machine, part, printed

PACKAGES = ("lockgate", "pytest", "aiohttp", "openai", "torch", "transformers", "peft")
PARTS = (
    ("What an unused plugin costs", "startup.py", "Target: at most 15 ms."),
    (
        "Whole runs against a bare loop",
        "engine.py --only speed",
        """1,000 cases, three checks each, one pytest item a case, journal and JUnit, whole processes. The
floor is a bare aiohttp loop that asks the same and checks nothing. Hypothesis's plugin, which imports
hypothesis at the end of any pytest run where it is installed (0.1 s), is off. Targets: a ratio of at most
1.10 at 200 ms; at 0 ms at least 800 cases/s through HTTP and 900 on `scripted`; at most 1.5 ms of CPU time a
case.""",
    ),
    (
        "Ten times the cases",
        "engine.py --only growth",
        """Targets: at most 10.5 times the time of the whole process, at most 150 MB. The ratio beside it
leaves out what a run of one case takes (the median of three): so the work itself grows.""",
    ),
    (
        "What is asked again",
        "engine.py --only rerun",
        "Target: an unchanged rerun in at most 2.5 s.",
    ),
    (
        "Faults",
        "engine.py --only faults",
        """5 % 429 with Retry-After, 2 % 500, 1 % dropped, 1 % truncated, 1 % silent for a minute, at 50 ms,
with a timeout of 10 s. Targets: every answer, at most 1,130 requests, at most 14 s.""",
    ),
    (
        "Killed after ten random numbers of answers",
        "engine.py --only kill",
        """SIGKILL as soon as a drawn number of answers was sent, then the same again, at 50 ms with 50 in
flight. "Sent" counts the answers whose last byte the server had sent; "kept" those in the journal; in flight
is what had been asked and not been sent. Targets: nothing lost that was sent 100 ms before the kill; nothing
asked again that was kept; all answers after the rerun. Where one is missed, it ends with an error.""",
    ),
    (
        "Local weights",
        "local_weights.py --prompts 120 --alone 12",
        """Targets: 4.8 times one by one in float32 with the same text, 9 times in bfloat16, twice as much
again with a shared beginning; four backends on one base in at most 1.15 times the time of one; a warm load
in 3 s.""",
    ),
    ("Tokens a second by batch", "throughput.py", "No target on a processor."),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="All figures of docs/performance.md.")
    parser.add_argument("--write", type=Path, help="the page; it is printed in any case")
    page = parser.parse_args().write
    parts = [_part(*part) for part in PARTS]
    text = "\n\n".join(["# Performance", _head(), *parts]) + "\n"
    if page is not None:
        page.write_text(text, encoding="utf-8")


def _head() -> str:
    versions = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return f"Made by `make bench` (`benchmarks/performance.py`).\n\n{machine()}; {versions}."


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _part(heading: str, command: str, about: str) -> str:
    script, *options = command.split()
    return part(heading, about, printed(script, options))


if __name__ == "__main__":
    main()
