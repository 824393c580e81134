"""A look at everything that needs objects, and the removal of the others."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import Finding, InvalidInput, OutsideFailure
from paddledvc.names import suggest_name
from paddledvc.project import Project
from paddledvc.tools.dvc import configuration, locks
from paddledvc.tools.git import refs, worktree
from paddledvc.urls import hide_url_secrets
from paddledvc.weights.core import retention
from paddledvc.weights.garbage import folder_files, needs, stores
from paddledvc.weights.tree.records import learned_md5_records

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from paddledvc.tools.dvc.core.config import DvcConfig
    from paddledvc.weights.core.retention import Label, Sorted
    from paddledvc.weights.garbage.needs import HolderNeeds, RepositoryState
    from paddledvc.weights.garbage.stores import Store

DAY = 86400.0
LEAST_GRACE = 1 / 24
"""Days for which what came into a remote must stay while somebody may be pushing: see `GcScope`."""
PATIENCE = 5.0
"""Seconds to wait for a DVC that is at work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GcScope:
    """What to clean, and what to keep.

    Attributes:
        cache: whether to clean the cache.
        remotes: names of the DVC remotes to clean.
        every_remote: whether to clean all of them.
        days: what was current at any time of so many days is kept.
        grace: what came within so many days is kept, for its commit may still be coming. Of a
            remote that is an hour at least, for a push sends the weights before the commit, and
            looks again whether they are there when it has sent all.
        also: folders of all other projects that share the cache or a remote.
        ignored_refs: branches and tags whose files need not be readable.
        ignored_folders: names of folders' listings that are lost for good.
        unshared: whether nobody else uses the cache and the remotes; by default what no commit of
            the repository ever named stays in remotes.
    """

    cache: bool = True
    remotes: tuple[str, ...] = ()
    every_remote: bool = False
    days: float = 30
    grace: float = 1
    also: tuple[str | os.PathLike[str], ...] = ()
    ignored_refs: tuple[str, ...] = ()
    ignored_folders: tuple[str, ...] = ()
    unshared: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class GcPlan:
    """What a look at everything found.

    Attributes:
        projects: the projects whose needs were asked for.
        seen: their repositories as they were.
        needs: what they need.
        objects: the objects of each place to clean.
        labels: what those objects were that nothing needs.
        folders: paths of the folders that those are the files of, or the listings.
        lost: names of listings that recent commits need, and that are nowhere.
    """

    projects: tuple[Project, ...]
    seen: tuple[RepositoryState, ...]
    needs: tuple[HolderNeeds, ...]
    objects: tuple[tuple[Store, Sorted], ...]
    labels: Mapping[str, Label]
    folders: Mapping[str, str]
    lost: tuple[str, ...]

    def remove(self) -> None:
        """Look again, and remove what nothing needs.

        Raises:
            Finding: the repositories are not as they were.
            OutsideFailure: an object could not be removed, or DVC is running.
        """
        try:
            with ExitStack() as stack:
                for folder in self._folders():
                    stack.enter_context(locks.hold_dvc_locks(folder, ["."], patience=PATIENCE))
                for before in self.seen:
                    if needs.read_repository_state(before.root) != before:
                        raise Finding(
                            f"branches, tags or files of {before.root} changed while gc read "
                            "them, so nothing was removed; run `paddledvc gc` again"
                        )
                for place, found in self.objects:
                    stores.remove_from_store(place, [one.oid for one in found.garbage])
        except locks.Busy as error:
            raise OutsideFailure(f"nothing was removed, because {error}") from error

    def close(self) -> None:
        """Close the connections to the places."""
        for place, _ in self.objects:
            place.close()

    def _folders(self) -> set[Path]:
        """Name the projects' folders in every work tree, for DVC may be at work in any."""
        found: set[Path] = set()
        for project, seen in zip(self.projects, self.seen, strict=True):
            trees = [tree.path.resolve() for tree in seen.trees]
            own = [tree for tree in trees if project.root.is_relative_to(tree)]
            prefix = project.root.relative_to(max(own, key=lambda tree: len(tree.parts)))
            found.update(tree / prefix for tree in trees)
        return {folder for folder in found if (folder / ".dvc").is_dir()}


