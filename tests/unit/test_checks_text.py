"""What an answer contains, what it matches and how long it is."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks import text as module
from lockgate.checks.text import contains, max_tokens, regex
from lockgate.errors import UsageError
from lockgate.model import Case, Completion, Measure


def judged(check, text="", *, expected=None, **answer):
    """The check's verdict on an answer."""
    return check(Case(id="a", input="?", expected=expected), Completion(text=text, **answer))


@pytest.mark.parametrize(
    ("value", "options", "text", "status"),
    [
        ("two years", {}, "It has Two Years.", "pass"),
        ("two years", {"ignore_case": False}, "It has Two Years.", "fail"),
        ("a.c", {}, "abc", "fail"),
        ("a.c", {}, "xa.cx", "pass"),
        (["red", "blue"], {}, "blue and red", "pass"),
        (["red", "blue"], {}, "red", "fail"),
        (["red", "blue"], {"any": True}, "red", "pass"),
        (["red", "blue"], {"any": True}, "green", "fail"),
        ("red", {}, "", "fail"),
        ("ÉTÉ", {}, "en été", "pass"),
    ],
)
def test_contains_finds_texts_as_they_are(value, options, text, status):
    """All texts have to be there, or one with `any`; case does not count unless it is asked for."""
    found = judged(contains(value, **options), text)
    assert (found.status, found.figures["contains"]) == (status, status == "pass")


@pytest.mark.parametrize(
    ("value", "options", "reason"),
    [
        ("red", {}, "The answer does not contain 'red'."),
        (["red", "blue", "x"], {}, "The answer does not contain 'red', 'blue'."),
        (["red", "blue"], {"any": True}, "The answer contains none of 'red', 'blue'."),
    ],
)
def test_a_miss_names_what_is_missing(value, options, reason):
    """The reason quotes the missing texts, and only those."""
    assert judged(contains(value, **options), "x").reason == reason


def test_what_was_found_is_the_evidence_of_a_miss_as_well():
    """Where one of two texts is there, the miss shows it in the answer's own letters."""
    found = judged(contains(["red", "blue"]), "A RED lamp")
    assert [(s.source, s.start, s.end, s.text) for s in found.evidence] == [("answer", 2, 5, "RED")]


@pytest.mark.parametrize(
    ("value", "expected", "status"),
    [
        ("{{ expected.colour }}", {"colour": "red"}, "pass"),
        ("{{ expected.colours }}", {"colours": ["red", "lamp"]}, "pass"),
        ("{{ expected.colours }}", {"colours": ["red", "blue"]}, "fail"),
        (["{{ expected }}", "lamp"], "red", "pass"),
        ("{{ expected }}", 3, "pass"),
    ],
)
def test_contains_reads_templates_over_the_case(value, expected, status):
    """A template gives one text, several, or a number written as text."""
    assert judged(contains(value), "a red lamp for 3", expected=expected).status == status


def test_an_empty_list_is_none_of_its_cases():
    """A case whose template gives an empty list is not counted: nothing is to be contained."""
    found = judged(contains("{{ expected.words }}"), "anything", expected={"words": []})
    assert (found.status, dict(found.figures), found.falls_short) == ("unscored", {}, False)


@pytest.mark.parametrize("expected", [None, "", [""], [None]])
def test_a_template_without_text_is_unscored(expected):
    """An empty text is in every answer, so it is never a pass: the sample counts against the gate."""
    found = judged(contains("{{ expected }}"), "anything", expected=expected)
    assert (found.status, dict(found.figures)) == ("unscored", {"contains": None})
    assert found.reason == "'{{ expected }}' gives no text for this case."
    assert found.falls_short


@pytest.mark.parametrize("expected", [{"a": 1}, [["a"]]])
def test_a_template_of_something_else_is_an_error(expected):
    """A mapping or a nested list is not looked for in Python's own notation."""
    found = judged(contains("{{ expected }}"), "anything", expected=expected)
    one = expected[0] if isinstance(expected, list) else expected
    assert found.status == "error"
    assert found.reason == (
        f"'{{{{ expected }}}}' gives {one!r}, which is no text. Give a text or a list of texts."
    )


