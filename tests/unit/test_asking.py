"""Asking a backend through the journal: nothing twice, nothing lost, nothing raised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.engine.asking import Asker, Budget, Policy
from lockgate.engine.journal import Journal
from lockgate.errors import FatalBackendError
from lockgate.model import Case, Completion, Request


def asked(case_id: str, *, trial: int = 0) -> Request:
    case = Case(id=case_id, input=f"question {case_id}")
    return Request(
        case_id=case_id, trial=trial, messages=({"role": "user", "content": case.input},), case=case
    )


@dataclass
class Counting:
    """A scripted backend that remembers what it was asked."""

    inner: Scripted
    seen: list[str] = field(default_factory=list)
    concurrency: int = 2
    name: str = "prompt:v1"
    prompt: None = None

    @property
    def identity(self):
        return self.inner.identity

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        for completion in self.inner.complete(requests):
            self.seen.append(completion.request.case_id)
            yield completion


def counting(answers=None) -> Counting:
    return Counting(Scripted(answers=answers or {k: f"answer {k}" for k in "abcdef"}))


@pytest.fixture
def journal(tmp_path: Path):
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def texts(asker: Asker, *ids: str) -> dict[str, str]:
    return {c.request.case_id: c.text for c in asker.complete([asked(i) for i in ids])}


def test_second_time_nothing_is_asked(journal):
    """What is journalled is replayed, and only what is new is asked."""
    backend = counting()
    asker = Asker(backend=backend, journal=journal)
    assert texts(asker, "a", "b") == {"a": "answer a", "b": "answer b"}
    assert texts(asker, "a", "b", "c")["c"] == "answer c"
    assert backend.seen == ["a", "b", "c"]


def test_fresh_asks_again(journal):
    """With `fresh` a recording does not count."""
    backend = counting()
    texts(Asker(backend=backend, journal=journal), "a")
    texts(Asker(backend=backend, journal=journal, policy=Policy(fresh=True)), "a")
    assert backend.seen == ["a", "a"]


def test_same_request_of_two_cases_is_asked_once():
    """Two cases with the very same request share one answer, each completion with its own request."""
    backend = counting({"a": "one answer"})
    first = asked("a")
    twin = replace(first, case_id="a-too")
    got = list(Asker(backend=backend).complete([first, twin]))
    assert [c.text for c in got] == ["one answer", "one answer"]
    assert {id(c.request) for c in got} == {id(first), id(twin)}
    assert backend.seen == ["a"]


def test_offline_miss_names_the_nearest(journal):
    """Offline, what is not recorded is an error that names the nearest recording; nothing is asked."""
    backend = counting()
    texts(Asker(backend=backend, journal=journal), "a")
    [missing] = Asker(backend=backend, journal=journal, policy=Policy(offline=True)).complete([asked("b")])
    assert missing.error.startswith("'b' is not in the journal and --llm-offline forbids asking.")
    assert "The nearest recording is 'a' trial 0 on prompt:v1" in missing.error
    assert backend.seen == ["a"]


def test_offline_on_an_empty_journal(journal):
    """Offline without any recording says so."""
    [missing] = Asker(backend=counting(), journal=journal, policy=Policy(offline=True)).complete([asked("b")])
    assert missing.error.endswith("The journal holds no recording like it.")


def test_rescore_leaves_the_unrecorded_unasked(journal):
    """With `rescore`, what is not recorded is left out on purpose, not an error."""
    [left] = Asker(backend=counting(), journal=journal, policy=Policy(rescore=True)).complete([asked("a")])
    assert (left.finish, left.error, left.text) == ("unasked", None, "")


def test_errors_are_not_journalled(journal):
    """A failed request is asked again next time."""
    backend = counting({"a": {"error": "HTTP 500"}})
    asker = Asker(backend=backend, journal=journal)
    assert [c.error for c in asker.complete([asked("a")])] == ["HTTP 500"]
    list(asker.complete([asked("a")]))
    assert backend.seen == ["a", "a"]


def test_cost_limit_stops_asking():
    """Once the limit is reached nothing more is asked; the rest is unasked, not failed."""
    backend = counting({k: {"text": "x", "cost": 0.6} for k in "abcdef"})
    asker = Asker(backend=backend, policy=Policy(max_cost=1.0), budget=Budget(1.0))
    got = list(asker.complete([asked(k) for k in "abcdef"]))
    assert backend.seen == ["a", "b"]
    assert sorted(c.request.case_id for c in got if c.finish == "unasked") == ["c", "d", "e", "f"]


def test_unknown_cost_counts_nothing():
    """A completion without a price does not use up the budget."""
    budget = Budget(1.0)
    budget.spend(None)
    assert not budget.used_up
    budget.spend(1.0)
    assert budget.used_up


def test_fatal_error_fails_every_request():
    """What stops a backend fails each request with the same text, and raises nothing."""

    def answer(_request):
        raise FatalBackendError("the key was refused")

    got = list(Asker(backend=Scripted(answers=answer)).complete([asked("a"), asked("b")]))
    assert [c.error for c in got] == ["the key was refused"] * 2


def test_stranger_exception_is_an_error_with_its_type():
    """Any exception of a backend becomes an error that names its type."""

    def answer(_request):
        raise ZeroDivisionError("oops")

    [failed] = Asker(backend=Scripted(answers=answer)).complete([asked("a")])
    assert failed.error == "ZeroDivisionError: oops"


class Silent:
    """Yields nothing for anything."""

    name, prompt, identity = "prompt:v1", None, {}

    def complete(self, requests):
        return iter(())


def test_missing_answers_are_errors():
    """A backend that forgets a request does not lose it: it is an error."""
    [lost] = Asker(backend=Silent()).complete([asked("a")])
    assert lost.error == "the backend gave no answer to this request"


class Chatty(Silent):
    """Answers a request that nobody made."""

    def complete(self, requests):
        yield Completion(text="hello", request=asked("other"))


def test_unasked_for_answers_are_ignored():
    """An answer to something else is never taken for an answer to this."""
    [lost] = Asker(backend=Chatty()).complete([asked("a")])
    assert lost.error == "the backend gave no answer to this request"


def test_stop_leaves_the_rest_unasked():
    """When the session stops, what has come is kept and the rest is unasked."""
    backend = counting()
    asker = Asker(backend=backend, stopped=lambda: len(backend.seen) >= 2)
    got = list(asker.complete([asked(k) for k in "abcdef"]))
    assert sum(c.finish == "unasked" for c in got) == 4
    assert sum(bool(c.text) for c in got) == 2


def test_told_by_another_process(journal):
    """Another process's answer, error or omission is told; nothing yet is None."""
    asker = Asker(backend=counting(), journal=journal)
    request, key = asked("a"), asker.key(asked("a"))
    assert asker.told("s", key, request, since=0.0) is None
    journal.put_failure("s", key, "HTTP 500")
    assert asker.told("s", key, request, since=0.0).error == "HTTP 500"
    journal.put_failure("s", key, "")
    assert asker.told("s", key, request, since=0.0).finish == "unasked"
    list(asker.complete([request]))
    assert asker.told("t", key, request, since=0.0).text == "answer a"


def test_told_without_a_journal_is_none():
    """Without a journal no process can tell another."""
    assert Asker(backend=counting()).told("s", "ab", asked("a"), since=0.0) is None
