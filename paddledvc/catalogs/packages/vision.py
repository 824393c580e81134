"""The catalog of the installed Paddle: the official weights of ``paddle.vision``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.catalogs.packages.literals import Unclear
from paddledvc.catalogs.packages.tables import NotUnderstood, PackageCatalog, make_table_release
from paddledvc.errors import NO_PADDLE
from paddledvc.models.versions import is_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paddledvc.catalogs.core.listing import Release
    from paddledvc.catalogs.packages.literals import Scope
    from paddledvc.catalogs.packages.tables import Package

MODELS = "vision/models"
TABLE = "model_urls"
LOADED_BY = ">=2.0"
"""Paddle 2.0 came with the first of these networks, and every Paddle since reads their state dicts:
2.6 and 3.3 list the same 36 files. An exact version would refuse weights that load well."""
UNSTATED = "0.0.0"
"""What a development build of Paddle calls its version."""


class PaddleVision(PackageCatalog):
    """The weights that networks of the installed Paddle load with ``pretrained=True``.

    Their version is Paddle's own: there is one, and a lock with it says whose table it copied.
    """

    MODULE = "paddle"
    DISTRIBUTIONS = ("paddlepaddle", "paddlepaddle-gpu")
    MISSING = NO_PADDLE

    @property
    def where(self) -> str:
        """What the catalog is: a part of Paddle, the package and its version."""
        return "paddle.vision" if self.package is None else f"paddle.vision of {super().where}"

    def version(self, package: Package) -> str | None:
        """Name Paddle's version as Paddle does; pip may add the CUDA that a build is for."""
        try:
            with package.reading("version/__init__.py") as scope:
                stated = str(scope["full_version"])
        except NotUnderstood:
            return package.stated
        return package.stated or stated if stated == UNSTATED else stated

    def read(self, package: Package) -> Iterable[tuple[str, Release]]:
        """Read every table of URLs and MD5 digests."""
        version = self.version(package)
        if version is None or not is_version(version):
            raise NotUnderstood(f"it calls its version {version}")
        found: list[tuple[str, Release]] = []
        for file in sorted((package.folder / MODELS).glob("*.py")):
            with package.reading(f"{MODELS}/{file.name}") as scope:
                if TABLE in scope:
                    found += _releases(scope, version)
        return found


def _releases(scope: Scope, version: str) -> Iterator[tuple[str, Release]]:
    table = scope[TABLE]
    if not isinstance(table, dict):
        raise Unclear(f"{TABLE} is not understood")
    for name, entry in table.items():
        match entry:
            case (url, str() as md5):
                yield name, make_table_release(name, version, url, md5, paddle=LOADED_BY)
            case _:
                raise Unclear(f"the entry {name!r} is not understood")
