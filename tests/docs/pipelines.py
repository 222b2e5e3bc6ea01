"""CI files as they stand on a page, done in one folder: their steps, their artifacts, their environment."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
_FILE = re.compile(r"^`(?P<path>[\w./-]+)`\n\n```\w+\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPRESSION = re.compile(r"\$\{\{ *([\w.]+) *\}\}")


def files(page: str) -> dict[str, str]:
    """Path → content of each file that a page shows."""
    text = (HOW_TO / page).read_text("utf-8")
    return {found["path"]: found["content"] for found in _FILE.finditer(text)}


def desk_scripts(page: str) -> list[str]:
    """The blocks of commands that are typed by hand."""
    text = (HOW_TO / page).read_text("utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@dataclass
class Workplace:
    """A folder in which scripts run as in CI; what is no part of Lockgate (`pip`, `git`) does nothing.

    `secrets` are what GitHub's expressions give, `environ` what every step has, `done` the scripts that ran.
    """

    folder: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        tools, temporary = self.folder / ".tools", self.folder / ".temporary"
        tools.mkdir(exist_ok=True)
        temporary.mkdir(exist_ok=True)
        # `python -m pip` is no other thing than pip.
        real = f'[ "$1 $2" = "-m pip" ] || exec {sys.executable} "$@"'
        for name, script in {"pip": "exit 0", "git": "exit 0", "python": real}.items():
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)
        path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
        foreign = ("GITHUB_", "LOCKGATE_", "PYTEST_")
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
            "PATH": path,
            "RUNNER_TEMP": str(temporary),
            "GITHUB_STEP_SUMMARY": str(temporary / "summary.md"),
            "PYTEST_ADDOPTS": "-p no:cacheprovider -p no:xdist",
            **self.environ,
        }

    def sh(self, script: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a script as GitHub's `run:` and the others do: it ends at the first command that fails."""
        self.done.append(script)
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            check=False,
        )

    def github(self, workflow: str) -> Iterator[tuple[str, subprocess.CompletedProcess[str]]]:
        """Do the jobs of a workflow in order, once for each row of a matrix: each job's name with its result.

        A job ends at the first step that fails; artifacts go from job to job.
        """
        for name, job in yaml.safe_load(workflow)["jobs"].items():
            matrix = job.get("strategy", {}).get("matrix", {})
            [(key, values)] = matrix.items() or [("", [None])]
            for value in values:
                yield name, self._job(job["steps"], {f"matrix.{key}": str(value)})

    def _job(self, steps: list[dict[str, Any]], known: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        done = subprocess.CompletedProcess([], 0, "", "")
        for step in steps:
            if done.returncode and step.get("if") != "always()":
                continue
            if "uses" in step:
                self._use(step["uses"].partition("@")[0], step.get("with", {}), known)
                continue
            environ = {name: self._filled(v, known) for name, v in step.get("env", {}).items()}
            result = self.sh(step["run"], environ)
            done = done if done.returncode else result
        return done

    def _filled(self, text: str, known: Mapping[str, str]) -> str:
        return _EXPRESSION.sub(lambda found: {**self.secrets, **known}[found[1]], str(text))

    def _use(self, action: str, given: Mapping[str, Any], known: Mapping[str, str]) -> None:
        store = self.folder / ".artifacts"
        if action == "actions/upload-artifact":
            name, path = self._filled(given["name"], known), self.folder / self._filled(given["path"], known)
            (store / name).mkdir(parents=True)
            for file in path.iterdir() if path.is_dir() else [path]:
                shutil.copy(file, store / name)
        elif action == "actions/download-artifact":
            for found in sorted(store.iterdir()):
                if fnmatch.fnmatch(found.name, given.get("pattern", given.get("name"))):
                    shutil.copytree(found, self.folder / given["path"], dirs_exist_ok=True)
        else:
            assert action in ("actions/checkout", "actions/setup-python")

    def gitlab(self, pipeline: str) -> Iterator[tuple[str, subprocess.CompletedProcess[str]]]:
        """Do the jobs of a pipeline in order, as often as `parallel` says."""
        jobs = {name: job for name, job in yaml.safe_load(pipeline).items() if "script" in job}
        for name, job in jobs.items():
            total = job.get("parallel", 1)
            for number in range(1, total + 1):
                node = {"CI_NODE_INDEX": str(number), "CI_NODE_TOTAL": str(total)}
                yield name, self.sh("\n".join(job["script"]), node)

    def jenkins(self, pipeline: str) -> Iterator[tuple[str, subprocess.CompletedProcess[str]]]:
        """Do the `sh` steps of a declarative pipeline, stage by stage, until one fails."""
        for name, stage in re.findall(r"stage\('(\w+)'\) \{(.*?)(?=stage\('|\Z)", pipeline, re.DOTALL):
            for quote, script in re.findall(r"""^ *sh (["'])(.*)\1$""", stage, re.MULTILINE):
                assert quote not in script
                result = self.sh(script)
                if result.returncode:
                    break
            yield name, result
