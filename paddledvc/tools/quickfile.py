"""Small files for which git shall not wait: not written to the disk at once."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(file: Path, text: str) -> None:
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


def read(file: Path) -> str:
    """Read a file that was written so; empty if there is none, or nobody can read it."""
    for name in (file, f"{file}.old"):
        try:
            with open(name, encoding="utf-8") as opened:  # noqa: PTH123
                return opened.read()
        except (OSError, ValueError):
            continue
    return ""
