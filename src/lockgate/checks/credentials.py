"""Keys, tokens and private keys in a text, by the prefixes and forms that their issuers publish."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from lockgate.checks.patterns import Pattern
from lockgate.checks.personal_data import Found

__all__ = ["FORMS", "credentials"]

FORMS: Mapping[str, str] = MappingProxyType(
    {
        "private_key": r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----\s*[A-Za-z0-9+/=:,\s-]{40,}",
        "aws_access_key": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
        "anthropic_key": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
        "openai_key": r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}",
        "github_token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,})\b",
        "gitlab_token": r"\bglpat-[A-Za-z0-9_-]{20,}",
        "slack_token": r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}",
        "stripe_key": r"\b(?:sk|rk)_live_[A-Za-z0-9]{16,}",
        "google_key": r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
        "hugging_face_token": r"\bhf_[A-Za-z0-9]{30,}",
        "npm_token": r"\bnpm_[A-Za-z0-9]{36}\b",
        "pypi_token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{40,}",
        "sendgrid_key": r"\bSG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{40,45}",
        "digitalocean_token": r"\bdo[opr]_v1_[a-f0-9]{64}\b",
        "telegram_token": r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])",
        "shopify_token": r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b",
        "json_web_token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
    }
)
"""Kind → the published form, a regular expression."""

_ANY = Pattern("|".join(f"(?P<{kind}>{form})" for kind, form in FORMS.items()))
_STANDS_FOR = Pattern(
    r"example|sample|dummy|fake|your[_-]|placeholder|redacted|test[_-]?key|x{5,}|\.{3}|\*{3}", re.IGNORECASE
)
_SEQUENCE = "abcdefghijklmnopqrstuvwxyz0123456789"
_DIFFERENT = 9


def credentials(text: str) -> list[Found]:
    """What has the form of a live key or token.

    Left out is what stands for one: with "example", "your-" or a row of x in it, of few different characters,
    or in alphabetical order; and a JSON web token whose header is none.
    """
    return [
        Found(kind=str(match.lastgroup), start=match.start(), end=match.end(), text=match[0])
        for match in _ANY.finditer(text)
        if _lifelike(match[0]) and (match.lastgroup != "json_web_token" or _token(match[0]))
    ]


def _lifelike(said: str) -> bool:
    low = re.sub(r"[^a-z0-9]", "", said.lower())
    in_order = any(_SEQUENCE[n : n + 10] in low for n in range(len(_SEQUENCE) - 9)) or "1234567890" in low
    random_part = re.search(r"\d", said[4:]) is not None
    return len(set(low)) >= _DIFFERENT and random_part and not in_order and not _STANDS_FOR.search(said)


def _token(said: str) -> bool:
    """Whether the first part is a header that names its algorithm (RFC 7519, RFC 7515)."""
    head = said.split(".", maxsplit=1)[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and isinstance(header.get("alg"), str)
