"""What dvc.lock says of the stages that ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paddledvc import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """What dvc.lock says of a stage.

    Attributes:
        command: the command line that ran.
        deps: MD5 digests of what it read, by path.
        outs: MD5 digests of what it wrote, by path.
        params: values of the hyperparameters that it read, by name.
        params_files: the other files of hyperparameters that it read, by name.
    """

    command: str
    deps: Mapping[str, str] = field(default_factory=dict)
    outs: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    params_files: Mapping[str, Any] = field(default_factory=dict)


def read_built_outputs(value: object) -> Mapping[str, Built]:
    """Read dvc.lock; what is not as DVC 3 writes it says nothing.

    >>> outs = [{"path": "b", "md5": "c", "hash": "md5"}]
    >>> read_built_outputs({"stages": {"a": {"cmd": "x", "outs": outs}}})
    {'a': Built(command='x', deps={}, outs={'b': 'c'}, params={}, params_files={})}
    """
    stages = value.get("stages") if isinstance(value, dict) else None
    return {
        str(name): Built(
            command=str(stage.get("cmd")),
            deps=dict(_digests(stage.get("deps"))),
            outs=dict(_digests(stage.get("outs"))),
            params=_params(stage.get("params")).get(names.PARAMS) or {},
            params_files=_params(stage.get("params")),
        )
        for name, stage in (stages if isinstance(stages, dict) else {}).items()
        if isinstance(stage, dict)
    }


def _digests(entries: object) -> Iterator[tuple[str, str]]:
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"path": str() as path, "md5": str() as md5, "hash": "md5"}:
                yield path, md5


def _params(files: object) -> Mapping[str, Any]:
    """Pick the files of hyperparameters that are mappings."""
    every = files if isinstance(files, dict) else {}
    return {name: values for name, values in every.items() if isinstance(values, dict)}
