"""The catalog of the installed PaddleSpeech: its tables of pretrained models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from paddledvc.catalogs.packages.literals import Unclear
from paddledvc.catalogs.packages.tables import PackageCatalog, make_table_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paddledvc.catalogs.core.listing import Release
    from paddledvc.catalogs.packages.tables import Package

FILE = "resource/pretrained_models.py"
TABLES = "_models"
"""How the names of tables end; what else is in the file are programs and a bundle, not models."""
MODEL_FORMS = ("dynamic", "static", "onnx")
"""Forms of models. The bare name of a model means the first that it has, as in PaddleSpeech."""
_FORM = re.compile(rf"_({'|'.join(MODEL_FORMS)})_")


class PaddleSpeech(PackageCatalog):
    """The archives that PaddleSpeech downloads, with the versions and MD5 digests that it states.

    PaddleSpeech has a table for each task and form, and a model may be in several with other bytes:
    ``fastspeech2_csmsc-zh`` is then the dynamic model, ``static/fastspeech2_csmsc-zh`` the exported
    one.
    """

    MODULE = "paddlespeech"
    DISTRIBUTIONS = ("paddlespeech",)
    MISSING = (
        "PaddleSpeech is not installed in this environment; run `pip install paddlespeech`, "
        "with `--no-deps` if only its list of models is needed"
    )

    def read(self, package: Package) -> Iterable[tuple[str, Release]]:
        """Read every table of versions, URLs and MD5 digests."""
        with package.reading(FILE) as scope:
            entries = [
                (_form(table), tag, release)
                for table in scope
                if table.endswith(TABLES)
                for tag, release in _releases(table, scope[table])
            ]
        forms: dict[str, set[str]] = {}
        for form, tag, _ in entries:
            forms.setdefault(tag, set()).add(form)
        for form, tag, release in entries:
            bare = form == min(forms[tag], key=MODEL_FORMS.index)
            yield tag if bare else f"{form}/{tag}", release


def _form(table: str) -> str:
    found = _FORM.search(table)
    return found[1] if found else MODEL_FORMS[0]


def _releases(name: str, table: Any) -> Iterator[tuple[str, Release]]:
    if not isinstance(table, dict):
        raise Unclear(f"{name} is not understood")
    for tag, versions in table.items():
        if not isinstance(versions, dict):
            raise Unclear(f"the entry {tag!r} of {name} is not understood")
        for version, entry in versions.items():
            match entry:
                case {"url": url, "md5": str() as md5}:
                    yield tag, make_table_release(tag, version, url, md5)
                case _:
                    raise Unclear(f"the entry {tag!r} of {name} is not understood")
