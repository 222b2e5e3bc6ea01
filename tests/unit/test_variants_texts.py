"""Variants of the input: what is changed, what never is, and that the seed says it all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.errors import UsageError
from lockgate.model import Case
from lockgate.variants.recipes import NotApplicable, vary
from lockgate.variants.texts import FRAMES, case, paraphrase, translations, typos, whitespace

CASE = Case(id="hours", input="When do you usually open on Mondays?", expected={"day": "Mondays"})
KINDS = (typos(), case(), whitespace(), paraphrase())


def inputs(recipe, original=CASE, **given):
    """The inputs of the variants that a recipe makes."""
    return [variant.case.question for variant in vary(original, recipe, **given)]


def test_typos_are_made_in_as_many_words_as_the_rate_says():
    """At a rate of 0.3 two of seven words are misspelt, and the others stand as they were."""
    for text in inputs(typos(5, rate=0.3)):
        pairs = zip(text.split(), CASE.question.split(), strict=True)
        assert sum(one != other for one, other in pairs) == 2


def test_there_is_one_typo_at_least():
    """However low the rate, a variant is another text."""
    (text,) = inputs(typos(rate=0.001))
    assert text != CASE.question


def test_a_typo_leaves_first_letters_short_words_and_the_answer_alone():
    """What carries the meaning is not misspelt."""
    for text in inputs(typos(20, rate=1)):
        words = text.replace("?", "").split()
        assert [word[0] for word in words] == ["W", "d", "y", "u", "o", "o", "M"]
        assert (words[1], words[2], words[5], words[6]) == ("do", "you", "on", "Mondays")


@pytest.mark.parametrize("text", ["4711?", "Is it?", "a@b.example", "https://example.com/page", "ID-2024-XA"])
def test_numbers_addresses_and_codes_are_not_misspelt(text):
    """Where there is no plain word, there is no such variant, and the reason says so."""
    with pytest.raises(NotApplicable, match="no word that can be misspelt"):
        vary(Case(id="a", input=text), typos())


def test_each_style_of_letters_is_a_variant():
    """Upper, lower and title case, each under its own name; of the words, one edit each."""
    made = vary(CASE, case())
    assert [(v.case.id, v.case.input) for v in made] == [
        ("hours~case-upper", "WHEN DO YOU USUALLY OPEN ON MONDAYS?"),
        ("hours~case-lower", "when do you usually open on mondays?"),
        ("hours~case-title", "When Do You Usually Open On Mondays?"),
    ]
    assert [v.edits for v in made] == [7, 2, 5]


def test_a_style_that_changes_nothing_is_no_variant():
    """An input in small letters has no variant in small letters."""
    assert [v.case.id for v in vary(Case(id="a", input="open?"), case())] == ["a~case-upper", "a~case-title"]
    with pytest.raises(NotApplicable, match="nothing in it can be changed"):
        vary(Case(id="a", input="42?"), case())


def test_one_style_alone_can_be_named():
    """The short form names one, the long one a list; another word is an error with the nearest."""
    assert inputs(case("upper")) == ["WHEN DO YOU USUALLY OPEN ON MONDAYS?"]
    assert len(inputs(case(["upper", "lower"]))) == 2
    with pytest.raises(UsageError, match=r"no style 'uper'\. Did you mean 'upper'\?"):
        case(["uper"])


def test_white_space_changes_no_word():
    """The words are the same in the same order, whatever stands between them."""
    for text in inputs(whitespace(10, rate=0.8)):
        assert text != CASE.question
        assert text.split() == CASE.question.split()


def test_a_paraphrase_puts_words_around_the_input():
    """Each variant is of another frame, and the input stands in all of them."""
    texts = inputs(paraphrase(3))
    assert len(set(texts)) == 3
    assert all(CASE.question in text for text in texts)
    assert {text.replace(CASE.question, "{{ input }}") for text in texts} <= set(FRAMES)


def test_own_templates_take_the_place_of_the_frames():
    """With `templates`, no other frame is used, and there are as many variants at most."""
    assert inputs(paraphrase(5, templates=["Frage: {{input}}"])) == [f"Frage: {CASE.question}"]


def test_a_translation_is_the_given_text():
    """Each language that the case gives is a variant under its name."""
    given = Case(id="a", input="When?", fields={"translations": {"de": "Wann?", "fr": "Quand ?"}})
    assert [(v.case.id, v.case.input) for v in vary(given, translations())] == [
        ("a~translations-de", "Wann?"),
        ("a~translations-fr", "Quand ?"),
    ]
    assert inputs(translations("fr"), given) == ["Quand ?"]
    with pytest.raises(NotApplicable, match="none of these languages"):
        vary(given, translations(["es"]))


def test_a_case_without_translations_has_no_such_variant():
    """The reason names the field."""
    with pytest.raises(NotApplicable, match="no `translations`"):
        vary(CASE, translations())


@pytest.mark.parametrize("wrong", ["Wann?", ["Wann?"], {"de": 3}, {"d e": "Wann?"}, {}])
def test_translations_of_another_form_are_a_mistake(wrong):
    """What is there and is no mapping of languages to texts is told, not passed over."""
    with pytest.raises(UsageError, match="no mapping of languages"):
        vary(Case(id="a", input="When?", fields={"translations": wrong}), translations())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: typos(0), "'count' cannot be 0"),
        (lambda: typos(rate=0), "'rate' cannot be 0"),
        (lambda: typos(rate=1.5), "'rate' cannot be 1.5"),
        (lambda: whitespace(rate=-1), "'rate' cannot be -1"),
        (lambda: paraphrase(templates=[]), "'templates' is empty"),
        (lambda: paraphrase(templates=["Please:"]), "needs '{{ input }}' once"),
        (lambda: paraphrase(templates=["{{input}} {{ input }}"]), "needs '{{ input }}' once"),
    ],
)
def test_a_wrong_option_is_an_error(make, said):
    """Each error quotes the option and the value."""
    with pytest.raises(UsageError) as error:
        make()
    assert said in str(error.value)


@pytest.mark.parametrize("recipe", KINDS, ids=lambda recipe: recipe.kind)
def test_a_seed_makes_the_same_variants_again(recipe):
    """The same seed makes the same, another seed others, and other cases change nothing."""
    assert inputs(recipe, seed=1) == inputs(recipe, seed=1)
    assert inputs(recipe, seed=1) == inputs(recipe, seed=1, cases=[Case(id="b", input="x")])
    if recipe.kind != "case":
        assert len({tuple(inputs(recipe, seed=seed)) for seed in range(30)}) > 1


@pytest.mark.parametrize("recipe", KINDS, ids=lambda recipe: recipe.kind)
@settings(deadline=None)
@given(
    text=st.text(max_size=60),
    expected=st.none() | st.text(max_size=9) | st.integers(),
    seed=st.integers(0, 9),
)
def test_nothing_but_the_input_is_changed(recipe, text, expected, seed):
    """Whatever the case, its variants have its expected answer, its passages, tags and fields."""
    original = Case(id="a", input=text, expected=expected, context=["One."], tags={"t": 1}, fields={"f": 2})
    try:
        made = vary(original, recipe, seed=seed)
    except NotApplicable:
        return
    for variant in made:
        assert variant.case.input != text
        assert variant.metric == "invariance"
        kept = (variant.case.expected, variant.case.context, variant.case.tags, variant.case.fields)
        assert kept == (expected, ("One.",), {"t": 1}, {"f": 2})
        assert variant.build(()).input == text
        assert variant.build(range(variant.edits)) == variant.case