def plan_garbage(project: Project, scope: GcScope) -> GcPlan:
    """Find what nothing needs, and remove nothing.

    Raises:
        InvalidInput: not all that must stay can be known, or somebody else may use a place.
        InvalidFile: a file that says what must stay cannot be read.
        OutsideFailure: a repository or a remote cannot be reached.
    """
    if (scope.remotes or scope.every_remote) and scope.grace < LEAST_GRACE:
        raise InvalidInput(
            f"a grace of {scope.grace * 24:g} hours could remove what a push has just sent; "
            "remotes need at least an hour: --grace 0.05"
        )
    config = configuration.read_dvc_config(project.root)
    projects = (project, *(Project.find(folder) for folder in scope.also))
    cleaned = _places(project, config, scope)
    seen = tuple(needs.read_repository_state(one.root) for one in projects)
    _require_own(project, config, scope, seen)
    now = time.time()
    found_needs = _needs(seen, scope, now)
    sources = {place.key: place for one in projects for place in stores.open_stores(one.root)}
    with ExitStack() as stack:
        for place in sources.values():
            stack.callback(place.close)
        where = [*sources.values()]
        complete = folder_files.open_folders(
            found_needs, where, scope.ignored_folders, root=project.root
        )
    needed = retention.NONE.union(*(one.objects for one in complete.needs))
    for one in projects:
        needed |= {md5 for sha256, md5 in learned_md5_records(one).items() if sha256 in needed}
    needed |= stores.linked_objects_in_stores(
        [tree.path for one in seen for tree in one.trees], project.root
    )
    before = now - scope.grace * DAY if scope.grace else None
    objects = tuple(
        (place, retention.sort_retained_objects(place.every(), needed, before=before))
        for place in cleaned
    )
    named = needs.name_garbage(project.root, objects)
    if not (scope.unshared or scope.also):
        objects = tuple(
            (place, found if place.name == stores.CACHE else found.only(named.labels))
            for place, found in objects
        )
    return GcPlan(
        projects=projects,
        seen=seen,
        needs=complete.needs,
        objects=objects,
        labels=named.labels,
        folders=named.folders,
        lost=complete.lost,
    )


def _places(project: Project, config: DvcConfig, scope: GcScope) -> tuple[Store, ...]:
    """Name what is to be cleaned."""
    if scope.every_remote and not config.remotes:
        raise InvalidInput("no DVC remote is configured; `paddledvc init --remote URL` adds one")
    for name in scope.remotes:
        if name not in config.remotes:
            hint = suggest_name(name, config.remotes)
            raise InvalidInput(f"there is no DVC remote {name!r}{hint}")
    names = config.remotes if scope.every_remote else scope.remotes
    own = [stores.open_cache_store(project.root)] if scope.cache else []
    return (*own, *stores.open_remote_stores(project.root, names))


def _needs(seen: Sequence[RepositoryState], scope: GcScope, now: float) -> list[HolderNeeds]:
    needs.require_known_needs(scope.ignored_refs, seen)
    since = now - scope.days * DAY
    found = [needs.find_needs(one, since=since, ignored=scope.ignored_refs) for one in seen]
    return needs.add_needs(found)


def _require_own(
    project: Project, config: DvcConfig, scope: GcScope, seen: Sequence[RepositoryState]
) -> None:
    """Refuse to clean what others may use whose needs nobody can ask for."""
    if scope.unshared or scope.also:
        return
    own = [worktree.git_folder_of_worktrees(project.root), *(tree.path for tree in seen[0].trees)]
    cache = configuration.configured_cache_folder(project.root, config).resolve()
    if scope.cache and not _is_in(cache, own):
        raise InvalidInput(
            f"the cache {cache} is outside this repository, so other projects may use it; name "
            "a clone of each with `--also DIR`, or state that there is none with `--unshared`"
        )
    names = [*scope.remotes, *(config.remotes if scope.every_remote else ())]
    for name in () if refs.git_remotes(project.root) else names:
        where = config.remotes[name]
        if "://" in where or not _is_in(Path(where), own):
            raise InvalidInput(
                f"this repository has no git remote, so it cannot find out who else uses the DVC "
                f"remote {name} ({hide_url_secrets(where)}); name a clone of each such project "
                f"with `--also DIR`, or state that there is none with `--unshared`"
            )


def _is_in(folder: Path, others: Sequence[Path]) -> bool:
    return bool({folder, *folder.parents} & {other.resolve() for other in others})
