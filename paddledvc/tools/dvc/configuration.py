"""DVC's configuration, read by DVC's own code, unless somebody waits and it is plainly written."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import InvalidInput
from paddledvc.tools.dvc import library, shortcuts
from paddledvc.tools.dvc.core.config import (
    LINK_TYPES,
    DvcConfig,
    list_config_remotes,
    parse_plain_config,
)
from paddledvc.tools.git.project_files import SETTINGS, find_project_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG, LOCAL = "config", "config.local"
LEVELS = ("system", "global", "repo", "local")
"""The files of a configuration, as DVC calls them, each stronger than those before it."""
_USED = {
    "core": ("remote", "hardlink_lock", "site_cache_dir"),
    "cache": ("dir", "type", "local", "shared"),
}
"""Options that we use. DVC must accept those; it may refuse others, such as a remote's, when that
is opened: whoever switches branches keeps settings of remotes that other branches have."""


def read_dvc_config(root: Path) -> DvcConfig:
    """Read what DVC's configuration says of a project, at all its levels.

    Raises:
        InvalidInput: DVC refuses it.
        MissingTool: there is no DVC that works.
    """
    require_dvc_config(root)
    if shortcuts.shortcuts_allowed() and (plain := _read_plain(root)) is not None:
        return plain
    Config = library.import_dvc("dvc.config").Config  # noqa: N806
    try:
        return _picked(Config, Config(dvc_dir=str(root / ".dvc"), validate=False))
    except Exception as error:  # ConfigObj and voluptuous have many of their own
        raise explain_dvc_refusal(root, error) from error


def require_dvc_config(root: Path) -> None:
    """See that what DVC is about to read is text of a bounded size; it takes whatever is there.

    Raises:
        InvalidInput: it is not.
    """
    for name in (CONFIG, LOCAL):
        data = find_project_file(root, f".dvc/{name}", SETTINGS) or b""
        before, null, _ = data.partition(b"\0")
        if null:
            line = before.count(b"\n") + 1
            raise InvalidInput(f".dvc/{name}:{line}: found a null byte, expected text")


def configured_cache_folder(root: Path, config: DvcConfig) -> Path:
    """Name the folder of the cache; its objects are below ``files/md5``."""
    return root / ".dvc" / "cache" if config.cache is None else Path(config.cache)


def configured_default_remote(config: str) -> str | None:
    r"""Read the URL or path of the default remote from a ``.dvc/config``; None if it has none.

    >>> configured_default_remote("[core]\n    remote = a\n['remote \"a\"']\n    url = ../a")
    '../a'
    """
    said = parse_dvc_config(config)
    try:
        return None if said is None else str(said["remote"][said["core"]["remote"].lower()]["url"])
    except (AttributeError, KeyError, TypeError):
        return None


def parse_dvc_config(text: str) -> dict[str, Any] | None:
    """Read the text of a configuration as DVC does; None for one that DVC refuses."""
    from paddledvc.tools.system.files import scratch_folder  # noqa: PLC0415 - git's hooks load this

    Config = library.import_dvc("dvc.config").Config  # noqa: N806
    with scratch_folder() as folder:
        file = folder / CONFIG
        file.write_text(text, encoding="utf-8")
        try:
            said: dict[str, Any] = Config.load_file(str(file))
        except Exception:  # noqa: BLE001 - ConfigObj has many of its own
            return None
    return said


def write_dvc_config(sections: Mapping[str, Mapping[str, object]]) -> str:
    """Write a configuration as DVC does, by ConfigObj."""
    named = {f'remote "{name}"': said for name, said in sections["remote"].items()}
    others = {name: dict(said) for name, said in sections.items() if name != "remote"}
    lines: list[str] = library.import_dvc("configobj").ConfigObj({**others, **named}).write()
    return "".join(f"{line}\n" for line in lines)


def read_user_remotes() -> list[Mapping[str, object]]:
    """List what the user's own configuration, and that of this machine, say of remotes."""
    Config = library.import_dvc("dvc.config").Config  # noqa: N806
    found: list[Mapping[str, object]] = []
    for level in Config.SYSTEM_LEVELS:
        with suppress(Exception):  # what DVC refuses names no remote
            said = Config.load_file(str(Path(Config.get_dir(level), CONFIG)))
            found += said.get("remote", {}).values()
    return found


