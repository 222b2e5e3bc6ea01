"""Numbered citations and the passages that they lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks import citations
from lockgate.checks.citations import cites_sources
from lockgate.checks.grounding.answers import Engine
from lockgate.checks.grounding.engines import engine_of
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Measure, Passage, Setting


def judged(text, *, passages=3, context=(), **options):
    """The check's verdict on an answer that rests on so many passages."""
    retrieved = tuple(Passage(id=f"p{n}", text="x") for n in range(passages))
    case = Case(id="a", input="?", context=context)
    return cites_sources(**options)(case, Completion(text=text, passages=retrieved))


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Blue [1].", ["1"]),
        ("Blue [1, 3].", ["1", "3"]),
        ("Blue [1; 3].", ["1", "3"]),
        ("Blue [1-3].", ["1", "2", "3"]),
        ("Blue [1 – 2, 3].", ["1", "2", "3"]),
        ("Blue [1][02].", ["1", "2"]),
        ("Blue [3-1].", ["3", "1"]),
    ],
)
def test_every_form_of_citation_is_read(text, cited):
    """Each number that a bracket stands for is a span with that number, over the whole bracket."""
    found = judged(text)
    assert (found.status, found.figures["citation_validity"]) == ("pass", True)
    assert [span.note for span in found.evidence] == cited


@pytest.mark.parametrize(
    "text", ["Blue.", "Blue [a].", "Blue [].", "(1)", "On [2024-01-05].", "[1-2-3]", "[1,]", "[1234567]"]
)
def test_what_is_no_citation_cites_nothing(text):
    """Dates and other brackets are not read as citations, and break nothing."""
    found = judged(text)
    assert (found.status, found.reason) == ("fail", "The answer cites 0 passages, fewer than 1.")
    assert found.figures["citation_validity"] is False


@pytest.mark.parametrize(
    ("text", "reason", "spans"),
    [
        ("Blue [4].", "[4] cites no passage: there are 3.", ["[4]"]),
        ("Blue [1] and [0], [7] and [7].", "[0], [7] cites no passage: there are 3.", ["[0]", "[7]", "[7]"]),
        ("Blue [2-5].", "[4], [5] cites no passage: there are 3.", ["[2-5]", "[2-5]"]),
        ("Blue [1-999999].", "[999999] cites no passage: there are 3.", ["[1-999999]"]),
    ],
)
def test_a_citation_of_nothing_is_a_miss(text, reason, spans):
    """A number beyond the passages is named, and the evidence shows only the wrong citations."""
    found = judged(text)
    assert (found.status, found.reason) == ("fail", reason)
    assert [span.text for span in found.evidence] == spans


@pytest.mark.parametrize(
    ("text", "least", "status"),
    [
        ("Blue [1][1].", 2, "fail"),
        ("Blue [1][2].", 2, "pass"),
        ("Blue.", 0, "pass"),
        ("Blue [9].", 0, "fail"),
    ],
)
def test_min_counts_different_passages(text, least, status):
    """The same passage twice is one; with 0 a citation is not needed, and still must not be wrong."""
    assert judged(text, min=least).status == status


def test_too_few_are_counted_in_the_reason():
    """A miss says how many passages are cited and how many have to be."""
    found = judged("Blue [1].", min=2)
    assert found.reason == "The answer cites 1 passages, fewer than 2."
    assert [span.text for span in found.evidence] == ["[1]"]


def test_the_context_is_cited_where_nothing_was_retrieved():
    """Retrieved passages come first; without any the case's own context is numbered."""
    assert judged("Blue [2].", passages=0, context=("a", "b")).status == "pass"
    assert judged("Blue [2].", passages=1, context=("a", "b")).status == "fail"


def test_without_anything_to_cite_it_is_unscored():
    """No passage and no context leave the sample unscored, which counts against a gate."""
    found = judged("Blue [1].", passages=0)
    unknown = {"citation_validity": None, "citation_recall": None, "citation_precision": None}
    assert (found.status, dict(found.figures)) == ("unscored", unknown)
    assert found.reason == "There is no passage and no context that could be cited."
    assert found.falls_short


