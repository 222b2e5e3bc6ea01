"""A cascade of checks: who decides, what is sent on, and that nothing unknown passes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate import load_check
from lockgate.checks.cascade import cascade
from lockgate.documents.suites import load_suite
from lockgate.errors import DocumentError, UsageError
from lockgate.model import Case, Check, Completion, Measure, Setting, Span, Verdict

CASE = Case(id="a", input="?")


class Stage:
    """A check that says of an answer what a table says, and keeps what it was asked."""

    def __init__(self, name, table, *, costly=False):
        self.name, self.table, self.costly, self.asked = name, table, costly, []

    def many(self, pairs):
        self.asked.append([completion.text for _, completion in pairs])
        return [self.table[completion.text] for _, completion in pairs]

    @property
    def check(self):
        return Check(
            name=self.name,
            measures=(Measure(name=self.name),),
            judge=lambda case, completion: self.many([(case, completion)])[0],
            judge_many=self.many,
            costly=self.costly,
            identity={"table": sorted(self.table)},
        )


def scored(score, reason="", status=None):
    status = status or ("pass" if score >= 0.5 else "fail")
    return Verdict(status=status, score=score, reason=reason, figures={"x": True})


def made(*stages, **options):
    known = {stage.name: stage.check for stage in stages}
    return cascade(list(known), setting=Setting(check=known.__getitem__), **options)


def texts(check, *answers):
    return check.many([(CASE, Completion(text=text)) for text in answers])


CHEAP = {
    "yes": scored(0.9),
    "no": scored(0.1, "Nothing there."),
    "so-so": scored(0.5),
    "dumb": Verdict(status="unscored", reason="No context.", figures={"x": None}),
    "broken": Verdict(status="error", reason="It broke.", figures={"x": None}),
}
DEAR = dict.fromkeys(CHEAP, scored(0.8, "Well said."))


def test_what_the_first_is_sure_of_goes_no_further():
    """Only unsure answers are sent on, together, and order is kept."""
    cheap, dear = Stage("cheap", CHEAP), Stage("dear", DEAR)
    found = texts(made(cheap, dear), "so-so", "yes", "no", "dumb", "broken")
    assert cheap.asked == [["so-so", "yes", "no", "dumb", "broken"]]
    assert dear.asked == [["so-so", "dumb", "broken"]]
    assert [v.status for v in found] == ["pass", "pass", "fail", "pass", "pass"]


def test_nothing_unsure_asks_nobody_else():
    """The dear check is not called with an empty list."""
    cheap, dear = Stage("cheap", CHEAP), Stage("dear", DEAR)
    texts(made(cheap, dear), "yes")
    assert dear.asked == []
    assert texts(made(cheap, dear)) == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("yes", "Decided by cheap."),
        ("no", "Decided by cheap. Nothing there."),
        ("so-so", "Decided by dear, as cheap was unsure (0.5). Well said."),
        ("dumb", "Decided by dear, as cheap was unsure (unscored: No context). Well said."),
        ("broken", "Decided by dear, as cheap was unsure (error: It broke). Well said."),
    ],
)
def test_the_verdict_says_who_decided(answer, reason):
    """With what those before it said, and the reason of the one that decided."""
    (found,) = texts(made(Stage("cheap", CHEAP), Stage("dear", DEAR)), answer)
    assert (found.check, found.reason) == ("cascade", reason)


def test_both_metrics_are_told():
    """The share that passes, and the share that was sent on."""
    check = made(Stage("cheap", CHEAP), Stage("dear", DEAR), metric="right")
    assert check.measures == (Measure(name="right"), Measure(name="right_sent_on", better="lower"))
    found = texts(check, "yes", "no", "so-so")
    assert [dict(v.figures) for v in found] == [
        {"right": True, "right_sent_on": False},
        {"right": False, "right_sent_on": False},
        {"right": True, "right_sent_on": True},
    ]


def test_the_last_decides_even_where_it_is_unsure():
    """There is nobody left to ask."""
    (found,) = texts(made(Stage("cheap", CHEAP), Stage("dear", CHEAP)), "so-so")
    assert found.status == "pass"
    assert found.reason.startswith("Decided by dear, as cheap was unsure (0.5).")


@pytest.mark.parametrize(("answer", "status"), [("dumb", "unscored"), ("broken", "error")])
def test_what_the_last_cannot_tell_is_unknown(answer, status):
    """It never passes, and counts against the gate."""
    (found,) = texts(made(Stage("cheap", CHEAP), Stage("dear", CHEAP)), answer)
    assert (found.status, found.figures["cascade"], found.falls_short) == (status, None, True)


def test_a_case_that_the_last_does_not_apply_to_is_left_out():
    """The metric does not count it, and nothing falls short."""
    absent = {"so-so": Verdict(status="unscored", reason="Nobody asked.")}
    (found,) = texts(made(Stage("cheap", CHEAP), Stage("dear", absent)), "so-so")
    assert (dict(found.figures), found.falls_short) == ({}, False)
    assert found.reason == "dear does not apply to this case."


def test_evidence_is_that_of_who_decided():
    """Score and spans come along."""
    span = Span(source="answer", start=0, end=1, text="x")
    dear = {
        "so-so": Verdict(status="fail", score=0.2, reason="There.", evidence=(span,), figures={"x": False})
    }
    (found,) = texts(made(Stage("cheap", CHEAP), Stage("dear", dear)), "so-so")
    assert (found.score, found.evidence) == (0.2, (span,))


@settings(deadline=None)
@given(st.floats(0, 1), st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_a_score_is_unsure_within_the_band(score, band):
    """Both ends belong to it."""
    cheap, dear = Stage("cheap", {"x": scored(score)}), Stage("dear", {"x": scored(1.0)})
    texts(made(cheap, dear, unsure=band), "x")
    assert bool(dear.asked) == (band[0] <= score <= band[1])


def test_three_checks_go_one_after_the_other():
    """Each sees what the one before it was unsure of."""
    stages = [Stage(name, {"x": scored(0.5)}) for name in ("one", "two", "three")]
    (found,) = texts(made(*stages), "x")
    assert found.reason == "Decided by three, as one was unsure (0.5); two was unsure (0.5)."


def test_one_dear_check_makes_it_costly():
    """Then the journal keeps its verdicts."""
    assert not made(Stage("a", CHEAP), Stage("b", CHEAP)).costly
    assert made(Stage("a", CHEAP), Stage("b", CHEAP, costly=True)).costly


def test_its_identity_is_that_of_all_its_parts():
    """Other checks, another order, another band: another check."""
    one, two = Stage("one", CHEAP), Stage("two", DEAR | {"more": scored(1.0)})
    checks = [made(one, two), made(two, one), made(one, two, unsure=[0.4, 0.6]), made(one, two, metric="m")]
    assert len({str(check.identity) for check in checks}) == 4


@pytest.mark.parametrize("band", [[0.3], [0.7, 0.3], [-0.1, 0.5], [0.5, 1.5], ["a", "b"], [True, True], []])
def test_a_band_that_is_none_is_refused(band):
    """Two scores from 0 to 1, the lesser first."""
    with pytest.raises(UsageError, match="Write two scores from 0 to 1"):
        made(Stage("a", CHEAP), Stage("b", CHEAP), unsure=band)


def test_one_check_is_no_cascade():
    """And none neither."""
    with pytest.raises(UsageError, match=r"checks has 1 of them\. Name two or more, the cheapest first\."):
        made(Stage("a", CHEAP))


def test_without_a_loader_there_are_no_parts():
    """The factory alone cannot make them."""
    with pytest.raises(UsageError, match="Load it by its name"):
        cascade(["contains", "regex"], setting=Setting())


def test_it_is_made_of_any_check_by_its_name():
    """From Python, with options in place."""
    check = load_check("cascade", checks=[{"contains": {"value": "x"}}, {"regex": "y"}], unsure=[0, 0])
    assert [check(CASE, Completion(text=text)).reason for text in ("x", "y", "z")] == [
        "Decided by contains.",
        "Decided by regex, as contains was unsure (0).",
        "Decided by regex, as contains was unsure (0). Nothing in the answer matches 'y'.",
    ]


def test_the_mistakes_of_all_parts_are_shown_there(tmp_path):
    """With the line and column in the suite, and the nearest word."""
    suite = tmp_path / "s.yaml"
    suite.write_text(
        "suite: s\ncases: [{input: a}]\nchecks:\n  - cascade:\n      checks:\n"
        "        - contain: x\n        - regex: {pattern: y, ignore: true}\n",
        "utf-8",
    )
    with pytest.raises(DocumentError) as caught:
        load_suite(suite)
    first, second = caught.value.problems
    assert (first.line, first.column) == (6, 11)
    assert "There is no check 'contain'. Did you mean 'contains'?" in first.message
    assert (second.line, second.column) == (7, 31)
