"""`--llm-report` and `report.html`: what the session writes is what its record says."""

import pytest
from lxml import html

from lockgate.reports.html.page import page
from lockgate.reports.record import read_record

GATES = "gates:\n  accuracy: {min: 0.9}\n"


@pytest.fixture
def written(desk):
    """The report folder of two backends on two suites, one gate failing."""
    desk.many(50, right=20, gates=GATES)
    assert desk.run("--llm-backend=prompt:v1,ft:v3", "--llm-report=report").ret == 1
    return desk.pytester.path / "report"


def test_the_page_is_drawn_from_the_record_alone(written):
    """Drawn again from run.json, it is the same to the last character."""
    again = page(read_record((written / "run.json").read_text("utf-8")))
    assert (written / "report.html").read_text("utf-8") == again


def test_the_page_says_what_the_exit_code_said(written):
    """No backend may ship, and each has its card."""
    parsed = html.document_fromstring((written / "report.html").read_bytes())
    assert next(parsed.iter("h1")).text == "Of 2 backends, none may ship"
    assert [card.find("h2").text for card in parsed.find_class("verdict")] == [
        "✗ prompt:v1 may not ship",
        "✗ ft:v3 may not ship",
    ]


def test_nothing_half_written_is_left(written):
    """Each file is whole under its name, and no other is there."""
    assert [path.name for path in written.iterdir() if path.name.startswith(".")] == []
