"""Copies of remote repositories in the user's cache: their tags and the trees of tagged commits."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import OutsideFailure, ToolFailed
from paddledvc.tools.git import repository
from paddledvc.tools.git.command import ask_git, run_git
from paddledvc.tools.system import files
from paddledvc.tools.system.network_errors import Unreadable, may_error_pass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.tools.git.repository import Repository

TIMEOUT = 60.0
"""Seconds to wait for a server that sends nothing."""
PATIENCE = 10
"""How often that a server which does send may take for all of it."""
LIMIT = "blob:limit=4m"
"""Files of other repositories that come at once; larger ones come when they are read."""
PARTIAL = ("remote.origin.promisor=true", f"remote.origin.partialclonefilter={LIMIT}")
TAGS = "+refs/tags/*:refs/tags/*"
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def cached_clone(url: str) -> Repository | None:
    """Return the copy of a repository as it was last seen; None if there is none."""
    folder = _folder(url)
    return repository.Repository(objects=folder) if folder.exists() else None


def refresh_clone(url: str, timeout: float = TIMEOUT) -> Repository:
    """Return a copy of a repository that has its tags of this moment.

    Raises:
        Unreadable: the repository does not answer, or the cache cannot be written to.
    """
    with _held(url) as folder:
        _refresh(folder, url, timeout)
    return _readable(folder, url, timeout)


def find_clone_with_commit(url: str, commit: str, timeout: float = TIMEOUT) -> Repository:
    """Return a copy of a repository that has a commit; one that has it already is not refreshed.

    Raises:
        Unreadable: the repository does not answer, or does not have the commit any more.
    """
    with _held(url) as folder:
        copy = repository.Repository(objects=folder)
        if not (folder.exists() and repository.repository_has_commit(copy, commit)):
            _refresh(folder, url, timeout)
        if not repository.repository_has_commit(copy, commit):
            try:
                _fetch(folder, url, f"{commit}:refs/pinned/{commit}", timeout)
            except ToolFailed as error:
                raise Unreadable(f"the repository has no commit {commit}") from error
    return _readable(folder, url, timeout)


@contextmanager
def _held(url: str) -> Iterator[Path]:
    """Name the folder of a copy while no other thread or process changes it."""
    try:
        folder = _folder(url)
        with _locks[url], files.hold_file_lock(folder.with_suffix(".lock")):
            yield folder
    except ToolFailed as error:
        reason = repository.reason_of_git(error, url)
        raise Unreadable(reason, again=may_error_pass(reason)) from error
    except OutsideFailure as error:
        raise Unreadable(str(error)) from error


def _folder(url: str) -> Path:
    """Name the folder of a copy, in a way that people recognise."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError as error:
        raise OutsideFailure("there is no home folder; set XDG_CACHE_HOME") from error
    digest = hashlib.sha256(url.encode(errors="surrogateescape")).hexdigest()[:16]
    last = re.split(r"[/:]", url.removesuffix(".git").rstrip("/"))[-1]
    return home / "paddledvc" / "git" / f"{re.sub(r'[^A-Za-z0-9_-]', '-', last)[:40]}-{digest}"


def _readable(folder: Path, url: str, timeout: float) -> Repository:
    # Without objects that were left out there is nothing to get, and a server too simple to leave
    # any out would be asked for ever.
    partial = any((folder / "objects" / "pack").glob("*.promisor"))
    settings = (*_settings(folder, url, timeout), *PARTIAL) if partial else ()
    return repository.Repository(objects=folder, settings=settings)


def _settings(folder: Path, url: str, timeout: float) -> tuple[str, ...]:
    """Tell git where to ask, and to ask the server alone, for a limited time."""
    seconds = max(round(timeout), 1)
    settings = (
        f"remote.origin.url={url}",
        "http.lowSpeedLimit=1",
        f"http.lowSpeedTime={seconds}",
        "gc.autoDetach=false",
    )
    if ask_git(folder, "config", "--get", "core.sshCommand") is not None or "GIT_SSH" in os.environ:
        return settings
    return (*settings, f"core.sshCommand=ssh -o BatchMode=yes -o ConnectTimeout={seconds}")


def _refresh(folder: Path, url: str, timeout: float) -> None:
    """Fetch the tags; a copy that a killed process left in pieces is made anew."""
    if folder.exists():
        try:
            _fetch(folder, url, TAGS, timeout)
        except ToolFailed as error:
            if may_error_pass(repository.reason_of_git(error)):
                raise
        else:
            return
    with files.replace_folder(folder) as new:
        run_git(new, "init", "--quiet", "--bare", "--template=")
        _fetch(new, url, TAGS, timeout)


def _fetch(folder: Path, url: str, refs: str, timeout: float) -> None:
    """Fetch without history, or all of it from a server that cannot leave it out."""
    settings = _settings(folder, url, timeout)
    fetch = ("fetch", "--quiet", "--prune", "--no-tags")
    limit = PATIENCE * timeout
    try:
        copy = repository.Repository(objects=folder, settings=(*settings, *PARTIAL))
        repository.run_in_repository(copy, *fetch, "--depth=1", "origin", refs, timeout=limit)
    except ToolFailed as error:
        # Without a word, it found no tag.
        if error.stderr.strip() and "support shallow" not in error.stderr:
            raise
        copy = repository.Repository(objects=folder, settings=settings)
        repository.run_in_repository(copy, *fetch, "origin", refs, timeout=limit)
