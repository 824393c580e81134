"""A work tree, a tree of git or a change, judged by the policy of a branch."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from paddledvc import names as layout
from paddledvc.gate import lock_history, merge_tree, read_facts
from paddledvc.gate.core import judge as judges
from paddledvc.gate.core import version_rules
from paddledvc.gate.core.facts import Facts
from paddledvc.gate.core.judge import judge_facts
from paddledvc.gate.core.metrics.metric_regressions import list_not_compared
from paddledvc.gate.core.violations import Verdict, Violation, sort_violations
from paddledvc.gate.lock_history import Now, read_lock_history
from paddledvc.gate.read_baseline import read_baseline
from paddledvc.gate.read_images import read_image_digests
from paddledvc.gate.read_outputs import find_unsafe_outputs
from paddledvc.gate.read_releases import read_releases
from paddledvc.models import policy
from paddledvc.project import SnapshotFiles, read_project_policy
from paddledvc.tools.git import ignores, repository, worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.git.commits import list_commits_since
from paddledvc.tools.git.core.ignored import SETTINGS_FILES, list_files_not_ignored
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from paddledvc.gate.subject import Subject
    from paddledvc.models.policy import Policy, Role
    from paddledvc.project import Project, ProjectFiles
    from paddledvc.tools.git.snapshot import FolderSnapshot
    from paddledvc.weights.core.transfer_results import Inspected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ask:
    """How to judge.

    Attributes:
        title: what is judged.
        branch: the branch whose rules count.
        release: whether it is judged as a release, whatever the branch.
        policy: the rules; None for those that the files themselves state.
        changed: whether a change is judged.
        more: commits that are of production too, each with the name of its branch.
        remote: whether to look into the remote.
        before: what the branch was; None where that is not known.
        since: git's name of that; None where it is not known.
        head: the commit whose history leads to what is judged.
        settled: the commit whose releases have their tags by now; None where there is none.
        against: what people call what the branch was; None for the branch.
        prefix: folder of the project in its repository, with a slash at its end.
        notes: what else whoever reads the verdict must know.
    """

    title: str
    branch: str | None
    release: bool = False
    policy: Policy | None = None
    changed: bool = False
    more: Mapping[str, str] = field(default_factory=dict)
    remote: bool = False
    before: FolderSnapshot | None = None
    since: str | None = None
    head: str = "HEAD"
    settled: str | None = None
    against: str | None = None
    prefix: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A verdict, and what it was made of.

    Attributes:
        at: the files that were judged; None where a merge gave none.
        facts: what was read of them, likewise.
        before: what the branch was; None where that is not known.
        since: git's name of that; None where it is not known.
        where: what people call that.
        list_new_commits: names the commits since that.
    """

    verdict: Verdict
    at: ProjectFiles | None = None
    facts: Facts | None = None
    before: FolderSnapshot | None = None
    since: str | None = None
    where: str = ""
    list_new_commits: Callable[[], Collection[str]] = tuple


def judge_subject(
    project: Project,
    subject: Subject,
    *,
    remote: bool = False,
    since: str | None = None,
    today: date | None = None,
) -> Verdict:
    """Judge what people, CI or git want to be judged: the work tree, or what HEAD changes.

    Args:
        project: the project.
        subject: what to judge.
        remote: look too whether the branch's remote has the bytes of every output, and whether
            registries still have the images that are locked.
        since: the commit that a work tree is compared with; by default that of the subject.
        today: the day, for waivers; by default that of this machine.

    Raises:
        InvalidInput: nothing is known that the change is based on.
        ToolFailed: git failed.
    """
    return judge_with_facts(project, subject, remote=remote, since=since, today=today).verdict


def judge_with_facts(
    project: Project,
    subject: Subject,
    *,
    remote: bool = False,
    since: str | None = None,
    today: date | None = None,
) -> Judged:
    """Judge as ``judge_subject`` does, and keep what the verdict was made of."""
    today = today or date.today()  # noqa: DTZ011 - a waiver ends on the day of those who read it
    if subject.base is not None:
        return _judge_change(project, subject, subject.base, today, remote=remote)
    in_git = repository.find_repository_root(project.root) is not None
    before = _tree_of(project.root, subject.before)
    rules, notes = _policy_at(before, subject.branch)
    head = (
        worktree.resolve_worktree_commit(project.root, "HEAD") if in_git and subject.here else None
    )
    more = {head: subject.branch} if head is not None and subject.branch is not None else {}
    since = since or ((subject.before or _before(project.root, subject)) if in_git else None)
    at: ProjectFiles = project
    if subject.head is not None:
        at = SnapshotFiles(Snapshot.tree(project.root, subject.head))
    ask = _Ask(
        title=subject.title,
        branch=subject.branch,
        release=subject.tag,
        policy=rules,
        changed=rules is not None,
        more=more,
        remote=remote,
        before=before or _tree_of(project.root, since),
        since=since,
        head=subject.head or "HEAD",
        settled=subject.head or ("HEAD" if in_git else None),
        against=subject.against,
        prefix=worktree.prefix_in_worktree(project.root) if in_git else "",
        notes=notes,
    )
    return _judge_files(at, project, ask, today)


