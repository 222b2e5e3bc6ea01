"""The verifiable instructions of IFEval, each as what an answer that does not follow it lacks.

Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models, arXiv:2311.07911; the ids and
arguments as published there. Sentences are told apart by `checks.counting`, languages by `checks.languages`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from lockgate.checks.counting import sentences
from lockgate.checks.languages import is_language
from lockgate.strict_json import parse

__all__ = ["RULES", "Rule"]

Rule: TypeAlias = Callable[..., str | None]
"""An answer and the instruction's arguments → why it is not followed, None where it is."""

_CHOICES = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"[^\W_]+(?:[-.'’][^\W_]+)*")
_HIGHLIGHT = re.compile(r"\*\*[^\n*]*\*\*|\*[^\n*]*\*")
_RULER = re.compile(r"\s?\*\*\*\s?")
_JSON_FENCE = re.compile(r"```(?:json|JSON|Json)?")
_SECOND_POSTSCRIPT, _POSTSCRIPT = re.compile(r"p\.\s?p\.\s?s"), re.compile(r"p\.\s?s\.")


def _existence(text: str, *, keywords: list[str]) -> str | None:
    missing = [word for word in keywords if word.casefold() not in text.casefold()]
    return f"it lacks {', '.join(map(repr, missing))}" if missing else None


def _frequency(text: str, *, keyword: str, relation: str, frequency: int) -> str | None:
    count = text.casefold().count(keyword.casefold())
    return _compared(count, relation, frequency, f"{keyword!r} comes {{}} times")


def _forbidden(text: str, *, forbidden_words: list[str]) -> str | None:
    found = [w for w in forbidden_words if re.search(rf"\b{re.escape(w)}\b", text, re.IGNORECASE)]
    return f"it has {', '.join(map(repr, found))}" if found else None


def _letters(text: str, *, letter: str, let_relation: str, let_frequency: int) -> str | None:
    count = text.lower().count(letter.lower())
    return _compared(count, let_relation, let_frequency, f"the letter {letter!r} comes {{}} times")


def _language(text: str, *, language: str) -> str | None:
    return None if is_language(text, language) else f"it is not in {language}"


def _sentences(text: str, *, relation: str, num_sentences: int) -> str | None:
    return _compared(len(sentences(text)), relation, num_sentences, "it has {} sentences")


def _words(text: str, *, relation: str, num_words: int) -> str | None:
    return _compared(len(_WORD.findall(text)), relation, num_words, "it has {} words")


def _paragraphs(text: str, *, num_paragraphs: int) -> str | None:
    parts = _outer_trimmed(_RULER.split(text))
    if not all(part.strip() for part in parts):
        return "a paragraph between two dividers '***' is empty"
    return _exactly(len(parts), num_paragraphs, "paragraphs between dividers '***'")


