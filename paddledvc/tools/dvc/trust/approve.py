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
    fetched = refs.has_fetched(root)
    if fetched and records.read_record(root) is not None:
        return
    for line in approve_known(root, fetched=fetched):
        logger.warning(line)


def approve_known(root: Path, *, fetched: bool | None = None) -> tuple[str, ...]:
    """Approve what the server's default branch names; without a server, what the work tree names.

    Args:
        root: the project.
        fetched: whether anything has come from a server, for those who have asked git already.

    Returns:
        A line about what is approved by that, if anything is new.
    """
    fetched = refs.has_fetched(root) if fetched is None else fetched
    source, known = _list_known(root, fetched=fetched)
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


def _list_known(root: Path, *, fetched: bool) -> tuple[str | None, list[tuple[Wanted, Realm]]]:
    """Name the branch, empty for the work tree, that says what is known; None if nothing does."""
    here = levels_.read_levels(root)
    if not fetched:
        return "", list_wanted(root, here)
    branch = refs.find_default_branch(root)
    if branch is None:
        return None, []
    return branch.title, list_wanted(root, levels_.read_levels_at(root, branch.target, here))
