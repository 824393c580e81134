"""What `git log` prints of the commits of a branch and the files that they changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOG_FORM = "--format=%H%x00%ct%x00%aN%x00%s"
"""What is asked of each commit; ``--raw`` and ``-z`` add the files."""
_CHANGED = re.compile(r":\d+ (?P<mode>\d+) [0-9a-f]+ (?P<name>[0-9a-f]+) [A-Z]")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedCommit:
    """A commit of a branch, and what it changed of some files.

    Attributes:
        name: its full name.
        time: when it was committed, in seconds since 1970.
        author: who made the change.
        title: the first line of its message.
        changed: git's names of the new bytes, by path; None where there is no file any more.
    """

    name: str
    time: int
    author: str
    title: str
    changed: Mapping[str, str | None]


def parse_log(text: str) -> Iterator[LoggedCommit]:
    r"""Read commits, in the order in which git prints them.

    >>> raw = "\n:100644 100644 0b 0c M\0models.lock\0"
    >>> [(one.name, one.changed) for one in parse_log(f"0a\0{7}\0Ann\0Lock\0{raw}")]
    [('0a', {'models.lock': '0c'})]
    """
    parts, at = text.split("\0"), 0
    while at < len(parts):
        if not parts[at].strip():  # what separates commits, and ends the last one
            at += 1
            continue
        name, time, author, title = parts[at : at + 4]
        at += 4
        changed: dict[str, str | None] = {}
        while at < len(parts) and (found := _CHANGED.match(parts[at].lstrip("\n"))):
            changed[parts[at + 1]] = found["name"] if found["mode"].startswith("100") else None
            at += 2
        yield LoggedCommit(
            name=name.strip(), time=int(time or 0), author=author, title=title, changed=changed
        )
