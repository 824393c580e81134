"""Bundles made: what a commit names, brought into the cache, then written part by part.

A part appears under its name once it is whole, and the manifest once all parts are. So whoever
starts again after a kill finds parts that are whole, compares them, and writes the others.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from paddledvc.display.results import Displayed
from paddledvc.errors import Finding, InvalidInput, OutsideFailure
from paddledvc.releases.bundle.contents import list_files, read_contents
from paddledvc.releases.bundle.core.layout import (
    archive_size,
    cut_pieces,
    lay_out,
    split_archive,
)
from paddledvc.releases.bundle.core.manifest import (
    MANIFEST,
    MOST,
    BundledFile,
    BundleManifest,
    InvalidManifest,
    find_bundle_path_fault,
    name_part,
    parse_manifest,
    render_manifest,
)
from paddledvc.tools.dvc.linked_tree import share_with_main_tree
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.tools.git import worktree
from paddledvc.tools.system import files
from paddledvc.tools.system.atomic import open_note
from paddledvc.tools.system.files import CHUNK, Hasher
from paddledvc.weights.core.transfer_results import WRONG
from paddledvc.weights.select_outputs import select_remotes
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs
from paddledvc.weights.transfer.send_outputs import adopt_outputs

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.releases.bundle.contents import Contents
    from paddledvc.releases.bundle.core.layout import Piece
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked

FOLDER = "bundles"
"""Where bundles are written by default; git does not see what is there."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class BundleRow(Displayed):
    """Something in a bundle: an output of DVC, or a file of the commit.

    Attributes:
        path: from the root of the project.
        size: its bytes; None where no file says how many they are.
        source: ``dvc`` or ``git``.
    """

    path: str
    size: int | None
    source: str


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Bundled(Displayed):
    """A bundle, made or planned.

    Attributes:
        name: its name.
        commit: the commit that it is of.
        folder: where it is, or is to be.
        rows: what is in it.
        manifest: what was written; None for a plan.
        kept: names of the parts that were there already.
    """

    _table_of = "rows"
    name: str
    commit: str
    folder: Path
    rows: tuple[BundleRow, ...]
    manifest: BundleManifest | None = None
    kept: tuple[str, ...] = ()


def bundle(  # noqa: PLR0913 - each is an option
    project: Project,
    names: Sequence[str] = (),
    *,
    output: str | os.PathLike[str] | None = None,
    split: int | None = None,
    dry_run: bool = False,
    offline: str | None = None,
    progress: NamedProgress | None = None,
) -> Bundled:
    """Write all that the checked-out commit has of models into one folder, for other sites.

    The same commit gives the same bytes. What the cache lacks is taken from the work tree, from
    DVC's remotes, or from where it was pinned. A bundle whose writing was stopped is finished.

    Args:
        project: the project.
        names: models and groups; all models by default.
        output: the folder that gets the bundle's own folder; ``bundles`` by default.
        split: bytes that a part may have; one part by default.
        dry_run: only say what goes in.
        offline: what forbids to use the network, for messages; None if nothing does.
        progress: told how the bytes arrive.

    Raises:
        InvalidInput: nothing is called so, or there is no commit.
        Finding: the commit does not name all of it, or a source has other bytes than it names.
        OutsideFailure: a remote is needed and does not answer, or the disk is full.

    Example:
        print(paddledvc.bundle(paddledvc.Project.find(), ["digits"]).folder)
    """
    contents = read_contents(project, names)
    made = Bundled(
        name=contents.name,
        commit=contents.commit,
        folder=(project.root / FOLDER if output is None else Path(output)) / contents.name,
        rows=tuple(_list_rows(contents)),
    )
    if dry_run:
        return made
    outputs = _bring(project, contents, offline=offline, progress=progress)
    listed, bundled, sources = list_files(project, contents, outputs)
    if fault := find_bundle_path_fault([one.path for one in listed]):
        raise Finding(f"no bundle can hold this commit: {fault}")
    if output is None:
        project.make_folder(FOLDER)
        project.write(f"{FOLDER}/.gitignore", "*\n")
    writer = _Writer(made.folder, contents, sources, progress)
    parts = writer.write(listed, split)
    manifest = BundleManifest(
        name=contents.name,
        commit=contents.commit,
        committed=contents.committed,
        models=contents.models,
        outputs=tuple(bundled),
        files=tuple(listed),
        parts=tuple(parts),
    )
    files.write_text_file(made.folder / MANIFEST, render_manifest(manifest))
    return replace(made, manifest=manifest, kept=tuple(writer.kept))


