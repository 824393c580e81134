"""What a catalog may say, for its words become names of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from paddledvc.models.versions import as_version, is_range, is_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from paddledvc.catalogs.core.listing import Listed, Release
    from paddledvc.hashes import Hashes

_PATH = re.compile(r"(?!/)(?!(.*/)?\.{0,2}(/|$))[^\\\x00-\x1f]+")
_FORMAT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_DIGESTS = {"md5": re.compile("[0-9a-f]{32}"), "sha256": re.compile("[0-9a-f]{64}")}


def nonsense_in_list(listed: Sequence[Listed]) -> str | None:
    """Find what no list of versions can hold, in a few words; None if there is nothing.

    >>> from paddledvc.catalogs.core.listing import Listed
    >>> nonsense_in_list([Listed(version="v1"), Listed(version="1.0")])
    "it lists 'v1' and '1.0', which are one version"
    """
    seen: dict[object, str] = {}
    for one in listed:
        if not is_version(one.version):
            return f"it lists {one.version!r}, which is no version"
        version = as_version(one.version)
        if version in seen:
            return f"it lists {seen[version]!r} and {one.version!r}, which are one version"
        seen[version] = one.version
        if not (one.yanked or "").isprintable():
            return f"it says of {one.version} what no terminal should show: {one.yanked!r}"
        if one.paddle is not None and not is_range(one.paddle):
            return f"it lists {one.version} for Paddle {one.paddle!r}, which is no range"
    return None


def nonsense_in_release(release: Release, version: str) -> str | None:
    """Find what no version can consist of, in a few words; None if there is nothing.

    Args:
        release: what a catalog says of a version.
        version: the version that it was asked about.
    """
    return next(_nonsense(release, version), None)


def _nonsense(release: Release, version: str) -> Iterator[str]:
    if release.version != version:
        yield f"it describes {release.version!r} instead of {version}"
    if release.format is not None and not _FORMAT.fullmatch(release.format):
        yield f"it says that {version} has the format {release.format!r}, which can be no suffix"
    if release.paddle is not None and not is_range(release.paddle):
        yield f"it says that {version} needs Paddle {release.paddle!r}, which is no range"
    if not release.files or (len(release.files) > 1 and not release.folder):
        yield f"it says that {version} has {len(release.files)} files"
    for file in release.files:
        if not file.urls:
            yield f"it does not say where {file.path!r} of {version} is"
        if wrong := _wrong_digest(file.hashes):
            yield f"it says that {file.path!r} of {version} has {wrong}"
    if release.folder:
        yield from _nonsense_in_paths([file.path for file in release.files], version)


def _wrong_digest(hashes: Hashes) -> str | None:
    for kind, form in _DIGESTS.items():
        digest = getattr(hashes, kind)
        if digest is not None and not form.fullmatch(digest):
            return f"the {kind} {digest!r}"
    return f"the size {hashes.size}" if hashes.size is not None and hashes.size < 0 else None


def _nonsense_in_paths(paths: Iterable[str], version: str) -> Iterator[str]:
    folders: set[str] = set()
    seen: set[str] = set()
    for path in sorted(paths):
        key = path.casefold()
        parts = key.split("/")
        # A folder that looks like a repository would have git run what its configuration says.
        if not _PATH.fullmatch(path) or {"", ".", "..", ".git"} & set(parts):
            yield f"it lists the file {path!r} in {version}, which is no path in a folder"
        parents = {key[:at] for at, sign in enumerate(key) if sign == "/"}
        if key in seen | folders or parents & seen:
            yield f"it lists the file {path!r} in {version} twice, or inside of another file"
        seen.add(key)
        folders |= parents
