"""What is noted of the work tree: what is in place, for ourselves, git's hooks and DVC.

All of it is in ``placed.json``. The script of git's hooks cannot read that, so it has a marker of
its own: which commit's weights are in place, and in which folders they lie.
"""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import OutsideFailure
from paddledvc.tools.dvc import locks, state
from paddledvc.tools.dvc.core.objects import is_object_md5
from paddledvc.tools.dvc.locks import Busy
from paddledvc.tools.git.command import run_git
from paddledvc.tools.system import atomic
from paddledvc.weights.core import ledger
from paddledvc.weights.core.decide import ITSELF
from paddledvc.weights.core.ledger import Ledger, LedgerEntry, Mark
from paddledvc.weights.tree import files
from paddledvc.weights.tree.files import stamp_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from paddledvc.project import Project
    from paddledvc.tools.dvc.state import DvcState
    from paddledvc.tools.git.worktree import Standing
    from paddledvc.weights.core.outcome import Placed
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.tree.files import Seen
    from paddledvc.weights.tree.survey import Survey

LEDGER = "placed.json"
LEARNED = "learned.json"
"""Where the MD5 digests of what is pinned by its SHA-256 were noted before."""
ROOT = "root"
"""The name of the marker of a project at the top of its work tree."""
PATIENCE = 10.0
"""Seconds to wait for another paddledvc that is writing its notes, which takes it a moment."""


class Records:
    """What was put into the work tree last, whose it is, and what DVC should know of it.

    Attributes:
        entries: what was put there last, by path.

    Args:
        project: the project.
    """

    def __init__(self, project: Project) -> None:
        self._root, self._scratch = project.root, project.scratch()
        self._stamp = _stamp(self._scratch)
        self._written = _read_ledger(self._scratch)
        self.entries = dict(self._written.outputs)
        self._commit = self._written.commit
        self._files: list[tuple[str, str, os.stat_result]] = []
        self._links: dict[str, tuple[int, str]] = {}

    @property
    def commit(self) -> str | None:
        """The commit whose weights were put in place; None if nobody knows."""
        # Versions before noted it nowhere but in the marker.
        return self._commit or marked_commit(self._marker)

    @cached_property
    def _marker(self) -> Path:
        return marker_path(self._root)

    def begin(self, survey: Survey) -> None:
        """Note that an output is about to be put in the place of what was there, or removed.

        Whoever finds some of both after a kill goes on from there: it is nobody's edit.
        """
        was = {
            name: stamp_file(one.md5, survey.seen[name].file or survey.seen[name].own)
            for name, one in (survey.found or {}).items()
            if one.md5 is not None
        }
        coming = {name: str(one.md5) for name, one in (survey.content or {}).items()}
        pending = coming or {name: mark.md5 for name, mark in was.items()}
        entry = survey.entry or LedgerEntry(model=survey.model, version=survey.version)
        self.entries[survey.path] = entry._replace(files=was or entry.files, pending=pending)

    def undo(self, survey: Survey) -> None:
        """Note that nothing of what was begun was done."""
        if survey.entry is None:
            self.entries.pop(survey.path, None)
        else:
            self.entries[survey.path] = survey.entry

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
                path = files.join_file_path(target, name)
                self._files.append((path, str(content[name].md5), seen.file))
        there = {
            files.join_file_path(target, name): seen.file
            for name, seen in _there(survey, now).items()
            if seen.file is not None
        }
        single = there.get(target) if ITSELF in content else None
        time = state.state_folder_time(there) if single is None else state.state_file_time(single)
        self._links[survey.path] = os.lstat(target).st_ino, time

    def write(self) -> None:
        """Write down what is there, if that is news."""
        new = self._written._replace(outputs=dict(self.entries), commit=self._commit)
        if new == self._written:
            return
        with _writing(self._scratch):
            if _stamp(self._scratch) != self._stamp:  # another process has learned something
                new = new._replace(md5s=_read_ledger(self._scratch).md5s)
            _write_ledger(self._scratch, new)
            self._written, self._stamp = new, _stamp(self._scratch)

    def finish(self, placed: Placed, stand: Standing | None, dvc: DvcState) -> None:
        """Write down what is there by now, and tell DVC, and git's hooks.

        Args:
            placed: what became of the outputs.
            stand: where the work tree stands, if these are all outputs that its files name; then
                they are the weights of a commit, or nobody's.
            dvc: what DVC knows.
        """
        if stand is not None:
            self._commit = stand.commit if placed.complete and not stand.changed else None
            if self._commit is None:
                self._marker.unlink(missing_ok=True)
        self.write()
        if self._files:
            dvc.create()
            dvc.record(self._files, self._links)
        if stand is not None and self._commit is not None:
            write_marker(self._marker, self._commit, placed.folders)

    def folders(self, surveys: Iterable[Survey]) -> tuple[str, ...]:
        """Name the folders with files of the wanted outputs, sorted."""
        found = set()
        for survey in surveys:
            if survey.wanted is not None and survey.path in self.entries:
                names = self.entries[survey.path].files
                found |= {
                    files.join_file_path(survey.path, name).rpartition("/")[0] for name in names
                }
        return tuple(sorted(folder or "." for folder in found))


