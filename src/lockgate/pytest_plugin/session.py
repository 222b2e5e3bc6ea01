"""One pytest session with Lockgate awake in it: what was selected, the engine behind it, what came of it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import cached_property
from pathlib import Path

import pytest

from lockgate.engine.background import Engine
from lockgate.engine.early import Early
from lockgate.engine.jobs import Job
from lockgate.engine.varying import Pair
from lockgate.engine.varying import settle as settle_pair
from lockgate.errors import LockgateError
from lockgate.model import Backend, Run, Sample, Suite
from lockgate.pytest_plugin.chosen import Chosen
from lockgate.pytest_plugin.collect import CaseItem
from lockgate.pytest_plugin.junitxml import add_properties, complete_testcase
from lockgate.pytest_plugin.outcomes import settle
from lockgate.pytest_plugin.planning import Planned, plan_items
from lockgate.pytest_plugin.process import hush
from lockgate.pytest_plugin.progress import ProgressLine
from lockgate.pytest_plugin.protocol import is_plain, run_plain
from lockgate.pytest_plugin.rulings import Tally, conclude_all, find_baselines
from lockgate.pytest_plugin.sharding import empty_is_fine, keep_own_cases, leave_for_merge
from lockgate.pytest_plugin.workers import (
    Since,
    carried_samples,
    carry_samples,
    chosen_suites,
    is_controller,
    is_worker,
    share_of,
)

__all__ = ["Lockgate"]

_FAREWELL_SECONDS = 1.0


class Lockgate(Chosen):
    """The plugin object that is registered when a suite, an option or a fixture asks for it."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config)
        self.runs: list[Run] = []
        self._progress = ProgressLine(config)
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._planned = Planned()
        config.pluginmanager.register(Since(), "lockgate-since")
        hush(config)

    def expect(self, suite: Suite, backend: Backend) -> None:
        """Remember that a suite is to run on a backend."""
        key = (suite.path, backend.name)
        self._tallies.setdefault(key, Tally(suite=suite, backend=backend))

    def _expect_on_all(self, path: Path) -> None:
        suite = self.suite(path)
        if suite is not None:
            for name in self.backend_names:
                self.expect(suite, self.backend(name))

    # While pytest collects

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        """Find every mistake in project and suites before anything is asked: exit code 4."""
        try:
            for name in self.backend_names:
                backend = self.backend(name)
                if not self.config.option.collectonly:
                    # What cannot be named (its weights, its extra are missing) cannot answer either.
                    _ = backend.identity
            if self.settings.baseline:
                find_baselines(self).check(self.backend_names, option="--llm-baseline")
        except LockgateError as error:
            raise pytest.UsageError(str(error)) from error
        if is_controller(self.config):
            for path in chosen_suites(self, session):
                self._expect_on_all(path)
            self.end_if_broken()
        return (yield)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """With `--llm-shard`, leave the other shards' cases to them."""
        if self.settings.shard is not None:
            keep_own_cases(config, items, self.settings.shard)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start the engine on what is still selected; broken suites end the session here, exit code 4."""
        self.end_if_broken()
        if is_controller(self.config) or self.config.option.collectonly:
            return
        try:
            self._planned = plan_items(session.items)
            jobs = self._planned.everything
            share = share_of(self.config)
            early = [] if share.count > 1 or self.settings.shard else list(self._may_stop_early())
            self.engine = Engine(jobs, self.asker, share, early) if jobs else None
        except LockgateError as error:
            raise pytest.UsageError(str(error)) from error
        if self.engine is not None:
            self.engine.start()

    def _may_stop_early(self) -> Iterator[tuple[Suite, Backend, Early]]:
        """The suites that say `stop: early`; of several processes none sees enough to stop."""
        for tally in self._tallies.values():
            if tally.suite.stop:
                baselines = find_baselines(self).of(tally.suite)
                yield tally.suite, tally.backend, Early(tally.suite, baselines)

    # While pytest runs

    def samples_of(self, item: pytest.Item) -> tuple[Sample, ...]:
        """Wait for the samples of an item."""
        engine = self.engine
        if engine is None:
            return ()
        try:
            pairs = self._planned.pairs.get(item.nodeid)
            if pairs is not None:
                return tuple(self._settled(pair) for pair in pairs)
            return tuple(map(self._wait, self._planned.jobs[item.nodeid]))
        finally:
            self._progress.clear()

    def _wait(self, job: Job) -> Sample:
        engine = self.engine
        assert engine is not None  # noqa: S101 -- for the type checker: only `samples_of` waits
        return engine.wait(job, tick=lambda: self._progress.show(engine.progress))

    def _settled(self, pair: Pair) -> Sample:
        asker = self.asker(pair.original.backend)
        return settle_pair(pair, self._wait(pair.original), self._wait(pair.varied), asker)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Cases go the short way where that makes no difference."""
        short = isinstance(item, CaseItem) and self._short_way and run_plain(item, nextitem)
        return True if short else None

    @cached_property
    def _short_way(self) -> bool:
        return is_plain(self.config)

    def keep(self, suite: Suite, backend: Backend, samples: Iterable[Sample]) -> None:
        """Count samples towards their suite's rulings."""
        self._tallies[suite.path, backend.name].samples.extend(samples)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A miss that gates govern is an xfail; samples ride on the report to the controller."""
        report = yield
        if isinstance(item, CaseItem) and call.when == "call":
            settle(report, item, call, self.suffix(item.backend))
            if is_worker(self.config):
                carry_samples(report, item)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Complete the JUnit test case; on the controller, take the samples that a report carries."""
        complete_testcase(self.config, report)
        carried = carried_samples(report) if is_controller(self.config) else None
        if carried is not None:
            of, samples = carried
            self._tallies[of].samples.extend(samples)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Stop asking when pytest stops; rule once, where everything has come together."""
        try:
            result = yield
        except BaseException:
            self._halt()
            raise
        if session.shouldstop or session.shouldfail:
            self._halt()
        elif not self.config.option.collectonly:
            self._settle(session)
        return result

    def _settle(self, session: pytest.Session) -> None:
        if self.engine is not None:
            self.engine.join()
        if is_worker(self.config):
            return
        if self.settings.shard is not None:
            leave_for_merge(self, self.settings.shard, self._tallies.values())
        else:
            tallies = [t for t in self._tallies.values() if t.samples]
            self.runs = conclude_all(self, session, tallies)

    def _halt(self) -> None:
        if self.engine is not None:
            self.engine.stop()

    # When pytest is done

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The gate tables, and the comparison of backends when several ran."""
        from lockgate.pytest_plugin.summary import summarise, tell_github

        summarise(terminalreporter, self.runs, journal=self._journal, shard=self.settings.shard)
        if self.settings.github and self.runs:
            tell_github(terminalreporter, self.runs, self.registry, self.settings.inconclusive)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Give `--junitxml` the classnames, types and properties of the contract, before it is written."""
        if self.settings.shard is not None:
            empty_is_fine(session, self._tallies.values())
        add_properties(session.config, self.runs)

    def pytest_unconfigure(self) -> None:
        """Let go of weights, connections and files; a batch at work is given a second to end by itself."""
        self._halt()
        if self.engine is not None:
            self.engine.join(_FAREWELL_SECONDS)
        self.close()
