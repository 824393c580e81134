"""One cache for all work trees of a repository: ``git worktree add`` brings no second one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core import sharing
from paddledvc.tools import dvc, worktree

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "config.local"


def share_cache(root: Path) -> bool:
    """Let a linked work tree use the cache and the credentials of the main one.

    A work tree with a configuration of its own, or with a cache of its own, keeps them.

    Args:
        root: the project in the linked work tree.

    Returns:
        Whether it does so from now on.

    Raises:
        ToolFailed: git does not say where the main work tree is.
        OSError: the configuration cannot be written.
    """
    own = root / ".dvc"
    if not own.is_dir() or (own / LOCAL).exists() or (own / "cache").exists():
        return False
    if not _may_be_linked(root):
        return False
    common = worktree.common_folder(root)
    told = worktree.git(root, "rev-parse", "--absolute-git-dir", "--show-prefix")
    folder, _, prefix = told.rstrip("\n").partition("\n")
    if common.samefile(folder):
        return False  # a submodule
    main = common.parent / prefix.rstrip("/") if common.name == ".git" else None
    if main is None or not (main / ".dvc").is_dir():
        text, cache = "", common / "dvc" / "cache"
    else:
        cache = dvc.cache_folder(main, dvc.config(main)).absolute()
        file = main / ".dvc" / LOCAL
        text = file.read_text(encoding="utf-8") if file.exists() else ""
    if not text and dvc.cache_folder(root, dvc.config(root)) == cache:
        return False
    _write(own / LOCAL, sharing.config(text, str((main or root) / ".dvc"), str(cache)))
    return True


def _may_be_linked(root: Path) -> bool:
    """Tell whether the nearest ``.git`` is a file; in the main work tree it is a folder."""
    found = next((one / ".git" for one in (root, *root.parents) if (one / ".git").exists()), None)
    return found is not None and found.is_file()


def _write(file: Path, text: str) -> None:
    """Write a file that may hold credentials."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    new.replace(file)
