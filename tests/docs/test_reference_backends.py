"""The page on backends: every kind and option with its type, default and meaning, as the code has them."""

from __future__ import annotations

import inspect
import re

import pytest
import yaml
from pages import sections

from lockgate.documents.words import describe
from lockgate.registry import BUILTIN, Registry, options

SECTIONS = sections("backends.md")
KINDS = sorted(BUILTIN["backends"])


def meanings(kind):
    """Option → its paragraph under Args in the factory's docstring, on one line."""
    args = re.search(r"Args:\n(.*?)(?:\n\n|\Z)", inspect.getdoc(Registry().find("backends", kind)), re.DOTALL)
    paragraphs = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", args[1], re.MULTILINE)
    return {name: " ".join(text.split()).replace("|", "/") for name, text in paragraphs}


def default_of(option):
    """How the page writes a default."""
    if option.required:
        return "required"
    if option.default in (None, ""):
        return ""
    return str(option.default).lower() if isinstance(option.default, bool) else str(option.default)


def test_every_kind_has_its_section():
    """The page has the built-in kinds and no other."""
    assert sorted(name for name in SECTIONS if name) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_has_its_row(kind):
    """Name, type, default and meaning are those of signature and docstring, in their order."""
    told = meanings(kind)
    wanted = [
        (option.name, describe(option.annotation), default_of(option), told[option.name])
        for option in options(Registry().find("backends", kind))
    ]
    rows = SECTIONS[kind].table("option")
    assert [(r["option"], r["value"], r["default"], r["meaning"].strip("`")) for r in rows] == [
        (name, value, default, meaning.strip("`")) for name, value, default, meaning in wanted
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_uses_options_there_are(kind):
    """Each example is one version of that kind, with options that it has and all that it needs."""
    (block,) = SECTIONS[kind].blocks("yaml")
    ((_, version),) = yaml.safe_load(block).items()
    known = options(Registry().find("backends", kind))
    assert version.pop("kind") == kind
    assert set(version) <= {option.name for option in known}
    assert {option.name for option in known if option.required} <= set(version)
