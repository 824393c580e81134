"""DVC's own notes of what it has hashed and linked.

``dvc_data`` writes them; to import it takes longer than all the rest of a switch of branches. So
while git waits they are written here as the minors of ``dvc_data`` do that the tests know, with the
pickle that it makes of a link. It will not stay: diskcache unpickles whatever lies in its folder,
which others may write to (CVE-2025-69872), and dvc-data's pull request 663 turns links into JSON.

Wherever the notes are not as they should be, nothing is written, and DVC only has to hash once
more. They are not read: they also say what remotes promised to have sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import sys
import time
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from paddledvc.tools.dvc import library, shortcuts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    Hashed: TypeAlias = tuple[str, str, os.stat_result]
    Link: TypeAlias = tuple[int, str]

MAJOR = 3
"""The major version of DVC, which is part of where its notes are."""
TESTED = ("3.18",)
"""The minor versions of ``dvc_data`` whose notes the tests compare with ours."""
HASHES, LINKS = "hashes/local", "links"
PATIENCE = 0.5
"""Seconds to wait for a DVC that writes its notes."""
_DISTRIBUTION = re.compile(r"dvc_data-(\d+\.\d+)\b.*\.dist-info$")
_HASH = """
    INSERT INTO Cache(key, raw, store_time, expire_time, access_time, tag, mode, filename, value)
    VALUES (?, 1, 0, null, 0, null, 1, null, ?)
    ON CONFLICT(key, raw) DO UPDATE SET value = excluded.value
"""
_LINK = """
    INSERT INTO Cache(key, raw, store_time, expire_time, access_time, tag, mode, filename, value)
    VALUES (?, 1, ?, null, ?, null, 4, null, ?)
    ON CONFLICT(key, raw) DO UPDATE
    SET mode = 4, size = 0, filename = null, value = excluded.value
"""


class DvcState:
    """The notes of one repository.

    Args:
        root: the repository.
        site: the folder that DVC's configuration says they are below, if it says one.
    """

    def __init__(self, root: Path, site: str | None) -> None:
        self._root = root
        self._site = os.environ.get("DVC_SITE_CACHE_DIR") or site or _default_site()
        self._folder = _folder(root, self._site)

    def record(self, files: Iterable[Hashed], links: Mapping[str, Link]) -> bool:
        """Note what files hold, and which of them, or folders, came from the cache.

        Args:
            files: path, MD5 and ``stat`` of each; paths are absolute.
            links: inode and time, see `state_file_time` and `state_folder_time`, by path from
                the repository.

        Returns:
            Whether that is noted now.
        """
        if shortcuts.shortcuts_allowed() and installed_state_minor() in TESTED:
            return self._write(files, links)
        return self._record(files, links)

    def _record(self, files: Iterable[Hashed], links: Mapping[str, Link]) -> bool:
        """Have DVC's own code note it."""
        try:
            for table in (HASHES, LINKS):
                _require_free(self._file(table))
            hash_info = library.import_dvc("dvc_data.hashfile.hash_info").HashInfo
            system = library.import_dvc("dvc_objects.fs.local").LocalFileSystem()
            notes = [(path, hash_info("md5", md5), _info(stat)) for path, md5, stat in files]
            with contextlib.closing(self._open()) as state:
                state.save_many(notes, system)
                for path, link in links.items():
                    state.set_link(os.path.join(self._root, path), *link)  # noqa: PTH118
        except Exception:  # noqa: BLE001 - whatever DVC has become, at worst it hashes once more
            return False
        return True

    def _open(self) -> Any:
        state = library.import_dvc("dvc_data.hashfile.state")
        return state.State(str(self._root), self._folder)

    def _write(self, files: Iterable[Hashed], links: Mapping[str, Link]) -> bool:
        """Note it as DVC's own code does."""
        now = time.time()
        hashes = [(path, _note(md5, stat)) for path, md5, stat in files]
        # DVC removes links that nobody needs any more while they are these very values.
        linked = [(path, now, now, _pickled(*link)) for path, link in links.items()]
        try:
            for table, statement, rows in (
                (HASHES, _HASH, hashes),
                (LINKS, _LINK, linked),
            ):
                with contextlib.closing(_connect(self._file(table))) as database:
                    _write(database, statement, rows)
        except (sqlite3.Error, OSError):
            return False
        return True

    def create(self) -> None:
        """Have DVC begin its notes of this repository, if it has not."""
        if self._folder is not None and os.path.exists(self._file(LINKS)):  # noqa: PTH110
            return
        # Whatever DVC has become, at worst it hashes once more.
        with contextlib.suppress(Exception):
            temporary = self._root / ".dvc" / "tmp"
            temporary.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                (temporary / "btime").touch(exist_ok=False)
            self._folder = _folder(self._root, self._site)
            assert self._folder is not None
            _make_shared(os.path.dirname(self._folder))  # noqa: PTH120
            with contextlib.closing(self._open()):
                pass

    def _file(self, table: str) -> str:
        if self._folder is None:
            raise FileNotFoundError(table)
        return f"{self._folder}/{table}/cache.db"


