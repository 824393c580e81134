"""What a release writes down: the heading of its entry in the CHANGELOG, and its tag's message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.display.markdown import code_span

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAG = r"[A-Za-z0-9_./=-]+@v[0-9A-Za-z.+-]+"  # of what a shell takes as it is
_HEADING = re.compile(rf"^## .*, tag `(?P<tag>{_TAG})`\)\r?$", re.MULTILINE)
_FIELDS = ("version", "weights", "export", "commit")
_FIELD = re.compile(rf"^(?P<key>{'|'.join(_FIELDS)}): (?P<value>.+?)\r?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What the message of a release's tag states.

    Attributes:
        version: the version, as models.lock spells it.
        weights: digest of the weights, such as ``md5:…``; empty where there are none.
        export: the same of the export.
        commit: the commit that the tag names.
    """

    version: str
    weights: str = ""
    export: str = ""
    commit: str


def render_statement(name: str, stated: Statement) -> str:
    """Write the message of a release's tag.

    >>> print(render_statement("det", Statement(version="v1.2", weights="md5:a", commit="c0ffee")))
    det v1.2
    <BLANKLINE>
    version: v1.2
    weights: md5:a
    commit: c0ffee
    """
    values = ((key, getattr(stated, key)) for key in _FIELDS)
    lines = [f"{key}: {value}" for key, value in values if value]
    return "\n".join((f"{name} {stated.version}", "", *lines))


def parse_statement(message: str) -> Statement | None:
    r"""Read the message of a tag; None where it states no release of ours.

    >>> parse_statement("v1.2\n\nversion: v1.2\ncommit: c0ffee").version
    'v1.2'
    """
    found: dict[str, str] = {}
    for field in _FIELD.finditer(message):
        found.setdefault(field["key"], field["value"])
    if "version" not in found or "commit" not in found:
        return None
    return Statement(**found)


def render_release_heading(name: str, version: str, day: str, tag: str) -> str:
    """Write the heading of a release's entry, by which it is found again.

    >>> render_release_heading("det", "v1.2", "2026-11-22", "det@v1.2.0")
    '## `det` v1.2 (2026-11-22, tag `det@v1.2.0`)'
    """
    return f"## {code_span(name)} {version} ({day}, tag `{tag}`)"


def find_released_tags(changelog: str) -> Mapping[str, int]:
    r"""Find the tags that the entries of a CHANGELOG name, each with its line, from 1.

    >>> find_released_tags("# Models\n\n## `det` v1.2 (2026-11-22, tag `det@v1.2.0`)\n")
    {'det@v1.2.0': 3}
    """
    found: dict[str, int] = {}
    line, end = 1, 0
    for heading in _HEADING.finditer(changelog):
        line += changelog.count("\n", end, heading.start())
        end = heading.start()
        found.setdefault(heading["tag"], line)
    return found
