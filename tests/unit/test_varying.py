"""Variants asked beside their originals: what is asked, what counts where, and what shrinking leaves."""

from __future__ import annotations

import json

import pytest

from lockgate import load_suite, run_suite
from lockgate.backends.scripted import Scripted
from lockgate.engine.asking import Asker, Budget, Policy
from lockgate.engine.journal import Journal
from lockgate.engine.varying import ask_all
from lockgate.errors import BackendError
from lockgate.model import Prompt
from lockgate.reports.junit import junit
from lockgate.reports.record import read_record, record
from lockgate.reports.terminal import explain_miss

SUITE = """\
suite: shop
cases:
  - {id: hours, input: "When do you usually open the shop?", expected: nine, context: ["At nine.", "Quay."]}
  - {id: place, input: "Where exactly are you located right now?", expected: harbour}
checks:
  - contains: {value: "{{ expected }}", metric: accuracy}
"""
GOOD = {"hours": "At nine.", "place": "At the harbour."}


@pytest.fixture
def suite(tmp_path):
    """Loads the suite with these variants, and what stands after them."""

    def loaded(variants, *, tail=""):
        path = tmp_path / "shop.yaml"
        path.write_text(f"{SUITE}variants: {variants}\n{tail}", "utf-8")
        return load_suite(path)

    return loaded


def answering(rule, *, prompt=None):
    """A backend that answers a request's messages by a rule; what it was asked is in `asked`."""
    asked = []

    def answer(request):
        asked.append(request)
        return rule(request)

    backend = Scripted(answers=answer, prompt=prompt)
    return backend, asked


def right(request):
    return GOOD[request.case_id.partition("~")[0]]


def metric(run, name):
    found = run.metric(name)
    return found.value, found.n, found.unscored


def test_variants_are_asked_once_each_beside_the_cases(suite):
    """Every case and every variant is one request, and shrinking asks nothing where nothing fails."""
    backend, asked = answering(right)
    run = run_suite(suite("[typos: 2, removed_passage]"), backend)
    assert len(asked) == 2 + 4 + 1
    assert [s.case_id for s in run.samples] == ["hours", "place"]
    assert len(run.variants) == 5


def test_variants_count_towards_their_own_metrics_alone(suite):
    """Accuracy, errors, costs and tokens are of the suite's own cases, whatever the variants do."""

    def rule(request):
        if "~" in request.case_id:
            raise BackendError("Busy.")
        return right(request)

    run = run_suite(suite("[typos: 2, removed_passage]"), answering(rule)[0])
    assert metric(run, "accuracy") == (1.0, 2, 0)
    assert metric(run, "error_rate") == (0.0, 2, 0)
    assert run.metric("tokens_in").unscored == 2
    assert metric(run, "invariance") == (0.0, 4, 0)
    assert metric(run, "directional") == (0.0, 1, 0)


def test_no_variants_no_metrics(suite):
    """A suite whose kinds make only invariant variants has no `directional`."""
    run = run_suite(suite("[typos]"), answering(right)[0])
    assert run.metric("invariance").value == 1.0
    assert run.metric("directional") is None


def test_limits_are_by_the_case_that_was_varied(suite):
    """Ten variants of two cases are no ten cases: the limits are those of two."""
    run = run_suite(suite("[typos: 5]"), answering(right)[0])
    found = run.metric("invariance")
    assert found.n == 10
    assert found.method == "Clopper–Pearson over 2 cases"
    assert found.low == pytest.approx(0.05 ** (1 / 2))


def test_gates_rule_on_the_variants_of_their_metric(suite):
    """A gate on `invariance` counts variants, one on accuracy cases, and neither the other's."""
    tail = "gates: {invariance: {min: 0.1}, accuracy: {min: 0.1}, directional: {min: 0.01}}"
    made = suite("[typos: 5, removed_passage]", tail=tail)
    run = run_suite(made, answering(right)[0])
    by_name = {ruling.gate.metric: ruling for ruling in run.rulings}
    assert by_name["invariance"].status == "pass"
    assert by_name["accuracy"].status == "pass"
    assert by_name["directional"].metric.n == 1
    assert by_name["directional"].status == "inconclusive"