def test_a_min_below_zero_is_refused():
    """A negative number of passages is a mistake of the suite."""
    with pytest.raises(UsageError) as caught:
        cites_sources(min=-1)
    assert str(caught.value) == "The check 'cites_sources' cannot have min: -1. Use 0 or more."


def test_metric_and_identity_follow_the_options():
    """The first metric takes the given name, and other options are another check."""
    assert cites_sources(metric="m").measures == (
        Measure(name="m"),
        Measure(name="citation_recall", kind="mean"),
        Measure(name="citation_precision", kind="mean"),
    )
    for options in ({"min": 2}, {"recall": 0.5}, {"precision": 0.5}, {"metric": "m"}):
        assert cites_sources().identity != cites_sources(**options).identity


PASSAGES = (
    "The warranty of the kettle is two years.",
    "The filter is not covered by the warranty.",
    "Send the kettle to the workshop in Utrecht.",
)


def supported(text, **options):
    """The check's verdict on an answer that rests on three passages about a kettle."""
    retrieved = tuple(Passage(id=f"p{n}", text=said) for n, said in enumerate(PASSAGES, 1))
    return cites_sources(**options)(Case(id="a", input="?"), Completion(text=text, passages=retrieved))


@pytest.mark.parametrize(
    ("text", "recall", "precision"),
    [
        ("The warranty is two years [1].", 1.0, 1.0),
        ("The warranty is two years. [1]", 1.0, 1.0),
        ("The warranty is two years [3].", 0.0, 0.0),
        ("The warranty is two years [1, 3].", 1.0, 0.5),
        ("The warranty is two years [1][1].", 1.0, 1.0),
        ("The warranty is two years [1]. Send it to Utrecht.", 0.5, 1.0),
        ("The warranty is two years. [1] Send it to Utrecht [3].", 1.0, 1.0),
        ("The warranty is two years [1].\n[3] Send it to Utrecht.", 1.0, 1.0),
        ("- The warranty is two years [1]\n- Send it to Utrecht [2]", 0.5, 0.5),
        ("Two years of warranty, workshop in Utrecht [1, 3].", 1.0, 1.0),
    ],
)
def test_recall_and_precision_follow_what_the_passages_say(text, recall, precision):
    """A claim counts where its passages support it, a citation where it does its part."""
    figures = supported(text).figures
    assert (figures["citation_recall"], figures["citation_precision"]) == (recall, precision)


def test_without_a_citation_there_is_no_precision():
    """An answer without citations has a recall of 0 and leaves precision out."""
    figures = dict(supported("The warranty is two years.").figures)
    assert figures == {"citation_validity": False, "citation_recall": 0.0}


def test_an_answer_that_claims_nothing_is_not_counted_for_support():
    """Without a claim neither recall nor precision applies."""
    assert dict(supported("Anything else? [1]").figures) == {"citation_validity": True}


def test_a_wrong_number_supports_nothing():
    """A citation of a passage that is not there leaves its claim without support, and is shown."""
    found = supported("The warranty is two years [9].")
    assert (found.figures["citation_recall"], [s.text for s in found.evidence]) == (0.0, ["[9]"])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"recall": 0.6}, "The answer's citation recall is 0.5, below 0.6."),
        ({"precision": 0.6}, "The answer's citation precision is 0.5, below 0.6."),
        (
            {"recall": 1.0, "precision": 1.0},
            "The answer's citation recall is 0.5, below 1. The answer's citation precision is 0.5, below 1.",
        ),
    ],
)
def test_what_falls_below_a_given_share_fails(options, reason):
    """With `recall` or `precision` an answer needs that much, and the evidence shows what lacks."""
    found = supported("The warranty is two years [1]. Send it to Utrecht [2].", **options)
    assert (found.status, found.reason, found.figures["citation_validity"]) == ("fail", reason, False)
    assert [(s.text, s.note) for s in found.evidence] == [
        ("Send it to Utrecht [2].", "not in the passages cited for it"),
        ("[2]", "[2] does not say so"),
    ]


