"""Whether models.lock states digests of all weights, and DVC's files name the same bytes."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.weights.core.pins import pins_of
from paddledvc.weights.core.tracked import list_tracked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Violation
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.yaml.document import Path

REPRO = "run `dvc repro` and commit dvc.lock"
HASH = "run `paddledvc lock --hash`, `paddledvc generate` and `dvc repro`, and commit them"


def judge_locked_bytes(facts: Facts) -> Iterator[Violation]:
    """Find weights of which a file of DVC names other bytes than models.lock pins."""
    for record, place, tracked in _named(facts):
        model = facts.pinned[tracked.path]
        if (difference := _difference(facts, model, tracked)) is None:
            continue
        expected, found, stated_in = difference
        message = (
            f"{model.name}: {record} has {found} of {tracked.path}, {stated_in} has {expected}; "
            + (REPRO if record == names.DVC_LOCK else f"check who wrote {record}, and remove it")
        )
        yield facts.found(
            "built-other-bytes",
            message,
            level=facts.level,
            model=model.name,
            file=record,
            path=place,
            at_key=True,
        )


def _named(facts: Facts) -> Iterator[tuple[str, Path, Tracked]]:
    """Yield what files of DVC say of weights, with the file and the place in it."""
    records: dict[str, Any] = {
        name: facts.documents[name].value
        for name in (names.STAGES, names.DVC_LOCK)
        if name in facts.documents
    }
    records |= facts.records_elsewhere
    for name in records:
        folder, file = posixpath.split(name)
        if file == names.STAGES:
            continue
        stages = posixpath.join(folder, names.STAGES)
        its = {one: records[one] for one in (stages, name) if one in records}
        if not any(one.path in facts.pinned for one in outputs.list_outputs(its)):
            continue
        for tracked in list_tracked(facts.lock, its):
            if tracked.record == name and tracked.pinned and tracked.path in facts.pinned:
                written = facts.written.get(tracked.path) if name == names.DVC_LOCK else None
                yield name, ("stages", written.stage) if written else (), tracked


def _difference(facts: Facts, model: LockedModel, tracked: Tracked) -> tuple[str, str, str] | None:
    """Tell (expected, found, who says so), where files tell that the bytes are others."""
    pin = facts.of_pin("", "", model.name).where or names.LOCK
    if tracked.contradiction is not None:
        return (*tracked.contradiction, pin)
    expected = _listing(model) if model.files else model.md5
    found, where = tracked.oid, pin
    if expected is None and tracked.record != names.DVC_LOCK:
        # Nothing pins an MD5; but the stage that brings these bytes has noted one.
        written = facts.written.get(tracked.path)
        expected, where = written.md5 if written else None, names.DVC_LOCK
    before = facts.noted_before.get(tracked.path)
    if expected is None and before is not None and _same_pins(before, tracked):
        # Other bytes cannot have the SHA-256 that both states pin.
        expected, where = before.oid, f"{before.record} before this change, of the same SHA-256,"
    if expected is None or found in (None, expected):
        return None
    return f"md5:{expected}", f"md5:{found}", where


def _same_pins(one: Tracked, other: Tracked) -> bool:
    """Tell whether two are pinned by the same digests of every file."""
    mine = {name: pin.sha256 or pin.md5 for name, pin in pins_of(one).items()}
    return mine == {name: pin.sha256 or pin.md5 for name, pin in pins_of(other).items()}


def _listing(model: LockedModel) -> str | None:
    """Give the name that DVC must know a folder by; None where an MD5 in it is not known."""
    known = {file.path: file.md5 for file in model.files if file.md5 is not None}
    return folder_object_name(known) if len(known) == len(model.files) else None


def judge_missing_digests(facts: Facts) -> Iterator[Violation]:
    """Warn on production of files of which models.lock lacks a digest.

    Without the MD5 nobody can tell whether dvc.lock names the pinned bytes, unless they are read;
    and MD5 alone holds nobody who made two files with the same one.
    """
    if facts.registry is None or facts.role != facts.policy.production:
        return
    for model in facts.pinned.values():
        if not model.downloads or not model.hashed:
            continue  # what nobody has hashed is stale
        files = [one.hashes for one in model.files] or [model.hashes]
        for kind in ("md5", "sha256"):
            lacking = sum(getattr(one, kind) is None for one in files)
            if lacking:
                of = f"{lacking} of {len(files)} files in " if model.files else ""
                yield facts.of_pin(
                    "digest-missing",
                    f"{model.name}: no {kind} of {of}{model.path}, expected MD5 and SHA-256, so "
                    f"that dvc.lock can be compared with the pin; {HASH}",
                    model.name,
                    level="warning",
                )
