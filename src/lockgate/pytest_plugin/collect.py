"""Suites as pytest sees them: a file of items, one for each case on each selected backend."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lockgate.errors import BackendError, LockgateError, Miss
from lockgate.model import Backend, Case, Sample, Suite, Variant
from lockgate.reports.terminal import explain_miss

if TYPE_CHECKING:
    from _pytest._code import ExceptionInfo

    from lockgate.pytest_plugin.session import Lockgate

__all__ = ["CaseItem", "SuiteFile", "collect_suite", "is_suite"]


def is_suite(path: Path, root: Path, patterns: Iterable[str]) -> bool:
    """Whether a file is one that the ini `llm_suites` names; patterns are relative to `root`."""
    if not path.is_relative_to(root):
        return False
    relative = path.relative_to(root).as_posix()
    return any(fnmatch.fnmatch(relative, pattern) for pattern in patterns)


def collect_suite(
    lockgate: Callable[[pytest.Config], Lockgate], path: Path, parent: pytest.Collector
) -> SuiteFile | None:
    """The collector of a suite file, or None for any other file."""
    config = parent.config
    if not is_suite(path, config.rootpath, config.getini("llm_suites")):
        return None
    file: SuiteFile = SuiteFile.from_parent(parent, path=path)
    file.lockgate = lockgate(config)
    return file


class SuiteFile(pytest.File):
    """One suite; a broken one gives no items and ends the session with exit code 4."""

    lockgate: Lockgate
    fixtures: Any = None
    """What pytest found out about the fixtures of its first item; all others have the same."""

    def collect(self) -> Iterable[CaseItem]:
        """One item for each case, then one for each variant, backend by backend."""
        suite = self.lockgate.suite(self.path)
        if suite is None:
            return
        for name in self.lockgate.backend_names:
            backend = self.lockgate.backend(name)
            self.lockgate.expect(suite, backend)
            for case in suite.cases:
                yield CaseItem.make(self, suite, backend, case)
            for variant in suite.variants:
                yield CaseItem.make(self, suite, backend, variant.case, variant)


def _called_by_runtest() -> None:
    """Stands where pytest expects a test function; it takes no fixtures of its own."""


class CaseItem(pytest.Function):
    """One case, or variant of one, on one backend: waits for its samples and fails when they miss a check."""

    suite: Suite
    backend: Backend
    case: Case
    variant: Variant | None
    samples: tuple[Sample, ...]

    @classmethod
    def make(
        cls, parent: SuiteFile, suite: Suite, backend: Backend, case: Case, variant: Variant | None = None
    ) -> CaseItem:
        """The item; its name has the backend when several run."""
        suffix = parent.lockgate.suffix(backend)
        item: CaseItem = cls.from_parent(
            parent, name=case.id + suffix, callobj=_called_by_runtest, fixtureinfo=parent.fixtures
        )
        parent.fixtures = item._fixtureinfo
        item.suite, item.backend, item.case, item.variant, item.samples = suite, backend, case, variant, ()
        return item

    @property
    def origin(self) -> str:
        """The id of the suite's own case that it is of."""
        return self.case.id if self.variant is None else self.variant.of.id

    @property
    def lockgate(self) -> Lockgate:
        """The session's plugin."""
        parent = self.parent
        assert isinstance(parent, SuiteFile)  # noqa: S101 -- for the type checker: `make` gives no other
        return parent.lockgate

    def runtest(self) -> None:
        """Wait for the samples; raise BackendError or Miss where they fall short."""
        self.samples = self.lockgate.samples_of(self)
        self.lockgate.keep(self.suite, self.backend, self.samples)
        error = next((s.error for s in self.samples if s.error is not None), None)
        if error is not None:
            raise BackendError(f"{self.backend.name} gave no answer to {self.case.id!r}: {error}")
        if all(s.completion is None for s in self.samples):
            early = ", every gate decided" if self.suite.stop else ""
            pytest.skip(f"not asked (cost limit, stop{early} or --llm-rescore): unscored")
        missed = [s for s in self.samples if s.shortfalls]
        if missed:
            raise Miss("\n\n".join(explain_miss(self.case, sample) for sample in missed))

    @property
    def governed(self) -> bool:
        """Whether gates cover every check that was missed, so that they decide and not this item."""
        return all(sample.governed(self.suite.gated) for sample in self.samples)

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        """Our own errors speak for themselves; others get pytest's traceback."""
        if isinstance(excinfo.value, LockgateError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args, **kwargs)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the case stands: the row of its dataset, or of the suite."""
        where = self.case.where
        return self.path, None if where is None else where.line - 1, self.name
