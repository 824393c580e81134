"""Whether lock, stages, builds and the branch's remote have what the commit asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.models.model import model_stage_name
from paddledvc.weights.core.transfer_results import DAMAGED, worst_transfer_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Level, Violation
    from paddledvc.models.model import Model
    from paddledvc.tools.dvc.core.builds import Built
    from paddledvc.weights.core.transfer_results import Inspected

REPRO = "run `dvc repro` and commit dvc.lock"
_SHOWN = 3
"""Reasons that are told of those why a stage would run again."""
RUN_LOCK = "run `paddledvc lock`"
GENERATE = "run `paddledvc generate`"
RULE = "remote-incomplete"


def judge_build_freshness(facts: Facts) -> Iterator[Violation]:
    """Judge whether all that exports and their evidence follow from was built, and is built last.

    It is what ``dvc status`` would say of these stages, told from the commit alone.
    """
    if facts.role.evidence != "required":
        return
    judged: set[str] = set()
    for model in facts.registry.models if facts.registry else ():
        names = [one for one in _stages_behind(facts, model) if one not in judged]
        judged.update(names)
        if never := [name for name in names if name not in facts.built]:
            verb, them = ("has", "it") if len(never) == 1 else ("have", "them")
            message = (
                f"{model.name}: {', '.join(never)} {verb} not run, as dvc.lock does not have "
                f"{them}; {REPRO}"
            )
            yield facts.of_model("not-built", message, model.name)
        for name in names:
            if name not in facts.built:
                continue
            if whys := [*_why_outdated(facts, name)]:
                yield _finding(facts, model, name, whys)
            elif whys := [*_changed_folders(facts, name)]:
                yield _finding(facts, model, name, whys, level="warning")


def _stages_behind(facts: Facts, model: Model) -> Iterator[str]:
    """Name the stages that a model's export and evidence follow from, in the order of the work."""
    measured = model.evaluate is not None and facts.role.metrics == "required"
    if facts.registry is None or facts.stages is None or not (model.exports or measured):
        return
    for name in reversed(facts.registry.lineage(model.name)):
        kinds: tuple[names.StageKind, ...] = ("sync", "train")
        if name == model.name:
            kinds = ("sync", "train", "export", "verify", "evaluate")
            kinds = kinds if measured else kinds[:-1]
        for kind in kinds:
            stage = model_stage_name(kind, facts.registry.model(name))
            if stage in facts.stages:
                yield stage


