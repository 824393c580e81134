"""models.yaml as a frozen value: read from a checked document, all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidFile, UnknownCatalog, UnknownModel
from paddledvc.models import policy as policies
from paddledvc.models import registry_rules
from paddledvc.models.model import (
    BUILT_IN,
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
    suggest_catalog,
    trained_model_file,
)
from paddledvc.models.percentages import is_percentage, read_number
from paddledvc.models.verify_settings import read_verify_settings
from paddledvc.models.versions import Requirement
from paddledvc.names import suggest_name

if TYPE_CHECKING:
    from paddledvc.models.evaluate_settings import Evaluate
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.policy import Policy
    from paddledvc.yaml.document import Document
    from paddledvc.yaml.schema import Schema

PLAIN_FIELDS = (
    "name",
    "source",
    "source_name",
    "revision",
    "file",
    "key",
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Deploy:
    """How the bundle of a release is put in place.

    Attributes:
        script: a Bash script of the project, called with the bundle's folder.
    """

    script: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Registry(Displayed):
    """What a team wants: the models of models.yaml, in its order.

    >>> registry = Registry(models=())
    >>> len(registry.models)
    0
    """

    _table_of = "models"
    models: tuple[Model, ...]
    environment: Environment | None = None
    policy: Policy = policies.DEFAULT
    catalogs: Mapping[str, Declared] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deploy: Deploy | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Model]:
        """The models by name."""
        return {model.name: model for model in self.models}

    def catalog(self, model: Model) -> Declared | None:
        """Return the catalog that lists the versions of a model; None if none does."""
        if model.urls or model.source is None:
            return None
        known = model.source in self.catalogs or model.source in BUILT_IN
        return self.declared(model.source) if known else None

    def declared(self, name: str) -> Declared:
        """Return the catalog called ``name``: a declared one, or else one that is built in.

        Raises:
            UnknownCatalog: there is none; the message suggests the nearest name.
        """
        if name in self.catalogs:
            return self.catalogs[name]
        if name in BUILT_IN:
            return Declared(kind=name, settings={})
        hint = suggest_catalog(name, {*self.catalogs, *BUILT_IN})
        raise UnknownCatalog(f"no catalog is called {name!r}{hint}")

    def environment_of(self, model: Model) -> Environment:
        """Return what a model runs in."""
        return model.environment or self.environment or Environment()

    def lineage(self, name: str) -> tuple[str, ...]:
        """Name a model and the models whose weights it starts from, nearest first.

        Raises:
            UnknownModel: there is no such model.
        """
        model = self.model(name)
        return (name, *self.lineage(model.base)) if model.base is not None else (name,)

    def members(self, name: str) -> tuple[str, ...]:
        """Name the models of a group, or the one model that is called so.

        Raises:
            UnknownModel: there is neither.
        """
        return self.groups.get(name) or (self.model(name).name,)

    def groups_of(self, name: str) -> tuple[str, ...]:
        """Name the groups that a model is in."""
        return tuple(group for group, members in self.groups.items() if name in members)

    def model(self, name: str) -> Model:
        """Return the model called ``name``.

        Raises:
            UnknownModel: there is none; the message suggests the nearest name.
        """
        try:
            return self.by_name[name]
        except KeyError:
            known = f"; it has {', '.join(sorted(self.by_name))}" if self.models else ""
            hint = suggest_name(name, self.by_name) or known
            raise UnknownModel(f"models.yaml has no model {name!r}{hint}") from None


def parse_registry(document: Document, schema: Schema) -> Registry:
    """Check a document against the schema and the rules between entries, and read it.

    Raises:
        InvalidFile: with every problem of the file.
    """
    problems = schema.problems(document)
    value: Any = document.value
    entries = (value.get("models") if isinstance(value, dict) else None) or []
    if isinstance(entries, list):
        reported = {problem.path for problem in problems}
        problems += registry_rules.check_registry_entries(document, entries, reported)
        environment = value.get("environment") if isinstance(value, dict) else None
        problems += registry_rules.check_registry_environment(
            document, ("environment",), environment, reported
        )
        problems += policies.find_policy_problems(document, reported)
    if problems:
        raise InvalidFile(problems)
    return Registry(
        models=tuple(_read_model(entry) for entry in entries),
        environment=_read_environment(value.get("environment")),
        policy=policies.read_policy(value.get("policy")),
        catalogs={
            name: _read_catalog(entry) for name, entry in (value.get("catalogs") or {}).items()
        },
        groups={name: tuple(its) for name, its in (value.get("groups") or {}).items()},
        deploy=Deploy(**value["deploy"]) if "deploy" in value else None,
    )


def weights_in_registry(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the weights of a model: trained, else downloaded, else those of its base."""
    if model.train is not None:
        return trained_model_file(model)
    return base_weights_in_registry(registry, lock, model)


