"""How far the engine is: a line on a terminal, one every thirty seconds in a log, none for a short run."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from under_way import UNDER_WAY

from lockgate.engine.progress import Progress
from lockgate.pytest_plugin.progress import ProgressLine, describe


class Screen(io.StringIO):
    """A terminal or a file."""

    def __init__(self, *, live: bool) -> None:
        super().__init__()
        self.live = live

    def isatty(self) -> bool:
        return self.live


@pytest.fixture
def line_on(pytester):
    """A progress line whose pytest writes to the given screen, `width` characters wide."""

    def make(screen, width=100):
        config = pytester.parseconfigure()
        writer = config.get_terminal_writer()
        writer._file, writer.fullwidth = screen, width
        return ProgressLine(config)

    return make


def on_a_terminal(command, folder) -> str:
    """What a command writes to a pseudo-terminal until it ends."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    near, far = pty.openpty()
    process = subprocess.Popen(command, cwd=folder, stdin=far, stdout=far, stderr=far)
    os.close(far)
    written = b""
    # Linux says EIO where others say that there is no more.
    with contextlib.suppress(OSError), os.fdopen(near, "rb", buffering=0) as screen:
        while part := screen.read(4096):
            written += part
    process.wait()
    return written.decode()


def after(seconds):
    return replace(UNDER_WAY, seconds=seconds)


def test_all_is_said():
    """Done, all, rate, in flight, retries, tokens, cost and time left, each with its unit."""
    assert describe(UNDER_WAY) == (
        "lockgate ft:v3 120/1,000 · 20 from the journal · 25.0/s · 8 in flight · 3 retries · 512 tokens/s · "
        "$0.125 · 35 s left"
    )


def test_what_is_not_known_is_not_said():
    """Before the first answer there is neither rate nor time left; of retries only where there are any."""
    assert describe(Progress(done=0, total=7, seconds=1.0, backend="ft:v3")) == "lockgate ft:v3 0/7"
    assert " · 1 retry · " in describe(replace(UNDER_WAY, retries=1))


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (100, "35 s left"),
        (30, "117 s left"),
        (20, "3 min left"),
        (1, "59 min left"),
        (0.25, "3 h 55 min left"),
    ],
)
def test_the_time_left(asked, left):
    """Seconds up to two minutes, then minutes, then hours and minutes."""
    assert describe(replace(UNDER_WAY, asked=asked)).endswith(f" · {left}")


def test_a_terminal_has_one_line(line_on):
    """The line is rewritten in place, at most four times a second, and wiped at the end."""
    screen = Screen(live=True)
    line = line_on(screen)
    line.show(after(0.1))
    assert screen.getvalue() == ""
    line.show(after(0.3))
    line.show(after(0.5))
    first = screen.getvalue()
    assert first.count("lockgate") == 2
    assert "\n" not in first
    line.show(after(0.6))
    assert screen.getvalue().count("lockgate") == 4
    line.clear()
    blank, end = screen.getvalue().split("\r")[-2:]
    assert (blank.strip(), end) == ("", "")
    assert len(blank) >= len(f"  {describe(UNDER_WAY)}"[:99])


def test_what_pytest_had_written_is_given_back(line_on):
    """Dots that the line was drawn over stand there again once it is wiped, and only once."""
    screen = Screen(live=True)
    line = line_on(screen)
    line._config.get_terminal_writer().write("....")
    line.show(after(1.0))
    line.clear()
    assert screen.getvalue().endswith("\r....")
    written = screen.getvalue()
    line.clear()
    assert screen.getvalue() == written


def test_a_narrow_terminal_keeps_it_on_one_line(line_on):
    """What does not fit is cut, as a line that wraps could not be rewritten."""
    screen = Screen(live=True)
    line_on(screen, width=30).show(after(1.0))
    assert max(len(part) for part in screen.getvalue().split("\r")) == 29


def test_a_log_has_a_line_every_thirty_seconds(line_on):
    """Where the output is no terminal, whole lines come thirty seconds apart, and nothing is wiped."""
    screen = Screen(live=False)
    line = line_on(screen)
    for seconds in range(1, 95):
        line.show(after(float(seconds)))
        line.clear()
    assert screen.getvalue() == f"{describe(UNDER_WAY)}\n" * 3


def test_a_short_run_leaves_a_log_alone(line_on):
    """A run of less than thirty seconds says nothing."""
    screen = Screen(live=False)
    line_on(screen).show(after(29.9))
    assert screen.getvalue() == ""


def test_a_line_of_dots_is_ended_first(line_on):
    """In the middle of pytest's own line, ours begins on a new one."""
    screen = Screen(live=False)
    line = line_on(screen)
    line._config.get_terminal_writer().write("....")
    line.show(after(30.0))
    assert screen.getvalue() == f"....\n{describe(UNDER_WAY)}\n"


def test_without_a_terminal_reporter_nothing_is_written(line_on):
    """A process that reports nothing itself, such as an xdist worker, is silent."""
    screen = Screen(live=True)
    line = line_on(screen)
    line._config.pluginmanager.unregister(name="terminalreporter")
    line.show(after(60.0))
    line.clear()
    assert screen.getvalue() == ""


def test_a_run_on_a_terminal_shows_its_line(pytester, desk):
    """Under pytest's capture on a real terminal, the line is drawn while an item waits, and wiped."""
    answers = {"hours": {"text": "At nine.", "seconds": 0.4}, "place": "At the harbour."}
    project = f"backends: {{ft: {{v3: {{kind: scripted, sleep: true, answers: {json.dumps(answers)}}}}}}}\n"
    desk.write("lockgate.yaml", project)
    options = ["--llm-backend=ft:v3", "-p", "no:xdist", "-p", "no:cacheprovider"]
    written = on_a_terminal([sys.executable, "-m", "pytest", *options], pytester.path)
    assert "lockgate ft:v3 0/2" in written
    assert "1 in flight" in written
    assert "2 passed" in written


def test_a_log_of_a_short_run_has_no_progress(desk):
    """A whole run of two cases under pytest, its output captured, says nothing of progress."""
    result = desk.run("--llm-backend=ft:v3")
    assert not [line for line in result.outlines if line.startswith("lockgate ft:v3 ")]
