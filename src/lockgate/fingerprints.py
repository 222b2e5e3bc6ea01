"""Content hashes of everything that can change an answer: a change of any of it is a different key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["digest", "hash_file", "hash_files"]

_CHUNK = 1 << 20


def digest(value: Mapping[str, Any] | list[Any] | str) -> str:
    """SHA-256 (first 16 hex digits) of a value's canonical JSON.

    Raises:
        TypeError: the value holds something that is not JSON.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def hash_file(path: Path) -> str:
    """SHA-256 (64 hex digits) of a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()


def hash_files(root: Path, paths: Iterable[Path], *, read: Callable[[Path], str] = hash_file) -> str:
    """One hash over files: their names relative to `root` and their contents, in sorted order.

    Args:
        root: what the names start from.
        paths: the files.
        read: gives a file's hash; `cachefiles.hash_once` spares reading large ones again.

    Raises:
        OSError: a file cannot be read.
    """
    return digest([[p.relative_to(root).as_posix(), read(p)] for p in sorted(paths)])
