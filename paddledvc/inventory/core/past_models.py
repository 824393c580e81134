"""What commits of the past say of models, read without parsing twice what they have in common."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from paddledvc import names
from paddledvc.gate.core.released_builds import names_released_stages, released_stages_in
from paddledvc.gate.core.released_locks import is_conflicted_lock, name_lock_blocks
from paddledvc.tools.dvc.core.objects import folder_object_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_REPORTS = ("evaluate.json", "train/metrics.json", "verify.json")
_NO_METRICS = ("samples", "worst_slice", "evidence")
"""Keys of evaluate.json that are no metrics."""
TRAINING = "training"
"""What values of metrics.json are measured on, beside the paths of evaluate.json."""
_LARGEST = 16 << 20
"""Bytes of the largest report that is read."""
_WEIGHTS = "checkpoints/"


class Trace(NamedTuple):
    """What a commit has of a model; another one is another state of it.

    Attributes:
        lock: its block of models.lock; None where it is not locked.
        trained: the block of its training in dvc.lock; None where there is none.
        exported: the same of its export.
        reports: git's names of evaluate.json, metrics.json and verify.json.
    """

    lock: bytes | None
    trained: bytes | None
    exported: bytes | None
    reports: tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PastModel:
    """What a commit says of a model.

    Attributes:
        version: the version that is locked; None where none is.
        weights: digest of its weights, such as ``md5:…``; None where it is not known.
        size: bytes of the weights; None where that is not known.
        export: digest of its export.
        image: the container image that is locked for it.
        image_digest: what its tag named then, as ``sha256:…``.
        metrics: values by metric and path; those of its training count where nothing else is.
        of_other_bytes: whether evaluate.json is of other weights than these.
    """

    version: str | None = None
    weights: str | None = None
    size: int | None = None
    export: str | None = None
    image: str | None = None
    image_digest: str | None = None
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    of_other_bytes: bool = False


def list_report_paths(slug: str) -> tuple[str, ...]:
    """Name the reports of a model that count, in the order of ``Trace.reports``.

    >>> list_report_paths("det")[0]
    'reports/det/evaluate.json'
    """
    return tuple(f"{names.REPORTS}/{slug}/{name}" for name in _REPORTS)


WATCHED = (
    names.LOCK,
    names.DVC_LOCK,
    *(f":(glob){path}" for path in list_report_paths("*")),
)
"""The files whose changes make history, as git's patterns."""


class PastReader:
    """Reads models.lock, dvc.lock and reports of many commits.

    Args:
        read: reads YAML; gives None for what is none.
    """

    def __init__(self, read: Callable[[str], object]) -> None:
        self._read = read
        self._locks: dict[str, Mapping[str, bytes] | None] = {}
        self._built: dict[str, Mapping[str, bytes]] = {}
        self._same: dict[bytes, bytes] = {}
        self._parsed: dict[bytes, Any] = {}

    def add_lock(self, blob: str, data: bytes) -> None:
        """Take the bytes of a models.lock."""
        blocks = None if is_conflicted_lock(data) else name_lock_blocks(data)
        if blocks is None and not is_conflicted_lock(data):
            blocks = self._foreign_lock(data)
        self._locks[blob] = None if blocks is None else self._shared(blocks)

    def add_built(self, blob: str, data: bytes) -> None:
        """Take the bytes of a dvc.lock."""
        stages = {} if is_conflicted_lock(data) else released_stages_in(data)
        if not is_conflicted_lock(data) and not names_released_stages(data, stages):
            stages = {**self._foreign_built(data), **stages}
        self._built[blob] = self._shared(stages)

    def locked(self, blob: str | None) -> Mapping[str, bytes] | None:
        """Give the blocks of a models.lock by name; None where it cannot be read."""
        return {} if blob is None else self._locks.get(blob)

    def trace(self, name: str, files: Mapping[str, str | None]) -> Trace:
        """Say what a commit has of a model.

        Args:
            name: the model.
            files: git's names of the files of the commit, by path.
        """
        train, export, paths = _places(name)
        lock = (self.locked(files.get(names.LOCK)) or {}).get(name)
        built = self._built.get(files.get(names.DVC_LOCK) or "", {})
        return Trace(lock, built.get(train), built.get(export), tuple(map(files.get, paths)))

    def describe(self, name: str, trace: Trace, reports: Mapping[str, bytes]) -> PastModel:
        """Read what a trace says.

        Args:
            name: the model.
            trace: what a commit has of it.
            reports: the bytes of reports, by git's names of them.
        """
        entry = self._entry(trace.lock)
        trained = self._outputs(trace.trained).get(names.name_trained_file(name))
        exported = self._outputs(trace.exported).get(names.name_exported_folder(name))
        digest, size, path = _locked_weights(entry)
        if trained is not None:
            digest, size, path = (f"md5:{trained[0]}", trained[1], names.name_trained_file(name))
        elif digest is None and (read := self._weights_read(trace.exported)) is not None:
            path, digest = read[0], f"md5:{read[1]}"
        measured, measured_files = read_measured(reports.get(trace.reports[0] or ""))
        return PastModel(
            version=_text(entry.get("version")),
            weights=digest,
            size=size,
            export=None if exported is None else f"md5:{exported[0]}",
            image=_text(entry.get("image")),
            image_digest=_text(entry.get("image_digest")),
            metrics={**read_training(reports.get(trace.reports[1] or "")), **measured},
            of_other_bytes=_differs(digest, measured_files.get(path or "", {})),
        )

    def _shared(self, blocks: Mapping[str, bytes]) -> dict[str, bytes]:
        """Keep one copy of what most commits have in common."""
        return {name: self._same.setdefault(block, block) for name, block in blocks.items()}

    def _foreign_lock(self, data: bytes) -> dict[str, bytes] | None:
        """Split a lock that somebody else wrote; JSON is YAML too."""
        value = self._read(data.decode(errors="replace"))
        entries = value.get("models") if isinstance(value, dict) else None
        if not isinstance(entries, list):
            return None
        named = [one for one in entries if isinstance(one, dict) and _text(one.get("name"))]
        return {
            one["name"]: json.dumps([one], default=str, skipkeys=True).encode() for one in named
        }

    def _foreign_built(self, data: bytes) -> dict[str, bytes]:
        value = self._read(data.decode(errors="replace"))
        stages = value.get("stages") if isinstance(value, dict) else None
        return {
            str(name): _as_block({name: stage})
            for name, stage in (stages.items() if isinstance(stages, dict) else ())
        }

    def _value(self, block: bytes) -> Any:
        if block not in self._parsed:
            self._parsed[block] = self._read(block.decode(errors="replace"))
        return self._parsed[block]

    def _entry(self, block: bytes | None) -> Mapping[str, Any]:
        value = None if block is None else self._value(block)
        first = value[0] if isinstance(value, list) and value else None
        return first if isinstance(first, dict) else {}

    def _stage(self, block: bytes | None) -> Mapping[str, Any]:
        value = None if block is None else self._value(block)
        stage = next(iter(value.values()), None) if isinstance(value, dict) else None
        return stage if isinstance(stage, dict) else {}

    def _outputs(self, block: bytes | None) -> dict[str, tuple[str, int | None]]:
        """List what a stage wrote: digest and size by path."""
        return dict(_paths(self._stage(block).get("outs")))

    def _weights_read(self, block: bytes | None) -> tuple[str, str] | None:
        """Name the weights that an export read, and their MD5: all else that it reads is code."""
        read = _paths(self._stage(block).get("deps"))
        return next(((path, md5) for path, (md5, _) in read if path.startswith(_WEIGHTS)), None)


