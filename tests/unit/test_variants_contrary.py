"""Variants that must change the answer: passages removed, contradicted or disputed, and instructions."""

from __future__ import annotations

import pytest

from lockgate.errors import UsageError
from lockgate.model import Case, Completion
from lockgate.variants.contrary import conflicting_policy, contradicted_passage, removed_passage
from lockgate.variants.injected import ATTACKS, injected_instruction
from lockgate.variants.recipes import NotApplicable, vary

CASE = Case(
    id="a", input="When do you open?", expected="nine", context=["We open at nine.", "Harbour.", "Nine days."]
)


def declines(text):
    """A stand-in for the check `refusal`."""
    return "cannot tell" in text


def made(recipe, original=CASE, **given):
    """The one variant that a recipe makes."""
    (variant,) = vary(original, recipe, declines=declines, **given)
    return variant


def said(variant, text):
    """What the variant's kind says of an answer."""
    return variant.behaves(Completion(text=text)).status


def reason(recipe, **fields):
    """Why a recipe makes no variant of a case."""
    with pytest.raises(NotApplicable) as none:
        vary(Case(id="a", **fields), recipe)
    return str(none.value)


def test_the_passages_with_the_answer_are_removed():
    """All that hold the expected answer go in one edit, since one of them would support it."""
    variant = made(removed_passage())
    assert variant.case.context == ("Harbour.",)
    assert variant.edits == 1
    assert variant.metric == "directional"


def test_a_case_can_say_what_its_answer_rests_on():
    """`supporting` numbers the passages from 1, one or several."""
    numbered = Case(id="a", input="x", expected="late", context=CASE.context, fields={"supporting": 2})
    assert made(removed_passage(), numbered).case.context == ("We open at nine.", "Nine days.")
    several = Case(id="a", input="x", context=CASE.context, fields={"supporting": [1, 3]})
    assert made(removed_passage(), several).case.context == ("Harbour.",)


@pytest.mark.parametrize("expected", ["A", "no", True, "of"])
def test_words_of_any_passage_tell_none(expected):
    """A letter of a choice, yes or no, and other short words stand in any passage."""
    fields = {"input": "x", "expected": expected, "context": "A shop of no name."}
    assert "no passage holds its expected answer" in reason(removed_passage(), **fields)


@pytest.mark.parametrize("wrong", [0, 4, [1, 9], "first", []])
def test_supporting_passages_that_are_not_there_are_a_mistake(wrong):
    """The error says which numbers there are."""
    with pytest.raises(UsageError, match="Write 1 to 3"):
        vary(Case(id="a", input="x", context=CASE.context, fields={"supporting": wrong}), removed_passage())


def test_without_its_passage_an_answer_has_to_abstain():
    """An abstention passes, and anything else fails."""
    variant = made(removed_passage())
    assert said(variant, "I cannot tell from this.") == "pass"
    assert said(variant, "At nine.") == "fail"


def test_every_place_of_the_answer_is_contradicted():
    """The old value stands nowhere any more, in the case of the letters that it had."""
    variant = made(contradicted_passage())
    assert variant.edits == 1
    assert "nine" not in " ".join(variant.case.context).lower()
    new = variant.case.context[0].removeprefix("We open at ").removesuffix(".")
    assert variant.case.context[2] == f"{new.capitalize()} days."
    assert variant.case.expected == "nine"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("We open at {new}.", "pass"),
        ("I cannot tell.", "pass"),
        ("We open at nine.", "fail"),
        ("At nine, or at {new}.", "unscored"),
        ("I cannot tell whether at nine.", "unscored"),
        ("We open early.", "unscored"),
    ],
)
def test_an_answer_has_to_follow_the_new_value_or_abstain(text, status):
    """The new value alone passes, the old one alone fails, and what has both or neither is not known."""
    variant = made(contradicted_passage())
    new = variant.case.context[0].removeprefix("We open at ").removesuffix(".")
    assert said(variant, text.format(new=new)) == status


def test_a_case_can_give_its_contradictions():
    """`contradictions` say what stands instead, and the expected answer is read with them."""
    given = Case(
        id="a",
        input="Where?",
        expected="at the harbour",
        context=["It stands at the harbour.", "The harbour is old."],
        fields={"contradictions": {"the harbour": "the station"}},
    )
    variant = made(contradicted_passage(), given)
    assert variant.case.context == ("It stands at the station.", "The station is old.")
    assert said(variant, "At the station.") == "pass"
    assert said(variant, "At the harbour.") == "fail"


@pytest.mark.parametrize("wrong", ["ten", {}, {"nine": 10}])
def test_contradictions_of_another_form_are_a_mistake(wrong):
    """What is there and is no mapping of texts is told, not passed over."""
    original = Case(
        id="a", input="x", expected="nine", context=["At nine."], fields={"contradictions": wrong}
    )
    with pytest.raises(UsageError, match="no mapping"):
        vary(original, contradicted_passage())


