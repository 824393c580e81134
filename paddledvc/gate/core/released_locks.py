"""What was locked before, found in many versions of one file without parsing each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from paddledvc.hashes import Hashes
from paddledvc.models.versions import is_version, same_version

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from paddledvc.models.lockfile import Lock, LockedModel

Contents: TypeAlias = Mapping[str, Hashes]
"""What is known of the bytes of each file of a model, by its path; a single file has none."""
_BLOCK = b"\n  - name: "
_CONFLICT = b"\n<<<<<<< "
_VERSION = re.compile(rb"""^    version: ["']?([^"'\r\n]+)["']?\r?$""", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What a production branch was once, or a tag names.

    Attributes:
        where: in words, such as ``main (commit 1a2b3c4 of 2026-11-02)``.
        revision: what git calls it.
        tag: whether it is a tag; what those name counts, whatever there was before.
    """

    where: str
    revision: str = ""
    tag: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """A version of a model as it was locked before."""

    name: str
    version: str
    state: State
    contents: Contents


class Timeline:
    """The versions that are locked now, in every models.lock of the past, oldest first.

    From one models.lock to the next few blocks change; so each block is looked at once, and only
    those are parsed that are about a version which is locked now, and say something else.

    Attributes:
        released: how each was locked, by its name, every block once.
        stood: the states in which a model stood at that version, with what was locked of it.

    Args:
        current: what is locked now.
        now: the text of that.
        follow: names of the models whose states are asked for, besides those without a digest.
        read: reads YAML; gives None for what is none.
    """

    def __init__(
        self, current: Lock, now: bytes, follow: Container[str], read: Callable[[str], object]
    ) -> None:
        self.released: dict[str, list[Released]] = {}
        self.stood: dict[str, list[tuple[State, Contents]]] = {}
        self._current, self._follow, self._read = current, follow, read
        self._now = frozenset(_blocks(now))
        self._known: dict[tuple[bytes, bool], tuple[tuple[str, Contents], ...]] = {}

    def add(self, state: State, data: bytes) -> None:
        """Look at the next models.lock; one with merge conflicts was no release."""
        if is_conflicted_lock(data):
            return
        for block in _blocks(data):
            key = block, state.tag
            if key not in self._known:
                self._known[key] = tuple(self._look(block, state))
            for name, contents in self._known[key]:
                self.stood.setdefault(name, []).append((state, contents))

    def _look(self, block: bytes, state: State) -> Iterator[tuple[str, Contents]]:
        """Note what a block says that is new, and give what is followed of it."""
        if not _may_be_meant(block, self._current):
            return
        for name, version, contents in self._entries(block):
            one = Released(name=name, version=version, state=state, contents=contents)
            self.released.setdefault(name, []).append(one)
            if name in self._follow or not contents:
                yield name, contents

    def _entries(self, block: bytes) -> Iterator[tuple[str, str, Contents]]:
        if block in self._now and block.startswith(_BLOCK):
            locked = self._current.by_name[_name(block)]
            yield locked.name, locked.version, released_contents_of(locked)
            return
        yield from _entries(block, self._current, self._read)


def is_conflicted_lock(data: bytes) -> bool:
    """Tell whether a file was committed with the marks of merge conflicts in it."""
    return data.startswith(_CONFLICT[1:]) or _CONFLICT in data


def lock_blocks_of(name: str, data: bytes) -> Iterator[bytes]:
    """Pick the blocks of a models.lock that may be about a model."""
    for block in [] if is_conflicted_lock(data) else _blocks(data):
        if not block.startswith(_BLOCK) or _name(block) == name:
            yield block


def name_lock_blocks(data: bytes) -> dict[str, bytes] | None:
    r"""Split a models.lock at its models, by name; None where somebody else wrote it.

    >>> name_lock_blocks(b'version: 1\nmodels:\n  - name: "a"\n    version: "v1"\n')
    {'a': b'\n  - name: "a"\n    version: "v1"\n'}
    """
    blocks = _blocks(data)
    if not blocks[0].startswith(_BLOCK):
        return None
    return {_name(block): block for block in blocks}


def released_versions_in(
    name: str, block: bytes, read: Callable[[str], object]
) -> Iterator[tuple[str, Contents]]:
    """Read which version of a model a block locks, and what is known of its bytes."""
    for entry in _parsed(block, read):
        match entry:
            case {"name": str() as found, "version": str() as version} if found == name:
                yield version, _read_contents(entry)


