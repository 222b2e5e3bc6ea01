"""A case's way through pytest: the usual one, or a shorter one where nobody could see the difference.

An item of a suite has nothing to set up: it waits for its sample. pytest's own preparations for the code of a
test (capturing its output three times over, its logs, its warnings) are then left out, which is most of what
an item costs. As soon as a fixture, a mark, an option or another plugin has a part in it, all goes as always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import check_interactive_exception

if TYPE_CHECKING:
    from lockgate.pytest_plugin.collect import CaseItem

__all__ = ["is_plain", "run_plain"]

_HOOKS = (
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtest_call",
    "pytest_runtest_teardown",
)
_KNOWN = ("_pytest.", "_hypothesis_", "anyio.", "lockgate.", "xdist.")
_OPTIONS = ("setuponly", "setupshow", "setupplan", "usepdb", "trace")


def is_plain(config: pytest.Config) -> bool:
    """Whether no option and no plugin takes part in how items are run."""
    asked = any(config.getoption(option, default=None) for option in _OPTIONS)
    return not asked and not any(_foreign(config, hook) for hook in _HOOKS)


def run_plain(item: CaseItem, nextitem: pytest.Item | None) -> bool:
    """Run an item and report it, or do nothing when it has fixtures or marks; returns whether it was run."""
    if item.fixturenames or next(item.iter_markers(), None) is not None:
        return False
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    called = _report(item)
    # What tests before it set up for their files is not needed any longer.
    stop = item.session.shouldfail or item.session.shouldstop
    item.session._setupstate.teardown_exact(None if stop else nextitem)  # noqa: SLF001 - as pytest's own runner
    hook.pytest_runtest_logreport(report=_done(item, called))
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _report(item: CaseItem) -> pytest.TestReport:
    stops = (pytest.exit.Exception, KeyboardInterrupt)
    call = pytest.CallInfo.from_call(item.runtest, when="call", reraise=stops)
    report = item.ihook.pytest_runtest_makereport(item=item, call=call)
    item.ihook.pytest_runtest_logreport(report=report)
    if check_interactive_exception(call, report):
        item.ihook.pytest_exception_interact(node=item, call=call, report=report)
    made: pytest.TestReport = report
    return made


def _done(item: CaseItem, called: pytest.TestReport) -> pytest.TestReport:
    """The end of an item: reporters such as `--junitxml` wait for it, and keep it like the one before."""
    nothing = pytest.CallInfo.from_call(lambda: None, when="teardown")
    report = pytest.TestReport.from_item_and_call(item, nothing)
    report.keywords, report.user_properties = called.keywords, called.user_properties
    return report


def _foreign(config: pytest.Config, hook: str) -> Sequence[str]:
    """Implementations of a hook that are neither pytest's nor those of plugins known to be indifferent."""
    found = getattr(config.hook, hook).get_hookimpls()
    return [impl.plugin_name for impl in found if not impl.function.__module__.startswith(_KNOWN)]
