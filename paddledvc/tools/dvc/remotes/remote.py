"""Remotes of DVC: which objects they hold, and their bytes, there and back."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import MissingTool, RemoteFailed
from paddledvc.tools.dvc import configuration, library
from paddledvc.tools.dvc.core.config import SHARED_MODE
from paddledvc.tools.dvc.remotes.failures import Broken, translate_failures
from paddledvc.tools.dvc.remotes.filesystem import HTTP, S3_TRIES, System
from paddledvc.tools.dvc.remotes.redirects import guard_dvc
from paddledvc.tools.dvc.trust import gate
from paddledvc.tools.dvc.trust.read_levels import read_levels_by_dvc
from paddledvc.tools.system import files
from paddledvc.tools.system.network.errors import NO_OBJECT
from paddledvc.tools.system.network.patience import PATIENCE
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from paddledvc.hashes import Hashes
    from paddledvc.tools.system.progress import ByteProgress

WRITING = 120.0
"""Seconds that a server may be silent that is to put together what it was sent."""
MANY = 512
"""Objects from which on it is quicker to list their folders than to ask for each."""
OBJECTS = ("files", "md5")
"""The folder of the objects in a remote."""
_OBJECT = re.compile(r"(?P<folder>[0-9a-f]{2})/(?P<rest>[0-9a-f]{30}(?:\.dir)?)$")
CONNECTIONS = 32
"""Connections to a server of S3 at a time."""
PATIENT: Mapping[str, tuple[str, ...]] = {
    "s3": ("connect_timeout", "read_timeout"),
    "http": ("connect_timeout", "read_timeout"),
    "https": ("connect_timeout", "read_timeout"),
    "ssh": ("timeout",),
    "webdav": ("timeout",),
    "webdavs": ("timeout",),
    "azure": ("timeout", "read_timeout", "connection_timeout"),
}
"""The settings of DVC that say how many seconds a server may be silent, by scheme."""
_SECRETS = {"ask_password": "password", "ask_passphrase": "passphrase"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An object in a remote.

    Attributes:
        oid: its name.
        size: in bytes.
        modified: seconds since 1970 at which it came there; None where that is not told.
    """

    oid: str
    size: int
    modified: float | None = None


class Remote:
    """An open remote; threads may share it.

    Attributes:
        name: its name in DVC's configuration.
        url: where it is, without user and password.
    """

    def __init__(
        self, name: str, url: str, open_: Callable[[float], System], patience: float
    ) -> None:
        self.name, self.url = name, url
        self._open, self._patience = open_, patience
        self._system = open_(patience)
        self._writer: System | None = None
        self._opening = threading.Lock()

    def _writing(self) -> System:
        """Open a system that waits longer, for a server may have to put together what it took."""
        with self._opening:
            if self._writer is None:
                self._writer = self._open(max(self._patience, WRITING))
            return self._writer

    def sizes(
        self, oids: Iterable[str], answered: Callable[[], None] | None = None
    ) -> dict[str, int]:
        """Tell the sizes in bytes of those objects that are there.

        Args:
            oids: names of the objects.
            answered: called once the server has answered at all.

        Raises:
            RemoteFailed: the remote does not answer.
        """
        asked = sorted(set(oids))
        with self._failing():
            if len(asked) > MANY and self._system.listable:
                wanted = set(asked)
                self._system.sizes([self._path(asked[0])], answered)
                folders = sorted({oid[:2] for oid in asked})
                found = (one for folder in folders for one in self._listed(folder))
                return {one.oid: one.size for one in found if one.oid in wanted}
            sizes = self._system.sizes([self._path(oid) for oid in asked], answered)
        known = zip(asked, sizes, strict=True)
        return {oid: size for oid, size in known if size is not None}

    def every(self) -> Iterator[Stored]:
        """Yield every object that the remote holds.

        Raises:
            RemoteFailed: the remote does not answer, or cannot be listed.
        """
        with self._failing():
            if not self._system.listable:
                raise Broken("it cannot list what it holds")
            yield from self._listed()

    def _listed(self, *folder: str) -> Iterator[Stored]:
        for one in self._system.find(self._system.join(self._system.folder, *OBJECTS, *folder)):
            if match := _OBJECT.search(one.path.replace(os.sep, "/")):
                oid = match["folder"] + match["rest"]
                yield Stored(oid=oid, size=one.size, modified=one.modified)

    def chunks(
        self, oid: str, size: int | None = None, progress: ByteProgress | None = None
    ) -> Iterator[bytes]:
        """Read the bytes of an object, some megabytes at a time.

        Args:
            oid: its name.
            size: its size as ``sizes`` told it, which saves to ask again.
            progress: told how the bytes arrive.

        Raises:
            RemoteFailed: it is not there, or cannot be read to its end.
        """
        path, done = self._path(oid), 0
        with self._failing():
            if size is None and (size := self._system.size(path)) is None:
                raise Broken(NO_OBJECT, absent=True)
            for chunk in self._system.read(path, size):
                done += len(chunk)
                if progress is not None:
                    progress(done, size)
                yield chunk

    def get(
        self, oid: str, target: Path, progress: ByteProgress | None = None, size: int | None = None
    ) -> Hashes:
        """Write the bytes of an object to a file, and tell what they are.

        Raises:
            RemoteFailed: the object is not there, or cannot be read to its end.
            OSError: the file cannot be written.
        """
        with target.open("wb", buffering=0) as file:
            return files.hash_file_chunks(self.chunks(oid, size, progress), write=file.fileno())

    def put(self, oid: str, source: Path, progress: ByteProgress | None = None) -> None:
        """Send a file, which is seen by others whole or not at all, and look at its size there.

        Raises:
            RemoteFailed: it did not arrive.
        """
        path, size = self._path(oid), source.stat().st_size
        with self._failing():
            self._writing().write(source, path, _callback(progress, size))
            if progress is not None:
                progress(size, size)  # some file systems say nothing on the way
            there = self._system.size(path)
            if there != size:
                raise Broken(f"{size:,} bytes of {oid} were sent, and {there or 0:,} are there")

    def try_write(self) -> None:
        """Put a file of a few bytes beside the objects, and remove it again.

        Raises:
            RemoteFailed: nothing can be written, or not removed.
        """
        path = self._system.join(self._system.folder, f".paddledvc-{secrets.token_hex(8)}")
        with self._failing(), tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "tried")
            source.write_bytes(b"paddledvc")
            self._system.write(source, path, _callback(None, 0))
            self._system.remove(path)

    def remove(self, oid: str) -> None:
        """Remove an object; one that is not there is fine.

        Raises:
            RemoteFailed: it is still there.
        """
        with self._failing():
            self._system.remove(self._path(oid))

    def stop(self) -> None:
        """Break off what other threads are doing with this remote."""
        self._system.stop()
        if self._writer is not None:
            self._writer.stop()

    def close(self) -> None:
        """Close its connections; it is of no use any more."""
        self._system.close()
        if self._writer is not None:
            self._writer.close()

    def _path(self, oid: str) -> str:
        return self._system.join(self._system.folder, *OBJECTS, oid[:2], oid[2:])

    @contextmanager
    def _failing(self) -> Iterator[None]:
        with _failing(self.name, self.url):
            yield


