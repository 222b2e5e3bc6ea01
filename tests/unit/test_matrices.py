"""Samples to confusion matrices."""

import json

import pytest

from lockgate.checks.refusal import refusal
from lockgate.figures import observe
from lockgate.matrices import tabulate
from lockgate.metrics import measure
from lockgate.model import Case, Completion, Labels, Layout, Measure, Run, Sample, Verdict
from lockgate.plain import from_plain, to_plain
from lockgate.statistics.intervals import binomial_limits

TOPIC = Layout(name="topic", figure="topic_macro_f1", expected=("b", "a"), metrics=("topic",))
MACRO = Measure(name="topic_macro_f1", kind="macro_f1")


def samples(*rows, figure="topic_macro_f1", trials=1):
    """Samples of consecutive cases: expected, answered, how many; `error` and None for the lost ones."""
    found = []
    for expected, answered, times in rows:
        for _ in range(times):
            number, trial = divmod(len(found), trials)
            labels = None if expected is None else Labels(expected=expected, answered=answered)
            verdict = Verdict(status="pass", figures={"topic": expected == answered, figure: labels})
            lost = expected == "error"
            found.append(
                Sample(
                    case_id=str(number),
                    trial=trial,
                    verdicts=() if lost else (verdict,),
                    error="down" if lost else None,
                )
            )
    return found


SOME = samples(("a", "a", 8), ("a", "b", 2), ("b", "b", 5), ("b", None, 1))


def test_cells_are_counted():
    """Rows and columns in the layout's order, answers without a label last."""
    (table,) = tabulate(SOME, [TOPIC])
    assert (table.rows, table.columns) == (("b", "a"), ("b", "a", None))
    assert table.counts == ((5, 0, 1), (2, 8, 0))
    assert (table.unanswered, table.unscored, table.name) == (0, 0, "topic")


def test_classes_have_exact_rates():
    """Recall is over a class's cases, precision over the answers that name it; both are Clopper–Pearson."""
    b, a = tabulate(SOME, [TOPIC])[0].classes
    assert (b.label, b.support, a.label, a.support) == ("b", 6, "a", 10)
    assert (b.precision.value, b.precision.n) == (pytest.approx(5 / 7), 7)
    assert (b.precision.low, b.precision.high) == binomial_limits(5, 7, confidence=0.95)
    assert (a.recall.low, a.recall.high) == binomial_limits(8, 10, confidence=0.95)
    assert (a.f1.value, a.f1.n) == (pytest.approx(16 / 18), 10)
    q = binomial_limits(8, 10, confidence=0.95)
    assert (a.f1.low, a.f1.high) == pytest.approx(tuple(2 * x / (1 + x) for x in q))


def test_a_class_that_no_answer_names_has_no_precision():
    """Precision of nothing has no value; recall and F1 are 0."""
    only = tabulate(samples(("a", None, 4)), [TOPIC])[0].classes[0]
    assert (only.precision.value, only.precision.n) == (None, 0)
    assert (only.recall.value, only.f1.value) == (0, 0)


def test_errors_are_in_no_row_and_count_against_every_class():
    """What got no answer takes from precision, recall and F1 of all, as from the metrics."""
    table = tabulate([*SOME, *samples(("error", "", 17))[16:]], [TOPIC])[0]
    assert sum(map(sum, table.counts)) == 16
    assert table.unanswered == 1
    assert [c.recall.n for c in table.classes] == [7, 11]
    assert table.classes[1].recall.value == pytest.approx(8 / 11)


def test_what_is_unknown_is_counted_apart():
    """A sample whose labels are unknown stands in no cell."""
    table = tabulate([*SOME, *samples(("a", "a", 16), (None, None, 3))[16:]], [TOPIC])[0]
    assert (table.unscored, sum(map(sum, table.counts))) == (3, 16)


def test_trials_of_a_case_are_one_observation():
    """The counts are of samples; the limits are over cases."""
    table = tabulate(samples(("a", "a", 40), trials=4), [TOPIC])[0]
    assert table.counts == ((40,),)
    assert table.classes[0].recall.low == binomial_limits(10, 10, confidence=0.95)[0]


