"""Fenced blocks of an answer."""

from __future__ import annotations

import pytest

from lockgate.checks.fences import fences, only_block, prose_lines


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\n```json\n{}\n```\nb", [("json", "{}", 2, 4, True)]),
        ("```\nx", [("", "x", 1, 2, False)]),
        ("~~~ Py extra\nx\n```\n~~~~", [("py", "x\n```", 1, 4, True)]),
        ("````md\n```\nx\n```\n````", [("md", "```\nx\n```", 1, 5, True)]),
        ("    ```\nx", []),
        ("``` a`b\nx", []),
        ("```\n    ```\n```", [("", "    ```", 1, 3, True)]),
        ("```\n```\n```\n```", [("", "", 1, 2, True), ("", "", 3, 4, True)]),
    ],
)
def test_blocks_are_those_of_commonmark(text, found):
    """A fence closes by its own mark, at least as long; one that nothing closes goes to the end."""
    assert [(f.language, f.text, f.line, f.last, f.closed) for f in fences(text)] == found


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("<a/>", "<a/>"),
        ("Here:\n```xml\n<a/>\n```", "<a/>"),
        ("Here:\n```\n<a/>\n```", "<a/>"),
        ("```py\nx\n```\n```xml\n<a/>\n```", "<a/>"),
        ("```py\nx\n```", "```py\nx\n```"),
    ],
)
def test_the_one_block_is_found(text, block):
    """One in the language comes before one in none; without any the text is taken whole."""
    assert only_block(text, ("xml",)) == block


def test_several_blocks_are_refused():
    """Where it is not clear which is meant, none is taken."""
    with pytest.raises(ValueError, match="2 fenced blocks in the text"):
        only_block("```xml\n<a/>\n```\n```xml\n<b/>\n```", ("xml",))


def test_prose_is_what_no_fence_holds():
    """Lines keep their numbers."""
    assert list(prose_lines("a\n```\nb\n```\nc\r")) == [(1, "a"), (5, "c")]
