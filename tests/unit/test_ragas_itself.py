"""The adapter on ragas itself: every metric, by replies that a model could give."""

from __future__ import annotations

import json
import os
import socket

import pytest
from word_embedder import WordEmbedder

from lockgate.backends.scripted import Scripted
from lockgate.checks import ragas as module
from lockgate.checks.groundedness import grounded
from lockgate.checks.ragas import ragas
from lockgate.model import Case, Completion, Setting

pytestmark = pytest.mark.slow
CASE = Case(
    id="a",
    input="What of the kettle?",
    context=["It is blue.", "Tea comes from Assam.", "It has a lid."],
    expected="It is blue. It has a lid.",
)
ANSWER = Completion(text="It is blue. It is heavy. It is new.")
TRUE = ("It is blue.", "It has a lid.")


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """It is there, and nothing leaves this machine."""
    pytest.importorskip("ragas", reason="the extra ragas is not installed")

    def refuse(*address):
        raise AssertionError(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(module, "find_embedder", lambda spec, *, base: WordEmbedder())


def told(request, *, drop=(), **words):
    """What an honest model replies to ragas's prompts; without the statements to `drop`."""
    prompt = request.messages[0]["content"]
    given = json.loads(prompt.rpartition("input: ")[2].removesuffix("Output: "))
    if "statements" in given:
        reply = [
            {"statement": s, "reason": "", "verdict": int(s in given["context"])}
            for s in given["statements"]
            if s not in drop
        ]
        return {"statements": reply}
    if "Break down" in prompt:
        text = given.get("answer") or given["text"]
        return {"statements": [f"{s.strip('.')}." for s in text.split(". ")]}
    if "classify if" in prompt:
        kept = [s for s in TRUE if s not in drop]
        said = [{"statement": s, "reason": "", "attributed": int(s in given["context"])} for s in kept]
        return {"classifications": said}
    if "verify if the context" in prompt:
        return {"reason": "", "verdict": int(given["context"] in given["answer"])}
    return {"question": "What of the kettle?", "noncommittal": int("know" in given["response"])}


def setting(reply=told, **words):
    backend = Scripted(answers=lambda request: json.dumps(reply(request, **words)), name="judge:v1")
    return Setting(backend=lambda name: backend)


def score(metric, *, answer=ANSWER, case=CASE, drop=(), **options):
    return ragas(metric, backend="judge:v1", setting=setting(drop=drop), **options)(case, answer)


@pytest.mark.parametrize(
    ("metric", "options", "value"),
    [
        ("faithfulness", {}, 1 / 3),
        ("context_recall", {}, 1.0),
        # Useful at ranks 1 and 3 of the reference, at 1 alone of the answer: (1 + 2/3) / 2, and 1.
        ("context_precision", {}, 5 / 6),
        ("context_utilization", {}, 1.0),
        ("answer_relevancy", {}, 1.0),
        ("noise_sensitivity", {}, 0.0),
    ],
)
def test_each_metric_comes_to_its_number(metric, options, value):
    """By ragas's own prompts and formulas, computed by hand for these replies."""
    found = score(metric, **options)
    assert dict(found.figures) == {metric: pytest.approx(value, abs=1e-9)}


@pytest.mark.parametrize(("mode", "value"), [("relevant", 1 / 2), ("irrelevant", 0.0)])
def test_noise_is_counted_by_mode(mode, value):
    """Half of the answer is wrong and stands in the passage that also has what is right."""
    case = Case(id="a", input="?", context=["It is blue. It is old."], expected="It is blue.")
    found = score("noise_sensitivity", case=case, answer=Completion(text="It is blue. It is old."), mode=mode)
    assert found.figures["noise_sensitivity"] == value


def test_an_evasive_answer_has_no_relevancy():
    """Where all questions are said to be noncommittal, ragas gives 0."""
    assert score("answer_relevancy", answer=Completion(text="I do not know.")).score == 0.0


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("faithfulness", "1 of 3 statements have no verdict that can be used"),
        ("noise_sensitivity", "1 of 2 statements have no verdict that can be used"),
        ("context_recall", "1 of 2 sentences of the reference have no verdict"),
    ],
)
def test_a_missing_verdict_is_seen(metric, reason):
    """Ragas alone would give a number (1/2 for 1/3, 1 for unknown), or fail on the shape of an array."""
    drop = ("It is heavy.",) if metric == "faithfulness" else ("It has a lid.",)
    found = score(metric, drop=drop)
    assert (found.status, found.reason) == ("unscored", f"There is no {metric}: {reason}.")


def test_no_statement_gives_no_number():
    """Ragas's NaN is unscored."""
    check = ragas("faithfulness", backend="judge:v1", setting=setting(lambda request: {"statements": []}))
    assert check(CASE, ANSWER).reason == "There is no faithfulness: ragas gives no number."


def test_the_engine_reads_claims_by_ragas():
    """The statements are the claims; two of three are nowhere in the passages."""
    check = grounded(engine="ragas:faithfulness", backend="judge:v1", setting=setting())
    found = check(CASE, ANSWER)
    assert (found.status, found.reason) == ("fail", "2 of 3 claims rest on no passage.")
    assert [s.text for s in found.evidence] == ["It is heavy.", "It is new."]
    assert found.figures["groundedness"] == pytest.approx(1 / 3)


def test_tracking_is_off():
    """Whatever the environment said before."""
    from ragas._analytics import do_not_track

    score("faithfulness")
    assert os.environ["RAGAS_DO_NOT_TRACK"] == "true"
    assert do_not_track()
