"""The reference of checks: every check, option and metric stands in it, and every example goes as it says."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
import tomllib
from importlib.metadata import EntryPoint, EntryPoints
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from pages import Section, sections

from lockgate import Completion, load_check, load_project, load_suite
from lockgate import registry as registry_module
from lockgate.backends.scripted import Scripted
from lockgate.checks.authoring import check, is_check
from lockgate.documents.calibrations import CALIBRATION
from lockgate.documents.declarations import options_table
from lockgate.documents.words import describe
from lockgate.model import Setting
from lockgate.registry import BUILTIN, Registry, options

SECTIONS = sections("checks.md")
NAMES = sorted(BUILTIN["checks"])
OWN = SECTIONS["Your own check"]
MINIMAL = {
    "cascade": {"checks": ["contains", "regex"]},
    "classification": {"classes": ["a", "b"]},
    "contains": {"value": "x"},
    "equals": {"value": "x"},
    "instructions": {"instructions": []},
    "json_schema": {"schema": {}},
    "judge": {"rubric": "x", "backend": "judge:v1"},
    "language": {"code": "en"},
    "max_tokens": {"limit": 1},
    "ragas": {"metric": "context_recall", "backend": "judge:v1"},
    "regex": {"pattern": "x"},
}
"""The options that a check cannot do without."""


@pytest.fixture(autouse=True)
def ragas_is_there(monkeypatch):
    """The check `ragas` can be made without its extra, as long as nothing is asked."""
    if find_spec("ragas") is None:
        monkeypatch.setattr("lockgate.checks.ragas.require", lambda feature: None)
        monkeypatch.setattr("lockgate.checks.ragas.version", lambda: "0")


def factory_of(name):
    return Registry().find("checks", name)


def made(name):
    """A built-in check with its required options alone."""
    factory = factory_of(name)
    setting = Setting(
        backend=lambda name: Scripted(answers={}, name=name), check=lambda name: load_check(name, "x")
    )
    extra = {"setting": setting} if "setting" in inspect.signature(factory).parameters else {}
    return factory(**MINIMAL.get(name, {}), **extra)


def loaded(section: Section, folder: Path, *, reply: str = "", registry: Registry | None = None):
    """The section's suite, with a project whose judge gives one reply."""
    (folder / "suite.yaml").write_text(section.blocks("yaml")[0], "utf-8")
    answers = json.dumps({"late": {"text": reply}})
    (folder / "lockgate.yaml").write_text(
        f"backends:\n  judge:\n    v1: {{kind: scripted, answers: {answers}}}\n", "utf-8"
    )
    project = load_project(folder / "lockgate.yaml")
    return load_suite(folder / "suite.yaml", project=project, registry=registry)


def said(verdict) -> str:
    return f"{verdict.status}: {verdict.reason}" if verdict.reason else verdict.status


def told(suite, row, number=0):
    """What a check of the suite says of a row's answer."""
    case = next(c for c in suite.cases if c.id == row["case"])
    tokens = row.get("tokens", "unknown")
    completion = Completion(
        text=row.get("answer", ""), tokens_out=None if tokens == "unknown" else int(tokens)
    )
    return suite.checks[number](case, completion)


def verdict_rows(name):
    return next(table for table in SECTIONS[name].tables if "verdict" in table[0])


def test_every_check_has_its_section():
    """The page has one section for each built-in check and none for any other."""
    beside = {"", "Calibration", "Your own check", "From Python"}
    assert sorted(SECTIONS.keys() - beside) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_a_check_asserts_is_its_own_word(name):
    """Each section starts with the first sentence of the factory's docstring."""
    assert SECTIONS[name].text.startswith(options_table(factory_of(name), "it").doc)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_its_row(name):
    """Name, type, default and meaning of every option stand in the table, in order, and nothing else."""
    expected = [
        {
            "option": key.name,
            "value": describe(key.annotation),
            "default": "required" if key.required else shown(key.default),
            "meaning": key.doc[0].upper() + key.doc[1:],
        }
        for key in options_table(factory_of(name), "it").keys
    ]
    assert SECTIONS[name].table("option") == expected


