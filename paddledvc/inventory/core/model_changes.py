"""What a change does to each model: its bytes, settings, metrics, proof and documentation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc.display.results import Displayed
from paddledvc.gate.core.documentation_rules import CHANGELOG, documents_version
from paddledvc.gate.core.metrics.metric_rules import explain_unmeasured
from paddledvc.inventory.core.metric_changes import MetricChange, list_metrics, pair_of_model
from paddledvc.inventory.core.model_side import DIGESTS, SIZE, VerifyState
from paddledvc.models.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.inventory.core.model_side import Compared, Side

Known: TypeAlias = "str | int | float | None"
_DIGEST_ENDS = tuple(f" {one}" for one in DIGESTS)
_SHOWN = frozenset(
    (
        *(
            "name",
            "requires",
            "md5",
            "sha256",
            "size",
            "license",
            "format",
            "paddle",
            "environment",
        ),
        *("base", "source", "metrics"),
    )
)
"""Fields of a model whose change is told otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Something that is another value than before; None where it was or is not there."""

    what: str
    before: Known
    after: Known


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentationChange:
    """What became of what is written about a model.

    Attributes:
        file: the file that documents it; None where models.yaml names none.
        state: what became of that file.
        told: the file that gained a line with the model and its version; None where none did.
    """

    file: str | None
    state: Literal["added", "changed", "unchanged", "missing", "none"]
    told: str | None


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ModelChange(Displayed):
    """What a change does to a model.

    Attributes:
        kind: ``moved`` where its version or bytes are others, ``changed`` for anything else.
        before: its version; None where it was not there.
        after: its version; None where it is no more.
        properties: what else identifies it, and what it needs, as far as it differs.
        settings: other keys of its entry in models.yaml that differ.
        params: hyperparameters that differ.
        metrics: every metric.
        unmeasured: why nothing that was measured counts; empty where it does.
        incomparable: why its metrics cannot be compared with those before; empty where they can.
        restored: whether it goes back to what was released before.
        verify_before: None where it was not exported.
        verify_after: None where it is not exported.
        latency: median time of a call in milliseconds, by path.
        used_by: models that start from its weights.
        read_by: stages that read its weights or export, besides its own.
        groups: groups of models that it moves with.
        documentation: None for a model that is removed.
    """

    name: str
    kind: Literal["added", "removed", "moved", "changed"]
    before: str | None
    after: str | None
    properties: tuple[Difference, ...] = ()
    settings: tuple[str, ...] = ()
    params: tuple[Difference, ...] = ()
    metrics: tuple[MetricChange, ...] = ()
    unmeasured: str = ""
    incomparable: str = ""
    restored: bool = False
    verify_before: VerifyState | None = None
    verify_after: VerifyState | None = None
    latency: tuple[Difference, ...] = ()
    used_by: tuple[str, ...] = ()
    read_by: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    documentation: DocumentationChange | None = None


def compare_models(sides: Compared) -> tuple[ModelChange, ...]:
    """List the models that a change touches, in the order of models.yaml, removed ones last."""
    old, new = sides.before.models, sides.after.models
    gone = [one for name, one in old.items() if name not in new]
    changes = [_compare_model(sides, old.get(name), one) for name, one in new.items()]
    return (*filter(None, changes), *(_removed(sides, one) for one in gone))


def _removed(sides: Compared, model: Model) -> ModelChange:
    was = sides.before.properties(model)
    return ModelChange(
        name=model.name,
        kind="removed",
        before=str(was.pop("version")),
        after=None,
        properties=tuple(_list_differences(was, {})),
        used_by=sides.after.list_derived(model.name),
        read_by=sides.after.list_readers(model, sides.before.parts(model)),
    )


def _compare_model(sides: Compared, old: Model | None, new: Model) -> ModelChange | None:
    before, after = sides.before, sides.after
    was, now = before.properties(old) if old else {}, after.properties(new)
    versions = was.pop("version", None), now.pop("version")
    others = {one.what for one in _list_differences(was, now)}
    digests = [one for one in others if one.endswith(_DIGEST_ENDS)]
    # The size belongs to the bytes: that it is the same is worth to know.
    others.update(f"{one.rpartition(' ')[0]} {SIZE}" for one in digests)
    properties = tuple(one for one in _list_differences(was, now, every=True) if one.what in others)
    moved = bool(versions[0] != versions[1] or digests)
    pair = pair_of_model(sides, new)
    change = ModelChange(
        name=new.name,
        kind="added" if old is None else "moved" if moved else "changed",
        before=None if versions[0] is None else str(versions[0]),
        after=str(versions[1]),
        properties=properties,
        settings=tuple(_list_settings(old, new)),
        params=tuple(
            _list_differences(
                before.hyperparameters(old) if old else {}, after.hyperparameters(new)
            )
        ),
        metrics=tuple(list_metrics(sides, pair, old, new)),
        unmeasured=_explain_unmeasured(after, new),
        incomparable=pair.difference if pair is not None else "",
        restored=new.name in sides.baseline.restored,
        verify_before=before.verification(old) if old else None,
        verify_after=after.verification(new),
        latency=tuple(
            _list_differences(before.latency(old) if old else {}, after.latency(new), every=True)
        ),
        used_by=after.list_derived(new.name),
        read_by=after.list_readers(new, after.parts(new)),
        groups=after.list_groups(new.name),
        documentation=_compare_documentation(sides, old, new),
    )
    return change if old is None or _is_touched(change) else None


def _is_touched(change: ModelChange) -> bool:
    """Tell whether anything about a model differs."""
    documentation = change.documentation
    return bool(
        change.kind != "changed"
        or change.properties
        or change.settings
        or change.params
        or change.incomparable
        or change.verify_before != change.verify_after
        or any(one.before != one.after for one in change.latency)
        or any(one.before != one.after for one in change.metrics)
        or (documentation is not None and documentation.state in ("added", "changed"))
    )


def _list_differences(
    before: Mapping[str, Known], after: Mapping[str, Known], *, every: bool = False
) -> Iterator[Difference]:
    for what in dict.fromkeys((*after, *before)):
        was, now = before.get(what), after.get(what)
        if every or was != now:
            yield Difference(what=what, before=was, after=now)


def _list_settings(old: Model | None, new: Model) -> Iterator[str]:
    for one in fields(Model) if old is not None else ():
        if one.name not in _SHOWN and getattr(old, one.name) != getattr(new, one.name):
            yield one.name


def _explain_unmeasured(side: Side, model: Model) -> str:
    if model.evaluate is None and model.train is not None:
        return side.find_other_training(model)
    return explain_unmeasured(side.facts, model)


def _compare_documentation(sides: Compared, old: Model | None, new: Model) -> DocumentationChange:
    file = new.docs
    was = sides.before.docs.get(old.docs) if old is not None and old.docs is not None else None
    now = sides.after.docs.get(file) if file is not None else None
    version = str(sides.after.properties(new)["version"])
    gained = sides.earlier.gained if sides.earlier is not None else {}
    return DocumentationChange(
        file=file,
        state="none"
        if file is None
        else "missing"
        if now is None
        else "added"
        if was is None
        else "changed"
        if was != now
        else "unchanged",
        told=next(
            (
                one
                for one in (file, CHANGELOG)
                if one is not None
                and any(documents_version(line, new, version) for line in gained.get(one, ()))
            ),
            None,
        ),
    )
