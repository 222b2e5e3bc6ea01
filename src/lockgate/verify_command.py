"""`lockgate verify`: whether what is on disk is what was certified, for a deploy step to stand on."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from lockgate.documents.project import load_project
from lockgate.errors import UsageError
from lockgate.reports.terminal import visible
from lockgate.units import count, seconds_of
from lockgate.workplace import DEFAULT_PROJECT, project_option, registry_of

if TYPE_CHECKING:
    from lockgate.verification import Certified

__all__ = ["verify"]


@click.command()
@click.argument("certificate", type=click.Path(path_type=Path, dir_okay=False), metavar="CERTIFICATE")
@click.option("--backend", required=True, metavar="NAME", help="What is to be deployed: FAMILY[:VERSION].")
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PUB",
    help="The public key (PEM) that it must be signed with; needed where it is signed.",
)
@click.option("--max-age", metavar="AGE", help="How old it may be: 12h, 7d or 8w; any age by default.")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="A suite that it must cover.")
@project_option
@click.pass_context
def verify(
    context: click.Context,
    *,
    certificate: Path,
    backend: str,
    key: Path | None,
    max_age: str | None,
    suites: tuple[str, ...],
    project: Path | None,
) -> None:
    """Check that NAME, as it lies on disk, is what CERTIFICATE says has passed its gates; nothing is asked.

    Exit code 0: it may be deployed. 1: it may not, with the one difference that matters most.
    """
    from lockgate.cachefiles import reading_anew
    from lockgate.verification import read_certified, refusal

    age_seconds = None if max_age is None else seconds_of(max_age, option="--max-age")
    text = _read(certificate)
    home = project or Path(DEFAULT_PROJECT)
    with reading_anew(), closing(load_project(home, registry=registry_of([home.parent]))) as loaded:
        name = loaded.select(backend)
        try:
            certified = read_certified(_unsealed(text, key), name)
        except ValueError as error:
            _refuse(
                context,
                f"{certificate}: {error}. Deploy only with the certificate of the run that gated {name}.",
            )
        said = refusal(certified, loaded, now=datetime.now(UTC), max_age_seconds=age_seconds, suites=suites)
    if said is not None:
        _refuse(context, f"{certificate}: {said}")
    click.echo(visible(_passed(certified, signed=key is not None)))


def _read(certificate: Path) -> str:
    try:
        return certificate.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        said = f"{certificate} cannot be read ({error.strerror}). Name a certificate.json of --llm-report."
        raise UsageError(said) from error


def _unsealed(text: str, key: Path | None) -> str:
    """The statement, out of its envelope where it has one.

    Raises:
        ValueError: it is not signed although there is a key, signed although there is none, or tampered with.
    """
    from lockgate.signing import is_sealed, read_public_key, unseal

    if key is not None:
        public = read_public_key(key)
        if not is_sealed(text):
            raise ValueError("it is not signed, and --key asks for a signature")
        return unseal(text, public)
    if is_sealed(text):
        raise ValueError("it is signed, and without the public key nobody can tell by whom: give --key")
    return text


def _refuse(context: click.Context, sentence: str) -> NoReturn:
    click.echo(f"refused: {visible(sentence)}", err=True)
    context.exit(1)


def _passed(certified: Certified, *, signed: bool) -> str:
    suites = ", ".join(run["suite"] for run in certified.runs)
    gates = count(sum(len(run["rulings"]) for run in certified.runs), "gate")
    since = min(run["started"] for run in certified.runs)
    how = "signed" if signed else "not signed"
    return (
        f"{certified.backend} may be deployed: passed {gates} ({suites}) on {since}, unchanged since, {how}"
    )
