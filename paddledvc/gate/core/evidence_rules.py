"""Whether all exports and trainings come with reports of the very bytes that are built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from paddledvc.models import registry
from paddledvc.models.model import exported_model_folder, model_stage_name, trained_model_file
from paddledvc.stages.core.record import Record, record_path
from paddledvc.tools.paddle.core import program_outputs
from paddledvc.verification.core.evidence import Evidence, evidence_path
from paddledvc.yaml.formats import NewerFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Level, Violation
    from paddledvc.hashes import Hashes
    from paddledvc.models.model import Model

VERIFY = "run `dvc repro` and commit the report"


def judge_evidence(facts: Facts) -> Iterator[Violation]:
    """Judge the reports of the exported models."""
    if facts.role.evidence == "none" or facts.registry is None:
        return
    for model in facts.registry.models:
        if not model.exports:
            continue
        if model.name in facts.reports:
            yield from _of_model(facts, model, facts.reports[model.name])
        elif facts.role.evidence == "required":
            message = (
                f"{model.name}: there is no {evidence_path(model)}, "
                "expected a report that its export "
                f"agrees with its network; {VERIFY}"
            )
            yield facts.of_model("evidence-missing", message, model.name, "export")


def _of_model(facts: Facts, model: Model, text: str) -> Iterator[Violation]:
    def found(rule: str, message: str, level: Level = "error") -> Violation:
        sentence = f"{model.name}: {message}"
        return facts.found(rule, sentence, level=level, model=model.name, file=evidence_path(model))

    try:
        proof = Evidence.from_json(text)
    except ValueError as error:
        advice = "" if isinstance(error, NewerFormat) else f"; {VERIFY}"
        yield found("evidence-invalid", f"the report {error}{advice}")
        return
    if not proof.passes:
        why = f" ({'; '.join(proof.failures)})" if proof.failures else ""
        message = (
            f"the verdict is {proof.verdict}{why}, expected pass; fix the export or what it is "
            "compared with, then run `dvc repro`"
        )
        yield found("evidence-failing", message)
    elif proof.shows_nothing:
        message = (
            f"the report does not count, because {proof.shows_nothing}; verify it on samples that "
            "the network distinguishes (verify: {samples: …} in models.yaml), and commit the report"
        )
        yield found("evidence-missing", message, _level(facts))
    elif missing := [path for path in facts.role.paths if path not in proof.agreeing]:
        message = (
            f"the report shows no agreement on the path {', '.join(missing)}, which "
            f"{facts.role.name} asks for; verify it where that can run, and commit the report"
        )
        yield found("evidence-path", message)
    if proof.outputs:
        yield from _other_outputs(facts, model, proof)
    difference = next(list_evidence_differences(facts, model, proof), None)
    if difference is not None:
        yield found("evidence-other-bytes", f"{difference}; {VERIFY}", _level(facts))


def _level(facts: Facts) -> Level:
    return "error" if facts.role.evidence == "required" else "warning"


def _other_outputs(facts: Facts, model: Model, proof: Evidence) -> Iterator[Violation]:
    """Find what models.yaml states of the outputs and the exported program has otherwise."""
    for wrong in (
        program_outputs.list_output_mismatches(model.outputs, proof.outputs)
        if model.outputs
        else ()
    ):
        message = (
            f"{model.name}: the exported program gives {wrong.found}, models.yaml states "
            f"{wrong.stated}; state what it gives, or change the network and run `dvc repro`"
        )
        at = ("outputs", wrong.number)
        yield facts.of_model(
            "evidence-other-outputs", message, model.name, *at, level=_level(facts)
        )


class OfFiles(Protocol):
    """A report that says which bytes it is of."""

    def hashes(self, path: str) -> Hashes | None:
        """Give what a file hashed to; None if the report is not of it."""

    def folder(self, path: str) -> str | None:
        """Give DVC's MD5 of a folder; None if the report is not of it."""


def list_evidence_differences(
    facts: Facts, model: Model, proof: OfFiles, *, exported: bool = True
) -> Iterator[str]:
    """Say which bytes a report is not of, each as a sentence about the report.

    Args:
        facts: what is judged.
        model: whose report it is.
        proof: the report.
        exported: whether it is to be of the exported files too.
    """
    if facts.registry is None or facts.lock is None or model.name not in facts.lock.by_name:
        return
    weights = registry.weights_in_registry(facts.registry, facts.lock, model)
    if weights is not None:
        verified = proof.hashes(weights)
        if verified is None:
            yield f"the report is not of {weights}, which is its weights now"
        else:
            yield from _other_weights(facts, weights, verified)
    if not exported:
        return
    folder = exported_model_folder(model)
    now, then = facts.written.get(folder), proof.folder(folder)
    if now is not None and now.md5 != then:
        yield (
            f"the report is of {folder} with md5:{then or 'unknown'}, dvc.lock has md5:{now.md5}"
        )


def _other_weights(facts: Facts, path: str, verified: Hashes) -> Iterator[str]:
    locked, written = facts.pinned.get(path), facts.written.get(path)
    found = locked.hashes.first_difference(verified) if locked is not None else None
    if found is not None:
        yield f"the report is of {path} with {found[1]}, models.lock has {found[0]}"
    elif written is not None and written.md5 != verified.md5:
        yield f"the report is of {path} with md5:{verified.md5}, dvc.lock has md5:{written.md5}"


def judge_record_evidence(facts: Facts) -> Iterator[Violation]:
    """Find records that nobody can go by: torn ones, and those of other bytes."""
    for model in facts.registry.models if facts.registry else ():
        if model.name not in facts.records:
            continue
        try:
            record = Record.from_json(facts.records[model.name])
        except ValueError as error:
            message = f"{record_path(model)} {error}"
            advised = not isinstance(error, NewerFormat)
            yield _found(facts, model, "record-invalid", message, advised=advised)
            continue
        written = facts.written.get(trained_model_file(model))
        md5 = record.weights.hashes.md5
        if written is not None and written.md5 != md5:
            message = (
                f"{record_path(model)} belongs to weights of md5:{md5}, dvc.lock has "
                f"md5:{written.md5} of {trained_model_file(model)}"
            )
            yield _found(facts, model, "record-other-bytes", message)


def _found(
    facts: Facts, model: Model, rule: str, message: str, *, advised: bool = True
) -> Violation:
    stage = model_stage_name("train", model)
    restore = "restore the record of these weights from git"
    advice = f"; {restore}, or run `dvc repro --force {stage}` and commit both"
    return facts.found(
        rule,
        f"{model.name} {model.requires.text}: {message}{advice if advised else ''}",
        level="warning",
        model=model.name,
        file=record_path(model),
    )
