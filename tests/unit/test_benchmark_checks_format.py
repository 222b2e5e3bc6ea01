"""The benchmark of the checks on format: what it counts, what it lists, and what it says without data."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmark_module import benchmark_module

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "checks_format.py"


def suite_test(name, answer, label, schema, *, split="draft7", optional=False):
    """A test of the JSON-Schema-Test-Suite, as the data folder has it."""
    meta = {"schema": schema, "optional": optional}
    return {
        "id": f"{split}/{name}.json#0.0",
        "source": "JSON-Schema-Test-Suite",
        "split": split,
        "response": answer,
        "label": label,
        "meta": meta,
    }


TESTS = [
    suite_test("type", "1", 1, {"type": "integer"}),
    suite_test("type", '"a"', 0, {"type": "integer"}),
    suite_test("wrong", '"a"', 1, {"type": "integer"}),
    suite_test("bool", "1", 0, False),
    suite_test("remote", "1", 1, {"$ref": "http://localhost:1234/integer.json"}),
    suite_test("optional/format/date", '"no"', 0, {"format": "date"}, optional=True),
    suite_test("format", '"no"', 1, {"format": "date"}),
]
TEXTS = [
    ("y_a.json", "[1]", 1, "utf-8"),
    ("n_a.json", "WzFd/w==", 0, "base64"),
    ("i_a.json", "[1e-999]", None, "utf-8"),
    ("y_twice.json", '{"a": 1, "a": 1}', 1, "utf-8"),
]


benchmark = benchmark_module("checks_format")


@pytest.fixture
def data(tmp_path):
    """A data folder with a few tests of each suite."""
    parsing = [
        {
            "id": i,
            "source": "JSONTestSuite",
            "split": "parsing",
            "response": t,
            "label": n,
            "meta": {"encoding": e},
        }
        for i, t, n, e in TEXTS
    ]
    prompt = {"meta": {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}}
    solution = {"id": "g", "label": 1, "response": "So 3.", "meta": {"ground_truth": "A: 3"}}
    for name, rows in (("json", TESTS + parsing), ("format", [prompt]), ("judged_answers", [solution])):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path


def test_the_page_counts_and_lists(benchmark, data, monkeypatch):
    """Each part has its shares with limits, and each exception its row under its reason."""
    monkeypatch.setattr(benchmark, "HOSTILE", {"deep": lambda: "[" * 1000})
    page = "\n".join(benchmark.page(data))
    assert "| JSON-Schema-Test-Suite | draft7 | 2 of 4 [9.8%, 90.2%] | 2 of 2 [22.4%, 100.0%] |" in page
    assert "| JSON-Schema-Test-Suite | draft7, optional formats | none | 1 of 1 [5.0%, 100.0%] |" in page
    assert "| JSONTestSuite | parsing | 1 of 2 [2.5%, 97.5%] | 1 of 1 [5.0%, 100.0%] |" in page
    assert "Of the 1 texts on which an implementation may choose, 1 are\naccepted and 0 rejected." in page
    assert "| deep | 1,000 | fail: The answer is not JSON: it is nested deeper than 128 levels. |" in page
    assert "All 1 instructions of 1 kinds load with their arguments." in page
    assert "1 of 1 [5.0%, 100.0%] of the solutions." in page
    assert "### The 3 exceptions of `json_schema`" in page
    assert "#### 1: needs a document that the suite serves at localhost:1234; nothing is fetched" in page
    assert (
        "| `draft7/wrong.json#0.0` | accepted | fail | $: 'a' is not of type 'integer' (rule 'type'). |"
        in page
    )
    assert "#### 1: RFC 8259 lets an object repeat a key; strict JSON does not (RFC 7493)" in page


def test_it_can_be_written(benchmark, data, tmp_path, monkeypatch, capsys):
    """With `--write` the page is a file, too."""
    monkeypatch.setattr(benchmark, "HOSTILE", {})
    monkeypatch.setattr(sys, "argv", ["checks_format.py", str(data), "--write", str(tmp_path / "page.md")])
    assert benchmark.main() == 0
    assert (tmp_path / "page.md").read_text("utf-8") == capsys.readouterr().out


def test_without_data_it_says_what_to_fetch(tmp_path):
    """An empty folder is answered by where the suites are."""
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "https://github.com/json-schema-org/JSON-Schema-Test-Suite" in done.stderr