def test_missing_variants_keep_their_gate_open(suite):
    """Where variants were left out, the gate on them is inconclusive, and the one on cases is not."""
    from lockgate.engine.runner import conclude

    made = suite("[typos: 5]", tail="gates: {invariance: {min: 0.1}, accuracy: {min: 0.1}}")
    backend, _ = answering(right)
    samples = ask_all(made, backend, lambda b: Asker(backend=b))
    kept = [sample for sample in samples if sample.case_id != "hours~typos-1"]
    by_name = {r.gate.metric: r for r in conclude(made, backend, kept).rulings}
    assert by_name["invariance"].reason.startswith("1 of 10 samples were not run")
    assert by_name["accuracy"].status == "pass"


def test_a_baselines_variants_are_compared(suite):
    """`no_worse_than: baseline` pairs variants with the baseline's, and finds those that got worse."""
    made = suite("[typos: 5]", tail="gates: {invariance: {no_worse_than: baseline, margin: 0.1}}")
    before = run_suite(made, answering(right)[0])
    worse = answering(lambda r: "No." if "~" in r.case_id else right(r))[0]
    (ruling,) = run_suite(made, worse, baseline=before).rulings
    assert ruling.metric.value == 0.0
    assert ruling.status == "inconclusive"
    assert "10 pairs" in ruling.reason


def test_trials_are_paired_one_by_one(suite):
    """Each trial of a variant is beside the same trial of its original."""

    def rule(request):
        flipped = request.trial == 1 and request.case_id == "hours"
        return "No." if flipped else right(request)

    run = run_suite(suite("[typos]", tail="trials: 2"), answering(rule)[0])
    assert [(s.case_id, s.trial, s.verdicts[0].status) for s in run.variants] == [
        ("hours~typos-1", 0, "pass"),
        ("hours~typos-1", 1, "fail"),
        ("place~typos-1", 0, "pass"),
        ("place~typos-1", 1, "pass"),
    ]


def test_an_original_without_an_answer_leaves_its_variants_unscored(suite):
    """The variants of the others are scored."""

    def rule(request):
        if request.case_id == "hours":
            raise BackendError("Busy.")
        return right(request)

    run = run_suite(suite("[typos]"), answering(rule)[0])
    assert metric(run, "invariance") == (1.0, 1, 1)


def fragile(request):
    """Answers rightly unless one certain word is not as it should be."""
    text = request.messages[-1]["content"]
    return right(request) if "usually" in text or "exactly" in text else "What?"


def test_a_failing_variant_is_shrunk_to_the_word_that_does_it(suite):
    """Of all words in capitals, the one that the backend does not understand is left."""
    run = run_suite(suite("[case: upper]"), answering(fragile)[0])
    for sample, words in zip(run.variants, ("usually", "exactly"), strict=True):
        assert sample.variant.smallest.count("[-") == 1
        assert f"[-{words}-]{{+{words.upper()}+}}" in sample.variant.smallest
        assert 0 < sample.variant.asked <= 16


def test_no_more_is_asked_than_the_policy_says(suite):
    """With two asks the change is smaller, with none it is the whole one."""
    made = suite("[case: upper]")
    for most in (0, 2):
        backend, asked = answering(fragile)
        run = run_suite(made, backend, policy=Policy(shrink=most))
        assert len(asked) == 4 + 2 * most
        assert all(sample.variant.asked == most for sample in run.variants)
        assert all(bool(sample.variant.smallest) == bool(most) for sample in run.variants)


def test_shrinking_is_replayed_from_the_journal(suite, tmp_path):
    """Offline, the smaller changes that were asked before are found again, and nothing is asked."""
    made, journal = suite("[case: upper]"), tmp_path / "journal.sqlite"
    backend, asked = answering(fragile)
    first = run_suite(made, backend, journal=journal)
    count = len(asked)
    again = run_suite(made, backend, journal=journal, policy=Policy(offline=True))
    assert len(asked) == count
    assert [s.variant for s in again.variants] == [s.variant for s in first.variants]


