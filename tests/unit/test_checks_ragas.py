"""The check on a metric of ragas, with a stand-in for the package."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import ragas_stand_in
from word_embedder import WordEmbedder

from lockgate.backends.scripted import Scripted
from lockgate.checks import ragas as module
from lockgate.checks.groundedness import grounded
from lockgate.checks.ragas import ragas
from lockgate.errors import MissingExtra, UsageError
from lockgate.model import Case, Completion, Setting

CASE = Case(
    id="a",
    input="What of the kettle?",
    context=["It is blue.", "It is new."],
    expected="It is blue. It has a lid.",
)
ANSWER = Completion(text="It is blue. Its lid is red.")


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch):
    ragas_stand_in.install(monkeypatch)
    monkeypatch.setattr(module, "find_embedder", lambda spec, *, base: WordEmbedder(name=str(spec)))


def check(metric, *, replies=None, factory=ragas, **options):
    """The check with a model that replies by the prompt's word."""

    def answer(request):
        return json.dumps(replies[json.loads(request.messages[0]["content"])["ask"]])

    backend = Scripted(answers=answer, name="judge:v1")
    return factory(metric, backend="judge:v1", setting=Setting(backend=lambda name: backend), **options)


def statements(**verdicts):
    """A model that makes these statements, and gives each its verdict."""
    said = [{"statement": s, "verdict": v} for s, v in verdicts.items() if v is not None]
    return {"split": {"statements": list(verdicts)}, "judge": {"statements": said}}


def classified(**attributed):
    made = [{"statement": s.replace("_", " "), "attributed": v} for s, v in attributed.items()]
    return {"classify": {"classifications": made}}


@pytest.mark.parametrize(
    ("threshold", "status", "reason"),
    [(0.5, "pass", ""), (0.7, "fail", "The faithfulness is 0.5, below 0.7.")],
)
def test_the_number_is_ragas_s_own(threshold, status, reason):
    """It goes into the metric of the same name, and passes from the threshold on."""
    found = check("faithfulness", replies=statements(a=1, b=0), threshold=threshold)(CASE, ANSWER)
    assert (found.status, found.score, found.reason) == (status, 0.5, reason)
    assert dict(found.figures) == {"faithfulness": 0.5}


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        (statements(), "ragas gives no number"),
        (statements(a=1, b=None), "1 of 2 statements have no verdict that can be used"),
        ({"split": {}}, "the model's reply cannot be used: Field required at statements"),
    ],
)
def test_what_is_no_number_is_unscored(replies, reason):
    """NaN, verdicts that are missing and replies in another form leave the metric unknown."""
    found = check("faithfulness", replies=replies)(CASE, ANSWER)
    assert (found.status, dict(found.figures)) == ("unscored", {"faithfulness": None})
    assert found.reason == f"There is no faithfulness: {reason}."


def test_noise_is_better_low():
    """The threshold is the greatest that passes."""
    made = check("noise_sensitivity", replies=statements(a=1, b=0), threshold=0.4)
    assert made.measures[0].better == "lower"
    found = made(CASE, ANSWER)
    assert (found.status, found.reason) == ("fail", "The noise_sensitivity is 0.5, above 0.4.")
    assert check("noise_sensitivity", replies=statements(a=1, b=0))(CASE, ANSWER).passed


def test_a_sentence_of_the_reference_that_is_not_classified_is_missed():
    """Ragas would divide by what the model chose to classify."""
    whole = check("context_recall", replies=classified(It_is_blue=1, It_has_a_lid=0))(CASE, ANSWER)
    assert (whole.status, whole.score) == ("pass", 0.5)
    part = check("context_recall", replies=classified(It_is_blue=1))(CASE, ANSWER)
    assert (part.status, part.reason) == (
        "unscored",
        "There is no context_recall: 1 of 2 sentences of the reference have no verdict.",
    )


def test_an_empty_question_is_no_question():
    """Ragas would leave it out of the mean, or give 0 where all are empty."""
    found = check("answer_relevancy", replies={"question": {"question": "", "noncommittal": 0}})(CASE, ANSWER)
    assert found.reason == "There is no answer_relevancy: 3 of 3 questions are empty."


def test_relevancy_compares_with_the_embedder():
    """A question with the same words is as near as can be; rounding does not push it beyond 1."""
    replies = {"question": {"question": CASE.question, "noncommittal": 0}}
    found = check("answer_relevancy", replies=replies, threshold=1, strictness=2)(CASE, ANSWER)
    assert (found.status, found.score) == ("pass", 1.0)


@pytest.mark.parametrize(
    ("metric", "case", "answer", "reason"),
    [
        ("faithfulness", replace(CASE, context=()), ANSWER, "There is no passage and no context."),
        ("faithfulness", replace(CASE, context=[" "]), ANSWER, "There is no passage and no context."),
        ("faithfulness", replace(CASE, input=" "), ANSWER, "The case has no question."),
        ("faithfulness", CASE, Completion(text="\n"), "The answer is empty."),
        ("context_recall", replace(CASE, expected=None), ANSWER, "The case has no reference."),
    ],
)
def test_without_what_it_reads_a_metric_is_unscored(metric, case, answer, reason):
    """Nothing is asked."""
    found = check(metric)(case, answer)
    assert (found.status, found.reason, dict(found.figures)) == ("unscored", reason, {metric: None})


def test_a_reference_that_cannot_be_filled_in_is_an_error():
    """The case lacks what the template names."""
    found = check("context_recall", reference="{{ gold }}")(CASE, ANSWER)
    assert (found.status, dict(found.figures)) == ("error", {"context_recall": None})
    assert "gold" in found.reason