def _finding(
    facts: Facts, model: Model, name: str, whys: list[str], *, level: Level = "error"
) -> Violation:
    more = len(whys) - _SHOWN
    why = ", ".join(whys[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return facts.found(
        "not-built",
        f"{model.name}: {name} {why}; {REPRO}",
        level=level,
        model=model.name,
        file=names.DVC_LOCK,
        path=("stages", name),
        at_key=True,
    )


def would_stage_run(facts: Facts, name: str) -> bool:
    """Tell whether a stage that has run would run again; False where that cannot be told."""
    return any(explain_outdated_stage(facts, name))


def explain_outdated_stage(facts: Facts, name: str) -> Iterator[str]:
    """Say why a stage that has run would run again, as ends of sentences about it."""
    if facts.stages is not None and name in facts.stages and name in facts.built:
        yield from _why_outdated(facts, name)


def _why_outdated(facts: Facts, name: str) -> Iterator[str]:
    """Say why a stage would run again, as ends of sentences about it; nothing if it would not."""
    assert facts.stages is not None
    built, stage = facts.built[name], facts.stages[name]
    if built.command != stage["cmd"]:
        yield f"ran as `{built.command}`, and dvc.yaml now says `{stage['cmd']}`"
    yield from _changed_deps(facts, stage, built)
    for key in stage.get("params", ()):
        if isinstance(key, dict):
            for file in key:
                if built.params_files.get(file) != facts.params_files.get(file):
                    yield f"ran with different hyperparameters in {file}"
        elif built.params.get(key) != _at(facts.params, key):
            yield f"ran with different hyperparameters {key}"
    for path in _outs(stage):
        now = facts.digests.get(path)
        if path not in built.outs:
            yield f"ran without writing {path}"
        elif now and built.outs[path] not in now:
            yield f"wrote a different {path}"


def _changed_deps(facts: Facts, stage: Mapping[str, Any], built: Built) -> Iterator[str]:
    for path in stage.get("deps", ()):
        written = facts.written.get(path)
        now = facts.digests.get(path) if written is None else {written.md5}
        if path not in built.deps:
            yield f"ran without {path}"
        elif now and built.deps[path] not in now:
            yield f"ran with a different {path}"


def _changed_folders(facts: Facts, name: str) -> Iterator[str]:
    """Say which folders of git a stage ran with that were others, as far as git can tell."""
    assert facts.stages is not None
    built = facts.built[name]
    for path in facts.stages[name].get("deps", ()):
        now = facts.folders.get(path)
        if now is not None and now != built.deps.get(path):
            yield f"ran with a different {path}, unless git ignores a part of that"


def _at(params: Mapping[str, Any], key: str) -> object:
    value: Any = params
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _outs(stage: Mapping[str, Any]) -> Iterator[str]:
    for section in ("outs", "metrics", "plots"):
        for entry in stage.get(section, ()):
            yield from (entry,) if isinstance(entry, str) else entry


def judge_lock_freshness(facts: Facts) -> Iterator[Violation]:
    """Judge models.lock."""
    if facts.registry is None:
        return
    if facts.lock is None:
        invalid = any(one.rule == "lock-invalid" for one in facts.unreadable)
        if facts.registry.models and not invalid:
            message = f"there is no {names.LOCK}; {RUN_LOCK} and commit it"
            yield facts.found("lock-missing", message, level=facts.level, file=names.LOCK)
        return
    for reason in facts.stale:
        # What several people ask for comes in lines of its own, which CI would not show.
        why = "; ".join(line.strip() for line in reason.why.splitlines())
        message = f"{reason.model}: {why}; {RUN_LOCK}"
        known = reason.model in facts.registry.by_name
        place = facts.of_model if known else facts.of_pin
        yield place("lock-stale", message, reason.model, level=facts.level)


def judge_stage_freshness(facts: Facts) -> Iterator[Violation]:
    """Judge the stages and artifacts of dvc.yaml."""
    if names.STAGES not in facts.documents and facts.outdated:
        message = f"there is no {names.STAGES}; {GENERATE} and commit it"
        yield facts.found("stages-stale", message, level=facts.level, file=names.STAGES)
        return
    for one in facts.outdated:
        yield facts.found(
            "stages-stale",
            f"{one.name} {one.why}; {GENERATE}",
            level=facts.level,
            file=names.STAGES,
            path=(one.section,) if one.missing else (one.section, one.name),
            at_key=True,
        )


def judge_remote_freshness(facts: Facts) -> Iterator[Violation]:
    """Tell of every output that the remote does not have as it should."""
    untrusted = [one for one in facts.missing or () if one.state == "untrusted"]
    silent = [one for one in facts.missing or () if one.state == "unreachable"]
    for one in facts.missing or ():
        if one not in (*silent, *untrusted):
            yield _of_output(facts, one)
    if untrusted:
        yield facts.found(RULE, untrusted[0].found)
    if silent:
        message = (
            f"the remote {silent[0].remote} cannot say whether it has {_many(silent)}: "
            f"{silent[0].found}; make sure that it answers, and check again"
        )
        yield facts.found(RULE, message)


def _many(silent: list[Inspected]) -> str:
    more = len(silent) - 1
    return silent[0].tracked.title + (f" and {more} more" if more else "")


def _of_output(facts: Facts, one: Inspected) -> Violation:
    chief, tracked = worst_transfer_problem(one.problems), one.tracked
    repair = " --repair" if chief.kind in DAMAGED else ""
    mend = f"; run `paddledvc push{repair}` where its bytes are"
    if chief.kind == "refused":
        mend = "; check who wrote that listing"
    message = f"{chief}{'' if chief.kind == 'contradicted' else mend}"
    if tracked.pinned and tracked.model is not None:
        return facts.of_pin(RULE, message, tracked.model)
    written = facts.written.get(tracked.path)
    if written is None:
        return facts.found(RULE, message, model=tracked.model)
    path = ("stages", written.stage)
    return facts.found(
        RULE, message, model=tracked.model, file=names.DVC_LOCK, path=path, at_key=True
    )
