"""Which commit a line of a file comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.tools.git.command import SETTINGS, git_settings_environment
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit, in the words that people know it by.

    Attributes:
        name: its full name.
        author: who made the change.
        date: when, as an ISO 8601 date in UTC.
        title: the first line of its message.
        cut: whether a shallow clone ends here, so that the line may be older.
    """

    name: str
    author: str
    date: str
    title: str
    cut: bool = False


def blame_line(root: Path, file: str, line: int) -> Commit | None:
    """Find the commit that a line of a file was written in.

    Args:
        root: folder that ``file`` is relative to.
        file: the file, as it is in the work tree.
        line: number of the line, from 1.

    Returns:
        None where no commit has the line yet, or there is no history to ask.
    """
    try:
        from git import GitError, Repo  # noqa: PLC0415 - 0.1 s, and it needs git to be imported
    except ImportError:
        return None
    path = root.resolve() / file
    folder = str(path.parent)
    with shell.own_program_environment():
        try:
            with Repo(folder, search_parent_directories=True, expand_vars=False) as repo:
                repo.git.update_environment(**git_settings_environment(SETTINGS))
                repo.git(C=folder)  # for GitPython expands a $NAME in the path by itself
                found: Any = repo.blame(None, str(path), L=f"{line},{line}", w=True)
                commit = found[0][0]
                if set(commit.hexsha) == {"0"}:
                    return None
                shown = {"max_count": 1, "no_show_signature": True, "format": "%s"}
                title = repo.git(C=folder).log(commit.hexsha, **shown)
                cut = commit.hexsha in _ends(Path(repo.common_dir))
        # GitPython takes a name of SHA-256 for no name, and then has no commit to speak of.
        except (GitError, KeyError):
            return None
    date = datetime.fromtimestamp(commit.authored_date, timezone.utc).date().isoformat()
    name, author = commit.hexsha, commit.author.name
    return Commit(name=name, author=author, date=date, title=title, cut=cut)


def _ends(folder: Path) -> Collection[str]:
    """Name the commits whose parents a shallow clone lacks."""
    file = folder / "shallow"
    return file.read_text().split() if file.is_file() else ()
