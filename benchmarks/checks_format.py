"""The checks on format and task success, on public test suites, case by case.

usage: python benchmarks/checks_format.py DATA [--write docs/checks-format.md]

DATA is a folder with `json.jsonl.gz` (JSON-Schema-Test-Suite and JSONTestSuite) and, where they are there,
`format.jsonl.gz` (IFEval's prompts) and `judged_answers.jsonl.gz` (GSM8K's solutions); gzip JSON Lines of
`{id, source, split, response, label, meta}`. Prints Markdown: how many texts that should be accepted and
rejected were, with exact limits; every exception with its reason; hostile texts with the time they took.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lockgate import Case, Completion, load_check
from lockgate.checks.instructions import read_instructions
from lockgate.errors import LockgateError
from lockgate.model import Check
from lockgate.statistics.intervals import binomial_limits

SUITES, PROMPTS, SOLUTIONS = "json.jsonl.gz", "format.jsonl.gz", "judged_answers.jsonl.gz"
MISSING = """{folder} does not hold {lines}.
Fetch https://github.com/json-schema-org/JSON-Schema-Test-Suite (MIT) and https://github.com/nst/JSONTestSuite
(MIT), and write a line for each test: id, source, split (the draft), response (the data as JSON; base64 where
meta.encoding is base64), label (1 valid, 0 not, null where an implementation may choose), meta.schema."""
CASE = Case(id="suite", input="")
REMOTE = "needs a document that the suite serves at localhost:1234; nothing is fetched"
REASONS = (
    ("localhost:1234", REMOTE),
    ("Unresolvable", REMOTE),
    ("comes twice", "RFC 8259 lets an object repeat a key; strict JSON does not (RFC 7493)"),
)
FILES = {
    "/content.json": "contentEncoding and contentMediaType are annotations here, as from 2019-09 on",
    "/hostname.json": "RFC 5891 reserves '--' in the third place; RFC 1034 of drafts 4 and 6 does not",
}
HOSTILE_SCHEMA = {
    "properties": {
        "code": {"pattern": "^(a|aa)+$"},
        "set": {"uniqueItems": True},
        "tree": {"$ref": "#/$defs/t"},
    },
    "patternProperties": {"^(a|aa)+$": {}},
    "$defs": {
        "t": {"anyOf": [{"type": "integer"}, *[{"type": "array", "items": {"$ref": "#/$defs/t"}}] * 2]}
    },
}
HOSTILE: Mapping[str, Callable[[], str]] = {
    "100 MB of text": lambda: "x" * 100_000_000,
    "100 MB of a list": lambda: "[" + "1," * 50_000_000 + "1]",
    "100,000 levels": lambda: "[" * 100_000 + "]" * 100_000,
    "bytes that are no UTF-8": lambda: b'{"code": "\xff\xfe"}'.decode(errors="surrogateescape"),
    "half a surrogate pair": lambda: '{"code": "\\ud800"}',
    "a catastrophe for a pattern": lambda: '{"code": "' + "a" * 100 + 'b"}',
    "a key that is one": lambda: '{"' + "a" * 100 + 'b": 1}',
    "495,001 equal items": lambda: '{"set": [' + "1," * 495_000 + "1]}",
    "branches of branches": lambda: '{"tree": ' + "[" * 100 + '"x"' + "]" * 100 + "}",
    "1 MB of objects": lambda: "[" + "{}," * 330_000 + "{}]",
    "unclosed brackets": lambda: "x " + "[" * 100 + "1," * 490_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One test of a suite: where it belongs, what it should give, what it gave, why, and in what time."""

    id: str
    group: tuple[str, str]
    valid: bool | None
    status: str
    reason: str
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the verdict is the suite's; where that leaves it open, it is."""
        return self.status == {True: "pass", False: "fail"}.get(self.valid, self.status)


