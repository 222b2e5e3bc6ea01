"""Several backends in order: the first answer that passes its checks is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lockgate.errors import UsageError
from lockgate.model import JSON, Backend, Case, Check, Completion, Request, Setting
from lockgate.prompts import render

__all__ = ["Cascade", "cascade"]

_NOTHING = Completion(cost=0.0, tokens_in=0, tokens_out=0, seconds=0.0, queued_seconds=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """A backend that asks others in turn until one gives an acceptable answer.

    Args:
        name: `FAMILY:VERSION`.
        backends: who is asked, in order; the last one's answer is given whatever the checks say.
        accept: what an answer must pass, all of it, to be given. A check that cannot tell, or breaks, does
            not accept. The checks never see `expected` or `should_refuse`, as at run time nobody would.
    """

    name: str
    backends: tuple[Backend, ...]
    accept: tuple[Check, ...]

    @property
    def prompt(self) -> None:
        """None: each part's prompt is rendered when it is asked."""
        return

    @property
    def identity(self) -> Mapping[str, JSON]:
        """Those of its parts and of its checks, in order."""
        return {
            "kind": "cascade",
            "backends": [dict(backend.identity) for backend in self.backends],
            "accept": [_check_identity(check) for check in self.accept],
        }

    @property
    def shares(self) -> str:
        """What the first part shares with others: it is asked of every request."""
        return str(getattr(self.backends[0], "shares", self.backends[0].name))

    @property
    def concurrency(self) -> int:
        """The least of its parts'."""
        return min(int(getattr(backend, "concurrency", 1)) for backend in self.backends)

    @property
    def concurrent_calls(self) -> int:
        """The least of its parts'."""
        return min(int(getattr(backend, "concurrent_calls", 0)) for backend in self.backends)

    @property
    def load_seconds(self) -> float | None:
        """How long loading took, summed over the parts that loaded anything; None where none has.

        Raises:
            AttributeError: no part has one, for none loads anything; so `hasattr` tells.
        """
        loading: list[Any] = [backend for backend in self.backends if hasattr(backend, "load_seconds")]
        if not loading:
            raise AttributeError(f"No part of {self.name} loads anything")
        loaded = [backend.load_seconds for backend in loading if backend.load_seconds is not None]
        return sum(loaded) if loaded else None

    @property
    def states_seconds(self) -> bool:
        """Whether some part states its seconds instead of taking them: then the sum of all is what counts."""
        return any(getattr(backend, "states_seconds", False) for backend in self.backends)

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Accepted answers as they come; what is not accepted goes on to the next part together.

        The completion's `path` names the parts that were asked. Its cost, tokens and seconds, those in queues
        too, are sums over them, None where one of them is unknown; `attempts` is 1 plus the retries of all.

        Raises:
            FatalBackendError: a part cannot answer any request.
        """
        waiting = [(request, _NOTHING) for request in requests]
        for number, backend in enumerate(self.backends, start=1):
            last = number == len(self.backends)
            refused: list[tuple[Request, Completion]] = []
            for request, completion in _ask(backend, waiting):
                if last or self._accepts(request, completion):
                    yield replace(completion, request=request)
                else:
                    refused.append((request, completion))
            waiting = refused

    def close(self) -> None:
        """Let all parts go."""
        for backend in self.backends:
            close = getattr(backend, "close", None)
            if close is not None:
                close()

    def _accepts(self, request: Request, completion: Completion) -> bool:
        if completion.error is not None:
            return False
        case = replace(_case(request), expected=None, should_refuse=None)
        return all(check(case, completion).passed for check in self.accept)


def cascade(backends: list[str], *, accept: list[Any], setting: Setting) -> Cascade:
    """The backend `cascade`: cheap backends first, better ones where their answers are not accepted.

    Args:
        backends: who is asked, in order, as `FAMILY:VERSION`; two or more.
        accept: checks as a suite has them (`name`, `name: argument`, `name: {options}`); all must pass.
        setting: handed over by the loader.

    Raises:
        UsageError: there are fewer than two backends or no checks, or one of them is not there.
    """
    if len(backends) < 2:
        raise UsageError(f"backends has {len(backends)} of them. Name two or more, the cheapest first.")
    if len(set(backends)) < len(backends):
        twice = next(name for name in backends if backends.count(name) > 1)
        raise UsageError(f"backends has {twice!r} twice. Name each once.")
    if not accept:
        raise UsageError("accept has no checks, so the first answer would always do. Write at least one.")
    if setting.backend is None or setting.check is None:
        raise UsageError("A cascade needs a project file to find its backends. Declare it in one.")
    return Cascade(
        name=setting.name or "cascade",
        backends=tuple(setting.backend(name) for name in backends),
        accept=tuple(setting.check(declared) for declared in accept),
    )


def _ask(
    backend: Backend, waiting: Sequence[tuple[Request, Completion]]
) -> Iterator[tuple[Request, Completion]]:
    """A part's completions, each beside the cascade's own request and with what came before added to it."""
    asked: dict[int, tuple[Request, Completion]] = {}
    inner: list[Request] = []
    for request, before in waiting:
        try:
            inner.append(replace(request, messages=_messages(backend, request)))
        except UsageError as error:
            failed = replace(_NOTHING, error=str(error))
            yield request, _sum(before, failed, backend.name)
            continue
        asked[id(inner[-1])] = request, before
    for completion in backend.complete(inner) if inner else ():
        request, before = asked[id(completion.request)]
        yield request, _sum(before, completion, backend.name)


def _messages(backend: Backend, request: Request) -> tuple[Mapping[str, str], ...]:
    """The part's own prompt; a part without one gets what the cascade got."""
    return request.messages if backend.prompt is None else render(backend.prompt, _case(request))


def _sum(before: Completion, completion: Completion, name: str) -> Completion:
    return replace(
        completion,
        path=(*before.path, *(completion.path or (name,))),
        cost=_add(before.cost, completion.cost),
        tokens_in=_add(before.tokens_in, completion.tokens_in),
        tokens_out=_add(before.tokens_out, completion.tokens_out),
        seconds=_add(before.seconds, completion.seconds),
        queued_seconds=_add(before.queued_seconds, completion.queued_seconds),
        attempts=before.attempts + completion.attempts - 1,
        first_token_seconds=_add(before.seconds, completion.first_token_seconds),
    )


def _add(one: Any, other: Any) -> Any:
    return None if one is None or other is None else one + other


def _case(request: Request) -> Case:
    return request.case or Case(id=request.case_id, input=request.messages)


def _check_identity(check: Check) -> Mapping[str, JSON]:
    args = dict(check.spec.args) if check.spec else {}
    return {"check": check.name, "args": args, **check.identity}