def test_a_template_that_names_what_is_not_there_is_an_error():
    """The verdict says which name the case lacks and what to write, and the figure stays unknown."""
    found = judged(contains("{{ expcted }}"), "anything", expected="x")
    assert (found.status, dict(found.figures)) == ("error", {"contains": None})
    assert "no variable 'expcted'. Did you mean 'expected'?" in found.reason


@pytest.mark.parametrize("value", ["", [], [""], ["a", ""]])
def test_contains_refuses_to_look_for_nothing(value):
    """An empty text would be found in every answer."""
    with pytest.raises(UsageError) as caught:
        contains(value)
    assert str(caught.value) == (
        f"The check 'contains' has nothing to look for: {value!r}. Give a text or texts."
    )


@pytest.mark.parametrize(
    ("pattern", "options", "text", "status"),
    [
        (r"\d+ years?", {}, "It has 2 years.", "pass"),
        (r"^\d+$", {}, "2 years", "fail"),
        ("red", {}, "RED", "fail"),
        ("red", {"ignore_case": True}, "RED", "pass"),
        ("(?i)red", {}, "RED", "pass"),
        ("", {}, "", "pass"),
        (r"(\w+ )+end", {}, "to the end", "pass"),
        (r"(\w+ )+end", {}, "to the close", "fail"),
        ("(RED)+", {"ignore_case": True}, "a red lamp", "pass"),
        ("(?x) r e d  # a colour", {}, "red", "pass"),
        (r"(?a)^(\w)+$", {}, "été", "fail"),
        ("(.)+", {}, "\ud800", "pass"),
    ],
)
def test_regex_searches_anywhere(pattern, options, text, status):
    """A pattern matches somewhere unless it is anchored, in our own process or in one apart."""
    found = judged(regex(pattern, **options), text)
    assert (found.status, dict(found.figures)) == (status, {"regex": status == "pass"})


@pytest.mark.parametrize("pattern", ["years", "(ye|a|rs)+"])
def test_a_match_is_its_evidence(pattern):
    """The span is the match in the answer, wherever it was searched for."""
    span = judged(regex(pattern), "two years").evidence[0]
    assert (span.source, span.start, span.end, span.text) == ("answer", 4, 9, "years")


def test_a_pattern_that_matches_nothing_is_quoted():
    """The reason of a miss has the pattern."""
    assert judged(regex("x+"), "y").reason == "Nothing in the answer matches 'x+'."


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "[", "(?P<1>x)", "*"])
def test_a_broken_pattern_is_refused(pattern):
    """A pattern that does not compile is a mistake of the suite, with what `re` says of it."""
    with pytest.raises(UsageError, match=r"is broken: .+\. Correct it\.$") as caught:
        regex(pattern)
    assert str(caught.value).startswith(f"The pattern {pattern!r} ")


def test_a_pattern_without_end_is_given_up(monkeypatch):
    """Exponential backtracking ends at the limit, as an error that names pattern and limit."""
    monkeypatch.setattr(module, "_SECONDS", 0.3)
    began = time.monotonic()
    found = judged(regex("(a+)+$"), "a" * 60 + "b")
    assert time.monotonic() - began < 10
    assert (found.status, dict(found.figures)) == ("error", {"regex": None})
    assert found.reason == "The pattern '(a+)+$' took more than 0.3 s on this answer."


@pytest.mark.parametrize(
    ("pattern", "length", "apart"),
    [
        ("abc", 1_000_000, False),
        ("a+b", 10_000, False),
        ("a+b", 100_000, True),
        ("a*a*a*b", 100, False),
        ("a*a*a*b", 1000, True),
        ("(a+)+", 1, True),
        ("(?x)(a+) +", 1, True),
    ],
)
def test_what_could_take_long_is_searched_apart(pattern, length, apart):
    """Repeated groups always, other repeats by the answer's length."""
    assert module._could_hang(re.compile(pattern), length) is apart


