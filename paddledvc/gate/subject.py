"""What is to be judged: a branch as it is, or a change of one, told by people, by CI or by git."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import InvalidInput
from paddledvc.tools.git import refs, worktree
from paddledvc.tools.git.command import ask_git, run_git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ORIGIN = "origin"
"""The repository that clones come from, which git asks first."""
_FETCH_ALL = "let the job fetch all of the history (`fetch-depth: 0`, `GIT_DEPTH: 0`)"
_QUEUE = re.compile(r"gh-readonly-queue/(?P<base>.+)/pr-[0-9]+-[0-9a-f]+")
_REF = re.compile(r"refs/(?:heads|tags)/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is to be judged, and whose rules it is judged by.

    Attributes:
        title: what people call it.
        branch: the branch whose rules count; None for a detached HEAD.
        tag: whether ``branch`` is a tag, which is judged as a release.
        base: the commit that HEAD is to be merged into; None for the work tree as it is.
        merged: whether HEAD is that merge already.
        before: the commit that was pushed over, whose policy counts; None where nobody says.
        here: whether ``branch`` is what is checked out.
        head: the commit that is judged; None for HEAD, or the work tree where there is no base.
        against: what people call what it is compared with; None for the branch.
    """

    title: str
    branch: str | None
    tag: bool = False
    base: str | None = None
    merged: bool = False
    before: str | None = None
    here: bool = False
    head: str | None = None
    against: str | None = None


def find_subject(
    root: Path, *, branch: str | None, base: str | None, environment: Mapping[str, str]
) -> Subject:
    """Find out what is to be judged.

    Args:
        root: folder of the project.
        branch: the branch that somebody names; None leaves it to CI and git.
        base: the revision that somebody wants HEAD to be merged into.
        environment: the variables of the process, from which CI speaks.

    Raises:
        InvalidInput: the base is not known here, nothing tells the branch, or CI has checked out
            something else than the change.
    """
    if base is not None:
        return _change(root, base, branch)
    if branch is not None:
        here = worktree.worktree_branch(root) == branch
        title = branch if here else f"the work tree as {branch}"
        return Subject(title=title, branch=branch, here=here)
    job = read_subject_job(environment)
    if job is not None and job.target is not None:
        return _change_of(root, job, job.target)
    if job is not None and job.branch is not None:
        title = f"the tag {job.branch}" if job.tag else job.branch
        before = (
            worktree.resolve_worktree_commit(root, job.before) if job.before is not None else None
        )
        return Subject(title=title, branch=job.branch, tag=job.tag, before=before, here=True)
    current = worktree.worktree_branch(root)
    if current is None and (job is not None or environment.get("CI")):
        raise InvalidInput(
            "HEAD is detached, and nothing says which branch it is of; name it with --branch, or "
            "the branch that it is to be merged into with --base"
        )
    return Subject(title=current or "a detached HEAD", branch=current, here=True)


def find_compared(root: Path, revisions: str | None, environment: Mapping[str, str]) -> Subject:
    """Find out what is to be compared with what, to be judged as the gate judges it.

    Where the first is a branch, the second is merged into it; otherwise the two are compared as
    they are.

    Args:
        root: folder of the project.
        revisions: ``BASE`` or ``BASE..HEAD``, as people write it; None leaves it to CI and git.
        environment: the variables of the process, from which CI speaks.

    Raises:
        InvalidInput: one of them is unknown here, or nothing says what to compare with.
    """
    if revisions is None:
        found = find_subject(root, branch=None, base=None, environment=environment)
        if found.base is not None or found.before is not None:
            return found
        target = _default_target(root)
        return found if target[1] == found.branch else _change(root, target[0], None)
    base, dots, head = revisions.partition("..")
    if head.startswith("."):
        raise InvalidInput(f"found {revisions}, expected BASE or BASE..HEAD with two dots")
    base = base or _default_target(root)[0]
    first, full = _require_known(root, base)
    if base not in _HEADS and full.startswith(_BRANCHES):
        return _change(root, base, None, head=(head or "HEAD") if dots else None)
    before = worktree.resolve_worktree_commit(root, first)
    if not dots:
        branch = worktree.worktree_branch(root)
        return Subject(title="the work tree", branch=branch, before=before, here=True, against=base)
    second, name = _require_known(root, head or "HEAD")
    return Subject(
        title=head or "HEAD",
        branch=_branch_of(name),
        tag=name.startswith("refs/tags/"),
        before=before,
        head=worktree.resolve_worktree_commit(root, second),
        against=base,
    )


_HEADS = ("HEAD", "@")
_BRANCHES = ("refs/heads/", "refs/remotes/")


