"""DVC's cache: objects under the MD5 of their bytes, read-only, one for all work trees."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from paddledvc.errors import OutsideFailure
from paddledvc.hashes import Hashes
from paddledvc.paths import quote_path
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.core.config import SHARED_MODE
from paddledvc.tools.dvc.core.objects import Forbidden, read_object_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.dvc.state import DvcState
from paddledvc.tools.git.project_files import TEXT
from paddledvc.tools.system import atomic, links
from paddledvc.tools.system.beneath import read_bounded_file
from paddledvc.tools.system.hash_cache import (
    Digests,
    Known,
    hash_digests,
    hash_md5,
    name_notes_file,
    settle_hash_time,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.tools.dvc.core.config import DvcConfig
    from paddledvc.tools.dvc.core.objects import ListedFile

MODE = 0o444
"""What DVC makes of an object: read-only for everybody."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OtherBytes(Exception):
    """An object lacks a digest that is stated of its bytes.

    Attributes:
        expected: what is stated, as ``kind:value``.
        found: what the bytes are, in the same form.
    """

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"expected {expected}, found {found}")


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

    def __init__(
        self, folder: Path, *, kinds: tuple[str, ...], state: DvcState, shared: bool = False
    ) -> None:
        self.folder = folder / "files" / "md5"
        self._mode = SHARED_MODE if shared else None
        self.known = Known(name_notes_file(folder))
        self.state = state
        self._aside = folder / "paddledvc" / "damaged"
        self._kinds = kinds

    @classmethod
    def of(cls, root: Path) -> Cache:
        """Find the cache that DVC uses in a project."""
        config = configuration.read_dvc_config(root)
        return cls(
            find_cache_folder(root, config),
            kinds=config.links,
            state=DvcState(root, config.site_cache),
            shared=config.shared,
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
        md5 = self.known.digests(found).md5
        if md5 is not None:
            return md5
        try:
            md5 = hash_md5(path)
        except OSError:
            return None
        self.known.note(found, Digests(md5))
        return md5

    def _md5(self, path: Path | str, found: os.stat_result) -> Digests:
        return Digests(self.hash(path, found))

    def digests(self, path: Path | str, found: os.stat_result) -> Digests:
        """Hash a file of the cache or the work tree in both ways, unless both are known.

        Args:
            path: the file.
            found: its ``stat``.

        Returns:
            None of them if the file cannot be read.
        """
        known = self.known.digests(found)
        if known.sha256 is not None:
            return known
        try:
            known = hash_digests(path, found.st_size)
        except OSError:
            return Digests()
        self.known.note(found, known)
        return known

    def compare(self, expected: Hashes) -> tuple[str, str] | None:
        """Compare an object, named by its MD5, with every other digest that is stated of its bytes.

        Its bytes are read once, until the object changes.

        Args:
            expected: what the bytes must hash to.

        Returns:
            (expected, found), each as ``kind:value``; None where they agree, where nothing else is
            stated, or where the object is not there, or damaged.
        """
        if expected.md5 is None or expected.sha256 is None:
            return None
        path = self.path(expected.md5)
        try:
            found = os.stat(path)  # noqa: PTH116 - as fast as it gets
        except OSError:
            return None
        known = self.digests(path, found)
        if known.md5 != expected.md5:
            return None  # damaged: nobody holds that for the object
        return expected.first_difference(Hashes(sha256=known.sha256))

    def sha256_of(self, md5: str) -> str | None:
        """Say what the bytes of an object hash to; None where it is not there, or no longer it."""
        path = self.path(md5)
        try:
            known = self.digests(path, os.stat(path))  # noqa: PTH116 - as fast as it gets
        except OSError:
            return None
        return known.sha256 if known.md5 == md5 else None

    @contextmanager
    def receiving(self, oid: str | None = None, name: str = "") -> Iterator[Path]:
        """Give an empty file in the cache's file system, which becomes the object at the end.

        Whoever fills it compares the bytes too, and raises where they are not the object's; then
        nothing is added. What lies under the name already is moved aside, and that is told: it may
        be somebody's edit, made through a link.

        Args:
            oid: name of the object; None if that is not known yet: see `settle`.
            name: of the file that the object is, for messages.

        Raises:
            OutsideFailure: the cache cannot be written to, or the disk is full.
        """
        with _writable(self.folder):
            new = atomic.make_atomic_file(self.folder, self._mode)
        try:
            yield new
            if oid is not None:
                self.settle(new, oid, name=name)
        except OSError as error:
            if error.errno not in _FULL:  # a network's, for example, is the caller's
                raise
            raise _refused(self.folder, error) from error
        finally:
            new.unlink(missing_ok=True)

    def adopt(self, file: str, oid: str, name: str) -> bool:
        """Add a file of the work tree as an object, if it is that object.

        Args:
            file: the file.
            oid: name of the object.
            name: of the file, for messages.

        Raises:
            OutsideFailure: the cache cannot be written to, or the disk is full.
        """
        with _writable(self.folder):
            new = atomic.make_atomic_file(self.folder, self._mode)
            new.unlink()
            try:
                links.link_file(os.path.realpath(file), str(new), ("reflink", "copy"))
                if hash_md5(new) != oid:
                    return False
                self._settle(new, oid, name=name)
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
            return read_object_listing(read_bounded_file(str(self.path(oid)), TEXT))
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

    def link(self, hashes: Hashes, target: str) -> str:
        """Link an object to a new name in the work tree, by the first way of DVC's configuration.

        Nothing else of ours puts bytes there, and these have every digest that is stated of them.

        Args:
            hashes: of the bytes; the MD5 names the object.
            target: a name that is not taken.

        Returns:
            The way that worked.

        Raises:
            OtherBytes: the object lacks a digest that is stated.
            OSError: no way worked.
        """
        path = str(self.path(str(hashes.md5)))
        before = os.stat(path)  # noqa: PTH116
        known = self.digests if hashes.sha256 is not None else self._md5
        md5, sha256 = known(path, before)
        found = Hashes(md5=md5 or "unreadable", sha256=sha256, size=before.st_size)
        if (difference := hashes.first_difference(found)) is not None:
            raise OtherBytes(*difference)
        kind = links.link_file(path, target, self._kinds)
        if kind == "hardlink":
            self.known.carry(before, os.stat(path))  # noqa: PTH116
        return kind

    def unlinked(self, link: os.stat_result) -> None:
        """Keep what is known of an object after a hard link to it was removed, or renamed.

        Args:
            link: the ``stat`` of the link while it was there.
        """
        md5 = self.known.digests(link).md5 if link.st_nlink > 1 else None
        if md5 is None:
            return
        with suppress(OSError):
            self.known.carry(link, os.stat(self.path(md5)))  # noqa: PTH116

    def remove(self, oid: str) -> None:
        """Remove an object, if it is there."""
        with _writable(self.folder):
            self.path(oid).unlink(missing_ok=True)

    def settle(self, new: Path, oid: str, *, sha256: str | None = None, name: str = "") -> None:
        """Make a file that was received the object that it is.

        Args:
            new: the file.
            oid: its name.
            sha256: of its bytes, if whoever received them has hashed them.
            name: of the file that the object is, for messages.

        Raises:
            OutsideFailure: the cache cannot be written to, or the disk is full.
        """
        with _writable(self.folder):
            self._settle(new, oid, sha256=sha256, name=name)

    def _settle(self, new: Path, oid: str, *, sha256: str | None = None, name: str = "") -> None:
        """Bring the bytes to the disk, then to the object's name."""
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.chmod(MODE)
        settle_hash_time(new)
        target = self.path(oid)
        atomic.make_folder(f"{target.parent}", self._mode)
        if self.holds(oid):  # another process was faster
            return
        if os.path.lexists(target):
            self._put_aside(target, oid, name or oid)
        new.replace(target)
        self.known.settled(target.stat(), Digests(oid.removesuffix(FOLDER_SUFFIX), sha256))

    def _put_aside(self, target: Path, oid: str, name: str) -> None:
        from logging import getLogger  # noqa: PLC0415 - git's hooks load this

        from paddledvc.display.escaping import escape_text  # noqa: PLC0415 - hardly ever

        atomic.make_folder(f"{self._aside}", self._mode)
        aside = self._aside / f"{oid}-{os.urandom(4).hex()}"
        target.replace(aside)
        mine = f"{posixpath.basename(name)}.mine"
        # Git's hooks have nobody who would escape it.
        getLogger(__name__).warning(
            "%s",
            escape_text(
                f"weights: {name}: the cache had other bytes for it, damaged or edited through a "
                f"link; `mv {quote_path(str(aside))} {quote_path(mine)}` gives you those"
            ),
        )


def find_cache_folder(root: Path, config: DvcConfig) -> Path:
    """Name the folder of the cache, if this clone may use it; its objects are in ``files/md5``.

    Raises:
        RemoteNotTrusted: a branch moved it out of this clone.
    """
    if config.cache is not None or config.site_cache is not None:
        from paddledvc.tools.dvc.trust import gate  # noqa: PLC0415 - not where nobody moved it

        gate.require_trusted_cache(root, config)
    return configuration.configured_cache_folder(root, config)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(folder: Path, error: OSError) -> OutsideFailure:
    return OutsideFailure(f"cannot write the cache {folder}: {error.strerror or error}")
