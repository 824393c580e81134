"""The tags of a git repository as GTO reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.catalogs.core.gto import Tag

if TYPE_CHECKING:
    from collections.abc import Callable

# Not refname:short, which writes tags/v1 where a branch is called v1 too.
_FIELDS = ("objecttype", "refname:strip=2", "taggerdate:unix", "*objecttype", "*objectname")
_FORM = "%00".join(f"%({field})" for field in (*_FIELDS, "taggername"))


def list_gto_tags(ask: Callable[..., str]) -> list[Tag]:
    """List all tags, with the commits, times and makers of the annotated ones.

    Args:
        ask: runs git in the repository with some arguments, and gives what it prints.
    """
    lines = ask("for-each-ref", f"--format={_FORM}", "refs/tags").split("\n")
    return [_tag(ask, line) for line in lines if line]


def _tag(ask: Callable[..., str], line: str) -> Tag:
    kind, name, time, target, commit, by = line.split("\0")
    if kind != "tag":
        return Tag(name=name, commit=None, time=None)
    if target == "tag":  # git before 2.45 looks no further than at the next tag
        target = ask("cat-file", "-t", f"refs/tags/{name}^{{}}").strip()
        commit = ask("rev-parse", f"refs/tags/{name}^{{}}").strip()
    return Tag(name=name, commit=commit if target == "commit" else None, time=int(time or 0), by=by)
