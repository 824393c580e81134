"""Whether the records of trainings are of the weights that are built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core import registry
from paddledvc.core.record import Record, record_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.judging.facts import Facts
    from paddledvc.core.model import Model
    from paddledvc.core.violations import Violation


def records(facts: Facts) -> Iterator[Violation]:
    """Find records that nobody can go by: torn ones, and those of other bytes."""
    for model in facts.registry.models if facts.registry else ():
        if model.name not in facts.records:
            continue
        try:
            record = Record.from_json(facts.records[model.name])
        except ValueError as error:
            message = f"{record_path(model)} {error}"
            yield _found(facts, model, "record-invalid", message)
            continue
        written = facts.written.get(registry.trained(model))
        md5 = record.weights.hashes.md5
        if written is not None and written.md5 != md5:
            message = (
                f"{record_path(model)} belongs to weights of md5:{md5}, dvc.lock has "
                f"md5:{written.md5} of {registry.trained(model)}"
            )
            yield _found(facts, model, "record-other-bytes", message)


def _found(facts: Facts, model: Model, rule: str, message: str) -> Violation:
    stage = registry.stage_name("train", model)
    advice = (
        f"restore the record of these weights from git, or run `dvc repro --force {stage}` and "
        "commit both"
    )
    return facts.found(
        rule,
        f"{model.name} {model.requires.text}: {message}; {advice}",
        level="warning",
        model=model.name,
        file=record_path(model),
    )
