"""``paddledvc check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import pass_project
from paddledvc.cli.printer import echo_document, escape_document
from paddledvc.gate import check as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project

FINDING = 1


@click.command()
@click.option("--branch", metavar="B", help="Judge by the rules of branch B.")
@click.option(
    "--base", metavar="REV", help="Judge the merge of HEAD into REV, by the policy of REV."
)
@click.option(
    "--remote",
    is_flag=True,
    help="Also check that the branch's remote has all bytes, and registries the locked images.",
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "github", "gitlab", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="The format of the findings.",
)
@click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write them to FILE, and print them as text.",
)
@pass_project
@click.pass_context
def check(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    *,
    branch: str | None,
    base: str | None,
    remote: bool,
    strict: bool,
    output: str,
    file: Path | None,
) -> None:
    """Check schema, lock, stages and policy, as hooks and CI do.

    Without --branch or --base, it checks in CI what the job is about, a change as merged into its
    target; elsewhere the work tree, by the rules of the branch that is checked out. Exits 1 if
    there is an error.

    \b
    Example:
      paddledvc check
      paddledvc check --base origin/main
      paddledvc check --format sarif --output check.sarif
    """
    from paddledvc.gate.verdict_formats import WRITERS  # noqa: PLC0415 - not for --help

    verdict = workflow.check(project, branch=branch, base=base, remote=remote)
    if strict:
        verdict = verdict.strict()
    if file is not None:
        from paddledvc.tools.git import project_files  # noqa: PLC0415 - not for --help

        text = f"{escape_document(WRITERS[output](verdict), output)}\n"
        project_files.write_output_text(project.root, file, text)
        output = "text"
    echo_document(WRITERS[output](verdict), output)
    ctx.exit(FINDING if verdict.errors else 0)
