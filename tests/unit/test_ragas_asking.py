"""A metric on many samples: rounds, and what ends a sample."""

from __future__ import annotations

import asyncio
import json
import sys
from types import SimpleNamespace

import pytest
import ragas_stand_in
from word_embedder import WordEmbedder

from lockgate.backends.scripted import Scripted
from lockgate.checks import ragas_parts
from lockgate.checks.ragas_asking import Task, run
from lockgate.checks.ragas_parts import make_metric, require
from lockgate.errors import FatalBackendError, MissingExtra
from lockgate.model import Completion


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch):
    ragas_stand_in.install(monkeypatch)


class Backend:
    """It answers each prompt by its word, and counts its calls."""

    def __init__(self, **answers):
        self.answers, self.calls, self.params = answers, [], []

    def complete(self, requests):
        self.calls.append([(r.case_id, r.trial) for r in requests])
        for request in requests:
            self.params.append(dict(request.params))
            said = self.answers[json.loads(request.messages[0]["content"])["ask"]]
            said = said(request) if callable(said) else said
            found = said if isinstance(said, Completion) else Completion(text=json.dumps(said))
            yield Completion(text=found.text, error=found.error, request=request)


def tasks(*ids, **words):
    return [Task(case_id=n, words={"response": "It is.", **words}) for n in ids]


def split(*statements):
    return {"statements": list(statements)}


def judged(**verdicts):
    return {"statements": [{"statement": s, "verdict": v} for s, v in verdicts.items()]}


def test_all_samples_are_asked_together():
    """One call a round, with all that wait; each sample gets its own replies."""
    backend = Backend(
        split=lambda r: split("a", "b") if r.case_id == "x" else split("a"),
        judge=lambda r: judged(a=1, b=0) if r.case_id == "x" else judged(a=1),
    )
    found = run(make_metric("Faithfulness"), tasks("x", "y"), backend)
    assert [o.value for o in found] == [0.5, 1.0]
    assert backend.calls == [[("x", 0), ("y", 0)]] * 2
    assert [list(e.verdicts) for e in found[0].exchanges] == [[], [1, 0]]


def test_a_sample_that_ends_leaves_the_others_alone():
    """Its reason says why; the next round is without it."""
    backend = Backend(
        split=lambda r: Completion(error="it is away") if r.case_id == "x" else split("a"),
        judge=judged(a=0),
    )
    found = run(make_metric("Faithfulness"), tasks("x", "y"), backend)
    assert [(o.value, o.reason) for o in found] == [
        (None, "the backend gave no answer: it is away"),
        (0.0, ""),
    ]
    assert backend.calls == [[("x", 0), ("y", 0)], [("y", 0)]]


def test_a_statement_without_a_verdict_ends_a_sample():
    """Ragas would have divided by the verdicts that came."""
    (found,) = run(make_metric("Faithfulness"), tasks("x"), Backend(split=split("a", "b"), judge=judged(a=1)))
    assert (found.value, found.reason) == (None, "1 of 2 statements have no verdict that can be used")
    assert list(found.exchanges[-1].verdicts) == [1, None]


def test_the_same_prompt_again_is_another_trial():
    """Three draws of one question, not one recording three times."""
    backend = Backend(question={"question": "is it blue", "noncommittal": 0})
    metric = make_metric("AnswerRelevancy", embeddings=True, strictness=3)
    vectors = WordEmbedder()
    (found,) = run(metric, tasks("x", user_input="is it blue"), backend, vectors)
    assert found.value == pytest.approx(1.0)
    assert backend.calls == [[("x", 0)], [("x", 1)], [("x", 2)]]


def test_texts_of_all_samples_are_embedded_together():
    """Each text once a round, whoever waits for it."""
    vectors = WordEmbedder()
    backend = Backend(question={"question": "is it blue", "noncommittal": 0})
    metric = make_metric("AnswerRelevancy", embeddings=True, strictness=1)
    run(metric, tasks("x", "y", user_input="what is it"), backend, vectors)
    assert vectors.encoded == [["what is it"], ["is it blue"]]


