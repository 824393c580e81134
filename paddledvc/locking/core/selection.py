"""Who asks for which versions of a model, which listed one is taken, and why none is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, Unresolvable
from paddledvc.models.compatibility import explain_incompatibility, program_format_of
from paddledvc.models.versions import (
    Requirement,
    as_version,
    is_version,
    newest_version,
    same_version,
    suggest_version,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.catalogs.core.listing import Listed, Query, Release
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.models.model import Environment, Model
    from paddledvc.models.registry import Registry

SHOWN = 8
"""Versions that an explanation names."""
PRE_RELEASE = "a pre-release"
ASK_FOR_PRE_RELEASES = (
    "pre-releases are taken only when asked for: latest-pre, or a range that names one"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The version that is taken.

    Attributes:
        listed: the version, as the catalog lists it.
        warning: what speaks against it although it was asked for; None if nothing does.
    """

    listed: Listed
    warning: str | None = None

    @property
    def version(self) -> str:
        """The version, as the catalog spells it."""
        return self.listed.version


def select_version(question: Question, listed: Sequence[Listed]) -> Choice:
    """Take the newest version that satisfies everybody and that the environment loads.

    The locked version is preferred, unless it may move. A yanked version is taken only where
    somebody asks for exactly it, or where it is locked.

    Raises:
        Unresolvable: there is none; the message says who wants what, and what there is.
    """
    possible = [one for one in listed if why_not_selectable(question, one) is None]
    if not possible:
        raise _explain(question, listed)
    good = [one.version for one in possible if one.yanked is None]
    locked = [one.version for one in possible if _is_kept(question, one.version)]
    chosen = newest_version(locked or good or [one.version for one in possible])
    found = next(one for one in possible if one.version == chosen)
    warning = f"{question.model.name} {chosen} is {found.yanked}" if found.yanked else None
    return Choice(listed=found, warning=warning)


def complete_selection(listed: Listed, release: Release) -> Listed:
    """Complete what a list says of a version by its description."""
    program = program_format_of(file.path for file in release.files) if release.folder else None
    return replace(
        listed,
        paddle=release.paddle or listed.paddle,
        format=program or release.format or listed.format,
    )


def _is_kept(question: Question, version: str) -> bool:
    """Tell whether a version is the locked one, which nobody asked to move."""
    previous = question.previous
    if previous is None or question.movable:
        return False
    same_model = previous.source_name == question.model.source_name
    return same_model and same_version(previous.version, version)


def why_not_selectable(question: Question, listed: Listed) -> str | None:
    """Say why a version cannot be taken, in a few words; None if it can."""
    asked_for = any(want.requirement.names_prerelease for want in question.wants)
    if as_version(listed.version).is_prerelease and not asked_for:
        return PRE_RELEASE
    if (want := find_unsatisfied_want(question.wants, listed.version)) is not None:
        return str(want)
    exactly = any(want.requirement.exact for want in question.wants)
    if listed.yanked is not None and not exactly and not _is_kept(question, listed.version):
        return listed.yanked
    ranges = [listed.paddle, question.model.paddle]
    return explain_incompatibility(question.environment, ranges, listed.format)


def _explain(question: Question, listed: Sequence[Listed]) -> Unresolvable:
    name = question.model.name
    ordered = sorted(listed, key=lambda one: as_version(one.version), reverse=True)
    words = [_describe_version(question, one) for one in ordered[:SHOWN]]
    more = f" and {len(listed) - SHOWN} older ones" if len(listed) > SHOWN else ""
    lists = f"{', '.join(words)}{more}" if listed else "no version of it"
    reasons = [*map(str, question.wants), f"{question.catalog} lists {lists}"]
    if any(why_not_selectable(question, one) == PRE_RELEASE for one in ordered):
        reasons.append(ASK_FOR_PRE_RELEASES)
    reasons += _advise_on_builds(question, listed)
    return Unresolvable(name, "no version satisfies all of this", reasons)


def _advise_on_builds(question: Question, listed: Sequence[Listed]) -> Iterator[str]:
    """Say how to ask for the builds of a version that is listed only with local parts."""
    for asked in dict.fromkeys(want.requirement.text for want in question.wants):
        if is_version(asked) and any(
            Requirement.parse(f"=={asked}").allows(one.version)
            and not same_version(one.version, asked)
            for one in listed
        ):
            yield (
                f"{asked} is the version without a local part; "
                f"ask for =={asked} to take any build of it"
            )


def _describe_version(question: Question, listed: Listed) -> str:
    """Name a version, with what else than the requirements speaks against it."""
    why = why_not_selectable(question, listed)
    asked = {str(want) for want in question.wants}
    return listed.version if why is None or why in asked else f"{listed.version} ({why})"


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
        works = suggest_version(version)
        advice = f"; write {name}=={works}" if is_version(works) else ""
        raise InvalidInput(f"{text}: expected NAME or NAME==VERSION{advice}") from error


def list_wants(registry: Registry, name: str) -> tuple[Want, ...]:
    """List all that is asked of a model's version: by its own entry, then by others."""
    return list_all_wants(registry, NO_UPGRADE)[name]


def list_all_wants(registry: Registry, upgrade: Upgrade) -> dict[str, tuple[Want, ...]]:
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


def find_unsatisfied_want(wants: Sequence[Want], version: str) -> Want | None:
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
