"""A schema's patterns match what ECMA-262 says, and are given up in time."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.ecma_patterns import PatternTimeout, check_ecma, compile_pattern, search


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\p{Letter}+$", "é", True),
        (r"^\p{digit}+$", "৪২", True),
        (r"\d", "৪", False),
        (r"[\d]", "৪", False),
        (r"[\D]", "৪", True),
        (r"\w", "é", False),
        (r"\W", "é", True),
        (r"[\W]", "_", False),
        (r"\s", "\ufeff", True),
        (r"[\S]", "\ufeff", False),
        (r"[\S]", "x", True),
        (r"^abc$", "abc\n", False),
        (r"^a.c$", "a\nc", False),
        (r"^a.c$", "axc", True),
        (r"^\cC$", "\x03", True),
        (r"[[a]", "[", True),
        (r"[^]", "\n", True),
        (r"[]", "a", False),
        (r"\bfoo\b", "éfoo", True),
        (r"\Bo", "foo", True),
        (r"[\b]", "\x08", True),
        (r"(?<y>\d)\k<y>", "11", True),
        (r"(?<y>\d)\k<y>", "12", False),
        (r"\u{1F600}", "😀", True),
        (r"^🐲*$", "🐲🐲", True),
        (r"[\]]", "]", True),
        (r"[$.]", "$", True),
        (r"\.", "x", False),
        (r"^\S+\Z", "abc", True),
    ],
)
def test_a_pattern_means_what_ecma_says(pattern, text, found):
    """Classes are ASCII, `$` is the end, properties are known, and what only Python has works too."""
    assert search(pattern, text) is found


@pytest.mark.parametrize(
    "pattern", ["(", "\\", "[\\", r"\u{110000}", "[a", "*a", r"\p{Nonsense}", "a{99999999999999999999}"]
)
def test_a_broken_pattern_is_refused(pattern):
    """It is a ValueError, whatever the package `regex` makes of it."""
    with pytest.raises(ValueError, match=r"\S"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"\a", r"a\Z", "(?P<n>a)", "(?P=n)", "(?#x)", "(?i)a", "(?ims)a"])
def test_the_format_regex_refuses_other_languages(pattern):
    """What is Python's and not ECMA's is named."""
    with pytest.raises(ValueError, match="is not ECMA-262"):
        check_ecma(pattern)


@pytest.mark.parametrize("pattern", [r"^a*$", r"\\a", r"\cA", "(?<n>a)", "[a-z]+"])
def test_the_format_regex_accepts_ecma(pattern):
    """What ECMA-262 has is no mistake, an escaped backslash among it."""
    check_ecma(pattern)


def test_a_catastrophic_pattern_is_given_up():
    """Backtracking without end stops within a second, and the error names the pattern."""
    start = time.monotonic()
    with pytest.raises(PatternTimeout, match=r"the pattern '\^\(a\|aa\)\+\$' takes too long on it"):
        search("^(a|aa)+$", "a" * 100 + "b")
    assert time.monotonic() - start < 5


@given(st.text(alphabet="ab\\\\\\[](){}|?*+.^$-:=!<>123,udwspPkc{}") | st.text())
def test_any_text_is_a_pattern_or_a_mistake(text):
    """Nothing but a ValueError comes of any text."""
    with suppress(ValueError):
        check_ecma(text)
    with suppress(ValueError):
        compile_pattern(text)
