"""DVC's cache: objects under the MD5 of their bytes, read-only, one for all work trees."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING

from paddledvc.errors import OutsideFailure
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.core.config import PATHS
from paddledvc.tools.dvc.core.objects import read_object_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.dvc.state import DvcState
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.system import atomic, links
from paddledvc.tools.system.hash_cache import Known, hash_md5, settle_hash_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.tools.dvc.core.config import DvcConfig
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
            find_cache_folder(root, config),
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
        """Read which files a folder has; None if the object is not there, or is no listing."""
        if not self.holds(oid):
            return None
        try:
            return read_object_listing(self.path(oid).read_bytes())
        except (OSError, ValueError):
            return None

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


def _local_config(text: str, folder: str, cache: str) -> str:
    r"""Write the local configuration of another work tree: as this one's, with this one's cache.

    Args:
        text: the local configuration of the main work tree; empty if it has none.
        folder: where that lies; its paths start there.
        cache: the cache of the main work tree.

    >>> print(_local_config("['remote \"s\"']\nuser = me\n", "/a/.dvc", "/a/.dvc/cache"), end="")
    ['remote "s"']
    user = me
    [cache]
    dir = /a/.dvc/cache
    """
    from configparser import ConfigParser  # noqa: PLC0415 - once in the life of a work tree
    from configparser import Error as ConfigError  # noqa: PLC0415

    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    try:
        parser.read_string(text)
    except ConfigError:
        parser.clear()
    for section in parser.sections():
        for key, value in parser.items(section):
            if key in ("dir", *PATHS) and _is_relative(value):
                parser.set(section, key, posixpath.normpath(posixpath.join(folder, value)))
    if not parser.has_section("cache"):
        parser.add_section("cache")
    parser.set("cache", "dir", cache)
    written = StringIO()
    parser.write(written)
    return written.getvalue().replace("\n\n", "\n")


def _is_relative(value: str) -> bool:
    return bool(value) and "://" not in value and value[0] not in "/~'\""


def share_cache(root: Path) -> bool:
    """Let a linked work tree use the cache and the credentials of the main one.

    A work tree with a configuration of its own, or with a cache of its own, keeps them.

    Args:
        root: the project in the linked work tree.

    Returns:
        Whether it does so from now on.

    Raises:
        RemoteNotTrusted: the cache of the main one is what a branch named there.
        ToolFailed: git does not say where the main work tree is.
        OSError: the configuration cannot be written.
    """
    own = root / ".dvc"
    if not own.is_dir() or (own / configuration.LOCAL).exists() or (own / "cache").exists():
        return False
    if not _may_be_linked(root):
        return False
    common = worktree.git_folder_of_worktrees(root)
    told = run_git(root, "rev-parse", "--absolute-git-dir", "--show-prefix")
    folder, _, prefix = told.rstrip("\n").partition("\n")
    if common.samefile(folder):
        return False  # a submodule
    main = common.parent / prefix.rstrip("/") if common.name == ".git" else None
    if main is None or not (main / ".dvc").is_dir():
        text, cache = "", common / "dvc" / "cache"
    else:
        cache = find_cache_folder(main, configuration.read_dvc_config(main)).absolute()
        file = main / ".dvc" / configuration.LOCAL
        text = _read_own(main, file) if file.exists() else ""
    if (
        not text
        and configuration.configured_cache_folder(root, configuration.read_dvc_config(root))
        == cache
    ):
        return False
    config = _local_config(text, str((main or root) / ".dvc"), str(cache))
    # It may hold credentials.
    atomic.write_atomically(own / configuration.LOCAL, config, fsync=False, mode=0o600)
    return True


def _read_own(main: Path, file: Path) -> str:
    """Read the local configuration of a work tree, unless a branch brought it."""
    from paddledvc.tools.dvc.trust.read_levels import is_local_tracked  # noqa: PLC0415 - as above

    return "" if is_local_tracked(main) else file.read_text(encoding="utf-8")


def _may_be_linked(root: Path) -> bool:
    """Tell whether the nearest ``.git`` is a file; in the main work tree it is a folder."""
    found = next((one / ".git" for one in (root, *root.parents) if (one / ".git").exists()), None)
    return found is not None and found.is_file()
