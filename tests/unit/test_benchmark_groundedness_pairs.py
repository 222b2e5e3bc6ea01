"""Claims made by rule: what says the same, what says something else, and where."""

from __future__ import annotations

from random import Random

import pytest
from benchmark_module import benchmark_module

SENTENCES = (
    "Ann Berg designed the kettle in Oslo in 1998.",
    "It is not heavier than 900 grams and was sold by Nordic Home for 40 dollars.",
    "In the first year, sales increased by 12 percent because of the museum.",
)


pairs = benchmark_module("groundedness_pairs")


@pytest.fixture(scope="module")
def source(pairs):
    """Three sentences, a name from elsewhere and one word's neighbours."""
    return pairs.Source(sentences=SENTENCES, strangers=("Paris",), alike={"kettle": ("teapot",)})


def test_what_is_changed_differs_where_it_says(pairs, source):
    """Outside its marks a changed claim has the claim's own words, in order."""
    for seed in range(200):
        text = SENTENCES[seed % 3]
        made = pairs.changed(text, source, Random(seed))
        if made is None:
            continue
        assert made.text != text
        assert all(0 <= start < end <= len(made.text) for start, end in made.marks)
        kept = "".join(c for at, c in enumerate(made.text) if not any(a <= at < b for a, b in made.marks))
        rest = iter(text)
        assert all(character in rest for character in kept), (text, made)


@pytest.mark.parametrize(
    ("rule", "text", "wrong"),
    [
        ("_opposite", "Sales increased.", {"Sales decreased.", "Sales reduced."}),
        ("_negation", "It was sold.", {"It was not sold."}),
        ("_negation", "It was not sold.", {"It was sold."}),
        ("_content", "A kettle is on.", {"A teapot is on."}),
        ("_exchange", "Then Ann met Bob.", {"Then Bob met Ann."}),
    ],
)
def test_a_rule_turns_a_claim_around(pairs, source, rule, text, wrong):
    """Each changes one thing, and marks it."""
    made = getattr(pairs, rule)(text, source, Random(0))
    assert made.text in wrong
    assert made.marks


@pytest.mark.parametrize(
    "rule", ["_name", "_exchange", "_number", "_group", "_opposite", "_negation", "_content", "_joined"]
)
def test_a_rule_that_does_not_apply_says_so(pairs, source, rule):
    """Nothing is made of a claim that has not what it changes."""
    assert getattr(pairs, rule)("hm", source, Random(0)) is None


def test_a_number_becomes_another(pairs, source):
    """Of as many digits, and marked whole."""
    made = pairs._number("It cost 40 dollars.", source, Random(1))
    (mark,) = made.marks
    assert made.text[slice(*mark)].isdigit()
    assert made.text[slice(*mark)] != "40"


def test_what_says_the_same_keeps_its_names_and_numbers(pairs):
    """Said again without other sentences beside it, a claim has no name that it had not."""
    alone = pairs.Source(sentences=(), strangers=("Paris",), alike={})
    for seed in range(100):
        text = SENTENCES[seed % 3]
        again = pairs.restated(text, alone, Random(seed))
        said = {word for name in pairs.NAME.findall(again) for word in name.split()}
        assert {word.lower() for word in said} <= set(text.lower().replace(".", "").replace(",", "").split())
        assert again


def test_words_exclude_each_other_both_ways(benchmark_modules):
    """An opposite's opposite is one, and no word is its own."""
    words = benchmark_modules("groundedness_words")
    assert words.OPPOSITES["accept"] == "reject"
    assert words.OPPOSITES["reject"] == "accept"
    assert not [w for w, other in {**words.OPPOSITES, **words.SYNONYMS}.items() if w == other]
    assert words.COUNTS[11] == "twelve"
