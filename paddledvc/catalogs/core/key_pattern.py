"""Patterns of keys that hold the name and version of a model."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from paddledvc.models.versions import is_version

_PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
_KNOWN = {"{name}": "name", "{version}": "version"}


class KeyMatch(NamedTuple):
    """What a key says of a model.

    Attributes:
        path: where it is in the folder that the version is; empty for a version of one object.
    """

    name: str
    version: str
    path: str


class KeyPattern:
    """Where the versions of models are, such as ``{name}/{version}/{name}.pdparams``.

    One that ends in ``/`` stands for folders: all keys that begin so are one version.

    >>> pattern = KeyPattern("{name}/v{version}/{name}.pdparams")
    >>> pattern.match("resnet50/v3.3/resnet50.pdparams")
    KeyMatch(name='resnet50', version='3.3', path='')
    >>> pattern.beginning("resnet50")
    'resnet50/v'
    """

    def __init__(self, text: str) -> None:
        """Read a pattern.

        Raises:
            ValueError: it has not the placeholders that it needs, or others.
        """
        self._parts = tuple(part for part in _PLACEHOLDER.split(text.removeprefix("/")) if part)
        self.is_folder = text.endswith("/")
        placeholders = {part for part in self._parts if _PLACEHOLDER.fullmatch(part)}
        if others := sorted(placeholders - _KNOWN.keys()):
            raise ValueError(
                f"the pattern {text!r} has {others[0]}; expected {{name}} and {{version}} only"
            )
        if "{version}" not in placeholders:
            raise ValueError(f"the pattern {text!r} has no {{version}}")
        if "{name}" not in placeholders:
            raise ValueError(
                f"the pattern {text!r} has no {{name}}, so every model would get the same weights; "
                "put {name} where the name of a model is, and what comes before it into the url"
            )

    def beginning(self, name: str | None = None) -> str:
        """Give what all keys of a model begin with, or those of all models."""
        known = []
        for part in self._parts:
            if part == "{version}" or (part == "{name}" and name is None):
                break
            known.append(name if part == "{name}" and name is not None else part)
        return "".join(known)

    def match(self, key: str, name: str | None = None) -> KeyMatch | None:
        """Read a key; None if it is of something else.

        Args:
            key: the key, after what is before the pattern.
            name: the model that it is to be of; None for any.
        """
        shortest = 1
        while found := _compile(self._parts, name, shortest).fullmatch(key):
            groups = found.groupdict(default="")
            if is_version(groups["version"]):
                return KeyMatch(name or groups["name"], groups["version"], groups.get("path", ""))
            if name is not None:
                return None
            # What was taken for the beginning of the version may belong to the name.
            shortest = len(groups["name"]) + 1
        return None


@lru_cache(maxsize=1 << 10)
def _compile(parts: tuple[str, ...], name: str | None, shortest: int) -> re.Pattern[str]:
    groups = {"{name}": rf"(?P<name>.{{{shortest},}}?)", "{version}": r"(?P<version>[^/]+?)"}
    if name is not None:
        groups["{name}"] = re.escape(name)
    written = []
    for part in parts:
        written.append(groups.get(part) or re.escape(part))
        if groups.get(part, "").startswith("(?P<"):
            groups[part] = f"(?P={_KNOWN[part]})"
    path = "(?P<path>.*[^/])" if parts[-1].endswith("/") else ""
    return re.compile("".join(written) + path, re.DOTALL)
