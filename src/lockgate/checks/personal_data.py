"""Personal data in a text, by form and check digits: without a model, and so without names of people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lockgate.checks.checksums import cpf, dni, iban, luhn, maestro, nir, ssn
from lockgate.checks.patterns import Pattern

__all__ = ["KINDS", "Found", "personal_data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that should not stand in an answer, with its place in characters, end excluded."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind looks, what proves it, what has to stand before it, and what may not."""

    pattern: Pattern
    holds: Callable[[str], bool] = bool
    after: Pattern | None = None
    apart: bool = False


_NAMED = Pattern(
    r"\b(?:order|invoice|ticket|ref(?:erence)?|tracking|parcel|shipment|part|model|serial|sku|isbn|"
    r"ean|gtin|item|"
    r"version|batch|transaction|case|booking|uuid|guid|hash|id)\b\W*(?:(?:number|no|nr|id|code|"
    r"is)\b\W*){0,3}$",
    re.IGNORECASE,
)
_CALLS = Pattern(
    r"\b(?:phone|tel(?:ephone)?|mobile|cell|fax|call|calls|called|calling|dial|ring|reach|text|sms|"
    r"whatsapp|desk|"
    r"office|contact|number|answering|messages?|registered|line)\b[^\n\d]{0,40}$",
    re.IGNORECASE,
)
_CARD_SAID = Pattern(r"\b(?:card|cc)\b[^\n\d]{0,40}$", re.IGNORECASE)
_SSN_SAID = Pattern(r"\b(?:ssn|social security)\b[^\n\d]{0,40}$", re.IGNORECASE)
_STREETS = (
    r"Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Terrace|Ter|"
    r"Square|Sq|"
    r"Parkway|Pkwy|Highway|Hwy|Close|Crescent|Grove|Row|Mews|Circle|Cir|Trail|Rapids|Route"
)
_ENDINGS = (
    r"stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|gatan|gata|vägen|väg|vej|veien|vegen|gade|katu|tie|"
    r"kuja|laan|straat|"
    r"plein|utca|út|gränd|stíg|braut|gate"
)
_WORD = r"[^\W\d_][\w'’.-]*"
_ADDRESS = rf"""
    \b\d{{1,6}}[A-Za-z]?,?\ (?:{_WORD}\ ){{1,4}}(?:{_STREETS})\b\.?
  | \b\d{{1,6}},?\ (?:rue|avenue|boulevard|place|chemin|allée|quai)\ (?:{_WORD}\ ?){{1,4}}
  | \b(?:Rua|Calle|Via|Viale|Rue|Avenida|Av\.|Plaza|Piazza|Praça|Corso|Carrer|Largo|Ulica|ul\.)
    \ (?:{_WORD}\ ){{0,4}}?{_WORD},?\ (?:n[.º°]?\ ?)?\d{{1,5}}\b
  | \b(?:[A-ZÄÖÜÅÆØÁÉÍÓÚÝÞÐ]\w*-?\ ?){{0,3}}\w*(?:{_ENDINGS})\ \d{{1,5}}\ ?[a-zA-Z]?\b
  | \b\d{{1,6}},?\ (?:[A-ZÀ-Þ][\w'’.-]*\ ?){{1,4}}\d{{0,4}}\s{{1,8}}(?:Apt\.?|Suite|Flat|Unit)\ \d+
  | (?<=\blives\ at\ )\d{{1,6}}\ [A-ZÀ-Þ][^\n.,@]{{3,50}}
  | (?<=\baddress:\ )\d{{1,6}}\ [A-ZÀ-Þ][^\n.,@]{{3,50}}
  | (?<=\baddress\ is\ )\d{{1,6}}\ [A-ZÀ-Þ][^\n.,@]{{3,50}}
  | \b(?:P\.?\ ?O\.?\ Box|PSC|Unit|CMR)\ \d+(?:,?\ Box\ \d+)?
"""
_NET = Pattern(
    r"^(?:0|10|127|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168|192\.0\.[02]|198\.51\.100|203\.0\.113|255)\."
)


def _public(address: str) -> bool:
    parts = [int(part) for part in address.split(".")]
    return all(part <= 255 for part in parts) and _NET.search(address) is None


KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "credit_card": _Kind(Pattern(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])"), luhn, apart=True),
        "card_said": _Kind(Pattern(r"(?<![\w.+-])\d{12}(?![\w-])"), maestro, after=_CARD_SAID),
        "iban": _Kind(
            Pattern(
                r"\b(?:(?i:[A-Z]{2}\d{2}[A-Z0-9]{11,30})"
                r"|[A-Z]{2}\d{2}(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?)\b"
            ),
            iban,
        ),
        "us_ssn": _Kind(Pattern(r"(?<![\w.-])\d{3}[- ]\d{2}[- ]\d{4}(?![\w-])"), ssn, apart=True),
        "us_ssn_plain": _Kind(Pattern(r"(?<![\w.-])\d{9}(?![\w-])"), ssn, after=_SSN_SAID),
        "es_dni": _Kind(Pattern(r"\b(?:\d{8}|\d{2}\.\d{3}\.\d{3}|[XYZ]-?\d{7})-?[A-Z]\b"), dni, apart=True),
        "br_cpf": _Kind(Pattern(r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])"), cpf),
        "fr_nir": _Kind(Pattern(r"(?<!\w)[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\w)"), nir),
        "email": _Kind(Pattern(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[^\W_][\w-]{0,62}\.){1,5}[^\W\d_]{2,24}\b")),
        "ip_address": _Kind(Pattern(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d|\w)"), _public),
        "phone": _Kind(
            Pattern(
                r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(0?\d{0,4}\)[ .-]?)?\d(?:[ .-]?\d){5,12}"
                r"|(?:1[ .-])?(?:\([2-9]\d\d\)[ .]?|[2-9]\d\d[.-])[2-9]\d\d[ .-]\d{4}(?: "
                r"?x\d{1,5})?)(?![\w-])"
            ),
            apart=True,
        ),
        "phone_said": _Kind(
            Pattern(r"(?<![\w.+-])\(?0?\d(?:[ .()-]{0,2}\d){6,12}(?![\w-])"),
            lambda t: not re.fullmatch(r"(?:19|20)\d\d[-. ]\d\d?[-. ]\d\d?", t),
            after=_CALLS,
        ),
        "address": _Kind(Pattern(_ADDRESS, re.VERBOSE)),
    }
)
"""Kind → how it is recognised."""

_EXAMPLES = Pattern(
    r"@(?:[\w.-]+\.)?(?:example(?:\.(?:com|net|org|edu))?|test|invalid|localhost|local)$"
    r"|^(?:\+?1?[ .(-]*)?[2-9]\d\d[) .-]*555[ .-]?01\d\d$|^555[ .-]?01\d\d$"
    r"|^(?:078-05-1120|219-09-9999|123-45-6789|457-55-5462|111-11-1111)$",
    re.IGNORECASE,
)
_TEST_NUMBERS = frozenset(
    """
    4111111111111111 4242424242424242 4012888888881881 4000056655665556 5555555555554444 5105105105105100
    2223003122003222 5200828282828210 378282246310005 371449635398431 6011111111111117 6011000990139424
    3056930009020004 30569309025904 36227206271667 38520000023237 3566002020360505 3530111333300000
    4222222222222 4000000000000002 4000002500003155 GB82WEST12345698765432 DE89370400440532013000
    GB29NWBK60161331926819 GB33BUKB20201555555555 FR1420041010050500013M02606 NL91ABNA0417164300
    ES9121000418450200051332 CH9300762011623852957 BE68539007547034 IT60X0542811101000000123456
    12345678Z 12345678909 11144477735 1234567890 0123456789
    """.split()  # noqa: SIM905 - a list of numbers reads better as text
)
_SAME = {"card_said": "credit_card", "us_ssn_plain": "us_ssn", "phone_said": "phone"}
_BEFORE = 70


def personal_data(text: str) -> list[Found]:
    """What is personal data by its form, in the order of the text, no two overlapping.

    Identifiers with check digits have to pass them. Left out are the numbers, domains and networks that are
    set aside for documentation and tests (RFC 2606, RFC 5737, 555-01xx, the card networks' test numbers), and
    numbers that the text calls an order, an invoice, a reference or the like.
    """
    taken: list[Found] = []
    for found in (f for name in KINDS for f in _of_kind(name, text)):
        if not any(found.start < other.end and other.start < found.end for other in taken):
            taken.append(found)
    return sorted(taken, key=lambda found: found.start)


def _of_kind(name: str, text: str) -> Iterator[Found]:
    kind = KINDS[name]
    for match in kind.pattern.finditer(text):
        said, before = match[0].strip(), text[max(0, match.start() - _BEFORE) : match.start()]
        if _example(said) or not kind.holds(said):
            continue
        if (kind.after and not kind.after.search(before)) or (kind.apart and _NAMED.search(before)):
            continue
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        yield Found(kind=_SAME.get(name, name), start=start, end=start + len(said), text=said)


def _example(said: str) -> bool:
    """Whether it is one of those that documentation uses."""
    return _EXAMPLES.search(said) is not None or re.sub(r"[\s.-]", "", said).upper() in _TEST_NUMBERS