def base_weights_in_registry(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the weights that a training starts from, if any."""
    if (path := lock.model(model.name).path) is not None:
        return path
    if model.base is not None:
        return weights_in_registry(registry, lock, registry.model(model.base))
    return None


def weights_key_in_registry(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the entry of a model's weights that is the state dict, if they hold several."""
    # What a training of ours writes is one.
    return None if model.train is not None else base_key_in_registry(registry, lock, model)


def base_key_in_registry(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the entry of the weights that a training starts from, if they hold several."""
    if lock.model(model.name).path is not None:
        return model.key
    if model.base is not None:
        return weights_key_in_registry(registry, lock, registry.model(model.base))
    return None


def _read_model(entry: Mapping[str, Any]) -> Model:
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
        inputs=tuple(_read_input(item) for item in entry.get("inputs", ())),
        forward=entry.get("forward"),
        outputs=tuple(_output(item) for item in entry.get("outputs", ())),
        train=_read_train(entry["train"]) if "train" in entry else None,
        export=_export(entry.get("export", False)),
        verify=read_verify_settings(entry.get("verify", {})),
        evaluate=_evaluate(entry.get("evaluate")),
        **_base(entry.get("base")),
        environment=_read_environment(entry.get("environment")),
    )


def _base(base: Any) -> dict[str, Any]:
    if not isinstance(base, Mapping):
        return {"base": base}
    requires = Requirement.parse(base["version"]) if "version" in base else None
    return {"base": base["name"], "base_requires": requires}


def _read_input(item: Mapping[str, Any]) -> Input:
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


def _read_train(section: Mapping[str, Any]) -> Train:
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


def _evaluate(section: Mapping[str, Any] | None) -> Evaluate | None:
    if section is None:
        return None
    from paddledvc.models.evaluate_settings import read_evaluate_settings  # noqa: PLC0415 - in hooks

    return read_evaluate_settings(section)


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


def _read_environment(value: Any) -> Environment | None:
    """Read an ``environment:`` value, of a model or of the file."""
    if isinstance(value, Mapping):
        return Environment(
            image=value.get("image"),
            stated_paddle=value.get("paddle"),
            cuda=value.get("cuda"),
            python=value.get("python"),
            mirrors=tuple(value.get("mirrors", ())),
        )
    return None if value is None else Environment(image=str(value))


def _read_catalog(entry: Mapping[str, Any]) -> Declared:
    """Read one entry of ``catalogs:``."""
    settings = {key: value for key, value in entry.items() if key != "kind"}
    return Declared(kind=entry["kind"], settings=settings)


def _metrics(entry: Mapping[str, Any]) -> tuple[Metric, ...]:
    metrics = {key: value for key, value in entry.items() if key.startswith("accuracy")}
    metrics.update(entry.get("metrics", {}))
    return tuple(_metric(name, value) for name, value in metrics.items())


def _metric(name: str, value: Any) -> Metric:
    if not isinstance(value, Mapping):
        return Metric(name=name, value=read_number(value), percent=is_percentage(value))
    return Metric(
        name=name,
        value=read_number(value["value"]),
        direction=value.get("direction", "higher"),
        tolerance=read_number(value.get("tolerance", 0.0)),
        percent=is_percentage(value["value"]),
    )
