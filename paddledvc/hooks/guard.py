"""What git asks before it commits, and before it pushes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from paddledvc.display.results import display_size
from paddledvc.errors import RemoteFailed, RemoteNotTrusted
from paddledvc.gate.judge_subject import judge_released, judge_tree
from paddledvc.models.policy import DEFAULT, order_remotes_by_policy
from paddledvc.project import read_project_policy
from paddledvc.tools.dvc import configuration, shortcuts
from paddledvc.tools.dvc.linked_tree import share_with_main_tree
from paddledvc.tools.git import worktree
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.weights.core import outcome
from paddledvc.weights.history import History, pick_outputs_for_remotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.gate.core.violations import Verdict
    from paddledvc.models.policy import Policy, Role
    from paddledvc.project import Project
    from paddledvc.tools.git.refs import PushedRef
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Sent


def guard_staged(project: Project, *, index: str | None = None) -> Verdict:
    """Judge what is about to be committed by the rules that the branch has so far.

    Those are in HEAD; the first commit of all is judged by the rules that it states itself.

    Args:
        project: the project.
        index: git's index, absolute, where it is not the usual one, as for ``git commit --all``.

    Raises:
        ToolFailed: git cannot say what is staged, for example during a conflict.
    """
    tree = worktree.write_staged_tree(project.root, index)
    head = worktree.resolve_worktree_commit(project.root, "HEAD")
    return judge_tree(project, tree, branch=worktree.worktree_branch(project.root), before=head)


def pick_pushed_commits(project: Project, pushed: Sequence[PushedRef]) -> tuple[PushedRef, ...]:
    """Leave out tags of what is no commit, such as a file: nobody checks them out."""
    names = [f"{one.commit}^{{commit}}" for one in pushed]
    found = ObjectReader(project.root).read_each(names)
    return tuple(one for one, (known, _) in zip(pushed, found, strict=True) if known is not None)


def guard_pushed(project: Project, pushed: Sequence[PushedRef]) -> tuple[Verdict, ...]:
    """Judge whether released versions keep their bytes in what is about to be pushed.

    Args:
        project: the project.
        pushed: what git is about to push; only branches count whose lock must be fresh, and tags.

    Returns:
        One for each branch or tag with a finding.
    """
    found = []
    for one in pushed:
        policy = _policy(project, one)
        if not _role(policy, one).fresh or (one.branch is None and not one.is_tag):
            continue
        verdict = judge_released(project, one.commit, policy, branch=one.branch, old=one.old)
        if verdict.violations:
            title = f"the tag {one.title}" if one.is_tag else one.title
            found.append(replace(verdict, title=title))
    return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class SentTo:
    """What was sent to a remote before a push.

    Attributes:
        remote: its name; None where there is no remote.
        refs: the branches, tags and other refs whose weights belong there.
        sent: what became of every output of theirs.
        passed: outputs that only earlier commits need, which are pushed along, and one of those.
        problem: why nothing could be sent, as a sentence; empty if the remote answered.
        trusted: whether this clone has approved the remote; else nobody was asked.
    """

    remote: str | None
    refs: tuple[str, ...]
    sent: tuple[Sent, ...] = ()
    passed: Mapping[Tracked, str] = field(default_factory=dict)
    problem: str = ""
    trusted: bool = True

    @property
    def complete(self) -> bool:
        """Whether the remote has all now that the branches and tags themselves need."""
        here = all(one.state != "failed" or one.tracked in self.passed for one in self.sent)
        return here and not self.problem

    @property
    def lines(self) -> tuple[str, ...]:
        """What people should know of it; none if all of it was there."""
        if self.problem:
            return (self.problem,)
        if self.remote is None:
            refs = ", ".join(self.refs)
            return (f"weights: those of {refs} were not sent: .dvc/config names no remote",)
        sent = [one for one in self.sent if one.size]
        size = display_size(sum(one.size for one in sent))
        names = ", ".join(one.tracked.title for one in sent[: outcome.MANY_OUTPUTS])
        more = (
            f" and {len(sent) - outcome.MANY_OUTPUTS} more"
            if len(sent) > outcome.MANY_OUTPUTS
            else ""
        )
        told = [f"weights: sent {names}{more} to {self.remote} ({size})"] if sent else []
        return (*told, *(line for one in self.sent for line in self._problems(one)), *self._lost())

    def _problems(self, sent: Sent) -> Iterator[str]:
        if sent.state == "failed" and sent.tracked not in self.passed:
            yield f"weights: {sent.tracked.title} is not in {self.remote}, and cannot be sent"
            yield from (f"  {problem}" for problem in sent.problems)

    def _lost(self) -> Iterator[str]:
        failed = [one.tracked for one in self.sent if one.state == "failed"]
        lost = [one for one in failed if one in self.passed]
        if lost:
            some = lost[: outcome.MANY_OUTPUTS]
            names = ", ".join(f"{one.title} (commit {self.passed[one][:7]})" for one in some)
            more = f" and {len(lost) - len(some)} more" if len(lost) > len(some) else ""
            yield (
                f"weights: warning: only earlier commits need {names}{more}: not in {self.remote}, "
                "and cannot be sent"
            )


def send_pushed(
    project: Project,
    pushed: Sequence[PushedRef],
    *,
    to: str | None = None,
    progress: NamedProgress | None = None,
) -> tuple[SentTo, ...]:
    """Send what refs need to the remotes of their roles, as far as it is not there.

    A change for review goes where the branch would that it is for; any other ref, which is neither
    branch nor tag, goes where a detached HEAD would.

    So it goes with the commits on the way to them that are new there: somebody may check one out.

    Args:
        project: the project.
        pushed: what git is about to push.
        to: the git remote that it is pushed to; None, or a URL, if it has no name.
        progress: told how the bytes leave.

    Raises:
        InvalidFile: a branch or tag names its weights in a file that cannot be read.
    """
    share_with_main_tree(project.root)
    needed: dict[str | None, _Needed] = {}
    history = History(project)
    for one in pushed:
        outputs = pick_outputs_for_remotes(history.expected(one.commit))
        earlier = history.pushed(one, to)
        if outputs or earlier:
            its = needed.setdefault(_remote(project, one), _Needed())
            its.refs.append(one.title)
            its.outputs.update(dict.fromkeys(outputs))
            its.earlier.update(earlier)
    return tuple(_sent(project, remote, its, progress) for remote, its in needed.items())


def _sent(
    project: Project, remote: str | None, needed: _Needed, progress: NamedProgress | None
) -> SentTo:
    """Send what belongs in a remote; one that is down does not keep the others from theirs."""
    from paddledvc.weights.transfer.send_outputs import send_outputs  # noqa: PLC0415 - it knows the network

    refs = tuple(dict.fromkeys(needed.refs))
    if remote is None:
        return SentTo(remote=None, refs=refs)
    try:
        sent = send_outputs(project, (*needed.outputs, *needed.passed), remote, progress=progress)
    except RemoteFailed as error:
        trusted = not isinstance(error, RemoteNotTrusted)
        return SentTo(remote=remote, refs=refs, problem=str(error), trusted=trusted)
    return SentTo(remote=remote, refs=refs, sent=sent, passed=needed.passed)


@dataclass(frozen=True, slots=True)
class _Needed:
    """What belongs in a remote: for whom, their own, and that of commits before them."""

    refs: list[str] = field(default_factory=list)
    outputs: dict[Tracked, None] = field(default_factory=dict)
    earlier: dict[Tracked, str] = field(default_factory=dict)

    @property
    def passed(self) -> dict[Tracked, str]:
        return {one: commit for one, commit in self.earlier.items() if one not in self.outputs}


def _remote(project: Project, pushed: PushedRef) -> str | None:
    """Name the remote of a ref, by the policy that it had so far; None if there is no remote."""
    role = _role(_policy(project, pushed), pushed)
    with shortcuts.allow_shortcuts():  # git waits, and often nothing is to be sent
        config = configuration.read_dvc_config(project.root)
    return next(iter(order_remotes_by_policy(role, list(config.remotes), config.default)), None)


def _role(policy: Policy, pushed: PushedRef) -> Role:
    if pushed.is_tag:
        return policy.production
    covered = (policy.role(name) for name in (pushed.branch, *pushed.reviewed) if name is not None)
    return next((role for role in covered if role != policy.roles[-1]), policy.role(None))


def _policy(project: Project, pushed: PushedRef) -> Policy:
    commits = filter(None, (pushed.old, pushed.commit))
    return (
        read_project_policy(*(Snapshot.tree(project.root, commit) for commit in commits)) or DEFAULT
    )
