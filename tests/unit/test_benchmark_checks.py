"""What the benchmarks of `refusal` and `safety` are made of: figures, records, fitting, written answers."""

from __future__ import annotations

import gzip
import json
import math
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def module(benchmark_modules):
    """How the benchmarks are imported here."""
    return benchmark_modules


def test_f1_and_kappa_of_known_tables(module):
    """Two hits, a miss and a false alarm make F1 2/3; Cohen's own kind of table makes kappa 0.4."""
    labelled = module("labelled")
    assert labelled.f1([True, True, True, False, False], [True, True, False, True, False]) == pytest.approx(
        2 / 3
    )
    assert labelled.f1([False], [False]) == 0
    truth, said = ["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert labelled.kappa(truth, said) == pytest.approx(0.4)
    assert labelled.kappa(["y"], ["y"]) == 1


@pytest.mark.parametrize(
    ("truth", "scores", "area"),
    [
        ([True, False], [0.9, 0.1], 1.0),
        ([True, False], [0.1, 0.9], 0.0),
        ([True, False], [0.5, 0.5], 0.5),
        ([True, True, False, False], [0.9, 0.4, 0.6, 0.1], 0.75),
    ],
)
def test_auroc_counts_pairs(module, truth, scores, area):
    """The area is the share of pairs in the right order, ties by half."""
    assert module("labelled").auroc(truth, scores) == pytest.approx(area)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_auroc_is_that_share_of_pairs(module, pairs):
    """Counting every pair gives the same as ranks; without both classes there is none."""
    truth, scores = [t for t, _ in pairs], [s for _, s in pairs]
    found = module("labelled").auroc(truth, scores)
    up, down = [s for t, s in pairs if t], [s for t, s in pairs if not t]
    if not up or not down:
        assert math.isnan(found)
        return
    wins = sum((u > d) + (u == d) / 2 for u in up for d in down)
    assert found == pytest.approx(wins / (len(up) * len(down)))


def test_whole_groups_are_drawn(module):
    """One group has no spread, and the same call gives the same limits."""
    labelled = module("labelled")
    truth, said = [True, False, True, True], [True, False, False, True]
    assert labelled.resampled(labelled.f1, truth, said, "aaaa") == (0.8, 0.8)
    first = labelled.resampled(labelled.f1, truth, said, "abcd")
    assert first == labelled.resampled(labelled.f1, truth, said, "abcd")
    assert first[0] < 0.8 < first[1]


def test_a_share_has_its_limits_and_count(module):
    """A share is shown with its exact limits; of nothing there is none."""
    assert module("labelled").share([True] * 9 + [False]) == "0.900 [0.555, 0.997] of 10"
    assert module("labelled").share([]) == "– of 0"


def test_records_are_read_by_source(module, tmp_path):
    """A file's records are those of the named source, and a missing file says what to fetch from where."""
    labelled = module("labelled")
    with gzip.open(tmp_path / "harm.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps({"source": source, "id": source}) + "\n" for source in ("A-1", "B"))
    assert [r["id"] for r in labelled.records(tmp_path, "harm", "A")] == ["A-1"]
    with pytest.raises(SystemExit, match=r"refusal.jsonl.gz is missing(.|\n)*xstest"):
        labelled.records(tmp_path, "refusal")


def test_written_answers_are_the_same_for_a_seed(module):
    """The same seed gives the same answers, all filled in, of all three classes."""
    written = module("refusal_examples")
    found = list(written.examples(200, 3))
    assert found == list(written.examples(200, 3))
    assert {kind for _, kind in found} == {written.COMPLIANCE, written.REFUSAL, written.PARTIAL}
    assert not any("{" in text or "|" in text for text, _ in found)


def test_written_harm_is_half_of_what_is_asked(module):
    """So many harmful and so many harmless answers come, all filled in."""
    found = list(module("harm_examples").harm_examples(30, 50, 5))
    assert [sum(h for _, h in found), sum(not h for _, h in found)] == [30, 50]
    assert not any("{" in text or "|" in text for text, _ in found)


def test_a_fitted_model_tells_its_rows_apart(module):
    """What is fitted in one row of weights or several tells the classes apart, and is stored in full."""
    pytest.importorskip("sklearn")
    fitting = module("fitting")
    for classes in (("a", "b"), ("a", "b", "c")):
        labels = [n % len(classes) for n in range(30)]
        model = fitting.fitted(
            [{f"cue {label}": 1.0} for label in labels],
            [frozenset({label + 1, 7}) for label in labels],
            labels,
            [1.0] * 30,
            classes=classes,
            columns=8,
            strength=10.0,
        )
        for label, name in enumerate(classes):
            found = model.probabilities({f"cue {label}": 1.0}, {label + 1, 7})
            assert max(found, key=found.__getitem__) == name
        stored = json.loads(fitting.stored(model))
        assert (stored["classes"], len(stored["buckets"])) == (list(classes), len(classes))


def test_a_family_is_named_in_the_prompts_type(module):
    """A safe prompt and its unsafe contrast are of one family."""
    labelled = module("labelled")
    for kind in ("safe_contexts", "contrast_safe_contexts"):
        assert labelled.family_of({"meta": {"type": kind}}) == "safe_contexts"


def test_a_checks_speed_is_told_of_all_its_answers(module):
    """Every pair is judged once."""
    judged = []
    said = module("labelled").speed(
        lambda case, completion: judged.append((case, completion)), [(1, 2), (3, 4)]
    )
    assert judged == [(1, 2), (3, 4)]
    assert said.startswith("Time of 2 answers, one core: 0.00 ms on average, 95 % within 0.00 ms.")


def test_a_page_has_one_heading_for_what_a_script_prints(module, tmp_path, monkeypatch, capsys):
    """The part is what is printed under its heading; a script that fails ends the page with its errors."""
    pages = module("page_parts")
    monkeypatch.setattr(pages, "_HERE", tmp_path)
    (tmp_path / "good.py").write_text("import sys; print('### Of', *sys.argv[1:])")
    (tmp_path / "bad.py").write_text("raise SystemExit('no data')")
    text = pages.part("Refusal", "Goal: 1.", pages.printed("good.py", ["it"]))
    assert text == "## Refusal\n\nGoal: 1.\n\n### Of it"
    assert capsys.readouterr().out == f"{text}\n\n"
    with pytest.raises(SystemExit, match=r"bad\.py: no data"):
        pages.printed("bad.py", [])


@pytest.mark.parametrize(
    "script", ["checks_refusal", "checks_safety", "checks_format", "checks_groundedness"]
)
def test_a_parts_own_headings_are_below_the_pages(script):
    """What stands under the page's `## Refusal` begins with three signs or more."""
    source = FOLDER.joinpath(f"{script}.py").read_text("utf-8")
    assert not re.search(r'"(?:\\n)*#{1,2} ', source)


def test_a_goal_missed_by_a_hair_is_told_with_one_more_digit(module, capsys):
    """What rounds to its goal and misses it does not look as if it met it."""
    module("labelled").goals([("F1", 0.95, 0.9496), ("F1", 0.95, 0.9501)], tried="Nothing.")
    said = capsys.readouterr().out.splitlines()[3:5]
    assert said == ["| F1 ≥ 0.95 | 0.9496 | **missed** |", "| F1 ≥ 0.95 | 0.950 | met |"]


def test_a_bound_from_above_is_met_from_below(module, capsys):
    """A time that is as long as it may be meets its goal, a longer one and none miss it."""
    rows = [("ms", 25, value) for value in (25.0, 25.1, float("nan"))]
    module("labelled").goals([], tried="Nothing.", at_most=rows)
    said = capsys.readouterr().out.splitlines()[3:]
    assert said[:2] == ["| ms ≤ 25 | 25.000 | met |", "| ms ≤ 25 | 25.100 | **missed** |"]
    assert said[2:] == ["| ms ≤ 25 | nan | **missed** |", "", "Nothing."]


def test_a_missed_goal_is_said_with_what_was_tried(module, capsys):
    """What is as high as wanted is met; a figure that is none misses its goal."""
    goals = module("labelled").goals
    goals([("F1", 0.9, 0.9)], tried="Nothing.")
    assert capsys.readouterr().out.splitlines()[3:] == ["| F1 ≥ 0.9 | 0.900 | met |"]
    goals([("F1", 0.9, 0.95), ("kappa", 0.8, float("nan"))], tried="More data.")
    said = capsys.readouterr().out.splitlines()
    assert said[4:] == ["| kappa ≥ 0.8 | nan | **missed** |", "", "More data."]


def test_written_questions_come_with_answers_of_all_classes(module):
    """Each template is filled in, what it names twice the same in the question and the answer."""
    written, chance = module("refusal_asked"), random.Random(3)
    found = [written.asked(number, chance) for number in range(200)]
    assert {kind for *_, kind in found} == {1, 2, 3}
    assert not any("{" in text or "|" in text for answer, question, _ in found for text in (answer, question))
    assert all(question.rstrip()[-1] in "?." and "\n" not in question for _, question, _ in found)
    assert any("\n1. " in answer or "\n- " in answer for answer, *_ in found)
    thing = next(question for _, question, _ in found if "not" in question).split()[2]
    assert any(answer.lower().startswith(thing) for answer, question, _ in found if thing in question)


def test_the_page_says_everything_once():
    """No heading stands twice on the page that the scripts make."""
    page = FOLDER.parent.joinpath("docs", "checks.md").read_text("utf-8")
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert len(headings) > 10
    assert len(headings) == len(set(headings))
