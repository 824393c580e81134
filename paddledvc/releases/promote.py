"""Released versions put into release stages, as the policy of the production branch allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc.catalogs.core.gto_names import is_release_stage
from paddledvc.display.results import Displayed
from paddledvc.errors import Finding, InvalidInput
from paddledvc.gate.core.releases.approval_rules import describe_lacking
from paddledvc.names import suggest_name
from paddledvc.releases import send_tags
from paddledvc.releases.registered import (
    find_locked_version,
    find_registered,
    read_production_rules,
    read_release_approvals,
    split_version,
)
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.git.refs import Ref

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.models.policy import StageRule
    from paddledvc.project import Project
    from paddledvc.releases.registered import Registered, Rules

_SHORT = 7


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Tagged(Displayed):
    """A tag about a release.

    Attributes:
        model: name of the model.
        version: the version, as its tag spells it; None for the model as a whole.
        tag: the tag.
        commit: the commit that it names.
        stage: the release stage that it assigns; None where it does not.
        principal: who signed it, by the list of signers; None for what needs no signature.
        made: whether it is new, or with ``dry_run`` would be.
        pushed: the git remote that has it now; None where nothing was sent.
        dry_run: whether nothing was written.
    """

    model: str
    version: str | None
    tag: str
    commit: str
    stage: str | None = None
    principal: str | None = None
    made: bool
    pushed: str | None = None
    dry_run: bool = False


def promote_release(
    project: Project, name: str, stage: str, *, push: bool = False, dry_run: bool = False
) -> Tagged:
    """Put a released version into a release stage.

    Args:
        project: the project.
        name: the model, as ``NAME`` for the version that HEAD has locked, or ``NAME@V``.
        stage: the release stage, such as ``prod``.
        push: send the tag.
        dry_run: write and send nothing.

    Raises:
        InvalidInput: there is no such release or stage.
        Finding: the version is withdrawn, on none of the branches that the stage takes, or has too
            few approvals.
        OutsideFailure: git failed, or the git remote rejects the tag.

    Example:
        import paddledvc

        project = paddledvc.Project.find(".")
        print(paddledvc.promote_release(project, "detector@v1.2.0", "prod").tag)
    """
    root = project.root
    model, version = split_version(name)
    found = find_registered(project, model)
    one = found.version(version or find_locked_version(root, model))
    rules = read_production_rules(project)
    rule = _require_stage(rules, stage)
    if gone := found.withdrawn_by(one):
        raise Finding(f"{model} {one.version} is withdrawn by {gone}, and goes into no stage")
    _require_branch(root, f"{model} {one.version}", one.commit, stage, rule, rules)
    _require_approvals(root, found, one.tag, stage, rule, rules)
    held = found.standing.holder(stage)
    is_held = held is not None and held.commit == one.commit
    tag = (
        held.tag
        if held is not None and is_held
        else (f"{found.artifact}#{stage}#{found.next_number}")
    )
    return tag_release(
        root,
        found,
        Tagged(
            model=model,
            version=one.version,
            tag=tag,
            commit=one.commit,
            stage=stage,
            made=not is_held,
            dry_run=dry_run,
        ),
        f"{model} {one.version} in {stage}",
        push=push,
        also=(one.tag,),
    )


def tag_release(  # noqa: PLR0913
    root: Path,
    found: Registered,
    wanted: Tagged,
    message: str,
    *,
    push: bool,
    also: tuple[str, ...] = (),
) -> Tagged:
    """Make a tag unless there is one, and send it, with others that it is about."""
    if wanted.dry_run:
        return wanted
    remote = send_tags.find_push_remote(root, worktree.worktree_branch(root)) if push else None
    if wanted.made:
        send_tags.require_identity(root)
        send_tags.make_tag(root, wanted.tag, wanted.commit, message, after=found.events)
    if remote is not None:
        send_tags.push_tags(root, remote, [*also, wanted.tag])
    return replace(wanted, pushed=remote)


def _require_stage(rules: Rules, stage: str) -> StageRule:
    if not is_release_stage(stage):
        raise InvalidInput(
            f"{stage!r} is no name of a release stage, expected letters, digits, '/', '_' and '-', "
            "such as prod"
        )
    rule = rules.policy.stage_rule(stage)
    if rule is None:
        known = rules.policy.stages
        hint = suggest_name(stage, known) or f"; it lists {', '.join(known)}"
        raise InvalidInput(f"the policy of {rules.title} lists no release stage {stage!r}{hint}")
    return rule


def _require_branch(  # noqa: PLR0913, PLR0917
    root: Path, what: str, commit: str, stage: str, rule: StageRule, rules: Rules
) -> None:
    form = ("for-each-ref", "--format=%(refname)", f"--contains={commit}")
    listed = run_git(root, *form, "refs/heads", "refs/remotes").splitlines()
    branches = [branch for name in listed if (branch := Ref(name=name, target="").branch)]
    if any(map(rule.covers, branches)):
        return
    here = dict.fromkeys(one for one in branches if one != "HEAD")
    where = f"is on {', '.join(here)} only" if here else "is on no branch that this clone knows"
    raise Finding(
        f"{what} (commit {commit[:_SHORT]}) {where}; {stage} takes commits of "
        f"{', '.join(rule.branches)}, by the policy of {rules.title}. Merge the commit there, or "
        "run `git fetch` if that is done"
    )


def _require_approvals(  # noqa: PLR0913, PLR0917
    root: Path, found: Registered, tag: str, stage: str, rule: StageRule, rules: Rules
) -> None:
    if not rule.approvals:
        return
    approvals = read_release_approvals(root, found, tag, rules)
    if len(approvals.counted) < rule.approvals:
        lacking = describe_lacking(approvals, rule.approvals)
        raise Finding(
            f"{stage} asks for approvals, by the policy of {rules.title}: {tag} {lacking}"
        )
