"""The report folder: every registered report on some runs, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate.model import Run
from lockgate.registry import Registry
from lockgate.reports.certificate import certificate

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["CERTIFICATE", "Certify", "write_reports"]

CERTIFICATE = "certificate.json"
"""What the certificate is called. It is no registered report: only the session that ruled may write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certify:
    """That a certificate is to be written, with suites named from `root`, signed where there is a `key`."""

    root: Path
    key: Ed25519PrivateKey | None = None


def write_reports(
    folder: Path,
    runs: Sequence[Run],
    registry: Registry,
    *,
    names: Sequence[str] | None = None,
    certify: Certify | None = None,
) -> None:
    """Write `run.json`, `junit.xml` and whatever else is registered into a folder, made when absent.

    Args:
        folder: where to.
        runs: what all files are drawn from.
        registry: where the reports are found.
        names: those to write; all by default.
        certify: given by a session that has ruled just now; None where old runs are reported again.

    Raises:
        OSError: it cannot be written.
        UsageError: there is no report of such a name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in registry.names("reports") if names is None else names:
        _write(folder, name, registry.find("reports", name)(runs))
    if certify is not None:
        _write(folder, CERTIFICATE, _certificate(runs, certify))


def _certificate(runs: Sequence[Run], certify: Certify) -> str:
    statement = certificate(runs, root=certify.root)
    if certify.key is None:
        return statement
    from lockgate.signing import seal

    return seal(statement, certify.key)


def _write(folder: Path, name: str, text: str) -> None:
    part = folder / f".{name}.part"
    part.write_text(text, "utf-8", newline="\n")
    part.replace(folder / name)
