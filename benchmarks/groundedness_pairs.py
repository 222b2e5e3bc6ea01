"""Claims that rest on a text and claims that do not, made by rule of its sentences or of supported claims.

What is true of a text is said again: whole, shortened, joined, in other forms. What is not is made of that
by one small change whose place is known: a name, number, date, negation, relation or content word changed,
the end of another sentence put on, or its own sentence taken out of the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from groundedness_words import COUNTS, GROUPS, OPPOSITES, SYNONYMS
from lockgate.checks.overlap import is_common

__all__ = ["NAME", "Made", "Source", "changed", "restated"]

NAME = re.compile(r"(?<!^)(?<!\w)[A-Z][\w’'-]*[\w](?: (?:of |the |de |and )?[A-Z][\w’'-]*\w)*")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
_WORD = re.compile(r"[A-Za-z]{4,}")
_BE = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|does|do|did|may|might)\b(?! not|n['’]t)"
)
_NOT = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|does|do|did|may|might)(?: not|n['’]t) (\w+)"
)
_ASIDE = re.compile(r" \([^()]{2,80}\)|, (?:which|who|where|whose|including|such as) [^,.]{4,80}(?=[,.])")
_OPENING = re.compile(r"^[A-Z][^,]{3,60}, (?=\w)")
_FRAMES = (
    "According to the text, ",
    "The passage says that ",
    "Overall, ",
    "In addition, ",
    "It is stated that ",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A claim and what of it is wrong.

    Args:
        marks: where it is wrong (characters, end excluded); none where it rests on the text.
        gone: sentences that its evidence must be without, so that it rests on nothing.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What claims are made of: a text's sentences, names from elsewhere, and words that are used alike."""

    sentences: Sequence[str]
    strangers: Sequence[str]
    alike: Mapping[str, Sequence[str]]


def restated(text: str, source: Source, chance: Random) -> str:
    """The same said otherwise: without an aside or an opening, framed, with other words, or unchanged."""
    if chance.random() < 0.35:
        text = _ASIDE.sub("", text, count=1)
    if chance.random() < 0.2:
        text = _upper(_OPENING.sub("", text, count=1)) if len(text.split()) > 12 else text
    if chance.random() < 0.35:
        text = _WORD.sub(lambda m: SYNONYMS.get(m[0], m[0]) if chance.random() < 0.7 else m[0], text)
    if chance.random() < 0.25:
        text = _respelt(text)
    if chance.random() < 0.2 and len(source.sentences) > 1:
        other = chance.choice(source.sentences)
        if 4 < len(other.split()) < 25 and other != text:
            text = f"{text.rstrip('. ')}, and {_lower(other)}"
    if chance.random() < 0.12:
        text = chance.choice(_FRAMES) + _lower(text)
    return text


def _respelt(text: str) -> str:
    """Small counts as words or figures, and contractions."""
    for number, word in enumerate(COUNTS[1:], 2):
        if re.search(rf"(?<![\d.,$]){number}(?![\d.,%:])", text):
            return re.sub(rf"(?<![\d.,$]){number}(?![\d.,%:])", word, text, count=1)
        if f" {word} " in text:
            return text.replace(f" {word} ", f" {number} ", 1)
    return re.sub(r"\b(is|are|was|were|did|does|do|has|have|had|could|would) not\b", r"\1n't", text)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if is_common(first.lower()) else text


def changed(text: str, source: Source, chance: Random) -> Made | None:
    """The claim with one or two small changes; None where no rule applies, or two undo each other."""
    made = Made(text=text)
    for _ in range(1 if chance.random() < 0.75 else 2):
        for rule in chance.sample(_RULES, len(_RULES)):
            if made.marks and rule is _exchange:
                continue  # what stands between would move by another length
            found = rule(made.text, source, chance)
            if found is not None:
                made = _after(made, found)
                break
    return made if made.marks and made.text != text else None


def _after(before: Made, now: Made) -> Made:
    """Marks of an earlier change are moved along with the text."""
    (start, _), more = now.marks[0], len(now.text) - len(before.text)
    moved = [(a + more, b + more) if a >= start else (a, b) for a, b in before.marks if b <= len(now.text)]
    return replace(now, marks=tuple(sorted({*moved, *now.marks})))


