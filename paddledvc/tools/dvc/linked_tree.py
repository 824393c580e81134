"""What a linked work tree shares with the main one: cache, credentials, remotes in the clone."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.core.config import PATHS
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.system import atomic, files, links

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def share_with_main_tree(root: Path) -> bool:
    """Let a linked work tree use the cache, credentials and embedded remote of the main one.

    A work tree with a configuration of its own, or with a cache of its own, keeps those. A remote
    inside a work tree would go with it when ``git worktree remove`` takes that away, so all of them
    use that of the main one; what was sent to the work tree's own is copied there.

    Args:
        root: the project; nothing happens unless its work tree is a linked one.

    Returns:
        Whether something is shared from now on that was not.

    Raises:
        InvalidInput: DVC refuses its configuration.
        ToolFailed: git does not say where the main work tree is.
        OSError: the configuration cannot be written.
    """
    own = root / ".dvc"
    if not own.is_dir() or not _may_be_linked(root):
        return False
    local = own / configuration.LOCAL
    keeps = local.exists() or (own / "cache").exists()
    here = configuration.read_dvc_config(root)
    inside = _find_inside(root, here.remotes)
    if keeps and not inside:
        return False
    common = worktree.git_folder_of_worktrees(root)
    told = run_git(root, "rev-parse", "--absolute-git-dir", "--show-prefix")
    folder, _, prefix = told.rstrip("\n").partition("\n")
    if common.samefile(folder):
        return False  # a submodule
    main: Path | None = common.parent / prefix.rstrip("/")
    if main is None or common.name != ".git" or not (main / ".dvc").is_dir():
        main = None
    cache, source = None, local
    if not keeps:
        cache, source = _main_cache(main, common), (main or root) / ".dvc" / configuration.LOCAL
        used = configuration.configured_cache_folder(root, here)
        if not inside and not source.exists() and used == cache:
            return False
    remotes = {}
    for name, path in inside.items():
        remotes[name] = main / path if main is not None else common / "dvc" / "remotes" / name
        _copy_objects(root / path, remotes[name])
    # It may hold credentials.
    text = _render_local(source, cache, remotes)
    atomic.write_atomically(local, text, fsync=False, mode=0o600)
    return True


def _may_be_linked(root: Path) -> bool:
    """Tell whether the nearest ``.git`` is a file; in the main work tree it is a folder."""
    found = next((one / ".git" for one in (root, *root.parents) if (one / ".git").exists()), None)
    return found is not None and found.is_file()


def _find_inside(root: Path, remotes: Mapping[str, str]) -> dict[str, str]:
    """Find the remotes that are folders of the project, and name those from its root."""
    top = os.path.abspath(root)  # noqa: PTH100 - as DVC, which follows no links
    return {
        name: os.path.relpath(url, top)
        for name, url in remotes.items()
        if url.startswith(f"{top}/")
    }


def _main_cache(main: Path | None, common: Path) -> Path:
    if main is None:
        return common / "dvc" / "cache"
    config = configuration.read_dvc_config(main)
    return configuration.configured_cache_folder(main, config).absolute()


def _copy_objects(source: Path, target: Path) -> None:
    """Let a folder have each file that another one has."""
    for name in sorted(files.list_files_below(source)) if source.is_dir() else ():
        new = target / name
        if not new.exists() and not new.name.startswith("."):
            new.parent.mkdir(parents=True, exist_ok=True)
            with atomic.replace_atomically(new, fsync=False) as part:
                part.unlink()
                links.link_file(str(source / name), str(part), ("hardlink", "copy"))


def _render_local(source: Path, cache: Path | None, remotes: Mapping[str, Path]) -> str:
    """Write the local configuration of a work tree, with DVC's own writer.

    Args:
        source: a local configuration, whose paths start at its folder; it may not exist.
        cache: the cache to use; None for what ``source`` says.
        remotes: folder of each remote that is elsewhere than the project says.
    """
    from configobj import ConfigObj, ConfigObjError  # noqa: PLC0415 - once in a work tree's life

    lines = source.read_text(encoding="utf-8").splitlines() if source.exists() else []
    try:
        config = ConfigObj(lines, interpolation=False)
    except ConfigObjError:  # DVC refuses it too, and says why
        config = ConfigObj(interpolation=False)
    for section in config.sections:
        for key, value in config[section].items():
            if key in ("dir", *PATHS) and isinstance(value, str) and _is_relative(value):
                path = posixpath.join(source.parent, value)
                config[section][key] = posixpath.normpath(path)
    if cache is not None:
        config.setdefault("cache", {})["dir"] = str(cache)
    for name, folder in remotes.items():
        config.setdefault(f'remote "{name}"', {})["url"] = str(folder)
    return "".join(f"{line}\n" for line in config.write())


def _is_relative(value: str) -> bool:
    return bool(value) and "://" not in value and value[0] not in "/~"
