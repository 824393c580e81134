"""What a change means for models, read from git's objects and judged as the gate does."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.cards.core.card_page import drop_generated
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.gate.core.facts import Baseline, Facts
from paddledvc.gate.core.metrics.metric_regressions import judge_regressions
from paddledvc.gate.judge_subject import judge_with_facts
from paddledvc.gate.lock_history import read_facts_locked_before
from paddledvc.gate.read_baseline import read_baseline, read_facts_before
from paddledvc.gate.subject import find_compared
from paddledvc.inventory.core.model_changes import compare_models
from paddledvc.inventory.core.model_side import Compared, Side, list_stage_deps
from paddledvc.inventory.core.models_diff import ModelsDiff, answer_questions, answer_unreadable
from paddledvc.models.model import model_reports_folder
from paddledvc.models.policy import DEFAULT
from paddledvc.project import SnapshotFiles
from paddledvc.tools.git import repository
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from paddledvc.gate.judge_subject import Judged
    from paddledvc.models.model import Model
    from paddledvc.project import Project, ProjectFiles


def diff(
    project: Project, revisions: str | None = None, *, today: date | None = None
) -> ModelsDiff:
    """Say what a change means for models, with what the gate finds of it; needs no network.

    A change is compared as the gate judges it: as merged into the branch that it goes to.

    Args:
        project: the project.
        revisions: ``BASE`` or ``BASE..HEAD``. Into a BASE that is a branch, HEAD is merged; any
            other commit is compared as it is, without ``..`` with the work tree. None is the branch
            that the job of CI, or else most changes, go to.
        today: the day, for waivers; by default that of this machine.

    Raises:
        InvalidInput: a revision is unknown here, or nothing says what to compare with.
        ToolFailed: git failed.

    Example:
        for change in paddledvc.diff(paddledvc.Project.find(), "main").models:
            print(change.name, change.before, change.after)
    """
    if repository.find_repository_root(project.root) is None:
        raise InvalidInput(f"{project.root} is in no git repository, expected commits to compare")
    judged = judge_with_facts(
        project, find_compared(project.root, revisions, os.environ), today=today
    )
    made = ModelsDiff(
        title=judged.verdict.title,
        base=judged.where,
        commit=judged.since,
        answers=answer_unreadable("the change does not merge"),
        models=(),
        findings=judged.verdict,
    )
    if judged.at is None or judged.facts is None:
        return made
    if judged.facts.registry is None:
        return replace(made, answers=answer_unreadable(f"{names.REGISTRY} cannot be read"))
    facts = _with_baseline(judged.at, judged.facts, judged)
    assert facts.baseline is not None
    models = compare_models(_read_sides(judged.at, facts, facts.baseline, judged))
    return replace(
        made, models=models, answers=answer_questions(models, tuple(judge_regressions(facts)))
    )


def _with_baseline(at: ProjectFiles, facts: Facts, judged: Judged) -> Facts:
    """Add what was measured before, also where the role does not ask for it."""
    role = facts.role if facts.role.metrics != "none" else replace(facts.role, metrics="passing")
    facts = replace(facts, role=role)
    if facts.baseline is None and judged.before is not None:
        facts = read_baseline(
            at,
            facts,
            judged.before,
            where=judged.where,
            list_new_commits=judged.list_new_commits,
        )
    if facts.baseline is not None:
        return facts
    then = Facts(
        branch=facts.branch,
        role=role,
        policy=DEFAULT,
        own=DEFAULT,
        changed=False,
        today=facts.today,
    )
    if judged.before is not None:
        then = read_facts_before(SnapshotFiles(judged.before), facts)
    return replace(facts, baseline=Baseline(where=judged.where, facts=then))


def _read_sides(at: ProjectFiles, facts: Facts, baseline: Baseline, judged: Judged) -> Compared:
    """Read what the gate does not need, of both sides."""
    exact = replace(facts, role=replace(facts.role, versions="exact"))
    before = Side(where=baseline.where, facts=baseline.facts)
    if judged.before is not None:
        before = _read_side(SnapshotFiles(judged.before), baseline.facts, baseline.where)
    after = _read_side(at, facts, "this change")
    return Compared(
        before=before,
        after=replace(after, readers=dict(_read_readers(at))),
        baseline=baseline,
        earlier=read_facts_locked_before(exact, at.snapshot, judged.before),
    )


def _read_side(at: ProjectFiles, facts: Facts, where: str) -> Side:
    models = facts.registry.models if facts.registry is not None else ()
    return Side(
        where=where,
        facts=facts,
        stages=_read_value(at, names.STAGES),
        params=_read_value(at, names.PARAMS) or {},
        own_params={one.name: _read_own_params(at, one) for one in models},
        latencies={
            one.name: text
            for one in models
            if (text := find_project_text(at.folder, f"{model_reports_folder(one)}/latency.json"))
        },
        docs={
            one.docs: _hash_written(data)
            for one in models
            if one.docs is not None and (data := at.snapshot.read(one.docs)) is not None
        },
    )


def _hash_written(data: bytes) -> str:
    """Hash what people wrote of a file: a card that is made anew documents nothing."""
    text = drop_generated(data.decode(errors="surrogateescape"))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _read_value(at: ProjectFiles, name: str) -> Any:
    """Read a YAML file; nothing where it cannot be read, which the gate has found."""
    with suppress(InvalidFile, InvalidInput):
        value = at.read_optional(name).value
        return value if isinstance(value, dict) else {}
    return {}


def _read_own_params(at: ProjectFiles, model: Model) -> Mapping[str, Any]:
    with suppress(InvalidFile, InvalidInput):
        return at.own_params(model)
    return {}


def _read_readers(at: ProjectFiles) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Read what the stages of all pipelines read."""
    files: dict[str, Any] = {}
    for name, text in at.snapshot.texts((names.STAGES, names.DVC_LOCK)).items():
        with suppress(InvalidFile):
            files[name] = reader.parse_yaml(text, name).value
    return list_stage_deps(files)
