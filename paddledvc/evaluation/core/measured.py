"""What ``evaluate.json`` says, as values both ways.

The same bytes are written whenever the same was measured: no time and no verdict is in them. What a
metric must be is the matter of the gate, which asks models.yaml.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paddledvc.display.results import Displayed
from paddledvc.evaluation.core.scores import Parts, Scores  # noqa: TC001 - types of fields are read
from paddledvc.models.model import model_reports_folder
from paddledvc.models.verify_settings import Engine
from paddledvc.stages.core.record import Hashed, find_folder_md5, find_hashes
from paddledvc.tools.paddle.core.jobs import Runtime  # noqa: TC001
from paddledvc.verification.core.json_values import (
    OMIT,
    decode_value,
    dump_json,
    encode_value,
)
from paddledvc.verification.core.read_report import read_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.hashes import Hashes
    from paddledvc.models.model import Model

VERSION = 1
NETWORK = "network"
"""What the dynamic network is called among the paths."""
RESERVED = ("samples", "worst_slice", "evidence")
"""Keys of the file that no metric can have."""
MOST_PARTS = 1_000
"""Parts that one property may divide the samples into."""
_MOST_SUMMANDS = 20_000_000
"""Numbers that are added up to see whether a report contradicts itself: seconds, at most."""
_SAME = 1e-6
"""How far the mean of what is kept may be from the metric, as a share: float32 has seven digits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """What was measured of a part of the samples.

    Attributes:
        by: the property that divides them.
        name: its value, of this part.
        samples: how many there are.
        metrics: the values, by metric and path.
    """

    by: str
    name: str
    samples: int
    metrics: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Measured(Displayed):
    """What a report says.

    Attributes:
        metrics: the values, by metric and path.
        samples: how many samples the function told of; 0 where it told of none.
        worst_slice: the worst value of each metric in any part of the samples that is judged.
        files: the weights and exported files that were measured.
        inputs_sha256: digest of all that each path was fed with, whatever the batches.
        ids_sha256: digest of the ids of the samples; empty where there are none.
        code_sha256: digest of the function's code and what it imports of the project.
        scores: of every sample, by metric; nothing of metrics that are no means of samples.
        spread: standard deviation of the scores, by metric and path, where they are no outcomes.
        slices: what was measured of parts of the samples.
        parts: which part each sample is in, by the property that divides them.
        changed: samples of which the network and the exported files have other outcomes.
        limit: samples that params.yaml limited it to; None for all.
        engine: settings of the predictor.
        runtime: what computed, by path.
    """

    metrics: Mapping[str, Mapping[str, float]]
    samples: int = 0
    worst_slice: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    model_version: str = ""
    files: tuple[Hashed, ...]
    inputs_sha256: Mapping[str, str]
    ids_sha256: str = ""
    code_sha256: str = ""
    scores: Mapping[str, Scores] = field(default_factory=dict)
    spread: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    parts: Mapping[str, Parts] = field(default_factory=dict)
    changed: int = 0
    limit: int | None = field(default=None, metadata=OMIT)
    engine: Engine = field(default_factory=Engine)
    runtime: Mapping[str, Runtime] = field(default_factory=dict)

    def _summary(self) -> str:
        values = (
            f"{name} {value:.6g} {path}"
            for name, paths in self.metrics.items()
            for path, value in paths.items()
        )
        return ": ".join((self.model, ", ".join(values)))

    def _rows(self) -> Iterator[object]:
        yield from ({"metric": name, **paths} for name, paths in self.metrics.items())

    @property
    def paths(self) -> tuple[str, ...]:
        """What was measured: the network and the ways to run the exported files."""
        return tuple(self.inputs_sha256)

    def hashes(self, path: str) -> Hashes | None:
        """Give what a file hashed to when it was measured; None if it was not."""
        return find_hashes(self.files, path)

    def folder(self, path: str) -> str | None:
        """Give DVC's MD5 of a folder, as it was when it was measured; None if unknown."""
        return find_folder_md5(self.files, path)

    def to_json(self) -> str:
        """Write the report: DVC shows what is outside of the list."""
        found = encode_value(Measured, self)
        found["files"] = [{"path": one["path"], **one["hashes"]} for one in found["files"]]
        shown = {**found.pop("metrics")}
        if worst := found.pop("worst_slice"):
            shown["worst_slice"] = worst
        return dump_json({**shown, "evidence": [{"version": VERSION, **found}]})

    @classmethod
    def from_json(cls, text: str) -> Measured:
        """Read a report.

        Raises:
            ValueError: it is none, or contradicts itself, as one does that was edited; the message
                is the end of a sentence about it.
        """
        found = read_report(
            text, "evaluate", VERSION, lambda *parts: decode_value(cls, _joined(*parts))
        )
        for contradiction in _find_contradictions(found):
            raise ValueError(contradiction)
        return found


def _joined(value: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, Any]:
    files = [
        {"path": one["path"], "hashes": {key: one.get(key) for key in ("md5", "sha256", "size")}}
        for one in details["files"]
    ]
    metrics = {key: one for key, one in value.items() if key not in RESERVED}
    # Earlier versions wrote the number of samples outside of the list.
    shown = {key: value[key] for key in ("samples", "worst_slice") if key in value}
    return {**shown, **details, "metrics": metrics, "files": files}


