"""Questions to git, asked through its program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.command import git_command_line, run_git, try_git
from paddledvc.tools.git.tree import parse_tree_listing
from paddledvc.tools.system import network_errors
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.tools.git.tree import TreeEntry

# Nothing may wait for an answer, and a replaced object is not what its commit's name stands for.
ENVIRONMENT = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "SSH_ASKPASS_REQUIRE": "never",
}
_CREDENTIALS = (
    "git has no credentials for it, or it is not there; `git ls-remote` must list it first"
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
    "dubious ownership": "it belongs to somebody else; `git config --global --add safe.directory` "
    "with its path lets git read it",
    "not a git repository": _NOWHERE,
    "does not appear to be a git repository": _NOWHERE,
    "' not found": _NOWHERE,
}


def find_repository_root(folder: Path) -> Path | None:
    """Find the work tree that ``folder`` belongs to; None outside a git repository.

    Raises:
        ToolFailed: git refuses to say, for example because somebody else owns the repository.
    """
    asked = ("rev-parse", "--show-toplevel")
    finished = try_git(folder, *asked)
    if finished.returncode == 0:
        return Path(finished.output.rstrip("\n"))
    if "not a git repository" in finished.errors:
        return None
    raise ToolFailed(git_command_line(*asked), finished.returncode, finished.errors)


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository to read from, which need not be that of the project.

    Attributes:
        objects: the folder that git keeps it in, such as ``models/.git``.
        tree: its work tree; None for a bare one.
        settings: settings of git that let it get the objects that a copy of ours lacks.
    """

    objects: Path
    tree: Path | None = None
    settings: tuple[str, ...] = ()


def open_repository(folder: Path) -> Repository:
    """Open the repository that a folder is, whatever repository may be around it.

    Raises:
        ToolFailed: the folder is no repository, or somebody else's.
    """
    folder = folder.resolve()
    ceiling = {**ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    asked = ("rev-parse", "--is-bare-repository", "--absolute-git-dir")
    bare, _, objects = run_git(folder, *asked, env=ceiling).rstrip("\n").partition("\n")
    return Repository(objects=Path(objects), tree=None if bare == "true" else folder)


def run_in_repository(
    where: Repository, *arguments: str, cwd: Path | None = None, timeout: float | None = None
) -> str:
    """Run git on a repository and return what it printed.

    Raises:
        ToolFailed: it ended with an error, or not within ``timeout`` seconds.
    """
    settings = [part for setting in where.settings for part in ("-c", setting)]
    asked = (f"--git-dir={where.objects}", *settings, *arguments)
    return run_git(cwd or where.objects, *asked, env=ENVIRONMENT, timeout=timeout)


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
    asked = (f"--git-dir={where.objects}", "cat-file", "-e", f"{commit}^{{commit}}")
    return try_git(where.objects, *asked, env=ENVIRONMENT).returncode == 0


def find_repository_entries(
    where: Repository, commit: str, paths: Sequence[str]
) -> dict[str, TreeEntry]:
    """Look paths up in the tree of a commit; those that are not there are left out."""
    listing = run_in_repository(where, "ls-tree", "-z", "--full-tree", commit, "--", *paths)
    return dict(parse_tree_listing(listing))


def read_repository_blob(where: Repository, entry: TreeEntry) -> str:
    """Read a text file."""
    return run_in_repository(where, "cat-file", "blob", entry.name)


def unpack_repository_blob(where: Repository, entry: TreeEntry, folder: Path) -> Path:
    """Write the bytes of a file, as git keeps them, to a new file in ``folder``."""
    return folder / run_in_repository(where, "unpack-file", entry.name, cwd=folder).rstrip("\n")


def repository_blob_size(where: Repository, entry: TreeEntry) -> int:
    """Tell the size of a file in bytes."""
    return int(run_in_repository(where, "cat-file", "-s", entry.name))


def borrow_repository_objects(where: Repository, folder: Path) -> None:
    """Make an empty folder a repository that has what another one has, without copying it."""
    run_git(folder, "init", "--quiet", "--template=", env=ENVIRONMENT)
    (folder / ".git" / "objects" / "info" / "alternates").write_text(f"{where.objects}/objects\n")
    if (shallow := where.objects / "shallow").exists():
        (folder / ".git" / "shallow").write_bytes(shallow.read_bytes())
