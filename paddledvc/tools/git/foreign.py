"""Repositories of others, which are data: git reads copies of ours, and does nothing they say.

A repository has settings of its own, some of which name programs. So git is never started in one
that somebody else gave us: what is wanted is fetched into a copy in the user's cache, and looked
at there. Every git that is started here has the environment of ``_environment``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.tools.git import command
from paddledvc.tools.git.command import exchange_git, git_settings_environment, run_git, try_git
from paddledvc.tools.git.database.tree import parse_tree_listing
from paddledvc.tools.system.network import errors as network_errors
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.errors import ToolFailed
    from paddledvc.tools.git.database.tree import TreeEntry

SETTINGS = (
    *command.SETTINGS,
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
)
"""What git is told of every repository of others."""
PROTOCOLS = {"file": "file", "git": "git:https:ssh", "http": "http:https:ssh"}
"""What git may speak, by the scheme of a URL; the user's settings may write one URL for another."""
SECURE = "https:ssh"
"""What it may speak for all others: no redirect leads from https to http."""
FIXED = {39: 4, 40: 2, 41: 1, 42: 2, 43: 4, 44: 1, 45: 1}
"""Releases of git 2 whose server runs no program that the repository names (CVE-2024-32465)."""
_CREDENTIALS = (
    "git has no credentials for it, or it does not exist; `git ls-remote` must list it first"
)
_NOWHERE = "there is no git repository"
_REASONS = {
    "did not end within": "no answer in time",
    "timed out": "no answer in time",
    "Operation too slow": "no answer in time",
    "Host key verification failed": "ssh does not know its host key; connect to it with ssh once",
    "could not read Username": _CREDENTIALS,
    "could not read Password": _CREDENTIALS,
    "Authentication failed": _CREDENTIALS,
    "Permission denied (": _CREDENTIALS,
    "dubious ownership": "it belongs to another user; `git config --global --add safe.directory` "
    "with its path lets git read it",
    "not a git repository": _NOWHERE,
    "does not appear to be a git repository": _NOWHERE,
    "' not found": _NOWHERE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository of others, by our copy of it.

    Attributes:
        objects: the folder of the copy.
        url: where it is from: a URL, or an absolute path.
        tree: the work tree that it is from; None for one behind a URL, or a bare one.
        settings: settings of git for this copy.
        partial: whether large files were left out, to be fetched when they are read.
    """

    objects: Path
    url: str
    tree: Path | None = None
    settings: tuple[tuple[str, str], ...] = ()
    partial: bool = False


def run_in_repository(
    where: Repository,
    *arguments: str,
    cwd: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Run git on the copy of a repository and return what it printed.

    Raises:
        ToolFailed: it ended with an error, or not within ``timeout`` seconds.
    """
    asked = (f"--git-dir={where.objects}", *arguments)
    return run_git(cwd or where.objects, *asked, env=_environment(where), timeout=timeout)


def _environment(where: Repository) -> dict[str, str | None]:
    """Give the environment of every git that reads, or fetches from, a repository of others."""
    scheme = "file" if where.url.startswith("/") else where.url.partition("://")[0]
    return {
        "GIT_ALLOW_PROTOCOL": PROTOCOLS.get(scheme, SECURE),
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_NO_LAZY_FETCH": "1",  # git's server takes what is set already, be it 0
        # A replaced object is not what its commit's name stands for.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_CONFIG": None,
        "GIT_CONFIG_PARAMETERS": None,  # of `git -c`, said for another repository
        **git_settings_environment((*SETTINGS, *where.settings)),
    }


def init_repository(folder: Path, url: str) -> Repository:
    """Make an empty folder a bare repository that is to be a copy.

    Raises:
        ToolFailed: git does not do it.
    """
    copy = Repository(objects=folder, url=url)
    run_in_repository(copy, "init", "--quiet", "--bare", "--template=")
    return copy


@cache
def why_git_is_unsafe() -> str | None:
    """Say why no repository of this machine is read by the git that there is; None if it may be."""
    said = run_git(Path(os.sep), "version").strip()
    return None if is_safe_git(said) else f"{said} runs what a repository says; 2.45.1 does not"


def is_safe_git(said: str) -> bool:
    """Tell whether a git serves a repository without running what it says, by its version.

    >>> is_safe_git("git version 2.39.3"), is_safe_git("git version 2.39.5 (Apple Git-154)")
    (False, True)
    """
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    if found is None:
        return False
    major, minor, patch = (int(number or 0) for number in found.groups())
    if (major, minor) > (2, max(FIXED)):
        return True
    return major == 2 and patch >= FIXED.get(minor, patch + 1)  # noqa: PLR2004


def reason_of_git(error: ToolFailed, url: str = "") -> str:
    """Say in a few words why git failed, without the secrets of a URL."""
    if (of_network := network_errors.meaning_of_network_text(error.stderr)) is not None:
        return of_network
    for sign, meaning in _REASONS.items():
        if sign in error.stderr:
            return meaning
    lines = [line for line in error.stderr.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    said = telling[0] if telling else f"git ended with exit code {error.returncode}"
    said = re.sub(r"^(fatal|error): ", "", said)
    return said.replace(url, hide_url_secrets(url)) if url else said


def repository_has_commit(where: Repository, commit: str) -> bool:
    """Tell whether a commit is there."""
    return _has_object(where, f"{commit}^{{commit}}")


def has_repository_setting(where: Repository, key: str) -> bool:
    """Tell whether the user's settings, or those of a copy, say something."""
    asked = (f"--git-dir={where.objects}", "config", "--get", key)
    return try_git(where.objects, *asked, env=_environment(where)).returncode == 0


def _has_object(where: Repository, name: str) -> bool:
    asked = (f"--git-dir={where.objects}", "cat-file", "-e", name)
    return try_git(where.objects, *asked, env=_environment(where)).returncode == 0


def find_repository_entries(
    where: Repository, commit: str, paths: Sequence[str]
) -> dict[str, TreeEntry]:
    """Look paths up in the tree of a commit; those that are not there are left out."""
    listing = run_in_repository(where, "ls-tree", "-z", "--full-tree", commit, "--", *paths)
    return dict(parse_tree_listing(listing))


def read_repository_blob(where: Repository, entry: TreeEntry) -> str:
    """Read a text file."""
    return run_in_repository(_complete(where, entry), "cat-file", "blob", entry.name)


def unpack_repository_blob(where: Repository, entry: TreeEntry, folder: Path) -> Path:
    """Write the bytes of a file, as git keeps them, to a new file in ``folder``."""
    asked = ("unpack-file", entry.name)
    return folder / run_in_repository(_complete(where, entry), *asked, cwd=folder).rstrip("\n")


def repository_blob_size(where: Repository, entry: TreeEntry) -> int:
    """Tell the size of a file in bytes."""
    return int(run_in_repository(_complete(where, entry), "cat-file", "-s", entry.name))


def _complete(where: Repository, entry: TreeEntry) -> Repository:
    """Fetch a file that was left out; git would do so by itself, but for whoever asks it to."""
    if where.partial and not _has_object(where, entry.name):
        # Told what the copy has, a server would take it to have the file too.
        alone = replace(where, settings=(*where.settings, ("fetch.negotiationAlgorithm", "noop")))
        asked = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", entry.name)
        run_in_repository(alone, *asked)
    return where


def list_repository_files(where: Repository, commit: str) -> dict[str, TreeEntry]:
    """List what is in a commit, in all of its folders."""
    listing = run_in_repository(where, "ls-tree", "-r", "-z", "--full-tree", commit)
    return dict(parse_tree_listing(listing))


def make_altered_commit(
    where: Repository, commit: str, folder: Path, files: Mapping[str, str | None]
) -> str:
    """Make an empty folder a repository that has a commit with some other files in it.

    Nothing is checked out, and no object is copied.

    Args:
        where: the repository.
        commit: its commit.
        folder: the folder.
        files: texts, by path; None for one that the new commit does not have.

    Returns:
        The new commit.
    """
    new = Repository(objects=folder / ".git", url=where.url, settings=_NOBODY)
    run_git(folder, "init", "--quiet", "--template=", env=_environment(new))
    (new.objects / "objects" / "info" / "alternates").write_text(f"{where.objects}/objects\n")
    if (shallow := where.objects / "shallow").exists():
        (new.objects / "shallow").write_bytes(shallow.read_bytes())
    lines = [_index_line(new, path, text) for path, text in files.items()]
    run_in_repository(new, "read-tree", commit, cwd=folder)
    _send(new, "update-index", "-z", "--index-info", sent="".join(lines))
    tree = run_in_repository(new, "write-tree", "--missing-ok", cwd=folder).strip()
    return _send(new, "commit-tree", tree, sent="a copy\n").strip()


_NOBODY = (("user.name", "paddledvc"), ("user.email", "paddledvc@localhost"))
_REMOVED = "0 " + "0" * 40


def _index_line(where: Repository, path: str, text: str | None) -> str:
    if text is None:
        return f"{_REMOVED}\t{path}\0"
    return f"100644 {_send(where, 'hash-object', '-w', '--stdin', sent=text).strip()}\t{path}\0"


def _send(where: Repository, *arguments: str, sent: str) -> str:
    asked = (f"--git-dir={where.objects}", *arguments)
    data = sent.encode(errors="surrogateescape")
    return exchange_git(where.objects.parent, *asked, sent=data, env=_environment(where)).decode()
