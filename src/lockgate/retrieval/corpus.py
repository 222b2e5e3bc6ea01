"""A folder of Markdown, text and JSON Lines to documents, each with its metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lockgate.documents.yaml_source import parse
from lockgate.errors import DocumentError, Problem, UsageError
from lockgate.model import JSON

__all__ = ["Document", "corpus_files", "read_corpus"]

_MARKDOWN = (".md", ".markdown")
_SUFFIXES = (*_MARKDOWN, ".txt", ".jsonl")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text of a corpus before it is cut into chunks.

    Args:
        id: unique in its corpus: the file's path in it, or a JSON Lines row's own id.
        text: without front matter.
        source: the file's path in the corpus.
        metadata: the front matter, or the row's other fields.
        markdown: whether lines that begin with `#` are headings.
    """

    id: str
    text: str
    source: str
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    markdown: bool = False


def corpus_files(folder: Path) -> list[Path]:
    """The files of a corpus, sorted: `.md`, `.markdown`, `.txt`, `.jsonl`, at any depth, none hidden."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def read_corpus(folder: Path, *, shown: str = "") -> list[Document]:
    """The documents of a folder, in the order of their files, empty ones left out.

    Args:
        folder: where the files are.
        shown: the folder as errors are to call it.

    Raises:
        UsageError: the folder is missing, or holds no text.
        DocumentError: a file is not UTF-8, its front matter is no mapping in YAML, or a row of JSON Lines is
            not an object with `text` and a unique `id`; every mistake at its file and line.
    """
    shown = shown or str(folder)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {shown!r}. Name one with Markdown, text or JSON Lines files.")
    problems: list[Problem] = []
    documents: list[Document] = []
    for path in corpus_files(folder):
        try:
            documents += _read(path, path.relative_to(folder).as_posix(), shown)
        except DocumentError as error:
            problems += error.problems
    problems += _twins(documents, shown)
    if problems:
        raise DocumentError(problems)
    documents = [document for document in documents if document.text.strip()]
    if not documents:
        raise UsageError(
            f"The folder {shown!r} holds no text. Put .md, .txt or .jsonl files into it, or name another."
        )
    return documents


def _read(path: Path, source: str, folder: str) -> list[Document]:
    named = f"{folder}/{source}"
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _mistake(named, 1, "The file is not UTF-8. Save it as UTF-8.") from error
    if path.suffix.lower() == ".jsonl":
        return list(_rows(text, source, named))
    markdown = path.suffix.lower() in _MARKDOWN
    front, body = _front_matter(text, named) if markdown else ({}, text)
    return [Document(id=source, text=body, source=source, metadata=front, markdown=markdown)]


def _front_matter(text: str, named: str) -> tuple[Mapping[str, JSON], str]:
    found = _FRONT_MATTER.match(text)
    if found is None:
        return {}, text
    if not found[1].strip():
        return {}, text[found.end() :]
    # The newline stands for the opening dashes, so that a mistake's line is the file's line.
    node, findings = parse(f"\n{found[1]}", named)
    if not isinstance(node.value, Mapping):
        raise _mistake(named, 1, "The front matter is not a mapping. Write `name: value` lines.")
    findings.stop()
    return node.value, text[found.end() :]


def _rows(text: str, source: str, named: str) -> Iterator[Document]:
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = _row(line)
        except UsageError as error:
            problems += _mistake(named, number, str(error)).problems
            continue
        rest = {key: value for key, value in row.items() if key not in ("id", "text")}
        row_id = str(row.get("id", f"{source}:{number}"))
        yield Document(id=row_id, text=row["text"], source=source, metadata=rest)
    if problems:
        raise DocumentError(problems)


def _row(line: str) -> Mapping[str, JSON]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"The row is not JSON ({error}). Write one object on each line.") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise UsageError("The row has no text. Write an object such as {id: …, text: …}.")
    if not isinstance(row.get("id", ""), str | int):
        raise UsageError(f"The row's id is {row['id']!r}. Write a text or a whole number.")
    return row


def _twins(documents: list[Document], folder: str) -> Iterator[Problem]:
    first: dict[str, Document] = {}
    for document in documents:
        other = first.setdefault(document.id, document)
        if other is not document:
            message = f"The id {document.id!r} is in {other.source} too. Give each document an id of its own."
            yield from _mistake(f"{folder}/{document.source}", 1, message).problems


def _mistake(path: str, line: int, message: str) -> DocumentError:
    return DocumentError([Problem(path=path, line=line, column=1, message=message)])
