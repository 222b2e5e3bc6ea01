"""Personal data by form and check digits, and the look-alikes that are none."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks import checksums
from lockgate.checks.personal_data import personal_data

FOUND = [
    ("Card 4532 0151 1283 0366 is blocked.", "credit_card", "4532 0151 1283 0366"),
    ("Pay with 4532-0151-1283-0366.", "credit_card", "4532-0151-1283-0366"),
    ("Amex 371144371144376 works", "credit_card", "371144371144376"),
    ("card number 630427373398 is gone", "credit_card", "630427373398"),
    ("Send it to GB85 BKEN 1000 0031 5101 85 today", "iban", "GB85 BKEN 1000 0031 5101 85"),
    ("My account is de75512108001245126199.", "iban", "de75512108001245126199"),
    ("SSN 536-90-4399.", "us_ssn", "536-90-4399"),
    ("social security number is 536904399", "us_ssn", "536904399"),
    ("DNI 45678901G", "es_dni", "45678901G"),
    ("NIE X5253868R", "es_dni", "X5253868R"),
    ("CPF 529.982.247-25", "br_cpf", "529.982.247-25"),
    ("NIR 1 84 12 76 451 089 46", "fr_nir", "1 84 12 76 451 089 46"),
    ("Write to anna.berg+desk@kettles.co.uk.", "email", "anna.berg+desk@kettles.co.uk"),
    ("Seen from 81.2.69.142 at noon", "ip_address", "81.2.69.142"),
    ("Call (415) 867-5309 now", "phone", "(415) 867-5309"),
    ("+44 20 7946 1234 is ours", "phone", "+44 20 7946 1234"),
    ("phone: 0341 8387176", "phone", "0341 8387176"),
    ("You can reach her at 06 12 34 56 78", "phone", "06 12 34 56 78"),
    ("She lives at 12 Mill Lane, Utrecht.", "address", "12 Mill Lane"),
    ("221B Baker Street", "address", "221B Baker Street"),
    ("Rua Mina 50 em Lisboa", "address", "Rua Mina 50"),
    ("Hauptstraße 12a in Bonn", "address", "Hauptstraße 12a"),
    ("P.O. Box 981", "address", "P.O. Box 981"),
]
NOT_FOUND = [
    "Test with 4111 1111 1111 1111 or 4242424242424242.",
    "Order number 4532015112830366 has shipped.",
    "Invoice 4532015112830366, tracking no. 4532015112830366",
    "4532015112830367 fails its check digit.",
    "The id is 4532015112830366.",
    "GB82 WEST 1234 5698 7654 32 is the example of the standard.",
    "GB86 BKEN 1000 0031 5101 85 has a wrong check digit.",
    "078-05-1120 was printed on a card in a wallet; 123-45-6789 is nobody's.",
    "000-12-3456, 666-12-3456, 912-12-3456, 123-00-4567 and 123-45-0000 were never given out.",
    "Write to anna@example.com, bob@mail.example.org or root@localhost.",
    "The server is 192.168.0.1, 10.0.0.7, 127.0.0.1 or 203.0.113.9.",
    "Version 1.2.3.4567 and 300.1.2.3 are no addresses.",
    "Dial 212-555-0123 or (415) 555-0199, as in films.",
    "The id 123e4567-e89b-12d3-a456-426614174000 is a UUID.",
    "On 2024-01-05 at 12:30, 1,200,000 people came in 2023-2024.",
    "ISBN 978-3-16-148410-0",
    "The number 3.14159265358979 is pi.",
    "Part 415-867-5309 fits.",
    "Take the 12 Best Ways home, in 3 days.",
    "It holds 45678901H things.",
    "Pi to 12 digits: 314159265358",
    "call 911",
    "@handle and foo@bar are no mail addresses.",
]


@pytest.mark.parametrize(("text", "kind", "said"), FOUND)
def test_personal_data_is_found_with_its_place(text, kind, said):
    """Each kind is found where it stands, exactly."""
    found = personal_data(text)
    assert [(f.kind, f.text) for f in found] == [(kind, said)]
    assert text[found[0].start : found[0].end] == said


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_it_is_not_found(text):
    """Numbers for documentation and tests, failed check digits, orders, versions, dates and ids are none."""
    assert personal_data(text) == []


def test_several_are_found_in_order():
    """What does not overlap is found side by side, in the order of the text."""
    text = "Anna, anna@kettles.io, +44 20 7946 1234, 12 Mill Lane"
    assert [f.kind for f in personal_data(text)] == ["email", "phone", "address"]


@pytest.mark.parametrize(
    ("holds", "right", "wrong"),
    [
        (checksums.luhn, "79927398713", ""),
        (checksums.iban, "NO9386011117947", "NO9386011117948"),
        (checksums.iban, "BE71 0961 2345 6769", "BE71 0961 2345 676"),
        (checksums.iban, "FR76 3000 6000 0112 3456 7890 189", "ZZ7630006000011234567890189"),
        (checksums.dni, "12345678Z", "12345678A"),
        (checksums.dni, "Y-1234567-X", "Y-1234567-Z"),
        (checksums.cpf, "529.982.247-25", "529.982.247-26"),
        (checksums.cpf, "111.444.777-35", "111.111.111-11"),
        (checksums.nir, "184127645108946", "184127645108947"),
        (checksums.maestro, "501864667909", "501864667908"),
        (checksums.ssn, "536-90-4399", "536-90"),
    ],
)
def test_check_digits_tell_right_from_wrong(holds, right, wrong):
    """A published or computed example passes, and one digit off does not."""
    assert holds(right) is (holds is not checksums.luhn)  # eleven digits are no card, whatever Luhn says
    assert holds(wrong) is False


def test_a_corsican_number_is_read():
    """A department of Corsica counts as 19 or 18 in the French number's key."""
    number = "2 55 08 2A 168 025"
    key = 97 - int("2550819168025") % 97
    assert checksums.nir(f"{number} {key:02d}")


@given(st.text() | st.text(alphabet="0123456789 -.@()+abcXYZ:", max_size=80))
def test_every_find_quotes_the_text(text):
    """Whatever the text, what is found stands where it is said to, and nothing overlaps."""
    found = personal_data(text)
    assert all(text[f.start : f.end] == f.text for f in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


def test_a_long_row_of_digits_takes_no_time():
    """A hundred thousand digits, dots or letters are read without a search that grows with their square."""
    for piece in ("1", "1.", "a@", "A ", "12 Aa ", "1 2-"):
        assert isinstance(personal_data(piece * 20_000), list)
