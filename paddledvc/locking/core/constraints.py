"""Who asks for which versions of a model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.models.versions import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.catalogs.core.listing import Query
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.models.model import Environment, Model
    from paddledvc.models.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Want:
    """What somebody asks of a model's version.

    Attributes:
        who: who asks, as the start of a sentence.
        requirement: what they ask for.
    """

    who: str
    requirement: Requirement

    def __str__(self) -> str:
        return f"{self.who} asks for {self.requirement.text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """Which pins may move although they satisfy what is wanted.

    Attributes:
        everything: all of them.
        models: those of these models, and what they must move to, if anything particular.
    """

    everything: bool = False
    models: Mapping[str, Requirement | None] = field(default_factory=dict)

    @classmethod
    def parse(
        cls, registry: Registry, packages: Iterable[str], *, everything: bool = False
    ) -> Upgrade:
        """Read the models whose pins may move, each written as ``NAME`` or ``NAME==VERSION``.

        Raises:
            InvalidInput: one is written in another way.
            UnknownModel: models.yaml has no such model.
        """
        models = dict(_package(registry, text) for text in packages)
        return cls(everything=everything, models=models)

    def covers(self, name: str) -> bool:
        """Tell whether the pin of a model may move."""
        return self.everything or name in self.models


NO_UPGRADE = Upgrade()


def _package(registry: Registry, text: str) -> tuple[str, Requirement | None]:
    name, equals, version = text.partition("==")
    if re.search("[<>!~^]", text):
        raise InvalidInput(f"{text}: expected NAME or NAME==VERSION")
    registry.model(name)
    try:
        return name, Requirement.parse(f"=={version}") if equals else None
    except ValueError as error:
        raise InvalidInput(f"{text}: expected NAME or NAME==VERSION") from error


def wants_of(registry: Registry, name: str) -> tuple[Want, ...]:
    """List all that is asked of a model's version: by its own entry, then by others."""
    return all_wants(registry, NO_UPGRADE)[name]


def all_wants(registry: Registry, upgrade: Upgrade) -> dict[str, tuple[Want, ...]]:
    """List all that is asked of each model's version."""
    wants = {
        model.name: [Want(who="models.yaml", requirement=model.requires)]
        for model in registry.models
    }
    for model in registry.models:
        if model.base is not None and model.base_requires is not None:
            who = f"{model.name}, which starts from it,"
            wants[model.base].append(Want(who=who, requirement=model.base_requires))
    for name, requirement in upgrade.models.items():
        if requirement is not None:
            wants[name].append(Want(who="--upgrade-package", requirement=requirement))
    return {name: tuple(asked) for name, asked in wants.items()}


def find_unsatisfied(wants: Sequence[Want], version: str) -> Want | None:
    """Find somebody whom a version does not satisfy.

    A pre-release will do for all as soon as one asks for pre-releases.
    """
    prereleases = any(want.requirement.names_prerelease for want in wants)
    refused = (w for w in wants if not w.requirement.allows(version, prereleases=prereleases))
    return next(refused, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A model whose version only a catalog can tell.

    Attributes:
        model: the model.
        catalog: name of the catalog.
        query: what to ask it.
        wants: all that is asked of the version.
        environment: what has to load it.
        previous: what was locked; None for a new model.
        movable: whether the locked version may be left although it satisfies everybody.
        why: why the pin does not stand, as the end of a sentence about the model.
    """

    model: Model
    catalog: str
    query: Query
    wants: tuple[Want, ...]
    environment: Environment
    previous: LockedModel | None
    movable: bool
    why: str
