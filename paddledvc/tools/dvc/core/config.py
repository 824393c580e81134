"""What DVC's configuration says of remotes and of its cache."""

from __future__ import annotations

import posixpath
import re
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_REMOTE = re.compile(r"""^'?remote "(?P<name>.+)"'?$""")


@dataclass(frozen=True, kw_only=True, slots=True)
class DvcConfig:
    """The part of DVC's configuration that says where bytes are.

    Attributes:
        remotes: URL or path of each remote by name, sorted; paths are absolute.
        settings: all that is said of each of those, such as its URL and ``endpointurl``.
        default: name of the remote that DVC takes by itself; None if there is none.
        cache: folder of the cache, absolute; None for the usual ``.dvc/cache``.
        links: ways to link from the cache, in the order to try: ``reflink``, ``hardlink``,
            ``symlink``, ``copy``.
        site_cache: folder for what DVC keeps outside of repositories; None for its own choice.
    """

    remotes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict, repr=False)
    default: str | None = None
    cache: str | None = None
    links: tuple[str, ...] = ("reflink", "copy")
    site_cache: str | None = None


def parse_config(files: Iterable[tuple[str, str]]) -> DvcConfig:
    r"""Read the files of a configuration, each stronger than those before it.

    Args:
        files: folder and text of each. What cannot be read is left out: DVC will complain.

    >>> text = "[core]\n    remote = a\n['remote \"a\"']\n    url = ../zoo\n"
    >>> parse_config([("/p/.dvc", text)]).remotes
    {'a': '/p/zoo'}
    """
    said: dict[str, dict[str, str]] = {}
    for folder, text in files:
        parser = ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(text)
        except ConfigError:
            continue
        for section in parser.sections():
            options = {key: _unquoted(value) for key, value in parser.items(section)}
            for key in ("url", "dir"):
                if key in options:
                    options[key] = _absolute(folder, options[key])
            said.setdefault(section, {}).update(options)
    named = {m["name"]: said[s] for s in said if (m := _REMOTE.match(s)) is not None}
    core, cache = said.get("core", {}), said.get("cache", {})
    types = tuple(kind.strip() for kind in cache.get("type", "").split(",") if kind.strip())
    return DvcConfig(
        remotes={name: named[name]["url"] for name in sorted(named) if "url" in named[name]},
        settings={name: frozenset(named[name].items()) for name in named if "url" in named[name]},
        default=core.get("remote"),
        cache=cache.get("dir"),
        links=types or ("reflink", "copy"),
        site_cache=core.get("site_cache_dir"),
    )


def _unquoted(value: str) -> str:
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def _absolute(folder: str, location: str) -> str:
    """Resolve a path from the folder of its file; a URL, or another remote's, stays."""
    if "://" in location or location.startswith("~"):
        return location
    return posixpath.normpath(posixpath.join(folder, location))
