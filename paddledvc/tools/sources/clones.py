"""Copies of other repositories in the user's cache: their tags and the trees of tagged commits.

Those on this machine are copied too: what is read is never somebody else's repository.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from paddledvc.errors import OutsideFailure, ToolFailed
from paddledvc.tools.git import foreign
from paddledvc.tools.git.foreign import Repository
from paddledvc.tools.system import files
from paddledvc.tools.system.network.errors import Unreadable, may_error_pass
from paddledvc.urls import GitFile

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 20.0
"""Seconds to wait for a server that sends nothing."""
PATIENCE = 30
"""How often that a server which does send may take for all of it."""
LIMIT = "blob:limit=4m"
"""Files of other repositories that come at once; larger ones come when they are read."""
PARTIAL = (("remote.origin.promisor", "true"), ("remote.origin.partialclonefilter", LIMIT))
TAGS = "+refs/tags/*:refs/tags/*"
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def cached_clone(url: str) -> Repository | None:
    """Return the copy of a repository as it was last seen; None if there is none."""
    folder = _folder(url)
    return Repository(objects=folder, url=url) if folder.exists() else None


def refresh_clone(url: str, timeout: float = TIMEOUT) -> Repository:
    """Return a copy of a repository that has its tags of this moment.

    Args:
        url: a URL, or a path.
        timeout: seconds to wait for an answer.

    Raises:
        Unreadable: the repository does not answer, or is none to read from, or the cache cannot be
            written to.
    """
    url = _require_source(url)
    with _held(url) as folder:
        _refresh(folder, url, timeout)
        return _readable(folder, url, timeout)


def find_clone_with_commit(url: str, commit: str, timeout: float = TIMEOUT) -> Repository:
    """Return a copy of a repository that has a commit; one that has it already is not refreshed.

    Raises:
        Unreadable: as for ``refresh_clone``, or the repository does not have the commit any more.
    """
    url = _require_source(url)
    with _held(url) as folder:
        copy = Repository(objects=folder, url=url)
        if not (folder.exists() and foreign.repository_has_commit(copy, commit)):
            _refresh(folder, url, timeout)
        if not foreign.repository_has_commit(copy, commit):
            try:
                _fetch(folder, url, f"{commit}:refs/pinned/{commit}", timeout)
            except ToolFailed as error:
                raise Unreadable(f"the repository has no commit {commit}") from error
        return _readable(folder, url, timeout)


def _require_source(url: str) -> str:
    """Say where a repository is, without links, if it is one to read from.

    Raises:
        Unreadable: git must not be given it, or a commit may have brought it.
    """
    at = GitFile(repository=url, commit="", path="")
    if (refusal := at.why_refused) is not None:
        raise Unreadable(refusal)
    if not at.is_local and not url.lower().startswith("file://"):
        return url
    folder = Path(url if at.is_local else unquote(url[len("file://") :])).resolve()
    if at.is_local and not folder.is_dir():
        raise Unreadable("no such folder")
    around = next((one for one in folder.parents if os.path.lexists(one / ".git")), None)
    if around is not None:
        raise Unreadable(
            f"it lies in the work tree {around}, whose commits bring what is there; "
            "a repository to read from lies outside of all others"
        )
    with _translated(url):
        if (danger := foreign.why_git_is_unsafe()) is not None:
            raise Unreadable(danger)
    return str(folder) if at.is_local else url


@contextmanager
def _held(url: str) -> Iterator[Path]:
    """Name the folder of a copy while no other thread or process changes it."""
    with _translated(url):
        folder = _folder(url)
        with _locks[url], files.hold_file_lock(folder.with_suffix(".lock")):
            yield folder


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except ToolFailed as error:
        reason = foreign.reason_of_git(error, url)
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
    bare = not url.startswith("/") or not os.path.lexists(Path(url, ".git"))
    tree = None if bare else Path(url)
    return Repository(objects=folder, url=url, tree=tree, settings=settings, partial=partial)


def _settings(folder: Path, url: str, timeout: float) -> tuple[tuple[str, str], ...]:
    """Tell git where to ask, and to ask the server alone, for a limited time."""
    seconds = max(round(timeout), 1)
    settings = (
        ("remote.origin.url", url),
        ("http.lowSpeedLimit", "1"),
        ("http.lowSpeedTime", str(seconds)),
        ("gc.autoDetach", "false"),
        ("fetch.recurseSubmodules", "false"),
    )
    copy = Repository(objects=folder, url=url)
    if "GIT_SSH" in os.environ or foreign.has_repository_setting(copy, "core.sshCommand"):
        return settings
    return (*settings, ("core.sshCommand", f"ssh -o BatchMode=yes -o ConnectTimeout={seconds}"))


def _refresh(folder: Path, url: str, timeout: float) -> None:
    """Fetch the tags; a copy that a killed process left in pieces is made anew."""
    if folder.exists():
        try:
            _fetch(folder, url, TAGS, timeout)
        except ToolFailed as error:
            if may_error_pass(foreign.reason_of_git(error)):
                raise
        else:
            return
    with files.replace_folder(folder) as new:
        foreign.init_repository(new, url)
        _fetch(new, url, TAGS, timeout)


def _fetch(folder: Path, url: str, refs: str, timeout: float) -> None:
    """Fetch without history, or all of it from a server that cannot leave it out."""
    settings = _settings(folder, url, timeout)
    fetch = ("fetch", "--quiet", "--prune", "--no-tags")
    limit = PATIENCE * timeout
    try:
        copy = Repository(objects=folder, url=url, settings=(*settings, *PARTIAL))
        foreign.run_in_repository(copy, *fetch, "--depth=1", "origin", refs, timeout=limit)
    except ToolFailed as error:
        # Without a word, it found no tag.
        if error.stderr.strip() and "support shallow" not in error.stderr:
            raise
        copy = Repository(objects=folder, url=url, settings=settings)
        foreign.run_in_repository(copy, *fetch, "origin", refs, timeout=limit)