def shown(default) -> str:
    if default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_has_its_row(name):
    """The metrics, their kinds and which side is better are those of the check, in order."""
    written = [(row["metric"], row["kind"], row["better"]) for row in SECTIONS[name].table("metric")]
    assert written == [(m.name, m.kind, m.better) for m in made(name).measures]


@pytest.mark.parametrize("name", NAMES)
def test_the_short_forms_are_those_that_load(name):
    """`name` is there where nothing is required, `name: FIRST` where nothing but the first option is."""
    first, *others = options(factory_of(name))
    forms = [] if first.required else [f"`{name}`"]
    forms += [] if any(o.required for o in others) else [f"`{name}: {first.name.upper()}`"]
    line = re.search(r"Short form: (.+)\.$", SECTIONS[name].text, re.MULTILINE)
    missing = [f"none, as `{o.name}` is required" for o in others if o.required]
    assert line[1] == (", ".join(forms) or missing[0])


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("cascade", "judge")])
def test_the_verdicts_are_what_the_check_says(name, tmp_path):
    """The section's suite loads, and its first check says of each answer what the page says."""
    suite = loaded(SECTIONS[name], tmp_path)
    assert {c.name for c in suite.checks} == {name}
    rows = verdict_rows(name)
    assert len({said(told(suite, row)) for row in rows}) > 1
    for row in rows:
        assert row["verdict"] == said(told(suite, row))


@pytest.mark.parametrize("name", ["judge", "cascade"])
def test_the_judge_says_what_its_reply_gives(name, tmp_path):
    """Each reply of a judge gives the page's verdict."""
    for row in verdict_rows(name):
        suite = loaded(SECTIONS[name], tmp_path, reply=row["the judge replies"])
        assert row["verdict"] == said(told(suite, row))


def test_what_every_check_may_say_of_its_calibration_has_its_row():
    """The keys are those that the loader takes, and the examples of judges and calibrations load."""
    assert SECTIONS["Calibration"].table("key") == [
        {
            "key": key.name,
            "value": describe(key.annotation),
            "default": "required" if key.required else "",
            "meaning": key.doc,
        }
        for key in CALIBRATION.keys
    ]


@pytest.mark.parametrize(("name", "number"), [("judge", 1), ("Calibration", 0)])
def test_a_judge_is_written_as_the_page_shows(name, number, tmp_path):
    """A check by itself on the page is one that a suite takes."""
    block = SECTIONS[name].blocks("yaml")[number]
    (tmp_path / "suite.yaml").write_text(f"suite: s\ncases: [{{input: a}}]\nchecks:\n{block}", "utf-8")
    (tmp_path / "lockgate.yaml").write_text("backends: {judge: {v1: {kind: scripted, answers: {}}}}", "utf-8")
    made = load_suite(tmp_path / "suite.yaml", project=load_project(tmp_path / "lockgate.yaml"))
    assert made.checks[0].name == "judge"


@pytest.mark.slow
def test_ragas_says_what_its_replies_give(tmp_path):
    """Each reply of the model gives the page's verdict, by ragas itself."""
    pytest.importorskip("ragas", reason="the extra ragas is not installed")
    for row in SECTIONS["ragas"].table("the model replies"):
        suite = loaded(SECTIONS["ragas"], tmp_path, reply=row["the model replies"])
        assert row["ragas says"] == said(told(suite, {"case": "late", "answer": "On Friday."}))


def test_the_counts_of_fields_are_those_of_the_check(tmp_path):
    """True and false positives and false negatives of each answer are as the page says."""
    suite = loaded(SECTIONS["json_schema"], tmp_path)
    for row in next(t for t in SECTIONS["json_schema"].tables if "tp" in t[0]):
        counts = told(suite, {"case": "kettle"} | row).figures["format_f1"]
        assert (row["tp"], row["fp"], row["fn"]) == tuple(map(str, (counts.tp, counts.fp, counts.fn)))


@pytest.mark.parametrize("name", NAMES)
def test_each_check_says_when_it_is_unscored_and_what_it_cannot_do(name):
    """A section has a paragraph on each."""
    assert re.search(r"^Unscored: \w", SECTIONS[name].text, re.MULTILINE)
    assert re.search(r"^Limits: \w", SECTIONS[name].text, re.MULTILINE)


