"""The catalog of the installed Paddle: the official weights of ``paddle.vision``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from paddledvc.catalogs.packages.literals import Unclear
from paddledvc.catalogs.packages.tables import NotUnderstood, PackageCatalog, make_table_release
from paddledvc.errors import NO_PADDLE
from paddledvc.models.versions import is_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.catalogs.core.listing import Query, Release
    from paddledvc.catalogs.packages.literals import Scope
    from paddledvc.catalogs.packages.tables import Package

MODELS = "vision/models"
TABLE = "model_urls"
SIZE = 224
"""Pixels of a side of the images that the networks are trained on."""
SIZES = {"inception_v3": 299}
_SCALED = re.compile(r"(?P<network>.+?)_x?(?P<scale>\d+\.\d+)")
"""Weights of a network that comes in several widths, such as ``mobilenet_v3_large_x1.0``."""
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

    def find_settings(self, query: Query) -> Mapping[str, Any]:
        """Say what builds the network of the weights, and what goes in; nothing if unknown."""
        scaled = _SCALED.fullmatch(query.name)
        name = scaled["network"].replace("mobilenetv", "mobilenet_v") if scaled else query.name
        if self.package is None or name not in _list_networks(self.package):
            return {}
        size = SIZES.get(query.name, SIZE)
        return {
            "network": f"paddle.vision.models:{name}",
            **({"network_args": {"scale": float(scaled["scale"])}} if scaled else {}),
            "inputs": [{"name": "image", "shape": [None, 3, size, size], "dtype": "float32"}],
            "export": {},
        }


def _list_networks(package: Package) -> Sequence[str]:
    try:
        with package.reading(f"{MODELS}/__init__.py") as scope:
            names = scope["__all__"]
    except NotUnderstood:
        return ()
    return names if isinstance(names, list) else ()


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
