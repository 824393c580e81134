"""What made trained weights, written down in ``reports/<slug>/train/record.json``."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paddledvc.hashes import Hashes
from paddledvc.models.model import model_reports_folder
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.paddle.core.jobs import FLAG, Runtime
from paddledvc.yaml.formats import require_known_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paddledvc.models.model import Model

VERSION = 1
RECORDED = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE")
"""Variables of the environment that a record has beside Paddle's flags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hashed:
    """A file that a record or a verdict belongs to, by its path in the project."""

    path: str
    hashes: Hashes


def find_hashes(files: Iterable[Hashed], path: str) -> Hashes | None:
    """Give what a file hashed to; None where it is not among these."""
    return next((one.hashes for one in files if one.path == path), None)


def find_folder_md5(files: Iterable[Hashed], path: str) -> str | None:
    """Give DVC's MD5 of a folder; None where none of these is in it, or one has no MD5."""
    start = f"{path}/"
    inside = {
        one.path.removeprefix(start): one.hashes.md5 for one in files if one.path.startswith(start)
    }
    known = {name: md5 for name, md5 in inside.items() if md5 is not None}
    return folder_object_name(known) if known and len(known) == len(inside) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """Data that a model has learned from.

    Attributes:
        path: relative to the project.
        md5: of a file, or DVC's name of a folder; None where nothing was there.
    """

    path: str
    md5: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What made the weights of a model.

    Attributes:
        version: version of the model.
        weights: the file that this is the record of.
        base: the weights that the training started from; None where it started from nothing.
        commit: full name of the commit that was checked out; None outside of git.
        dirty: whether a file of git had changes that no commit has.
        params: hyperparameters.
        datasets: what it learned from, by name.
        device: what models.yaml asks for.
        runtime: what ran; None for a command, which does not tell.
        environment: Paddle's flags, threads and the like that the environment set.
        paddle: version of the installed Paddle; None where there is none.
        python: version of Python.
        paddledvc: version of paddledvc.
        launch: how it was spread over processes and machines, as far as that is stated.
        began: when it began, UTC, as ISO 8601 writes it.
        seconds: how long it took.
        image: the container image that it ran in, as ``PADDLEDVC_IMAGE`` names it.
    """

    model: str
    version: str
    weights: Hashed
    base: Hashed | None = None
    commit: str | None = None
    dirty: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    seed: int = 0
    device: str = "cpu"
    runtime: Runtime | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    paddle: str | None = None
    python: str
    paddledvc: str
    launch: Mapping[str, Any] | None = None
    began: str
    seconds: float
    image: str | None = None

    def to_json(self) -> str:
        """Write the record; its keys are always in the same order."""
        value = {
            "version": VERSION,
            "model": self.model,
            "model_version": self.version,
            "weights": _of_hashed(self.weights),
            "base": None if self.base is None else _of_hashed(self.base),
            "commit": self.commit,
            "dirty": self.dirty,
            "params": _plain(self.params),
            "datasets": {
                name: {"path": one.path, "md5": one.md5}
                for name, one in sorted(self.datasets.items())
            },
            "seed": self.seed,
            "launch": None if self.launch is None else _plain(self.launch),
            "device": self.device,
            "runtime": None if self.runtime is None else _of_runtime(self.runtime),
            "environment": dict(sorted(self.environment.items())),
            "paddle": self.paddle,
            "python": self.python,
            "paddledvc": self.paddledvc,
            "began": self.began,
            "seconds": self.seconds,
            **({} if self.image is None else {"image": self.image}),
        }
        return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read a record.

        Raises:
            ValueError: it is none; the message says why, as the end of a sentence about it.
        """
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"is not JSON: {error.msg} in line {error.lineno}") from error
        except RecursionError as error:
            raise ValueError("is JSON of too many lists in lists") from error
        require_known_format(value, VERSION)
        version = value.get("version") if isinstance(value, dict) else None
        if version is not None and version != VERSION:
            raise ValueError(f"has the format {version!r}, this paddledvc reads {VERSION}")
        try:
            return cls._of(value)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError("is no record of `paddledvc train`") from error

    @classmethod
    def _of(cls, value: Mapping[str, Any]) -> Record:
        return cls(
            model=str(value["model"]),
            version=str(value["model_version"]),
            weights=_hashed(value["weights"]),
            base=None if value["base"] is None else _hashed(value["base"]),
            commit=value["commit"],
            dirty=bool(value["dirty"]),
            params=dict(value["params"]),
            datasets={
                str(name): Dataset(path=str(one["path"]), md5=one["md5"])
                for name, one in value["datasets"].items()
            },
            seed=int(value["seed"]),
            launch=None if value["launch"] is None else dict(value["launch"]),
            device=str(value["device"]),
            runtime=None if value["runtime"] is None else _runtime(value["runtime"]),
            environment={str(key): str(one) for key, one in value["environment"].items()},
            paddle=value["paddle"],
            python=str(value["python"]),
            paddledvc=str(value["paddledvc"]),
            began=str(value["began"]),
            seconds=float(value["seconds"]),
            image=None if value.get("image") is None else str(value["image"]),
        )


def record_path(model: Model) -> str:
    """Name the file of a model's record, relative to the project."""
    return f"{model_reports_folder(model)}/train/record.json"


def pick_recorded_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Pick the variables of an environment that a record has.

    >>> every = {"FLAGS_use_autotune": "1", "OMP_NUM_THREADS": "2", "HOME": "/root"}
    >>> pick_recorded_variables(every)
    {'FLAGS_use_autotune': '1', 'OMP_NUM_THREADS': '2'}
    """
    return {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith(FLAG) or name in RECORDED
    }


def _of_hashed(file: Hashed) -> dict[str, Any]:
    hashes = file.hashes
    return {
        "path": file.path,
        "md5": hashes.md5,
        "sha256": hashes.sha256,
        "size": hashes.size,
    }


def _hashed(value: Mapping[str, Any]) -> Hashed:
    hashes = Hashes(md5=value["md5"], sha256=value["sha256"], size=value["size"])
    return Hashed(path=str(value["path"]), hashes=hashes)


def _of_runtime(runtime: Runtime) -> dict[str, Any]:
    return {
        "paddle": runtime.paddle,
        "commit": runtime.commit,
        "device": runtime.device,
        "flags": dict(runtime.flags),
    }


def _runtime(value: Mapping[str, Any]) -> Runtime:
    return Runtime(
        paddle=str(value["paddle"]),
        commit=str(value["commit"]),
        device=str(value["device"]),
        flags=tuple(sorted((str(key), str(one)) for key, one in value["flags"].items())),
    )


def _plain(value: Any) -> Any:
    """Write numbers that JSON does not have as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
