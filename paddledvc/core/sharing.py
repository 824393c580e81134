"""The configuration by which a linked work tree uses the cache of the main one."""

from __future__ import annotations

import posixpath
from configparser import ConfigParser
from configparser import Error as ConfigError
from io import StringIO

PATHS = ("url", "dir", "credentialpath", "configpath", "keyfile", "cert_path", "key_path")
"""Options that may hold a path from the folder of the configuration."""


def config(text: str, folder: str, cache: str) -> str:
    r"""Write the local configuration of another work tree: as this one's, with this one's cache.

    Args:
        text: the local configuration of the main work tree; empty if it has none.
        folder: where that lies; its paths start there.
        cache: the cache of the main work tree.

    >>> print(config("['remote \"s\"']\nuser = me\n", "/a/.dvc", "/a/.dvc/cache"), end="")
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
