"""A claim against an object's yes, no and unknown: what it says of a key, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lockgate.checks.grounding.facts import facts
from lockgate.checks.grounding.units import Unit

__all__ = ["KEYS", "against_keys", "share_named"]

KEYS = ("keys_denied", "keys_ignored", "keys_unknown", "keys_agreed", "days_differ")
"""What is counted: a clause affirms a key whose value is no, denies one whose value is yes, affirms one whose
value is unknown, says what the value says; and the claim opens or closes on days that the object has not."""

_CLAUSE = re.compile(r"[;:,]|\b(?:but|while|although|though|however|and it|whereas|with)\b", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:no|not|neither|nor|without|lacks?|lacking|except|cannot|unavailable|unknown|unclear|unspecified"
    r"|isn['’]t|any details?|information)\b|n['’]t\b",
    re.IGNORECASE,
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY_DAY = re.compile(
    r"\b(?:every ?day|daily|seven days|7 days|all week|monday (?:to|through|-) sunday|throughout the week)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"\bclosed (?:on )?(\w+day)s?\b", re.IGNORECASE)
_EMPTY = frozenset({"business", "restaurant", "good"})


def against_keys(claim: str, units: Sequence[Unit]) -> tuple[float, ...]:
    """How often each of `KEYS` is so."""
    flags = [(u.value, u.key) for u in units if u.value in ("yes", "no", "unknown")]
    denied = ignored = unknown = agreed = 0
    for clause, denies in _clauses(claim):
        words = facts(clause).words
        for value, key in flags:
            if share_named(key, words) < 1:
                continue
            denied += value == "no" and not denies
            ignored += value == "yes" and denies
            unknown += value == "unknown" and not denies
            agreed += (value == "yes") != denies and value != "unknown"
    return float(denied), float(ignored), float(unknown), float(agreed), _days_differ(claim, units)


def share_named(key: str, words: frozenset[str]) -> float:
    """The share of a key's words that stand among others; all of it where they stand as one, as in WiFi."""
    own = facts(key).words - _EMPTY
    if facts(key.replace(" ", "")).words <= words:
        return 1.0
    return len(own & words) / len(own) if own else 0.0


def _clauses(claim: str) -> list[tuple[str, bool]]:
    """Each clause, and whether it denies; a denial goes on to the next comma's list."""
    parts = [p for p in _CLAUSE.split(claim) if p.strip()]
    marks = _CLAUSE.findall(claim)
    told = list[tuple[str, bool]]()
    for number, part in enumerate(parts):
        goes_on = bool(told) and told[-1][1] and number <= len(marks) and marks[number - 1] == ","
        told.append((part, bool(_DENIES.search(part)) or goes_on))
    return told


def _days_differ(claim: str, units: Sequence[Unit]) -> float:
    days = {u.key.lower() for u in units} & set(_DAYS)
    if not days:
        return 0.0
    closed = {m[1].lower() for m in _CLOSED.finditer(claim)}
    return float(bool(_EVERY_DAY.search(claim) and len(days) < len(_DAYS)) or bool(closed & days))
