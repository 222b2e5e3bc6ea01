"""The reference: every key of every document is in it, as the loader has it, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lockgate.documents.bounds import DEFAULTS, GATE
from lockgate.documents.contents import MODEL, PROJECT
from lockgate.documents.datasets import CASE
from lockgate.documents.prompt_files import EXAMPLE, POOL, PROMPT
from lockgate.documents.suites import LATENCY, SUITE
from lockgate.documents.tables import check_mapping
from lockgate.documents.words import describe
from lockgate.documents.yaml_source import parse
from lockgate.model import BUILTIN_MEASURES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGES = {
    "suite.md": (SUITE, CASE, LATENCY, GATE, DEFAULTS),
    "project.md": (PROJECT, MODEL, PROMPT, EXAMPLE, POOL),
}
ROWS = [(page, key) for page, tables in PAGES.items() for table in tables for key in table.keys]


@pytest.mark.parametrize(("page", "key"), ROWS, ids=[f"{page}-{key.name}" for page, key in ROWS])
def test_every_key_has_its_row(page, key):
    """Name, type, default and meaning stand in the reference exactly as the table has them."""
    default = "required" if key.required else "" if key.default in (None, "") else f"`{key.default}`"
    row = f"| `{key.name}` | {describe(key.annotation)} | {default} | {key.doc} |"
    assert row in (REFERENCE / page).read_text("utf-8").splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_every_row_is_a_key(page):
    """The reference promises nothing that the loader does not know."""
    known = {key.name for table in PAGES[page] for key in table.keys}
    written = re.findall(r"^\| `(\w+)` \|", (REFERENCE / page).read_text("utf-8"), re.MULTILINE)
    assert set(written) == known


@pytest.mark.parametrize("page", PAGES)
def test_every_example_is_right(page):
    """Each YAML block has only keys of its table, with values of their types."""
    blocks = re.findall(
        r"^```yaml\n(.*?)^```", (REFERENCE / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert blocks
    for block in blocks:
        table = SUITE if "suite:" in block else PROJECT if "backends:" in block else PROMPT
        root, findings = parse(block, page)
        check_mapping(root, table, findings)
        findings.stop()


def test_every_metric_of_every_run_is_named():
    """A gate may bound them all."""
    text = (REFERENCE / "suite.md").read_text("utf-8")
    assert [measure.name for measure in BUILTIN_MEASURES if f"`{measure.name}`" not in text] == []
