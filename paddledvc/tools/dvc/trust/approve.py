"""What is approved without a question, once, where somebody has started a command by hand."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.trust import gate
from paddledvc.tools.dvc.trust import read_levels as levels_
from paddledvc.tools.dvc.trust import record as records
from paddledvc.tools.dvc.trust.realms import list_wanted, name_approvals
from paddledvc.tools.git import refs, worktree

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.tools.dvc.trust.core.judge_remote import Wanted
    from paddledvc.tools.dvc.trust.core.realm import Realm

logger = logging.getLogger(__name__)


def approve_first(root: Path) -> None:
    """Approve what needs no question, and log it; hooks never call this.

    In a clone that has approved nothing yet, such as those of before, it is what the server's
    default branch names, and never what only another branch does. Where nothing has come from a
    server, it is what the work tree names. The settings of a pipeline are its only approval.
    """
    if gate.is_in_pipeline() or worktree.folders_of_clone(root) is None:
        return
    if refs.has_fetched(root) and records.read_record(root) is not None:
        return
    for line in approve_known(root):
        logger.warning(line)


def approve_known(root: Path) -> tuple[str, ...]:
    """Approve what the server's default branch names; without a server, what the work tree names.

    Returns:
        A line about what is approved by that, if anything is new.
    """
    source, known = _list_known(root)
    if source is None:
        return ()
    record = records.read_record(root)
    new = [
        (one, realm)
        for one, realm in known
        if record is None or not record.covers(realm.digest, {one.name, *one.bases})
    ]
    if new or (record is None and source):
        old = () if record is None else record.approvals
        records.write_record(root, [*old, *name_approvals(new)])
    if not new:
        return ()
    told = ", ".join(f"{one.name} ({realm})" for one, realm in new)
    return (f"this clone trusts what {source or 'this repository'} names: {told}",)


def _list_known(root: Path) -> tuple[str | None, list[tuple[Wanted, Realm]]]:
    """Name the branch, empty for the work tree, that says what is known; None if nothing does."""
    here = levels_.read_levels(root)
    if not refs.has_fetched(root):
        return "", list_wanted(root, here)
    branch = refs.find_default_branch(root)
    if branch is None:
        return None, []
    return branch.title, list_wanted(root, levels_.read_levels_at(root, branch.target, here))
