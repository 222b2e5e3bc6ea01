"""A small project with scripted backends, in a fresh pytester folder."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import lockgate

# In-process runs of pytest put sys.modules back to what it was: what is imported anew each time (numpy's C
# modules refuse, exception classes become others) must be there before.
for _module in pkgutil.walk_packages(lockgate.__path__, "lockgate."):
    importlib.import_module(_module.name)
for _name in ("scipy.optimize", "scipy.special", "scipy.stats", "jinja2.nativetypes", "jsonschema", "yaml"):
    importlib.import_module(_name)

PROJECT = """\
backends:
  prompt:
    default: v2
    v1: {kind: scripted, answers: answers/v1.json}
    v2: {kind: scripted, answers: answers/v2.json}
  ft:
    v3: {kind: scripted, answers: answers/v3.json}
"""

JUDGED_PROJECT = """\
backends:
  ft:
    v3: {kind: scripted, answers: answers/v3.json}
  judge:
    v1: {kind: scripted, answers: answers/judge.json}
"""

SUITE = """\
suite: shop
cases:
  - {id: hours, input: "When do you open?", expected: nine}
  - {id: place, input: "Where are you?", expected: harbour}
checks:
  - contains: {value: "{{ expected }}", metric: accuracy}
"""

GOOD = {"hours": "At nine.", "place": "At the harbour."}
HALF = {"hours": "At nine.", "place": "No idea."}


@dataclass
class Desk:
    """The project under test."""

    pytester: pytest.Pytester

    def write(self, path: str, content: str | Mapping[str, Any]) -> Path:
        target = self.pytester.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return target

    def declare_judge(self) -> None:
        """A project of ft:v3 and judge:v1."""
        self.write("lockgate.yaml", JUDGED_PROJECT)

    def many(self, count: int, *, right: int, gates: str, checks: str = "") -> None:
        """A suite `many` of that many cases, the first `right` of which ft:v3 gets right."""
        rows = "".join(f"  - {{id: c{n:03}, input: Say yes {n}., expected: 'yes'}}\n" for n in range(count))
        head = f"suite: many\ncases:\n{rows}"
        text = f"{head}checks:\n  - equals: {{value: '{{{{ expected }}}}'}}\n{checks}{gates}"
        self.write("evalsuites/many.yaml", text)
        answers = {f"c{n:03}": "yes" if n < right else "no" for n in range(count)}
        self.write("answers/v3.json", answers)
        (self.pytester.path / "evalsuites/shop.yaml").unlink(missing_ok=True)

    def run(self, *args: str, workers: int = 0) -> pytest.RunResult:
        spread = ["-n", str(workers)] if workers else ["-p", "no:xdist"]
        run = self.pytester.runpytest_subprocess if workers else self.pytester.runpytest_inprocess
        return run("-p", "no:cacheprovider", *spread, *args)


@pytest.fixture
def desk(pytester: pytest.Pytester) -> Desk:
    desk = Desk(pytester)
    pytester.makeini("[pytest]\n")
    desk.write("lockgate.yaml", PROJECT)
    desk.write("evalsuites/shop.yaml", SUITE)
    desk.write("answers/v1.json", HALF)
    desk.write("answers/v2.json", GOOD)
    desk.write("answers/v3.json", GOOD)
    return desk
