"""Catalogs that are git repositories: GTO's tags name versions, DVC's remote holds the weights."""

from __future__ import annotations

import logging
import posixpath
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from paddledvc.catalogs.base import Once
from paddledvc.catalogs.core import gto
from paddledvc.catalogs.core.listing import Listed, Release, ReleaseFile
from paddledvc.catalogs.gto_tags import list_gto_tags
from paddledvc.errors import CatalogFailed, InvalidFile, OutsideFailure, ToolFailed
from paddledvc.models.versions import is_version_range
from paddledvc.names import suggest_name
from paddledvc.paths import find_path_fault
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.git import foreign
from paddledvc.tools.git.foreign import run_in_repository
from paddledvc.tools.sources import clones
from paddledvc.tools.sources.dvc_contents import CommitPath, Contents, list_dvc_contents
from paddledvc.tools.system.network.errors import Unreadable, may_error_pass
from paddledvc.urls import GitFile, hide_url_secrets
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.core.gto import Artifact, ArtifactVersion, Tags
    from paddledvc.catalogs.core.listing import Query
    from paddledvc.tools.git.foreign import Repository

logger = logging.getLogger(__name__)
TOLD = 5
"""Tags of a model that are named when they do not count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    """The repository, and what its tags said when it was opened."""

    where: Repository
    tags: Tags


class GitRegistry:
    """A repository in which a team registers its models with GTO.

    Its tags are read once; what went wrong is told to everyone who asks.
    """

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        self._context = context
        self._url: str = settings["url"]
        self.where = hide_url_secrets(self._url)
        named = GitFile(repository=self._url, commit="", path="")
        self._is_local = named.is_local
        self._from = named.from_root(str(context.root)).repository
        self._read = Once(self._read_tags)

    def versions(self, query: Query) -> Sequence[Listed]:
        """List the versions of a model; those taken back or deprecated are yanked."""
        artifact = self._find(query)
        names = {query.name, artifact.name if artifact else query.name}
        ignored = [one for one in self._read().tags.ignored if one.artifact in names]
        for one in ignored[:TOLD]:
            logger.warning("%s: the tag %s does not count: %s", self.where, one.tag, one.why)
        if more := len(ignored[TOLD:]):
            logger.warning("%s: %d more tags of %s do not count", self.where, more, query.name)
        return [_listed(artifact, one) for one in artifact.versions] if artifact else []

    def describe(self, query: Query, version: str) -> Release:
        """Say where the files of a version are, and what DVC says of their bytes."""
        artifact = self._find(query)
        found = artifact.version(version) if artifact else None
        if artifact is None or found is None:
            raise self._context.failed(self.where, f"it has no {query.name} {version}")
        where = self._read().where
        with self._failing(f"{found.tag}: "):
            at, paddle = _stated(where, artifact, found.commit)
            place = CommitPath(where=where, commit=found.commit, path=at)
            at, kept = _chosen(
                at, list_dvc_contents(place, offline=self._context.offline), query.file
            )
            return self._release(found, at, kept, paddle)

    def names(self) -> Sequence[str]:
        """Name the artifacts that have a version."""
        return list(self._read().tags.artifacts)

    def _find(self, query: Query) -> Artifact | None:
        if query.revision is not None:
            cause = f"its tags name the versions; leave out revision: {query.revision}"
            raise self._context.failed(self.where, cause)
        try:
            return self._read().tags.find(query.name)
        except ValueError as error:
            raise self._context.failed(self.where, str(error)) from error

    def _read_tags(self) -> _Opened:
        with self._failing():
            where = self._open()
            tags = list_gto_tags(partial(run_in_repository, where))
            return _Opened(where=where, tags=gto.read_gto_tags(tags))

    def _open(self) -> Repository:
        if self._is_local:
            return clones.refresh_clone(self._from)
        if self._context.offline is not None and (copy := clones.cached_clone(self._url)):
            return copy
        self._context.require_network(self.where)
        return clones.refresh_clone(self._url, self._context.timeout)

    def _release(
        self, version: ArtifactVersion, at: str, kept: Contents, paddle: str | None
    ) -> Release:
        files = []
        for path, hashes in sorted(kept.files.items()):
            place = posixpath.join(at, path) if kept.folder else at
            url = str(GitFile(repository=self._url, commit=version.commit, path=place))
            files.append(ReleaseFile(path=path, urls=(url,), hashes=hashes))
        return Release(
            version=version.version,
            files=tuple(files),
            folder=kept.folder,
            paddle=paddle,
            commit=version.commit,
        )

    @contextmanager
    def _failing(self, about: str = "") -> Iterator[None]:
        """Say that the repository is of no use, and why."""
        try:
            yield
        except CatalogFailed:
            raise
        except ToolFailed as error:
            raise self._context.failed(self.where, f"{about}{self._reason(error)}") from error
        except (Unreadable, InvalidFile, OutsideFailure) as error:
            raise self._context.failed(self.where, f"{about}{error}") from error

    def _reason(self, error: ToolFailed) -> str:
        reason = foreign.reason_of_git(error, self._url)
        copy = None if self._is_local else clones.cached_clone(self._url)
        if copy is None or may_error_pass(reason):
            return reason
        return f"{reason}; if it stays so, remove {copy.objects}, a copy that will be made again"


def _listed(artifact: Artifact, version: ArtifactVersion) -> Listed:
    yanked = None
    if version.cancelled is not None:
        yanked = f"cancelled by the tag {version.cancelled}"
    elif artifact.deprecated is not None:
        yanked = f"deprecated by the tag {artifact.deprecated}"
    return Listed(version=version.version, yanked=yanked)


def _stated(where: Repository, artifact: Artifact, commit: str) -> tuple[str, str | None]:
    """Read where the files of an artifact are, and which Paddle versions load them."""
    file = posixpath.normpath(posixpath.join(artifact.folder, outputs.STAGES_FILE))
    found = foreign.find_repository_entries(where, commit, [file]).get(file)
    value: Any = (
        reader.parse_yaml(foreign.read_repository_blob(where, found), file).value if found else None
    )
    match value:
        case {"artifacts": {artifact.key: {"path": str() as path, **rest}}}:
            pass
        case _:
            raise Unreadable(
                f"{file} at commit {commit[:7]} does not say where {artifact.key!r} is; add it "
                "to its artifacts: with a path, commit that, and register a new version"
            )
    if "${" in path:
        raise Unreadable(
            f"{file}: the path of {artifact.key!r} is a template, {path}; write it out"
        )
    at = posixpath.normpath(posixpath.join(artifact.folder, path))
    if fault := find_path_fault(at):
        raise Unreadable(f"{file}: the path of {artifact.key!r} is {path!r}: {fault}")
    return at, _paddle(rest)


def _paddle(stated: Mapping[Any, Any]) -> str | None:
    """Find the range of Paddle versions in what else an artifact states."""
    match stated:
        case {"meta": {"paddle": str() as paddle}} if is_version_range(paddle):
            return paddle
    return None


def _chosen(at: str, found: Contents, file: str | None) -> tuple[str, Contents]:
    """Take the one file that is wanted, if it is not all of them."""
    if file is None:
        return at, found
    if file not in found.files:
        hint = suggest_name(file, found.files) or f"; it has {', '.join(found.files)}"
        raise Unreadable(f"it has no file {file!r}{hint}")
    name = posixpath.basename(file)
    at = posixpath.join(at, file) if found.folder else at
    return at, Contents(folder=False, files={name: found.files[file]})