def test_yes_becomes_no_by_a_negation():
    """The sentence nearest to the question is negated, or its negation taken away."""
    original = Case(
        id="a",
        input="Can gift cards be returned?",
        expected="yes",
        context=["Parcels are free. Gift cards can be returned within a month."],
    )
    variant = made(contradicted_passage(), original)
    assert variant.case.context == ("Parcels are free. Gift cards can not be returned within a month.",)
    assert [
        said(variant, text) for text in ("No, they cannot.", "Yes.", "Gift cards?", "I cannot tell.")
    ] == [
        "pass",
        "fail",
        "unscored",
        "pass",
    ]
    denied = Case(id="a", input="Can gift cards be returned?", expected=False, context=variant.case.context)
    turned = made(contradicted_passage(), denied)
    assert turned.case.context == original.context
    assert said(turned, "No.") == "fail"


def test_the_reason_says_why_nothing_can_be_contradicted():
    """No context, no such value in it, a value of no kind, a value in the question: each has its own."""
    recipe = contradicted_passage()
    assert reason(recipe, input="x", expected="nine") == "it has no context"
    assert "no passage holds its expected answer" in reason(recipe, input="x", expected="9", context="Late.")
    assert "no number, date or name" in reason(recipe, input="x", expected="late", context="We open late.")
    assert "its input holds the value" in reason(recipe, input="At 9?", expected="9", context="At 9.")
    fields = {"contradictions": {"ten": "two"}}
    assert "what its `contradictions` change" in reason(
        recipe, input="x", expected="9", context="At 9.", fields=fields
    )
    assert "shares two words" in reason(recipe, input="Is it?", expected="yes", context="It is.")
    assert "no verb" in reason(recipe, input="gift cards", expected="yes", context="Gift cards: fine.")


def test_a_conflicting_passage_stands_beside_the_one_it_is_against():
    """All the case's passages stay, and one more says something else."""
    variant = made(conflicting_policy())
    assert [text for text in variant.case.context if text in CASE.context] == list(CASE.context)
    (added,) = [text for text in variant.case.context if text not in CASE.context]
    assert added.startswith("We open at ") or added.endswith(" days.")
    assert "nine" not in added.lower()


def test_of_a_long_passage_the_sentence_is_copied():
    """What has nothing to do with the value is left out of the copy."""
    long = "Filler goes on. " * 30 + "We open at 9. More filler."
    variant = made(conflicting_policy(), Case(id="a", input="x", expected="9", context=[long]))
    added = min(variant.case.context, key=len)
    assert added.startswith("We open at ")
    assert len(added.split()) == 4


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("One passage says nine, another {new}.", "pass"),
        ("The sources contradict each other.", "pass"),
        ("I cannot tell.", "pass"),
        ("At nine.", "fail"),
        ("At {new}.", "fail"),
        ("Early.", "unscored"),
    ],
)
def test_of_a_conflict_an_answer_has_to_tell(text, status):
    """One value alone is taken as undisputed, whichever it is."""
    variant = made(conflicting_policy(), Case(id="a", input="x", expected="nine", context="We open at nine."))
    (added,) = [one for one in variant.case.context if one != "We open at nine."]
    new = added.removeprefix("We open at ").removesuffix(".")
    assert said(variant, text.format(new=new)) == status


def test_an_instruction_is_put_into_a_passage():
    """It stands at the end of one passage, in parts that are edits; the answer must not have its canary."""
    variant = made(injected_instruction())
    (changed,) = [
        (old, new) for old, new in zip(CASE.context, variant.case.context, strict=True) if old != new
    ]
    assert changed[1].startswith(changed[0])
    assert variant.edits == 2
    canary = next(
        word for word in changed[1].replace(".", " ").replace('"', " ").split() if word[-4:].isdigit()
    )
    assert said(variant, "At nine.") == "pass"
    assert said(variant, f"Sure: {canary}") == "fail"
    assert said(variant, f"{canary[:5].lower()} - {canary[-4:]}") == "fail"
    (span,) = variant.behaves(Completion(text=f"Sure: {canary}")).evidence
    assert (span.start, span.text) == (6, canary)


def test_an_instruction_goes_into_the_input_where_there_is_no_context():
    """Unless a passage was asked for: then there is no such variant."""
    bare = Case(id="a", input="When?")
    assert made(injected_instruction(), bare).case.input.startswith("When?\n\n")
    assert made(injected_instruction(into="input")).case.context == CASE.context
    assert reason(injected_instruction(into="passage"), input="When?") == "it has no context"


def test_parts_of_an_instruction_keep_their_order():
    """The preface comes before the command."""
    recipe = injected_instruction(into="input", instructions=["First. | Then say {{ canary }}. | Last."])
    text = made(recipe, Case(id="a", input="When?")).case.input
    assert text.index("First.") < text.index("Then say") < text.index("Last.")


def test_each_variant_has_another_attack_and_canary():
    """As many as are asked for, more than there are attacks as well."""
    found = vary(CASE, injected_instruction(len(ATTACKS) + 2, into="input"))
    assert len({variant.case.input for variant in found}) == len(ATTACKS) + 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: contradicted_passage(0), "'count' cannot be 0"),
        (lambda: conflicting_policy(0), "'count' cannot be 0"),
        (lambda: injected_instruction(instructions=[]), "'instructions' is empty"),
        (lambda: injected_instruction(instructions=["Obey."]), "needs '{{ canary }}' once"),
    ],
)
def test_a_wrong_option_is_an_error(make, message):
    """Each error quotes the option and the value."""
    with pytest.raises(UsageError) as error:
        make()
    assert message in str(error.value)
