"""How much of a claim stands in its evidence."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lockgate.checks.claims import windows
from lockgate.checks.overlap import has_content, overlap
from lockgate.model import Passage


def support(claim, *passages):
    """The support of a claim by passages."""
    return overlap(claim, windows([Passage(id=str(i), text=p) for i, p in enumerate(passages)]))


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The kettle has a warranty.", "A warranty comes with every kettle."),
        ("It was delivered.", "We deliver it."),
        ("The LAMPS are shining", "a lamp shines"),
        ("It has a two-year warranty.", "The warranty is 2 years."),
        ("It has 1,200 grams.", "1200 gram"),
        ("It costs 3.50.", "cost 3,5"),
        ("Opens at 09:30.", "It opens at 9:30."),
        ("It is 007.", "it is 7"),
        ("This is Kettle's desk.", "the desk of Kettle"),
        ("The lamp is Ann’s.", "Ann's lamp"),
        ("We met Ann in Paris.", "In Paris we met Ann."),
        ("保修", "保修"),
    ],
)
def test_what_the_evidence_has_scores_one(claim, passage):
    """Word order, case, endings, possessives, empty words and ways of writing numbers do not count."""
    found = support(claim, passage)
    assert (found.score, found.window, found.missing) == (1.0, 0, ())


@pytest.mark.parametrize(
    ("claim", "passages", "score", "missing"),
    [
        ("red lamp", ["blue lamp"], 0.5, ()),
        ("red lamp", ["green kettle"], 0.0, ()),
        ("red lamp", ["red kettle", "blue lamp"], 0.75, ()),
        ("lamp 7", ["lamp 8"], 0.5 * 0.4, ("7",)),
        ("lamp 7 8", ["lamp 8"], 2 / 3 * 0.7, ("7",)),
        ("lamp from Oslo", ["lamp from Bergen"], 0.5 * 0.5, ("Oslo",)),
        ("lamp of Ann Berg", ["lamp of Ann"], 2 / 3 * 0.75, ("Berg",)),
        ("lamp 7 from Oslo", ["lamp"], 1 / 3 * 0.4 * 0.5, ("7", "Oslo")),
        ("lamp", ["lamp 7 from Oslo"], 1.0, ()),
    ],
)
def test_the_score_is_the_documented_formula(claim, passages, score, missing):
    """Half the best window's share, half of all windows', less for numbers and names that none has."""
    found = support(claim, *passages)
    assert found.score == pytest.approx(score)
    assert found.missing == missing


def test_a_sentence_begins_with_no_name():
    """The first word is upper case anyway, so that it costs no more than another missing word."""
    assert support("Oslo lamp", "a lamp").missing == ()
    assert support("lamp Oslo", "a lamp").missing == ("Oslo",)


def test_the_nearest_window_has_the_most_of_a_claim():
    """The window given is the one with the greatest share, the first of equals."""
    assert support("red lamp", "green", "blue lamp", "red lamp").window == 2
    assert support("red lamp", "a lamp", "another lamp").window == 0


def test_evidence_is_one_window_and_not_the_whole_passage():
    """What is scattered over a passage supports less than what stands together."""
    together = support("red lamp", "The red lamp. " + "Filler here. " * 5)
    apart = support("red lamp", "The red mug. " + "Filler here. " * 5 + "A lamp.")
    assert (together.score, apart.score) == (1.0, 0.75)


@pytest.mark.parametrize("claim", ["Yes.", "No.", "Of that, it is.", "Okay", "Indeed, yes!", "", "..."])
def test_a_claim_without_content_scores_nothing(claim):
    """Empty words alone have nothing that could be found, even where the evidence has them."""
    assert not has_content(claim)
    found = support(claim, "Yes. No. It is okay of that.")
    assert (found.score, found.window, found.missing) == (0.0, 0, ())


@pytest.mark.parametrize("claim", ["blue", "7", "Seven", "No lamp.", "保修", "Yes, Ann."])
def test_a_word_a_name_or_a_number_is_content(claim):
    """One of them is enough to be looked for."""
    assert has_content(claim)


def test_without_evidence_there_is_no_window():
    """Nothing supports a claim when there is no passage."""
    found = support("red lamp")
    assert (found.score, found.window, found.missing) == (0.0, None, ())


TEXT = st.text(max_size=60) | st.text(alphabet="aAbs'’ 1.,-:Oé", max_size=40)


@given(TEXT, st.lists(TEXT, max_size=3))
def test_a_score_is_a_share(claim, passages):
    """Whatever the texts, the score is from 0 to 1, and the window is one that there is."""
    found = support(claim, *passages)
    count = len(windows([Passage(id="p", text=p) for p in passages]))
    assert 0 <= found.score <= 1
    assert (found.window is None) == (count == 0)
    assert found.window is None or 0 <= found.window < count
    assert all(term for term in found.missing)


@given(TEXT)
def test_a_text_supports_itself(text):
    """A claim that is its evidence scores 1, unless it has no content."""
    evidence = windows([Passage(id="p", text=text)])
    assume(len(evidence) == 1)
    assert overlap(evidence[0].text, evidence).score == (1.0 if has_content(text) else 0.0)


@given(TEXT, TEXT, TEXT)
def test_more_evidence_never_hurts(claim, first, second):
    """A further passage does not lower the score."""
    assert support(claim, first, second).score >= support(claim, first).score - 1e-12
