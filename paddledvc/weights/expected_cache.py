"""What the work tree's files say lies in it, read once for each version of these files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.system import atomic
from paddledvc.weights.core import tracked as tracking
from paddledvc.weights.core.tracked import Tracked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from paddledvc.models.lockfile import LockedFile
    from paddledvc.project import Project

KEPT = 64
"""Versions that are remembered."""
FOLDER = "wanted"


def read_through_cache(project: Project, texts: Mapping[str, str]) -> tuple[Tracked, ...]:
    """Read what files say lies in the work tree, as ``read_expected`` does, or remember it.

    Raises:
        InvalidFile: one of the files cannot be read.
    """
    folder = project.scratch() / FOLDER
    file = folder / _key(texts)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known = parse_outputs(file.read_text(encoding="utf-8"))
        if known is not None:
            return known
    from paddledvc.weights import expected  # noqa: PLC0415 - it reads YAML

    found = expected.read_expected(project, texts)
    with contextlib.suppress(OSError):
        _forget(folder)
        atomic.write_file(file, render_outputs(found), fsync=False)
    return found


def _key(texts: Mapping[str, str]) -> str:
    """Digest files, and the code that reads them."""
    digest = hashlib.sha256()
    for file in (tracking.__file__, outputs.__file__, __file__, names.__file__):
        digest.update(f"{os.stat(str(file)).st_mtime_ns} ".encode())  # noqa: PTH116
    for name, text in sorted(texts.items()):
        if name != names.REGISTRY:
            data = text.encode()
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _forget(folder: Path) -> None:
    """Keep the versions that were read last."""
    folder.mkdir(exist_ok=True)
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in files[: max(0, len(files) - KEPT + 1)]:
        file.unlink(missing_ok=True)


def render_outputs(outputs: Sequence[Tracked]) -> str:
    """Write outputs down."""
    return json.dumps(
        [
            [
                one.path,
                [one.hashes.md5, one.hashes.sha256, one.hashes.size],
                one.folder,
                one.model,
                one.version,
                one.urls,
                [[file.path, file.urls, file.md5, file.sha256, file.size] for file in one.files],
                one.remote,
                one.pushed,
                one.exact,
            ]
            for one in outputs
        ],
        separators=(",", ":"),
    )


def parse_outputs(text: str) -> tuple[Tracked, ...] | None:
    """Read outputs; None if that is not what was written.

    >>> one = Tracked(path="a", hashes=Hashes(md5="b"))
    >>> parse_outputs(render_outputs([one])) == (one,)
    True
    """
    try:
        return tuple(_tracked(*fields) for fields in json.loads(text))
    except (ValueError, TypeError):
        return None


def _tracked(  # noqa: PLR0913, PLR0917 - every field of it
    path: str,
    hashes: list[Any],
    folder: bool,  # noqa: FBT001
    model: str | None,
    version: str | None,
    urls: list[str],
    files: list[Any],
    remote: str | None,
    pushed: bool,  # noqa: FBT001
    exact: bool,  # noqa: FBT001
) -> Tracked:
    md5, sha256, size = hashes
    return Tracked(
        path=path,
        hashes=Hashes(md5=md5, sha256=sha256, size=size),
        folder=folder,
        model=model,
        version=version,
        urls=tuple(urls),
        files=tuple(_file(*fields) for fields in files),
        remote=remote,
        pushed=pushed,
        exact=exact,
    )


def _file(
    path: str, urls: list[str], md5: str | None, sha256: str | None, size: int | None
) -> LockedFile:
    from paddledvc.models.lockfile import LockedFile  # noqa: PLC0415 - few models are folders

    return LockedFile(path=path, urls=tuple(urls), md5=md5, sha256=sha256, size=size)
