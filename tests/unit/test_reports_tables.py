"""Tables as a terminal shows them."""

from lockgate.matrices import tabulate
from lockgate.metrics import measure
from lockgate.model import Labels, Layout, Measure, Run, Sample, Verdict
from lockgate.reports.tables import tables_text


def shown(pairs, layouts=(), metrics=()):
    """The text of the table that pairs of labels make."""
    samples = [
        Sample(
            case_id=str(n),
            verdicts=(
                Verdict(status="pass", figures={"topic": Labels(expected=e, answered=a), "hit": e == a}),
            ),
        )
        for n, (e, a) in enumerate(pairs)
    ]
    tables = tabulate(samples, layouts, measure(samples, metrics))
    return tables_text(Run(suite="s", backend="b", fingerprint="", samples=(), tables=tables))


def test_a_small_table_is_whole():
    """Labels, counts and figures stand in columns, with the totals below."""
    assert shown([("a", "a")] * 3 + [("bb", "a"), ("bb", None)]).splitlines() == [
        "topic, expected × answered: 5 samples",
        "      a  bb  (none)  n          precision             recall                 F1",
        "  a   3   0       0  3  0.75 [0.25, 0.99]  1.00 [0.37, 1.00]  0.86 [0.40, 0.99]",
        "  bb  1   0       1  2                  –  0.00 [0.00, 0.78]  0.00 [0.00, 0.87]",
        "  accuracy        0.6  [0.1893, 0.9236]  n 5",
        "  macro_f1     0.4286  [0.1991, 0.9339]  n 5",
        "  weighted_f1  0.5143  [0.2389, 0.9458]  n 5",
    ]


def test_no_table_is_no_text():
    """A run without tables adds nothing."""
    assert shown([]) == ""


def test_many_labels_are_cut():
    """The rows with the most misses stay, and a line says how many more there are."""
    right = [(f"c{n:02}", f"c{n:02}") for n in range(30)]
    lines = shown([*right, ("c25", "c03"), ("c25", "c03")]).splitlines()
    assert any(line.startswith("  c25 ") for line in lines)
    assert "  … 18 more expected and 22 more answered, in run.json" in lines
    assert len(lines) == 1 + 1 + 12 + 1 + 3
    assert max(map(len, lines)) < 150


def test_labels_of_models_cannot_move_the_cursor():
    """Control characters stand as escapes, lines and long labels are cut."""
    text = shown([("a\x1b[2J\nb", "x" * 100)])
    assert "\x1b" not in text
    assert "a\\x1b[2J b" in text
    assert f"{'x' * 17}…" in text
    assert "x" * 18 not in text


def test_metrics_alone_have_no_matrix():
    """A table of metrics has its name and a line for each."""
    layout = Layout(name="hits", metrics=("hit",))
    text = shown([("a", "a")] * 4, [layout], [Measure(name="hit")])
    assert text.splitlines()[:2] == ["hits:", "  hit  1  [0.4729, 1]  n 4"]
