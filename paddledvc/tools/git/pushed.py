"""What git is about to push, as it tells its pre-push hook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BRANCHES = "refs/heads/"
_TAGS = "refs/tags/"


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedRef:
    """A branch or tag that is about to be pushed.

    Attributes:
        commit: what it is to name; a tag may name a tag.
        target: its full name in the repository that it is pushed to.
        old: what it named there so far; None if it was not there.
    """

    commit: str
    target: str
    old: str | None = None

    @property
    def branch(self) -> str | None:
        """The branch that is pushed; None for anything else.

        >>> PushedRef(commit="c0ffee", target="refs/heads/release/1.2").branch
        'release/1.2'
        """
        name = self.target
        return name.removeprefix(_BRANCHES) if name.startswith(_BRANCHES) else None

    @property
    def is_tag(self) -> bool:
        """Whether it is a tag."""
        return self.target.startswith(_TAGS)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.branch or self.target.removeprefix(_TAGS)


def parse_pushed(lines: Iterable[str]) -> tuple[PushedRef, ...]:
    """Read what git writes to a pre-push hook: one line a branch or tag.

    >>> lines = ["refs/heads/a c0ffee refs/heads/b 0000", "(delete) 0 x f00"]
    >>> [one.title for one in parse_pushed(lines)]
    ['b']
    """
    fields = [line.split(" ") for line in lines if line.strip()]
    return tuple(
        PushedRef(commit=commit, target=target, old=old if old.strip("0") else None)
        for _, commit, target, old in (field[-4:] for field in fields)
        if commit.strip("0")  # all zeros: it is deleted there
    )
