"""``paddledvc release create``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_lines, echo_table, progress_bar
from paddledvc.releases import create as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.releases.create import Created

FINDING = 1
DIGITS = 16
"""Characters of a digest that people read."""


@click.command("create")
@click.argument("names", nargs=-1, metavar="[MODEL|GROUP]...", shell_complete=complete_model)
@click.option("--push", is_flag=True, help="Send weights, then the branch and the tags.")
@click.option("--dry-run", is_flag=True, help="Show the plan; write and send nothing.")
@format_option
@pass_project
@click.pass_context
def release_create(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    names: tuple[str, ...],
    *,
    push: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Release the locked versions that have no release yet.

    Runs on a production branch without uncommitted changes. All of `check --remote` must pass, and
    every image must be locked by its digest. Then it adds an entry for each version to
    docs/models/CHANGELOG.md, commits that, and makes an annotated tag such as detector@v1.3.0. If
    it was interrupted, run it again.

    \b
    Example:
      paddledvc release create --dry-run
      paddledvc release create detector --push

    Exit codes: 0 even if nothing moved, 1 for findings, 2 on other branches or with uncommitted
    changes, 3 if git fails or the git remote rejects the release.
    """
    with progress_bar() as progress:
        done = workflow.create_release(
            project, names, push=push, dry_run=dry_run, progress=progress
        )
    _echo_json(done) if output == "json" else _echo_text(done)
    ctx.exit(FINDING if done.refused else 0)


def _echo_json(done: Created) -> None:
    from paddledvc.gate.verdict_formats import verdict_value  # noqa: PLC0415 - not for --help

    fields = {one.name: getattr(done, one.name) for one in dataclasses.fields(done)}
    echo_json({**fields, "verdict": verdict_value(done.verdict)})


def _echo_text(done: Created) -> None:
    verdict = done.verdict
    echo_lines((f"note: {one}" for one in verdict.notes), err=True)
    echo_lines(map(str, verdict.violations), err=True)
    echo_lines((f"error: {one}" for one in done.problems), err=True)
    if done.moved:
        head = ("model", "version", "tag", "before", "weights", "export", "what")
        rows = [
            (
                one.model,
                one.version,
                one.tag,
                one.before or "-",
                _short(one.weights),
                _short(one.export),
                "entry, commit and tag" if one.state == "new" else "tag only",
            )
            for one in done.moved
        ]
        echo_table(head, rows)
    elif not done.problems:
        echo("nothing to release: every locked version is released or withdrawn")
    if done.moved or done.refused or done.pushed is not None:
        echo(_describe_end(done))


def _short(digest: str) -> str:
    return digest[:DIGITS] or "-"


def _describe_end(done: Created) -> str:
    if done.refused:
        return "nothing was released; fix the findings above first"
    if done.dry_run:
        count = len(done.unsent)
        sent = f"; --push sends {count} output{'' if count == 1 else 's'} first" if count else ""
        return f"dry run: nothing was written{sent}"
    made = (
        f"committed {done.commit[:7]} on {done.branch}" if done.commit else "no commit was needed"
    )
    if done.pushed is not None:
        return f"{made}; {done.pushed} has {done.branch} and the tags"
    return f"{made}; run `paddledvc release create --push` to send it" if done.moved else made
