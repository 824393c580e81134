"""Which remotes and caches this clone trusts, as its user says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc.display.results import Displayed, Table
from paddledvc.errors import InvalidInput
from paddledvc.names import suggest_name
from paddledvc.tools.dvc.trust import gate
from paddledvc.tools.dvc.trust import record as records
from paddledvc.tools.dvc.trust.core.judge_remote import judge_remote
from paddledvc.tools.dvc.trust.core.levels import CACHE_NAME
from paddledvc.tools.dvc.trust.read_levels import read_levels
from paddledvc.tools.dvc.trust.realms import list_wanted, name_approvals
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.dvc.trust.core.levels import Levels

TrustState: TypeAlias = Literal["own", "approved", "unapproved", "refused"]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class RemoteTrust(Displayed):
    """A remote, or the cache, and whether this clone trusts it.

    Attributes:
        name: its name; ``cache`` for the cache.
        state: ``own`` if it lies in this clone, or only this clone names it; ``approved``;
            ``unapproved`` if a branch names it and nobody here has approved that; ``refused`` if a
            branch sets what no branch may.
        where: where it is, and what else a branch says of it, without secrets.
        before: what was approved under this name; empty if nothing was.
        problem: why it is refused, and what to do; empty if nothing is wrong.
    """

    name: str
    state: TrustState
    where: str
    before: str = ""
    problem: str = ""

    def __str__(self) -> str:
        moved = self.before if self.state == "unapproved" else ""
        return f"{self.name}: {f'{moved} → ' if moved else ''}{self.where}"


def list_trust(project: Project, names: Sequence[str] = ()) -> tuple[RemoteTrust, ...]:
    """List the remotes that the work tree names, and the cache if a branch moved it.

    Args:
        project: the project.
        names: remotes, or ``cache``; all by default.

    Raises:
        InvalidInput: nothing is called so.

    Example:
        project = paddledvc.Project.find()
        for remote in paddledvc.list_trust(project):
            print(remote.name, remote.state, remote.where)
    """
    levels = read_levels(project.root)
    record = records.read_record(project.root)
    known = [*_names(levels)]
    for name in names:
        if name not in known:
            hint = suggest_name(name, known) or f"; there are {', '.join(known) or 'none'}"
            raise InvalidInput(f"there is no DVC remote {name!r}{hint}")
    wanted = dict.fromkeys(names or known)
    return Table(_judge(project, levels, record, name) for name in wanted)


def _names(levels: Levels) -> dict[str, None]:
    moved = [CACHE_NAME] if levels.cache[1] else []
    return dict.fromkeys([*levels.remotes, *moved])


def _judge(
    project: Project, levels: Levels, record: records.Record | None, name: str
) -> RemoteTrust:
    said, wanted = levels.says(("", name)), judge_remote(levels, name)
    where = hide_url_secrets(said.get("url", ("", False))[0])
    before = "" if record is None else record.approved_as(name)
    if wanted is not None and wanted.refused:
        problem = str(gate.refusal_of(project.root, wanted))
        return RemoteTrust(name=name, state="refused", where=where, before=before, problem=problem)
    found = {one.name: (one, realm) for one, realm in list_wanted(project.root, levels)}
    if name not in found:
        where = where or levels.cache[0] or ""
        return RemoteTrust(name=name, state="own", where=where)
    one, realm = found[name]
    approved = gate.is_approved(project.root, realm, one.secretive)
    state: TrustState = "approved" if approved else "unapproved"
    return RemoteTrust(name=name, state=state, where=str(realm), before=before)


def trust(
    project: Project,
    names: Sequence[str] = (),
    *,
    confirm: Callable[[Collection[RemoteTrust]], bool] | None = None,
) -> tuple[RemoteTrust, ...]:
    """Approve, for this clone, where remotes are that a branch names.

    Args:
        project: the project.
        names: the remotes, or ``cache``; by default all that are not approved yet.
        confirm: asked with what is about to be approved; nothing is if it says no.

    Returns:
        What was approved, as it was before that.

    Raises:
        InvalidInput: nothing is called so.
        RemoteNotTrusted: a branch sets what no branch may; then nothing was approved.
        OutsideFailure: it cannot be remembered.

    Example:
        project = paddledvc.Project.find()
        for remote in paddledvc.trust(project, ["prod"]):
            print(remote.before, remote.where)
    """
    asked = [one for one in list_trust(project, names) if one.state in ("unapproved", "refused")]
    for one in asked:
        if one.state == "refused" and names:
            refused = judge_remote(read_levels(project.root), one.name)
            if refused is not None:
                raise gate.refusal_of(project.root, refused)
    asked = [one for one in asked if one.state == "unapproved"]
    shown = {one.name: one.where for one in asked}
    # Read before the question: what a branch says by the time of the answer was not shown.
    wanted = list_wanted(project.root, read_levels(project.root))
    new = [(one, realm) for one, realm in wanted if shown.get(one.name) == str(realm)]
    if not asked or (confirm is not None and not confirm(asked)):
        return Table()
    record = records.read_record(project.root)
    old = () if record is None else record.approvals
    records.write_record(project.root, [*old, *name_approvals(new)])
    return Table(asked)


def revoke_trust(project: Project, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Forget what this clone has approved; nothing is approved by itself again.

    Args:
        project: the project.
        names: the remotes; all by default.

    Returns:
        What was forgotten, as it was shown when it was approved.

    Raises:
        InvalidInput: nothing was approved under such a name.

    Example:
        project = paddledvc.Project.find()
        paddledvc.revoke_trust(project, ["prod"])
    """
    record = records.read_record(project.root)
    approvals = () if record is None else record.approvals
    for name in names:
        if not any(name in one.names for one in approvals):
            raise InvalidInput(f"nothing was approved under the name {name!r}")
    gone = [one for one in approvals if not names or set(names) & set(one.names)]
    records.write_record(project.root, [one for one in approvals if one not in gone])
    return tuple(one.shown for one in gone)
