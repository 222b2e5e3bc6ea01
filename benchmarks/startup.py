"""What an installed and unused Lockgate adds to a pytest start.

usage: python benchmarks/startup.py [--runs 20]

Times `pytest` on one empty test as a whole process, with the plugin and with `-p no:lockgate` in turn, and
prints the medians and their difference. Target: at most 15 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description="What an unused Lockgate adds to a pytest start.")
    parser.add_argument("--runs", type=int, default=20, help="counted runs of each (default: 20)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").write_text("def test_empty():\n    pass\n")
        pairs = [_pair(folder, run) for run in range(runs + 1)][1:]
    with_it, without = ([pair[side] for pair in pairs] for side in (0, 1))
    added = statistics.median(a - b for a, b in pairs)
    print(f"| `pytest` on one empty test, median of {runs} | ms |")
    print("|---|---|")
    print(f"| with the plugin installed and unused | {1000 * statistics.median(with_it):.1f} |")
    print(f"| with `-p no:lockgate` | {1000 * statistics.median(without):.1f} |")
    print(f"| added (median of the paired differences; target ≤ 15) | {1000 * added:.1f} |")


def _pair(folder: str, run: int) -> tuple[float, float]:
    """Seconds with and without it; each goes first every other time."""
    if run % 2:
        without = _seconds(folder, "-p", "no:lockgate")
        return _seconds(folder), without
    return _seconds(folder), _seconds(folder, "-p", "no:lockgate")


def _seconds(folder: str, *options: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_empty.py"]
    started = time.perf_counter()
    # As a user has it: with what was compiled once kept.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
