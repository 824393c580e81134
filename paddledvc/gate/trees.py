"""The files of a tree of git that judging needs, laid out in a folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.gate import read_facts
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.git import tree_files
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.tools.git.tree_files import LaidOut

JUDGED = (names.REGISTRY, names.LOCK, names.STAGES, names.DVC_LOCK, names.PARAMS)
_NEEDED = (".py", outputs.SUFFIX, "/verify.json", "/record.json", f"/{names.STAGES}")
"""Ends of the names of other files that are looked into."""


@contextmanager
def lay_out_tree(root: Path, tree: str) -> Iterator[LaidOut]:
    """Lay out all that is judged of a tree, and what its stages read and wrote.

    Args:
        root: the project's folder in the work tree.
        tree: git's name of a tree of the whole repository, or of a commit.

    Raises:
        ToolFailed: there is no such tree.
    """
    snapshot = Snapshot.tree(root, tree)
    read = read_facts.built_paths(snapshot.text(names.DVC_LOCK) or "")
    inside = tuple(f"{path}/" for path in read)
    named = {*JUDGED, *read, *read_facts.params_names(snapshot.text(names.REGISTRY) or "")}

    def needed(path: str) -> bool:
        return path in named or path.endswith(_NEEDED) or path.startswith(inside)

    with tree_files.lay_out_files(root, tree, needed) as laid:
        yield laid
