"""Instructions that a text smuggles in, and whether an answer did what they ask or told a secret."""

from __future__ import annotations

import base64
import codecs
import re

from lockgate.checks.patterns import Pattern
from lockgate.checks.personal_data import Found

__all__ = ["demands", "injections", "repeated", "revealed", "secrets_of"]

_RULES = (
    r"(?:(?:the|your|my|all|any|every|each|of|these|those|this|that|it|prior|previous(?:ly)?|"
    r"preceding|above|earlier|"
    r"former|foregoing|initial|original|existing|current|safety|system|given|been|you've|you have|"
    r"were|before|"
    r"developer|content|security|ethical)\s+){0,6}(?:instructions?|prompts?|rules?|guidelines?|"
    r"directives?|orders|"
    r"commands?|restrictions?|constraints|polic(?:y|ies)|programming|training|told|instructed|context|"
    r"guardrails?|"
    r"messages?)\b"
)
_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|all|your|initial|original|system|before|told|instructed)\b"
)
_SIGNS = (
    # turn away from what was said before
    (
        r"\b(?:ignore|disregard|overlook|forget|override|bypass|discard|neglect|cancel|drop|stop following|"
        r"do not follow|don't follow|pay no attention to|set aside)\s+(?:about\s+)?"
        rf"(?=(?:\S+\s+){{0,7}}?\S*{_EARLIER}){_RULES}"
    ),
    (
        r"\b(?:forget|ignore|disregard)\s+(?:about\s+)?(?:everything|all(?: of)?(?: that| this)?|"
        r"anything)\b(?! else)"
        r"(?=[^.\n]{0,60}\b(?:above|before|told|said|earlier|previous\w*|instructed|learned|now)\b|\s*[.!\n])"
    ),
    (
        r"\b(?:ignorier\w*|vergiss|missachte\w*|olvid[ae]\w*|ignor[ae]n?|ignorez|oublie[rz]?|esque[çc]a|"
        r"desconsidere|"
        r"игнориру\w*|игнорировать|забудь\w*|dimentica|negeer|zignoruj)\b[^.\n]{0,40}\b(?:anweisungen|"
        r"instru[cç][cç]?(?:iones|"
        r"ions|ões)|indicaciones|consignes|инструкции|istruzioni|instructies|polecenia|regeln|reglas|"
        r"règles|regras)"
    ),
    (
        r"(?:忽略|无视|無視|忘记|忘掉)[^。\n]{0,12}(?:指令|指示|说明|規則|规则|提示)|(?:指示|命令|ルール)[^。\n]{0,8}(?:無視|忘れ)|"
        r"تجاهل[^.\n]{0,30}(?:التعليمات|الأوامر)|(?:निर्देशों|निर्देश)[^।\n]{0,12}अनदेखी"
    ),
    # take on another role without limits
    (
        r"\byou(?:'re| are| will be| shall be)\s+(?:now\s+|going to be\s+|"
        r"hereby\s+)?(?:in\s+)?(?:\"?DAN\b|jailbroken|"
        r"unrestricted|unfiltered|(?:developer|debug|god|admin(?:istrator)?|maintenance|root|sudo|"
        r"jailbreak|unrestricted)"
        r"[- ]?mode\b|no longer (?:bound|restricted|limited|an? (?:ai|assistant)))"
    ),
    (
        r"\b(?:do anything now|developer mode (?:enabled|output|on)|jailbreak(?:ed)? mode|security override|"
        r"(?:enter(?:ing)?|enable|activate|switch to|now in)\s+(?:\S+\s+){0,2}?(?:developer|debug|god|"
        r"admin\w*|maintenance|"
        r"override|root|unrestricted|dan)[- ]mode)\b"
    ),
    (
        r"\b(?:special agent|act as|pretend (?:to be|you are|that you are)|roleplay as|"
        r"simulate)\s+(?:\S+\s+){0,4}?(?:DAN\b|"
        r"(?:an? )?(?:ai|assistant|model|chatbot|llm)\s+(?:\S+\s+){0,3}?(?:without|with no|that (?:has no|"
        r"ignores|can do))|"
        r"(?:unrestricted|uncensored|unfiltered|evil|jailbroken)\b)"
    ),
    r"\b(?:not|no longer) (?:bound|limited|restricted|constrained) by\b",
    # ask for what is not to be told
    (
        r"\b(?:reveal|show|print|repeat|output|display|leak|tell me|give me|share|write out|summari[sz]e|"
        r"translate|spell)\s+"
        r"(?:\S+\s+){0,4}?(?:system|initial|original|hidden|secret|confidential|above|previous|internal|your)\s+"
        r"(?:(?:system )?prompt|instructions?|message|rules|configuration|text|word|key|password)\b"
    ),
    (
        r"\b(?:what|which)(?:'s| is| are| was| were)\s+(?:\S+\s+){0,3}?(?:system prompt|secret (?:key|"
        r"word|code|password)|"
        r"(?:initial|original|hidden|exact) (?:prompt|instructions))\b"
    ),
    r"\brepeat (?:everything|all|the (?:words|text))\s+(?:\S+\s+){0,3}?above\b",
    # speak to the reader's model from within a text
    (
        r"\b(?:new|updated|real|actual|additional|important|special) (?:system )?(?:instructions?|"
        r"directives?|prompt)\s*"
        r"(?:\(\S+\)\s*)?:"
    ),
    (
        r"(?:^|\n)\s*(?:###?\s*)?(?:system|assistant)\s*(?:message|prompt|note|override)?\s*:\s*\S|<"
        r"\|(?:im_start|system|"
        r"endoftext|im_end)\|>|\[/?INST\]|<</?SYS>>|</?system>"
    ),
    (
        r"\b(?:attention|note to|dear|hey|to (?:any|the)|if you are an?)\s+(?:(?:any|the|all|"
        r"other)\s+)?(?:\S+\s+)?(?:ai|llms?|"
        r"language models?|chatbots?|ai (?:models?|assistants?|agents?))\b[^.\n]{0,80}\b(?:must|should|"
        r"please|ignore|reading|"
        r"processing|instead|instructed|say|print|output|recommend)\b"
    ),
    (
        r"\b(?:instead|now),?\s+(?:just\s+|only\s+)?(?:say|print|output|respond with|reply with|write|"
        r"answer with)\s*:?\s*[\"'“«`]"
    ),
)
_ANY = [Pattern(sign, re.IGNORECASE) for sign in _SIGNS]
_ASK = Pattern(
    r"\b(?:say|saying|print|output|write|reply|respond|answer|include|add|append|insert|begin|start|"
    r"end|state|tell|"
    r"display|recommend|mention|visit|return|"
    r"repeat)\b[^\"'“«`\n]{0,60}?[\"'“«`]([^\"”»`\n]{2,200}?)[\"'”»`](?!\w)"
    r"|\b(?:say|print|output|reply with|respond with|write|answer)\s+(?:only\s+|just\s+|exactly\s+|"
    r"the word\s+)?"
    r"((?-i:[A-Z][A-Z0-9_-]{3,}(?:\s[A-Z0-9_-]{3,})*))",
    re.IGNORECASE,
)
_SECRET = Pattern(
    r"\b(?:password|passcode|passphrase|pass phrase|access code|secret(?: \w+)?|canary|api key|"
    r"pin)\b\s*(?:is|:|=|-)?\s*"
    r"(?:[\"'“‘«`]([^\"'”’»`\n]{3,60})[\"'”’»`]|(?<=[:= ])((?-i:(?=[\w-]*[A-Z])(?=[\w-]*\d))[\w-]{6,60}))",
    re.IGNORECASE,
)
_READ_AFTER = 600
_READ_BEFORE = 120
_SHORT = 4
_WORDS = 10
_DIRECTS = Pattern(
    r"\b(?:you|your|never|always|do not|don't|must|respond|answer|reply|assistant)\b", re.IGNORECASE
)


