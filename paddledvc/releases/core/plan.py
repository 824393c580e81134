"""Which locked versions are to be released, and what keeps one from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from paddledvc.catalogs.core.gto import GtoAction
from paddledvc.catalogs.core.gto_names import name_release_tag
from paddledvc.catalogs.core.gto_standing import GtoStanding
from paddledvc.display.results import Displayed
from paddledvc.models.images import Image
from paddledvc.models.versions import is_version, same_version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from paddledvc.catalogs.core.gto import GtoEvent
    from paddledvc.models.lockfile import LockedModel

ReleaseState = Literal["new", "tag missing", "released", "withdrawn"]
"""Whether the release of a locked version is to be made, or is begun, done or taken back."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Release(Displayed):
    """A locked version of a model, as a release.

    Attributes:
        model: name of the model.
        version: the version, as models.lock spells it.
        tag: the tag that registers it.
        before: the highest version that is released so far, as its tag spells it; else None.
        state: what there is of the release.
        commit: the commit that the tag names, or is to name; None where that is yet to be made.
        weights: digest of the weights; empty where there are none.
        export: digest of the export; empty where there is none.
        image: the container image, by its digest; None where there is none.
    """

    model: str
    version: str
    tag: str
    before: str | None
    state: ReleaseState
    commit: str | None = None
    weights: str = ""
    export: str = ""
    image: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What tags and the CHANGELOG say of releases so far.

    Attributes:
        folder: the project's in its repository; empty for the top.
        events: what GTO's tags did, by the slug of the model.
        tags: the names of all tags of the repository, those that GTO does not count too.
        versions: the version that models.lock has in the commit of a tag.
        entries: tags of the releases that the CHANGELOG has.
    """

    folder: str
    events: Mapping[str, Sequence[GtoEvent]] = field(default_factory=dict)
    tags: Collection[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    entries: Collection[str] = ()


def plan_release(slug: str, locked: LockedModel, known: Known) -> Release | str:
    """Plan the release of a locked version; where there can be none, say why.

    >>> from paddledvc.models.lockfile import LockedModel
    >>> plan_release("det", LockedModel(name="det", version="v1.2"), Known(folder=""))
    <Release model det, version v1.2, tag det@v1.2.0, state new>
    """
    try:
        tag = name_release_tag(known.folder, locked.name, locked.version)
    except ValueError as error:
        return f"{locked.name}: {error}"
    events = known.events.get(slug, ())
    latest = GtoStanding(events).latest()
    version = tag.rpartition("@")[2]
    about = [one for one in events if one.version == version]
    registered = next((one for one in about[::-1] if one.action is GtoAction.REGISTER), None)
    if registered is None and tag in known.tags:
        return (
            f"{locked.name}: there is a tag {tag} that GTO does not count; look at it by "
            f"`git show {tag}`, and delete it by `git tag --delete {tag}`"
        )
    had = known.versions.get(tag if registered is None else registered.tag)
    if had is not None and not (is_version(had) and same_version(had, locked.version)):
        return (
            f"{locked.name}: the tag of {locked.version} is {tag}, which stands for {had} already; "
            "give this one another number"
        )
    state: ReleaseState = "tag missing" if tag in known.entries else "new"
    if registered is not None:
        state = "withdrawn" if about[-1].action is GtoAction.CANCEL else "released"
    elif why := _explain_floating(locked):
        return why
    return Release(
        model=locked.name,
        version=locked.version,
        tag=tag if registered is None else registered.tag,
        before=None if latest is None else latest.version,
        state=state,
        commit=None if registered is None else registered.commit,
        image=_pinned(locked),
    )


def _explain_floating(locked: LockedModel) -> str:
    if locked.image is None or _pinned(locked) is not None:
        return ""
    return (
        f"{locked.name}: models.lock has no digest of its image {locked.image}; run `paddledvc "
        f"lock` where its registry is reachable, or name the image as {locked.image}@sha256:…"
    )


def _pinned(locked: LockedModel) -> str | None:
    """Name the image of a model by its digest; None where there is none."""
    if locked.image is None:
        return None
    if Image.parse(locked.image).digest is not None:
        return locked.image
    return f"{locked.image}@{locked.image_digest}" if locked.image_digest else None