def test_offline_asks_nothing_to_shrink(suite, tmp_path):
    """Where the smaller changes are not journalled, the whole change is told and nothing is asked."""
    made, journal = suite("[case: upper]"), tmp_path / "journal.sqlite"
    backend, asked = answering(fragile)
    run_suite(made, backend, journal=journal, policy=Policy(shrink=0))
    again = run_suite(made, backend, journal=journal, policy=Policy(offline=True))
    assert len(asked) == 4
    assert [s.variant.smallest for s in again.variants] == ["", ""]
    assert [s.verdicts[0].status for s in again.variants] == ["fail", "fail"]


def test_a_spent_budget_ends_the_shrinking(suite, tmp_path):
    """What shrinking asks counts towards the most that a session may cost."""
    made = suite("[case: upper]")
    table = {case.id: {"text": GOOD[case.id], "cost": 1.0} for case in made.cases}
    table |= {v.case.id: {"text": "What?", "cost": 1.0} for v in made.variants}
    budget, backend = Budget(6.0), Scripted(answers=table)
    with_journal = Journal(tmp_path / "journal.sqlite")
    ask_all(made, backend, lambda b: Asker(backend=b, journal=with_journal, budget=budget))
    with_journal.close()
    assert budget.spent == 6.0


def test_a_prompt_that_does_not_show_the_change_proves_nothing(suite):
    """A variant that is asked the very same is unscored, and never counts as invariant."""
    backend, _ = answering(right, prompt=Prompt(name="bare", version="v1"))
    run = run_suite(suite("[order, typos]"), backend)
    by_id = {sample.case_id: sample for sample in run.variants}
    assert by_id["hours~order-1"].verdicts[0].status == "unscored"
    assert "does not show what was changed" in by_id["hours~order-1"].verdicts[0].reason
    assert by_id["hours~typos-1"].verdicts[0].status == "pass"


def test_only_the_named_checks_judge_a_variant(suite):
    """A check that is not named is not asked about variants, which may cost."""
    made = suite("[typos: {checks: [accuracy]}]")
    assert all(variant.checks == made.checks for variant in made.variants)
    run = run_suite(suite("[removed_passage]"), answering(right)[0])
    (sample,) = run.variants
    assert [verdict.check for verdict in sample.verdicts] == ["removed_passage"]


def test_a_miss_shows_the_change_and_the_smallest(suite):
    """What a person reads: asked, answered, why, what was changed, and the least of it that fails."""
    made = suite("[case: upper]")
    run = run_suite(made, answering(fragile)[0])
    text = explain_miss(made.variants[0].case, run.variants[0]).splitlines()
    assert text[0] == "case 'hours~case-upper'"
    assert text[3].startswith("  case (invariance, fail): contains is pass on the original and fail here:")
    assert text[4].startswith("  changed of 'hours': input: [-When-]{+WHEN+}")
    assert text[5].startswith("  smallest change that fails (")
    assert "[-usually-]{+USUALLY+}" in text[5]


def test_the_record_keeps_variants_and_what_was_shrunk(suite):
    """`run.json` has each variant's sample on a line of its own, and gives the same run when it is read."""
    run = run_suite(suite("[case: upper]"), answering(fragile)[0])
    text = record(run)
    assert read_record(text) == (run,)
    kept = json.loads(text)["runs"][0]["variants"][0]
    assert kept["variant"]["of"] == "hours"
    assert kept["variant"]["smallest"] == run.variants[0].variant.smallest


def test_junit_has_a_test_case_for_each_variant(suite):
    """Named after the variant, with the failure of one that fails."""
    text = junit(run_suite(suite("[case: upper]"), answering(fragile)[0]))
    assert text.count("<testcase") == 4
    assert 'name="hours~case-upper"' in text
    assert text.count('type="miss"') == 2
