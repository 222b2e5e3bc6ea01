"""Each verifiable instruction, followed and not."""

from __future__ import annotations

import time

import pytest

from lockgate.checks.instruction_rules import RULES

AT_LEAST_2 = {"relation": "at least", "frequency": 2, "keyword": "cat"}
CASES = [
    ("keywords:existence", {"keywords": ["cat", "dog"]}, "Cats and DOGS", "cats", "it lacks 'dog'"),
    ("keywords:frequency", AT_LEAST_2, "cat, Cats", "cat", "'cat' comes 1 times, at least 2 were asked for"),
    (
        "keywords:frequency",
        {"relation": "less than", "frequency": 1, "keyword": "cat"},
        "dog",
        "cat",
        "'cat' comes 1 times, less than 1 were asked for",
    ),
    ("keywords:forbidden_words", {"forbidden_words": ["cat", "dog"]}, "cats", "a Cat", "it has 'cat'"),
    (
        "keywords:letter_frequency",
        {"letter": "q", "let_relation": "at least", "let_frequency": 2},
        "Qq",
        "q",
        "the letter 'q' comes 1 times, at least 2 were asked for",
    ),
    (
        "length_constraints:number_sentences",
        {"relation": "less than", "num_sentences": 2},
        "One.",
        "One. Two.",
        "it has 2 sentences, less than 2 were asked for",
    ),
    (
        "length_constraints:number_words",
        {"relation": "at least", "num_words": 3},
        "it's me",
        "one two",
        "it has 2 words, at least 3 were asked for",
    ),
    (
        "length_constraints:number_paragraphs",
        {"num_paragraphs": 2},
        "a\n***\nb\n***",
        "a\n\nb",
        "it has 1 paragraphs between dividers '***', 2 were asked for",
    ),
    (
        "length_constraints:number_paragraphs",
        {"num_paragraphs": 3},
        "a *** b *** c",
        "a *** *** c",
        "a paragraph between two dividers '***' is empty",
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Elm"},
        'a\n\n"Elm\'s" b',
        "a\n\nOak b",
        "paragraph 2 starts with 'oak', not 'elm'",
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "elm"},
        "elm, oak",
        "elm\n\noak",
        "it has 2 paragraphs, 1 were asked for",
    ),
    (
        "detectable_content:number_placeholders",
        {"num_placeholders": 2},
        "[name] at [address]",
        "[name] [",
        "it has 1 placeholders in square brackets, at least 2 were asked for",
    ),
    (
        "detectable_content:postscript",
        {"postscript_marker": "P.S."},
        "a\np. s. b",
        "PS b",
        "it has no postscript 'P.S.'",
    ),
    (
        "detectable_content:postscript",
        {"postscript_marker": "P.P.S"},
        "P.P.S b",
        "P.S. b",
        "it has no postscript 'P.P.S'",
    ),
    (
        "detectable_content:postscript",
        {"postscript_marker": "Note:"},
        "note: b",
        "b",
        "it has no postscript 'Note:'",
    ),
    (
        "detectable_format:number_bullet_lists",
        {"num_bullets": 2},
        "* a\n  - b\n**bold**",
        "* a",
        "it has 1 bullet points, 2 were asked for",
    ),
    (
        "detectable_format:constrained_response",
        {},
        "So: My answer is maybe.",
        "Maybe.",
        "it says none of 'My answer is yes.'",
    ),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        "*a* and **b**",
        "*a* and ** ** and * *",
        "it has 1 highlighted sections, at least 2 were asked for",
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        "SECTION 1\na\nSECTION 2",
        "SECTION 1 Section 2",
        "it has 1 sections marked 'SECTION', at least 2 were asked for",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', "a", "it is not JSON: line 1, column 1"),
    ("detectable_format:json_format", {}, " [1] ", '{"a": 1', "it is not JSON: line 1, column"),
    (
        "detectable_format:title",
        {},
        "a\n<<The title>>",
        "<<>> << >>",
        "it has no title in double angular brackets",
    ),
    ("combination:two_responses", {}, "a\n******\nb", "a ****** a", "its two responses are the same"),
    (
        "combination:two_responses",
        {},
        "****** a ****** b",
        "a",
        "it has 1 responses apart by '******', not 2",
    ),
    (
        "combination:repeat_prompt",
        {"prompt_to_repeat": "Say it. "},
        " say it. It.",
        "It.",
        "it does not begin with the request",
    ),
    (
        "startend:end_checker",
        {"end_phrase": "Any questions?"},
        '"… any questions?"',
        "Any questions? No.",
        "it does not end with 'Any questions?'",
    ),
    ("startend:quotation", {}, ' "a" ', '"', "it is not wrapped in double quotation marks"),
    (
        "change_case:capital_word_frequency",
        {"capital_relation": "less than", "capital_frequency": 2},
        "A small USA-wide thing",
        "THE END",
        "it has 2 words in capitals, less than 2 were asked for",
    ),
    ("punctuation:no_comma", {}, "a; b", "a, b", "it has a comma"),
]


@pytest.mark.parametrize(("name", "arguments", "followed", "broken", "why"), CASES)
def test_each_rule_tells_followed_from_not(name, arguments, followed, broken, why):
    """An answer that follows gives None, one that does not gives what it lacks."""
    rule = RULES[name]
    assert rule(followed, **arguments) is None
    assert rule(broken, **arguments).startswith(why)


ENGLISH = "the parcel has been on its way since monday and arrives tomorrow."
GERMAN = "das paket ist seit montag unterwegs und kommt morgen an."


@pytest.mark.parametrize(
    ("name", "arguments", "followed", "broken", "why"),
    [
        ("language:response_language", {"language": "de"}, GERMAN, ENGLISH, "it is not in de"),
        ("change_case:english_lowercase", {}, ENGLISH, ENGLISH.capitalize(), "it has capital letters"),
        ("change_case:english_lowercase", {}, "ok", GERMAN, "it is not in en"),
        ("change_case:english_capital", {}, ENGLISH.upper(), ENGLISH, "it has small letters"),
        ("change_case:english_capital", {}, "OK", GERMAN.upper(), "it is not in en"),
    ],
)
def test_rules_on_language_ask_the_detector(name, arguments, followed, broken, why):
    """Where the language cannot be told, the doubt is the answer's."""
    pytest.importorskip("py3langid")
    assert RULES[name](followed, **arguments) is None
    assert RULES[name](broken, **arguments) == why


def test_every_published_instruction_is_tested():
    """No rule is without its case."""
    languages = {"language:response_language", "change_case:english_lowercase", "change_case:english_capital"}
    assert {case[0] for case in CASES} | languages == set(RULES)
    assert len(RULES) == 25


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "<<" * 100_000, "*" * 199_999, "* " * 100_000, "p." * 100_000, " \n" * 100_000]
)
def test_a_hostile_text_ends_in_time(text):
    """Brackets, stars and white space by the hundred thousand take no longer than other texts."""
    pytest.importorskip("py3langid")
    start = time.thread_time()
    for name, arguments, *_ in CASES:
        RULES[name](text, **arguments)
    assert time.thread_time() - start < 3
