"""The pytest plugin's doorstep: options, fixtures and hooks that load nothing until one of them is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from lockgate.model import Completion
    from lockgate.pytest_plugin.collect import SuiteFile
    from lockgate.pytest_plugin.fixtures import Evaluate, Llm
    from lockgate.pytest_plugin.session import Lockgate

_SEVERAL = ("llm_backend", "llm_report")
_SUITES = ("evalsuites/*.yaml", "evalsuites/*.yml")

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--llm-backend",
        {"metavar": "FAMILY[:VERSION]", "action": "append", "help": "what answers; repeatable, or a,b"},
    ),
    (
        "--llm-baseline",
        {"metavar": "X", "help": "compare with a backend, a run id in the journal, or a run file"},
    ),
    ("--llm-project", {"metavar": "FILE", "help": "the project file (default: lockgate.yaml in rootdir)"}),
    ("--llm-concurrency", {"metavar": "N", "type": int, "help": "most requests in flight per backend"}),
    ("--llm-trials", {"metavar": "N", "type": int, "help": "samples per case; overrides the suite"}),
    ("--llm-fresh", {"action": "store_true", "default": None, "help": "ask again even what is journalled"}),
    (
        "--llm-offline",
        {"action": "store_true", "default": None, "help": "never ask: replay the journal only"},
    ),
    (
        "--llm-rescore",
        {"action": "store_true", "default": None, "help": "re-run checks on journalled answers"},
    ),
    ("--llm-max-cost", {"metavar": "USD", "type": float, "help": "stop asking when this much is spent"}),
    (
        "--llm-shrink",
        {"metavar": "N", "type": int, "help": "most requests to shrink a failing variant (default: 16)"},
    ),
    (
        "--llm-inconclusive",
        {"choices": ("fail", "warn"), "help": "what an inconclusive gate does (default: fail)"},
    ),
    (
        "--llm-report",
        {
            "metavar": "DIR|github",
            "action": "append",
            "help": "write the reports there; github: tell the workflow; repeatable, or a,b",
        },
    ),
    ("--llm-sign", {"metavar": "KEY", "help": "sign the certificate with this Ed25519 key (PEM)"}),
    (
        "--llm-journal",
        {"metavar": "FILE", "help": "the journal (default: .lockgate/journal.sqlite under rootdir)"},
    ),
    ("--llm-shard", {"metavar": "N/COUNT", "help": "take only this part of the cases, for `lockgate merge`"}),
)
"""Every command-line option; each has an ini counterpart with underscores."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and their ini counterparts."""
    group = parser.getgroup("lockgate", "lockgate: language-model evaluation")
    for flag, settings in OPTIONS:
        group.addoption(flag, **settings)
        name = flag.removeprefix("--").replace("-", "_")
        several: Literal["linelist", "string"] = "linelist" if name in _SEVERAL else "string"
        parser.addini(name, f"as {flag}: {settings['help']}", type=several)
    parser.addini("llm_suites", "globs of suite files, from rootdir", type="args", default=list(_SUITES))


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; wake up only when an option asks for it."""
    config.addinivalue_line("markers", "llm_cases(path): run the test once for each case of a dataset")
    if any(config.getoption(flag) is not None for flag, _ in OPTIONS):
        _lockgate(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
    """Take YAML files that the ini `llm_suites` names."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    from lockgate.pytest_plugin.collect import collect_suite

    return collect_suite(_lockgate, file_path, parent)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Multiply tests by their cases and by the selected backends."""
    marker = metafunc.definition.get_closest_marker("llm_cases")
    if marker is not None or "llm" in metafunc.fixturenames:
        from lockgate.pytest_plugin.fixtures import parametrize

        parametrize(_lockgate(metafunc.config), metafunc, marker)


@pytest.fixture
def llm(request: pytest.FixtureRequest) -> Llm:
    """The selected backend: `llm.complete("…").text`."""
    from lockgate.pytest_plugin.fixtures import selected

    return selected(_lockgate(request.config), request)


@pytest.fixture
def prompt_backend(request: pytest.FixtureRequest) -> Llm:
    """The backend of the family `prompt`: the selected version, or else the default one."""
    return _of_family(request, "prompt")


@pytest.fixture
def rag_backend(request: pytest.FixtureRequest) -> Llm:
    """The backend of the family `rag`: the selected version, or else the default one."""
    return _of_family(request, "rag")


@pytest.fixture
def ft_backend(request: pytest.FixtureRequest) -> Llm:
    """The backend of the family `ft`: the selected version, or else the default one."""
    return _of_family(request, "ft")


@pytest.fixture
def completion(request: pytest.FixtureRequest) -> Completion:
    """The answer to the test's case (with the marker `llm_cases`), asked ahead with all others."""
    from lockgate.pytest_plugin.fixtures import answer

    return answer(_lockgate(request.config), request)


@pytest.fixture
def evaluate(request: pytest.FixtureRequest) -> Evaluate:
    """Run checks on any text: `evaluate("…", "refusal", {"contains": "€"})` gives verdicts."""
    from lockgate.pytest_plugin.fixtures import evaluator

    return evaluator(_lockgate(request.config))


def _of_family(request: pytest.FixtureRequest, family: str) -> Llm:
    from lockgate.pytest_plugin.fixtures import of_family

    return of_family(_lockgate(request.config), family)


def _lockgate(config: pytest.Config) -> Lockgate:
    plugin = config.pluginmanager.get_plugin("lockgate-session")
    if plugin is None:
        from lockgate.pytest_plugin.process import Thrift

        # First of all: importing the rest is where it begins to pay.
        config.pluginmanager.register(Thrift(config), "lockgate-thrift")
        from lockgate.pytest_plugin.session import Lockgate

        plugin = Lockgate(config)
        config.pluginmanager.register(plugin, "lockgate-session")
    session: Lockgate = plugin
    return session