def _there(survey: Survey, now: Mapping[str, Seen]) -> dict[str, Seen]:
    """List the files of an output after some of them were put there."""
    return {name: now.get(name) or survey.seen[name] for name in survey.content or {}}


def read_placed_records(project: Project) -> Mapping[str, LedgerEntry]:
    """Read what was put into the work tree last, by path."""
    return _read_ledger(project.scratch()).outputs


def learned_md5_records(project: Project) -> dict[str, str]:
    """Give the MD5 of the bytes that are pinned by their SHA-256 only, as far as it is known."""
    scratch = project.scratch()
    known = {**_learned_before(scratch), **_read_ledger(scratch).md5s}
    return {sha256: md5 for sha256, md5 in known.items() if is_object_md5(str(md5))}


def note_md5_records(project: Project, md5s: Mapping[str, str]) -> None:
    """Note the MD5 of bytes that are pinned by their SHA-256 only, besides what is known.

    Raises:
        OutsideFailure: it cannot be written.
    """
    scratch = project.scratch()
    try:
        with _writing(scratch):
            now = _read_ledger(scratch)
            known = {**_learned_before(scratch), **now.md5s, **md5s}
            _write_ledger(scratch, now._replace(md5s=known))
        (scratch / LEARNED).unlink(missing_ok=True)
    except (OSError, Busy) as error:
        raise OutsideFailure(f"cannot write {scratch / LEDGER}: {error}") from error


def _learned_before(scratch: Path) -> dict[str, str]:
    """Read what versions before have learned."""
    try:
        known = dict(json.loads(atomic.read_atomic_file(scratch / LEARNED)))
        return {sha256: md5 for sha256, md5 in known.items() if isinstance(md5, str)}
    except (ValueError, TypeError, RecursionError):
        return {}


def _writing(scratch: Path) -> AbstractContextManager[None]:
    file = scratch / f"{LEDGER}.lock"
    return locks.hold_lock_file(file, patience=PATIENCE, who="another paddledvc")


def _read_ledger(scratch: Path) -> Ledger:
    return ledger.parse_ledger(atomic.read_atomic_file(scratch / LEDGER))


def _write_ledger(scratch: Path, new: Ledger) -> None:
    atomic.write_atomically(scratch / LEDGER, ledger.render_ledger(new), fsync=False)


def _stamp(scratch: Path) -> tuple[int, int]:
    """Tell one version of the notes from another."""
    try:
        found = os.stat(scratch / LEDGER)  # noqa: PTH116
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def marker_path(root: Path) -> Path:
    """Name the file, which need not be there.

    Its first line is the full name of a commit. Each other line is a folder, from the project, in
    which weights lie: the hook's script takes the marker's word only while none is newer than it.

    Raises:
        ToolFailed: the folder is in no git work tree.
    """
    if (root / ".git").is_dir():  # as nearly always, and it saves a process
        return root / ".git" / "paddledvc" / ROOT
    from paddledvc.tools.git.hook_scripts.script import name_hook_marker  # noqa: PLC0415 - not for git's hooks

    told = run_git(root, "rev-parse", "--show-toplevel", "--git-path", "paddledvc")
    top, _, folder = told.rstrip("\n").partition("\n")
    project = root.resolve().relative_to(Path(top).resolve()).as_posix()
    return root / folder / name_hook_marker(project)


def marked_commit(marker: Path) -> str | None:
    """Read whose weights a marker says are in place; None where nobody knows."""
    try:
        return marker.read_text(encoding="utf-8", errors="replace").partition("\n")[0] or None
    except OSError:
        return None


def write_marker(marker: Path, commit: str, folders: Iterable[str]) -> None:
    """Note whose weights are in place, and in which folders they lie, after all of them are.

    Raises:
        OSError: it cannot be written.
    """
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)  # rather none than the one before
    atomic.write_atomically(marker, "\n".join((commit, *folders, "")), fsync=False)
