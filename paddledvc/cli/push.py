"""``paddledvc push``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, complete_remote, format_option, pass_project
from paddledvc.cli.printer import echo, echo_error, echo_json, echo_lines, progress_bar
from paddledvc.display.results import display_size
from paddledvc.weights import push as workflow
from paddledvc.weights.core.tracked import label_tracked
from paddledvc.weights.core.transfer_results import WRONG, describe_transfer_results

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.weights.push import Pushed

MISMATCH = 1
UNREACHABLE = 3
_DONE = {"sent": "sent to", "repaired": "repaired in"}


@click.command()
@click.argument("names", nargs=-1, metavar="[PATH|MODEL]...", shell_complete=complete_model)
@click.option(
    "-r",
    "--remote",
    metavar="NAME",
    shell_complete=complete_remote,
    help="Send there, not to the branch's remote.",
)
@click.option("--rev", "revisions", multiple=True, help="Send what a branch, tag or commit names.")
@click.option("--repair", is_flag=True, help="Hash everything there, and replace bad bytes.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Parallel transfers.  [default: 8]")
@format_option
@pass_project
@click.pass_context
def push(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    names: tuple[str, ...],
    *,
    remote: str | None,
    revisions: tuple[str, ...],
    repair: bool,
    jobs: int | None,
    output: str,
) -> None:
    """Send the weights of this commit to the remote of its branch.

    Only what is missing there is sent, and each file is hashed first. The remote is that of the
    branch's role in the policy; with --rev, that of the branch or tag it names.

    \b
    Example:
      paddledvc push
      paddledvc push --rev main --rev v1.2.0
      paddledvc push --repair

    Exit codes: 1 if bytes are wrong there or here, or were hashed by an older DVC; 3 if something
    is unreachable.
    """
    with progress_bar() as progress:
        done = workflow.push(
            project,
            names,
            remote=remote,
            revisions=revisions,
            repair=repair,
            jobs=jobs,
            progress=progress,
        )
    echo_json(done) if output == "json" else _print(done)
    ctx.exit(_exit_code(done))


def _print(done: tuple[Pushed, ...]) -> None:
    for one in done:
        if one.problem:
            echo_error(one.problem)
            continue
        echo_lines(describe_transfer_results(one.sent), err=True)
        echo_lines(map(str, (*one.contradictions, *one.unhashed)), err=True)
        echo_lines(
            f"{label_tracked(sent.tracked)} "
            f"({display_size(sent.size)}, {_DONE[sent.state]} {one.remote})"
            for sent in one.sent
            if sent.state in _DONE
        )
        failed = [sent for sent in one.sent if sent.state == "failed"]
        echo_lines(
            (f"{label_tracked(bad.tracked)} is incomplete in {one.remote}" for bad in failed),
            err=True,
        )
        there = Counter(sent.state for sent in one.sent)["present"]
        if there or not (one.sent or one.unhashed):
            echo(f"{there} in {one.remote} already")


def _exit_code(done: tuple[Pushed, ...]) -> int:
    failed = [sent for one in done for sent in one.sent if sent.state == "failed"]
    wrong = any(bad.kind in WRONG for sent in failed for bad in sent.problems)
    if wrong or any(one.contradictions or one.unhashed for one in done):
        return MISMATCH
    return UNREACHABLE if failed or any(one.problem for one in done) else 0
