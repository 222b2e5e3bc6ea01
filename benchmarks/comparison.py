"""Several backends side by side, from a run file into a page.

usage: python benchmarks/comparison.py report/run.json README.md

Replaces what stands between `<!-- comparison -->` and `<!-- /comparison -->` by the table of the run file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lockgate.reports.record import read_record
from lockgate.reports.terminal import comparison_markdown

OPEN, CLOSE = "<!-- comparison -->", "<!-- /comparison -->"


def main() -> None:
    parser = argparse.ArgumentParser(description="A run file's comparison table, into a page.")
    parser.add_argument("record", type=Path, help="run.json of a run with several backends")
    parser.add_argument("page", type=Path, help="the Markdown page with the two marks")
    arguments = parser.parse_args()
    table = comparison_markdown(read_record(arguments.record.read_text("utf-8")))
    before, found, rest = arguments.page.read_text("utf-8").partition(OPEN)
    _, closed, after = rest.partition(CLOSE)
    if not (found and closed):
        raise SystemExit(f"{arguments.page} lacks {OPEN} or {CLOSE}. Put both where the table is to stand.")
    arguments.page.write_text(f"{before}{OPEN}\n{table}\n{CLOSE}{after}", "utf-8")


if __name__ == "__main__":
    main()
