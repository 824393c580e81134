"""``paddledvc gc``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, offline_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_table
from paddledvc.display.results import display_size
from paddledvc.weights import gc as workflow
from paddledvc.weights.garbage.collect import GcScope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.project import Project
    from paddledvc.weights.gc import Cleaned, Collected, Garbage

SINGULARS = {
    "work trees": "work tree",
    "branches": "branch",
    "remote branches": "branch of git remotes",
    "tags": "tag",
    "stashes": "stash",
    "other refs": "other ref",
    "recent commits": "recent commit",
}
PLURALS = {
    "branch": "branches",
    "branch of git remotes": "branches of git remotes",
    "stash": "stashes",
}


@click.command()
@click.option("--cache", is_flag=True, help="Clean the cache; the default without -r.")
@click.option("-r", "--remote", "remotes", multiple=True, metavar="NAME", help="Clean a remote.")
@click.option("--all-remotes", "every", is_flag=True, help="Clean every remote.")
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    default=30,
    show_default=True,
    help="Keep what was current at any time of so many days.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=1,
    show_default=True,
    help="Keep what came within so many days, of remotes at least 0.05, which is an hour: its "
    "commit may still be coming.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Keep what another project needs that shares the cache or a remote.",
)
@click.option("--unshared", is_flag=True, help="No other project uses the cache or the remotes.")
@click.option(
    "--ignore-ref",
    "refs",
    multiple=True,
    metavar="REF",
    help="Go on although a file of this branch or tag cannot be read.",
)
@click.option(
    "--ignore-folder",
    "folders",
    multiple=True,
    metavar="MD5.dir",
    help="Go on although the listing of this folder is lost.",
)
@click.option("-f", "--force", is_flag=True, help="Remove; without it, only show.")
@offline_option
@format_option
@pass_project
def gc(  # noqa: PLR0913
    project: Project,
    *,
    cache: bool,
    remotes: tuple[str, ...],
    every: bool,
    days: float,
    grace: float,
    also: tuple[Path, ...],
    unshared: bool,
    refs: tuple[str, ...],
    folders: tuple[str, ...],
    force: bool,
    offline: str | None,
    output: str,
) -> None:
    """Remove what no branch, tag or recent commit needs.

    It fetches from git's remotes first, and keeps what any branch or tag there or here needs, any
    work tree, any stash, and any commit of the last days. Without --force it only shows what
    would go.

    \b
    Example:
      paddledvc gc
      paddledvc gc --force
      paddledvc gc -r dev --days 90
    """
    scope = GcScope(
        cache=cache or not (remotes or every),
        remotes=remotes,
        every_remote=every,
        days=days,
        grace=grace,
        also=also,
        ignored_refs=refs,
        ignored_folders=folders,
        unshared=unshared,
    )
    collected = workflow.gc(project, scope, force=force, offline=offline)
    if output == "json":
        echo_json(collected)
        return
    _print(collected)


def _print(collected: Collected) -> None:
    holders = (_count(one.count, SINGULARS[one.holder]) for one in collected.kept if one.count)
    echo(f"Kept is what these need: {', '.join(holders)}")
    for oid in collected.lost:
        echo(f"Lost: {oid}, a folder of recent commits, is nowhere", err=True)
    for place in collected.places:
        _print_place(place, removed=collected.removed)
    if not collected.removed and any(place.garbage for place in collected.places):
        echo("Nothing was removed; add --force to remove it")


def _print_place(place: Cleaned, *, removed: bool) -> None:
    title = "the cache" if place.name == "cache" else f"the remote {place.name}"
    recent = f", {place.young} came only now" if place.young else ""
    echo(
        f"{'Removed from' if removed else 'Unneeded in'} {title} ({place.where}): "
        f"{_count(len(place.garbage), 'object')}, {display_size(place.size)}; "
        f"{_count(place.needed, 'object')} needed{recent}"
    )
    rows = [_row(path, list(group)) for path, group in _groups(place.garbage).items()]
    if rows:
        echo_table(["model", "path", "size"], rows)
    if place.strange:
        stay, they = ("stays", "it") if place.strange == 1 else ("stay", "they")
        echo(
            f"{_count(place.strange, 'object')} in {title} that no commit here ever named {stay}: "
            f"{they} may be another repository's; --unshared says that there is none"
        )


def _groups(garbage: Iterable[Garbage]) -> dict[str, list[Garbage]]:
    """Put the files of a folder, and other versions of a file, apart."""
    groups: dict[str, list[Garbage]] = {}
    for one in garbage:
        groups.setdefault(one.folder or one.oid, []).append(one)
    return groups


def _row(path: str, group: list[Garbage]) -> tuple[str, str, str]:
    first = group[0]
    size = display_size(sum(one.size for one in group))
    if first.folder is not None:
        files = sum(not one.oid.endswith(".dir") for one in group)
        return "-", f"{path} ({_count(files, 'file')})", size
    name = "-" if first.model is None else f"{first.model} {first.version}"
    return name, first.path or first.oid, size


def _count(number: int, what: str) -> str:
    return f"{number} {what if number == 1 else PLURALS.get(what, f'{what}s')}"
