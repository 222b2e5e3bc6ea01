"""`--llm-report` and `--junitxml`: the files of the contract."""

import json
import xml.etree.ElementTree as ET

GATES = "gates:\n  accuracy: {min: 0.9}\n"


def junit(desk, path: str) -> ET.Element:
    return ET.parse(desk.pytester.path / path).getroot().find("testsuite")


def test_the_folder_is_written(desk):
    """The report folder holds run.json and junit.xml, made with its parents."""
    result = desk.run("--llm-backend=ft:v3", "--llm-report=out/report")
    assert result.ret == 0
    record = json.loads((desk.pytester.path / "out/report/run.json").read_text())
    assert record["schema"] == "lockgate/run/1"
    assert junit(desk, "out/report/junit.xml") is not None


def test_the_record_of_a_failed_run_is_written_too(desk):
    """A run that fails its gate leaves the same files."""
    desk.many(50, right=20, gates=GATES)
    assert desk.run("--llm-backend=ft:v3", "--llm-report=report").ret == 1
    assert "accuracy" in (desk.pytester.path / "report/run.json").read_text()


def test_junitxml_has_classnames_types_and_metrics(desk):
    """Pytest's own `--junitxml` carries suite names, failure types and the metrics as properties."""
    desk.many(50, right=20, gates=GATES)
    desk.run("--llm-backend=ft:v3", "--junitxml=out.xml")
    suite = junit(desk, "out.xml")
    assert {case.get("classname") for case in suite.iter("testcase")} == {"many"}
    [failure] = suite.iter("failure")
    assert failure.get("type") == "gate"
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert properties["llm.backend"] == "ft:v3"
    assert float(properties["llm.metric.accuracy"]) == 0.4
    assert properties["llm.metric.accuracy.n"] == "50"
    assert float(properties["llm.metric.accuracy.low"]) < 0.4 < float(properties["llm.metric.accuracy.high"])


def test_junitxml_names_the_backend_when_several_run(desk):
    """With several backends the classname is suite[backend], and misses have the type `miss`."""
    desk.run("--llm-backend=prompt:v1,ft:v3", "--junitxml=out.xml")
    suite = junit(desk, "out.xml")
    assert {c.get("classname") for c in suite.iter("testcase")} == {"shop[prompt:v1]", "shop[ft:v3]"}
    assert [f.get("type") for f in suite.iter("failure")] == ["miss"]


def test_backend_errors_have_their_type(desk):
    """A case without an answer has the type `backend-error`."""
    desk.write("answers/v3.json", {"hours": "At nine."})
    desk.run("--llm-backend=ft:v3", "--junitxml=out.xml", workers=2)
    assert [f.get("type") for f in junit(desk, "out.xml").iter("failure")] == ["backend-error"]
