"""Entries of models.yaml, already checked by the schema, as frozen types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paddledvc.models.model import (
    Declared,
    Environment,
    Export,
    Input,
    Launch,
    Metric,
    Model,
    Output,
    Reference,
    Train,
)
from paddledvc.models.verify_settings import Engine, OutputTolerance, Tolerance, Verify
from paddledvc.models.versions import Requirement

PLAIN_FIELDS = (
    "name",
    "source",
    "source_name",
    "revision",
    "file",
    "paddle",
    "size",
    "format",
    "task",
    "description",
    "license",
    "owner",
    "config_path",
    "docs",
    "meta",
)


def read_model(entry: Mapping[str, Any]) -> Model:
    """Read one entry of ``models:``."""
    return Model(
        **{key: entry[key] for key in PLAIN_FIELDS if key in entry},
        requires=Requirement.parse(entry["version"]),
        urls=_urls(entry),
        md5=_lower(entry.get("md5")),
        sha256=_lower(entry.get("sha256")),
        tags=tuple(entry.get("tags", ())),
        metrics=_metrics(entry),
        input_size=_sizes(entry.get("input_size", ())),
        network=Reference.parse(entry["network"]) if "network" in entry else None,
        network_args=entry.get("network_args", {}),
        inputs=tuple(read_input(item) for item in entry.get("inputs", ())),
        outputs=tuple(_output(item) for item in entry.get("outputs", ())),
        train=read_train(entry["train"]) if "train" in entry else None,
        export=_export(entry.get("export", False)),
        verify=read_verify(entry.get("verify", {})),
        **_base(entry.get("base")),
        environment=read_environment(entry.get("environment")),
    )


def _base(base: Any) -> dict[str, Any]:
    if not isinstance(base, Mapping):
        return {"base": base}
    requires = Requirement.parse(base["version"]) if "version" in base else None
    return {"base": base["name"], "base_requires": requires}


def read_input(item: Mapping[str, Any]) -> Input:
    """Read one entry of ``inputs:``."""
    limits = item.get("range")
    return Input(
        name=item["name"],
        shape=tuple(item["shape"]),
        dtype=item.get("dtype", "float32"),
        range=None if limits is None else (limits[0], limits[1]),
    )


def _output(item: Mapping[str, Any]) -> Output:
    shape = item.get("shape")
    return Output(
        name=item["name"],
        shape=None if shape is None else tuple(shape),
        dtype=item.get("dtype"),
    )


def read_train(section: Mapping[str, Any]) -> Train:
    """Read a ``train:`` section."""
    function = section.get("function")
    return Train(
        function=None if function is None else Reference.parse(function),
        command=section.get("command"),
        deps=tuple(section.get("deps", ())),
        outs=tuple(section.get("outs", ())),
        datasets=section.get("datasets", {}),
        params=section.get("params"),
        launch=Launch(**section["launch"]) if "launch" in section else None,
        seed=section.get("seed", 0),
        device=section.get("device", "cpu"),
    )


def read_verify(section: Mapping[str, Any]) -> Verify:
    """Read a ``verify:`` section, of a model or of params.yaml."""
    plain = ("samples", "preprocess", "edge_values", "seed", "device", "reference", "timeout")
    lists = ("batch_sizes", "paths", "optional")
    settings: dict[str, Any] = {
        **{key: section[key] for key in plain if key in section},
        **{key: tuple(section[key]) for key in lists if key in section},
    }
    if "samples" in settings:
        settings["samples"] = settings["samples"].rstrip("/")
    return Verify(
        **settings,
        tolerance=_tolerance(Tolerance(), section.get("tolerance", {})),
        engine=Engine(**section.get("engine", {})),
    )


def override_verify(settings: Verify, section: Mapping[str, Any]) -> Verify:
    """Let the ``verify`` section of params.yaml win over the model's own, key by key."""
    read = read_verify(section)
    changes = {key: getattr(read, key) for key in section}
    if "engine" in section:
        changes["engine"] = replace(settings.engine, **section["engine"])
    if "tolerance" in section:
        changes["tolerance"] = _tolerance(settings.tolerance, section["tolerance"])
    return replace(settings, **changes)


def _tolerance(base: Tolerance, section: Mapping[str, Any]) -> Tolerance:
    own = {name: OutputTolerance(**one) for name, one in section.get("outputs", {}).items()}
    return replace(base, **{**section, "outputs": {**base.outputs, **own}})


def _urls(entry: Mapping[str, Any]) -> tuple[str, ...]:
    urls = (entry.get("weights_url"), entry.get("hub_url"), *entry.get("urls", ()))
    return tuple(dict.fromkeys(url for url in urls if url is not None))


def _lower(digest: str | None) -> str | None:
    return None if digest is None else digest.lower()


def _sizes(size: Any) -> tuple[int, ...]:
    return (size, size) if isinstance(size, int) else tuple(size)


def _export(section: Any) -> Export | None:
    if section is False:
        return None
    stated = {} if section is True else section
    return Export(format=stated.get("format"), allow=tuple(stated.get("allow", ())))


def read_environment(value: Any) -> Environment | None:
    """Read an ``environment:`` value, of a model or of the file."""
    if isinstance(value, Mapping):
        return Environment(image=value.get("image"), stated_paddle=value.get("paddle"))
    return None if value is None else Environment(image=str(value))


def read_catalog(entry: Mapping[str, Any]) -> Declared:
    """Read one entry of ``catalogs:``."""
    settings = {key: value for key, value in entry.items() if key != "kind"}
    return Declared(kind=entry["kind"], settings=settings)


def _metrics(entry: Mapping[str, Any]) -> tuple[Metric, ...]:
    metrics = {key: value for key, value in entry.items() if key.startswith("accuracy")}
    metrics.update(entry.get("metrics", {}))
    return tuple(_metric(name, value) for name, value in metrics.items())


def _metric(name: str, value: Any) -> Metric:
    if not isinstance(value, Mapping):
        return Metric(name=name, value=number(value))
    return Metric(
        name=name,
        value=number(value["value"]),
        direction=value.get("direction", "higher"),
        tolerance=number(value.get("tolerance", 0.0)),
    )


def number(written: float | str) -> float:
    """Read a number or a percentage; a percentage is a fraction.

    >>> number("76.8%"), number(12), number("0.5")
    (0.768, 12.0, 0.5)
    """
    text = str(written).strip()
    if not text.endswith("%"):
        return float(text)
    return round(float(text[:-1]) / 100, 12)
