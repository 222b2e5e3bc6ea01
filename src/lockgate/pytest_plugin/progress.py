"""How far the engine is, while an item waits: a line rewritten on a terminal, now and then one in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from lockgate.engine.progress import Progress
from lockgate.units import show

__all__ = ["ProgressLine", "describe"]

Result = TypeVar("Result")

_SECONDS_BETWEEN = 0.25
_SECONDS_BETWEEN_LINES = 30.0


class ProgressLine:
    """Rewrites one line on a terminal and wipes it before pytest goes on; writes lines of its own to a log.

    Where the output is no terminal a line comes every 30 seconds, so that a run that takes less says nothing.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._shown = 0
        self._last = 0.0
        self._live: bool | None = None

    def show(self, progress: Progress) -> None:
        """Say how far it is, if it is time to: a terminal hears it at most four times a second."""
        waited = progress.seconds - self._last
        terminal = self._terminal() if waited >= _SECONDS_BETWEEN else None
        if terminal is None:
            return
        self._live = terminal.isatty() if self._live is None else self._live
        if self._live:
            self._last = progress.seconds
            self._rewrite(terminal, f"  {describe(progress)}"[: terminal.width - 1])
        elif waited >= _SECONDS_BETWEEN_LINES:
            self._last = progress.seconds
            terminal.line(describe(progress))

    def clear(self) -> None:
        """Wipe the line, and give back what pytest had written on it."""
        terminal = self._terminal() if self._shown else None
        if terminal is not None:
            self._rewrite(terminal, terminal.unfinished)
            self._shown = 0

    def _terminal(self) -> _Terminal | None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        return None if reporter is None else _Terminal(self._config, reporter)

    def _rewrite(self, terminal: _Terminal, text: str) -> None:
        terminal.write(f"\r{text.ljust(self._shown)}\r{text}")
        self._shown = len(text)


def describe(progress: Progress) -> str:
    """`lockgate ft:v3 120/1,000 · 24.1/s · 8 in flight · 512 tokens/s · $0.12 · 37 s left`."""
    return " · ".join(_parts(progress))


def _parts(progress: Progress) -> Iterator[str]:
    yield f"lockgate {progress.backend} {progress.done:,}/{progress.total:,}"
    if progress.replayed:
        yield f"{progress.replayed:,} from the journal"
    if progress.rate:
        yield f"{progress.rate:.1f}/s"
    if progress.in_flight:
        yield f"{progress.in_flight} in flight"
    if progress.retries:
        yield f"{progress.retries:,} {'retry' if progress.retries == 1 else 'retries'}"
    if progress.tokens_per_second:
        yield f"{progress.tokens_per_second:,.0f} tokens/s"
    if progress.cost is not None:
        yield show(progress.cost, "usd")
    if progress.seconds_left is not None:
        yield f"{_duration(progress.seconds_left)} left"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


class _Terminal:
    """The terminal behind pytest's capture."""

    def __init__(self, config: pytest.Config, reporter: Any) -> None:
        self._reporter = reporter
        self._writer = config.get_terminal_writer()
        self._capture = config.pluginmanager.getplugin("capturemanager")

    @property
    def width(self) -> int:
        return int(self._writer.fullwidth)

    @property
    def unfinished(self) -> str:
        """What pytest has written on its line so far."""
        return str(self._writer._current_line)  # noqa: SLF001 -- as below

    def isatty(self) -> bool:
        """Asked behind the capture: while it holds, what pytest writes to is a file."""
        return bool(self._behind_capture(self._writer._file.isatty))  # noqa: SLF001 -- the only way to it

    def write(self, text: str) -> None:
        """Text past pytest's own account of its line, for it is wiped again."""
        self._behind_capture(lambda: self._put(text))

    def line(self, text: str) -> None:
        """A line of its own, after which pytest begins another."""
        self._behind_capture(lambda: self._put_line(text))

    def _behind_capture(self, act: Callable[[], Result]) -> Result:
        if self._capture is None:
            return act()
        with self._capture.global_and_fixture_disabled():
            return act()

    def _put(self, text: str) -> None:
        self._writer._file.write(text)  # noqa: SLF001 -- as above
        self._writer.flush()

    def _put_line(self, text: str) -> None:
        self._reporter.ensure_newline()
        if self._writer.width_of_current_line:
            self._writer.line()
        self._writer.line(text)
        self._writer.flush()
