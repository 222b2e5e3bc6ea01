"""What there is to ask: one job for each case × trial on each backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lockgate.model import Backend, Case, Request, Suite
from lockgate.prompts import render

__all__ = ["Job", "plan", "request_for"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One sample to be made. `suite` is None for a marked Python test, which brings its own assertions."""

    backend: Backend
    case: Case
    request: Request
    suite: Suite | None = None


def request_for(backend: Backend, case: Case, *, trial: int = 0) -> Request:
    """The request that a case makes of a backend, rendered with the backend's prompt.

    Raises:
        UsageError: the prompt uses a variable that the case does not have.
    """
    return Request(case_id=case.id, trial=trial, messages=render(backend.prompt, case), case=case)


def plan(suite: Suite, backend: Backend, *, cases: Iterable[Case] | None = None) -> Iterator[Job]:
    """Jobs for the given cases of a suite (default: all), trial by trial."""
    for case in suite.cases if cases is None else cases:
        for trial in range(suite.trials):
            request = request_for(backend, case, trial=trial)
            yield Job(suite=suite, backend=backend, case=case, request=request)
