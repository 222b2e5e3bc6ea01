"""The record of runs, written and read."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from runs import ACCURACY, any_runs, run

from lockgate.errors import UsageError
from lockgate.reports.record import SCHEMA, read_record, read_run_file, record


def test_a_run_comes_back_as_it_was():
    """What was written is read as an equal run, figures, passages and gates included."""
    written = run()
    assert read_record(record(written)) == (written,)


@given(any_runs)
def test_every_run_comes_back(written):
    """Whatever a run holds, it is read back equal, through UTF-8."""
    text = record([written]).encode("utf-8").decode("utf-8")
    assert read_record(text) == (written,)


def test_the_same_runs_give_the_same_text():
    """The record is a function of the runs."""
    assert record([run(), run("prompt:v1")]) == record([run(), run("prompt:v1")])


def test_the_record_is_strict_json_with_its_schema():
    """The text is JSON without NaN, names its schema and holds every run in order."""
    content = json.loads(record([run(), run("prompt:v1")]), parse_constant=pytest.fail)
    assert content["schema"] == SCHEMA == "lockgate/run/1"
    assert [r["backend"] for r in content["runs"]] == ["ft:v3", "prompt:v1"]


def test_every_sample_has_its_line():
    """A changed sample changes one line."""
    before = run()
    changed = dataclasses.replace(before.samples[0], input="Other?")
    after = dataclasses.replace(before, samples=(changed, *before.samples[1:]))
    old, new = record(before).splitlines(), record(after).splitlines()
    assert len(old) == len(new)
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1


def test_half_a_surrogate_pair_survives():
    """What UTF-8 cannot hold is escaped and read back."""
    written = run(notes=("half \ud83d of it",))
    assert read_record(record(written).encode().decode())[0].notes == ("half \ud83d of it",)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_is_not_finite_is_refused(value):
    """NaN is never written."""
    with pytest.raises(ValueError, match="not a finite number"):
        record(run(metrics=(dataclasses.replace(ACCURACY, value=value),)))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("not json", "Expecting value"),
        ("[]", "its schema is None"),
        ('{"schema": "lockgate/run/2", "runs": []}', "its schema is 'lockgate/run/2', not 'lockgate/run/1'"),
        ('{"schema": "lockgate/run/1"}', "it is damaged"),
        ('{"schema": "lockgate/run/1", "runs": [{"suite": "s"}]}', "it is damaged"),
        ('{"schema": "lockgate/run/1", "runs": [3]}', "it is damaged"),
    ],
)
def test_what_is_no_record_is_refused(text, what):
    """A foreign, damaged or newer file is an error that says which."""
    with pytest.raises(ValueError, match=what):
        read_record(text)


def test_a_run_file_is_read_back(tmp_path):
    """Its runs are those that were written there, in order."""
    path = tmp_path / "run.json"
    path.write_text(record([run(), run("prompt:v1")]), "utf-8")
    assert read_run_file(path) == (run(), run("prompt:v1"))


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", None])
def test_what_is_no_run_file_is_a_usage_error(tmp_path, content):
    """The error names the file, what is wrong with it and what to name, also where it cannot be read."""
    path = tmp_path / "other.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_run_file(path)
    said = str(caught.value)
    assert said.startswith(f"{path} is no run file (")
    assert said.endswith("). Name a run.json.")


@pytest.mark.parametrize("correction", ["holm", "none"])
def test_the_correction_of_the_gates_is_recorded(correction):
    """By its word in the suite, the usual one as well; a record made without it leaves it open."""
    content = json.loads(record(run(correction=correction)))
    assert content["runs"][0].pop("correction") == correction
    assert read_record(json.dumps(content)) == (run(correction=""),)


def test_unknown_fields_are_ignored():
    """A record with more fields than are known is read."""
    content = json.loads(record(run()))
    content["runs"][0]["later"] = 1
    assert read_record(json.dumps(content)) == (run(),)
