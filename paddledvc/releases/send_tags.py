"""Tags of ours: made in this clone, and sent to the git remote of a branch."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.tools.git import refs
from paddledvc.tools.git.command import ask_git, run_git, try_git
from paddledvc.tools.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from paddledvc.catalogs.core.gto import GtoEvent
    from paddledvc.project import Project
    from paddledvc.tools.system.shell import Finished


@contextmanager
def hold_releases(project: Project) -> Iterator[None]:
    """Wait for other commands of this clone that release: each plans by what those before made.

    Another lock than that of models.lock, which hooks of the commit may take.
    """
    with files.hold_file_lock(project.scratch() / "release.lock"):
        yield


def require_identity(root: Path) -> None:
    """Require that git knows who commits and tags.

    Raises:
        InvalidInput: it does not.
    """
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if try_git(root, "var", name).returncode:
            raise InvalidInput(
                "git does not know who you are; run `git config user.name NAME` and "
                "`git config user.email ADDRESS`"
            )


def make_tag(  # noqa: PLR0913
    root: Path,
    name: str,
    commit: str,
    message: str,
    *,
    after: Sequence[GtoEvent] = (),
    sign: bool = False,
) -> None:
    """Make an annotated tag, signed where git is configured so.

    Args:
        root: folder of the project.
        name: its name.
        commit: the commit that it is to name.
        message: its message.
        after: what happened to the model so far. GTO orders what tags did by seconds, and of one
            second by what they do: so this one is dated later than all of these.
        sign: sign it in any case.

    Raises:
        OutsideFailure: git does not make it.
    """
    how = "--sign" if sign else "--annotate"
    form = ("tag", how, "--cleanup=whitespace", "--message", message, "--", name, commit)
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
        OutsideFailure: the remote cannot be reached, rejects them, or has others of their names.
    """
    asked = try_git(root, "ls-remote", "--tags", "--", remote)
    if asked.returncode:
        raise OutsideFailure(
            f"the git remote {remote} cannot be reached: {reason_of(asked)}; what was made stays "
            "in this clone: run the same command again"
        )
    lines = (line.partition("\t") for line in asked.output.splitlines())
    there = {name: target for target, _, name in lines}
    form = ("for-each-ref", "--format=%(refname)%09%(objectname)")
    said = run_git(root, *form, *(f"refs/tags/{tag}" for tag in tags)).splitlines()
    ours = dict(line.split("\t") for line in said)
    taken = [
        one.removeprefix("refs/tags/") for one in ours if there.get(one, ours[one]) != ours[one]
    ]
    if taken:
        raise OutsideFailure(
            f"{remote} has another tag called {taken[0]}; nothing was sent. Run `git tag --delete "
            f"'{taken[0]}'`, `git fetch --tags`, and the same command again"
        )
    sent = [one for one in ours if one not in there]
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


def reason_of(done: Finished) -> str:
    """Give what git printed, as far as it says why it failed."""
    return done.errors.strip() or done.output.strip() or "it gave no reason"
