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
    metavar="N",
    type=click.FloatRange(min=0),
    default=30,
    show_default=True,
    help="Keep what was current at any time in the last N days.",
)
@click.option(
    "--grace",
    metavar="N",
    type=click.FloatRange(min=0),
    default=1,
    show_default=True,
    help="Keep objects added in the last N days (in remotes at least 0.05, an hour); their commit "
    "may not be pushed yet.",
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
    help="Continue even if a file of this branch or tag cannot be read.",
)
@click.option(
    "--ignore-folder",
    "folders",
    multiple=True,
    metavar="MD5.dir",
    help="Continue even if the listing of this folder is lost.",
)
@click.option("-f", "--force", is_flag=True, help="Remove objects; without it, only list them.")
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

    Fetches from the git remotes first, and keeps what any branch or tag there or here, any
    work tree, any stash or any recent commit needs. Without --force it only lists what it
    would remove.

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
    echo(f"Keeping objects referenced by: {', '.join(holders)}")
    for oid in collected.lost:
        echo(f"Lost: {oid}, a folder of recent commits, is in no cache or remote", err=True)
    for place in collected.places:
        _print_place(place, removed=collected.removed)
    if not collected.removed and any(place.garbage for place in collected.places):
        echo("Nothing was removed; add --force to remove these objects")


def _print_place(place: Cleaned, *, removed: bool) -> None:
    title = "the cache" if place.name == "cache" else f"the remote {place.name}"
    recent = f", {place.young} too recent to remove" if place.young else ""
    echo(
        f"{'Removed from' if removed else 'Unneeded in'} {title} ({place.where}): "
        f"{_count(len(place.garbage), 'object')}, {display_size(place.size)}; "
        f"{_count(place.needed, 'object')} needed{recent}"
    )
    rows = [_row(path, list(group)) for path, group in _groups(place.garbage).items()]
    if rows:
        echo_table(["model", "path", "size"], rows)
    if place.strange:
        they, them = ("it", "it") if place.strange == 1 else ("they", "them")
        echo(
            f"Skipped {_count(place.strange, 'object')} in {title} that no commit of this "
            f"repository references; {they} may belong to another repository. If none does, "
            f"pass --unshared to remove {them} too"
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
