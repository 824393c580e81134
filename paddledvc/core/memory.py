"""What lies in the work tree, as JSON: YAML takes longer to read than all the rest of a switch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from paddledvc.core.hashes import Hashes
from paddledvc.core.tracked import Tracked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.core.lock import LockedFile


def render(outputs: Sequence[Tracked]) -> str:
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


def parse(text: str) -> tuple[Tracked, ...] | None:
    """Read outputs; None if that is not what was written.

    >>> one = Tracked(path="a", hashes=Hashes(md5="b"))
    >>> parse(render([one])) == (one,)
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
    from paddledvc.core.lock import LockedFile  # noqa: PLC0415 - few models are folders

    return LockedFile(path=path, urls=tuple(urls), md5=md5, sha256=sha256, size=size)
