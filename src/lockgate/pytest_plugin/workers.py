"""pytest-xdist: who runs the items, who rules, and what the one tells the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lockgate.engine.sharing import Share
from lockgate.model import Sample
from lockgate.plain import from_plain, to_plain
from lockgate.pytest_plugin.collect import CaseItem, is_suite

if TYPE_CHECKING:
    from lockgate.pytest_plugin.session import Lockgate

__all__ = [
    "Since",
    "carried_samples",
    "carry_samples",
    "chosen_suites",
    "is_controller",
    "is_worker",
    "share_of",
]


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs items for another."""
    return hasattr(config, "workerinput")


def is_controller(config: pytest.Config) -> bool:
    """Whether other processes run the items for this one, which collects nothing itself."""
    return config.pluginmanager.has_plugin("dsession")


def share_of(config: pytest.Config) -> Share:
    """This process's part of what is to be asked."""
    given = getattr(config, "workerinput", None)
    if given is None:
        return Share()
    return Share(
        session=given["testrunuid"],
        index=int(given["workerid"].removeprefix("gw")),
        count=given["workercount"],
        since=given.get("llm_since", 0.0),
    )


def chosen_suites(lockgate: Lockgate, session: pytest.Session) -> Iterator[Path]:
    """The suite files that the command line names, which a controller does not collect."""
    config = session.config
    roots = [Path(str(a).split("::")[0]) for a in config.args]
    roots = [r if r.is_absolute() else config.invocation_params.dir / r for r in roots]
    patterns = lockgate.settings.suites
    for path in sorted(p for glob in patterns for p in config.rootpath.glob(glob)):
        wanted = any(path == r or path.is_relative_to(r) for r in roots)
        if wanted and is_suite(path, config.rootpath, patterns):
            yield path


def carry_samples(report: pytest.TestReport, item: CaseItem) -> None:
    """Put an item's samples on its report, as plain data."""
    samples = [to_plain(sample) for sample in item.samples]
    report.__dict__.update(llm_samples=samples, llm_of=[item.suite.path, item.backend.name])


def carried_samples(report: pytest.TestReport) -> tuple[tuple[str, str], list[Sample]] | None:
    """Suite's path and backend's name, and the samples that a worker put on the report."""
    carried = getattr(report, "llm_samples", None)
    if carried is None:
        return None
    path, name = report.__dict__["llm_of"]
    return (path, name), [from_plain(Sample, sample) for sample in carried]


class Since:
    """Registered beside the session: tells every worker when it began (for `--llm-fresh`)."""

    def __init__(self) -> None:
        self._began = time.time()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """One worker is about to start."""
        node.workerinput["llm_since"] = self._began
