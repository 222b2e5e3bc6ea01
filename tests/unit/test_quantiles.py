"""Gates on latency are held against the samples that their suite declares."""

import pytest

from lockgate.documents.quantiles import samples_for
from lockgate.documents.suites import load_suite
from lockgate.errors import DocumentError
from lockgate.statistics.intervals import quantile_limits

HEAD = "suite: s\ncases: [{id: a, input: b}]\nchecks: [contains: c]\n"


def suite(tmp_path, latency, gate):
    """A suite with a probe as written on line 4 and one gate on line 6."""
    path = tmp_path / "s.yaml"
    path.write_text(f"{HEAD}latency: {latency}\ngates:\n  {gate}\n", "utf-8")
    return load_suite(path)


def mistakes(tmp_path, latency, gate):
    with pytest.raises(DocumentError) as caught:
        suite(tmp_path, latency, gate)
    return [(p.line, p.column, p.message) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("latency", "gate", "few", "least"),
    [
        ("{samples: 20}", "latency_p99: {max: 1s}", 20, "0.95 confidence takes 299"),
        ("{}", "latency_p99: {max: 1s, confidence: 0.99}", 20, "0.99 confidence takes 459"),
        ("{samples: 19}", "latency_p95: {max: 1s}", 19, "0.95 confidence takes 59"),
        ("{samples: 1}", "latency_p50: {max: 1s}", 1, "0.95 confidence takes 5"),
    ],
)
def test_a_quantile_beyond_the_samples_is_refused(tmp_path, latency, gate, few, least):
    """Where the slowest sample would stand in for the quantile, the gate's line says how many it takes."""
    samples = f"{few} {'sample says' if few == 1 else 'samples say'} nothing of '{gate[:11]}'"
    remedy = f"write 'latency: {{samples: {least.split()[-1]}}}'"
    said = f"{samples}. An upper limit at {least}: {remedy}."
    assert mistakes(tmp_path, latency, gate) == [(6, 3, said)]


@pytest.mark.parametrize(
    ("latency", "gate", "least"),
    [
        ("{samples: 20}", "latency_p95: {max: 600ms}", 59),
        ("{samples: 58}", "latency_p95: {max: 600ms}", 59),
        ("{samples: 298}", "latency_p99: {max: 600ms}", 299),
        ("{samples: 4}", "latency_p50: {max: 600ms}", 5),
    ],
)
def test_a_gate_that_cannot_pass_yet_is_a_note(tmp_path, latency, gate, least):
    """A quantile that can be estimated and not bounded loads, with a note at its line of what it takes."""
    (note,) = suite(tmp_path, latency, gate).notes
    assert ":6:3: The gate 'latency_p" in note
    assert "can fail and cannot pass" in note
    assert note.endswith(f"takes {least}: write 'latency: {{samples: {least}}}'.")


@pytest.mark.parametrize(
    ("latency", "gate"),
    [
        ("{samples: 59}", "latency_p95: {max: 1s}"),
        ("{samples: 299}", "latency_p99: {max: 1s}"),
        ("{samples: 10}", "latency_p50: {max: 1s}"),
        ("{samples: 5}", "latency_p99: {min: 1s}"),
        ("{samples: 5}", "error_rate: {max: 0.1}"),
    ],
)
def test_enough_samples_need_no_note(tmp_path, latency, gate):
    """With as many as a limit takes, or a bound that takes none, nothing is said."""
    assert suite(tmp_path, latency, gate).notes == ()


def test_samples_that_are_wrong_are_told_once(tmp_path):
    """A number of samples that is none is one mistake, not two."""
    assert [line for line, _, _ in mistakes(tmp_path, "{samples: many}", "latency_p99: {max: 1s}")] == [4]


def test_without_a_probe_it_is_the_probe_that_is_missing(tmp_path):
    """A gate on p99 without `latency:` is told how many samples to declare."""
    path = tmp_path / "s.yaml"
    path.write_text(f"{HEAD}gates:\n  latency_p99: {{max: 1s}}\n", "utf-8")
    with pytest.raises(DocumentError, match=r"Add 'latency: \{samples: 299\}'"):
        load_suite(path)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    ("metric", "q"), [("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)]
)
def test_what_is_asked_for_is_just_enough(metric, q, confidence):
    """With that many samples there is a high limit, and with one fewer there is none."""
    least = samples_for(metric, confidence)
    values = [float(n) for n in range(least)]
    assert quantile_limits(values, q, confidence=confidence)[2] is not None
    assert quantile_limits(values[1:], q, confidence=confidence)[2] is None


def test_other_metrics_take_no_number_of_samples():
    """What is no quantile of latency needs no more than one."""
    assert samples_for("error_rate", 0.95) == samples_for("latency_x", 0.95) == 1