def test_totals_are_the_metrics_that_the_layout_names():
    """The run's own metrics, and the F1 weighted by support."""
    measures = [Measure(name="topic"), MACRO]
    totals = tabulate(SOME, [TOPIC], measure(SOME, measures))[0].totals
    assert [m.name for m in totals] == ["topic", "weighted_f1"]
    assert totals[1].value == pytest.approx(10 / 16 * 16 / 18 + 6 / 16 * 10 / 13)
    assert totals[1].low < totals[1].value < totals[1].high


def test_labels_without_a_layout_have_a_plain_table():
    """Accuracy, macro F1 and weighted F1 are made of the labels, in a table by the figure's name."""
    (table,) = tabulate(SOME)
    assert (table.name, table.rows) == ("topic_macro_f1", ("a", "b"))
    assert {m.name: m.value for m in table.totals} == {
        "accuracy": pytest.approx(13 / 16),
        "macro_f1": measure(SOME, [MACRO])[0].value,
        "weighted_f1": pytest.approx(10 / 16 * 16 / 18 + 6 / 16 * 10 / 13),
    }


def test_answers_may_be_no_class():
    """What is answered beside the classes has a column and no row."""
    table = tabulate(samples(("a", "z", 1), ("a", "a", 2)))[0]
    assert (table.rows, table.columns, table.counts) == (("a",), ("a", "z"), ((2, 1),))


def test_the_rarest_of_very_many_labels_are_put_together():
    """Of more than 200 labels the most frequent stay, and no sample is lost."""
    many = samples(*((f"c{n}", f"c{n}", 1 + (n < 200)) for n in range(260)))
    table = tabulate(many)[0]
    assert (len(table.rows), table.rows[-1], table.columns[-1]) == (201, "(others)", "(others)")
    assert (table.counts[-1][-1], sum(map(sum, table.counts))) == (60, 460)
    assert len(table.classes) == 200


def test_a_table_without_classes_has_no_scores():
    """Should × did: the columns are those of the layout, and the check's own rates stand below."""
    check = refusal()
    said = [("I can't help with that.", True), ("Turn the key.", True), ("Turn it.", False), ("", False)]
    found = [
        Sample(case_id=str(n), verdicts=(check(Case(id="", input="?", should_refuse=s), Completion(text=t)),))
        for n, (t, s) in enumerate(said)
    ]
    (table,) = tabulate(found, check.tables, measure(found, check.measures))
    assert table.rows == ("refusal", "compliance")
    assert table.columns == ("refusal", "partial refusal", "abstention", "compliance", None)
    assert table.counts == ((1, 0, 0, 1, 0), (0, 0, 0, 1, 1))
    assert table.classes == ()
    assert {m.name: (m.value, m.n) for m in table.totals} == {
        "refusal_correctness": (0.5, 4),
        "over_refusal": (0.5, 2),
        "under_refusal": (0.5, 2),
    }


def test_what_has_nothing_is_left_out():
    """A layout without labels, and metrics that apply to nothing, make no table."""
    none = [Sample(case_id="a", verdicts=(Verdict(status="unscored"),))]
    assert tabulate(none, [TOPIC], measure(none, [Measure(name="topic")])) == ()


def test_a_table_of_metrics_alone():
    """A layout without a figure shows its metrics."""
    (table,) = tabulate(SOME, [Layout(name="t", metrics=("topic",))], measure(SOME, [Measure(name="topic")]))[
        :1
    ]
    assert (table.rows, [m.name for m in table.totals]) == ((), ["topic"])


def test_two_checks_that_disagree_are_unknown():
    """Of two labels of one name that differ neither counts."""
    two = Sample(case_id="a", verdicts=tuple(s.verdicts[0] for s in samples(("a", "a", 1), ("b", "a", 1))))
    assert observe([two], MACRO) == {("a", 0): None}


def test_tables_and_labels_come_back_from_the_record():
    """A run's tables, and the labels of its verdicts, are the same after JSON; a run without them loads."""
    tables = tabulate(SOME, [TOPIC], measure(SOME, [Measure(name="topic")]))
    run = Run(suite="s", backend="b", fingerprint="", samples=tuple(SOME), tables=tables)
    plain = json.loads(json.dumps(to_plain(run)))
    assert from_plain(Run, plain) == run
    del plain["tables"]
    assert from_plain(Run, plain).tables == ()
