"""The check on answers that are YAML: read without surprises, and by a JSON Schema where one is given."""

from __future__ import annotations

from typing import Any

from lockgate.checks.fences import only_block
from lockgate.checks.schema_fields import CannotValidate, violations
from lockgate.checks.schema_loading import load_schema
from lockgate.checks.verdicts import broken, failed, passed, rate_check
from lockgate.documents.yaml_source import parse
from lockgate.errors import DocumentError, Problem
from lockgate.model import JSON, Case, Check, Completion, Setting, Verdict

__all__ = ["parse_yaml", "yaml"]

_READ = 30_000
_SHOWN = 5


def yaml(
    schema: str | dict[str, Any] | None = None,
    *,
    extract: bool = False,
    scalar: bool = False,
    metric: str = "yaml",
    setting: Setting,
) -> Check:
    """The answer is one YAML document: a mapping or a list, no key twice, no tags.

    Args:
        schema: a JSON Schema that it fits, or the file of one beside the suite.
        extract: take the one code fence in the answer.
        scalar: accept a text or a number alone, too; most prose is YAML in that sense.
        metric: the metric's name, a rate.
        setting: where relative paths start.

    Raises:
        UsageError: the schema's file is missing, or it is no JSON Schema.
    """
    content, validator = (None, None) if schema is None else load_schema(schema, setting.base)

    def judge(case: Case, completion: Completion) -> Verdict:  # noqa: ARG001 - a check's shape
        try:
            text = only_block(completion.text, ("yaml", "yml")) if extract else completion.text
            value = parse_yaml(text)
        except ValueError as error:
            return failed(f"The answer is not YAML: {error}")
        if not scalar and not isinstance(value, dict | list):
            return failed("The answer is a text or a number alone, no mapping and no list.")
        if validator is None:
            return passed()
        try:
            found = [str(v) for v in violations(validator, value)]
        except CannotValidate as error:
            return broken(str(error))
        return failed(" ".join(found[:_SHOWN])) if found else passed()

    identity = {"schema": content, "extract": extract, "scalar": scalar, "metric": metric}
    return rate_check("yaml", metric, judge, identity)


def parse_yaml(text: str) -> JSON:
    """The value of a YAML document, as Lockgate reads its own files.

    Raises:
        ValueError: it is none; the text has every mistake with its line and column.
    """
    if len(text) > _READ:
        raise ValueError(f"{len(text):,} characters are more than the {_READ:,} that are read.")
    if not text.strip():
        raise ValueError("it is empty.")
    try:
        node, findings = parse(text, "answer")
        findings.stop()
    except DocumentError as error:
        raise ValueError(" ".join(map(_said, error.problems[:_SHOWN]))) from None
    value: JSON = node.value
    return value


def _said(problem: Problem) -> str:
    return (
        f"line {problem.line}, column {problem.column}: {problem.message.removeprefix('This is not YAML: ')}"
    )