def _as_block(value: object) -> bytes:
    """Write a part of a file that somebody else wrote, as far as JSON can hold it."""
    return json.dumps(value, default=str, skipkeys=True).encode()


@cache
def _places(name: str) -> tuple[str, str, tuple[str, ...]]:
    """Name the stages and the reports of a model: of a thousand commits, once."""
    slug = names.slug(name)
    return f"train-{slug}", f"export-{slug}", list_report_paths(slug)


def _paths(entries: object) -> Iterator[tuple[str, tuple[str, int | None]]]:
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"path": str() as path, "md5": str() as md5}:
                yield path, (md5, _whole(entry.get("size")))


def _locked_weights(entry: Mapping[str, Any]) -> tuple[str | None, int | None, str | None]:
    """Say what models.lock knows of weights: digest, size and path."""
    path, files = _text(entry.get("path")), entry.get("files")
    if not isinstance(files, list):
        kinds = [kind for kind in ("md5", "sha256") if _text(entry.get(kind))]
        digest = f"{kinds[0]}:{entry[kinds[0]]}" if kinds else None
        return digest, _whole(entry.get("size")), path
    known = [one for one in files if isinstance(one, dict) and _text(one.get("path"))]
    md5s = {one["path"]: one["md5"] for one in known if _text(one.get("md5"))}
    sizes = [size for one in known if (size := _whole(one.get("size"))) is not None]
    whole = len(md5s) == len(files) > 0
    digest = f"md5:{folder_object_name(md5s)}" if whole else f"{len(files)} files"
    return digest, sum(sizes) if len(sizes) == len(files) else None, path


def _differs(digest: str | None, file: Mapping[str, Any]) -> bool:
    """Tell whether a report has another digest of a file, of the same kind."""
    kind, _, known = (digest or "").partition(":")
    measured = _text(file.get(kind))
    return measured is not None and measured != known


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_measured(
    data: bytes | None,
) -> tuple[dict[str, dict[str, float]], dict[str, Mapping[str, Any]]]:
    """Read the metrics of an evaluate.json, and what it says of the files that were measured.

    Whether the report is right is the matter of the gate: what is no number is left out.

    >>> read_measured(b'{"accuracy": {"network": 0.5}, "samples": 4, "evidence": []}')[0]
    {'accuracy': {'network': 0.5}}
    """
    value = _object(data)
    found = {}
    for name, paths in value.items():
        if name not in _NO_METRICS and isinstance(paths, dict):
            values = {path: float(one) for path, one in paths.items() if _is_number(one)}
            found.update({name: values} if values else {})
    match value.get("evidence"):
        case [{"files": list() as files}, *_]:
            named = [one for one in files if isinstance(one, dict) and _text(one.get("path"))]
            return found, {one["path"]: one for one in named}
    return found, {}


def read_training(data: bytes | None) -> dict[str, dict[str, float]]:
    """Read the final values of a training's metrics.json.

    >>> read_training(b'{"step": 3, "accuracy": 0.5, "loss": "nan"}')
    {'step': {'training': 3.0}, 'accuracy': {'training': 0.5}}
    """
    values = _object(data).items()
    return {name: {TRAINING: float(one)} for name, one in values if _is_number(one)}


def _object(data: bytes | None) -> Mapping[str, Any]:
    if data is None or len(data) > _LARGEST:
        return {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # JSON may have integers that no float holds
        return False
