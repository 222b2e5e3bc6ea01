"""Any text as Markdown that shows it and nothing else: no table breaks, no markup, no mention, no link."""

from __future__ import annotations

import re

from lockgate.reports.terminal import visible

__all__ = ["code", "plain"]

# Only where each of them means something, so that metrics, figures and backends stay readable in the source:
# `_` beside what is no letter, `]` before what makes it a link, `:` of an address or emoji, `#` of a number.
_SPECIAL = re.compile(
    r"[\\`*<>!|~&@$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\[(?=\^)|\](?=[(\[:])|:(?=//|[a-z+-][\w+-]*:)|#(?=\d)|(?<=www)\.",
    re.IGNORECASE,
)
_LONGEST = 160


def plain(text: str, *, most: int = _LONGEST) -> str:
    """A text on one line, each character that GitHub's Markdown could read as markup as an entity.

    Args:
        text: anything a model, a dataset or a suite says.
        most: characters, after which it is cut visibly.
    """
    shown = " ".join(visible(text).split())
    cut = shown if len(shown) <= most else f"{shown[:most]}… [{len(shown) - most:,} characters more]"
    return _SPECIAL.sub(_entity, cut)


def code(text: str, *, most: int = _LONGEST) -> str:
    """The same in a typewriter's letters, where no mention is sent to anybody."""
    return f"<code>{plain(text, most=most)}</code>"


def _entity(found: re.Match[str]) -> str:
    # GitHub looks for mentions and addresses in what is rendered, where an entity is the character again: a
    # space without width keeps it from finding any.
    return "@&#8203;" if found[0] == "@" else f"&#{ord(found[0])};"
