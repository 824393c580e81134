"""Which weights are not what they should be: in the work tree, or in the remotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.display.results import Displayed
from paddledvc.errors import PaddleDVCError
from paddledvc.tools.dvc import shortcuts
from paddledvc.tools.git.hooks import state
from paddledvc.weights.core.transfer_results import cells_of
from paddledvc.weights.expected import list_expected
from paddledvc.weights.select_outputs import select_outputs
from paddledvc.weights.tree.inspect import inspect_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.transfer_results import Inspected
    from paddledvc.weights.tree.inspect import Here


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Status(Displayed):
    """What is in the work tree.

    Attributes:
        outputs: each output that the files of the work tree name.
        hookless: why git's hooks do not bring the weights; empty if they do.
    """

    _table_of = "outputs"
    outputs: tuple[Here, ...]
    hookless: str = ""

    @property
    def clean(self) -> bool:
        """Whether every output is what the files name."""
        return all(one.state == "ok" for one in self.outputs)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Looked(Displayed):
    """An output that branches or tags need in a remote.

    Attributes:
        inspected: what the remote has of it.
        holders: the branches and tags, by name.
    """

    inspected: Inspected
    holders: tuple[str, ...]

    def _cells(self) -> Mapping[str, object]:
        found = self.inspected
        told = {"remote": found.remote, "state": found.state, "needed by": ", ".join(self.holders)}
        return {**cells_of(found.tracked), **told}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class RemoteStatus(Displayed):
    """What the remotes have of what branches and tags need.

    Attributes:
        outputs: each output that is different, sorted by path.
        holders: the branches and tags that were looked at.
        unreadable: branches and tags whose files cannot be read, and why, one sentence each.
    """

    _table_of = "outputs"
    outputs: tuple[Looked, ...]
    holders: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether all of it is there, and intact as far as that was looked at."""
        states = {one.inspected.state for one in self.outputs}
        return not self.unreadable and states <= {"present"}


def status(project: Project, names: Sequence[str] = ()) -> Status:
    """Compare the work tree with what its files name, without DVC and without any network.

    Args:
        project: the project.
        names: models, outputs, or folders with outputs in them; all by default.

    Raises:
        InvalidInput: nothing is called so.
        InvalidFile: a file that names outputs cannot be read.

    Example:
        project = paddledvc.Project.find()
        for output in paddledvc.status(project).outputs:
            print(output.tracked.path, output.state, output.mend)
    """
    outputs = select_outputs(project, list_expected(project), names)
    with shortcuts.allow():  # shells and editors ask it over and over
        found = inspect_tree(project, outputs)
    return Status(outputs=found, hookless=_hookless(project))


def _hookless(project: Project) -> str:
    try:
        states = state.hook_states(project.root)
    except PaddleDVCError as error:
        return str(error)
    if all(one.state == "missing" for one in states):
        return "they are not installed"
    return ", ".join(f"{one.name} is {one.state}" for one in states if one.state != "live")


def remote_status(  # noqa: PLR0913 - each is an option
    project: Project,
    names: Sequence[str] = (),
    *,
    branches: Sequence[str] = (),
    deep: bool = False,
    jobs: int | None = None,
    offline: str | None = None,
    progress: NamedProgress | None = None,
) -> RemoteStatus:
    """Ask the remotes whether they have what branches and tags need, each object once.

    Args:
        project: the project.
        names: models, outputs, or folders with outputs in them; all by default.
        branches: branches and tags; by default those of production and integration, all tags, and
            the branch that is checked out.
        deep: also read every object, and hash its bytes.
        jobs: how many objects are looked at, or read, at a time.
        offline: what forbids to use the network, for messages; None if nothing does.
        progress: told how the bytes arrive that are hashed.

    Raises:
        InvalidInput: there is no such branch or tag, or nothing is called so.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.remote_status(project, branches=["main"], deep=True).clean)
    """
    from paddledvc.weights.ref_needs import list_demands, list_holders  # noqa: PLC0415
    from paddledvc.weights.transfer.inspect_remote import inspect_remote  # noqa: PLC0415 - not for the work tree

    found = list_demands(project, list_holders(project, project.policy(), branches))
    picked = {
        one.path for one in select_outputs(project, [one.tracked for one in found.outputs], names)
    }
    asked = [one for one in found.outputs if one.tracked.path in picked]
    looked = []
    for remote in dict.fromkeys(one.remote for one in asked):
        group = [one for one in asked if one.remote == remote and one.tracked.pushed]
        outputs = {one.tracked: one.holders for one in group}
        answers = inspect_remote(
            project,
            outputs,
            remote,
            deep=deep,
            jobs=jobs,
            offline=offline,
            progress=progress,
        )
        looked += [Looked(inspected=one, holders=outputs[one.tracked]) for one in answers]
    looked.sort(key=lambda one: (one.inspected.tracked.path, one.inspected.remote))
    return RemoteStatus(outputs=tuple(looked), holders=found.holders, unreadable=found.unreadable)
