"""Documents to chunks of at most so many tokens, cut between sentences, each under its heading path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lockgate.model import Passage
from lockgate.retrieval.corpus import Document

__all__ = ["Count", "chunk"]

Count: TypeAlias = Callable[[Sequence[str]], list[int]]
"""Texts → the tokens of each."""

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*")
_FENCE = re.compile(r" {0,3}(```|~~~)")
# A sentence ends at a mark, closing quotes and white space before something that may begin one, after a
# full stop of Chinese or Japanese, or at a line that stands for itself (blank lines, lists, tables).
_SENTENCE_END = re.compile(
    r"""(?<=[.!?…])["'”’»)\]]*\s+(?=["'“‘«(\[]*[^\W_a-z])|(?<=[。！？])|\n\s*\n|\n(?=\s*(?:[-*+|>]|\d+[.)])\s?)"""
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|No|Fig|Vol|cf|etc|approx|e\.g|i\.e|U\.S|a\.m|p\.m))\.\s*\Z"
)
_SEPARATOR = " > "


@dataclass(frozen=True, slots=True)
class _Section:
    path: tuple[str, ...]
    body: str


def chunk(documents: Sequence[Document], *, count: Count, tokens: int, overlap: int) -> list[Passage]:
    """The chunks of some documents, in order.

    A document that fits is one chunk, as it is. A longer one is cut at its headings, and a section that is
    still too long between sentences, each further chunk repeating the last sentences of the one before as
    far as `overlap` reaches. Each of these chunks begins with its heading path (`Guide > Refunds`), which
    counts. Only a sentence that is too long alone is cut between words.

    Args:
        documents: what to cut.
        count: counts tokens.
        tokens: most tokens of a chunk.
        overlap: most tokens that two neighbours share.

    Returns:
        Passages; the id is the document's, with `#n` (from 1) where the document has several.
    """
    sizes = count([document.text for document in documents])
    return [
        passage
        for document, size in zip(documents, sizes, strict=True)
        for passage in _passages(document, size, count, tokens, overlap)
    ]


def _passages(document: Document, size: int, count: Count, tokens: int, overlap: int) -> Iterator[Passage]:
    if size <= tokens:
        texts = [document.text.strip()]
    else:
        texts = [text for section in _sections(document) for text in _cut(section, count, tokens, overlap)]
    for number, text in enumerate(texts, start=1):
        yield Passage(
            id=document.id if len(texts) == 1 else f"{document.id}#{number}",
            text=text,
            source=document.source,
            metadata=document.metadata,
        )


def _sections(document: Document) -> Iterator[_Section]:
    if not document.markdown:
        yield _Section((), document.text)
        return
    path: list[str] = []
    levels: list[int] = []
    body: list[str] = []
    fence = ""
    for line in document.text.splitlines(keepends=True):
        opened = _FENCE.match(line)
        if opened and fence in ("", opened[1]):
            fence = "" if fence else opened[1]
        heading = None if fence else _HEADING.fullmatch(line.rstrip("\r\n"))
        if heading is None:
            body.append(line)
            continue
        yield _Section(tuple(path), "".join(body))
        body = []
        while levels and levels[-1] >= len(heading[1]):
            levels.pop()
            path.pop()
        levels.append(len(heading[1]))
        path.append(heading[2])
    yield _Section(tuple(path), "".join(body))


def _cut(section: _Section, count: Count, tokens: int, overlap: int) -> Iterator[str]:
    if not section.body.strip():
        return
    head = _SEPARATOR.join(section.path)
    # A heading path may not leave less than half of a chunk to the text.
    room = max(tokens - count([head])[0], tokens // 2, 1)
    pieces = _pieces(section.body, count, room)
    for start, end in _windows([size for _, size in pieces], room, overlap):
        text = "".join(piece for piece, _ in pieces[start:end]).strip()
        yield f"{head}\n\n{text}" if head else text


def _pieces(text: str, count: Count, room: int) -> list[tuple[str, int]]:
    """Sentences with their tokens, white space kept; what is longer than `room` in words."""
    sentences = list(_sentences(text))
    pieces: list[tuple[str, int]] = []
    for sentence, size in zip(sentences, count(sentences), strict=True):
        if size <= room:
            pieces.append((sentence, size))
        else:
            words = re.findall(r"\S+\s*|\s+", sentence)
            pieces += _joined(zip(words, count(words), strict=True), room)
    return pieces


def _joined(words: Iterator[tuple[str, int]], room: int) -> list[tuple[str, int]]:
    """Runs of words of at most `room` tokens."""
    runs: list[tuple[str, int]] = []
    for word, size in words:
        if runs and runs[-1][1] + size <= room:
            runs[-1] = (runs[-1][0] + word, runs[-1][1] + size)
        else:
            runs.append((word, size))
    return runs


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        sentence = text[start : end.end()]
        if "\n" not in end[0] and _ABBREVIATION.search(sentence):
            continue
        if sentence.strip():
            yield sentence
            start = end.end()
    if text[start:].strip():
        yield text[start:]


def _windows(sizes: Sequence[int], room: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Stretches of pieces: each as many as fit, the next beginning within the last `overlap` tokens."""
    start = 0
    while start < len(sizes):
        end, total = start + 1, sizes[start]
        while end < len(sizes) and total + sizes[end] <= room:
            total += sizes[end]
            end += 1
        yield start, end
        if end == len(sizes):
            return
        start = _step_back(sizes, start, end, min(overlap, room - sizes[end]))


def _step_back(sizes: Sequence[int], start: int, end: int, room: int) -> int:
    """Where the next stretch begins: behind `start`, and no more than `room` tokens before `end`."""
    while end - 1 > start and sizes[end - 1] <= room:
        end -= 1
        room -= sizes[end]
    return end
