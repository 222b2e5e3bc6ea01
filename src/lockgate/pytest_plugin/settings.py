"""What the command line and the ini file ask for, as one value."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lockgate.engine.asking import Policy
from lockgate.engine.shards import Shard
from lockgate.errors import LockgateError, UsageError
from lockgate.reports.targets import Targets, read_targets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["SIGN_VARIABLE", "Settings", "read_settings"]

SIGN_VARIABLE = "LOCKGATE_SIGN"
"""The environment variable that names the signing key's file where no option does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a session, command line before ini file before default."""

    backends: tuple[str, ...]
    baseline: str | None
    project: Path
    concurrency: int | None
    trials: int | None
    policy: Policy
    inconclusive: str
    report: Path | None
    github: bool
    key: Ed25519PrivateKey | None
    journal: Path
    suites: tuple[str, ...]
    shard: Shard | None


def read_settings(config: pytest.Config) -> Settings:
    """Read and check the options.

    Raises:
        pytest.UsageError: a value is out of range, or two options contradict each other.
    """
    shrink = _number(config, "llm_shrink", int, least=0)
    policy = Policy(
        fresh=_flag(config, "llm_fresh"),
        offline=_flag(config, "llm_offline"),
        rescore=_flag(config, "llm_rescore"),
        max_cost=_number(config, "llm_max_cost", float, least=0.0),
        shrink=Policy().shrink if shrink is None else shrink,
    )
    if policy.fresh and (policy.offline or policy.rescore):
        raise pytest.UsageError(
            "--llm-fresh asks again, --llm-offline and --llm-rescore never ask: choose one."
        )
    targets = _targets(config)
    return Settings(
        backends=_backends(config),
        baseline=_text(config, "llm_baseline"),
        project=config.rootpath / (_text(config, "llm_project") or "lockgate.yaml"),
        concurrency=_number(config, "llm_concurrency", int, least=1),
        trials=_number(config, "llm_trials", int, least=1),
        policy=policy,
        inconclusive=_inconclusive(config),
        report=None if targets.folder is None else config.invocation_params.dir / targets.folder,
        github=targets.github,
        key=_key(config, targets),
        journal=config.rootpath / (_text(config, "llm_journal") or ".lockgate/journal.sqlite"),
        suites=tuple(config.getini("llm_suites")),
        shard=_shard(config),
    )


def _text(config: pytest.Config, name: str) -> str | None:
    given = config.getoption(name)
    return str(given) if given is not None else config.getini(name) or None


def _flag(config: pytest.Config, name: str) -> bool:
    if config.getoption(name) is not None:
        return True
    written = str(config.getini(name)).strip().lower()
    if written not in ("", "true", "false", "1", "0", "yes", "no"):
        raise pytest.UsageError(f"ini {name}: {written!r} is neither true nor false.")
    return written in ("true", "1", "yes")


def _number(config: pytest.Config, name: str, kind: Callable[[str], Any], *, least: float) -> Any:
    written = _text(config, name)
    if written is None:
        return None
    try:
        number = kind(written)
    except ValueError:
        number = None
    if number is None or not number >= least:
        flag = "--" + name.replace("_", "-")
        raise pytest.UsageError(f"{flag}: {written!r} will not do. Give a number from {least} on.")
    return number


def _backends(config: pytest.Config) -> tuple[str, ...]:
    written = config.getoption("llm_backend") or config.getini("llm_backend")
    names = (name.strip() for entry in written for name in entry.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _targets(config: pytest.Config) -> Targets:
    written = config.getoption("llm_report") or config.getini("llm_report")
    try:
        return read_targets(written, option="--llm-report")
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error


def _key(config: pytest.Config, targets: Targets) -> Ed25519PrivateKey | None:
    """The key that the certificate is signed with, where one is written at all."""
    flagged = config.getoption("llm_sign")
    if targets.folder is None:
        if flagged is not None:
            raise pytest.UsageError("--llm-sign signs the certificate. Say where it goes: --llm-report=DIR.")
        return None
    written = flagged or os.environ.get(SIGN_VARIABLE)
    file = config.invocation_params.dir / written if written else _from_ini(config, "llm_sign")
    if file is None:
        return None
    # Most sessions sign nothing, and need not wait for what does.
    from lockgate.signing import read_private_key

    try:
        return read_private_key(file)
    except LockgateError as error:
        raise pytest.UsageError(f"--llm-sign: {error}") from error


def _from_ini(config: pytest.Config, name: str) -> Path | None:
    written = config.getini(name)
    return config.rootpath / written if written else None


def _inconclusive(config: pytest.Config) -> str:
    written = _text(config, "llm_inconclusive") or "fail"
    if written not in ("fail", "warn"):
        raise pytest.UsageError(f"ini llm_inconclusive: {written!r} will not do. Write fail or warn.")
    return written


def _shard(config: pytest.Config) -> Shard | None:
    written = _text(config, "llm_shard")
    try:
        return None if written is None else Shard.parse(written)
    except UsageError as error:
        raise pytest.UsageError(f"--llm-shard: {error}") from error