def _first_word(text: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> str | None:
    parts = text.split("\n\n")
    count = sum(bool(part.strip()) for part in parts)
    if count != num_paragraphs:
        return _exactly(count, num_paragraphs, "paragraphs")
    start = parts[nth_paragraph - 1].split() if nth_paragraph <= len(parts) else []
    word = re.split(r"[.,?!'\"]", start[0].lstrip("'\""))[0].lower() if start else ""
    wanted = first_word.lower()
    return None if word == wanted else f"paragraph {nth_paragraph} starts with {word!r}, not {wanted!r}"


def _placeholders(text: str, *, num_placeholders: int) -> str | None:
    count = sum(map(_brackets, text.split("\n")))
    return _compared(count, "at least", num_placeholders, "it has {} placeholders in square brackets")


def _postscript(text: str, *, postscript_marker: str) -> str | None:
    low = text.lower()
    known = {"P.P.S": _SECOND_POSTSCRIPT, "P.S.": _POSTSCRIPT}.get(postscript_marker)
    found = known.search(low) if known else postscript_marker.lower() in low
    return None if found else f"it has no postscript {postscript_marker!r}"


def _bullets(text: str, *, num_bullets: int) -> str | None:
    lines = [line.strip() for line in text.split("\n")]
    count = sum(line.startswith("-") or bool(re.match(r"\*[^*]", line)) for line in lines)
    return _exactly(count, num_bullets, "bullet points")


def _choice(text: str) -> str | None:
    return None if any(c in text for c in _CHOICES) else f"it says none of {', '.join(map(repr, _CHOICES))}"


def _highlights(text: str, *, num_highlights: int) -> str | None:
    count = sum(bool(found.strip("* \t")) for found in _HIGHLIGHT.findall(text))
    return _compared(count, "at least", num_highlights, "it has {} highlighted sections")


def _sections(text: str, *, section_spliter: str, num_sections: int) -> str | None:
    count = len(re.findall(rf"{re.escape(section_spliter.strip())}\s?\d+", text))
    return _compared(count, "at least", num_sections, f"it has {{}} sections marked {section_spliter!r}")


def _json(text: str) -> str | None:
    bare = text.strip()
    opening = _JSON_FENCE.match(bare)
    bare = bare[opening.end() :].removesuffix("```") if opening else bare
    try:
        parse(bare)
    except ValueError as error:
        return f"it is not JSON: {error}"
    return None


def _title(text: str) -> str | None:
    for line in text.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if start >= 0 and line[start:end].strip("<> \t"):
            return None
    return "it has no title in double angular brackets"


def _two_responses(text: str) -> str | None:
    parts = _outer_trimmed(text.split("******"))
    if len(parts) != 2 or not all(part.strip() for part in parts):
        return f"it has {len(parts)} responses apart by '******', not 2"
    return "its two responses are the same" if parts[0].strip() == parts[1].strip() else None


def _repeated(text: str, *, prompt_to_repeat: str) -> str | None:
    begins = text.strip().lower().startswith(prompt_to_repeat.strip().lower())
    return None if begins else "it does not begin with the request, word for word"


def _ending(text: str, *, end_phrase: str) -> str | None:
    ends = text.strip().strip('"').lower().endswith(end_phrase.strip().lower())
    return None if ends else f"it does not end with {end_phrase.strip()!r}"


def _capital_words(text: str, *, capital_relation: str, capital_frequency: int) -> str | None:
    count = sum(word.isupper() for word in _TOKEN.findall(text))
    return _compared(count, capital_relation, capital_frequency, "it has {} words in capitals")


def _capitals(text: str) -> str | None:
    return "it has small letters" if not text.isupper() else _language(text, language="en")


def _small(text: str) -> str | None:
    return "it has capital letters" if not text.islower() else _language(text, language="en")


def _no_comma(text: str) -> str | None:
    return "it has a comma" if "," in text else None


def _quoted(text: str) -> str | None:
    bare = text.strip()
    whole = len(bare) > 1 and bare[0] == bare[-1] == '"'
    return None if whole else "it is not wrapped in double quotation marks"


def _compared(count: int, relation: str, bound: int, what: str) -> str | None:
    followed = count < bound if relation == "less than" else count >= bound
    return None if followed else f"{what.format(count)}, {relation} {bound} were asked for"


def _exactly(count: int, wanted: int, what: str) -> str | None:
    return None if count == wanted else f"it has {count} {what}, {wanted} were asked for"


def _outer_trimmed(parts: Sequence[str]) -> list[str]:
    """Without an empty part before the first divider, and after the last."""
    kept = list(parts)
    if len(kept) > 1 and not kept[0].strip():
        kept = kept[1:]
    return kept[:-1] if len(kept) > 1 and not kept[-1].strip() else kept


def _brackets(line: str) -> int:
    count, start = 0, line.find("[")
    while start >= 0 and (end := line.find("]", start)) >= 0:
        count, start = count + 1, line.find("[", end)
    return count


RULES: Mapping[str, Rule] = {
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": _capitals,
    "change_case:english_lowercase": _small,
    "combination:repeat_prompt": _repeated,
    "combination:two_responses": _two_responses,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:constrained_response": _choice,
    "detectable_format:json_format": _json,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:title": _title,
    "keywords:existence": _existence,
    "keywords:forbidden_words": _forbidden,
    "keywords:frequency": _frequency,
    "keywords:letter_frequency": _letters,
    "language:response_language": _language,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_words": _words,
    "punctuation:no_comma": _no_comma,
    "startend:end_checker": _ending,
    "startend:quotation": _quoted,
}
"""Published id → rule; a rule's keyword arguments are those published."""