@pytest.mark.parametrize("name", [n for n in NAMES if "Unscored: never" in SECTIONS[n].text])
def test_never_unscored_is_true_of_an_empty_answer(name, tmp_path):
    """Where the page says never, an empty answer to the first case is a miss."""
    suite = loaded(SECTIONS[name], tmp_path)
    assert told(suite, {"case": suite.cases[0].id, "answer": ""}).status == "fail"


def own_checks():
    """The page's conftest, run."""
    names: dict[str, object] = {}
    exec(compile(OWN.blocks("python")[0], "conftest.py", "exec"), names)
    return {name: thing for name, thing in names.items() if is_check(thing)}


def test_your_own_checks_say_what_the_page_says(tmp_path):
    """The page's conftest and suite load, and each check gives the page's verdict and share."""
    suite = loaded(OWN, tmp_path, registry=Registry(extra={"checks": own_checks()}))
    rows = OWN.table("check")
    assert {row["check"] for row in rows} == {c.name for c in suite.checks}
    for row in rows:
        number = [c.name for c in suite.checks].index(row["check"])
        verdict = told(suite, row, number)
        figure = verdict.figures[suite.checks[number].measures[0].name]
        assert (row["verdict"], row["share"]) == (said(verdict), share(figure))


def share(figure) -> str:
    if figure is None:
        return "unknown"
    return str(figure).lower() if isinstance(figure, bool) else f"{figure:.4g}"


def test_an_annotated_float_makes_a_mean():
    """Of the page's checks the one annotated `-> float` makes a mean, the others rates."""
    kinds = {name: make().measures[0].kind for name, make in own_checks().items()}
    assert kinds == {"polite": "rate", "brief": "mean", "right_price": "rate", "topic": "rate"}


def test_options_of_your_own_check_are_read_off_its_signature():
    """`brief` has the options of its signature, with the meanings of its docstring."""
    keys = options_table(own_checks()["brief"], "it").keys
    assert [(k.name, k.annotation, k.default) for k in keys] == [("most", int, 20), ("unit", str, "words")]
    assert keys[0].doc == "how many still count as short."


def test_the_decorators_arguments_are_in_the_table():
    """Each argument of `@check` has its row with its default, and nothing else has."""
    rows = {row["argument of @check"]: row["default"] for row in OWN.table("argument of @check")}
    parameters = [p for p in inspect.signature(check).parameters.values() if p.kind is p.KEYWORD_ONLY]
    shown = {p.name: str(p.default).replace("higher", '"higher"') for p in parameters}
    assert rows == shown | {"metric": "the function's name"}


@pytest.mark.parametrize("returned", [None, "yes", 2, float("nan")])
def test_whatever_else_a_function_returns_is_an_error(returned):
    """A value that is no bool, no share and no verdict is a verdict of status error."""
    verdict = check(lambda case, completion: returned)(SimpleNamespace(), Completion())
    assert verdict.status == "error"


def test_the_entry_point_is_of_the_group_that_is_searched(monkeypatch):
    """A check under the page's entry point is found by its name."""
    (group,) = tomllib.loads(OWN.blocks("toml")[0])["project"]["entry-points"]
    point = EntryPoint("polite", "json:loads", "lockgate.checks")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda: EntryPoints([point]))
    for name in ("_entry_points", "_installed"):
        monkeypatch.setattr(registry_module, name, getattr(registry_module, name).__wrapped__)
    assert group == "lockgate.checks"
    assert Registry().find("checks", "polite") is json.loads


def test_from_python_prints_what_the_page_says():
    """The Python example runs and prints the page's output."""
    section = SECTIONS["From Python"]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(section.blocks("python")[0], "example.py", "exec"), {})
    assert printed.getvalue() == section.blocks("text")[0]


def test_the_first_metric_covers_the_verdict(tmp_path):
    """A miss of a check with several metrics is covered by the first that the page lists."""
    for name in ("grounded", "json_schema", "refusal"):
        suite = loaded(SECTIONS[name], tmp_path)
        miss = next(v for row in verdict_rows(name) if (v := told(suite, row)).status == "fail")
        assert miss.metric == SECTIONS[name].table("metric")[0]["metric"]
