"""Files on their way into a folder, in that folder, and swept away when their process has died."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def fresh(folder: Path) -> Path:
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
