"""What catalogs say: which versions of a model there are, and what one of them may consist of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddledvc.hashes import Hashes
from paddledvc.models.versions import as_version, is_version, is_version_range
from paddledvc.paths import find_listing_fault
from paddledvc.urls import hide_url_secrets, secret_of_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FORMAT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_DIGESTS = {"md5": re.compile("[0-9a-f]{32}"), "sha256": re.compile("[0-9a-f]{64}")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Which model a catalog is asked about.

    Attributes:
        name: the model's name in the catalog, for example ``PaddlePaddle/PP-OCRv5_mobile_det``.
        file: the one file that is wanted of a model that has several; None for all of them.
        revision: branch, tag or commit of a repository to look at; None for its default.
    """

    name: str
    file: str | None = None
    revision: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One version that a catalog lists.

    Attributes:
        version: an exact version, as the catalog spells it.
        yanked: why nobody should take this version any more; None for a good one. It is taken
            only where it is asked for exactly.
        paddle: PEP 440 range of the Paddle versions that load it; None if the catalog does not say.
        format: format of the weights, as ``urls.FORMATS`` names it; None if the catalog does
            not say.
    """

    version: str
    yanked: str | None = None
    paddle: str | None = None
    format: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFile:
    """One file of a version.

    Attributes:
        path: path in the model's folder, with ``/`` between the parts; the name of the file where
            the release is a single one.
        urls: where its bytes are, in the order to try: http(s), ``file:``, ``s3://``,
            ``git+URL@COMMIT#PATH`` (brought by DVC), or a path relative to the project.
        hashes: what the catalog says the bytes hash to; empty where it does not say.
    """

    path: str
    urls: tuple[str, ...]
    hashes: Hashes = field(default_factory=Hashes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """All that is needed to get one version.

    Attributes:
        version: the exact version, as the catalog spells it.
        files: its files, sorted by path; exactly one unless ``folder``.
        folder: whether the model is a folder of files, and not one file of weights.
        format: format of the weights; None lets the suffix of the file decide.
        paddle: PEP 440 range of the Paddle versions that load it; None if unknown.
        commit: commit of the source that holds this version; None where there is none.
    """

    version: str
    files: tuple[ReleaseFile, ...]
    folder: bool = False
    format: str | None = None
    paddle: str | None = None
    commit: str | None = None


def listed_versions(listed: Sequence[Listed]) -> tuple[str, ...]:
    """Name the versions of a list, good ones only."""
    return tuple(one.version for one in listed if one.yanked is None)


def nonsense_in_listing(listed: Sequence[Listed]) -> str | None:
    """Find what no list of versions can hold, in a few words; None if there is nothing.

    >>> from paddledvc.catalogs.core.listing import Listed
    >>> nonsense_in_listing([Listed(version="v1"), Listed(version="1.0")])
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
        if one.paddle is not None and not is_version_range(one.paddle):
            return f"it lists {one.version} for Paddle {one.paddle!r}, which is no range"
    return None


def nonsense_in_listed_release(release: Release, version: str) -> str | None:
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
    if release.paddle is not None and not is_version_range(release.paddle):
        yield f"it says that {version} needs Paddle {release.paddle!r}, which is no range"
    if not release.files or (len(release.files) > 1 and not release.folder):
        yield f"it says that {version} has {len(release.files)} files"
    for file in release.files:
        if not file.urls:
            yield f"it does not say where {file.path!r} of {version} is"
        yield from _secrets(file, version)
        if wrong := _wrong_digest(file.hashes):
            yield f"it says that {file.path!r} of {version} has {wrong}"
    if release.folder:
        # Whatever disk they are brought to, so that the lock is as good for all.
        paths = sorted(file.path for file in release.files)
        if fault := find_listing_fault(paths, folded=True):
            yield f"it lists the file {fault[0]!r} in {version}: {fault[1]}"


def _secrets(file: ReleaseFile, version: str) -> Iterator[str]:
    for url in file.urls:
        if (secret := secret_of_url(url)) is not None:
            yield (
                f"it gives {file.path!r} of {version} the URL {hide_url_secrets(url)}, which holds "
                f"{secret}, and the lock is in git; a URL without it will do, with ~/.netrc or the "
                "credentials of the store"
            )


def _wrong_digest(hashes: Hashes) -> str | None:
    for kind, form in _DIGESTS.items():
        digest = getattr(hashes, kind)
        if digest is not None and not form.fullmatch(digest):
            return f"the {kind} {digest!r}"
    return f"the size {hashes.size}" if hashes.size is not None and hashes.size < 0 else None