def judge_tree(
    project: Project,
    tree: str,
    *,
    branch: str | None,
    before: str | None = None,
    today: date | None = None,
) -> Verdict:
    """Judge a tree of git, such as the one that is about to be committed.

    Args:
        project: the project, in the work tree.
        tree: git's name of a tree of the whole repository, or of a commit.
        branch: the branch that it is for; None for a detached HEAD.
        before: the commit that it is to follow, whose policy counts; by default that of the tree.
        today: the day, for waivers; by default that of this machine.

    Raises:
        ToolFailed: git failed.
    """
    then = _tree_of(project.root, before)
    rules, notes = _policy_at(then, branch)
    ask = _Ask(
        title=branch or "a detached HEAD",
        branch=branch,
        policy=rules,
        changed=rules is not None,
        before=then,
        since=before,
        settled=before,
        notes=notes,
    )
    today = today or date.today()  # noqa: DTZ011 - as above
    return _judge_tree(project, tree, ask, today).verdict


def judge_released(
    project: Project, commit: str, policy: Policy, *, branch: str | None, old: str | None = None
) -> Verdict:
    """Judge of a commit only whether released versions keep their bytes.

    Args:
        project: the project, in the work tree.
        commit: git's name of a commit, or of a tag of one.
        policy: the rules.
        branch: the branch that it is for; None for a tag, which is a release.
        old: the commit that the branch had so far; None where nobody knows.
    """
    at = SnapshotFiles(Snapshot.tree(project.root, commit))
    opened = read_facts.read_registry_facts(at)
    facts = Facts(
        branch=branch,
        role=policy.production if branch is None else policy.role(branch),
        policy=policy,
        own=opened.policy,
        changed=True,
        today=date.today(),  # noqa: DTZ011 - as above
        documents=opened.documents,
        registry=opened.registry,
    )
    facts = read_facts.read_version_facts(at, facts)
    known = old if old is not None and worktree.resolve_worktree_commit(project.root, old) else None
    more = {known: branch} if known is not None and branch is not None else {}
    if facts.lock is not None:
        facts = replace(facts, past=read_lock_history(project.root, facts, Now.of(at.folder), more))
    left, waived = judges.apply_waivers(facts, version_rules.judge_rewritten_versions(facts))
    found = tuple(one for one in left if one.rule == version_rules.REWRITTEN)
    return Verdict(title=branch or "a tag", role=facts.role.name, violations=found, waived=waived)


def _tree_of(root: Path, commit: str | None) -> FolderSnapshot | None:
    return None if commit is None else Snapshot.tree(root, commit)


def _before(root: Path, subject: Subject) -> str | None:
    """Find the commit that a branch was before what is judged, which CI does not tell.

    Of the branch that is checked out it is the commit before HEAD.
    """
    if subject.branch is None:
        return None
    revision = "HEAD~1" if subject.here else f"refs/heads/{subject.branch}"
    return worktree.resolve_worktree_commit(root, revision)


def _policy_at(
    before: FolderSnapshot | None, branch: str | None
) -> tuple[Policy | None, tuple[str, ...]]:
    """Read the policy that a branch had, and what to say of it; None where it had none."""
    if before is None:
        return None, ()
    rules = read_project_policy(before)
    if rules is not None:
        return rules, ()
    return policy.DEFAULT, (
        f"the policy of {branch or 'HEAD'} cannot be read; the default one counts",
    )


def _judge_change(
    project: Project, subject: Subject, base: str, today: date, *, remote: bool
) -> Judged:
    """Judge the merge of HEAD, or another commit, into one, by the policy of that."""
    root = project.root
    before = Snapshot.tree(root, base)
    rules, notes = _policy_at(before, subject.branch)
    ask = _Ask(
        title=subject.title,
        branch=subject.branch,
        release=subject.tag,
        policy=rules,
        changed=True,
        more={base: subject.branch or base},
        remote=remote,
        before=before,
        since=base,
        head=subject.head or "HEAD",
        settled=base,
        notes=(*(_uncommitted(root) if subject.head is None else ()), *notes),
    )
    if subject.merged:
        return _judge_tree(project, "HEAD", ask, today)
    merged = merge_tree.merge_commits(root, base, ask.head)
    if merged.tree is None:
        ask = replace(ask, prefix=worktree.prefix_in_worktree(root))
        return Judged(verdict=_in_conflict(ask, merged.conflicts), since=base, where=subject.title)
    return _judge_tree(project, merged.tree, ask, today)


def _uncommitted(root: Path) -> Iterator[str]:
    """Say which files differ from what is judged."""
    form = ("status", "--porcelain", "--untracked-files=all", "--", *layout.PROJECT_FILES)
    changed = [line[3:].rpartition("/")[2] for line in run_git(root, *form).splitlines()]
    if changed:
        verb = "has" if len(changed) == 1 else "have"
        yield f"{', '.join(changed)} {verb} uncommitted changes, which are not judged"


