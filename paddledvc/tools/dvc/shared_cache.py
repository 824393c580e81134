"""One cache for all work trees of a repository: ``git worktree add`` brings no second one."""

from __future__ import annotations

import posixpath
from configparser import ConfigParser
from configparser import Error as ConfigError
from io import StringIO
from typing import TYPE_CHECKING

from paddledvc.tools.dvc import program
from paddledvc.tools.git import worktree
from paddledvc.tools.system import atomic

if TYPE_CHECKING:
    from pathlib import Path

PATHS = ("url", "dir", "credentialpath", "configpath", "keyfile", "cert_path", "key_path")
"""Options that may hold a path from the folder of the configuration."""
LOCAL = "config.local"


def local_config(text: str, folder: str, cache: str) -> str:
    r"""Write the local configuration of another work tree: as this one's, with this one's cache.

    Args:
        text: the local configuration of the main work tree; empty if it has none.
        folder: where that lies; its paths start there.
        cache: the cache of the main work tree.

    >>> print(local_config("['remote \"s\"']\nuser = me\n", "/a/.dvc", "/a/.dvc/cache"), end="")
    ['remote "s"']
    user = me
    [cache]
    dir = /a/.dvc/cache
    """
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    try:
        parser.read_string(text)
    except ConfigError:
        parser.clear()
    for section in parser.sections():
        for key, value in parser.items(section):
            if key in PATHS and _is_relative(value):
                parser.set(section, key, posixpath.normpath(posixpath.join(folder, value)))
    if not parser.has_section("cache"):
        parser.add_section("cache")
    parser.set("cache", "dir", cache)
    written = StringIO()
    parser.write(written)
    return written.getvalue().replace("\n\n", "\n")


def _is_relative(value: str) -> bool:
    return bool(value) and "://" not in value and value[0] not in "/~'\""


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
    told = worktree.run_git(root, "rev-parse", "--absolute-git-dir", "--show-prefix")
    folder, _, prefix = told.rstrip("\n").partition("\n")
    if common.samefile(folder):
        return False  # a submodule
    main = common.parent / prefix.rstrip("/") if common.name == ".git" else None
    if main is None or not (main / ".dvc").is_dir():
        text, cache = "", common / "dvc" / "cache"
    else:
        cache = program.cache_folder(main, program.read_config(main)).absolute()
        file = main / ".dvc" / LOCAL
        text = file.read_text(encoding="utf-8") if file.exists() else ""
    if not text and program.cache_folder(root, program.read_config(root)) == cache:
        return False
    config = local_config(text, str((main or root) / ".dvc"), str(cache))
    atomic.write_file(own / LOCAL, config, fsync=False, mode=0o600)  # it may hold credentials
    return True


def _may_be_linked(root: Path) -> bool:
    """Tell whether the nearest ``.git`` is a file; in the main work tree it is a folder."""
    found = next((one / ".git" for one in (root, *root.parents) if (one / ".git").exists()), None)
    return found is not None and found.is_file()
