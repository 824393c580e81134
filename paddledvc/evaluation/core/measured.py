"""What ``evaluate.json`` says, as values both ways.

The same bytes are written whenever the same was measured: no time and no verdict is in them. What a
metric must be is the matter of the gate, which asks models.yaml.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.display.results import Displayed
from paddledvc.models.model import model_reports_folder
from paddledvc.models.verify_settings import Engine
from paddledvc.stages.core.record import Hashed  # noqa: TC001 - types of fields are read
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.paddle.core.jobs import Runtime  # noqa: TC001
from paddledvc.verification.core.json_values import (
    OMIT,
    decode_value,
    dump_json,
    encode_value,
    parse_json,
)
from paddledvc.verification.core.report_schema import require_report_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.hashes import Hashes
    from paddledvc.models.model import Model

VERSION = 1
NETWORK = "network"
"""What the dynamic network is called among the paths."""
RESERVED = ("samples", "worst_slice", "evidence")
"""Keys of the file that no metric can have."""
MOST_SCORES = 20_000
"""Samples whose scores are kept one by one, where they are no plain outcomes."""
_NO_REPORT = "is no report of `paddledvc evaluate`"
_SAME = 1e-6
"""How far the mean of what is kept may be from the metric, as a share: float32 has seven digits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The scores of a metric, a sample at a time, in the order of the samples' ids.

    Attributes:
        kind: ``bits`` where each is 0 or 1, ``float32``, or ``none`` where there are too many.
        values: by path, as Base64.
    """

    kind: Literal["bits", "float32", "none"]
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, scores: Mapping[str, Sequence[float]]) -> Scores:
        """Keep the scores of every path.

        >>> Scores.of({"network": [1, 0, 1]})
        Scores(kind='bits', values={'network': 'oA=='})
        """
        if all(one in {0, 1} for path in scores.values() for one in path):
            kept = {path: _pack(values) for path, values in scores.items()}
            return cls(kind="bits", values={path: _text(data) for path, data in kept.items()})
        if any(len(path) > MOST_SCORES for path in scores.values()):
            return cls(kind="none")
        import numpy as np  # noqa: PLC0415 - the gate hardly ever needs it

        values = {path: _text(np.asarray(one, "<f4").tobytes()) for path, one in scores.items()}
        return cls(kind="float32", values=values)

    def of_path(self, path: str, samples: int) -> Sequence[float] | None:
        """Give the scores of a path; None where they were not kept.

        Raises:
            ValueError: these are no scores of so many samples.

        >>> Scores.of({"network": [1, 0, 1]}).of_path("network", 3)
        [1, 0, 1]
        """
        if self.kind == "none" or path not in self.values:
            return None
        data = _bytes(self.values[path], "scores")
        if self.kind == "bits":
            if len(data) != (samples + 7) // 8:
                raise ValueError(f"has no scores of {samples} samples")
            return [data[one >> 3] >> (7 - (one & 7)) & 1 for one in range(samples)]
        import numpy as np  # noqa: PLC0415 - as above

        if len(data) != 4 * samples:
            raise ValueError(f"has no scores of {samples} samples")
        found: list[float] = np.frombuffer(data, "<f4").tolist()
        return found


def _pack(values: Sequence[float]) -> bytes:
    packed = bytearray((len(values) + 7) // 8)
    for index, one in enumerate(values):
        if one:
            packed[index >> 3] |= 0x80 >> (index & 7)
    return bytes(packed)


def _bytes(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"has {what} that are no Base64") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Which part each sample is in, in the order of the samples' ids.

    Attributes:
        names: of the parts.
        members: the number of its part, of every sample: two bytes each, as Base64.
    """

    names: tuple[str, ...]
    members: str

    @classmethod
    def of(cls, values: Sequence[str]) -> Parts:
        """Keep the part of every sample.

        >>> Parts.of(["b", "a", "b"]).group_members(3)
        {'a': [1], 'b': [0, 2]}
        """
        known = tuple(sorted(set(values)))
        at = {name: number for number, name in enumerate(known)}
        data = b"".join(at[one].to_bytes(2, "little") for one in values)
        return cls(names=known, members=_text(data))

    def group_members(self, samples: int) -> dict[str, list[int]]:
        """List the samples of each part, by their numbers.

        Raises:
            ValueError: these are no parts of so many samples.
        """
        data = _bytes(self.members, "parts")
        if len(data) != 2 * samples:
            raise ValueError(f"has no parts of {samples} samples")
        found: dict[str, list[int]] = {name: [] for name in self.names}
        for at in range(samples):
            number = int.from_bytes(data[2 * at : 2 * at + 2], "little")
            if number >= len(self.names):
                raise ValueError(f"has no part {number}")
            found[self.names[number]].append(at)
        return found


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
        return next((one.hashes for one in self.files if one.path == path), None)

    def folder(self, path: str) -> str | None:
        """Give DVC's MD5 of a folder, as it was when it was measured; None if unknown."""
        start = f"{path}/"
        md5s = {
            one.path.removeprefix(start): one.hashes.md5
            for one in self.files
            if one.path.startswith(start) and one.hashes.md5 is not None
        }
        return folder_object_name(md5s) if md5s else None

    def to_json(self) -> str:
        """Write the report: DVC shows what is outside of the list."""
        found = encode_value(Measured, self)
        found["files"] = [{"path": one["path"], **one["hashes"]} for one in found["files"]]
        shown = {**found.pop("metrics")}
        worst = found.pop("worst_slice")
        shown |= {**({"worst_slice": worst} if worst else {}), "samples": found.pop("samples")}
        return dump_json({**shown, "evidence": [{"version": VERSION, **found}]})

    @classmethod
    def from_json(cls, text: str) -> Measured:
        """Read a report.

        Raises:
            ValueError: it is none, or contradicts itself, as one does that was edited; the message
                is the end of a sentence about it.
        """
        value = parse_json(text)
        try:
            details = value["evidence"][0]
            version = details["version"]
        except (IndexError, KeyError, TypeError) as error:
            raise ValueError(_NO_REPORT) from error
        if version != VERSION:
            raise ValueError(f"has the format {str(version)[:9]}, this paddledvc reads {VERSION}")
        try:
            require_report_schema("evaluate", text, value)
            found = decode_value(cls, _joined(value, details))
        except RecursionError as error:
            raise ValueError("is JSON of too many lists in lists") from error
        except (ArithmeticError, AttributeError, KeyError, TypeError) as error:
            raise ValueError(_NO_REPORT) from error
        for contradiction in _find_contradictions(found):
            raise ValueError(contradiction)
        return found


