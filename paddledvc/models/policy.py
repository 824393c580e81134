"""Rules by git branch: who may lock what, where weights go, and what must be proven."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    from paddledvc.errors import Problem
    from paddledvc.yaml.document import Document

RoleName = Literal["production", "integration", "feature"]
"""What a branch is."""
Fact = Literal[
    "owner",
    "license",
    "task",
    "description",
    "inputs",
    "outputs",
    "datasets",
    "metrics",
    "environment",
]
"""Something that models.yaml says of a model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """The rules of the branches that play a role.

    Attributes:
        branches: patterns of their names, as of ``fnmatch``; ``*`` matches ``/`` too.
        versions: what models.yaml may ask for: ``exact`` versions only, a ``range`` or ``latest``
            too, or ``any`` at all, ``latest-pre`` included.
        prereleases: whether a version that is no final release may be locked.
        fresh: whether models.lock must be there, complete, and what models.yaml asks for.
        remote: name of the DVC remote that the weights of these branches live in.
        evidence: whether exported models need a passing report: ``required``, ``passing`` where
            there is one, or ``none``.
        metrics: the same of what ``evaluate`` measures.
        noise: what a drop beyond its tolerance is that the samples do not prove.
        paths: ways to run the exported files that a report must show to agree.
        requires: what models.yaml must say of every model.
        recommends: what it is only warned of that it does not say.
    """

    name: RoleName
    branches: tuple[str, ...]
    versions: Literal["exact", "range", "any"]
    prereleases: bool
    fresh: bool
    remote: str
    evidence: Literal["required", "passing", "none"]
    metrics: Literal["required", "passing", "none"]
    noise: Literal["warn", "fail"] = "warn"
    paths: tuple[str, ...] = ()
    requires: tuple[Fact, ...] = ()
    recommends: tuple[Fact, ...] = ()

    def covers(self, branch: str) -> bool:
        """Tell whether a branch matches one of the patterns.

        >>> PRODUCTION.covers("hotfix/7")
        True
        """
        return _matches(branch, self.branches)


def _matches(branch: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(branch, pattern) for pattern in patterns)


