"""Kept verdicts: a costly check is not asked twice about the same answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockgate.checks.verdicts import failed, passed, unscored
from lockgate.engine.jobs import Job
from lockgate.engine.verdicts import KeptVerdicts
from lockgate.model import Case, Check, Completion, Measure, Passage, Request, Span, Where

CASE = Case(id="c", input="When?", expected="At nine.")


class Asked:
    """A check's judgements, counted; it fails what says no, and cannot tell what is empty."""

    def __init__(self):
        self.seen = []

    def judge(self, case, completion):
        self.seen.append((case.id, completion.text))
        if not completion.text:
            return unscored("Nothing to judge.", {"ok": None})
        if "no" in completion.text:
            return failed(
                "It says no.", {"ok": False}, evidence=[Span(source="answer", start=0, end=2, text="no")]
            )
        return passed({"ok": True})

    def check(self, **changes):
        settings = {"name": "ok", "measures": (Measure(name="ok"),), "judge": self.judge, "costly": True}
        return Check(**{**settings, **changes})


@pytest.fixture
def asked():
    return Asked()


def job(case=CASE, backend="a:v1"):
    """A job of a backend, of which nothing but the name counts."""

    class Named:
        name, prompt, identity = backend, None, {"kind": "named"}

    return Job(backend=Named(), case=case, request=Request(case_id=case.id, messages=()))


def judged(journal, check, *texts, again=False, case=CASE):
    """The verdicts on answers of these texts."""
    answered = [(job(case), Completion(text=text)) for text in texts]
    return KeptVerdicts(journal=journal, again=again).judge(check, answered)


def test_the_same_answer_is_judged_once(journal, asked):
    """The second time the verdict comes from the journal, with score, reason, figures and evidence."""
    first = judged(journal, asked.check(), "yes", "no")
    assert judged(journal, asked.check(), "no", "yes") == first[::-1]
    assert [text for _, text in asked.seen] == ["yes", "no"]
    assert first[1].evidence[0].text == "no"


def test_only_new_answers_are_judged(journal, asked):
    """Known and new ones may be mixed; the order stays."""
    judged(journal, asked.check(), "yes")
    verdicts = judged(journal, asked.check(), "no", "yes", "no way")
    assert [v.status for v in verdicts] == ["fail", "pass", "fail"]
    assert [text for _, text in asked.seen] == ["yes", "no", "no way"]


def test_answers_that_are_the_same_are_judged_once_together(journal, asked):
    """Two trials that gave the same answer share a verdict, also when all is judged anew."""
    for again in (False, True):
        verdicts = judged(journal, asked.check(), "yes", "no", "yes", again=again)
        assert [v.status for v in verdicts] == ["pass", "fail", "pass"]
    assert [text for _, text in asked.seen] == ["yes", "no"] * 2


def test_another_rule_or_case_is_another_verdict(journal, asked):
    """What the check is, and all it can see of the case, counts."""
    judged(journal, asked.check(), "yes")
    judged(journal, asked.check(identity={"threshold": 0.9}), "yes")
    judged(journal, asked.check(name="other"), "yes")
    judged(journal, asked.check(), "yes", case=replace(CASE, expected="At ten."))
    assert len(asked.seen) == 4


def test_passages_and_finish_count_and_the_row_does_not(journal, asked):
    """A cut answer or other evidence is judged anew; a case that moved in its file is not."""
    kept = KeptVerdicts(journal=journal)
    for completion in (
        Completion(text="yes"),
        Completion(text="yes", finish="length"),
        Completion(text="yes", passages=(Passage(id="p", text="Open at nine."),)),
    ):
        kept.judge(asked.check(), [(job(), completion)])
    assert len(asked.seen) == 3
    judged(journal, asked.check(), "yes", case=replace(CASE, where=Where(path="x.jsonl", line=7, column=1)))
    assert len(asked.seen) == 3


def test_a_check_without_costs_is_asked_each_time(journal, asked):
    """Reading from the disk would cost more than judging."""
    for _ in range(2):
        judged(journal, asked.check(costly=False), "yes")
    assert len(asked.seen) == 2


def test_what_could_not_be_told_is_tried_again(journal, asked):
    """An unscored verdict, or one of a check that broke, is not kept."""

    def broken(case, completion):
        asked.seen.append((case.id, completion.text))
        raise RuntimeError("no model")

    for _ in range(2):
        assert judged(journal, asked.check(), "")[0].status == "unscored"
        assert judged(journal, asked.check(judge=broken), "yes")[0].status == "error"
    assert len(asked.seen) == 4


def test_again_judges_anew_and_keeps_the_new_verdict(journal, asked):
    """`--llm-rescore` and `--llm-fresh` do not believe what is kept."""
    judged(journal, asked.check(), "yes")
    changed = asked.check(judge=lambda case, completion: failed("Stricter now.", {"ok": False}))
    assert judged(journal, changed, "yes", again=True)[0].status == "fail"
    assert judged(journal, asked.check(), "yes")[0].reason == "Stricter now."
