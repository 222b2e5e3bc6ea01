"""Every check against public labelled data: what docs/checks.md holds.

usage: python benchmarks/checks.py DATA [--work FOLDER] [--write docs/checks.md]

Runs each script below as a process of its own and prints what they print, as one page. DATA is the folder of
the labelled sets; each script says what to fetch where a set is missing. FOLDER keeps what
`train_groundedness.py` has computed; without it, groundedness is left out, as it trains for an hour first.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from page_parts import machine, part, printed

PARTS = (
    ("Groundedness", "checks_groundedness.py"),
    ("Refusal", "checks_refusal.py"),
    ("Safety", "checks_safety.py"),
    ("Format and task success", "checks_format.py"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="All figures of docs/checks.md.")
    parser.add_argument("data", type=Path, help="the folder of the labelled sets")
    parser.add_argument("--work", type=Path, help="the folder of train_groundedness.py")
    parser.add_argument("--write", type=Path, help="the page; it is printed in any case")
    given = parser.parse_args()
    parts = [_part(heading, script, given) for heading, script in PARTS]
    head = (
        "# How good the checks are\n\nMade by `make bench-checks DATA=…` (`benchmarks/checks.py`).\n\n"
        f"{machine()}."
    )
    if given.write is not None:
        given.write.write_text("\n\n".join([head, *parts]) + "\n", encoding="utf-8")


def _part(heading: str, script: str, given: argparse.Namespace) -> str:
    needs_work = script == "checks_groundedness.py"
    if needs_work and given.work is None:
        return part(heading, "Not measured in this run: give `--work`.")
    options = ["--work", str(given.work)] if needs_work else []
    return part(heading, printed(script, [str(given.data), *options]))


if __name__ == "__main__":
    main()
