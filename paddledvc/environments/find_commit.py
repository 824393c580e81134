"""The commit that has a version of a model: by its tag, else on the production branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from paddledvc import names
from paddledvc.catalogs.core.gto import GtoAction
from paddledvc.errors import InvalidInput
from paddledvc.inventory import read_history
from paddledvc.models.versions import as_version, is_version
from paddledvc.project import SnapshotFiles
from paddledvc.tools.git import repository, worktree
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from paddledvc.project import Project


class FoundCommit(NamedTuple):
    """A commit, and what names it.

    Attributes:
        commit: its full name.
        told: what people call it, such as ``the tag det@v1.2.0``.
        files: the project's files in it.
    """

    commit: str
    told: str
    files: SnapshotFiles


def find_revision(project: Project, revision: str) -> FoundCommit:
    """Find the commit that a branch, a tag or the name of a commit is.

    Raises:
        InvalidInput: there is none.
    """
    _require_repository(project)
    commit = worktree.resolve_worktree_commit(project.root, revision)
    if commit is None:
        raise InvalidInput(f"there is no branch, tag or commit {revision!r} here; run `git fetch`")
    return _found(project, commit, revision)


def find_version(project: Project, name: str, version: str) -> FoundCommit:
    """Find the commit that has a version of a model.

    It is the one that GTO's tag of the version names, else the newest one by which the production
    branch got the version as it has it.

    Raises:
        InvalidInput: no tag and no such commit has it, or it is no version.
    """
    _require_repository(project)
    if not is_version(version):
        raise InvalidInput(f"found {version!r}, expected one version of {name}, such as v1.2.0")
    wanted, tag = as_version(version), None
    for event in read_history.read_tagged(project.root).events.get(names.slug(name), ()):
        if event.version and as_version(event.version) == wanted:
            tag = event if event.action is GtoAction.REGISTER else None
    if tag is not None:
        found = _found(project, tag.commit, f"the tag {tag.tag}")
        locked = found.files.lock().by_name.get(name)
        if locked is None or as_version(locked.version) != wanted:
            has = f"{name} {locked.version}" if locked is not None else f"no {name}"
            raise InvalidInput(
                f"the tag {tag.tag} is on commit {tag.commit}, whose {names.LOCK} has {has}"
            )
        return found
    walked = read_history.find_default_walk(project.root, project.policy())
    past = read_history.PastFiles(project.root)
    known: dict[str | None, str] = {}
    for move in past.moves(walked) if walked is not None else ():
        if move.name == name and move.trace is not None:
            locked_then = past.reader.describe(name, move.trace, {}).version
            known.setdefault(locked_then, move.commit.name)
    for found_version, commit in known.items():
        if found_version and is_version(found_version) and as_version(found_version) == wanted:
            return _found(project, commit, walked.title if walked is not None else commit)
    has = ", ".join(filter(None, known)) or "no version"
    where = walked.title if walked is not None else "this clone"
    raise InvalidInput(
        f"no tag {names.slug(name)}@{version} is here, and {where} had {has} of {name}; run "
        "`git fetch --tags`"
    )


def _require_repository(project: Project) -> None:
    if repository.find_repository_root(project.root) is None:
        raise InvalidInput(f"{project.root} is in no git repository, expected one with its past")


def _found(project: Project, commit: str, told: str) -> FoundCommit:
    files = SnapshotFiles(Snapshot.tree(project.root, commit))
    return FoundCommit(commit=commit, told=told, files=files)