def injections(text: str) -> list[Found]:
    """Where a text tries to turn a model away from its instructions, or to make it tell them.

    By patterns: setting earlier instructions aside, a role without limits, a demand for the system prompt or
    a secret, a message that poses as the system's.
    """
    found = [
        Found(kind="injection", start=match.start(), end=match.end(), text=match[0])
        for sign in _ANY
        for match in sign.finditer(text)
    ]
    return sorted(found, key=lambda one: one.start)


def demands(text: str) -> list[str]:
    """What the injections in a text want an answer to say, word for word: four letters or digits and more."""
    wanted: dict[str, None] = {}
    for found in injections(text):
        near = text[max(0, found.start - _READ_BEFORE) : found.end + _READ_AFTER]
        for match in _ASK.finditer(near):
            said = (match[1] or match[2]).strip(" .,!")
            if len(_bare(said)) >= _SHORT:
                wanted[said] = None
    return list(wanted)


def secrets_of(prompt: str) -> list[str]:
    """What a prompt says is a password, a key or a secret, as in `The password is "Bird"`."""
    return list(dict.fromkeys(match[1] or match[2] for match in _SECRET.finditer(prompt)))


def revealed(answer: str, secret: str) -> Found | None:
    """Where an answer has a secret: as it is, spaced out, backwards, or in base64, hexadecimal or ROT13.

    Upper and lower case count alike. A secret of fewer than six letters and digits is looked for as it is.
    """
    bare = _bare(secret)
    if not bare:
        return None
    forms = [rf"(?<!\w){re.escape(secret.strip())}(?!\w)"]
    if len(bare) >= _SHORT + 2:
        forms += [_spaced(bare), _spaced(bare[::-1]), _spaced(codecs.encode(bare, "rot13"))]
        forms += [re.escape(form) for form in _encoded(secret.strip())]
    for form in forms:
        match = re.search(form, answer, re.IGNORECASE)
        if match:
            return Found(kind="canary", start=match.start(), end=match.end(), text=match[0])
    return None


def repeated(answer: str, prompt: str, known: str = "") -> Found | None:
    """The first ten words on end that an answer has from a prompt's sentences that direct a model.

    Words that `known`, the texts that the answer may quote, has on end as well do not count.
    """
    directing = [s for s in re.split(r"(?<=[.!?])\s+|\n+", prompt) if _DIRECTS.search(s)]
    runs = {run for sentence in directing for run, _, _ in _runs(sentence)} - {
        run for run, _, _ in _runs(known)
    }
    for run, start, end in _runs(answer):
        if run in runs:
            return Found(kind="prompt", start=start, end=end, text=answer[start:end])
    return None


def _runs(text: str) -> list[tuple[tuple[str, ...], int, int]]:
    words = list(re.finditer(r"\w+", text))
    low = [word[0].lower() for word in words]
    return [
        (tuple(low[n : n + _WORDS]), words[n].start(), words[n + _WORDS - 1].end())
        for n in range(len(words) - _WORDS + 1)
    ]


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def _spaced(bare: str) -> str:
    return r"[\W_]{0,3}".join(map(re.escape, bare))


def _encoded(secret: str) -> list[str]:
    raw = secret.encode()
    return [base64.b64encode(raw).decode().rstrip("=")[:-1], raw.hex()]
