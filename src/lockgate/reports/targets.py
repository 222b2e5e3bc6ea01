"""Where reports go: into a folder, to GitHub, or both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lockgate.errors import UsageError

__all__ = ["GITHUB", "Targets", "read_targets"]

GITHUB = "github"
"""The word for the summary and the annotations of GitHub Actions; a folder of that name is `./github`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The folder that reports are written into, as it was given, and whether GitHub is told."""

    folder: Path | None = None
    github: bool = False


def read_targets(written: Iterable[str], *, option: str) -> Targets:
    """The targets that values of an option name, each of them one or several with commas between.

    Raises:
        UsageError: there are two folders.
    """
    words = [word.strip() for value in written for word in value.split(",")]
    folders = list(dict.fromkeys(word for word in words if word and word != GITHUB))
    if len(folders) > 1:
        raise UsageError(
            f"{option}: one folder takes the reports, not {' and '.join(folders)}. Name one of them."
        )
    return Targets(folder=Path(folders[0]) if folders else None, github=GITHUB in words)
