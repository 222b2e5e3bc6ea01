"""`${NAME}`: what is filled in, what is missed, and what is never shown."""

# ruff: noqa: E501  (lines that a person sees stand unbroken)

from __future__ import annotations

import pytest

from lockgate.documents.environment import redact, substitute, unset
from lockgate.documents.yaml_source import parse

ENVIRON = {"HOST": "example", "PORT": "80", "EMPTY": "", "HOST_PORT": "example:80"}


def _filled(text):
    root, findings = parse(text, "p.yaml")
    return substitute(root, ENVIRON, findings), [str(problem) for problem in findings.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: ${HOST}", {"a": "example"}),
        ('a: "http://${HOST}:${PORT}/"', {"a": "http://example:80/"}),
        ("a: [x, '${HOST}', {b: '${PORT}'}]", {"a": ["x", "example", {"b": "80"}]}),
        ("a: x${EMPTY}y", {"a": "xy"}),
        ("a: $${HOST}", {"a": "${HOST}"}),
        ("a: $HOST ${} ${1} {HOST}", {"a": "$HOST ${} ${1} {HOST}"}),
        ("a: 3\nb: true", {"a": 3, "b": True}),
        ("${HOST}: 1", {"${HOST}": 1}),
        ("a: {}\nb: []", {"a": {}, "b": []}),
    ],
)
def test_texts_are_filled_in_and_nothing_else(text, value):
    """Values anywhere in the file, never keys; `$${` is how to write the thing itself."""
    root, problems = _filled(text)
    assert root.value == value
    assert problems == []


def test_each_missing_variable_is_noted_at_its_place():
    """In a one-line text the column is the variable's own; in a block it is the block's."""
    _, problems = _filled("a: x ${NO}\nb: 'y ${NOT}'\nc: |\n  ${NEVER}\n")
    assert problems == [
        "p.yaml:1:6: The environment variable 'NO' is not set. Set it, or write the value here.\n    a: x ${NO}\n         ^",
        "p.yaml:2:7: The environment variable 'NOT' is not set. Set it, or write the value here.\n    b: 'y ${NOT}'\n          ^",
        "p.yaml:3:4: The environment variable 'NEVER' is not set. Set it, or write the value here.\n    c: |\n       ^",
    ]


def test_a_missing_variable_is_left_as_it_is_written():
    """So that a later look still sees that it is unset."""
    root, _ = _filled("a: x ${NO}\nb: ${HOST}")
    assert unset(root.entries["a"])
    assert not unset(root.entries["b"])


def test_what_was_taken_is_written_back_into_a_message():
    """The longest value first, so that no part of a key stands open."""
    root, _ = _filled("a: ${HOST}\nb: [{c: '${HOST_PORT}'}]\nd: ${EMPTY}")
    assert redact("asked example:80, then example", root) == "asked ${HOST_PORT}, then ${HOST}"
    assert redact("nothing of it", root) == "nothing of it"


def test_a_short_value_is_no_secret():
    """A port of two digits would blot out half of a message."""
    root, _ = _filled("a: ${PORT}")
    assert redact("line 180 of 80", root) == "line 180 of 80"
