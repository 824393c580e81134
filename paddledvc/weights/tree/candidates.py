"""What may lie in the work tree, because a commit named it, or because it was put there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.weights.core import pins
from paddledvc.weights.core.decide import ITSELF, same_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.dvc.cache import Cache
    from paddledvc.weights.core.decide import Content
    from paddledvc.weights.core.ledger import LedgerEntry
    from paddledvc.weights.core.tracked import Tracked


UNNAMED = "unnamed"
"""Where edits are noted that no commit named, so that history is searched once for each."""


class Candidate(NamedTuple):
    """Files that may be there as an output, and whose weights they are."""

    content: Content
    model: str | None
    version: str | None


class Candidates:
    """Knows what may be there.

    Args:
        project: the project.
        cache: its cache.
        before: what commits said was there.
        entries: what was put there last, by path.
    """

    def __init__(
        self,
        project: Project,
        cache: Cache,
        *,
        before: Sequence[Tracked],
        entries: Mapping[str, LedgerEntry],
    ) -> None:
        self._project, self._cache = project, cache
        self._before, self._entries = before, entries
        self._listings: dict[str, Content | None] = {}
        self._recent: list[tuple[Tracked, ...]] = []
        self._unread: Iterator[tuple[Tracked, ...]] | None = None

    def paths(self, *, put: bool) -> set[str]:
        """Name the outputs that commits said were there; and those that were put there."""
        return {one.path for one in self._before} | (self._entries.keys() if put else set())

    def of(self, path: str, found: Content) -> list[Candidate]:
        """List what may be there as an output: what was put there first.

        Args:
            path: of the output.
            found: what is there; a folder whose listing the cache has lost is told by that.
        """
        entry = self._entries.get(path)
        put = [] if entry is None else _put(entry)
        return [*put, *self._named((one for one in self._before if one.path == path), found)]

    def around(self, path: str) -> list[Candidate]:
        """List what was in this folder, or in which folders this was, as other outputs."""
        every = [(out, known) for out, entry in self._entries.items() for known in _put(entry)]
        every += [(one.path, known) for one in self._before for known in self._named([one], {})]
        parts = ((_part(path, out, known.content), known) for out, known in every if out != path)
        return [known._replace(content=content) for content, known in parts if content]

    def recent(self, path: str, found: Content) -> Iterator[Candidate]:
        """Yield what the commits that were checked out last said was there, the last one first."""
        for outputs in self._recent:
            yield from self._named((one for one in outputs if one.path == path), found)
        if self._unread is None:
            from paddledvc.weights.history import recent_contents_in_history  # noqa: PLC0415 - hardly ever

            self._unread = recent_contents_in_history(self._project)
        for outputs in self._unread:
            self._recent.append(outputs)
            yield from self._named((one for one in outputs if one.path == path), found)

    def held(self, found: Content) -> Content:
        """Pick the files whose bytes the cache holds, whoever made them."""
        return {
            name: one
            for name, one in found.items()
            if one.md5 is not None and self._cache.holds(one.md5)
        }

    def saved(self, path: str, found: Content) -> tuple[Candidate, str] | None:
        """Say whose files these are if a commit names them, or the cache holds all; else None.

        Returns:
            What is known of them, and DVC's name of their object if no commit, stash or reflog
            names it, so that the cache alone has it; empty otherwise.
        """
        oid = name_content(found)
        if oid is None:
            return None
        whole = self._cache.holds(oid) and len(self.held(found)) == len(found)
        note = self._project.scratch() / UNNAMED / oid
        if not whole and note.exists():  # asked before; whoever commits it has it in the cache
            return None
        named = self._named_anywhere(path, found, oid)
        if named is None and not whole:
            with contextlib.suppress(OSError):
                from paddledvc.weights.expected import forget_oldest  # noqa: PLC0415 - hardly ever

                forget_oldest(note.parent)
                note.touch()
            return None
        return (Candidate(found, None, None), oid) if named is None else (named, "")

    def _named_anywhere(self, path: str, found: Content, oid: str) -> Candidate | None:
        """Find files in what any commit names."""
        for one in self.recent(path, found):
            if same_content(one.content, found):
                return one
        from paddledvc.weights.history import is_named_in_history  # noqa: PLC0415 - hardly ever

        return Candidate(found, None, None) if is_named_in_history(self._project, oid) else None

    def _named(self, outputs: Iterable[Tracked], found: Content) -> Iterator[Candidate]:
        for one in outputs:
            content = self.content(one)
            if content is None and is_candidate_folder(found, one):
                content = found
            if content is not None and one.exact:
                yield Candidate(content, one.model, one.version)

    def content(self, tracked: Tracked) -> Content | None:
        """List the files of an output; None if the listing of a folder is not in the cache."""
        oid = tracked.oid
        if tracked.folder and oid is not None:
            if oid not in self._listings:
                self._listings[oid] = self._listing(oid)
            listed = self._listings[oid]
            if listed is not None:
                return pins.add_pins(tracked, listed) if tracked.files else listed
        if tracked.files:
            return {file.path: file.hashes for file in tracked.files}
        return None if tracked.folder else {ITSELF: tracked.hashes}

    def _listing(self, oid: str) -> Content | None:
        listed = self._cache.listing(oid)
        return None if listed is None else {path: Hashes(md5=md5) for path, md5 in listed}


def is_candidate_folder(found: Content, tracked: Tracked) -> bool:
    """Tell whether files are those of a folder, by the name that DVC would give them together."""
    return tracked.folder and ITSELF not in found and name_content(found) == tracked.oid


def name_content(found: Content) -> str | None:
    """Name the object that DVC would make of files; None where a file's bytes are not known.

    >>> name_content({"": Hashes(md5="ab" * 16)}) == "ab" * 16
    True
    >>> name_content({"a": Hashes(md5="ab" * 16)})[-4:]
    '.dir'
    """
    if ITSELF in found:
        return found[ITSELF].md5
    known = {name: one.md5 for name, one in found.items() if one.md5 is not None}
    return folder_object_name(known) if len(known) == len(found) else None


def _put(entry: LedgerEntry) -> list[Candidate]:
    return [Candidate(content, entry.model, entry.version) for content in entry.contents]


def _part(path: str, out: str, content: Content) -> Content:
    """Give the files that an output has at, or below, a path of another one."""
    if out.startswith(f"{path}/"):
        inside = out[len(path) + 1 :]
        return {(f"{inside}/{name}" if name else inside): one for name, one in content.items()}
    if not path.startswith(f"{out}/"):
        return {}
    inside = path[len(out) + 1 :]
    start = f"{inside}/"
    return {
        name.removeprefix(start) if name != inside else ITSELF: hashes
        for name, hashes in content.items()
        if name == inside or name.startswith(start)
    }
