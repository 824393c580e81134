"""Releases approved by people who did not make them, in tags that they sign."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc.catalogs.core.release_statements import render_statement
from paddledvc.errors import Finding, InvalidInput
from paddledvc.gate.core.approvals import name_approval
from paddledvc.gate.read_approvals import read_signers
from paddledvc.gate.read_releases import read_released_bytes
from paddledvc.names import SIGNERS
from paddledvc.project import SnapshotFiles
from paddledvc.releases import send_tags
from paddledvc.releases.promote import Tagged
from paddledvc.releases.registered import (
    find_locked_version,
    find_registered,
    read_production_rules,
    read_release_approvals,
    split_version,
)
from paddledvc.tools.git import signatures, worktree
from paddledvc.tools.git.command import run_git, try_git
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from paddledvc.catalogs.core.release_statements import Statement
    from paddledvc.gate.core.approvals import Approvals
    from paddledvc.project import Project
    from paddledvc.releases.registered import Registered, Rules


def approve_release(
    project: Project, name: str, *, message: str = "", push: bool = False, dry_run: bool = False
) -> Tagged:
    """Approve a release in a tag that is signed by an SSH key.

    Args:
        project: the project.
        name: the model, as ``NAME`` for the version that HEAD has locked, or ``NAME@V``.
        message: what else the tag is to say.
        push: send the tag.
        dry_run: write and send nothing.

    Raises:
        InvalidInput: there is no such release, git has no SSH key to sign with, or the production
            branch names no signers.
        Finding: the version is withdrawn; who approves it made the change or the release, is none
            of the signers, or approved it before.
        OutsideFailure: git failed, or the git remote rejects the tag.

    Example:
        import paddledvc

        project = paddledvc.Project.find(".")
        print(paddledvc.approve_release(project, "detector@v1.2.0").tag)
    """
    root = project.root
    model, version = split_version(name)
    found = find_registered(project, model)
    one = found.version(version or find_locked_version(root, model))
    if gone := found.withdrawn_by(one):
        raise Finding(f"{model} {one.version} is withdrawn by {gone}; approve one that stands")
    rules = read_production_rules(project)
    if not read_signers(root, rules.commit).strip():
        raise InvalidInput(
            f"{rules.title} has no {SIGNERS}, which says whose approvals count; add it there, as "
            "docs/release.md shows"
        )
    send_tags.require_identity(root)
    signatures.require_ssh_signing(root)
    remote = send_tags.find_push_remote(root, worktree.worktree_branch(root)) if push else None
    approvals = read_release_approvals(root, found, one.tag, rules)
    stated = _require_true_statement(root, model, approvals)
    email = run_git(root, "var", "GIT_COMMITTER_IDENT").rpartition("<")[2].partition(">")[0]
    if why := approvals.explain_author(email):
        raise Finding(f"{email} {why}; someone else has to approve {model} {one.version}")
    done = Tagged(
        model=model,
        version=one.version,
        tag=name_approval(found.artifact, one.version, email),
        commit=one.commit,
        made=True,
        dry_run=dry_run,
    )
    before = _find_own(approvals, email)
    if before is None and not dry_run:
        done = replace(done, tag=_unused(done.tag, found.tags))
        text = render_statement(model, stated)
        if message:
            # Indented, so that no line of it is read as a part of the statement.
            text += f"\n\n{textwrap.indent(message, '  ')}"
        send_tags.make_tag(root, done.tag, one.commit, text, sign=True)
        done = replace(done, principal=_require_counted(root, found, one.tag, done.tag, rules))
    elif before is not None:
        done = replace(done, principal=before, tag=approvals.counted[before], made=False)
        if remote is None:
            raise Finding(
                f"{before} approved {model} {one.version} before, in {done.tag}; --push sends it"
            )
    if remote is not None and not dry_run:
        send_tags.push_tags(root, remote, [one.tag, done.tag])
        done = replace(done, pushed=remote)
    return done


def _require_true_statement(root: Path, model: str, approvals: Approvals) -> Statement:
    """Give what the tag of a release states, which has to be what its commit holds."""
    stated, commit, tag = approvals.stated, approvals.commit, approvals.release
    if stated is None or commit is None:
        raise Finding(
            f"{tag} states no bytes to approve: `paddledvc release create` did not make it"
        )
    registry = SnapshotFiles(Snapshot.tree(root, commit)).registry()
    found = read_released_bytes(root, [(registry.model(model), commit)])[0]
    if stated.commit != commit or found is None or found[1:] != (stated.weights, stated.export):
        raise Finding(
            f"{tag} states other bytes than its commit {commit[:7]} has; run `paddledvc check`, "
            "which says what was moved"
        )
    return stated


def _find_own(approvals: Approvals, email: str) -> str | None:
    """Name the principal by which someone approved a release before; None where they did not."""
    own = approvals.addresses(email)
    return next((one for one in approvals.counted if approvals.addresses(one) == own), None)


def _unused(name: str, tags: Collection[str]) -> str:
    number, found = 1, name
    while found in tags:
        number += 1
        found = f"{name}-{number}"
    return found


def _require_counted(root: Path, found: Registered, release: str, tag: str, rules: Rules) -> str:
    """Give who signed an approval; take it back where it does not count."""
    why, principal = "it is not signed by another person than those before", None
    try:
        approvals = read_release_approvals(root, found, release, rules)
        principal = next((who for who, name in approvals.counted.items() if name == tag), None)
        why = dict(approvals.refused).get(tag, why)
    finally:
        if principal is None:
            try_git(root, "tag", "--delete", "--", tag)
    if principal is None:
        raise Finding(
            f"{release} was not approved by this signature, and {tag} was not kept: {why}"
        )
    return principal
