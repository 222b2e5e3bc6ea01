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
    ("Refusal", "checks_refusal.py"),
    ("Safety", "checks_safety.py"),
    ("Format and task success", "checks_format.py"),
)
ABOUT = """Public sets labelled by people; half of each is in reserve and was not seen. Rules for refusals and
patterns for injections and personal data were written after reading part of these sets, so their figures are
optimistic."""
SHIPPED = (("Groundedness", "groundedness_shipped.py"),)
FOLDS = (
    ("Groundedness", "checks_groundedness.py"),
    ("SmolLM2-135M beside MiniLM", "groundedness_encoders.py"),
)
"""What is measured of groundedness without a folder, and with one."""


def main() -> None:
    parser = argparse.ArgumentParser(description="All figures of docs/checks.md.")
    parser.add_argument("data", type=Path, help="the folder of the labelled sets")
    parser.add_argument("--work", type=Path, help="the folder of train_groundedness.py")
    parser.add_argument("--write", type=Path, help="the page; it is printed in any case")
    given = parser.parse_args()
    data, work = [str(given.data)], [] if given.work is None else ["--work", str(given.work)]
    grounded = FOLDS if work else SHIPPED
    parts = [part(heading, printed(script, [*data, *work])) for heading, script in grounded]
    parts += [part(heading, printed(script, data)) for heading, script in PARTS]
    made = f"Made by `make bench-checks DATA=…{' WORK=…' if work else ''}` (`benchmarks/checks.py`)."
    head = f"# How good the checks are\n\n{made}\n\n{ABOUT} {machine()}."
    if given.write is not None:
        given.write.write_text("\n\n".join([head, *parts]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