def _joined(value: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, Any]:
    files = [
        {"path": one["path"], "hashes": {key: one.get(key) for key in ("md5", "sha256", "size")}}
        for one in details["files"]
    ]
    metrics = {key: one for key, one in value.items() if key not in RESERVED}
    shown = {key: value[key] for key in ("samples", "worst_slice") if key in value}
    return {**details, **shown, "metrics": metrics, "files": files}


def _find_contradictions(found: Measured) -> Iterator[str]:
    """Say what cannot be true of a report that nobody edited."""
    parts = (found.metrics, *(one.metrics for one in found.slices), found.spread)
    for values in parts:
        for metric, paths in values.items():
            for path, value in paths.items():
                if not math.isfinite(value):
                    yield f"has the {metric} {value} of {path}, expected a finite number"
    members = {
        (by, name): numbers
        for by, parts in found.parts.items()
        for name, numbers in parts.group_members(found.samples).items()
    }
    yield from _contradict_parts(found, members)
    for metric, kept in found.scores.items():
        for path in kept.values:
            yield from _contradict_scores(found, metric, path, members)


def _contradict_parts(
    found: Measured, members: Mapping[tuple[str, str], Sequence[int]]
) -> Iterator[str]:
    """Say which parts of the samples are told of twice, are unknown, or are no worst ones."""
    told = Counter((one.by, one.name) for one in found.slices)
    for (by, name), times in told.items():
        if times > 1:
            yield f"tells {times} times of the samples whose {by} is {name}"
        if found.scores and (by, name) not in members:
            yield f"does not say which samples those are whose {by} is {name}"
    for one in found.slices:
        if (count := len(members.get((one.by, one.name), ()))) != one.samples and found.scores:
            yield (
                f"says that {one.by} is {one.name} of {one.samples} samples, and has {count} such"
            )
    for metric, value in found.worst_slice.items():
        if not any(value in one.metrics.get(metric, {}).values() for one in found.slices):
            yield f"says that the worst {metric} of a part is {value:g}, and no part has that"


def _contradict_scores(
    found: Measured, metric: str, path: str, members: Mapping[tuple[str, str], Sequence[int]]
) -> Iterator[str]:
    """Say where the mean of the scores that are kept is another than what is told of them."""
    scores = found.scores[metric].of_path(path, found.samples) or []
    said = {"": found.metrics.get(metric, {}).get(path)}
    told = {"": scores}
    for part in found.slices:
        name = f" whose {part.by} is {part.name}"
        said[name] = part.metrics.get(metric, {}).get(path)
        told[name] = [scores[at] for at in members[part.by, part.name]] if scores else []
    for where, one in said.items():
        mean = math.fsum(told[where]) / len(told[where]) if told[where] else math.nan
        if one is not None and not math.isclose(mean, one, rel_tol=_SAME, abs_tol=_SAME):
            yield (
                f"says that {metric} is {one:g} of {path}, and its "
                f"{len(told[where])} samples{where} that it is {mean:g}"
            )


def measured_path(model: Model) -> str:
    """Name the report of a model."""
    return f"{model_reports_folder(model)}/evaluate.json"


def baseline_path(model: Model) -> str:
    """Name the report of the weights of the branch that a change goes to, measured by it."""
    return f"{model_reports_folder(model)}/baseline.json"
