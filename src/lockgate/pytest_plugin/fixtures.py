"""What the fixtures give: backends to ask, answers asked ahead, checks on any text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import pytest

from lockgate.documents.datasets import load_cases
from lockgate.documents.suites import load_check
from lockgate.engine.asking import Asker
from lockgate.engine.jobs import Job, request_for
from lockgate.errors import BackendError, LockgateError
from lockgate.fingerprints import digest
from lockgate.model import Backend, Case, Completion, Message, Verdict

if TYPE_CHECKING:
    from lockgate.pytest_plugin.session import Lockgate

__all__ = ["Evaluate", "Llm", "answer", "evaluator", "of_family", "parametrize", "selected"]

T = TypeVar("T")
Evaluate: TypeAlias = Callable[..., list[Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Llm:
    """A backend as a test uses it; answers go through the journal like all others."""

    backend: Backend
    asker: Asker

    @property
    def name(self) -> str:
        """FAMILY:VERSION."""
        return self.backend.name

    def complete(self, asked: str | Sequence[Message] | Case, *, trial: int = 0) -> Completion:
        """Ask one thing.

        Args:
            asked: a text, chat messages, or a case.
            trial: another number is another sample.

        Raises:
            BackendError: there is no answer.
        """
        case = asked if isinstance(asked, Case) else Case(id=f"ad-hoc-{digest(_key(asked))}", input=asked)
        request = request_for(self.backend, case, trial=trial)
        completion = next(iter(self.asker.complete([request])))
        if completion.error is not None:
            raise BackendError(f"{self.name} gave no answer: {completion.error}")
        return completion


def selected(lockgate: Lockgate, request: pytest.FixtureRequest) -> Llm:
    """The backend that the test runs on.

    Raises:
        pytest.UsageError: none was selected.
    """
    name = getattr(request, "param", None) or next(iter(_selected_names(lockgate)))
    return _llm(lockgate, name)


def of_family(lockgate: Lockgate, family: str) -> Llm:
    """The family's selected backend, or else its default version.

    Raises:
        pytest.UsageError: the project has no such family.
    """
    chosen = [name for name in _names(lockgate) if name.partition(":")[0] == family]
    return _llm(lockgate, chosen[0] if chosen else _usage(lambda: lockgate.project.select(family)))


def answer(lockgate: Lockgate, request: pytest.FixtureRequest) -> Completion:
    """The completion of a test under `llm_cases`.

    Raises:
        BackendError: the backend gave no answer.
    """
    samples = lockgate.samples_of(request.node)
    sample = samples[0] if samples else None
    if sample is None or (sample.error is None and sample.completion is None):
        pytest.skip("not asked (cost limit, stop or --llm-rescore): unscored")
    if sample.completion is None:
        raise BackendError(f"{request.param.backend.name} gave no answer: {sample.error}")
    return sample.completion


def evaluator(lockgate: Lockgate) -> Evaluate:
    """A function that runs checks on any text and gives their verdicts, in order."""

    def evaluate(
        text: str,
        *checks: str | Mapping[str, Any],
        input: str = "",  # noqa: A002 -- the contract's word
        expected: object = None,
        context: str | Sequence[str] = (),
        should_refuse: bool | None = None,
    ) -> list[Verdict]:
        case = Case(
            id="evaluated", input=input, expected=expected, context=context, should_refuse=should_refuse
        )
        completion = Completion(text=text)
        return [_check(lockgate, declared)(case, completion) for declared in checks]

    return evaluate


def parametrize(lockgate: Lockgate, metafunc: pytest.Metafunc, marker: pytest.Mark | None) -> None:
    """Multiply a test by the cases of its marker and by the selected backends."""
    names = _usage(lambda: _selected_names(lockgate))
    if marker is None:
        if len(names) > 1:
            metafunc.parametrize("llm", names, ids=names, indirect=True)
        return
    cases = _cases(lockgate, metafunc, marker)
    rows = [(name, case) for name in names for case in cases]
    wanted = [a for a in ("case", "completion", "llm") if a in metafunc.fixturenames]
    values = [[_value(lockgate, a, name, case) for a in wanted] for name, case in rows]
    ids = [f"{case.id}-{name}" if len(names) > 1 else case.id for name, case in rows]
    metafunc.parametrize(wanted, values, ids=ids, indirect=[a for a in wanted if a != "case"])


def _value(lockgate: Lockgate, argument: str, name: str, case: Case) -> object:
    if argument == "case":
        return case
    if argument == "llm":
        return name
    backend = lockgate.backend(name)
    return Job(backend=backend, case=case, request=request_for(backend, case))


def _cases(lockgate: Lockgate, metafunc: pytest.Metafunc, marker: pytest.Mark) -> Sequence[Case]:
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise pytest.UsageError("@pytest.mark.llm_cases takes one argument: the path of a dataset.")
    written = Path(marker.args[0])
    beside = metafunc.definition.path.parent / written
    path = beside if beside.exists() else lockgate.config.rootpath / written
    return _usage(lambda: load_cases(path))


def _names(lockgate: Lockgate) -> Sequence[str]:
    return _usage(lambda: lockgate.backend_names)


def _selected_names(lockgate: Lockgate) -> Sequence[str]:
    names = _names(lockgate)
    if not names:
        there = ", ".join(_usage(lambda: lockgate.project.names))
        raise pytest.UsageError(
            f"No backend was chosen. Give --llm-backend=FAMILY:VERSION. The backends there are: {there}."
        )
    return names


def _llm(lockgate: Lockgate, name: str) -> Llm:
    backend = _usage(lambda: lockgate.backend(name))
    return Llm(backend=backend, asker=lockgate.asker(backend))


def _check(lockgate: Lockgate, declared: str | Mapping[str, Any]) -> Callable[[Case, Completion], Verdict]:
    if isinstance(declared, str):
        return load_check(declared, registry=lockgate.registry)
    [(name, options)] = declared.items()
    if not isinstance(options, Mapping):
        return load_check(name, options, registry=lockgate.registry)
    return load_check(name, registry=lockgate.registry, **options)


def _key(asked: str | Sequence[Message]) -> str | list[Any]:
    return asked if isinstance(asked, str) else [dict(m) for m in asked]


def _usage(step: Callable[[], T]) -> T:
    try:
        return step()
    except LockgateError as error:
        raise pytest.UsageError(str(error)) from error