def _default_target(root: Path) -> tuple[str, str]:
    """Name the branch that changes usually go to: its ref, and what people call it."""
    found = refs.find_default_branch(root)
    if found is not None:
        return found.name, _branch_of(found.name) or found.name
    for name in ("main", "master"):
        if worktree.resolve_worktree_commit(root, f"refs/heads/{name}") is not None:
            return f"refs/heads/{name}", name
    raise InvalidInput(
        "nothing says what to compare with; name a branch or commit, such as `paddledvc diff HEAD`"
    )


def _require_known(root: Path, name: str) -> tuple[str, str]:
    """Give the revision that a name stands for, and its full ref; empty for what is no ref."""
    found = None if name.startswith("-") else next(_known(root, name), None)
    if found is None:
        raise InvalidInput(f"there is no {name} here; run `git fetch {ORIGIN} {_short(name)}`")
    return found, ask_git(root, "rev-parse", "--symbolic-full-name", found) or ""


def _change(root: Path, base: str, branch: str | None, *, head: str | None = None) -> Subject:
    """Judge what HEAD, or another commit, changes of a revision that somebody names."""
    found, full = _require_known(root, base)
    target = branch or _branch_of(full)
    if target is None:
        raise InvalidInput(
            f"--base {base} is no branch; name the branch whose rules count with --branch"
        )
    other = None if head is None else _require_known(root, head)[0]
    return Subject(
        title=f"{head or _head(root)} as merged into {target}",
        branch=target,
        tag=branch is None and full.startswith("refs/tags/"),
        base=worktree.resolve_worktree_commit(root, found),
        head=None if other is None else worktree.resolve_worktree_commit(root, other),
    )


def _known(root: Path, name: str) -> Iterator[str]:
    """Yield the revisions that a name may stand for, the likeliest first."""
    others = sorted(set(refs.git_remotes(root)) - {ORIGIN})
    names = (name, f"{ORIGIN}/{name}", *(f"{remote}/{name}" for remote in others))
    return (one for one in names if worktree.resolve_worktree_commit(root, one) is not None)


def _short(name: str) -> str:
    return name.removeprefix("refs/remotes/").removeprefix(f"{ORIGIN}/")


def _branch_of(full: str) -> str | None:
    """Name the branch or tag that a full ref is of; None for what is no ref.

    >>> _branch_of("refs/remotes/origin/release/1.2")
    'release/1.2'
    """
    kind, _, name = full.removeprefix("refs/").partition("/")
    if kind == "remotes":
        name = name.partition("/")[2]
    return name or None


def _head(root: Path) -> str:
    short = ask_git(root, "rev-parse", "--short", "HEAD")
    return worktree.worktree_branch(root) or short or "HEAD"


def _change_of(root: Path, job: Job, target: str) -> Subject:
    """Judge what a job of CI is about: HEAD is the change, or what the system merged of it."""
    merged = _merged_into(root, job)
    base = merged or next(_of_target(root, job, target), None)
    if base is None:
        raise InvalidInput(
            f"{job.system} says that this is merged into {target}, which was not fetched; run "
            f"`git fetch {ORIGIN} {target}`, or {_FETCH_ALL}"
        )
    # Without a merge of the system's, HEAD has to be the change itself.
    if ask_git(root, "merge-base", "--is-ancestor", "HEAD", base) is not None:
        raise InvalidInput(
            f"{job.system} says that {job.branch or 'a change'} is to be merged into {target}, "
            f"but what is checked out is in {target} already, so nothing would be judged; check "
            f"out {job.branch or 'the change'}, on GitHub `refs/pull/NUMBER/merge`"
        )
    title = f"{job.branch or _head(root)} as merged into {target}"
    commit = worktree.resolve_worktree_commit(root, base)
    return Subject(title=title, branch=target, base=commit, merged=merged is not None)


def _of_target(root: Path, job: Job, target: str) -> Iterator[str]:
    names = (f"refs/remotes/{ORIGIN}/{target}", job.target_commit, f"refs/heads/{target}")
    return (
        one
        for one in names
        if one is not None and worktree.resolve_worktree_commit(root, one) is not None
    )


