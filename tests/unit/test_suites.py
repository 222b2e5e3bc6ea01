"""Suites: what they say, and every mistake in one before a model is loaded."""

# ruff: noqa: E501  (lines that a person sees stand unbroken)

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.documents.bounds import GATE
from lockgate.documents.project import load_project
from lockgate.documents.suites import LATENCY, SUITE, load_check, load_suite
from lockgate.errors import DocumentError, MissingExtra, UsageError
from lockgate.model import Case, Check, Completion, Gate, Latency, Measure, Setting, Verdict
from lockgate.registry import Registry


def _check(name: str, *measures: Measure, **identity: Any) -> Check:
    def judge(case: Case, completion: Completion) -> Verdict:
        return Verdict(status="pass" if completion.text else "fail")

    return Check(name=name, measures=measures, judge=judge, identity=identity)


def _says(
    value: str | list[str] | dict[str, Any],
    *,
    ignore_case: bool = False,
    metric: str = "says",
    setting: Setting,
) -> Check:
    """The answer says something."""
    if value == "":
        raise UsageError("An empty 'value' is said by all. Write a text.")
    return _check("says", Measure(name=metric), value=value, base=setting.base.name, where=str(setting.where))


def _scored(
    threshold: float = 0.5, *, judge: str | None = None, kind: str = "mean", setting: Setting
) -> Check:
    """The answer is good."""
    if judge and setting.backend:
        setting.backend(judge)
    measures = (Measure(name="score", kind=kind), Measure(name="miss_rate", better="lower"))
    return _check("scored", *measures, threshold=threshold)


def _timed() -> Check:
    """The answer takes its time."""
    return _check("timed", Measure(name="pause", kind="mean", unit="s", better="lower"))


def _missing() -> Check:
    """Needs a package."""
    raise MissingExtra(feature="the check", package="nothing", extra="none")


def _broken() -> Check:
    """Is a mistake of whoever wrote it."""
    raise ZeroDivisionError


REGISTRY = Registry(
    extra={
        "checks": {
            "says": _says, "scored": _scored, "timed": _timed, "missing": _missing, "broken": _broken,
        }
    }
)  # fmt: skip
CASES = "cases: [{id: a, input: Hi, expected: {word: hello}}]\n"
MINIMAL = f"suite: s\n{CASES}checks: [says: hello]\n"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("evalsuites").mkdir()
    Path("fixtures").mkdir()


def _load(text, **options):
    path = Path("evalsuites/s.yaml")
    path.write_text(text, encoding="utf-8")
    return load_suite(path, registry=REGISTRY, **options)


def _complaint(text, **options):
    with pytest.raises(DocumentError) as caught:
        _load(text, **options)
    return str(caught.value)


def test_a_minimal_suite_has_the_documented_defaults():
    """One trial, no latency probe, no gates, seed 0."""
    suite = _load(MINIMAL)
    assert (suite.name, suite.path, suite.trials, suite.seed) == ("s", "evalsuites/s.yaml", 1, 0)
    assert (suite.latency, suite.gates) == (None, ())
    assert suite.cases == (Case(id="a", input="Hi", expected={"word": "hello"}),)
    assert [check.name for check in suite.checks] == ["says"]