def describe_released_contents(contents: Contents) -> str:
    """Write what is known of bytes as people compare it: ``md5:…``; empty for nothing.

    >>> describe_released_contents({"": Hashes(md5="a", sha256="b")})
    'md5:a'
    >>> describe_released_contents({"x": Hashes(md5="a"), "y": Hashes(md5="b")})
    '2 files'
    """
    if len(contents) > 1 or not contents:
        return f"{len(contents)} files" if contents else ""
    [(path, hashes)] = contents.items()
    digest = f"md5:{hashes.md5}" if hashes.md5 else f"sha256:{hashes.sha256}"
    return _at(path, digest) if hashes.known else ""


def _parsed(block: bytes, read: Callable[[str], object]) -> list[Any]:
    value = read(block.decode(errors="replace"))
    entries = value.get("models") if isinstance(value, dict) else value
    return entries if isinstance(entries, list) else []


def _blocks(data: bytes) -> list[bytes]:
    """Split a lock at its models; one that somebody else wrote stays whole."""
    head, *blocks = data.replace(b"\r\n", b"\n").split(_BLOCK)
    return [_BLOCK + block for block in blocks] or [head]


def scan_released_locks(data: bytes) -> dict[str, str]:
    r"""Read the versions of a models.lock without parsing it; none of one that others wrote.

    >>> scan_released_locks(b'version: 1\nmodels:\n  - name: "a"\n    version: "v1"\n')
    {'a': 'v1'}
    """
    found: dict[str, str] = {}
    for block in _blocks(data):
        version = _VERSION.search(block)
        text = version[1].decode(errors="replace") if version else ""
        if block.startswith(_BLOCK) and is_version(text):
            found[_name(block)] = text
    return found


def _name(block: bytes) -> str:
    line = block[len(_BLOCK) :].partition(b"\n")[0]
    return line.strip().strip(b"\"'").decode(errors="replace")


def _may_be_meant(block: bytes, current: Lock) -> bool:
    """Tell, without parsing it, whether a block may be about a version that is locked now."""
    if not block.startswith(_BLOCK):
        return True
    version = _VERSION.search(block)
    locked = current.by_name.get(_name(block))
    if locked is None or version is None:
        return locked is not None
    return _same(version[1].decode(errors="replace"), locked.version)


def _same(version: str, other: str) -> bool:
    return is_version(version) and same_version(version, other)


def _entries(
    block: bytes, current: Lock, read: Callable[[str], object]
) -> Iterator[tuple[str, str, Contents]]:
    for entry in _parsed(block, read):
        match entry:
            case {"name": str() as name, "version": str() as version}:
                locked = current.by_name.get(name)
                if locked is not None and _same(version, locked.version):
                    yield name, version, _read_contents(entry)


def _read_contents(entry: Mapping[str, Any]) -> Contents:
    files = entry.get("files")
    if isinstance(files, list):
        return {str(one.get("path")): _hashes(one) for one in files if isinstance(one, dict)}
    hashes = _hashes(entry)
    return {"": hashes} if hashes.known else {}


def _hashes(entry: Mapping[str, Any]) -> Hashes:
    texts = {key: entry[key] for key in ("md5", "sha256") if isinstance(entry.get(key), str)}
    size = entry.get("size")
    return Hashes(**texts, size=size if isinstance(size, int) else None)


def released_contents_of(model: LockedModel) -> Contents:
    """Give what is known of the bytes of a locked model; nothing where it has none."""
    if model.files:
        return {file.path: file.hashes for file in model.files}
    return {"": model.hashes} if model.hashes.known else {}


def describe_released_difference(before: Contents, now: Contents) -> tuple[str, str] | None:
    """Compare two contents; None where they are the same, as far as both are known.

    Returns:
        (before, now), each as ``kind:digest``, with the path of a file of a folder.

    >>> describe_released_difference({"": Hashes(md5="a", size=1)}, {"": Hashes(md5="b", size=2)})
    ('md5:a', 'md5:b')
    >>> describe_released_difference({"x": Hashes()}, {"x": Hashes(), "y": Hashes(md5="b")})
    ('no y', 'y md5:b')
    """
    if not before or not now:
        return None
    for path in sorted({*before, *now}):
        old, new = before.get(path), now.get(path)
        if old is None or new is None:
            return _describe_hashes(path, old), _describe_hashes(path, new)
        # A digest says more to whoever has the bytes than their size does.
        digests = Hashes(md5=old.md5, sha256=old.sha256)
        found = digests.first_difference(new) or old.first_difference(new)
        if found is not None:
            return _at(path, found[0]), _at(path, found[1])
    return None


def _describe_hashes(path: str, hashes: Hashes | None) -> str:
    what = path or "single file"
    if hashes is None:
        return f"no {what}"
    digest = f"sha256:{hashes.sha256}" if hashes.sha256 else f"md5:{hashes.md5}"
    return f"{what} {digest}" if hashes.known else what


def _at(path: str, said: str) -> str:
    return f"{path} {said}" if path else said
