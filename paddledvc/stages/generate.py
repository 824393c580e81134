"""models.yaml and models.lock to stages in dvc.yaml."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidFile, InvalidInput, Problem, StaleStages
from paddledvc.locking import missing_code
from paddledvc.locking.current import UPDATE, current_lock
from paddledvc.locking.resolve import Resolved, resolve_conflicts
from paddledvc.names import suggest_name
from paddledvc.project import PARAMS_SECTIONS, Inputs
from paddledvc.schemas import template_text
from paddledvc.stages import plan as plans
from paddledvc.stages.core.pipeline import ERRORS_PLOT
from paddledvc.tools.code.source_files import Sources
from paddledvc.tools.dvc.library import require_usable_dvc
from paddledvc.yaml import reader, writer
from paddledvc.yaml.edit.lists import require_meant_edit
from paddledvc.yaml.edit.sections import Changes, splice_section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project
    from paddledvc.stages.core.pipeline import Merge
    from paddledvc.yaml.conflicts import Side
    from paddledvc.yaml.document import Document

logger = logging.getLogger(__name__)
_KEEPS_NEWLINES = re.compile(r"[|>]\d?\+")
"""The head of a text to which all newlines after it belong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entries:
    """What happened to the entries of one section of dvc.yaml, by name.

    Attributes:
        added: entries that were not there.
        changed: entries of ours that are different now.
        removed: entries of ours that nothing asks for any more.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Generated(Displayed):
    """What generating did to dvc.yaml.

    Attributes:
        resolved: files in whose merge conflicts a side was taken.
        unresolved: files that are still in conflict.
    """

    stages: Entries
    artifacts: Entries
    resolved: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()


def generate(
    project: Project,
    *,
    check: bool = False,
    resolve: Side | None = None,
    use: LockUse = UPDATE,
) -> Generated:
    """Bring the stages and artifacts of every model into dvc.yaml.

    Only entries that bear our mark are touched; everything else keeps every byte. Where nothing
    changes, nothing is written.

    Args:
        project: the project.
        check: change nothing, and raise where something would change.
        resolve: the side to take first in each merge conflict of the project's files.
        use: how models.lock may be used.

    Raises:
        StaleStages: with ``check``, dvc.yaml is not what models.yaml and models.lock ask for.
        StaleLock: models.lock is not what models.yaml asks for, and may not be updated.
        InvalidFile: an entry of the user's has a name that we need, a file breaks its rules, or
            models.yaml names code that is not there.
        MissingTool: there is no DVC that works.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.generate(project).stages.added)
    """
    if check and resolve is not None:
        raise InvalidInput("--resolve changes files, which --check forbids")
    if not check:
        require_usable_dvc()  # stages without it are of no use
    resolved = Resolved()
    if resolve is not None:
        with project.exclusive():
            resolved = resolve_conflicts(project, resolve)
    inputs, sources = Inputs(project), Sources(root=project.root)
    registry = inputs.registry
    missing_code.refuse_missing_code(inputs, sources=sources)
    lock = current_lock(project, registry, replace(use, locked="--check") if check else use)
    plans.require_planned_params(project, registry)
    there = missing_code.look_for_missing_code(project, registry, lock)
    wanted = plans.plan_entries(
        project, registry, lock, params=inputs.params, there=there, sources=sources
    )
    missing_code.warn_of_missing_files(inputs, there)
    _warn_of_unclaimed(inputs)
    merges = plans.plan_changes(inputs.stages, wanted)
    if check:
        _require_nothing_to_do(merges)
    else:
        _write_errors_plot(project, wanted)
        if any(merges.values()):
            _write(inputs, merges)
    return Generated(
        stages=_entries(merges["stages"]),
        artifacts=_entries(merges["artifacts"]),
        resolved=resolved.taken,
        unresolved=resolved.left,
    )


def _write_errors_plot(project: Project, wanted: plans.Wanted) -> None:
    """Write the template that stages draw their plots by, where DVC looks for it."""
    named = any(ERRORS_PLOT in str(stage.get("plots")) for stage in wanted.stages.values())
    if named and (project.root / ".dvc").is_dir():
        project.write(f".dvc/plots/{ERRORS_PLOT}.json", template_text("errors_plot.json"))


def _entries(plan: Merge) -> Entries:
    return Entries(
        added=tuple(plan.added),
        changed=tuple(sorted(plan.changed)),
        removed=tuple(sorted(plan.removed)),
    )


def _warn_of_unclaimed(inputs: Inputs) -> None:
    """Point at hyperparameters that look like a model's but belong to none."""
    keys = [model.params_key for model in inputs.registry.models]
    old = {model.slug: model.params_key for model in inputs.registry.models}
    value = inputs.params.value
    for key, sections in value.items() if isinstance(value, dict) else ():
        if (
            key in keys
            or not isinstance(sections, dict)
            or not sections.keys() & set(PARAMS_SECTIONS)
        ):
            continue
        if key in old:
            message = f"`dvc exp run -S` cannot address {key!r}; rename it to {old[key]!r}"
        else:
            message = f"{key!r} is no model's slug{suggest_name(str(key), keys)}"
        logger.warning("%s: %s", names.PARAMS, message)


def _require_nothing_to_do(merges: dict[str, Merge]) -> None:
    reasons = [f"{name} {why}" for plan in merges.values() for name, why in plan.differences]
    if reasons:
        advice = "dvc.yaml is stale; run `paddledvc generate` to update it:"
        raise StaleStages("\n  ".join((advice, *reasons)))


def _write(inputs: Inputs, merges: dict[str, Merge]) -> None:
    inputs.project.write(names.STAGES, render_stages_file(inputs.stages, merges))


def render_stages_file(document: Document, merges: Mapping[str, Merge]) -> str:
    """Give dvc.yaml with other entries of ours; every other byte stays.

    Args:
        document: dvc.yaml.
        merges: what its sections should hold, by their keys.

    Raises:
        InvalidFile: a section cannot be edited by line.
    """
    text, before = document.text, document.value or {}
    _require_closed(text, before)
    for key, plan in merges.items():
        changes = Changes(
            replace={name: writer.dump_yaml({name: entry}) for name, entry in plan.changed.items()},
            remove=plan.removed,
            append=[writer.dump_yaml({name: entry}) for name, entry in plan.added.items()],
        )
        text = splice_section(text, names.STAGES, key, changes)
    _require_same(reader.parse_yaml(text, names.STAGES).value or {}, before, merges)
    return text


def _require_closed(text: str, before: Any) -> None:
    """Refuse a file whose last text would get another newline by what is added after it."""
    if text.endswith("\n") and _KEEPS_NEWLINES.search(text) is None:
        return
    if (reader.parse_yaml(f"{text}\n", names.STAGES).value or {}) != before:
        line = text.count("\n") + 1
        message = "the file ends inside of this text; add a newline to its end first"
        raise InvalidFile(
            [Problem(file=names.STAGES, line=line, column=1, path="", message=message)]
        )


def _require_same(after: Any, before: Any, merges: Mapping[str, Merge]) -> None:
    """See that the edited text says exactly what was meant, before it is written."""
    meant = dict(before)
    for key, plan in merges.items():
        entries = {**(meant.get(key) or {}), **plan.changed, **plan.added}
        meant[key] = {name: value for name, value in entries.items() if name not in plan.removed}
    empty: tuple[Any, ...] = (None, {})
    left = {key: value for key, value in after.items() if value not in empty}
    right = {key: value for key, value in meant.items() if value not in empty}
    require_meant_edit(left, right, names.STAGES)
