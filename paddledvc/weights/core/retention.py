"""Which objects must stay in caches and remotes, and what the others were."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from paddledvc import names
from paddledvc.models.lockfile import FORMAT_VERSION
from paddledvc.tools.dvc.core import outputs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

Holder = Literal[
    "work trees", "branches", "remote branches", "tags", "stashes", "other refs", "recent commits"
]
"""What needs an object."""
HOLDERS: tuple[Holder, ...] = (
    "work trees",
    "branches",
    "remote branches",
    "tags",
    "stashes",
    "other refs",
    "recent commits",
)
NAMING_FILES = (names.LOCK, names.DVC_LOCK, outputs.SUFFIX)
"""Ends of the names of the files that name objects."""
PATTERNS = tuple(f"*{end}" for end in NAMING_FILES)
NONE: frozenset[str] = frozenset()
_DIGEST = re.compile(rb"(?<![0-9A-Za-z])([0-9a-fA-F]{64}|[0-9a-fA-F]{32}(?:\.dir)?)(?![0-9A-Za-z])")


def classify_retaining_ref(ref: str) -> Holder:
    """Tell what kind of ref it is.

    >>> [classify_retaining_ref(ref) for ref in ("refs/heads/main", "refs/exps/ab/cd/tidy-dog")]
    ['branches', 'other refs']
    """
    kinds: dict[str, Holder] = {
        "refs/heads/": "branches",
        "refs/remotes/": "remote branches",
        "refs/tags/": "tags",
        "refs/stash": "stashes",
    }
    return next((kinds[start] for start in kinds if ref.startswith(start)), "other refs")


def find_retained_digests(text: bytes) -> frozenset[str]:
    """Find everything in a file that looks like the name of an object, or like a SHA-256.

    Whatever looks like one is kept. So nothing is lost to a file that nobody can parse any more,
    to a stage that has gone from dvc.yaml, or to a form of these files that is not known yet.

    >>> sorted(find_retained_digests(b"md5: 0CC175B9c0f1b6a831c399e269772661.dir"))
    ['0cc175b9c0f1b6a831c399e269772661.dir']
    """
    return frozenset(found.decode().lower() for found in _DIGEST.findall(text))


def fits_file_name(file: str, value: object) -> bool:
    """Tell whether the value of a file is one that its name promises.

    >>> [fits_file_name("a.dvc", value) for value in ({"outs": []}, "../elsewhere.dvc")]
    [True, False]
    """
    if value is None:
        return True
    if not isinstance(value, dict):
        return False
    version = value.get("version") if posixpath.basename(file) == names.LOCK else None
    return not isinstance(version, int) or version <= FORMAT_VERSION


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """What an object is, or was.

    Attributes:
        path: where it lay, from the root of the repository.
        model: name of the model whose weights it is; None for other outputs.
        version: the version of that model.
    """

    path: str
    model: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        return names.display_name(self.model, self.version, self.path)


def find_retention_labels(file: str, value: Any) -> Iterator[tuple[str, Label]]:
    """Say what the objects are that a file names; weights of models first.

    Args:
        file: path of a models.lock, dvc.lock or .dvc file, from the root of the repository.
        value: what is in it.

    >>> [(oid[:4], str(label)) for oid, label in find_retention_labels(
    ...     "a/models.lock", {"models": [{"name": "m", "version": "v1", "path": "checkpoints/m",
    ...                                   "md5": "0cc175b9c0f1b6a831c399e269772661"}]})]
    [('0cc1', 'm v1')]
    """
    folder, name = posixpath.split(file)
    if name == names.LOCK:
        yield from _models(folder, _list(value, "models"))
        return
    stages = value.get("stages") if isinstance(value, dict) and name == names.DVC_LOCK else None
    for stage in stages.values() if isinstance(stages, dict) else [value]:
        for out in _list(stage, "outs"):
            if isinstance(oid := out.get("md5"), str):
                yield oid, Label(path=outputs.join_output_folder(folder, str(out.get("path"))))


def _models(folder: str, models: list[dict[str, Any]]) -> Iterator[tuple[str, Label]]:
    for model in models:
        path = outputs.join_output_folder(folder, str(model.get("path")))
        name, version = str(model.get("name")), str(model.get("version"))
        if isinstance(oid := model.get("md5"), str):
            yield oid, Label(path=path, model=name, version=version)
        for file in _list(model, "files"):
            if isinstance(oid := file.get("md5"), str):
                inside = outputs.join_output_folder(path, str(file.get("path")))
                yield oid, Label(path=inside, model=name, version=version)


def _list(value: Any, key: str) -> list[dict[str, Any]]:
    found = value.get(key) if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """An object in the cache or in a remote.

    Attributes:
        oid: its name.
        size: in bytes.
        modified: when it came there, in seconds since 1970; None where nobody knows.
    """

    oid: str
    size: int
    modified: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """The objects of a cache or remote.

    Attributes:
        needed: those that something needs.
        recent: those that nothing needs yet, and that came only now.
        garbage: the others, the listings of folders first.
        unclaimed: what nothing needs, and what may be somebody else's.
    """

    needed: tuple[Held, ...]
    recent: tuple[Held, ...]
    garbage: tuple[Held, ...]
    unclaimed: tuple[Held, ...] = ()

    def only(self, known: Collection[str]) -> Sorted:
        """Keep what is not known, for it may be somebody else's.

        >>> old = Held(oid="a" * 32, size=1, modified=1)
        >>> found = Sorted(needed=(), recent=(), garbage=(old,)).only([])
        >>> len(found.garbage), len(found.unclaimed)
        (0, 1)
        """
        return replace(
            self,
            garbage=tuple(one for one in self.garbage if one.oid in known),
            unclaimed=tuple(one for one in self.garbage if one.oid not in known),
        )


def sort_retained_objects(
    objects: Iterable[Held], needed: frozenset[str], *, before: float | None
) -> Sorted:
    """Tell the objects that must stay from those that may go.

    Args:
        objects: all that are there.
        needed: names of those that something needs.
        before: what came later than this, or nobody knows when, stays too; None for no such limit.

    >>> old, new = (Held(oid=name * 32, size=1, modified=at) for name, at in (("a", 1), ("b", 9)))
    >>> [one.oid[0] for one in sort_retained_objects([old, new], frozenset(), before=5).garbage]
    ['a']
    """
    kept, recent, garbage = [], [], []
    for one in sorted(objects, key=lambda one: one.oid):
        if one.oid in needed:
            kept.append(one)
        elif before is not None and (one.modified is None or one.modified > before):
            recent.append(one)
        else:
            garbage.append(one)
    # DVC takes the files of a listing that is in a remote for being there too.
    garbage.sort(key=lambda one: not one.oid.endswith(outputs.FOLDER_SUFFIX))
    return Sorted(needed=tuple(kept), recent=tuple(recent), garbage=tuple(garbage))
