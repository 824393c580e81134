"""What is known of a model at one commit: stated by people, locked, built and measured."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from paddledvc.cards.core.parts import Part, judge_report_standing, list_parts
from paddledvc.catalogs.core.gto_names import name_release_tag
from paddledvc.evaluation.core.measured import Measured
from paddledvc.stages.core.record import Record
from paddledvc.verification.core.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from paddledvc.models.lockfile import Lock, LockedModel
    from paddledvc.models.model import Input, Model, Output
    from paddledvc.models.registry import Registry
    from paddledvc.tools.dvc.core.outputs import DvcOutput
    from paddledvc.tools.paddle.core.jobs import Runtime

_SEEN = 16
"""Characters of the digest of a card: it is compared, and no proof against anybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardSources:
    """The files of one commit that cards are made from.

    Attributes:
        registry: models.yaml.
        lock: models.lock.
        built: what dvc.lock says was written, by path.
        params: hyperparameters as params.yaml has them, by model.
        reports: texts of verify.json, by model.
        records: texts of the records of trainings, by model.
        measured: texts of evaluate.json, by model.
        released: tags of the releases that docs/models/CHANGELOG.md has.
    """

    registry: Registry
    lock: Lock
    built: Mapping[str, DvcOutput]
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reports: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)
    measured: Mapping[str, str] = field(default_factory=dict)
    released: Collection[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedPath:
    """How far a way to run the exported files is from the network.

    Attributes:
        result: ``pass``, ``fail`` or ``skipped``.
        error: the largest scaled error; None where nothing was compared.
        used: the same as a share of its tolerance.
        ran: Paddle and device; empty where that is unknown.
    """

    path: str
    result: str
    error: float | None = None
    used: float | None = None
    ran: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What a card says; what is not known is left out.

    Attributes:
        version: the version that is locked.
        release: the tag that registers this version; empty until there is a release.
        stated: what models.yaml says of the model, by key.
        tags: words of models.yaml about it.
        lineage: the models whose weights it starts from, nearest first, with their versions.
        base: what readers of the header call the nearest of these; empty where there is none.
        origin: where it comes from, by key of models.lock.
        environment: image, its digest, and the versions in it.
        inputs: arguments of the network.
        outputs: results of the network.
        parts: weights and export.
        datasets: data that the training read, with its MD5.
        params: hyperparameters of the training.
        training: what else its record says.
        metrics: what was measured, by metric and path.
        samples: how many samples that was on.
        published: what is only stated, by metric.
        percent: metrics that people write in percent.
        standing: what the report of the export is worth; empty for a model without one.
        compared: how far each path is off, as that report says.
        compared_samples: how many samples that was on.
        caveats: why agreement proves little, each as the end of "it agrees, but …".
    """

    name: str
    slug: str
    version: str
    release: str = ""
    stated: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    lineage: tuple[str, ...] = ()
    base: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    datasets: tuple[tuple[str, str, str], ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    training: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    samples: int = 0
    published: Mapping[str, float] = field(default_factory=dict)
    percent: tuple[str, ...] = ()
    standing: str = ""
    compared: tuple[ComparedPath, ...] = ()
    compared_samples: int = 0
    caveats: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of all that it says; what is not known counts for nothing."""
        stated = {key: value for key, value in asdict(self).items() if value}
        text = json.dumps(stated, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_SEEN]


def card_path(slug: str) -> str:
    """Name the file of a model's card."""
    return f"docs/models/{slug}.md"


def make_card(sources: CardSources, model: Model) -> Card | None:
    """Put together what is known of a model; None for one that is not locked.

    A report or a record counts only if it is of the bytes of now.

    Args:
        sources: what was read.
        model: its entry of models.yaml.
    """
    locked = sources.lock.by_name.get(model.name)
    if locked is None:
        return None
    parts = list_parts(model, locked, sources.built)
    weights = next((one for one in reversed(parts) if one.what != "export"), None)
    record = _record(sources.records.get(model.name), weights)
    measured = _measured(sources.measured.get(model.name), parts)
    report = sources.reports.get(model.name)
    standing = judge_report_standing(sources.registry, sources.lock, model, sources.built, report)
    told = standing not in (None, "missing", "invalid", "of other bytes")
    proof = Evidence.from_json(report) if told and report is not None else None
    return Card(
        name=model.name,
        slug=model.slug,
        version=locked.version,
        release=_release(sources, model, locked.version),
        stated=_known(
            owner=model.owner,
            license=model.license,
            task=model.task,
            description=model.description,
            docs=model.docs,
        ),
        tags=model.tags,
        lineage=tuple(_lineage(sources, model)),
        base=_base(sources, model),
        origin=_known(
            source=locked.source,
            source_name=locked.source_name,
            commit=locked.commit,
            format=locked.format,
            paddle=locked.paddle,
        ),
        environment=_environment(sources.registry, model, locked),
        inputs=tuple(map(_argument, model.inputs)),
        outputs=tuple(map(_argument, model.outputs)),
        parts=tuple(parts),
        datasets=tuple(_datasets(record)),
        params=_flat(record.params if record else sources.params.get(model.name, {})),
        training=_training(record),
        metrics=measured.metrics if measured else {},
        samples=measured.samples if measured else 0,
        published={one.name: one.value for one in model.metrics},
        percent=tuple(sorted(_percent(model))),
        standing=standing or "",
        compared=tuple(_compared(proof)),
        compared_samples=proof.samples if proof else 0,
        caveats=tuple(map(str, proof.caveats)) if proof else (),
    )


def _known(**values: object) -> dict[str, str]:
    return {key: str(value) for key, value in values.items() if value not in (None, "")}


def _lineage(sources: CardSources, model: Model) -> Iterator[str]:
    for name in sources.registry.lineage(model.name)[1:]:
        base = sources.lock.by_name.get(name)
        yield name if base is None else f"{name} {base.version}"


def _base(sources: CardSources, model: Model) -> str:
    """Name the base as Hugging Face does, where it is from there."""
    if model.base is None:
        return ""
    declared = sources.registry.catalog(sources.registry.model(model.base))
    locked = sources.lock.by_name.get(model.base)
    if locked is None or declared is None or declared.kind != "huggingface":
        return model.base
    return locked.source_name or model.base


def _release(sources: CardSources, model: Model, version: str) -> str:
    """Find the tag of a version; in a monorepo the project's folder stands before it."""
    try:
        tag = name_release_tag("", model.name, version)
    except ValueError:  # GTO has none for it, so there is no release
        return ""
    return next((one for one in sources.released if one.rpartition("=")[2] == tag), "")


def _environment(registry: Registry, model: Model, locked: LockedModel) -> dict[str, str]:
    stated = registry.environment_of(model)
    image, digest = stated.image or "", locked.image_digest or ""
    return _known(
        image=image,
        # Which a name may end with already.
        digest=digest if locked.image == image and not image.endswith(f"@{digest}") else None,
        paddle=stated.paddle,
        cuda=stated.cuda,
        python=stated.python,
    )


def _argument(one: Input | Output) -> str:
    sizes = "" if one.shape is None else ", ".join("?" if n is None else str(n) for n in one.shape)
    return f"{one.name}: {one.dtype or 'any'}[{sizes}]"


def _record(text: str | None, weights: Part | None) -> Record | None:
    try:
        record = None if text is None else Record.from_json(text)
    except ValueError:
        return None  # `check` says why
    same = record is not None and weights is not None and record.weights.hashes.md5 == weights.md5
    return record if same else None


def _datasets(record: Record | None) -> Iterator[tuple[str, str, str]]:
    for name, one in sorted(record.datasets.items()) if record else ():
        yield name, one.path, one.md5 or ""


def _training(record: Record | None) -> dict[str, str]:
    if record is None:
        return {}
    return _known(
        seconds=f"{record.seconds:.1f}",
        device=record.runtime.device if record.runtime else record.device,
        paddle=record.paddle,
        python=record.python,
        seed=record.seed,
        image=record.image,
        commit=record.commit,
        changes="uncommitted" if record.dirty else None,
    )


def _measured(text: str | None, parts: Sequence[Part]) -> Measured | None:
    """Read what was measured, if it was of the weights and the export of now."""
    try:
        measured = None if text is None else Measured.from_json(text)
    except ValueError:
        return None  # `check` says why
    if measured is None:
        return None
    found = {one.path: one.hashes.md5 for one in measured.files}
    same = all(
        (found.get(one.path) or measured.folder(one.path) or one.md5) == one.md5 for one in parts
    )
    weights = [one.path for one in parts if one.what != "export"][-1:]
    return measured if same and all(path in found for path in weights) else None


def _percent(model: Model) -> Iterator[str]:
    yield from (one.name for one in model.metrics if one.percent)
    if model.evaluate is not None:
        yield from (one.name for one in model.evaluate.metrics if one.percent)


def _compared(proof: Evidence | None) -> Iterator[ComparedPath]:
    if proof is None:
        return
    for one in proof.paths:
        yield ComparedPath(
            path=one.path,
            result=one.result,
            error=proof.scaled_error.get(one.path),
            used=proof.tolerance_used.get(one.path),
            ran=_ran(one.runtime),
        )


def _ran(runtime: Runtime | None) -> str:
    return "" if runtime is None else f"Paddle {runtime.paddle} on {runtime.device}"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Write hyperparameters by key, those of sections behind the names of these.

    >>> _flat({"lr": 0.1, "model": {"depth": 2}})
    {'lr': '0.1', 'model.depth': '2'}
    """
    found: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found
