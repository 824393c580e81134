"""What is to be judged: a branch as it is, or a change of one, told by people, by CI or by git."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.gate import ci
from paddledvc.tools.git import refs, worktree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from paddledvc.gate.ci import Job

ORIGIN = "origin"
"""The repository that clones come from, which git asks first."""
_FETCH_ALL = "let the job fetch all of the history (`fetch-depth: 0`, `GIT_DEPTH: 0`)"


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
    """

    title: str
    branch: str | None
    tag: bool = False
    base: str | None = None
    merged: bool = False
    before: str | None = None
    here: bool = False


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
        here = worktree.current_branch(root) == branch
        title = branch if here else f"the work tree as {branch}"
        return Subject(title=title, branch=branch, here=here)
    job = ci.read_job(environment)
    if job is not None and job.target is not None:
        return _change_of(root, job, job.target)
    if job is not None and job.branch is not None:
        title = f"the tag {job.branch}" if job.tag else job.branch
        before = worktree.resolve_commit(root, job.before) if job.before is not None else None
        return Subject(title=title, branch=job.branch, tag=job.tag, before=before, here=True)
    current = worktree.current_branch(root)
    if current is None and (job is not None or environment.get("CI")):
        raise InvalidInput(
            "HEAD is detached, and nothing says which branch it is of; name it with --branch, or "
            "the branch that it is to be merged into with --base"
        )
    return Subject(title=current or "a detached HEAD", branch=current, here=True)


def _change(root: Path, base: str, branch: str | None) -> Subject:
    """Judge what HEAD changes of a revision that somebody names."""
    found = next(_known(root, base), None)
    if found is None:
        raise InvalidInput(f"there is no {base} here; run `git fetch {ORIGIN} {_short(base)}`")
    full = worktree.ask_git(root, "rev-parse", "--symbolic-full-name", found) or ""
    target = branch or _branch_of(full)
    if target is None:
        raise InvalidInput(
            f"--base {base} is no branch; name the branch whose rules count with --branch"
        )
    return Subject(
        title=f"{_head(root)} merged into {target}",
        branch=target,
        tag=branch is None and full.startswith("refs/tags/"),
        base=worktree.resolve_commit(root, found),
    )


def _known(root: Path, name: str) -> Iterator[str]:
    """Yield the revisions that a name may stand for, the likeliest first."""
    others = sorted(set(refs.git_remotes(root)) - {ORIGIN})
    names = (name, f"{ORIGIN}/{name}", *(f"{remote}/{name}" for remote in others))
    return (one for one in names if worktree.resolve_commit(root, one) is not None)


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
    short = worktree.ask_git(root, "rev-parse", "--short", "HEAD")
    return worktree.current_branch(root) or short or "HEAD"


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
    if worktree.ask_git(root, "merge-base", "--is-ancestor", "HEAD", base) is not None:
        raise InvalidInput(
            f"{job.system} says that {job.branch or 'a change'} is to be merged into {target}, "
            f"but what is checked out is in {target} already, so nothing would be judged; check "
            f"out {job.branch or 'the change'}, on GitHub `refs/pull/NUMBER/merge`"
        )
    title = f"{job.branch or _head(root)} merged into {target}"
    commit = worktree.resolve_commit(root, base)
    return Subject(title=title, branch=target, base=commit, merged=merged is not None)


def _of_target(root: Path, job: Job, target: str) -> Iterator[str]:
    names = (f"refs/remotes/{ORIGIN}/{target}", job.target_commit, f"refs/heads/{target}")
    return (
        one for one in names if one is not None and worktree.resolve_commit(root, one) is not None
    )


def _merged_into(root: Path, job: Job) -> str | None:
    """Name what HEAD was merged into, if it is the merge that the system has made."""
    if job.commit is None or worktree.resolve_commit(root, "HEAD") != job.commit:
        return None
    # In a shallow clone git hides the parents, but the commit itself still names them.
    lines = worktree.run_git(root, "cat-file", "commit", "HEAD").partition("\n\n")[0].splitlines()
    parents = [line.partition(" ")[2] for line in lines if line.startswith("parent ")]
    merges = len(parents) > 1 and worktree.resolve_commit(root, parents[0]) is not None
    return parents[0] if merges else None