def main() -> int:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    if not (args.data / SUITES).is_file():
        print(MISSING.format(folder=args.data, lines=SUITES), file=sys.stderr)
        return 2
    text = "\n".join(page(args.data))
    print(text)
    if args.write:
        args.write.write_text(text + "\n", "utf-8")
    return 0


def page(data: Path) -> Iterator[str]:
    """The part of the page as Markdown."""
    results = [judge(record) for record in records(data / SUITES)]
    wrong = [r for r in results if not r.right]
    yield from suites(results)
    yield from hostile()
    yield from prompts(data / PROMPTS)
    yield from solutions(data / SOLUTIONS)
    yield from (f"### The {len(wrong)} exceptions of `json_schema`", "")
    yield from by_reason(wrong)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file; none where there is no such file."""
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)


def suites(results: Sequence[Result]) -> Iterator[str]:
    """Strict JSON and JSON Schema: accepted of what is valid, rejected of what is not."""
    free = Counter(r.status for r in results if r.valid is None)
    slowest = max(results, key=lambda r: r.seconds)
    yield from ("### `json_schema` on JSON-Schema-Test-Suite and JSONTestSuite", "")
    yield f"{len(results):,} tests, with exact limits (Clopper and Pearson) at 95 % each. Formats are"
    yield "enforced in `optional/format`. A schema that is refused counts against both columns."
    yield from (
        "",
        "| suite | part | accepted of what is valid | rejected of what is not |",
        "|---|---|---|---|",
    )
    for group in sorted({r.group for r in results}, key=order):
        own = [r for r in results if r.group == group]
        yield f"| {' | '.join(group)} | {share(own, valid=True)} | {share(own, valid=False)} |"
    inside = [r for r in results if why(r) != REMOTE]
    row = f"{share(inside, valid=True)} | {share(inside, valid=False)}"
    yield f"| both | all that needs no other document | {row} |"
    yield ""
    yield f"Of the {sum(free.values())} texts on which an implementation may choose, {free['pass']} are"
    yield f"accepted and {free['fail']} rejected. No test raised; the slowest took {slowest.seconds:.2f} s."
    yield ""


def hostile() -> Iterator[str]:
    """Texts that are meant to crash or hang a reader, each strictly and with `extract`."""
    yield from (
        "### Hostile answers",
        "",
        "| answer | characters | verdict | seconds | with `extract` | seconds |",
    )
    yield "|---|---|---|---|---|---|"
    strict, lenient = (load_check("json_schema", schema=HOSTILE_SCHEMA, extract=e) for e in (False, True))
    for name, make in HOSTILE.items():
        text = make()
        cells = [cell for check in (strict, lenient) for cell in timed(check, text)]
        yield f"| {name} | {len(text):,} | {' | '.join(cells)} |"
    yield ""


def timed(check: Check, text: str) -> tuple[str, str]:
    """Two cells: what is said of an answer, and in how many seconds."""
    start = time.perf_counter()
    verdict = check(CASE, Completion(text=text))
    seconds = time.perf_counter() - start
    said = verdict.reason[:90].replace("|", "\\|")
    return f"{verdict.status}: {said}", f"{seconds:.2f}"


def prompts(path: Path) -> Iterator[str]:
    """Every instruction of IFEval's prompts is known, with its arguments."""
    given = Counter()
    for record in records(path):
        found = read_instructions(record["meta"]["instruction_id_list"], record["meta"]["kwargs"])
        given.update(one.id for one in found)
    if given:
        yield from ("### `instructions` on IFEval's prompts", "")
        yield f"All {given.total()} instructions of {len(given)} kinds load with their arguments."
        yield ""


