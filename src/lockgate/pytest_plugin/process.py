"""What a session with Lockgate changes in its process, and puts back: garbage collection and warnings."""

from __future__ import annotations

import atexit
import functools
import gc

import pytest

__all__ = ["collect_garbage_less", "hush", "leave_quickly"]

_OBJECTS_BETWEEN_COLLECTIONS = 20_000
_QUIET = ("torch", "transformers", "peft", "lancedb", "openai", "aiohttp", "huggingface_hub", "accelerate")


def collect_garbage_less(config: pytest.Config) -> None:
    """What a session makes mostly stays to its end; looking for cycles in it took a tenth of its time."""
    first, *others = gc.get_threshold()
    config.add_cleanup(functools.partial(gc.set_threshold, first, *others))
    gc.set_threshold(max(first, _OBJECTS_BETWEEN_COLLECTIONS), *others)


def leave_quickly() -> None:
    """Spare Python the search for cycles in a process that is about to end (0.25 s for 1,000 cases)."""
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


def hush(config: pytest.Config) -> None:
    """Warnings inside model libraries, on the engine's thread, are not the tests' warnings."""
    for module in _QUIET:
        config.addinivalue_line("filterwarnings", rf"ignore:::{module}(\..*)?")
