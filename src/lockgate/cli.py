"""The command line: `validate`, `schema`, `backends`, `tune`, and the commands of other modules."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from lockgate import __version__
from lockgate.baseline_command import baseline
from lockgate.calibrate_command import calibrate
from lockgate.documents.findings import shown_path
from lockgate.documents.project import Project, load_project
from lockgate.documents.prompt_files import check_prompt, prompt_names
from lockgate.documents.schema import SCHEMAS
from lockgate.documents.suites import load_suite
from lockgate.errors import DocumentError, LockgateError, MissingExtra, Problem, UsageError
from lockgate.fingerprints import digest
from lockgate.journal_commands import journal
from lockgate.merge_command import merge
from lockgate.model import Suite
from lockgate.registry import Registry
from lockgate.report_commands import compare, report
from lockgate.units import count
from lockgate.verify_command import verify
from lockgate.workplace import DEFAULT_PROJECT, project_option, registry_of, table

__all__ = ["backends", "main", "schema", "tune", "validate"]

P = ParamSpec("P")
T = TypeVar("T")

_WRONG = 4
_DEFAULT_SUITES = "evalsuites"
_NEEDS = {"openai": ("openai", "openai"), "rag": ("rag", "lancedb"), "transformers": ("local", "torch")}


class _Commands(click.Group):
    """Commands whose errors are sentences: exit code 4, as a usage error of pytest."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LockgateError as error:
            _complain(error)
            ctx.exit(_WRONG)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lockgate")
def main() -> None:
    """Evaluate, gate and guard language-model backends.

    Exit codes: 0 all right, 2 the command line is wrong, 4 a document is wrong or names what is not there.
    """


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@project_option
def validate(paths: tuple[Path, ...], project: Path | None) -> None:
    """Find every mistake in the project, its prompts and its suites, without asking a model.

    PATH is a suite or a folder of suites; evalsuites/ by default. Every mistake is printed with its line;
    the exit code is then 4.
    """
    problems: list[Problem] = []
    found = _suites(paths)
    registry = registry_of([path.parent for path in found])
    home = project or Path(DEFAULT_PROJECT)
    loaded = _collected(problems, home, _optional_project, project, registry)
    suites = [
        _collected(problems, path, load_suite, path, project=loaded, registry=registry) for path in found
    ]
    if loaded is not None:
        _collected(problems, home, loaded.validate)
        problems += _unusable_prompts(loaded, [suite for suite in suites if suite])
    if problems:
        raise DocumentError(problems)
    right = [suite for suite in suites if suite]
    for note in (note for suite in right for note in (*suite.notes, *suite.warnings)):
        click.echo(f"note: {note}")
    click.echo(_all_right(right, loaded))


@main.command()
@click.argument("kind", type=click.Choice(sorted(SCHEMAS)), default="suite")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to a file.")
def schema(kind: str, output: Path | None) -> None:
    """Print the JSON Schema of a suite (or a project, or a prompt) for editors.

    In VS Code and others, the first line of a suite may name it:
    `# yaml-language-server: $schema=suite.schema.json`
    """
    text = json.dumps(SCHEMAS[kind](registry_of([Path(_DEFAULT_SUITES)])), indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
    else:
        output.write_text(f"{text}\n", encoding="utf-8")


@main.command()
@project_option
def backends(project: Path | None) -> None:
    """List the project's backends: kind, model, prompt, fingerprint, and the extra each needs."""
    loaded = load_project(project or Path(DEFAULT_PROJECT), registry=registry_of([]))
    problems: list[Problem] = []
    rows = [_backend_row(loaded, name, problems) for name in loaded.names]
    click.echo(table(("name", "kind", "model", "prompt", "fingerprint", "needs"), rows))
    if problems:
        raise DocumentError(problems)


@main.command()
@click.argument("spec", type=click.Path(path_type=Path), metavar="SPEC.yaml")
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    help=f"The project file; the nearest {DEFAULT_PROJECT} above SPEC.yaml by default.",
)
def tune(spec: Path, project: Path | None) -> None:
    """Train the LoRA adapter that SPEC.yaml describes and register it as its family's next version."""
    from lockgate.tuning.command import tune as train

    made = train(spec, project=project, say=lambda text: click.echo(text, err=True))
    click.echo(f"{made.backend}: {shown_path(made.adapter)}")


main.add_command(calibrate)
main.add_command(baseline)
main.add_command(journal)
main.add_command(merge)
main.add_command(compare)
main.add_command(report)
main.add_command(verify)


def _optional_project(path: Path | None, registry: Registry) -> Project | None:
    """The project that is named, or the one that lies here, if any."""
    if path is None and not Path(DEFAULT_PROJECT).is_file():
        return None
    return load_project(path or Path(DEFAULT_PROJECT), registry=registry)


def _suites(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths or (Path(_DEFAULT_SUITES),):
        inside = sorted(p for ending in ("*.yaml", "*.yml") for p in path.glob(ending))
        if not inside and (path.is_dir() or not paths):
            raise UsageError(f"There are no suites in {path.as_posix()}/. Name a suite, or a folder of them.")
        found += inside or [path]
    return found


def _collected(
    problems: list[Problem], file: Path, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    """What a step gives, or None and its problems on the list: in the file where they name no position."""
    try:
        return step(*args, **kwargs)
    except DocumentError as error:
        problems += error.problems
    except UsageError as error:
        problems.append(Problem(path=shown_path(file), line=1, column=1, message=str(error)))
    return None


def _unusable_prompts(project: Project, suites: Sequence[Suite]) -> list[Problem]:
    """The problems of each prompt that no suite can be asked with."""
    problems: list[Problem] = []
    for name in prompt_names(project.prompts):
        prompt = _collected([], project.path, project.prompt, name)
        missed = [check_prompt(prompt, suite) for suite in suites]
        if missed and all(missed):
            problems += missed[0]
    return problems


def _all_right(suites: Sequence[Suite], project: Project | None) -> str:
    cases = sum(len(suite.cases) for suite in suites)
    names = project.names if project else ()
    counts = [(len(suites), "suite"), (cases, "case"), (len(names), "backend")]
    return f"{', '.join(count(number, noun) for number, noun in counts)}: all right"


def _backend_row(project: Project, name: str, problems: list[Problem]) -> tuple[str, ...]:
    spec = project.declaration(name)
    try:
        fingerprint = digest(dict(project.backend(name).identity))[:12]
    except DocumentError as error:
        problems += error.problems
        fingerprint = "wrong"
    except MissingExtra:
        fingerprint = "?"
    asked = spec.args.get("model") or spec.args.get("generator") or ""
    return name, spec.name, str(asked), str(spec.args.get("prompt") or ""), fingerprint, _needs(spec.name)


def _needs(kind: str) -> str:
    extra, package = _NEEDS.get(kind, ("", ""))
    return extra if not extra or find_spec(package) else f"{extra} (not installed)"


def _complain(error: LockgateError) -> None:
    colour = False if os.environ.get("NO_COLOR") else None
    texts = [_styled(p) for p in error.problems] if isinstance(error, DocumentError) else [str(error)]
    for text in texts:
        click.echo(text, err=True, color=colour)


def _styled(problem: Problem) -> str:
    position = f"{problem.path}:{problem.line}:{problem.column}:"
    rest = str(problem).removeprefix(position)
    if problem.source.strip():
        rest = f"{rest[:-1]}{click.style('^', fg='red')}"
    return click.style(position, bold=True) + rest
