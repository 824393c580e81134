"""A bundle into a clone: into DVC's cache, and from there into the work tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.display.results import Displayed
from paddledvc.errors import Finding, OutsideFailure
from paddledvc.releases.bundle.core.clone_fit import complete_outputs, find_differences
from paddledvc.releases.bundle.core.layout import lay_out
from paddledvc.releases.bundle.read_bundle import compare_archive, read_parts, verify_bundle
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.core.objects import ListedFile, write_object_listing
from paddledvc.tools.dvc.linked_tree import share_with_main_tree
from paddledvc.tools.git import worktree
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.tools.system.files import hash_file_chunks
from paddledvc.weights.expected import list_expected
from paddledvc.weights.pull import PATIENCE
from paddledvc.weights.tree import records
from paddledvc.weights.tree.place import place_outputs

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.project import Project
    from paddledvc.releases.bundle.core.manifest import BundledFile, BundleManifest
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.outcome import Placed
    from paddledvc.weights.core.tracked import Tracked

SHOWN = 10
"""Reasons that one message lists."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ImportedBundle(Displayed):
    """What became of a bundle.

    Attributes:
        manifest: what it holds.
        cached: bytes that were written to the cache; what it held already is left alone.
        placed: what became of the work tree.
    """

    manifest: BundleManifest
    cached: int
    placed: Placed


def import_bundle(
    project: Project, path: str | os.PathLike[str], *, progress: NamedProgress | None = None
) -> ImportedBundle:
    """Put the weights and exports of a bundle into DVC's cache and the work tree.

    It is read whole, and compared with itself and with the clone, before anything is written. No
    remote and no network is used.

    Args:
        project: a clone, at the commit of the bundle or at one that names the same bytes.
        path: the folder of the bundle.
        progress: told how many bytes have been read.

    Raises:
        InvalidInput: no bundle is there.
        Finding: it is damaged, or of other bytes than those that the clone names.
        OutsideFailure: the cache cannot be written to, or the disk is full.

    Example:
        paddledvc.import_bundle(paddledvc.Project.find(), "/media/usb/digits_v1.2_20250405")
    """
    verified = verify_bundle(path, progress=progress)
    if verified.manifest is None or verified.problems:
        raise Finding(_list("the bundle is not whole; nothing was written", verified.problems))
    manifest = verified.manifest
    wanted = list_expected(project)
    here = worktree.resolve_worktree_commit(project.root, "HEAD")
    differences = [
        *find_differences(manifest, wanted),
        *_find_other_files(project, manifest, here),
    ]
    if differences:
        advice = f"check out {manifest.commit} first, or take the bundle of {here or 'this branch'}"
        first = f"the bundle is of other files than this clone; nothing was written; {advice}"
        raise Finding(_list(first, differences))
    share_with_main_tree(project.root)
    cached = _fill_cache(project, verified.folder, manifest, progress)
    known = {one.path for one in manifest.outputs}

    def read() -> list[Tracked]:
        return complete_outputs(
            manifest, [one for one in list_expected(project) if one.path in known]
        )

    placed = place_outputs(project, read, patience=PATIENCE)
    return ImportedBundle(manifest=manifest, cached=cached, placed=placed)


def _list(first: str, reasons: tuple[str, ...] | list[str]) -> str:
    more = [f"... and {len(reasons) - SHOWN:,} more"] if len(reasons) > SHOWN else []
    return "\n".join((first, *(f"  {one}" for one in (*reasons[:SHOWN], *more))))


def _find_other_files(
    project: Project, manifest: BundleManifest, here: str | None
) -> Iterator[str]:
    """Find what is neither of an output nor of the commit; of the very commit, other bytes too."""
    snapshot = None if here is None else Snapshot.tree(project.root, here)
    for file in manifest.committed_files():
        data = None if snapshot is None else snapshot.read(file.path)
        if data is None:
            yield f"{file.path}: the bundle has it, and neither git nor an output has such a file"
        elif here == manifest.commit:
            both = hash_file_chunks([data]).first_difference(file.hashes)
            if both is not None:
                yield f"{file.path}: the commit has {both[0]}, the bundle has {both[1]}"


def _fill_cache(
    project: Project, folder: Path, manifest: BundleManifest, progress: NamedProgress | None
) -> int:
    """Bring the files of all outputs into the cache, then the listings of folders."""
    cache = Cache.of(project.root)
    apart = set(manifest.committed_files())
    cached = 0

    def receive(file: BundledFile, chunks: Iterator[bytes]) -> str | None:
        nonlocal cached
        if file in apart or cache.holds(file.md5, file.size):
            for _ in chunks:
                pass
            return None
        with cache.receiving() as new, new.open("r+b") as opened:
            found = hash_file_chunks(chunks, opened.fileno())
            if (both := file.hashes.first_difference(found)) is not None:
                return f"expected {both[0]}, found {both[1]}"
            cache.settle(new, file.md5, sha256=file.sha256, name=file.path)
        cached += file.size
        return None

    parts = read_parts(folder, manifest.parts, {}, progress)
    pieces = lay_out(manifest.files, manifest.committed)
    for fault in compare_archive(parts, pieces, receive):
        raise OutsideFailure(f"the bundle changed while it was read: {fault}")
    md5s = {one.sha256: one.md5 for one in manifest.files if one not in apart}
    records.note_md5_records(project, md5s)
    files = manifest.files_of_outputs()
    for output in manifest.outputs:
        if output.folder and not cache.holds(output.md5):
            listed = (ListedFile(path, one.md5) for path, one in files[output.path].items())
            with cache.receiving(output.md5, output.path) as new:
                new.write_bytes(write_object_listing(listed))
    return cached
