"""The earlier state that a model goes back to: by a version, a day or a revision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from paddledvc.catalogs.core.gto import GtoAction
from paddledvc.catalogs.core.gto_standing import GtoStanding
from paddledvc.errors import InvalidInput, UnknownModel
from paddledvc.inventory.core.history_rows import moved_before
from paddledvc.inventory.core.moments import parse_moment
from paddledvc.inventory.read_history import PastFiles, Walked, read_tagged
from paddledvc.models.versions import is_version, same_version
from paddledvc.names import slug, suggest_name
from paddledvc.tools.git import worktree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from paddledvc.catalogs.core.gto import GtoEvent
    from paddledvc.inventory.core.history_rows import Moved


@dataclass(frozen=True, kw_only=True, slots=True)
class PastState:
    """A commit, and the model whose state it has.

    Attributes:
        tag: the release tag that names the commit for this model; None where none does.
    """

    name: str
    commit: str
    tag: str | None = None


class StateFinder:
    """Finds earlier states of models.

    Args:
        root: folder of the project.
        branch: the branch whose first parents count.
        head: its newest commit.
    """

    def __init__(self, root: Path, branch: str, head: str) -> None:
        self._root, self._walked = root, Walked(title=branch, commit=head)
        self._past, self._tagged = PastFiles(root), read_tagged(root)

    @cached_property
    def _moves(self) -> list[Moved]:
        return self._past.moves(self._walked)

    def known(self) -> set[str]:
        """Name the models that the branch has or had."""
        return {one.name for one in self._moves}

    def find(self, name: str, to: str) -> PastState:
        """Find the state of a model: of a version, at a day or time, or of a revision.

        The release tag of a version counts first, then the last commit of the branch that changed
        something of the model while it was at this version.

        Raises:
            InvalidInput: there is no such state.
            UnknownModel: neither the branch nor any tag knows the model.
        """
        if name not in self.known() and slug(name) not in self._tagged.events:
            hint = suggest_name(name, self.known())
            raise UnknownModel(
                f"no commit of {self._walked.title} and no tag has a model {name!r}{hint}"
            )
        found = self._by_version(name, to) if is_version(to) else None
        if found is None and (time := _seconds(to)) is not None:
            return self._by_time(name, to, time)
        if found is None and (commit := worktree.resolve_worktree_commit(self._root, to)):
            return PastState(name=name, commit=commit, tag=self._tag_of(name, commit))
        if found is None:
            known = list(dict.fromkeys(version for version, *_ in self._versions(name)))
            raise InvalidInput(
                f"{name}: found no version, day, tag or commit {to!r}; known versions are "
                f"{', '.join(known) or 'none'}"
            )
        return found

    def stages_of(self, name: str, version: str | None) -> tuple[str, ...]:
        """Name the release stages that hold a version of a model."""
        if version is None:
            return ()
        standing = GtoStanding(self._events(name))
        held = standing.stages() if standing.deprecated is None else {}
        found = {stage: self._version_at(name, event.commit) for stage, event in held.items()}
        return tuple(
            stage
            for stage, one in sorted(found.items())
            if one is not None and same_version(one, version)
        )

    def _by_version(self, name: str, version: str) -> PastState | None:
        for known, commit, tag in self._versions(name):
            if same_version(known, version):
                return PastState(name=name, commit=commit, tag=tag)
        return None

    def _by_time(self, name: str, to: str, time: float) -> PastState:
        for one in moved_before(self._moves, time):
            if one.name == name:
                commit = one.commit.name
                return PastState(name=name, commit=commit, tag=self._tag_of(name, commit))
        raise InvalidInput(f"{name} was not locked on {self._walked.title} at {to}")

    def _versions(self, name: str) -> Iterator[tuple[str, str, str | None]]:
        """Give versions with their commits and tags, release tags first, then the newest first."""
        for event in reversed(self._events(name)):
            version = self._version_at(name, event.commit)
            if event.action is GtoAction.REGISTER and version is not None:
                yield version, event.commit, event.tag
        for one in self._moves:
            if one.name == name and one.trace is not None:
                version = self._past.reader.describe(name, one.trace, {}).version
                if version is not None:
                    yield version, one.commit.name, None

    def _events(self, name: str) -> Sequence[GtoEvent]:
        return self._tagged.events.get(slug(name), ())

    def _tag_of(self, name: str, commit: str) -> str | None:
        events = (one for one in self._events(name) if one.action is GtoAction.REGISTER)
        return next((one.tag for one in events if one.commit == commit), None)

    def _version_at(self, name: str, commit: str) -> str | None:
        """Read which version of a model a commit has locked."""
        key = (commit, slug(name))
        found = self._past.tagged([key]).get(key)
        return None if found is None else self._past.reader.describe(*found, {}).version


def _seconds(text: str) -> float | None:
    """Read a day or time, its last second; None for anything else."""
    try:
        return parse_moment(text, end=True).timestamp()
    except (InvalidInput, OverflowError, OSError, ValueError):
        return None
