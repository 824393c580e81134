"""What is noted of outputs in the work tree: for ourselves, and for DVC."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from paddledvc.tools.dvc import state
from paddledvc.tools.system import atomic
from paddledvc.weights.core import ledger
from paddledvc.weights.core.decide import ITSELF
from paddledvc.weights.core.ledger import LedgerEntry, Mark
from paddledvc.weights.tree import files
from paddledvc.weights.tree.files import stamp_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from paddledvc.tools.dvc.state import DvcState
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.tree.files import Seen
    from paddledvc.weights.tree.survey import Survey


class Notes:
    """What was put into the work tree last, and what DVC should know of it.

    Attributes:
        entries: what was put there last, by path.

    Args:
        root: the project.
        file: where that is written down.
    """

    def __init__(self, root: Path, file: Path) -> None:
        self._root, self._file = root, file
        self.entries = read_records(file)
        self._written = dict(self.entries)
        self._files: list[tuple[str, str, os.stat_result]] = []
        self._links: dict[str, tuple[int, str]] = {}

    def begin(self, survey: Survey) -> None:
        """Note that an output is about to be put in the place of what was there."""
        coming = {name: str(one.md5) for name, one in (survey.content or {}).items()}
        self.entries[survey.path] = (survey.entry or LedgerEntry())._replace(pending=coming)

    def settle(self, survey: Survey, wanted: Tracked, now: Mapping[str, Seen]) -> None:
        """Note that what is wanted is there.

        Args:
            survey: what was there before.
            wanted: what is wanted.
            now: the files that were put there just now.
        """
        marks: Mapping[str, Mark] = {} if survey.entry is None else survey.entry.files
        if survey.found is not None:  # otherwise nobody had to look
            content, found = survey.content or {}, survey.found
            marks = {
                name: stamp_file(str(content[name].md5 or found[name].md5), seen.file)
                for name, seen in _there(survey, now).items()
                if seen.file is not None
            }
        self.entries[survey.path] = LedgerEntry(
            model=wanted.model, version=wanted.version, oid=wanted.oid, files=marks
        )
        if now:
            self._spare(survey, now)

    def _spare(self, survey: Survey, now: Mapping[str, Seen]) -> None:
        """Spare DVC from hashing what we have put there."""
        target, content = f"{self._root}/{survey.path}", survey.content or {}
        for name, seen in now.items():
            if seen.file is not None:
                path = files.join_path(target, name)
                self._files.append((path, str(content[name].md5), seen.file))
        there = {
            files.join_path(target, name): seen.file
            for name, seen in _there(survey, now).items()
            if seen.file is not None
        }
        single = there.get(target) if ITSELF in content else None
        time = state.folder_time(there) if single is None else state.file_time(single)
        self._links[survey.path] = os.lstat(target).st_ino, time

    def write(self) -> None:
        """Write down what is there, if that is news."""
        if self.entries != self._written:
            atomic.write_file(self._file, ledger.render_ledger(self.entries), fsync=False)
            self._written = dict(self.entries)

    def tell(self, state: DvcState) -> None:
        """Tell DVC what it should know."""
        if self._files:
            state.create()
            state.record(self._files, self._links)

    def folders(self, surveys: Iterable[Survey]) -> tuple[str, ...]:
        """Name the folders with files of the wanted outputs, sorted."""
        found = set()
        for survey in surveys:
            if survey.wanted is not None and survey.path in self.entries:
                names = self.entries[survey.path].files
                found |= {files.join_path(survey.path, name).rpartition("/")[0] for name in names}
        return tuple(sorted(folder or "." for folder in found))


def read_records(file: Path) -> dict[str, LedgerEntry]:
    """Read what was put into the work tree last, by path."""
    return ledger.parse_ledger(atomic.read_file(file))


def _there(survey: Survey, now: Mapping[str, Seen]) -> dict[str, Seen]:
    """List the files of an output after some of them were put there."""
    return {name: now.get(name) or survey.seen[name] for name in survey.content or {}}
