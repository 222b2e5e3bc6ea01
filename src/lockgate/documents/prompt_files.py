"""Prompt files, `PROMPTS/NAME/VERSION.yaml`, to prompts; `name@version` finds one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from lockgate.documents.findings import Findings, read_text
from lockgate.documents.nodes import Node
from lockgate.documents.rows import Row, node_rows, read_rows
from lockgate.documents.tables import Key, Table, check_mapping, checker, quote
from lockgate.documents.yaml_source import read
from lockgate.errors import DocumentError, Problem, UsageError, did_you_mean
from lockgate.fingerprints import digest
from lockgate.model import Case, Example, Passage, Prompt, Suite, Where
from lockgate.prompts import RENDERER, render
from lockgate.templates import syntax_error

__all__ = ["EXAMPLE", "POOL", "PROMPT", "check_prompt", "find_prompt", "load_prompt", "prompt_names"]

EXAMPLE = Table(
    noun="an example",
    doc="One few-shot pair.",
    keys=(
        Key(name="input", annotation=str, required=True, doc="What a user says."),
        Key(name="output", annotation=str, required=True, doc="How the assistant answers."),
    ),
)
POOL = Table(
    noun="the examples",
    doc="Examples to choose from for each input by similarity.",
    keys=(
        Key(name="pool", annotation=str, required=True, doc="A JSON Lines file of {input, output}."),
        Key(name="top_k", annotation=int, default=3, least=1, doc="How many are chosen."),
    ),
)
PROMPT = Table(
    noun="a prompt",
    doc="One version of a prompt, in Jinja2: input, context, passages, examples and the case's fields.",
    keys=(
        Key(name="system", annotation=str, default="", doc="Template of the system message."),
        Key(name="user", annotation=str, default="{{ input }}", doc="Template of the user message."),
        Key(
            name="examples",
            annotation=list[dict[str, Any]] | dict[str, Any],
            doc="A list of {input, output}, or {pool: FILE.jsonl, top_k: 3}.",
            each=EXAMPLE,
            table=POOL,
        ),
    ),
)

_is_example = checker(EXAMPLE)
_NAME = re.compile(r"[\w-][\w.-]*\Z")


def load_prompt(path: Path) -> Prompt:
    """One prompt file: its name is its folder's, its version the file's.

    Raises:
        DocumentError: with every mistake in it and in its pool, template syntax at the template's line.
    """
    root, findings = read(path)
    right = check_mapping(root, PROMPT, findings)
    for name in ("system", "user"):
        if name in right:
            _check_syntax(right[name], findings)
    if isinstance(root.value, dict) and not {"system", "user"} & root.entries.keys():
        findings.add(root.where, "The prompt has neither 'system' nor 'user'. Write one of them.")
    prompt = _prompt(path, root, right, findings)
    findings.stop()
    return prompt


def find_prompt(folder: Path, name: str) -> Path:
    """The file of `name@version`; of `name` alone where it has only one version.

    Raises:
        UsageError: there is none; the text lists what there is.
    """
    stem, _, version = name.partition("@")
    versions = _versions(folder / stem) if _NAME.match(stem) else {}
    if not versions:
        there = sorted({known.partition("@")[0] for known in prompt_names(folder)})
        raise UsageError(f"There is no prompt {stem!r}. {did_you_mean(stem, there, noun='prompts')}")
    if not version and len(versions) == 1:
        return next(iter(versions.values()))
    if version not in versions:
        listed = ", ".join(f"{stem}@{known}" for known in versions)
        raise UsageError(f"There is no prompt {name!r}. The versions there are: {listed}.")
    return versions[version]


def prompt_names(folder: Path) -> list[str]:
    """Every `name@version` that `find_prompt` finds under a folder, sorted."""
    homes = sorted(folder.iterdir()) if folder.is_dir() else []
    return [f"{home.name}@{version}" for home in homes for version in _versions(home)]


def check_prompt(prompt: Prompt | None, suite: Suite) -> list[Problem]:
    """What a suite's cases lack that a prompt's templates need; nothing is retrieved or embedded for it."""
    if prompt is None:
        return []
    plain = replace(prompt, pool=(), examples=(*prompt.examples, *prompt.pool[: prompt.top_k]))
    missed = [(case, text) for case in suite.cases if (text := _failure(plain, case))]
    if not missed or prompt.where is None:
        return []
    case, text = missed[0]
    count = f"{len(missed)} of {len(suite.cases)} cases" if len(missed) > 1 else "the case"
    message = f"{prompt.name}@{prompt.version} cannot be rendered for {count} ({case.id!r}). {text}"
    return [_at_name(prompt.where, text, message)]


def _failure(prompt: Prompt, case: Case) -> str:
    """Why a case cannot be rendered, with or without a passage; "" where it can."""
    passages = (), (Passage(id="1", text="A passage.", source="a.md"),)
    texts = []
    for found in passages:
        try:
            render(prompt, case, passages=found)
        except UsageError as error:
            texts.append(str(error))
    return texts[0] if len(texts) == len(passages) else ""


def _at_name(where: Where, text: str, message: str) -> Problem:
    """The problem at the first line of the prompt file that has the name which the text misses."""
    source = read_text(Path(where.path))
    name = re.search(r"variable '(\w+)'|attribute '(\w+)'", text)
    word = re.compile(rf"\b{re.escape(name[1] or name[2])}\b") if name else None
    for number, line in enumerate(source.lines, 1) if word else ():
        found = word.search(line) if word else None
        if found:
            return source.problem(replace(where, line=number, column=found.start() + 1), message)
    return source.problem(where, message)


def _versions(folder: Path) -> dict[str, Path]:
    """A prompt's versions, sorted; what editors keep under names with a dot is none."""
    if not _NAME.match(folder.name):
        return {}
    files = [path for path in (*folder.glob("*.yml"), *folder.glob("*.yaml")) if path.name[0] != "."]
    # Of two files of one stem the `.yaml` stays, as the later.
    named = {path.stem: path for path in files}
    return {version: named[version] for version in sorted(named)}


