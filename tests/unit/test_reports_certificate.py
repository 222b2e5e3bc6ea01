"""The certificate: an in-toto statement whose parts can each be told apart."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import FREE, HIT, any_runs, json_values, ruling, run

from lockgate.model import Completion, Sample
from lockgate.reports.certificate import PREDICATE_TYPE, certificate, full_digest, parts

ROOT = Path("/project")


def statement(*runs, root=ROOT):
    return json.loads(certificate(runs, root=root))


def only(*runs):
    """The one entry of the one run."""
    [entry] = statement(*runs)["predicate"]["runs"]
    return entry


def test_it_is_an_in_toto_statement():
    """Type, subject and predicate are where the specification has them."""
    found = statement(run())
    assert set(found) == {"_type", "subject", "predicateType", "predicate"}
    assert (found["_type"], found["predicateType"]) == ("https://in-toto.io/Statement/v1", PREDICATE_TYPE)


def test_a_subject_s_digest_is_the_whole_hash_of_the_identity():
    """It begins with the fingerprint that run.json has, and is not cut as that is."""
    [subject] = statement(run())["subject"]
    text = '{"model":"m","params":{"temperature":0}}'
    assert subject == {"name": "ft:v3", "digest": {"sha256": hashlib.sha256(text.encode()).hexdigest()}}


def test_each_backend_is_a_subject_and_each_run_an_entry():
    """Two suites on two backends are two subjects and four runs."""
    made = [run(backend, suite=suite) for suite in ("a", "b") for backend in ("ft:v3", "rag:v1")]
    found = statement(*made)
    assert [s["name"] for s in found["subject"]] == ["ft:v3", "rag:v1"]
    assert [(r["suite"], r["backend"]) for r in found["predicate"]["runs"]] == [
        ("a", "ft:v3"), ("a", "rag:v1"), ("b", "ft:v3"), ("b", "rag:v1"),
    ]  # fmt: skip


def test_parts_are_named_by_where_they_stand():
    """A retriever's generator, its corpus and the checks of a cascade have names of their own."""
    identity = {
        "kind": "rag",
        "generator": {"weights": "w", "sampling": {"max_tokens": 64, "stop": ["x"]}},
        "collection": "c",
        "filter": {},
        "accept": [{"check": "contains"}, {"check": "equals"}],
    }
    assert parts(identity) == {
        "kind": "rag",
        "generator.weights": "w",
        "generator.sampling.max_tokens": 64,
        "generator.sampling.stop": ["x"],
        "corpus": "c",
        "filter": {},
        "accept.1.check": "contains",
        "accept.2.check": "equals",
    }


def test_a_part_has_its_digest_and_a_short_one_its_value():
    """Long texts and lists are told by their digest alone."""
    [backend] = statement(run(identity={"a": 1, "b": "x" * 101, "c": [1], "d": None}))["predicate"][
        "backends"
    ]
    told = {p["name"]: p.get("annotations") for p in backend["parts"]}
    assert told == {"a": {"value": 1}, "b": None, "c": None, "d": {"value": None}}
    assert {p["name"]: p["digest"]["sha256"] for p in backend["parts"]}["c"] == full_digest([1])


@given(st.dictionaries(st.text(min_size=1), json_values, max_size=4), json_values)
def test_another_value_is_another_digest(identity, value):
    """Two identities have the same digest only where they are the same JSON."""
    other = identity | {"more": value, "most": 1}
    assert full_digest(other) != full_digest(identity)
    assert full_digest(other) == full_digest(MappingProxyType(dict(reversed(other.items()))))


def test_what_is_no_json_has_no_digest():
    """A set in an identity is a mistake of whoever wrote the backend."""
    with pytest.raises(TypeError, match="set is not JSON"):
        full_digest({"a": {1}})


def test_samples_are_counted():
    """Answers, replays, errors and misses that no gate governs, next to how many there should be."""
    samples = (
        *run().samples,
        Sample(case_id="e", completion=Completion(text="x", replayed=True), verdicts=(FREE,)),
        Sample(case_id="e", completion=Completion(text="x", replayed=True), verdicts=(HIT,)),
    )
    assert only(run(samples=samples))["samples"] == {
        "cases": 5, "expected": 4, "answered": 3, "variants": 0, "replayed": 2, "missed": 1, "errors": 1,
    }  # fmt: skip


def test_a_ruling_is_told_with_its_figures():
    """Bounds, limits, n and reason stand beside the status; where the gate is written does not."""
    [told] = only(run(rulings=(ruling(min=0.9, margin=0.02),)))["rulings"]
    assert told == {
        "gate": "accuracy", "metric": "accuracy", "status": "inconclusive", "reason": "It is open.",
        "bounds": {"min": 0.9, "margin": 0.02}, "value": 0.5, "low": 0.0253, "high": 0.9747,
        "n": 2, "unscored": 1, "confidence": 0.95,
    }  # fmt: skip


def test_a_run_s_correction_is_told():
    """Beside the rulings that it is of."""
    assert only(run(correction="none"))["correction"] == "none"


def test_suite_data_and_checks_are_told():
    """By their hashes, with versions and the time."""
    told = only(run(checks={"equals (accuracy)": "ab"}))
    assert (told["suite_digest"], told["dataset_digest"], told["checks"]) == (
        "cafe", "dada", {"equals (accuracy)": "ab"},
    )  # fmt: skip
    assert (told["started"], told["environment"]) == ("2025-03-01T12:30:00+00:00", {"python": "3.11"})


@pytest.mark.parametrize("path", ["evalsuites/s.yaml", "/project/evalsuites/s.yaml"])
def test_a_suite_is_named_from_the_project_s_folder(path, monkeypatch, tmp_path):
    """Wherever pytest was called, no path of the machine is told."""
    root = tmp_path if not path.startswith("/") else ROOT
    monkeypatch.chdir(tmp_path)
    assert only_path(replace(run(), suite_path=path), root) == "evalsuites/s.yaml"


def only_path(made, root):
    [entry] = statement(made, root=root)["predicate"]["runs"]
    return entry["path"]


@given(any_runs)
def test_every_run_has_its_certificate(made):
    """Whatever a run holds, UTF-8 can hold its statement, and the same run gives the same."""
    text = certificate([made], root=ROOT)
    assert json.loads(text.encode().decode())["subject"][0]["name"] == made.backend
    assert certificate([made], root=ROOT) == text
