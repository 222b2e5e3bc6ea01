"""Identifiers that carry their own proof: check digits, lengths, and ranges that are never given out."""

from __future__ import annotations

import re

__all__ = ["cpf", "dni", "iban", "luhn", "maestro", "nir", "ssn"]

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MT": 31, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PT": 25, "QA": 29, "RO": 24, "RS": 22,
    "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22,
    "XK": 20,
}  # fmt: skip
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_CARD_STARTS = re.compile(r"3[04-9]|4|5[0-9]|6[0-9]|2[2-7]|1800|2131")


def luhn(text: str) -> bool:
    """Whether digits are a payment card's: 13 to 19, a network's first ones, Luhn's sum (ISO/IEC 7812-1)."""
    digits = _digits(text)
    if not 13 <= len(digits) <= 19 or not _CARD_STARTS.match(digits) or len(set(digits)) < 4:
        return False
    return _luhn_sum(digits)


def maestro(text: str) -> bool:
    """Whether twelve digits are a Maestro card's, the shortest there are: its first digits, Luhn's sum."""
    digits = _digits(text)
    return len(digits) == 12 and digits[:2] in ("50", "56", "57", "58", "63", "67") and _luhn_sum(digits)


def _luhn_sum(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def iban(text: str) -> bool:
    """Whether a text is an IBAN: its country's length, and remainder 1 by 97 (ISO 13616, ISO 7064)."""
    plain = re.sub(r"[\s-]", "", text).upper()
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain) or not plain[4:].isalnum() or not plain.isascii():
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def ssn(text: str) -> bool:
    """Whether nine digits can be a US social security number: no 000, 666, 9xx, no 00, no 0000 (SSA 2011)."""
    digits = _digits(text)
    if len(digits) != 9 or len(set(digits)) == 1:
        return False
    return (
        digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
    )


def dni(text: str) -> bool:
    """Whether a text is a Spanish DNI or NIE: its letter is the remainder by 23 (Orden INT/2058/2008)."""
    plain = re.sub(r"[\s.-]", "", text).upper()
    number = plain[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return number.isdigit() and len(plain) == 9 and _DNI_LETTERS[int(number) % 23] == plain[-1]


def cpf(text: str) -> bool:
    """Whether eleven digits are a Brazilian CPF: two check digits by 11 (Receita Federal)."""
    digits = _digits(text)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return all(_cpf_digit(digits[:count]) == digits[count] for count in (9, 10))


def nir(text: str) -> bool:
    """Whether a text is a French social security number: the key is 97 less the remainder by 97 (INSEE)."""
    plain = re.sub(r"\s", "", text).upper().replace("2A", "19").replace("2B", "18")
    return len(plain) == 15 and plain.isdigit() and 97 - int(plain[:13]) % 97 == int(plain[13:])


def _digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def _cpf_digit(digits: str) -> str:
    rest = sum(int(d) * weight for d, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True)) % 11
    return str(0 if rest < 2 else 11 - rest)