def test_a_share_that_is_reached_passes():
    """The least share itself is enough."""
    text = "The warranty is two years [1]. Send it to Utrecht [2]."
    assert supported(text, recall=0.5, precision=0.5).status == "pass"


def test_a_claim_without_a_citation_is_shown_as_such():
    """Where recall is asked for, an uncited claim is evidence."""
    found = supported("The warranty is two years [1]. Send it to Utrecht.", recall=1.0)
    assert [(s.text, s.note) for s in found.evidence] == [("Send it to Utrecht.", "carries no citation")]


@pytest.mark.parametrize("option", ["recall", "precision"])
def test_a_share_out_of_range_is_refused(option):
    """A share is from 0 to 1."""
    with pytest.raises(UsageError) as caught:
        cites_sources(**{option: 1.5})
    assert str(caught.value) == f"The check 'cites_sources' cannot have {option}: 1.5. Use 0 to 1."


def test_the_engines_are_those_of_grounded():
    """An unknown engine is a mistake of the suite."""
    with pytest.raises(UsageError, match="no engine 'lexicall'"):
        cites_sources(engine="lexicall")


ANSWERS = (
    "The warranty is two years [1]. Send it to Utrecht [2].",
    "The warranty is two years [1, 3].",
    "The warranty is two years.",
    "The warranty is two years [9].",
    "Anything else? [1]",
    "",
    "The warranty is two years [1]. Send it to Utrecht [2].",
)


def pair(number, text, *, passages=PASSAGES):
    """A case and its answer, on passages about a kettle."""
    retrieved = tuple(Passage(id=f"p{n}", text=said) for n, said in enumerate(passages, 1))
    return Case(id=f"case {number}", input="?"), Completion(text=text, passages=retrieved)


def test_the_engine_is_asked_once_for_many_answers(monkeypatch):
    """All that several answers cite is read in one call, so that a model can read it in batches."""
    calls = []

    def read(answers, threshold):
        calls.append([answer.text for answer in answers])
        return engine_of("lexical", Setting()).read(answers, threshold)

    monkeypatch.setattr(citations, "engine_of", lambda *_: Engine(read=read))
    first, second = ANSWERS[0], "Ask Ann [1, 3]."
    verdicts = cites_sources().many([pair(1, first), pair(2, "Blue [1].", passages=()), pair(3, second)])
    assert calls == [["The warranty is two years.", "Send it to Utrecht.", *["Ask Ann."] * 3]]
    assert [verdict.status for verdict in verdicts] == ["pass", "unscored", "pass"]


@given(st.lists(st.sampled_from(ANSWERS) | st.text(alphabet="[]0123,. warnty", max_size=30), max_size=6))
def test_many_answers_are_judged_as_each_alone(texts):
    """Judged together, each answer has the verdict that it has by itself, at its own place."""
    check = cites_sources(recall=0.6, precision=0.6)
    pairs = [pair(n, text, passages=PASSAGES[: n % 4]) for n, text in enumerate(texts, 3)]
    assert check.many(pairs) == [check(*one) for one in pairs]


@given(st.text() | st.text(alphabet="[]0123,;- –a", max_size=40), st.integers(0, 3))
def test_every_answer_has_a_verdict_with_its_own_spans(text, least):
    """Whatever the answer, evidence quotes it, and a pass cites only passages that are there."""
    found = judged(text, min=least)
    assert found.status in ("pass", "fail")
    assert all(text[s.start : s.end] == s.text for s in found.evidence)
    if found.status == "pass":
        assert {int(s.note) for s in found.evidence} <= {1, 2, 3}
        assert len({s.note for s in found.evidence}) >= least
