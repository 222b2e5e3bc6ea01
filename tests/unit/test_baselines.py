"""What gates compare with is found: beside, in a file, or in the journal."""

from __future__ import annotations

import pytest

from lockgate.baselines import Baselines
from lockgate.errors import UsageError
from lockgate.model import Case, Gate, Run, Sample, Suite
from lockgate.reports.record import record


def sample(name):
    """A sample that is told from others by its case."""
    return Sample(case_id=name, input="?")


def run(name, *, suite="s", backend="a:v1", started="2026-01-01T00:00:00+00:00"):
    """A run of one sample."""
    return Run(suite=suite, backend=backend, fingerprint="f", samples=(sample(name),), started=started)


def suite(**bounds):
    """A suite with one relative gate."""
    gates = (Gate(metric="accuracy", **bounds),)
    return Suite(name="s", path="s.yaml", cases=(Case(id="c", input="?"),), checks=(), gates=gates)


def select(name):
    """Two declared backends; the family alone means the first."""
    if name not in ("a", "a:v1", "a:v2"):
        raise UsageError(f"There is no backend {name!r}.")
    return "a:v1" if name == "a" else name


def found(journal, folder, *, written=None, here=None, **bounds):
    """Case ids of what is found for the gate's word, or None."""
    baselines = Baselines(written, journal=journal, folder=folder, select=select, here=here or {})
    bounds = bounds or {"no_worse_than": "baseline"}
    samples = baselines.of(suite(**bounds)).get(next(iter(bounds.values())))
    return None if samples is None else [s.case_id for s in samples]


def test_a_backend_of_this_session_comes_first(journal, tmp_path):
    """What runs beside is compared with, not an older run of it; the family alone will do."""
    journal.put_run("old", run("old"))
    here = {("s", "a:v1"): [sample("now")], ("t", "a:v1"): [sample("other suite")]}
    assert found(journal, tmp_path, written="a", here=here) == ["now"]


def test_a_run_file_is_read(journal, tmp_path):
    """Of the runs in a file the one of the suite counts."""
    (tmp_path / "run.json").write_text(record([run("else", suite="t"), run("file")]))
    assert found(journal, tmp_path, written="run.json") == ["file"]


def test_a_run_id_is_looked_up(journal, tmp_path):
    """A run of the journal is found by its id, for its own suite only."""
    journal.put_run("mine", run("journalled"))
    journal.put_run("other", run("else", suite="t"))
    assert found(journal, tmp_path, written="mine") == ["journalled"]
    assert found(journal, tmp_path, written="other") is None


def test_the_newest_run_of_a_backend_counts(journal, tmp_path):
    """A backend that does not run now is compared with by its newest run."""
    journal.put_run("1", run("older", backend="a:v2", started="2026-01-01T00:00:00+00:00"))
    journal.put_run("2", run("newer", backend="a:v2", started="2026-02-01T00:00:00+00:00"))
    assert found(journal, tmp_path, better_than="a:v2") == ["newer"]


def test_nothing_is_found_where_nothing_is(journal, tmp_path):
    """Without the option, or with a name that nothing has, the gate stays without a baseline."""
    assert found(journal, tmp_path) is None
    assert found(journal, tmp_path, no_worse_than="a:v2") is None
    assert found(journal, tmp_path, no_worse_than="nobody") is None


def test_a_broken_run_file_is_a_usage_error(journal, tmp_path):
    """The file is named, with what to do."""
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(UsageError, match=r"run\.json is no run file \(.+\)\. Name a run\.json\.$"):
        found(journal, tmp_path, written="run.json")


def test_an_unknown_baseline_is_refused_before_anything_is_asked(journal, tmp_path):
    """`check` names the newest runs there are, and is content with a selected backend or none."""
    journal.put_run("mine", run("x"))

    def check(written, *backends):
        baselines = Baselines(written, journal=journal, folder=tmp_path, select=select, here={})
        baselines.check(backends, option="--llm-baseline")

    check(None)
    check("a", "a:v1")
    check("mine")
    with pytest.raises(UsageError, match=r"--llm-baseline: 'no' is no selected .* there are: mine\."):
        check("no")
