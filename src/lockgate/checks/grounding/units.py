"""Passages to units of evidence: sentences, or the values of a JSON or Python object with their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lockgate.checks.claims import sentences
from lockgate.model import Passage

__all__ = ["Unit", "units"]

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[][{}(),:])|(?P<bare>[^\s"'\][{}(),:]+)|\s+|["']""",
    re.DOTALL,
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.]+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORD = re.compile(r"\w")
_SPOKEN = {"true": "yes", "false": "no", "none": "unknown", "null": "unknown"}
_LONG = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One sentence, or one value of an object, with its place in its passage.

    `text` is what is read: of a value, its keys and itself, with yes and no for true and false. `key` is the
    value's own key and `value` the value as spoken; both are "" for a sentence. `quote` is what stands there.
    """

    source: str
    text: str
    quote: str
    start: int
    end: int
    key: str = ""
    value: str = ""


def units(passages: Sequence[Passage]) -> list[Unit]:
    """Every unit of every passage, in order; nothing of a passage is left out but marks and white space."""
    return [unit for passage in passages for unit in _units(passage)]


def _units(passage: Passage) -> Iterator[Unit]:
    text = passage.text
    if text.lstrip()[:1] in ("{", "[") and text.rstrip()[-1:] in ("}", "]") and ":" in text:
        found = list(_values(passage))
        if found:
            yield from found
            return
    yield from _sentences(passage.id, text, 0, len(text))


def _sentences(source: str, text: str, first: int, last: int) -> Iterator[Unit]:
    for from_first, to in sentences(text[first:last]):
        start, end = first + from_first, first + to
        quote = text[start:end]
        if _WORD.search(quote):
            yield Unit(source=source, text=quote.strip(), quote=quote, start=start, end=end)


def _values(passage: Passage) -> Iterator[Unit]:
    keys: list[str] = []
    pending = ""
    tokens = [m for m in _TOKEN.finditer(passage.text) if m.lastgroup]
    for token, follower in zip(tokens, [*tokens[1:], None], strict=True):
        said = token[0]
        if token.lastgroup == "mark":
            if said in "{[(":
                keys.append(pending)
                pending = ""
            elif said in "}])" and keys:
                keys.pop()
                pending = ""
            continue
        if follower is not None and follower[0] == ":" and keys:
            pending = _plain(said)
            continue
        yield from _value(passage, token, [*filter(None, keys), pending])


def _value(passage: Passage, token: re.Match[str], path: Sequence[str]) -> Iterator[Unit]:
    said = token[0]
    quoted = token.lastgroup == "text"
    start, end = token.start() + quoted, token.end() - quoted
    if quoted and end - start > _LONG:
        for unit in _sentences(passage.id, passage.text, start, end):
            yield replace(unit, text=_ESCAPE.sub(_meant, unit.text).strip())
        return
    value = _ESCAPE.sub(_meant, said[1:-1]) if quoted else _SPOKEN.get(said.lower(), said)
    if _WORD.search(value):
        where = " ".join(filter(None, path))
        yield Unit(
            source=passage.id,
            text=f"{where}: {value}" if where else value,
            quote=passage.text[start:end],
            start=start,
            end=end,
            key=path[-1] if path else "",
            value=value,
        )


def _meant(escape: re.Match[str]) -> str:
    return " " if escape[1] in "nrt" else escape[1]


def _plain(key: str) -> str:
    return _HUMP.sub(" ", key.strip("\"'")).strip()
