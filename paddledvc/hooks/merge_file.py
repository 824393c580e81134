"""The merge of one file for git, which asks our driver."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.tools.git.merge import merge_driver
from paddledvc.tools.git.merge.favoured_side import find_favoured_side
from paddledvc.tools.git.merge.merge_texts import merge_texts
from paddledvc.yaml.merge.rules import Sides
from paddledvc.yaml.merge.texts import Markers

if TYPE_CHECKING:
    from paddledvc.tools.git.merge.merge_texts import MergedFile


def merge_file(
    base: Path, ours: Path, theirs: Path, name: str, *, marker_size: int = 7
) -> MergedFile:
    """Merge what two branches made of a file, and write the result over ``ours``.

    Args:
        base: the file that both branches started from.
        ours: the file of the branch that is merged into.
        theirs: the file of the branch that is merged.
        name: the file's path in the repository.
        marker_size: characters of a conflict marker.
    """
    texts = Sides(base=base, ours=ours, theirs=theirs).map(merge_driver.read_driver_file)
    markers = Markers(size=marker_size, base=merge_driver.merge_shows_base(Path()))
    merged = merge_texts(texts, name, markers, find_favoured_side(os.getppid()))
    merge_driver.write_driver_file(ours, merged.text)
    return merged
