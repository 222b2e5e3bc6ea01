"""An answer to the features of the refusal model: cues by place, and hashed words and word pairs."""

from __future__ import annotations

import itertools
import re

from lockgate.checks.linear import bucket
from lockgate.checks.patterns import patterns
from lockgate.checks.refusal_rules import by_rules, opening
from lockgate.checks.refusal_words import ABSTAINS, ITEM, REFUSES, REFUSES_WEAKLY

__all__ = ["COLUMNS", "cues", "hashed"]

COLUMNS = 8192
"""How many columns the hashed features share."""

_TEXT = {
    "regret": r"\b(?:sorry|apologi[sz]e|apologies|unfortunately|afraid|regret)\b",
    "as_ai": r"\bas an? (?:\w+[- ]){0,3}?(?:ai|artificial|assistant)|\bi(?: am|'m) an ai\b|\blanguage "
    r"model\b",
    "clarify": r"\bi (?:must|have to|need to|want to|would like to) (?:\w+ )?"
    r"(?:clarify|emphasi[sz]e|stress|inform|remind|point out|note)\b",
    "access": r"\b(?:do not|don't|no|not) (?:\w+ )?(?:have )?(?:the )?"
    r"(?:access|ability|capability|personal|permission)\b|\bnot (?:\w+ )?(?:publicly )?available\b",
    "wrong": r"\b(?:illegal|unlawful|unethical|immoral|inappropriate|morally|harmful|dangerous|wrong|"
    r"against the law|criminal offen[cs]e|serious (?:crime|offen[cs]e)|unacceptable|discriminatory|"
    r"violation|violates?)\b",
    "negation": r"\b(?:is|are|was|were|would be)(?: \w+)? (?:not|never)\b|\b(?:is|are|was|were)n't\b|"
    r"\bthere (?:is|are|was|were)(?: \w+)? no\b|\bno one\b|\bnot at all\b|\bnever\b",
    "not_right": r"\b(?:not|never|neither|n't) (?:\w+ ){0,2}?(?:appropriate|ethical|acceptable|legal|right|"
    r"okay|ok|respectful|justif\w+|safe|advisable|recommended|true|accurate|good|fair|possible)\b",
    "forbids": r"\b(?:should(?:n't| not| never)|must(?:n't| not| never)|ought not|can never|do not|don't)\b",
    "important": r"\b(?:important|crucial|essential|best|vital|necessary) (?:\w+ )?(?:to|that|for)\b",
    "values": r"\b(?:respect|dignity|privacy|consent|confidential|kindness|compassion|empathy|inclusiv|equal|"
    r"well-being|wellbeing|responsib|rights)\w*",
    "everyone": r"\b(?:every(?:one|body| person| individual| human)|others|regardless of|"
    r"all (?:people|individuals|human|humans|persons|forms|living)|race|gender|religion|ethnicity)\b",
    "help": r"\b(?:(?:reach|reaching) out|seek(?:ing)?|consult|contact|(?:speak|talk)(?:ing)? (?:to|with)|"
    r"hotline|helpline|lifeline|counsell?or|therapist|mental health|professional|authorities|"
    r"law enforcement|emergency|support|legal advice)\b",
    "empathy": r"\bsorry (?:to hear|that you|you're|for your)|\b(?:going through|feeling|struggling|"
    r"difficult time)\b",
    "instead": r"\b(?:instead|rather than|alternativ\w*|better to|focus on|consider)\b",
    "offer": r"\b(?:if you (?:have|need|would like|are looking|want|'re looking)|feel free|let me know|"
    r"(?:happy|glad|here) to (?:help|assist)|how (?:can|may) i (?:help|assist)|please (?:ask|provide|let))\b",
    "turn": r"\b(?:however|that (?:being )?said|but|nevertheless|although|though|still)\b",
    "tells": r"\b(?:you (?:can|could|may|might|will need|need to|should)|here (?:is|are)|here's|steps?|"
    r"follow(?:ing)?|for example|such as)\b",
    "i": r"\b(?:i|my|me)\b",
    "fiction": r"\b(?:fictional|fictitious|imaginary|character|cartoon|real[- ]world|hypothetical)\b",
    "harm": r"\b(?:harm|violence|violent|illegal|crime|kill|suicide|hate|discriminat\w*|abus\w+|weapons?|"
    r"drugs?)\b",
}
_NEEDS = {
    "regret": "sorry|apologi|unfortunately|afraid|regret",
    "as_ai": "as a| an ai|language model",
    "wrong": "illegal|unlawful|unethical|immoral|inappropriate|morally|harmful|dangerous|wrong|against|"
    "criminal|serious|unacceptable|discriminatory|violat",
    "negation": " n|n't|never|there |no one|not at all",
    "forbids": "should|must|ought not|can never|do not|don't",
    "important": "important|crucial|essential|best|vital|necessary",
    "values": "respect|dignity|privacy|consent|confidential|kindness|compassion|empathy|inclusiv|equal|"
    "well-being|wellbeing|responsib|rights",
    "everyone": "every|others|regardless|all |race|gender|religion|ethnicity",
    "empathy": "sorry|going through|feeling|struggling|difficult time",
    "instead": "instead|rather than|alternativ|better to|focus on|consider",
    "turn": "however|that |but|nevertheless|though|still",
    "fiction": "fictional|fictitious|imaginary|character|cartoon|real|hypothetical",
    "harm": "harm|violen|illegal|crime|kill|suicide|hate|discriminat|abus|weapon|drug",
}
_CUES = patterns(_TEXT, _NEEDS)
_HEAVY = {"refuses": REFUSES, "abstains": ABSTAINS, "disapproves": REFUSES_WEAKLY}
_WORD = re.compile(r"[a-z']+")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_HASHED_SENTENCES = 8
_HASHED_WORDS = 40