@pytest.mark.parametrize(
    ("vectors", "why"),
    [
        (None, "there is no text to embed"),
        (WordEmbedder(max_tokens=2), "a text has 3 tokens, more than the 2 that the embedder reads"),
    ],
)
def test_a_text_that_is_not_read_whole_is_not_read(vectors, why):
    """An embedder would cut it without a word."""
    backend = Backend(question={"question": "blue", "noncommittal": 0})
    metric = make_metric("AnswerRelevancy", embeddings=True, strictness=1)
    (found,) = run(metric, tasks("x", user_input="is it blue"), backend, vectors)
    assert (found.value, found.reason) == (None, why)


def metric_that(ascore):
    return SimpleNamespace(ascore=ascore)


async def raises(**words):
    raise ValueError("reference is\nmissing")


async def sleeps(**words):
    await asyncio.sleep(1)


async def gathers(**words):
    await asyncio.gather(raises())


async def gives_words(**words):
    return SimpleNamespace(value="high")


@pytest.mark.parametrize(
    ("ascore", "why"),
    [
        (raises, "ragas raised ValueError: reference is missing"),
        (sleeps, "ragas raised RuntimeError: no running event loop"),
        (gives_words, "ragas gives 'high', which is no number"),
    ],
)
def test_what_ragas_raises_is_the_reason(ascore, why):
    """A sample without a number is unscored, and no run breaks on it."""
    (found,) = run(metric_that(ascore), tasks("x"), Backend())
    assert (found.value, found.reason) == (None, why)


def test_a_metric_that_waits_for_something_else_does_not_hang():
    """Only a backend's replies and an embedder's vectors ever come."""

    class Other:
        def __await__(self):
            yield "the moon"

    async def ascore(**words):
        await Other()

    (found,) = run(metric_that(ascore), tasks("x"), Backend())
    assert (found.value, found.reason) == (None, "ragas 0 waits for what no backend can answer")


def test_what_stops_every_request_is_raised():
    """A wrong key is no verdict on a sample."""

    def refuse(request):
        raise FatalBackendError("the key is wrong")

    with pytest.raises(FatalBackendError, match="the key is wrong"):
        run(make_metric("Faithfulness"), tasks("x"), Scripted(answers=refuse))


def test_the_form_goes_to_a_backend_that_takes_it():
    """It is the schema of the class that ragas wants, without OpenAI's strict rules."""
    backend = Backend(split=split("a"), judge=judged(a=1))
    run(make_metric("Faithfulness"), tasks("x"), backend)
    assert backend.params == [{}, {}]
    backend.params.clear()
    backend.takes_response_format = True
    run(make_metric("Faithfulness"), tasks("x"), backend)
    sent = [p["response_format"]["json_schema"] for p in backend.params]
    assert [s["name"] for s in sent] == ["Statements", "Verdicts"]
    assert not any(s["strict"] for s in sent)


def test_without_samples_nothing_is_asked():
    """An empty list needs no backend."""
    assert run(make_metric("Faithfulness"), [], Backend()) == []


def test_a_missing_extra_names_its_remedy(monkeypatch):
    """It is found without importing anything."""
    monkeypatch.setattr(ragas_parts, "util", SimpleNamespace(find_spec=lambda name: None))
    with pytest.raises(MissingExtra) as caught:
        require("The check 'ragas'")
    assert str(caught.value) == (
        "The check 'ragas' needs the package 'ragas', which is not installed. "
        "Run: pip install 'lockgate[ragas]'"
    )


def test_a_ragas_that_cannot_be_imported_names_its_remedy(monkeypatch):
    """A version that is not the extra's, on packages that have moved on, is one clear error."""
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "ragas", None)
    monkeypatch.setitem(sys.modules, "ragas.embeddings.base", None)
    with pytest.raises(
        FatalBackendError, match=r"^ragas cannot be imported: .* pip install 'lockgate\[ragas\]'$"
    ):
        make_metric("Faithfulness")
