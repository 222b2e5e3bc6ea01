"""A single line that shows how far the engine is, on a terminal only."""

from __future__ import annotations

import time

import pytest

from lockgate.engine.background import Progress

__all__ = ["ProgressLine"]

_SECONDS_BETWEEN = 0.25


class ProgressLine:
    """Rewrites one line while an item waits, and wipes it before pytest goes on."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._shown = 0
        self._last = 0.0

    def show(self, progress: Progress) -> None:
        """Draw the line anew, at most four times a second; nothing when the output is no terminal."""
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN and self._writer.isatty():
            self._last = now
            self._write(_text(progress))

    def clear(self) -> None:
        """Wipe the line."""
        if self._shown:
            self._write("")

    @property
    def _writer(self) -> _Terminal:
        return _Terminal(self._config)

    def _write(self, text: str) -> None:
        padded = text.ljust(self._shown)
        self._writer.write(f"\r{padded}\r{text}")
        self._shown = len(text)


class _Terminal:
    """The terminal behind pytest's capture."""

    def __init__(self, config: pytest.Config) -> None:
        self._file = config.get_terminal_writer()._file  # noqa: SLF001 -- the only way to what pytest writes to
        self._capture = config.pluginmanager.getplugin("capturemanager")

    def isatty(self) -> bool:
        return bool(self._file.isatty())

    def write(self, text: str) -> None:
        if self._capture is None:
            self._put(text)
            return
        with self._capture.global_and_fixture_disabled():
            self._put(text)

    def _put(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()


def _text(progress: Progress) -> str:
    rate = progress.done / progress.seconds if progress.seconds > 0 else 0.0
    return f"  lockgate {progress.backend} {progress.done}/{progress.total} · {rate:.1f}/s"
