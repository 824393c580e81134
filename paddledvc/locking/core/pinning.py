"""One exact version into an entry of the lock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc import names, urls
from paddledvc.errors import Unresolvable
from paddledvc.hashes import Hashes
from paddledvc.models.lockfile import LockedFile, LockedModel
from paddledvc.models.versions import same_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paddledvc.catalogs.core.listing import Release
    from paddledvc.locking.core.constraints import Question
    from paddledvc.models.model import Environment, Model


def stated(model: Model) -> Hashes:
    """Return what models.yaml says the bytes hash to."""
    return Hashes(md5=model.md5, sha256=model.sha256, size=model.size)


def kept(model: Model, pinned: LockedModel, environment: Environment) -> LockedModel:
    """Keep a pin, with what models.yaml says about it today."""
    return replace(
        pinned,
        source=model.source,
        source_name=model.source_name,
        revision=model.revision,
        file=model.file,
        path=_path(model, pinned.version, pinned.format),
        base=model.base,
        image=environment.image,
    )


def _path(model: Model, version: str, file_format: str | None) -> str:
    if file_format is None:
        return names.downloaded_folder(model.name, version)
    return names.downloaded(model.name, version, file_format)


def settle(question: Question, release: Release) -> LockedModel:
    """Lock the version that was chosen, with what is known about the same bytes.

    Raises:
        Unresolvable: the catalog says other bytes than models.yaml, or than it said before.
    """
    model = question.model
    files = tuple(_locked_file(question, release, index) for index in range(len(release.files)))
    entry = LockedModel(
        name=model.name,
        version=release.version,
        source=model.source,
        source_name=model.source_name,
        revision=model.revision,
        file=model.file,
        commit=release.commit,
        trust=_trust(question, release),
        paddle=release.paddle,
        base=model.base,
        image=question.environment.image,
    )
    if release.folder:
        return replace(entry, path=_path(model, release.version, None), files=files)
    first = files[0]
    suffix = urls.format_of(first.path) or urls.format_of(first.urls[0])
    file_format = release.format or suffix or "pdparams"
    return replace(
        entry,
        urls=first.urls,
        md5=first.md5,
        sha256=first.sha256,
        size=first.size,
        format=file_format,
        path=_path(model, release.version, file_format),
    )


def _trust(question: Question, release: Release) -> str | None:
    """Say why bytes are trusted that the catalog states no digest of, if they were before."""
    previous = question.previous
    told = all(file.hashes.known for file in release.files) or stated(question.model).known
    if told or previous is None or not _is_of_same_bytes(question.model, previous, release):
        return None
    return previous.trust


def clashes(entries: Iterable[LockedModel]) -> Iterator[Unresolvable]:
    """Find models that would be downloaded to one place, also where file systems ignore case."""
    owners: dict[str, str] = {}
    for entry in entries:
        if entry.path is not None:
            owner = owners.setdefault(entry.path.casefold(), entry.name)
            if owner != entry.name:
                summary = f"{entry.path} is where {owner} is downloaded to; rename one of the two"
                yield Unresolvable(entry.name, summary)


def _locked_file(question: Question, release: Release, index: int) -> LockedFile:
    file = release.files[index]
    hashes = file.hashes
    where = f"{question.catalog} says {{}} of {release.version}"
    said = stated(question.model)
    if not release.folder:
        hashes = _agreed(question, where, hashes, said, "models.yaml")
    elif said != Hashes():
        summary = f"models.yaml states a digest or size, but {release.version} is a folder of files"
        raise Unresolvable(question.model.name, summary, ["leave it out, or name one with `file:`"])
    previous = question.previous
    if previous is not None and _is_of_same_bytes(question.model, previous, release):
        known = {one.path: one.hashes for one in previous.files}
        before = known.get(file.path, Hashes()) if release.folder else previous.hashes
        agreed = _agreed(question, where, hashes, before, "models.lock")
        # Nobody vouches that another catalog has the bytes that were trusted once.
        hashes = agreed if previous.source == question.model.source else hashes
    return LockedFile(
        path=file.path, urls=file.urls, md5=hashes.md5, sha256=hashes.sha256, size=hashes.size
    )


def _is_of_same_bytes(model: Model, previous: LockedModel, release: Release) -> bool:
    """Tell whether the lock speaks of the very version that a catalog describes."""
    # Another catalog under the same version is to have the same bytes too.
    origin = (model.source_name, model.file)
    return (
        same_version(previous.version, release.version)
        and origin == (previous.source_name, previous.file)
        and bool(previous.files) == release.folder
    )


def _agreed(question: Question, where: str, said: Hashes, other: Hashes, whose: str) -> Hashes:
    if difference := said.first_difference(other):
        summary = f"{where.format(difference[0])}, {whose} says {difference[1]}"
        reasons = ["a version never changes its bytes; ask for a new one, or find out who is wrong"]
        if whose == "models.lock":
            advice = "to take the new bytes nevertheless, `paddledvc remove` and `add` the model"
            reasons.append(advice)
        raise Unresolvable(question.model.name, summary, reasons)
    return said.completed_by(other)
