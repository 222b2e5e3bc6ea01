"""Every check against public labelled data: what docs/checks.md holds.

usage: python benchmarks/checks.py DATA [--work FOLDER] [--write docs/checks.md]

Runs each script below as a process of its own and prints what they print, as one page. DATA is the folder of
the labelled sets; each script says what to fetch where a set is missing. FOLDER keeps what
`train_groundedness.py` has computed, for groundedness in folds: where it is empty, that trains for some two
hours first. Without it the shipped weights are measured, on the sets that they have not learned from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from page_parts import machine, part, printed

PARTS = (
    ("Groundedness", "groundedness_shipped.py"),
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
    if given.work is not None:
        beside = printed("groundedness_encoders.py", [str(given.data), "--work", str(given.work)])
        parts.append(part("SmolLM2-135M beside MiniLM", beside))
    head = (
        "# How good the checks are\n\nMade by `make bench-checks DATA=…` (`benchmarks/checks.py`).\n\n"
        f"{machine()}."
    )
    if given.write is not None:
        given.write.write_text("\n\n".join([head, *parts]) + "\n", encoding="utf-8")


def _part(heading: str, script: str, given: argparse.Namespace) -> str:
    if given.work is not None and script == "groundedness_shipped.py":
        return part(heading, printed("checks_groundedness.py", [str(given.data), "--work", str(given.work)]))
    return part(heading, printed(script, [str(given.data)]))


if __name__ == "__main__":
    main()