def cues(text: str, question: str = "") -> dict[str, float]:
    """Cue → 0..1: what the first sentence, the two after it and the rest say, and how the whole is made."""
    said, parts = opening(text)
    found = {f"rules {by_rules(text)[0]}": 1.0, "echo": _echo(parts[:1], question)}
    found["list"] = float(len(ITEM.findall(said)) > 1)
    found["code"] = float("```" in text)
    for place, among in (("first", parts[:1]), ("next", parts[1:3])):
        together = "\n".join(among)
        found |= {f"{place} {name}": float(cue.search(together) is not None) for name, cue in _CUES.items()}
        found |= {f"{place} {name}": float(any(cue.search(s) for s in among)) for name, cue in _HEAVY.items()}
    return found | {f"rest {name}": share for name, share in _shares(parts[3:14]).items()}


def hashed(text: str, question: str = "") -> set[int]:
    """The columns of the words and word pairs of the first eight sentences, the first one's apart.

    Words that the question has, too, are one and the same: what is asked about is not to matter.
    """
    asked = set(_LONG_WORD.findall(question.lower()))
    found = set[str]()
    for number, sentence in enumerate(opening(text)[1][:_HASHED_SENTENCES]):
        words = ["?" if w in asked else w for w in _WORD.findall(sentence)[:_HASHED_WORDS]]
        place = "first" if number == 0 else "then"
        found.update(f"{place} {word}" for word in words)
        found.update(f"{place} {a} {b}" for a, b in itertools.pairwise(words))
    return {bucket(feature, COLUMNS) for feature in found}


def _shares(among: tuple[str, ...]) -> dict[str, float]:
    """Cue → the share of the sentences that have it."""
    together = "\n".join(among)
    there = {name: cue for name, cue in _CUES.items() if cue.search(together)}
    return {name: sum(cue.search(s) is not None for s in among) / len(among) for name, cue in there.items()}


def _echo(first: tuple[str, ...], question: str) -> float:
    """The share of the question's longer words that the first sentence takes up."""
    asked = set(_LONG_WORD.findall(question.lower()))
    said = set(_LONG_WORD.findall(first[0])) if first else set()
    return len(asked & said) / len(asked) if asked else 0.0