def _swap(text: str, match: re.Match[str], new: str) -> Made | None:
    if new.lower() == match[0].lower():
        return None
    if match[0][:1].isupper():
        new = _upper(new)
    start = match.start()
    return Made(text=text[:start] + new + text[match.end() :], marks=((start, start + len(new)),))


def _pick(found: Sequence[re.Match[str]], chance: Random) -> re.Match[str] | None:
    return chance.choice(found) if found else None


def _name(text: str, source: Source, chance: Random) -> Made | None:
    match = _pick(list(NAME.finditer(text)), chance)
    if match is None:
        return None
    near = [n for s in source.sentences for n in NAME.findall(s) if n not in text and match[0] not in n]
    pool = near if near and chance.random() < 0.75 else source.strangers
    return _swap(text, match, chance.choice(pool)) if pool else None


def _exchange(text: str, _: Source, chance: Random) -> Made | None:
    """Two names or two numbers change places."""
    for pattern in chance.sample([NAME, _NUMBER], 2):
        found = list(pattern.finditer(text))
        if len(found) > 1 and found[0][0] != found[1][0]:
            at = chance.randrange(len(found) - 1)
            one, two = found[at : at + 2]
            if one[0] == two[0]:
                continue
            start, middle = one.start(), text[one.end() : two.start()]
            second = start + len(two[0]) + len(middle)
            new = text[:start] + two[0] + middle + one[0] + text[two.end() :]
            return Made(text=new, marks=((start, start + len(two[0])), (second, second + len(one[0]))))
    return None


def _number(text: str, source: Source, chance: Random) -> Made | None:
    match = _pick(list(_NUMBER.finditer(text)), chance)
    if match is None:
        return None
    near = [
        n for s in source.sentences for n in _NUMBER.findall(s) if n not in text and len(n) == len(match[0])
    ]
    if near and chance.random() < 0.5:
        return _swap(text, match, chance.choice(near))
    digits = [i for i, c in enumerate(match[0]) if c.isdigit()]
    at = chance.choice(digits[-2:])
    new = chance.choice([d for d in "123456789" if d != match[0][at]])
    return _swap(text, match, match[0][:at] + new + match[0][at + 1 :])


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


def _group(text: str, _: Source, chance: Random) -> Made | None:
    words = [(m, g) for g in GROUPS for m in _any_of(g).finditer(text)]
    if not words:
        return None
    match, group = chance.choice(words)
    return _swap(text, match, chance.choice(group))


def _opposite(text: str, _: Source, chance: Random) -> Made | None:
    match = _pick([m for m in re.finditer(r"\w+", text) if m[0].lower() in OPPOSITES], chance)
    return _swap(text, match, OPPOSITES[match[0].lower()]) if match else None


def _negation(text: str, _: Source, chance: Random) -> Made | None:
    match = _NOT.search(text)
    if match:
        new, start = f"{match[1]} {match[2]}", match.start()
        return Made(text=text[:start] + new + text[match.end() :], marks=((start, start + len(new)),))
    match = _pick(list(_BE.finditer(text)), chance)
    return _swap(text, match, f"{match[0]} not") if match else None


def _content(text: str, source: Source, chance: Random) -> Made | None:
    """A content word for one that is used alike: a neighbour among the model's words."""
    match = _pick([m for m in _WORD.finditer(text) if m[0].lower() in source.alike], chance)
    if match is None:
        return None
    return _swap(text, match, chance.choice(source.alike[match[0].lower()]))


def _joined(text: str, source: Source, chance: Random) -> Made | None:
    """The beginning of the claim with the end of another sentence."""
    cuts = [
        m.start() for m in re.finditer(r" (?:and|but|by|in|on|at|for|from|with|to|that|of|as|because) ", text)
    ]
    others = [s for s in source.sentences if s not in text and 5 < len(s.split()) < 40]
    cuts = [c for c in cuts if c > len(text) * 0.3]
    if not cuts or not others:
        return None
    cut, other = chance.choice(cuts), chance.choice(others)
    link = re.match(r" \w+ ", text[cut:])
    ends = [m.start() for m in re.finditer(re.escape(link[0]), other)] if link else []
    if not ends:
        return None
    new = text[:cut] + other[chance.choice(ends) :]
    return Made(text=new, marks=((cut + 1, len(new)),))


_RULES: tuple[Callable[[str, Source, Random], Made | None], ...] = (
    _name, _name, _exchange, _number, _group, _opposite, _opposite, _negation, _content, _content, _content,
    _joined,
)  # fmt: skip
