"""Hooks and merge drivers of before, which could import modules of the work tree, replaced."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from paddledvc.errors import PaddleDVCError
from paddledvc.tools.git.hook_scripts.script import HOOK_FORM, HOOK_NAMES

if TYPE_CHECKING:
    from pathlib import Path

_OLD = re.compile(rf"^# paddledvc hook, form [0-{HOOK_FORM - 1}]$", re.MULTILINE)


def renew_hooks(root: Path) -> str | None:
    """Write hooks and the merge driver anew if they are of before; say so in a line if they are.

    It looks at a few small files, and starts no process where nothing is to be done, unless
    ``core.hooksPath`` is set.
    """
    git = _find_git_folder(root)
    if git is None or not _is_of_before(git):
        return None
    from paddledvc.tools.git.hook_scripts import install  # noqa: PLC0415
    from paddledvc.tools.git.merge import merge_driver  # noqa: PLC0415 - once in the life of a clone

    try:
        is_new = install.renew_hook_scripts(root)
        if merge_driver.is_old_merge_driver(_read(git / "config")):
            is_new = merge_driver.install_merge_driver(root) or is_new
    except (PaddleDVCError, OSError) as error:
        return f"warning: older git hooks, which a branch may misuse, are still installed: {error}"
    if not is_new:
        return None
    return (
        f"git hooks and merge driver renewed, for {sys.executable}: the older ones could be made "
        "to run modules of the work tree"
    )


def _is_of_before(git: Path) -> bool:
    from paddledvc.tools.git.merge.merge_driver import is_old_merge_driver  # noqa: PLC0415

    config = _read(git / "config")
    return (
        is_old_merge_driver(config)
        or "hookspath" in config.lower()
        or any(
            _OLD.search(_read(git / "hooks" / f"{name}{suffix}"))
            for name in HOOK_NAMES
            for suffix in ("", ".legacy")
        )
    )


def _find_git_folder(root: Path) -> Path | None:
    """Find the folder that all work trees of a repository share, without asking git."""
    for folder in (root, *root.parents):
        git = folder / ".git"
        if git.is_file():
            git = folder / _read(git).removeprefix("gitdir: ").strip()
        if git.is_dir():
            return git / (_read(git / "commondir").strip() or ".")
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
