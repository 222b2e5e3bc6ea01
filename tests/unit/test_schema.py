"""The editors' JSON Schema: what the loader takes it allows, what the loader refuses it shows."""

from __future__ import annotations

from typing import Any, Literal

import jsonschema
import pytest
import yaml

from lockgate.documents.contents import PROJECT
from lockgate.documents.prompt_files import PROMPT
from lockgate.documents.schema import SCHEMAS, project_schema, prompt_schema, suite_schema
from lockgate.documents.suites import SUITE
from lockgate.model import Setting
from lockgate.registry import Registry


def _says(value: str | list[str], *, mode: Literal["fast", "slow"] = "fast", setting: Setting) -> None:
    """The answer says something.

    Args:
        value: what it says,
            in one text or several.
        mode: how: fast or slow.
        setting: handed over.
    """


def _plain() -> None:
    """Needs nothing."""


def _echo(text: str, *, concurrency: int = 1, price: dict[str, float] | None = None, **others: Any) -> None:
    """Says one thing."""


class _Own(Registry):
    """A registry of these alone, whatever is installed."""

    def names(self, kind):
        return sorted(self.extra.get(kind, {}))


REGISTRY = _Own(extra={"checks": {"says": _says, "plain": _plain}, "backends": {"echo": _echo}})


def _errors(schema, text):
    return [
        error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(yaml.safe_load(text))
    ]


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_every_schema_is_one(kind):
    """Each is valid against the metaschema of its dialect and says what it is of."""
    schema = SCHEMAS[kind](REGISTRY)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"A Lockgate {kind}"


@pytest.mark.parametrize(
    ("table", "schema"),
    [(SUITE, suite_schema), (PROJECT, project_schema), (PROMPT, prompt_schema)],
    ids=["suite", "project", "prompt"],
)
def test_the_schema_has_the_loaders_keys_and_docs(table, schema):
    """Key by key the same table: a new key cannot be forgotten in one of the two."""
    made = schema(REGISTRY)
    assert list(made["properties"]) == [key.name for key in table.keys]
    assert {name: p["description"] for name, p in made["properties"].items()} == {
        k.name: k.doc for k in table.keys
    }
    assert made.get("required", []) == [key.name for key in table.keys if key.required]
    assert made["additionalProperties"] is False


SUITE_TEXT = """\
suite: triage
dataset: [a.jsonl, b.csv]
cases: [{id: a, input: x, lang: de}]
trials: 2
checks: [plain, plain:, says: hello, says: [a, b], says: {value: x, mode: slow}]
latency: {samples: 20}
gates: {accuracy: {min: 0.9, no_worse_than: baseline, margin: 2 %}, latency_p95: {max: 600ms}}
defaults: {confidence: 0.95}
"""


def test_a_right_suite_is_valid():
    """All forms of checks and bounds are allowed."""
    assert _errors(suite_schema(REGISTRY), SUITE_TEXT) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("trials: 2", "trials: 0"),
        ("trials: 2", "trails: 2"),
        ("plain:", "plian:"),
        ("[plain,", "[plian,"),
        ("value: x", "valu: x"),
        ("mode: slow", "mode: slwo"),
        ("says: hello", "says: 3"),
        ("min: 0.9", "minimum: 0.9"),
        ("samples: 20", "samples: x"),
        ("input: x", "inptu: x"),
        ("suite: triage", ""),
        ("checks: [plain", "checks: []\nseed: [plain"),
    ],
)
def test_a_mistake_in_a_suite_is_shown(right, wrong):
    """What the loader refuses, the editor underlines."""
    assert right in SUITE_TEXT
    assert _errors(suite_schema(REGISTRY), SUITE_TEXT.replace(right, wrong, 1))


def test_a_checks_options_carry_their_docs_and_defaults():
    """Names, types, defaults and the docstring's words, each in its place."""
    [names, forms] = suite_schema(REGISTRY)["properties"]["checks"]["items"]["anyOf"]
    assert names == {"type": "string", "enum": ["plain", "says"]}
    says = forms["properties"]["says"]
    assert says["description"] == "The answer says something."
    options = says["anyOf"][1]
    assert options["properties"]["value"]["description"] == "what it says, in one text or several."
    assert options["properties"]["mode"] == {
        "enum": ["fast", "slow"],
        "description": "how: fast or slow.",
        "default": "fast",
    }
    assert options["required"] == ["value"]
    assert "setting" not in options["properties"]


@pytest.mark.parametrize(
    ("calibration", "valid"),
    [
        ("c.json", True),
        ("{file: c.json, min_kappa: 0.6, max_age: 90d}", True),
        ("{min_kappa: 0.6}", False),
        ("{file: c.json, kappa: 0.6}", False),
        ("3", False),
    ],
)
def test_every_check_may_name_its_calibration(calibration, valid):
    """A file, or a mapping that has one; what the loader refuses there is underlined."""
    text = SUITE_TEXT.replace("mode: slow", f"mode: slow, calibration: {calibration}")
    assert (_errors(suite_schema(REGISTRY), text) == []) == valid


PROJECT_TEXT = """\
models: {m: {wheel: w, file: f}}
backends:
  a:
    default: v1
    v1: {kind: echo, text: x, price: {input_per_1m: 0.1}, concurrency: "${N}"}
prompts: prompts
collections: {docs: {chunk_tokens: 200}}
"""


def test_a_right_project_is_valid():
    """Options may be variables of the environment."""
    assert _errors(project_schema(REGISTRY), PROJECT_TEXT) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("kind: echo", "kind: ecko"),
        ("text: x, ", ""),
        ('"${N}"', '"N"'),
        ("default: v1", "default: 1"),
        ("wheel: w", "weel: w"),
        ("prompts:", "prompt:"),
    ],
)
def test_a_mistake_in_a_project_is_shown(right, wrong):
    """What the loader refuses, the editor underlines."""
    assert right in PROJECT_TEXT
    assert _errors(project_schema(REGISTRY), PROJECT_TEXT.replace(right, wrong, 1))


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("user: x\nexamples: [{input: a, output: b}]", True),
        ("user: x\nexamples: {pool: a.jsonl, top_k: 3}", True),
        ("user: x\nexamples: {pol: a.jsonl}", False),
        ("user: x\nexamples: [{input: a}]", False),
        ("usr: x", False),
    ],
)
def test_a_prompts_schema_knows_both_forms_of_examples(text, valid):
    """A list of pairs, or a pool with its size."""
    assert (_errors(prompt_schema(REGISTRY), text) == []) is valid


def test_the_built_in_registry_has_a_schema():
    """Every built-in check and backend can tell its options."""
    for kind in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(kind(Registry()))
