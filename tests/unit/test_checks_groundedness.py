"""Answers against their passages, claim by claim."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.groundedness import grounded
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Measure, Passage, Setting

KETTLE = "The kettle has a warranty of two years. It weighs 900 grams. Ann Berg designed it."
NONE = {"hallucination_rate": None, "groundedness": None, "abstention_rate": None}


def lexical(threshold=None, **options):
    """The check with the engine that needs nothing."""
    return grounded(threshold, **{"engine": "lexical", "setting": Setting(), **options})


def judged(text, *, context=KETTLE, passages=(), threshold=0.5):
    """The check's verdict on an answer."""
    retrieved = tuple(Passage(id=f"doc#{n}", text=p) for n, p in enumerate(passages))
    return lexical(threshold)(
        Case(id="a", input="?", context=context), Completion(text=text, passages=retrieved)
    )


def figures(bad, share):
    """The figures of an answer that does not abstain."""
    return {"hallucination_rate": bad, "groundedness": pytest.approx(share), "abstention_rate": False}


@pytest.mark.parametrize(
    "text",
    [
        "It has a two-year warranty.",
        "It has a two-year warranty [1]. It weighs 900 grams [1-2].",
        "1. The kettle weighs 900 grams.\n2. Ann Berg designed it.",
        "What do we know? Here is the list:\n- warranty of 2 years",
        '{"warranty": "two years", "grams": 900}',
        "Ann Berg's kettle has a warranty.",
    ],
)
def test_an_answer_that_rests_on_its_passages_passes(text):
    """Sentences, cited or in a list, and JSON values that the context has are grounded."""
    found = judged(text)
    assert (found.status, dict(found.figures), found.evidence) == ("pass", figures(False, 1), ())
    assert found.score >= 0.5


@pytest.mark.parametrize(
    ("text", "share", "reason"),
    [
        ("It has a three-year guarantee.", 0, "1 of 1 claims rests on no passage; no passage has 3."),
        (
            "It has a warranty of two years. It costs 30 euros.",
            1 / 2,
            "1 of 2 claims rests on no passage; no passage has 30.",
        ),
        (
            "It is blue. It is green. It weighs 900 grams.",
            1 / 3,
            "2 of 3 claims rest on no passage.",
        ),
        (
            "Call Ann, Bo, Cy, Di, Ed, Flo or Gus.",
            0,
            "1 of 1 claims rests on no passage; no passage has Bo, Cy, Di, Ed, Flo, ….",
        ),
        (
            '{"price": "12 euros", "grams": 900}',
            1 / 2,
            "1 of 2 claims rests on no passage; no passage has 12.",
        ),
    ],
)
def test_one_unsupported_claim_makes_a_hallucination(text, share, reason):
    """The answer counts in the rate, its share of supported claims in the mean, and the reason says why."""
    found = judged(text)
    assert (found.status, found.reason) == ("fail", reason)
    assert dict(found.figures) == figures(True, share)
    assert found.metric == "hallucination_rate"
    assert found.score < 0.5


def test_the_evidence_is_the_claim_and_what_comes_nearest():
    """Each unsupported claim is quoted with its score and what is missing, then the nearest passage."""
    text = "It weighs 900 grams. The warranty is 5 years [1]."
    claim, near = judged(text, passages=["Nothing here.", KETTLE]).evidence
    assert (claim.source, claim.text) == ("answer", "The warranty is 5 years [1].")
    assert text[claim.start : claim.end] == claim.text
    assert claim.note == "not in the passages: 5"
    assert claim.score == pytest.approx(2 / 3 * 0.4, abs=1e-4)
    assert (near.source, near.text, near.note) == ("doc#1", KETTLE, "nearest evidence")
    assert judged("It is blue.").evidence[0].note == "not in the passages"


def test_a_json_value_is_quoted_as_it_was_written():
    """A JSON answer's evidence is what stands in the answer, escapes and all."""
    text = json.dumps({"colour": "gr\u00fcn"})
    span = judged(text).evidence[0]
    assert text[span.start : span.end] == span.text == "gr\\u00fcn"


