"""What goes into a bundle of a commit: files of git's, and outputs of DVC's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from paddledvc import names
from paddledvc.cards.core.parts import list_parts, read_built_parts
from paddledvc.errors import Finding, InvalidInput, OutsideFailure
from paddledvc.models.model import model_reports_folder, model_stage_name
from paddledvc.project import SnapshotFiles
from paddledvc.releases.bundle.core.manifest import BundledFile, BundledModel, BundledOutput
from paddledvc.releases.bundle.core.selection import lies_with, list_needed_paths, name_bundle
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.git import repository, worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.tools.system.files import hash_file_chunks, walk_files
from paddledvc.weights.core.tracked import PATTERNS
from paddledvc.weights.expected import read_expected
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.project import Project
    from paddledvc.tools.git.snapshot import FolderSnapshot
    from paddledvc.weights.core.tracked import Tracked

CARDS = "docs/models"
CHANGELOG = f"{CARDS}/CHANGELOG.md"
ALWAYS = (*names.PROJECT_FILES, CHANGELOG)
"""Files of the commit that every bundle has, where there are such."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What goes into a bundle.

    Attributes:
        name: of the bundle.
        commit: the commit that it is of.
        committed: when that was committed, in seconds since 1970.
        models: the models that were asked for.
        outputs: the outputs of DVC.
        texts: the files of the commit, by path.
    """

    name: str
    commit: str
    committed: int
    models: tuple[BundledModel, ...]
    outputs: tuple[Tracked, ...]
    texts: Mapping[str, bytes]


def read_contents(project: Project, asked: Sequence[str]) -> Contents:
    """Read what goes into a bundle of the commit that is checked out; the work tree does not count.

    Args:
        project: the project.
        asked: models and groups; all models by default.

    Raises:
        InvalidInput: there is no commit, or nothing is called so.
        Finding: the commit does not name all of what belongs to its models.
    """
    root = project.root
    commit = None
    if repository.find_repository_root(root) is not None:
        commit = worktree.resolve_worktree_commit(root, "HEAD")
    if commit is None:
        raise InvalidInput(f"{root} has no commit, and a bundle is of one; commit first")
    snapshot = Snapshot.tree(root, commit)
    at = SnapshotFiles(snapshot)
    registry, lock = at.registry(), at.lock()
    wanted = [name for one in asked for name in registry.members(one)]
    models = [one for one in registry.models if not asked or one.name in wanted]
    texts = snapshot.texts(PATTERNS)
    every = read_expected(at, texts)
    values = dict(_parse(texts))
    _require_built(models, lock, values, commit)
    outputs = every if not asked else _select(models, every, values)
    seconds, day = run_git(root, "show", "--no-patch", "--format=%ct %cI", commit).split()
    locked = [lock.model(one.name) for one in models]
    title = "-".join(asked) or root.name
    return Contents(
        name=name_bundle(title, [one.version for one in locked], commit, day[:10]),
        commit=commit,
        committed=max(0, int(seconds)),
        models=tuple(
            BundledModel(
                name=one.name,
                version=one.version,
                image=one.image or registry.environment_of(registry.model(one.name)).image,
                image_digest=one.image_digest,
                image_mirrors=one.image_mirrors,
            )
            for one in locked
        ),
        outputs=tuple(outputs),
        texts=dict(_read_committed(snapshot, models, outputs)),
    )


def _parse(texts: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, text in texts.items():
        if name.rpartition("/")[2] in (names.STAGES, names.DVC_LOCK):
            yield name, reader.parse_yaml(text, name).value


def _require_built(
    models: Sequence[Model], lock: Lock, values: Mapping[str, Any], commit: str
) -> None:
    built = read_built_parts(values.get(names.STAGES), values.get(names.DVC_LOCK))
    missing = [
        f"  {model.name}: {part.path} ({part.what})"
        for model in models
        for part in list_parts(model, lock.by_name.get(model.name), built)
        if not part.made
    ]
    if missing:
        first = (
            f"{names.DVC_LOCK} of {commit[:7]} does not say which bytes these are; "
            "run `dvc repro`, and commit"
        )
        raise Finding("\n".join((first, *missing)))


def _select(
    models: Sequence[Model], every: Sequence[Tracked], values: Mapping[str, Any]
) -> list[Tracked]:
    """Pick what the models are, and what their stages need: `dvc repro` has nothing to do then."""
    stages = [
        model_stage_name(kind, model) for kind in get_args(names.StageKind) for model in models
    ]
    needed = list_needed_paths(values, stages)
    named = {one.name for one in models}
    return [
        one
        for one in every
        if one.model in named or any(lies_with(one.path, path) for path in needed)
    ]


def _read_committed(
    snapshot: FolderSnapshot, models: Sequence[Model], outputs: Sequence[Tracked]
) -> Iterator[tuple[str, bytes]]:
    """Read the files of the commit: those of all models, and those about these."""
    paths = {*ALWAYS, *(one.record for one in outputs if one.record)}
    for model in models:
        paths |= {f"{CARDS}/{model.slug}.md", model.docs or ""}
        paths.add((model.train.params if model.train is not None else None) or "")
        folder = model_reports_folder(model)
        paths |= {f"{folder}/{name}" for name, _ in walk_files(snapshot.folder / folder)}
    for path in sorted(paths - {""} - {one.path for one in outputs}):
        if (data := snapshot.read(path)) is not None:
            yield path, data


def list_files(
    project: Project, contents: Contents, outputs: Sequence[Tracked]
) -> tuple[list[BundledFile], list[BundledOutput], dict[str, Path]]:
    """List every file of a bundle with its digests, all of whose objects the cache holds.

    Args:
        project: the project.
        contents: what goes into the bundle.
        outputs: its outputs, with all that is known of their bytes.

    Returns:
        The files and the outputs, both sorted by path, and where the cache has each file.

    Raises:
        Finding: an older DVC wrote the listing of a folder otherwise.
        OutsideFailure: the cache lost an object.
    """
    cache = Cache.of(project.root)
    found: list[BundledFile] = []
    bundled: list[BundledOutput] = []
    sources: dict[str, Path] = {}
    for one in outputs:
        oid = str(one.oid)
        listed = cache.listing(oid) if one.folder else None
        inside = {"": oid} if listed is None else {f"/{file.path}": file.md5 for file in listed}
        if one.folder and (
            listed is None or folder_object_name({file.path: file.md5 for file in listed}) != oid
        ):
            raise Finding(
                f"{one.path}: another DVC wrote its listing in another way; run "
                f"`dvc commit --force`, and commit {names.DVC_LOCK}"
            )
        bundled.append(BundledOutput(path=one.path, md5=oid))
        for name, md5 in inside.items():
            path = f"{one.path}{name}"
            sources[path] = cache.path(md5)
            found.append(_hash_object(cache, path, md5))
    for path, data in contents.texts.items():
        hashes = hash_file_chunks([data])
        found.append(
            BundledFile(path=path, size=len(data), md5=str(hashes.md5), sha256=str(hashes.sha256))
        )
    found.sort(key=lambda file: file.path)
    return found, sorted(bundled, key=lambda output: output.path), sources


def _hash_object(cache: Cache, path: str, md5: str) -> BundledFile:
    source = cache.path(md5)
    try:
        status = source.stat()
        digests = cache.digests(source, status)
    except OSError as error:
        raise OutsideFailure(f"cannot read {source}: {error.strerror}") from error
    if digests.md5 != md5 or digests.sha256 is None:
        raise OutsideFailure(f"{path}: {source} changed, or cannot be read; run `paddledvc pull`")
    return BundledFile(path=path, size=status.st_size, md5=md5, sha256=digests.sha256)
