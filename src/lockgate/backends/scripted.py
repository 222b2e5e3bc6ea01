"""Answers from a table or a function: the public fake of the backend seam."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from lockgate.backends.options import find_prompt
from lockgate.errors import BackendError, FatalBackendError, UsageError, did_you_mean
from lockgate.fingerprints import digest
from lockgate.model import JSON, Completion, Passage, Prompt, Request, Setting

__all__ = ["Scripted", "scripted"]

Answers: TypeAlias = Mapping[str, Any] | Callable[[Request], str | Completion]

_FIELDS = ("text", "seconds", "tokens_in", "tokens_out", "passages", "cost", "finish", "error")
_PASSAGE_FIELDS = ("id", "text", "score", "source", "metadata")
_MOST_CALLS = 1024
_NUMBERS = ("seconds", "tokens_in", "tokens_out", "cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """A backend that says what it is told to say.

    Args:
        answers: case id → a text, a list (one per trial) or `{text, seconds, tokens_in, tokens_out, passages,
            cost, finish, error}`; or a function of the request that gives a text or a Completion. A
            BackendError that the function raises becomes that request's error; all else is raised.
        name: `FAMILY:VERSION`.
        prompt: what renders a case, or None to send its input as it is.
        model: what the completions name as their model.
        sleep: whether an answer's `seconds` really pass before it comes.

    Raises:
        UsageError: an answer is not of one of these forms; the text names the case and the nearest key.
    """

    answers: Answers
    name: str = "scripted"
    prompt: Prompt | None = None
    model: str = "scripted"
    sleep: bool = False
    identity: Mapping[str, JSON] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.answers, Mapping):
            for case_id, answer in self.answers.items():
                _check_answer(case_id, answer)
        object.__setattr__(self, "identity", _identity(self))

    @property
    def states_seconds(self) -> bool:
        """Whether the stated seconds are its latency, since they do not really pass."""
        return not self.sleep

    @property
    def concurrent_calls(self) -> int:
        """As many as there may be threads: answers are only looked up, and several may sleep at once."""
        return _MOST_CALLS

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answer each request in turn; seconds are reported and pass only under `sleep`."""
        for request in requests:
            completion = self._answer(request)
            if self.sleep and completion.seconds:
                time.sleep(completion.seconds)
            yield replace(completion, request=request, model=completion.model or self.model)

    def _answer(self, request: Request) -> Completion:
        if isinstance(self.answers, Mapping):
            return _look_up(self.answers, request)
        try:
            said = self.answers(request)
        except FatalBackendError:
            raise
        except BackendError as error:
            return Completion(error=str(error))
        return said if isinstance(said, Completion) else Completion(text=said)


def scripted(
    answers: str | dict[str, Any],
    *,
    prompt: str | None = None,
    model: str = "scripted",
    sleep: bool = False,
    setting: Setting,
) -> Scripted:
    """The backend `scripted`: answers from a JSON file, or written in place.

    Args:
        answers: a JSON file (a mapping of case id → answer), relative to the project file; or the mapping.
        prompt: `name@version`, or None to send each case's input as it is.
        model: what the completions name as their model.
        sleep: whether an answer's `seconds` really pass.
        setting: handed over by the loader.

    Raises:
        UsageError: the file is missing or not JSON, or an answer has none of the forms.
    """
    table = _read(setting.base / answers, answers) if isinstance(answers, str) else answers
    loaded = find_prompt(prompt, setting)
    return Scripted(answers=table, name=setting.name or "scripted", prompt=loaded, model=model, sleep=sleep)


def _read(path: Path, written: str) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            f"The answers {written!r} cannot be read ({error.strerror}). Name a JSON file there is."
        ) from error
    except ValueError as error:
        raise UsageError(f"The answers {written!r} are not JSON ({error}). Correct the file.") from error
    if not isinstance(table, dict):
        raise UsageError(f"The answers {written!r} are not a mapping. Write case id → answer.")
    return table


def _look_up(table: Mapping[str, Any], request: Request) -> Completion:
    if request.case_id not in table:
        remedy = did_you_mean(request.case_id, list(table), noun="answers")
        return Completion(error=f"There is no answer for the case {request.case_id!r}. {remedy}")
    answer = table[request.case_id]
    if isinstance(answer, list):
        if request.trial >= len(answer):
            return Completion(
                error=f"The case {request.case_id!r} has {len(answer)} answers and none for trial "
                f"{request.trial + 1}. Add one, or run fewer trials."
            )
        answer = answer[request.trial]
    return _completion(answer)


def _completion(answer: str | Mapping[str, Any]) -> Completion:
    if isinstance(answer, str):
        return Completion(text=answer)
    passages = tuple(_passage(p, n) for n, p in enumerate(answer.get("passages", ()), start=1))
    return Completion(**{**answer, "passages": passages})


def _passage(given: str | Mapping[str, Any], number: int) -> Passage:
    if isinstance(given, str):
        return Passage(id=str(number), text=given)
    return Passage(**{"id": str(number), **given})


def _check_answer(case_id: str, answer: Any) -> None:
    for one in answer if isinstance(answer, list) else [answer]:
        if isinstance(one, Mapping):
            _check_fields(case_id, one)
        elif not isinstance(one, str):
            raise UsageError(
                f"The answer for the case {case_id!r} is {one!r}. "
                "Write a text, a list of one per trial, or {text: …, seconds: …}."
            )


def _check_fields(case_id: str, answer: Mapping[str, Any]) -> None:
    _check_keys(f"The answer for the case {case_id!r}", answer, _FIELDS)
    for key in _NUMBERS:
        value = answer.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise UsageError(
                f"The answer for the case {case_id!r} has {key}: {value!r}. Write a number from 0 on."
            )
    if "text" not in answer and not answer.get("error"):
        raise UsageError(
            f"The answer for the case {case_id!r} has neither text nor error. Write one of them."
        )
    for passage in answer.get("passages", ()):
        if isinstance(passage, str):
            continue
        if not isinstance(passage, Mapping) or "text" not in passage:
            raise UsageError(
                f"A passage of the case {case_id!r} is {passage!r}. Write a text, or {{id: …, text: …}}."
            )
        _check_keys(f"A passage of the case {case_id!r}", passage, _PASSAGE_FIELDS)


def _check_keys(what: str, mapping: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in mapping:
        if key not in known:
            raise UsageError(f"{what} has the unknown key {key!r}. {did_you_mean(key, known, noun='keys')}")


def _identity(backend: Scripted) -> Mapping[str, JSON]:
    prompt = backend.prompt.digest if backend.prompt else None
    return {
        "kind": "scripted",
        "answers": _content(backend.answers),
        "model": backend.model,
        "prompt": prompt,
    }


def _content(answers: Answers) -> str:
    """A hash of the table, or of the function's source (what it closes over is not seen)."""
    if isinstance(answers, Mapping):
        return digest(dict(answers))
    try:
        return digest(inspect.getsource(answers))
    except (OSError, TypeError):
        return digest(f"{getattr(answers, '__module__', '')}.{getattr(answers, '__qualname__', answers)}")
