"""Weights from this machine into the remote of their branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.display.results import Displayed, Table
from paddledvc.errors import InvalidInput, RemoteFailed
from paddledvc.tools.dvc.linked_tree import share_with_main_tree
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.refs import Ref
from paddledvc.weights.core.transfer_results import list_old_hashes, list_stated_contradictions
from paddledvc.weights.expected import list_expected
from paddledvc.weights.history import History, find_ref_role
from paddledvc.weights.select_outputs import require_selected_remotes, select_outputs, select_remote
from paddledvc.weights.transfer.send_outputs import send_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.models.policy import Policy, Role
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Bad, Sent


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Pushed(Displayed):
    """What ``push`` did with one remote.

    Attributes:
        remote: its name.
        sent: what became of each output that belongs there.
        contradictions: outputs of which DVC's file says what models.lock denies.
        unhashed: outputs that only an older DVC hashed, which are not sent.
        problem: why nothing could be sent, as a sentence; empty if the remote answered.
    """

    _table_of = "sent"
    remote: str
    sent: tuple[Sent, ...] = ()
    contradictions: tuple[Bad, ...] = ()
    unhashed: tuple[Bad, ...] = ()
    problem: str = ""


def push(  # noqa: PLR0913 - each is an option
    project: Project,
    names: Sequence[str] = (),
    *,
    remote: str | None = None,
    revisions: Sequence[str] = (),
    repair: bool = False,
    jobs: int | None = None,
    progress: NamedProgress | None = None,
) -> tuple[Pushed, ...]:
    """Send the weights that the files of the work tree, or of commits, name; what is there stays.

    Each object is hashed before it is sent, and its size is asked for afterwards.

    Args:
        project: the project.
        names: models, outputs, or folders with outputs in them; all by default.
        remote: the remote to send to; by default that of the branch's role.
        revisions: branches, tags or commits whose weights to send instead.
        repair: read everything that the remote has of them, and replace what is bad.
        jobs: how many objects are on their way at a time.
        progress: told how the bytes leave.

    Returns:
        One for each remote that was asked.

    Raises:
        InvalidInput: nothing is called so, or there is no such remote or revision.
        OutsideFailure: the cache cannot be written to, or the disk is full.

    Example:
        project = paddledvc.Project.find()
        for pushed in paddledvc.push(project, revisions=["main"]):
            print(pushed.remote, pushed.problem or "complete")
    """
    require_selected_remotes(project, [remote] if remote else [])
    approve_first(project.root)
    share_with_main_tree(project.root)
    groups: dict[str, dict[Tracked, None]] = {}
    for revision in revisions or (None,):
        name = remote or select_remote(project, _role(project, project.policy(), revision))
        outputs = select_outputs(project, _outputs(project, revision), names)
        groups.setdefault(name, {}).update(dict.fromkeys(outputs))
    done = []
    for name, wanted_ in groups.items():
        try:
            sent = send_outputs(project, wanted_, name, repair=repair, jobs=jobs, progress=progress)
            denied = list_stated_contradictions(wanted_)
            old = list_old_hashes(wanted_)
            done.append(Pushed(remote=name, sent=sent, contradictions=denied, unhashed=old))
        except RemoteFailed as error:
            done.append(Pushed(remote=name, problem=str(error)))
    return Table(done)


def _outputs(project: Project, revision: str | None) -> tuple[Tracked, ...]:
    if revision is None:
        return list_expected(project)
    commit = worktree.resolve_worktree_commit(project.root, revision)
    if commit is None:
        raise InvalidInput(f"there is no branch, tag or commit {revision!r}")
    return History(project).expected(commit)


def _role(project: Project, rules: Policy, revision: str | None) -> Role:
    """Say what a revision is by its name; a bare commit is what the current branch is."""
    if revision is not None:
        full = ask_git(project.root, "rev-parse", "--symbolic-full-name", revision) or ""
        if (role := find_ref_role(rules, Ref(name=full, target=revision))) is not None:
            return role
    return rules.role(worktree.worktree_branch(project.root))
