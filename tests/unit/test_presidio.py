"""The adapter to Presidio, with a stand-in for the package."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from lockgate.checks import presidio
from lockgate.errors import UsageError


class Engine:
    """What Presidio's engine does, for the word Anna and a mail address."""

    def __init__(self, *, nlp_engine, supported_languages):
        self.made_of = (nlp_engine, supported_languages)

    def get_supported_entities(self, *, language):
        return ["PERSON", "EMAIL_ADDRESS", "DATE_TIME"]

    def analyze(self, *, text, language, entities, score_threshold):
        assert (language, entities, score_threshold) == ("en", ["PERSON", "EMAIL_ADDRESS"], 0.5)
        words = {"anna@kettles.io": "EMAIL_ADDRESS", "Anna": "PERSON"}
        return [
            SimpleNamespace(entity_type=entity, start=text.index(word), end=text.index(word) + len(word))
            for word, entity in words.items()
        ]


class Provider:
    """What makes Presidio's language engine."""

    def __init__(self, *, nlp_configuration):
        self.configuration = nlp_configuration

    def create_engine(self):
        return self.configuration


@pytest.fixture
def installed(monkeypatch):
    """Presidio and the smallest model are there."""
    package, part = ModuleType("presidio_analyzer"), ModuleType("presidio_analyzer.nlp_engine")
    package.AnalyzerEngine, part.NlpEngineProvider = Engine, Provider
    monkeypatch.setitem(sys.modules, "presidio_analyzer", package)
    monkeypatch.setitem(sys.modules, "presidio_analyzer.nlp_engine", part)
    there = {"presidio_analyzer", "en_core_web_sm"}
    monkeypatch.setattr(presidio, "find_spec", lambda name: name if name in there else None)
    presidio._engine.cache_clear()
    yield there
    presidio._engine.cache_clear()


def test_what_presidio_finds_is_named_as_the_rules_name_it(installed):
    """Entities come in the order of the text, with the rules' names where they have one."""
    text = "Anna writes from anna@kettles.io."
    assert [(f.kind, f.text) for f in presidio.analyzer()(text)] == [
        ("person", "Anna"),
        ("email", "anna@kettles.io"),
    ]


def test_the_installed_model_is_used(installed):
    """The largest English model that is there is loaded, and none is fetched."""
    model = {"lang_code": "en", "model_name": "en_core_web_sm"}
    configuration = {"nlp_engine_name": "spacy", "models": [model]}
    assert presidio._engine("en_core_web_sm").made_of == (configuration, ["en"])


def test_without_a_model_it_is_refused(installed):
    """Presidio alone would fetch a model; it is a mistake of the suite instead."""
    installed.remove("en_core_web_sm")
    with pytest.raises(UsageError) as caught:
        presidio.analyzer()
    assert str(caught.value) == (
        "Presidio has no English spaCy model. Install one of en_core_web_lg, en_core_web_md, en_core_web_sm, "
        "or use detector: rules."
    )