def test_the_search_apart_says_the_same(monkeypatch):
    """Both ways of searching give the same span."""
    pattern = re.compile("b.", re.IGNORECASE | re.DOTALL)
    for text in ("aB\nc", "xyz", ""):
        match = pattern.search(text)
        assert module._search_apart(pattern, text) == (match.span() if match else None)


@pytest.mark.parametrize(
    ("tokens", "status", "reason"),
    [
        (0, "pass", ""),
        (5, "pass", ""),
        (6, "fail", "The answer has 6 tokens, more than 5."),
        (None, "unscored", "The backend does not say how many tokens the answer has."),
    ],
)
def test_max_tokens_counts_what_the_backend_counted(tokens, status, reason):
    """The limit itself passes, and an unknown count is unscored, never a pass."""
    found = judged(max_tokens(5), "x", tokens_out=tokens)
    assert (found.status, found.reason) == (status, reason)
    assert found.figures["max_tokens"] is (None if tokens is None else status == "pass")


@pytest.mark.parametrize("limit", [0, -3])
def test_max_tokens_refuses_a_limit_that_no_answer_keeps(limit):
    """A limit below one is a mistake of the suite."""
    with pytest.raises(UsageError) as caught:
        max_tokens(limit)
    assert str(caught.value) == f"The check 'max_tokens' cannot have the limit {limit}. Use 1 or more."


@pytest.mark.parametrize(
    ("check", "other"),
    [
        (contains("a", metric="m"), contains("b", metric="m")),
        (contains("a", metric="m"), contains("a", any=True, metric="m")),
        (regex("a", metric="m"), regex("a", ignore_case=True, metric="m")),
        (max_tokens(1, metric="m"), max_tokens(2, metric="m")),
    ],
)
def test_metric_and_identity_follow_the_options(check, other):
    """The metric takes the given name, and every option tells a check from another."""
    assert check.measures == (Measure(name="m"),)
    assert check.identity != other.identity


@settings(deadline=None)
@given(st.text(), st.lists(st.text(min_size=1), min_size=1), st.booleans())
def test_every_span_of_contains_is_the_answers_own(text, wanted, ignore_case):
    """Whatever is looked for, evidence quotes the answer, and the verdict agrees with Python's `in`."""
    literal = [w for w in wanted if "{" not in w] or ["x"]
    found = judged(contains(literal, ignore_case=ignore_case), text)
    assert all(text[s.start : s.end] == s.text for s in found.evidence)
    if not ignore_case:
        assert (found.status == "pass") == all(w in text for w in literal)


def test_a_regex_may_be_a_template_over_the_case():
    """The pattern is made for each case; one that comes out empty or broken passes nothing."""
    check = regex("^{{ expected }}$")
    assert check(Case(id="a", input="?", expected="y.s"), Completion(text="yes")).passed
    assert check(Case(id="a", input="?", expected="no"), Completion(text="yes")).status == "fail"
    broken = check(Case(id="a", input="?", expected="("), Completion(text="yes"))
    assert (broken.status, "is broken" in broken.reason) == ("error", True)
    empty = regex("{{ expected }}")(Case(id="a", input="?", expected=""), Completion(text="yes"))
    assert empty.status == "unscored"


@settings(deadline=None)
@given(st.text(), st.sampled_from([r"\w+", r"\s", "a|b", r"\d{2}"]))
def test_every_span_of_regex_is_the_answers_own(text, pattern):
    """Whatever is matched, evidence quotes the answer and is a match itself."""
    found = judged(regex(pattern), text)
    assert all(text[s.start : s.end] == s.text and re.fullmatch(pattern, s.text) for s in found.evidence)
    assert (found.status == "pass") == (re.search(pattern, text) is not None)
