"""Groundedness by a language model: verdicts by claim, and what becomes of those that are not given."""

from __future__ import annotations

import json

import pytest

from lockgate.backends.scripted import Scripted
from lockgate.checks.groundedness import grounded
from lockgate.model import Case, Completion, Setting

KETTLE = "The kettle has a warranty of two years. It weighs 900 grams."
ANSWER = "It has a warranty. It is blue. It weighs 900 grams."
NONE = {"hallucination_rate": None, "groundedness": None, "abstention_rate": None}


def judge(*replies):
    """The check with a judge that gives these replies to its requests, in order."""
    answers = {f"grounded {number}": reply for number, reply in enumerate(replies)}
    backend = Scripted(answers=answers, name="judge:v1")
    return grounded(engine="judge:judge:v1", setting=Setting(backend=lambda name: backend))


def judged(reply, text=ANSWER):
    """What the check says of an answer by one reply."""
    return judge(reply)(Case(id="a", input="?", context=KETTLE), Completion(text=text))


def verdicts(*given, quotes=()):
    """A judge's reply."""
    quotes = dict(quotes)
    return json.dumps(
        {"verdicts": [{"claim": n, "verdict": v, "quote": quotes.get(n, "")} for n, v in enumerate(given, 1)]}
    )


def test_supported_claims_pass():
    """An answer whose claims are all supported is grounded."""
    found = judged(verdicts("supported", "supported", "supported"))
    assert (found.status, found.score) == ("pass", 1.0)
    assert found.figures["groundedness"] == 1.0


def test_an_unsupported_claim_is_shown_with_its_kind():
    """The span is the claim, its note how it fails, and the quote is found in its passage."""
    reply = verdicts("supported", "not in the source", "contradicted", quotes={3: "It weighs 900 grams."})
    found = judged(reply)
    assert (found.status, found.figures["groundedness"]) == ("fail", pytest.approx(1 / 3))
    assert [(s.text, s.note) for s in found.evidence] == [
        ("It is blue.", "not in the source"),
        ("It weighs 900 grams.", "contradiction"),
        ("It weighs 900 grams.", "nearest evidence"),
    ]
    assert KETTLE[found.evidence[2].start : found.evidence[2].end] == found.evidence[2].text


def test_a_claim_without_a_verdict_is_unscored_and_counted():
    """Where the others are supported nothing is known; the denominator stays the claims made."""
    silent = judged(verdicts("supported", "supported"))
    assert (silent.status, dict(silent.figures)) == ("unscored", NONE)
    assert silent.reason == "1 of 3 claims have no verdict: the judge gave none that can be used."
    failing = judged(verdicts("supported", "contradicted"))
    assert (failing.status, failing.figures["groundedness"]) == ("fail", pytest.approx(1 / 3))
    assert failing.reason.endswith("1 of 3 claims have no verdict: the judge gave none that can be used.")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("I think so.", "the judge's answer cannot be used: line 1, column 1: Expecting value."),
        ("{}", "the judge gave none that can be used."),
        ('{"verdicts": "all"}', "the judge gave none that can be used."),
        (
            '{"verdicts": [7, {"claim": "1", "verdict": "supported"}]}',
            "the judge gave none that can be used.",
        ),
        ('{"verdicts": [{"claim": 1, "verdict": "maybe"}]}', "the judge gave none that can be used."),
    ],
)
def test_a_reply_that_cannot_be_used_leaves_all_unscored(reply, why):
    """No reply is taken for support."""
    found = judged(reply)
    assert (found.status, found.reason) == ("unscored", f"3 of 3 claims have no verdict: {why}")


def test_two_verdicts_on_one_claim_are_none():
    """A judge that contradicts itself has not said anything."""
    reply = json.dumps({"verdicts": [{"claim": 1, "verdict": v} for v in ("supported", "contradicted")]})
    assert judged(reply, "It is blue.").status == "unscored"


def test_many_answers_are_asked_in_one_call():
    """Each answer gets its own reply, and one without an answer is unscored with the backend's reason."""
    check = judge(verdicts("supported"), verdicts("contradicted"))
    case = Case(id="a", input="?", context=KETTLE)
    texts = ["It is blue.", "I don't know.", "It is red.", "It is green."]
    found = check.many([(case, Completion(text=text)) for text in texts])
    assert [v.status for v in found] == ["pass", "pass", "fail", "unscored"]
    assert "the judge gave no answer: " in found[3].reason


def test_it_is_costly_and_its_backend_is_its_identity():
    """Verdicts are kept in the journal, by the judge that gave them."""
    check = judge()
    assert check.costly
    assert check.identity["engine"] == "judge"
    assert len(check.identity["backend"]) > 10
