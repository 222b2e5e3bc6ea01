"""Runs that may end early: the order drawn, when all is decided, and what the ruling is then made of."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.backends.scripted import Scripted
from lockgate.engine.early import Early, drawn, settle
from lockgate.engine.runner import conclude, run_suite
from lockgate.model import Case, Check, Completion, Gate, Measure, Sample, Suite, Verdict

RIGHT = Check(
    name="equals",
    measures=(Measure(name="accuracy"),),
    judge=lambda case, completion: Verdict(
        check="equals",
        status="pass" if completion.text == "yes" else "fail",
        figures={"accuracy": completion.text == "yes"},
    ),
)
GATE = Gate(metric="accuracy", min=0.9)


def suite(cases=200, gates=(GATE,), **fields):
    made = tuple(Case(id=f"c{n}", input=f"question {n}") for n in range(cases))
    return Suite(name="s", path="s.yaml", cases=made, checks=(RIGHT,), gates=gates, stop="early", **fields)


def sample(case_id, passed=True, trial=0):
    verdict = Verdict(check="equals", status="pass" if passed else "fail", figures={"accuracy": passed})
    return Sample(case_id=case_id, trial=trial, completion=Completion(text="x"), verdicts=(verdict,))


def samples(made, wrong=()):
    """A sample for each case; those at these places of the order drawn are wrong."""
    return [sample(case_id, place not in wrong) for place, case_id in enumerate(drawn(made))]


def test_cases_are_drawn_by_the_seed():
    """The same seed draws the same order of all cases, another one another."""
    made = suite()
    assert drawn(made) == drawn(suite())
    assert sorted(drawn(made)) == sorted(case.id for case in made.cases)
    assert drawn(made) != drawn(suite(seed=1))


def test_a_run_ends_at_the_first_look_that_decides():
    """Nothing but right answers clear 0.9 after 55 of 200 cases: one look every five cases."""
    made = suite()
    found = settle(made, samples(made))
    assert found.looks.seen % 5 == 0
    assert 40 <= found.looks.seen <= 70
    assert [s.case_id for s in found.samples] == list(drawn(made)[: found.looks.seen])
    assert found.notes == (
        f"Stopped after {found.looks.seen} of 200 cases, drawn by chance: every gate was decided.",
    )
    run = conclude(made, Scripted(name="a:b", answers={}), samples(made))
    assert (run.rulings[0].status, run.expected_samples) == ("pass", found.looks.seen)
    assert run.rulings[0].metric.low >= 0.9


def test_a_clear_miss_ends_it_as_well():
    """Wrong answers are decided, too, and sooner."""
    made = suite()
    found = settle(made, samples(made, wrong=range(200)))
    assert found.looks.seen <= 20
    assert conclude(made, Scripted(name="a:b", answers={}), found.samples).rulings[0].status == "fail"


def test_what_is_not_decided_is_ruled_on_all_cases():
    """At the bound itself there is no early end; the last look counts every case."""
    made = suite()
    found = settle(made, samples(made, wrong=range(0, 200, 10)))
    assert (found.looks.seen, found.notes) == (200, ())
    run = conclude(made, Scripted(name="a:b", answers={}), samples(made, wrong=range(0, 200, 10)))
    assert (run.rulings[0].status, len(run.samples)) == ("inconclusive", 200)


@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_the_order_in_which_answers_come_does_not_matter(chance, wrong):
    """Live and replayed, in any order, the same look decides: what is heard is read in the order drawn."""
    made = suite(cases=80)
    there = samples(made, wrong=range(wrong))
    shuffled = list(there)
    chance.shuffle(shuffled)
    early = Early(made)
    for one in shuffled:
        early.hear([one])
    found = settle(made, shuffled)
    assert found.looks == settle(made, there).looks
    assert early.decided == (found.looks if found.looks.seen < 80 else None)


def test_quick_answers_do_not_decide_before_slow_ones():
    """As long as the first case drawn has not come, nothing is looked at."""
    made = suite()
    early, there = Early(made), samples(made)
    early.hear(there[1:])
    assert not early.over
    early.hear(there[:1])
    assert early.over


def test_every_trial_of_a_case_is_waited_for():
    """A case counts when all of its trials are there."""
    made = suite(trials=2)
    early = Early(made)
    early.hear(sample(case_id) for case_id in drawn(made))
    assert not early.over
    early.hear(sample(case_id, trial=1) for case_id in drawn(made))
    assert early.over


def test_errors_count_and_what_was_not_asked_does_not():
    """An error is a miss that has come; an unasked sample leaves a hole that nothing behind it can pass."""
    made = suite()
    broken = [Sample(case_id=case_id, error="gone") for case_id in drawn(made)]
    assert settle(made, broken).looks.seen <= 20
    unasked = samples(made)
    unasked[3] = Sample(case_id=unasked[3].case_id)
    assert settle(made, unasked).looks.seen == 3


def test_a_run_with_holes_is_inconclusive():
    """Where cases are missing before anything is decided, the usual rule holds: run them all."""
    made = suite()
    run = conclude(made, Scripted(name="a:b", answers={}), samples(made)[20:])
    assert (run.rulings[0].status, run.expected_samples) == ("inconclusive", 200)
    assert "20 of 200 samples were not run" in run.rulings[0].reason


@pytest.mark.parametrize(
    "gate", [Gate(metric="tokens_out", max=1.0), Gate(metric="cost_per_1k", max=1.0)], ids=lambda g: g.metric
)
def test_costs_and_tokens_hold_nothing_back(gate):
    """They have no test for every look, and are ruled on what was asked."""
    made = suite(gates=(GATE, gate))
    alone = suite(correction="none")
    assert (
        settle(replace(made, correction="none"), samples(made)).looks.seen
        == settle(alone, samples(made)).looks.seen
    )


def test_a_gate_that_allows_no_failure_passes_with_the_last_case_alone():
    """It holds the end back as long as it could fail, and fails with the first failure."""
    made = suite(gates=(Gate(metric="accuracy", hard=True),))
    assert settle(made, samples(made)).looks.seen == 200
    assert settle(made, samples(made, wrong=[7])).looks.seen == 10


def test_all_gates_are_waited_for():
    """One that is decided late holds the others' end back."""
    wide = suite(gates=(Gate(metric="accuracy", min=0.5),))
    both = suite(gates=(Gate(metric="accuracy", min=0.5, no_worse_than="baseline", margin=0.01),))
    assert settle(wide, samples(wide)).looks.seen < 30
    assert settle(both, samples(both), {"baseline": samples(both)}).looks.seen > 100