@contextmanager
def _failing(name: str, url: str) -> Iterator[None]:
    try:
        yield
    except Broken as error:
        raise RemoteFailed(
            remote=name, url=url, cause=str(error), absent=error.absent, silent=error.silent
        ) from error.__cause__


def open_remote(root: Path, name: str, *, patience: float | None = None) -> Remote:
    """Open a remote of DVC's configuration; no server is asked yet.

    Args:
        root: folder of the project.
        name: name of the remote.
        patience: seconds that a server may be silent.

    Raises:
        RemoteNotTrusted: a branch names it, and this clone has not approved that.
        RemoteFailed: its configuration, or what is installed, does not do.
    """
    url = hide_url_secrets(configuration.read_dvc_config(root).remotes.get(name, ""))
    with _failing(name, url):
        return Remote(name, url, partial(_open_system, root, name), patience or PATIENCE)


def _callback(progress: ByteProgress | None, size: int) -> Any:
    """Let a file system of fsspec tell us how the bytes leave."""
    from fsspec.callbacks import Callback  # noqa: PLC0415 - DVC has imported it

    if progress is None:
        return Callback()
    return Callback(size=size, hooks={"told": lambda size, value, **_: progress(value, size)})


def _open_system(root: Path, name: str, patience: float) -> System:
    """Open the file system of a remote.

    Args:
        root: folder of the project.
        name: name of the remote.
        patience: seconds that a server may be silent.

    Raises:
        Broken: the configuration, or what is installed, does not do.
    """
    with translate_failures("", patience):
        dvc = _import_dvc("dvc.config")
        read = read_levels_by_dvc(root)
    gate.require_trusted_remote(root, name, read.levels)
    with translate_failures("", patience):
        config = dvc.Config.validate(read.merged)
        gate.pin_aws_files(config["remote"].values())
        kind, settings, path = _import_dvc("dvc.fs").get_cloud_fs(config, name=name)
        _require_usable(settings)
        if kind.protocol in HTTP:
            guard_dvc()
        for option in PATIENT.get(kind.protocol, ()):
            settings[option] = max(1, round(patience))
        system = kind(**settings)
        if kind.protocol == "s3":
            _bound(system)
        return System(system, path, patience, mode=SHARED_MODE if settings.get("shared") else None)


def _import_dvc(name: str) -> Any:
    """Import a module of DVC.

    Raises:
        Broken: there is no DVC that works.
    """
    try:
        return library.import_dvc(name)
    except MissingTool as error:
        raise Broken(str(error)) from error


def _require_usable(settings: Mapping[str, Any]) -> None:
    if settings.get("version_aware") or settings.get("worktree"):
        raise Broken(
            "it keeps versions of files in the cloud (version_aware), which paddledvc cannot use"
        )
    for asks, secret in _SECRETS.items():
        if settings.get(asks) and not settings.get(secret):
            raise Broken(f"it asks for a {secret}; put that into .dvc/config.local instead")


def _bound(system: Any) -> None:
    """Let a dead server of S3 be known for one soon: both layers below try again by themselves."""
    limits = system.fs_args.setdefault("config_kwargs", {})
    limits["retries"] = {"total_max_attempts": 1}
    limits["max_pool_connections"] = CONNECTIONS
    system.fs.retries = S3_TRIES
