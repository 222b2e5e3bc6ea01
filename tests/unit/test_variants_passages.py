"""Variants of the passages that must not change a verdict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.errors import UsageError
from lockgate.model import Case
from lockgate.variants.passages import FILLER, irrelevant_passages, order, padding
from lockgate.variants.recipes import NotApplicable, vary

CASE = Case(id="a", input="When?", expected="nine", context=["At nine.", "Harbour.", "Free."])
OTHERS = [
    CASE,
    Case(id="b", input="x", context=["Cards cannot be returned.", "Open from nine to five."]),
    Case(id="c", input="y", context=["Harbour.", "Parcels take three days."]),
    Case(id="d", input="z"),
]


def contexts(recipe, original=CASE, **given):
    """The passages of the variants that a recipe makes."""
    return [variant.case.context for variant in vary(original, recipe, **given)]


def test_the_order_is_another_each_time():
    """Each variant is a permutation of the passages that neither the case nor another variant has."""
    found = contexts(order(5))
    assert len({*found, CASE.context}) == 6
    assert all(sorted(one) == sorted(CASE.context) for one in found)


def test_there_are_no_more_orders_than_permutations():
    """Two passages can be swapped once, whatever the count."""
    assert contexts(order(4), Case(id="a", input="x", context=["1", "2"])) == [("2", "1")]


@pytest.mark.parametrize("context", [(), ("One.",)])
def test_one_passage_has_no_other_order(context):
    """The reason says that there are too few."""
    with pytest.raises(NotApplicable, match="fewer than two"):
        vary(Case(id="a", input="x", context=context), order())


def test_irrelevant_passages_come_from_other_cases():
    """They are none of its own and do not hold the expected answer; its own stay in their order."""
    for context in contexts(irrelevant_passages(2, count=3), cases=OTHERS):
        added = [text for text in context if text not in CASE.context]
        assert sorted(added) == ["Cards cannot be returned.", "Parcels take three days."]
        assert [text for text in context if text in CASE.context] == list(CASE.context)


def test_each_irrelevant_passage_is_an_edit():
    """One can be left out and the other stay."""
    (variant,) = vary(CASE, irrelevant_passages(2), cases=OTHERS)
    assert variant.edits == 2
    assert len(variant.build([1]).context) == 4


def test_irrelevant_passages_can_be_given():
    """Texts of one's own need no other case."""
    (context,) = contexts(irrelevant_passages(["Nothing to see."]))
    assert sorted(context) == sorted((*CASE.context, "Nothing to see."))


def test_without_other_passages_there_is_no_such_variant():
    """The reason says what is missing: passages elsewhere, or a context."""
    with pytest.raises(NotApplicable, match="no other case has a passage"):
        vary(CASE, irrelevant_passages(), cases=[CASE])
    with pytest.raises(NotApplicable, match="no context"):
        vary(Case(id="a", input="x"), irrelevant_passages(), cases=OTHERS)


def test_padding_stands_around_the_context():
    """So many words or a sentence more, in passages before and after the case's own, an edit each."""
    (variant,) = vary(CASE, padding(450))
    texts = variant.case.context
    at = texts.index("At nine.")
    assert texts[at : at + 3] == CASE.context
    added = [*texts[:at], *texts[at + 3 :]]
    assert 0 < at < len(texts) - 3
    assert variant.edits == len(added)
    assert 450 <= sum(len(text.split()) for text in added) < 450 + max(len(s.split()) for s in FILLER)


def test_padding_can_stand_around_the_input():
    """Then the context stays, and a case without one has a variant as well."""
    (variant,) = vary(Case(id="a", input="When?"), padding(300, into="input"))
    assert "\n\nWhen?\n\n" in variant.case.input
    assert variant.case.context == ()
    assert variant.build(()).input == "When?"


def test_padding_of_the_context_needs_one():
    """Without passages there is nothing to stand around."""
    with pytest.raises(NotApplicable, match="no context"):
        vary(Case(id="a", input="x"), padding())


def test_the_filler_says_nothing():
    """No sentence of it has a number or a negation that an answer could rest on."""
    assert not any(character.isdigit() for text in FILLER for character in text)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: order(0), "'count' cannot be 0"),
        (lambda: irrelevant_passages(0), "'passages' cannot be 0"),
        (lambda: irrelevant_passages([]), "'passages' is empty"),
        (lambda: padding(0), "'words' cannot be 0"),
    ],
)
def test_a_wrong_option_is_an_error(make, said):
    """Each error quotes the option and the value."""
    with pytest.raises(UsageError, match=said):
        make()


@pytest.mark.parametrize("recipe", [order(), irrelevant_passages(1), padding(20)], ids=lambda r: r.kind)
@settings(deadline=None)
@given(st.lists(st.text(max_size=12), min_size=2, max_size=5, unique=True), st.integers(0, 99))
def test_no_passage_is_lost_or_changed(recipe, context, seed):
    """Every variant has each passage of the case as it was, and its input and expected answer."""
    original = Case(id="a", input="When?", expected="nine", context=context)
    for variant in vary(original, recipe, seed=seed, cases=[*OTHERS[1:], original]):
        assert all(variant.case.context.count(text) >= context.count(text) for text in context)
        assert (variant.case.input, variant.case.expected) == ("When?", "nine")
        assert variant.build(()).context == tuple(context)
