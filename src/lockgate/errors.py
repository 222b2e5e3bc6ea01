"""Every error that Lockgate raises on purpose.

LockgateError                 one base: `except LockgateError` catches all that is meant for a user
├── DocumentError             a file says something it may not; carries every Problem found in it
├── UsageError                an option or an argument names what is not there
├── MissingExtra              a feature needs a package that is not installed
├── BackendError              a backend could not answer
│   └── FatalBackendError     … and will not answer the next request either (bad key, bad model)
├── ReplayMiss                `--llm-offline` met a request that is not in the journal
└── Miss                      a case missed one of its checks (what a test item fails with)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "BackendError",
    "DocumentError",
    "FatalBackendError",
    "LockgateError",
    "Miss",
    "MissingExtra",
    "Problem",
    "ReplayMiss",
    "UsageError",
    "did_you_mean",
    "nearest",
]


class LockgateError(Exception):
    """Base of all errors that are meant for a user; its text is complete without a traceback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file.

    It reads `path:line:column: what is wrong. What to do.` Lines and columns count
    from 1; `source` is the line as it stands in the file, without its end.
    """

    path: str
    line: int
    column: int
    message: str
    source: str = ""

    def __str__(self) -> str:
        head = f"{self.path}:{self.line}:{self.column}: {self.message}"
        if not self.source.strip():
            return head
        shown = self.source.expandtabs(1)
        return f"{head}\n    {shown}\n    {' ' * (self.column - 1)}^"


class DocumentError(LockgateError):
    """A document cannot be used; `problems` holds every mistake found in it, in order of position."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            sorted(set(problems), key=lambda p: (p.path, p.line, p.column, p.message))
        )
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(LockgateError):
    """An option or argument names what is not there; the text lists what is."""


class MissingExtra(LockgateError):  # noqa: N818 - the contract's name
    """A feature needs a package that is not installed; the text has the pip line."""

    def __init__(self, *, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}, which is not installed. "
            f"Run: pip install 'lockgate[{extra}]'"
        )


class BackendError(LockgateError):
    """A backend could not answer a request."""


class FatalBackendError(BackendError):
    """A backend cannot answer any request (wrong key, unknown model): asking again is pointless."""


class ReplayMiss(BackendError):  # noqa: N818 - the contract's name
    """A request is not in the journal and asking is forbidden (`--llm-offline`)."""


class Miss(LockgateError):  # noqa: N818 - what pytest prints for a failed case
    """A case missed at least one of its checks; the text shows prompt, answer, reason and span."""


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that a misspelt one is most like; None where none is like it."""
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), None)


def did_you_mean(word: str, known: Sequence[str], *, noun: str = "names") -> str:
    """The remedy for a misspelt word: the nearest known one, or all there are.

    Args:
        word: what was written.
        known: the valid words, in the order in which they are to be listed.
        noun: what the words are, in the plural.

    Returns:
        A sentence such as `Did you mean 'min'?` or `The names there are: 'max', 'min'.`
    """
    near = nearest(word, known)
    if near is not None:
        return f"Did you mean {near!r}?"
    if not known:
        return f"There are no {noun}."
    return f"The {noun} there are: {', '.join(map(repr, known))}."
