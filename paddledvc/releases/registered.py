"""What tags say of one model, and the policy that decides where its versions may go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.catalogs.core.gto import list_gto_events, read_gto_tags
from paddledvc.catalogs.core.gto_names import name_artifact, name_gto_version
from paddledvc.catalogs.core.gto_standing import GtoStanding
from paddledvc.catalogs.gto_tags import list_gto_tags
from paddledvc.errors import InvalidInput
from paddledvc.gate.core.released_locks import scan_released_locks
from paddledvc.gate.read_approvals import list_approvals, read_signers, verify_approvals
from paddledvc.gate.read_releases import read_release_tags
from paddledvc.inventory.read_history import Walked, find_default_walk, find_walk
from paddledvc.names import suggest_name
from paddledvc.project import read_project_policy
from paddledvc.tools.git import refs, repository, worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from paddledvc.catalogs.core.gto import Artifact, ArtifactVersion, GtoEvent
    from paddledvc.gate.core.approvals import Approvals
    from paddledvc.models.policy import Policy
    from paddledvc.project import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A model that tags know.

    Attributes:
        model: its name, as it was asked for.
        artifact: its name in tags, such as ``det`` or ``models/ocr=det``.
        known: its versions.
        events: what its tags did, in their order.
        tags: the names of all tags of the repository.
    """

    model: str
    artifact: str
    known: Artifact
    events: Sequence[GtoEvent]
    tags: frozenset[str]

    @property
    def standing(self) -> GtoStanding:
        """What stands now."""
        return GtoStanding(self.events)

    @property
    def next_number(self) -> int:
        """The number of the next tag that has one, counted as GTO does: over all of the model's."""
        return max((one.counter for one in self.events), default=0) + 1

    def withdrawn_by(self, one: ArtifactVersion) -> str | None:
        """Name the tag that withdrew a version, or the model as a whole; None where none did."""
        deprecated = self.standing.deprecated
        return one.cancelled or (deprecated.tag if deprecated is not None else None)

    def unused(self, name: str) -> str:
        """Give the name of a tag, with a number where there is one of that name."""
        return f"{name}#{self.next_number}" if name in self.tags else name

    def version(self, text: str) -> ArtifactVersion:
        """Find a version by any of its spellings.

        Raises:
            InvalidInput: it is none, or was not released.
        """
        try:
            wanted = name_gto_version(text)
        except ValueError as error:  # InvalidVersion of packaging is one
            raise InvalidInput(f"{self.model}: {error}") from error
        found = self.known.version(wanted)
        if found is None:
            there = [one.version for one in self.known.versions if one.cancelled is None]
            hint = suggest_name(wanted, there) or f"; released are {', '.join(there) or 'none'}"
            raise InvalidInput(
                f"{self.model} has no release {wanted}{hint}; `paddledvc release create "
                f"{self.model}` releases the locked version"
            )
        return found


def split_version(text: str) -> tuple[str, str | None]:
    """Split ``NAME@V``; None where no version is named.

    >>> split_version("det@v1.2"), split_version("det")
    (('det', 'v1.2'), ('det', None))
    """
    name, at, version = text.rpartition("@")
    return (name, version) if at else (text, None)


def find_registered(project: Project, name: str) -> Registered:
    """Read what tags say of a model.

    Raises:
        InvalidInput: it has no release.
    """
    root = project.root
    if repository.find_repository_root(root) is None:
        raise InvalidInput(f"{root} is in no git repository, and releases are tags of git")
    listed = list_gto_tags(partial(run_git, root))
    folder = worktree.prefix_in_worktree(root).rstrip("/")
    artifacts, (events, _) = read_gto_tags(listed).artifacts, list_gto_events(listed)
    key = f"{folder}:{names.slug(name)}" if folder else names.slug(name)
    if key not in artifacts:
        groups = project.registry().groups
        if name in groups:
            models = ", ".join(groups[name])
            raise InvalidInput(f"{name} is a group; name one of its models: {models}")
        ours = [one.key for one in artifacts.values() if one.folder == folder]
        hint = suggest_name(name, ours) or f"; run `paddledvc release create {name}` first"
        raise InvalidInput(f"{name} has no release{hint}")
    return Registered(
        model=name,
        artifact=name_artifact(folder, name),
        known=artifacts[key],
        events=events[key],
        tags=frozenset(one.name for one in listed),
    )


def find_locked_version(root: Path, name: str) -> str:
    """Read which version of a model HEAD has in models.lock.

    Raises:
        InvalidInput: it has none.
    """
    versions = scan_released_locks(Snapshot.tree(root, "HEAD").read(names.LOCK) or b"")
    if name not in versions:
        hint = suggest_name(name, versions) or f"; name one, as in {name}@v1.2.0"
        raise InvalidInput(f"the models.lock of HEAD has no version of {name}{hint}")
    return versions[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The policy of a production branch.

    Attributes:
        title: what people call the branch.
        commit: its tip.
        policy: the policy that it states.
    """

    title: str
    commit: str
    policy: Policy


def read_production_rules(project: Project) -> Rules:
    """Read the policy at the tip of the production branch, whatever is checked out.

    The default branch of the git remote says which branches are those of production; where there
    is no git remote, main and master do.

    Raises:
        InvalidInput: there is no such branch, or its policy breaks its rules.
    """
    root = project.root
    walked = _find_production(root, project)
    policy = None if walked is None else read_project_policy(Snapshot.tree(root, walked.commit))
    if walked is None or policy is None:
        where = "a production branch" if walked is None else walked.title
        raise InvalidInput(f"the policy of {where} cannot be read; run `paddledvc check` there")
    return Rules(title=walked.title, commit=walked.commit, policy=policy)


def _find_production(root: Path, project: Project) -> Walked | None:
    default = refs.find_default_branch(root)
    known = {ref.branch for ref in refs.list_refs(root)}
    candidates = ["main", "master"]
    if default is not None and default.branch is not None:
        said = read_project_policy(Snapshot.tree(root, default.target))
        production = said.production if said is not None else project.policy().production
        own = [default.branch] if production.covers(default.branch) else []
        candidates = [*own, *(one for one in production.branches if "*" not in one)]
    branch = next((one for one in candidates if one in known), None)
    if branch is not None:
        return find_walk(root, branch)
    return find_default_walk(root, project.policy())


def read_release_approvals(root: Path, found: Registered, tag: str, rules: Rules) -> Approvals:
    """Read the approvals of a release, verified by the signers of the production branch.

    Raises:
        InvalidInput: the clone does not know who made the change.
    """
    if why := refs.explain_incomplete_refs(root):
        raise InvalidInput(f"who made the change of {tag} is not known: {why}")
    given = list_approvals(root).get(tag, ())
    released, signers = read_release_tags(root)[tag], read_signers(root, rules.commit)
    return verify_approvals(root, tag, released, found.events, given, signers)
