"""Answers that are XML."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.checks.xml_answers import parse_xml, xml
from lockgate.errors import MissingExtra, UsageError
from lockgate.model import Case, Completion, Setting

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="ticket"><xs:complexType><xs:sequence>
    <xs:element name="category" type="xs:string"/>
    <xs:element name="urgency" type="xs:integer"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""
BOMB = '<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;">]><a>&c;</a>'


def judged(text, *args, base=None, **options):
    check = xml(*args, setting=Setting(base=base) if base else Setting(), **options)
    return check(Case(id="a", input="?"), Completion(text=text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1, column 1: no element found"),
        ("Here: <a/>", "line 1, column 1: syntax error"),
        ("<a><b></a>", "line 1, column 9: mismatched tag"),
        ("<a/>\n<b/>", "line 2, column 1: junk after document element"),
        ("<a>&nbsp;</a>", "line 1, column 4: undefined entity"),
        ("<x:a/>", "line 1, column 1: unbound prefix"),
        ('<a b="1" b="2"/>', "line 1, column 10: duplicate attribute"),
        (BOMB, "it declares a document type, which is not read: entities could be anything"),
        (
            '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
            "it declares a document type, which is not read",
        ),
        ("<a>" * 100_000, "it is nested deeper than 200 levels"),
        ("<a>\ud800</a>", "half a surrogate pair, or a byte that is no UTF-8"),
        ("x" * 1_000_001, "1,000,001 characters are more than the 1,000,000 that are read"),
    ],
    ids=range(12),
)
def test_what_is_not_well_formed_is_a_miss(text, why):
    """Each way has its text and, where there is one, its position; no entity is ever expanded."""
    found = judged(text)
    assert found.status == "fail"
    assert found.reason.startswith(f"The answer is not XML: {why}")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\n<a>&lt;&#65;</a>\n", "a"),
        ('<?xml version="1.0" encoding="utf-16"?><a/>', "a"),
        ('<x:a xmlns:x="urn:x"><x:b/></x:a>', "a"),
        ("<a><![CDATA[<b>]]><!-- c --></a>", "a"),
    ],
)
def test_what_is_well_formed_passes(text, name):
    """White space around it, a declared encoding and namespaces do no harm."""
    assert parse_xml(text) == name
    assert judged(text, root="a").status == "pass"


def test_the_root_may_be_asked_for():
    """Another element than the one asked for is a miss."""
    assert judged("<b/>", root="a").reason == "The document's element is 'b', expected 'a'."


def test_a_code_fence_is_read_where_it_is_asked_for():
    """With `extract` the one fence is the document."""
    text = "Here you are:\n```xml\n<a/>\n```"
    assert judged(text).status == "fail"
    assert judged(text, extract=True).status == "pass"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<ticket><category>a</category><urgency>2</urgency></ticket>", ""),
        (
            "<ticket>\n<category>a</category>\n<urgency>x</urgency></ticket>",
            "Line 3: Element 'urgency': 'x' is not a valid value of the atomic type 'xs:integer'.",
        ),
        ("<ticket><category>a</category></ticket>", "Line 1: Element 'ticket': Missing child element(s)."),
    ],
)
def test_a_document_is_held_to_its_schema(tmp_path, text, reason):
    """Every violation has its line and what the schema says."""
    pytest.importorskip("lxml")
    (tmp_path / "ticket.xsd").write_text(XSD, "utf-8")
    found = judged(text, "ticket.xsd", base=tmp_path)
    assert (found.status, found.reason[: len(reason) - 1]) == ("fail" if reason else "pass", reason[:-1])


def test_a_schema_that_cannot_be_used_is_refused(tmp_path):
    """A missing file names its neighbour, a broken one its mistake."""
    pytest.importorskip("lxml")
    (tmp_path / "ticket.xsd").write_text("<a/>", "utf-8")
    with pytest.raises(
        UsageError, match=r"There is no schema file 'tickets\.xsd'\. Did you mean 'ticket\.xsd'\?"
    ):
        xml("tickets.xsd", setting=Setting(base=tmp_path))
    with pytest.raises(UsageError, match=r"The schema file 'ticket\.xsd' is no XML Schema: "):
        xml("ticket.xsd", setting=Setting(base=tmp_path))


def test_a_schema_needs_its_extra(monkeypatch):
    """Without lxml the check says what to install; well-formedness needs nothing."""
    monkeypatch.setitem(sys.modules, "lxml", None)
    assert judged("<a/>").status == "pass"
    with pytest.raises(MissingExtra, match=r"lockgate\[xml\]"):
        xml("a.xsd", setting=Setting())


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="<>/&;a\"'= ![]?-") | st.text())
def test_any_text_has_a_verdict(text):
    """Nothing raises, whatever the text."""
    assert judged(text, extract=True).status in ("pass", "fail")
