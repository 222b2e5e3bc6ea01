"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks.patterns import Pattern, patterns
from lockgate.checks.refusal_words import ABSTAINS, BESIDES, REFUSES

UNUSED = """
import lockgate.checks.groundedness, lockgate.checks.refusal, lockgate.checks.safety, sys
from lockgate.checks.patterns import Pattern, patterns
rooms = [room for name, room in sys.modules.items() if name.startswith("lockgate.checks.")]
kept = [one for room in rooms for one in vars(room).values() if isinstance(one, Pattern)]
print(len(kept), [one.text[:40] for one in kept if "compiled" in vars(one)])
"""


def test_a_pattern_does_what_the_expression_does():
    """Search, places, texts and replacement are those of the compiled expression."""
    pattern, plain = Pattern("b+", re.IGNORECASE), re.compile("b+", re.IGNORECASE)
    text = "aBbcb"
    assert pattern.search(text).span() == plain.search(text).span()
    assert [m.span() for m in pattern.finditer(text)] == [m.span() for m in plain.finditer(text)]
    assert pattern.findall(text) == plain.findall(text)
    assert pattern.sub("-", text) == plain.sub("-", text)


def test_importing_the_checks_compiles_none_of_their_patterns():
    """A suite pays for the wordings of refusals, injections and the like when an answer is judged."""
    done = subprocess.run([sys.executable, "-c", UNUSED], capture_output=True, text=True, check=True)
    count, _, compiled = done.stdout.strip().partition(" ")
    assert int(count) >= 15
    assert compiled == "[]"


def test_what_is_needed_saves_the_search():
    """A text without anything that is needed is not possible; with nothing needed every text is."""
    pattern = Pattern(r"\bno\b|n't", needs=("no", "n't"))
    assert [pattern.possible(text) for text in ("I do", "I know", "I don't")] == [False, True, True]
    assert Pattern("b+").possible("")


@settings(max_examples=60)
@given(st.data())
@pytest.mark.parametrize("pattern", [REFUSES, ABSTAINS, BESIDES])
def test_whatever_matches_has_what_is_needed(pattern, data):
    """No text that one of the long expressions finds something in is passed over for what it lacks."""
    text = data.draw(st.from_regex(pattern.compiled, fullmatch=True))
    assert pattern.needs
    assert pattern.possible(text)


def test_named_patterns_have_what_each_needs():
    """What is not said to need anything is looked for in every text."""
    made = patterns({"no": r"\bno\b", "any": r"\w"}, {"no": "no|n't"})
    assert {name: p.needs for name, p in made.items()} == {"no": ("no", "n't"), "any": ()}
    assert made["no"].search("there is no way")
    assert made["any"].search("x")
