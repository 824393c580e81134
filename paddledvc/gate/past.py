"""What was locked on production branches and tags before, read from the history of models.lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core import history, layout
from paddledvc.core.history import LockText, Past
from paddledvc.errors import InvalidFile
from paddledvc.tools import refs, shell, worktree, yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from paddledvc.core.lock import Lock
    from paddledvc.core.policy import Policy

_FORM = "--format=%x01%H %S %cs"
_HEADS, _REMOTES, _TAGS = "refs/heads/", "refs/remotes/", "refs/tags/"


def past(root: Path, lock: Lock, now: bytes, policy: Policy, more: Mapping[str, str]) -> Past:
    """Find how the versions that are locked now were released before.

    Every state counts that a production branch was in, and every tagged commit.

    Args:
        root: folder of the project.
        lock: what is locked now.
        now: the text of that.
        policy: says which branches are of production.
        more: commits that are of production too, each with the name of its branch.
    """
    known = refs.local(root)
    ours = {ref.name: name for ref in known if (name := _production(ref.name, policy))}
    starts = {**ours, **more}
    tags = [ref.name.removeprefix(_TAGS) for ref in known if ref.name.startswith(_TAGS)]
    states = [*_of_branches(root, starts), *_of_tags(root, tags)]
    blobs = worktree.read_blobs(root, {blob for blob, _ in states})
    texts = (LockText(where=where, data=blobs[blob]) for blob, where in states)
    return Past(
        released=tuple(history.released(texts, lock, now, _value)),
        complete=worktree.ask(root, "rev-parse", "--is-shallow-repository") != "true",
    )


def _production(ref: str, policy: Policy) -> str | None:
    """Name the production branch that a ref is; None if it is none."""
    name = ref.removeprefix(_HEADS) if ref.startswith(_HEADS) else ""
    if ref.startswith(_REMOTES):
        name = ref.removeprefix(_REMOTES).partition("/")[2]
    return name if name and policy.production.covers(name) else None


def _of_branches(root: Path, starts: Mapping[str, str]) -> list[tuple[str, str]]:
    """List every state of models.lock on some branches, oldest first, each where it was."""
    if not starts:
        return []
    # The first parents are what the branches themselves were; what was merged never was released.
    form = ("--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames", "--source", "-z")
    # Submodules and a user's settings must not change what is listed.
    command = ["git", "-c", "log.showRoot=true", "log", "--stdin", *form, _FORM, "--"]
    sent = "".join(f"{start}\n" for start in starts).encode()
    answer = shell.exchange([*command, layout.LOCK], cwd=root, sent=sent)
    states = []
    for entry in answer.decode(errors="replace").split("\1")[1:]:
        head, _, rest = entry.partition("\0")
        commit, source, day = head.strip().split(" ")
        where = f"{starts.get(source, source)} (commit {commit[:7]} of {day})"
        states += [(blob, where) for blob in _blobs(rest)]
    return states[::-1]


def _blobs(raw: str) -> Iterator[str]:
    """Yield the new contents in git's raw form of a difference, but for files that went."""
    for line in raw.split("\0"):
        fields = line.strip().split(" ")
        if fields[0].startswith(":") and set(fields[3]) != {"0"}:
            yield fields[3]


def _of_tags(root: Path, tags: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield models.lock as it is in every tag that has one."""
    names = list(tags)
    if not names:
        return
    prefix = worktree.git(root, "rev-parse", "--show-prefix").rstrip("\n")
    sent = "".join(f"{_TAGS}{name}:{prefix}{layout.LOCK}\n" for name in names).encode()
    command = ["git", "cat-file", "--batch-check=%(objecttype) %(objectname)"]
    answer = shell.exchange(command, cwd=root, sent=sent).decode(errors="replace")
    for name, line in zip(names, answer.splitlines(), strict=True):
        kind, _, blob = line.partition(" ")
        if kind == "blob":
            yield blob, f"the tag {name}"


def _value(text: str) -> object:
    try:
        return yaml.parse(text, layout.LOCK).value
    except InvalidFile:
        return None