def test_a_whole_suite_is_read():
    """Every key of the contract reaches its field."""
    Path("fixtures/c.jsonl").write_text('{"id": "b", "input": "Ho"}\n')
    suite = _load(
        "suite: triage\ndataset: ../fixtures/c.jsonl\ncases: [{id: a, input: Hi}]\ntrials: 3\nseed: 7\n"
        "checks:\n  - says: hello\n  - says: {value: [a, b], metric: accuracy}\n  - scored\n  - scored:\n  - timed\n"
        "latency: {samples: 90, concurrency: 2}\n"
        "gates:\n  accuracy: {min: 0.9, no_worse_than: baseline, margin: 2 %}\n  miss_rate: {max: 3%, confidence: 0.9}\n"
        "  latency_p95: {max: 600ms}\n  pause: {max: 1.2s}\n  cost_per_1k: {max: $0.50}\n  tokens_out: {max: 80}\n"
        "  error_rate: {better_than: runs/a.json}\n"
        "defaults: {confidence: 99 %}\n"
    )
    assert [case.id for case in suite.cases] == ["b", "a"]
    assert (suite.trials, suite.seed) == (3, 7)
    assert suite.latency == Latency(samples=90, concurrency=2, warmup=2)
    assert suite.notes == ()
    assert suite.gates == (
        Gate(metric="accuracy", min=0.9, no_worse_than="baseline", margin=0.02, confidence=0.99),
        Gate(metric="miss_rate", max=0.03, confidence=0.9),
        Gate(metric="latency_p95", max=0.6, confidence=0.99),
        Gate(metric="pause", max=1.2, confidence=0.99),
        Gate(metric="cost_per_1k", max=0.5, confidence=0.99),
        Gate(metric="tokens_out", max=80, confidence=0.99),
        Gate(metric="error_rate", better_than="runs/a.json", confidence=0.99),
    )
    assert str(suite.gates[0].where) == "evalsuites/s.yaml:14:3"
    assert suite.gated >= {"accuracy", "pause"}


@pytest.mark.parametrize(
    ("declared", "args"),
    [
        ("says: hello", {"value": "hello"}),
        ("says: [a, b]", {"value": ["a", "b"]}),
        ("says: {value: hello, ignore_case: true}", {"value": "hello", "ignore_case": True}),
        ("scored", {}),
        ("scored:", {}),
        ("scored: 0.7", {"threshold": 0.7}),
        ("scored: {}", {}),
    ],
)
def test_a_check_has_three_forms(declared, args):
    """A name, a name with an argument for the first option, a name with options."""
    (check,) = _load(f"suite: s\n{CASES}checks: [{declared}]\n").checks
    assert check.spec.name == check.name
    assert check.spec.args == args
    assert str(check.spec.where) == "evalsuites/s.yaml:3:10"


def test_a_checks_factory_knows_where_it_stands():
    """Relative paths start at the suite's folder, errors at the declaration."""
    (check,) = _load(MINIMAL).checks
    assert check.identity["base"] == "evalsuites"
    assert check.identity["where"] == "evalsuites/s.yaml:3:10"


def test_several_datasets_are_one_list_of_cases():
    """In the order of the files, then those in place."""
    Path("fixtures/a.jsonl").write_text('{"id": "a1", "input": "x"}\n')
    Path("fixtures/b.csv").write_text("id,input\nb1,y\n")
    suite = _load("suite: s\ndataset: [../fixtures/b.csv, ../fixtures/a.jsonl]\nchecks: [says: x]\n")
    assert [case.id for case in suite.cases] == ["b1", "a1"]
    assert str(suite.cases[1].where) == "fixtures/a.jsonl:1:1"


def test_digests_follow_the_contents():
    """The dataset's hash speaks of cases alone, the suite's of the file as well."""
    first, second = _load(MINIMAL), _load(f"{MINIMAL}seed: 2\n")
    assert first.dataset_digest == second.dataset_digest
    assert first.digest != second.digest
    third = _load(MINIMAL.replace("Hi", "Ho"))
    assert third.dataset_digest != first.dataset_digest


def test_a_metric_may_come_from_two_checks_that_mean_the_same():
    """Two checks of one kind may share their metric's name."""
    assert len(_load(f"suite: s\n{CASES}checks: [says: a, says: b]\n").checks) == 2


def test_templates_that_some_case_fills_in_are_right():
    """A template need not suit every case, nor name what is always there."""
    text = "suite: s\ncases: [{input: x}, {input: y, expected: {n: 1}, lang: de}]\nchecks:\n"
    text += "  - says: '{{ expected.n }}'\n  - says: '{{ lang }} {{ nope | default(1) }}'\n  - says: {value: {a: ['{{ tags }}']}}\n"
    assert len(_load(text).checks) == 3


_OUT_OF_RANGE = """\
gates:
  says: {min: 96, max: 960}
  score: {min: -0.1}
  miss_rate: {max: 3 ms}
  pause: {max: 3 %}
  tokens_in: {max: many}
  cost_per_1k: {max: 5 EUR}
  error_rate: {min: 0.5, max: 0.4, mox: 1}
"""

