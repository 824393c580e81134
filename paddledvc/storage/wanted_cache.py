"""What the work tree's files say lies in it, read once for each version of these files."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

from paddledvc.core import layout, memory, outputs
from paddledvc.core import tracked as tracking
from paddledvc.core.tracked import PATTERNS
from paddledvc.tools import quickfile, worktree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.core.tracked import Tracked
    from paddledvc.project import Project

KEPT = 64
"""Versions that are remembered."""
FOLDER = "wanted"
_ALWAYS = (layout.REGISTRY, layout.LOCK, outputs.STAGES, layout.DVC_LOCK)


def texts_here(project: Project) -> Mapping[str, str]:
    """Read the files of the work tree that say what lies in it, as ``wanted.texts_here`` does."""
    names = sorted({*worktree.names(project.root, PATTERNS), *_ALWAYS})
    texts = {}
    try:
        for name in names:
            with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                texts[name] = (project.root / name).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        from paddledvc.storage import wanted  # noqa: PLC0415 - it says what is wrong

        return wanted.texts_here(project)
    return texts


def read(project: Project, texts: Mapping[str, str]) -> tuple[Tracked, ...]:
    """Read what files say lies in the work tree, as ``wanted.read`` does, or remember it.

    Raises:
        InvalidFile: one of the files cannot be read.
    """
    folder = project.scratch() / FOLDER
    file = folder / _key(texts)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known = memory.parse(file.read_text(encoding="utf-8"))
        if known is not None:
            return known
    from paddledvc.storage import wanted  # noqa: PLC0415 - it reads YAML

    found = wanted.read(project, texts)
    with contextlib.suppress(OSError):
        _forget(folder)
        quickfile.write(file, memory.render(found))
    return found


def _key(texts: Mapping[str, str]) -> str:
    """Digest files, and the code that reads them."""
    digest = hashlib.sha256()
    for module in (tracking, outputs, memory, layout):
        digest.update(f"{os.stat(str(module.__file__)).st_mtime_ns} ".encode())  # noqa: PTH116
    for name, text in sorted(texts.items()):
        if name != layout.REGISTRY:
            data = text.encode()
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _forget(folder: Path) -> None:
    """Keep the versions that were read last."""
    folder.mkdir(exist_ok=True)
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in files[: max(0, len(files) - KEPT + 1)]:
        file.unlink(missing_ok=True)
