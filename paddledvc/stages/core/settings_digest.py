"""Digests of exactly the settings that a stage uses, short enough to read in a diff."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from paddledvc.errors import StaleStages
from paddledvc.hashes import PIN_LENGTH
from paddledvc.models.evaluate_settings import evaluated_paths
from paddledvc.models.model import model_stage_name, trained_model_file
from paddledvc.models.registry import (
    base_key_in_registry,
    base_weights_in_registry,
    weights_in_registry,
    weights_key_in_registry,
)
from paddledvc.models.verify_settings import Verify

if TYPE_CHECKING:
    from paddledvc import names
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.models.registry import Registry


def sync_digest(lock: Lock, model: Model) -> str:
    """Digest what ``sync`` uses: version, sources, hashes and target."""
    entry = lock.model(model.name)
    used: tuple[Any, ...] = (entry.urls, entry.md5, entry.sha256, entry.size, entry.path)
    if entry.files:  # appended only then, so that all other pins stay as they were
        used = (*used, [list_settings(file) for file in entry.files])
    return f"{entry.version}-{digest_settings(used)}"


def train_digest(registry: Registry, lock: Lock, model: Model) -> str:
    """Digest what ``train`` uses, its hyperparameters apart."""
    assert model.train is not None
    settings = list_settings(model.train)
    # DVC itself compares what these name.
    for not_used in ("deps", "outs", "datasets", "params"):
        settings.pop(not_used, None)
    network = _network(model) if model.train.function is not None else None
    base = _with_key(
        base_weights_in_registry(registry, lock, model),
        base_key_in_registry(registry, lock, model),
    )
    return digest_settings((settings, network, base, trained_model_file(model)))


def export_digest(registry: Registry, lock: Lock, model: Model) -> str:
    """Digest what ``export`` uses."""
    assert model.export is not None
    inputs = [(item.name, item.shape, item.dtype) for item in model.inputs]
    weights = _weights(registry, lock, model)
    used = (list_settings(model.export), _network(model), inputs, weights)
    return digest_settings(used if model.forward is None else (*used, model.forward))


def verify_digest(registry: Registry, lock: Lock, model: Model) -> str:
    """Digest what ``verify`` uses, its section of params.yaml apart."""
    inputs = [list_settings(item) for item in model.inputs]
    weights = _weights(registry, lock, model)
    settings = model.verify
    tolerance = settings.tolerance.beyond_usual(settings.engine.precision)
    # How long it may take changes nothing that it finds.
    settings = replace(settings, tolerance=tolerance, timeout=Verify().timeout)
    used: tuple[Any, ...] = (
        list_settings(settings),
        _network(model),
        inputs,
        model.input_size,
        weights,
    )
    if model.outputs:  # as the files of sync
        used = (*used, [list_settings(output) for output in model.outputs])
    if model.forward is not None:
        used = (*used, {"forward": model.forward})
    return digest_settings(used)


def evaluate_digest(registry: Registry, lock: Lock, model: Model) -> str:
    """Digest what ``evaluate`` uses; what its metrics must be is judged, not measured."""
    settings = model.evaluate
    assert settings is not None
    exports = model.exports
    paths = evaluated_paths(settings, exports=exports)
    used: tuple[Any, ...] = (
        settings.function,
        sorted(one.name for one in settings.metrics),
        sorted(one.name for one in settings.slices),
        [list_settings(one) for one in settings.plots],
        paths,
        settings.seed,
        settings.device,
        list_settings(model.verify.engine) if paths else {},
        [item.name for item in model.inputs] if paths else [],
        model.forward,
        _network(model),
        _weights(registry, lock, model),
    )
    return digest_settings((*used, "pictures") if settings.pictures else used)


def list_settings(value: Any) -> dict[str, Any]:
    """List what a value of ours says beyond its defaults.

    A digest of all fields would change, and everything be built again, whenever a new version of
    paddledvc gives a section a new setting.

    >>> from paddledvc.models.verify_settings import Verify
    >>> list_settings(Verify(seed=3))
    {'seed': 3}
    """
    stated = {}
    for one in fields(value):
        default = one.default_factory() if callable(one.default_factory) else one.default
        item = getattr(value, one.name)
        if item != default:
            stated[one.name] = _said_item(item)
    return stated


def _said_item(item: Any) -> Any:
    if isinstance(item, Mapping):
        return {key: _said_item(one) for key, one in item.items()}
    return list_settings(item) if is_dataclass(item) else item


def _weights(registry: Registry, lock: Lock, model: Model) -> Any:
    return _with_key(
        weights_in_registry(registry, lock, model), weights_key_in_registry(registry, lock, model)
    )


def _with_key(path: str | None, key: str | None) -> Any:
    return path if key is None else (path, key)  # so that all other pins stay as they were


def _network(model: Model) -> tuple[str, Mapping[str, Any]]:
    return str(model.network), dict(model.network_args)


def require_digest(kind: names.StageKind, model: Model, given: str, now: str) -> None:
    """Refuse to work for a stage that was generated from other settings than today's.

    Raises:
        StaleStages: the pins differ.
    """
    if given != now:
        raise StaleStages(
            f"the stage {model_stage_name(kind, model)} was generated for --pin {given}, but "
            f"its settings now give {now}; run `paddledvc generate`, then `dvc repro`"
        )


def digest_settings(fields: Any, *, length: int = PIN_LENGTH) -> str:
    """Digest settings into a few characters that change whenever the settings do.

    Args:
        fields: mappings, lists and scalars; the order of keys does not matter.
        length: how many characters.

    >>> digest_settings({"a": 1, "b": 2}) == digest_settings({"b": 2, "a": 1})
    True
    """
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]