def test_many_samples_keep_their_order():
    """Those that are not asked stand among those that are."""
    made = check("faithfulness", replies=statements(a=1))
    pairs = [(CASE, ANSWER), (CASE, Completion()), (CASE, ANSWER)]
    assert [v.status for v in made.many(pairs)] == ["pass", "unscored", "pass"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"metric": "context_recal"},
            "The check 'ragas' has no metric 'context_recal'. Did you mean 'context_recall'?",
        ),
        ({"threshold": 1.5}, "The threshold of 'ragas' cannot be 1.5. Use a number from 0 to 1."),
        ({"threshold": math.nan}, "The threshold of 'ragas' cannot be nan. Use a number from 0 to 1."),
        ({"strictness": 0}, "The strictness of 'ragas' cannot be 0. Use a number from 1 to 20."),
        (
            {"mode": "irrelevant"},
            "The metric 'faithfulness' has no mode. Delete it, or write metric: noise_sensitivity.",
        ),
        ({"setting": Setting()}, "The check 'ragas' needs a project. Declare its backend in lockgate.yaml."),
    ],
)
def test_a_wrong_option_is_refused(options, text):
    """Each says what to write."""
    given = {
        "metric": "faithfulness",
        "setting": Setting(backend=lambda name: Scripted(answers={})),
    } | options
    with pytest.raises(UsageError) as caught:
        ragas(given.pop("metric"), backend="judge:v1", **given)
    assert str(caught.value) == text


@pytest.mark.parametrize("factory", [ragas, lambda metric, **o: grounded(engine=f"ragas:{metric}", **o)])
def test_a_missing_extra_is_said_when_the_check_is_made(monkeypatch, factory):
    """Before any test, and before any model is asked."""
    monkeypatch.setattr(module, "require", missing)
    monkeypatch.setattr("lockgate.checks.grounding.faithfulness.require", missing)
    with pytest.raises(MissingExtra, match=r"needs the package 'ragas'.* pip install 'lockgate\[ragas\]'"):
        check("faithfulness", factory=factory)


def missing(feature):
    raise MissingExtra(feature=feature, package="ragas", extra="ragas")


def test_its_identity_has_all_that_can_change_a_verdict():
    """Model, version, metric, threshold and options; the check is costly."""
    first = check("answer_relevancy")
    others = [
        check("answer_relevancy", strictness=2),
        check("answer_relevancy", threshold=0.6),
        check("answer_relevancy", embedder="a/b"),
        check("faithfulness"),
    ]
    assert first.costly
    assert first.identity["ragas"] == "0"
    assert all(first.identity != other.identity for other in others)


def engine(**verdicts):
    """The engine of `grounded` with a model that makes these statements."""
    replies = statements(**verdicts)
    renamed = json.loads(json.dumps(replies).replace("_", " "))
    return check("faithfulness", replies=renamed, factory=lambda m, **o: grounded(engine=f"ragas:{m}", **o))


def test_the_engine_counts_statements():
    """Each statement is a claim with the place of its sentence; the denominator is the statements made."""
    found = engine(Kettle_is_blue=1, Its_lid_is_red=0, Tea_comes_from_far_Assam=0)(CASE, ANSWER)
    assert (found.status, found.figures["groundedness"]) == ("fail", pytest.approx(1 / 3))
    assert [(s.text, s.note) for s in found.evidence] == [
        ("Its lid is red.", "not in the passages: Its lid is red"),
        (ANSWER.text, "not in the passages: Tea comes from far Assam"),
    ]


def test_the_engine_passes_what_is_faithful():
    """Every statement has a verdict, and it is yes."""
    found = engine(It_is_blue=1, Its_lid_is_red=1)(CASE, ANSWER)
    assert (found.status, found.figures["groundedness"]) == ("pass", 1.0)


def test_the_engine_may_name_its_backend():
    """As the engine `judge` does; checks without an option for it can have the engine, too."""
    asked = []
    setting = Setting(backend=lambda name: asked.append(name) or Scripted(answers={}))
    assert grounded(engine="ragas:faithfulness:judge:v1", setting=setting).costly
    assert asked == ["judge:v1"]


def test_a_statement_without_a_verdict_is_unscored_and_counted():
    """It stays in the denominator; alone it leaves the answer unscored."""
    found = engine(It_is_blue=1, Its_lid_is_red=None)(CASE, ANSWER)
    assert (found.status, found.reason) == (
        "unscored",
        "1 of 2 claims have no verdict: 1 of 2 statements have no verdict that can be used.",
    )
    failing = engine(It_is_blue=0, Its_lid_is_red=None)(CASE, ANSWER)
    assert (failing.status, failing.figures["groundedness"]) == ("fail", 0.0)


def test_an_answer_of_which_nothing_is_made_is_unscored():
    """NaN for ragas, and no share of anything here."""
    found = engine()(CASE, ANSWER)
    assert (found.status, found.reason) == ("unscored", "ragas made no statement of the answer.")


def test_a_model_that_cannot_split_leaves_the_sentences_unscored():
    """The reason is the reply's."""
    broken = check(
        "faithfulness", replies={"split": []}, factory=lambda m, **o: grounded(engine=f"ragas:{m}", **o)
    )
    assert broken(CASE, ANSWER).reason.startswith(
        "2 of 2 claims have no verdict: the model's reply cannot be used:"
    )
