"""GTO's registry: which versions of which artifacts the tags of a repository stand for.

Grammar and order of events are those of `GTO <https://github.com/iterative/gto>`_, so that its
commands and these lines say the same of one repository; where GTO gives up on a repository, such
as one with two versions of an artifact on a commit, the tags still mean what they say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from paddledvc.models.versions import as_version, is_version
from paddledvc.names import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9/_-]*[a-zA-Z0-9])?"
_NUMBER = r"(?:0|[1-9][0-9]*)"
_WORD = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = (
    rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    rf"(?P<prerelease>-{_WORD}(?:\.{_WORD})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
_FORM = re.compile(
    rf"(?P<artifact>(?:[a-zA-Z0-9_./-]+=)?{_NAME})"
    rf"(?:#(?P<stage>{_NAME})(?P<unassign>!?)|@(?P<version>{_VERSION})(?P<cancel>!?)|@(?P<deprecated>deprecated))"
    r"(?:#(?P<counter>[0-9]+))?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A tag of a git repository.

    Attributes:
        name: for example ``det@v1.0.0``.
        commit: the commit that it names; None if it names something else, such as a file.
        time: when it was made, in seconds since 1970; None for a lightweight tag.
        by: who made it; empty where nobody says.
    """

    name: str
    commit: str | None
    time: int | None
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactVersion:
    """One version of an artifact.

    Attributes:
        version: as the tag spells it, for example ``v1.0.0``.
        commit: the commit that holds it.
        tag: the tag that registers it.
        cancelled: the tag that took it back; None while it stands.
    """

    version: str
    commit: str
    tag: str
    cancelled: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """What GTO calls a model.

    Attributes:
        name: ``NAME``, or ``FOLDER:NAME`` for one of a monorepo.
        versions: its versions, in the order of their names.
        deprecated: the tag that deprecates it altogether; None while it is in use.
    """

    name: str
    versions: tuple[ArtifactVersion, ...]
    deprecated: str | None = None

    @property
    def folder(self) -> str:
        """Folder of the ``dvc.yaml`` that says where it is; empty for that of the repository.

        >>> Artifact(name="models/ocr:det", versions=()).folder
        'models/ocr'
        """
        return self.name.rpartition(":")[0]

    @property
    def key(self) -> str:
        """Its name in that ``dvc.yaml``.

        >>> Artifact(name="models/ocr:det", versions=()).key
        'det'
        """
        return self.name.rpartition(":")[2]

    def version(self, version: str) -> ArtifactVersion | None:
        """Find a version by its exact spelling."""
        return next((one for one in self.versions if one.version == version), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredTag:
    """A tag that looks like one of an artifact's, but does not count.

    Attributes:
        tag: its name.
        artifact: the artifact that it seems to be about.
        why: why it does not count, as the end of a sentence about the tag.
    """

    tag: str
    artifact: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """What all tags of a repository say.

    Attributes:
        artifacts: those that have a version, by name, sorted.
        ignored: tags that do not count, sorted.
    """

    artifacts: Mapping[str, Artifact]
    ignored: Sequence[IgnoredTag]

    def find(self, name: str) -> Artifact | None:
        """Find an artifact: by GTO's name, by its tags' spelling, or without its folder.

        A name that GTO does not allow stands for its slug, which is what paddledvc itself calls
        the artifact.

        Raises:
            ValueError: artifacts of several folders have that name.
        """
        folder, colon, key = name.replace("=", ":").rpartition(":")
        for wanted in (f"{folder}{colon}{key}", f"{folder}{colon}{slug(key)}"):
            if wanted in self.artifacts:
                return self.artifacts[wanted]
            named = [one for one in self.artifacts.values() if one.key == wanted]
            if len(named) > 1:
                several = " and ".join(one.name for one in named)
                raise ValueError(f"{wanted!r} may be {several}; write source_name: {named[0].name}")
            if named:
                return named[0]
        return None


class GtoAction(IntEnum):
    """What a tag does, in the order that GTO gives to events of one second."""

    # GTO sorts by time alone, and stably: this is the order of the lists that it joins.
    DEPRECATE = 0
    ASSIGN = 1
    UNASSIGN = 2
    REGISTER = 3
    CANCEL = 4


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class GtoEvent:
    """What a tag that counts says of an artifact; events are ordered as GTO orders them.

    Attributes:
        time: when the tag was made, in seconds since 1970.
        action: what it does.
        counter: the number at its end; 0 where it has none.
        tag: its name.
        commit: the commit that it names.
        version: the version that it registers or cancels, as it spells it; else empty.
        stage: the release stage that it assigns or unassigns; else empty.
        by: who made it.
    """

    time: int
    action: GtoAction
    counter: int
    tag: str
    commit: str
    version: str = ""
    stage: str = ""
    by: str = ""


def read_gto_tags(tags: Iterable[Tag]) -> Tags:
    """Work out which versions stand.

    A cancelled version can be registered again, and whatever happens to an artifact after its
    deprecation brings it back: the last event counts, by the time at which its tag was made.

    >>> tags = [
    ...     Tag(name="det@v1.0.0", commit="a" * 40, time=1),
    ...     Tag(name="det@v1.1.0", commit="b" * 40, time=2),
    ...     Tag(name="det@v1.1.0!", commit="b" * 40, time=3),
    ... ]
    >>> [(one.version, one.cancelled) for one in read_gto_tags(tags).artifacts["det"].versions]
    [('v1.0.0', None), ('v1.1.0', 'det@v1.1.0!')]
    """
    events, ignored = list_gto_events(tags)
    found = (_artifact(name, events[name]) for name in sorted(events))
    return Tags(artifacts={one.name: one for one in found if one.versions}, ignored=ignored)


def list_gto_events(
    tags: Iterable[Tag],
) -> tuple[dict[str, list[GtoEvent]], Sequence[IgnoredTag]]:
    """List what happened to each artifact in its order, and the tags that do not count.

    >>> events, _ = list_gto_events([Tag(name="det#prod#2", commit="a" * 40, time=1)])
    >>> [(one.action.name, one.stage, one.counter) for one in events["det"]]
    [('ASSIGN', 'prod', 2)]
    """
    events: dict[str, list[GtoEvent]] = defaultdict(list)
    ignored: list[IgnoredTag] = []
    for tag in tags:
        form = _FORM.fullmatch(tag.name)
        artifact = (form["artifact"] if form else tag.name.partition("@")[0]).replace("=", ":")
        if why := _flaw(tag, form):
            ignored.append(IgnoredTag(tag=tag.name, artifact=artifact, why=why))
        elif form is not None:
            events[artifact].append(_event(tag, form))
    return (
        {name: sorted(its) for name, its in events.items()},
        sorted(ignored, key=lambda one: one.tag),
    )


def _flaw(tag: Tag, form: re.Match[str] | None) -> str:
    """Say why a tag does not count; empty for one that does, or is not about artifacts at all."""
    if form is None:
        return "it is not of the form NAME@v1.2.3" if "@" in tag.name else ""
    if tag.time is None:
        return "it is not annotated, and GTO counts annotated tags only"
    if tag.commit is None:
        return "it tags no commit"
    # Python orders some of SemVer's pre-releases after their release, as it does 1.0.0-1.
    pre = form["prerelease"] is not None
    version = form["version"]
    if version and not (is_version(version) and as_version(version).is_prerelease == pre):
        return "a pre-release is written as -alpha.1, -beta.1, -rc.1 or -dev.1"
    return ""


def _event(tag: Tag, form: re.Match[str]) -> GtoEvent:
    assert tag.time is not None
    assert tag.commit is not None
    if form["version"] is not None:
        action = GtoAction.CANCEL if form["cancel"] else GtoAction.REGISTER
    elif form["deprecated"]:
        action = GtoAction.DEPRECATE
    else:
        action = GtoAction.UNASSIGN if form["unassign"] else GtoAction.ASSIGN
    return GtoEvent(
        time=tag.time,
        action=action,
        counter=int(form["counter"] or 0),
        tag=tag.name,
        commit=tag.commit,
        version=form["version"] or "",
        stage=form["stage"] or "",
        by=tag.by,
    )


def _artifact(name: str, events: Sequence[GtoEvent]) -> Artifact:
    """Replay the events of an artifact, which are in their order."""
    versions: dict[str, ArtifactVersion] = {}
    for event in events:
        standing = versions.get(event.version)
        if event.action is GtoAction.REGISTER:
            versions[event.version] = ArtifactVersion(
                version=event.version, commit=event.commit, tag=event.tag
            )
        elif event.action is GtoAction.CANCEL and standing is not None:
            versions[event.version] = ArtifactVersion(
                version=standing.version,
                commit=standing.commit,
                tag=standing.tag,
                cancelled=event.tag,
            )
    last = events[-1]
    return Artifact(
        name=name,
        versions=tuple(versions[one] for one in sorted(versions)),
        deprecated=last.tag if last.action is GtoAction.DEPRECATE else None,
    )
