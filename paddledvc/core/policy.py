"""Rules by git branch: who may lock what, where weights go, and what must be proven."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

RoleName = Literal["production", "integration", "feature"]
"""What a branch is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """The rules of the branches that play a role.

    Attributes:
        branches: patterns of their names, as of ``fnmatch``; ``*`` matches ``/`` too.
        versions: what models.yaml may ask for: ``exact`` versions only, a ``range`` too, or
            ``any`` at all.
        prereleases: whether a version that is no final release may be locked.
        fresh: whether models.lock must be there, complete, and what models.yaml asks for.
        remote: name of the DVC remote that the weights of these branches live in.
        evidence: whether exported models need a passing report: ``required``, ``passing`` where
            there is one, or ``none``.
    """

    name: RoleName
    branches: tuple[str, ...]
    versions: Literal["exact", "range", "any"]
    prereleases: bool
    fresh: bool
    remote: str
    evidence: Literal["required", "passing", "none"]


PRODUCTION = Role(
    name="production",
    branches=("main", "master", "release/*", "hotfix/*"),
    versions="exact",
    prereleases=False,
    fresh=True,
    remote="prod",
    evidence="required",
)
INTEGRATION = Role(
    name="integration",
    branches=("develop",),
    versions="range",
    prereleases=False,
    fresh=True,
    remote="staging",
    evidence="passing",
)
FEATURE = Role(
    name="feature",
    branches=("*",),
    versions="any",
    prereleases=True,
    fresh=False,
    remote="dev",
    evidence="none",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The roles of branches; the first whose patterns match a branch is its role.

    >>> Policy().role("release/1.2").name, Policy().role("feature/x").name
    ('production', 'feature')
    """

    roles: tuple[Role, ...] = (PRODUCTION, INTEGRATION, FEATURE)

    def role(self, branch: str | None) -> Role:
        """Return the role of a branch; of a detached HEAD, which is None, that of the last role."""
        matching = (
            role
            for role in self.roles
            if branch is not None and any(fnmatchcase(branch, pattern) for pattern in role.branches)
        )
        return next(matching, self.roles[-1])


def remote_order(role: Role, remotes: Sequence[str], default: str | None) -> tuple[str, ...]:
    """Order the remotes of a project by where the weights of a role should be.

    One remote serves all roles; a role whose remote is not set up is served by the default one.

    Args:
        role: the role of the branch.
        remotes: names of the remotes that there are.
        default: the one that DVC takes by itself.

    >>> remote_order(PRODUCTION, ["dev", "prod", "staging"], "dev")
    ('prod', 'dev', 'staging')
    >>> remote_order(PRODUCTION, ["embedded"], None)
    ('embedded',)
    """
    first = [name for name in (role.remote, default or "") if name in remotes]
    return tuple(dict.fromkeys([*first, *sorted(remotes)]))
