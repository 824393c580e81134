"""What this clone has approved, kept outside of the work tree and of ``.git``.

A copied or zipped clone brings no approvals with it, and no branch can write one: the record lies
in the home of its user, under a name that only ``.git`` knows, and says which ``.git`` it is for.
"""

from __future__ import annotations

import json
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import OutsideFailure, ToolFailed
from paddledvc.tools.git import worktree
from paddledvc.tools.system import atomic
from paddledvc.tools.system.hash_cache import name_state_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

_ID = re.compile(r"[0-9a-f]{32}")
_FORM = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A realm that was approved.

    Attributes:
        digest: of the realm.
        shown: the realm, as it was shown.
        names: the remotes that it was approved for.
    """

    digest: str
    shown: str
    names: tuple[str, ...]

    def is_of(self, digest: str, secretive: Iterable[str]) -> bool:
        """Tell whether it covers a realm, for remotes that this clone has secrets for.

        A realm may have any name, as long as no secret of another one hangs on that.
        """
        return self.digest == digest and set(secretive) <= set(self.names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What a clone has approved.

    Attributes:
        clone: the ``.git`` that all its work trees share, links followed.
        approvals: the realms, sorted by what is shown of them.
    """

    clone: str
    approvals: tuple[Approval, ...] = ()

    def covers(self, digest: str, secretive: Iterable[str]) -> bool:
        """Tell whether a realm is approved."""
        return any(one.is_of(digest, secretive) for one in self.approvals)

    def approved_as(self, name: str) -> str:
        """Show what was approved under a name; empty if nothing was."""
        return ", ".join(one.shown for one in self.approvals if name in one.names)

    def with_(self, more: Iterable[Approval]) -> Record:
        """Add approvals; what was approved before stays so, for the commits that still name it."""
        found = {one.digest: one for one in self.approvals}
        for one in more:
            old = found.get(one.digest)
            names = {*one.names, *(old.names if old else ())}
            found[one.digest] = replace(one, names=tuple(sorted(names)))
        return replace(self, approvals=tuple(sorted(found.values(), key=lambda one: one.shown)))


def read_record(root: Path) -> Record | None:
    """Read what the clone of a project has approved; None if it has never been asked.

    Outside of git repositories nothing can be remembered, so nothing is approved.

    Raises:
        OutsideFailure: there is no home.
    """
    try:
        clone = worktree.git_folder_of_worktrees(root)
    except ToolFailed:
        return None
    found = _ID.fullmatch(atomic.read_atomic_file(_id_file(clone)).strip())
    record = None if found is None else _parse(atomic.read_atomic_file(_file(found[0])))
    return record if record is not None and record.clone == str(clone) else None


def write_record(root: Path, approvals: Iterable[Approval]) -> None:
    """Write what the clone of a project has approved, in one step, for its user alone.

    Raises:
        OutsideFailure: it cannot be written.
    """
    clone = _clone(root)
    own = Record(clone=str(clone)).with_(approvals)
    name = atomic.read_atomic_file(_id_file(clone)).strip()
    try:
        if _ID.fullmatch(name) is None or not _is_own(name, own):
            name = secrets.token_hex(16)
            _id_file(clone).parent.mkdir(exist_ok=True)
            atomic.write_atomically(_id_file(clone), f"{name}\n", fsync=True, mode=0o600)
        file = _file(name)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write_atomically(file, _render(own), fsync=True, mode=0o600)
    except OSError as error:
        where = error.filename or _file(name)
        raise OutsideFailure(
            f"cannot remember what is trusted, in {where}: {error.strerror or error}"
        ) from error


def _is_own(name: str, record: Record) -> bool:
    """Tell whether a name is this clone's; a copy has that of the clone that it was made of."""
    there = _parse(atomic.read_atomic_file(_file(name)))
    return there is None or there.clone == record.clone


def _clone(root: Path) -> Path:
    try:
        return worktree.git_folder_of_worktrees(root)
    except ToolFailed as error:
        raise OutsideFailure(
            f"{root} is in no git repository, so nothing remembers which remotes it trusts; "
            "run `git init` first"
        ) from error


def _id_file(clone: Path) -> Path:
    return clone / "paddledvc" / "id"


def _file(name: str) -> Path:
    home = name_state_folder()
    if home is None:
        raise OutsideFailure("there is no home folder; set XDG_STATE_HOME")
    return Path(home, "trust", f"{name}.json")


def _render(record: Record) -> str:
    approved = [
        {"realm": one.shown, "digest": one.digest, "names": list(one.names)}
        for one in record.approvals
    ]
    return json.dumps({"form": _FORM, "clone": record.clone, "approved": approved}, indent=1) + "\n"


def _parse(text: str) -> Record | None:
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        said = json.loads(text)
        if said["form"] == _FORM:
            approvals = tuple(
                Approval(
                    digest=str(one["digest"]),
                    shown=str(one["realm"]),
                    names=tuple(map(str, one["names"])),
                )
                for one in said["approved"]
            )
            return Record(clone=str(said["clone"]), approvals=approvals)
    return None