def configured_foreign_cache(root: Path) -> Path:
    """Name the folder of the cache of a project of others on this machine."""
    try:
        return configured_cache_folder(root, read_dvc_config(root))
    except InvalidInput:
        return root / ".dvc" / "cache"


def _picked(Config: Any, said: Mapping[str, Any]) -> DvcConfig:  # noqa: N803
    """Pick what we use, as DVC understands it."""
    used = {
        section: {key: said[section][key] for key in keys if key in said[section]}
        for section, keys in _USED.items()
    }
    checked = Config.validate(used)
    core, cache = checked["core"], checked["cache"]
    urls, settings = list_config_remotes(said["remote"])
    # Of old, the cache could be a remote.
    folder = urls[cache["local"]] if "local" in cache else cache.get("dir")
    return DvcConfig(
        remotes=urls,
        settings=settings,
        default=core.get("remote"),
        cache=None if folder is None else str(folder),
        links=tuple(cache.get("type", LINK_TYPES)),
        site_cache=core.get("site_cache_dir"),
        hardlink_lock=core["hardlink_lock"],
        shared=cache.get("shared") is not None,
    )


def explain_dvc_refusal(root: Path, error: Exception) -> InvalidInput:
    """Say which of its files DVC refuses, and why; its own code, too, fails of odd ones."""
    Config = library.import_dvc("dvc.config").Config  # noqa: N806
    for file in _files(Config, root):
        try:
            Config.load_file(str(file))
        except FileNotFoundError:
            continue
        except Exception as own:  # noqa: BLE001 - as above
            return _refusal(str(file), own)
    return _refusal(".dvc/config, or a file that is merged with it", error)


def _refusal(file: str, error: Exception) -> InvalidInput:
    said = " ".join(str(error).removeprefix("config file error: ").split()) or repr(error)
    return InvalidInput(f"DVC refuses its configuration {file}: {said.rstrip('.')}")


def _files(Config: Any, root: Path) -> Iterator[Path]:  # noqa: N803
    for level in Config.SYSTEM_LEVELS:
        yield Path(Config.get_dir(level), CONFIG)
    yield from (root / ".dvc" / name for name in (CONFIG, LOCAL))


def _read_plain(root: Path) -> DvcConfig | None:
    texts = read_level_texts(root)
    return None if texts is None else parse_plain_config([texts[one] for one in LEVELS])


def read_level_texts(root: Path) -> dict[str, tuple[str, str]] | None:
    """Read the files of the configuration: folder and text by level; None where only DVC can."""
    shared = {level: _shared_folder(level.upper()) for level in LEVELS[:2]}
    folder = os.path.abspath(root / ".dvc")  # noqa: PTH100 - as DVC, which follows no links
    places = {**shared, "repo": folder, "local": folder}
    texts = {}
    for level, at in places.items():
        if at is None:
            return None
        try:
            # In the encoding of the locale, as DVC.
            with open(f"{at}/{LOCAL if level == 'local' else CONFIG}") as opened:  # noqa: PTH123
                texts[level] = at, opened.read()
        except FileNotFoundError:
            texts[level] = at, ""
        except (OSError, ValueError):
            return None
    return texts


def _shared_folder(level: str) -> str | None:
    """Name the folder of the configuration of this machine, or of its user; None if DVC must."""
    if folder := os.environ.get(f"DVC_{level}_CONFIG_DIR"):
        return os.path.abspath(folder)  # noqa: PTH100 - as above
    variable = "XDG_CONFIG_DIRS" if level == "SYSTEM" else "XDG_CONFIG_HOME"
    home = os.path.expanduser("~")  # noqa: PTH111 - as it is, if there is none
    # What these say depends on the version of platformdirs, unless they are quite usual.
    said = os.environ.get(variable, "")
    if not home.startswith("/") or home.endswith("/"):
        return None
    if sys.platform == "darwin":
        brewed = "brew" in sys.base_prefix or "Cellar" in sys.base_prefix
        top = "" if level == "SYSTEM" else home
        return None if said or brewed else f"{top}/Library/Application Support/dvc"
    if said and (":" in said or not said.startswith("/")):
        return None
    return f"{said or ('/etc/xdg' if level == 'SYSTEM' else f'{home}/.config')}/dvc"
