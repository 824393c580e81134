"""models.yaml as a frozen value: read from a checked document, all problems at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidFile, UnknownCatalog, UnknownModel
from paddledvc.models import policy as policies
from paddledvc.models import rules
from paddledvc.models.model import BUILT_IN, Declared, Environment, Model
from paddledvc.models.parse import read_catalog, read_environment, read_model
from paddledvc.names import REPORTS, did_you_mean, exported_of, trained_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.policy import Policy
    from paddledvc.names import Kind
    from paddledvc.yaml.document import Document
    from paddledvc.yaml.schema import Schema


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
        known = sorted({*self.catalogs, *BUILT_IN})
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
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

    def model(self, name: str) -> Model:
        """Return the model called ``name``.

        Raises:
            UnknownModel: there is none; the message suggests the nearest name.
        """
        try:
            return self.by_name[name]
        except KeyError:
            known = f"; it has {', '.join(sorted(self.by_name))}" if self.models else ""
            hint = did_you_mean(name, self.by_name) or known
            raise UnknownModel(f"models.yaml has no model {name!r}{hint}") from None


def parse(document: Document, schema: Schema) -> Registry:
    """Check a document against the schema and the rules between entries, and read it.

    Raises:
        InvalidFile: with every problem of the file.
    """
    problems = schema.problems(document)
    value: Any = document.value
    entries = (value.get("models") if isinstance(value, dict) else None) or []
    if isinstance(entries, list):
        reported = {problem.path for problem in problems}
        problems += rules.between_entries(document, entries, reported)
        environment = value.get("environment") if isinstance(value, dict) else None
        problems += rules.environment(document, ("environment",), environment, reported)
        problems += policies.problems(document, reported)
    if problems:
        raise InvalidFile(problems)
    return Registry(
        models=tuple(read_model(entry) for entry in entries),
        environment=read_environment(value.get("environment")),
        policy=policies.read(value.get("policy")),
        catalogs={
            name: read_catalog(entry) for name, entry in (value.get("catalogs") or {}).items()
        },
    )


def trained(model: Model) -> str:
    """Name the file that ``train`` writes; it bears no version, for the commit is its version."""
    return trained_of(model.name)


def exported(model: Model) -> str:
    """Name the folder that ``export`` writes."""
    return exported_of(model.name)


def reports(model: Model) -> str:
    """Name the folder of a model's metrics and plots."""
    return f"{REPORTS}/{model.slug}"


def stage_name(kind: Kind, model: Model) -> str:
    """Name a stage.

    >>> from paddledvc.models.model import Model
    >>> from paddledvc.models.versions import Requirement
    >>> model = Model(name="PP-YOLOE+_L", requires=Requirement.parse("v1"))
    >>> stage_name("sync", model)
    'sync-PP-YOLOEplus_L'
    """
    return f"{kind}-{model.slug}"


def own_weights(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the weights of a model: trained, else downloaded, else those of its base."""
    if model.train is not None:
        return trained(model)
    return base_weights(registry, lock, model)


def base_weights(registry: Registry, lock: Lock, model: Model) -> str | None:
    """Name the weights that a training starts from, if any."""
    if (path := lock.model(model.name).path) is not None:
        return path
    if model.base is not None:
        return own_weights(registry, lock, registry.model(model.base))
    return None
