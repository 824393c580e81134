"""Everything that must hold before models get in: schema, lock, stages and policy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from paddledvc.gate import subject
from paddledvc.gate.judge_subject import judge_subject

if TYPE_CHECKING:
    from datetime import date

    from paddledvc.gate.core.violations import Verdict
    from paddledvc.project import Project


def check(
    project: Project,
    *,
    branch: str | None = None,
    base: str | None = None,
    remote: bool = False,
    today: date | None = None,
) -> Verdict:
    """Judge the work tree, or what HEAD changes, by the policy of a branch.

    Without ``branch`` and ``base``, CI says what is judged, and elsewhere git: the work tree as it
    is, by the rules of the branch that is checked out. Nothing but ``remote`` uses the network.

    Args:
        project: the project.
        branch: the branch whose rules count.
        base: a revision; judge what merging HEAD into it gives, by the policy that it states.
        remote: look too whether the branch's remote holds the bytes of every output, and whether
            the registries of images still have those that are locked.
        today: the day, for waivers; by default that of this machine.

    Returns:
        The verdict; an error in it is what must not be.

    Raises:
        InvalidInput: the base is not known here, or nothing tells the branch.
        ToolFailed: git failed.
        RemoteFailed: with ``remote``, DVC's remotes cannot be asked at all.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "models.yaml").write_text("models: [{name: a, version: '>=1'}]")
    >>> from paddledvc import Project
    >>> [one.rule for one in check(Project(root), branch="main").errors]
    ['registry-invalid']
    """
    judged = subject.find_subject(project.root, branch=branch, base=base, environment=os.environ)
    return judge_subject(project, judged, remote=remote, today=today)