PRODUCTION = Role(
    name="production",
    branches=("main", "master", "release/*", "hotfix/*"),
    versions="exact",
    prereleases=False,
    fresh=True,
    remote="prod",
    evidence="required",
    metrics="required",
    recommends=("owner", "license", "description"),
)
INTEGRATION = Role(
    name="integration",
    branches=("develop",),
    versions="range",
    prereleases=False,
    fresh=True,
    remote="staging",
    evidence="passing",
    metrics="passing",
)
FEATURE = Role(
    name="feature",
    branches=("*",),
    versions="any",
    prereleases=True,
    fresh=False,
    remote="dev",
    evidence="none",
    metrics="none",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRule:
    """What a release stage, such as ``prod``, takes.

    Attributes:
        branches: patterns of the branches whose commits may be assigned to it.
        approvals: how many people have to approve a version before.
    """

    branches: tuple[str, ...]
    approvals: int = 0

    def covers(self, branch: str) -> bool:
        """Tell whether a branch matches one of the patterns."""
        return _matches(branch, self.branches)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """Findings that somebody lets pass for a while.

    Attributes:
        rule: the rule whose findings they are.
        reason: why.
        until: the last day on which the waiver holds.
        model: the model that they are about; None for every one.
        branches: patterns of the branches on which it holds; none for every one.
    """

    rule: str
    reason: str
    until: date
    model: str | None = None
    branches: tuple[str, ...] = ()

    def holds(self, branch: str | None, today: date) -> bool:
        """Tell whether it lets anything pass on a branch, and on a day."""
        return today <= self.until and self.is_for(branch)

    def is_for(self, branch: str | None) -> bool:
        """Tell whether a branch is one of those that it is for."""
        return not self.branches or (branch is not None and _matches(branch, self.branches))

    def __str__(self) -> str:
        return self.rule if self.model is None else f"{self.rule} of {self.model}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The roles of branches; the first whose patterns match a branch is its role.

    >>> Policy().role("release/1.2").name, Policy().role("feature/x").name
    ('production', 'feature')
    """

    roles: tuple[Role, ...] = (PRODUCTION, INTEGRATION, FEATURE)
    waivers: tuple[Waiver, ...] = ()
    stages: Mapping[str, StageRule] = field(default_factory=dict)

    @property
    def production(self) -> Role:
        """The strictest role, which tags play too."""
        return self.roles[0]

    def role(self, branch: str | None) -> Role:
        """Return the role of a branch; of a detached HEAD, which is None, that of the last role."""
        matching = (role for role in self.roles if branch is not None and role.covers(branch))
        return next(matching, self.roles[-1])

    def stage_rule(self, stage: str) -> StageRule | None:
        """Return the rule of a release stage; None for one that the policy does not list.

        Where it lists none at all, every stage takes what production branches have.

        >>> Policy().stage_rule("prod").branches == PRODUCTION.branches
        True
        """
        if self.stages:
            return self.stages.get(stage)
        return StageRule(branches=self.production.branches)


DEFAULT = Policy()


def find_policy_problems(document: Document, reported: Collection[str] = ()) -> Iterator[Problem]:
    """Check what a schema cannot say of the ``policy:`` section: that its days exist.

    Args:
        document: models.yaml.
        reported: paths that something is known to be wrong with.
    """
    policy = document.value.get("policy") if isinstance(document.value, dict) else None
    waivers = policy.get("waivers") if isinstance(policy, dict) else None
    for index, waiver in enumerate(waivers if isinstance(waivers, list) else ()):
        until = waiver.get("until") if isinstance(waiver, dict) else None
        if isinstance(until, str) and _day(until) is None:
            message = f"found {until!r}, which is no day of the calendar"
            problem = document.problem(("policy", "waivers", index, "until"), message)
            if problem.path not in reported:
                yield problem


def _day(text: str) -> date | None:
    from datetime import date  # noqa: PLC0415 - 2 ms that every checkout would pay

    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_policy(section: Mapping[str, Any] | None) -> Policy:
    """Read a ``policy:`` section that has been checked; what it does not say is the default.

    >>> read_policy({"integration": {"branches": ["next"], "lock": "any"}}).role("next").fresh
    False
    """
    said = section or {}
    return Policy(
        roles=tuple(_role(role, said.get(role.name, {})) for role in DEFAULT.roles),
        waivers=tuple(_waiver(entry) for entry in said.get("waivers", ())),
        stages={name: _stage_rule(entry) for name, entry in said.get("stages", {}).items()},
    )


def _stage_rule(entry: Mapping[str, Any]) -> StageRule:
    return StageRule(branches=tuple(entry["branches"]), approvals=entry.get("approvals", 0))


def _role(default: Role, said: Mapping[str, Any]) -> Role:
    settings = {key: value for key, value in said.items() if key != "lock"}
    lists = ("branches", "paths", "requires")
    settings |= {key: tuple(said[key]) for key in lists if key in said}
    if "requires" in said:  # it takes the place of what is only recommended
        settings["recommends"] = ()
    if "lock" in said:
        settings["fresh"] = said["lock"] == "fresh"
    return replace(default, **settings)


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    until = _day(entry["until"])
    assert until is not None
    return Waiver(
        rule=entry["rule"],
        reason=entry["reason"],
        until=until,
        model=entry.get("model"),
        branches=tuple(entry.get("branches", ())),
    )


def order_remotes_by_policy(
    role: Role, remotes: Sequence[str], default: str | None
) -> tuple[str, ...]:
    """Order the remotes of a project by where the weights of a role should be.

    One remote serves all roles; a role whose remote is not set up is served by the default one.

    Args:
        role: the role of the branch.
        remotes: names of the remotes that there are.
        default: the one that DVC takes by itself.

    >>> order_remotes_by_policy(PRODUCTION, ["dev", "prod", "staging"], "dev")
    ('prod', 'dev', 'staging')
    >>> order_remotes_by_policy(PRODUCTION, ["embedded"], None)
    ('embedded',)
    """
    first = [name for name in (role.remote, default or "") if name in remotes]
    return tuple(dict.fromkeys([*first, *sorted(remotes)]))
