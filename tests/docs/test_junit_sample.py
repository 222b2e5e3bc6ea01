"""The sample of `junit.xml` is what Lockgate writes, and what other tools read."""

from pathlib import Path

import pytest
from junit_sample import SAMPLE, sample
from junitparser import JUnitXml
from lxml import etree

SCHEMAS = Path(__file__).parents[1] / "unit"


@pytest.fixture(autouse=True)
def _stay(monkeypatch):
    monkeypatch.chdir(Path.cwd())


def test_the_sample_is_made_of_the_repository_s_own_suite():
    """After a change of suite or report: `python tests/docs/junit_sample.py`."""
    assert SAMPLE.read_text("utf-8") == sample()


@pytest.mark.parametrize("schema", ["junit-10.xsd", "junit.xsd"])
def test_the_sample_validates(schema):
    """Against Jenkins' schema, and against the stricter one of what Ant writes."""
    etree.XMLSchema(etree.parse(SCHEMAS / schema)).assertValid(etree.parse(SAMPLE))


def test_the_sample_has_every_type_of_failure():
    """Read back with junitparser, types and counts are those of the file."""
    [suite] = JUnitXml.fromfile(str(SAMPLE))
    found = [result.type for case in suite for result in case.result if type(result).__name__ == "Failure"]
    assert set(found) == {"miss", "regression", "gate", "inconclusive", "backend-error"}
    assert (suite.name, suite.failures, suite.errors) == ("triage", len(found), 0)
    assert {p.name for p in suite.properties()} >= {"llm.backend", "llm.metric.accuracy.low"}
