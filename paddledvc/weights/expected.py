"""Which outputs the work tree, or a commit, asks for, and the remotes they belong in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.errors import InvalidFile
from paddledvc.models.policy import Policy, remote_order
from paddledvc.names import DVC_LOCK
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.core.outputs import STAGES_FILE, SUFFIX
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.weights.core.tracked import PATTERNS, Tracked, find_problems, list_tracked
from paddledvc.yaml.conflicts import find_conflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.project import Project


def list_expected(
    project: Project, revision: str | None = None, *, untracked: bool = False
) -> tuple[Tracked, ...]:
    """List what lies, or ought to lie, in the work tree, sorted by path.

    Args:
        project: the project.
        revision: a commit or tree; the files of the work tree as they are by default.
        untracked: look at files of the work tree that git does not know yet, too.

    Raises:
        InvalidFile: one of the files cannot be read; its name says where, the commit is not named.
        ToolFailed: there is no such revision.
    """
    snapshot = (
        Snapshot.work_tree(project.root, untracked=untracked)
        if revision is None
        else Snapshot.tree(project.root, revision)
    )
    return read_expected(project, snapshot.texts(PATTERNS))


def read_expected(project: Project, texts: Mapping[str, str]) -> tuple[Tracked, ...]:
    """Read what files say lies in the work tree, sorted by path."""
    if conflicted := find_conflict(texts.get(names.REGISTRY, ""), names.REGISTRY):
        raise InvalidFile([conflicted])  # the others follow it
    lock = project.parse_lock(texts[names.LOCK]) if names.LOCK in texts else None
    return list_tracked(
        lock, {name: value(name, text) for name, text in texts.items() if _tells(name)}
    )


def _tells(name: str) -> bool:
    return name.rpartition("/")[2] in (STAGES_FILE, DVC_LOCK) or name.endswith(SUFFIX)


def value(name: str, text: str) -> Any:
    """Read a file of DVC.

    Raises:
        InvalidFile: it is not YAML, or has merge conflicts, or a hash in it is none.
    """
    from paddledvc.yaml import reader  # noqa: PLC0415

    document = reader.parse_yaml(text, name)
    if found := find_problems(document):
        raise InvalidFile(found)
    return document.value


def remotes_of_role(project: Project, branch: str | None, policy: Policy) -> tuple[str, ...]:
    """Name the DVC remotes of a project, that of the branch's role first."""
    config = configuration.read_config(project.root)
    return remote_order(policy.role(branch), list(config.remotes), config.default)
