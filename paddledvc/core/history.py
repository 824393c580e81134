"""What was locked before, found in many versions of one file without parsing each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from paddledvc.core.hashes import Hashes
from paddledvc.core.versions import is_version, same_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from paddledvc.core.lock import Lock, LockedModel

Contents: TypeAlias = Mapping[str, Hashes]
"""What is known of the bytes of each file of a model, by its path; a single file has none."""
_BLOCK = b"\n  - name: "
_VERSION = re.compile(rb"""^    version: ["']?([^"'\r\n]+)["']?\r?$""", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockText:
    """A models.lock of the past.

    Attributes:
        where: where it was, such as ``main (commit 1a2b3c4 of 2026-11-02)``.
        data: what was in it.
    """

    where: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """A version of a model as it was locked before."""

    name: str
    version: str
    where: str
    contents: Contents


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What was released before.

    Attributes:
        released: the earlier locks of versions that are locked now, oldest first.
        complete: whether all of the history could be looked at.
    """

    released: tuple[Released, ...] = ()
    complete: bool = True


def released(
    texts: Iterable[LockText], current: Lock, now: bytes, read: Callable[[str], object]
) -> Iterator[Released]:
    """Find how the versions that are locked now were locked before.

    From one version of models.lock to the next few blocks change; so each block is looked at once,
    and only those are parsed that are about a version which is locked now, and say something else.

    Args:
        texts: every models.lock of the past, oldest first.
        current: what is locked now.
        now: the text of that.
        read: reads YAML; gives None for what is none.
    """
    seen = set(_blocks(now))
    for text in texts:
        for block in _blocks(text.data):
            if block in seen:
                continue
            seen.add(block)
            if _may_be_meant(block, current):
                yield from _entries(block, text.where, current, read)


def _blocks(data: bytes) -> list[bytes]:
    """Split a lock at its models; one that somebody else wrote stays whole."""
    head, *blocks = data.replace(b"\r\n", b"\n").split(_BLOCK)
    return [_BLOCK + block for block in blocks] or [head]


def versions(data: bytes) -> dict[str, str]:
    r"""Read the versions of a models.lock without parsing it; none of one that others wrote.

    >>> versions(b'version: 1\nmodels:\n  - name: "a"\n    version: "v1"\n')
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
    block: bytes, where: str, current: Lock, read: Callable[[str], object]
) -> Iterator[Released]:
    value = read(block.decode(errors="replace"))
    entries = value.get("models") if isinstance(value, dict) else value
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"name": str() as name, "version": str() as version}:
                locked = current.by_name.get(name)
                if locked is not None and _same(version, locked.version):
                    contents = _read_contents(entry)
                    yield Released(name=name, version=version, where=where, contents=contents)


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


def contents_of(model: LockedModel) -> Contents:
    """Give what is known of the bytes of a locked model; nothing where it has none."""
    if model.files:
        return {file.path: file.hashes for file in model.files}
    return {"": model.hashes} if model.hashes.known else {}


def difference(before: Contents, now: Contents) -> tuple[str, str] | None:
    """Compare two contents; None where they are the same, as far as both are known.

    Returns:
        (before, now), each as ``kind:digest``, with the path of a file of a folder.

    >>> difference({"": Hashes(md5="a", size=1)}, {"": Hashes(md5="b", size=2)})
    ('md5:a', 'md5:b')
    >>> difference({"x": Hashes()}, {"x": Hashes(), "y": Hashes(md5="b")})
    ('no y', 'y md5:b')
    """
    if not before or not now:
        return None
    for path in sorted({*before, *now}):
        old, new = before.get(path), now.get(path)
        if old is None or new is None:
            return _said(path, old), _said(path, new)
        # A digest says more to whoever has the bytes than their size does.
        digests = Hashes(md5=old.md5, sha256=old.sha256)
        found = digests.first_difference(new) or old.first_difference(new)
        if found is not None:
            return _at(path, found[0]), _at(path, found[1])
    return None


def _said(path: str, hashes: Hashes | None) -> str:
    what = path or "single file"
    if hashes is None:
        return f"no {what}"
    digest = f"sha256:{hashes.sha256}" if hashes.sha256 else f"md5:{hashes.md5}"
    return f"{what} {digest}" if hashes.known else what


def _at(path: str, said: str) -> str:
    return f"{path} {said}" if path else said
