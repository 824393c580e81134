"""``paddledvc release bundle``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, offline_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_lines, echo_table, progress_bar
from paddledvc.display.results import display_size
from paddledvc.releases.bundle import import_bundle as importing
from paddledvc.releases.bundle import make_bundle as making
from paddledvc.releases.bundle import read_bundle as reading
from paddledvc.releases.bundle.core.layout import parse_size
from paddledvc.weights.core.outcome import describe_outcome, describe_ways_back

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.releases.bundle.core.manifest import BundleManifest

FINDING = 1
FAILED = 3


@click.command("bundle")
@click.argument("names", nargs=-1, metavar="[NAME|GROUP]...", shell_complete=complete_model)
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the bundle's folder into DIR.  [default: bundles]",
)
@click.option("--split", metavar="SIZE", help="Largest part, such as 4GB.  [default: one part]")
@click.option("--dry-run", is_flag=True, help="Only list what goes in, and its size.")
@click.option(
    "--verify",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Compare all bytes of a bundle.",
)
@click.option(
    "--import",
    "source",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Put a bundle into this clone.",
)
@offline_option
@format_option
def release_bundle(  # noqa: PLR0913 - each is an option
    names: tuple[str, ...],
    *,
    folder: Path | None,
    split: str | None,
    dry_run: bool,
    verify: Path | None,
    source: Path | None,
    offline: str | None,
    output: str,
) -> None:
    """Write models and their files into one folder for sites without a network.

    The bundle is of the commit that is checked out: weights, exports and what else their stages
    need of DVC, models.lock, reports, cards, names of images, and a manifest with the hashes of
    every file. The same commit gives the same bytes. Bytes that the cache lacks come from the work
    tree, the remotes or their URLs. If it is interrupted, run it again: it keeps whole parts.

    With --import, nothing is written unless the whole bundle is intact and this clone names the
    same bytes. --verify needs no project.

    \b
    Example:
      paddledvc release bundle resnet50 --split 4GB --output /media/usb
      paddledvc release bundle --verify /media/usb/resnet50_v1.2_20250405
      paddledvc release bundle --import /media/usb/resnet50_v1.2_20250405

    Exit codes: 1 if a bundle is damaged or does not fit this clone, or bytes are not those of
    models.lock; 3 if something is unreachable or the disk is full.
    """
    chosen = [name for name, value in (("verify", verify), ("import", source)) if value is not None]
    if chosen and (names or folder or split or dry_run or len(chosen) > 1):
        raise click.UsageError(f"--{chosen[-1]} takes a PATH, and no other option but --format")
    if verify is not None:
        _verify(verify, output)
    elif source is not None:
        _import(source, output)
    else:
        size = None if split is None else parse_size(split)
        _make(names, folder, size, dry_run=dry_run, offline=offline, output=output)


@pass_project
def _make(  # noqa: PLR0913
    project: Project,
    names: tuple[str, ...],
    folder: Path | None,
    split: int | None,
    *,
    dry_run: bool,
    offline: str | None,
    output: str,
) -> None:
    with progress_bar() as progress:
        made = making.bundle(
            project,
            names,
            output=folder,
            split=split,
            dry_run=dry_run,
            offline=offline,
            progress=progress,
        )
    if output == "json":
        echo_json(made)
        return
    if made.manifest is None:
        rows = [
            (one.path, "?" if one.size is None else display_size(one.size), one.source)
            for one in made.rows
        ]
        echo_table(["path", "size", "from"], rows)
        total = sum(one.size or 0 for one in made.rows)
        echo(f"{made.folder} would have {len(rows)} outputs and files, {display_size(total)}")
        return
    echo_lines(f"{name} (kept)" for name in made.kept)
    echo(f"{made.folder}: {_count(made.manifest)}")
    echo(f"sha256:{made.manifest.digest} (digest of its manifest)")


def _count(manifest: BundleManifest) -> str:
    counts = ((len(manifest.files), "file"), (len(manifest.parts), "part"))
    told = ", ".join(f"{number:,} {what}{'' if number == 1 else 's'}" for number, what in counts)
    return (
        f"{told}, {display_size(sum(one.size for one in manifest.parts))}, of {manifest.commit[:7]}"
    )


def _verify(path: Path, output: str) -> None:
    with progress_bar() as progress:
        found = reading.verify_bundle(path, progress=progress)
    if output == "json":
        echo_json(found)
    elif found.manifest is None or found.problems:
        echo_lines(found.problems)
        echo(f"{found.folder} is damaged")
    else:
        echo(f"{found.folder} is intact: {_count(found.manifest)}")
        echo(f"sha256:{found.manifest.digest} (digest of its manifest)")
    click.get_current_context().exit(FINDING if found.problems else 0)


@pass_project
def _import(project: Project, path: Path, output: str) -> None:
    with progress_bar() as progress:
        done = importing.import_bundle(project, path, progress=progress)
    placed = done.placed
    if output == "json":
        echo_json(done)
    else:
        echo_lines(describe_ways_back(placed), err=True)
        echo_lines(describe_outcome(placed), err=True)
        count = len(placed.of("placed", "unchanged"))
        echo(
            f"{done.manifest.name}: {display_size(done.cached)} into the cache, "
            f"{count} of {len(done.manifest.outputs)} outputs in place"
        )
    code = FINDING if placed.of("kept", "refused") else 0 if placed.complete else FAILED
    click.get_current_context().exit(code)
