"""An answer to its claims, and passages to windows of evidence: what groundedness compares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockgate.checks.citation_marks import CITATION
from lockgate.model import Passage
from lockgate.strict_json import parse

__all__ = ["Claim", "Window", "claims", "has_word", "sentences", "windows"]

# A run of stops is tried at its first alone: at each of them, a long one would take its length squared.
_SENTENCE = re.compile(r"[^\n]+?(?:(?<![.!?])[.!?]+(?=[\s\"')\]\[]|$)[\"')\]]*|[。！？؟]|(?=\n|$))")
_NO_END = re.compile(
    r"\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|e\.g|i\.e|inc|ltd|co|approx|u\.s|[a-z])\.(?=\s)"
    r"|^[ \t]*\d{1,3}\.(?=[ \t])",
    re.IGNORECASE | re.MULTILINE,
)
_MARKER = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)]|#{1,6})\s+")
_JSON_LEAF = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_WORD = re.compile(r"\w")
_CITATION = re.compile(rf"\s*{CITATION.pattern}")
_WIDTH = 3
_LONG = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that an answer says, with its place in the answer (characters, end excluded).

    `text` is without citations and JSON escapes; the answer's own characters are `answer[start:end]`.
    `statement` is what a language model made of them, or "" where the claim is as the answer has it.
    """

    text: str
    start: int
    end: int
    statement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Up to three consecutive sentences of one passage, with their place in it."""

    source: str
    text: str
    start: int
    end: int


def claims(answer: str) -> list[Claim]:
    """The claims of an answer: sentences and list items, or the values of a JSON answer.

    Questions and lines that only announce others (ending with a colon) claim nothing. Numbered citations
    (`[1]`) are no part of a claim's text.
    """
    if answer.lstrip()[:1] in ("{", "["):
        try:
            parse(answer)
        except ValueError:
            pass
        else:
            return list(_values(answer))
    return list(_statements(answer))


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence or line; a sentence of more than 500 characters is cut in pieces."""
    masked = _NO_END.sub(lambda m: m[0][:-1] + "\u00b7", text)
    for match in _SENTENCE.finditer(masked):
        start, end = match.span()
        for cut in range(start, end, _LONG):
            yield cut, min(cut + _LONG, end)


def windows(passages: Sequence[Passage]) -> list[Window]:
    """Every run of up to three sentences of each passage, so that nothing of a long one is left out."""
    return [window for passage in passages for window in _windows(passage)]


def has_word(passage: Passage) -> bool:
    """Whether a passage has a window: a word, a digit, anything that could be evidence."""
    return _WORD.search(passage.text) is not None


def _windows(passage: Passage) -> Iterator[Window]:
    spans = [(s, e) for s, e in sentences(passage.text) if _WORD.search(passage.text, s, e)]
    for first in range(max(1, len(spans) - _WIDTH + 1)):
        group = spans[first : first + _WIDTH]
        if group:
            start, end = group[0][0], group[-1][1]
            yield Window(source=passage.id, text=passage.text[start:end], start=start, end=end)


def _statements(answer: str) -> Iterator[Claim]:
    for whole, end in sentences(answer):
        marker = _MARKER.match(answer[whole:end])
        start = whole + marker.end() if marker else whole
        start += len(answer[start:end]) - len(answer[start:end].lstrip())
        text = _CITATION.sub("", answer[start:end]).strip()
        if _WORD.search(text) and not text.endswith(("?", "？", "؟", ":")):
            yield Claim(text=text, start=start, end=end)


def _values(answer: str) -> Iterator[Claim]:
    for match in _JSON_LEAF.finditer(answer):
        if match[1]:
            continue  # a key
        quoted = match[0].startswith('"')
        text = str(json.loads(match[0])) if quoted else match[0]
        if _WORD.search(text):
            yield Claim(text=text, start=match.start() + quoted, end=match.end() - quoted)
