"""What was measured of every model where a change goes to, and what was released of it before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.evaluation.core.measured import baseline_path
from paddledvc.gate import read_facts
from paddledvc.gate.core.facts import Baseline, Facts
from paddledvc.gate.core.released_builds import released_weights_before
from paddledvc.project import SnapshotFiles
from paddledvc.tools.git.project_files import find_project_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from paddledvc.gate.core.released_builds import Making
    from paddledvc.models.model import Model
    from paddledvc.project import ProjectFiles
    from paddledvc.tools.git.snapshot import FolderSnapshot


def read_baseline(
    project: ProjectFiles,
    facts: Facts,
    before: FolderSnapshot,
    *,
    where: str,
    list_new_commits: Callable[[], Collection[str]],
) -> Facts:
    """Add what was measured of the models before a change, where any of it is judged.

    Args:
        project: the files that are judged.
        facts: what is judged, its history included.
        before: what the change goes to.
        where: what people call that.
        list_new_commits: names the commits since that: no release, whatever they hold.
    """
    models = facts.registry.models if facts.registry is not None else ()
    wanted = [one for one in models if one.evaluate or (one.train and one.metrics)]
    at = SnapshotFiles(before)
    if facts.role.metrics == "none" or not (wanted or _may_measure(at)):
        return facts
    then = read_facts_before(at, facts)
    anew = {
        model.name: text
        for model in wanted
        if (text := find_project_text(project.folder, baseline_path(model))) is not None
    }
    baseline = Baseline(
        where=where,
        facts=then,
        measured_anew=anew,
        restored=frozenset(_restored(facts, then, wanted, list_new_commits)),
    )
    return replace(facts, baseline=baseline)


def read_facts_before(at: ProjectFiles, facts: Facts) -> Facts:
    """Read which bytes there were before, and what was measured of them.

    Args:
        at: the files of before.
        facts: what is judged now.
    """
    opened = read_facts.read_registry_facts(at)
    then = replace(
        Facts(
            branch=facts.branch,
            role=facts.role,
            policy=facts.policy,
            own=opened.policy,
            changed=False,
            today=facts.today,
        ),
        documents=opened.documents,
        registry=opened.registry,
    )
    return read_facts.read_metric_facts(at, read_facts.read_version_facts(at, then))


def _may_measure(at: ProjectFiles) -> bool:
    """Tell cheaply whether any model is measured, so that what measures none costs nothing."""
    text = find_project_text(at.folder, names.REGISTRY) or ""
    return "evaluate" in text or ("train" in text and "metrics" in text)


def _restored(
    facts: Facts,
    then: Facts,
    models: Collection[Model],
    list_new_commits: Callable[[], Collection[str]],
) -> Iterator[str]:
    """Name the models that go back to what was released of another version than that of before."""
    if facts.past is None or facts.lock is None or then.lock is None:
        return
    for model in models:
        now = facts.past.now.get(model.name)
        locked, was = (one.by_name.get(model.name) for one in (facts.lock, then.lock))
        if now is None or locked is None or was is None or locked.version == was.version:
            continue
        if _was_released(facts, now, list_new_commits()):
            yield model.name


def _was_released(facts: Facts, now: Making, new: Collection[str]) -> bool:
    assert facts.past is not None
    for made in facts.past.made.get(now.name, ()):
        weights = released_weights_before(made, now)
        if made.state.revision not in new and weights is not None and weights[1] == now.weights:
            return True
    # What models.lock pins is compared there, file by file: any state that locked it will do.
    locked = facts.past.released.get(now.name, ())
    return now.origin == "locked" and any(one.state.revision not in new for one in locked)
