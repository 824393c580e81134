"""``paddledvc rollback``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, offline_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_lines, progress_bar
from paddledvc.display.results import display_size
from paddledvc.inventory.core.diff_tables import count_findings
from paddledvc.releases import rollback as workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.project import Project
    from paddledvc.releases.core.rollback_plan import Rollback, RolledModel, RolledOutput

SHORT = 7
"""Characters of a commit's name that people read."""
DIGITS = 16
"""Characters of a digest, its kind among them, that people read."""


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete_model)
@click.option(
    "--to",
    metavar="STATE",
    required=True,
    help="A version, a day or time such as 2026-11-30, or a revision of git.",
)
@click.option("--dry-run", is_flag=True, help="Only print the plan.")
@click.option(
    "--force",
    is_flag=True,
    help="Commit even if other stages become stale or check finds new errors.",
)
@offline_option
@format_option
@pass_project
def rollback(  # noqa: PLR0913
    project: Project,
    names: tuple[str, ...],
    *,
    to: str,
    dry_run: bool,
    force: bool,
    offline: str | None,
    output: str,
) -> None:
    """Bring models back to an earlier release, in one new commit.

    NAME is a model, also one that was removed, or a group. The state of a version is that of its
    release tag, else of the last commit of this branch that changed the model at that version. The
    commit restores the entries in models.yaml, models.lock, params.yaml and dvc.lock, the reports
    and the code of the model's stages; no history is rewritten and no tag is made. All bytes are
    fetched and compared before anything is written.

    \b
    Example:
      paddledvc rollback detector --to v1.2.0 --dry-run
      paddledvc rollback detector --to v1.2.0
      paddledvc rollback ocr --to 2026-11-30

    Exit codes: 0 done or nothing to do, 1 refused or some output is not in place, 2 for an unknown
    model or state, 3 if git or a server fails.
    """
    with progress_bar() as progress:
        found = workflow.rollback(
            project,
            names,
            to=to,
            dry_run=dry_run,
            force=force,
            offline=offline,
            progress=progress,
        )
    if output == "json":
        from paddledvc.gate.verdict_formats import verdict_value  # noqa: PLC0415 - not for --help

        fields = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
        echo_json({**fields, "findings": verdict_value(found.findings)})
    else:
        _echo_text(found, dry_run=dry_run)
    if not found.done:
        click.get_current_context().exit(1)


def _echo_text(found: Rollback, *, dry_run: bool) -> None:
    for model in found.models:
        echo_lines(_list_model_lines(model))
    for file in found.files:
        shared = f", which {', '.join(file.shared)} read too" if file.shared else ""
        echo(f"{file.act} {file.path}{shared}")
    echo(f"check afterwards: {count_findings(found.findings)}")
    if found.obstacles:
        echo("refused; nothing was written:", err=True)
        for obstacle in found.obstacles:
            hint = " (--force commits anyway)" if obstacle.forced else ""
            echo(f"  {obstacle.message}{hint}", err=True)
        return
    if not found.changes:
        echo("nothing to commit: the branch has this state already")
    elif dry_run:
        echo("would make one commit; nothing was written")
    if found.commit is not None:
        echo(f"commit {found.commit[:SHORT]} on {found.branch}")
    if found.kept:
        echo("not in place:", err=True)
        echo_lines((f"  {line}" for line in found.kept), err=True)
    if found.changes:
        echo("next:")
        echo_lines(f"  {step}" for step in found.steps)


def _list_model_lines(model: RolledModel) -> Iterator[str]:
    source = f"{model.tag}, commit " if model.tag is not None else "commit "
    yield (
        f"{model.name} {model.before or '(removed)'} -> {model.after}, from "
        f"{source}{model.commit[:SHORT]}"
    )
    for one in model.outputs:
        yield f"  {one.path}: {_describe_output(one)}"
    for param in model.params:
        yield f"  {param.key}: {param.before} -> {param.after}"
    if model.image_before != model.image_after:
        yield f"  image: {model.image_before or 'none'} -> {model.image_after or 'none'}"
    elif model.image_after is not None:
        yield f"  image: {model.image_after}"
    if model.base is not None:
        yield f"  starts from {model.base}"
    if model.dependents:
        yield f"  {', '.join(model.dependents)} start from it"
    if model.stages:
        yield f"  {model.before} holds {', '.join(model.stages)}"


def _describe_output(output: RolledOutput) -> str:
    if output.after is None:
        return f"{_named(output.before or '', output.size_before)}, no longer needed"
    now = _named(output.after, output.size_after)
    place = f", in {output.where}" if output.where else ", missing"
    if output.before == output.after:
        return f"stays {now}{place}"
    then = _named(output.before, output.size_before) if output.before is not None else "none"
    return f"{then} -> {now}{place}"


def _named(digest: str, size: int | None) -> str:
    return digest[:DIGITS] + ("" if size is None else f" ({display_size(size)})")
