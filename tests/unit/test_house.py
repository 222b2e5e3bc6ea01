"""The house keeps its layers, its import rules and its public names."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lockgate

SOURCE = Path(lockgate.__file__).parent
TESTS = Path(__file__).parents[1]
MODULES = sorted(SOURCE.rglob("*.py"))
LAYERS = {
    1: ("errors", "model"),
    2: (
        "registry", "fingerprints", "statistics", "plain", "figures", "matrices", "differences", "units",
        "trials", "flips", "changes", "hard", "multiplicity", "rivals", "signing", "strict_json", "templates",
        "background", "chat_protocol", "quiet", "cachefiles", "scales", "human", "calibrated", "retrieval",
        "documents.yaml_source",
    ),
    3: ("prompts", "variants"),
    4: ("documents", "backends", "checks"),
    5: ("metrics", "gates", "corrections", "compare", "strategies"),
    6: ("engine", "tuning"),
    7: ("reports",),
    8: ("baselines", "calibrating", "recorded", "workplace"),
    9: ("verification",),
    10: (
        "pytest_plugin", "baseline_command", "journal_commands", "calibrate_command", "merge_command",
        "report_commands", "verify_command",
    ),
    11: ("cli",),
}  # fmt: skip
HEAVY = {
    "torch", "transformers", "peft", "openai", "numpy", "scipy", "lancedb", "ragas", "plotly", "httpx",
    "aiohttp", "jinja2", "jsonschema", "cryptography",
}  # fmt: skip
BY_NAME_ONLY = ("backends", "checks", "reports")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def layer_of(module: str) -> int:
    for layer, rooms in LAYERS.items():
        if module in rooms:
            return layer
    room = module.split(".", maxsplit=1)[0]
    return next((layer for layer, rooms in LAYERS.items() if room in rooms), 0)


def imports(path: Path, *, deep: bool) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if deep else iter(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_downward(path):
    """A module imports only from lower layers, or from its own room."""
    own = name_of(path)
    if own == "__init__":
        return
    for line, imported in imports(path, deep=False):
        if imported.startswith("lockgate."):
            target = imported.removeprefix("lockgate.")
            same_room = target.split(".")[0] == own.split(".")[0]
            assert same_room or layer_of(target) < layer_of(own) or layer_of(own) == layer_of(target) == 2, (
                f"line {line}: {own} imports {target}"
            )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_has_a_layer(path):
    """No module stands outside the layers."""
    assert name_of(path) == "__init__" or layer_of(name_of(path)) > 0


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_are_imported_where_they_are_used(path):
    """No module imports a heavy library at its top, nor pytest outside the plugin."""
    for line, imported in imports(path, deep=False):
        head = imported.split(".")[0]
        assert head not in HEAVY, f"line {line} imports {head}"
        if head in ("pytest", "_pytest"):
            assert name_of(path).startswith("pytest_plugin"), f"line {line} imports pytest"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_names_are_declared_and_documented(path):
    """`__all__` is complete (ruff keeps it sorted), and every public function and class has a docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    public = {
        node.name: ast.get_docstring(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert ast.get_docstring(tree), "the module has no docstring"
    assert [name for name, text in public.items() if not text] == []
    if path.name == "__init__.py":
        return
    declared = getattr(importlib.import_module(f"lockgate.{name_of(path)}"), "__all__", None)
    assert declared is not None
    assert set(public) <= set(declared)


def test_the_front_door_opens_every_name():
    """Every name in `lockgate.__all__` resolves, and an unknown one is an AttributeError."""
    assert lockgate.__all__ == sorted(lockgate.__all__)
    assert all(getattr(lockgate, name) is not None for name in lockgate.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = lockgate.nonsense


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import lockgate", {"yaml", "pytest", "sqlite3", "jinja2", *HEAVY}),
        ("import lockgate.model, lockgate.errors", {"yaml", "sqlite3", *HEAVY}),
        (
            "from lockgate import load_suite",
            {"torch", "transformers", "lancedb", "scipy", "openai", "pytest"},
        ),
        (
            "import lockgate.cli",
            {"lockgate.engine.background", "lockgate.engine.recordings", "pytest", *HEAVY},
        ),
    ],
)
def test_a_fresh_process_stays_light(code, absent):
    """What an import does not need is not imported by it."""
    script = f"{code}\nimport sys\nprint(*sorted({absent!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_benchmark_shares_its_name_with_no_module_of_the_tests():
    """Both are imported by their bare names, so one would be taken for the other."""
    benchmarks = {path.stem for path in (TESTS.parent / "benchmarks").glob("*.py")}
    assert not benchmarks & {path.stem for path in TESTS.rglob("*.py")}
