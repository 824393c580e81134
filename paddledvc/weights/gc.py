"""Objects that nothing needs any more, out of the cache and the remotes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.weights.garbage import collect as plans
from paddledvc.weights.garbage.collect import GcScope

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.weights.core.retention import Held, Holder
    from paddledvc.weights.garbage.collect import GcPlan


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Kept(Displayed):
    """What is kept, and for whom.

    Attributes:
        holder: who needs it.
        count: how many of them there are.
        objects: how many objects they need; others may need them too.
    """

    holder: Holder
    count: int
    objects: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Garbage:
    """An object that nothing needs.

    Attributes:
        oid: its name.
        size: in bytes.
        path: where it lay, as far as the history tells.
        model: name of the model whose weights it was.
        version: the version of that model.
        folder: path of the folder that it was in, or whose files it lists.
    """

    oid: str
    size: int
    path: str | None
    model: str | None
    version: str | None
    folder: str | None


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Cleaned(Displayed):
    """The cache, or a remote, and what may go from it.

    Attributes:
        name: ``cache``, or the name of the remote.
        where: its folder or URL.
        needed: how many objects are needed.
        young: how many nothing needs yet, that came only now.
        garbage: the others.
        strange: how many stay because no commit of the repository ever named them: they may be
            another repository's.
    """

    name: str
    where: str
    needed: int
    young: int
    garbage: tuple[Garbage, ...]
    strange: int = 0

    @property
    def size(self) -> int:
        """Bytes of all that may go."""
        return sum(one.size for one in self.garbage)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Collected(Displayed):
    """What was found, and whether it is gone.

    Attributes:
        kept: who needs how much.
        places: what may go, or has gone, place by place.
        lost: folders that recent commits need, of which not even the listing is anywhere.
        removed: whether the garbage was removed.
    """

    _table_of = "places"
    kept: tuple[Kept, ...]
    places: tuple[Cleaned, ...]
    lost: tuple[str, ...]
    removed: bool


def gc(
    project: Project,
    scope: GcScope | None = None,
    *,
    force: bool = False,
    offline: str | None = None,
) -> Collected:
    """Find, and with ``force`` remove, the objects that nothing needs.

    Needed is what the work trees, the branches and tags of this repository and of those that it
    fetches from, the stashes, and all commits of the last days need. Objects of DVC 1 and 2 and
    DVC's run-cache are left alone.

    Args:
        project: the project.
        scope: what to clean, and what to keep; by default the cache, and 30 days.
        force: remove it.
        offline: what forbids the network, without which nobody knows what others need.

    Raises:
        InvalidInput: not all that must stay can be known, or somebody else may use a place.
        InvalidFile: a file that says what must stay cannot be read.
        OutsideFailure: a repository or a remote cannot be reached, or DVC is running.
        Finding: something changed between the look and the removal; nothing was removed.

    Example:
        project = paddledvc.Project.find()
        scope = paddledvc.GcScope(remotes=("dev",), days=90, unshared=True)
        for place in paddledvc.gc(project, scope).places:
            print(place)
    """
    if offline is not None:
        raise InvalidInput(f"gc must ask the git remotes what they need; {offline} forbids that")
    approve_first(project.root)
    with closing(plans.plan_garbage(project, scope or GcScope())) as plan:
        if force:
            plan.remove()
        return _collected(plan, removed=force)


def _collected(plan: GcPlan, *, removed: bool) -> Collected:
    kept = [
        Kept(holder=one.holder, count=one.count, objects=len(one.objects)) for one in plan.needs
    ]
    cleaned = [
        Cleaned(
            name=place.name,
            where=place.where,
            needed=len(found.needed),
            young=len(found.recent),
            garbage=tuple(_garbage(plan, one) for one in found.garbage),
            strange=len(found.unclaimed),
        )
        for place, found in plan.objects
    ]
    return Collected(kept=tuple(kept), places=tuple(cleaned), lost=plan.lost, removed=removed)


def _garbage(plan: GcPlan, held: Held) -> Garbage:
    label = plan.labels.get(held.oid)
    return Garbage(
        oid=held.oid,
        size=held.size,
        path=None if label is None else label.path,
        model=None if label is None else label.model,
        version=None if label is None else label.version,
        folder=plan.folders.get(held.oid),
    )
