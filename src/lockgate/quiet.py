"""torch and transformers without their noise, and one model at a time while weights are read."""

from __future__ import annotations

import os
import threading
import warnings
from typing import Any

from lockgate.errors import MissingExtra

__all__ = ["LOADING", "hush", "missing"]

LOADING = threading.RLock()
"""Held by whoever loads a model: transformers sets torch's default type and patches its initialisers for the
whole process meanwhile, so of two at once one would get the other's type."""

_ENVIRONMENT = {
    # On busy cores, threads that wait by spinning take the time of those that they wait for: a tenth of the
    # speed was seen. This many turns, about 10 µs, cost nothing on idle ones.
    "GOMP_SPINCOUNT": "10000",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
_BACKEND = "The transformers backend"
_WARNERS = r"(transformers|peft|torch|accelerate|huggingface_hub)\b"


def hush(feature: str = _BACKEND) -> tuple[Any, Any]:
    """Import torch and transformers without telemetry, progress bars or warnings; returns both.

    They read the environment when they are first imported, so whoever needs them comes by here first.

    Args:
        feature: what needs them, for the error.

    Raises:
        MissingExtra: one of them is not installed.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # Not `catch_warnings`: it is not safe in the background thread that models load in.
    warnings.filterwarnings("ignore", module=_WARNERS)
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        raise missing(error.name or "transformers", feature) from error
    transformers.utils.logging.disable_progress_bar()
    return torch, transformers


def missing(package: str, feature: str = _BACKEND) -> MissingExtra:
    """The error for a package of the extra `local` that is not installed."""
    return MissingExtra(feature=feature, package=package, extra="local")
