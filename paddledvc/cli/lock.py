"""``paddledvc lock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, lock_options, pass_project
from paddledvc.cli.printer import echo, echo_changes, echo_json, echo_resolved, progress_bar
from paddledvc.locking import lock as workflow

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project
    from paddledvc.yaml.conflicts import Side

GENERATE = (
    "`paddledvc generate` and `dvc repro`, because each stage carries the digest of its pin; "
    "weights in place are not fetched again"
)
"""What to do after digests joined the lock."""


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if models.lock is stale.")
@click.option("--dry-run", is_flag=True, help="Change nothing; print what would change.")
@click.option("-U", "--upgrade", is_flag=True, help="Update every pin to the newest version.")
@click.option(
    "-P",
    "--upgrade-package",
    "packages",
    metavar="NAME[==V]",
    multiple=True,
    shell_complete=complete_model,
    help="Update the pin of one model, or set it to V.",
)
@click.option(
    "--upgrade-image",
    "images",
    is_flag=True,
    help="Update the digest of every image to what its tag names now.",
)
@click.option(
    "--resolve",
    type=click.Choice(["ours", "theirs"]),
    help="First take this side in every merge conflict in the project's files and reports.",
)
@click.option(
    "--hash",
    "every_digest",
    is_flag=True,
    help="Add MD5 and SHA-256 of every file; reads their bytes.",
)
@click.option("--keep-going", is_flag=True, help="Report every failure, not only the first.")
@lock_options
@format_option
@pass_project
def lock(  # noqa: PLR0913
    project: Project,
    *,
    check: bool,
    dry_run: bool,
    upgrade: bool,
    packages: tuple[str, ...],
    images: bool,
    resolve: Side | None,
    every_digest: bool,
    keep_going: bool,
    use: LockUse,
    output: str,
) -> None:
    """Lock models.yaml to exact versions and digests.

    Writes models.lock. Pins that still satisfy models.yaml stay, even if a catalog lists newer
    versions; only --upgrade and --upgrade-package move them. If no digest is known, the bytes are
    read once from their source, and trusted. --hash adds missing digests, from the bytes in the
    work tree, in the cache, or at their source; nothing else does. The tag of an image is resolved
    to its digest, which stays until --upgrade-image; without its registry it is locked by its tag.

    \b
    Example:
      paddledvc lock
      paddledvc lock --check
      paddledvc lock --upgrade-package resnet50 --dry-run
    """
    with progress_bar() as progress:
        done = workflow.lock(
            project,
            check=check,
            dry_run=dry_run,
            upgrade=upgrade,
            upgrade_packages=packages,
            upgrade_images=images,
            every_digest=every_digest,
            keep_going=keep_going,
            resolve=resolve,
            use=use,
            progress=progress,
        )
    if output == "json":
        echo_json(done)
        return
    echo_resolved(resolve, done.resolved, done.unresolved)
    echo_changes(done.changes, done.trusted)
    count = len(done.lock.models)
    models = "1 model" if count == 1 else f"{count} models"
    if use.frozen is not None:
        did = f"{use.frozen} trusts models.lock:"
    elif check or use.locked is not None:
        did = "models.lock is fresh:"
    else:
        did = "Would lock" if dry_run else "Locked"
    echo(f"{did} {models}", err=True)
    if (
        every_digest
        and not dry_run
        and any({"md5", "sha256", "files"} & {*one.fields} for one in done.changes)
    ):
        echo(f"Next: {GENERATE}", err=True)
    elif done.resolved and not done.unresolved:
        echo("Next: `paddledvc generate && dvc repro`, then `git add --update`", err=True)
