"""Lockgate: evaluate, gate and guard language-model backends from pytest. Names are resolved on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.checks.authoring import check
    from lockgate.documents.project import load_project
    from lockgate.documents.suites import load_check, load_suite
    from lockgate.engine.runner import run_suite
    from lockgate.errors import LockgateError
    from lockgate.model import Case, Completion, Labels, Run, Verdict

__all__ = [
    "Case",
    "Completion",
    "Labels",
    "LockgateError",
    "Run",
    "Verdict",
    "check",
    "load_check",
    "load_project",
    "load_suite",
    "run_suite",
]

__version__ = "0.1.0"

_HOMES = {
    "Case": "lockgate.model",
    "Completion": "lockgate.model",
    "Labels": "lockgate.model",
    "LockgateError": "lockgate.errors",
    "Run": "lockgate.model",
    "Verdict": "lockgate.model",
    "check": "lockgate.checks.authoring",
    "load_check": "lockgate.documents.suites",
    "load_project": "lockgate.documents.project",
    "load_suite": "lockgate.documents.suites",
    "run_suite": "lockgate.engine.runner",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lockgate' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
