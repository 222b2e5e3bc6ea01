"""One pytest session with Lockgate awake in it: what was selected, the engine behind it, what came of it."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lockgate.checks.authoring import checks_of
from lockgate.documents.project import Project, load_project
from lockgate.documents.suites import load_suite
from lockgate.engine.asking import Asker, Budget, Journalled
from lockgate.engine.background import Engine, Share
from lockgate.engine.jobs import Job, plan
from lockgate.engine.journal import Journal
from lockgate.errors import LockgateError, Miss
from lockgate.model import Backend, Run, Sample, Suite
from lockgate.plain import from_plain, to_plain
from lockgate.pytest_plugin.collect import CaseItem, is_suite
from lockgate.pytest_plugin.junitxml import add_properties, complete_testcase
from lockgate.pytest_plugin.progress import ProgressLine
from lockgate.pytest_plugin.protocol import is_plain, run_plain
from lockgate.pytest_plugin.rulings import Tally, conclude_all, find_baselines
from lockgate.pytest_plugin.settings import Settings, read_settings
from lockgate.pytest_plugin.sharding import empty_is_fine, keep_own_cases, leave_for_merge
from lockgate.registry import Registry

__all__ = ["Lockgate"]

_FAREWELL_SECONDS = 1.0
_QUIET = ("torch", "transformers", "peft", "lancedb", "openai", "aiohttp", "huggingface_hub", "accelerate")


class Lockgate:
    """The plugin object that is registered when a suite, an option or a fixture asks for it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings: Settings = read_settings(config)
        self.engine: Engine | None = None
        self.runs: list[Run] = []
        self.budget = Budget(self.settings.policy.max_cost)
        self._progress = ProgressLine(config)
        self._journal: Journal | None = None
        self._project: Project | None = None
        self._suites: dict[Path, Suite | None] = {}
        self._problems: list[str] = []
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._jobs: dict[str, list[Job]] = {}
        _hush(config)

    # What was chosen

    @property
    def registry(self) -> Registry:
        """Built-in and installed checks, and those under `@check` in the conftests loaded so far."""
        modules = [p for p in self.config.pluginmanager.get_plugins() if isinstance(p, ModuleType)]
        return Registry(extra={"checks": checks_of(modules)})

    @property
    def project(self) -> Project:
        """The project file, read once."""
        if self._project is None:
            overrides = {"concurrency": self.settings.concurrency} if self.settings.concurrency else {}
            self._project = load_project(self.settings.project, registry=self.registry, overrides=overrides)
            self._project.through = lambda backend: Journalled(self.asker(backend))
        return self._project

    @cached_property
    def backend_names(self) -> list[str]:
        """The selected backends as FAMILY:VERSION, each once."""
        return list(dict.fromkeys(self.project.select(name) for name in self.settings.backends))

    def backend(self, name: str) -> Backend:
        """A backend of the project."""
        return self.project.backend(name)

    def suffix(self, backend: Backend) -> str:
        """What an item's name ends with: `[ft:v3]` when several backends run."""
        return f"[{backend.name}]" if len(self.backend_names) > 1 else ""

    @property
    def journal(self) -> Journal:
        """The journal, opened on first use."""
        if self._journal is None:
            self._journal = Journal(self.settings.journal)
        return self._journal

    def asker(self, backend: Backend) -> Asker:
        """What asks a backend through the journal, under this session's policy."""
        return Asker(
            backend=backend,
            journal=self.journal,
            policy=self.settings.policy,
            budget=self.budget,
            stopped=lambda: self.engine is not None and self.engine.stopped,
        )

    def suite(self, path: Path) -> Suite | None:
        """A suite, or None when it cannot be used; its problems end the session after collection."""
        if path not in self._suites:
            self._suites[path] = self._load(path)
        if self._is_worker:
            self._end_if_broken()
        return self._suites[path]

    def _load(self, path: Path) -> Suite | None:
        try:
            if not self.settings.backends:
                self._problems.append(_no_backend(path, self.project.names))
                return None
            suite = load_suite(path, project=self.project, registry=self.registry)
        except LockgateError as error:
            self._problems.append(str(error))
            return None
        return replace(suite, trials=self.settings.trials) if self.settings.trials else suite

    def expect(self, suite: Suite, backend: Backend) -> None:
        """Remember that a suite is to run on a backend."""
        key = (suite.path, backend.name)
        self._tallies.setdefault(key, Tally(suite=suite, backend=backend))

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
        if self._is_controller:
            self._expect_everything(session)
            self._end_if_broken()
        return (yield)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """With `--llm-shard`, leave the other shards' cases to them."""
        if self.settings.shard is not None:
            keep_own_cases(config, items, self.settings.shard)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start the engine on what is still selected; broken suites end the session here, exit code 4."""
        self._end_if_broken()
        if self._is_controller or self.config.option.collectonly:
            return
        try:
            self._jobs = {item.nodeid: _jobs_of(item) for item in session.items}
        except LockgateError as error:
            raise pytest.UsageError(str(error)) from error
        jobs = [job for jobs in self._jobs.values() for job in jobs]
        if jobs:
            self.engine = Engine(jobs, self.asker, self._share)
            self.engine.start()

    def _end_if_broken(self) -> None:
        if not self._problems:
            return
        text = "\n\n".join(dict.fromkeys(self._problems))
        # An xdist worker cannot end the session by itself; it tells its controller by a collection error.
        raise pytest.Collector.CollectError(text) if self._is_worker else pytest.UsageError(text)

    def _expect_everything(self, session: pytest.Session) -> None:
        roots = [Path(str(a).split("::")[0]) for a in session.config.args]
        roots = [r if r.is_absolute() else session.config.invocation_params.dir / r for r in roots]
        root = session.config.rootpath
        for path in sorted(p for glob in self.settings.suites for p in root.glob(glob)):
            wanted = any(path == r or path.is_relative_to(r) for r in roots)
            suite = self.suite(path) if wanted and is_suite(path, root, self.settings.suites) else None
            if suite is not None:
                for name in self.backend_names:
                    self.expect(suite, self.backend(name))

    # While pytest runs

    def samples_of(self, item: pytest.Item) -> tuple[Sample, ...]:
        """Wait for the samples of an item."""
        engine = self.engine
        if engine is None:
            return ()
        try:
            jobs = self._jobs[item.nodeid]
            return tuple(engine.wait(job, tick=lambda: self._progress.show(engine.progress)) for job in jobs)
        finally:
            self._progress.clear()

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
            report.__dict__["llm_junit"] = [item.suite.name + self.suffix(item.backend), _kind(call)]
            missed = call.excinfo is not None and call.excinfo.errisinstance(Miss)
            if missed and item.governed and not self.config.option.runxfail:
                report.outcome = "skipped"
                report.wasxfail = f"a gate decides: {_first_reason(item)}"
            if self._is_worker:
                carried = [to_plain(s) for s in item.samples]
                report.__dict__.update(llm_samples=carried, llm_of=[item.suite.path, item.backend.name])
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Complete the JUnit test case; on the controller, take the samples that a report carries."""
        complete_testcase(self.config, report)
        carried = getattr(report, "llm_samples", None)
        if carried is not None and self._is_controller:
            path, name = report.__dict__["llm_of"]
            self._tallies[path, name].samples.extend(from_plain(Sample, s) for s in carried)

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
        if self._is_worker:
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
        from lockgate.pytest_plugin.summary import summarise

        summarise(terminalreporter, self.runs, journal=self._journal, shard=self.settings.shard)

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
        if self._project is not None:
            self._project.close()
        if self._journal is not None:
            self._journal.close()
        _leave_quickly()

    @property
    def _is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")

    @property
    def _is_controller(self) -> bool:
        return self.config.pluginmanager.has_plugin("dsession")

    @property
    def _share(self) -> Share:
        given = getattr(self.config, "workerinput", None)
        if given is None:
            return Share()
        index = int(given["workerid"].removeprefix("gw"))
        return Share(
            session=given["testrunuid"],
            index=index,
            count=given["workercount"],
            since=given.get("llm_since", 0.0),
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker when the session began."""
        import time

        node.workerinput["llm_since"] = self._since = getattr(self, "_since", time.time())


def _kind(call: pytest.CallInfo[None]) -> str:
    if call.excinfo is None:
        return ""
    return "miss" if call.excinfo.errisinstance(Miss) else "backend-error"


def _jobs_of(item: pytest.Item) -> list[Job]:
    if isinstance(item, CaseItem):
        return list(plan(item.suite, item.backend, cases=[item.case]))
    spec = getattr(item, "callspec", None)
    asked = spec.params.get("completion") if spec is not None else None
    return [asked] if isinstance(asked, Job) else []


def _first_reason(item: CaseItem) -> str:
    reasons = [
        f"{v.check}: {v.reason}" for s in item.samples for v in s.verdicts if not v.passed and v.reason
    ]
    return reasons[0] if reasons else "a check was missed"


def _no_backend(path: Path, names: Sequence[str]) -> str:
    return (
        f"{path.name}: no backend was chosen to answer. Give --llm-backend=FAMILY:VERSION (or the ini "
        f"llm_backend), or leave the suite out with --ignore={path.parent.name}. "
        f"The backends there are: {', '.join(names)}."
    )


def _leave_quickly() -> None:
    """Spare Python the search for cycles in a process that is about to end (0.25 s for 1,000 cases)."""
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


def _hush(config: pytest.Config) -> None:
    """Warnings inside model libraries, on the engine's thread, are not the tests' warnings."""
    for module in _QUIET:
        config.addinivalue_line("filterwarnings", rf"ignore:::{module}(\..*)?")
