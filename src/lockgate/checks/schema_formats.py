"""The formats of JSON Schema (2020-12, validation, section 7.3), as their own specifications write them.

Each takes time in proportion to the text's length. `idn-hostname`, `idn-email` and hostnames in Punycode are
read by the package `idna`, and pass without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any
from unicodedata import bidirectional, normalize

from lockgate.checks.ecma_patterns import check_ecma
from lockgate.checks.values import is_day

__all__ = ["FORMATS"]

_LONGEST_PATTERN = 10_000
_UNRESERVED = r"A-Za-z0-9\-._~"
_DELIMITERS = r"!$&'()*+,;="
_BEYOND = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane * 0x10000 + (0x1000 if plane == 14 else 0))}-{chr(plane * 0x10000 + 0xFFFD)}"
    for plane in range(1, 15)
)
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_ENCODED = r"%[0-9A-Fa-f]{2}"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_WIDE_ATOM = _ATOM[:-2] + "\\-\u0080-\ud7ff\ue000-\U0010ffff]"
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_PARTS = re.compile(r"(?:([^:/?#]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_FUTURE = re.compile(rf"[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_DELIMITERS}:]+")
_TIME = re.compile(
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[zZ]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_DAY = r"(?:[0-9]+D)"
_SECOND = r"(?:[0-9]+S)"
_DURATION = re.compile(
    rf"P(?:[0-9]+W|(?:{_DAY}|[0-9]+M{_DAY}?|[0-9]+Y(?:[0-9]+M{_DAY}?)?)?"
    rf"(?:(?<!P)|(?=T))(?:T(?:{_SECOND}|[0-9]+M{_SECOND}?|[0-9]+H(?:[0-9]+M{_SECOND}?)?))?)"
)
_NAME = rf"(?:[A-Za-z0-9_]|{_ENCODED})+(?:\.(?:[A-Za-z0-9_]|{_ENCODED})+)*"
_VARIABLE = rf"{_NAME}(?::[1-9][0-9]{{0,3}}|\*)?"
_TEMPLATE = re.compile(
    rf"(?:[!#$&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~{_BEYOND}{_PRIVATE}]|{_ENCODED}"
    rf"|\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\}})*+"
)
_POINTER = r"(?:/(?:[^~/]|~[01])*+)*+"


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None


def _time(text: str) -> bool:
    """RFC 3339, with a leap second only where UTC has one."""
    found = _TIME.fullmatch(text)
    if found is None or found[3] != "60":
        return found is not None
    minutes = int(found[1]) * 60 + int(found[2])
    if found[4]:
        minutes -= (1 if found[4] == "+" else -1) * (int(found[5]) * 60 + int(found[6]))
    return minutes % (24 * 60) == 23 * 60 + 59


def _date_time(text: str) -> bool:
    return text[10:11] in ("T", "t") and is_day(text[:10]) and _time(text[11:])


def _ipv4(text: str) -> bool:
    return text.isascii() and _address(IPv4Address, text)


def _ipv6(text: str) -> bool:
    return text.isascii() and "%" not in text and _address(IPv6Address, text)


def _address(kind: Any, text: str) -> bool:
    try:
        kind(text)
    except AddressValueError:
        return False
    return True


def _hostname(text: str) -> bool:
    """RFC 1123, section 2.1, with labels of RFC 5891 (`xn--`) read where `idna` is installed."""
    return 0 < len(text) <= 253 and all(map(_is_label, text.split(".")))


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    if label[2:4] != "--":
        return True
    return label[:2].lower() == "xn" and _idna("ulabel", label.lower())


def _idn_hostname(text: str) -> bool:
    labels = _DOTS.split(text)
    if not labels[-1] or not _idna("encode", text):
        return False
    mixed = any(bidirectional(letter) in ("R", "AL", "AN") for letter in text)
    return not mixed or all(_idna("check_bidi", label) for label in labels)


def _normal_idn_hostname(text: str) -> bool:
    return _idn_hostname(normalize("NFC", text))


def _idna(name: str, text: str) -> bool:
    try:
        import idna
    except ImportError:
        return True
    try:
        getattr(idna, name)(text, **({"check_ltr": True} if name == "check_bidi" else {}))
    except (idna.IDNAError, UnicodeError):
        return False
    return True


def _mailbox(atom: str, is_host: Callable[[str], bool]) -> Callable[[str], bool]:
    """RFC 5321, section 4.1.2 (and 6531, section 3.3)."""
    quoted = r'"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])*+"'
    local = re.compile(rf"(?:{atom}+(?:\.{atom}+)*|{quoted})")

    def is_mailbox(text: str) -> bool:
        name, at, host = text.rpartition("@")
        if not at or not local.fullmatch(name):
            return False
        if not host.startswith("["):
            return is_host(host)
        literal = host[1:-1]
        is_address = _ipv6(literal[5:]) if literal[:5].lower() == "ipv6:" else _ipv4(literal)
        return host.endswith("]") and is_address

    return is_mailbox


def _uri(beyond: str, private: str, *, relative: bool) -> Callable[[str], bool]:
    """RFC 3986, appendix A (and 3987, section 2.2)."""
    plain = f"{_UNRESERVED}{_DELIMITERS}{beyond}"
    name = re.compile(rf"(?:[{plain}]|{_ENCODED})*+")
    user = re.compile(rf"(?:[{plain}:]|{_ENCODED})*+")
    path = re.compile(rf"(?:[{plain}:@/]|{_ENCODED})*+")
    rest = re.compile(rf"(?:[{plain}:@/?{private}]|{_ENCODED})*+")

    def is_uri(text: str) -> bool:
        found = _PARTS.fullmatch(text)
        if found is None:
            return False
        scheme, authority, where, query, fragment = found.groups()
        right = bool(path.fullmatch(where)) and all(rest.fullmatch(part or "") for part in (query, fragment))
        if not right or (authority is not None and not is_authority(authority)):
            return False
        return relative if scheme is None else bool(_SCHEME.fullmatch(scheme))

    def is_authority(text: str) -> bool:
        owner, _, host = text.rpartition("@")
        host, colon, port = _port(host)
        if not user.fullmatch(owner) or (colon and not re.fullmatch(r"[0-9]*", port)):
            return False
        if not host.startswith("["):
            return bool(name.fullmatch(host))
        return host.endswith("]") and (_ipv6(host[1:-1]) or bool(_FUTURE.fullmatch(host[1:-1])))

    return is_uri


def _port(host: str) -> tuple[str, str, str]:
    if host.startswith("[") and "]" in host:
        end = host.index("]") + 1
        return host[:end], host[end:][:1], host[end + 1 :] if host[end:][:1] == ":" else host[end:]
    return host.rpartition(":") if ":" in host else (host, "", "")


def _is_ecma(text: str) -> bool:
    if len(text) > _LONGEST_PATTERN:
        return False
    try:
        check_ecma(text)
    except ValueError:
        return False
    return True


_COLOURS = (
    "aqua|black|blue|fuchsia|gray|green|lime|maroon|navy|olive|orange|purple|red|silver|teal|white|yellow"
)
_SHARE = r"\s*[+-]?(?:[0-9]+%?|[0-9]*\.[0-9]+%)\s*"

FORMATS: Mapping[str, Callable[[str], bool]] = {
    "color": _matches(rf"(?i:{_COLOURS}|#[0-9a-f]{{3}}|#[0-9a-f]{{6}}|rgb\({_SHARE},{_SHARE},{_SHARE}\))"),
    "date": is_day,
    "date-time": _date_time,
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "email": _mailbox(_ATOM, _hostname),
    "host-name": _hostname,
    "hostname": _hostname,
    "idn-email": _mailbox(_WIDE_ATOM, _normal_idn_hostname),
    "idn-hostname": _idn_hostname,
    "ip-address": _ipv4,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "iri": _uri(_BEYOND, _PRIVATE, relative=False),
    "iri-reference": _uri(_BEYOND, _PRIVATE, relative=True),
    "json-pointer": _matches(_POINTER),
    "regex": _is_ecma,
    "relative-json-pointer": _matches(rf"(?:0|[1-9][0-9]*)(?:#|{_POINTER})"),
    "time": _time,
    "uri": _uri("", "", relative=False),
    "uri-reference": _uri("", "", relative=True),
    "uri-template": lambda text: _TEMPLATE.fullmatch(text) is not None,
    "uuid": _matches(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
}
"""Name → whether a text is of the format. Draft 3 calls two of them otherwise (`ip-address`, `host-name`)."""
