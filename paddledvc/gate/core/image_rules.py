"""Whether images are named so that they stay, and have the Paddle that everything else has."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.evaluation.core.measured import measured_path
from paddledvc.gate.core.evidence_rules import list_evidence_differences
from paddledvc.gate.core.metrics.metric_rules import read_measured
from paddledvc.locking.core.image_pins import list_image_pins, list_locked_images
from paddledvc.models.images import (
    Image,
    compare_images,
    images_agree,
    matches_image_paddle,
    pin_image,
)
from paddledvc.models.model import model_stage_name
from paddledvc.stages.core.record import Record, record_path
from paddledvc.verification.core.evidence import Evidence, evidence_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Level, Violation
    from paddledvc.models.model import Environment, Model
    from paddledvc.names import StageKind

OTHER, MOVED = "image-other-paddle", "image-moved"


def judge_floating_images(facts: Facts) -> Iterator[Violation]:
    """Find images that are other bytes from time to time, where versions have to be exact."""
    if facts.role.versions != "exact":
        return
    for model, environment in _environments(facts):
        if environment.image is not None and Image.parse(environment.image).floating:
            untagged = Image.parse(environment.image).tag is None
            why = "has no tag" if untagged else "changes over time"
            message = (
                f"{_whose(model)}: {environment.image} {why}, expected a fixed one on "
                f"{facts.role.name} branches; give it the tag of a version, as in "
                f"paddlepaddle/paddle:3.3.1, or a digest: {environment.image}@sha256:…"
            )
            yield _at_image(facts, "image-floating", message, model)


def judge_contradicting_images(facts: Facts) -> Iterator[Violation]:
    """Find images whose tag names another Paddle than is stated beside it."""
    for model, environment in _environments(facts):
        if _contradicts(environment):
            message = (
                f"{_whose(model)}: paddle: {environment.stated_paddle} is stated of "
                f"{environment.image}, whose tag names Paddle {environment.tagged_paddle}; "
                "correct one of them"
            )
            level: Level = "error" if facts.role.versions == "exact" else "warning"
            yield _at_image(facts, OTHER, message, model, level)


def judge_verified_images(facts: Facts) -> Iterator[Violation]:
    """Find reports of the bytes that are built now, made by another Paddle than is to run them."""
    if facts.role.evidence == "none" or facts.registry is None:
        return
    level: Level = "error" if facts.role.evidence == "required" else "warning"
    for model in facts.registry.models:
        environment = facts.registry.environment_of(model)
        named = environment.paddle
        if named is None or model.name not in facts.reports or _contradicts(environment):
            continue
        others = [
            found for found in _verified_by(facts, model) if not matches_image_paddle(found, named)
        ]
        if others:
            has = environment.image or "its environment"
            message = (
                f"{model.name}: {evidence_path(model)} was made by Paddle "
                f"{', '.join(others)}, and {has} "
                f"has Paddle {named}; run `{_again('verify', model)}` with Paddle {named}, or name "
                f"an image of Paddle {others[0]}"
            )
            yield _at_image(facts, OTHER, message, model, level)


def judge_unpinned_images(facts: Facts) -> Iterator[Violation]:
    """Warn of images that are locked by a tag alone, where versions have to be exact."""
    if facts.role.versions != "exact" or facts.lock is None:
        return
    for model, environment in _environments(facts):
        if environment.image is None or Image.parse(environment.image).floating:
            continue  # which is a finding already
        named = (environment.image, *environment.mirrors)
        lacking = [
            name
            for name in named
            if Image.parse(name).digest is None
            and Image.parse(name).tag is not None
            and any(name not in pins for pins in _locked_pins(facts, model, environment.image))
        ]
        if lacking:
            message = (
                f"{_whose(model)}: {names.LOCK} has no digest of {', '.join(lacking)}, so another "
                "image may take the tag; run `paddledvc lock` where its registry can be reached, "
                f"and commit {names.LOCK}"
            )
            yield _at_image(facts, "image-not-pinned", message, model, "warning")


def _locked_pins(facts: Facts, model: Model | None, image: str) -> Iterator[Mapping[str, str]]:
    """Yield the digests of each locked model that an environment is for; a stale one is not."""
    assert facts.registry is not None
    assert facts.lock is not None
    models = facts.registry.models
    theirs = [one for one in models if one.environment is None] if model is None else [model]
    for one in theirs:
        locked = facts.lock.by_name.get(one.name)
        if locked is not None and locked.image == image:
            yield dict(list_image_pins([locked]))


def judge_moved_images(facts: Facts) -> Iterator[Violation]:
    """Warn of images whose tag names another one now than is locked, or that are gone."""
    if facts.images is None or facts.lock is None:
        return
    said = set()
    for locked in facts.lock.models:
        for at, name, digest in list_locked_images(locked):
            if name not in facts.images or (name, digest) in said:
                continue
            said.add((name, digest))
            now = facts.images[name]
            if now is None:
                message = (
                    f"{locked.name}: its registry has no {name} any more, locked is {digest}; "
                    "push it again, or name another image"
                )
                yield facts.of_pin(MOVED, message, locked.name, *at, level="warning")
            elif now != digest:
                message = (
                    f"{locked.name}: {name} is {now} now, locked is {digest}; to take it, run "
                    "`paddledvc lock --upgrade-image`"
                )
                yield facts.of_pin(MOVED, message, locked.name, *at, level="warning")


def judge_images_run_in(facts: Facts) -> Iterator[Violation]:
    """Find what was made of the bytes that are built now in another image than is locked."""
    if facts.role.evidence == "none" or facts.registry is None or facts.lock is None:
        return
    level: Level = "error" if facts.role.evidence == "required" else "warning"
    for model in facts.registry.models:
        locked = facts.lock.by_name.get(model.name)
        if locked is None or locked.image is None:
            continue
        wanted = pin_image(locked.image, locked.image_digest)
        for kind, file, image in _run_in(facts, model):
            if compare_images(image, wanted, locked.image_mirrors) == "differs":
                message = (
                    f"{model.name}: {file} was made in {image}, and {names.LOCK} has {wanted}; run "
                    f"`{_again(kind, model)}` in that one, which `paddledvc env docker` starts, or "
                    "name the other one in models.yaml"
                )
                yield _at_image(facts, "image-other", message, model, level)


def _again(kind: StageKind, model: Model) -> str:
    """Give the command that runs a stage again: DVC does not see where it has run."""
    return f"dvc repro --force --single-item {model_stage_name(kind, model)}"


def _run_in(facts: Facts, model: Model) -> Iterator[tuple[StageKind, str, str]]:
    """Yield each image that was noted by what is of the bytes of now, with the file of the note."""
    found: dict[tuple[StageKind, str, str], None] = {}
    with suppress(ValueError, KeyError):  # other rules say what is wrong with it
        proof = Evidence.from_json(facts.reports[model.name])
        if next(list_evidence_differences(facts, model, proof), None) is None:
            images = (one.image or "" for _, one in proof.runtimes)
            found |= {("verify", evidence_path(model), one): None for one in images}
    if (measured := read_measured(facts, model)) is not None:
        images = (one.image or "" for one in measured.runtime.values())
        found |= {("evaluate", measured_path(model), one): None for one in images}
    with suppress(ValueError, KeyError):
        record = Record.from_json(facts.records[model.name])
        now = facts.written.get(record.weights.path)
        if now is None or now.md5 == record.weights.hashes.md5:
            found["train", record_path(model), record.image or ""] = None
    yield from (one for one in found if one[-1])


def _verified_by(facts: Facts, model: Model) -> tuple[str, ...]:
    """Name the versions of Paddle that a report is of; none where it is of other bytes."""
    try:
        proof = Evidence.from_json(facts.reports[model.name])
    except ValueError:
        return ()
    return () if next(list_evidence_differences(facts, model, proof), None) else proof.paddles


def _environments(facts: Facts) -> Iterator[tuple[Model | None, Environment]]:
    """Yield each environment that is stated: the registry's, and those of models of their own."""
    if facts.registry is None:
        return
    common, models = facts.registry.environment, facts.registry.models
    if common is not None and any(model.environment is None for model in models):
        yield None, common
    for model in models:
        if model.environment is not None:
            yield model, model.environment


def _contradicts(environment: Environment) -> bool:
    stated, tagged = environment.stated_paddle, environment.tagged_paddle
    return stated is not None and tagged is not None and not images_agree(stated, tagged)


def _whose(model: Model | None) -> str:
    return "environment" if model is None else model.name


def _at_image(
    facts: Facts, rule: str, message: str, model: Model | None, level: Level = "error"
) -> Violation:
    """Make a finding at an image of models.yaml: a model's own, or the one of the registry."""
    at = ("environment", "image")
    if model is not None and model.environment is not None:
        return facts.of_model(rule, message, model.name, *at, level=level)
    name = model.name if model is not None else None
    return facts.found(rule, message, level=level, model=name, file=names.REGISTRY, path=at)
