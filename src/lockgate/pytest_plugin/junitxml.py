"""What `--junitxml` lacks for the contract: classnames by suite, failure types, the metrics as properties."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from _pytest.junitxml import xml_key

from lockgate.model import Run
from lockgate.reports.junit import suite_properties

__all__ = ["add_properties", "complete_testcase"]


def complete_testcase(config: pytest.Config, report: pytest.TestReport) -> None:
    """Give a test case its classname and its failure the type that the report carries as `llm_junit`."""
    document = config.stash.get(xml_key, None)
    carried = getattr(report, "llm_junit", None)
    if document is None or carried is None or report.when != "call":
        return
    classname, kind = carried
    reporter = document.node_reporter(report)
    reporter.attrs["classname"] = classname
    for node in reporter.nodes:
        if node.tag == "failure" and kind:
            node.set("type", kind)


def add_properties(config: pytest.Config, runs: Sequence[Run]) -> None:
    """Put every run's backend, fingerprint and metrics on the test suite, labelled when there are several."""
    document = config.stash.get(xml_key, None)
    if document is None:
        return
    for run in runs:
        prefix = f"{run.suite}[{run.backend}]." if len(runs) > 1 else ""
        for name, value in suite_properties(run):
            document.add_global_property(f"{prefix}{name}", value)
