"""One copy of each model in memory: loaded for its first user, shared by all, freed after its last."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from functools import cache

from lockgate.backends.loading import Loaded

__all__ = ["Holder", "holder"]


class Holder:
    """Models in memory by key, each with the number of those who use it; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Loaded, int]] = {}

    def take(self, key: str, load: Callable[[], Loaded]) -> Loaded:
        """The model of that key, loaded now if nobody uses it yet; each `take` wants one `give_back`.

        Raises:
            Exception: whatever `load` raises; the model then counts as not taken.
        """
        # One lock for all keys: no two models may load at once.
        with self._lock:
            loaded, users = self._held[key] if key in self._held else (load(), 0)
            self._held[key] = (loaded, users + 1)
        return loaded

    def give_back(self, key: str) -> None:
        """End one use; with the last one the memory is freed, on the device as well."""
        with self._lock:
            loaded, users = self._held.pop(key)
            if users > 1:
                self._held[key] = (loaded, users - 1)
                return
            del loaded
        _free()


@cache
def holder() -> Holder:
    """The process's one holder, as memory is the process's; only the transformers backend uses it."""
    return Holder()


def _free() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