def solutions(path: Path) -> Iterator[str]:
    """The last number of GSM8K's solutions against the labels."""
    check = load_check("numeric", value="{{ truth }}", find="last")
    table: Counter[tuple[int, str]] = Counter()
    for record in records(path):
        truth = record["meta"].get("ground_truth")
        if truth is not None:
            case = Case(id=record["id"], input="", fields={"truth": truth})
            table[record["label"], check(case, Completion(text=record["response"])).status] += 1
    if table:
        right = table[1, "pass"] + table[0, "fail"]
        yield from ("### `numeric` on GSM8K's solutions", "")
        yield f"The last number decides as the label does in {of(right, table.total())} of the solutions."
        yield ""


def judge(record: Mapping[str, Any]) -> Result:
    """What the check says of one test; a schema that is refused is a status of its own."""
    status, reason, start = "refused", "", time.perf_counter()
    formats = "/optional/format/" in record["id"]
    try:
        check = checker(json.dumps(record["meta"].get("schema", True)), record["split"], formats)
        verdict = check(CASE, Completion(text=answer_of(record)))
        status, reason = verdict.status, verdict.reason
    except LockgateError as error:
        reason = str(error)
    return Result(
        id=record["id"],
        group=(record["source"], part_of(record)),
        valid=None if record["label"] is None else bool(record["label"]),
        status=status,
        reason=reason,
        seconds=time.perf_counter() - start,
    )


@cache
def checker(schema: str, split: str, formats: bool) -> Check:  # noqa: FBT001 - a key of the cache
    """The check for a schema; one that is `true` or `false` stands in an object of its own."""
    content = json.loads(schema)
    content = content if isinstance(content, dict) else {"allOf": [content]}
    draft = split if split.startswith("draft") else "draft2020-12"
    return load_check("json_schema", schema=content, draft=draft, formats=formats)


def answer_of(record: Mapping[str, Any]) -> str:
    """The test's text; bytes that are no UTF-8 as a lenient reader would hand them on."""
    text: str = record["response"]
    if record["meta"].get("encoding") != "base64":
        return text
    return base64.b64decode(text).decode("utf-8", errors="surrogateescape")


def part_of(record: Mapping[str, Any]) -> str:
    """The table's row: a draft, and which part of it."""
    if record["source"] == "JSONTestSuite":
        return "parsing"
    part = ", optional formats" if "/optional/format/" in record["id"] else ", optional"
    return f"{record['split']}{part if record['meta']['optional'] else ''}"


def order(group: tuple[str, str]) -> tuple[str, bool, str]:
    """JSON Schema's drafts first, and what every implementation has to do before what it may."""
    return group[0], "optional" in group[1], group[1]


def share(results: Iterable[Result], *, valid: bool) -> str:
    """How many of those that are valid (or not) the check has right."""
    own = [r.right for r in results if r.valid is valid]
    return of(sum(own), len(own))


def of(right: int, total: int) -> str:
    """`k of n` with its exact limits."""
    if not total:
        return "none"
    low, high = binomial_limits(right, total, confidence=0.95)
    return f"{right:,} of {total:,} [{low:.1%}, {high:.1%}]"


def by_reason(wrong: Sequence[Result]) -> Iterator[str]:
    """Every exception under its reason, with what was said of it."""
    for reason in dict.fromkeys(map(why, wrong)):
        own = [r for r in wrong if why(r) == reason]
        yield from (f"#### {len(own)}: {reason}", "")
        yield from ("| test | should be | is | what is said |", "|---|---|---|---|")
        yield from map(exception, own)
        yield ""


def exception(result: Result) -> str:
    """One row."""
    said = " ".join(result.reason.split()).replace("|", "\\|")
    said = said if len(said) <= 120 else f"{said[:120]}…"
    return f"| `{result.id}` | {'accepted' if result.valid else 'rejected'} | {result.status} | {said} |"


def why(result: Result) -> str:
    """The reason of an exception in words."""
    known = next((reason for mark, reason in REASONS if mark in result.reason), None)
    if known:
        return known
    for file, reason in FILES.items():
        if file in result.id:
            return reason
    return "a difference from the suite"


if __name__ == "__main__":
    sys.exit(main())
