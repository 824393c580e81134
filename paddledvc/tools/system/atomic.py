"""Files written in one step, swept away when their process has died."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def fresh_file(folder: Path) -> Path:
    """Make an empty file of a new name; the folder is made if need be.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Another machine's processes have the same numbers, and may write to the same folder.
    prefix = f"tmp-{os.uname().nodename}-"
    _sweep(folder, prefix)
    new = folder / f"{prefix}{os.getpid()}-{os.urandom(6).hex()}"
    new.touch(exist_ok=False)
    return new


@cache
def _sweep(folder: Path, prefix: str) -> None:
    """Remove what killed processes of this machine left, once."""
    for name in os.listdir(folder):  # noqa: PTH208
        if name.startswith(prefix):
            owner = name[len(prefix) :].partition("-")[0]
            if owner.isdigit() and int(owner) != os.getpid() and not _lives(int(owner)):
                (folder / name).unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_file(file: Path, text: str) -> None:
    """Write a file that may be lost when the machine loses power; a kill leaves the old or the new.

    Renamed over another one, it would be written to the disk at once; so the old one steps aside.
    """
    new, old = f"{file}.{os.getpid()}", f"{file}.old"
    with open(new, "w", encoding="utf-8") as opened:  # noqa: PTH123
        opened.write(text)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(old)  # noqa: PTH108
    with contextlib.suppress(FileNotFoundError):
        os.rename(file, old)  # noqa: PTH104
    os.rename(new, file)  # noqa: PTH104


def read_file(file: Path) -> str:
    """Read a file that was written so; empty if there is none, or nobody can read it."""
    for name in (file, f"{file}.old"):
        try:
            with open(name, encoding="utf-8") as opened:  # noqa: PTH123
                return opened.read()
        except (OSError, ValueError):
            continue
    return ""
