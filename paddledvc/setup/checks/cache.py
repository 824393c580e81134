"""The cache: whether it can be written to and linked from, and what lies about in it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from paddledvc.display.results import display_size
from paddledvc.setup.diagnosis import Check
from paddledvc.tools.dvc import configuration, locks
from paddledvc.tools.dvc.cache import find_cache_folder
from paddledvc.tools.git.command import run_git
from paddledvc.tools.system import links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.project import Project
    from paddledvc.setup.diagnosis import CheckState

TOPIC = "cache"
LOW = 5_000_000_000
"""Free bytes below which a model or two may not fit any more."""
OLD = 3600.0
"""Seconds after which what a process left behind belongs to nobody."""
SHOWN = 5
"""Files that a message names."""
LEFT = ("*.part", "tmp-*", "*.tmp")
"""Names of what killed processes leave."""


def check_cache(project: Project) -> Iterator[Check]:
    """Look at the cache."""
    config = configuration.read_dvc_config(project.root)
    folder = find_cache_folder(project.root, config)
    # DVC makes the folder when it first needs it.
    there = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".paddledvc-", dir=there) as scratch:
            yield from _place(project, folder, shutil.disk_usage(there).free)
            yield _links(project, Path(scratch), config.links)
    except OSError as error:
        found = f"{folder} cannot be written to: {error.strerror or error}"
        yield _check(
            "folder", "problem", found, "dvc cache dir --local PATH, or fix its permissions"
        )
        return
    yield from _leftovers(project, folder)


def _check(name: str, state: CheckState, found: str, advice: str = "") -> Check:
    return Check(topic=TOPIC, name=name, state=state, found=found, advice=advice)


def _place(project: Project, folder: Path, free: int) -> Iterator[Check]:
    trees = run_git(project.root, "worktree", "list", "--porcelain").count("worktree ")
    own = project.root / ".dvc" / "cache"
    shared = "" if folder.resolve() == own.resolve() else ", shared"
    if trees > 1 and not shared:
        shared = f", the main one of {trees} work trees"
    yield _check("folder", "ok", f"{folder}{shared}")
    low: CheckState = "warning" if free < LOW else "ok"
    advice = "paddledvc gc" if free < LOW else ""
    yield _check("disk", low, f"{display_size(free)} free", advice)


def _links(project: Project, scratch: Path, configured: tuple[str, ...]) -> Check:
    """Try in earnest how the cache can be linked into the work tree."""
    source = scratch / "source"
    source.write_bytes(b"paddledvc")
    with tempfile.TemporaryDirectory(prefix="doctor-", dir=project.scratch()) as tree:
        works = [kind for kind in links.LINK_KINDS if _works(kind, source, Path(tree) / kind)]
    used = next((kind for kind in configured if kind in works), "copy")
    found = f"{used}; {', '.join(works)} work here"
    if used == "copy" and configured[0] != "copy" and len(works) > 1:
        wanted = ", ".join(kind for kind in configured if kind != "copy")
        found = f"{wanted} does not work here, so weights are copied; {', '.join(works)} work"
        better = [kind for kind in works if kind in ("reflink", "hardlink", "symlink")]
        advice = f"to save the space: dvc config cache.type {','.join(better)}"
        # The first is DVC's default, which nobody here has chosen.
        state: CheckState = "ok" if configured == ("reflink", "copy") else "warning"
        return _check("links", state, found, advice)
    return _check("links", "ok", found)


def _works(kind: str, source: Path, target: Path) -> bool:
    try:
        return links.link_file(str(source), str(target), (kind,)) == kind
    except OSError:
        return False


def _leftovers(project: Project, folder: Path) -> Iterator[Check]:
    before = time.time() - OLD
    config = configuration.read_dvc_config(project.root)
    remotes = [Path(where) for where in config.remotes.values() if "://" not in where]
    places = [folder / "files" / "md5", project.root / "checkpoints", project.root / "exports"]
    left = [one for place in (*places, project.root) for name in LEFT for one in place.glob(name)]
    left += [one for where in remotes for one in where.glob("files/md5/*/*.part")]
    old = [one for one in left if one.is_file() and one.stat().st_mtime < before]
    if old:
        size = display_size(sum(one.stat().st_size for one in old))
        files = "file" if len(old) == 1 else "files"
        found = f"{len(old)} {files} that killed processes left, {size}, such as {old[0]}"
        more = " ..." if len(old) > SHOWN else ""
        names = " ".join(quote(str(one)) for one in old[:SHOWN])
        yield _check("leftovers", "warning", found, f"rm {names}{more}")
    damaged = folder / "paddledvc" / "damaged"
    if damaged.is_dir() and (count := len(os.listdir(damaged))):  # noqa: PTH208
        found = (
            f"{count} of its objects had other bytes than their names say; they are in {damaged}"
        )
        yield _check(
            "damaged", "warning", found, "check whether any is an edit of yours; then remove them"
        )
    yield from _locks(project)


def _locks(project: Project) -> Iterator[Check]:
    """Look for stages that run, and for what a DVC that was killed left."""
    try:
        users = locks.list_lock_users(project.root)
    except locks.Busy as error:
        found = str(error).partition(";")[0]
        yield Check(
            topic="DVC",
            name="locks",
            state="problem",
            found=found,
            advice="rm .dvc/tmp/rwlock, when no DVC runs",
        )
        return
    for one in sorted({(one.process, one.command) for one in users if one.lives}):
        found = f"DVC is running (process {one[0]}: {one[1]})"
        yield Check(topic="DVC", name="locks", state="ok", found=found)
