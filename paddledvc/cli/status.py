"""``paddledvc status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, offline_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_table, progress_bar
from paddledvc.weights import status as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.weights.status import Looked, RemoteStatus, Status

FINDING = 1
UNREACHABLE = 3
SHOWN = 3
"""Branches and tags that a row names."""


@click.command()
@click.argument("names", nargs=-1, metavar="[PATH|MODEL]...", shell_complete=complete_model)
@click.option("--remote", is_flag=True, help="Check the remotes, for branches and tags.")
@click.option("--deep", is_flag=True, help="Read and hash every byte, here or in the remotes.")
@click.option("--branch", "branches", multiple=True, help="With --remote: this branch or tag only.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything is wrong.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Parallel requests.  [default: 8]")
@offline_option
@format_option
@pass_project
@click.pass_context
def status(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    names: tuple[str, ...],
    *,
    remote: bool,
    deep: bool,
    branches: tuple[str, ...],
    exit_code: bool,
    jobs: int | None,
    offline: str | None,
    output: str,
) -> None:
    """Show which weights differ from the commit.

    With --remote, it shows what the remotes have of the weights of every production and integration
    branch, here and on git's remotes, of every tag, and of this branch. Sizes are compared; with
    --deep the bytes too. Without --remote, --deep reads the files in the work tree and in the
    cache, even if they look unchanged since they were hashed.

    \b
    Example:
      paddledvc status
      paddledvc status --deep
      paddledvc status --remote --deep --exit-code
    """
    if branches and not remote:
        raise click.UsageError("--branch needs --remote")
    if not remote:
        here = _look(project, names, deep=deep)
        echo_json(here) if output == "json" else _print(here)
        ctx.exit(FINDING if exit_code and not here.clean else 0)
    with progress_bar() as progress:
        there = workflow.remote_status(
            project,
            names,
            branches=branches,
            deep=deep,
            jobs=jobs,
            offline=offline,
            progress=progress,
        )
    echo_json(there) if output == "json" else _print_remote(there, deep=deep)
    untrusted = any(one.inspected.state == "untrusted" for one in there.outputs)
    ctx.exit(_exit_code(there) if exit_code else UNREACHABLE if untrusted else 0)


def _look(project: Project, names: tuple[str, ...], *, deep: bool) -> Status:
    if not deep:
        return workflow.status(project, names)
    with progress_bar() as progress:
        return workflow.status(project, names, deep=True, progress=progress)


def _print(here: Status) -> None:
    rows = [
        (one.tracked.title, one.tracked.path, one.state, one.problem, one.mend)
        for one in here.outputs
        if one.state != "ok"
    ]
    if rows:
        echo_table(["output", "path", "state", "why", "fix"], rows)
    fine = sum(one.state == "ok" for one in here.outputs)
    echo(f"{fine} of {len(here.outputs)} match the commit")
    for path in here.unfinished:
        echo(f"removing {path} was interrupted; run `paddledvc pull`", err=True)
    if here.hookless:
        echo(
            f"git hooks do not keep weights in sync: {here.hookless}; "
            "run `paddledvc hooks install`",
            err=True,
        )


def _print_remote(there: RemoteStatus, *, deep: bool) -> None:
    rows = [
        (
            one.inspected.tracked.title,
            one.inspected.tracked.path,
            one.inspected.remote,
            one.inspected.state,
            _holders(one),
        )
        for one in there.outputs
    ]
    if rows:
        echo_table(["output", "path", "remote", "state", "needed by"], rows)
    for line in dict.fromkeys(line for one in there.outputs for line in _problems(one)):
        echo(line, err=True)
    for line in there.unreadable:
        echo(f"cannot be read: {line}", err=True)
    for line in dict.fromkeys(filter(None, map(_mend, there.outputs))):
        echo(line, err=True)
    fine = sum(one.inspected.state == "present" for one in there.outputs)
    how = "intact" if deep else "present"
    count = len(there.holders)
    holders = "1 branch or tag" if count == 1 else f"{count} branches and tags"
    echo(f"{fine} of {len(rows)} {how}, of {holders}")


def _holders(one: Looked) -> str:
    more = len(one.holders) - SHOWN
    named = ", ".join(one.holders[:SHOWN])
    return f"{named} and {more} more" if more > 0 else named


def _problems(one: Looked) -> list[str]:
    found = one.inspected
    if found.state == "untrusted":
        return [found.found]
    if found.state == "unreachable" and not found.problems:
        return [f"{found.remote} is unreachable: {found.found}"]
    return [str(bad) for bad in found.problems]


def _mend(one: Looked) -> str:
    """Say what brings an object into the remote where it belongs."""
    what = {"missing": "push", "corrupt": "push --repair", "truncated": "push --repair"}
    command = what.get(one.inspected.state)
    if command is None:
        return ""
    run = f"paddledvc {command} --rev {one.holders[0]}"
    return f"on a machine that has the correct files, run `{run}`"


def _exit_code(there: RemoteStatus) -> int:
    states = {one.inspected.state for one in there.outputs}
    if states - {"present", "unreachable", "untrusted"} or there.unreadable:
        return FINDING
    return UNREACHABLE if states - {"present"} else 0