def test_retrieved_passages_come_before_the_context():
    """What was retrieved is the evidence, and the case's context only where nothing was."""
    assert judged("It weighs 900 grams.", passages=["Lamps shine."]).status == "fail"
    assert judged("Lamps shine.", passages=["Lamps shine."]).status == "pass"
    near = judged("Lamps shine.", context=("a", "b")).evidence[1]
    assert near.source == "context 1"


@pytest.mark.parametrize("passages", [(), ("",), (" \n--",)])
def test_without_passages_it_is_unscored(passages):
    """Where there is nothing to rest on the figures are unknown, and the sample counts against a gate."""
    found = judged("It weighs 900 grams.", context=(), passages=passages)
    assert (found.status, dict(found.figures)) == ("unscored", NONE)
    assert found.reason == "There is no passage and no context that the answer could rest on."
    assert found.falls_short


@pytest.mark.parametrize("text", ["", "  \n", "Is it blue?", "Here is what I found:", "…"])
def test_an_answer_without_a_claim_is_unscored(text):
    """An answer that says nothing is no pass and no hallucination."""
    found = judged(text)
    assert (found.status, dict(found.figures)) == ("unscored", NONE)
    assert found.reason == "The answer makes no claim."
    assert found.falls_short


@pytest.mark.parametrize("text", ["Yes.", "No", "Yes. It is.", "Okay, sure!", '{"answer": "yes"}'])
def test_an_answer_that_nothing_could_support_is_unscored(text):
    """A mere "Yes." does not pass, and is no hallucination: no passage could tell."""
    found = judged(text)
    assert (found.status, dict(found.figures)) == ("unscored", NONE)
    assert found.reason == "The answer has no name, number or other word that a passage could have."
    assert found.falls_short


@pytest.mark.parametrize(
    ("text", "status", "share"),
    [
        ("Yes. It has a two-year warranty.", "pass", 1),
        ("Yes. It has a ten-year warranty of gold. Okay?", "fail", 0),
        ("No. It is blue. Indeed. It weighs 900 grams.", "fail", 1 / 2),
    ],
)
def test_claims_without_content_are_left_out_beside_others(text, status, share):
    """A "Yes." before an answer neither makes it a hallucination nor raises its share."""
    found = judged(text)
    assert (found.status, dict(found.figures)) == (status, figures(status == "fail", share))
    assert all(span.text.strip() not in ("Yes.", "No.", "Indeed.") for span in found.evidence)


@pytest.mark.parametrize(
    "text", ["Our articles do not say.", "I don't know.", "I'm sorry, but I can't help with that."]
)
def test_an_answer_that_abstains_counts_as_that_alone(text):
    """Abstaining or refusing passes, even without passages, and stays out of the other two metrics."""
    for context in (KETTLE, ()):
        found = judged(text, context=context)
        assert (found.status, dict(found.figures)) == ("pass", {"abstention_rate": True})
        assert (found.score, found.reason) == (None, "The answer abstains.")


def test_the_threshold_itself_is_supported():
    """A claim that scores the threshold passes, and one below it does not."""
    assert judged("red kettle", threshold=0.5).status == "pass"
    assert judged("red kettle", threshold=0.51).status == "fail"


def test_measures_say_which_way_is_better():
    """Hallucinating and abstaining are better seldom, groundedness is a mean that is better high."""
    assert lexical().measures == (
        Measure(name="hallucination_rate", better="lower"),
        Measure(name="groundedness", kind="mean"),
        Measure(name="abstention_rate", better="lower"),
    )