def _check_syntax(node: Node, findings: Findings) -> None:
    found = syntax_error(node.value)
    if found:
        line, text = found
        findings.add(node.line_of(line), f"This template has a syntax error: {text} Correct it.")


def _prompt(path: Path, root: Node, right: dict[str, Node], findings: Findings) -> Prompt:
    filled = PROMPT.filled(right)
    user, system = filled["user"], filled["system"]
    fixed, pool, top_k = _examples(path, right.get("examples"), findings)
    shown = [[e.input, e.output] for e in (*fixed, *pool)]
    return Prompt(
        name=path.absolute().parent.name,
        version=path.stem,
        system=system,
        user=user,
        examples=fixed,
        pool=pool,
        top_k=top_k,
        digest=digest([RENDERER, system, user, shown, top_k if pool else 0]),
        where=root.where,
    )


def _examples(
    path: Path, node: Node | None, findings: Findings
) -> tuple[tuple[Example, ...], tuple[Example, ...], int]:
    """The fixed examples, the pool, and how many of the pool are chosen."""
    if node is None or isinstance(node.value, list):
        pairs = _pairs(list(node_rows(node.items)), findings) if node else ()
        return pairs, (), POOL.filled({})["top_k"]
    right = check_mapping(node, POOL, findings)
    pool = _pool(path.parent, right["pool"], findings) if "pool" in right else ()
    return (), pool, POOL.filled(right)["top_k"]


def _pool(base: Path, node: Node, findings: Findings) -> tuple[Example, ...]:
    try:
        rows, found = read_rows(base / node.value)
    except DocumentError as error:
        findings.add(node.where, f"The pool {quote(node)} cannot be read: {error.problems[0].message}")
        return ()
    pairs = _pairs(rows, found)
    findings.extend(found.problems)
    if not pairs and not found.problems:
        findings.add(node.where, f"The pool {quote(node)} is empty. Add an example.")
    return pairs


def _pairs(rows: list[Row], findings: Findings) -> tuple[Example, ...]:
    made: list[Example] = []
    for row in rows:
        if _is_example(row.value):
            made.append(Example(**row.value))
        else:
            check_mapping(row.node(), EXAMPLE, findings)
    return tuple(made)
