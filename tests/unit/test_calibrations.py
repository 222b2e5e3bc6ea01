"""The file of a calibration as a suite names it: read, doubted, or refused at its line."""

from __future__ import annotations

import json

import pytest

from lockgate.calibrating import judge_labels, store
from lockgate.documents.labels import read_labels
from lockgate.documents.suites import load_suite
from lockgate.errors import DocumentError
from lockgate.model import Rating

SUITE = """\
suite: s
cases: [{id: a, input: What}]
checks:
  - contains: {value: "yes"%s}
"""


def suite(folder, option=""):
    path = folder / "s.yaml"
    path.write_text(SUITE % (f", calibration: {option}" if option else ""), "utf-8")
    return load_suite(path)


def problem(folder, option):
    with pytest.raises(DocumentError) as caught:
        suite(folder, option)
    (found,) = caught.value.problems
    return found


@pytest.fixture
def kept(tmp_path):
    """A calibration of the suite's check by four labels, two of which share a group."""
    rows = [("yes 1", True, "x"), ("yes 2", False, "x"), ("no", False, ""), ("nay", True, "")]
    lines = [
        json.dumps({"case": "a", "answer": text, "label": label} | ({"group": group} if group else {}))
        for text, label, group in rows
    ]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\n".join(lines), "utf-8")
    made = suite(tmp_path)
    judged = judge_labels(made.checks[0], read_labels(labels, made.checks[0], made.cases))
    store(tmp_path / "kept" / "c.json", made.checks[0], judged, labels, confidence=0.95)
    return tmp_path


def test_what_was_kept_is_read_back(kept):
    """Ratings, fingerprint and time; without a doubt, and with nothing asked of it."""
    found = suite(kept, "kept/c.json").checks[0].calibration
    assert found.ratings == (
        Rating(label=1.0, good=True, passed=True, score=1.0, group="x"),
        Rating(label=0.0, good=False, passed=True, score=1.0, group="x"),
        Rating(label=0.0, good=False, passed=False, score=0.0),
        Rating(label=1.0, good=True, passed=False, score=0.0),
    )
    assert (found.file, found.doubt, found.min_kappa, found.max_age_seconds) == (
        "kept/c.json",
        "",
        None,
        None,
    )
    assert len(found.fingerprint) == 16


def test_the_check_itself_stays_the_same(kept):
    """A calibration is no option of the check's own: verdicts do not depend on it."""
    plain, calibrated = suite(kept).checks[0], suite(kept, "kept/c.json").checks[0]
    assert plain.identity == calibrated.identity
    assert calibrated.spec.args == {"value": "yes"}


def test_what_is_asked_of_it_is_read(kept):
    """A least kappa, and an age in seconds."""
    found = suite(kept, "{file: kept/c.json, min_kappa: 0.6, max_age: 26w}").checks[0].calibration
    assert (found.min_kappa, found.max_age_seconds) == (0.6, 26 * 7 * 86_400)


def test_a_file_that_is_not_there_is_a_doubt(tmp_path):
    """So that a suite can name it before it is made."""
    found = suite(tmp_path, "c.json").checks[0].calibration
    assert found.doubt == "there is no c.json. Run `lockgate calibrate` to make it."
    assert found.ratings == ()


def test_what_is_against_a_calibration_is_a_note_of_the_suite(kept):
    """`lockgate validate` shows it before anything is asked; of a good one nothing is said."""
    assert suite(kept, "kept/c.json").notes == ()
    assert suite(kept, "c.json").notes == (
        "contains cannot be relied on: there is no c.json. Run `lockgate calibrate` to make it.",
    )
    (note,) = suite(kept, "{file: kept/c.json, min_kappa: 0.6}").notes
    assert note.startswith("contains cannot be relied on: kappa in kept/c.json is 0.00 with the low limit -0")


def test_labels_that_changed_are_a_doubt(kept):
    """One label more, and what was measured is of others."""
    labels = kept / "labels.jsonl"
    labels.write_text(labels.read_text("utf-8") + '\n{"case": "a", "answer": "z", "label": true}', "utf-8")
    doubt = suite(kept, "kept/c.json").checks[0].calibration.doubt
    assert doubt == "its labels ../labels.jsonl have changed since. Run `lockgate calibrate` again."


def test_labels_that_are_only_written_otherwise_are_none(kept):
    """What they say counts, not their spaces."""
    labels = kept / "labels.jsonl"
    labels.write_text(labels.read_text("utf-8").replace(": ", ":  ") + "\n\n", "utf-8")
    assert suite(kept, "kept/c.json").checks[0].calibration.doubt == ""


@pytest.mark.parametrize("broken", [None, "{"])
def test_labels_that_cannot_be_read_are_a_doubt(kept, broken):
    """Deleted or damaged: nobody can say that they are the same."""
    labels = kept / "labels.jsonl"
    labels.unlink() if broken is None else labels.write_text(broken, "utf-8")
    assert "labels" in suite(kept, "kept/c.json").checks[0].calibration.doubt


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("{min_kappa: 0.6}", "The key 'file' is missing in the calibration"),
        (
            "{file: c.json, min_kapa: 0.6}",
            "There is no key 'min_kapa' in the calibration. Did you mean 'min_kappa'?",
        ),
        ("{file: c.json, min_kappa: 2}", "'min_kappa' cannot be 2. Write a number such as 0.6."),
        (
            "{file: c.json, max_age: soon}",
            "'max_age' cannot be 'soon'. Write an age such as 12h, 90d or 26w.",
        ),
        ("[c.json]", "The calibration is a mapping, not a list."),
    ],
)
def test_a_mistake_is_shown_at_its_place(tmp_path, option, text):
    """With the line of the suite, and the remedy."""
    found = problem(tmp_path, option)
    assert found.message.startswith(text)
    assert (found.line, found.column >= 27) == (4, True)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "lockgate/calibration/2"}', "\0"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    """Whatever it holds, nothing is taken from it."""
    (tmp_path / "c.json").write_text(content, "utf-8")
    assert "'c.json' is no calibration" in problem(tmp_path, "c.json").message


def test_a_rating_that_is_none_is_refused(kept):
    """A file that somebody has edited by hand says what it says, or is refused."""
    path = kept / "kept" / "c.json"
    told = json.loads(path.read_text("utf-8"))
    del told["ratings"][0]["label"]
    path.write_text(json.dumps(told), "utf-8")
    assert "is no calibration" in problem(kept, "kept/c.json").message


def test_the_file_reads_well(kept):
    """One rating a line, figures for people above, and no word of the answers themselves."""
    text = (kept / "kept" / "c.json").read_text("utf-8")
    told = json.loads(text)
    assert sum('"answer"' in line for line in text.splitlines()) == len(told["ratings"]) == 4
    assert told["agreement"]["matrix"] == {
        "good_passed": 1, "good_failed": 1, "bad_passed": 1, "bad_failed": 1, "no_verdict": 0
    }  # fmt: skip
    assert (told["check"], told["metric"]) == ("contains", "contains")
    assert told["labels"]["file"] == "../labels.jsonl"
    assert "nay" not in text
