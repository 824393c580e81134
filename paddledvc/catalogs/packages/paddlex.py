"""The catalog of the installed PaddleX: its official inference models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from paddledvc.catalogs.packages.literals import Unclear
from paddledvc.catalogs.packages.tables import PackageCatalog, make_table_release

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.catalogs.core.listing import Release
    from paddledvc.catalogs.packages.literals import Scope
    from paddledvc.catalogs.packages.tables import Package

FILE = "inference/utils/official_models.py"
TABLE = "OFFICIAL_MODELS"
"""Name and URL of every model, in PaddleX 3.0 and 3.1."""
HOST = "_BosModelHoster"
"""What puts the URLs together since PaddleX 3.2."""
URLS = frozenset({"f'{self.base_url}/{self.version}/{fn}'", "f'{model_name}_infer.tar'"})
_VERSION = re.compile(r".*/paddle([^/]+)/[^/]+")


class PaddleX(PackageCatalog):
    """The archives that PaddleX downloads; it states no digests of them.

    Their version is the one in their URLs, the Paddle that they were exported for. That names the
    bytes: PaddleX 3.0 and 3.7 list the same URLs, so PaddleX's own version would call them new with
    each release.
    """

    MODULE = "paddlex"
    DISTRIBUTIONS = ("paddlex",)
    MISSING = (
        "PaddleX is not installed in this environment; run `pip install paddlex`, "
        "with `--no-deps` if only its list of models is needed"
    )

    def read(self, package: Package) -> Iterable[tuple[str, Release]]:
        """Read the URLs of all models."""
        with package.reading(FILE) as scope:
            urls = scope[TABLE] if TABLE in scope else _put_together(scope)
            if not isinstance(urls, dict):
                raise Unclear(f"{TABLE} is not understood")
            return [(name, _release(name, url)) for name, url in urls.items()]


def _put_together(scope: Scope) -> dict[str, str]:
    """Do as ``_BosModelHoster._download`` does, after a look at whether it still does."""
    host = scope.body_of(HOST)
    if not scope.formats_in(HOST) >= URLS:
        raise Unclear(f"{HOST} is not understood")
    base, special = f"{host['base_url']}/{host['version']}", host["special_model_fn"]
    return {name: f"{base}/{special.get(name, f'{name}_infer.tar')}" for name in host["model_list"]}


def _release(name: str, url: Any) -> Release:
    version = _VERSION.fullmatch(url) if isinstance(url, str) else None
    if version is None:
        raise Unclear(f"the entry {name!r} is not understood")
    return make_table_release(name, version[1], url, paddle=f">={version[1]}")
