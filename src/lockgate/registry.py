"""Name → factory: one table for built-ins, installed packages' entry points and a session's own additions."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias

from lockgate.errors import UsageError, did_you_mean

__all__ = ["BUILTIN", "Kind", "Option", "Registry", "options"]

Kind: TypeAlias = Literal["checks", "backends", "reports", "variants"]

BUILTIN: Mapping[Kind, Mapping[str, str]] = {
    "checks": {
        "cascade": "lockgate.checks.cascade:cascade",
        "cites_sources": "lockgate.checks.citations:cites_sources",
        "classification": "lockgate.checks.classification:classification",
        "contains": "lockgate.checks.text:contains",
        "csv": "lockgate.checks.csv_answers:csv",
        "equals": "lockgate.checks.structured:equals",
        "exact_match": "lockgate.checks.answer_words:exact_match",
        "f1": "lockgate.checks.answer_words:f1",
        "grounded": "lockgate.checks.groundedness:grounded",
        "instructions": "lockgate.checks.instructions:instructions",
        "json_schema": "lockgate.checks.structured:json_schema",
        "judge": "lockgate.checks.judge:judge",
        "language": "lockgate.checks.languages:language",
        "length": "lockgate.checks.lengths:length",
        "markdown": "lockgate.checks.markdown_answers:markdown",
        "max_tokens": "lockgate.checks.text:max_tokens",
        "numeric": "lockgate.checks.numbers:numeric",
        "ragas": "lockgate.checks.ragas:ragas",
        "refusal": "lockgate.checks.refusal:refusal",
        "regex": "lockgate.checks.text:regex",
        "safety": "lockgate.checks.safety:safety",
        "semantic": "lockgate.checks.similarity:semantic",
        "xml": "lockgate.checks.xml_answers:xml",
        "yaml": "lockgate.checks.yaml_answers:yaml",
    },
    "variants": {
        "case": "lockgate.variants.texts:case",
        "conflicting_policy": "lockgate.variants.contrary:conflicting_policy",
        "contradicted_passage": "lockgate.variants.contrary:contradicted_passage",
        "injected_instruction": "lockgate.variants.injected:injected_instruction",
        "irrelevant_passages": "lockgate.variants.passages:irrelevant_passages",
        "order": "lockgate.variants.passages:order",
        "padding": "lockgate.variants.passages:padding",
        "paraphrase": "lockgate.variants.texts:paraphrase",
        "removed_passage": "lockgate.variants.contrary:removed_passage",
        "translations": "lockgate.variants.texts:translations",
        "typos": "lockgate.variants.texts:typos",
        "whitespace": "lockgate.variants.texts:whitespace",
    },
    "backends": {
        "cascade": "lockgate.backends.cascade:cascade",
        "openai": "lockgate.backends.openai_chat:openai",
        "rag": "lockgate.backends.rag:rag",
        "scripted": "lockgate.backends.scripted:scripted",
        "transformers": "lockgate.backends.transformers_lm:transformers",
    },
    "reports": {
        "junit.xml": "lockgate.reports.junit:junit",
        "report.html": "lockgate.reports.html.page:page",
        "run.json": "lockgate.reports.record:record",
        "summary.md": "lockgate.reports.markdown:summary",
    },
}
"""Built-in names, each with the `module:attribute` that makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a factory: what YAML may say, read off the factory's signature."""

    name: str
    annotation: Any
    required: bool
    default: Any


def options(factory: Callable[..., object]) -> tuple[Option, ...]:
    """The options of a factory, in order; the first is what the short form `name: argument` sets.

    A parameter called `setting` is handed over by the loader and is no option.
    """
    hints = typing.get_type_hints(factory)
    return tuple(
        Option(
            name=p.name,
            annotation=hints.get(p.name, Any),
            required=p.default is p.empty,
            default=None if p.default is p.empty else p.default,
        )
        for p in inspect.signature(factory).parameters.values()
        if p.name != "setting"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Where checks, backends and reports are found by name.

    Args:
        extra: a session's own additions (functions under `@check` in a conftest), kind → name → factory.
            They win over entry points, which win over built-ins.
    """

    extra: Mapping[Kind, Mapping[str, Any]] = field(default_factory=dict)

    def names(self, kind: Kind) -> list[str]:
        """All names of a kind, sorted."""
        return sorted({*BUILTIN[kind], *_entry_points(kind), *self.extra.get(kind, {})})

    def find(self, kind: Kind, name: str) -> Any:
        """The factory of that name, imported now.

        Raises:
            UsageError: no such name; the text has the nearest one.
        """
        if name in self.extra.get(kind, {}):
            return self.extra[kind][name]
        points = _entry_points(kind)
        if name in points:
            return points[name].load()
        if name not in BUILTIN[kind]:
            noun = kind.rstrip("s")
            raise UsageError(
                f"There is no {noun} {name!r}. {did_you_mean(name, self.names(kind), noun=kind)}"
            )
        module, _, attribute = BUILTIN[kind][name].partition(":")
        return getattr(importlib.import_module(module), attribute)


@cache
def _entry_points(kind: Kind) -> Mapping[str, Any]:
    """What installed packages bring of a kind, by name."""
    return {point.name: point for point in _installed().select(group=f"lockgate.{kind}")}


@cache
def _installed() -> Any:
    """All entry points; looked up once for all kinds, as that reads the metadata of every package."""
    from importlib.metadata import entry_points

    return entry_points()
