"""What becomes of an item's report: a miss that gates govern is an xfail, an error keeps its kind."""

from __future__ import annotations

import pytest

from lockgate.errors import Miss
from lockgate.pytest_plugin.collect import CaseItem

__all__ = ["settle"]


def settle(report: pytest.TestReport, item: CaseItem, call: pytest.CallInfo[None], suffix: str) -> None:
    """Give an item's report what JUnit shows of it, and the outcome that the gates leave it.

    Args:
        report: of the call.
        item: the case.
        call: what came of it.
        suffix: what the suite's name ends with when several backends run.
    """
    report.__dict__["llm_junit"] = [item.suite.name + suffix, _kind(call)]
    missed = call.excinfo is not None and call.excinfo.errisinstance(Miss)
    if missed and item.governed and not item.config.option.runxfail:
        report.outcome = "skipped"
        report.wasxfail = f"a gate decides: {_first_reason(item)}"


def _kind(call: pytest.CallInfo[None]) -> str:
    if call.excinfo is None:
        return ""
    return "miss" if call.excinfo.errisinstance(Miss) else "backend-error"


def _first_reason(item: CaseItem) -> str:
    reasons = [
        f"{v.check}: {v.reason}" for s in item.samples for v in s.verdicts if not v.passed and v.reason
    ]
    return reasons[0] if reasons else "a check was missed"
