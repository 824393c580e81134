"""What a linked work tree shares with the main one: cache, credentials, remotes in the clone."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING

from paddledvc.names import OWN
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.cache import find_cache_folder
from paddledvc.tools.dvc.core.config import PATHS
from paddledvc.tools.git import project_files, worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.git.project_files import SETTINGS
from paddledvc.tools.system import atomic, files, links

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_OBJECT = re.compile(r"files/md5/[0-9a-f]{2}/[0-9a-f]{30}(?:\.dir)?")


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
        RemoteNotTrusted: the cache of the main one is what a branch named there.
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
    cache, source = None, root
    if not keeps:
        cache, source = _main_cache(main, common), main or root
    text = _read_local(source)
    used = configuration.configured_cache_folder(root, here)
    if not keeps and not inside and not text and used == cache:
        return False
    remotes = {}
    for name, path in inside.items():
        project_files.require_beneath(root, path)
        remotes[name] = common / "dvc" / "remotes" / name
        if main is not None:
            project_files.require_beneath(main, path)
            remotes[name] = main / path
        _copy_objects(root / path, remotes[name])
    # It may hold credentials.
    config = _render_local(text, source / ".dvc", cache, remotes)
    atomic.write_atomically(local, config, fsync=False, mode=0o600)
    return True


def _may_be_linked(root: Path) -> bool:
    """Tell whether the nearest ``.git`` is a file; in the main work tree it is a folder."""
    found = next((one / ".git" for one in (root, *root.parents) if (one / ".git").exists()), None)
    return found is not None and found.is_file()


def _find_inside(root: Path, remotes: Mapping[str, str]) -> dict[str, str]:
    """Find the remotes in our own folder of the project, and name those from its root.

    Others may be anything that a branch names, such as a folder of its own files.
    """
    top = os.path.abspath(root)  # noqa: PTH100 - as DVC, which follows no links
    return {
        name: os.path.relpath(url, top)
        for name, url in remotes.items()
        if url.startswith(f"{top}/{OWN}/")
    }


def _main_cache(main: Path | None, common: Path) -> Path:
    if main is None:
        return common / "dvc" / "cache"
    return find_cache_folder(main, configuration.read_dvc_config(main)).absolute()


def _read_local(root: Path) -> str:
    """Read the local configuration of a work tree, unless a branch brought it."""
    from paddledvc.tools.dvc.trust.read_levels import is_local_tracked  # noqa: PLC0415 - rare

    if is_local_tracked(root):
        return ""
    return project_files.find_project_text(root, f".dvc/{configuration.LOCAL}", SETTINGS) or ""


def _copy_objects(source: Path, target: Path) -> None:
    """Let a remote have each object that another one has."""
    for name in sorted(files.list_files_below(source)) if source.is_dir() else ():
        new = target / name
        if _OBJECT.fullmatch(name) and not new.exists():
            new.parent.mkdir(parents=True, exist_ok=True)
            with atomic.replace_atomically(new, fsync=False) as part:
                part.unlink()
                links.link_file(str(source / name), str(part), ("hardlink", "copy"))


def _render_local(text: str, folder: Path, cache: Path | None, remotes: Mapping[str, Path]) -> str:
    """Write the local configuration of a work tree, with DVC's own writer.

    Args:
        text: a local configuration.
        folder: where it lies; its paths start there.
        cache: the cache to use; None for what ``text`` says.
        remotes: folder of each remote that is elsewhere than the project says.
    """
    from configobj import ConfigObj, ConfigObjError  # noqa: PLC0415 - once in a work tree's life

    try:
        config = ConfigObj(text.splitlines(), interpolation=False)
    except ConfigObjError:  # DVC refuses it too, and says why
        config = ConfigObj(interpolation=False)
    for section in config.sections:
        for key, value in config[section].items():
            if key in ("dir", *PATHS) and isinstance(value, str) and _is_relative(value):
                path = posixpath.join(folder, value)
                config[section][key] = posixpath.normpath(path)
    if cache is not None:
        config.setdefault("cache", {})["dir"] = str(cache)
    for name, place in remotes.items():
        config.setdefault(f'remote "{name}"', {})["url"] = str(place)
    return "".join(f"{line}\n" for line in config.write())


def _is_relative(value: str) -> bool:
    return bool(value) and "://" not in value and value[0] not in "/~"
