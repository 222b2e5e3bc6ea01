"""An answer in numbers: its words, sentences, lines and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["UNITS", "paragraphs", "sentences", "words"]

# Chinese, Japanese, Thai, Lao, Burmese and Khmer are written without spaces: each letter counts.
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+(?:(?:['’-]|(?<=\d)[.,](?=\d))[^\W_{_ALONE}]+)*")
_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s|$)|[。！？]+[」』”）]*|[؟۔।॥]+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|e\.g|i\.e|inc|ltd|co|approx|no|fig|ca|z\.\s?b|bzw)"
    r"|\b[A-Za-z]|^\s*\d{1,3})\.$",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\w")


def words(text: str) -> list[str]:
    """Runs of letters and digits; `don't`, `well-known` and `3.5` are one.

    In scripts that are written without spaces, every letter is one.
    """
    return _WORD.findall(text)


def sentences(text: str) -> list[str]:
    """The sentences of a text that have a letter or digit.

    They end at `.`, `!`, `?`, `…` before white space, at the full stops of other scripts, at an empty line
    and at a list item's end; not after common abbreviations, initials and the number of a list item.
    """
    return [s for block in _blocks(text) for s in _sentences_of(block) if _LETTER.search(s)]


def paragraphs(text: str) -> list[str]:
    """What empty lines separate."""
    return [part.strip() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]


def _blocks(text: str) -> list[str]:
    return re.split(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*•–#>|]|\d{1,3}[.)])[ \t])", text)


def _sentences_of(block: str) -> list[str]:
    found, start = [], 0
    for match in _END.finditer(block):
        # Only what stands right before the stop can make it an abbreviation's.
        before = block[max(start, match.start() - 12) : match.start() + 1]
        if _ABBREVIATION.search(before) and match.end() < len(block.rstrip()):
            continue
        found.append(block[start : match.end()].strip())
        start = match.end()
    return [*found, block[start:].strip()]


UNITS: Mapping[str, Callable[[str], int]] = {
    "characters": len,
    "words": lambda text: len(words(text)),
    "sentences": lambda text: len(sentences(text)),
    "lines": lambda text: len(text.splitlines()),
    "paragraphs": lambda text: len(paragraphs(text)),
}
"""What a text is measured in → how many it has."""
