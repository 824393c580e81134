"""What the levels of DVC's configuration say, and what of it comes with the branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Sections: TypeAlias = "Mapping[tuple[str, str], Mapping[str, str]]"
"""Options by the section's name and the remote's, one of both being empty."""
CACHE, CORE = ("cache", ""), ("core", "")
CACHE_NAME = "cache"
"""What the cache is called among the remotes."""


class Levels(NamedTuple):
    """What DVC's configuration says.

    Attributes:
        shared: the files of this machine and of its user.
        versioned: what comes with the branch: ``.dvc/config``.
        local: ``.dvc/config.local``; empty if git tracks that, so that it is versioned too.
    """

    shared: Sections
    versioned: Sections
    local: Sections

    @property
    def remotes(self) -> list[str]:
        """The names of the remotes, sorted."""
        every = (*self.shared, *self.versioned, *self.local)
        return sorted({name for _, name in every if name})

    @property
    def cache(self) -> tuple[str | None, bool]:
        """The folder of the cache, if one is named, and whether that comes with the branch."""
        said = self.says(CACHE)
        if "local" not in said:
            return said.get("dir", (None, False))
        name, versioned = said["local"]  # of old, it could be a remote
        folder, of_branch = self.says(("", name)).get("url", (None, False))
        return folder, versioned or of_branch

    def says(self, section: tuple[str, str]) -> dict[str, tuple[str, bool]]:
        """Give the options of a section as DVC merges them, and whether each is versioned."""
        levels = ((self.shared, False), (self.versioned, True), (self.local, False))
        return {
            key: (value, versioned)
            for level, versioned in levels
            for key, value in level.get(section, {}).items()
        }