def test_the_identity_tells_the_threshold():
    """Another threshold is another check."""
    assert lexical().identity != lexical(0.6).identity
    assert lexical().identity == lexical(0.5).identity
    assert not lexical().costly


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"engine": "lexcal"},
            "The check 'grounded' has no engine 'lexcal'. Did you mean 'lexical'?",
        ),
        (
            {"engine": "nli"},
            (
                "The check 'grounded' has no engine 'nli'. The engines there are: 'embedded', 'hf', 'judge', "
                "'lexical', 'ragas'."
            ),
        ),
        (
            {"backend": "judge:v1"},
            (
                "The engine 'lexical' of 'grounded' takes no backend. "
                "Delete it, or write engine: judge:judge:v1."
            ),
        ),
        (
            {"engine": "ragas:recall", "backend": "judge:v1"},
            (
                "The check 'grounded' has no engine 'ragas:recall'. Write ragas:faithfulness; "
                "the check 'ragas' has the other metrics."
            ),
        ),
        (
            {"engine": "ragas:faithfulness"},
            "The engine 'ragas:faithfulness' needs a language model. Write backend: FAMILY:VERSION.",
        ),
        (
            {"engine": "ragas:faithfulness", "backend": "judge:v1"},
            "The engine 'ragas' needs a project. Declare its backend in lockgate.yaml.",
        ),
        (
            {"engine": "lexical:fast"},
            "The engine 'lexical' of 'grounded' takes no name. Drop ':fast'.",
        ),
        (
            {"engine": "hf"},
            "The engine 'hf' of 'grounded' needs a name. Write hf:ORGANISATION/NAME.",
        ),
        (
            {"engine": "judge:"},
            "The engine 'judge' of 'grounded' needs a name. Write judge:FAMILY:VERSION.",
        ),
        (
            {"engine": "hf:nowhere"},
            "There is no detector 'nowhere'. Write hf:ORGANISATION/NAME, or hf: and a folder.",
        ),
        (
            {"engine": "judge:a:v1"},
            "The engine 'judge' needs a project. Declare its backend in lockgate.yaml.",
        ),
        (
            {"engine": "embedded:nowhere"},
            (
                "There is no embedder 'nowhere'. Write minilm, a folder, a hub id (ORGANISATION/NAME) "
                "or {endpoint: URL, model: NAME}."
            ),
        ),
        ({"threshold": 1.1}, "The threshold of 'grounded' cannot be 1.1. Use a number from 0 to 1."),
        ({"threshold": math.nan}, "The threshold of 'grounded' cannot be nan. Use a number from 0 to 1."),
    ],
)
def test_a_wrong_option_is_refused(options, text):
    """An engine that is not there and a threshold out of range say what to use."""
    with pytest.raises(UsageError) as caught:
        lexical(**options)
    assert str(caught.value) == text


WORDS = st.sampled_from(
    ["It weighs 900 grams", "Yes", "It is blue", " [1]", ". ", "\n", "1. ", "- ", ":", "?", "Ann's", "é", '"']
)
TEXTS = st.text(max_size=60) | st.lists(WORDS, max_size=8).map("".join)
JSONS = st.dictionaries(st.text(max_size=4), st.text(max_size=12) | st.integers(), max_size=3).map(json.dumps)


@given(TEXTS | JSONS, st.lists(TEXTS, max_size=2))
def test_every_span_is_its_texts_own(text, passages):
    """Whatever the answer, evidence quotes the answer or a passage character by character."""
    sources = {"answer": text} | {f"context {n}": p for n, p in enumerate(passages, 1)}
    for span in judged(text, context=passages).evidence:
        assert span.text
        assert sources[span.source][span.start : span.end] == span.text


@given(TEXTS | JSONS, st.lists(TEXTS, max_size=2), st.floats(0, 1))
def test_status_and_figures_agree(text, passages, threshold):
    """A sample hallucinates exactly when it fails, and then not all of its claims are grounded."""
    found = judged(text, context=passages, threshold=threshold)
    if found.status == "unscored":
        assert dict(found.figures) == NONE
    elif found.score is not None:
        assert found.figures["hallucination_rate"] is (found.status == "fail")
        assert (found.figures["groundedness"] < 1) == (found.status == "fail")
        assert 0 <= found.figures["groundedness"] <= 1


def test_the_run_shows_abstentions_apart():
    """The check's table names its three metrics, so that abstentions are seen where no gate bounds them."""
    (table,) = grounded(engine="lexical", setting=Setting()).tables
    assert (table.name, table.figure) == ("grounded", "")
    assert table.metrics == ("hallucination_rate", "groundedness", "abstention_rate")
