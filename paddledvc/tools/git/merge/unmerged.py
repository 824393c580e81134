"""Files that a merge has left in conflict, with what each side made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.yaml.merge.rules import Sides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SIDES = {"1": "base", "2": "ours", "3": "theirs"}
"""What git calls the sides in its index."""


def list_unmerged_files(root: Path) -> dict[str, Sides[str | None]]:
    """List the files of a repository that are in conflict.

    Args:
        root: a folder of the repository, or of none.

    Returns:
        Git's names of the bytes on each side, by path from ``root``, outside of which one begins
        with ``../``; None where one has no file.
    """
    found: dict[str, dict[str, str]] = {}
    for line in (ask_git(root, "ls-files", "--unmerged", "-z", "--", ":/") or "").split("\0"):
        if line:
            about, _, path = line.partition("\t")
            _, name, stage = about.split(" ")
            found.setdefault(path, {})[_SIDES[stage]] = name
    return {
        path: Sides(base=sides.get("base"), ours=sides.get("ours"), theirs=sides.get("theirs"))
        for path, sides in sorted(found.items())
    }


def read_unmerged_texts(
    root: Path, files: Mapping[str, Sides[str | None]]
) -> Iterator[tuple[str, Sides[str]]]:
    """Read what the sides made of files, where both have one and all of it is text.

    Raises:
        ToolFailed: git ended.
        InvalidInput: a side has more bytes than a file of a project may have.
    """
    reader = ObjectReader(root)
    try:
        for path, sides in files.items():
            if sides.ours is None or sides.theirs is None:
                continue
            named = {one for one in (sides.base, sides.ours, sides.theirs) if one is not None}
            data = dict(reader.read_all(sorted(named)))
            try:
                texts = {one: data[one].decode() for one in named}
            except UnicodeDecodeError:
                continue
            texts[""] = ""
            yield path, sides.map(lambda one: one or "").map(texts.__getitem__)
    finally:
        reader.close()
