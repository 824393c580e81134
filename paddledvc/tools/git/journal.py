"""Files that belong together, written such that a kill in between is made good later.

What is about to be written is noted first. Whoever finds the note when its writer is gone writes
the rest, if a part was written, and forgets it otherwise.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from paddledvc.tools.git.project_files import (
    find_project_file,
    find_project_text,
    write_project_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def write_files_together(root: Path, texts: Mapping[str, str], note: str) -> None:
    """Write text files; the caller holds a lock against all who write them so.

    Args:
        root: the folder that they are in.
        texts: what they are to hold, by name.
        note: the file for the note, from that folder.

    Raises:
        OutsideFailure: one cannot be written.
    """
    found = {name: _digest(root, name) for name in texts}
    changed = {name: text for name, text in texts.items() if found[name] != _of(text)}
    if len(changed) > 1:
        noted = [(name, found[name], text) for name, text in changed.items()]
        write_project_text(root, note, json.dumps(noted))
    for name, text in changed.items():
        write_project_text(root, name, text)
    (root / note).unlink(missing_ok=True)


def finish_files(root: Path, names: Iterable[str], note: str) -> None:
    """Write what a killed process has left to write, unless somebody changed the files since.

    Args:
        root: the folder that they are in.
        names: the files that such a note may name; of others it is none of ours.
        note: the file with the note, from that folder, which goes.

    Raises:
        OutsideFailure: one cannot be written.
    """
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        noted = [
            (str(name), old, str(text))
            for name, old, text in json.loads(find_project_text(root, note) or "")
        ]
        if not {name for name, _, _ in noted} <= {*names}:
            raise ValueError
        found = {name: _digest(root, name) for name, _, _ in noted}
        late = {name: text for name, old, text in noted if found[name] == old != _of(text)}
        written = [name for name, _, text in noted if found[name] == _of(text)]
        if written and len(late) + len(written) == len(noted):
            for name, text in late.items():
                write_project_text(root, name, text)
    (root / note).unlink(missing_ok=True)


def _digest(root: Path, name: str) -> str | None:
    data = find_project_file(root, name)
    return None if data is None else hashlib.sha256(data).hexdigest()


def _of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
