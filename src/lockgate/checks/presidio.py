"""Personal data by Microsoft Presidio, for the names and places that no pattern finds."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from lockgate.checks.personal_data import Found
from lockgate.errors import MissingExtra, UsageError

__all__ = ["ENTITIES", "analyzer"]

ENTITIES = (
    "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "US_PASSPORT",
    "US_DRIVER_LICENSE", "US_ITIN", "US_BANK_NUMBER", "UK_NHS", "IP_ADDRESS", "CRYPTO", "MEDICAL_LICENSE",
)  # fmt: skip
"""The entities that are personal data by themselves; dates, places and nationalities are not asked for."""

_MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm")
_LEAST_SCORE = 0.5
_NAMES = {"EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IBAN_CODE": "iban"}


def analyzer() -> Callable[[str], list[Found]]:
    """A function from a text to the personal data that Presidio finds in it, in English, with 0.5 or more.

    The model is loaded with the first text. Presidio would fetch a spaCy model that is not there; it is not
    let to.

    Raises:
        MissingExtra: Presidio is not installed.
        UsageError: no English spaCy model is installed.
    """
    if find_spec("presidio_analyzer") is None:
        raise MissingExtra(feature="Personal data by Presidio", package="presidio-analyzer", extra="presidio")
    model = next((name for name in _MODELS if find_spec(name) is not None), None)
    if model is None:
        raise UsageError(
            f"Presidio has no English spaCy model. Install one of {', '.join(_MODELS)}, "
            "or use detector: rules."
        )
    return lambda text: _found(_engine(model), text)


@lru_cache(maxsize=1)
def _engine(model: str) -> Any:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": model}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    return AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])


def _found(engine: Any, text: str) -> list[Found]:
    supported = set(engine.get_supported_entities(language="en"))
    asked = [entity for entity in ENTITIES if entity in supported]
    results = engine.analyze(text=text, language="en", entities=asked, score_threshold=_LEAST_SCORE)
    return [
        Found(
            kind=_NAMES.get(r.entity_type, r.entity_type.lower()),
            start=r.start,
            end=r.end,
            text=text[r.start : r.end],
        )
        for r in sorted(results, key=lambda r: (r.start, r.end))
    ]
