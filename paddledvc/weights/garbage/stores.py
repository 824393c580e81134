"""The cache and the remotes as places that hold objects."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from paddledvc.errors import OutsideFailure, RemoteFailed
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.core.objects import is_object_name, parse_object_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.dvc.remotes.remote import open_remote
from paddledvc.tools.system.beneath import TEXT, read_bounded_file
from paddledvc.urls import hide_url_secrets
from paddledvc.weights.core.retention import Held

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from paddledvc.tools.dvc.core.objects import ListedFile
    from paddledvc.tools.dvc.remotes.remote import Remote

CACHE = "cache"
"""What the cache is called among the remotes."""
JOBS = 8
"""Objects that are removed at a time."""


class UnreadableFolder(Exception):
    """A listing of a folder that is there, or may be, and cannot be read."""


class Store(Protocol):
    """Something that holds objects.

    Attributes:
        name: ``cache``, or the name of a remote.
        where: its folder or URL, to show.
        key: all that says where it is; two names of one place have the same.
    """

    name: str
    where: str
    key: Hashable

    def every(self) -> Iterator[Held]:
        """Yield all objects."""

    def listing(self, oid: str) -> tuple[ListedFile, ...] | None:
        """Read the listing of a folder; None if it is not there.

        Raises:
            Unreadable: it may be there.
        """

    def remove(self, oid: str) -> None:
        """Remove an object; one that is not there is fine.

        Raises:
            OutsideFailure: it is still there.
        """

    def close(self) -> None:
        """Close what connections there are."""


class CachePlace:
    """The objects of a cache; what DVC keeps beside them is left alone."""

    def __init__(self, cache: Cache) -> None:
        self.name, self.where = CACHE, str(cache.folder.parent.parent)
        self.key: Hashable = self.where
        self._cache = cache

    def every(self) -> Iterator[Held]:
        """Yield all objects."""
        for folder in _scan(self._cache.folder):
            for file in _scan(Path(folder.path)) if folder.is_dir(follow_symlinks=False) else ():
                oid = folder.name + file.name
                if is_object_name(oid):
                    with suppress(FileNotFoundError):
                        found = file.stat(follow_symlinks=False)
                        # Whoever moves or links a file leaves it the time of its last byte.
                        came = max(found.st_mtime, found.st_ctime)
                        yield Held(oid=oid, size=found.st_size, modified=came)

    def listing(self, oid: str) -> tuple[ListedFile, ...] | None:
        """Read the listing of a folder; None if it is not there."""
        path = self._cache.path(oid)
        try:
            return _listing(oid, read_bounded_file(str(path), TEXT))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableFolder(f"{path}: {error.strerror or error}") from error
        except ValueError as error:
            raise UnreadableFolder(f"{path} is {error}") from error

    def remove(self, oid: str) -> None:
        """Remove an object."""
        self._cache.remove(oid)

    def close(self) -> None:
        """Do nothing: it has no connections."""


class RemotePlace:
    """The objects of a remote, which is opened when it is needed."""

    def __init__(self, root: Path, name: str, where: str, key: Hashable) -> None:
        self.name, self.where, self.key = name, where, key
        self._root = root

    @cached_property
    def _remote(self) -> Remote:
        return open_remote(self._root, self.name)

    def every(self) -> Iterator[Held]:
        """Yield all objects."""
        for one in self._remote.every():
            yield Held(oid=one.oid, size=one.size, modified=one.modified)

    def listing(self, oid: str) -> tuple[ListedFile, ...] | None:
        """Read the listing of a folder; None if it is not there."""
        try:
            return _listing(oid, b"".join(self._remote.chunks(oid)))
        except RemoteFailed as error:
            if error.absent:
                return None
            raise UnreadableFolder(str(error)) from error
        except ValueError as error:
            raise UnreadableFolder(f"what the remote {self.name} has of it is {error}") from error

    def remove(self, oid: str) -> None:
        """Remove an object."""
        self._remote.remove(oid)

    def close(self) -> None:
        """Close what connections there are."""
        if "_remote" in self.__dict__:
            self._remote.close()


def open_cache_store(root: Path) -> Store:
    """Open the cache of a project."""
    return CachePlace(Cache.of(root))


def open_remote_stores(root: Path, names: Iterable[str]) -> list[Store]:
    """Name remotes of a project; two names of one remote are one place.

    One URL may be two places, such as ``s3://models`` at AWS and at an ``endpointurl``: only what
    agrees in every setting is one.
    """
    config = configuration.read_dvc_config(root)
    first = {config.settings[name]: name for name in sorted(set(names), reverse=True)}
    named = sorted((config.remotes[name], name, key) for key, name in first.items())
    return [RemotePlace(root, name, hide_url_secrets(where), key) for where, name, key in named]


def open_stores(root: Path) -> list[Store]:
    """List the cache and all remotes of a project."""
    return [
        open_cache_store(root),
        *open_remote_stores(root, configuration.read_dvc_config(root).remotes),
    ]


def remove_from_store(place: Store, oids: Sequence[str]) -> None:
    """Remove objects, the listings of folders before the files that they list.

    DVC takes the files of a folder for being there as long as the listing is.

    Raises:
        OutsideFailure: some are still there.
    """
    listings = [oid for oid in oids if oid.endswith(FOLDER_SUFFIX)]
    others = [oid for oid in oids if not oid.endswith(FOLDER_SUFFIX)]
    done = 0
    with ThreadPoolExecutor(JOBS) as pool:
        for batch in (listings, others):
            errors = list(filter(None, pool.map(partial(_removal, place), batch)))
            done += len(batch) - len(errors)
            if errors:
                raise OutsideFailure(
                    f"{len(errors)} objects could not be removed from {place.name}, {done} were; "
                    f"run `paddledvc gc` again: {errors[0]}"
                ) from errors[0]


def _removal(place: Store, oid: str) -> OutsideFailure | None:
    try:
        place.remove(oid)
    except OutsideFailure as error:
        return error
    return None


def _listing(oid: str, data: bytes) -> tuple[ListedFile, ...]:
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != oid.removesuffix(FOLDER_SUFFIX):
        raise ValueError("not what its name says")
    return parse_object_listing(data)


def _scan(folder: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        yield from found


def linked_objects_in_stores(trees: Iterable[Path], root: Path) -> frozenset[str]:
    """Name the objects of a project's cache that symbolic links in work trees point to."""
    found: set[str] = set()
    if "symlink" not in configuration.read_dvc_config(root).links:
        return frozenset()
    objects = f"{os.path.realpath(Cache.of(root).folder)}{os.sep}"
    for tree in trees:
        for at, folders, names in os.walk(tree):
            folders[:] = [name for name in folders if name not in (".git", ".dvc")]
            for name in (*names, *folders):
                path = os.path.join(at, name)  # noqa: PTH118 - one of very many
                if os.path.islink(path):  # noqa: PTH114
                    target = os.path.realpath(path)
                    if target.startswith(objects):
                        found.add(target[len(objects) :].replace(os.sep, ""))
    return frozenset(found)
