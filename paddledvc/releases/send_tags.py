"""Tags of ours: made in this clone, and sent to the git remote of a branch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.tools.git import refs, worktree
from paddledvc.tools.git.command import ask_git, try_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from paddledvc.catalogs.core.gto import GtoEvent
    from paddledvc.tools.system.shell import Finished

_SHORT = 7


def require_identity(root: Path) -> None:
    """Require that git knows who commits and tags.

    Raises:
        InvalidInput: it does not.
    """
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if try_git(root, "var", name).returncode:
            raise InvalidInput(
                "git does not know who makes this release; run `git config user.name NAME` and "
                "`git config user.email ADDRESS`"
            )


def make_tag(
    root: Path, name: str, commit: str, message: str, *, after: Sequence[GtoEvent] = ()
) -> None:
    """Make an annotated tag, signed where git is configured so.

    Args:
        root: folder of the project.
        name: its name.
        commit: the commit that it is to name.
        message: its message.
        after: what happened to the model so far. GTO orders what tags did by seconds, and of one
            second by what they do: so this one is dated later than all of these.

    Raises:
        OutsideFailure: git does not make it.
    """
    form = ("tag", "--annotate", "--cleanup=whitespace", "--message", message, "--", name, commit)
    last = max((one.time for one in after), default=0)
    env = {"GIT_COMMITTER_DATE": f"{last + 1} +0000"} if last >= int(time.time()) else None
    done = try_git(root, *form, env=env)
    if done.returncode:
        raise OutsideFailure(f"git did not make the tag {name}: {reason_of(done)}")


def find_push_remote(root: Path, branch: str | None) -> str:
    """Name the git remote that a branch is pushed to.

    Raises:
        InvalidInput: there is none, or several and git does not say which.
    """
    keys: tuple[str, ...] = ("remote.pushDefault",)
    if branch is not None:
        keys = (f"branch.{branch}.pushRemote", *keys, f"branch.{branch}.remote")
    known = refs.git_remotes(root)
    said = next(filter(None, (ask_git(root, "config", "--get", key) for key in keys)), None)
    if said is not None and said != ".":
        return said
    if "origin" in known or len(known) == 1:
        return "origin" if "origin" in known else known[0]
    raise InvalidInput(
        f"found {len(known)} git remotes, expected one to push to; run `git push --set-upstream "
        "REMOTE BRANCH`"
        if known
        else "there is no git remote to push to; run `git remote add origin URL`"
    )


def push_tags(root: Path, remote: str, tags: Iterable[str], branch: str | None = None) -> None:
    """Send tags, and a branch with them, all or nothing; those that are there already stay.

    Raises:
        OutsideFailure: the remote cannot be reached, rejects them, or has another tag of a name.
    """
    asked = try_git(root, "ls-remote", "--tags", "--", remote)
    if asked.returncode:
        raise OutsideFailure(
            f"the git remote {remote} cannot be reached: {reason_of(asked)}; what was made stays "
            "in this clone: run the same command again"
        )
    # The line behind that of an annotated tag, with ^{}, has the commit.
    listed = (line.partition("\t") for line in asked.output.splitlines())
    there = {name.removesuffix("^{}"): commit for commit, _, name in listed}
    wanted = [f"refs/tags/{tag}" for tag in tags]
    sent = [one for one in wanted if one not in there]
    for one in wanted:
        if one in there and there[one] != worktree.resolve_worktree_commit(root, one):
            tag, commit = one.removeprefix("refs/tags/"), there[one][:_SHORT]
            advice = _advise(branch, [*sent, one]) if branch else _advise_to_fetch(tag)
            raise OutsideFailure(f"{remote} has another tag {tag}, of commit {commit}; {advice}")
    specs = [f"{one}:{one}" for one in (*([f"refs/heads/{branch}"] if branch else []), *sent)]
    done = try_git(root, "push", "--quiet", "--atomic", "--", remote, *specs) if specs else None
    if done is not None and done.returncode:
        raise OutsideFailure(
            f"{remote} did not take {', '.join(one.partition(':')[0] for one in specs)}: "
            f"{reason_of(done)}\n{_advise(branch, sent)}"
        )


def _advise(branch: str | None, sent: Sequence[str]) -> str:
    if branch is None:
        return "The tag stays in this clone: run the same command again, or `git tag --delete` it"
    tags = " ".join(one.removeprefix("refs/tags/") for one in sent)
    undo = f"`git tag --delete {tags}`, " if tags else ""
    return (
        "Commit and tags stay in this clone. If the remote was down, run `paddledvc release create "
        f"--push` again. If its {branch} has newer commits, undo this release by {undo}`git reset "
        f"--keep @{{upstream}}` and `git pull`, and create it again"
    )


def _advise_to_fetch(tag: str) -> str:
    return f"run `git tag --delete '{tag}'` and `git fetch --tags`, then the same command again"


def reason_of(done: Finished) -> str:
    """Give what git printed, as far as it says why it failed."""
    return done.errors.strip() or done.output.strip() or "it gave no reason"