def _find_contradictions(found: Measured) -> Iterator[str]:
    """Say what cannot be true of a report that nobody edited."""
    yield from _find_missing_proof(found)
    yield from _find_other_paths(found)
    numbers = (*found.metrics.values(), *(v for one in found.slices for v in one.metrics.values()))
    for values in (*numbers, *found.spread.values(), found.worst_slice):
        for path, value in values.items():
            if not math.isfinite(value):
                yield f"has the value {value} of {path}, expected a finite number"
    scores = sum(len(kept.values) for kept in found.scores.values())
    if scores * found.samples * (1 + len(found.parts)) > _MOST_SUMMANDS:
        yield (
            f"has {scores:,} scores of {found.samples:,} samples in {len(found.parts):,} divisions "
            f"into parts, expected {_MOST_SUMMANDS:,} numbers to add up at most"
        )
    members = {
        (by, name): numbers
        for by, parts in found.parts.items()
        for name, numbers in parts.group_members(found.samples).items()
    }
    yield from _find_other_parts(found, {part: len(one) for part, one in members.items()})
    for metric, kept in found.scores.items():
        for path in kept.values:
            yield from _find_other_means(found, metric, path, members)


def _find_missing_proof(found: Measured) -> Iterator[str]:
    """Say what a report does not tell that tells what was measured, and whether it was alike."""
    if not found.code_sha256:
        yield "has no digest of the code that measured"
    if bool(found.samples) != bool(found.ids_sha256):
        yield f"has no digest of the ids of its {found.samples} samples"
    if not found.inputs_sha256.get(NETWORK):
        yield f"has no digest of the inputs of the {NETWORK}"
    if len(set(found.inputs_sha256.values())) > 1:
        yield f"says that the {NETWORK} and what is exported of it had other inputs"
    yield from _find_unknown_bytes(found)


def _find_unknown_bytes(found: Measured) -> Iterator[str]:
    """Say of which file nobody can tell whether it was measured."""
    known = set()
    for one in found.files:
        if one.hashes.md5 is None:
            yield f"has no MD5 of {one.path}"
        if one.path in known:
            yield f"is of {one.path}, and names it twice"
        known.add(one.path)


def _find_other_paths(found: Measured) -> Iterator[str]:
    """Say what is told of other paths than were measured."""
    told: list[tuple[str, Iterable[str]]] = [("runtime", found.runtime)]
    told += found.metrics.items()
    for metric, kept in found.scores.items():
        if metric not in found.metrics:
            yield f"has scores of {metric!r}, and no such metric"
        told += [("scores", kept.values)] if kept.kind != "none" or kept.values else []
    for what, paths in told:
        if set(paths) != set(found.paths):
            yield (
                f"is of {' and '.join(found.paths)}, and its {what} of "
                f"{', '.join(paths) or 'nothing'}"
            )


def _find_other_parts(found: Measured, sizes: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Say where the parts are others than the samples are in."""
    told = [(one.by, one.name, one.samples) for one in found.slices]
    are = [(by, name, size) for (by, name), size in sizes.items()]
    if sorted(told) != sorted(are):
        by = min([*(set(told) ^ set(are)), *told])[0]
        yield f"has other parts of {by} than its samples are in"
    for metric, value in found.worst_slice.items():
        if not any(value in one.metrics.get(metric, {}).values() for one in found.slices):
            yield f"says that the worst {metric} of a part is {value:g}, and no part has that"
    for by, parts in found.parts.items():
        if len(parts.names) > MOST_PARTS:
            yield f"has {len(parts.names):,} parts of {by}, expected {MOST_PARTS:,} at most"
    for one in found.slices:
        if one.metrics.keys() != found.scores.keys():
            other = min(one.metrics.keys() ^ found.scores.keys())
            yield f"has the {other} of parts of the samples or of samples only, expected both"


def _find_other_means(
    found: Measured, metric: str, path: str, members: Mapping[tuple[str, str], Sequence[int]]
) -> Iterator[str]:
    """Say where a value is not the mean of the samples that it is of."""
    scores = found.scores[metric].of_path(path, found.samples) or []
    values: list[tuple[str, float | None, Sequence[float]]] = [
        ("", found.metrics[metric].get(path), scores)
    ]
    for part in found.slices:
        theirs = [scores[at] for at in members[part.by, part.name]]
        where = f" whose {part.by} is {part.name}"
        values.append((where, part.metrics[metric].get(path), theirs))
    for where, said, told in values:
        mean = math.fsum(told) / len(told) if told else math.nan
        if said is not None and not math.isclose(mean, said, rel_tol=_SAME, abs_tol=_SAME):
            yield (
                f"says that {metric} is {said:g} of {path}, and its {len(told)} samples{where} "
                f"that it is {mean:g}"
            )


def measured_path(model: Model) -> str:
    """Name the report of a model."""
    return f"{model_reports_folder(model)}/evaluate.json"


def baseline_path(model: Model) -> str:
    """Name the report of the weights of the branch that a change goes to, measured by it."""
    return f"{model_reports_folder(model)}/baseline.json"
