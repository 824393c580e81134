"""DVC's cache: objects under the MD5 of their bytes, read-only, one for all work trees."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paddledvc.errors import OutsideFailure
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.core.objects import Forbidden, read_object_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.dvc.state import DvcState
from paddledvc.tools.system import atomic, links
from paddledvc.tools.system.hash_cache import Known, hash_md5, settle_hash_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.tools.dvc.core.objects import ListedFile

MODE = 0o444
"""What DVC makes of an object: read-only for everybody."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Cache:
    """The cache of a project.

    Attributes:
        folder: where the objects are, below the cache's own folder.
        known: what has been hashed already.
        state: DVC's own notes.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> cache = Cache.of(root)
    >>> oid = hash_md5(os.devnull)
    >>> with cache.receiving(oid) as file:
    ...     _ = file.write_bytes(b"")
    >>> cache.holds(oid, 0), cache.path(oid).relative_to(root).as_posix()
    (True, '.dvc/cache/files/md5/d4/1d8cd98f00b204e9800998ecf8427e')
    """

    def __init__(self, folder: Path, *, kinds: tuple[str, ...], state: DvcState) -> None:
        self.folder = folder / "files" / "md5"
        self.known = Known(folder / "paddledvc" / f"known-{os.getuid()}")
        self.state = state
        self._aside = folder / "paddledvc" / "damaged"
        self._kinds = kinds

    @classmethod
    def of(cls, root: Path) -> Cache:
        """Find the cache that DVC uses in a project."""
        config = configuration.read_dvc_config(root)
        return cls(
            configuration.configured_cache_folder(root, config),
            kinds=config.links,
            state=DvcState(root, config.site_cache),
        )

    def path(self, oid: str) -> Path:
        """Name the file of an object."""
        return self.folder / oid[:2] / oid[2:]

    def inside(self, path: str) -> str | None:
        """Name a file by its path in the folder of the objects; None if it lies elsewhere."""
        for folder in (f"{self.folder}/", f"{os.path.realpath(self.folder)}/"):
            if path.startswith(folder):
                return path[len(folder) :]
        return None

    def holds(self, oid: str, size: int | None = None) -> bool:
        """Tell whether an object is there, and its bytes are what its name says.

        DVC notes of what it downloads what the remote promised, so its word is not taken: the bytes
        are hashed, once.

        Args:
            oid: its name.
            size: of its bytes, if that is known.
        """
        path = self.path(oid)
        try:
            found = os.stat(path)  # noqa: PTH116 - as fast as it gets
        except OSError:
            return False
        if not stat.S_ISREG(found.st_mode) or size not in (None, found.st_size):
            return False
        return self.hash(path, found) == oid.removesuffix(FOLDER_SUFFIX)

    def hash(self, path: Path | str, found: os.stat_result) -> str | None:
        """Hash a file of the cache or the work tree, unless it is known.

        Args:
            path: the file.
            found: its ``stat``.

        Returns:
            The MD5; None if the file cannot be read.
        """
        md5 = self.known.md5(found)
        if md5 is not None:
            return md5
        try:
            md5 = hash_md5(path)
            self.known.note(found, md5)
        except OSError:
            return None
        return md5

    @contextmanager
    def receiving(self, oid: str | None = None) -> Iterator[Path]:
        """Give an empty file in the cache's file system, which becomes the object at the end.

        Whoever fills it compares the bytes too, and raises where they are not the object's; then
        nothing is added. What lies under the name already is moved aside: it may be somebody's
        edit, made through a link.

        Args:
            oid: name of the object; None if that is not known yet: see `settle`.

        Raises:
            OutsideFailure: the cache cannot be written to, or the disk is full.
        """
        with _writable(self.folder):
            new = atomic.make_atomic_file(self.folder)
        try:
            yield new
            if oid is not None:
                self.settle(new, oid)
        except OSError as error:
            if error.errno not in _FULL:  # a network's, for example, is the caller's
                raise
            raise _refused(self.folder, error) from error
        finally:
            new.unlink(missing_ok=True)

    def adopt(self, file: str, oid: str) -> bool:
        """Add a file of the work tree as an object, if it is that object.

        Raises:
            OutsideFailure: the cache cannot be written to, or the disk is full.
        """
        with _writable(self.folder):
            new = atomic.make_atomic_file(self.folder)
            new.unlink()
            try:
                links.link_file(os.path.realpath(file), str(new), ("reflink", "copy"))
                if hash_md5(new) != oid:
                    return False
                self._settle(new, oid)
            finally:
                new.unlink(missing_ok=True)
        return True

    def listing(self, oid: str) -> tuple[ListedFile, ...] | None:
        """Read which files a folder has; None if the object is not there, or is no listing.

        A listing that is refused is none either; ``explain_listing`` says why.
        """
        if not self.holds(oid):
            return None
        try:
            return read_object_listing(self.path(oid).read_bytes())
        except (OSError, ValueError):
            return None

    def explain_listing(self, oid: str) -> str:
        """Say which file of a folder may not be written, and why; nothing if that is not it."""
        try:
            read_object_listing(self.path(oid).read_bytes() if self.holds(oid) else b"")
        except Forbidden as refused:
            return str(refused)
        except (OSError, ValueError):
            pass
        return ""

    def link(self, oid: str, target: str) -> str:
        """Link an object to a new name in the work tree, by the first way of DVC's configuration.

        Args:
            oid: name of the object.
            target: a name that is not taken.

        Returns:
            The way that worked.

        Raises:
            OSError: none worked.
        """
        return links.link_file(str(self.path(oid)), target, self._kinds)

    def remove(self, oid: str) -> None:
        """Remove an object, if it is there."""
        with _writable(self.folder):
            self.path(oid).unlink(missing_ok=True)

    def settle(self, new: Path, oid: str) -> None:
        """Make a file that was received the object that it is.

        Raises:
            OutsideFailure: the cache cannot be written to, or the disk is full.
        """
        with _writable(self.folder):
            self._settle(new, oid)

    def _settle(self, new: Path, oid: str) -> None:
        """Bring the bytes to the disk, then to the object's name."""
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.chmod(MODE)
        found = settle_hash_time(new)
        target = self.path(oid)
        target.parent.mkdir(exist_ok=True)
        if self.holds(oid):  # another process was faster
            return
        if os.path.lexists(target):
            self._aside.mkdir(parents=True, exist_ok=True)
            target.replace(self._aside / f"{oid}-{os.urandom(4).hex()}")
        new.replace(target)
        self.known.settled(found, oid.removesuffix(FOLDER_SUFFIX))


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(folder: Path, error: OSError) -> OutsideFailure:
    return OutsideFailure(f"cannot write the cache {folder}: {error.strerror or error}")
