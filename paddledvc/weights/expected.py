"""Which outputs files ask for, those of the work tree or others: each version of them read once."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from paddledvc import names
from paddledvc.errors import InvalidFile
from paddledvc.hashes import Hashes
from paddledvc.names import DVC_LOCK
from paddledvc.tools.dvc.core.outputs import STAGES_FILE, SUFFIX
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.tools.system import atomic
from paddledvc.tools.system.hash_cache import name_state_folder
from paddledvc.weights.core.tracked import (
    PATTERNS,
    Tracked,
    find_output_faults,
    find_tracked_problems,
    list_tracked,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.errors import Problem
    from paddledvc.models.lockfile import LockedFile
    from paddledvc.project import Project, ProjectFiles
    from paddledvc.tools.dvc.core.outputs import DvcOutput
    from paddledvc.yaml.document import Document

Parsed: TypeAlias = dict[tuple[str, str], Any]
"""What is in files, by their names and texts."""
KEPT = 256
"""Versions of the files whose outputs are remembered, of all projects of a user."""
FOLDER = "wanted"
"""Where they are, outside of every work tree: a branch must not bring answers of its own."""
_TEXT = (str, type(None))
_KINDS: tuple[type | tuple[type, ...], ...] = (
    str,
    list,
    bool,
    _TEXT,
    _TEXT,
    list,
    list,
    _TEXT,
    bool,
    bool,
    str,
    (list, type(None)),
)
"""What an output is written down as."""
FORMAT = 3
"""Raised whenever other outputs are read from the same files, or they are written otherwise."""


def list_expected(project: Project, *, untracked: bool = False) -> tuple[Tracked, ...]:
    """List what lies, or ought to lie, in the work tree, sorted by path.

    Args:
        project: the project.
        untracked: look at files that git does not know yet, too.

    Raises:
        InvalidFile: one of the files cannot be read.
    """
    snapshot = Snapshot.work_tree(project.root, untracked=untracked)
    return read_expected(project, snapshot.texts(PATTERNS))


def read_expected(
    project: ProjectFiles, texts: Mapping[str, str], parsed: Parsed | None = None
) -> tuple[Tracked, ...]:
    """Read what files say lies in the work tree, sorted by path.

    Args:
        project: the project.
        texts: the files.
        parsed: what was in the files read just before, which is replaced by what is in these.

    Raises:
        InvalidFile: one of the files cannot be read, or names an output where none may lie.
    """
    from paddledvc.yaml.conflicts import find_conflict  # noqa: PLC0415 - only for what is new

    if conflicted := find_conflict(texts.get(names.REGISTRY, ""), names.REGISTRY):
        raise InvalidFile([conflicted])  # the others follow it
    before, parsed = {**(parsed or {})}, {} if parsed is None else parsed
    found: dict[str, Any] = {}
    for name, text in sorted(texts.items(), key=lambda file: file[0] != names.LOCK):
        if (name, text) in before:
            found[name] = before[name, text]
        elif name == names.LOCK:
            found[name] = project.parse_lock(text)
        elif _tells(name):
            found[name] = _parse_file(name, text)
    parsed.clear()
    parsed |= {(name, texts[name]): one for name, one in found.items()}
    lock = found.pop(names.LOCK, None)
    if faults := list(find_output_faults(found)):
        raise InvalidFile(_tell_faults(faults, texts))
    return list_tracked(lock, found)


def _tell_faults(
    faults: Iterable[tuple[DvcOutput, str]], texts: Mapping[str, str]
) -> list[Problem]:
    """Say where each path stands that no output may have."""
    from paddledvc.yaml import reader  # noqa: PLC0415 - as above

    documents: dict[str, Document] = {}  # each is read once, however many faults it has
    found = []
    for output, fault in faults:
        if output.file not in documents:
            documents[output.file] = reader.parse_yaml(texts[output.file], output.file)
        message = f"no output may lie at {output.path!a}: {fault}; check who wrote that path"
        found.append(documents[output.file].problem(output.place, message))
    return found


def _tells(name: str) -> bool:
    return name.rpartition("/")[2] in (STAGES_FILE, DVC_LOCK) or name.endswith(SUFFIX)


def _parse_file(name: str, text: str) -> Any:
    """Read a file of DVC.

    Raises:
        InvalidFile: it is not YAML, or has merge conflicts, or a hash in it is none.
    """
    from paddledvc.yaml import reader  # noqa: PLC0415

    document = reader.parse_yaml(text, name)
    if found := find_tracked_problems(document):
        raise InvalidFile(found)
    return document.value


def read_expected_cached(
    project: Project, texts: Mapping[str, str], parsed: Parsed | None = None
) -> tuple[Tracked, ...]:
    """Read what files say lies in the work tree, as ``read_expected`` does, or remember it.

    Raises:
        InvalidFile: one of the files cannot be read.
    """
    home = name_state_folder()
    if home is None:
        return read_expected(project, texts, parsed)
    folder = Path(home) / FOLDER
    file = folder / _key(texts)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known = parse_expected(file.read_text(encoding="utf-8"))
        if known is not None:
            return known
    found = read_expected(project, texts, parsed)
    with contextlib.suppress(OSError):
        forget_oldest(folder)
        atomic.write_atomically(file, render_expected(found), fsync=False, mode=0o600)
    return found


def _key(texts: Mapping[str, str]) -> str:
    """Digest files, and the number of the answer's format."""
    digest = hashlib.sha256(f"{FORMAT} ".encode())
    for name, text in sorted(texts.items()):
        if name != names.REGISTRY:
            data = text.encode()
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def forget_oldest(folder: Path) -> None:
    """Make room in a folder of notes for another one; it is made if need be.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in files[: max(0, len(files) - KEPT + 1)]:
        file.unlink(missing_ok=True)


def render_expected(outputs: Sequence[Tracked]) -> str:
    """Write outputs down."""
    return json.dumps(
        [
            [
                one.path,
                [one.hashes.md5, one.hashes.sha256, one.hashes.size],
                one.folder,
                one.model,
                one.version,
                one.urls,
                [[file.path, file.urls, file.md5, file.sha256, file.size] for file in one.files],
                one.remote,
                one.pushed,
                one.exact,
                one.record,
                one.contradiction,
            ]
            for one in outputs
        ],
        separators=(",", ":"),
    )


def parse_expected(text: str) -> tuple[Tracked, ...] | None:
    """Read outputs; None if that is not what was written.

    >>> one = Tracked(path="a", hashes=Hashes(md5="b"))
    >>> parse_expected(render_expected([one])) == (one,)
    True
    """
    try:
        found = json.loads(text)
        return tuple(_tracked(*fields) for fields in found) if _is_told(found) else None
    except (ValueError, TypeError, RecursionError):
        return None


def _is_told(found: object) -> bool:
    """Tell whether each output has the values that are written of one."""
    return isinstance(found, list) and all(
        isinstance(one, list)
        and len(one) == len(_KINDS)
        and all(isinstance(part, kind) for part, kind in zip(one, _KINDS, strict=True))
        and all(isinstance(part, str | int | None) for part in one[1])
        and all(isinstance(part, str) for part in one[5])
        and all(isinstance(part, list) for part in one[6])
        for one in found
    )


def _tracked(  # noqa: PLR0913, PLR0917 - every field of it
    path: str,
    hashes: list[Any],
    folder: bool,  # noqa: FBT001
    model: str | None,
    version: str | None,
    urls: list[str],
    files: list[Any],
    remote: str | None,
    pushed: bool,  # noqa: FBT001
    exact: bool,  # noqa: FBT001
    record: str,
    contradiction: list[str] | None,
) -> Tracked:
    md5, sha256, size = hashes
    return Tracked(
        path=path,
        hashes=Hashes(md5=md5, sha256=sha256, size=size),
        folder=folder,
        model=model,
        version=version,
        urls=tuple(urls),
        files=tuple(_file(*fields) for fields in files),
        remote=remote,
        pushed=pushed,
        exact=exact,
        record=record,
        contradiction=None if contradiction is None else (contradiction[0], contradiction[1]),
    )


def _file(
    path: str, urls: list[str], md5: str | None, sha256: str | None, size: int | None
) -> LockedFile:
    from paddledvc.models.lockfile import LockedFile  # noqa: PLC0415 - few models are folders

    return LockedFile(path=path, urls=tuple(urls), md5=md5, sha256=sha256, size=size)
