"""Parts of a page, each what a script beside this one prints."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["machine", "part", "printed"]

_HERE = Path(__file__).resolve().parent


def machine() -> str:
    """What the figures were made on: `Linux x86_64, 2 cores, Python 3.11.7`."""
    system, python = f"{platform.system()} {platform.machine()}", platform.python_version()
    return f"{system}, {os.cpu_count()} cores, Python {python}"


def printed(script: str, options: Sequence[str]) -> str:
    """What a script prints, run as a process of its own.

    Raises:
        SystemExit: it fails; with its errors.
    """
    command = [sys.executable, str(_HERE / script), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script}: {done.stderr}")
    return done.stdout.strip()


def part(heading: str, *texts: str) -> str:
    """A heading and what stands under it, printed as soon as it is there."""
    text = "\n\n".join((f"## {heading}", *texts))
    print(text, end="\n\n", flush=True)
    return text
