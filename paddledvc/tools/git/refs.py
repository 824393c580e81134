"""What a repository, and those it fetches from, hold on to, and what git is about to push."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import OutsideFailure, ToolFailed
from paddledvc.tools.git import commits, foreign, worktree
from paddledvc.tools.git.command import ask_git, exchange_git, git_command_line, run_git, try_git
from paddledvc.tools.system import shell
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

ASKING = 60.0
"""Seconds that a repository may take to say which branches and tags it has."""
FETCHING = 1800.0
"""Seconds that a repository may take to send them."""
_COMMIT = re.compile(r"^([0-9a-f]{40,64})\b", re.MULTILINE)
# What git keeps apart from refs in the middle of a merge, a rebase and the like.
_PENDING = (
    *(f"{doing}_HEAD" for doing in ("MERGE", "CHERRY_PICK", "REVERT", "REBASE", "BISECT")),
    *("MERGE_AUTOSTASH", "rebase-*/autostash", "rebase-*/orig-head"),
)
_QUIET = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.pruneTags=false")
# A server that says nothing for this long is given up.
_PATIENT = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30")
_BRANCHES = "refs/heads/"
_REMOTES = "refs/remotes/"
_TAGS = "refs/tags/"
_REVIEWS = ("refs/for/", "refs/drafts/", "refs/publish/")
"""Where servers take changes of a branch for review: Gerrit, and by AGit Gitea, Forgejo, Codeup."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """A name that a repository has for a commit.

    Attributes:
        name: such as ``refs/heads/main``.
        target: what it names: a commit, or an annotated tag of one.
    """

    name: str
    target: str

    @property
    def is_tag(self) -> bool:
        """Whether it is a tag."""
        return self.name.startswith(_TAGS)

    @property
    def title(self) -> str:
        """What people call it.

        >>> Ref(name="refs/remotes/origin/main", target="c0ffee").title
        'origin/main'
        """
        return self.name.split("/", 2)[-1]

    @property
    def branch(self) -> str | None:
        """The branch that it is, here or in another repository; None for anything else.

        >>> Ref(name="refs/remotes/origin/main", target="c0ffee").branch
        'main'
        """
        if self.name.startswith(_REMOTES):
            return self.title.partition("/")[2]
        return self.title if self.name.startswith(_BRANCHES) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkTree:
    """A work tree of a repository.

    Attributes:
        path: its folder, which need not be there any more.
        head: the commit that is checked out; None before the first one.
    """

    path: Path
    head: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """An entry of a reflog.

    Attributes:
        ref: the ref that moved, in short.
        commit: where to.
        time: when, in seconds since 1970.
        parents: of the commit.
    """

    ref: str
    commit: str
    time: int
    parents: tuple[str, ...]


def explain_incomplete_refs(root: Path) -> str | None:
    """Say what the repository lacks of its history, and the command that gets it; None if nothing.

    A folder's git commands would fail, or fetch files one by one, where the history is cut short.
    """
    if ask_git(root, "rev-parse", "--is-shallow-repository") == "true":
        return "this clone is shallow, so it does not know its history; run `git fetch --unshallow`"
    filters = ask_git(root, "config", "--get-regexp", r"^remote\..*\.partialclonefilter$")
    if filters:
        name = filters.split()[0].removesuffix(".partialclonefilter").removeprefix("remote.")
        return (
            "this clone is partial, so it lacks files of its history; run `git config --unset "
            f"remote.{name}.partialclonefilter && git fetch --refetch {name}`"
        )
    return None


def list_refs(root: Path) -> tuple[Ref, ...]:
    """List every ref of a repository, sorted by name: branches, tags, the stash, experiments."""
    listed = run_git(
        root, "for-each-ref", "--format=%(if)%(symref)%(then)%(else)%(objectname) %(refname)%(end)"
    )
    return _refs(listed.splitlines(), " ")


def _refs(lines: Iterable[str], separator: str) -> tuple[Ref, ...]:
    pairs = (line.partition(separator) for line in lines if line)
    return tuple(
        Ref(name=name, target=target)
        for target, _, name in sorted(pairs, key=lambda pair: pair[2])
        if not name.endswith("^{}")  # what an annotated tag names
    )


def git_remotes(root: Path) -> list[str]:
    """Name the repositories that this one fetches from and pushes to."""
    return run_git(root, "remote").splitlines()


def find_default_branch(root: Path) -> Ref | None:
    """Find the branch that a clone of the server would check out, as it was last fetched.

    That is what ``refs/remotes/<remote>/HEAD`` names, else its main or master, never a branch of
    this clone that is called alike; None if no git remote has any.
    """
    listed = run_git(root, "for-each-ref", "--format=%(objectname) %(refname)", _REMOTES)
    found = {ref.name: ref for ref in _refs(listed.splitlines(), " ")}
    named = git_remotes(root)
    for remote in sorted(named, key=lambda name: name != "origin"):
        for branch in ("HEAD", "main", "master"):
            if (ref := found.get(f"{_REMOTES}{remote}/{branch}")) is not None:
                symbolic = ask_git(root, "symbolic-ref", "--quiet", ref.name)
                return Ref(name=symbolic or ref.name, target=ref.target)
    return None


def has_fetched(root: Path) -> bool:
    """Tell whether anything in a repository may have come from another one."""
    if git_remotes(root) and run_git(root, "for-each-ref", "--count=1", _REMOTES):
        return True
    return worktree.worktree_git_folder(root, "FETCH_HEAD").exists()


def resolve_trusted_ref(root: Path, name: str) -> str | None:
    """Resolve a ref by its full name: ``origin/main`` is the server's, whatever else is called so.

    A tag or branch that somebody pushes as ``origin/main`` would come first in git's own order.
    """
    full = name if name.startswith("refs/") else f"{_REMOTES}{name}"
    if _COMMIT.fullmatch(name) is not None:
        full = name
    return ask_git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{full}^{{commit}}"
    )


def ask_remote_refs(root: Path, remote: str) -> tuple[Ref, ...]:
    """Ask a repository for its branches and tags, and see that their commits are here.

    What is not here is fetched: branches to where ``git fetch`` puts them, and nothing that is
    here disappears.

    Raises:
        OutsideFailure: it cannot be reached, or does not give what it has.
    """
    asked = _attempt(root, ["ls-remote", "--heads", "--tags", remote], ASKING)
    if asked.returncode:
        raise OutsideFailure(f"{_title(root, remote)} cannot be reached: {_reason(asked)}")
    found = _refs(asked.output.splitlines(), "\t")
    targets = {ref.target for ref in found}
    if missing := targets - commits.whole_commits(root, targets):
        refspecs = (f"+refs/heads/*:refs/remotes/{remote}/*", "refs/tags/*:refs/tags/*")
        done = _fetch(root, remote, *refspecs)
        # A tag that was moved, or a branch that stands in the way of another, stays as it is here;
        # git calls that a failure, but the commits have arrived.
        if missing := missing - commits.whole_commits(root, missing):
            names = [ref.name for ref in found if ref.target in missing]
            why = f"{len(names)} of its branches and tags, such as {names[0]}, do not arrive"
            raise OutsideFailure(f"{_title(root, remote)}: {why}: {_reason(done)}")
    return found


def _fetch(root: Path, remote: str, *refspecs: str) -> shell.Finished:
    keeping = ("--no-prune", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
    return _attempt(root, [*_QUIET, "fetch", "--quiet", *keeping, remote, *refspecs], FETCHING)


def _attempt(root: Path, arguments: list[str], timeout: float) -> shell.Finished:
    try:
        return try_git(root, *_PATIENT, *arguments, timeout=timeout)
    except ToolFailed as error:
        return shell.Finished(returncode=error.returncode, output="", errors=error.stderr)


def _title(root: Path, remote: str) -> str:
    url = ask_git(root, "remote", "get-url", remote) or remote
    return f"the git remote {remote} ({hide_url_secrets(url)})"


def _reason(done: shell.Finished) -> str:
    return foreign.reason_of_git(ToolFailed(git_command_line(), done.returncode, done.errors))


def work_trees(root: Path) -> list[WorkTree]:
    """List the work trees of a repository, the main one first."""
    found = []
    listed = run_git(root, "worktree", "list", "--porcelain")
    for block in listed.split("\n\n"):
        said = dict(line.partition(" ")[::2] for line in block.splitlines())
        if "worktree" in said and "bare" not in said:
            head = said.get("HEAD", "").strip("0") and said["HEAD"]
            found.append(WorkTree(path=Path(said["worktree"]), head=head or None))
    return found


def pending_commits(root: Path) -> set[str]:
    """Name the commits that a merge, a rebase or the like is in the middle of in a work tree."""
    folder = Path(run_git(root, "rev-parse", "--absolute-git-dir").rstrip("\n"))
    files = (file for pattern in _PENDING for file in folder.glob(pattern) if file.is_file())
    return {name for file in files for name in _COMMIT.findall(file.read_text(errors="replace"))}


def read_reflogs(root: Path) -> list[Moved]:
    """List all that the reflogs of all work trees remember, the newest of each ref first."""
    form = "--format=%H %ct %gd %P"
    listed = run_git(root, "log", "-g", "--all", "--date=unix", form)
    return [_moved(line) for line in listed.splitlines() if "@{" in line]


def _moved(line: str) -> Moved:
    before, _, after = line.rpartition("@{")
    time, _, parents = after.partition("}")
    commit, _, ref = before.split(" ", 2)
    return Moved(ref=ref, commit=commit, time=int(time), parents=tuple(parents.split()))


def ref_commits_since(root: Path, since: float, more: Iterable[str] = ()) -> set[str]:
    """Name the commits made since a time, and those that they were made on.

    Args:
        root: folder of the repository.
        since: seconds since 1970.
        more: commits beyond the refs and reflogs, whose history counts too.
    """
    # By the time of each: git's own `--since` stops at the first commit that a clock made too old.
    sent = "".join(f"{name}\n" for name in more).encode()
    form = ("--all", "--reflog", "--format=%H %ct %P")
    answer = exchange_git(root, "rev-list", *form, "--stdin", sent=sent)
    found: set[str] = set()
    for line in answer.decode().splitlines():
        name, time, *parents = line.split(" ")
        if name != "commit" and int(time) >= since:
            found.update((name, *filter(None, parents)))
    return found


def list_ref_commits(root: Path) -> list[str]:
    """Name every commit that refs and reflogs know, the newest first."""
    return run_git(root, "rev-list", "--all", "--reflog").split()


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedRef:
    """A ref that is about to be pushed: a branch, a tag, a change for review, or any other.

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
    def reviewed(self) -> tuple[str, ...]:
        """The branches that a change may be for, which is pushed for review; usually one.

        Only the server knows where the name of the branch ends and a topic begins.

        >>> PushedRef(commit="c0ffee", target="refs/for/release/1.2%topic=a").reviewed
        ('release/1.2', 'release')
        """
        prefix = next(filter(self.target.startswith, _REVIEWS), None)
        if prefix is None:
            return ()
        name = self.target.removeprefix(prefix).partition("%")[0].removeprefix(_BRANCHES)
        parts = name.split("/")
        return tuple("/".join(parts[:count]) for count in range(len(parts), 0, -1))

    @property
    def is_tag(self) -> bool:
        """Whether it is a tag."""
        return self.target.startswith(_TAGS)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.branch or self.target.removeprefix(_TAGS)


def parse_pushed_refs(lines: Iterable[str]) -> tuple[PushedRef, ...]:
    """Read what git writes to a pre-push hook: one line a ref.

    >>> lines = ["refs/heads/a c0ffee refs/heads/b 0000", "(delete) 0 x f00"]
    >>> [one.title for one in parse_pushed_refs(lines)]
    ['b']
    """
    fields = [line.split(" ") for line in lines if line.strip()]
    return tuple(
        PushedRef(commit=commit, target=target, old=old if old.strip("0") else None)
        for _, commit, target, old in (field[-4:] for field in fields)
        if commit.strip("0")  # all zeros: it is deleted there
    )