def test_a_run_that_is_its_own_baseline_stops_like_any_other():
    """Its baseline shrinks with it."""
    made = suite(gates=(Gate(metric="accuracy", min=0.9, no_worse_than="baseline"),))
    there = samples(made)
    found = settle(made, there, {"baseline": there})
    assert found.looks.seen < 100
    run = conclude(made, Scripted(name="a:b", answers={}), there, baselines={"baseline": there})
    assert [r.status for r in run.rulings] == ["pass"]


def test_looking_forty_times_ships_a_model_at_the_bound_no_more_often_than_promised():
    """Of 50 runs of 80 cases at a nominal 10 %, with room for chance (three standard deviations)."""
    chance, shipped = random.Random(11), 0
    made = suite(cases=80, gates=(Gate(metric="accuracy", min=0.9, confidence=0.9),))
    backend = Scripted(name="a:b", answers={})
    for _ in range(50):
        there = [sample(case_id, chance.random() < 0.9) for case_id in drawn(made)]
        shipped += conclude(made, backend, there).rulings[0].status == "pass"
    assert shipped <= 5 + 3 * (50 * 0.09) ** 0.5


def test_what_is_decided_is_not_asked():
    """The backend is left alone after the look that decides; what it was asked by then is all there is."""
    asked, judged = [], threading.Semaphore(1)

    def answer(request):
        assert judged.acquire(timeout=10), "the answer before was not judged"
        asked.append(request.case_id)
        return "yes"

    def judge(case, completion):
        judged.release()
        return RIGHT.judge(case, completion)

    made = replace(suite(cases=2000), checks=(replace(RIGHT, judge=judge),))
    run = run_suite(made, Scripted(name="a:b", answers=answer))
    assert run.rulings[0].status == "pass"
    assert run.expected_samples == len(run.samples) <= len(asked) < 2000
    assert {s.case_id for s in run.samples} <= set(asked)