def _in_conflict(ask: _Ask, files: tuple[str, ...]) -> Verdict:
    assert ask.policy is not None
    role = ask.policy.production if ask.release else ask.policy.role(ask.branch)
    found = tuple(
        Violation(
            rule="merge-conflict",
            level="error",
            message=f"both sides changed {file}; merge {ask.branch} into this branch first, and "
            "settle the conflict",
            file=posixpath.relpath(file, ask.prefix or "."),
        )
        for file in files
    )
    return Verdict(
        title=ask.title,
        role=role.name,
        violations=sort_violations(found),
        notes=ask.notes,
        prefix=ask.prefix,
    )


def _judge_tree(project: Project, tree: str, ask: _Ask, today: date) -> Judged:
    ask = replace(ask, prefix=worktree.prefix_in_worktree(project.root))
    return _judge_files(SnapshotFiles(Snapshot.tree(project.root, tree)), project, ask, today)


def _judge_files(at: ProjectFiles, project: Project, ask: _Ask, today: date) -> Judged:
    """Judge the files of a project, with the history of the repository that it is in."""
    opened = read_facts.read_registry_facts(at)
    rules = ask.policy or opened.policy
    facts = Facts(
        branch=ask.branch,
        role=rules.production if ask.release else rules.role(ask.branch),
        policy=rules,
        own=opened.policy,
        changed=ask.changed,
        today=today,
        unreadable=opened.unreadable,
        documents=opened.documents,
        registry=opened.registry,
    )
    facts = read_facts.read_facts(at, facts)
    in_git = repository.find_repository_root(project.root) is not None
    if in_git:
        unsafe = find_unsafe_outputs(at, project, {one.file for one in facts.unreadable})
        facts = replace(facts, unreadable=(*facts.unreadable, *unsafe))
        facts = read_facts.read_records_elsewhere(at, facts)
        facts = read_facts.read_noted_before(at, facts, ask.before)
        facts = _with_repository(at, project, ask, facts)
    if facts.lock is not None and in_git:
        more = ask.more if facts.role == rules.production else {}
        facts = replace(facts, past=read_lock_history(project.root, facts, Now.of(at.folder), more))
    if in_git and ask.settled is not None:
        facts = replace(facts, releases=read_releases(project.root, facts, ask.settled))
    new: Callable[[], Collection[str]] = tuple
    where = ask.against or ask.branch or "the commit before"
    if ask.since is not None:
        new = partial(list_commits_since, project.root, ask.since, ask.head)
    if ask.before is not None and ask.since is not None and not ask.release:
        facts = read_baseline(at, facts, ask.before, where=where, list_new_commits=new)
    if ask.remote and not facts.unreadable:
        facts = replace(facts, missing=_missing_objects(at, project, facts.role))
    unknown: tuple[str, ...] = ()
    if ask.remote and facts.lock is not None:
        images, unknown = read_image_digests(project.root, facts.registry, facts.lock)
        facts = replace(facts, images=images)
    untold = [facts.releases.unknown] if facts.releases and facts.releases.unknown else []
    notes = (*ask.notes, *unknown, *untold, *list_not_compared(facts))
    return Judged(
        verdict=judge_facts(facts, ask.title, prefix=ask.prefix, notes=notes),
        at=at,
        facts=facts,
        before=ask.before,
        since=ask.since,
        where=where,
        list_new_commits=new,
    )


def _with_repository(at: ProjectFiles, project: Project, ask: _Ask, facts: Facts) -> Facts:
    """Add what git says: what was written since the branch moved, and what it ignores."""
    root = project.root
    needed = {
        *list_files_not_ignored(facts.registry.models if facts.registry else ()),
        *_code(facts),
    }
    needed.update(path for path in SETTINGS_FILES if (root / path).exists())
    if at is not project:  # what is in the tree that is judged need not be in the index
        needed = {path for path in needed if not (at.folder / path).exists()}
    return replace(
        facts,
        earlier=lock_history.read_facts_locked_before(facts, at.snapshot, ask.before),
        ignored=ignores.find_ignoring(root, sorted(needed)),
    )


def _code(facts: Facts) -> Iterator[str]:
    """Name the code that stages run, as far as it is the project's own."""
    for stage in (facts.stages or {}).values():
        yield from (path for path in stage.get("deps", ()) if path.endswith(".py"))


def _missing_objects(at: ProjectFiles, project: Project, role: Role) -> tuple[Inspected, ...]:
    """Look what the remote of a role lacks of what is judged."""
    # Only those who ask for it pay for what speaks to servers.
    from paddledvc.tools.dvc.trust.approve import approve_first  # noqa: PLC0415
    from paddledvc.weights.core.tracked import PATTERNS  # noqa: PLC0415
    from paddledvc.weights.expected import read_expected  # noqa: PLC0415
    from paddledvc.weights.select_outputs import select_remote  # noqa: PLC0415
    from paddledvc.weights.transfer.inspect_remote import inspect_remote  # noqa: PLC0415

    expected = read_expected(at, at.snapshot.texts(PATTERNS))
    approve_first(project.root)
    found = inspect_remote(project, expected, select_remote(project, role))
    return tuple(one for one in found if one.state != "present")
