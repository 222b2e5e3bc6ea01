"""Edits of a case: each can be left out, and none of them is the case itself."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.model import Case
from lockgate.variants.edits import Added, Dropped, Edit, Moved, Replaced, apply, of_words

CASE = Case(id="a", input="When do you open?", expected="nine", context=["At nine.", "Harbour.", "Free."])


def edit(*changes):
    return Edit(tuple(changes))


def word(number, text, case=CASE):
    """The edit that replaces a word of the input."""
    found = of_words(case.question)[number]
    return edit(Replaced(start=found.start(), end=found.end(), text=text))


def test_no_edits_are_the_case_itself():
    """Without edits nothing is another, and the same object is asked."""
    assert apply(CASE, []) == CASE
    assert apply(CASE, []).input is CASE.input


def test_words_are_replaced_where_they_stand():
    """Positions are of the original, however long the other edits' texts are."""
    edits = [word(0, "Whenever"), word(2, "")]
    assert apply(CASE, edits).input == "Whenever do  open?"
    assert apply(CASE, edits[1:]).input == "When do  open?"


def test_insertions_at_one_place_keep_their_order():
    """What is put at the same place stands in the order of the edits."""
    end = len(CASE.question)
    edits = [edit(Replaced(start=end, end=end, text=text)) for text in (" One.", " Two.", " Three.")]
    assert apply(CASE, edits).input == "When do you open? One. Two. Three."


def test_a_passage_is_replaced_in_its_own_text():
    """A change of a passage leaves the input and the other passages alone."""
    changed = apply(CASE, [edit(Replaced(start=3, end=7, text="ten", passage=0))])
    assert changed.context == ("At ten.", "Harbour.", "Free.")
    assert changed.input == CASE.input


def test_passages_are_dropped_added_and_moved():
    """Each change of the list of passages is by the original's indices."""
    assert apply(CASE, [edit(Dropped(passage=1))]).context == ("At nine.", "Free.")
    assert apply(CASE, [edit(Added(before=1, text="New."))]).context[1] == "New."
    assert apply(CASE, [edit(Added(before=3, text="New."))]).context[-1] == "New."
    assert apply(CASE, [edit(Moved(passage=2, to=0))]).context == ("Free.", "At nine.", "Harbour.")


def test_a_chat_keeps_all_but_its_last_user_message():
    """Only the question is edited: what was said before it stays."""
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "When do you open?"},
    ]
    changed = apply(Case(id="a", input=messages), [word(0, "WHEN")])
    assert [m["content"] for m in changed.input] == ["Be brief.", "Hello", "Hi", "WHEN do you open?"]
    assert messages[3]["content"] == "When do you open?"


def test_a_chat_without_a_user_message_stays_as_it_is():
    """Where there is no question there is nothing to edit."""
    case = Case(id="a", input=[{"role": "system", "content": "Be brief."}])
    assert apply(case, [edit(Replaced(start=0, end=0, text="x"))]).input == case.input


def test_a_new_name_is_given_on_request():
    """The variant has the id it is given, and the original's where it is given none."""
    assert apply(CASE, [word(0, "x")], case_id="a~typos-1").id == "a~typos-1"
    assert apply(CASE, [word(0, "x")]).id == "a"


@settings(deadline=None)
@given(st.permutations(range(4)), st.sets(st.integers(0, 3)))
def test_any_part_of_a_permutation_is_one(places, kept):
    """All moves together give the permutation, and some of them still every passage once."""
    case = Case(id="a", input="x", context=["zero", "one", "two", "three"])
    moves = {n: edit(Moved(passage=n, to=to)) for to, n in enumerate(places) if n != to}
    assert apply(case, moves.values()).context == tuple(case.context[n] for n in places)
    part = apply(case, [move for n, move in moves.items() if n in kept])
    assert sorted(part.context) == sorted(case.context)


@settings(deadline=None)
@given(st.text(max_size=30), st.sets(st.integers(0, 9)))
def test_edits_of_words_are_independent(text, kept):
    """A word that is edited is edited whatever the others are, and all else stays."""
    case = Case(id="a", input=text)
    words = of_words(text)
    edits = {n: edit(Replaced(start=w.start(), end=w.end(), text=f"<{w[0]}>")) for n, w in enumerate(words)}
    changed = apply(case, [one for n, one in edits.items() if n in kept])
    assert changed.question.replace("<", "").replace(">", "") == text.replace("<", "").replace(">", "")
    assert changed.question.count("<") == text.count("<") + len(kept & edits.keys())
