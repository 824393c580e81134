"""What catalogs say: which versions of a model there are, and what one of them consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddledvc.hashes import Hashes

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def versions_of(listed: Sequence[Listed]) -> tuple[str, ...]:
    """Name the versions of a list, good ones only."""
    return tuple(one.version for one in listed if one.yanked is None)