def installed_state_minor() -> str | None:
    """Name the minor version of ``dvc_data``, as ``3.18``; None if it cannot be told.

    The name of the folder beside it says so in a tenth of the time of ``importlib.metadata``.
    """
    spec = PathFinder.find_spec("dvc_data")
    if spec is None or spec.origin is None:
        return None
    beside = os.listdir(os.path.dirname(os.path.dirname(spec.origin)))  # noqa: PTH120, PTH208
    found = {match[1] for name in beside if (match := _DISTRIBUTION.match(name)) is not None}
    return found.pop() if len(found) == 1 else None


def _info(stat: os.stat_result) -> Mapping[str, Any]:
    """Tell what was hashed as ``fsspec`` tells it; what is there by now may be something else."""
    times = {"ino": stat.st_ino, "mtime": stat.st_mtime, "mode": stat.st_mode}
    return {"type": "file", "size": stat.st_size, **times}


def state_checksum(stat: os.stat_result) -> str:
    """Digest what DVC tells a changed file by, as ``fsspec`` digests it for DVC."""
    digest = hashlib.md5(
        str(([stat.st_ino, stat.st_mtime, stat.st_size],)).encode(), usedforsecurity=False
    )
    return str(int(digest.hexdigest(), 16))


def state_file_time(stat: os.stat_result) -> str:
    """Give the time of a file as DVC notes it with a link."""
    return str(round(stat.st_mtime * 1_000_000_000))


def state_folder_time(files: Mapping[str, os.stat_result]) -> str:
    """Digest the times of all files of a folder, by their absolute paths, as DVC does."""
    times = {path: stat.st_mtime for path, stat in files.items()}
    data = json.dumps(times, sort_keys=True).encode()
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _note(md5: str, stat: os.stat_result) -> str:
    return json.dumps(
        {
            "version": 1,
            "checksum": state_checksum(stat),
            "size": stat.st_size,
            "hash_info": {"md5": md5},
        }
    )


def _pickled(inode: int, time: str) -> bytes:
    """Pickle a link as DVC does, protocol 4; the module for that takes longer to import."""
    number = inode.to_bytes(inode.bit_length() // 8 + 1, "little", signed=True)
    text = time.encode()
    return b"\x80\x04\x8a%c%s\x8c%c%s\x86." % (len(number), number, len(text), text)


def _connect(file: str) -> sqlite3.Connection:
    """Open a database that is there; one that is missing is not made."""
    if not os.path.exists(file):  # noqa: PTH110
        raise FileNotFoundError(file)
    database = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous = 1")  # as DVC does: a lost note costs a hash, no more
    except BaseException:  # it is no database
        database.close()
        raise
    return database


def _require_free(file: str) -> None:
    """Require that nobody writes to a database: DVC's code waits for a minute, or for good."""
    with contextlib.closing(_connect(file)) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")


def _write(
    database: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> None:
    if not rows:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        database.executemany(statement, rows)
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


def _default_site() -> str:
    # DVC has kept to this one since platformdirs moved on (its pull request 239): every user may
    # write there, so what is read from it must not be believed.
    return "/Library/Caches/dvc" if sys.platform == "darwin" else "/var/tmp/dvc"  # noqa: S108


def _folder(root: Path, site: str) -> str | None:
    """Name the folder of a repository's notes, as DVC does; None where it has not run yet."""
    try:
        born = os.path.getmtime(f"{root}/.dvc/tmp/btime")  # noqa: PTH204
    except OSError:
        return None
    token = str((str(root), None, born, library.name_user(), MAJOR, 0))
    name = hashlib.md5(token.encode(), usedforsecurity=False).hexdigest()
    return os.path.join(site, "repo", name)  # noqa: PTH118


def _make_shared(folder: str) -> None:
    """Make a folder that the repositories of every user go into, as DVC makes it."""
    mask = os.umask(0)
    try:
        os.makedirs(folder, mode=0o777, exist_ok=True)  # noqa: PTH103
    finally:
        os.umask(mask)
