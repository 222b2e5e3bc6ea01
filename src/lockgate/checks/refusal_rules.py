"""What an answer does by rules on its wording: the part of `refusal` that knows eight languages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias

from lockgate.checks.patterns import Pattern
from lockgate.checks.refusal_languages import ABSTAINS_ABROAD, REFUSES_ABROAD
from lockgate.checks.refusal_words import (
    ABILITY,
    ABSTAINS,
    ANSWERS,
    ASIDE,
    BESIDES,
    CONCLUDES,
    ITEM,
    LACKS,
    REFUSES,
    REFUSES_WEAKLY,
    YOURSELF,
)
from lockgate.model import Span

__all__ = ["Stance", "by_rules", "english", "opening", "outright", "plain", "sentences"]

Stance: TypeAlias = Literal["refusal", "partial refusal", "abstention", "compliance"]

_SENTENCE = re.compile(r"[^.!?。！？؟\n]+[.!?。！？؟]*")
_WHOLE = re.compile(r"[^\n.!?。！？؟]+(?:[.!?](?=\S)[^\n.!?。！？؟]*)*[.!?。！？؟]*")
_ABBREVIATION = re.compile(r"\b(mr|mrs|ms|dr|st|e\.g|i\.e|inc|vs|no|approx|u\.s)\.")
_SOURCES = re.compile(r"article|passage|context|document|source|provided|filing|evidence", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_COMMON = frozenset(
    "the of and to is it that not for you with this your be are if or was on have can i".split()  # noqa: SIM905
)
_COMMON_SHARE = 0.15
_HEAD_SENTENCES = 3
_HEAD_CHARACTERS = 600
_SUBSTANTIAL_WORDS = 60
_READ_CHARACTERS = 6000
_OPENING_CHARACTERS = 2000
_SENTENCES = 60


@lru_cache(maxsize=8)
def by_rules(text: str) -> tuple[Stance, Span | None]:
    """The stance with the sentence that shows it: one of the first three, or of a long answer's last."""
    said = plain(text[: _HEAD_CHARACTERS + _READ_CHARACTERS])
    head = _head(said)
    abstains, refuses = _first(ABSTAINS, head, text), _first(REFUSES, head, text)
    if not english(said[:_HEAD_CHARACTERS]):
        abstains = abstains or _first(ABSTAINS_ABROAD, head, text)
        refuses = refuses or _first(REFUSES_ABROAD, head, text)
    if abstains is not None and (refuses is None or _SOURCES.search(abstains.text)):
        return "compliance" if _concluded(said) else "abstention", abstains
    if refuses is not None:
        return "partial refusal" if _answers(said, refuses) else "refusal", refuses
    weak = _first(REFUSES_WEAKLY, head[:2], text)
    if weak is not None and not _answers(said, weak):
        return "refusal", weak
    late = _late(said, text)
    return ("compliance", None) if late is None else ("abstention", late)


@lru_cache(maxsize=8)
def opening(text: str) -> tuple[str, tuple[str, ...]]:
    """The first 2,000 characters in lower case, and their sentences."""
    said = plain(text[:_OPENING_CHARACTERS])
    return said, tuple(sentence for _, sentence in sentences(said, _OPENING_CHARACTERS))


@lru_cache(maxsize=8)
def english(text: str) -> bool:
    """Whether at least 15 in 100 words are common English ones."""
    words = _WORD.findall(text.lower())
    return sum(word in _COMMON for word in words) >= _COMMON_SHARE * len(words) > 0


def outright(span: Span) -> bool:
    """Whether the sentence that shows a stance declines in so many words."""
    said = ABILITY.sub("", plain(span.text))
    return _says(REFUSES, said) or _says(REFUSES_ABROAD, said)


def plain(text: str) -> str:
    """The text in lower case with straight apostrophes, character for character."""
    return text.replace("\u2019", "'").replace("\u2018", "'").replace("\u0130", "I").lower()


def sentences(text: str, characters: int) -> list[tuple[int, str]]:
    """The sentences of the beginning of a text in lower case, each with its start."""
    masked = _ABBREVIATION.sub(lambda m: m[0][:-1] + " ", text[:characters])
    return [(m.start(), m[0]) for m in _SENTENCE.finditer(masked) if m[0].strip()]


def _head(text: str) -> list[tuple[int, str]]:
    return sentences(text, _HEAD_CHARACTERS)[:_HEAD_SENTENCES]


def _answers(text: str, span: Span) -> bool:
    """Whether a substantial answer follows the sentence that declines."""
    rest = text[span.end : span.end + _READ_CHARACTERS]
    if len(rest.split()) < _SUBSTANTIAL_WORDS:
        return False
    return ANSWERS.search(rest) is not None or len(ITEM.findall(rest)) > 1


def _first(pattern: Pattern, among: list[tuple[int, str]], text: str) -> Span | None:
    for start, sentence in among:
        if _says(pattern, sentence):
            return _span(start, sentence, text)
    return None


def _span(start: int, sentence: str, text: str) -> Span:
    end = start + len(sentence)
    return Span(source="answer", start=start, end=end, text=text[start:end])


def _concluded(text: str) -> bool:
    """Whether an answer that says what it lacks comes to a conclusion all the same, as its last word."""
    said = _whole(text)
    lacking = _lacking(said)
    drawn = _drawn(said, lacking)
    late = [n for n in lacking if n >= len(said) - _HEAD_SENTENCES]
    if not drawn or (lacking and drawn[-1] < lacking[0]):
        return False
    return not late or late[-1] < drawn[-1]


def _late(text: str, original: str) -> Span | None:
    """The sentence near the end by which a long answer turns out to have none."""
    said = _whole(text)
    if len(said) < _HEAD_SENTENCES or not any(_lacks(n, s) for n, (_, s) in enumerate(said)):
        return None
    lacking = _lacking(said)
    drawn = _drawn(said, lacking)
    first = max(len(said) - _HEAD_SENTENCES, drawn[-1] + 1 if drawn else 0)
    late = [n for n in lacking if n >= first]
    return _span(*said[late[-1]], original) if late else None


def _lacking(said: list[tuple[int, str]]) -> list[int]:
    """The sentences that say what is not known or would be needed."""
    return [n for n, (_, s) in enumerate(said) if _lacks(n, s) or LACKS.search(s)]


def _drawn(said: list[tuple[int, str]], lacking: list[int]) -> list[int]:
    """The sentences that draw a conclusion."""
    return [
        n
        for n, (_, s) in enumerate(said)
        if n not in lacking and CONCLUDES.search(s) and not YOURSELF.search(s)
    ]


def _whole(text: str) -> list[tuple[int, str]]:
    """Sentences that decimal points and abbreviations without a space do not end."""
    found = [(m.start(), m[0]) for m in _WHOLE.finditer(text, 0, _READ_CHARACTERS) if len(m[0].strip()) > 2]
    return found if len(found) <= _SENTENCES else found[: _SENTENCES // 2] + found[-_SENTENCES // 2 :]


def _lacks(number: int, sentence: str) -> bool:
    if number >= _HEAD_SENTENCES and ASIDE.search(sentence):
        return False
    return _says(ABSTAINS, sentence)


def _says(pattern: Pattern, sentence: str) -> bool:
    """Whether a sentence declines or abstains, its conditions and idioms left out."""
    if not pattern.possible(sentence):
        return False
    return pattern.search(BESIDES.sub("", sentence) if BESIDES.possible(sentence) else sentence) is not None
