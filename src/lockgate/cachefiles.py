"""The user's cache folder: hashes of files by path, size and time, and folders that are filled once."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from lockgate.fingerprints import digest, hash_file

__all__ = ["cache_folder", "folder_once", "hash_once", "reading_anew", "write_whole"]

_ANEW: ContextVar[bool] = ContextVar("lockgate_anew", default=False)


def cache_folder() -> Path:
    """`lockgate` under `$XDG_CACHE_HOME`, or under `~/.cache`."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "lockgate"


def hash_once(path: Path) -> str:
    """A file's SHA-256 (64 hex digits), read anew only when its size or time of change is another.

    Inside `reading_anew` it is always read.

    Raises:
        OSError: the file cannot be read. That the cache cannot be written is no error.
    """
    if _ANEW.get():
        return hash_file(path)
    facts = path.stat()
    key = digest([str(path.resolve()), facts.st_size, facts.st_mtime_ns])
    note = cache_folder() / "hashes" / key
    if note.is_file():
        return note.read_text(encoding="ascii")
    found = hash_file(path)
    try:
        write_whole(note, found.encode("ascii"))
    except OSError:
        return found
    return found


@contextmanager
def reading_anew() -> Iterator[None]:
    """Where no hash from before will do: who changes a file can set its time back, or write to the cache."""
    before = _ANEW.set(True)
    try:
        yield
    finally:
        _ANEW.reset(before)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that whoever reads it, even after a kill, sees the old one or the whole new one.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def folder_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """A folder that one process fills, once; others wait for it, and a kill leaves nothing half done.

    Args:
        folder: where it is to be.
        fill: writes its files into the folder that it is given.

    Raises:
        OSError: it cannot be written.
    """
    if folder.is_dir():
        return folder
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if not folder.is_dir():
            part = folder.with_name(f".{folder.name}.part")
            # Of a process that was killed; nobody else is here, as the lock is ours.
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            try:
                fill(part)
                part.replace(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder
