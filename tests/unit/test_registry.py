"""Names to factories: built-ins, entry points of installed packages, a session's own."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from lockgate import registry
from lockgate.checks.text import contains
from lockgate.errors import UsageError
from lockgate.registry import BUILTIN, Registry

POINTS = EntryPoints(
    [
        EntryPoint("polite", "json:loads", "lockgate.checks"),
        EntryPoint("contains", "json:dumps", "lockgate.checks"),
        EntryPoint("served", "json:dump", "lockgate.backends"),
        EntryPoint("other", "json:load", "pytest11"),
    ]
)


@pytest.fixture
def scans(monkeypatch):
    """Installs packages with entry points and counts how often their metadata is read."""
    made = []
    monkeypatch.setattr("importlib.metadata.entry_points", lambda: made.append(1) or POINTS)
    for name in ("_entry_points", "_installed"):
        monkeypatch.setattr(registry, name, cache(getattr(registry, name).__wrapped__))
    return made


def test_installed_packages_are_looked_through_once_for_all_kinds(scans):
    """Every look reads the metadata of every package, which a start of pytest would feel."""
    for kind, there in (("checks", "polite"), ("backends", "served"), ("reports", "run.json")):
        assert there in Registry().names(kind)
        assert "other" not in Registry().names(kind)
    assert Registry().find("backends", "served") is json.dump
    assert len(scans) == 1


@pytest.mark.usefixtures("scans")
def test_a_session_s_own_wins_over_installed_ones_and_they_over_built_ins():
    """So that a project can replace what it does not like."""
    assert Registry().find("checks", "contains") is json.dumps
    assert Registry(extra={"checks": {"contains": print}}).find("checks", "contains") is print


def test_a_built_in_is_imported_when_it_is_asked_for():
    """The table names modules, not functions."""
    assert BUILTIN["checks"]["contains"] == "lockgate.checks.text:contains"
    assert Registry().find("checks", "contains") is contains


def test_a_name_that_is_not_there_has_its_nearest():
    """The kind is named in the singular."""
    with pytest.raises(UsageError, match=r"^There is no check 'contians'\. Did you mean 'contains'\?$"):
        Registry().find("checks", "contians")