def _merged_into(root: Path, job: Job) -> str | None:
    """Name what HEAD was merged into, if it is the merge that the system has made."""
    if job.commit is None or worktree.resolve_worktree_commit(root, "HEAD") != job.commit:
        return None
    # In a shallow clone git hides the parents, but the commit itself still names them.
    lines = run_git(root, "cat-file", "commit", "HEAD").partition("\n\n")[0].splitlines()
    parents = [line.partition(" ")[2] for line in lines if line.startswith("parent ")]
    merges = len(parents) > 1 and worktree.resolve_worktree_commit(root, parents[0]) is not None
    return parents[0] if merges else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a job of CI is about.

    Attributes:
        system: name of the system.
        target: the branch that the change is to be merged into; None where it is no change.
        branch: the branch or tag that is checked out, or that the change is from; None where the
            system does not say.
        tag: whether ``branch`` is a tag.
        commit: the commit that the system has made for the job, if it says so: of a change it may
            be the merge into the target already.
        target_commit: the commit of the target that it was merged into, if the system says so.
        before: the commit that a push replaces on its branch, if the system says so; it need not
            be one that is known here.
    """

    system: str
    target: str | None = None
    branch: str | None = None
    tag: bool = False
    commit: str | None = None
    target_commit: str | None = None
    before: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _System:
    """Variables of a system whose jobs can be read off them alone."""

    name: str
    sign: str
    target: str
    source: str
    branch: str
    tag: str
    target_commit: str = ""
    before: str = ""


_SYSTEMS = (
    _System(
        name="GitLab CI",
        sign="GITLAB_CI",
        target="CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        source="CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        branch="CI_COMMIT_BRANCH",
        tag="CI_COMMIT_TAG",
        target_commit="CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
        before="CI_COMMIT_BEFORE_SHA",
    ),
    _System(
        name="Bitbucket Pipelines",
        sign="BITBUCKET_BUILD_NUMBER",
        target="BITBUCKET_PR_DESTINATION_BRANCH",
        source="BITBUCKET_BRANCH",
        branch="BITBUCKET_BRANCH",
        tag="BITBUCKET_TAG",
    ),
    _System(
        name="Azure Pipelines",
        sign="TF_BUILD",
        target="SYSTEM_PULLREQUEST_TARGETBRANCH",
        source="SYSTEM_PULLREQUEST_SOURCEBRANCH",
        branch="BUILD_SOURCEBRANCH",
        tag="",
    ),
    _System(
        name="Jenkins",
        sign="JENKINS_URL",
        target="CHANGE_TARGET",
        source="CHANGE_BRANCH",
        branch="BRANCH_NAME",
        tag="TAG_NAME",
    ),
)


def read_subject_job(environment: Mapping[str, str]) -> Job | None:
    """Read what the job is about; None outside of the CI systems that are known.

    Args:
        environment: the variables of the process.

    >>> read_subject_job({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "develop"}).branch
    'develop'
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _github(environment)
    for system in _SYSTEMS:
        if environment.get(system.sign):
            return _read_job(system, environment)
    return None


def _github(environment: Mapping[str, str]) -> Job:
    system, name = "GitHub Actions", environment.get("GITHUB_REF_NAME") or None
    if target := environment.get("GITHUB_BASE_REF"):
        # Only this event checks out the merge that GitHub has made of the change.
        merged = environment.get("GITHUB_EVENT_NAME") == "pull_request"
        commit = environment.get("GITHUB_SHA") if merged else None
        branch = environment.get("GITHUB_HEAD_REF") or None
        return Job(system=system, target=target, branch=branch, commit=commit)
    if queued := _QUEUE.fullmatch(name or ""):
        return Job(system=system, target=queued["base"], branch=name)
    tag = environment.get("GITHUB_REF_TYPE") == "tag"
    return Job(system=system, branch=name, tag=tag, before=_before(environment))


def _before(environment: Mapping[str, str]) -> str | None:
    """Read what a push to GitHub replaces, which only the file of its event says."""
    if environment.get("GITHUB_EVENT_NAME") != "push":
        return None
    before = read_github_event(environment).get("before")
    return before if isinstance(before, str) else None


def read_github_event(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Read what GitHub says of the event that started the job; empty where it says nothing."""
    file = environment.get("GITHUB_EVENT_PATH")
    try:
        event = json.loads(Path(file).read_text(encoding="utf-8")) if file else None
    except (OSError, ValueError, RecursionError):
        event = None
    return event if isinstance(event, dict) else {}


def _read_job(system: _System, environment: Mapping[str, str]) -> Job:
    def said(variable: str) -> str | None:
        return environment.get(variable) or None

    target, ref, tag = said(system.target), said(system.branch), said(system.tag)
    if target is not None:
        source = said(system.source)
        return Job(
            system=system.name,
            target=_REF.sub("", target),
            branch=source and _REF.sub("", source),
            target_commit=said(system.target_commit),
        )
    name = tag or ref
    is_tag = tag is not None or (ref or "").startswith("refs/tags/")
    branch = name and _REF.sub("", name)
    return Job(system=system.name, branch=branch, tag=is_tag, before=said(system.before))
