"""Locks: our own, and those by which DVC says that it is at work.

DVC has two ways. Usually it holds an ``flock`` on ``.dvc/tmp/lock`` for as long as it works, and
leaves the file there. With ``core.hardlink_lock``, meant for NFS, that file *is* the lock: whoever
makes it for an ``flock`` stops every DVC until somebody removes it, and is not stopped by any.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.tools.dvc import configuration, library, shortcuts
from paddledvc.tools.git.project_files import SETTINGS, find_project_file
from paddledvc.tools.system.atomic import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

PAUSE = 0.05
"""Seconds between two tries to get a lock."""
KILLED = (
    "DVC is running, or was killed and left .dvc/tmp/lock; when no DVC runs, remove it with "
    "`rm .dvc/tmp/lock`"
)
HALF_WRITTEN = 0.2
"""Seconds in which a file that DVC is just writing must become readable."""


class Busy(Exception):
    """Somebody else is at work; the text says who, as a sentence."""


@contextmanager
def hold_lock_file(file: Path, *, patience: float, who: str) -> Iterator[None]:
    """Hold a lock file; the system lets go of it when a process dies.

    Args:
        file: the file; made if need be.
        patience: seconds to wait.
        who: who may be holding it.

    Raises:
        Busy: somebody still holds it.
        OSError: the file cannot be made.
    """
    os.makedirs(file.parent, exist_ok=True)  # noqa: PTH103
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        _lock(descriptor, time.monotonic() + patience, who)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, until: float, who: str) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise Busy(f"{who} is running") from error
            time.sleep(PAUSE)
        else:
            return


@contextmanager
def hold_dvc_locks(root: Path, paths: Iterable[str], *, patience: float) -> Iterator[None]:
    """Hold off DVC for a moment, after those of its stages that use some paths.

    Args:
        root: the project.
        paths: what is about to be changed, from the root; ``.`` is everything.
        patience: seconds to wait.

    Raises:
        Busy: DVC is running, or was killed and left what keeps everybody waiting.
        InvalidInput: DVC refuses its configuration, which says how it locks.
        MissingTool: there is no DVC that works.
    """
    wanted = tuple(paths)
    with _repository_held(root, patience):
        # While a stage runs, DVC lets go of its lock and notes what the stage uses.
        for user in list_lock_users(root):
            if user.lives and any(_overlap(user.path, one) for one in wanted):
                who = f"process {user.process}: {user.command}"
                raise Busy(f"DVC is running on {user.path} ({who})")
        yield


def _repository_held(root: Path, patience: float) -> AbstractContextManager[None]:
    file, hard = root / ".dvc" / "tmp" / "lock", configuration.read_dvc_config(root).hardlink_lock
    if shortcuts.shortcuts_allowed() and not hard:
        return hold_lock_file(file, patience=patience, who="DVC")
    return _held_by_dvc(file, patience, hard=hard)


@contextmanager
def _held_by_dvc(file: Path, patience: float, *, hard: bool) -> Iterator[None]:
    """Hold the lock by DVC's own code, which asks for seconds before it gives up."""
    dvc = library.import_dvc("dvc.lock")
    from logging import CRITICAL, getLogger  # noqa: PLC0415 - git's hooks load this

    getLogger("flufl.lock").setLevel(CRITICAL)  # each try in vain is an error there
    os.makedirs(file.parent, exist_ok=True)  # noqa: PTH103
    lock = dvc.make_lock(str(file), tmp_dir=str(file.parent), hardlink_lock=hard)
    until = time.monotonic() + patience
    while True:
        try:
            lock.lock()
        except dvc.LockError as error:
            if time.monotonic() >= until:
                raise Busy(KILLED if hard else "DVC is running") from error
        else:
            break
    try:
        yield
    finally:
        lock.unlock()


class User(NamedTuple):
    """A process of DVC that reads or writes something, or did when it was killed.

    Attributes:
        path: what, from the root.
        process: its number.
        command: its command line.
        lives: whether it still runs.
    """

    path: str
    process: int
    command: str
    lives: bool


def list_lock_users(root: Path) -> list[User]:
    """List who DVC says is at work.

    Raises:
        Busy: a DVC that was killed left what nobody can read.
    """
    return [
        User(
            path=os.path.relpath(path, root),
            process=process,
            command=command,
            lives=_runs(process, command),
        )
        for path, process, command in _users(root)
    ]


def _users(root: Path) -> list[tuple[str, int, str]]:
    until = time.monotonic() + HALF_WRITTEN
    while True:
        try:
            data = find_project_file(root, ".dvc/tmp/rwlock", SETTINGS)
            return [] if data is None else _parse(data.decode())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            # DVC does not write it in one step.
            if time.monotonic() >= until:
                raise Busy(
                    "a DVC that was killed left .dvc/tmp/rwlock unreadable, which stops every "
                    "other one; when no DVC runs, remove it with `rm .dvc/tmp/rwlock`"
                ) from error
            time.sleep(PAUSE)


def _parse(text: str) -> list[tuple[str, int, str]]:
    value = json.loads(text)
    writers = [(path, one) for path, one in value.get("write", {}).items()]
    readers = [(path, one) for path, many in value.get("read", {}).items() for one in many]
    return [(path, int(one["pid"]), str(one["cmd"])) for path, one in writers + readers if one]


def _runs(process: int, command: str) -> bool:
    """Tell whether the process that DVC noted still is that process; numbers are used again."""
    if not is_alive(process):
        return False
    with contextlib.suppress(OSError):
        with open(f"/proc/{process}/cmdline", "rb") as file:  # noqa: PTH123
            words = file.read().decode(errors="replace").split("\0")
        return any(os.path.basename(word) in map(os.path.basename, words)  # noqa: PTH119
                   for word in command.split())  # fmt: skip
    return True


def _overlap(one: str, other: str) -> bool:
    return other in (one, ".") or one.startswith(f"{other}/") or other.startswith(f"{one}/")
