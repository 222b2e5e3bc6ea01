"""The tutorial, done word for word: its files written, its commands run, its exit codes held."""

import re
import shlex
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
STEP = re.compile(
    r"^`(?P<file>[\w./-]+)`\n\n```\w+\n(?P<content>.*?)^```$"
    r"|^```console\n\$ (?P<command>[^\n]+)\n```$(?:\n\n<!-- exit (?P<exit>\d) -->)?",
    re.MULTILINE | re.DOTALL,
)


def run(pytester: pytest.Pytester, command: str) -> pytest.RunResult:
    program, *arguments = shlex.split(command)
    if program == "pytest":
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist", *arguments)
    return pytester.run(str(Path(sys.executable).with_name(program)), *arguments)


def test_tutorial(pytester: pytest.Pytester):
    """Every command of the tutorial ends as the tutorial says."""
    pytester.makeini("[pytest]\n")
    steps = list(STEP.finditer((DOCS / "tutorial.md").read_text("utf-8")))
    commands = 0
    for step in steps:
        if step["file"]:
            target = pytester.path / step["file"]
            target.parent.mkdir(exist_ok=True)
            target.write_text(step["content"], "utf-8")
        else:
            commands += 1
            result = run(pytester, step["command"])
            assert result.ret == int(step["exit"] or 0), step["command"]
    assert commands == 8
