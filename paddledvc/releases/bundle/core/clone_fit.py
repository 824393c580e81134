"""Whether a bundle holds what the files of a clone name, before any byte of it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.values import replace
from paddledvc.weights.core.pins import find_stated_disagreement, pins_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.releases.bundle.core.manifest import (
        BundledFile,
        BundledOutput,
        BundleManifest,
    )
    from paddledvc.weights.core.tracked import Tracked

NO_OUTPUT = "models.lock and DVC's files name no such output here"


def find_differences(manifest: BundleManifest, wanted: Sequence[Tracked]) -> Iterator[str]:
    """Find the outputs of a bundle that are others than those of a clone.

    Args:
        manifest: the bundle.
        wanted: what the files of the clone name.

    Yields:
        A sentence each that begins with the output.
    """
    known = {one.path: one for one in wanted}
    files = manifest.files_of_outputs()
    for output in manifest.outputs:
        tracked = known.get(output.path)
        if tracked is None:
            yield f"{output.path}: the bundle has it, and {NO_OUTPUT}"
        elif both := next(_compare(tracked, output, files[output.path]), None):
            yield f"{output.path}: the clone names {both[0]}, the bundle has {both[1]}"


def _compare(
    tracked: Tracked, output: BundledOutput, files: Mapping[str, BundledFile]
) -> Iterator[tuple[str, str]]:
    """Compare all that is stated of an output with the files that a bundle has of it."""
    if tracked.contradiction is not None:
        yield tracked.contradiction
    if not tracked.exact:
        yield f"md5:{tracked.hashes.md5} as an older DVC hashed", f"md5:{output.md5}"
    if tracked.oid is not None and tracked.oid != output.md5:
        yield f"md5:{tracked.oid}", f"md5:{output.md5}"
    if not output.folder and tracked.files:
        yield "a folder", "a file"
        return
    found = {path: one.hashes for path, one in files.items()}
    if told := find_stated_disagreement(tracked, found if tracked.files else None):
        yield told.expected, told.found
    for path, pinned in pins_of(tracked).items():
        if not pinned.known:
            yield "bytes without a digest", f"md5:{output.md5}"
        elif (both := pinned.first_difference(found.get(path, Hashes()))) is not None:
            yield both
        elif path not in found:
            yield "a file", "a folder"


def complete_outputs(manifest: BundleManifest, wanted: Sequence[Tracked]) -> list[Tracked]:
    """Give the outputs that a bundle has, with DVC's names of their bytes."""
    oids = {one.path: one for one in manifest.outputs}
    sizes = {
        path: sum(one.size for one in its.values())
        for path, its in manifest.files_of_outputs().items()
    }

    def complete(one: Tracked) -> Tracked:
        md5 = oids[one.path].md5.removesuffix(FOLDER_SUFFIX)
        hashes = replace(one.hashes, md5=md5, size=sizes[one.path])
        return replace(one, folder=oids[one.path].folder, hashes=hashes)

    return [complete(one) for one in wanted if one.path in oids]