def _list_rows(contents: Contents) -> Iterator[BundleRow]:
    for one in contents.outputs:
        yield BundleRow(path=one.path, size=one.hashes.size, source="dvc")
    for path, data in contents.texts.items():
        yield BundleRow(path=path, size=len(data), source="git")


def _bring(
    project: Project, contents: Contents, *, offline: str | None, progress: NamedProgress | None
) -> list[Tracked]:
    """Bring all outputs into the cache; return them with all that is known of their bytes."""
    approve_first(project.root)
    share_with_main_tree(project.root)
    adopt_outputs(project, contents.outputs)
    branch = worktree.worktree_branch(project.root)
    remotes = select_remotes(project, branch, project.policy())
    arrived = fetch_outputs(
        project, contents.outputs, remotes=remotes, offline=offline, progress=progress
    )
    problems = [bad for one in arrived if one.state == "failed" for bad in one.problems]
    if problems:
        text = "\n".join(("the bundle lacks bytes; nothing was written", *map(_indent, problems)))
        raise Finding(text) if any(one.kind in WRONG for one in problems) else OutsideFailure(text)
    return [one.tracked for one in arrived]


def _indent(problem: object) -> str:
    return f"  {problem}"


class _Writer:
    """Writes the parts of a bundle, as far as they are not there yet.

    Args:
        folder: that of the bundle.
        contents: what goes in.
        sources: where the bytes of each output's files are, by path.
        progress: told how many bytes are in place.

    Attributes:
        kept: names of parts that were there already.
    """

    def __init__(
        self,
        folder: Path,
        contents: Contents,
        sources: Mapping[str, Path],
        progress: NamedProgress | None,
    ) -> None:
        self._folder, self._contents, self._sources = folder, contents, sources
        self._progress = progress
        self._digest = hashlib.sha256()
        self._done = self._total = 0
        self.kept: list[str] = []

    def write(self, listed: Sequence[BundledFile], most: int | None) -> list[BundledFile]:
        """Write all parts, and say what they hash to."""
        pieces = lay_out(listed, self._contents.committed)
        self._total = archive_size(pieces)
        ranges = split_archive(self._total, most)
        names = [
            name_part(self._contents.name, number, len(ranges))
            for number in range(1, len(ranges) + 1)
        ]
        self._make_room(names)
        parts = []
        for name, (start, end) in zip(names, ranges, strict=True):
            with Hasher() as hasher:
                self._write_part(name, end - start, self._read(pieces, start, end, hasher))
                found = hasher.hashes()
            size, md5, sha256 = end - start, str(found.md5), str(found.sha256)
            parts.append(BundledFile(path=name, size=size, md5=md5, sha256=sha256))
        return parts

    def _make_room(self, names: Sequence[str]) -> None:
        """Remove parts of another size; refuse a folder that has other files.

        Raises:
            InvalidInput: something else is there.
        """
        if not self._folder.is_dir():
            return
        part = re.compile(rf"{re.escape(self._contents.name)}\.tar(?:\.[0-9]{{3}})?")
        unfinished = re.compile(rf"\.(?:{part.pattern}|{re.escape(MANIFEST)})\..*\.part")
        there = sorted(one.name for one in self._folder.iterdir())
        for name in there:
            if not (name == MANIFEST or part.fullmatch(name) or unfinished.fullmatch(name)):
                raise InvalidInput(
                    f"{self._folder / name} is none of this bundle's files; move it, or name "
                    "another folder by --output"
                )
        self._require_same_models()
        for name in there:
            if part.fullmatch(name) and name not in names:
                self._begin()
                (self._folder / name).unlink()

    def _require_same_models(self) -> None:
        """Keep a bundle of others: a group can be called like the project's folder, or a model."""
        try:
            with open(self._folder / MANIFEST, "rb", opener=open_note) as file:
                manifest = parse_manifest(file.read(MOST))
        except (OSError, InvalidManifest):
            return
        there, wanted = (
            ", ".join(sorted(one.name for one in models))
            for models in (manifest.models, self._contents.models)
        )
        if there != wanted:
            raise InvalidInput(
                f"{self._folder} is a bundle of {there}, expected one of {wanted}; move it, or "
                "name another folder by --output"
            )

    def _begin(self) -> None:
        """Take the manifest away: until all parts are there it would speak of others."""
        (self._folder / MANIFEST).unlink(missing_ok=True)

    def _read(
        self, pieces: Sequence[Piece], start: int, end: int, hasher: Hasher
    ) -> Iterator[bytes]:
        for piece, first, last in cut_pieces(pieces, start, end):
            for chunk in self._read_piece(piece, first, last):
                hasher.update(chunk)
                self._done += len(chunk)
                yield chunk
                if self._progress is not None:
                    self._progress("bundle", self._done, self._total)

    def _read_piece(self, piece: Piece, first: int, last: int) -> Iterator[bytes]:
        """Read some of a piece; at the end of a file compare its bytes with what they were.

        Raises:
            OutsideFailure: they have changed.
        """
        if piece.data is not None or piece.file is None:
            yield (piece.data or b"")[first:last]
            return
        if first == 0:
            self._digest = hashlib.sha256()
        for chunk in self._read_file(piece.path, first, last):
            self._digest.update(chunk)
            yield chunk
        if last == piece.size and self._digest.hexdigest() != piece.file.sha256:
            raise OutsideFailure(
                f"{piece.path} changed in DVC's cache while it was read: expected "
                f"sha256:{piece.file.sha256}, found sha256:{self._digest.hexdigest()}"
            )

    def _read_file(self, path: str, first: int, last: int) -> Iterator[bytes]:
        if path not in self._sources:
            yield self._contents.texts[path][first:last]
            return
        with self._sources[path].open("rb") as file:
            file.seek(first)
            while first < last and (chunk := file.read(min(CHUNK, last - first))):
                first += len(chunk)
                yield chunk
        if first < last:
            raise OutsideFailure(f"{path} became shorter in DVC's cache while it was read")

    def _write_part(self, name: str, size: int, chunks: Iterator[bytes]) -> None:
        """Write a part, unless it is there already, byte for byte."""
        target = self._folder / name
        same, other = _compare(target, size, chunks)
        if other is None and same == size:
            self.kept.append(name)
            return
        self._begin()
        with files.replace_file(target) as new, new.open("wb") as file:
            if same:
                _copy_start(target, file, same)
            file.write(other or b"")
            for chunk in chunks:
                file.write(chunk)


def _compare(target: Path, size: int, chunks: Iterator[bytes]) -> tuple[int, bytes | None]:
    """Compare a part that may be there with what it is to hold.

    Returns:
        How many bytes are the same at its start, and the chunk that is another one, if it was read.
    """
    same = 0
    try:
        if target.is_symlink() or target.stat().st_size != size:
            return 0, None
        with open(target, "rb", opener=open_note) as file:
            for chunk in chunks:
                if file.read(len(chunk)) != chunk:
                    return same, chunk
                same += len(chunk)
    except FileNotFoundError:
        return 0, None
    return same, None


def _copy_start(source: Path, target: BinaryIO, size: int) -> None:
    with open(source, "rb", opener=open_note) as file:
        while size and (chunk := file.read(min(CHUNK, size))):
            size -= len(chunk)
            target.write(chunk)