_REFUSED = {
    "nothing but a name": (
        "suite: s",
        """\
evalsuites/s.yaml:1:1: The key 'checks' is missing in a suite (What each answer has to pass: name, name: argument, or name: {options}). Add it.
    suite: s
    ^
evalsuites/s.yaml:1:1: The suite has no cases. Give it a 'dataset' or 'cases'.
    suite: s
    ^""",
    ),
    "empty lists": (
        "suite: s\ncases: []\nchecks: []",
        """\
evalsuites/s.yaml:2:1: The suite has no cases. Give it a 'dataset' or 'cases'.
    cases: []
    ^
evalsuites/s.yaml:3:9: The suite has no checks. Name one, such as 'contains: …'.
    checks: []
            ^""",
    ),
    "unknown and doubled keys": (
        f"{MINIMAL}gate: {{}}\ntrials: 2\ntrials: 3\n",
        """\
evalsuites/s.yaml:4:1: There is no key 'gate' in a suite. Did you mean 'gates'?
    gate: {}
    ^
evalsuites/s.yaml:6:1: The key 'trials' is already set in line 5. Keep one of the two.
    trials: 3
    ^""",
    ),
    "values of the wrong type": (
        f"{MINIMAL}trials: three\nseed: -1\nlatency: {{samples: 0, warmup: x, sample: 3}}\ngates:\ndefaults: 0.95\n",
        """\
evalsuites/s.yaml:4:9: 'trials' cannot be 'three'. Write a whole number.
    trials: three
            ^
evalsuites/s.yaml:5:7: 'seed' cannot be -1. Write a whole number from 0 on.
    seed: -1
          ^
evalsuites/s.yaml:6:20: 'samples' cannot be 0. Write a whole number from 1 on.
    latency: {samples: 0, warmup: x, sample: 3}
                       ^
evalsuites/s.yaml:6:31: 'warmup' cannot be 'x'. Write a whole number.
    latency: {samples: 0, warmup: x, sample: 3}
                                  ^
evalsuites/s.yaml:6:34: There is no key 'sample' in the latency probe. Did you mean 'samples'?
    latency: {samples: 0, warmup: x, sample: 3}
                                     ^
evalsuites/s.yaml:7:7: 'gates' is empty. Write a mapping.
    gates:
          ^
evalsuites/s.yaml:8:11: 'defaults' cannot be 0.95. Write a mapping.
    defaults: 0.95
              ^""",
    ),
    "a name that is none": (
        MINIMAL.replace("suite: s", 'suite: "a\\nb"'),
        """\
evalsuites/s.yaml:1:8: A suite cannot be called 'a\\nb'. Write one line of text.
    suite: "a\\nb"
           ^""",
    ),
    "checks that are not there": (
        f"suite: s\n{CASES}checks:\n  - syas: hello\n  - zzz\n",
        """\
evalsuites/s.yaml:4:5: There is no check 'syas'. Did you mean 'says'?
      - syas: hello
        ^
evalsuites/s.yaml:5:5: There is no check 'zzz'. {names}
      - zzz
        ^""",
    ),
    "checks that have none of the forms": (
        f"suite: s\n{CASES}checks:\n  - 3\n  - [says]\n  - {{says: a, scored: 1}}\n  - says: a\n    metric: m\n  - {{}}\n",
        """\
evalsuites/s.yaml:4:5: A check cannot be 3. Write 'name', 'name: argument' or 'name: {option: …}', with options indented under the name.
      - 3
        ^
evalsuites/s.yaml:5:5: A check cannot be a list. Write 'name', 'name: argument' or 'name: {option: …}', with options indented under the name.
      - [says]
        ^
evalsuites/s.yaml:6:5: A check cannot be 2 names at once. Write 'name', 'name: argument' or 'name: {option: …}', with options indented under the name.
      - {says: a, scored: 1}
        ^
evalsuites/s.yaml:7:5: A check cannot be 2 names at once. Write 'name', 'name: argument' or 'name: {option: …}', with options indented under the name.
      - says: a
        ^
evalsuites/s.yaml:9:5: A check cannot be a mapping. Write 'name', 'name: argument' or 'name: {option: …}', with options indented under the name.
      - {}
        ^""",
    ),
    "options that are wrong": (
        f"suite: s\n{CASES}checks:\n  - says: {{valu: a, ignore_case: maybe}}\n  - says\n  - says: 3\n  - says: ''\n  - timed: 3\n",
        """\
evalsuites/s.yaml:4:11: The key 'value' is missing in the check 'says'. Add it.
      - says: {valu: a, ignore_case: maybe}
              ^
evalsuites/s.yaml:4:12: There is no key 'valu' in the check 'says'. Did you mean 'value'?
      - says: {valu: a, ignore_case: maybe}
               ^
evalsuites/s.yaml:4:34: 'ignore_case' cannot be 'maybe'. Write true or false.
      - says: {valu: a, ignore_case: maybe}
                                     ^
evalsuites/s.yaml:5:5: The key 'value' is missing in the check 'says'. Add it.
      - says
        ^
evalsuites/s.yaml:6:11: 'value' cannot be 3. Write a text or a list of texts or a mapping.
      - says: 3
              ^
evalsuites/s.yaml:7:11: An empty 'value' is said by all. Write a text.
      - says: ''
              ^
evalsuites/s.yaml:8:12: The check 'timed' takes no argument. Write 'timed' alone.
      - timed: 3
               ^""",
    ),
    "templates that no case fills in": (
        f"suite: s\n{CASES}checks:\n  - says: '{{{{ expectd.word }}}}'\n  - says: {{value: ['a', '{{{{ expected.wrd }}}}']}}\n  - says: 'x {{{{'\n",
        """\
evalsuites/s.yaml:4:11: No case fills this in. Template '{{ expectd.word }}': this case has no variable 'expectd'. Did you mean 'expected'?
      - says: '{{ expectd.word }}'
              ^
evalsuites/s.yaml:5:25: No case fills this in. Template '{{ expected.wrd }}': 'dict object' has no attribute 'wrd'.
      - says: {value: ['a', '{{ expected.wrd }}']}
                            ^
evalsuites/s.yaml:6:11: No case fills this in. Template 'x {{' has a syntax error in line 1: unexpected 'end of template'.
      - says: 'x {{'
              ^""",
    ),
    "a metric that means two things": (
        f"suite: s\n{CASES}checks:\n  - scored\n  - says: {{value: a, metric: score}}\n  - says: {{value: a, metric: error_rate}}\n",
        """\
evalsuites/s.yaml:5:5: The metric 'score' already means something else. Give this check another name for it: 'metric: …'.
      - says: {value: a, metric: score}
        ^
evalsuites/s.yaml:6:5: The metric 'error_rate' already means something else. Give this check another name for it: 'metric: …'.
      - says: {value: a, metric: error_rate}
        ^""",
    ),
    "gates on what nobody measures": (
        f"{MINIMAL}gates:\n  sys: {{min: 0.9}}\n  accuracy: {{min: 0.9}}\n  latency_p95: {{max: 1s}}\n",
        """\
evalsuites/s.yaml:5:3: No check of this suite makes the metric 'sys'. Did you mean 'says'?
      sys: {min: 0.9}
      ^
evalsuites/s.yaml:6:3: No check of this suite makes the metric 'accuracy'. The metrics there are: 'cost_per_1k', 'error_rate', 'latency_p50', 'latency_p95', 'latency_p99', 'says', 'tokens_in', 'tokens_out'.
      accuracy: {min: 0.9}
      ^
evalsuites/s.yaml:7:3: The gate 'latency_p95' needs the latency probe. Add 'latency: {samples: 59}' to the suite.
      latency_p95: {max: 1s}
      ^""",
    ),
    "gates without a bound": (
        f"{MINIMAL}gates:\n  says: {{}}\n  error_rate: {{confidence: 0.9}}\n  tokens_in: {{margin: 3}}\n  tokens_out: 80\n",
        """\
evalsuites/s.yaml:5:9: The gate 'says' has no bound. Write 'min', 'max', 'no_worse_than', 'better_than' or 'hard: true'.
      says: {}
            ^
evalsuites/s.yaml:6:15: The gate 'error_rate' has no bound. Write 'min', 'max', 'no_worse_than', 'better_than' or 'hard: true'.
      error_rate: {confidence: 0.9}
                  ^
evalsuites/s.yaml:7:14: The gate 'tokens_in' has no bound. Write 'min', 'max', 'no_worse_than', 'better_than' or 'hard: true'.
      tokens_in: {margin: 3}
                 ^
evalsuites/s.yaml:7:15: 'margin' belongs to a comparison. Add 'no_worse_than' or 'better_than', or delete it.
      tokens_in: {margin: 3}
                  ^
evalsuites/s.yaml:8:15: The gate 'tokens_out' is a mapping, not 80. Write keys such as 'min: …', 'max: …', 'no_worse_than: …'.
      tokens_out: 80
                  ^""",
    ),
    "bounds out of range": (
        f"suite: s\n{CASES}checks: [says: a, scored, timed]\n{_OUT_OF_RANGE}",
        """\
evalsuites/s.yaml:5:15: 'min' is a share between 0 and 1 and cannot be 96. Did you mean 0.96?
      says: {min: 96, max: 960}
                  ^
evalsuites/s.yaml:5:24: 'max' is a share between 0 and 1 and cannot be 960. Write a number such as 0.96, or 96 %.
      says: {min: 96, max: 960}
                           ^
evalsuites/s.yaml:6:16: 'min' cannot be -0.1. Write a number from 0 on.
      score: {min: -0.1}
                   ^
evalsuites/s.yaml:7:20: 'max' cannot be '3 ms'. Write a share such as 0.96 or 96 %.
      miss_rate: {max: 3 ms}
                       ^
evalsuites/s.yaml:8:16: 'max' cannot be '3 %'. Write a duration such as 600ms or 1.2s.
      pause: {max: 3 %}
                   ^
evalsuites/s.yaml:9:20: 'max' cannot be 'many'. Write a number of tokens such as 400.
      tokens_in: {max: many}
                       ^
evalsuites/s.yaml:10:22: 'max' cannot be '5 EUR'. Write US dollars such as 0.50.
      cost_per_1k: {max: 5 EUR}
                         ^
evalsuites/s.yaml:11:16: No value of 'error_rate' is at least 0.5 and at most 0.4. Swap 'min' and 'max'.
      error_rate: {min: 0.5, max: 0.4, mox: 1}
                   ^
evalsuites/s.yaml:11:36: There is no key 'mox' in the gate 'error_rate'. Did you mean 'max'?
      error_rate: {min: 0.5, max: 0.4, mox: 1}
                                       ^""",
    ),
    "confidence that is none": (
        f"{MINIMAL}gates: {{says: {{min: 0.9, confidence: 95}}}}\ndefaults: {{confidence: 0.5}}\n",
        """\
evalsuites/s.yaml:4:38: 'confidence' cannot be 95. Write a number above 0.5 and below 1, such as 0.95.
    gates: {says: {min: 0.9, confidence: 95}}
                                         ^
evalsuites/s.yaml:5:24: 'confidence' cannot be 0.5. Write a number above 0.5 and below 1, such as 0.95.
    defaults: {confidence: 0.5}
                           ^""",
    ),
    "datasets that are not there": (
        "suite: s\ndataset: [../fixtures/none.jsonl, 3]\nchecks: [says: a]\n",
        """\
evalsuites/s.yaml:2:10: 'dataset' cannot be a list. Write a text or a list of texts.
    dataset: [../fixtures/none.jsonl, 3]
             ^""",
    ),
    "a dataset that is not there": (
        "suite: s\ndataset: ../nowhere/none.jsonl\nchecks: [says: a]\n",
        """\
evalsuites/s.yaml:2:10: There is no file '../nowhere/none.jsonl'. Correct the path; it starts at the suite's folder.
    dataset: ../nowhere/none.jsonl
             ^""",
    ),
    "inline cases that are none": (
        "suite: s\ncases:\n- {id: a, inpt: x}\n- b\nchecks: [says: a]\n",
        """\
evalsuites/s.yaml:3:3: The key 'input' is missing in a case (A text, or a list of chat messages with role and content). Add it.
    - {id: a, inpt: x}
      ^
evalsuites/s.yaml:4:3: A case is a mapping, not 'b'. Write keys such as 'input: …'.
    - b
      ^""",
    ),
    "a list": (
        "- suite: s",
        """\
evalsuites/s.yaml:1:1: A suite is a mapping, not a list. Write keys such as 'suite: …', 'checks: …'.
    - suite: s
    ^""",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_every_mistake_has_its_place_and_remedy(name):
    """All mistakes of a suite are told at once, each with its line, a caret and what to do."""
    text, message = _REFUSED[name]
    names = ", ".join(map(repr, REGISTRY.names("checks")))
    assert _complaint(text) == message.replace("{names}", f"The checks there are: {names}.")


def test_a_misspelt_dataset_suggests_its_neighbour():
    """The nearest file of the folder is named."""
    Path("fixtures/triage.jsonl").write_text('{"input": "x"}')
    said = _complaint("suite: s\ndataset: ../fixtures/triag.jsonl\nchecks: [says: a]\n")
    assert said.startswith(
        "evalsuites/s.yaml:2:10: There is no file '../fixtures/triag.jsonl'. Did you mean 'triage.jsonl'?\n"
    )


def test_mistakes_of_suite_and_dataset_are_told_together():
    """A row's line stands beside the suite's."""
    Path("fixtures/c.jsonl").write_text('{"id": "a", "input": "x"}\n3\n')
    said = _complaint("suite: s\ndataset: ../fixtures/c.jsonl\nchecks: [syas: a]\n")
    assert said == (
        "evalsuites/s.yaml:3:10: There is no check 'syas'. Did you mean 'says'?\n"
        "    checks: [syas: a]\n             ^\n"
        "fixtures/c.jsonl:2:1: A case is a mapping, not 3. Write keys such as 'input: …'.\n    3\n    ^"
    )


def test_a_dataset_that_cannot_be_read_is_told_at_its_own_place():
    """The dataset's own error is the suite's."""
    Path("fixtures/c.jsonl").write_bytes(b"\xff")
    said = _complaint("suite: s\ndataset: ../fixtures/c.jsonl\nchecks: [says: a]\n")
    assert said == "fixtures/c.jsonl:1:1: The byte 0xFF is not UTF-8. Save the file as UTF-8."


def test_one_id_in_two_places_names_both():
    """Ids are unique over all datasets and the cases in place."""
    Path("fixtures/c.jsonl").write_text('{"id": "a", "input": "x"}\n')
    said = _complaint(
        "suite: s\ndataset: ../fixtures/c.jsonl\ncases:\n- {id: a, input: y}\nchecks: [says: a]\n"
    )
    assert said == (
        "evalsuites/s.yaml:4:3: The case id 'a' is already taken by fixtures/c.jsonl:1. Give one of them another id.\n"
        "    - {id: a, input: y}\n      ^"
    )


def test_a_dataset_named_twice_is_refused():
    """Every id of it would be doubled."""
    Path("fixtures/c.jsonl").write_text('{"id": "a", "input": "x"}\n')
    said = _complaint("suite: s\ndataset: [../fixtures/c.jsonl, ../fixtures/c.jsonl]\nchecks: [says: a]\n")
    assert said.startswith(
        "evalsuites/s.yaml:2:32: The dataset '../fixtures/c.jsonl' is already named. Name it once.\n"
    )


def test_a_misspelt_check_is_taken_for_the_nearest_when_gates_are_read():
    """A gate that not even that check could be meant by is told at once, and one that could is not."""
    said = _complaint(
        f"suite: s\n{CASES}checks: [syas: {{value: a, metric: tone}}]\n"
        "gates: {tone: {min: 2}, tnoe: {max: 5 %}, third: {max: 600ms}}\n"
    )
    mistakes = [line.partition(": ")[2] for line in said.splitlines() if line.startswith("evalsuites")]
    assert mistakes[0] == "There is no check 'syas'. Did you mean 'says'?"
    assert mistakes[1].startswith("'min' is a share between 0 and 1 and cannot be 2.")
    assert mistakes[2] == "No check of this suite makes the metric 'tnoe'. Did you mean 'tone'?"
    assert mistakes[3].startswith("No check of this suite makes the metric 'third'. The metrics there are: ")
    assert len(mistakes) == 4


@pytest.mark.parametrize(
    "checks",
    [
        "nonsense: a",
        "says: {vlaue: a}",
        "says: ''",
        "syas: ''",
        "syas: {vlaue: a}",
        "misssing",
        "brokne",
        "{syas: a, scored: 1}",
        "syas: a, nonsense",
    ],
)
def test_a_check_that_is_wrong_otherwise_leaves_gates_unaccused(checks):
    """Which metrics it would make is not known, so no gate is called wrong for it."""
    said = _complaint(
        f"suite: s\n{CASES}checks: [{checks}]\n"
        "gates: {says: {min: 0.9}, other: {max: 5 %}, third: {max: 600ms}}\n"
    )
    assert said.count(".yaml:3:") == said.count(".yaml:") > 0
    assert "makes the metric" not in said


def test_a_project_is_asked_for_backends():
    """A check's backend and a gate's comparison are looked up before anything runs."""
    Path("lockgate.yaml").write_text("backends: {a: {v1: {kind: scripted, answers: {x: y}}}}")
    project = load_project(Path("lockgate.yaml"))
    right = f"suite: s\n{CASES}checks: [scored: {{judge: a}}]\ngates: {{score: {{no_worse_than: 'a:v1', min: 0.5}}}}\n"
    assert _load(right, project=project).gates[0].no_worse_than == "a:v1"
    said = _complaint(right.replace("judge: a", "judge: b").replace("a:v1", "a:v2"), project=project)
    assert said == (
        "evalsuites/s.yaml:3:26: There is no backend 'b'. The families there are: 'a'. The backends there are: a:v1.\n"
        "    checks: [scored: {judge: b}]\n                             ^\n"
        "evalsuites/s.yaml:4:32: There is no backend 'a:v2'. The versions there are: a:v1.\n"
        "    gates: {score: {no_worse_than: 'a:v2', min: 0.5}}\n                                   ^"
    )


def test_environment_variables_are_for_projects_alone():
    """A suite means the same everywhere, so `${NAME}` in it is a text."""
    (check,) = _load(f"suite: s\n{CASES}checks: [says: '${{HOME}}']\n").checks
    assert check.identity["value"] == "${HOME}"


def test_a_missing_package_is_no_mistake_of_the_file():
    """The error says what to install."""
    with pytest.raises(MissingExtra, match=r"pip install 'lockgate\[none\]'"):
        _load(f"suite: s\n{CASES}checks: [missing]\n")


def test_any_check_can_be_had_by_name():
    """By keyword, by its argument, or with neither."""
    pair = Case(id="1", input="x"), Completion(text="y")
    assert load_check("says", value="a", registry=REGISTRY)(*pair).passed
    assert load_check("says", ["a"], registry=REGISTRY).identity["value"] == ["a"]
    both = load_check("contains", "a", metric="named")
    assert (both.identity["value"], both.measures[0].name) == ("a", "named")
    assert load_check("scored", registry=REGISTRY).identity["threshold"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (["syas"], {}, "There is no check 'syas'. Did you mean 'says'?"),
        (["says"], {}, "The key 'value' is missing in the check 'says'. Add it."),
        (
            ["says"],
            {"valu": "a", "value": 3},
            "There is no key 'valu' in the check 'says'. Did you mean 'value'? 'value' cannot be 3. Write a text or a list of texts or a mapping.",
        ),
        (["says", ""], {}, "An empty 'value' is said by all. Write a text."),
    ],
)
def test_a_check_by_name_says_what_is_wrong(arguments, options, message):
    """Python gets the sentences without a position."""
    with pytest.raises(UsageError) as caught:
        load_check(*arguments, registry=REGISTRY, **options)
    assert str(caught.value) == message


VALID = """\
suite: triage
cases:
  - {id: a, input: Hi, expected: {word: hello}, tags: {k: v}}
  - id: b
    input: [{role: user, content: x}]
    should_refuse: false
trials: 2
checks:
  - says: "{{ expected.word }}"
  - scored: {threshold: 0.5}
latency: {samples: 20, concurrency: 1, warmup: 2}
gates:
  says: {min: 0.96, no_worse_than: baseline, margin: 2 %}
  latency_p95: {max: 600ms}
defaults: {confidence: 0.95}
"""


def _mutated(seed: int) -> str:
    """The valid suite with a few characters, lines or words changed."""
    draw = random.Random(seed)
    text = VALID
    for _ in range(draw.randint(1, 3)):
        at, to = (
            draw.randrange(len(text)),
            draw.choice(["", "x", ": ", "\n", " ", "[", "}", "'", "-", "&a", "*a", "\t", "null", "9e9", "ü"]),
        )
        kind = draw.randrange(3)
        if kind == 0:
            text = text[:at] + to + text[at + draw.randint(0, 3) :]
        elif kind == 1:
            lines = text.splitlines(keepends=True)
            lines.insert(draw.randrange(len(lines)), draw.choice(lines))
            text = "".join(lines)
        else:
            words = text.split(" ")
            words[draw.randrange(len(words))] = to
            text = " ".join(words)
    return text


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_a_mutated_suite_is_read_or_refused_at_a_place_inside_it(seed):
    """Never a traceback, always a position."""
    text = _mutated(seed)
    lines = text.splitlines() or [""]
    try:
        suite = _load(text)
    except DocumentError as error:
        assert error.problems  # noqa: PT017  (the property is about both outcomes)
        for problem in error.problems:
            assert 1 <= problem.line <= len(lines) + 1
            assert 1 <= problem.column <= len([*lines, ""][problem.line - 1]) + 1
    else:
        assert suite.cases
        assert suite.checks


def test_the_content_of_the_cases_is_hashed_once(monkeypatch):
    """Hashing ten thousand cases takes a tenth of the time of loading them."""
    hashed = []
    monkeypatch.setattr("lockgate.documents.suites.content", lambda cases: hashed.append(cases) or "abc")
    Path("s.yaml").write_text("suite: s\ncases: [{input: x}]\nchecks: [contains: x]\n", encoding="utf-8")
    assert load_suite("s.yaml").dataset_digest == "abc"
    assert len(hashed) == 1


@pytest.mark.parametrize(
    ("gate", "defaults", "least"),
    [
        ("{max: 1s}", "", 59),
        ("{max: 1s, confidence: 0.99}", "", 90),
        ("{max: 1s}", "defaults: {confidence: 0.99}\n", 90),
    ],
)
def test_the_probe_that_a_gate_needs_is_as_large_as_its_confidence_takes(gate, defaults, least):
    """Who adds what the error says has a gate that can pass (0.95 to the 59th is below 0.05, to the 90th 0.01)."""
    text = (
        "suite: s\ncases: [{input: x}]\nchecks: [contains: x]\n" + defaults + "gates:\n  latency_p95: " + gate
    )
    Path("s.yaml").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=rf"Add 'latency: {{samples: {least}}}' to the suite\."):
        load_suite("s.yaml")
    Path("s.yaml").write_text(f"{text}\nlatency: {{samples: {least}}}\n", encoding="utf-8")
    assert load_suite("s.yaml").notes == ()


def test_every_default_is_the_table_s():
    """What the editors' schema says holds is what holds."""
    Path("s.yaml").write_text(
        "suite: s\ncases: [{input: x}]\nchecks: [contains: x]\nlatency: {}\ngates: {contains: {min: 0.5}}\n",
        encoding="utf-8",
    )
    suite = load_suite("s.yaml")
    said = {key.name: key.default for table in (SUITE, LATENCY, GATE) for key in table.keys}
    assert (suite.trials, suite.seed) == (said["trials"], said["seed"])
    assert suite.latency == Latency(**{key.name: key.default for key in LATENCY.keys})
    assert (suite.gates[0].margin, suite.gates[0].confidence) == (said["margin"], said["confidence"])
